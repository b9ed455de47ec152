// SPDX-License-Identifier: MIT
#include "refs.h"

#include <imgact/provider.h>
#include <stdlib.h>
#include <string.h>

#include "json_value.h"
#include "provider_info.h"

#define MAX_CHARACTERS 255
#define MAX_CANDIDATES 10

static const imgact_provider *provider_of(const cli_app *app) {
  return imgact_provider_find(imgact_client_provider_name(app->session.client));
}

static int report(cli_app *app, imgact_error *error, const char *details) {
  snprintf(error->provider, sizeof error->provider, "%s",
           imgact_client_provider_name(app->session.client));
  return cli_report_failure(app, error, details, NULL);
}

/* ---- form ---- */

static const struct {
  const char *prefix;
  cli_ref_kind kind;
} prefixes[] = {{"id:", CLI_REF_ID},
                {"name:", CLI_REF_NAME},
                {"slug:", CLI_REF_SLUG},
                {"description:", CLI_REF_DESCRIPTION}};

static void split_prefix(cli_ref *ref) {
  ref->value = ref->text;
  ref->kind = CLI_REF_TEXT;
  for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
    size_t length = strlen(prefixes[i].prefix);
    if (strncmp(ref->text, prefixes[i].prefix, length) != 0) continue;
    ref->value = ref->text + length;
    ref->kind = prefixes[i].kind;
  }
}

static bool is_control(uint32_t point) { return point < 0x20 || (point >= 0x7f && point < 0xa0); }

/* Returns what is wrong with the text of a reference, or NULL. */
static const char *problem_of(const char *value) {
  size_t characters = 0;
  if (!*value) return "empty";
  for (const char *at = value; *at; characters++) {
    uint32_t point = 0;
    size_t length = cli_utf8_decode(at, &point);
    if (!length) return "not UTF-8";
    if (is_control(point)) return "it has a control character";
    at += length;
  }
  return characters > MAX_CHARACTERS ? "longer than 255 characters" : NULL;
}

/* Returns true if images of the provider have slugs. */
static bool has_slugs(const imgact_provider *provider) {
  const imgact_field *row = provider->image_map ? provider->image_map->fields : NULL;
  while (row && row->path && row->target != IMGACT_TARGET_IMAGE_SLUG) row++;
  return row && row->path;
}

/* The token would be compared with names, and printed. */
static bool holds_token(const cli_app *app, const char *text) {
  char shown[MAX_CHARACTERS * 4 + 32];
  imgact_client_redact(app->session.client, text, shown, sizeof shown);
  return strcmp(shown, text) != 0;
}

static int parse(cli_app *app, const char *text, cli_ref *ref) {
  const imgact_provider *provider = provider_of(app);
  *ref = (cli_ref){.text = text};
  split_prefix(ref);
  const char *problem = problem_of(ref->value);
  if (problem)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "invalid image '%.80s': %s", text,
                            problem);
  if (holds_token(app, text))
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "argument contains the API token");
  if (ref->kind == CLI_REF_SLUG && !has_slugs(provider))
    return cli_report_error(app, IMGACT_UNSUPPORTED, "%s does not support slugs of images",
                            provider->name);

  /* More likely a flag or a negative number than a name. */
  if (ref->kind == CLI_REF_TEXT && text[0] == '-')
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "invalid image '%.80s'; a name that begins with '-' needs a prefix, as "
                            "in name:-x",
                            text);

  bool is_id = provider->is_valid_id(ref->value) != 0;
  if (ref->kind == CLI_REF_ID && !is_id)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "invalid image id '%.80s' for %s; use %s",
                            ref->value, provider->name, provider->id_format);
  if (ref->kind == CLI_REF_TEXT && is_id) ref->kind = CLI_REF_ID;
  if (ref->kind == CLI_REF_ID) ref->id = ref->value;
  return 0;
}

static int by_id(const void *a, const void *b) {
  const cli_ref *x = *(const cli_ref *const *)a, *y = *(const cli_ref *const *)b;
  return strcmp(x->id, y->id);
}

/* Rejects two references to one image, as far as their ids are known. */
static int check_same(cli_app *app, const cli_refs *refs) {
  const cli_ref **sorted = calloc(refs->count + 1, sizeof *sorted);
  size_t count = 0;
  int exit_status = 0;
  if (!sorted) return cli_report_error(app, IMGACT_NOMEM, "out of memory");
  for (size_t i = 0; i < refs->count; i++)
    if (refs->items[i].id) sorted[count++] = &refs->items[i];
  qsort(sorted, count, sizeof *sorted, by_id);
  for (size_t i = 1; i < count && !exit_status; i++)
    if (!strcmp(sorted[i - 1]->id, sorted[i]->id))
      exit_status = cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                                     "duplicate image %s: '%.100s' and '%.100s'", sorted[i]->id,
                                     sorted[i - 1]->text, sorted[i]->text);
  free(sorted);
  return exit_status;
}

