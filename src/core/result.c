// SPDX-License-Identifier: MIT
/* The items of a response, and the helpers with which a provider fills them. A lack of memory
 * sticks in `nomem`, a response that is too large in `excess`. */
#include "result.h"
#include "date.h"
#include "hashmap.h"
#include "json_doc.h"
#include "members.h"
#include "str.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const ia_no_strings[1] = {NULL};
static const imgact_label no_labels[1];
const imgact_pagination ia_pagination_unknown = {-1, -1, -1, -1, -1, -1};
const imgact_rate_limit ia_rate_limit_unknown = {-1, -1, IMGACT_NO_TIME, -1};

void ia_result_init(imgact_result *result, const imgact_allocator *allocator, const char *provider,
                    bool keep_raw) {
  *result = (imgact_result){.allocator = allocator, .provider = provider, .keep_raw = keep_raw};
  ia_arena_init(&result->arena, allocator);
  ia_result_next_page(result);
}

void ia_result_next_page(imgact_result *result) {
  result->page = ia_pagination_unknown;
  result->has_next = false;
  result->next_page = 0;
  result->next_token = result->next_query = NULL;
}

void ia_result_reset(imgact_result *result) {
  ia_result_next_page(result);
  ia_result_drop_items(result);
  ia_result_begin_reply(result);
  ia_arena_reset(&result->arena);
}

void ia_result_begin_reply(imgact_result *result) {
  result->details = result->value = NULL;
  result->nomem = false;
  result->excess = NULL;
  result->elements = result->reply_items = result->reply_bytes = 0;
}

ia_result_point ia_result_mark(const imgact_result *result) {
  return (ia_result_point){.arena = ia_arena_mark(&result->arena),
                           .images_count = result->images_count,
                           .actions_count = result->actions_count,
                           .regions_count = result->regions_count,
                           .reply_items = result->reply_items,
                           .reply_bytes = result->reply_bytes,
                           .excess = result->excess};
}

void ia_result_rewind(imgact_result *result, ia_result_point point) {
  ia_arena_rewind(&result->arena, point.arena);
  result->images_count = point.images_count;
  result->actions_count = point.actions_count;
  result->regions_count = point.regions_count;
  result->reply_items = point.reply_items;
  result->reply_bytes = point.reply_bytes;
  result->excess = point.excess;
  if (result->intern) *result->intern = (ia_intern){0};
}

void ia_result_free(imgact_result *result) {
  ia_free(result->allocator, result->images);
  ia_free(result->allocator, result->actions);
  ia_free(result->allocator, result->regions);
  result->images = NULL;
  result->actions = NULL;
  result->regions = NULL;
  result->images_capacity = result->actions_capacity = result->regions_capacity = 0;
  ia_result_drop_items(result);
  ia_arena_free(&result->arena);
}

static imgact_image **room_for_image(imgact_result *result) {
  return ia_grow(result->allocator, result->images, result->images_count, &result->images_capacity,
                 sizeof *result->images);
}

static imgact_action **room_for_action(imgact_result *result) {
  return ia_grow(result->allocator, result->actions, result->actions_count,
                 &result->actions_capacity, sizeof *result->actions);
}

static imgact_region **room_for_region(imgact_result *result) {
  return ia_grow(result->allocator, result->regions, result->regions_count,
                 &result->regions_capacity, sizeof *result->regions);
}

bool ia_result_take(imgact_result *result, imgact_result *other) {
  ia_arena_take(&result->arena, &other->arena);
  result->page = other->page;
  result->next_page = other->next_page;
  result->next_token = other->next_token;
  result->next_query = other->next_query;
  result->has_next = other->has_next;
  result->details = other->details;
  result->value = other->value;
  result->elements = other->elements;
  for (size_t i = 0; i < other->images_count; i++) {
    imgact_image **list = room_for_image(result);
    if (!list) return false;
    result->images = list;
    list[result->images_count++] = other->images[i];
  }
  for (size_t i = 0; i < other->actions_count; i++) {
    imgact_action **list = room_for_action(result);
    if (!list) return false;
    result->actions = list;
    list[result->actions_count++] = other->actions[i];
  }
  for (size_t i = 0; i < other->regions_count; i++) {
    imgact_region **list = room_for_region(result);
    if (!list) return false;
    result->regions = list;
    list[result->regions_count++] = other->regions[i];
  }
  return true;
}

