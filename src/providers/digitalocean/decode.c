// SPDX-License-Identifier: MIT
/*
 * DigitalOcean's replies as results. An envelope without its object or list, or an object without
 * an id, is no reply to work with; anything else that is missing, null or of another kind is "not
 * told".
 */
#include "digitalocean.h"
#include <stdio.h>
#include <string.h>

static const char *usable_id(imgact_result *result, const imgact_json *object) {
  const char *id = imgact_decode_id(result, imgact_json_get(object, "id"));
  return id && ia_digitalocean_is_valid_id(id) ? id : NULL;
}

/* ---- images ---- */

/* Public images call themselves "snapshot", too, so who sees an image decides first. */
static imgact_image_type type_of(const char *word, imgact_tristate is_public) {
  if (is_public == IMGACT_TRISTATE_TRUE) return IMGACT_IMAGE_TYPE_SYSTEM;
  if (!word) return IMGACT_IMAGE_TYPE_UNKNOWN;
  if (!strcmp(word, "base")) return IMGACT_IMAGE_TYPE_SYSTEM;
  if (!strcmp(word, "snapshot")) return IMGACT_IMAGE_TYPE_SNAPSHOT;
  if (!strcmp(word, "backup")) return IMGACT_IMAGE_TYPE_BACKUP;
  if (!strcmp(word, "custom")) return IMGACT_IMAGE_TYPE_CUSTOM;
  return IMGACT_IMAGE_TYPE_UNKNOWN;
}

/* ASCII letters in any case; independent of the process's locale. */
static int is_word(const char *text, const char *lower_case) {
  for (; *text && *lower_case; text++, lower_case++) {
    char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
    if (c != *lower_case) return 0;
  }
  return *text == *lower_case;
}

/* "NEW" stands in the documents, "new" has been served. */
static imgact_image_status status_of(const char *word) {
  if (!word) return IMGACT_IMAGE_STATUS_UNKNOWN;
  if (is_word(word, "new") || is_word(word, "pending")) return IMGACT_IMAGE_STATUS_CREATING;
  if (is_word(word, "available")) return IMGACT_IMAGE_STATUS_AVAILABLE;
  if (is_word(word, "deleted")) return IMGACT_IMAGE_STATUS_DELETED;
  if (is_word(word, "retired")) return IMGACT_IMAGE_STATUS_RETIRED;
  return IMGACT_IMAGE_STATUS_UNKNOWN;
}

/* Regions come with duplicates at times, and are shown as served. A slug of "" is none. */
static int add_image(const imgact_call *call, imgact_result *result, const imgact_json *object) {
  (void)call;
  const char *id = usable_id(result, object);
  if (!id) return 0;
  imgact_image *image = imgact_result_add_image(result, object);
  const imgact_json *size = imgact_json_get(object, "size_gigabytes"),
                    *min_disk = imgact_json_get(object, "min_disk_size");
  image->id = id;
  image->name = imgact_decode_string(result, imgact_json_get(object, "name"));
  image->slug = imgact_decode_nonempty_string(result, imgact_json_get(object, "slug"));
  image->description = imgact_decode_string(result, imgact_json_get(object, "description"));
  image->is_public = imgact_decode_bool(imgact_json_get(object, "public"));
  image->provider_type = imgact_decode_nonempty_string(result, imgact_json_get(object, "type"));
  image->type = type_of(image->provider_type, image->is_public);
  image->provider_status = imgact_decode_nonempty_string(result, imgact_json_get(object, "status"));
  image->status = status_of(image->provider_status);
  image->os_family = imgact_decode_string(result, imgact_json_get(object, "distribution"));
  image->regions =
      imgact_decode_strings(result, imgact_json_get(object, "regions"), &image->regions_count);
  image->tags = imgact_decode_strings(result, imgact_json_get(object, "tags"), &image->tags_count);
  image->size_gb = imgact_decode_double(size);
  image->size_gb_text = imgact_decode_number_text(result, size);
  image->min_disk_gb = imgact_decode_double(min_disk);
  image->min_disk_gb_text = imgact_decode_number_text(result, min_disk);
  image->created_at = imgact_decode_time(imgact_json_get(object, "created_at"));
  image->error_message =
      imgact_decode_nonempty_string(result, imgact_json_get(object, "error_message"));
  return 1;
}

