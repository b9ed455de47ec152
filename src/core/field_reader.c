// SPDX-License-Identifier: MIT
/* Reads an object by the rows of a map. One pass over its members finds the value of each group of
 * rows; then the rows are read in their own order. Therefore:
 *
 * - the order of the members affects only the speed;
 * - if a key occurs twice, its last member counts;
 * - if several rows have the same target, the first row with a value counts. */
#include "field_reader.h"
#include "json_doc.h"
#include "members.h"
#include "words.h"
#include <limits.h>
#include <string.h>

#define BATCH 32

/* ---- targets ---- */

static imgact_member_kind kind_of(intptr_t target) {
  return target >= 0 && target < IA_MEMBERS ? ia_members[target].kind : 0;
}

bool ia_target_is_known(intptr_t target) {
  return kind_of(target) != 0 && kind_of(target) != IMGACT_MEMBER_DERIVED;
}

bool ia_target_takes_array(intptr_t target) {
  return kind_of(target) == IMGACT_MEMBER_STRINGS || kind_of(target) == IMGACT_MEMBER_RESOURCES;
}

bool ia_target_needs_words(intptr_t target) {
  return kind_of(target) >= IMGACT_MEMBER_IMAGE_TYPE &&
         kind_of(target) <= IMGACT_MEMBER_ACTION_STATUS;
}

/* ---- finding the members ---- */

size_t ia_field_name_length(const char *path) { return strcspn(path, ".["); }

void ia_field_plan_init(ia_field_plan *plan, const imgact_field *fields) {
  *plan = (ia_field_plan){.fields = fields};
  for (; fields[plan->rows].path && plan->rows < IMGACT_MAX_FIELDS; plan->rows++) {
    size_t row = plan->rows, length = ia_field_name_length(fields[row].path);
    bool is_new = row == 0 || plan->name_length[plan->groups - 1] != length ||
                  memcmp(fields[row - 1].path, fields[row].path, length) != 0;
    if (is_new) {
      plan->name[plan->groups] = fields[row].path;
      plan->name_length[plan->groups++] = (uint8_t)length;
    }
    plan->group[row] = (uint8_t)(plan->groups - 1);
    plan->path_length[row] = (uint8_t)strcspn(fields[row].path, "[");
    if (fields[row].target == IMGACT_TARGET_IMAGE_ID ||
        fields[row].target == IMGACT_TARGET_ACTION_ID ||
        fields[row].target == IMGACT_TARGET_REGION_SLUG)
      plan->id_row = row;
  }
}

/* Returns the group of a key; plan->groups if there is none. Members usually come in the order of
 * the rows, so the search starts at the group after the last match and wraps around. */
static size_t group_of(const ia_field_plan *plan, const ia_json_member *m, size_t start) {
  size_t group = start;
  while (plan->name_length[group] != m->length || memcmp(plan->name[group], m->key, m->length)) {
    if (++group == plan->groups) group = 0;
    if (group == start) return plan->groups;
  }
  return group;
}

static void find_members(const ia_field_plan *plan, const imgact_json *object,
                         const imgact_json **found) {
  ia_json_member members[BATCH];
  imgact_json_iter each = imgact_json_iter_begin(object);
  size_t next = 0;
  for (size_t count; (count = ia_json_members(&each, members, BATCH)) > 0;)
    for (const ia_json_member *m = members; m < members + count; m++) {
      size_t group = group_of(plan, m, next);
      if (group == plan->groups) continue;
      found[group] = m->value;
      next = group + 1 < plan->groups ? group + 1 : 0;
    }
}

/* ---- reading one value ---- */

typedef struct item_reader {
  const ia_field_plan *plan;
  const imgact_provider *provider;
  imgact_result *result;
  const imgact_json *found[IMGACT_MAX_FIELDS]; /* by group */
} item_reader;

/* The value of a row, an array if its path has "[]". */
static const imgact_json *value_of(const item_reader *r, size_t row) {
  size_t group = r->plan->group[row], name = r->plan->name_length[group],
         length = r->plan->path_length[row];
  return length == name
             ? r->found[group]
             : ia_json_at_n(r->found[group], r->plan->fields[row].path + name, length - name);
}

/* What follows "[]" in the path of a row; NULL: it has none. */
static const char *element_path(const item_reader *r, size_t row) {
  const char *array = r->plan->fields[row].path + r->plan->path_length[row];
  return *array ? array + 2 : NULL;
}

/* A text of visible ASCII. */
static const char *read_slug(const item_reader *r, const imgact_json *value) {
  size_t length = 0;
  const char *text = imgact_json_as_string(value, &length);
  if (!text || length < 1 || length > IA_MAX_ID_BYTES) return NULL;
  for (size_t i = 0; i < length; i++)
    if (text[i] <= ' ' || text[i] > '~') return NULL;
  return imgact_decode_string(r->result, value);
}