/* ---- limits of one response ---- */

static bool too_much(imgact_result *result, const char *limit) {
  if (!result->excess) result->excess = limit;
  return false;
}

/* Counts memory before a response takes it. A few bytes of compressed text can expand to many
 * items, so the items are limited, too. */
static bool charge(imgact_result *result, size_t bytes) {
  if (result->excess) return false;
  if (bytes > IA_REPLY_MAX_BYTES - result->reply_bytes)
    return too_much(result, IA_REPLY_MAX_BYTES_TEXT);
  result->reply_bytes += bytes;
  return true;
}

static bool charge_item(imgact_result *result, size_t bytes) {
  if (result->reply_items >= IA_REPLY_MAX_ITEMS) return too_much(result, IA_REPLY_MAX_ITEMS_TEXT);
  result->reply_items++;
  return charge(result, bytes);
}

/* An array of one item: labels, regions, tags, resources. NULL: no memory, or too many elements. */
static void *new_array(imgact_result *result, size_t count, size_t bytes) {
  if (count > IA_ITEM_MAX_ELEMENTS) too_much(result, IA_ITEM_MAX_ELEMENTS_TEXT);
  if (result->excess || !charge(result, (count + 1) * bytes)) return NULL;
  void *array = ia_arena_array(&result->arena, count + 1, bytes);
  if (!array) result->nomem = true;
  return array;
}

/* ---- items ---- */

/* No string of a document holds the token, but several values together may, if it holds
 * punctuation. */
static const char *finished(const imgact_result *result, const char *text, size_t length) {
  return ia_redact_found_as_is(result->redactor, text, length) ? "\"" IA_REDACTED "\"" : text;
}

/* A value as text. NULL: no memory, or more bytes than max, which the response may still take. */
static const char *print(imgact_result *result, const imgact_json *value, size_t max,
                         size_t *length) {
  bool too_large = false;
  const char *text = ia_json_print(value, max, &result->arena, result->allocator, &too_large);
  if (!text && !too_large) result->nomem = true;
  *length = text ? strlen(text) : 0;
  return text && charge(result, *length) ? text : NULL;
}

static const char *raw_of(imgact_result *result, const imgact_json *object) {
  if (!result->keep_raw || !object) return NULL;
  size_t length = 0;
  const char *text = print(result, object, IA_REPLY_MAX_BYTES - result->reply_bytes, &length);
  if (!text && !result->nomem) (void)too_much(result, IA_REPLY_MAX_BYTES_TEXT);
  return text ? finished(result, text, length) : NULL;
}

static const imgact_image unknown_image = {IMGACT_IMAGE_MEMBERS(IA_UNKNOWN_ROW, IA_UNKNOWN_OBJECT)};
static const imgact_action unknown_action = {
    IMGACT_ACTION_MEMBERS(IA_UNKNOWN_ROW, IA_UNKNOWN_OBJECT)};

imgact_image *imgact_result_add_image(imgact_result *result, const imgact_json *object) {
  bool allowed = charge_item(result, sizeof(ia_image));
  ia_image *image = allowed ? ia_arena_alloc(&result->arena, sizeof *image) : NULL;
  imgact_image **list = room_for_image(result);
  if (list) result->images = list;
  if (!image || !list) {
    result->nomem = result->nomem || allowed;
    image = &result->scratch_image;
  } else {
    list[result->images_count++] = &image->shown;
  }
  image->shown = unknown_image;
  image->shown.provider = result->provider;
  image->shown.profile = result->profile;
  image->raw = raw_of(result, object);
  return &image->shown;
}

