// SPDX-License-Identifier: MIT
/* Builds the path, the query and the body of a request from the rows of a slot. The rows are valid:
 * provider_check.c has checked them when the client was created. */
#include "encode.h"
#include "filter.h"
#include "operation.h"
#include "words.h"
#include <string.h>

typedef struct builder {
  imgact_request *request;
  const imgact_slot *slot;
  const imgact_call *call;
  const imgact_provider *provider;
  imgact_error *error;
} builder;

#define FILTER   IA_ARGUMENT_FILTER
#define UPDATE   IA_ARGUMENT_UPDATE
#define REGION   IA_ARGUMENT_REGION
#define ACTION   IA_ARGUMENT_ACTION
#define ACTIONS  IA_ARGUMENT_ACTIONS
#define PROTECT  IA_ARGUMENT_PROTECT
#define SERVER   IA_ARGUMENT_SERVER
#define CREATE   IA_ARGUMENT_CREATE
#define IMPORT   IA_ARGUMENT_IMPORT
#define NOTHING  IA_ARGUMENT_NOTHING
#define HANDOVER IA_ARGUMENT_HANDOVER
#define TAG      IA_ARGUMENT_TAG
#define NEW      (CREATE | IMPORT)
#define LISTS    (FILTER | SERVER | NOTHING)
#define ALL      ~0u
#define AN_IMAGE                                                                                   \
  (FILTER | IA_ARGUMENT_IMAGE | UPDATE | PROTECT | REGION | ACTION | ACTIONS | HANDOVER)

static bool has_argument(imgact_op_kind kind, unsigned arguments) {
  return (ia_operations[kind].argument & arguments) != 0;
}

/* ---- the path ---- */

static const struct variable {
  const char *name;
  unsigned arguments; /* operations with one of these have the variable */
} variables[] = {{"image", AN_IMAGE}, {"action", ACTION | ACTIONS}, {"region", REGION},
                 {"via", ACTION},     {"server", SERVER | CREATE},  {"tag", TAG}};

static size_t variable_index(const char *name, size_t length) {
  size_t i = 0;
  while (i < sizeof variables / sizeof *variables &&
         (strlen(variables[i].name) != length || memcmp(variables[i].name, name, length) != 0))
    i++;
  return i;
}

bool ia_has_variable(imgact_op_kind kind, const char *name, size_t length) {
  size_t i = variable_index(name, length);
  return i < sizeof variables / sizeof *variables && kind != IMGACT_OP_LIST_IMAGES &&
         has_argument(kind, variables[i].arguments);
}

static const char *value_of_variable(const imgact_call *call, size_t index) {
  switch (index) {
  case 0: return call->action_filter ? call->action_filter->image_id : call->image_ref;
  case 1: return call->action_ids_count ? call->action_ids[0] : call->action_id;
  case 2: return call->region;
  case 4: return call->server_id;
  case 5: return call->tag;
  default: return call->flags & IMGACT_OP_FLAG_VIA_IMAGE ? call->image_ref : NULL;
  }
}

static imgact_status add_variable(const builder *b, const char *name, size_t length) {
  const char *value = value_of_variable(b->call, variable_index(name, length));
  if (value) {
    ia_request_add_to_path(b->request, value);
    return IMGACT_OK;
  }
  return imgact_error_set(b->error, IMGACT_UNSUPPORTED, "%s does not support '%s' without the %.*s",
                          b->provider->name, imgact_op_kind_name(b->call->kind), (int)length, name);
}

/* Returns true if a variable in the brackets that start here has no value. */
static bool is_left_out(const imgact_call *call, const char *bracket) {
  const char *end = strchr(bracket, ']');
  for (const char *at = bracket; (at = strchr(at, '{')) && at < end; at++)
    if (!value_of_variable(call, variable_index(at + 1, strcspn(at + 1, "}")))) return true;
  return false;
}

static imgact_status add_path(const builder *b) {
  imgact_status status = IMGACT_OK;
  for (const char *at = b->slot->path; *at && status == IMGACT_OK; at++) {
    if (*at == '{') {
      size_t length = strcspn(at + 1, "}");
      status = add_variable(b, at + 1, length);
      at += length + 1;
    } else if (*at == '[' && is_left_out(b->call, at)) {
      at = strchr(at, ']');
    } else if (*at != '[' && *at != ']') {
      ia_buf_char(&b->request->path, *at);
    }
  }
  return status;
}

/* ---- sources ---- */

