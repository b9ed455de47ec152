// SPDX-License-Identifier: MIT
/* "nimbus", a cloud that does not exist, as a table: docs/writing-a-provider.md goes through it.
 *
 *   GET    /compute/images?limit=N&marker=C    {"images":[IMAGE...],"next_marker":C}
 *   GET    /compute/images/ID                  {"image":IMAGE}
 *   PATCH  /compute/images/ID                  {"name","summary"} gives 204
 *   DELETE /compute/images/ID                  204
 *   POST   /compute/images/ID/replicas         {"region":R} gives {"task":TASK}
 *   GET    /compute/images/ID/tasks            {"tasks":[TASK...],"next_marker":C}
 *   GET    /compute/tasks/ID                   {"task":TASK}
 *   IMAGE {"id","name","summary","kind","state","size_gib","locations":[{"region","zone"}...],
 *          "created","guard":{"locked"}}
 *   TASK  {"id","operation","state","started","ended","targets":[{"id","kind"}...],
 *          "destination":{"region"},"failure":{"reason","text"}}
 *   errors {"fault":{"reason","text"}}
 */
#include <imgact/provider.h>
#include <string.h>

extern IMGACT_API const imgact_provider imgact_provider_nimbus;

#define TYPE(name) IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_##name)

static int is_uuid(const char *text) {
  return strspn(text, "0123456789abcdef-") == 36 && !text[36] && text[8] == '-' && text[13] == '-';
}

/* Words of the API, and what they mean here. */
static const imgact_word kinds[] = {{"stock", IMGACT_IMAGE_TYPE_SYSTEM},
                                    {"capture", IMGACT_IMAGE_TYPE_SNAPSHOT},
                                    {"upload", IMGACT_IMAGE_TYPE_CUSTOM},
                                    {NULL, IMGACT_IMAGE_TYPE_UNKNOWN}};
static const imgact_word image_statuses[] = {{"queued", IMGACT_IMAGE_STATUS_CREATING},
                                             {"~active", IMGACT_IMAGE_STATUS_AVAILABLE},
                                             {NULL, IMGACT_IMAGE_STATUS_UNKNOWN}};
static const imgact_word operations[] = {{"replicate*", IMGACT_ACTION_KIND_TRANSFER},
                                         {NULL, IMGACT_ACTION_KIND_OTHER}};
static const imgact_word task_states[] = {{"working", IMGACT_ACTION_STATUS_RUNNING},
                                          {"done", IMGACT_ACTION_STATUS_SUCCESS},
                                          {"failed", IMGACT_ACTION_STATUS_ERROR},
                                          {NULL, IMGACT_ACTION_STATUS_UNKNOWN}};

/* Members of a response, and where they go. */
static const imgact_field image_fields[] = {
    {"id", IMGACT_TARGET_IMAGE_ID, NULL},
    {"name", IMGACT_TARGET_IMAGE_NAME, NULL},
    {"summary", IMGACT_TARGET_IMAGE_DESCRIPTION, NULL},
    {"kind", IMGACT_TARGET_IMAGE_TYPE, kinds},
    {"state", IMGACT_TARGET_IMAGE_STATUS, image_statuses},
    {"size_gib", IMGACT_TARGET_IMAGE_SIZE_GB, NULL},
    {"locations[].region", IMGACT_TARGET_IMAGE_REGIONS, NULL},
    {"created", IMGACT_TARGET_IMAGE_CREATED_AT, NULL},
    {"guard.locked", IMGACT_TARGET_IMAGE_IS_PROTECTED, NULL},
    {NULL, 0, NULL}};
static const imgact_field task_fields[] = {
    {"id", IMGACT_TARGET_ACTION_ID, NULL},
    {"operation", IMGACT_TARGET_ACTION_KIND, operations},
    {"state", IMGACT_TARGET_ACTION_STATUS, task_states},
    {"started", IMGACT_TARGET_ACTION_STARTED_AT, NULL},
    {"ended", IMGACT_TARGET_ACTION_FINISHED_AT, NULL},
    {"targets[].id", IMGACT_TARGET_ACTION_RESOURCE_ID, NULL},
    {"targets[].kind", IMGACT_TARGET_ACTION_RESOURCE_TYPE, NULL},
    {"destination.region", IMGACT_TARGET_ACTION_REGION, NULL},
    {"failure.reason", IMGACT_TARGET_ACTION_ERROR_CODE, NULL},
    {"failure.text", IMGACT_TARGET_ACTION_ERROR_MESSAGE, NULL},
    {NULL, 0, NULL}};
