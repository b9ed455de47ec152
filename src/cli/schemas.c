// SPDX-License-Identifier: MIT
/* The keys of every object that the tool prints, in order, and where their values are stored. */
#include "schema.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static const void *member(const cli_field *field, const void *item) {
  return (const char *)item + field->offset;
}

static void set_text(cli_value *value, const char *text) {
  value->text = text;
  value->kind = text ? CLI_VALUE_TEXT : CLI_VALUE_NULL;
}

static void set_bool(cli_value *value, bool yes) {
  value->integer = yes;
  value->kind = CLI_VALUE_BOOL;
}

static void set_integer(cli_value *value, int64_t integer) {
  value->integer = integer;
  value->kind = CLI_VALUE_INTEGER;
}

static void set_object(cli_value *value, const cli_schema *schema, const void *item) {
  value->items = item;
  value->schema = schema;
  value->kind = item ? CLI_VALUE_OBJECT : CLI_VALUE_NULL;
}

void cli_get_text(const cli_field *field, const void *item, cli_value *value) {
  set_text(value, *(const char *const *)member(field, item));
}

void cli_get_bool(const cli_field *field, const void *item, cli_value *value) {
  set_bool(value, *(const int *)member(field, item) != 0);
}

void cli_get_count(const cli_field *field, const void *item, cli_value *value) {
  int64_t count = *(const int64_t *)member(field, item);
  if (count >= 0) set_integer(value, count);
}

void cli_get_seconds(const cli_field *field, const void *item, cli_value *value) {
  int64_t ms = *(const int64_t *)member(field, item);
  if (ms < 0) return;
  if (ms % 1000 == 0) {
    set_integer(value, ms / 1000);
    return;
  }
  value->number = (double)ms / 1000;
  value->kind = CLI_VALUE_NUMBER;
}

static void put_two_digits(char *at, int number) {
  at[0] = (char)('0' + number / 10);
  at[1] = (char)('0' + number % 10);
}

