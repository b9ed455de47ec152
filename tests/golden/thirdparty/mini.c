// SPDX-License-Identifier: MIT
/*
 * "mini", a cloud that does not exist: a whole provider in one file, built as a module of its own
 * from the public headers alone. docs/writing-a-provider.md goes through it. Its ids are words, its
 * pages have cursors and no numbers, an image comes without an envelope, and a copy is a job:
 *
 *   GET    /images?cursor=C&size=N  {"items":[IMAGE...],"cursor":C}     the last page has no cursor
 *   GET    /images/REF              IMAGE
 *   DELETE /images/REF              202
 *   POST   /images/REF/copies       {"zone":Z} gives JOB
 *   GET    /images/REF/copies       {"items":[JOB...],"cursor":C}
 *   GET    /jobs/ID                 JOB
 *   IMAGE
 * {"ref","title","stock":bool,"phase":"building|ready|broken","bytes":number,"zones":[Z...],
 *   "made":seconds}
 *   JOB
 * {"job","image","zone","phase":"busy|finished|broken","why":text,"from":seconds,"until":seconds}
 *   errors {"problem":word,"text":sentence}, and a header Mini-Trace
 */
#include <imgact/provider.h>
#include <string.h>

extern IMGACT_API const imgact_provider imgact_provider_mini;

static int is_valid_id(const char *text) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
  return length >= 1 && length <= 64 && !text[length];
}

/* ---- calls as requests ---- */

static imgact_status encode_list_images(const imgact_call *call, imgact_request *request,
                                        imgact_error *error) {
  (void)error;
  imgact_request_add_segment(request, "images");
  imgact_request_add_query(request, "cursor", call->next_query);
  imgact_request_add_query_int(request, "size", call->per_page);
  return IMGACT_OK;
}

static imgact_status encode_get_image(const imgact_call *call, imgact_request *request,
                                      imgact_error *error) {
  (void)error;
  imgact_request_add_segment(request, "images");
  imgact_request_add_segment(request, call->image_ref);
  return IMGACT_OK;
}

static imgact_status encode_delete_image(const imgact_call *call, imgact_request *request,
                                         imgact_error *error) {
  imgact_request_set_method(request, "DELETE");
  return encode_get_image(call, request, error);
}

static imgact_status encode_transfer(const imgact_call *call, imgact_request *request,
                                     imgact_error *error) {
  imgact_request_set_method(request, "POST");
  encode_get_image(call, request, error);
  imgact_request_add_segment(request, "copies");
  imgact_json_writer *body = imgact_request_body_writer(request);
  imgact_json_write_begin_object(body);
  imgact_json_write_key(body, "zone");
  imgact_json_write_string(body, call->region);
  imgact_json_write_end_object(body);
  return IMGACT_OK;
}

static imgact_status encode_list_actions(const imgact_call *call, imgact_request *request,
                                         imgact_error *error) {
  if (!call->action_filter->image_id)
    return imgact_error_set(error, IMGACT_UNSUPPORTED,
                            "mini lists the jobs of one image, not those of all");
  imgact_request_add_segment(request, "images");
  imgact_request_add_segment(request, call->action_filter->image_id);
  imgact_request_add_segment(request, "copies");
  imgact_request_add_query(request, "cursor", call->next_query);
  imgact_request_add_query_int(request, "size", call->per_page);
  return IMGACT_OK;
}

static imgact_status encode_job(imgact_request *request, const char *id) {
  imgact_request_add_segment(request, "jobs");
  imgact_request_add_segment(request, id);
  return IMGACT_OK;
}

static imgact_status encode_get_action(const imgact_call *call, imgact_request *request,
                                       imgact_error *error) {
  (void)error;
  return encode_job(request, call->action_id);
}

static imgact_status encode_wait_actions(const imgact_call *call, imgact_request *request,
                                         imgact_error *error) {
  (void)error;
  return encode_job(request, call->action_ids[0]);
}

/* ---- replies as results ---- */

static imgact_image_status image_status(const imgact_json *phase) {
  if (imgact_json_equals(phase, "building")) return IMGACT_IMAGE_STATUS_CREATING;
  if (imgact_json_equals(phase, "ready")) return IMGACT_IMAGE_STATUS_AVAILABLE;
  return imgact_json_equals(phase, "broken") ? IMGACT_IMAGE_STATUS_UNAVAILABLE
                                             : IMGACT_IMAGE_STATUS_UNKNOWN;
}

