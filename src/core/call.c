// SPDX-License-Identifier: MIT
/* A call's arguments: copied into an operation, checked for their form, written as JSON and read
 * back. */
#include "error_fill.h"
#include "filter.h"
#include "json_doc.h"
#include "op.h"
#include "operation.h"
#include "sort_keys.h"
#include "str.h"
#include <string.h>

/* ---- copy ---- */

static bool copy_text(const char **text, ia_arena *arena) {
  if (!*text) return true;
  *text = ia_arena_copy(arena, *text);
  return *text != NULL;
}

static bool copy_texts(const char *const **texts, size_t count, ia_arena *arena) {
  const char **copy = ia_arena_array(arena, count + 1, sizeof *copy);
  if (!copy) return false;
  for (size_t i = 0; i < count; i++) {
    copy[i] = (*texts)[i] ? (*texts)[i] : "";
    if (!copy_text(&copy[i], arena)) return false;
  }
  *texts = copy;
  return true;
}

static void *copy_block(const void *block, size_t count, size_t bytes, ia_arena *arena) {
  void *copy = ia_arena_array(arena, count + 1, bytes);
  if (copy && count) memcpy(copy, block, count * bytes);
  return copy;
}

/* A caller's struct may be older (smaller) than this library's: what it lacks is zero. */
static void *copy_sized(const void *from, size_t theirs, size_t ours, ia_arena *arena) {
  char *copy = ia_arena_alloc(arena, ours);
  if (copy && from) memcpy(copy, from, theirs < ours ? theirs : ours);
  if (copy) memcpy(copy, &ours, sizeof ours);
  return copy;
}

/* "created_at:desc" becomes "created:desc": providers receive one form of each key. */
static bool copy_sort_keys(const ia_filter *filter, const char *const **keys, size_t count,
                           ia_arena *arena) {
  const char **copy = ia_arena_array(arena, count + 1, sizeof *copy);
  bool images = filter->bit == IMGACT_FILTER_BIT(IMAGE_SORT), descending;
  for (size_t i = 0; copy && i < count; i++) {
    const char *text = (*keys)[i] ? (*keys)[i] : "";
    const ia_sort_key *key = ia_sort_key_find(text, images, &descending);
    const char *direction = key ? text + strcspn(text, ":") : text;
    size_t word = key ? strlen(key->word) : 0, rest = strlen(direction) + 1;
    char *to = ia_arena_alloc(arena, word + rest);
    copy[i] = to;
    if (!to) return false;
    if (key) memcpy(to, key->word, word);
    memcpy(to + word, direction, rest);
  }
  *keys = copy;
  return copy != NULL;
}

/* Copies what a filter's member points to. */
static bool copy_member(const ia_filter *filter, char *filter_struct, ia_arena *arena) {
  void *at = filter_struct + filter->offset;
  size_t count = ia_filter_get(filter, filter_struct).count;
  switch (filter->kind) {
  case IA_FILTER_TEXT:
  case IA_FILTER_WORD:
  case IA_FILTER_ID: return copy_text(at, arena);
  case IA_FILTER_TEXTS:
  case IA_FILTER_GLOBS:
  case IA_FILTER_IDS: return copy_texts(at, count, arena);
  case IA_FILTER_SORT_KEYS: return copy_sort_keys(filter, at, count, arena);
  case IA_FILTER_BEFORE:
  case IA_FILTER_AFTER:
  case IA_FILTER_PROTECTION:
  case IA_FILTER_VISIBILITY:
  case IA_FILTER_FLAG: return true;
  default: break;
  }
  const unsigned **enums = at;
  *enums = copy_block(*enums, count, sizeof(unsigned), arena);
  return *enums != NULL;
}

static bool copy_filters(imgact_op_kind kind, void *filter_struct, ia_arena *arena) {
  const ia_filter *f = ia_filters_of(kind);
  if (!filter_struct) return false;
  while (f->word && copy_member(f, filter_struct, arena)) f++;
  return !f->word;
}

