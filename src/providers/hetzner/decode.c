// SPDX-License-Identifier: MIT
/*
 * Hetzner Cloud's replies as results. An envelope without its object or list, or an object without
 * an id, is no reply to work with; anything else that is missing, null or of another kind is "not
 * told".
 */
#include "hetzner.h"
#include <string.h>

static const char *usable_id(imgact_result *result, const imgact_json *object) {
  const char *id = imgact_decode_id(result, imgact_json_get(object, "id"));
  return id && ia_hetzner_is_valid_id(id) ? id : NULL;
}

/* ---- images ---- */

static imgact_tristate is_public(const imgact_image *image) {
  if (!image->provider_type) return IMGACT_TRISTATE_UNKNOWN;
  return image->type == IMGACT_IMAGE_TYPE_SYSTEM || image->type == IMGACT_IMAGE_TYPE_APP
             ? IMGACT_TRISTATE_TRUE
             : IMGACT_TRISTATE_FALSE;
}

/* Since 2026-09-08 an image has the object `deprecation`, and the flat date is to go. */
static int64_t deprecated_at(const imgact_json *object) {
  const imgact_json *deprecation = imgact_json_get(object, "deprecation");
  int64_t announced = imgact_decode_time(imgact_json_get(deprecation, "announced"));
  return announced != IMGACT_NO_TIME ? announced
                                     : imgact_decode_time(imgact_json_get(object, "deprecated"));
}

/* A name is null for snapshots and backups; bound_to is a bare number. */
static int add_image(const imgact_call *call, imgact_result *result, const imgact_json *object) {
  (void)call;
  const char *id = usable_id(result, object);
  if (!id) return 0;
  imgact_image *image = imgact_result_add_image(result, object);
  const imgact_json *from = imgact_json_get(object, "created_from");
  const imgact_json *size = imgact_json_get(object, "image_size"),
                    *min_disk = imgact_json_get(object, "disk_size");
  image->id = id;
  image->name = imgact_decode_string(result, imgact_json_get(object, "name"));
  image->description = imgact_decode_string(result, imgact_json_get(object, "description"));
  image->provider_type = imgact_decode_nonempty_string(result, imgact_json_get(object, "type"));
  image->type = (imgact_image_type)ia_hetzner_value(ia_hetzner_image_types, image->provider_type);
  image->provider_status = imgact_decode_nonempty_string(result, imgact_json_get(object, "status"));
  image->status =
      (imgact_image_status)ia_hetzner_value(ia_hetzner_image_statuses, image->provider_status);
  image->architecture = imgact_decode_string(result, imgact_json_get(object, "architecture"));
  image->os_family = imgact_decode_string(result, imgact_json_get(object, "os_flavor"));
  image->os_version = imgact_decode_string(result, imgact_json_get(object, "os_version"));
  image->labels =
      imgact_decode_labels(result, imgact_json_get(object, "labels"), &image->labels_count);
  image->created_from_id = imgact_decode_id(result, imgact_json_get(from, "id"));
  image->created_from_name = imgact_decode_string(result, imgact_json_get(from, "name"));
  image->bound_to = imgact_decode_id(result, imgact_json_get(object, "bound_to"));
  image->size_gb = imgact_decode_double(size);
  image->size_gb_text = imgact_decode_number_text(result, size);
  image->min_disk_gb = imgact_decode_double(min_disk);
  image->min_disk_gb_text = imgact_decode_number_text(result, min_disk);
  image->created_at = imgact_decode_time(imgact_json_get(object, "created"));
  image->deprecated_at = deprecated_at(object);
  image->deleted_at = imgact_decode_time(imgact_json_get(object, "deleted"));
  image->is_public = is_public(image);
  image->is_protected =
      imgact_decode_bool(imgact_json_get(imgact_json_get(object, "protection"), "delete"));
  return 1;
}

/* ---- actions ---- */

