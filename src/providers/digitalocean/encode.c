// SPDX-License-Identifier: MIT
/*
 * Calls as DigitalOcean's requests. The cloud filters by hardly anything: what it cannot filter by
 * is applied to the items by the core. Of a link to a next page only the query is taken, and what
 * we ask for ourselves is set again over it.
 */
#include "digitalocean.h"
#include <string.h>

#define PRIVATE_TYPES                                                                              \
  (IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SNAPSHOT) |                                             \
   IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_BACKUP) |                                               \
   IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_CUSTOM))

static void path(imgact_request *request, const char *first, const char *second, const char *third,
                 const char *fourth) {
  imgact_request_add_segment(request, "v2");
  imgact_request_add_segment(request, first);
  if (second) imgact_request_add_segment(request, second);
  if (third) imgact_request_add_segment(request, third);
  if (fourth) imgact_request_add_segment(request, fourth);
}

/* ---- pages ---- */

/* Where a link's query has the value of a key, and its length; NULL = it has none. */
static const char *value_of(const char *query, const char *key, size_t *value_length) {
  size_t key_length = strlen(key);
  while (query && *query) {
    size_t length = strcspn(query, "&#");
    if (length > key_length && !strncmp(query, key, key_length) && query[key_length] == '=') {
      *value_length = length - key_length - 1;
      return query + key_length + 1;
    }
    if (query[length] != '&') return NULL;
    query += length + 1;
  }
  return NULL;
}

/* The number that a link's query gives for a key; 0 where it gives none. */
static int64_t told(const char *query, const char *key) {
  size_t length = 0;
  const char *value = value_of(query, key, &length);
  return value ? ia_digitalocean_number(value, length) : 0;
}

/* A link may tell of smaller pages than were asked for: its page number counts those, so the two
 * are taken together. A larger size never is: the second of larger pages begins behind the end of
 * our first, and what lies between would be missing. */
int64_t ia_digitalocean_page_size(const imgact_call *call, const char *query) {
  int64_t size = told(query, "per_page");
  return size > 0 && size < call->per_page ? size : call->per_page;
}

static void push_page(const imgact_call *call, imgact_request *request) {
  static const char *const ours[] = {"type", "private", "tag_name", "page", "per_page", NULL};
  int64_t page = told(call->next_query, "page");
  size_t length = 0;
  int by_token =
      page <= 0 && value_of(call->next_query, "page_token",
                            &length); /* it says all: a number beside it could skip a page */
  imgact_request_add_query_string(request, call->next_query, ours);
  if (!by_token) imgact_request_add_query_int(request, "page", page > 0 ? page : call->page);
  imgact_request_add_query_int(request, "per_page",
                               ia_digitalocean_page_size(call, call->next_query));
}

/* ---- images ---- */

int ia_digitalocean_asks_private(const imgact_call *call) {
  if (call->type_mask) return (call->type_mask & PRIVATE_TYPES) != 0;
  return call->image_filter->visibility == IMGACT_VISIBILITY_PRIVATE;
}

/* The query's "type" is another word than an image's: it knows distribution and application alone.
 */
static void push_types(const imgact_call *call, imgact_request *request) {
  if (ia_digitalocean_asks_private(call))
    imgact_request_add_query(request, "private", "true");
  else if (call->type_mask & IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SYSTEM))
    imgact_request_add_query(request, "type", "distribution");
  else if (call->type_mask & IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_APP))
    imgact_request_add_query(request, "type", "application");
}

/* Who sees an image can be asked for in one way: the account's own alone. Any other wish is met by
 * looking at the items. */
static void push_visibility(const imgact_call *call, imgact_request *request) {
  imgact_visibility visibility = call->image_filter->visibility;
  int own_alone = ia_digitalocean_asks_private(call);
  if (visibility == IMGACT_VISIBILITY_PUBLIC && own_alone)
    imgact_request_set_empty_result(request);
  else if (visibility != IMGACT_VISIBILITY_ALL && !own_alone)
    imgact_request_filter_locally(request, IMGACT_FILTER_VISIBILITY);
}