static bool copy_image_filter(imgact_call *call, ia_arena *arena) {
  const imgact_image_filter *from = call->image_filter;
  imgact_image_filter *copy = copy_sized(from, from ? from->size : 0, sizeof *copy, arena);
  call->image_filter = copy;
  return copy_filters(call->kind, copy, arena);
}

static bool copy_action_filter(imgact_call *call, ia_arena *arena) {
  const imgact_action_filter *from = call->action_filter;
  imgact_action_filter *copy = copy_sized(from, from ? from->size : 0, sizeof *copy, arena);
  call->action_filter = copy;
  return copy_filters(call->kind, copy, arena);
}

static bool copy_labels(const imgact_label **labels, size_t count, ia_arena *arena) {
  imgact_label *copy = copy_block(*labels, count, sizeof *copy, arena);
  *labels = copy;
  for (size_t i = 0; copy && i < count; i++)
    if (!copy_text(&copy[i].key, arena) || !copy_text(&copy[i].value, arena)) return false;
  return copy != NULL;
}

static bool copy_update(imgact_call *call, ia_arena *arena) {
  const imgact_image_update *from = call->update;
  imgact_image_update *u = copy_sized(from, from ? from->size : 0, sizeof *u, arena);
  call->update = u;
  return u && copy_text(&u->name, arena) && copy_text(&u->description, arena) &&
         copy_text(&u->distribution, arena) && copy_labels(&u->labels, u->labels_count, arena) &&
         copy_texts(&u->removed_labels, u->removed_labels_count, arena);
}

static bool copy_create(imgact_call *call, ia_arena *arena) {
  const imgact_image_create *from = call->create;
  imgact_image_create *c = copy_sized(from, from ? from->size : 0, sizeof *c, arena);
  call->create = c;
  return c && copy_text(&c->name, arena) && copy_text(&c->description, arena) &&
         copy_text(&c->region, arena) && copy_text(&c->distribution, arena) &&
         copy_labels(&c->labels, c->labels_count, arena) &&
         copy_texts(&c->tags, c->tags_count, arena);
}

static bool makes_image(imgact_op_kind kind) {
  return (ia_operations[kind].argument & (IA_ARGUMENT_CREATE | IA_ARGUMENT_IMPORT)) != 0;
}

bool ia_call_copy(imgact_call *to, const imgact_call *from, ia_arena *arena) {
  *to = *from;
  to->size = sizeof *to;
  if (!copy_text(&to->image_ref, arena) || !copy_text(&to->action_id, arena) ||
      !copy_text(&to->region, arena) || !copy_text(&to->architecture, arena) ||
      !copy_text(&to->server_id, arena) || !copy_text(&to->url, arena) ||
      !copy_text(&to->recipient_email, arena) || !copy_text(&to->recipient_team, arena) ||
      !copy_text(&to->transfer_id, arena) || !copy_text(&to->tag, arena) ||
      !copy_texts(&to->added_tags, to->added_tags_count, arena) ||
      !copy_texts(&to->removed_tags, to->removed_tags_count, arena) ||
      !copy_texts(&to->action_ids, to->action_ids_count, arena) ||
      !copy_texts(&to->image_ids, to->image_ids_count, arena))
    return false;
  if (ia_lists_actions(to->kind)) return copy_action_filter(to, arena);
  if (ia_filters_of(to->kind)->word) return copy_image_filter(to, arena);
  if (makes_image(to->kind)) return copy_create(to, arena);
  return ia_operations[to->kind].argument != IA_ARGUMENT_UPDATE || copy_update(to, arena);
}

/* ---- check ---- */

typedef bool (*text_test)(const char *text, const void *with);

static bool each_of(const char *const *texts, size_t count, text_test test, const void *with) {
  for (size_t i = 0; i < count; i++)
    if (texts[i] && !test(texts[i], with)) return false;
  return true;
}

static bool each_label(const imgact_label *labels, size_t count, text_test test, const void *with) {
  bool ok = true;
  for (size_t i = 0; ok && i < count; i++) {
    const char *const label[] = {labels[i].key, labels[i].value};
    ok = each_of(label, 2, test, with);
  }
  return ok;
}

