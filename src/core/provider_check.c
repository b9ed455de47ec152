// SPDX-License-Identifier: MIT
/* Checks a provider's table when a client is created. An incomplete table would lose a filter, read
 * the wrong member or dereference NULL much later; it is rejected with the name of what is wrong.
 */
#include "provider_check.h"
#include "encode.h"
#include "field_reader.h"
#include "filter.h"
#include "members.h"
#include "operation.h"
#include "rate_limiter.h"
#include "token.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_IDS 64

typedef struct checker {
  const imgact_provider *provider;
  imgact_error *error;
} checker;

typedef struct slot_checker {
  const checker *c;
  const imgact_slot *slot;
  imgact_op_kind kind;
} slot_checker;

static bool reject(const checker *c, const char *format, ...) IMGACT_PRINTF(2, 3);
static bool reject(const checker *c, const char *format, ...) {
  char what[200];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(what, sizeof what, format, args);
  va_end(args);
  (void)imgact_error_set(c->error, IMGACT_INVALID_ARGUMENT, "provider %s: %s", c->provider->name,
                         what);
  return false;
}

static bool reject_slot(const slot_checker *s, const char *what) {
  return reject(s->c, "%s: %s", imgact_op_kind_name(s->kind), what);
}

static bool sends(const imgact_provider *p, imgact_op_kind kind) {
  const imgact_slot *slot = ia_provider_slot(p, kind);
  return slot && ia_slot_sends(slot);
}

/* ---- the provider ---- */

/* Returns the first member that is missing or invalid, or NULL. */
static const char *missing_member(const imgact_provider *p) {
  if (!p->default_endpoint) return "default_endpoint";
  if (!p->token_env || !p->token_env[0]) return "token_env";
  if (!p->slots || !p->slots_count) return "slots";
  if (p->slots_stride < sizeof(imgact_slot)) return "slots_stride";
  if (!p->is_valid_id) return "is_valid_id";
  if (!p->id_format) return "id_format";
  if (!p->decode_error && !p->errors) return "errors or decode_error";
  if (p->max_per_page <= 0) return "max_per_page";
  if (p->type_groups_count && !p->type_groups) return "type_groups";
  if (p->type_groups_count && p->type_groups_stride < sizeof *p->type_groups)
    return "type_groups_stride";
  if (!p->type_groups_count && sends(p, IMGACT_OP_LIST_IMAGES)) return "type_groups";
  return NULL;
}

/* A name as HTTP allows it, and a value without control characters. */
static bool is_header(const char *name, const char *value) {
  size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
  if (!length || name[length]) return false;
  while (*value >= ' ' && *value <= '~') value++;
  return !*value;
}

static bool check_headers(const checker *c) {
  const imgact_provider *p = c->provider;
  size_t count = 0;
  const char *name = p->auth_header ? p->auth_header : "Authorization",
             *prefix = p->auth_prefix ? p->auth_prefix : "";
  if (!is_header(name, prefix)) return reject(c, "invalid auth_header or auth_prefix");
  /* By these, traces and recordings recognise the token. */
  if (!ia_token_header(name))
    return reject(c, "auth_header: the name must contain auth, token, key or secret");
  if (*prefix && strchr(prefix, ' ') != prefix + strlen(prefix) - 1)
    return reject(c, "auth_prefix: must be one word and a space, or empty");
  for (const char *const *more = p->headers; more && more[0]; more += 2, count++)
    if (!more[1] || !is_header(more[0], more[1]) || ia_token_header(more[0]))
      return reject(c, "headers: invalid header '%s'", more[0]);
  return count <= IA_MAX_PROVIDER_HEADERS ||
         reject(c, "headers: more than %d", IA_MAX_PROVIDER_HEADERS);
}

/* ---- maps ---- */

typedef struct map_checker {
  const checker *c;
  const char *name;         /* "image_map" */
  const char *items;        /* "images" */
  intptr_t first, last, id; /* targets */
} map_checker;

static bool reject_row(const map_checker *m, const imgact_field *row, const char *what) {
  return reject(m->c, "%s: row '%s' %s", m->name, row->path, what);
}

/* "a.b", or "a[].b": names that are not empty, and at most one array. */
static bool is_path(const char *path) {
  const char *array = strstr(path, "[]");
  size_t length = strlen(path);
  if (!length || length > IMGACT_MAX_PATH_BYTES || path[length - 1] == '.') return false;
  if (strpbrk(path, "[]") && (!array || strcspn(path, "[]") != (size_t)(array - path) ||
                              strpbrk(array + 2, "[]") || (array[2] && array[2] != '.')))
    return false;
  return path[0] != '.' && path[0] != '[' && !strstr(path, "..") && !strstr(path, ".[");
}