/* Sources other than filters. */
static const struct source {
  unsigned arguments; /* operations with one of these have the source */
  bool in_query, in_body;
} sources[] = {[IMGACT_SOURCE_TEXT] = {ALL, true, true},
               [IMGACT_SOURCE_PAGE] = {LISTS, true, false},
               [IMGACT_SOURCE_PER_PAGE] = {LISTS, true, false},
               [IMGACT_SOURCE_CURSOR] = {LISTS, true, false},
               [IMGACT_SOURCE_ACTION_IDS] = {ACTIONS, true, false},
               [IMGACT_SOURCE_NAME] = {UPDATE | NEW, false, true},
               [IMGACT_SOURCE_DESCRIPTION] = {UPDATE | NEW, false, true},
               [IMGACT_SOURCE_DISTRIBUTION] = {UPDATE | IMPORT, false, true},
               [IMGACT_SOURCE_LABELS] = {UPDATE | NEW, false, true},
               [IMGACT_SOURCE_CONVERT] = {UPDATE, false, true},
               [IMGACT_SOURCE_PROTECT] = {PROTECT, false, true},
               [IMGACT_SOURCE_REGION] = {REGION | IMPORT, true, true},
               [IMGACT_SOURCE_URL] = {IMPORT, false, true},
               [IMGACT_SOURCE_TAGS] = {IMPORT, false, true},
               [IMGACT_SOURCE_TYPE] = {CREATE, false, true},
               [IMGACT_SOURCE_TAG] = {TAG, true, true},
               [IMGACT_SOURCE_RECIPIENT_EMAIL] = {HANDOVER, false, true},
               [IMGACT_SOURCE_RECIPIENT_TEAM] = {HANDOVER, false, true},
               [IMGACT_SOURCE_TRANSFER_ID] = {HANDOVER, false, true}};

bool ia_has_source(imgact_op_kind kind, intptr_t source, bool in_body) {
  const ia_filter *filter = ia_filter_of_source(source);
  for (const ia_filter *f = ia_filters_of(kind); filter && !in_body && f->word; f++)
    if (f == filter) return ia_filter_has_source(f->kind);
  if ((size_t)source >= sizeof sources / sizeof *sources) return false;
  const struct source *s = &sources[source];
  return has_argument(kind, s->arguments) && (in_body ? s->in_body : s->in_query);
}

/* The value of a source with one text; NULL: not set. */
static const char *text_of(const imgact_call *call, intptr_t source) {
  const imgact_image_update *update = call->update;
  const imgact_image_create *create = call->create;
  switch (source) {
  case IMGACT_SOURCE_CURSOR: return call->next_query;
  case IMGACT_SOURCE_REGION: return create ? create->region : call->region;
  case IMGACT_SOURCE_URL: return call->url;
  case IMGACT_SOURCE_TAG: return call->tag;
  case IMGACT_SOURCE_RECIPIENT_EMAIL: return call->recipient_email;
  case IMGACT_SOURCE_RECIPIENT_TEAM: return call->recipient_team;
  case IMGACT_SOURCE_NAME: return update ? update->name : create ? create->name : NULL;
  case IMGACT_SOURCE_DESCRIPTION:
    return update ? update->description : create ? create->description : NULL;
  case IMGACT_SOURCE_DISTRIBUTION:
    return update ? update->distribution : create ? create->distribution : NULL;
  default: return NULL;
  }
}

/* ---- the query ---- */

static imgact_status lacks(const builder *b, const char *what, const char *value) {
  return imgact_error_set(b->error, IMGACT_UNSUPPORTED, "%s does not support %s '%s'",
                          b->provider->name, what, value);
}

static void add_texts(const builder *b, const char *key, const char *const *values, size_t count) {
  for (size_t i = 0; i < count; i++) imgact_request_add_query(b->request, key, values[i]);
}

static bool is_visible(imgact_visibility visibility, uint32_t public_types, int type) {
  bool is_public = (public_types & IMGACT_IMAGE_TYPE_BIT(type)) != 0;
  return visibility == IMGACT_VISIBILITY_ALL ||
         is_public == (visibility == IMGACT_VISIBILITY_PUBLIC);
}

/* A list may need a query per group of types. */
static bool is_of_query(const imgact_call *call, int type) {
  return !call->type_mask || (call->type_mask & IMGACT_IMAGE_TYPE_BIT(type)) != 0;
}

/* If the map has public_types, the visibility filter restricts the requested types. Without
 * requested types, it selects all types of that visibility. */
