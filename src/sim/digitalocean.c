// SPDX-License-Identifier: MIT
/*
 * DigitalOcean's side: images, image actions, actions, account transfers. Everything starts with
 * the token: an unknown path is no different from an unknown thing. Where the vendor's behaviour is
 * not known the strictest plausible one is chosen; docs/simulator.md lists those choices.
 */
#include "exchange.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PER_PAGE 200
#define MAX_TAGS     100

/* ---- errors ---- */

static void fail(sim_exchange *call, int status, const char *id, const char *message) {
  imgact_json_write_begin_object(call->out);
  sim_write_string(call->out, "id", id);
  sim_write_string(call->out, "message", message);
  sim_write_string(call->out, "request_id", call->request_id);
  imgact_json_write_end_object(call->out);
  sim_exchange_finish(call, status);
}

static void fail_not_found(sim_exchange *call) {
  fail(call, 404, "not_found", "The resource you were accessing could not be found.");
}

static void fail_input(sim_exchange *call, const char *message) {
  fail(call, 422, "unprocessable_entity", message);
}

static void fail_forbidden(sim_exchange *call) {
  fail(call, 403, "forbidden", "You are not authorized to perform this operation.");
}

/* ---- objects ---- */

static bool has_scope(const sim_exchange *call, const char *scope) {
  return call->token->access != SIM_SCOPED || sim_strings_has(&call->token->scopes, scope);
}

static void write_optional(imgact_json_writer *out, const char *key, double value, bool whole) {
  imgact_json_write_key(out, key);
  if (whole && !isnan(value))
    imgact_json_write_int(out, (int64_t)value);
  else
    imgact_json_write_double(out, value);
}

void sim_digitalocean_image(sim_exchange *call, const sim_image *image, bool import_pending) {
  static const sim_strings none = {0};
  imgact_json_writer *out = call->out;
  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", image->id);
  sim_write_string(out, "name", image->name ? image->name : "");
  sim_write_string(out, "type", sim_type_names[image->type]);
  sim_write_string(out, "distribution", image->os ? image->os : "Unknown");
  if (!import_pending) {
    sim_write_string(out, "slug", image->slug);
    sim_write_bool(out, "public", image->is_public);
  }
  sim_write_strings(out, "regions", &image->regions);
  sim_write_time(out, "created_at", image->created_ms);
  if (!import_pending) {
    write_optional(out, "min_disk_size", image->disk_gb, true);
    write_optional(out, "size_gigabytes", image->size_gb, false);
  }
  sim_write_string(out, "description", image->description ? image->description : "");
  sim_write_strings(out, "tags", has_scope(call, "tag:read") ? &image->tags : &none);
  sim_write_string(out, "status", sim_status_names[sim_image_status(image, call->now_ms)]);
  sim_write_string(out, "error_message", image->error_message ? image->error_message : "");
  if (call->dump) sim_dump_image(out, image);
  imgact_json_write_end_object(out);
}

static void write_region(sim_exchange *call, const char *slug) {
  static const sim_strings none = {0};
  imgact_json_writer *out = call->out;
  const sim_region *region = sim_region_find(call->world, SIM_DIGITALOCEAN, slug);
  imgact_json_write_begin_object(out);
  sim_write_string(out, "name", region ? region->name : slug);
  sim_write_string(out, "slug", slug);
  sim_write_strings(out, "features", region ? &region->features : &none);
  sim_write_bool(out, "available", region && region->available);
  sim_write_strings(out, "sizes", region && has_scope(call, "sizes:read") ? &region->sizes : &none);
  imgact_json_write_end_object(out);
}

void sim_digitalocean_action(sim_exchange *call, const sim_action *action) {
  imgact_json_writer *out = call->out;
  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", action->id);
  sim_write_string(out, "status", sim_state_names[SIM_DIGITALOCEAN][action->state]);
  sim_write_string(out, "type", action->command);
  sim_write_time(out, "started_at", action->started_ms);
  sim_write_time(out, "completed_at", action->finished_ms);
  sim_write_id(out, "resource_id", action->resource_id);
  sim_write_string(out, "resource_type", action->resource_type);
  imgact_json_write_key(out, "region");
  if (action->region)
    write_region(call, action->region);
  else
    imgact_json_write_null(out);
  sim_write_string(out, "region_slug", action->region);
  if (call->dump) sim_dump_action(call, action);
  imgact_json_write_end_object(out);
}

/* ---- lists ---- */

