// SPDX-License-Identifier: MIT
/* imgact image delete, convert, transfer, protect and unprotect: one operation per image (and
 * region); imgact image create. Prints outcomes in the order of the references. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "refs.h"

#define MAX_ASKED      20 /* images that the question shows */
#define MAX_ASKED_TEXT 80 /* bytes of a name or description in it */

/* One result: of an item, or of a reference without an image, for which there is none. */
typedef struct result {
  cli_outcome outcome;
  const cli_item *item;
} result;

static size_t per_image(const cli_app *app) {
  return app->options.regions.count ? app->options.regions.count : 1;
}

static int make_batch(cli_app *app, cli_batch *batch) {
  const cli_strings *regions = &app->options.regions;
  int exit_status = cli_batch_new(app, app->arguments_count * per_image(app), batch);
  if (exit_status) return exit_status;

  for (size_t i = 0; i < batch->count; i++) {
    const char *id = app->arguments[i / per_image(app)];
    const char *region = regions->count ? regions->items[i % per_image(app)] : NULL;
    cli_batch_set(batch, i, app->command->make(app, id, region), id, region,
                  app->options.wait != 0);
  }
  return cli_batch_check(batch);
}

/* ---- confirmation ---- */

static bool read_yes(cli_stream *err) {
  char answer[16] = "";
  if (!fgets(answer, sizeof answer, stdin))
    cli_stream_char(err, '\n'); /* Ctrl-D: the cursor is still after the question */
  answer[strcspn(answer, "\n")] = '\0';
  return !strcasecmp(answer, "y") || !strcasecmp(answer, "yes");
}

/* "  4711  3d  nightly build" */
static void add_image(cli_buffer *text, const cli_ref *ref, size_t width, int64_t now_ms) {
  const imgact_image *image = ref->image;
  const char *name = image ? image->name ? image->name : image->description : NULL;
  cli_buffer_text(text, "\n  ");
  cli_buffer_text(text, ref->id);
  if (!image) return;

  char age[24] = "-", cell[128];
  if (image->created_at != IMGACT_NO_TIME) cli_age_text(now_ms - image->created_at, age);
  snprintf(cell, sizeof cell, "%*s%5s  ", (int)(width - strlen(ref->id)), "", age);
  cli_buffer_text(text, cell);

  cli_buffer shown = {0};
  size_t length = name ? cli_text_cut(name, MAX_ASKED_TEXT) : 0;
  cli_buffer_add(&shown, name ? name : "-", name ? length : 1);
  cli_buffer_visible(text, cli_buffer_get(&shown));
  cli_buffer_text(text, name && name[length] ? "..." : "");
  cli_buffer_free(&shown);
}

/* Adds the images to delete, and how many more there are. */
static void add_images(cli_buffer *text, const cli_app *app) {
  char more[64];
  struct timespec now = {0};
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
  size_t width = 0, shown = 0;
  for (size_t i = 0; i < app->refs->count; i++)
    if (app->refs->items[i].id && strlen(app->refs->items[i].id) > width)
      width = strlen(app->refs->items[i].id);
  for (size_t i = 0; i < app->refs->count && shown < MAX_ASKED; i++) {
    if (!app->refs->items[i].id) continue;
    add_image(text, &app->refs->items[i], width, now_ms);
    shown++;
  }
  if (shown == app->arguments_count) return;
  snprintf(more, sizeof more, "\n  and %zu more", app->arguments_count - shown);
  cli_buffer_text(text, more);
}

