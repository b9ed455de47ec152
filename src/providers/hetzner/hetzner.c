// SPDX-License-Identifier: MIT
/*
 * Hetzner Cloud. Every filter of the API is the server's; keys are repeated, never comma-joined.
 * Images are not regional here, so there is no transfer; a conversion is an update that is done at
 * once.
 */
#include <imgact/provider.h>

extern const imgact_provider ia_provider_hetzner;

/* ---- words ---- */

static const imgact_word image_types[] = {{"system", IMGACT_IMAGE_TYPE_SYSTEM},
                                          {"app", IMGACT_IMAGE_TYPE_APP},
                                          {"snapshot", IMGACT_IMAGE_TYPE_SNAPSHOT},
                                          {"backup", IMGACT_IMAGE_TYPE_BACKUP},
                                          {NULL, IMGACT_IMAGE_TYPE_UNKNOWN}};
static const imgact_word image_statuses[] = {{"available", IMGACT_IMAGE_STATUS_AVAILABLE},
                                             {"creating", IMGACT_IMAGE_STATUS_CREATING},
                                             {"unavailable", IMGACT_IMAGE_STATUS_UNAVAILABLE},
                                             {NULL, IMGACT_IMAGE_STATUS_UNKNOWN}};
static const imgact_word action_statuses[] = {{"running", IMGACT_ACTION_STATUS_RUNNING},
                                              {"success", IMGACT_ACTION_STATUS_SUCCESS},
                                              {"error", IMGACT_ACTION_STATUS_ERROR},
                                              {NULL, IMGACT_ACTION_STATUS_UNKNOWN}};
static const imgact_word commands[] = {{"change_protection", IMGACT_ACTION_KIND_CHANGE_PROTECTION},
                                       {"create_image", IMGACT_ACTION_KIND_CREATE},
                                       {NULL, IMGACT_ACTION_KIND_OTHER}};

/* ---- responses ---- */

#define TYPE(name) IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_##name)

/* A name is null for snapshots and backups; bound_to is a bare number. Since 2026-09-08 an image
 * has the object `deprecation`; `deprecated` will be removed. */
static const imgact_field image_fields[] = {
    {"id", IMGACT_TARGET_IMAGE_ID, NULL},
    {"type", IMGACT_TARGET_IMAGE_TYPE, image_types},
    {"status", IMGACT_TARGET_IMAGE_STATUS, image_statuses},
    {"name", IMGACT_TARGET_IMAGE_NAME, NULL},
    {"description", IMGACT_TARGET_IMAGE_DESCRIPTION, NULL},
    {"image_size", IMGACT_TARGET_IMAGE_SIZE_GB, NULL},
    {"disk_size", IMGACT_TARGET_IMAGE_MIN_DISK_GB, NULL},
    {"created", IMGACT_TARGET_IMAGE_CREATED_AT, NULL},
    {"created_from.id", IMGACT_TARGET_IMAGE_CREATED_FROM_ID, NULL},
    {"created_from.name", IMGACT_TARGET_IMAGE_CREATED_FROM_NAME, NULL},
    {"bound_to", IMGACT_TARGET_IMAGE_BOUND_TO, NULL},
    {"os_flavor", IMGACT_TARGET_IMAGE_OS_FAMILY, NULL},
    {"os_version", IMGACT_TARGET_IMAGE_OS_VERSION, NULL},
    {"protection.delete", IMGACT_TARGET_IMAGE_IS_PROTECTED, NULL},
    {"rapid_deploy", IMGACT_TARGET_IMAGE_RAPID_DEPLOY, NULL},
    {"deprecation.announced", IMGACT_TARGET_IMAGE_DEPRECATED_AT, NULL},
    {"deprecation.unavailable_after", IMGACT_TARGET_IMAGE_UNAVAILABLE_AFTER, NULL},
    {"deprecated", IMGACT_TARGET_IMAGE_DEPRECATED_AT, NULL},
    {"deleted", IMGACT_TARGET_IMAGE_DELETED_AT, NULL},
    {"labels", IMGACT_TARGET_IMAGE_LABELS, NULL},
    {"architecture", IMGACT_TARGET_IMAGE_ARCHITECTURE, NULL},
    {NULL, 0, NULL}};
static const imgact_image_map image_map = {.fields = image_fields,
                                           .public_types = TYPE(SYSTEM) | TYPE(APP)};

/* Hetzner's examples contain a success with an error object, and a running action with progress 100
 * and an end time. */