/* Too large a page is cut without a word. */
static bool paging(sim_exchange *call, int64_t *page, int64_t *per_page) {
  if (!sim_parameter_page(call, "page", 1, page) ||
      !sim_parameter_page(call, "per_page", 20, per_page)) {
    fail_input(call, "page and per_page must be positive integers.");
    return false;
  }
  if (*per_page > MAX_PER_PAGE) *per_page = MAX_PER_PAGE;
  return true;
}

static void write_link(sim_exchange *call, const char *rel, int64_t page) {
  sim_text link = {0};
  const sim_request *request = call->request;
  if (call->world->link_base)
    sim_text_str(&link, call->world->link_base);
  else
    sim_text_printf(&link, request->host ? "http://%s" : "https://%s",
                    request->host ? request->host : "api.digitalocean.com");
  sim_text_add(&link, request->target, strcspn(request->target, "?#"));
  sim_text_printf(&link, "?page=%" PRId64, page);
  for (size_t i = 0; i < call->parameters_count; i++) {
    if (!strcmp(call->parameters[i].name, "page")) continue;
    sim_text_str(&link, "&");
    sim_text_encode(&link, call->parameters[i].name);
    sim_text_str(&link, "=");
    sim_text_encode(&link, call->parameters[i].value);
  }
  sim_write_string(call->out, rel, sim_text_get(&link));
  sim_text_free(&link);
}

static void write_tail(sim_exchange *call, const sim_page *shown_page) {
  imgact_json_writer *out = call->out;
  imgact_json_write_key(out, "links");
  imgact_json_write_begin_object(out);
  if (shown_page->last > 1) {
    int64_t previous =
        shown_page->page <= shown_page->last ? shown_page->page - 1 : shown_page->last;
    imgact_json_write_key(out, "pages");
    imgact_json_write_begin_object(out);
    if (shown_page->page > 1) write_link(call, "first", 1);
    if (shown_page->page > 1) write_link(call, "prev", previous);
    if (shown_page->page < shown_page->last) write_link(call, "next", shown_page->page + 1);
    if (shown_page->page < shown_page->last) write_link(call, "last", shown_page->last);
    imgact_json_write_end_object(out);
  }
  imgact_json_write_end_object(out);
  imgact_json_write_key(out, "meta");
  imgact_json_write_begin_object(out);
  sim_write_int(out, "total", (int64_t)shown_page->total);
  imgact_json_write_end_object(out);
}

static bool wanted_image(const sim_exchange *call, const sim_image *image) {
  const char *type = sim_parameter_of(call, "type"), *private = sim_parameter_of(call, "private");
  const char *tag = sim_parameter_of(call, "tag_name");
  if (image->deleted) return false;
  if (type && (!image->is_public || (image->application != 0) != !strcmp(type, "application")))
    return false;
  if (private && !strcmp(private, "true") && image->is_public) return false;
  return !tag || sim_strings_has(&image->tags, tag);
}

static void list_images(sim_exchange *call) {
  static const char *const types[] = {"distribution", "application"};
  const char *type = sim_parameter_of(call, "type");
  int64_t page = 0, per_page = 0;
  if (type && sim_index_of(types, SIM_COUNT(types), type) < 0) {
    fail_input(call, "type must be distribution or application.");
    return;
  }
  if (!paging(call, &page, &per_page)) return;
  size_t count = 0;
  void **list = sim_images_filter(call, wanted_image, &count);
  if (!list) return;
  sim_page shown_page = sim_page_of(page, per_page, count);
  sim_reply_images(call, list, &shown_page, write_tail);
}

/* Newest first: of the account, or of one image. */
static size_t collect_actions(const sim_exchange *call, const sim_image *image, void **list) {
  size_t count = 0;
  for (size_t i = call->side->actions_count; i-- > 0;) {
    sim_action *action = call->side->actions[i];
    if ((!image || action->image == image) && sim_action_visible(call, action))
      list[count++] = action;
  }
  return count;
}

static void list_actions(sim_exchange *call, const sim_image *image) {
  int64_t page = 0, per_page = 0;
  if (!paging(call, &page, &per_page)) return;
  void **list = sim_scratch(call->world, call->side->actions_count);
  if (!list) return;
  sim_page shown_page = sim_page_of(page, per_page, collect_actions(call, image, list));
  sim_reply_actions(call, list, &shown_page, write_tail);
}

/* ---- changes ---- */