/* Asks "Delete 2 images at PROVIDER (profile prod)?", with the images. */
static void ask(cli_app *app) {
  imgact_error error;
  imgact_config_settings from = {0};
  imgact_config_overrides overrides = cli_overrides(app);
  imgact_config_resolve(app->session.config, &overrides, &from, &error);

  cli_buffer text = {0};
  if (from.profile) {
    cli_buffer_text(&text, " (profile ");
    cli_buffer_visible(&text, from.profile);
    cli_buffer_text(&text, ")");
  }
  cli_buffer_text(&text, "?");
  add_images(&text, app);

  cli_stream_format(&app->err, "Delete %zu image%s at %s", app->arguments_count,
                    app->arguments_count == 1 ? "" : "s",
                    imgact_client_provider_name(app->session.client));
  cli_stream_text(&app->err, cli_buffer_get(&text));
  cli_stream_text(&app->err, "\n[y/N] ");
  cli_stream_flush(&app->err);
  cli_buffer_free(&text);
}

/* Asks for confirmation if stdin and stderr are terminals. Returns 0 or an exit status. */
static int confirm(cli_app *app) {
  if (!app->command->asks || app->options.yes || !app->arguments_count) return 0;
  if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) return 0;

  (void)cli_refs_read_images(app, app->refs); /* if it fails, the question shows the ids */
  int64_t asked_ms = cli_elapsed_ms(app);
  cli_signals_release();
  if (!cli_interrupted()) ask(app);
  bool yes = !cli_interrupted() && read_yes(&app->err);
  app->began_ms +=
      cli_elapsed_ms(app) - asked_ms; /* --deadline does not include the confirmation */
  if (yes) return 0;

  if (cli_wants_json(app)) return cli_report_error(app, IMGACT_CANCELLED, "nothing was deleted");
  cli_print_note(app, "nothing was deleted");
  return cli_exit_status(IMGACT_CANCELLED);
}

/* ---- results ---- */

/* Returns the id of a new image only if it is known. */
static const char *image_id_of(const cli_item *item) {
  const imgact_image *image = imgact_op_image(item->op);
  if (!cli_item_makes_image(item)) return item->subject;
  return image ? image->id : NULL;
}

static cli_outcome outcome_of(const cli_app *app, const cli_item *item) {
  cli_outcome outcome = {.image_id = image_id_of(item),
                         .region = item->region,
                         .action = imgact_op_action(item->op),
                         .image = imgact_op_image(item->op),
                         .failure = {cli_item_error(item), imgact_op_error_details(item->op)},
                         .adopted = imgact_op_adopted(item->op)};
  imgact_status status = outcome.failure.error->status;
  bool maybe = (outcome.failure.error->flags & IMGACT_ERROR_MAYBE_APPLIED) != 0;
  outcome.changed = maybe ? IMGACT_TRISTATE_UNKNOWN : imgact_op_changed(item->op);
  outcome.ok = status == IMGACT_OK || (status == IMGACT_NOT_FOUND && app->options.ignore_missing);
  return outcome;
}