static const imgact_field action_fields[] = {
    {"id", IMGACT_TARGET_ACTION_ID, NULL},
    {"command", IMGACT_TARGET_ACTION_KIND, commands},
    {"status", IMGACT_TARGET_ACTION_STATUS, action_statuses},
    {"started", IMGACT_TARGET_ACTION_STARTED_AT, NULL},
    {"finished", IMGACT_TARGET_ACTION_FINISHED_AT, NULL},
    {"progress", IMGACT_TARGET_ACTION_PROGRESS, NULL},
    {"resources[].id", IMGACT_TARGET_ACTION_RESOURCE_ID, NULL},
    {"resources[].type", IMGACT_TARGET_ACTION_RESOURCE_TYPE, NULL},
    {"error.code", IMGACT_TARGET_ACTION_ERROR_CODE, NULL},
    {"error.message", IMGACT_TARGET_ACTION_ERROR_MESSAGE, NULL},
    {NULL, 0, NULL}};
static const imgact_action_map action_map = {.fields = action_fields};

static const imgact_paging paging = {.object = "meta.pagination",
                                     .page = "page",
                                     .per_page = "per_page",
                                     .previous = "previous_page",
                                     .next = "next_page",
                                     .last = "last_page",
                                     .total = "total_entries"};

/* ---- errors and the rate limit ---- */

#define TRANSIENT             IMGACT_ERROR_RETRYABLE
#define TRANSIENT_NOT_APPLIED (IMGACT_ERROR_RETRYABLE | IMGACT_ERROR_NOT_APPLIED)

/* The code says more than the status: 403 is also a quota and maintenance, 409 is also a transient
 * conflict. "locked" is final because the API uses it for states that last. */
static const imgact_error_code codes[] = {
    {"json_error", IMGACT_INVALID_INPUT, 0},
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
    {"conflict", IMGACT_CONFLICT, TRANSIENT_NOT_APPLIED},
    {"locked", IMGACT_LOCKED, 0},
    {"resource_locked", IMGACT_LOCKED, 0},
    {"protected", IMGACT_PROTECTED, 0},
    {"deprecated_api_endpoint", IMGACT_PROTOCOL, 0},
    {"rate_limit_exceeded", IMGACT_RATE_LIMITED, TRANSIENT_NOT_APPLIED},
    {"maintenance", IMGACT_UNAVAILABLE, 0},
    {"server_error", IMGACT_UNAVAILABLE, IMGACT_ERROR_PUT_NOT_APPLIED},
    {"unavailable", IMGACT_UNAVAILABLE, TRANSIENT},
    {"bad_gateway", IMGACT_UNAVAILABLE, TRANSIENT},
    {"timeout", IMGACT_UNAVAILABLE, TRANSIENT},
    {NULL, IMGACT_OK, 0}};
static const imgact_errors errors = {.code = "error.code",
                                     .message = "error.message",
                                     .details = "error.details",
                                     .request_id_header = "X-Correlation-Id",
                                     .codes = codes};

/* A bucket that refills continuously. The reset is the time at which the bucket is full, up to an
 * hour away. It is reported but not waited for: one request is possible after a second. */
static const imgact_rate_headers rate_headers = {.limit = "RateLimit-Limit",
                                                 .remaining = "RateLimit-Remaining",
                                                 .reset = "RateLimit-Reset",
                                                 .refill_seconds = 3600};

/* Recorded responses show a limit of 3600 for resources, and one of 7200 for requests with
 * "actions" in their path, the POST that starts one included. */
#define ACTIONS_LIMIT 1

/* ---- requests ---- */

static const imgact_argument image_query[] = {
    {"type", IMGACT_SOURCE_FILTER_IMAGE_TYPE, NULL, image_types},
    {"status", IMGACT_SOURCE_FILTER_IMAGE_STATUS, NULL, image_statuses},
    {"bound_to", IMGACT_SOURCE_FILTER_IMAGE_BOUND_TO, NULL, NULL},
    {"name", IMGACT_SOURCE_FILTER_IMAGE_NAME, NULL, NULL},
    {"architecture", IMGACT_SOURCE_FILTER_IMAGE_ARCHITECTURE, NULL, NULL},
    {"label_selector", IMGACT_SOURCE_FILTER_IMAGE_LABEL_SELECTOR, NULL, NULL},
    {"include_deprecated", IMGACT_SOURCE_FILTER_IMAGE_INCLUDE_DEPRECATED, "true", NULL},
    {"sort", IMGACT_SOURCE_FILTER_IMAGE_SORT, NULL, NULL},
    {"page", IMGACT_SOURCE_PAGE, NULL, NULL},
    {"per_page", IMGACT_SOURCE_PER_PAGE, NULL, NULL},
    {NULL, 0, NULL, NULL}};
