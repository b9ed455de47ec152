// SPDX-License-Identifier: MIT
/*
 * Hetzner Cloud: the table, what an error envelope means, what the rate headers say, and how an
 * effect is recognised. Images are not regional here, so there is no transfer; a conversion is an
 * update that is done at once.
 */
#include "hetzner.h"
#include <string.h>

const ia_hetzner_word ia_hetzner_image_types[] = {{"system", IMGACT_IMAGE_TYPE_SYSTEM},
                                                  {"app", IMGACT_IMAGE_TYPE_APP},
                                                  {"snapshot", IMGACT_IMAGE_TYPE_SNAPSHOT},
                                                  {"backup", IMGACT_IMAGE_TYPE_BACKUP},
                                                  {NULL, IMGACT_IMAGE_TYPE_UNKNOWN}};
const ia_hetzner_word ia_hetzner_image_statuses[] = {
    {"creating", IMGACT_IMAGE_STATUS_CREATING},
    {"available", IMGACT_IMAGE_STATUS_AVAILABLE},
    {"unavailable", IMGACT_IMAGE_STATUS_UNAVAILABLE},
    {NULL, IMGACT_IMAGE_STATUS_UNKNOWN}};
const ia_hetzner_word ia_hetzner_action_statuses[] = {{"running", IMGACT_ACTION_STATUS_RUNNING},
                                                      {"success", IMGACT_ACTION_STATUS_SUCCESS},
                                                      {"error", IMGACT_ACTION_STATUS_ERROR},
                                                      {NULL, IMGACT_ACTION_STATUS_UNKNOWN}};

int ia_hetzner_value(const ia_hetzner_word *words, const char *text) {
  while (words->text && !(text && !strcmp(words->text, text))) words++;
  return words->value;
}

const char *ia_hetzner_text(const ia_hetzner_word *words, int value) {
  while (words->text && words->value != value) words++;
  return words->text;
}

/* "013" would name what "13" does, and be taken for another. */
int ia_hetzner_is_valid_id(const char *text) {
  size_t digits = strspn(text, "0123456789");
  return digits >= 1 && digits <= 64 && !text[digits] && (*text != '0' || digits == 1);
}

/* ---- errors ---- */

#define PASSING        IMGACT_ERROR_RETRYABLE
#define PASSING_UNDONE (IMGACT_ERROR_RETRYABLE | IMGACT_ERROR_NOT_APPLIED)

/* The code tells more than the status: 403 is also a quota and maintenance, 409 is also a passing
 * conflict. "locked" is final because the cloud uses it for states that last. */
static const struct {
  const char *code;
  imgact_status status;
  uint32_t flags;
} codes[] = {{"json_error", IMGACT_INVALID_INPUT, 0},
             {"invalid_input", IMGACT_INVALID_INPUT, 0},
             {"service_error", IMGACT_INVALID_INPUT, 0},
             {"unsupported_error", IMGACT_INVALID_INPUT, 0},
             {"method_not_allowed", IMGACT_INVALID_INPUT, 0},
             {"resource_unavailable", IMGACT_INVALID_INPUT, 0},
             {"unauthorized", IMGACT_UNAUTHORIZED, 0},
             {"token_readonly", IMGACT_UNAUTHORIZED, 0},
             {"forbidden", IMGACT_FORBIDDEN, 0},
             {"resource_limit_exceeded", IMGACT_LIMIT_EXCEEDED, 0},
             {"not_found", IMGACT_NOT_FOUND, 0},
             {"uniqueness_error", IMGACT_CONFLICT, 0},
             {"conflict", IMGACT_CONFLICT, PASSING_UNDONE},
             {"locked", IMGACT_LOCKED, 0},
             {"resource_locked", IMGACT_LOCKED, 0},
             {"protected", IMGACT_PROTECTED, 0},
             {"deprecated_api_endpoint", IMGACT_PROTOCOL, 0},
             {"rate_limit_exceeded", IMGACT_RATE_LIMITED, PASSING_UNDONE},
             {"maintenance", IMGACT_UNAVAILABLE, 0},
             {"server_error", IMGACT_UNAVAILABLE, IMGACT_ERROR_PUT_NOT_APPLIED},
             {"unavailable", IMGACT_UNAVAILABLE, PASSING},
             {"bad_gateway", IMGACT_UNAVAILABLE, PASSING},
             {"timeout", IMGACT_UNAVAILABLE, PASSING}};