/* Returns true if every text of the call passes the test. */
static bool each_text(const imgact_call *c, text_test test, const void *with) {
  const char *const own[] = {c->image_ref,       c->action_id, c->region,         c->architecture,
                             c->server_id,       c->url,       c->recipient_team, c->transfer_id,
                             c->recipient_email, c->tag};
  bool ok = each_of(own, sizeof own / sizeof *own, test, with) &&
            each_of(c->action_ids, c->action_ids_count, test, with) &&
            each_of(c->image_ids, c->image_ids_count, test, with) &&
            each_of(c->added_tags, c->added_tags_count, test, with) &&
            each_of(c->removed_tags, c->removed_tags_count, test, with);
  for (const ia_filter *f = ia_filters_of(c->kind); ok && f->word; f++) {
    const ia_filter_value value = ia_filter_get(f, ia_filter_struct(c));
    ok = !value.texts || each_of(value.texts, value.count, test, with);
  }
  if (c->update) {
    const char *const texts[] = {c->update->name, c->update->description, c->update->distribution};
    ok = ok && each_of(texts, sizeof texts / sizeof *texts, test, with) &&
         each_label(c->update->labels, c->update->labels_count, test, with) &&
         each_of(c->update->removed_labels, c->update->removed_labels_count, test, with);
  }
  if (c->create) {
    const imgact_image_create *n = c->create;
    const char *const texts[] = {n->name, n->description, n->region, n->distribution};
    ok = ok && each_of(texts, sizeof texts / sizeof *texts, test, with) &&
         each_of(n->tags, n->tags_count, test, with) &&
         each_label(n->labels, n->labels_count, test, with);
  }
  return ok;
}

static bool is_utf8(const char *text, const void *unused) {
  (void)unused;
  return ia_utf8_valid(text, strlen(text), false);
}

static bool is_clean(const char *text, const void *redactor) {
  return !ia_redact_found(redactor, text, strlen(text));
}

bool ia_call_holds_token(const imgact_call *call, const ia_redactor *redactor) {
  return !each_text(call, is_clean, redactor);
}

static bool have_keys(const imgact_label *labels, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!labels[i].key) return false;
  return true;
}

static bool labels_have_keys(const imgact_call *call) {
  const imgact_image_update *u = call->update;
  const imgact_image_create *c = call->create;
  return (!u || have_keys(u->labels, u->labels_count)) &&
         (!c || have_keys(c->labels, c->labels_count));
}

typedef struct id_rule {
  const imgact_provider *provider;
  imgact_error *error;
} id_rule;

static imgact_status id_ok(const id_rule *rule, const char *what, const char *id) {
  if (!id || rule->provider->is_valid_id(id)) return IMGACT_OK;
  return imgact_error_set(rule->error, IMGACT_INVALID_ARGUMENT, "invalid %s '%s' for %s; use %s",
                          what, id, rule->provider->name, rule->provider->id_format);
}

static imgact_status ids_ok(const id_rule *rule, const char *what, const char *const *ids,
                            size_t count) {
  imgact_status status = IMGACT_OK;
  for (size_t i = 0; i < count && status == IMGACT_OK; i++) status = id_ok(rule, what, ids[i]);
  return status;
}

/* Checks that the library knows the value of an enum: a type becomes a bit, and no item has an
 * unknown status. */
static imgact_status check_enums(ia_filter_kind kind, const ia_filter_value *value,
                                 imgact_error *error) {
  static const struct {
    const char *what;
    unsigned last;
  } enums[] = {[IA_FILTER_IMAGE_TYPES] = {"image type", IMGACT_IMAGE_TYPE_CUSTOM},
               [IA_FILTER_IMAGE_STATUSES] = {"image status", IMGACT_IMAGE_STATUS_RETIRED},
               [IA_FILTER_ACTION_STATUSES] = {"action status", IMGACT_ACTION_STATUS_ERROR},
               [IA_FILTER_PROTECTION] = {"protection", IMGACT_PROTECTION_UNPROTECTED},
               [IA_FILTER_VISIBILITY] = {"visibility", IMGACT_VISIBILITY_PRIVATE}};
  for (size_t i = 0; i < value->count; i++)
    if (value->enums[i] > enums[kind].last)
      return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "invalid %s %u", enums[kind].what,
                              value->enums[i]);
  return IMGACT_OK;
}

