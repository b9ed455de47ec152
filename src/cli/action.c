// SPDX-License-Identifier: MIT
/* imgact action list, get, wait. */
#include <stdlib.h>
#include <string.h>

#include "output.h"

static imgact_action_status status_of(const char *word) {
  for (int i = IMGACT_ACTION_STATUS_UNKNOWN; i <= IMGACT_ACTION_STATUS_ERROR; i++)
    if (!strcmp(imgact_action_status_name((imgact_action_status)i), word)) return (imgact_action_status)i;
  return IMGACT_ACTION_STATUS_UNKNOWN;
}

static imgact_op *make_list(cli_app *app) {
  const cli_options *o = &app->options;
  imgact_action_status *statuses = calloc(o->statuses.count + 1, sizeof *statuses);
  if (!statuses) return NULL;
  for (size_t i = 0; i < o->statuses.count; i++) statuses[i] = status_of(o->statuses.items[i]);
  imgact_action_filter filter = {.size = sizeof filter,
                                 .image_id = o->image,
                                 .ids = o->ids.items,
                                 .ids_count = o->ids.count,
                                 .statuses = statuses,
                                 .statuses_count = o->statuses.count,
                                 .sort = o->sort.items,
                                 .sort_count = o->sort.count};
  imgact_op *op = imgact_list_actions(app->session.client, &filter);
  free(statuses);
  return op;
}

int cli_action_list(cli_app *app) {
  imgact_op *op = make_list(app);
  int exit_status = cli_run(app, op);
  if (!exit_status) {
    size_t count = 0;
    const imgact_action *const *actions = imgact_op_actions(op, &count);
    exit_status = cli_print_list(app, &cli_action_schema, (const void *const *)actions, count);
    if (!exit_status) cli_note_empty(app, count, "actions");
    cli_note_local(app, op);
  }
  imgact_op_free(op);
  return exit_status;
}

int cli_action_get(cli_app *app) {
  if (app->options.via_image && !app->options.image)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "--via-image needs --image");
  imgact_op *op = imgact_get_action(app->session.client, app->arguments[0], app->options.image);
  int exit_status = cli_run(app, op);
  if (!exit_status) exit_status = cli_print_item(app, &cli_action_schema, imgact_op_action(op));
  imgact_op_free(op);
  return exit_status;
}

/* ---- wait ---- */

static bool same_error(const imgact_error *a, const imgact_error *b) {
  return a->status == b->status && a->http_status == b->http_status && !strcmp(a->message, b->message) &&
         !strcmp(a->request_id, b->request_id);
}

/* People are told of each action that goes on what was seen of it. */
static bool tell_stopped(cli_app *app, const cli_item *item) {
  imgact_error stopped;
  char what[160];
  if (cli_wants_json(app) || !cli_wait_abandoned(item, &stopped)) return false;
  snprintf(what, sizeof what, "action %s", item->subject);
  cli_report_failure(app, &stopped, NULL, what);
  return true;
}

/* An item whose error is this one and is to be told still: a program takes nothing from what people were told before. */
static bool is_to_tell(const cli_app *app, const cli_item *item, const imgact_error *error) {
  return (cli_wants_json(app) || !item->error_printed) && same_error(cli_item_error(item), error);
}

/* One error with the ids that it is about, from this item on; for programs, whose sentence has an end, as often as it takes.
 */
static void tell_of_all(cli_app *app, const cli_batch *batch, size_t first) {
  const imgact_error *error = cli_item_error(&batch->items[first]);
  const char *details = imgact_op_error_details(batch->items[first].op);
  cli_buffer what = {0};
  for (size_t i = first; i < batch->count; i++) {
    const char *subject = batch->items[i].subject;
    if (!is_to_tell(app, &batch->items[i], error)) continue;
    if (cli_wants_json(app) && what.length && what.length + strlen(subject) + 2 > CLI_NAMED_BYTES) {
      cli_report_failure(app, error, details, cli_buffer_get(&what));
      cli_buffer_free(&what);
    }
    cli_buffer_text(&what, what.length ? ", " : "action ");
    cli_buffer_text(&what, subject);
  }
  cli_report_failure(app, error, details, cli_buffer_get(&what));
  cli_buffer_free(&what);
}

/* Other errors once each, with the ids that they are about: a poll that fails ends many waits in the same way. */
static void tell_errors(cli_app *app, const cli_batch *batch) {
  for (size_t i = 0; i < batch->count; i++) {
    const imgact_error *error = cli_item_error(&batch->items[i]);
    bool told = !error->status || tell_stopped(app, &batch->items[i]) || !is_to_tell(app, &batch->items[i], error);
    for (size_t j = 0; j < i && !told; j++) told = is_to_tell(app, &batch->items[j], error);
    if (told) continue;
    bool named = strstr(error->message, batch->items[i].subject) != NULL; /* most of the library's own sentences do */
    bool alone = batch->count == 1 && cli_wants_json(app);                /* the sentence is the cloud's own */
    if (named || alone)
      cli_report_failure(app, error, imgact_op_error_details(batch->items[i].op), NULL);
    else
      tell_of_all(app, batch, i);
  }
}

static int show(cli_app *app, cli_batch *batch, const void **known) {
  cli_exit_summary tally = {0};
  size_t count = 0;
  for (size_t i = 0; i < batch->count; i++) {
    cli_batch_summarise(batch, &tally, (imgact_status)cli_item_error(&batch->items[i])->status);
    const imgact_action *action = imgact_op_action(batch->items[i].op);
    if (action) known[count++] = action;
  }
  int exit_status = 0;
  if (count) {
    exit_status = batch->count == 1 ? cli_print_item(app, &cli_action_schema, known[0])
                                    : cli_print_list(app, &cli_action_schema, known, count);
  }
  tell_errors(app, batch);
  cli_hint_resume(batch);
  return exit_status ? exit_status : cli_exit_summary_status(&tally);
}

/* One operation per id, so that each has its own end; the library asks for them together. */
int cli_action_wait(cli_app *app) {
  const void **known = calloc(app->arguments_count, sizeof *known);
  if (!known) return cli_report_error(app, IMGACT_NOMEM, "out of memory");
  cli_batch batch;
  int exit_status = cli_batch_new(app, app->arguments_count, &batch);
  for (size_t i = 0; i < batch.count && !exit_status; i++)
    cli_batch_set(&batch, i, imgact_wait_actions(app->session.client, &app->arguments[i], 1, app->options.image),
                  app->arguments[i], NULL, true);
  if (!exit_status) exit_status = cli_batch_check(&batch);
  if (!exit_status) {
    cli_batch_run(&batch);
    exit_status = show(app, &batch, known);
  }
  free(known);
  cli_batch_free(&batch);
  return exit_status;
}