/* A code that is known decides: a quota that comes as a 429 does not pass by itself as a 429 would.
 * What it calls an outage under a status of one (502, 503, 504) passes as that does. */
static void apply_code(imgact_error *error) {
  int outage = error->status == IMGACT_UNAVAILABLE;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    if (strcmp(codes[i].code, error->provider_code) != 0) continue;
    uint32_t passing =
        outage && codes[i].status == IMGACT_UNAVAILABLE ? error->flags & IMGACT_ERROR_RETRYABLE : 0;
    error->status = codes[i].status;
    error->flags = codes[i].flags | passing;
  }
}

static void decode_error(const imgact_call *call, const imgact_response *response,
                         imgact_result *result, imgact_error *error) {
  const imgact_json *envelope = imgact_json_get(imgact_response_json(response), "error");
  if (imgact_json_copy_string(imgact_json_get(envelope, "code"), error->provider_code,
                              sizeof error->provider_code))
    apply_code(error);
  imgact_json_copy_string(imgact_json_get(envelope, "message"), error->message,
                          sizeof error->message);
  imgact_result_set_error_details(result, imgact_json_get(envelope, "details"));
  imgact_response_copy_request_id(response, "X-Correlation-Id", error);
  if (call->kind == IMGACT_OP_DELETE_IMAGE && error->status == IMGACT_NOT_FOUND)
    error->flags |= IMGACT_ERROR_ALREADY_DELETED;
}

/* ---- rate ---- */

#define LAST_SECOND                                                                                \
  INT64_C(253402300799) /* of the year 9999: no reset is later, so what says so tells nothing */

/* A bucket that refills continuously. Its reset is the time at which it is full again, up to an
 * hour away, when a request is possible a second from now: so it is shown and never waited for. */
static void decode_rate_limit(const imgact_response *response, imgact_rate_limit_info *info) {
  int64_t value = 0;
  if (imgact_response_header_int(response, "RateLimit-Limit", &value) && value >= 0)
    info->rate_limit.limit = value;
  if (imgact_response_header_int(response, "RateLimit-Remaining", &value) && value >= 0)
    info->rate_limit.remaining = value;
  if (imgact_response_header_int(response, "RateLimit-Reset", &value) && value >= 0 &&
      value <= LAST_SECOND)
    info->rate_limit.reset_at = value * 1000;
  if (info->rate_limit.limit > 0) info->refill_per_second = (double)info->rate_limit.limit / 3600;
}

/* ---- effects ---- */

static imgact_tristate matches_protection(const imgact_call *call, const imgact_action *action) {
  (void)call;
  return action->kind == IMGACT_ACTION_KIND_CHANGE_PROTECTION ? IMGACT_TRISTATE_TRUE
                                                              : IMGACT_TRISTATE_FALSE;
}

/* An action does not tell whether it protects or not: only the image does. */
static imgact_tristate shows_protection(const imgact_call *call, const imgact_image *image) {
  if (image->is_protected == IMGACT_TRISTATE_UNKNOWN) return IMGACT_TRISTATE_UNKNOWN;
  return (image->is_protected == IMGACT_TRISTATE_TRUE) == (call->protect != 0)
             ? IMGACT_TRISTATE_TRUE
             : IMGACT_TRISTATE_FALSE;
}

static imgact_tristate shows_snapshot(const imgact_call *call, const imgact_image *image) {
  (void)call;
  if (!image->provider_type) return IMGACT_TRISTATE_UNKNOWN;
  return image->type == IMGACT_IMAGE_TYPE_SNAPSHOT ? IMGACT_TRISTATE_TRUE : IMGACT_TRISTATE_FALSE;
}

/* ---- table ---- */

/* Recorded replies tell a limit of 3600 of things, and one of 7200 of requests with "actions" in
 * their path, the POST that begins one included: what the one tells must not be taken for the
 * other. */
#define BUDGET_OF_ACTIONS 1