static imgact_status check_filters(const imgact_call *call, const id_rule *rule) {
  imgact_status status = IMGACT_OK;
  for (const ia_filter *f = ia_filters_of(call->kind); f->word && status == IMGACT_OK; f++) {
    const ia_filter_value value = ia_filter_get(f, ia_filter_struct(call));
    if (ia_filter_is_enum(f->kind)) status = check_enums(f->kind, &value, rule->error);
    if (ia_filter_is_id(f->kind)) status = ids_ok(rule, f->word, value.texts, value.count);
  }
  return status;
}

/* The id is a number in the body: digits that fit in 64 bits. */
static bool is_transfer_id(const char *text) {
  static const char largest[] = "9223372036854775807";
  size_t length = strspn(text, "0123456789"), most = sizeof largest - 1;
  return length && !text[length] && text[0] != '0' &&
         (length < most || (length == most && strcmp(text, largest) <= 0));
}

imgact_status ia_call_check(const imgact_call *call, const imgact_provider *provider,
                            imgact_error *error) {
  static const char an_image[] = "image id", an_action[] = "action id";
  id_rule rule = {provider, error};
  if (!each_text(call, is_utf8, NULL))
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "an argument is not UTF-8");
  if (!labels_have_keys(call))
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "missing key of a label");
  imgact_status status = check_filters(call, &rule);
  if (status == IMGACT_OK && call->kind != IMGACT_OP_GET_IMAGE)
    status = id_ok(&rule, an_image, call->image_ref);
  if (status == IMGACT_OK) status = id_ok(&rule, an_action, call->action_id);
  if (status == IMGACT_OK) status = id_ok(&rule, "server id", call->server_id);
  if (status == IMGACT_OK)
    status = ids_ok(&rule, an_action, call->action_ids, call->action_ids_count);
  if (status == IMGACT_OK) status = ids_ok(&rule, an_image, call->image_ids, call->image_ids_count);
  if (status == IMGACT_OK && call->transfer_id && !is_transfer_id(call->transfer_id))
    status = imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "invalid id '%s' of an offer",
                              call->transfer_id);
  return status;
}

/* ---- JSON ---- */

typedef struct json_text {
  const char *key, *value;
} json_text;

static void write_texts(imgact_json_writer *json, const json_text *texts, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (texts[i].value) {
      imgact_json_write_key(json, texts[i].key);
      imgact_json_write_string(json, texts[i].value);
    }
}

static void write_labels(imgact_json_writer *json, const imgact_label *labels, size_t count) {
  imgact_json_write_key(json, "labels");
  imgact_json_write_begin_object(json);
  for (size_t i = 0; i < count; i++) {
    imgact_json_write_key(json, labels[i].key);
    imgact_json_write_string(json, labels[i].value ? labels[i].value : "");
  }
  imgact_json_write_end_object(json);
}

static void write_list(imgact_json_writer *json, const char *key, const char *const *texts,
                       size_t count) {
  if (!count) return;
  imgact_json_write_key(json, key);
  imgact_json_write_begin_array(json);
  for (size_t i = 0; i < count; i++) imgact_json_write_string(json, texts[i]);
  imgact_json_write_end_array(json);
}

static void write_update(imgact_json_writer *json, const imgact_image_update *u) {
  const json_text texts[] = {
      {"name", u->name}, {"description", u->description}, {"distribution", u->distribution}};
  write_texts(json, texts, sizeof texts / sizeof *texts);
  if (u->convert_to_snapshot) {
    imgact_json_write_key(json, "convert_to_snapshot");
    imgact_json_write_bool(json, 1);
  }
  if (u->replace_labels || u->merge_labels) write_labels(json, u->labels, u->labels_count);
  if (!u->merge_labels) return;
  imgact_json_write_key(json, "merge_labels");
  imgact_json_write_bool(json, 1);
  write_list(json, "removed_labels", u->removed_labels, u->removed_labels_count);
}