/* A third-party provider's is_valid_id may accept other characters than imgact_decode_id(). */
static const char *read_id(const item_reader *r, const imgact_json *value) {
  const char *id = imgact_decode_id(r->result, value);
  if (id) return id;
  id = read_slug(r, value);
  return id && r->provider->is_valid_id(id) ? id : NULL;
}

/* A text that equals a word of the table is not copied: the table outlives the result. */
static const char *read_word(const item_reader *r, const imgact_field *field,
                             const imgact_json *value, char *number) {
  size_t length = 0;
  const char *text = imgact_json_as_string(value, &length);
  if (!text || !length) return NULL;
  bool exact = false;
  const imgact_word *word = ia_word_find(field->words, text, length, &exact);
  int value_of_word = (int)word->value;
  memcpy(number, &value_of_word, sizeof value_of_word);
  return exact ? word->text : imgact_decode_string(r->result, value);
}

static bool put_text(char *to, const char *text) {
  memcpy(to, &text, sizeof text);
  return text != NULL;
}

static bool put_list(char *to, char *to_count, const void *list, size_t count) {
  memcpy(to, &list, sizeof list);
  memcpy(to_count, &count, sizeof count);
  return list != NULL;
}

static bool put_number(const item_reader *r, char *to, char *to_text, const imgact_json *value) {
  double number = imgact_decode_double(value);
  memcpy(to, &number, sizeof number);
  (void)put_text(to_text, imgact_decode_number_text(r->result, value));
  return imgact_json_get_type(value) == IMGACT_JSON_NUMBER;
}

static bool put_time(char *to, const imgact_json *value) {
  int64_t ms = imgact_decode_time(value);
  memcpy(to, &ms, sizeof ms);
  return ms != IMGACT_NO_TIME;
}

static bool put_tristate(char *to, const imgact_json *value) {
  imgact_tristate answer = imgact_decode_bool(value);
  memcpy(to, &answer, sizeof answer);
  return answer != IMGACT_TRISTATE_UNKNOWN;
}

static bool put_percent(char *to, const imgact_json *value) {
  double percent = imgact_decode_double(value);
  int32_t progress = percent >= 0 && percent <= INT32_MAX ? (int32_t)percent : -1;
  memcpy(to, &progress, sizeof progress);
  return progress >= 0;
}

/* Sets the row's target. Returns false if the value is not reported. */
static bool read_row(const item_reader *r, size_t row, char *item) {
  const imgact_field *field = &r->plan->fields[row];
  const imgact_member *member = &ia_members[field->target];
  const imgact_json *value = value_of(r, row);
  char *to = item + member->offset, *second = item + member->second;
  size_t count = 0;
  const void *list;
  if (!value) return false;
  switch (member->kind) {
  case IMGACT_MEMBER_ID: return put_text(to, read_id(r, value));
  case IMGACT_MEMBER_TEXT: return put_text(to, imgact_decode_string(r->result, value));
  case IMGACT_MEMBER_NONEMPTY: return put_text(to, imgact_decode_nonempty_string(r->result, value));
  case IMGACT_MEMBER_IMAGE_TYPE:
  case IMGACT_MEMBER_IMAGE_STATUS:
  case IMGACT_MEMBER_ACTION_KIND:
  case IMGACT_MEMBER_ACTION_STATUS: return put_text(second, read_word(r, field, value, to));
  case IMGACT_MEMBER_STRINGS:
    list = ia_decode_strings(r->result, value, element_path(r, row), &count);
    return put_list(to, second, list, count);
  case IMGACT_MEMBER_LABELS:
    list = imgact_decode_labels(r->result, value, &count);
    return put_list(to, second, list, count);
  case IMGACT_MEMBER_NUMBER: return put_number(r, to, second, value);
  case IMGACT_MEMBER_TIME: return put_time(to, value);
  case IMGACT_MEMBER_TRISTATE: return put_tristate(to, value);
  case IMGACT_MEMBER_PERCENT: return put_percent(to, value);
  default: return false; /* resources need their rows together */
  }
}

/* The id has already been read. */
static void read_rows(const item_reader *r, char *item) {
  uint64_t done = UINT64_C(1) << (r->plan->fields[r->plan->id_row].target & 63);
  for (size_t row = 0; row < r->plan->rows; row++) {
    uint64_t bit = UINT64_C(1) << (r->plan->fields[row].target & 63);
    if (!(done & bit) && r->found[r->plan->group[row]] && read_row(r, row, item)) done |= bit;
  }
}

/* Finds the members of an object. */
static void find_rows(item_reader *r, const ia_field_reader *by, imgact_result *result,
                      const imgact_json *object) {
  r->plan = by->plan;
  r->provider = by->provider;
  r->result = result;
  memset(r->found, 0, r->plan->groups * sizeof *r->found);
  find_members(r->plan, object, r->found);
}

/* Finds the members of an object. Returns its id; NULL if it has no valid one. */
static const char *begin_item(item_reader *r, const ia_field_reader *by, imgact_result *result,
                              const imgact_json *object) {
  find_rows(r, by, result, object);
  const char *id = read_id(r, value_of(r, r->plan->id_row));
  return id && r->provider->is_valid_id(id) ? id : NULL;
}