static const imgact_slot slots[IMGACT_OP_COUNT] = {
    [IMGACT_OP_LIST_IMAGES] = {.encode = ia_hetzner_encode_list_images,
                               .decode = ia_hetzner_decode_images,
                               .flags = IMGACT_SLOT_IDEMPOTENT,
                               .server_filters =
                                   IMGACT_FILTER_TYPE | IMGACT_FILTER_STATUS | IMGACT_FILTER_NAME |
                                   IMGACT_FILTER_ARCHITECTURE | IMGACT_FILTER_LABEL_SELECTOR |
                                   IMGACT_FILTER_BOUND_TO | IMGACT_FILTER_INCLUDE_DEPRECATED |
                                   IMGACT_FILTER_VISIBILITY | IMGACT_FILTER_SORT},
    [IMGACT_OP_GET_IMAGE] = {.encode = ia_hetzner_encode_get_image,
                             .decode = ia_hetzner_decode_image,
                             .flags = IMGACT_SLOT_IDEMPOTENT | IMGACT_SLOT_NAME_LOOKUP},
    [IMGACT_OP_UPDATE_IMAGE] = {.encode = ia_hetzner_encode_update_image,
                                .decode = ia_hetzner_decode_image,
                                .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_DELETE_IMAGE] = {.encode = ia_hetzner_encode_delete_image,
                                .decode = ia_hetzner_decode_nothing,
                                .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_LIST_ACTIONS] = {.encode = ia_hetzner_encode_list_actions,
                                .decode = ia_hetzner_decode_actions,
                                .flags = IMGACT_SLOT_IDEMPOTENT,
                                .server_filters = IMGACT_FILTER_STATUS | IMGACT_FILTER_SORT |
                                                  IMGACT_FILTER_ACTION_ID | IMGACT_FILTER_IMAGE_ID,
                                .rate_limit_index = BUDGET_OF_ACTIONS},
    [IMGACT_OP_GET_ACTION] = {.encode = ia_hetzner_encode_get_action,
                              .decode = ia_hetzner_decode_action,
                              .flags = IMGACT_SLOT_IDEMPOTENT,
                              .rate_limit_index = BUDGET_OF_ACTIONS},
    [IMGACT_OP_CHANGE_PROTECTION] = {.encode = ia_hetzner_encode_change_protection,
                                     .decode = ia_hetzner_decode_action,
                                     .matches_action = matches_protection,
                                     .image_shows_effect = shows_protection,
                                     .flags = IMGACT_SLOT_CREATES_ACTION | IMGACT_SLOT_VERIFY_IMAGE,
                                     .rate_limit_index = BUDGET_OF_ACTIONS},
    [IMGACT_OP_CONVERT] = {.encode = ia_hetzner_encode_convert,
                           .decode = ia_hetzner_decode_convert,
                           .image_shows_effect = shows_snapshot,
                           .flags = IMGACT_SLOT_IDEMPOTENT},
    /* More than 25 ids in one request lose entries silently. */
    [IMGACT_OP_WAIT_ACTIONS] = {.encode = ia_hetzner_encode_wait_actions,
                                .decode = ia_hetzner_decode_actions,
                                .flags = IMGACT_SLOT_IDEMPOTENT,
                                .max_ids = 25,
                                .rate_limit_index = BUDGET_OF_ACTIONS},
};

static const char *const token_env[] = {"HCLOUD_TOKEN", NULL};
static const char *const endpoint_env[] = {"HCLOUD_ENDPOINT", NULL};

static const imgact_type_group type_groups[] = {
    {IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SYSTEM) |
         IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_APP) |
         IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SNAPSHOT) |
         IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_BACKUP),
     1}};

const imgact_provider ia_provider_hetzner = {
    .size = sizeof(imgact_provider),
    .name = "hetzner",
    .default_endpoint = "https://api.hetzner.cloud/v1",
    .token_env = token_env,
    .endpoint_env = endpoint_env,
    .slots = slots,
    .slots_stride = sizeof(imgact_slot),
    .slots_count = IMGACT_OP_COUNT,
    .is_valid_id = ia_hetzner_is_valid_id,
    .id_format = "1 to 64 digits without leading zeros",
    .decode_error = decode_error,
    .decode_rate_limit = decode_rate_limit,
    .type_groups = type_groups,
    .type_groups_stride = sizeof(imgact_type_group),
    .type_groups_count = sizeof type_groups / sizeof *type_groups,
    .max_per_page = 50,
};