/* The library reads no years above 9999. */
void cli_get_time(const cli_field *field, const void *item, cli_value *value) {
  int64_t ms = *(const int64_t *)member(field, item);
  if (ms == IMGACT_NO_TIME) return;
  time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
  struct tm tm;
  if (!gmtime_r(&seconds, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) return;
  static const char form[] = "0000-00-00T00:00:00Z";
  int year = tm.tm_year + 1900;
  memcpy(value->buffer, form, sizeof form);
  put_two_digits(value->buffer, year / 100);
  put_two_digits(value->buffer + 2, year % 100);
  put_two_digits(value->buffer + 5, tm.tm_mon + 1);
  put_two_digits(value->buffer + 8, tm.tm_mday);
  put_two_digits(value->buffer + 11, tm.tm_hour);
  put_two_digits(value->buffer + 14, tm.tm_min);
  put_two_digits(value->buffer + 17, tm.tm_sec);
  set_text(value, value->buffer);
}

/* A char array of an error: empty = null. */
static void get_word(const cli_field *field, const void *item, cli_value *value) {
  const char *word = member(field, item);
  set_text(value, word[0] ? word : NULL);
}

/* ---- members of images and actions ---- */

static const cli_field resource_fields[] = {
    {"id", cli_get_text, offsetof(imgact_resource, id)},
    {"type", cli_get_text, offsetof(imgact_resource, type)}};
static const char *const resource_summary[] = {"type", "id", NULL};
static const cli_schema resource_schema = {
    .fields = resource_fields, .count = COUNT_OF(resource_fields), .summary = resource_summary};

static void get_number(const void *at, const char *digits, cli_value *value) {
  /* The text of the number if the provider reports it: printing a double would change
   * 0.6899999999999999 to 0.69. */
  value->text = digits;
  value->number = *(const double *)at;
  value->kind = digits                    ? CLI_VALUE_JSON
                : isfinite(value->number) ? CLI_VALUE_NUMBER
                                          : CLI_VALUE_NULL;
}

static void get_array(const void *at, const void *count, cli_value_kind kind, cli_value *value) {
  value->items = *(const void *const *)at;
  value->count = *(const size_t *)count;
  value->kind = value->items ? kind : CLI_VALUE_NULL;
}

static void get_resources(const void *at, const void *count, cli_value *value) {
  get_array(at, count, CLI_VALUE_OBJECTS, value);
  value->kind = CLI_VALUE_OBJECTS;
  value->stride = sizeof(imgact_resource);
  value->schema = &resource_schema;
}

static void get_tristate(imgact_tristate answer, cli_value *value) {
  if (answer != IMGACT_TRISTATE_UNKNOWN) set_bool(value, answer == IMGACT_TRISTATE_TRUE);
}

static void get_member(const imgact_member *member, const void *item, cli_value *value) {
  const void *at = (const char *)item + member->offset;
  const void *second = (const char *)item + member->second;
  const cli_field time = {.offset = member->offset};
  switch (member->kind) {
  case IMGACT_MEMBER_TEXT:
  case IMGACT_MEMBER_NONEMPTY:
  case IMGACT_MEMBER_ID:
  case IMGACT_MEMBER_DERIVED: set_text(value, *(const char *const *)at); break;
  case IMGACT_MEMBER_IMAGE_TYPE:
    set_text(value, imgact_image_type_name(*(const imgact_image_type *)at));
    break;
  case IMGACT_MEMBER_IMAGE_STATUS:
    set_text(value, imgact_image_status_name(*(const imgact_image_status *)at));
    break;
  case IMGACT_MEMBER_ACTION_KIND:
    set_text(value, imgact_action_kind_name(*(const imgact_action_kind *)at));
    break;
  case IMGACT_MEMBER_ACTION_STATUS:
    set_text(value, imgact_action_status_name(*(const imgact_action_status *)at));
    break;
  case IMGACT_MEMBER_STRINGS: get_array(at, second, CLI_VALUE_TEXTS, value); break;
  case IMGACT_MEMBER_LABELS: get_array(at, second, CLI_VALUE_LABELS, value); break;
  case IMGACT_MEMBER_RESOURCES: get_resources(at, second, value); break;
  case IMGACT_MEMBER_NUMBER: get_number(at, *(const char *const *)second, value); break;
  case IMGACT_MEMBER_TIME: cli_get_time(&time, item, value); break;
  case IMGACT_MEMBER_TRISTATE: get_tristate(*(const imgact_tristate *)at, value); break;
  case IMGACT_MEMBER_PERCENT:
    if (*(const int32_t *)at >= 0) set_integer(value, *(const int32_t *)at);
    break;
  default: break;
  }
}

/* The field's offset is the index of its member. */
static void get_image_member(const cli_field *field, const void *item, cli_value *value) {
  get_member(imgact_image_member(field->offset), item, value);
}

static void get_action_member(const cli_field *field, const void *item, cli_value *value) {
  get_member(imgact_action_member(field->offset), item, value);
}

#define IMAGE_INDEX(target, kind, member, second, key)  IMAGE_##target,
#define IMAGE_INDICES(key, LIST)                        LIST(IMAGE_INDEX)
#define ACTION_INDEX(target, kind, member, second, key) ACTION_##target,
#define ACTION_INDICES(key, LIST)                       LIST(ACTION_INDEX)
#define REGION_INDEX(target, kind, member, second, key) REGION_##target,
#define REGION_INDICES(key, LIST)                       LIST(REGION_INDEX)
enum { IMGACT_IMAGE_MEMBERS(IMAGE_INDEX, IMAGE_INDICES) IMAGE_MEMBERS };
enum { IMGACT_ACTION_MEMBERS(ACTION_INDEX, ACTION_INDICES) ACTION_MEMBERS };
enum { IMGACT_REGION_MEMBERS(REGION_INDEX, REGION_INDICES) REGION_MEMBERS };

#define IMAGE_FIELD(target, kind, member, second, key)  {key, get_image_member, IMAGE_##target},
#define ACTION_FIELD(target, kind, member, second, key) {key, get_action_member, ACTION_##target},
#define REGION_FIELD(target, kind, member, second, key) {key, get_region_member, REGION_##target},
#define OBJECT_FIELD(key, LIST)                         {#key, get_##key, 0},

/* ---- images ---- */

/* Members of an object: their keys without that of the object. */
#define SERVER_FIELD(target, kind, member, second, key)                                            \
  {&(key)[sizeof "created_from"], get_image_member, IMAGE_##target},
static const cli_field server_fields[] = {IMGACT_CREATED_FROM_MEMBERS(SERVER_FIELD)};
static const char *const server_summary[] = {"id", "name", NULL};
static const cli_schema server_schema = {
    .fields = server_fields, .count = COUNT_OF(server_fields), .summary = server_summary};

static void get_created_from(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  const imgact_image *image = item;
  if (image->created_from_id || image->created_from_name) set_object(value, &server_schema, image);
}

static const cli_field image_fields[] = {IMGACT_IMAGE_MEMBERS(IMAGE_FIELD, OBJECT_FIELD)};
static const char *const image_columns[] = {
    "id", "name", "description", "type", "status", "architecture", "size_gb", "created_at", NULL};
static const char *const image_summary[] = {"id", NULL};
static const char *image_raw(const void *item) { return imgact_image_raw(item); }
const cli_schema cli_image_schema = {
    image_fields, COUNT_OF(image_fields), image_columns, image_summary, image_raw, true, false};

/* ---- actions ---- */

#define REASON_FIELD(target, kind, member, second, key)                                            \
  {&(key)[sizeof "error"], get_action_member, ACTION_##target},
static const cli_field reason_fields[] = {IMGACT_ACTION_ERROR_MEMBERS(REASON_FIELD)};
static const char *const reason_summary[] = {"code", "message", NULL};
static const cli_schema reason_schema = {
    .fields = reason_fields, .count = COUNT_OF(reason_fields), .summary = reason_summary};

static void get_error(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  const imgact_action *action = item;
  if (action->status == IMGACT_ACTION_STATUS_ERROR) set_object(value, &reason_schema, action);
}

static const cli_field action_fields[] = {IMGACT_ACTION_MEMBERS(ACTION_FIELD, OBJECT_FIELD)};
static const char *const action_columns[] = {"id",         "command",     "status", "progress",
                                             "started_at", "finished_at", "region", "resources",
                                             "error",      NULL};
static const char *const action_summary[] = {"id", "status", NULL};
static const char *action_raw(const void *item) { return imgact_action_raw(item); }
const cli_schema cli_action_schema = {
    action_fields, COUNT_OF(action_fields), action_columns, action_summary, action_raw, true,
    false};

/* ---- regions ---- */

static void get_region_member(const cli_field *field, const void *item, cli_value *value) {
  get_member(imgact_region_member(field->offset), item, value);
}

static const cli_field region_fields[] = {IMGACT_REGION_MEMBERS(REGION_FIELD, OBJECT_FIELD)};
static const char *const all_but_provider[] = {"slug", "name", "available", "image_transfer", NULL};
const cli_schema cli_region_schema = {
    .fields = region_fields, .count = COUNT_OF(region_fields), .columns = all_but_provider};

/* ---- errors ---- */

static const imgact_error *error_of(const void *item) { return ((const cli_failure *)item)->error; }

static void get_code(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  set_text(value, imgact_status_name((imgact_status)error_of(item)->status));
}

static void get_message(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  set_text(value, error_of(item)->message);
}

static void get_error_word(const cli_field *field, const void *item, cli_value *value) {
  get_word(field, error_of(item), value);
}

static void get_http_status(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  if (error_of(item)->http_status > 0) set_integer(value, error_of(item)->http_status);
}

static void get_retry_after(const cli_field *field, const void *item, cli_value *value) {
  cli_get_seconds(field, error_of(item), value);
}

static void get_maybe_applied(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  set_bool(value, (error_of(item)->flags & IMGACT_ERROR_MAYBE_APPLIED) != 0);
}

static void get_details(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  value->text = ((const cli_failure *)item)->details;
  value->kind = value->text ? CLI_VALUE_JSON : CLI_VALUE_NULL;
}

static const cli_field failure_fields[] = {
    {"code", get_code, 0},
    {"message", get_message, 0},
    {"provider", get_error_word, offsetof(imgact_error, provider)},
    {"http_status", get_http_status, 0},
    {"provider_code", get_error_word, offsetof(imgact_error, provider_code)},
    {"request_id", get_error_word, offsetof(imgact_error, request_id)},
    {"retry_after", get_retry_after, offsetof(imgact_error, retry_after_ms)},
    {"maybe_applied", get_maybe_applied, 0},
    {"details", get_details, 0},
    {"profile", get_error_word, offsetof(imgact_error, profile)},
};
/* The message is printed on stderr. */
static const char *const failure_summary[] = {"code", NULL};
const cli_schema cli_failure_schema = {
    .fields = failure_fields, .count = COUNT_OF(failure_fields), .summary = failure_summary};

/* ---- outcomes ---- */

static void get_outcome_action(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  set_object(value, &cli_action_schema, ((const cli_outcome *)item)->action);
}

static void get_outcome_image(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  set_object(value, &cli_image_schema, ((const cli_outcome *)item)->image);
}

static void get_changed(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  get_tristate(((const cli_outcome *)item)->changed, value);
}

static void get_outcome_error(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  const cli_outcome *outcome = item;
  if (!outcome->ok) set_object(value, &cli_failure_schema, &outcome->failure);
}

static const cli_field outcome_fields[] = {
    {"image_id", cli_get_text, offsetof(cli_outcome, image_id)},
    {"region", cli_get_text, offsetof(cli_outcome, region)},
    {"ok", cli_get_bool, offsetof(cli_outcome, ok)},
    {"changed", get_changed, 0},
    {"adopted", cli_get_bool, offsetof(cli_outcome, adopted)},
    {"action", get_outcome_action, 0},
    {"image", get_outcome_image, 0},
    {"error", get_outcome_error, 0},
};
static const char *const outcome_columns[] = {"image_id", "ok", "action", "error", NULL};
static const char *const region_columns[] = {"image_id", "region", "ok", "action", "error", NULL};
const cli_schema cli_outcome_schema = {.fields = outcome_fields,
                                       .count = COUNT_OF(outcome_fields),
                                       .columns = outcome_columns,
                                       .has_later_keys = true};
const cli_schema cli_region_outcome_schema = {.fields = outcome_fields,
                                              .count = COUNT_OF(outcome_fields),
                                              .columns = region_columns,
                                              .has_later_keys = true};

const cli_schema *cli_field_schema(const cli_field *field) {
  static const struct {
    void (*get)(const cli_field *field, const void *item, cli_value *value);
    const cli_schema *schema;
  } objects[] = {{get_created_from, &server_schema},
                 {get_error, &reason_schema},
                 {get_outcome_action, &cli_action_schema},
                 {get_outcome_image, &cli_image_schema},
                 {get_outcome_error, &cli_failure_schema}};
  for (size_t i = 0; i < COUNT_OF(objects); i++)
    if (field->get == objects[i].get) return objects[i].schema;
  return NULL;
}

const cli_field *cli_schema_field(const cli_schema *schema, const char *key, size_t length) {
  for (size_t i = 0; i < schema->count; i++)
    if (strlen(schema->fields[i].key) == length && !strncmp(schema->fields[i].key, key, length))
      return &schema->fields[i];
  return NULL;
}
