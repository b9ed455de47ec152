// SPDX-License-Identifier: MIT
/* A fixture's "call" as an operation. A key or a word that means nothing here fails the fixture
 * rather than being passed over. */
#include "golden.h"
#include <string.h>

typedef struct builder {
  imgact_client *client;
  const imgact_json *call;
  golden_pool *pool;
  golden_problem *problem;
} builder;

static const char *text(const builder *b, const char *key) {
  return golden_text(b->pool, imgact_json_get(b->call, key));
}

static int64_t integer(const builder *b, const char *key) {
  int64_t value = 0;
  imgact_json_as_int(imgact_json_get(b->call, key), &value);
  return value;
}

static int flag(const builder *b, const char *key) {
  int value = 0;
  imgact_json_as_bool(imgact_json_get(b->call, key), &value);
  return value;
}

static const char *const *texts(const builder *b, const char *key, size_t *count) {
  const imgact_json *array = imgact_json_get(b->call, key);
  *count = imgact_json_count(array);
  const char **values = golden_alloc(b->pool, *count + 1, sizeof *values);
  imgact_json_iter each = imgact_json_iter_begin(array);
  for (size_t i = 0; i < *count; i++)
    values[i] = golden_text(b->pool, imgact_json_iter_next(&each, NULL));
  return values;
}

static const char *type_name(int value) { return imgact_image_type_name((imgact_image_type)value); }
static const char *image_status_name(int value) {
  return imgact_image_status_name((imgact_image_status)value);
}
static const char *action_status_name(int value) {
  return imgact_action_status_name((imgact_action_status)value);
}

static int value_of(const builder *b, const char *word, const char *(*name)(int)) {
  for (int value = 0; word && value < 16; value++)
    if (!strcmp(name(value), word)) return value;
  golden_fail(b->problem, "the call's word \"%s\" means nothing", word ? word : "(no text)");
  return 0;
}

static const imgact_image_type *image_types(const builder *b, size_t *count) {
  const char *const *words = texts(b, "types", count);
  imgact_image_type *types = golden_alloc(b->pool, *count + 1, sizeof *types);
  for (size_t i = 0; i < *count; i++)
    types[i] = (imgact_image_type)value_of(b, words[i], type_name);
  return types;
}

static const imgact_image_status *image_statuses(const builder *b, size_t *count) {
  const char *const *words = texts(b, "statuses", count);
  imgact_image_status *statuses = golden_alloc(b->pool, *count + 1, sizeof *statuses);
  for (size_t i = 0; i < *count; i++)
    statuses[i] = (imgact_image_status)value_of(b, words[i], image_status_name);
  return statuses;
}

static const imgact_action_status *action_statuses(const builder *b, size_t *count) {
  const char *const *words = texts(b, "statuses", count);
  imgact_action_status *statuses = golden_alloc(b->pool, *count + 1, sizeof *statuses);
  for (size_t i = 0; i < *count; i++)
    statuses[i] = (imgact_action_status)value_of(b, words[i], action_status_name);
  return statuses;
}

static imgact_visibility visibility(const builder *b) {
  const char *word = text(b, "visibility");
  if (!word || !strcmp(word, "all")) return IMGACT_VISIBILITY_ALL;
  if (!strcmp(word, "public")) return IMGACT_VISIBILITY_PUBLIC;
  if (strcmp(word, "private") != 0)
    golden_fail(b->problem, "the call's visibility \"%s\" means nothing", word);
  return IMGACT_VISIBILITY_PRIVATE;
}

static imgact_protection protection(const builder *b) {
  const char *word = text(b, "protection");
  if (!word) return IMGACT_PROTECTION_ANY;
  if (!strcmp(word, "protected")) return IMGACT_PROTECTION_PROTECTED;
  if (strcmp(word, "unprotected") != 0)
    golden_fail(b->problem, "the call's protection \"%s\" means nothing", word);
  return IMGACT_PROTECTION_UNPROTECTED;
}