static int add_image(const imgact_call *call, imgact_result *result, const imgact_json *object) {
  (void)call;
  const char *id = imgact_decode_id(result, imgact_json_get(object, "ref"));
  if (!id) return 0;
  imgact_image *image = imgact_result_add_image(result, object);
  const imgact_json *phase = imgact_json_get(object, "phase");
  image->id = id;
  image->name = imgact_decode_string(result, imgact_json_get(object, "title"));
  image->is_public = imgact_decode_bool(imgact_json_get(object, "stock"));
  if (image->is_public != IMGACT_TRISTATE_UNKNOWN)
    image->type = image->is_public ? IMGACT_IMAGE_TYPE_SYSTEM : IMGACT_IMAGE_TYPE_SNAPSHOT;
  image->provider_status = imgact_decode_nonempty_string(result, phase);
  image->status = image_status(phase);
  image->size_gb = imgact_decode_double(imgact_json_get(object, "bytes")) / 1e9;
  image->regions =
      imgact_decode_strings(result, imgact_json_get(object, "zones"), &image->regions_count);
  image->created_at = imgact_decode_time(imgact_json_get(object, "made"));
  return 1;
}

static imgact_action_status action_status(const imgact_json *phase) {
  if (imgact_json_equals(phase, "busy")) return IMGACT_ACTION_STATUS_RUNNING;
  if (imgact_json_equals(phase, "finished")) return IMGACT_ACTION_STATUS_SUCCESS;
  return imgact_json_equals(phase, "broken") ? IMGACT_ACTION_STATUS_ERROR
                                             : IMGACT_ACTION_STATUS_UNKNOWN;
}

static void add_resource(imgact_result *result, imgact_action *action, const imgact_json *object) {
  const char *image = imgact_decode_id(result, imgact_json_get(object, "image"));
  imgact_resource *resource = image ? imgact_result_alloc_resources(result, 1) : NULL;
  if (!resource) return;
  *resource = (imgact_resource){image, imgact_result_strdup(result, "image")};
  action->resources = resource;
  action->resources_count = 1;
}

static int add_job(const imgact_call *call, imgact_result *result, const imgact_json *object) {
  (void)call;
  const char *id = imgact_decode_id(result, imgact_json_get(object, "job"));
  if (!id) return 0;
  imgact_action *action = imgact_result_add_action(result, object);
  const imgact_json *phase = imgact_json_get(object, "phase");
  action->id = id;
  action->command = imgact_result_strdup(result, "copy");
  action->kind = IMGACT_ACTION_KIND_TRANSFER;
  action->provider_status = imgact_decode_nonempty_string(result, phase);
  action->status = action_status(phase);
  action->region = imgact_decode_nonempty_string(result, imgact_json_get(object, "zone"));
  action->started_at = imgact_decode_time(imgact_json_get(object, "from"));
  action->finished_at = imgact_decode_time(imgact_json_get(object, "until"));
  add_resource(result, action, object);
  if (action->status == IMGACT_ACTION_STATUS_ERROR)
    action->error_message = imgact_decode_nonempty_string(result, imgact_json_get(object, "why"));
  return 1;
}

/* What is given as the next page's query comes back in call->next as it is: here, the bare cursor.
 * Given as the page's token it shows that the pages advance: it must differ from the last one. */
static void add_cursor(imgact_result *result, const imgact_json *body) {
  const char *cursor = imgact_decode_nonempty_string(result, imgact_json_get(body, "cursor"));
  if (cursor) imgact_result_set_next_page(result, 0, cursor, cursor);
}

static imgact_status decode_images(const imgact_call *call, const imgact_response *response,
                                   imgact_result *result, imgact_error *error) {
  add_cursor(result, imgact_response_json(response));
  return imgact_result_add_list(result, call, response, "items", add_image, error);
}

static imgact_status decode_image(const imgact_call *call, const imgact_response *response,
                                  imgact_result *result, imgact_error *error) {
  return imgact_result_add_object(result, call, response, NULL, add_image, error);
}

static imgact_status decode_nothing(const imgact_call *call, const imgact_response *response,
                                    imgact_result *result, imgact_error *error) {
  (void)call, (void)response, (void)result, (void)error;
  return IMGACT_OK;
}

static imgact_status decode_jobs(const imgact_call *call, const imgact_response *response,
                                 imgact_result *result, imgact_error *error) {
  add_cursor(result, imgact_response_json(response));
  return imgact_result_add_list(result, call, response, "items", add_job, error);
}

static imgact_status decode_job(const imgact_call *call, const imgact_response *response,
                                imgact_result *result, imgact_error *error) {
  return imgact_result_add_object(result, call, response, NULL, add_job, error);
}

/* ---- what is the effect of a call whose answer was lost? ---- */

