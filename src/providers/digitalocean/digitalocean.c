// SPDX-License-Identifier: MIT
/* DigitalOcean. The API has few filters: the library applies the others to the items. Images have
 * no protection; conversions and transfers are actions that run for a time. */
#include <imgact/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const imgact_provider ia_provider_digitalocean;

#define TYPE(name)    IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_##name)
#define PRIVATE_TYPES (TYPE(SNAPSHOT) | TYPE(BACKUP) | TYPE(CUSTOM))

/* ---- words ---- */

static const imgact_word image_types[] = {{"base", IMGACT_IMAGE_TYPE_SYSTEM},
                                          {"snapshot", IMGACT_IMAGE_TYPE_SNAPSHOT},
                                          {"backup", IMGACT_IMAGE_TYPE_BACKUP},
                                          {"custom", IMGACT_IMAGE_TYPE_CUSTOM},
                                          {NULL, IMGACT_IMAGE_TYPE_UNKNOWN}};
/* The documentation has "NEW", "new" has been served. */
static const imgact_word image_statuses[] = {
    {"~new", IMGACT_IMAGE_STATUS_CREATING},        {"~pending", IMGACT_IMAGE_STATUS_CREATING},
    {"~available", IMGACT_IMAGE_STATUS_AVAILABLE}, {"~deleted", IMGACT_IMAGE_STATUS_DELETED},
    {"~retired", IMGACT_IMAGE_STATUS_RETIRED},     {NULL, IMGACT_IMAGE_STATUS_UNKNOWN}};
static const imgact_word action_statuses[] = {{"in-progress", IMGACT_ACTION_STATUS_RUNNING},
                                              {"completed", IMGACT_ACTION_STATUS_SUCCESS},
                                              {"errored", IMGACT_ACTION_STATUS_ERROR},
                                              {NULL, IMGACT_ACTION_STATUS_UNKNOWN}};
/* Older documentation shows the action of a conversion as "convert_to_snapshot". */
static const imgact_word commands[] = {
    {"transfer", IMGACT_ACTION_KIND_TRANSFER}, {"convert", IMGACT_ACTION_KIND_CONVERT},
    {"convert_*", IMGACT_ACTION_KIND_CONVERT}, {"create", IMGACT_ACTION_KIND_CREATE},
    {"snapshot", IMGACT_ACTION_KIND_CREATE}, /* of a droplet */
    {NULL, IMGACT_ACTION_KIND_OTHER}};

/* ---- images ---- */

/* Regions come with duplicates at times, and are shown as served. */
static const imgact_field image_fields[] = {
    {"id", IMGACT_TARGET_IMAGE_ID, NULL},
    {"name", IMGACT_TARGET_IMAGE_NAME, NULL},
    {"distribution", IMGACT_TARGET_IMAGE_OS_FAMILY, NULL},
    {"slug", IMGACT_TARGET_IMAGE_SLUG, NULL},
    {"public", IMGACT_TARGET_IMAGE_IS_PUBLIC, NULL},
    {"regions", IMGACT_TARGET_IMAGE_REGIONS, NULL},
    {"created_at", IMGACT_TARGET_IMAGE_CREATED_AT, NULL},
    {"min_disk_size", IMGACT_TARGET_IMAGE_MIN_DISK_GB, NULL},
    {"type", IMGACT_TARGET_IMAGE_TYPE, image_types},
    {"size_gigabytes", IMGACT_TARGET_IMAGE_SIZE_GB, NULL},
    {"description", IMGACT_TARGET_IMAGE_DESCRIPTION, NULL},
    {"tags", IMGACT_TARGET_IMAGE_TAGS, NULL},
    {"status", IMGACT_TARGET_IMAGE_STATUS, image_statuses},
    {"error_message", IMGACT_TARGET_IMAGE_ERROR_MESSAGE, NULL},
    {NULL, 0, NULL}};

/* Returns 1 if this query of a list asks for the account's own images alone. */
static int asks_private(const imgact_call *call) {
  if (call->kind != IMGACT_OP_LIST_IMAGES) return 0;
  if (call->type_mask) return (call->type_mask & PRIVATE_TYPES) != 0;
  return call->image_filter->visibility == IMGACT_VISIBILITY_PRIVATE;
}

/* Public images have the type "snapshot", too: what is public is a system image, and is left out of
 * a list of the account's own. */