static imgact_image_filter image_filter(const builder *b) {
  imgact_image_filter filter = {.size = sizeof filter,
                                .name = text(b, "name"),
                                .architecture = text(b, "architecture"),
                                .label_selector = text(b, "label_selector"),
                                .tag = text(b, "tag"),
                                .region = text(b, "region"),
                                .visibility = visibility(b),
                                .include_deprecated = flag(b, "include_deprecated"),
                                .os_family = text(b, "os_family"),
                                .created_from = text(b, "created_from"),
                                .created_before = integer(b, "created_before"),
                                .created_after = integer(b, "created_after"),
                                .protection = protection(b)};
  filter.types = image_types(b, &filter.types_count);
  filter.statuses = image_statuses(b, &filter.statuses_count);
  filter.bound_to = texts(b, "bound_to", &filter.bound_to_count);
  filter.sort = texts(b, "sort", &filter.sort_count);
  filter.match = texts(b, "match", &filter.match_count);
  return filter;
}

static imgact_op *list_images(const builder *b) {
  imgact_image_filter filter = image_filter(b);
  return imgact_list_images(b->client, &filter);
}

static imgact_op *find_image(const builder *b) {
  imgact_image_filter filter = image_filter(b);
  const char *which = text(b, "which");
  imgact_find find = !which                     ? IMGACT_FIND_ONLY
                     : !strcmp(which, "newest") ? IMGACT_FIND_NEWEST
                                                : IMGACT_FIND_OLDEST;
  return imgact_find_image(b->client, &filter, find);
}

static imgact_op *get_image(const builder *b) {
  return imgact_get_image(b->client, text(b, "image"), text(b, "architecture"));
}

static const imgact_label *labels(const builder *b, size_t *count) {
  const imgact_json *set = imgact_json_get(b->call, "labels"), *key, *value;
  imgact_label *all = golden_alloc(b->pool, imgact_json_count(set) + 1, sizeof *all);
  imgact_json_iter each = imgact_json_iter_begin(set);
  while ((value = imgact_json_iter_next(&each, &key)))
    all[(*count)++] = (imgact_label){golden_text(b->pool, key), golden_text(b->pool, value)};
  return all;
}

static imgact_op *update_image(const builder *b) {
  imgact_image_update update = {.size = sizeof update,
                                .name = text(b, "name"),
                                .description = text(b, "description"),
                                .distribution = text(b, "distribution"),
                                .convert_to_snapshot = flag(b, "convert_to_snapshot")};
  update.labels = labels(b, &update.labels_count);
  update.replace_labels = imgact_json_get(b->call, "labels") != NULL;
  return imgact_update_image(b->client, text(b, "image"), &update);
}

static imgact_op *delete_image(const builder *b) {
  return imgact_delete_image(b->client, text(b, "image"));
}

static imgact_op *list_actions(const builder *b) {
  imgact_action_filter filter = {.size = sizeof filter, .image_id = text(b, "image")};
  filter.ids = texts(b, "ids", &filter.ids_count);
  filter.statuses = action_statuses(b, &filter.statuses_count);
  filter.sort = texts(b, "sort", &filter.sort_count);
  return imgact_list_actions(b->client, &filter);
}

static imgact_op *get_action(const builder *b) {
  return imgact_get_action(b->client, text(b, "action"), text(b, "image"));
}

static imgact_op *change_protection(const builder *b) {
  const char *image = text(b, "image");
  return flag(b, "protect") ? imgact_protect_image(b->client, image)
                            : imgact_unprotect_image(b->client, image);
}

static imgact_op *convert(const builder *b) {
  return imgact_convert_image(b->client, text(b, "image"));
}

static imgact_op *transfer(const builder *b) {
  return imgact_transfer_image(b->client, text(b, "image"), text(b, "region"));
}

static imgact_image_create new_image(const builder *b) {
  const char *type = text(b, "type");
  imgact_image_create create = {.size = sizeof create,
                                .name = text(b, "name"),
                                .description = text(b, "description"),
                                .region = text(b, "region"),
                                .distribution = text(b, "distribution"),
                                .type = type && !strcmp(type, "backup") ? IMGACT_IMAGE_TYPE_BACKUP
                                                                        : IMGACT_IMAGE_TYPE_UNKNOWN,
                                .ensure_unique = flag(b, "ensure_unique")};
  create.labels = labels(b, &create.labels_count);
  create.tags = texts(b, "tags", &create.tags_count);
  return create;
}