imgact_status ia_digitalocean_encode_list_images(const imgact_call *call, imgact_request *request,
                                                 imgact_error *error) {
  (void)error;
  path(request, "images", NULL, NULL, NULL);
  push_types(call, request);
  push_visibility(call, request);
  imgact_request_add_query(request, "tag_name", call->image_filter->tag);
  push_page(call, request);
  return IMGACT_OK;
}

static int is_reference(const char *text) {
  static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-";
  size_t length = strspn(text, allowed);
  return length > 0 && !text[length] && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

/* The only path that takes a slug, too. */
imgact_status ia_digitalocean_encode_get_image(const imgact_call *call, imgact_request *request,
                                               imgact_error *error) {
  if (!is_reference(call->image_ref))
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "\"%s\" is no id and no slug of an image", call->image_ref);
  path(request, "images", call->image_ref, NULL, NULL);
  return IMGACT_OK;
}

static void write_text(imgact_json_writer *body, const char *key, const char *value) {
  if (!value) return;
  imgact_json_write_key(body, key);
  imgact_json_write_string(body, value);
}

imgact_status ia_digitalocean_encode_update_image(const imgact_call *call, imgact_request *request,
                                                  imgact_error *error) {
  const imgact_image_update *update = call->update;
  if (update->replace_labels)
    return imgact_error_set(error, IMGACT_UNSUPPORTED, "digitalocean has no labels on images");
  if (update->convert_to_snapshot)
    return imgact_error_set(error, IMGACT_UNSUPPORTED,
                            "digitalocean cannot change the type of an image in an update");
  imgact_request_set_method(request, "PUT");
  path(request, "images", call->image_ref, NULL, NULL);
  imgact_json_writer *body = imgact_request_body_writer(request);
  imgact_json_write_begin_object(body);
  write_text(body, "name", update->name);
  write_text(body, "distribution", update->distribution);
  write_text(body, "description", update->description);
  imgact_json_write_end_object(body);
  return IMGACT_OK;
}

imgact_status ia_digitalocean_encode_delete_image(const imgact_call *call, imgact_request *request,
                                                  imgact_error *error) {
  (void)error;
  imgact_request_set_method(request, "DELETE");
  path(request, "images", call->image_ref, NULL, NULL);
  return IMGACT_OK;
}

/* ---- actions ---- */

imgact_status ia_digitalocean_encode_list_actions(const imgact_call *call, imgact_request *request,
                                                  imgact_error *error) {
  (void)error;
  if (call->action_filter->image_id)
    path(request, "images", call->action_filter->image_id, "actions", NULL);
  else
    path(request, "actions", NULL, NULL, NULL);
  if (!call->action_filter->image_id)
    imgact_request_filter_locally(
        request, IMGACT_FILTER_IMAGE_ID); /* those of other resources are dropped */
  push_page(call, request);
  return IMGACT_OK;
}

/* A token may be allowed to see images and no actions: then only the path below the image works. */
static void action_path(imgact_request *request, const char *image, const char *action) {
  if (image)
    path(request, "images", image, "actions", action);
  else
    path(request, "actions", action, NULL, NULL);
}

imgact_status ia_digitalocean_encode_get_action(const imgact_call *call, imgact_request *request,
                                                imgact_error *error) {
  (void)error;
  action_path(request, call->image_ref, call->action_id);
  return IMGACT_OK;
}

imgact_status ia_digitalocean_encode_wait_action(const imgact_call *call, imgact_request *request,
                                                 imgact_error *error) {
  (void)error;
  action_path(request, call->image_ref, call->action_ids[0]);
  return IMGACT_OK;
}

/* Without a type the cloud answers 404, as if there were no such image: it is always named. */
imgact_status ia_digitalocean_encode_start_action(const imgact_call *call, imgact_request *request,
                                                  imgact_error *error) {
  (void)error;
  int is_transfer = call->kind == IMGACT_OP_TRANSFER;
  imgact_request_set_method(request, "POST");
  path(request, "images", call->image_ref, "actions", NULL);
  imgact_json_writer *body = imgact_request_body_writer(request);
  imgact_json_write_begin_object(body);
  write_text(body, "type", is_transfer ? "transfer" : "convert");
  if (is_transfer) write_text(body, "region", call->region);
  imgact_json_write_end_object(body);
  return IMGACT_OK;
}