static int finish_image(const imgact_call *call, imgact_result *result, imgact_image *image,
                        const imgact_json *object) {
  (void)result, (void)object;
  if (image->is_public != IMGACT_TRISTATE_TRUE) return 1;
  image->type = IMGACT_IMAGE_TYPE_SYSTEM;
  return !asks_private(call);
}

static const imgact_image_map image_map = {.fields = image_fields, .finish = finish_image};

/* ---- actions ---- */

/* No progress and no reason of a failure are reported. The region is an object, in old responses a
 * slug, and often missing. */
static const imgact_field action_fields[] = {
    {"id", IMGACT_TARGET_ACTION_ID, NULL},
    {"status", IMGACT_TARGET_ACTION_STATUS, action_statuses},
    {"type", IMGACT_TARGET_ACTION_KIND, commands},
    {"started_at", IMGACT_TARGET_ACTION_STARTED_AT, NULL},
    {"completed_at", IMGACT_TARGET_ACTION_FINISHED_AT, NULL},
    {"resource_id", IMGACT_TARGET_ACTION_RESOURCE_ID, NULL},
    {"resource_type", IMGACT_TARGET_ACTION_RESOURCE_TYPE, NULL},
    {"region_slug", IMGACT_TARGET_ACTION_REGION, NULL},
    {"region.slug", IMGACT_TARGET_ACTION_REGION, NULL},
    {"region", IMGACT_TARGET_ACTION_REGION, NULL},
    {NULL, 0, NULL}};

/* The account's list mixes the actions of all its resources. */
static int finish_action(const imgact_call *call, imgact_result *result, imgact_action *action,
                         const imgact_json *object) {
  (void)result, (void)action;
  int of_account = call->kind == IMGACT_OP_LIST_ACTIONS && !call->action_filter->image_id;
  return !of_account || imgact_json_equals(imgact_json_get(object, "resource_type"), "image");
}

static const imgact_action_map action_map = {.fields = action_fields, .finish = finish_action};

/* ---- regions ---- */

/* A region without the feature can have images, but none can be transferred to it. */
static int finish_region(const imgact_call *call, imgact_result *result, imgact_region *region,
                         const imgact_json *object) {
  size_t count = 0;
  const char *const *features =
      imgact_decode_strings(result, imgact_json_get(object, "features"), &count);
  (void)call;
  if (features) region->image_transfer = IMGACT_TRISTATE_FALSE;
  for (size_t i = 0; features && i < count; i++)
    if (!strcmp(features[i], "image_transfer")) region->image_transfer = IMGACT_TRISTATE_TRUE;
  return 1;
}

static const imgact_field region_fields[] = {{"slug", IMGACT_TARGET_REGION_SLUG, NULL},
                                             {"name", IMGACT_TARGET_REGION_NAME, NULL},
                                             {"available", IMGACT_TARGET_REGION_AVAILABLE, NULL},
                                             {NULL, 0, NULL}};
static const imgact_region_map region_map = {.fields = region_fields, .finish = finish_region};

/* ---- pages ---- */

/* A page number: decimal digits up to one of these ends, from 1; 0 for anything else. */
static int64_t number_of(const char *text, const char *ends) {
  size_t digits = text ? strspn(text, "0123456789") : 0;
  return digits >= 1 && digits <= 18 && strchr(ends, text[digits]) ? strtoll(text, NULL, 10) : 0;
}

/* Where a link's query has the value of a key; NULL: it has none. */
static const char *value_of(const char *query, const char *key) {
  size_t key_length = strlen(key);
  while (query && *query) {
    size_t length = strcspn(query, "&#");
    if (length > key_length && !strncmp(query, key, key_length) && query[key_length] == '=')
      return query + key_length + 1;
    query = query[length] == '&' ? query + length + 1 : NULL;
  }
  return NULL;
}

static int64_t number_in(const char *query, const char *key) {
  return number_of(value_of(query, key), "&#");
}

/* A link may have a smaller page size than the call; its page number refers to that size. A larger
 * size is ignored: items would be skipped. */
static int64_t page_size(const imgact_call *call, const char *query) {
  int64_t size = number_in(query, "per_page");
  return size > 0 && size < call->per_page ? size : call->per_page;
}

/* Only the query of a link is used; the request's own parameters override it. With a page_token no
 * page number is sent, which could skip a page. */
