// SPDX-License-Identifier: MIT
/*
 * Calls as Hetzner Cloud's requests. Every filter is the server's; keys are repeated, never
 * comma-joined. What the cloud has no word for is refused here, so nothing is ever asked for that
 * would be answered differently from what was meant.
 */
#include "hetzner.h"
#include <string.h>

static imgact_status lacks(imgact_error *error, const char *what, const char *value) {
  return imgact_error_set(error, IMGACT_UNSUPPORTED, "hetzner has no %s \"%s\"", what, value);
}

static void image_path(const imgact_call *call, imgact_request *request) {
  imgact_request_add_segment(request, "images");
  imgact_request_add_segment(request, call->image_ref);
}

static void push_page(const imgact_call *call, imgact_request *request) {
  imgact_request_add_query_int(request, "page", call->page);
  imgact_request_add_query_int(request, "per_page", call->per_page);
}

static void push_all(imgact_request *request, const char *key, const char *const *values,
                     size_t count) {
  for (size_t i = 0; i < count; i++) imgact_request_add_query(request, key, values[i]);
}

static int is_visible(imgact_visibility visibility, imgact_image_type type) {
  int is_public = type == IMGACT_IMAGE_TYPE_SYSTEM || type == IMGACT_IMAGE_TYPE_APP;
  return visibility == IMGACT_VISIBILITY_ALL ||
         is_public == (visibility == IMGACT_VISIBILITY_PUBLIC);
}

/* Who sees an image follows from its type here, so a visibility narrows the types, or stands for
 * all of its own. */
static imgact_status push_types(const imgact_image_filter *filter, imgact_request *request,
                                imgact_error *error) {
  static const imgact_image_type all[] = {IMGACT_IMAGE_TYPE_SYSTEM, IMGACT_IMAGE_TYPE_APP,
                                          IMGACT_IMAGE_TYPE_SNAPSHOT, IMGACT_IMAGE_TYPE_BACKUP};
  const imgact_image_type *types = filter->types;
  size_t count = filter->types_count, pushed = 0;
  if (!count && filter->visibility == IMGACT_VISIBILITY_ALL) return IMGACT_OK;
  if (!count) {
    types = all;
    count = sizeof all / sizeof *all;
  }
  for (size_t i = 0; i < count; i++) {
    const char *word = ia_hetzner_text(ia_hetzner_image_types, (int)types[i]);
    if (!word) return lacks(error, "images of the type", imgact_image_type_name(types[i]));
    if (!is_visible(filter->visibility, types[i])) continue;
    imgact_request_add_query(request, "type", word);
    pushed++;
  }
  if (!pushed) imgact_request_set_empty_result(request);
  return IMGACT_OK;
}

static imgact_status push_image_statuses(const imgact_image_filter *filter, imgact_request *request,
                                         imgact_error *error) {
  for (size_t i = 0; i < filter->statuses_count; i++) {
    const char *word = ia_hetzner_text(ia_hetzner_image_statuses, (int)filter->statuses[i]);
    if (!word)
      return lacks(error, "images of the status", imgact_image_status_name(filter->statuses[i]));
    imgact_request_add_query(request, "status", word);
  }
  return IMGACT_OK;
}

imgact_status ia_hetzner_encode_list_images(const imgact_call *call, imgact_request *request,
                                            imgact_error *error) {
  const imgact_image_filter *filter = call->image_filter;
  imgact_request_add_segment(request, "images");
  imgact_status status = push_types(filter, request, error);
  if (status == IMGACT_OK) status = push_image_statuses(filter, request, error);
  if (status != IMGACT_OK) return status;
  push_all(request, "bound_to", filter->bound_to, filter->bound_to_count);
  imgact_request_add_query(request, "name", filter->name);
  imgact_request_add_query(request, "architecture", filter->architecture);
  imgact_request_add_query(request, "label_selector", filter->label_selector);
  if (filter->include_deprecated) imgact_request_add_query(request, "include_deprecated", "true");
  push_all(request, "sort", filter->sort, filter->sort_count);
  push_page(call, request);
  return IMGACT_OK;
}

imgact_status ia_hetzner_encode_get_image(const imgact_call *call, imgact_request *request,
                                          imgact_error *error) {
  (void)error;
  image_path(call, request);
  return IMGACT_OK;
}

/* Of a key that is given twice the last value counts: a duplicate key in the body would leave the
 * choice to the API. */
static int is_overridden(const imgact_image_update *update, size_t index) {
  for (size_t i = index + 1; i < update->labels_count; i++)
    if (!strcmp(update->labels[i].key, update->labels[index].key)) return 1;
  return 0;
}