/* Public images call themselves snapshots, too: where the account's own are asked for, they are
 * passed over. */
static int add_listed_image(const imgact_call *call, imgact_result *result,
                            const imgact_json *object) {
  int is_public = imgact_decode_bool(imgact_json_get(object, "public")) == IMGACT_TRISTATE_TRUE;
  if (is_public && ia_digitalocean_asks_private(call)) return usable_id(result, object) != NULL;
  return add_image(call, result, object);
}

/* ---- actions ---- */

/* Older documents showed the action of a conversion as "convert_to_snapshot". */
static imgact_action_kind kind_of(const char *command) {
  if (!command) return IMGACT_ACTION_KIND_OTHER;
  if (!strcmp(command, "transfer")) return IMGACT_ACTION_KIND_TRANSFER;
  if (!strcmp(command, "convert") || !strncmp(command, "convert_", strlen("convert_")))
    return IMGACT_ACTION_KIND_CONVERT;
  if (!strcmp(command, "create")) return IMGACT_ACTION_KIND_CREATE;
  return IMGACT_ACTION_KIND_OTHER;
}

static imgact_action_status action_status_of(const char *word) {
  if (!word) return IMGACT_ACTION_STATUS_UNKNOWN;
  if (!strcmp(word, "in-progress")) return IMGACT_ACTION_STATUS_RUNNING;
  if (!strcmp(word, "completed")) return IMGACT_ACTION_STATUS_SUCCESS;
  if (!strcmp(word, "errored")) return IMGACT_ACTION_STATUS_ERROR;
  return IMGACT_ACTION_STATUS_UNKNOWN;
}

/* The region is an object, in old replies a bare slug, and often missing; its slug also stands
 * beside it. */
static const char *region_of(imgact_result *result, const imgact_json *object) {
  const imgact_json *region = imgact_json_get(object, "region");
  const char *slug = imgact_decode_nonempty_string(result, imgact_json_get(object, "region_slug"));
  if (!slug) slug = imgact_decode_nonempty_string(result, imgact_json_get(region, "slug"));
  return slug ? slug : imgact_decode_nonempty_string(result, region);
}

static void add_resource(imgact_result *result, imgact_action *action, const imgact_json *object) {
  const char *id = imgact_decode_id(result, imgact_json_get(object, "resource_id"));
  imgact_resource *resource = id ? imgact_result_alloc_resources(result, 1) : NULL;
  if (!resource) return;
  *resource = (imgact_resource){
      id, imgact_decode_nonempty_string(result, imgact_json_get(object, "resource_type"))};
  action->resources = resource;
  action->resources_count = 1;
}

/* No progress and no reason of a failure are told here. */
static int add_action(const imgact_call *call, imgact_result *result, const imgact_json *object) {
  (void)call;
  const char *id = usable_id(result, object);
  if (!id) return 0;
  imgact_action *action = imgact_result_add_action(result, object);
  action->id = id;
  action->command = imgact_decode_nonempty_string(result, imgact_json_get(object, "type"));
  action->kind = kind_of(action->command);
  action->provider_status =
      imgact_decode_nonempty_string(result, imgact_json_get(object, "status"));
  action->status = action_status_of(action->provider_status);
  action->started_at = imgact_decode_time(imgact_json_get(object, "started_at"));
  action->finished_at = imgact_decode_time(imgact_json_get(object, "completed_at"));
  action->region = region_of(result, object);
  add_resource(result, action, object);
  return 1;
}

/* The account's list mixes the actions of all its resources. */
static int add_listed_action(const imgact_call *call, imgact_result *result,
                             const imgact_json *object) {
  int passed_over = !call->action_filter->image_id &&
                    !imgact_json_equals(imgact_json_get(object, "resource_type"), "image");
  return passed_over ? usable_id(result, object) != NULL : add_action(call, result, object);
}

/* ---- pages ---- */

static int64_t page_number(imgact_result *result, const char *link) {
  const char *text = imgact_result_query_value(result, link, "page");
  return text ? ia_digitalocean_number(text, strlen(text)) : 0;
}