imgact_action *imgact_result_add_action(imgact_result *result, const imgact_json *object) {
  bool allowed = charge_item(result, sizeof(ia_action));
  ia_action *action = allowed ? ia_arena_alloc(&result->arena, sizeof *action) : NULL;
  imgact_action **list = room_for_action(result);
  if (list) result->actions = list;
  if (!action || !list) {
    result->nomem = result->nomem || allowed;
    action = &result->scratch_action;
  } else {
    list[result->actions_count++] = &action->shown;
  }
  action->shown = unknown_action;
  action->shown.provider = result->provider;
  action->shown.profile = result->profile;
  action->raw = raw_of(result, object);
  return &action->shown;
}

static const imgact_region unknown_region = {
    IMGACT_REGION_MEMBERS(IA_UNKNOWN_ROW, IA_UNKNOWN_OBJECT)};

imgact_region *imgact_result_add_region(imgact_result *result) {
  bool allowed = charge_item(result, sizeof(imgact_region));
  imgact_region *region = allowed ? ia_arena_alloc(&result->arena, sizeof *region) : NULL;
  imgact_region **list = room_for_region(result);
  if (list) result->regions = list;
  if (!region || !list) {
    result->nomem = result->nomem || allowed;
    region = &result->scratch_region;
  } else {
    list[result->regions_count++] = region;
  }
  *region = unknown_region;
  region->provider = result->provider;
  return region;
}

static const char *copy_bytes(imgact_result *result, const char *text, size_t length) {
  const char *copy = ia_arena_copy_n(&result->arena, text, length);
  if (!copy) result->nomem = true;
  return copy;
}

/* Copies text of the document, or shares an equal one of the response; NULL: no memory, or more
 * than a response may hold. */
static const char *copy_n(imgact_result *result, const char *text, size_t length) {
  if (!charge(result, length + 1)) return NULL;
  if (!result->intern || length > IA_INTERN_MAX_BYTES) return copy_bytes(result, text, length);
  size_t index = ia_intern_index(text, length);
  const char *copy = ia_intern_find(result->intern, index, text, length);
  if (copy) return copy;
  copy = copy_bytes(result, text, length);
  if (copy) ia_intern_put(result->intern, index, copy, length);
  return copy;
}

const char *imgact_decode_string(imgact_result *result, const imgact_json *value) {
  size_t length = 0;
  const char *text = imgact_json_as_string(value, &length);
  if (!text) return NULL;
  if (!memchr(text, '\0', length)) return copy_n(result, text, length);
  return charge(result, length + 1) ? ia_json_string(value, &result->arena, &result->nomem) : NULL;
}

const char *imgact_decode_nonempty_string(imgact_result *result, const imgact_json *value) {
  const char *text = imgact_decode_string(result, value);
  return text && *text ? text : NULL;
}

const char *imgact_result_strdup(imgact_result *result, const char *text) {
  if (text && !charge(result, strlen(text) + 1)) return NULL;
  const char *copy = ia_arena_copy(&result->arena, text);
  if (text && !copy) result->nomem = true;
  return copy;
}

static bool id_text(const char *text, size_t length) {
  if (length < 1 || length > 64) return false;
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
          c == '-'))
      return false;
  }
  return true;
}

static bool is_digits(const char *text, size_t length) {
  while (length && text[length - 1] >= '0' && text[length - 1] <= '9') length--;
  return length == 0;
}

const char *imgact_decode_id(imgact_result *result, const imgact_json *value) {
  size_t length = 0;
  const char *text = ia_json_number(value, &length);
  int64_t number = 0;
  if (text && is_digits(text, length)) return length <= 64 ? copy_n(result, text, length) : NULL;
  if (text) { /* also 1e3 and 10.0 */
    char digits[24];
    if (!imgact_json_as_int(value, &number) || number < 0) return NULL;
    (void)snprintf(digits, sizeof digits, "%lld", (long long)number);
    return imgact_result_strdup(result, digits);
  }
  text = imgact_json_as_string(value, &length);
  return text && id_text(text, length) ? imgact_decode_string(result, value) : NULL;
}

