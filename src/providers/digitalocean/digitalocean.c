// SPDX-License-Identifier: MIT
/*
 * DigitalOcean: the table, what an error reply means, what the rate headers say, and how an effect
 * is recognised. There is no protection of images here; conversions and transfers are actions that
 * run for a time.
 */
#include "digitalocean.h"
#include <string.h>

/* "013" would name what "13" does, and be taken for another. */
int ia_digitalocean_is_valid_id(const char *text) {
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

/* The second deletion of an image is a 422, while a GET of it is a 404. The sentence has been seen
 * with and without "Image " in front; it is the only text that tells this case from other refusals.
 */
static int is_deleted_already(const imgact_error *error) {
  return error->http_status == 422 && strstr(error->message, "already deleted");
}

/* Gateways in front of the API answer with a sentence in "error" instead of "message", and with two
 * lists beside it. */
static void read_sentence(const imgact_json *body, imgact_result *result, imgact_error *error) {
  static const char *const lists[] = {"messages", "root_causes"};
  if (!imgact_json_copy_string(imgact_json_get(body, "message"), error->message,
                               sizeof error->message))
    imgact_json_copy_string(imgact_json_get(body, "error"), error->message, sizeof error->message);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    imgact_result_add_error_detail(result, lists[i], imgact_json_get(body, lists[i]));
}

/* "id" is the status in words and adds nothing to it (a 500 has been seen with "bad_request"): the
 * status alone decides. */
static void decode_error(const imgact_call *call, const imgact_response *response,
                         imgact_result *result, imgact_error *error) {
  const imgact_json *body = imgact_response_json(response);
  imgact_json_copy_string(imgact_json_get(body, "id"), error->provider_code,
                          sizeof error->provider_code);
  read_sentence(body, result, error);
  if (!imgact_json_copy_string(imgact_json_get(body, "request_id"), error->request_id,
                               sizeof error->request_id))
    imgact_response_copy_request_id(response, "x-request-id", error);
  if (call->kind != IMGACT_OP_DELETE_IMAGE) return;
  if (is_deleted_already(error)) error->status = IMGACT_NOT_FOUND;
  if (error->status == IMGACT_NOT_FOUND) error->flags |= IMGACT_ERROR_ALREADY_DELETED;
}

/* ---- rate ---- */

#define LAST_SECOND                                                                                \
  INT64_C(253402300799) /* of the year 9999: no reset is later, so what says so tells nothing */

/* A sliding hour: the reset is when the oldest request leaves it, so when one more is possible;
 * seen in the past, too. */
static void decode_rate_limit(const imgact_response *response, imgact_rate_limit_info *info) {
  int64_t value = 0;
  if (imgact_response_header_int(response, "ratelimit-limit", &value) && value >= 0)
    info->rate_limit.limit = value;
  if (info->rate_limit.limit >= 20)
    info->limit_per_minute =
        info->rate_limit.limit / 20; /* 5 % of the hour's, in any minute: no header tells */
  if (imgact_response_header_int(response, "ratelimit-remaining", &value) && value >= 0)
    info->rate_limit.remaining = value;
  if (imgact_response_header_int(response, "ratelimit-reset", &value) && value >= 0 &&
      value <= LAST_SECOND)
    info->next_request_at = info->rate_limit.reset_at = value * 1000;
}

/* ---- effects ---- */

static imgact_tristate matches_convert(const imgact_call *call, const imgact_action *action) {
  (void)call;
  return action->kind == IMGACT_ACTION_KIND_CONVERT ? IMGACT_TRISTATE_TRUE : IMGACT_TRISTATE_FALSE;
}

/* The region of a transfer's action is its destination; old and some new replies leave it out. */
static imgact_tristate matches_transfer(const imgact_call *call, const imgact_action *action) {
  if (action->kind != IMGACT_ACTION_KIND_TRANSFER) return IMGACT_TRISTATE_FALSE;
  if (!action->region) return IMGACT_TRISTATE_UNKNOWN;
  return strcmp(action->region, call->region) == 0 ? IMGACT_TRISTATE_TRUE : IMGACT_TRISTATE_FALSE;
}

static imgact_tristate shows_snapshot(const imgact_call *call, const imgact_image *image) {
  (void)call;
  if (!image->provider_type) return IMGACT_TRISTATE_UNKNOWN;
  return strcmp(image->provider_type, "snapshot") == 0 ? IMGACT_TRISTATE_TRUE
                                                       : IMGACT_TRISTATE_FALSE;
}

static imgact_tristate shows_region(const imgact_call *call, const imgact_image *image) {
  if (!image->regions) return IMGACT_TRISTATE_UNKNOWN;
  for (size_t i = 0; i < image->regions_count; i++)
    if (strcmp(image->regions[i], call->region) == 0) return IMGACT_TRISTATE_TRUE;
  return IMGACT_TRISTATE_FALSE;
}

/* ---- table ---- */

static const imgact_slot slots[IMGACT_OP_COUNT] = {
    [IMGACT_OP_LIST_IMAGES] = {.encode = ia_digitalocean_encode_list_images,
                               .decode = ia_digitalocean_decode_images,
                               .flags = IMGACT_SLOT_IDEMPOTENT,
                               .server_filters = IMGACT_FILTER_TYPE | IMGACT_FILTER_TAG |
                                                 IMGACT_FILTER_VISIBILITY,
                               .local_filters = IMGACT_FILTER_STATUS | IMGACT_FILTER_NAME |
                                                IMGACT_FILTER_REGION | IMGACT_FILTER_SORT},
    [IMGACT_OP_GET_IMAGE] = {.encode = ia_digitalocean_encode_get_image,
                             .decode = ia_digitalocean_decode_image,
                             .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_UPDATE_IMAGE] = {.encode = ia_digitalocean_encode_update_image,
                                .decode = ia_digitalocean_decode_image,
                                .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_DELETE_IMAGE] = {.encode = ia_digitalocean_encode_delete_image,
                                .decode = ia_digitalocean_decode_nothing,
                                .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_LIST_ACTIONS] = {.encode = ia_digitalocean_encode_list_actions,
                                .decode = ia_digitalocean_decode_actions,
                                .flags = IMGACT_SLOT_IDEMPOTENT,
                                .server_filters = IMGACT_FILTER_IMAGE_ID,
                                .local_filters = IMGACT_FILTER_STATUS | IMGACT_FILTER_ACTION_ID |
                                                 IMGACT_FILTER_SORT},
    [IMGACT_OP_GET_ACTION] = {.encode = ia_digitalocean_encode_get_action,
                              .decode = ia_digitalocean_decode_action,
                              .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_CONVERT] = {.encode = ia_digitalocean_encode_start_action,
                           .decode = ia_digitalocean_decode_action,
                           .matches_action = matches_convert,
                           .image_shows_effect = shows_snapshot,
                           .flags = IMGACT_SLOT_CREATES_ACTION},
    [IMGACT_OP_TRANSFER] = {.encode = ia_digitalocean_encode_start_action,
                            .decode = ia_digitalocean_decode_action,
                            .matches_action = matches_transfer,
                            .image_shows_effect = shows_region,
                            .flags = IMGACT_SLOT_CREATES_ACTION},
    [IMGACT_OP_WAIT_ACTIONS] = {.encode = ia_digitalocean_encode_wait_action,
                                .decode = ia_digitalocean_decode_action,
                                .flags = IMGACT_SLOT_IDEMPOTENT,
                                .max_ids = 1},
};

static const char *const token_env[] = {"DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", NULL};
static const char *const endpoint_env[] = {"DIGITALOCEAN_API_URL", NULL};
static const char *const token_prefixes[] = {"dop_v1_", "doo_v1_", "dor_v1_", NULL};

static const imgact_type_group type_groups[] = {
    {IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SYSTEM), 1},
    {IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_APP), 1},
    {IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SNAPSHOT) |
         IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_BACKUP) |
         IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_CUSTOM),
     0}};

const imgact_provider ia_provider_digitalocean = {
    .size = sizeof(imgact_provider),
    .name = "digitalocean",
    .default_endpoint = "https://api.digitalocean.com",
    .token_env = token_env,
    .endpoint_env = endpoint_env,
    .token_prefixes = token_prefixes,
    .slots = slots,
    .slots_stride = sizeof(imgact_slot),
    .slots_count = IMGACT_OP_COUNT,
    .is_valid_id = ia_digitalocean_is_valid_id,
    .id_format = "1 to 64 digits without leading zeros",
    .decode_error = decode_error,
    .decode_rate_limit = decode_rate_limit,
    .type_groups = type_groups,
    .type_groups_stride = sizeof(imgact_type_group),
    .type_groups_count = sizeof type_groups / sizeof *type_groups,
    .max_per_page = 200,
    .max_not_found_polls = 3,
};