static imgact_op *create_image(const builder *b) {
  const imgact_image_create create = new_image(b);
  return imgact_create_image(b->client, text(b, "server"), &create);
}

static imgact_op *import_image(const builder *b) {
  const imgact_image_create create = new_image(b);
  return imgact_import_image(b->client, text(b, "url"), &create);
}

static imgact_op *wait_actions(const builder *b) {
  size_t count;
  const char *const *ids = texts(b, "ids", &count);
  return imgact_wait_actions(b->client, ids, count, text(b, "image"));
}

/* Each operation and the keys that its call may have. */
static const struct {
  const char *name;
  imgact_op *(*make)(const builder *b);
  const char *keys;
} operations[] = {
    {"list_images", list_images,
     " types statuses visibility name architecture label_selector bound_to include_deprecated tag "
     "region match os_family created_from created_before created_after protection sort page "
     "per_page limit "},
    {"find_image", find_image,
     " types statuses visibility name architecture label_selector bound_to include_deprecated tag "
     "region match os_family created_from created_before created_after protection which "},
    {"get_image", get_image, " image architecture "},
    {"update_image", update_image,
     " image name description distribution labels convert_to_snapshot "},
    {"delete_image", delete_image, " image "},
    {"list_actions", list_actions, " image ids statuses sort page per_page limit "},
    {"get_action", get_action, " action image via_image "},
    {"change_protection", change_protection, " image protect wait "},
    {"convert", convert, " image wait "},
    {"transfer", transfer, " image region wait "},
    {"wait_actions", wait_actions, " ids image "},
    {"create_image", create_image, " server name description labels tags type ensure_unique wait "},
    {"import_image", import_image,
     " url name region distribution description tags ensure_unique wait "},
};

static int is_among(const char *keys, const imgact_json *key) {
  char word[64];
  size_t length = 0;
  const char *name = imgact_json_as_string(key, &length);
  if (!name || length + 3 > sizeof word) return 0;
  word[0] = ' ';
  memcpy(word + 1, name, length);
  memcpy(word + 1 + length, " ", 2);
  return strstr(keys, word) != NULL;
}

static void check_keys(const builder *b, const char *keys) {
  imgact_json_iter each = imgact_json_iter_begin(b->call);
  const imgact_json *key;
  while (imgact_json_iter_next(&each, &key))
    if (!is_among(" op raw max_attempts deadline_ms ", key) && !is_among(keys, key))
      golden_fail(b->problem, "the call has a key that its operation does not: \"%s\"",
                  golden_text(b->pool, key));
}

static void configure(const builder *b, imgact_op *op) {
  uint32_t flags = (flag(b, "raw") ? IMGACT_OP_FLAG_KEEP_RAW : 0) |
                   (flag(b, "via_image") ? IMGACT_OP_FLAG_VIA_IMAGE : 0);
  imgact_op_options options = {.size = sizeof options,
                               .deadline_ms = integer(b, "deadline_ms"),
                               .page = integer(b, "page"),
                               .per_page = integer(b, "per_page"),
                               .max_items = integer(b, "limit"),
                               .max_attempts = (int32_t)integer(b, "max_attempts"),
                               .flags = flags};
  imgact_op_set_options(op, &options);
  if (flag(b, "wait")) imgact_op_set_wait(op, 1);
}

imgact_op *golden_call(imgact_client *client, const imgact_json *call, golden_pool *pool,
                       golden_problem *problem) {
  const builder b = {client, call, pool, problem};
  const char *name = text(&b, "op");
  for (size_t i = 0; name && i < sizeof operations / sizeof *operations; i++) {
    if (strcmp(operations[i].name, name) != 0) continue;
    check_keys(&b, operations[i].keys);
    if (*problem->text) return NULL;
    imgact_op *op = operations[i].make(&b);
    configure(&b, op);
    return op;
  }
  golden_fail(problem, "there is no operation \"%s\"", name ? name : "(no text)");
  return NULL;
}