/* Values are bits of masks and indices of names. */
static bool check_values(const imgact_word *words, intptr_t last) {
  while (words->text && words->value >= 0 && words->value <= last) words++;
  return !words->text && words->value >= 0 && words->value <= last;
}

static intptr_t last_value(intptr_t target) {
  switch (target) {
  case IMGACT_TARGET_IMAGE_TYPE: return IMGACT_IMAGE_TYPE_CUSTOM;
  case IMGACT_TARGET_IMAGE_STATUS: return IMGACT_IMAGE_STATUS_RETIRED;
  case IMGACT_TARGET_ACTION_STATUS: return IMGACT_ACTION_STATUS_ERROR;
  default: return IMGACT_ACTION_KIND_CHANGE_PROTECTION;
  }
}

static bool check_row(const map_checker *m, const imgact_field *row) {
  bool is_ours = row->target >= m->first && row->target <= m->last;
  if (!is_path(row->path)) return reject_row(m, row, "has an invalid path");
  if (!ia_target_is_known(row->target) || !is_ours)
    return reject(m->c, "%s: row '%s' has a target that %s lack", m->name, row->path, m->items);
  if (ia_target_needs_words(row->target) != (row->words != NULL))
    return reject_row(m, row,
                      row->words ? "has words that its target does not use" : "needs words");
  if (row->words && !check_values(row->words, last_value(row->target)))
    return reject_row(m, row, "has a word with an unknown value");
  if (strchr(row->path, '[') && !ia_target_takes_array(row->target))
    return reject_row(m, row, "reads an array into a single value");
  return true;
}

/* Rows with the same first name must stand together: the reader would never read the second part.
 */
static bool is_torn(const imgact_field *fields, size_t row) {
  size_t length = ia_field_name_length(fields[row].path);
  for (size_t i = 0; i + 1 < row; i++) {
    bool same = ia_field_name_length(fields[i].path) == length &&
                !memcmp(fields[i].path, fields[row].path, length);
    bool last = ia_field_name_length(fields[i + 1].path) != length ||
                memcmp(fields[i + 1].path, fields[row].path, length) != 0;
    if (same && last) return true;
  }
  return false;
}

static size_t rows_of(const imgact_field *fields, intptr_t target, const imgact_field **found) {
  size_t count = 0;
  for (; fields->path; fields++)
    if (fields->target == target) {
      *found = fields;
      count++;
    }
  return count;
}

/* The id and the type of a resource must come from the same array. */
static bool check_resources(const map_checker *m, const imgact_field *fields) {
  const imgact_field *id = NULL, *type = NULL;
  size_t ids = rows_of(fields, IMGACT_TARGET_ACTION_RESOURCE_ID, &id),
         types = rows_of(fields, IMGACT_TARGET_ACTION_RESOURCE_TYPE, &type);
  if (ids > 1 || types > 1 || (types && !ids))
    return reject(m->c, "%s: one row for the id of resources, and at most one for their type",
                  m->name);
  if (!types) return true;
  size_t length = strcspn(id->path, "["), other = strcspn(type->path, "[");
  bool one_array = id->path[length] && type->path[other] && length == other &&
                   !memcmp(id->path, type->path, length);
  return (!id->path[length] && !type->path[other]) || one_array ||
         reject_row(m, type, "is of another array than the id");
}

static bool check_map(const map_checker *m, const imgact_field *fields) {
  const imgact_field *unused = NULL;
  size_t rows = 0;
  for (; fields && fields[rows].path; rows++) {
    if (rows == IMGACT_MAX_FIELDS)
      return reject(m->c, "%s: more than %d rows", m->name, IMGACT_MAX_FIELDS);
    if (!check_row(m, &fields[rows])) return false;
    if (is_torn(fields, rows))
      return reject_row(m, &fields[rows], "must stand next to the rows with its first name");
  }
  bool actions = m->id == IMGACT_TARGET_ACTION_ID;
  if (!rows || rows_of(fields, m->id, &unused) != 1)
    return reject(m->c, "%s: exactly one row must have the %s", m->name,
                  m->id == IMGACT_TARGET_REGION_SLUG ? "slug" : "id");
  if (actions && !rows_of(fields, IMGACT_TARGET_ACTION_STATUS, &unused))
    return reject(m->c, "%s: no row has the status", m->name);
  return !actions || check_resources(m, fields);
}