/* The only types of a new image: the default, and this one. */
static const char backup[] = "backup";

/* ensure_unique is not stored: after the request was sent, the image may be the call's own. */
static void write_create(imgact_json_writer *json, const imgact_image_create *c) {
  const json_text texts[] = {{"name", c->name},
                             {"description", c->description},
                             {"region", c->region},
                             {"distribution", c->distribution},
                             {"type", c->type == IMGACT_IMAGE_TYPE_BACKUP ? backup : NULL}};
  write_texts(json, texts, sizeof texts / sizeof *texts);
  if (c->labels_count) write_labels(json, c->labels, c->labels_count);
  write_list(json, "tags", c->tags, c->tags_count);
}

const char *ia_call_json(const imgact_call *call, const ia_call_target *target, ia_arena *arena) {
  imgact_json_writer *json = imgact_json_writer_new(arena->allocator, 0);
  const json_text texts[] = {
      {"provider", target->provider},     {"endpoint", target->endpoint},
      {"credential", target->credential}, {"op", imgact_op_kind_name(call->kind)},
      {"image", call->image_ref},         {"region", call->region},
      {"server", call->server_id},        {"url", call->url},
      {"email", call->recipient_email},   {"team", call->recipient_team},
      {"transfer", call->transfer_id}};
  imgact_json_write_begin_object(json);
  write_texts(json, texts, sizeof texts / sizeof *texts);
  if (ia_operations[call->kind].argument == IA_ARGUMENT_PROTECT) {
    imgact_json_write_key(json, "protect");
    imgact_json_write_bool(json, call->protect);
  }
  if (ia_operations[call->kind].argument == IA_ARGUMENT_TAGS) {
    write_list(json, "images", call->image_ids, call->image_ids_count);
    write_list(json, "tags", call->added_tags, call->added_tags_count);
    write_list(json, "removed_tags", call->removed_tags, call->removed_tags_count);
  }
  if (call->update) write_update(json, call->update);
  if (call->create) write_create(json, call->create);
  imgact_json_write_end_object(json);
  const char *text = imgact_json_writer_finish(json, NULL);
  text = text ? ia_arena_copy(arena, text) : NULL;
  imgact_json_writer_free(json);
  return text;
}

typedef struct call_reader {
  const imgact_json *root;
  ia_arena *arena;
  bool nomem;
  const char *odd; /* key of a value with the wrong type; NULL = none */
} call_reader;

/* Returns the value of the key; NULL if it is missing or, with odd set, has another type. */
static const imgact_json *typed(call_reader *reader, const char *key, imgact_json_type type) {
  const imgact_json *value = imgact_json_get(reader->root, key);
  if (!value || imgact_json_get_type(value) == type) return value;
  reader->odd = key;
  return NULL;
}

static const char *member(call_reader *reader, const char *key) {
  return ia_json_string(typed(reader, key, IMGACT_JSON_STRING), reader->arena, &reader->nomem);
}

static int flag(call_reader *reader, const char *key) {
  int value = 0;
  imgact_json_as_bool(typed(reader, key, IMGACT_JSON_BOOL), &value);
  return value;
}

/* Returns NULL if there are none; count is not changed then. */
static const imgact_label *read_labels(call_reader *reader, size_t *count) {
  const imgact_json *labels = typed(reader, "labels", IMGACT_JSON_OBJECT);
  if (!labels) return NULL;
  imgact_label *copy = ia_arena_array(reader->arena, imgact_json_count(labels) + 1, sizeof *copy);
  imgact_json_iter each = imgact_json_iter_begin(labels);
  const imgact_json *key;
  reader->nomem = reader->nomem || !copy;
  for (const imgact_json *value; copy && (value = imgact_json_iter_next(&each, &key));) {
    if (imgact_json_get_type(value) != IMGACT_JSON_STRING) reader->odd = "labels";
    copy[*count].key = ia_json_string(key, reader->arena, &reader->nomem);
    copy[(*count)++].value = ia_json_string(value, reader->arena, &reader->nomem);
  }
  return copy;
}

