// SPDX-License-Identifier: MIT
/*
 * DigitalOcean: the table, what an error reply means, what the rate headers say, and how an effect is recognised.
 * There is no protection of images here; conversions and transfers are actions that run for a time.
 */
#include "digitalocean.h"
#include <string.h>

/* "013" would name what "13" does, and be taken for another. */
int ia_digitalocean_is_id(const char *text) {
  size_t digits = strspn(text, "0123456789");
  return digits >= 1 && digits <= 64 && !text[digits] && (*text != '0' || digits == 1);
}

int64_t ia_digitalocean_number(const char *text, size_t length) {
  int64_t number = 0;
  if (length > 18) return 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') return 0;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

/* ---- errors ---- */

/* The second deletion of an image is a 422, while a GET of it is a 404. The sentence has been seen with and without "Image "
 * in front; it is the only text that tells this case from other refusals. */
static int is_deleted_already(const imgact_error *error) {
  return error->http_status == 422 && strstr(error->message, "already deleted");
}

/* "id" is the status in words and adds nothing to it (a 500 has been seen with "bad_request"): the status alone decides. */
static void classify(const imgact_call *call, const imgact_response *response, imgact_result *result, imgact_error *error) {
  (void)result;
  const imgact_json *body = imgact_response_json(response);
  imgact_json_copy(imgact_json_get(body, "id"), error->provider_code, sizeof error->provider_code);
  imgact_json_copy(imgact_json_get(body, "message"), error->message, sizeof error->message);
  if (!imgact_json_copy(imgact_json_get(body, "request_id"), error->request_id, sizeof error->request_id))
    imgact_response_request_id(response, "x-request-id", error);
  if (call->kind != IMGACT_OP_DELETE_IMAGE) return;
  if (is_deleted_already(error)) error->status = IMGACT_NOT_FOUND;
  if (error->status == IMGACT_NOT_FOUND) error->flags |= IMGACT_ERROR_GONE;
}

/* ---- rate ---- */

#define LAST_SECOND INT64_C(253402300799) /* of the year 9999: no reset is later, so what says so tells nothing */

/* A sliding hour: the reset is when the oldest request leaves it, so when one more is possible; seen in the past, too. */
static void rate(const imgact_response *response, imgact_rate_info *info) {
  int64_t value = 0;
  if (imgact_response_integer(response, "ratelimit-limit", &value) && value >= 0) info->rate.limit = value;
  if (info->rate.limit >= 20)
    info->per_minute = info->rate.limit / 20; /* 5 % of the hour's, in any minute: no header tells */
  if (imgact_response_integer(response, "ratelimit-remaining", &value) && value >= 0) info->rate.remaining = value;
  if (imgact_response_integer(response, "ratelimit-reset", &value) && value >= 0 && value <= LAST_SECOND)
    info->wait_until_ms = info->rate.reset_at = value * 1000;
}

/* ---- effects ---- */

static imgact_answer same_convert(const imgact_call *call, const imgact_action *action) {
  (void)call;
  return action->kind == IMGACT_KIND_CONVERT ? IMGACT_YES : IMGACT_NO;
}

/* The region of a transfer's action is its destination; old and some new replies leave it out. */
static imgact_answer same_transfer(const imgact_call *call, const imgact_action *action) {
  if (action->kind != IMGACT_KIND_TRANSFER) return IMGACT_NO;
  if (!action->region) return IMGACT_UNTOLD;
  return strcmp(action->region, call->region) == 0 ? IMGACT_YES : IMGACT_NO;
}

static imgact_answer shows_snapshot(const imgact_call *call, const imgact_image *image) {
  (void)call;
  if (!image->provider_type) return IMGACT_UNTOLD;
  return strcmp(image->provider_type, "snapshot") == 0 ? IMGACT_YES : IMGACT_NO;
}

static imgact_answer shows_region(const imgact_call *call, const imgact_image *image) {
  if (!image->regions) return IMGACT_UNTOLD;
  for (size_t i = 0; i < image->regions_count; i++)
    if (strcmp(image->regions[i], call->region) == 0) return IMGACT_YES;
  return IMGACT_NO;
}

/* ---- table ---- */

static const imgact_slot slots[IMGACT_OP_COUNT] = {
    [IMGACT_OP_LIST_IMAGES] = {.encode = ia_digitalocean_encode_list_images,
                               .decode = ia_digitalocean_decode_images,
                               .flags = IMGACT_SLOT_SAFE,
                               .server_filters = IMGACT_FILTER_TYPE | IMGACT_FILTER_TAG | IMGACT_FILTER_VISIBILITY,
                               .local_filters =
                                   IMGACT_FILTER_STATUS | IMGACT_FILTER_NAME | IMGACT_FILTER_REGION | IMGACT_FILTER_SORT},
    [IMGACT_OP_GET_IMAGE] = {.encode = ia_digitalocean_encode_get_image,
                             .decode = ia_digitalocean_decode_image,
                             .flags = IMGACT_SLOT_SAFE},
    [IMGACT_OP_UPDATE_IMAGE] = {.encode = ia_digitalocean_encode_update_image,
                                .decode = ia_digitalocean_decode_image,
                                .flags = IMGACT_SLOT_SAFE},
    [IMGACT_OP_DELETE_IMAGE] = {.encode = ia_digitalocean_encode_delete_image,
                                .decode = ia_digitalocean_decode_nothing,
                                .flags = IMGACT_SLOT_SAFE},
    [IMGACT_OP_LIST_ACTIONS] = {.encode = ia_digitalocean_encode_list_actions,
                                .decode = ia_digitalocean_decode_actions,
                                .flags = IMGACT_SLOT_SAFE,
                                .server_filters = IMGACT_FILTER_IMAGE,
                                .local_filters = IMGACT_FILTER_STATUS | IMGACT_FILTER_ID | IMGACT_FILTER_SORT},
    [IMGACT_OP_GET_ACTION] = {.encode = ia_digitalocean_encode_get_action,
                              .decode = ia_digitalocean_decode_action,
                              .flags = IMGACT_SLOT_SAFE},
    [IMGACT_OP_CONVERT] = {.encode = ia_digitalocean_encode_start_action,
                           .decode = ia_digitalocean_decode_action,
                           .same = same_convert,
                           .effect = shows_snapshot,
                           .flags = IMGACT_SLOT_CREATES_ACTION},
    [IMGACT_OP_TRANSFER] = {.encode = ia_digitalocean_encode_start_action,
                            .decode = ia_digitalocean_decode_action,
                            .same = same_transfer,
                            .effect = shows_region,
                            .flags = IMGACT_SLOT_CREATES_ACTION},
    [IMGACT_OP_WAIT_ACTIONS] = {.encode = ia_digitalocean_encode_wait_action,
                                .decode = ia_digitalocean_decode_action,
                                .flags = IMGACT_SLOT_SAFE,
                                .batch_max = 1},
};

static const char *const token_env[] = {"DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", NULL};
static const char *const endpoint_env[] = {"DIGITALOCEAN_API_URL", NULL};
static const char *const token_prefixes[] = {"dop_v1_", "doo_v1_", "dor_v1_", NULL};

static const imgact_type_group type_groups[] = {
    {IMGACT_TYPE_BIT(IMGACT_TYPE_SYSTEM), 1},
    {IMGACT_TYPE_BIT(IMGACT_TYPE_APP), 1},
    {IMGACT_TYPE_BIT(IMGACT_TYPE_SNAPSHOT) | IMGACT_TYPE_BIT(IMGACT_TYPE_BACKUP) | IMGACT_TYPE_BIT(IMGACT_TYPE_CUSTOM), 0}};

const imgact_provider ia_provider_digitalocean = {
    .size = sizeof(imgact_provider),
    .name = "digitalocean",
    .default_endpoint = "https://api.digitalocean.com",
    .token_env = token_env,
    .endpoint_env = endpoint_env,
    .token_prefixes = token_prefixes,
    .slots = slots,
    .slot_stride = sizeof(imgact_slot),
    .slot_count = IMGACT_OP_COUNT,
    .is_id = ia_digitalocean_is_id,
    .id_form = "1 to 64 digits without leading zeros",
    .classify = classify,
    .rate = rate,
    .type_groups = type_groups,
    .type_groups_stride = sizeof(imgact_type_group),
    .type_groups_count = sizeof type_groups / sizeof *type_groups,
    .per_page_max = 200,
    .fresh_misses = 3,
};
