// SPDX-License-Identifier: MIT
/* imgact image update: changes of labels, tags and other properties of one or several images. */
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "refs.h"

/* With --clear-labels, the given labels are the complete set. */
static imgact_op *make_update(cli_app *app, const char *id, const imgact_label *labels) {
  const cli_options *o = &app->options;
  bool some = o->labels.count || o->removed_labels.count;
  imgact_image_update update = {.size = sizeof update,
                                .name = o->name,
                                .description = o->description,
                                .distribution = o->distribution,
                                .labels = labels,
                                .labels_count = o->labels.count,
                                .removed_labels = o->removed_labels.items,
                                .removed_labels_count = o->removed_labels.count,
                                .merge_labels = some && !o->clear_labels,
                                .replace_labels = o->clear_labels,
                                .convert_to_snapshot = o->type != NULL};
  return imgact_update_image(app->session.client, id, &update);
}

/* The labels have been checked: an error here is a lack of memory. */
imgact_op *cli_make_image_update(cli_app *app, const char *id, const char *region) {
  (void)region;
  imgact_label *labels = NULL;
  imgact_op *op = cli_labels_parse(app, &labels) ? NULL : make_update(app, id, labels);
  cli_labels_free(labels, app->options.labels.count);
  return op;
}

/* Several images have outcomes, as with the other commands that change images. */
static int update_several(cli_app *app) {
  const cli_command *command = app->command;
  cli_command several = *command;
  several.schema = several.batch_schema;
  app->command = &several;
  int exit_status = cli_check_output(app, several.schema);
  if (!exit_status) exit_status = cli_change_images(app);
  app->command = command;
  return exit_status;
}

static int check_labels(cli_app *app) {
  imgact_label *labels = NULL;
  int exit_status = cli_labels_parse(app, &labels);
  cli_labels_free(labels, app->options.labels.count);
  return exit_status;
}

static bool changes_tags(const cli_options *o) { return o->tags.count || o->removed_tags.count; }

static bool changes_more(const cli_options *o) {
  return o->name || o->description || o->distribution || o->type || o->labels.count ||
         o->removed_labels.count || o->clear_labels;
}

static int check_update(cli_app *app) {
  if (changes_tags(&app->options) || changes_more(&app->options)) return 0;
  return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                          "nothing to change; see `imgact image update --help`");
}

/* ---- tags ---- */

static imgact_op *make_tags(cli_app *app, const char *const *ids, size_t count) {
  const cli_options *o = &app->options;
  return imgact_change_tags(app->session.client, ids, count, o->tags.items, o->tags.count,
                            o->removed_tags.items, o->removed_tags.count);
}

/* Invalid arguments of either change are reported before anything is sent. */
static int resolve_for_tags(cli_app *app) {
  const char *id = "1";
  int exit_status = cli_refs_parse(app, app->arguments, app->arguments_count, app->refs);
  if (!exit_status) exit_status = cli_check_op(app, make_tags(app, &id, 1));
  if (!exit_status && changes_more(&app->options))
    exit_status = cli_check_op(app, cli_make_image_update(app, id, NULL));
  if (!exit_status) exit_status = cli_refs_resolve(app, app->refs);
  app->arguments = app->refs->ids;
  app->arguments_count = app->refs->ids_count;
  return exit_status;
}

static const imgact_image *image_with_id(const imgact_op *op, const char *id) {
  size_t count;
  const imgact_image *const *images = imgact_op_images(op, &count);
  for (size_t i = 0; i < count; i++)
    if (!strcmp(images[i]->id, id)) return images[i];
  return NULL;
}

/* One request changes all images: they share its error. */
static int show_tagged(cli_app *app, cli_batch *batch) {
  const cli_item *item = &batch->items[0];
  const imgact_error *error = cli_item_error(item);
  const char *details = imgact_op_error_details(item->op);
  bool maybe = error->status && (error->flags & IMGACT_ERROR_MAYBE_APPLIED);
  imgact_tristate changed = maybe ? IMGACT_TRISTATE_UNKNOWN : imgact_op_changed(item->op);
  size_t count = app->arguments_count;
  cli_outcome *outcomes = calloc(count, sizeof *outcomes);
  const void **items = calloc(count, sizeof *items);
  int exit_status = 0;
  for (size_t i = 0; outcomes && items && i < count; i++) {
    outcomes[i] = (cli_outcome){.image_id = app->arguments[i],
                                .image = image_with_id(item->op, app->arguments[i]),
                                .failure = {error, details},
                                .changed = changed,
                                .ok = !error->status};
    items[i] = &outcomes[i];
  }
  if (outcomes && items)
    exit_status = cli_print_list(app, app->command->batch_schema, items, count);
  else
    exit_status = cli_report_error(app, IMGACT_NOMEM, "out of memory");
  if (error->status && !cli_wants_json(app)) cli_report_failure(app, error, NULL, NULL);
  free(outcomes);
  free(items);
  return exit_status ? exit_status : cli_exit_status((imgact_status)error->status);
}

/* The tags come first: if they fail, nothing else is changed. */
static int update_tags(cli_app *app) {
  bool several = app->arguments_count > 1;
  bool ends = !changes_more(&app->options);
  int exit_status = several ? cli_check_output(app, app->command->batch_schema) : 0;
  if (!exit_status) exit_status = resolve_for_tags(app);
  if (exit_status) return exit_status;

  cli_batch batch;
  exit_status = cli_batch_new(app, 1, &batch);
  if (exit_status) return exit_status;
  cli_batch_set(&batch, 0, make_tags(app, app->arguments, app->arguments_count), app->arguments[0],
                NULL, false);
  exit_status = cli_batch_check(&batch);
  if (!exit_status) {
    cli_batch_run(&batch);
    const imgact_error *error = cli_item_error(&batch.items[0]);
    const char *details = imgact_op_error_details(batch.items[0].op);
    if (several && (ends || error->status))
      exit_status = show_tagged(app, &batch);
    else if (error->status)
      exit_status = cli_report_failure(app, error, details, NULL);
    else if (ends)
      exit_status = cli_print_item(app, app->command->schema, imgact_op_image(batch.items[0].op));
  }
  cli_batch_free(&batch);
  return exit_status;
}

static int update_one(cli_app *app) {
  int exit_status = cli_arguments_resolve(app);
  if (exit_status) return exit_status;
  return cli_run_and_show(app, cli_make_image_update(app, app->arguments[0], NULL));
}

int cli_image_update(cli_app *app) {
  int exit_status = check_labels(app);
  if (!exit_status) exit_status = check_update(app);
  if (!exit_status && changes_tags(&app->options)) exit_status = update_tags(app);
  if (exit_status || !changes_more(&app->options)) return exit_status;

  cli_refs resolved = *app->refs; /* has the ids, if tags were changed before */
  *app->refs = (cli_refs){0};
  exit_status = app->arguments_count > 1 ? update_several(app) : update_one(app);
  cli_refs_free(&resolved);
  return exit_status;
}