static bool check_maps(const checker *c) {
  const imgact_provider *p = c->provider;
  const map_checker images = {c, "image_map",        "images",
                              0, IMGACT_TARGET_NONE, IMGACT_TARGET_IMAGE_ID},
                    actions = {c,
                               "action_map",
                               "actions",
                               IMGACT_TARGET_NONE + 1,
                               IMGACT_TARGET_ACTION_RESOURCE_TYPE,
                               IMGACT_TARGET_ACTION_ID},
                    regions = {c,          "region_map",
                               "regions",  IMGACT_TARGET_ACTION_RESOURCE_TYPE + 1,
                               IA_MEMBERS, IMGACT_TARGET_REGION_SLUG};
  return (!p->image_map || check_map(&images, p->image_map->fields)) &&
         (!p->action_map || check_map(&actions, p->action_map->fields)) &&
         (!p->region_map || check_map(&regions, p->region_map->fields));
}

/* ---- requests ---- */

/* Returns where the variable that starts at "{" ends; NULL: it is unknown, or not of this
 * operation. */
static const char *end_of_variable(const slot_checker *s, const char *at) {
  size_t length = strcspn(at + 1, "{}[]/");
  if (at[length + 1] == '}' && ia_has_variable(s->kind, at + 1, length)) return at + length + 1;
  (void)reject(s->c, "%s: path: unknown variable '%.*s'", imgact_op_kind_name(s->kind),
               (int)length + 2, at);
  return NULL;
}

/* Returns true if every URL from the path continues the endpoint with a slash: otherwise the path
 * would extend the host name of the endpoint. */
static bool begins_with_slash(const char *path) {
  if (*path != '[') return *path == '/';
  const char *end = strchr(path, ']');
  return path[1] == '/' && end && end[1] == '/';
}

static bool has_row(const imgact_argument *rows, intptr_t source) {
  for (; rows && rows->key; rows++)
    if (rows->source == source) return true;
  return false;
}

static bool sends_row(const imgact_slot *slot, intptr_t source) {
  return has_row(slot->query, source) || has_row(slot->body, source);
}

/* A request that lacks its image, action, ids, region or protection would affect other objects. Not
 * checked with prepare, which may add them. */
static bool check_objects(const slot_checker *s) {
  const imgact_slot *slot = s->slot;
  const ia_operation *operation = &ia_operations[s->kind];
  bool of_image = s->kind == IMGACT_OP_GET_IMAGE || ia_changes_existing(s->kind);
  bool of_server = (operation->argument & (IA_ARGUMENT_SERVER | IA_ARGUMENT_CREATE)) != 0;
  bool has_action = strstr(slot->path, "{action}") != NULL;
  const char *lacking = NULL;
  if (slot->prepare) return true;

  if (of_image && !strstr(slot->path, "{image}")) lacking = "path: missing {image}";
  if (of_server && !strstr(slot->path, "{server}")) lacking = "path: missing {server}";
  if (operation->argument == IA_ARGUMENT_IMPORT && !sends_row(slot, IMGACT_SOURCE_URL))
    lacking = "no row sends the URL";
  if (s->kind == IMGACT_OP_GET_ACTION && !has_action) lacking = "path: missing {action}";
  if (s->kind == IMGACT_OP_WAIT_ACTIONS && !has_action &&
      !sends_row(slot, IMGACT_SOURCE_ACTION_IDS))
    lacking = "no row or path sends the ids";
  if (operation->argument == IA_ARGUMENT_REGION && !strstr(slot->path, "{region}") &&
      !sends_row(slot, IMGACT_SOURCE_REGION))
    lacking = "no row or path sends the region";
  bool of_offer =
      operation->argument == IA_ARGUMENT_HANDOVER && s->kind != IMGACT_OP_CREATE_HANDOVER;
  if (of_offer && !has_row(slot->body, IMGACT_SOURCE_TRANSFER_ID))
    lacking = "no row sends the id of the offer";
  if (operation->argument == IA_ARGUMENT_TAG && !strstr(slot->path, "{tag}") &&
      !sends_row(slot, IMGACT_SOURCE_TAG))
    lacking = "no row or path sends the tag";
  if (operation->argument == IA_ARGUMENT_PROTECT && !sends_row(slot, IMGACT_SOURCE_PROTECT))
    lacking = "no row sends the protection";
  return !lacking || reject_slot(s, lacking);
}

