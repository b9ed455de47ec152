// SPDX-License-Identifier: MIT
/* Reads responses by the rows of a provider's table: results, pages, errors, rate limits. A
 * response without its list or object, and an object without an id, is an error. Any other member
 * that is missing, null or of another type is not reported. */
#include "decode.h"
#include "field_reader.h"
#include "json_doc.h"
#include "operation.h"
#include "words.h"
#include <string.h>

/* ---- paths ---- */

const imgact_json *imgact_json_at(const imgact_json *value, const char *path) {
  if (!path) return NULL;
  return *path ? ia_json_at_n(value, path, strlen(path)) : value;
}

int imgact_json_is_other(const imgact_json *value, imgact_json_type expected) {
  imgact_json_type type = imgact_json_get_type(value);
  return type != IMGACT_JSON_ABSENT && type != IMGACT_JSON_NULL && type != expected;
}

/* Returns true if a value of the path is present but not an object. */
static bool is_broken(const imgact_json *value, const char *path) {
  bool broken = imgact_json_is_other(value, IMGACT_JSON_OBJECT);
  for (const char *end = path; end && !broken; end = *end ? end + 1 : NULL) {
    end += strcspn(end, ".");
    broken =
        imgact_json_is_other(ia_json_at_n(value, path, (size_t)(end - path)), IMGACT_JSON_OBJECT);
  }
  return broken;
}

/* ---- pages ---- */

/* Page numbers may be null. */
static int64_t page_number(const imgact_json *object, const char *key) {
  int64_t number = 0;
  const imgact_json *value = key ? imgact_json_get(object, key) : NULL;
  return imgact_json_as_int(value, &number) && number > 0 ? number : -1;
}

/* Only the number or cursor of the next page says whether there is one: the other numbers may be
 * null, also on the last page. A value of another type is passed on as an unknown next page, so
 * that the list does not count as complete. */
static void read_next(const imgact_paging *p, const imgact_json *body, const imgact_json *object,
                      imgact_result *result) {
  const imgact_json *next = p->next ? imgact_json_get(object, p->next) : NULL,
                    *cursor = p->cursor ? imgact_json_get(object, p->cursor) : NULL;
  int64_t number = 0;
  bool is_number = imgact_json_as_int(next, &number);
  const char *text = imgact_decode_nonempty_string(result, cursor);
  if (is_broken(body, p->object) || imgact_json_is_other(cursor, IMGACT_JSON_STRING) ||
      (!is_number && imgact_json_is_other(next, IMGACT_JSON_NULL)))
    imgact_result_set_next_page(result, 0, NULL, NULL);
  else if (number != 0 || text)
    imgact_result_set_next_page(result, number, text, text);
}

static void read_page(const imgact_paging *p, const imgact_response *response,
                      imgact_result *result) {
  const imgact_json *body = imgact_response_json(response),
                    *object = p->object ? imgact_json_at(body, p->object) : body;
  int64_t total = -1;
  imgact_json_as_int(p->total ? imgact_json_get(object, p->total) : NULL, &total);
  const imgact_pagination page = {.page = page_number(object, p->page),
                                  .per_page = page_number(object, p->per_page),
                                  .previous = page_number(object, p->previous),
                                  .next = page_number(object, p->next),
                                  .last = page_number(object, p->last),
                                  .total = total >= 0 ? total : -1};
  imgact_result_set_pagination(result, &page);
  read_next(p, body, object, result);
}

/* ---- results ---- */

typedef struct decoder {
  const imgact_provider *provider;
  const imgact_call *call;
  imgact_result *result;
  imgact_error *error;
  const imgact_json *body;
} decoder;

/* Reads the items at the key by the rows of their map. */
static imgact_status read_items(const decoder *d, const char *key, const imgact_field *fields,
                                ia_read_item_fn read, bool list) {
  ia_field_plan plan;
  ia_field_plan_init(&plan, fields);
  const ia_field_reader reader = {&plan, d->provider, d->call};
  const imgact_json *value = imgact_json_at(d->body, key);
  return (list ? ia_result_read_list : ia_result_read_object)(d->result, value, key, read, &reader,
                                                              d->error);
}

static imgact_status read_images(const decoder *d, const char *key, bool list) {
  return read_items(d, key, d->provider->image_map->fields, ia_read_image, list);
}

static imgact_status read_actions(const decoder *d, const char *key, bool list) {
  return read_items(d, key, d->provider->action_map->fields, ia_read_action, list);
}

/* A change that is done when the response arrives has no action of its own. */
static void add_finished_action(const decoder *d) {
  imgact_resource *resource = imgact_result_alloc_resources(d->result, 1);
  imgact_action *action = imgact_result_add_action(d->result, NULL);
  action->command = imgact_op_kind_name(d->call->kind);
  action->kind = ia_operations[d->call->kind].action;
  action->status = IMGACT_ACTION_STATUS_SUCCESS;
  action->progress = 100;
  action->region = imgact_result_strdup(d->result, d->call->region);
  if (!resource) return;
  *resource = (imgact_resource){imgact_result_strdup(d->result, d->call->image_ref), "image"};
  action->resources = resource;
  action->resources_count = 1;
}