static int64_t told_page(imgact_result *result, const imgact_json *pages, const char *key) {
  int64_t number =
      page_number(result, imgact_decode_nonempty_string(result, imgact_json_get(pages, key)));
  return number > 0 ? number : -1;
}

static void next_is_untold(imgact_result *result) {
  imgact_result_set_next_page(result, 0, NULL, NULL);
}

/* Once pages have become smaller, a link that forgets their size, or takes it back, is followed
 * with the size of this page: it is put in front, where it counts. */
static void follow(const imgact_call *call, imgact_result *result, const char *link) {
  char sized[1024];
  const char *query = strchr(link, '?');
  int64_t size = ia_digitalocean_page_size(call, call->next_query);
  if (query && ia_digitalocean_page_size(call, ++query) > size) {
    int length = snprintf(sized, sizeof sized, "per_page=%lld&%s", (long long)size, query);
    if (length < 0 || (size_t)length >= sizeof sized) {
      next_is_untold(result);
      return;
    }
    query = sized;
  }
  imgact_result_set_next_page(result, page_number(result, link),
                              imgact_result_query_value(result, link, "page_token"), query);
}

static int is_told_but_no(imgact_json_type expected, const imgact_json *value) {
  imgact_json_type type = imgact_json_get_type(value);
  return type != IMGACT_JSON_ABSENT && type != IMGACT_JSON_NULL && type != expected;
}

/* The end of a walk is a "next" that is absent, null or empty, or nothing where it belongs. What is
 * of another kind there is handed on as "a page that is not told", so that a list is never taken to
 * be complete on such a word. */
static void read_next(const imgact_call *call, imgact_result *result, const imgact_json *links) {
  const imgact_json *pages = imgact_json_get(links, "pages"),
                    *next = imgact_json_get(pages, "next");
  const char *link = imgact_decode_nonempty_string(result, next);
  if (is_told_but_no(IMGACT_JSON_OBJECT, links) || is_told_but_no(IMGACT_JSON_OBJECT, pages) ||
      is_told_but_no(IMGACT_JSON_STRING, next))
    next_is_untold(result);
  else if (link)
    follow(call, result, link);
}

/* A reply does not say which page it is, but it was asked for. */
static void read_page(const imgact_call *call, const imgact_response *response,
                      imgact_result *result) {
  const imgact_json *body = imgact_response_json(response);
  const imgact_json *links = imgact_json_get(body, "links"),
                    *pages = imgact_json_get(links, "pages");
  int64_t total = -1;
  imgact_json_as_int(imgact_json_get(imgact_json_get(body, "meta"), "total"), &total);
  const imgact_pagination page = {.page = call->page > 0 ? call->page : -1,
                                  .per_page = -1,
                                  .previous = told_page(result, pages, "prev"),
                                  .next = told_page(result, pages, "next"),
                                  .last = told_page(result, pages, "last"),
                                  .total = total >= 0 ? total : -1};
  imgact_result_set_pagination(result, &page);
  read_next(call, result, links);
}

/* ---- the slots ---- */

imgact_status ia_digitalocean_decode_images(const imgact_call *call,
                                            const imgact_response *response, imgact_result *result,
                                            imgact_error *error) {
  read_page(call, response, result);
  return imgact_result_add_list(result, call, response, "images", add_listed_image, error);
}

imgact_status ia_digitalocean_decode_image(const imgact_call *call, const imgact_response *response,
                                           imgact_result *result, imgact_error *error) {
  return imgact_result_add_object(result, call, response, "image", add_image, error);
}

imgact_status ia_digitalocean_decode_nothing(const imgact_call *call,
                                             const imgact_response *response, imgact_result *result,
                                             imgact_error *error) {
  (void)call, (void)response, (void)result, (void)error;
  return IMGACT_OK;
}

imgact_status ia_digitalocean_decode_actions(const imgact_call *call,
                                             const imgact_response *response, imgact_result *result,
                                             imgact_error *error) {
  read_page(call, response, result);
  return imgact_result_add_list(result, call, response, "actions", add_listed_action, error);
}

imgact_status ia_digitalocean_decode_action(const imgact_call *call,
                                            const imgact_response *response, imgact_result *result,
                                            imgact_error *error) {
  return imgact_result_add_object(result, call, response, "action", add_action, error);
}