static const imgact_image_map image_map = {.fields = image_fields, .public_types = TYPE(SYSTEM)};
static const imgact_action_map task_map = {.fields = task_fields};
static const imgact_paging paging = {.cursor = "next_marker"};
static const imgact_error_code codes[] = {{"quota", IMGACT_LIMIT_EXCEEDED, 0},
                                          {"image_locked", IMGACT_PROTECTED, 0},
                                          {NULL, IMGACT_OK, 0}};
static const imgact_errors errors = {.code = "fault.reason",
                                     .message = "fault.text",
                                     .request_id_header = "Nimbus-Request",
                                     .codes = codes};

/* What requests send. */
static const imgact_argument query[] = {{"kind", IMGACT_SOURCE_FILTER_IMAGE_TYPE, NULL, kinds},
                                        {"name", IMGACT_SOURCE_FILTER_IMAGE_NAME, NULL, NULL},
                                        {"limit", IMGACT_SOURCE_PER_PAGE, NULL, NULL},
                                        {"marker", IMGACT_SOURCE_CURSOR, NULL, NULL},
                                        {NULL, 0, NULL, NULL}};
static const imgact_argument task_query[] = {{"limit", IMGACT_SOURCE_PER_PAGE, NULL, NULL},
                                             {"marker", IMGACT_SOURCE_CURSOR, NULL, NULL},
                                             {NULL, 0, NULL, NULL}};
static const imgact_argument update_body[] = {{"name", IMGACT_SOURCE_NAME, NULL, NULL},
                                              {"summary", IMGACT_SOURCE_DESCRIPTION, NULL, NULL},
                                              {NULL, 0, NULL, NULL}};
static const imgact_argument copy_body[] = {{"region", IMGACT_SOURCE_REGION, NULL, NULL},
                                            {NULL, 0, NULL, NULL}};

#define READ       .flags = IMGACT_SLOT_IDEMPOTENT
#define TASK       .path = "/compute/tasks/{action}", .action = "task"
#define BY(filter) IMGACT_FILTER_BIT(IMAGE_##filter)
static const imgact_slot slots[IMGACT_OP_COUNT] = {
    [IMGACT_OP_LIST_IMAGES] = {.path = "/compute/images",
                               .query = query,
                               .images = "images",
                               .server_filters = BY(TYPE) | BY(NAME) | BY(VISIBILITY),
                               .local_filters = BY(REGION) | BY(SORT),
                               READ},
    [IMGACT_OP_GET_IMAGE] = {.path = "/compute/images/{image}", .image = "image", READ},
    [IMGACT_OP_UPDATE_IMAGE] = {.method = "PATCH",
                                .path = "/compute/images/{image}",
                                .body = update_body,
                                READ},
    [IMGACT_OP_DELETE_IMAGE] = {.method = "DELETE", .path = "/compute/images/{image}", READ},
    [IMGACT_OP_LIST_ACTIONS] = {.path = "/compute/images/{image}/tasks",
                                .query = task_query,
                                .actions = "tasks",
                                .server_filters = IMGACT_FILTER_BIT(ACTION_IMAGE),
                                READ},
    [IMGACT_OP_GET_ACTION] = {TASK, READ},
    [IMGACT_OP_TRANSFER] = {.method = "POST",
                            .path = "/compute/images/{image}/replicas",
                            .body = copy_body,
                            .action = "task",
                            .matches_action = imgact_call_matches_action,
                            .image_shows_effect = imgact_call_shows_effect,
                            .flags = IMGACT_SLOT_CREATES_ACTION},
    [IMGACT_OP_WAIT_ACTIONS] = {TASK, .max_ids = 1, READ},
};

static const char *const token_env[] = {"NIMBUS_TOKEN", NULL};
static const char *const headers[] = {"Nimbus-Version", "2026-01", NULL};
static const imgact_type_group type_groups[] = {{TYPE(SYSTEM) | TYPE(SNAPSHOT) | TYPE(CUSTOM), 1}};
const imgact_provider imgact_provider_nimbus = {
    .size = sizeof(imgact_provider),
    .name = "nimbus",
    .default_endpoint = "https://api.nimbus.example/v3",
    .token_env = token_env,
    .slots = slots,
    .slots_stride = sizeof(imgact_slot),
    .slots_count = IMGACT_OP_COUNT,
    .is_valid_id = is_uuid,
    .id_format = "a UUID in lower case",
    .type_groups = type_groups,
    .type_groups_stride = sizeof(imgact_type_group),
    .type_groups_count = 1,
    .max_per_page = 100,
    .image_map = &image_map,
    .action_map = &task_map,
    .paging = &paging,
    .errors = &errors,
    .auth_header = "X-Auth-Token",
    .auth_prefix = "",
    .headers = headers,
};