/* "labels" replaces the whole set and {} clears it; a key that is absent changes nothing. */
static const imgact_argument update_body[] = {
    {"description", IMGACT_SOURCE_DESCRIPTION, NULL, NULL},
    {"type", IMGACT_SOURCE_CONVERT, "snapshot", NULL},
    {"labels", IMGACT_SOURCE_LABELS, NULL, NULL},
    {NULL, 0, NULL, NULL}};
static const imgact_argument convert_body[] = {{"type", IMGACT_SOURCE_TEXT, "snapshot", NULL},
                                               {NULL, 0, NULL, NULL}};
static const imgact_argument action_query[] = {
    {"status", IMGACT_SOURCE_FILTER_ACTION_STATUS, NULL, action_statuses},
    {"id", IMGACT_SOURCE_FILTER_ACTION_ID, NULL, NULL},
    {"sort", IMGACT_SOURCE_FILTER_ACTION_SORT, NULL, NULL},
    {"page", IMGACT_SOURCE_PAGE, NULL, NULL},
    {"per_page", IMGACT_SOURCE_PER_PAGE, NULL, NULL},
    {NULL, 0, NULL, NULL}};
static const imgact_argument protection_body[] = {{"delete", IMGACT_SOURCE_PROTECT, NULL, NULL},
                                                  {NULL, 0, NULL, NULL}};
/* An image of a server has no name; the description is what people give it. */
static const imgact_argument create_body[] = {
    {"description", IMGACT_SOURCE_DESCRIPTION, NULL, NULL},
    {"description", IMGACT_SOURCE_NAME, NULL, NULL},
    {"type", IMGACT_SOURCE_TYPE, NULL, image_types},
    {"labels", IMGACT_SOURCE_LABELS, NULL, NULL},
    {NULL, 0, NULL, NULL}};
static const imgact_argument server_query[] = {{"page", IMGACT_SOURCE_PAGE, NULL, NULL},
                                               {"per_page", IMGACT_SOURCE_PER_PAGE, NULL, NULL},
                                               {NULL, 0, NULL, NULL}};
static const imgact_argument wait_query[] = {{"id", IMGACT_SOURCE_ACTION_IDS, NULL, NULL},
                                             {NULL, 0, NULL, NULL}};

/* Only the list over all images has the filter by id. */
static imgact_status prepare_actions(const imgact_call *call, imgact_request *request,
                                     imgact_error *error) {
  (void)error;
  if (call->action_filter->image_id && call->action_filter->ids_count)
    imgact_request_filter_locally(request, IMGACT_FILTER_BIT(ACTION_ID));
  return IMGACT_OK;
}

/* ---- the table ---- */

#define BY(filter) IMGACT_FILTER_BIT(IMAGE_##filter)