/* ---- images ---- */

bool ia_read_image(const void *reader, imgact_result *result, const imgact_json *object) {
  const ia_field_reader *by = reader;
  const imgact_image_map *map = by->provider->image_map;
  item_reader r;
  ia_result_point before = ia_result_mark(result);
  const char *id = begin_item(&r, by, result, object);
  if (!id) return false;
  imgact_image *image = imgact_result_add_image(result, object);
  image->id = id;
  read_rows(&r, (char *)image);
  if (map->public_types && image->provider_type)
    image->is_public = map->public_types & IMGACT_IMAGE_TYPE_BIT(image->type)
                           ? IMGACT_TRISTATE_TRUE
                           : IMGACT_TRISTATE_FALSE;
  if (map->finish && !map->finish(by->call, result, image, object))
    ia_result_rewind(result, before);
  return true;
}

/* ---- actions ---- */

static const imgact_json *element(const imgact_json *array, const char *rest) {
  return *rest ? ia_json_at_n(array, rest, strlen(rest)) : array;
}

/* Resources without a usable id are left out. If none has one, the resources are not reported; only
 * an empty array is an empty list. */
static void read_resource_array(const item_reader *r, imgact_action *action,
                                const imgact_json *array, const char *id_path,
                                const char *type_path) {
  if (imgact_json_get_type(array) != IMGACT_JSON_ARRAY) return;
  size_t count = imgact_json_count(array);
  imgact_resource *resources = imgact_result_alloc_resources(r->result, count);
  if (!resources) return;
  imgact_json_iter each = imgact_json_iter_begin(array);
  for (const imgact_json *item; (item = imgact_json_iter_next(&each, NULL));) {
    const char *id = read_id(r, element(item, id_path));
    if (!id) continue;
    resources[action->resources_count].id = id;
    resources[action->resources_count++].type =
        type_path ? imgact_decode_nonempty_string(r->result, element(item, type_path)) : "image";
  }
  if (action->resources_count || !count) action->resources = resources;
}

static void read_resource(const item_reader *r, imgact_action *action, const imgact_json *id_value,
                          const char *type) {
  const char *id = read_id(r, id_value);
  imgact_resource *resource = id ? imgact_result_alloc_resources(r->result, 1) : NULL;
  if (!resource) return;
  *resource = (imgact_resource){id, type};
  action->resources = resource;
  action->resources_count = 1;
}

static size_t row_of(const ia_field_plan *plan, imgact_target t) {
  size_t row = 0;
  while (row < plan->rows && plan->fields[row].target != t) row++;
  return row;
}

static void read_resources(const item_reader *r, imgact_action *action) {
  size_t id_row = row_of(r->plan, IMGACT_TARGET_ACTION_RESOURCE_ID),
         type_row = row_of(r->plan, IMGACT_TARGET_ACTION_RESOURCE_TYPE);
  if (id_row == r->plan->rows) return;
  bool has_type = type_row < r->plan->rows;
  const char *id_path = element_path(r, id_row),
             *type_path = has_type ? element_path(r, type_row) : NULL;
  const imgact_json *value = value_of(r, id_row), *type = has_type ? value_of(r, type_row) : NULL;
  if (id_path)
    read_resource_array(r, action, value, id_path, type_path);
  else
    read_resource(r, action, value,
                  has_type ? imgact_decode_nonempty_string(r->result, type) : "image");
}

/* Only the status says how an action ended: APIs also send errors with actions that succeeded. */
bool ia_read_action(const void *reader, imgact_result *result, const imgact_json *object) {
  const ia_field_reader *by = reader;
  const imgact_action_map *map = by->provider->action_map;
  item_reader r;
  ia_result_point before = ia_result_mark(result);
  const char *id = begin_item(&r, by, result, object);
  if (!id) return false;
  imgact_action *action = imgact_result_add_action(result, object);
  action->id = id;
  read_rows(&r, (char *)action);
  read_resources(&r, action);
  if (action->status != IMGACT_ACTION_STATUS_ERROR)
    action->error_code = action->error_message = NULL;
  if (map->finish && !map->finish(by->call, result, action, object))
    ia_result_rewind(result, before);
  return true;
}

/* ---- regions ---- */

bool ia_read_region(const void *reader, imgact_result *result, const imgact_json *object) {
  const ia_field_reader *by = reader;
  const imgact_region_map *map = by->provider->region_map;
  item_reader r;
  ia_result_point before = ia_result_mark(result);
  find_rows(&r, by, result, object);
  const char *slug = read_slug(&r, value_of(&r, r.plan->id_row));
  if (!slug) return false;
  imgact_region *region = imgact_result_add_region(result);
  region->slug = slug;
  read_rows(&r, (char *)region);
  if (map->finish && !map->finish(by->call, result, region, object))
    ia_result_rewind(result, before);
  return true;
}