static imgact_action_kind kind_of(const char *command) {
  if (command && !strcmp(command, "change_protection")) return IMGACT_ACTION_KIND_CHANGE_PROTECTION;
  if (command && !strcmp(command, "create_image")) return IMGACT_ACTION_KIND_CREATE;
  return IMGACT_ACTION_KIND_OTHER;
}

static int32_t progress_of(const imgact_json *value) {
  double percent = imgact_decode_double(value);
  return percent >= 0 && percent <= INT32_MAX ? (int32_t)percent : -1;
}

/* If no resource has an id, the resources are not reported; only an empty array is an empty list.
 */
static void add_resources(imgact_result *result, imgact_action *action, const imgact_json *array) {
  if (imgact_json_get_type(array) != IMGACT_JSON_ARRAY) return;
  size_t count = imgact_json_count(array);
  imgact_resource *resources = imgact_result_alloc_resources(result, count);
  if (!resources) return;
  imgact_json_iter each = imgact_json_iter_begin(array);
  for (const imgact_json *item; (item = imgact_json_iter_next(&each, NULL));) {
    const char *id = imgact_decode_id(result, imgact_json_get(item, "id"));
    if (!id) continue;
    resources[action->resources_count].id = id;
    resources[action->resources_count++].type =
        imgact_decode_nonempty_string(result, imgact_json_get(item, "type"));
  }
  if (action->resources_count || !count) action->resources = resources;
}

static int names_image(imgact_result *result, const imgact_json *action, const char *image) {
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_get(action, "resources"));
  for (const imgact_json *item; (item = imgact_json_iter_next(&each, NULL));) {
    const char *id = imgact_decode_id(result, imgact_json_get(item, "id"));
    if (id && !strcmp(id, image) && imgact_json_equals(imgact_json_get(item, "type"), "image"))
      return 1;
  }
  return 0;
}

/* The status alone decides: the vendor's own samples show a success beside a filled error, and a
 * running action with progress 100 and an end. */
static int add_action(const imgact_call *call, imgact_result *result, const imgact_json *object) {
  (void)call;
  const char *id = usable_id(result, object);
  if (!id) return 0;
  imgact_action *action = imgact_result_add_action(result, object);
  const imgact_json *reason = imgact_json_get(object, "error");
  action->id = id;
  action->command = imgact_decode_nonempty_string(result, imgact_json_get(object, "command"));
  action->kind = kind_of(action->command);
  action->provider_status =
      imgact_decode_nonempty_string(result, imgact_json_get(object, "status"));
  action->status =
      (imgact_action_status)ia_hetzner_value(ia_hetzner_action_statuses, action->provider_status);
  action->progress = progress_of(imgact_json_get(object, "progress"));
  action->started_at = imgact_decode_time(imgact_json_get(object, "started"));
  action->finished_at = imgact_decode_time(imgact_json_get(object, "finished"));
  add_resources(result, action, imgact_json_get(object, "resources"));
  if (action->status == IMGACT_ACTION_STATUS_ERROR) {
    action->error_code = imgact_decode_nonempty_string(result, imgact_json_get(reason, "code"));
    action->error_message =
        imgact_decode_nonempty_string(result, imgact_json_get(reason, "message"));
  }
  return 1;
}

/* ---- pages ---- */

/* Page numbers are null where they are not known; some clients read such a null as 0. */
static int64_t page_number(const imgact_json *pagination, const char *key) {
  int64_t number = 0;
  return imgact_json_as_int(imgact_json_get(pagination, key), &number) && number > 0 ? number : -1;
}

static int is_told_but_no(imgact_json_type expected, const imgact_json *value) {
  imgact_json_type type = imgact_json_get_type(value);
  return type != IMGACT_JSON_ABSENT && type != IMGACT_JSON_NULL && type != expected;
}

/* The walk goes by next_page alone: the other numbers may be null, also on the last page. What is
 * told but is no number, or stands where an object with the number belongs, is handed on as "a page
 * that is not told", so that a list is never taken to be complete on such a word. */
