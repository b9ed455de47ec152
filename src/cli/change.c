// SPDX-License-Identifier: MIT
/* imgact image delete, convert, transfer, protect and unprotect: one operation per image (and
 * region). Prints outcomes in the order of the arguments. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "output.h"

static int make_batch(cli_app *app, cli_batch *batch) {
  const cli_strings *regions = &app->options.regions;
  size_t per_image = regions->count ? regions->count : 1;
  int exit_status = cli_batch_new(app, app->arguments_count * per_image, batch);
  if (exit_status) return exit_status;

  for (size_t i = 0; i < batch->count; i++) {
    const char *id = app->arguments[i / per_image];
    const char *region = regions->count ? regions->items[i % per_image] : NULL;
    cli_batch_set(batch, i, app->command->make(app, id, region), id, region,
                  app->options.wait != 0);
  }
  return cli_batch_check(batch);
}

static bool read_yes(cli_stream *err) {
  char answer[16] = "";
  if (!fgets(answer, sizeof answer, stdin))
    cli_stream_char(err, '\n'); /* Ctrl-D: the cursor is still after the question */
  answer[strcspn(answer, "\n")] = '\0';
  return !strcasecmp(answer, "y") || !strcasecmp(answer, "yes");
}

/* "Delete 2 images at PROVIDER (profile prod): 4711 4712? [y/N] " */
static void ask(cli_app *app) {
  imgact_error error;
  imgact_config_settings from = {0};
  imgact_config_overrides overrides = cli_overrides(app);
  imgact_config_resolve(app->session.config, &overrides, &from, &error);

  cli_buffer names = {0};
  if (from.profile) {
    cli_buffer_text(&names, " (profile ");
    cli_buffer_visible(&names, from.profile);
    cli_buffer_text(&names, ")");
  }
  cli_buffer_text(&names, ":");
  for (size_t i = 0; i < app->arguments_count; i++) {
    cli_buffer_text(&names, " ");
    cli_buffer_visible(&names, app->arguments[i]);
  }

  cli_stream_format(&app->err, "Delete %zu image%s at %s", app->arguments_count,
                    app->arguments_count == 1 ? "" : "s",
                    imgact_client_provider_name(app->session.client));
  cli_stream_text(&app->err, cli_buffer_get(&names));
  cli_stream_text(&app->err, "? [y/N] ");
  cli_stream_flush(&app->err);
  cli_buffer_free(&names);
}

/* Asks for confirmation if stdin and stderr are terminals. Returns 0 or an exit status. */
static int confirm(cli_app *app) {
  if (!app->command->asks || app->options.yes) return 0;
  if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) return 0;

  int64_t asked_ms = cli_elapsed_ms(app);
  ask(app);
  bool yes = read_yes(&app->err);
  app->began_ms +=
      cli_elapsed_ms(app) - asked_ms; /* --deadline does not include the confirmation */
  if (yes) return 0;

  if (cli_wants_json(app)) return cli_report_error(app, IMGACT_CANCELLED, "nothing was deleted");
  cli_print_note(app, "nothing was deleted");
  return cli_exit_status(IMGACT_CANCELLED);
}

static cli_outcome outcome_of(const cli_app *app, const cli_item *item) {
  cli_outcome outcome = {.image_id = item->subject,
                         .region = item->region,
                         .action = imgact_op_action(item->op),
                         .image = imgact_op_image(item->op),
                         .failure = {cli_item_error(item), imgact_op_error_details(item->op)},
                         .adopted = imgact_op_adopted(item->op)};
  imgact_status status = outcome.failure.error->status;
  outcome.ok = status == IMGACT_OK || (status == IMGACT_NOT_FOUND && app->options.ignore_missing);
  return outcome;
}

/* Prints messages on stderr: a table shows only the code of an error. */
static void print_messages(cli_app *app, const cli_item *item, const cli_outcome *outcome) {
  char what[160];
  imgact_error stopped;
  cli_item_name(item, what, sizeof what);
  if (!outcome->ok && !item->error_printed && !cli_wants_json(app))
    cli_report_failure(app, cli_wait_abandoned(item, &stopped) ? &stopped : outcome->failure.error,
                       NULL, what);
  if (outcome->ok && outcome->adopted && cli_progress_shows_pauses(app))
    cli_print_note(app, "%s: response lost, change applied (sent once)", what);
}

/* If stdout cannot be written, prints the outcomes on stderr. */
static void print_lost_outcomes(cli_app *app, const cli_batch *batch, const cli_outcome *outcomes) {
  if (!cli_stdout_lost(app)) return;

  for (size_t i = 0; i < batch->count; i++) {
    char what[160];
    const imgact_action *action = outcomes[i].action;
    cli_item_name(&batch->items[i], what, sizeof what);
    if (!outcomes[i].ok)
      cli_print_note(app, "%s: %s", what, outcomes[i].failure.error->message);
    else if (action && action->id)
      cli_print_note(app, "%s: action %.64s: %s", what, action->id,
                     imgact_action_status_name(action->status));
    else
      cli_print_note(app, "%s: done", what);
  }
}

static int show(cli_app *app, cli_batch *batch, cli_outcome *outcomes, const void **items) {
  cli_exit_summary summary = {0};
  for (size_t i = 0; i < batch->count; i++) {
    outcomes[i] = outcome_of(app, &batch->items[i]);
    items[i] = &outcomes[i];
    cli_batch_summarise(batch, &summary,
                        outcomes[i].ok ? IMGACT_OK
                                       : (imgact_status)outcomes[i].failure.error->status);
  }

  int exit_status = cli_print_list(app, app->command->schema, items, batch->count);
  print_lost_outcomes(app, batch, outcomes);
  for (size_t i = 0; i < batch->count; i++) print_messages(app, &batch->items[i], &outcomes[i]);
  cli_hint_resume(batch);
  cli_hint_verify(batch);

  return exit_status ? exit_status : cli_exit_summary_status(&summary);
}

int cli_change_images(cli_app *app) {
  cli_batch batch;
  int exit_status = make_batch(app, &batch);
  if (!exit_status) exit_status = confirm(app);
  if (!exit_status) {
    /* Allocates before the mutations are sent: their outcomes must not be lost. */
    cli_outcome *outcomes = calloc(batch.count, sizeof *outcomes);
    const void **items = calloc(batch.count, sizeof *items);
    if (outcomes && items) {
      cli_batch_run(&batch);
      exit_status = show(app, &batch, outcomes, items);
    } else
      exit_status = cli_report_error(app, IMGACT_NOMEM, "out of memory");
    free(outcomes);
    free(items);
  }

  cli_batch_free(&batch);
  return exit_status;
}