static const imgact_slot slots[IMGACT_OP_COUNT] = {
    [IMGACT_OP_LIST_IMAGES] = {.path = "/images",
                               .query = image_query,
                               .images = "images",
                               .flags = IMGACT_SLOT_IDEMPOTENT,
                               .server_filters = BY(TYPE) | BY(STATUS) | BY(NAME) |
                                                 BY(ARCHITECTURE) | BY(LABEL_SELECTOR) |
                                                 BY(BOUND_TO) | BY(INCLUDE_DEPRECATED) |
                                                 BY(VISIBILITY) | BY(SORT),
                               .local_filters = BY(MATCH) | BY(OS_FAMILY) | BY(CREATED_FROM) |
                                                BY(CREATED_BEFORE) | BY(CREATED_AFTER) |
                                                BY(PROTECTION)},
    [IMGACT_OP_GET_IMAGE] = {.path = "/images/{image}",
                             .image = "image",
                             .flags = IMGACT_SLOT_IDEMPOTENT | IMGACT_SLOT_NAME_LOOKUP},
    [IMGACT_OP_UPDATE_IMAGE] = {.method = "PUT",
                                .path = "/images/{image}",
                                .body = update_body,
                                .image = "image",
                                .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_DELETE_IMAGE] = {.method = "DELETE",
                                .path = "/images/{image}",
                                .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_LIST_ACTIONS] = {.path = "/images[/{image}]/actions",
                                .query = action_query,
                                .prepare = prepare_actions,
                                .actions = "actions",
                                .flags = IMGACT_SLOT_IDEMPOTENT,
                                .server_filters = IMGACT_FILTER_BIT(ACTION_STATUS) |
                                                  IMGACT_FILTER_BIT(ACTION_SORT) |
                                                  IMGACT_FILTER_BIT(ACTION_ID) |
                                                  IMGACT_FILTER_BIT(ACTION_IMAGE),
                                .rate_limit_index = ACTIONS_LIMIT},
    /* The image's own path is deprecated since 2026-04-30. The other one answers for the actions of
     * every image, and not for those of other resources. */
    [IMGACT_OP_GET_ACTION] = {.path = "/images[/{via}]/actions/{action}",
                              .action = "action",
                              .flags = IMGACT_SLOT_IDEMPOTENT | IMGACT_SLOT_ACTION_OF_IMAGE |
                                       IMGACT_SLOT_ACTION_LOOKUP,
                              .rate_limit_index = ACTIONS_LIMIT},
    /* An action does not show whether it protects or not: only the image does. */
    [IMGACT_OP_CHANGE_PROTECTION] = {.method = "POST",
                                     .path = "/images/{image}/actions/change_protection",
                                     .body = protection_body,
                                     .action = "action",
                                     .matches_action = imgact_call_matches_action,
                                     .image_shows_effect = imgact_call_shows_effect,
                                     .flags = IMGACT_SLOT_CREATES_ACTION | IMGACT_SLOT_VERIFY_IMAGE,
                                     .rate_limit_index = ACTIONS_LIMIT},
    [IMGACT_OP_CONVERT] = {.method = "PUT",
                           .path = "/images/{image}",
                           .body = convert_body,
                           .image = "image",
                           .image_shows_effect = imgact_call_shows_effect,
                           .flags = IMGACT_SLOT_IDEMPOTENT | IMGACT_SLOT_IMMEDIATE},
    /* More than 25 ids in one request lose entries silently. */
    [IMGACT_OP_WAIT_ACTIONS] = {.path = "/actions",
                                .query = wait_query,
                                .actions = "actions",
                                .flags = IMGACT_SLOT_IDEMPOTENT,
                                .max_ids = 25,
                                .rate_limit_index = ACTIONS_LIMIT},
    [IMGACT_OP_CREATE_IMAGE] = {.method = "POST",
                                .path = "/servers/{server}/actions/create_image",
                                .body = create_body,
                                .image = "image",
                                .action = "action",
                                .matches_action = imgact_call_matches_action,
                                .flags = IMGACT_SLOT_CREATES_ACTION,
                                .rate_limit_index = ACTIONS_LIMIT},
    [IMGACT_OP_LIST_SERVER_ACTIONS] = {.path = "/servers/{server}/actions",
                                       .query = server_query,
                                       .actions = "actions",
                                       .flags = IMGACT_SLOT_IDEMPOTENT,
                                       .rate_limit_index = ACTIONS_LIMIT},
};

static const char *const token_env[] = {"HCLOUD_TOKEN", NULL};
static const char *const endpoint_env[] = {"HCLOUD_ENDPOINT", NULL};
static const imgact_type_group type_groups[] = {
    {TYPE(SYSTEM) | TYPE(APP) | TYPE(SNAPSHOT) | TYPE(BACKUP), 1}};

const imgact_provider ia_provider_hetzner = {
    .size = sizeof(imgact_provider),
    .name = "hetzner",
    .display_name = "Hetzner",
    .default_endpoint = "https://api.hetzner.cloud/v1",
    .token_env = token_env,
    .endpoint_env = endpoint_env,
    .slots = slots,
    .slots_stride = sizeof(imgact_slot),
    .slots_count = IMGACT_OP_COUNT,
    .is_valid_id = imgact_is_decimal_id,
    .id_format = "1 to 64 digits without leading zeros",
    .type_groups = type_groups,
    .type_groups_stride = sizeof(imgact_type_group),
    .type_groups_count = sizeof type_groups / sizeof *type_groups,
    .max_per_page = 50,
    .image_map = &image_map,
    .action_map = &action_map,
    .paging = &paging,
    .errors = &errors,
    .rate_headers = &rate_headers,
};