static imgact_status add_types(const builder *b, const imgact_argument *row) {
  const imgact_image_filter *filter = b->call->image_filter;
  const imgact_image_map *map = b->provider->image_map;
  uint32_t public_types = map ? map->public_types : 0;
  imgact_visibility visibility = public_types ? filter->visibility : IMGACT_VISIBILITY_ALL;
  size_t count = filter->types_count, added = 0;
  if (!count && visibility == IMGACT_VISIBILITY_ALL) return IMGACT_OK;
  for (size_t i = 0; count ? i < count : row->words[i].text != NULL; i++) {
    int type = count ? (int)filter->types[i] : (int)row->words[i].value;
    const char *word = imgact_word_text(row->words, type);
    bool is_first = count || word == row->words[i].text || word == row->words[i].text + 1;
    if (!is_first || !is_of_query(b->call, type)) continue;
    if (!word) return lacks(b, "images of type", imgact_image_type_name((imgact_image_type)type));
    if (!is_visible(visibility, public_types, type)) continue;
    imgact_request_add_query(b->request, row->key, word);
    added++;
  }
  if (!added) imgact_request_set_empty_result(b->request);
  return IMGACT_OK;
}

static imgact_status add_enums(const builder *b, const imgact_argument *row,
                               const ia_filter *filter, const ia_filter_value *value) {
  for (size_t i = 0; i < value->count; i++) {
    const char *word = imgact_word_text(row->words, (int)value->enums[i]);
    if (!word)
      return filter->kind == IA_FILTER_IMAGE_STATUSES
                 ? lacks(b, "images of status",
                         imgact_image_status_name((imgact_image_status)value->enums[i]))
             : filter->kind == IA_FILTER_ACTION_STATUSES
                 ? lacks(b, "actions of status",
                         imgact_action_status_name((imgact_action_status)value->enums[i]))
                 : lacks(b, "the visibility",
                         value->enums[i] == IMGACT_VISIBILITY_PUBLIC ? "public" : "private");
    imgact_request_add_query(b->request, row->key, word);
  }
  return IMGACT_OK;
}

static imgact_status add_filter(const builder *b, const imgact_argument *row,
                                const ia_filter *filter) {
  const ia_filter_value value = ia_filter_get(filter, ia_filter_struct(b->call));
  if (filter->bit & b->request->local) return IMGACT_OK;
  if (filter->kind == IA_FILTER_IMAGE_TYPES) return add_types(b, row);
  if (ia_filter_is_enum(filter->kind)) return add_enums(b, row, filter, &value);
  if (filter->kind != IA_FILTER_FLAG)
    add_texts(b, row->key, value.texts, value.count);
  else if (value.count)
    imgact_request_add_query(b->request, row->key, row->text);
  return IMGACT_OK;
}

static imgact_status add_pair(const builder *b, const imgact_argument *row) {
  const imgact_call *call = b->call;
  const ia_filter *filter = ia_filter_of_source(row->source);
  if (filter) return add_filter(b, row, filter);
  switch (row->source) {
  case IMGACT_SOURCE_TEXT: imgact_request_add_query(b->request, row->key, row->text); break;
  case IMGACT_SOURCE_PAGE: imgact_request_add_query_int(b->request, row->key, call->page); break;
  case IMGACT_SOURCE_PER_PAGE:
    imgact_request_add_query_int(b->request, row->key, call->per_page);
    break;
  case IMGACT_SOURCE_ACTION_IDS:
    add_texts(b, row->key, call->action_ids, call->action_ids_count);
    break;
  default: imgact_request_add_query(b->request, row->key, text_of(call, row->source)); break;
  }
  return IMGACT_OK;
}

static imgact_status add_query(const builder *b) {
  imgact_status status = IMGACT_OK;
  for (const imgact_argument *row = b->slot->query; row && row->key && status == IMGACT_OK; row++)
    status = add_pair(b, row);
  return status;
}

/* ---- the body ---- */

/* Of a key that is given twice the last value counts: a duplicate key in the body would leave the
 * choice to the API. */
static bool is_overridden(const imgact_label *labels, size_t count, size_t index) {
  for (size_t i = index + 1; i < count; i++)
    if (!strcmp(labels[i].key, labels[index].key)) return true;
  return false;
}

static void write_labels(imgact_json_writer *body, const char *key, const imgact_label *labels,
                         size_t count) {
  imgact_json_write_key(body, key);
  imgact_json_write_begin_object(body);
  for (size_t i = 0; i < count; i++) {
    if (is_overridden(labels, count, i)) continue;
    imgact_json_write_key(body, labels[i].key);
    imgact_json_write_string(body, labels[i].value);
  }
  imgact_json_write_end_object(body);
}