static bool check_path(const slot_checker *s) {
  static const char plain[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:";
  bool in_brackets = false, has_variable = false;
  if (!begins_with_slash(s->slot->path)) return reject_slot(s, "path: must start with '/'");
  if (strlen(s->slot->path) > IMGACT_MAX_PATH_BYTES) return reject_slot(s, "path: too long");
  for (const char *at = s->slot->path; *at; at++) {
    if (*at == '{') {
      if (!(at = end_of_variable(s, at))) return false;
      has_variable = true;
    } else if (*at == '[' || *at == ']') {
      if ((*at == '[') == in_brackets || (*at == ']' && !has_variable) ||
          (*at == '[' && at[1] != '/'))
        return reject_slot(s, "path: a part in brackets needs a variable and its end");
      in_brackets = *at == '[';
      has_variable = false;
    } else if (!strchr(plain, *at)) {
      return reject_slot(s, "path: invalid character");
    }
  }
  return !in_brackets || reject_slot(s, "path: a part in brackets needs a variable and its end");
}

static intptr_t last_enum(const ia_filter *filter) {
  switch (filter->kind) {
  case IA_FILTER_IMAGE_TYPES: return IMGACT_IMAGE_TYPE_CUSTOM;
  case IA_FILTER_IMAGE_STATUSES: return IMGACT_IMAGE_STATUS_RETIRED;
  case IA_FILTER_ACTION_STATUSES: return IMGACT_ACTION_STATUS_ERROR;
  default: return IMGACT_VISIBILITY_PRIVATE;
  }
}

static const char *wrong_argument(const slot_checker *s, const imgact_argument *row, bool in_body) {
  const ia_filter *filter = ia_filter_of_source(row->source);
  bool is_type = row->source == IMGACT_SOURCE_TYPE;
  bool needs_words = is_type || (filter && ia_filter_is_enum(filter->kind));
  bool needs_text = row->source == IMGACT_SOURCE_TEXT || row->source == IMGACT_SOURCE_CONVERT ||
                    (filter && filter->kind == IA_FILTER_FLAG);
  if (!ia_has_source(s->kind, row->source, in_body))
    return "has a source that is not available there";
  if (needs_words && !row->words) return "needs words";
  if (!needs_words && row->words) return "has words that its source does not use";
  if (needs_words &&
      !check_values(row->words, is_type ? IMGACT_IMAGE_TYPE_CUSTOM : last_enum(filter)))
    return "has a word with an unknown value";
  return needs_text && !row->text ? "needs a text" : NULL;
}

static bool check_argument(const slot_checker *s, const imgact_argument *row, bool in_body) {
  const char *wrong = wrong_argument(s, row, in_body);
  return !wrong || reject(s->c, "%s: %s row '%s' %s", imgact_op_kind_name(s->kind),
                          in_body ? "body" : "query", row->key, wrong);
}

/* A filter that no row sends would be ignored. Not checked with prepare, which may send it. */
static bool check_filters(const slot_checker *s) {
  uint32_t sent = strstr(s->slot->path, "{image}") ? IMGACT_FILTER_BIT(ACTION_IMAGE) : 0;
  for (const imgact_argument *row = s->slot->query; row && row->key; row++) {
    const ia_filter *filter = ia_filter_of_source(row->source);
    if (filter && !((s->slot->server_filters | s->slot->local_filters) & filter->bit))
      return reject(s->c, "%s: query row '%s' sends the filter '%s', which no mask has",
                    imgact_op_kind_name(s->kind), row->key, filter->word);
    if (filter) sent |= filter->bit;
  }
  const imgact_image_map *map = s->c->provider->image_map;
  if (map && map->public_types && (sent & IMGACT_FILTER_BIT(IMAGE_TYPE)))
    sent |= IMGACT_FILTER_BIT(IMAGE_VISIBILITY);
  uint32_t lost = s->slot->prepare ? 0 : s->slot->server_filters & ~sent;
  return !lost || reject(s->c, "%s: no row sends the filter '%s'", imgact_op_kind_name(s->kind),
                         ia_filter_word(lost));
}

static bool is_method(const char *method) {
  static const char *const known[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (!strcmp(known[i], method)) return true;
  return false;
}

static bool check_request(const slot_checker *s) {
  const imgact_slot *slot = s->slot;
  const char *method = slot->method ? slot->method : "GET";
  if (!is_method(method)) return reject_slot(s, "unknown method");
  if (slot->body && !strcmp(method, "GET")) return reject_slot(s, "a GET has no body");
  if (slot->max_ids > 1 && strstr(slot->path, "{action}"))
    return reject_slot(s, "max_ids: a path with {action} asks for one id");
  for (const imgact_argument *row = slot->query; row && row->key; row++)
    if (!check_argument(s, row, false)) return false;
  for (const imgact_argument *row = slot->body; row && row->key; row++)
    if (!check_argument(s, row, true)) return false;
  return check_path(s) && check_objects(s) && check_filters(s);
}

/* ---- responses ---- */

static bool check_response(const slot_checker *s) {
  const imgact_slot *slot = s->slot;
  const imgact_provider *p = s->c->provider;
  bool is_list = ia_lists(s->kind);
  if ((slot->image || slot->images) && !p->image_map) return reject_slot(s, "missing image_map");
  if ((slot->action || slot->actions) && !p->action_map)
    return reject_slot(s, "missing action_map");
  if (slot->regions && !p->region_map) return reject_slot(s, "missing region_map");
  const char *missing = NULL;
  if (ia_lists_images(s->kind) && !slot->images) missing = "missing images";
  if (s->kind == IMGACT_OP_GET_IMAGE && !slot->image) missing = "missing image";
  if (ia_lists_actions(s->kind) && !slot->actions) missing = "missing actions";
  if (s->kind == IMGACT_OP_LIST_REGIONS && !slot->regions) missing = "missing regions";
  if ((slot->flags & IMGACT_SLOT_CREATES_IMAGE) && !slot->image && !slot->finish)
    missing = "missing image";
  if ((slot->flags & IMGACT_SLOT_CREATES_ACTION) && !slot->action && !slot->finish)
    missing = "missing action";
  if (s->kind == IMGACT_OP_GET_ACTION && !slot->action) missing = "missing action";
  if (s->kind == IMGACT_OP_CREATE_HANDOVER && !slot->value && !slot->finish)
    missing = "missing value";
  if (s->kind == IMGACT_OP_WAIT_ACTIONS && !slot->action && !slot->actions)
    missing = "missing action or actions";
  if (missing) return reject_slot(s, missing);
  return !is_list || p->paging || p->read_page ||
         reject_slot(s, "missing paging, read_page or decode");
}

/* ---- slots ---- */

/* The flags decide whether a request is resent and how the outcome of a lost response is found. */
static bool check_flags(const slot_checker *s) {
  const imgact_slot *slot = s->slot;
  bool creates = (slot->flags & IMGACT_SLOT_CREATES_ACTION) != 0,
       idempotent = (slot->flags & IMGACT_SLOT_IDEMPOTENT) != 0,
       immediate = (slot->flags & IMGACT_SLOT_IMMEDIATE) != 0;
  if (ia_operations[s->kind].argument == IA_ARGUMENT_TAG && !idempotent)
    return reject_slot(s, "flags: missing IMGACT_SLOT_IDEMPOTENT");
  bool starts_action = ia_operations[s->kind].action != IMGACT_ACTION_KIND_OTHER;
  bool makes_image = (slot->flags & IMGACT_SLOT_CREATES_IMAGE) != 0;
  if (s->kind == IMGACT_OP_IMPORT_IMAGE && !makes_image)
    return reject_slot(s, "flags: missing IMGACT_SLOT_CREATES_IMAGE");
  if (makes_image && (creates || idempotent))
    return reject_slot(s, "flags: IMGACT_SLOT_CREATES_IMAGE excludes IMGACT_SLOT_CREATES_ACTION "
                          "and IMGACT_SLOT_IDEMPOTENT");
  if (starts_action && !creates && !idempotent)
    return reject_slot(s, "flags: neither IMGACT_SLOT_CREATES_ACTION nor IMGACT_SLOT_IDEMPOTENT");
  if (creates && immediate)
    return reject_slot(s, "flags: IMGACT_SLOT_IMMEDIATE excludes IMGACT_SLOT_CREATES_ACTION");
  if (creates && !slot->matches_action && !slot->image_shows_effect)
    return reject_slot(s, "missing matches_action or image_shows_effect");
  if (slot->max_ids > MAX_IDS) return reject_slot(s, "max_ids: more than 64");
  return slot->rate_limit_index < IA_QUOTAS || reject_slot(s, "rate_limit_index: more than 3");
}

static bool check_slot(const slot_checker *s) {
  const imgact_slot *slot = s->slot;
  bool rows = slot->image || slot->images || slot->action || slot->actions || slot->regions ||
              slot->value || slot->finish || slot->method || slot->query || slot->body ||
              slot->prepare;
  if (!ia_slot_sends(slot))
    return (!slot->decode && !rows) || reject_slot(s, "missing path or encode");
  if (slot->encode && !slot->decode && !rows) return reject_slot(s, "missing decode");
  if (!slot->encode && !check_request(s)) return false;
  if (!slot->decode && !check_response(s)) return false;
  return check_flags(s);
}

/* An item that does not report the member of a filter does not pass it: without a row, no item
 * would. What finish sets is not known. */
static bool check_local_filters(const slot_checker *s) {
  const imgact_provider *p = s->c->provider;
  bool images = s->kind == IMGACT_OP_LIST_IMAGES;
  const imgact_field *fields = images          ? p->image_map ? p->image_map->fields : NULL
                               : p->action_map ? p->action_map->fields
                                               : NULL,
                     *found = NULL;
  bool finishes =
      images ? p->image_map && p->image_map->finish : p->action_map && p->action_map->finish;
  for (const ia_filter *f = ia_filters_of(s->kind); f->word; f++) {
    bool of_type =
        f->target == IMGACT_TARGET_IMAGE_IS_PUBLIC && p->image_map && p->image_map->public_types;
    bool counts_missing = f->kind == IA_FILTER_PROTECTION;
    if (!(s->slot->local_filters & f->bit) || f->target == IMGACT_TARGET_NONE || of_type ||
        counts_missing)
      continue;
    if (fields && !finishes && !rows_of(fields, f->target, &found))
      return reject(s->c, "%s: local_filters: no row of the map sets the member of the filter '%s'",
                    imgact_op_kind_name(s->kind), f->word);
  }
  return true;
}

/* Rejects bits that are no filters of the list, and local filters that the library cannot apply. */
static bool check_masks(const slot_checker *s) {
  uint32_t unknown = (s->slot->server_filters | s->slot->local_filters) & ~ia_filter_all(s->kind);
  if (unknown)
    return reject(s->c, "%s: server_filters or local_filters: '%s' is no filter of this operation",
                  imgact_op_kind_name(s->kind), ia_filter_word(unknown));
  if (s->slot->local_filters & ~ia_filter_local(s->kind))
    return reject_slot(s, "local_filters has a filter that only a server can apply");
  return s->slot->decode || check_local_filters(s);
}

static bool check_slots(const checker *c) {
  for (int kind = 0; kind < IMGACT_OP_COUNT; kind++) {
    if (kind == IMGACT_OP_FIND_IMAGE || kind == IMGACT_OP_CHANGE_TAGS)
      continue; /* the slots of list_images, tag_images */
    const slot_checker s = {c, ia_provider_slot(c->provider, (imgact_op_kind)kind),
                            (imgact_op_kind)kind};
    if (s.slot && (!check_masks(&s) || !check_slot(&s))) return false;
  }
  return true;
}

static bool check_name_lookup(const checker *c) {
  const imgact_provider *p = c->provider;
  const imgact_slot *by_name = ia_provider_slot(p, IMGACT_OP_GET_IMAGE);
  return !sends(p, IMGACT_OP_GET_IMAGE) || !(by_name->flags & IMGACT_SLOT_NAME_LOOKUP) ||
         sends(p, IMGACT_OP_LIST_IMAGES) ||
         reject(c, "get_image: a lookup by name needs list_images");
}

static bool check_action_lookup(const checker *c) {
  const imgact_provider *p = c->provider;
  const imgact_slot *by_id = ia_provider_slot(p, IMGACT_OP_GET_ACTION);
  return !sends(p, IMGACT_OP_GET_ACTION) || !(by_id->flags & IMGACT_SLOT_ACTION_LOOKUP) ||
         sends(p, IMGACT_OP_WAIT_ACTIONS) ||
         reject(c, "get_action: a lookup of an action needs wait_actions");
}

imgact_status ia_provider_check(const imgact_provider *p, imgact_error *error) {
  const checker c = {p, error};
  if (p->size < sizeof *p || !p->name)
    return imgact_error_set(
        error, IMGACT_INVALID_ARGUMENT,
        "a provider has no name, or a size that is not sizeof(imgact_provider)");
  const char *member = missing_member(p);
  bool ok = member ? reject(&c, "missing or invalid %s", member)
                   : check_headers(&c) && check_maps(&c) && check_slots(&c) &&
                         check_name_lookup(&c) && check_action_lookup(&c);
  return ok ? IMGACT_OK : IMGACT_INVALID_ARGUMENT;
}