int cli_refs_parse(cli_app *app, const char *const *texts, size_t count, cli_refs *refs) {
  int exit_status = 0;
  *refs = (cli_refs){.items = calloc(count + 1, sizeof *refs->items),
                     .ids = calloc(count + 1, sizeof *refs->ids)};
  if (!refs->items || !refs->ids) return cli_report_error(app, IMGACT_NOMEM, "out of memory");
  refs->count = count;
  for (size_t i = 0; i < count && !exit_status; i++)
    exit_status = parse(app, texts[i], &refs->items[i]);
  return exit_status ? exit_status : check_same(app, refs);
}

void cli_refs_free(cli_refs *refs) {
  imgact_op_free(refs->list);
  free(refs->items);
  free(refs->ids);
  *refs = (cli_refs){0};
}

/* ---- the list of own images ---- */

/* Deprecated images are own images, too, but some APIs list them only on request. */
static imgact_op *own_images(const cli_app *app) {
  const imgact_slot *slot = cli_provider_slot(provider_of(app), IMGACT_OP_LIST_IMAGES);
  imgact_image_filter filter = IMGACT_IMAGE_FILTER_INIT;
  filter.visibility = IMGACT_VISIBILITY_PRIVATE;
  filter.architecture = app->options.image_filter.architecture;
  filter.include_deprecated =
      slot && (slot->server_filters & IMGACT_FILTER_BIT(IMAGE_INCLUDE_DEPRECATED)) != 0;
  return imgact_list_images(app->session.client, &filter);
}

static bool is_text(const char *text, const char *value) { return text && !strcmp(text, value); }

static bool matches(const cli_ref *ref, const imgact_image *image) {
  switch (ref->kind) {
  case CLI_REF_ID: return is_text(image->id, ref->value);
  case CLI_REF_NAME: return is_text(image->name, ref->value);
  case CLI_REF_SLUG: return is_text(image->slug, ref->value);
  case CLI_REF_DESCRIPTION: return is_text(image->description, ref->value);
  case CLI_REF_TEXT: break;
  }
  return is_text(image->name, ref->value) || is_text(image->description, ref->value);
}

static int by_value(const void *a, const void *b) {
  return strcmp((*(cli_ref *const *)a)->value, (*(cli_ref *const *)b)->value);
}

/* The first of the sorted references with this value; count if there is none. */
static size_t first_with(cli_ref *const *sorted, size_t count, const char *value) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(sorted[middle]->value, value) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* An image may be found by several of its texts: it counts once. */
static void match(cli_ref *const *sorted, size_t count, const imgact_image *image) {
  const char *texts[] = {image->id, image->name, image->slug, image->description};
  for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
    if (!texts[t]) continue;
    for (size_t i = first_with(sorted, count, texts[t]);
         i < count && !strcmp(sorted[i]->value, texts[t]); i++) {
      if (sorted[i]->image == image || !matches(sorted[i], image)) continue;
      sorted[i]->matches++;
      sorted[i]->image = image;
    }
  }
}

/* Finds the images of the references in the list. Returns false if out of memory. */
static bool match_all(cli_refs *refs) {
  size_t images_count = 0;
  const imgact_image *const *images = imgact_op_images(refs->list, &images_count);
  cli_ref **sorted = calloc(refs->count + 1, sizeof *sorted);
  if (!sorted) return false;
  for (size_t i = 0; i < refs->count; i++) sorted[i] = &refs->items[i];
  qsort(sorted, refs->count, sizeof *sorted, by_value);
  for (size_t i = 0; i < images_count; i++) match(sorted, refs->count, images[i]);
  free(sorted);
  return true;
}

bool cli_refs_read_images(cli_app *app, cli_refs *refs) {
  if (refs->list) return true;
  imgact_op *list = own_images(app);
  if (cli_run_lookup(app, list, false) == IMGACT_OK) {
    refs->list = list;
    return match_all(refs);
  }
  imgact_op_free(list);
  return false;
}

/* ---- conflicts ---- */

static bool is_newer(const imgact_image *a, const imgact_image *b) {
  if (a->created_at != b->created_at) /* IMGACT_NO_TIME is the smallest value */
    return a->created_at > b->created_at;
  size_t la = strlen(a->id), lb = strlen(b->id);
  return la != lb ? la > lb : strcmp(a->id, b->id) > 0;
}

/* Keeps the newest images, newest first. */
static void insert(const imgact_image **newest, size_t *count, const imgact_image *image) {
  size_t at = *count;
  while (at && is_newer(image, newest[at - 1])) at--;
  if (at == MAX_CANDIDATES) return;
  if (*count < MAX_CANDIDATES) ++*count;
  memmove(newest + at + 1, newest + at, (*count - 1 - at) * sizeof *newest);
  newest[at] = image;
}