static void write_texts(imgact_json_writer *body, const char *key, const char *const *texts,
                        size_t count) {
  if (!count) return;
  imgact_json_write_key(body, key);
  imgact_json_write_begin_array(body);
  for (size_t i = 0; i < count; i++) imgact_json_write_string(body, texts[i]);
  imgact_json_write_end_array(body);
}

static void write_text(imgact_json_writer *body, const char *key, const char *text) {
  if (!text) return;
  imgact_json_write_key(body, key);
  imgact_json_write_string(body, text);
}

static int new_type(const imgact_image_create *create) {
  return create && create->type ? (int)create->type : (int)IMGACT_IMAGE_TYPE_SNAPSHOT;
}

static void write_member(const imgact_call *call, const imgact_argument *row,
                         imgact_json_writer *body) {
  const imgact_image_update *update = call->update;
  const imgact_image_create *create = call->create;
  switch (row->source) {
  case IMGACT_SOURCE_TEXT: write_text(body, row->key, row->text); break;
  case IMGACT_SOURCE_CONVERT:
    if (update && update->convert_to_snapshot) write_text(body, row->key, row->text);
    break;
  case IMGACT_SOURCE_PROTECT:
    imgact_json_write_key(body, row->key);
    imgact_json_write_bool(body, call->protect != 0);
    break;
  case IMGACT_SOURCE_LABELS:
    if (update && update->replace_labels)
      write_labels(body, row->key, update->labels, update->labels_count);
    if (create && create->labels_count)
      write_labels(body, row->key, create->labels, create->labels_count);
    break;
  case IMGACT_SOURCE_TAGS:
    if (create) write_texts(body, row->key, create->tags, create->tags_count);
    break;
  case IMGACT_SOURCE_TYPE:
    write_text(body, row->key, imgact_word_text(row->words, new_type(create)));
    break;
  case IMGACT_SOURCE_TRANSFER_ID:
    if (!call->transfer_id) break;
    imgact_json_write_key(body, row->key);
    imgact_json_write_raw(body, call->transfer_id);
    break;
  default: write_text(body, row->key, text_of(call, row->source)); break;
  }
}

/* Some APIs have one member for two arguments. */
static imgact_status check_duplicates(const builder *b) {
  const imgact_argument *rows = b->slot->body;
  for (const imgact_argument *row = rows; row && row->key; row++)
    for (const imgact_argument *other = rows; other != row; other++)
      if (!strcmp(row->key, other->key) && text_of(b->call, row->source) &&
          text_of(b->call, other->source))
        return imgact_error_set(b->error, IMGACT_INVALID_ARGUMENT,
                                "%s has only a %s: do not give a name as well", b->provider->name,
                                row->key);
  return IMGACT_OK;
}

static void add_body(const builder *b) {
  if (!b->slot->body) return;
  imgact_json_writer *body = imgact_request_body_writer(b->request);
  imgact_json_write_begin_object(body);
  for (const imgact_argument *row = b->slot->body; row->key; row++)
    write_member(b->call, row, body);
  imgact_json_write_end_object(body);
}

static bool has_row(const imgact_argument *row, imgact_source source) {
  while (row && row->key && row->source != source) row++;
  return row && row->key;
}

/* An argument, and what a provider without a row for it cannot do. */
typedef struct requirement {
  bool asked;
  imgact_source source;
  const char *refusal;
} requirement;

/* An argument without a row would be lost. */
static imgact_status check_requirements(const builder *b, const requirement *all, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (all[i].asked && !has_row(b->slot->body, all[i].source))
      return imgact_error_set(b->error, IMGACT_UNSUPPORTED, "%s %s", b->provider->name,
                              all[i].refusal);
  return IMGACT_OK;
}

static imgact_status check_update(const builder *b) {
  const imgact_image_update *u = b->call->update;
  const requirement changes[] = {
      {u->name != NULL, IMGACT_SOURCE_NAME, "cannot change the name of an image"},
      {u->description != NULL, IMGACT_SOURCE_DESCRIPTION,
       "cannot change the description of an image"},
      {u->distribution != NULL, IMGACT_SOURCE_DISTRIBUTION,
       "cannot change the distribution of an image"},
      {u->replace_labels || u->merge_labels, IMGACT_SOURCE_LABELS, "does not support labels"},
      {u->convert_to_snapshot != 0, IMGACT_SOURCE_CONVERT,
       "cannot change the type of an image in an update"}};
  return check_requirements(b, changes, sizeof changes / sizeof *changes);
}