/* The same list of an earlier item, if there is one. Then all its texts are shared, too, so that
 * nothing but the array was allocated since the mark. */
static const char *const *share_list(imgact_result *result, ia_arena_point mark,
                                     const char *const *list, size_t count) {
  if (!result->intern || result->nomem || result->excess) return list;
  const char *const *shared = ia_intern_list(result->intern, list, count);
  if (shared != list) ia_arena_rewind(&result->arena, mark);
  return shared;
}

/* Skips elements of other types. If no element is a string, the strings are not reported: that
 * differs from an empty array.
 */
const char *const *ia_decode_strings(imgact_result *result, const imgact_json *array,
                                     const char *path, size_t *count) {
  *count = 0;
  if (imgact_json_get_type(array) != IMGACT_JSON_ARRAY) return NULL;
  size_t elements = imgact_json_count(array), path_length = path ? strlen(path) : 0;
  if (!elements) return ia_no_strings;
  ia_arena_point mark = ia_arena_mark(&result->arena);
  const char **strings = new_array(result, elements, sizeof *strings);
  if (!strings) return ia_no_strings;
  bool has_strings = false;
  imgact_json_iter each = imgact_json_iter_begin(array);
  for (const imgact_json *value; (value = imgact_json_iter_next(&each, NULL));) {
    if (path_length) value = ia_json_at_n(value, path, path_length);
    has_strings = has_strings || imgact_json_get_type(value) == IMGACT_JSON_STRING;
    const char *text = imgact_decode_string(result, value);
    if (text) strings[(*count)++] = text;
  }
  return has_strings ? share_list(result, mark, strings, *count) : NULL;
}

const char *const *imgact_decode_strings(imgact_result *result, const imgact_json *array,
                                         size_t *count) {
  return ia_decode_strings(result, array, NULL, count);
}

/* Up to this many labels are compared one by one; more use a hash map. */
#define FEW_LABELS 16

/* Where the label of that key is, or would be added. */
static size_t label_index(imgact_result *result, ia_hashmap *places, const imgact_label *labels,
                          size_t count, const char *key) {
  if (!places) {
    size_t i = 0;
    while (i < count && strcmp(labels[i].key, key) != 0) i++;
    return i;
  }
  bool added = false;
  uint32_t *place = ia_hashmap_put(places, ia_hash(key, strlen(key)), (uint32_t)count, &added);
  if (!place) result->nomem = true;
  if (!place || added) return count;
  if (strcmp(labels[*place].key, key) == 0) return *place;
  for (size_t i = 0; i < count; i++) /* another key of the same hash */
    if (strcmp(labels[i].key, key) == 0) return i;
  return count;
}

/* Returns how many labels have a value, which are moved to the front. */
static size_t remove_without_value(imgact_label *labels, size_t count) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (labels[i].value) labels[kept++] = labels[i];
  return kept;
}

/* Keeps each key once, with its last value, because a PUT of the labels would be read in the same
 * way. A label whose last value is no string is left out; if no label is left, the labels are not
 * reported. */