static imgact_status decode_rows(const decoder *d, const imgact_slot *slot,
                                 const imgact_response *response) {
  const imgact_provider *p = d->provider;
  imgact_status status = IMGACT_OK;
  bool is_list = slot->images || slot->actions || slot->regions;
  if (is_list && p->read_page)
    p->read_page(d->call, response, d->result);
  else if (is_list && p->paging)
    read_page(p->paging, response, d->result);
  if (slot->images) status = read_images(d, slot->images, true);
  if (slot->image && status == IMGACT_OK) status = read_images(d, slot->image, false);
  if (slot->actions && status == IMGACT_OK) status = read_actions(d, slot->actions, true);
  if (slot->action && status == IMGACT_OK) status = read_actions(d, slot->action, false);
  if (slot->regions && status == IMGACT_OK)
    status = read_items(d, slot->regions, p->region_map->fields, ia_read_region, true);
  if (slot->value) imgact_result_set_value(d->result, imgact_json_at(d->body, slot->value));
  if (status == IMGACT_OK && (slot->flags & IMGACT_SLOT_IMMEDIATE)) add_finished_action(d);
  if (status == IMGACT_OK && slot->finish)
    status = slot->finish(d->call, response, d->result, d->error);
  return status;
}

imgact_status ia_decode(const imgact_provider *provider, const imgact_slot *slot,
                        const imgact_call *call, const imgact_response *response,
                        imgact_result *result, imgact_error *error) {
  const decoder d = {provider, call, result, error, imgact_response_json(response)};
  return slot->decode ? slot->decode(call, response, result, error)
                      : decode_rows(&d, slot, response);
}

/* ---- errors ---- */

/* A known code overrides the HTTP status: an exceeded quota with status 429 is not transient. A
 * code for an outage is transient if its HTTP status is (502, 503, 504). */
static void apply_code(const imgact_error_code *code, imgact_error *error) {
  bool outage = error->status == IMGACT_UNAVAILABLE;
  while (code && code->code && strcmp(code->code, error->provider_code) != 0) code++;
  if (!code || !code->code) return;
  uint32_t transient =
      outage && code->status == IMGACT_UNAVAILABLE ? error->flags & IMGACT_ERROR_RETRYABLE : 0;
  error->status = code->status;
  error->flags = code->flags | transient;
}

static void read_error(const imgact_errors *e, const imgact_call *call,
                       const imgact_response *response, imgact_result *result,
                       imgact_error *error) {
  const imgact_json *body = imgact_response_json(response);
  if (imgact_json_copy_string(imgact_json_at(body, e->code), error->provider_code,
                              sizeof error->provider_code))
    apply_code(e->codes, error);
  imgact_json_copy_string(imgact_json_at(body, e->message), error->message, sizeof error->message);
  imgact_result_set_error_details(result, imgact_json_at(body, e->details));
  bool has_id = imgact_json_copy_string(imgact_json_at(body, e->request_id), error->request_id,
                                        sizeof error->request_id);
  if (!has_id && e->request_id_header)
    imgact_response_copy_request_id(response, e->request_id_header, error);
  if (e->finish) e->finish(call, response, result, error);
  if (call->kind == IMGACT_OP_DELETE_IMAGE && error->status == IMGACT_NOT_FOUND)
    error->flags |= IMGACT_ERROR_ALREADY_DELETED;
}

void ia_decode_error(const imgact_provider *provider, const imgact_call *call,
                     const imgact_response *response, imgact_result *result, imgact_error *error) {
  if (provider->decode_error)
    provider->decode_error(call, response, result, error);
  else
    read_error(provider->errors, call, response, result, error);
}

/* ---- rate limits ---- */

#define LAST_SECOND INT64_C(253402300799) /* of the year 9999; a later reset is ignored */

static bool read_header(const imgact_response *response, const char *name, int64_t *value) {
  return name && imgact_response_header_int(response, name, value) && *value >= 0;
}

static void read_rate_headers(const imgact_rate_headers *h, const imgact_response *response,
                              imgact_rate_limit_info *info) {
  imgact_rate_limit *rate = &info->rate_limit;
  int64_t value = 0;
  if (read_header(response, h->limit, &value)) rate->limit = value;
  if (read_header(response, h->remaining, &value)) rate->remaining = value;
  if (read_header(response, h->reset, &value) && value <= LAST_SECOND)
    rate->reset_at = value * 1000;
  if (h->reset_allows_next) info->next_request_at = rate->reset_at;
  if (h->refill_seconds > 0 && rate->limit > 0)
    info->refill_per_second = (double)rate->limit / h->refill_seconds;
  if (h->minute_share > 0 && rate->limit >= h->minute_share)
    info->limit_per_minute = rate->limit / h->minute_share;
}

void ia_decode_rate_limit(const imgact_provider *provider, const imgact_response *response,
                          imgact_rate_limit_info *info) {
  if (provider->decode_rate_limit)
    provider->decode_rate_limit(response, info);
  else if (provider->rate_headers)
    read_rate_headers(provider->rate_headers, response, info);
}