static imgact_tristate matches_transfer(const imgact_call *call, const imgact_action *action) {
  if (!action->region) return IMGACT_TRISTATE_UNKNOWN;
  return strcmp(action->region, call->region) == 0 ? IMGACT_TRISTATE_TRUE : IMGACT_TRISTATE_FALSE;
}

static imgact_tristate shows_region(const imgact_call *call, const imgact_image *image) {
  if (!image->regions) return IMGACT_TRISTATE_UNKNOWN;
  for (size_t i = 0; i < image->regions_count; i++)
    if (strcmp(image->regions[i], call->region) == 0) return IMGACT_TRISTATE_TRUE;
  return IMGACT_TRISTATE_FALSE;
}

/* ---- errors ---- */

/* The error comes filled by the HTTP status: only what the envelope knows better is put in. */
static void decode_error(const imgact_call *call, const imgact_response *response,
                         imgact_result *result, imgact_error *error) {
  (void)result;
  const imgact_json *body = imgact_response_json(response);
  imgact_json_copy_string(imgact_json_get(body, "problem"), error->provider_code,
                          sizeof error->provider_code);
  imgact_json_copy_string(imgact_json_get(body, "text"), error->message, sizeof error->message);
  if (!strcmp(error->provider_code, "shelf_full")) error->status = IMGACT_LIMIT_EXCEEDED;
  if (call->kind == IMGACT_OP_DELETE_IMAGE && error->status == IMGACT_NOT_FOUND)
    error->flags |= IMGACT_ERROR_ALREADY_DELETED;
}

/* ---- the table: an operation without a slot here is one that the cloud does not have ---- */

#define LOOKED_AT_HERE                                                                             \
  (IMGACT_FILTER_BIT(IMAGE_TYPE) | IMGACT_FILTER_BIT(IMAGE_STATUS) |                               \
   IMGACT_FILTER_BIT(IMAGE_NAME) | IMGACT_FILTER_BIT(IMAGE_REGION) |                               \
   IMGACT_FILTER_BIT(IMAGE_SORT))

static const imgact_slot slots[IMGACT_OP_COUNT] = {
    [IMGACT_OP_LIST_IMAGES] = {.encode = encode_list_images,
                               .decode = decode_images,
                               .flags = IMGACT_SLOT_IDEMPOTENT,
                               .local_filters = LOOKED_AT_HERE},
    [IMGACT_OP_GET_IMAGE] = {.encode = encode_get_image,
                             .decode = decode_image,
                             .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_DELETE_IMAGE] = {.encode = encode_delete_image,
                                .decode = decode_nothing,
                                .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_LIST_ACTIONS] = {.encode = encode_list_actions,
                                .decode = decode_jobs,
                                .flags = IMGACT_SLOT_IDEMPOTENT,
                                .server_filters = IMGACT_FILTER_BIT(ACTION_IMAGE),
                                .local_filters = IMGACT_FILTER_BIT(ACTION_STATUS) |
                                                 IMGACT_FILTER_BIT(ACTION_ID) |
                                                 IMGACT_FILTER_BIT(ACTION_SORT)},
    [IMGACT_OP_GET_ACTION] = {.encode = encode_get_action,
                              .decode = decode_job,
                              .flags = IMGACT_SLOT_IDEMPOTENT},
    [IMGACT_OP_TRANSFER] = {.encode = encode_transfer,
                            .decode = decode_job,
                            .matches_action = matches_transfer,
                            .image_shows_effect = shows_region,
                            .flags = IMGACT_SLOT_CREATES_ACTION},
    [IMGACT_OP_WAIT_ACTIONS] = {.encode = encode_wait_actions,
                                .decode = decode_job,
                                .flags = IMGACT_SLOT_IDEMPOTENT,
                                .max_ids = 1},
};

static const char *const token_env[] = {"MINI_TOKEN", NULL};
static const char *const endpoint_env[] = {"MINI_ENDPOINT", NULL};
static const imgact_type_group type_groups[] = {
    {IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SYSTEM) |
         IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SNAPSHOT),
     0}};

const imgact_provider imgact_provider_mini = {
    .size = sizeof(imgact_provider),
    .name = "mini",
    .default_endpoint = "https://mini.example/api",
    .token_env = token_env,
    .endpoint_env = endpoint_env,
    .slots = slots,
    .slots_stride = sizeof(imgact_slot),
    .slots_count = IMGACT_OP_COUNT,
    .is_valid_id = is_valid_id,
    .id_format = "1 to 64 lower-case letters, digits and \"-\"",
    .decode_error = decode_error,
    .type_groups = type_groups,
    .type_groups_stride = sizeof(imgact_type_group),
    .type_groups_count = 1,
    .max_per_page = 100,
};