static imgact_status check_create(const builder *b) {
  const imgact_image_create *c = b->call->create;
  const imgact_slot *tag = ia_provider_slot(b->provider, IMGACT_OP_TAG_IMAGES);
  /* The new image of a server is tagged once it is known. */
  bool tags_later = b->call->kind == IMGACT_OP_CREATE_IMAGE && tag && ia_slot_sends(tag);
  const requirement members[] = {
      {c->name != NULL, IMGACT_SOURCE_NAME, "cannot name a new image"},
      {c->description != NULL, IMGACT_SOURCE_DESCRIPTION, "cannot describe a new image"},
      {c->labels_count > 0, IMGACT_SOURCE_LABELS, "does not support labels"},
      {c->tags_count > 0 && !tags_later, IMGACT_SOURCE_TAGS, "does not support tags"},
      {c->region != NULL, IMGACT_SOURCE_REGION, "cannot choose the region of a new image"},
      {c->distribution != NULL, IMGACT_SOURCE_DISTRIBUTION,
       "cannot set the distribution of a new image"},
      {new_type(c) != IMGACT_IMAGE_TYPE_SNAPSHOT, IMGACT_SOURCE_TYPE, "can create snapshots only"}};
  for (const imgact_argument *row = b->slot->body; row && row->key; row++)
    if (row->source == IMGACT_SOURCE_TYPE && !imgact_word_text(row->words, new_type(c)))
      return lacks(b, "new images of type", imgact_image_type_name(c->type));
  if ((b->slot->flags & IMGACT_SLOT_NEEDS_NAME) && (!c->name || !*c->name))
    return imgact_error_set(b->error, IMGACT_INVALID_ARGUMENT, "%s: a new image needs a name",
                            b->provider->name);
  return check_requirements(b, members, sizeof members / sizeof *members);
}

static imgact_status check_handover(const builder *b) {
  const requirement members[] = {{b->call->recipient_email != NULL, IMGACT_SOURCE_RECIPIENT_EMAIL,
                                  "cannot hand an image over to an e-mail address"},
                                 {b->call->recipient_team != NULL, IMGACT_SOURCE_RECIPIENT_TEAM,
                                  "cannot hand an image over to a team"}};
  return check_requirements(b, members, sizeof members / sizeof *members);
}

static imgact_status encode_rows(const builder *b) {
  const imgact_slot *slot = b->slot;
  imgact_status status = slot->prepare ? slot->prepare(b->call, b->request, b->error) : IMGACT_OK;
  if (slot->method) b->request->method = slot->method;
  if (status == IMGACT_OK && b->call->update) status = check_update(b);
  if (status == IMGACT_OK && b->call->create) status = check_create(b);
  if (status == IMGACT_OK && has_argument(b->call->kind, HANDOVER)) status = check_handover(b);
  if (status == IMGACT_OK) status = check_duplicates(b);
  if (status == IMGACT_OK) status = add_path(b);
  if (status == IMGACT_OK) status = add_query(b);
  if (status == IMGACT_OK) add_body(b);
  return status;
}

/* A filter that is neither sent nor applied to the items would be ignored. Sorting is decided
 * before the first request. */
static imgact_status check_local_filters(const builder *b) {
  const uint32_t sort = IMGACT_FILTER_BIT(IMAGE_SORT) | IMGACT_FILTER_BIT(ACTION_SORT);
  uint32_t possible = b->slot->server_filters & ia_filter_local(b->call->kind) & ~sort;
  uint32_t wrong = b->request->local & ~possible;
  if (!wrong) return IMGACT_OK;
  return imgact_error_set(
      b->error, IMGACT_INTERNAL, "provider %s: %s: the filter '%s' cannot be applied to the items",
      b->provider->name, imgact_op_kind_name(b->call->kind), ia_filter_word(wrong));
}

imgact_status ia_request_encode(imgact_request *request, const imgact_slot *slot,
                                const imgact_call *call, const imgact_provider *provider,
                                imgact_error *error) {
  const builder b = {request, slot, call, provider, error};
  imgact_status status = slot->encode ? slot->encode(call, request, error) : encode_rows(&b);
  if (status == IMGACT_OK) status = check_local_filters(&b);
  return status == IMGACT_OK ? ia_request_check(request, provider, error) : status;
}