static void add_page(const imgact_call *call, imgact_request *request) {
  static const char *const ours[] = {"type", "private", "tag_name", "page", "per_page", NULL};
  int64_t page = number_in(call->next_query, "page");
  int by_token = page <= 0 && value_of(call->next_query, "page_token");
  imgact_request_add_query_string(request, call->next_query, ours);
  if (!by_token) imgact_request_add_query_int(request, "page", page > 0 ? page : call->page);
  imgact_request_add_query_int(request, "per_page", page_size(call, call->next_query));
}

static int64_t page_of(imgact_result *result, const char *link) {
  return number_of(imgact_result_query_value(result, link, "page"), "");
}

static int64_t page_at(imgact_result *result, const imgact_json *pages, const char *key) {
  int64_t number = page_of(result, imgact_decode_string(result, imgact_json_get(pages, key)));
  return number > 0 ? number : -1;
}

/* If pages became smaller, and a link has a larger page size or none, per_page of this page is put
 * before the link's query; its first value is used. */
static void follow(const imgact_call *call, imgact_result *result, const char *link) {
  char sized[1024];
  const char *query = strchr(link, '?');
  int64_t size = page_size(call, call->next_query);
  if (query && page_size(call, ++query) > size) {
    int length = snprintf(sized, sizeof sized, "per_page=%lld&%s", (long long)size, query);
    int fits = length > 0 && (size_t)length < sizeof sized;
    query = fits ? sized : NULL;
    if (!fits) link = ""; /* a next page, not known */
  }
  imgact_result_set_next_page(result, page_of(result, link),
                              imgact_result_query_value(result, link, "page_token"), query);
}

/* A list ends with a "next" that is missing, null or empty. A value of another type there is passed
 * on as "a next page, not known", so that a list never counts as complete because of it. */
static void read_next(const imgact_call *call, imgact_result *result, const imgact_json *links) {
  const imgact_json *pages = imgact_json_get(links, "pages"),
                    *next = imgact_json_get(pages, "next");
  const char *link = imgact_decode_nonempty_string(result, next);
  if (imgact_json_is_other(links, IMGACT_JSON_OBJECT) ||
      imgact_json_is_other(pages, IMGACT_JSON_OBJECT) ||
      imgact_json_is_other(next, IMGACT_JSON_STRING))
    imgact_result_set_next_page(result, 0, NULL, NULL);
  else if (link)
    follow(call, result, link);
}

/* A response does not say which page it is, but that page was asked for. */
static void read_page(const imgact_call *call, const imgact_response *response,
                      imgact_result *result) {
  const imgact_json *body = imgact_response_json(response),
                    *pages = imgact_json_at(body, "links.pages");
  int64_t total = -1;
  imgact_json_as_int(imgact_json_at(body, "meta.total"), &total);
  const imgact_pagination page = {.page = call->page > 0 ? call->page : -1,
                                  .per_page = -1,
                                  .previous = page_at(result, pages, "prev"),
                                  .next = page_at(result, pages, "next"),
                                  .last = page_at(result, pages, "last"),
                                  .total = total >= 0 ? total : -1};
  imgact_result_set_pagination(result, &page);
  read_next(call, result, imgact_json_get(body, "links"));
}

/* ---- errors and the rate limit ---- */

/* Gateways in front of the API answer with a sentence in "error" and two lists. The second deletion
 * of an image is a 422, while a GET of it is a 404; only the sentence tells this from others. */
static void finish_error(const imgact_call *call, const imgact_response *response,
                         imgact_result *result, imgact_error *error) {
  static const char *const lists[] = {"messages", "root_causes"};
  const imgact_json *body = imgact_response_json(response);
  if (!imgact_json_copy_string(imgact_json_get(body, "message"), NULL, 0))
    imgact_json_copy_string(imgact_json_get(body, "error"), error->message, sizeof error->message);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    imgact_result_add_error_detail(result, lists[i], imgact_json_get(body, lists[i]));
  if (call->kind == IMGACT_OP_DELETE_IMAGE && error->http_status == 422 &&
      strstr(error->message, "already deleted"))
    error->status = IMGACT_NOT_FOUND;
  if (error->http_status == 422 && strstr(error->message, "pending event"))
    error->flags |= IMGACT_ERROR_PENDING_ACTION;
}

