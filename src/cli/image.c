// SPDX-License-Identifier: MIT
/* imgact image list, find, get and update, and the operation of image wait. */
#include <stdlib.h>
#include <string.h>

#include "image_filter.h"
#include "output.h"
#include "refs.h"

imgact_op *cli_make_image_list(cli_app *app, const char *id, const char *region) {
  (void)id, (void)region;
  cli_image_filter taken;
  imgact_op *op = NULL;
  if (cli_image_filter_take(app, &taken))
    op = imgact_list_images(app->session.client, &taken.filter);
  cli_image_filter_free(&taken);
  return op;
}

imgact_op *cli_make_image_find(cli_app *app, const char *id, const char *region) {
  (void)id, (void)region;
  const cli_options *o = &app->options;
  imgact_find which = o->newest   ? IMGACT_FIND_NEWEST
                      : o->oldest ? IMGACT_FIND_OLDEST
                                  : IMGACT_FIND_ONLY;
  cli_image_filter taken;
  imgact_op *op = NULL;
  if (cli_image_filter_take(app, &taken))
    op = imgact_find_image(app->session.client, &taken.filter, which);
  cli_image_filter_free(&taken);
  return op;
}

/* ---- get ---- */

static int report_missing(cli_app *app, const cli_ref *ref) {
  imgact_error error;
  imgact_error_set(&error, IMGACT_NOT_FOUND, "image '%.300s' not found", ref->text);
  snprintf(error.provider, sizeof error.provider, "%s",
           imgact_client_provider_name(app->session.client));
  return cli_report_failure(app, &error, NULL, NULL);
}

/* A get accepts an id, and a slug or the name of a public image, but not which of them is meant. */
static bool is_meant(const cli_ref *ref, const imgact_image *image) {
  if (ref->kind == CLI_REF_ID && ref->value != ref->text) return !strcmp(image->id, ref->value);
  return ref->kind != CLI_REF_SLUG || (image->slug && !strcmp(image->slug, ref->value));
}

/* Returns true if the text of a get that failed may be the name of an own image. The status is
 * IMGACT_INVALID_ARGUMENT if the text cannot be a slug; then it may be a part of a URL, which needs
 * a prefix to be a name. */
static bool may_be_own(const char *text, imgact_status status) {
  bool is_path = strpbrk(text, "/?#%") || !strcmp(text, ".") || !strcmp(text, "..");
  return status == IMGACT_NOT_FOUND || (status == IMGACT_INVALID_ARGUMENT && !is_path);
}

/* Prints the own image with this name or description, as it was listed. */
static int get_own(cli_app *app) {
  int exit_status = cli_refs_resolve(app, app->refs);
  if (exit_status) return exit_status;
  return cli_print_item(app, app->command->schema, app->refs->items[0].image);
}

static int get(cli_app *app, const cli_ref *ref, imgact_op *op) {
  imgact_status status = cli_run_lookup(app, op, app->options.raw != 0);
  const imgact_image *image = imgact_op_image(op);
  if (status == IMGACT_OK && !is_meant(ref, image)) return report_missing(app, ref);
  if (status == IMGACT_OK) return cli_print_item(app, app->command->schema, image);
  if (ref->kind == CLI_REF_TEXT && may_be_own(ref->value, status)) return get_own(app);
  int exit_status = cli_report_op_failure(app, op);
  if (imgact_op_error(op)->http_status == 404) cli_note_endpoint(app);
  return exit_status;
}

int cli_image_get(cli_app *app) {
  int exit_status = cli_refs_parse(app, app->arguments, app->arguments_count, app->refs);
  if (exit_status) return exit_status;
  const cli_ref *ref = app->refs->items;
  if (ref->kind == CLI_REF_NAME || ref->kind == CLI_REF_DESCRIPTION) return get_own(app);

  imgact_op *op =
      imgact_get_image(app->session.client, ref->value, app->options.image_filter.architecture);
  exit_status = get(app, ref, op);
  imgact_op_free(op);
  return exit_status;
}

imgact_op *cli_make_image_wait(cli_app *app, const char *id, const char *region) {
  (void)region;
  imgact_image_status status =
      app->options.wait_deleted ? IMGACT_IMAGE_STATUS_DELETED : IMGACT_IMAGE_STATUS_AVAILABLE;
  return imgact_wait_images(app->session.client, &id, 1, status);
}

/* ---- update ---- */

/* Parses "KEY=VALUE": copies the key; the value points into the argument. Returns 0 or an exit
 * status. */
static int parse_label(cli_app *app, const char *text, imgact_label *label) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "invalid value '%s' for --label; use KEY=VALUE", text);
  *label = (imgact_label){strndup(text, (size_t)(equals - text)), equals + 1};
  return label->key ? 0 : cli_report_error(app, IMGACT_NOMEM, "out of memory");
}

static bool is_given(const imgact_label *given, size_t count, const char *key) {
  for (size_t i = 0; i < count; i++)
    if (!strcmp(given[i].key, key)) return true;
  return false;
}

static bool is_removed(const cli_app *app, const char *key) {
  const cli_strings *removed = &app->options.removed_labels;
  for (size_t i = 0; i < removed->count; i++)
    if (!strcmp(removed->items[i], key)) return true;
  return false;
}

static int check_removed_labels(cli_app *app) {
  const cli_strings *removed = &app->options.removed_labels;
  for (size_t i = 0; i < removed->count; i++)
    if (!*removed->items[i] || strchr(removed->items[i], '='))
      return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                              "invalid value '%s' for --remove-label; use KEY", removed->items[i]);
  if (removed->count && app->options.clear_labels)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "--remove-label and --clear-labels are mutually exclusive");
  return 0;
}

/* Returns 0 or an exit status. */
static int parse_labels(cli_app *app, imgact_label *labels) {
  const cli_strings *texts = &app->options.labels;
  for (size_t i = 0; i < texts->count; i++) {
    int exit_status = parse_label(app, texts->items[i], &labels[i]);
    if (!labels[i].key) return exit_status;
    if (is_given(labels, i, labels[i].key))
      return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "duplicate label '%s'", labels[i].key);
    if (is_removed(app, labels[i].key))
      return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                              "label '%s' cannot be both set and removed", labels[i].key);
  }
  return check_removed_labels(app);
}

int cli_labels_parse(cli_app *app, imgact_label **labels) {
  *labels = calloc(app->options.labels.count + 1, sizeof **labels);
  return *labels ? parse_labels(app, *labels)
                 : cli_report_error(app, IMGACT_NOMEM, "out of memory");
}

void cli_labels_free(imgact_label *labels, size_t count) {
  for (size_t i = 0; labels && i < count; i++) free((void *)(uintptr_t)labels[i].key);
  free(labels);
}

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

static int check_op(cli_app *app, imgact_op *op) {
  int exit_status = imgact_op_error(op)->status ? cli_report_op_failure(app, op) : 0;
  imgact_op_free(op);
  return exit_status;
}

/* Invalid arguments of either change are reported before anything is sent. */
static int resolve_for_tags(cli_app *app) {
  const char *id = "1";
  int exit_status = cli_refs_parse(app, app->arguments, app->arguments_count, app->refs);
  if (!exit_status) exit_status = check_op(app, make_tags(app, &id, 1));
  if (!exit_status && changes_more(&app->options))
    exit_status = check_op(app, cli_make_image_update(app, id, NULL));
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