static bool parsed_body(sim_exchange *call) {
  int result = sim_exchange_parse(call);
  if (result == -1) fail(call, 400, "bad_request", "error parsing request body");
  return result == 0;
}

static bool text_or_nothing(sim_exchange *call, const char *key) {
  imgact_json_type type = imgact_json_get_type(imgact_json_get(call->body, key));
  return type == IMGACT_JSON_ABSENT || type == IMGACT_JSON_STRING;
}

/* Any distribution is taken, and what is not one of these becomes Unknown. */
static const char *distribution_of(sim_world *world, const imgact_json *value) {
  static const char *const known[] = {"Arch Linux",    "CentOS",  "CoreOS", "Debian",   "Fedora",
                                      "Fedora Atomic", "FreeBSD", "Gentoo", "openSUSE", "RancherOS",
                                      "Rocky Linux",   "Ubuntu",  "Unknown"};
  for (size_t i = 0; i < SIM_COUNT(known); i++)
    if (imgact_json_equals(value, known[i])) return sim_intern(world, known[i]);
  return sim_intern(world, "Unknown");
}

static bool take_text(char **slot, const imgact_json *value) {
  if (!value) return true;
  char *text = sim_copy_json(value);
  if (!text) return false;
  free(*slot);
  *slot = text;
  return true;
}

static void update_image(sim_exchange *call, sim_image *image) {
  if (!parsed_body(call)) return;
  if (image->is_public) {
    fail_forbidden(call);
    return;
  }
  if (!text_or_nothing(call, "name") || !text_or_nothing(call, "description") ||
      !text_or_nothing(call, "distribution") ||
      imgact_json_equals(imgact_json_get(call->body, "name"), "")) {
    fail_input(call, "Name must not be empty; name, description and distribution are strings.");
    return;
  }
  if (!take_text(&image->name, imgact_json_get(call->body, "name")) ||
      !take_text(&image->description, imgact_json_get(call->body, "description")))
    return;
  const imgact_json *distribution = imgact_json_get(call->body, "distribution");
  if (distribution) image->os = distribution_of(call->world, distribution);
  sim_world_commit(call->world, SIM_UPDATE);
  sim_reply_image(call, 200, image);
}

static void delete_image(sim_exchange *call, sim_image *image) {
  if (image->deleted || image->status == SIM_DELETED)
    fail_input(call, "Can not delete an already deleted image.");
  else if (image->is_public)
    fail_forbidden(call);
  else if (image->type == SIM_BACKUP)
    fail_input(call, "Backups can not be deleted.");
  else if (sim_image_running(image, SIM_NOTHING, NULL))
    fail_input(call, "Image already has a pending event.");
  else {
    sim_image_remove(image);
    sim_world_commit(call->world, SIM_DELETE);
    sim_exchange_finish(call, 204);
  }
}

static void begin(sim_exchange *call, sim_image *image, sim_effect effect, const char *region) {
  const sim_action *action = sim_world_begin(call->world, image, effect, region, call->now_ms);
  if (action) sim_reply_action(call, 201, action);
}

static void convert(sim_exchange *call, sim_image *image) {
  bool repeats = call->world->repeats;
  if (image->type != SIM_BACKUP && !(repeats && image->type == SIM_SNAPSHOT))
    fail_input(call, "Only backups can be converted to snapshots.");
  else if (!repeats && sim_image_running(image, SIM_NOTHING, NULL))
    fail_input(call, "Image already has a pending event.");
  else
    begin(call, image, SIM_CONVERT, image->regions.count ? image->regions.items[0] : NULL);
}

/* Several transfers of one image may run at once, to different regions. */
static void transfer(sim_exchange *call, sim_image *image) {
  char *slug = sim_copy_json(imgact_json_get(call->body, "region"));
  const sim_region *region = sim_region_find(call->world, SIM_DIGITALOCEAN, slug);
  free(slug);
  if (!region || !sim_strings_has(&region->features, "image_transfer"))
    fail_input(call, "Region is not available");
  else if (image->is_public)
    fail_forbidden(call);
  else if (image->type == SIM_BACKUP)
    fail_input(call, "Backups can not be transfered to other regions");
  else if (image->status != SIM_AVAILABLE)
    fail_input(call, "Image is not available.");
  else if (!call->world->repeats && sim_strings_has(&image->regions, region->slug))
    fail_input(call, "Image is already available in that region.");
  else if (!call->world->repeats && (sim_image_running(image, SIM_CONVERT, NULL) ||
                                     sim_image_running(image, SIM_TRANSFER, region->slug)))
    fail_input(call, "Image already has a pending event.");
  else
    begin(call, image, SIM_TRANSFER, region->slug);
}