/* "id" is the status in words and adds nothing to it (a 500 has been seen with "bad_request"): the
 * HTTP status alone decides. */
static const imgact_errors errors = {.code = "id",
                                     .message = "message",
                                     .request_id = "request_id",
                                     .request_id_header = "x-request-id",
                                     .finish = finish_error};

/* A sliding window of one hour. The reset is the time at which its oldest request expires and one
 * more is allowed; it may be in the past. A minute allows 5 % of the limit; no header reports this.
 */
static const imgact_rate_headers rate_headers = {.limit = "ratelimit-limit",
                                                 .remaining = "ratelimit-remaining",
                                                 .reset = "ratelimit-reset",
                                                 .minute_share = 20,
                                                 .reset_allows_next = 1};

/* ---- requests ---- */

/* The query's "type" is another word than an image's. The account's own images can be asked for
 * alone; the library filters by any other visibility. */
static imgact_status prepare_images(const imgact_call *call, imgact_request *request,
                                    imgact_error *error) {
  (void)error;
  imgact_visibility visibility = call->image_filter->visibility;
  int own_alone = asks_private(call);
  if (own_alone)
    imgact_request_add_query(request, "private", "true");
  else if (call->type_mask & TYPE(SYSTEM))
    imgact_request_add_query(request, "type", "distribution");
  else if (call->type_mask & TYPE(APP))
    imgact_request_add_query(request, "type", "application");
  if (visibility == IMGACT_VISIBILITY_PUBLIC && own_alone)
    imgact_request_set_empty_result(request);
  else if (visibility != IMGACT_VISIBILITY_ALL && !own_alone)
    imgact_request_filter_locally(request, IMGACT_FILTER_BIT(IMAGE_VISIBILITY));
  imgact_request_add_query(request, "tag_name", call->image_filter->tag);
  add_page(call, request);
  return IMGACT_OK;
}

/* The only path that takes a slug, too. */
static imgact_status prepare_image(const imgact_call *call, imgact_request *request,
                                   imgact_error *error) {
  static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-";
  (void)request;
  const char *text = call->image_ref;
  if (*text && !text[strspn(text, allowed)] && strcmp(text, ".") != 0 && strcmp(text, "..") != 0)
    return IMGACT_OK;
  return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "'%s' is not a valid image id or slug",
                          text);
}

static imgact_status prepare_page(const imgact_call *call, imgact_request *request,
                                  imgact_error *error) {
  (void)error;
  add_page(call, request);
  return IMGACT_OK;
}

/* In the account's list the library looks for the image's actions. */
static imgact_status prepare_actions(const imgact_call *call, imgact_request *request,
                                     imgact_error *error) {
  (void)error;
  if (!call->action_filter->image_id)
    imgact_request_filter_locally(request, IMGACT_FILTER_BIT(ACTION_IMAGE));
  add_page(call, request);
  return IMGACT_OK;
}

/* Other names are refused by the API. */
static imgact_status prepare_tag(const imgact_call *call, imgact_request *request,
                                 imgact_error *error) {
  static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-:";
  size_t length = strspn(call->tag, allowed);
  (void)request;
  if (length && length <= 255 && !call->tag[length]) return IMGACT_OK;
  return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                          "'%s' is not a valid tag; use 1 to 255 letters, digits, '_', '-' and ':'",
                          call->tag);
}

static imgact_status prepare_tagging(const imgact_call *call, imgact_request *request,
                                     imgact_error *error) {
  imgact_json_writer *body = imgact_request_body_writer(request);
  imgact_json_write_begin_object(body);
  imgact_json_write_key(body, "resources");
  imgact_json_write_begin_array(body);
  for (size_t i = 0; i < call->image_ids_count; i++) {
    char resource[128]; /* an id has at most 64 digits */
    snprintf(resource, sizeof resource, "{\"resource_id\":\"%s\",\"resource_type\":\"image\"}",
             call->image_ids[i]);
    imgact_json_write_raw(body, resource);
  }
  imgact_json_write_end_array(body);
  imgact_json_write_end_object(body);
  return prepare_tag(call, request, error);
}

static const imgact_argument tag_body[] = {{"name", IMGACT_SOURCE_TAG, NULL, NULL},
                                           {NULL, 0, NULL, NULL}};