static void read_next(imgact_result *result, const imgact_json *meta) {
  const imgact_json *pagination = imgact_json_get(meta, "pagination"),
                    *next = imgact_json_get(pagination, "next_page");
  int64_t number = 0;
  int is_number = imgact_json_as_int(next, &number);
  if (is_told_but_no(IMGACT_JSON_OBJECT, meta) || is_told_but_no(IMGACT_JSON_OBJECT, pagination) ||
      (!is_number && is_told_but_no(IMGACT_JSON_NULL, next)))
    imgact_result_set_next_page(result, 0, NULL, NULL);
  else if (number != 0)
    imgact_result_set_next_page(result, number, NULL, NULL);
}

static void read_page(const imgact_response *response, imgact_result *result) {
  const imgact_json *meta = imgact_json_get(imgact_response_json(response), "meta");
  const imgact_json *pagination = imgact_json_get(meta, "pagination");
  int64_t total = -1;
  imgact_json_as_int(imgact_json_get(pagination, "total_entries"), &total);
  const imgact_pagination page = {.page = page_number(pagination, "page"),
                                  .per_page = page_number(pagination, "per_page"),
                                  .previous = page_number(pagination, "previous_page"),
                                  .next = page_number(pagination, "next_page"),
                                  .last = page_number(pagination, "last_page"),
                                  .total = total >= 0 ? total : -1};
  imgact_result_set_pagination(result, &page);
  read_next(result, meta);
}

/* ---- the slots ---- */

imgact_status ia_hetzner_decode_images(const imgact_call *call, const imgact_response *response,
                                       imgact_result *result, imgact_error *error) {
  read_page(response, result);
  return imgact_result_add_list(result, call, response, "images", add_image, error);
}

imgact_status ia_hetzner_decode_image(const imgact_call *call, const imgact_response *response,
                                      imgact_result *result, imgact_error *error) {
  return imgact_result_add_object(result, call, response, "image", add_image, error);
}

imgact_status ia_hetzner_decode_nothing(const imgact_call *call, const imgact_response *response,
                                        imgact_result *result, imgact_error *error) {
  (void)call, (void)response, (void)result, (void)error;
  return IMGACT_OK;
}

imgact_status ia_hetzner_decode_actions(const imgact_call *call, const imgact_response *response,
                                        imgact_result *result, imgact_error *error) {
  read_page(response, result);
  return imgact_result_add_list(result, call, response, "actions", add_action, error);
}

/* The path without the image answers for every image's actions: the action must name the image. The
 * core rejects an action with another id. */
imgact_status ia_hetzner_decode_action(const imgact_call *call, const imgact_response *response,
                                       imgact_result *result, imgact_error *error) {
  const imgact_json *object = imgact_json_get(imgact_response_json(response), "action");
  const char *id =
      call->kind == IMGACT_OP_GET_ACTION && call->image_ref ? usable_id(result, object) : NULL;
  if (id && !strcmp(id, call->action_id) && !names_image(result, object, call->image_ref))
    return imgact_error_set(error, IMGACT_NOT_FOUND, "action %s is not one of image %s",
                            call->action_id, call->image_ref);
  return imgact_result_add_object(result, call, response, "action", add_action, error);
}

/* The cloud converts at once and tells of no action: a finished one without an id stands for it. */
imgact_status ia_hetzner_decode_convert(const imgact_call *call, const imgact_response *response,
                                        imgact_result *result, imgact_error *error) {
  imgact_status status =
      imgact_result_add_object(result, call, response, "image", add_image, error);
  if (status != IMGACT_OK) return status;
  imgact_resource *resource = imgact_result_alloc_resources(result, 1);
  imgact_action *action = imgact_result_add_action(result, NULL);
  action->command = "convert";
  action->kind = IMGACT_ACTION_KIND_CONVERT;
  action->status = IMGACT_ACTION_STATUS_SUCCESS;
  action->progress = 100;
  if (!resource) return IMGACT_OK;
  *resource = (imgact_resource){
      usable_id(result, imgact_json_get(imgact_response_json(response), "image")), "image"};
  action->resources = resource;
  action->resources_count = 1;
  return IMGACT_OK;
}