const imgact_label *imgact_decode_labels(imgact_result *result, const imgact_json *object,
                                         size_t *count) {
  *count = 0;
  if (imgact_json_get_type(object) != IMGACT_JSON_OBJECT) return NULL;
  if (imgact_json_count(object) == 0) return no_labels;
  imgact_label *labels = new_array(result, imgact_json_count(object), sizeof *labels);
  if (!labels) return no_labels;
  bool few = imgact_json_count(object) <= FEW_LABELS;
  ia_hashmap places;
  ia_hashmap_init(&places, result->allocator, 0);
  imgact_json_iter each = imgact_json_iter_begin(object);
  const imgact_json *key;
  for (const imgact_json *value; (value = imgact_json_iter_next(&each, &key));) {
    const char *name = imgact_decode_string(result, key);
    if (!name) break; /* no memory, or too large: the response fails */
    size_t place = label_index(result, few ? NULL : &places, labels, *count, name);
    labels[place] = (imgact_label){name, imgact_decode_string(result, value)};
    if (place == *count) ++*count;
  }
  ia_hashmap_free(&places);
  *count = remove_without_value(labels, *count);
  bool failed = result->nomem || result->excess;
  return *count > 0 || failed ? labels : NULL;
}

imgact_resource *imgact_result_alloc_resources(imgact_result *result, size_t count) {
  return new_array(result, count, sizeof(imgact_resource));
}

/* A number is Unix seconds, which one official client of DigitalOcean also accepts in actions. */
int64_t imgact_decode_time(const imgact_json *value) {
  int64_t seconds = 0;
  if (imgact_json_as_int(value, &seconds))
    return seconds >= -62135596800 && seconds < 253402300800 ? seconds * 1000 : IMGACT_NO_TIME;
  size_t length = 0;
  int64_t ms = IMGACT_NO_TIME;
  const char *text = imgact_json_as_string(value, &length);
  if (text && !ia_date_rfc3339(text, length, &ms)) return IMGACT_NO_TIME;
  return ms;
}

void imgact_result_set_value(imgact_result *result, const imgact_json *value) {
  const char *text = imgact_decode_nonempty_string(result, value);
  result->value = text ? text : imgact_decode_id(result, value);
}

double imgact_decode_double(const imgact_json *value) {
  double number = (double)NAN;
  return imgact_json_as_double(value, &number) ? number : (double)NAN;
}

imgact_tristate imgact_decode_bool(const imgact_json *value) {
  int yes = 0;
  return imgact_json_as_bool(value, &yes) ? (yes ? IMGACT_TRISTATE_TRUE : IMGACT_TRISTATE_FALSE)
                                          : IMGACT_TRISTATE_UNKNOWN;
}

void imgact_result_set_pagination(imgact_result *result, const imgact_pagination *page) {
  result->page = *page;
}

void imgact_result_set_next_page(imgact_result *result, int64_t page, const char *cursor,
                                 const char *query) {
  result->has_next = true;
  result->next_page = page;
  result->next_token = imgact_result_strdup(result, cursor);
  result->next_query = imgact_result_strdup(result, query);
}

const char *imgact_result_query_value(imgact_result *result, const char *url, const char *key) {
  const char *query = url ? url + strcspn(url, "?#") : "";
  if (*query != '?') return NULL;
  size_t end = strcspn(++query, "#"), key_length = strlen(key);
  for (const char *pair = query; pair < query + end;) {
    size_t length = strcspn(pair, "&#");
    if (length > key_length && !strncmp(pair, key, key_length) && pair[key_length] == '=') {
      ia_buf text;
      ia_buf_init(&text, result->allocator, 64 * 1024);
      ia_percent_decode(&text, pair + key_length + 1, length - key_length - 1, true);
      const char *value =
          ia_buf_text(&text) ? imgact_result_strdup(result, ia_buf_text(&text)) : NULL;
      if (text.state == IA_BUF_NOMEM) result->nomem = true;
      ia_buf_free(&text);
      return value;
    }
    pair += length + 1;
  }
  return NULL;
}

static bool has_value(const imgact_json *value) {
  imgact_json_type type = imgact_json_get_type(value);
  return type != IMGACT_JSON_ABSENT && type != IMGACT_JSON_NULL;
}

/* Details are extra information about an error that has a status anyway, so what is too large is
 * left out. */
static const char *print_detail(imgact_result *result, const imgact_json *value, size_t *length) {
  size_t left = IA_REPLY_MAX_BYTES - result->reply_bytes;
  return print(result, value, left < IA_MAX_DETAILS_BYTES ? left : IA_MAX_DETAILS_BYTES, length);
}