static void post_action(sim_exchange *call, sim_image *image) {
  /* A missing body is a missing type. */
  if (call->request->body_bytes && !parsed_body(call)) return;
  const imgact_json *type = imgact_json_get(call->body, "type");
  if (imgact_json_equals(type, "convert"))
    convert(call, image);
  else if (imgact_json_equals(type, "transfer"))
    transfer(call, image);
  else
    fail(call, 404, "not_found", "The specified action type is not available.");
}

static bool read_tags(sim_exchange *call, sim_strings *tags) {
  const imgact_json *value = imgact_json_get(call->body, "tags"), *tag;
  imgact_json_type type = imgact_json_get_type(value);
  bool good = type == IMGACT_JSON_ABSENT || type == IMGACT_JSON_NULL || type == IMGACT_JSON_ARRAY;
  good = good && imgact_json_count(value) <= MAX_TAGS;
  imgact_json_iter each = imgact_json_iter_begin(value);
  while (good && (tag = imgact_json_iter_next(&each, NULL))) {
    char *text = sim_copy_json(tag);
    good = text && *text && strlen(text) <= 255 && sim_strings_add(call->world, tags, text);
    free(text);
  }
  return good;
}

static bool check_import(sim_exchange *call, const sim_region **region) {
  static const char *const needed[] = {"name", "url", "region"};
  char *slug = sim_copy_json(imgact_json_get(call->body, "region"));
  *region = sim_region_find(call->world, SIM_DIGITALOCEAN, slug);
  free(slug);
  for (size_t i = 0; i < SIM_COUNT(needed); i++) {
    size_t length = 0;
    if (!imgact_json_as_string(imgact_json_get(call->body, needed[i]), &length) || !length) {
      fail_input(call, "name, url and region are required.");
      return false;
    }
  }
  if (*region && text_or_nothing(call, "description") && text_or_nothing(call, "distribution"))
    return true;
  fail_input(call,
             *region ? "description and distribution are strings." : "Region is not available");
  return false;
}

static void reply_import(sim_exchange *call, const sim_image *image) {
  imgact_json_write_begin_object(call->out);
  imgact_json_write_key(call->out, "image");
  sim_digitalocean_image(call, image, true);
  imgact_json_write_end_object(call->out);
  sim_exchange_finish(call, 202);
}

/* The import is an action behind the scenes; it fails for a URL that has "/fail" in it, as a cloud
 * would for a bad file. */
static void import_image(sim_exchange *call) {
  const sim_region *region = NULL;
  sim_strings tags = {0};
  if (!parsed_body(call) || !check_import(call, &region)) return;
  if (!read_tags(call, &tags)) {
    free(tags.items);
    fail_input(call, "tags must be a list of names.");
    return;
  }
  sim_image *image = sim_image_new(call->world, SIM_DIGITALOCEAN, 0);
  if (!image) {
    free(tags.items);
    fail_input(call, "The limit of images is reached.");
    return;
  }
  image->tags = tags;
  image->type = SIM_CUSTOM;
  image->status = SIM_NEW;
  image->created_ms = call->now_ms;
  image->name = sim_copy_json(imgact_json_get(call->body, "name"));
  image->description = sim_copy_json(imgact_json_get(call->body, "description"));
  image->os = distribution_of(call->world, imgact_json_get(call->body, "distribution"));
  char *url = sim_copy_json(imgact_json_get(call->body, "url"));
  sim_overrides usual = call->world->overrides;
  if (url && strstr(url, "/fail")) call->world->overrides.fails = true;
  free(url);
  if (sim_world_begin(call->world, image, SIM_IMPORT, region->slug, call->now_ms))
    reply_import(call, image);
  call->world->overrides = usual;
}

/* ---- handing an image to another account ---- */