static const char *const *read_list(call_reader *reader, const char *key, size_t *count) {
  const imgact_json *texts = typed(reader, key, IMGACT_JSON_ARRAY);
  if (!texts) return NULL;
  const char **copy = ia_arena_array(reader->arena, imgact_json_count(texts) + 1, sizeof *copy);
  imgact_json_iter each = imgact_json_iter_begin(texts);
  reader->nomem = reader->nomem || !copy;
  for (const imgact_json *value; copy && (value = imgact_json_iter_next(&each, NULL));) {
    if (imgact_json_get_type(value) != IMGACT_JSON_STRING) reader->odd = key;
    copy[(*count)++] = ia_json_string(value, reader->arena, &reader->nomem);
  }
  return copy;
}

static void read_update(call_reader *reader, imgact_call *call) {
  imgact_image_update *update = ia_arena_alloc(reader->arena, sizeof *update);
  reader->nomem = reader->nomem || !update;
  if (!update) return;
  *update = (imgact_image_update){.size = sizeof *update,
                                  .convert_to_snapshot = flag(reader, "convert_to_snapshot")};
  update->name = member(reader, "name");
  update->description = member(reader, "description");
  update->distribution = member(reader, "distribution");
  update->labels = read_labels(reader, &update->labels_count);
  update->merge_labels = flag(reader, "merge_labels");
  update->removed_labels = read_list(reader, "removed_labels", &update->removed_labels_count);
  update->replace_labels = !update->merge_labels && imgact_json_get(reader->root, "labels") != NULL;
  call->update = update;
}

static void read_create(call_reader *reader, imgact_call *call) {
  imgact_image_create *create = ia_arena_alloc(reader->arena, sizeof *create);
  reader->nomem = reader->nomem || !create;
  if (!create) return;
  *create = (imgact_image_create){.size = sizeof *create};
  create->name = member(reader, "name");
  create->description = member(reader, "description");
  create->region = member(reader, "region");
  create->distribution = member(reader, "distribution");
  create->labels = read_labels(reader, &create->labels_count);
  create->tags = read_list(reader, "tags", &create->tags_count);
  const char *type = member(reader, "type");
  if (ia_str_equal(type, backup))
    create->type = IMGACT_IMAGE_TYPE_BACKUP;
  else if (type)
    reader->odd = "type";
  call->create = create;
}

/* A key that this version does not know, or not for this operation, may change what the call does.
 */
static const imgact_json *unknown_key(const imgact_json *root, imgact_op_kind kind) {
  enum { NEW = IA_ARGUMENT_CREATE | IA_ARGUMENT_IMPORT };
  static const struct {
    const char *key;
    unsigned arguments; /* operations with one of these have it; 0 = all */
  } known[] = {{"provider", 0},
               {"endpoint", 0},
               {"credential", 0},
               {"op", 0},
               {"image", ~(unsigned)(NEW | IA_ARGUMENT_TAGS)},
               {"images", IA_ARGUMENT_TAGS},
               {"removed_tags", IA_ARGUMENT_TAGS},
               {"server", IA_ARGUMENT_CREATE},
               {"url", IA_ARGUMENT_IMPORT},
               {"region", IA_ARGUMENT_REGION | IA_ARGUMENT_IMPORT},
               {"protect", IA_ARGUMENT_PROTECT},
               {"name", IA_ARGUMENT_UPDATE | NEW},
               {"description", IA_ARGUMENT_UPDATE | NEW},
               {"distribution", IA_ARGUMENT_UPDATE | IA_ARGUMENT_IMPORT},
               {"labels", IA_ARGUMENT_UPDATE | NEW},
               {"tags", NEW | IA_ARGUMENT_TAGS},
               {"type", IA_ARGUMENT_CREATE},
               {"convert_to_snapshot", IA_ARGUMENT_UPDATE},
               {"merge_labels", IA_ARGUMENT_UPDATE},
               {"removed_labels", IA_ARGUMENT_UPDATE},
               {"email", IA_ARGUMENT_HANDOVER},
               {"team", IA_ARGUMENT_HANDOVER},
               {"transfer", IA_ARGUMENT_HANDOVER}};
  imgact_json_iter each = imgact_json_iter_begin(root);
  for (const imgact_json *key; imgact_json_iter_next(&each, &key);) {
    size_t i = 0;
    while (i < sizeof known / sizeof *known && !imgact_json_equals(key, known[i].key)) i++;
    if (i == sizeof known / sizeof *known ||
        (known[i].arguments && !(known[i].arguments & ia_operations[kind].argument)))
      return key;
  }
  return NULL;
}