void imgact_result_set_error_details(imgact_result *result, const imgact_json *value) {
  if (!has_value(value)) return;
  size_t length = 0;
  const char *text = print_detail(result, value, &length);
  if (text) result->details = finished(result, text, length);
}

/* The details, which are a JSON object or are replaced, and one more member. */
static void join(ia_buf *out, const char *details, const char *key, const char *value) {
  bool has_members = details && details[0] == '{' && details[1] != '}';
  ia_buf_add(out, has_members ? details : "{", has_members ? strlen(details) - 1 : 1);
  if (has_members) ia_buf_char(out, ',');
  ia_json_quote(out, key, strlen(key));
  ia_buf_char(out, ':');
  ia_buf_str(out, value);
  ia_buf_char(out, '}');
}

void imgact_result_add_error_detail(imgact_result *result, const char *key,
                                    const imgact_json *value) {
  if (!has_value(value)) return;
  size_t length = 0;
  const char *text = print_detail(result, value, &length);
  if (!text) return;
  ia_buf joined;
  ia_buf_init(&joined, result->allocator, IA_MAX_DETAILS_BYTES);
  join(&joined, result->details, key, text);
  text = ia_buf_text(&joined) && charge(result, joined.length)
             ? ia_arena_copy_n(&result->arena, joined.data, joined.length)
             : NULL;
  if (text)
    result->details = finished(result, text, joined.length);
  else if (joined.state != IA_BUF_FULL && !result->excess)
    result->nomem = true;
  ia_buf_free(&joined);
}

imgact_status ia_result_read_list(imgact_result *result, const imgact_json *list, const char *key,
                                  ia_read_item_fn read, const void *reader, imgact_error *error) {
  if (imgact_json_get_type(list) != IMGACT_JSON_ARRAY)
    return imgact_error_set(error, IMGACT_PROTOCOL, "missing array '%s' in the response", key);
  imgact_json_iter each = imgact_json_iter_begin(list);
  size_t index = 0;
  result->elements = imgact_json_count(list);

  for (const imgact_json *item; !result->excess && (item = imgact_json_iter_next(&each, NULL));
       index++)
    if (!read(reader, result, item))
      return imgact_error_set(error, IMGACT_PROTOCOL,
                              "missing or invalid id in %s[%zu] of the response", key, index);
  return IMGACT_OK;
}

imgact_status ia_result_read_object(imgact_result *result, const imgact_json *object,
                                    const char *key, ia_read_item_fn read, const void *reader,
                                    imgact_error *error) {
  if (read(reader, result, object)) return IMGACT_OK;
  if (!*key)
    return imgact_error_set(error, IMGACT_PROTOCOL, "missing or invalid id in the response");
  return imgact_error_set(error, IMGACT_PROTOCOL, "missing '%s' with a valid id in the response",
                          key);
}

/* The function of a provider that adds an item. */
typedef struct item_adder {
  imgact_item_fn add;
  const imgact_call *call;
} item_adder;

static bool add_item(const void *reader, imgact_result *result, const imgact_json *object) {
  const item_adder *adder = reader;
  return adder->add(adder->call, result, object) != 0;
}

imgact_status imgact_result_add_list(imgact_result *result, const imgact_call *call,
                                     const imgact_response *response, const char *key,
                                     imgact_item_fn add, imgact_error *error) {
  const item_adder adder = {add, call};
  const imgact_json *list = imgact_json_get(imgact_response_json(response), key);
  return ia_result_read_list(result, list, key, add_item, &adder, error);
}

imgact_status imgact_result_add_object(imgact_result *result, const imgact_call *call,
                                       const imgact_response *response, const char *key,
                                       imgact_item_fn add, imgact_error *error) {
  const item_adder adder = {add, call};
  const imgact_json *object = imgact_response_json(response);
  if (key) object = imgact_json_get(object, key);
  return ia_result_read_object(result, object, key ? key : "", add_item, &adder, error);
}