static void write_candidate(imgact_json_writer *json, const imgact_image *image) {
  static const char *const keys[] = {"id", "type", "name", "description", "created_at"};
  imgact_json_write_begin_object(json);
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    const cli_field *field = cli_schema_field(&cli_image_schema, keys[i], strlen(keys[i]));
    cli_value value = {0};
    field->get(field, image, &value);
    imgact_json_write_key(json, keys[i]);
    cli_write_value(json, &value, false);
  }
  imgact_json_write_end_object(json);
}

static int report_conflict(cli_app *app, const cli_refs *refs, const cli_ref *ref) {
  const imgact_image *newest[MAX_CANDIDATES];
  size_t count = 0, images_count = 0;
  const imgact_image *const *images = imgact_op_images(refs->list, &images_count);
  for (size_t i = 0; i < images_count; i++)
    if (matches(ref, images[i])) insert(newest, &count, images[i]);

  imgact_json_writer *json = imgact_json_writer_new(NULL, 0);
  imgact_json_write_begin_object(json);
  imgact_json_write_key(json, "candidates");
  imgact_json_write_begin_array(json);
  for (size_t i = 0; i < count; i++) write_candidate(json, newest[i]);
  imgact_json_write_end_array(json);
  imgact_json_write_end_object(json);

  imgact_error error;
  imgact_error_set(&error, IMGACT_CONFLICT, "%zu images match '%.300s'; use an id", ref->matches,
                   ref->text);
  int exit_status = report(app, &error, imgact_json_writer_finish(json, NULL));
  imgact_json_writer_free(json);
  return exit_status;
}

/* ---- resolution ---- */

int cli_report_missing_ref(cli_app *app, const cli_ref *ref) {
  imgact_error error;
  imgact_error_set(&error, IMGACT_NOT_FOUND, "image '%.300s' not found", ref->text);
  return report(app, &error, NULL);
}

/* Takes the ids from the list. Returns the exit status of the first reference without one. */
static int take_ids(cli_app *app, cli_refs *refs) {
  for (size_t i = 0; i < refs->count; i++) {
    cli_ref *ref = &refs->items[i];
    if (ref->id) continue;
    if (ref->matches > 1) return report_conflict(app, refs, ref);
    if (!ref->matches && !app->options.ignore_missing) return cli_report_missing_ref(app, ref);
    if (ref->matches) ref->id = ref->image->id;
  }
  return check_same(app, refs);
}

static int read_ids(cli_app *app, cli_refs *refs) {
  imgact_op *list = refs->list = own_images(app);
  if (cli_run_lookup(app, list, app->options.raw != 0) != IMGACT_OK)
    return cli_report_op_failure(app, list);
  if (!match_all(refs)) return cli_report_error(app, IMGACT_NOMEM, "out of memory");
  if (cli_interrupted())
    return cli_report_error(app, IMGACT_CANCELLED, "interrupted; nothing was changed");
  return take_ids(app, refs);
}

int cli_refs_resolve(cli_app *app, cli_refs *refs) {
  bool needs_list = false;
  for (size_t i = 0; i < refs->count; i++) needs_list = needs_list || !refs->items[i].id;
  int exit_status = needs_list ? read_ids(app, refs) : 0;
  for (size_t i = 0; i < refs->count && !exit_status; i++)
    if (refs->items[i].id) refs->ids[refs->ids_count++] = refs->items[i].id;
  return exit_status;
}

/* ---- arguments and flags ---- */

/* Rejects a command whose operations cannot be created, before a list is read for it. */
static int check_operation(cli_app *app, const char *id) {
  const cli_strings *regions = &app->options.regions;
  int exit_status = 0;
  size_t count = regions->count ? regions->count : 1;
  for (size_t i = 0; app->command->make && i < count && !exit_status; i++)
    exit_status =
        cli_check_op(app, app->command->make(app, id, regions->count ? regions->items[i] : NULL));
  return exit_status;
}

int cli_arguments_resolve(cli_app *app) {
  int exit_status = cli_refs_parse(app, app->arguments, app->arguments_count, app->refs);
  if (exit_status || !app->refs->count) return exit_status;
  const char *id = app->refs->items[0].id;
  exit_status = check_operation(app, id ? id : "1");
  if (!exit_status) exit_status = cli_refs_resolve(app, app->refs);
  app->arguments = app->refs->ids;
  app->arguments_count = app->refs->ids_count;
  return exit_status;
}

int cli_image_flag_resolve(cli_app *app) {
  const char *given = app->options.image;
  if (!given) return 0;
  int exit_status = cli_refs_parse(app, &given, 1, app->refs);
  if (exit_status) return exit_status;
  app->options.image = app->refs->items[0].id ? app->refs->items[0].id : "1";
  exit_status = check_operation(app, app->arguments_count ? app->arguments[0] : NULL);
  if (!exit_status) exit_status = cli_refs_resolve(app, app->refs);
  if (!exit_status) app->options.image = app->refs->ids[0];
  return exit_status;
}