/* The one change that takes two scopes: of the route it is image:update. */
static void account_transfer(sim_exchange *call, sim_image *image) {
  size_t length = 0;
  if (!has_scope(call, "image:delete")) {
    fail_forbidden(call);
    return;
  }
  if (!parsed_body(call)) return;
  if (!imgact_json_as_string(imgact_json_get(call->body, "recipient_email"), &length) &&
      !imgact_json_as_string(imgact_json_get(call->body, "recipient_uuid"), &length)) {
    fail_input(call, "recipient_email or recipient_uuid is required.");
    return;
  }
  if (image->is_public || image->type != SIM_SNAPSHOT || image->handover_id) {
    fail_input(call, image->handover_id ? "Image already has a pending transfer."
                                        : "Only snapshots can be transferred.");
    return;
  }
  image->handover_id = (image->id + 999999) % SIM_MAX_ID + 1;
  imgact_json_write_begin_object(call->out);
  sim_write_int(call->out, "transfer_id", image->handover_id);
  imgact_json_write_end_object(call->out);
  sim_exchange_finish(call, 201);
}

static void end_account_transfer(sim_exchange *call, sim_image *image, bool accept) {
  int64_t id = 0;
  size_t length = 0;
  if (!parsed_body(call)) return;
  if (!imgact_json_as_int(imgact_json_get(call->body, "transfer_id"), &id) ||
      (accept && !imgact_json_as_string(imgact_json_get(call->body, "recipient_uuid"), &length))) {
    fail_input(call, "transfer_id is required.");
    return;
  }
  if (!image->handover_id || id != image->handover_id) {
    fail_not_found(call);
    return;
  }
  image->handover_id = 0;
  if (accept) {
    sim_image_remove(image);
    sim_world_commit(call->world, SIM_ACCOUNT_TRANSFER);
  }
  sim_exchange_finish(call, 204);
  if (accept) call->reply->status = 201;
}

/* ---- routes ---- */

typedef enum route {
  NO_ROUTE,
  IMAGES,
  IMAGE,
  IMAGE_ACTIONS,
  IMAGE_ACTION,
  HANDOVER,
  HANDOVER_END,
  ACTIONS,
  ACTION
} route;

static bool is(const sim_exchange *call, size_t index, const char *text) {
  return index < call->segments_count && index < SIM_MAX_SEGMENTS &&
         !strcmp(call->segments[index], text);
}

static route route_of(const sim_exchange *call) {
  size_t count = call->segments_count;
  if (!is(call, 0, "v2")) return NO_ROUTE;
  if (is(call, 1, "actions")) return count == 2 ? ACTIONS : count == 3 ? ACTION : NO_ROUTE;
  if (!is(call, 1, "images")) return NO_ROUTE;
  if (count <= 3) return count == 2 ? IMAGES : IMAGE;
  if (is(call, 3, "actions"))
    return count == 4 ? IMAGE_ACTIONS : count == 5 ? IMAGE_ACTION : NO_ROUTE;
  if (!is(call, 3, "account_transfer")) return NO_ROUTE;
  if (count == 4) return HANDOVER;
  return count == 5 && (is(call, 4, "accept") || is(call, 4, "cancel") || is(call, 4, "decline"))
             ? HANDOVER_END
             : NO_ROUTE;
}

/* What a method on a route needs; NULL = there is no such method. */
static const char *scope_of(const sim_exchange *call, route where) {
  const char *method = call->request->method;
  bool get = !strcmp(method, "GET"), post = !strcmp(method, "POST");
  switch (where) {
  case IMAGES: return get ? "image:read" : post ? "image:create" : NULL;
  case IMAGE:
    if (get) return "image:read";
    return !strcmp(method, "PUT")      ? "image:update"
           : !strcmp(method, "DELETE") ? "image:delete"
                                       : NULL;
  case IMAGE_ACTIONS: return get ? "image:read" : post ? "image:update" : NULL;
  case IMAGE_ACTION: return get ? "image:read" : NULL;
  case HANDOVER: return post ? "image:update" : NULL;
  case HANDOVER_END: return !post ? NULL : is(call, 4, "cancel") ? "image:update" : "image:create";
  case ACTIONS:
  case ACTION: return get ? "actions:read" : NULL;
  default: return NULL;
  }
}

/* By id; by slug, of public images, only to read one. */
static sim_image *image_of(const sim_exchange *call, const char *segment, bool by_slug) {
  int64_t id = 0;
  if (sim_parse_id(segment, &id)) return sim_image_find(call->world, SIM_DIGITALOCEAN, id);
  for (size_t i = 0; by_slug && i < call->side->images_count; i++) {
    sim_image *image = call->side->images[i];
    if (!image->deleted && image->is_public && image->slug && !strcmp(image->slug, segment))
      return image;
  }
  return NULL;
}