/* "labels" replaces the whole set and {} clears it; a key that is absent changes nothing. */
static void write_update(const imgact_image_update *update, imgact_json_writer *body) {
  imgact_json_write_begin_object(body);
  if (update->description) {
    imgact_json_write_key(body, "description");
    imgact_json_write_string(body, update->description);
  }
  if (update->convert_to_snapshot) {
    imgact_json_write_key(body, "type");
    imgact_json_write_string(body, "snapshot");
  }
  if (update->replace_labels) {
    imgact_json_write_key(body, "labels");
    imgact_json_write_begin_object(body);
    for (size_t i = 0; i < update->labels_count; i++) {
      if (is_overridden(update, i)) continue;
      imgact_json_write_key(body, update->labels[i].key);
      imgact_json_write_string(body, update->labels[i].value);
    }
    imgact_json_write_end_object(body);
  }
  imgact_json_write_end_object(body);
}

imgact_status ia_hetzner_encode_update_image(const imgact_call *call, imgact_request *request,
                                             imgact_error *error) {
  const imgact_image_update *update = call->update;
  if (update->name)
    return imgact_error_set(error, IMGACT_UNSUPPORTED,
                            "hetzner cannot change the name of an image");
  if (update->distribution)
    return imgact_error_set(error, IMGACT_UNSUPPORTED,
                            "hetzner cannot change the distribution of an image");
  imgact_request_set_method(request, "PUT");
  image_path(call, request);
  write_update(update, imgact_request_body_writer(request));
  return IMGACT_OK;
}

imgact_status ia_hetzner_encode_delete_image(const imgact_call *call, imgact_request *request,
                                             imgact_error *error) {
  (void)error;
  imgact_request_set_method(request, "DELETE");
  image_path(call, request);
  return IMGACT_OK;
}

/* Only the list over all images knows the filter by id. */
imgact_status ia_hetzner_encode_list_actions(const imgact_call *call, imgact_request *request,
                                             imgact_error *error) {
  const imgact_action_filter *filter = call->action_filter;
  imgact_request_add_segment(request, "images");
  if (filter->image_id) imgact_request_add_segment(request, filter->image_id);
  imgact_request_add_segment(request, "actions");
  for (size_t i = 0; i < filter->statuses_count; i++) {
    const char *word = ia_hetzner_text(ia_hetzner_action_statuses, (int)filter->statuses[i]);
    if (!word)
      return lacks(error, "actions of the status", imgact_action_status_name(filter->statuses[i]));
    imgact_request_add_query(request, "status", word);
  }
  if (!filter->image_id)
    push_all(request, "id", filter->ids, filter->ids_count);
  else if (filter->ids_count)
    imgact_request_filter_locally(request, IMGACT_FILTER_ACTION_ID);
  push_all(request, "sort", filter->sort, filter->sort_count);
  push_page(call, request);
  return IMGACT_OK;
}

/* The image's own path to one action is deprecated since 2026-04-30: it is taken only where the
 * caller asks for it. */
imgact_status ia_hetzner_encode_get_action(const imgact_call *call, imgact_request *request,
                                           imgact_error *error) {
  (void)error;
  imgact_request_add_segment(request, "images");
  if (call->image_ref && (call->flags & IMGACT_OP_FLAG_VIA_IMAGE))
    imgact_request_add_segment(request, call->image_ref);
  imgact_request_add_segment(request, "actions");
  imgact_request_add_segment(request, call->action_id);
  return IMGACT_OK;
}

imgact_status ia_hetzner_encode_change_protection(const imgact_call *call, imgact_request *request,
                                                  imgact_error *error) {
  (void)error;
  imgact_request_set_method(request, "POST");
  image_path(call, request);
  imgact_request_add_segment(request, "actions");
  imgact_request_add_segment(request, "change_protection");
  imgact_json_writer *body = imgact_request_body_writer(request);
  imgact_json_write_begin_object(body);
  imgact_json_write_key(body, "delete");
  imgact_json_write_bool(body, call->protect != 0);
  imgact_json_write_end_object(body);
  return IMGACT_OK;
}

imgact_status ia_hetzner_encode_convert(const imgact_call *call, imgact_request *request,
                                        imgact_error *error) {
  (void)error;
  const imgact_image_update update = {.size = sizeof update, .convert_to_snapshot = 1};
  imgact_request_set_method(request, "PUT");
  image_path(call, request);
  write_update(&update, imgact_request_body_writer(request));
  return IMGACT_OK;
}

imgact_status ia_hetzner_encode_wait_actions(const imgact_call *call, imgact_request *request,
                                             imgact_error *error) {
  (void)error;
  imgact_request_add_segment(request, "actions");
  push_all(request, "id", call->action_ids, call->action_ids_count);
  return IMGACT_OK;
}