/* Fills the results in the order of the references, then of the regions. */
static void collect(const cli_app *app, cli_batch *batch, result *results) {
  size_t next = 0;
  if (cli_item_makes_image(&batch->items[0])) {
    results[0] = (result){.item = &batch->items[0], .outcome = outcome_of(app, &batch->items[0])};
    return;
  }
  for (size_t i = 0; i < app->refs->count * per_image(app); i++) {
    const cli_ref *ref = &app->refs->items[i / per_image(app)];
    results[i].item = ref->id ? &batch->items[next++] : NULL;
    if (results[i].item)
      results[i].outcome = outcome_of(app, results[i].item);
    else
      results[i].outcome = (cli_outcome){.image_id = ref->text, .ok = 1};
  }
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
static void print_lost_outcomes(cli_app *app, const result *results, size_t count) {
  if (!cli_stdout_lost(app)) return;

  for (size_t i = 0; i < count; i++) {
    char what[160];
    const cli_outcome *outcome = &results[i].outcome;
    const imgact_action *action = outcome->action;
    if (!results[i].item) continue;
    cli_item_name(results[i].item, what, sizeof what);
    if (!outcome->ok)
      cli_print_note(app, "%s: %s", what, outcome->failure.error->message);
    else if (action && action->id)
      cli_print_note(app, "%s: action %.64s: %s", what, action->id,
                     imgact_action_status_name(action->status));
    else
      cli_print_note(app, "%s: done", what);
  }
}

static int show(cli_app *app, cli_batch *batch, result *results, const void **items, size_t count) {
  cli_exit_summary summary = {0};
  collect(app, batch, results);
  for (size_t i = 0; i < count; i++) {
    const cli_outcome *outcome = &results[i].outcome;
    const imgact_error *error = outcome->failure.error;
    items[i] = outcome;
    cli_batch_summarise(batch, &summary,
                        outcome->ok || !error ? IMGACT_OK : (imgact_status)error->status);
  }

  int exit_status = cli_print_list(app, app->command->schema, items, count);
  print_lost_outcomes(app, results, count);
  for (size_t i = 0; i < count; i++)
    if (results[i].item) print_messages(app, results[i].item, &results[i].outcome);
  cli_hint_locked(batch);
  cli_hint_resume(batch);
  cli_hint_verify(batch);

  return exit_status ? exit_status : cli_exit_summary_status(&summary);
}

/* count: results to print; references without an image have no item in the batch. */
static int run(cli_app *app, cli_batch *batch, size_t count) {
  int exit_status;
  /* Allocates before the mutations are sent: their outcomes must not be lost. */
  result *results = calloc(count, sizeof *results);
  const void **items = calloc(count, sizeof *items);
  if (results && items) {
    cli_batch_run(batch);
    exit_status = show(app, batch, results, items, count);
  } else
    exit_status = cli_report_error(app, IMGACT_NOMEM, "out of memory");
  free(results);
  free(items);
  return exit_status;
}

int cli_change_images(cli_app *app) {
  cli_batch batch;
  int exit_status = cli_arguments_resolve(app);
  if (exit_status) return exit_status;
  exit_status = make_batch(app, &batch);
  if (!exit_status) exit_status = confirm(app);
  if (!exit_status) exit_status = run(app, &batch, app->refs->count * per_image(app));

  cli_batch_free(&batch);
  return exit_status;
}

/* ---- a new image ---- */

static int check_create(cli_app *app) {
  const cli_options *o = &app->options;
  if (!o->server && !o->url)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "missing --server or --url; see `imgact image create --help`");
  if (o->server && o->url)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "--server and --url are mutually exclusive");
  if (o->server && o->new_region)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "--region needs --url");
  if (o->url && o->type)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "--type needs --server");
  return 0;
}

static imgact_op *make_create(const cli_app *app, const imgact_label *labels) {
  const cli_options *o = &app->options;
  imgact_client *client = app->session.client;
  bool is_backup = o->type && !strcmp(o->type, "backup");
  const imgact_image_create create = {.size = sizeof create,
                                      .name = o->name,
                                      .description = o->description,
                                      .region = o->new_region,
                                      .distribution = o->image_filter.os_family,
                                      .labels = labels,
                                      .labels_count = o->labels.count,
                                      .tags = o->tags.items,
                                      .tags_count = o->tags.count,
                                      .type = is_backup ? IMGACT_IMAGE_TYPE_BACKUP
                                                        : IMGACT_IMAGE_TYPE_UNKNOWN,
                                      .ensure_unique = o->ensure_unique};
  return o->server ? imgact_create_image(client, o->server, &create)
                   : imgact_import_image(client, o->url, &create);
}

int cli_image_create(cli_app *app) {
  const cli_options *o = &app->options;
  cli_batch batch = {0};
  imgact_label *labels = NULL;
  int exit_status = check_create(app);
  if (!exit_status) exit_status = cli_labels_parse(app, &labels);
  if (!exit_status) exit_status = cli_batch_new(app, 1, &batch);
  if (!exit_status) {
    cli_batch_set(&batch, 0, make_create(app, labels), o->server ? o->server : o->name, NULL,
                  o->wait != 0);
    exit_status = cli_batch_check(&batch);
  }
  if (!exit_status) exit_status = run(app, &batch, 1);

  cli_batch_free(&batch);
  cli_labels_free(labels, o->labels.count);
  return exit_status;
}