static const imgact_argument update_body[] = {
    {"name", IMGACT_SOURCE_NAME, NULL, NULL},
    {"distribution", IMGACT_SOURCE_DISTRIBUTION, NULL, NULL},
    {"description", IMGACT_SOURCE_DESCRIPTION, NULL, NULL},
    {NULL, 0, NULL, NULL}};
/* Without a type the API answers 404, as if there were no such image. */
static const imgact_argument convert_body[] = {{"type", IMGACT_SOURCE_TEXT, "convert", NULL},
                                               {NULL, 0, NULL, NULL}};
/* The action names the droplet and not the image, which is found by its name. */
static const imgact_argument snapshot_body[] = {{"type", IMGACT_SOURCE_TEXT, "snapshot", NULL},
                                                {"name", IMGACT_SOURCE_NAME, NULL, NULL},
                                                {NULL, 0, NULL, NULL}};
static const imgact_argument import_body[] = {
    {"name", IMGACT_SOURCE_NAME, NULL, NULL},
    {"url", IMGACT_SOURCE_URL, NULL, NULL},
    {"region", IMGACT_SOURCE_REGION, NULL, NULL},
    {"distribution", IMGACT_SOURCE_DISTRIBUTION, NULL, NULL},
    {"description", IMGACT_SOURCE_DESCRIPTION, NULL, NULL},
    {"tags", IMGACT_SOURCE_TAGS, NULL, NULL},
    {NULL, 0, NULL, NULL}};
static const imgact_argument transfer_body[] = {{"type", IMGACT_SOURCE_TEXT, "transfer", NULL},
                                                {"region", IMGACT_SOURCE_REGION, NULL, NULL},
                                                {NULL, 0, NULL, NULL}};

static const imgact_argument handover_body[] = {
    {"transfer_id", IMGACT_SOURCE_TRANSFER_ID, NULL, NULL},
    {"recipient_email", IMGACT_SOURCE_RECIPIENT_EMAIL, NULL, NULL},
    {"recipient_uuid", IMGACT_SOURCE_RECIPIENT_TEAM, NULL, NULL},
    {NULL, 0, NULL, NULL}};

/* ---- the table ---- */

#define BY(filter) IMGACT_FILTER_BIT(IMAGE_##filter)
#define ONE_IMAGE  .path = "/v2/images/{image}", .flags = IMGACT_SLOT_IDEMPOTENT
/* A token may be allowed to see images and no actions: then only the path below the image works. */
#define ONE_ACTION                                                                                 \
  .path = "/v2[/images/{image}]/actions/{action}", .action = "action",                             \
  .flags = IMGACT_SLOT_IDEMPOTENT
#define OF_DROPLET(list)                                                                           \
  .path = "/v2/droplets/{server}/" list, .prepare = prepare_page, .flags = IMGACT_SLOT_IDEMPOTENT
#define HANDOVER(step) .method = "POST", .path = "/v2/images/{image}/account_transfer" step
#define TAG(verb, rest, check)                                                                     \
  .method = verb, .path = "/v2/tags" rest, .flags = IMGACT_SLOT_IDEMPOTENT, .prepare = check
#define STARTED_ACTION                                                                             \
  .method = "POST", .path = "/v2/images/{image}/actions", .action = "action",                      \
  .matches_action = imgact_call_matches_action, .image_shows_effect = imgact_call_shows_effect,    \
  .flags = IMGACT_SLOT_CREATES_ACTION