static imgact_status read_call(call_reader *reader, imgact_call *call, ia_call_target *target,
                               imgact_error *error) {
  const char *op = member(reader, "op"), *cloud = member(reader, "provider");
  int kind = 0;
  while (kind < IMGACT_OP_COUNT && !ia_str_equal(op, imgact_op_kind_name((imgact_op_kind)kind)))
    kind++;
  if (kind == IMGACT_OP_COUNT || !ia_operations[kind].changes)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "the stored call names no mutation (op: %s)", op ? op : "none");
  if (!ia_str_equal(cloud, target->provider))
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "the stored call is for %s, this client for %s",
                            cloud ? cloud : "no provider", target->provider);
  target->endpoint = member(reader, "endpoint");
  target->credential = member(reader, "credential");
  *call = (imgact_call){.size = sizeof *call, .kind = (imgact_op_kind)kind};
  call->image_ref = member(reader, "image");
  call->server_id = member(reader, "server");
  call->url = member(reader, "url");
  call->recipient_email = member(reader, "email");
  call->recipient_team = member(reader, "team");
  call->transfer_id = member(reader, "transfer");
  call->protect = flag(reader, "protect");
  ia_argument argument = ia_operations[kind].argument;
  if (argument == IA_ARGUMENT_REGION) call->region = member(reader, "region");
  if (argument == IA_ARGUMENT_UPDATE) read_update(reader, call);
  if (argument == IA_ARGUMENT_TAGS) {
    call->image_ids = read_list(reader, "images", &call->image_ids_count);
    call->added_tags = read_list(reader, "tags", &call->added_tags_count);
    call->removed_tags = read_list(reader, "removed_tags", &call->removed_tags_count);
  }
  if (makes_image((imgact_op_kind)kind)) read_create(reader, call);
  bool silent = argument == IA_ARGUMENT_PROTECT && !imgact_json_get(reader->root, "protect");
  if (reader->odd || silent)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "the stored call's '%s' is %s",
                            silent ? "protect" : reader->odd,
                            silent ? "missing" : "of the wrong type");
  const char *object = argument == IA_ARGUMENT_CREATE   ? call->server_id
                       : argument == IA_ARGUMENT_IMPORT ? call->url
                       : call->image_ids_count          ? call->image_ids[0]
                                                        : call->image_ref;
  if (!object)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "the stored call names no %s",
                            argument == IA_ARGUMENT_CREATE   ? "server"
                            : argument == IA_ARGUMENT_IMPORT ? "url"
                                                             : "image");
  const imgact_json *unknown = unknown_key(reader->root, (imgact_op_kind)kind);
  if (!unknown) return IMGACT_OK;
  char key[64] = "";
  imgact_json_copy_string(unknown, key, sizeof key);
  return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                          "the stored call has the unknown key '%s'", key);
}

imgact_status ia_call_from_json(imgact_call *call, ia_call_target *target, const char *text,
                                ia_arena *arena, imgact_error *error) {
  imgact_json_doc *doc = NULL;
  char what[160];
  ia_json_status parsed =
      ia_json_parse(text, strlen(text), arena->allocator, NULL, &doc, what, sizeof what);
  if (parsed == IA_JSON_NOMEM) return ia_no_memory(error);
  if (parsed != IA_JSON_OK)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "cannot read the JSON of the stored call (%s)", what);
  call_reader reader = {.root = imgact_json_doc_root(doc), .arena = arena};
  imgact_status status = read_call(&reader, call, target, error);
  if (reader.nomem) status = ia_no_memory(error); /* members look missing because memory ran out */
  imgact_json_doc_free(doc);
  return status;
}