static bool copy_text(ia_arena *arena, char *at) {
  const char *text;
  memcpy(&text, at, sizeof text);
  text = ia_arena_copy(arena, text);
  memcpy(at, &text, sizeof text);
  return text != NULL;
}

/* Copies an array whose elements are `texts` texts each. */
static bool copy_texts(ia_arena *arena, char *at, const char *count_at, size_t texts) {
  const char *const *from;
  size_t count;
  memcpy(&from, at, sizeof from);
  memcpy(&count, count_at, sizeof count);
  const char **copy = ia_arena_array(arena, count + 1, texts * sizeof *copy);
  bool ok = copy != NULL;
  for (size_t i = 0; ok && i < count * texts; i++) {
    copy[i] = ia_arena_copy(arena, from[i]);
    ok = copy[i] || !from[i];
  }
  memcpy(at, &copy, sizeof copy);
  return ok;
}

static bool is_null(const char *at) {
  const void *pointer;
  memcpy(&pointer, at, sizeof pointer);
  return !pointer;
}

/* Replaces what a member of a copied item points to by a copy. */
static bool copy_member(ia_arena *arena, const imgact_member *member, char *item) {
  char *at = item + member->offset, *second = item + member->second;
  switch (member->kind) {
  case IMGACT_MEMBER_TEXT:
  case IMGACT_MEMBER_NONEMPTY:
  case IMGACT_MEMBER_ID:
  case IMGACT_MEMBER_DERIVED: return is_null(at) || copy_text(arena, at);
  case IMGACT_MEMBER_NUMBER: return is_null(second) || copy_text(arena, second);
  case IMGACT_MEMBER_STRINGS: return is_null(at) || copy_texts(arena, at, second, 1);
  case IMGACT_MEMBER_LABELS:
  case IMGACT_MEMBER_RESOURCES: return is_null(at) || copy_texts(arena, at, second, 2);
  default: return true;
  }
}

_Static_assert(sizeof(imgact_label) == 2 * sizeof(char *) &&
                   sizeof(imgact_resource) == 2 * sizeof(char *),
               "copied as two texts");

imgact_action *ia_action_copy(ia_arena *arena, const imgact_action *action) {
  ia_action *copy = ia_arena_alloc(arena, sizeof *copy);
  if (!copy) return NULL;
  copy->shown = *action;
  copy->raw = ia_arena_copy(arena, imgact_action_raw(action));
  bool ok = copy->raw || !imgact_action_raw(action);
  const imgact_member *member;
  for (size_t i = 0; ok && (member = imgact_action_member(i)); i++)
    ok = copy_member(arena, member, (char *)&copy->shown);
  return ok ? &copy->shown : NULL;
}

bool ia_result_append_action(imgact_result *result, const imgact_action *action) {
  imgact_action *copy = ia_action_copy(&result->arena, action);
  imgact_action **list = room_for_action(result);
  if (list) result->actions = list;
  if (!copy || !list) return false;
  list[result->actions_count++] = copy;
  return true;
}

bool ia_result_set_action(imgact_result *result, const imgact_action *action) {
  result->actions_count = 0;
  return ia_result_append_action(result, action);
}

/* "2.300" is 2.3 and "10.0" is 10; a number with an exponent has no such text. */
const char *imgact_decode_number_text(imgact_result *result, const imgact_json *value) {
  size_t length = 0;
  const char *text = ia_json_number(value, &length);
  bool has_point = false;
  if (!text || length > 64) return NULL;
  for (size_t i = 0; i < length; i++) {
    if (text[i] == 'e' || text[i] == 'E') return NULL;
    has_point = has_point || text[i] == '.';
  }
  while (has_point && text[length - 1] == '0') length--;
  return copy_n(result, text, has_point && text[length - 1] == '.' ? length - 1 : length);
}