static const imgact_slot slots[IMGACT_OP_COUNT] = {
    [IMGACT_OP_LIST_IMAGES] = {.path = "/v2/images",
                               .prepare = prepare_images,
                               .images = "images",
                               .flags = IMGACT_SLOT_IDEMPOTENT,
                               .server_filters = BY(TYPE) | BY(TAG) | BY(VISIBILITY),
                               .local_filters = BY(STATUS) | BY(NAME) | BY(REGION) | BY(SORT) |
                                                BY(MATCH) | BY(OS_FAMILY) | BY(CREATED_BEFORE) |
                                                BY(CREATED_AFTER) | BY(PROTECTION)},
    [IMGACT_OP_GET_IMAGE] = {ONE_IMAGE, .prepare = prepare_image, .image = "image"},
    [IMGACT_OP_UPDATE_IMAGE] = {ONE_IMAGE, .method = "PUT", .body = update_body, .image = "image"},
    [IMGACT_OP_DELETE_IMAGE] = {ONE_IMAGE, .method = "DELETE"},
    [IMGACT_OP_LIST_ACTIONS] = {.path = "/v2[/images/{image}]/actions",
                                .prepare = prepare_actions,
                                .actions = "actions",
                                .flags = IMGACT_SLOT_IDEMPOTENT,
                                .server_filters = IMGACT_FILTER_BIT(ACTION_IMAGE),
                                .local_filters = IMGACT_FILTER_BIT(ACTION_STATUS) |
                                                 IMGACT_FILTER_BIT(ACTION_ID) |
                                                 IMGACT_FILTER_BIT(ACTION_SORT)},
    [IMGACT_OP_GET_ACTION] = {ONE_ACTION},
    [IMGACT_OP_CONVERT] = {STARTED_ACTION, .body = convert_body},
    [IMGACT_OP_TRANSFER] = {STARTED_ACTION, .body = transfer_body},
    [IMGACT_OP_WAIT_ACTIONS] = {ONE_ACTION, .max_ids = 1},
    [IMGACT_OP_CREATE_IMAGE] = {.method = "POST",
                                .path = "/v2/droplets/{server}/actions",
                                .body = snapshot_body,
                                .action = "action",
                                .matches_action = imgact_call_matches_action,
                                .flags = IMGACT_SLOT_CREATES_ACTION | IMGACT_SLOT_NEEDS_NAME},
    [IMGACT_OP_IMPORT_IMAGE] = {.method = "POST",
                                .path = "/v2/images",
                                .body = import_body,
                                .image = "image",
                                .flags = IMGACT_SLOT_CREATES_IMAGE},
    [IMGACT_OP_LIST_SERVER_ACTIONS] = {OF_DROPLET("actions"), .actions = "actions"},
    [IMGACT_OP_LIST_SERVER_IMAGES] = {OF_DROPLET("snapshots"), .images = "snapshots"},
    [IMGACT_OP_LIST_REGIONS] = {.path = "/v2/regions",
                                .prepare = prepare_page,
                                .regions = "regions",
                                .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_CREATE_HANDOVER] = {HANDOVER(""), .body = handover_body, .value = "transfer_id"},
    [IMGACT_OP_ACCEPT_HANDOVER] = {HANDOVER("/accept"), .body = handover_body},
    [IMGACT_OP_DECLINE_HANDOVER] = {HANDOVER("/decline"), .body = handover_body},
    [IMGACT_OP_CANCEL_HANDOVER] = {HANDOVER("/cancel"), .body = handover_body},
    [IMGACT_OP_CREATE_TAG] = {TAG("POST", "", prepare_tag), .body = tag_body, .value = "tag.name"},
    [IMGACT_OP_TAG_IMAGES] = {TAG("POST", "/{tag}/resources", prepare_tagging)},
    [IMGACT_OP_UNTAG_IMAGES] = {TAG("DELETE", "/{tag}/resources", prepare_tagging)},
};

static const char *const token_env[] = {"DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", NULL};
static const char *const endpoint_env[] = {"DIGITALOCEAN_API_URL", NULL};
static const char *const token_prefixes[] = {"dop_v1_", "doo_v1_", "dor_v1_", NULL};
static const imgact_type_group type_groups[] = {
    {TYPE(SYSTEM), 1}, {TYPE(APP), 1}, {PRIVATE_TYPES, 0}};

const imgact_provider ia_provider_digitalocean = {
    .size = sizeof(imgact_provider),
    .name = "digitalocean",
    .display_name = "DigitalOcean",
    .default_endpoint = "https://api.digitalocean.com",
    .token_env = token_env,
    .endpoint_env = endpoint_env,
    .token_prefixes = token_prefixes,
    .slots = slots,
    .slots_stride = sizeof(imgact_slot),
    .slots_count = IMGACT_OP_COUNT,
    .is_valid_id = imgact_is_decimal_id,
    .id_format = "1 to 64 digits without leading zeros",
    .type_groups = type_groups,
    .type_groups_stride = sizeof(imgact_type_group),
    .type_groups_count = sizeof type_groups / sizeof *type_groups,
    .max_per_page = 200,
    .tolerates_not_found = 1,
    .image_map = &image_map,
    .action_map = &action_map,
    .read_page = read_page,
    .errors = &errors,
    .rate_headers = &rate_headers,
    .region_map = &region_map,
};
