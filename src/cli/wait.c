// SPDX-License-Identifier: MIT
/* imgact action wait and image wait: one operation per id. Prints the last known states in the
 * order of the ids, and each error once. */
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "refs.h"

/* An error to print. Equal errors are printed together, in the order of their first items. */
typedef struct report {
  const cli_item *item;
  const cli_item *first; /* of the items with this error */
} report;

static int compare_numbers(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int compare_errors(const imgact_error *a, const imgact_error *b) {
  int order = compare_numbers(a->status, b->status);
  if (!order) order = compare_numbers(a->http_status, b->http_status);
  if (!order) order = strcmp(a->message, b->message);
  return order ? order : strcmp(a->request_id, b->request_id);
}

static int by_error(const void *a, const void *b) {
  const report *x = a, *y = b;
  int order = compare_errors(cli_item_error(x->item), cli_item_error(y->item));
  return order ? order : compare_numbers(x->item - y->item, 0);
}

static int by_first(const void *a, const void *b) {
  const report *x = a, *y = b;
  int order = compare_numbers(x->first - y->first, 0);
  return order ? order : compare_numbers(x->item - y->item, 0);
}

/* Sorts equal errors together. */
static void group(report *reports, size_t count) {
  qsort(reports, count, sizeof *reports, by_error);
  for (size_t i = 0; i < count; i++) {
    bool same =
        i && !compare_errors(cli_item_error(reports[i - 1].item), cli_item_error(reports[i].item));
    reports[i].first = same ? reports[i - 1].first : reports[i].item;
  }
  qsort(reports, count, sizeof *reports, by_first);
}

/* Prints the last known status of an action that is still running. Returns false if it is none. */
static bool print_abandoned(cli_app *app, const cli_item *item) {
  imgact_error stopped;
  char what[160];
  if (cli_wants_json(app) || !cli_wait_abandoned(item, &stopped)) return false;
  cli_item_name(item, what, sizeof what);
  cli_report_failure(app, &stopped, NULL, what);
  return true;
}

/* Prints one error with its ids. The ids in JSON have a maximum length: more ids need more errors.
 */
static void print_with_ids(cli_app *app, const report *reports, size_t count) {
  const imgact_error *error = cli_item_error(reports[0].item);
  const char *details = imgact_op_error_details(reports[0].item->op);
  cli_buffer what = {0};
  for (size_t i = 0; i < count; i++) {
    const char *subject = reports[i].item->subject;
    if (cli_wants_json(app) && what.length && what.length + strlen(subject) + 2 > CLI_NAMED_BYTES) {
      cli_report_failure(app, error, details, cli_buffer_get(&what));
      cli_buffer_free(&what);
    }
    cli_buffer_text(&what, what.length ? "," : app->command->noun);
    cli_buffer_text(&what, " ");
    cli_buffer_text(&what, subject);
  }

  cli_report_failure(app, error, details, cli_buffer_get(&what));
  cli_buffer_free(&what);
}

static void print_group(cli_app *app, const report *reports, size_t count) {
  const cli_item *item = reports[0].item;
  const imgact_error *error = cli_item_error(item);
  bool named = strstr(error->message, item->subject) != NULL; /* most messages of the library do */
  bool alone =
      item->batch->count == 1 && cli_wants_json(app); /* the message of the API is not changed */
  if (named || alone)
    cli_report_failure(app, error, imgact_op_error_details(item->op), NULL);
  else
    print_with_ids(app, reports, count);
}

/* Collects the errors that were not printed yet; with JSON, all errors. */
static size_t collect_reports(cli_app *app, const cli_batch *batch, report *reports) {
  size_t count = 0;
  for (size_t i = 0; i < batch->count; i++) {
    const cli_item *item = &batch->items[i];
    bool printed = item->error_printed && !cli_wants_json(app);
    if (cli_item_error(item)->status && !print_abandoned(app, item) && !printed)
      reports[count++].item = item;
  }
  return count;
}

/* Prints each error once, with its ids: one failed poll ends many waits. Linear except for sorting.
 */
static int print_errors(cli_app *app, const cli_batch *batch) {
  report *reports = calloc(batch->count + 1, sizeof *reports);
  if (!reports) return cli_report_error(app, IMGACT_NOMEM, "out of memory");

  size_t count = collect_reports(app, batch, reports);
  group(reports, count);
  for (size_t i = 0, end; i < count; i = end) {
    for (end = i + 1; end < count && reports[end].first == reports[i].first;) end++;
    print_group(app, &reports[i], end - i);
  }

  free(reports);
  return 0;
}

/* The last known state of what the item waits for; NULL: the API does not know it. */
static const void *state_of(const cli_item *item) {
  const imgact_image *image = imgact_op_image(item->op);
  return image ? (const void *)image : imgact_op_action(item->op);
}

static int show(cli_app *app, cli_batch *batch, const void **known) {
  cli_exit_summary summary = {0};
  size_t count = 0;
  for (size_t i = 0; i < batch->count; i++) {
    cli_batch_summarise(batch, &summary, (imgact_status)cli_item_error(&batch->items[i])->status);
    const void *state = state_of(&batch->items[i]);
    if (state) known[count++] = state;
  }

  int exit_status = 0;
  const cli_schema *schema = app->command->schema;
  if (count) {
    exit_status = batch->count == 1 ? cli_print_item(app, schema, known[0])
                                    : cli_print_list(app, schema, known, count);
  }

  int printed = print_errors(app, batch);
  cli_hint_resume(batch);
  if (!exit_status) exit_status = printed;
  return exit_status ? exit_status : cli_exit_summary_status(&summary);
}

/* One operation per id, so that each ends on its own; the library polls actions together. */
int cli_wait(cli_app *app) {
  bool images = app->command->schema == &cli_image_schema;
  int exit_status = images ? cli_arguments_resolve(app) : cli_image_flag_resolve(app);
  if (exit_status) return exit_status;
  const void **known = calloc(app->arguments_count, sizeof *known);
  if (!known) return cli_report_error(app, IMGACT_NOMEM, "out of memory");

  cli_batch batch;
  exit_status = cli_batch_new(app, app->arguments_count, &batch);
  for (size_t i = 0; i < batch.count && !exit_status; i++) {
    const char *id = app->arguments[i];
    cli_batch_set(&batch, i, app->command->make(app, id, NULL), id, NULL, true);
  }
  if (!exit_status) exit_status = cli_batch_check(&batch);
  if (!exit_status) {
    cli_batch_run(&batch);
    exit_status = show(app, &batch, known);
  }

  free(known);
  cli_batch_free(&batch);
  return exit_status;
}