static void get_action(sim_exchange *call, const char *segment, const sim_image *image) {
  int64_t id = 0;
  const sim_action *action =
      sim_parse_id(segment, &id) ? sim_action_find(call->world, SIM_DIGITALOCEAN, id) : NULL;
  if (!action || !sim_action_visible(call, action) || (image && action->image != image))
    fail_not_found(call);
  else
    sim_reply_action(call, 200, action);
}

static void dispatch_image(sim_exchange *call, route where, sim_image *image) {
  const char *method = call->request->method;
  switch (where) {
  case IMAGE:
    if (!strcmp(method, "PUT"))
      update_image(call, image);
    else if (!strcmp(method, "DELETE"))
      delete_image(call, image);
    else
      sim_reply_image(call, 200, image);
    break;
  case IMAGE_ACTIONS:
    if (!strcmp(method, "POST"))
      post_action(call, image);
    else
      list_actions(call, image);
    break;
  case IMAGE_ACTION: get_action(call, call->segments[4], image); break;
  case HANDOVER: account_transfer(call, image); break;
  default: end_account_transfer(call, image, is(call, 4, "accept"));
  }
}

static void dispatch(sim_exchange *call, route where) {
  const char *method = call->request->method;
  if (where == IMAGES && !strcmp(method, "POST"))
    import_image(call);
  else if (where == IMAGES)
    list_images(call);
  else if (where == ACTIONS)
    list_actions(call, NULL);
  else if (where == ACTION)
    get_action(call, call->segments[2], NULL);
  else {
    sim_image *image = image_of(call, call->segments[2], where == IMAGE && !strcmp(method, "GET"));
    if (!image || (image->deleted && (where != IMAGE || strcmp(method, "DELETE") != 0)))
      fail_not_found(call);
    else
      dispatch_image(call, where, image);
  }
}

/* ---- before the handlers ---- */

static sim_rate_result spend(sim_exchange *call) {
  const sim_rate_limit *limit = &call->side->limit;
  if (!call->world->overrides.refuses)
    return sim_limit_window(limit, &call->token->rate[SIM_DIGITALOCEAN], call->now_ms);
  /* A full hour whose oldest request is about to age out, as the next one will be accepted. */
  return (sim_rate_result){
      .refused = true,
      .limit = limit->limit ? limit->limit : sim_default_limits[SIM_DIGITALOCEAN].limit,
      .reset_s = (limit->stale_ms ? call->now_ms - limit->stale_ms : call->now_ms + 1999) / 1000,
      .retry_after_s = -1};
}

static bool within_limit(sim_exchange *call) {
  sim_rate_result result = spend(call);
  if (result.limit) {
    sim_reply_header_int(call->reply, "ratelimit-limit", result.limit);
    sim_reply_header_int(call->reply, "ratelimit-remaining", result.remaining);
    sim_reply_header_int(call->reply, "ratelimit-reset", result.reset_s);
  }
  if (!result.refused) return true;
  if (result.retry_after_s >= 0)
    sim_reply_header_int(call->reply, "retry-after", result.retry_after_s);
  fail(call, 429, "too_many_requests", "API Rate limit exceeded.");
  return false;
}

static bool permitted(sim_exchange *call, const char *scope) {
  bool reads = !strcmp(call->request->method, "GET");
  if (has_scope(call, scope) && (reads || call->token->access != SIM_READ_ONLY)) return true;
  fail_forbidden(call);
  return false;
}

void sim_digitalocean(sim_exchange *call) {
  uint64_t high = sim_random(&call->world->ids), low = sim_random(&call->world->ids);
  snprintf(call->request_id, sizeof call->request_id,
           "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64 "-%012" PRIx64, high >> 32,
           high >> 16 & 0xFFFF, high & 0xFFF, low >> 52, low & UINT64_C(0xFFFFFFFFFFFF));
  sim_reply_header(call->reply, "x-request-id", call->request_id);
  route where = route_of(call);
  const char *scope = scope_of(call, where);
  if (!within_limit(call)) return;
  if (call->token->access == SIM_INVALID)
    fail(call, 401, "unauthorized", "Unable to authenticate you.");
  else if (!scope)
    fail_not_found(call);
  else if (!permitted(call, scope))
    return;
  else if (call->malformed)
    fail(call, 400, "bad_request", "malformed query");
  else if (sim_too_large(call->request))
    fail(call, 413, "payload_too_large", "The request body is too large.");
  else
    dispatch(call, where);
}
