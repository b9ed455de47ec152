// SPDX-License-Identifier: MIT
/*
 * DigitalOcean: images, image actions, actions. Undocumented behaviour is the
 * strictest plausible one; docs/simulator.md lists these choices.
 */
#include "digitalocean.h"
#include "clouds.h"
#include "tags.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TAGS 100

/* ---- lists ---- */

static bool image_matches(const sim_exchange *exchange, const sim_image *image, uint32_t given) {
  sim_listed imports = exchange->world->imports;
  if (image->deleted || (image->status == SIM_DELETED && imports != SIM_LIST_ALL) ||
      (image->status == SIM_NEW && imports == SIM_LIST_AVAILABLE))
    return false;
  if (!given) return true;

  const char *type = sim_parameter_get(exchange, "type"),
             *private = sim_parameter_get(exchange, "private");
  const char *tag = sim_parameter_get(exchange, "tag_name");
  if (type && (!image->is_public || (image->application != 0) != !strcmp(type, "application")))
    return false;
  if (private && !strcmp(private, "true") && image->is_public) return false;
  return !tag || sim_strings_has(&image->tags, tag);
}

static void list_images(sim_exchange *exchange) {
  static const char *const types[] = {"distribution", "application"};
  static const char *const parameters[] = {"type", "private", "tag_name"};
  const char *type = sim_parameter_get(exchange, "type");
  int64_t page = 0, per_page = 0;
  if (type && sim_index_of(types, SIM_COUNT(types), type) < 0) {
    digitalocean_fail_input(exchange, "type must be distribution or application.");
    return;
  }
  if (!digitalocean_paging(exchange, &page, &per_page)) return;

  sim_list list;
  const sim_image_query query = {.parameters = parameters,
                                 .parameters_count = SIM_COUNT(parameters),
                                 .matches = image_matches};
  if (!sim_list_images(exchange, &query, &list)) return;

  sim_page shown_page = sim_page_of(page, per_page, list.count);
  sim_reply_images(exchange, list.items, &shown_page, digitalocean_write_footer);
}

/* Actions are listed newest first. */
static void list_actions(sim_exchange *exchange) {
  const sim_cloud_state *state = exchange->state;
  int64_t page = 0, per_page = 0;
  if (!digitalocean_paging(exchange, &page, &per_page)) return;

  size_t count = state->actions_count, hidden = 0;
  void **list = sim_scratch(exchange->world, count);
  if (!list) return;

  bool all_visible =
      state->hidden_until_ms <= exchange->now_ms && exchange->world->accounts_count == 1;
  for (size_t i = 0; i < count && !all_visible; i++)
    hidden += !sim_action_visible(exchange, state->actions[i]);
  sim_page shown_page = sim_page_of(page, per_page, count - hidden);
  if (hidden) {
    size_t at = 0;
    for (size_t i = count; i-- > 0;)
      if (sim_action_visible(exchange, state->actions[i])) list[at++] = state->actions[i];
  } else {
    for (size_t i = shown_page.first; i < shown_page.end; i++)
      list[i] = state->actions[count - 1 - i];
  }
  sim_reply_actions(exchange, list, &shown_page, digitalocean_write_footer);
}

/* ---- changes ---- */

/* Other distributions are accepted and stored as Unknown. */
static const char *distribution_of(sim_world *world, const imgact_json *value) {
  static const char *const known[] = {"Arch Linux",    "CentOS",  "CoreOS", "Debian",   "Fedora",
                                      "Fedora Atomic", "FreeBSD", "Gentoo", "openSUSE", "RancherOS",
                                      "Rocky Linux",   "Ubuntu",  "Unknown"};
  for (size_t i = 0; i < SIM_COUNT(known); i++)
    if (imgact_json_equals(value, known[i])) return sim_intern(world, known[i]);
  return sim_intern(world, "Unknown");
}

static bool set_text(char **slot, const imgact_json *value) {
  if (!value) return true;
  char *text = sim_copy_json(value);
  if (!text) return false;
  free(*slot);
  *slot = text;
  return true;
}

static void update_image(sim_exchange *exchange) {
  sim_image *image = exchange->image;
  if (!digitalocean_parse_body(exchange)) return;
  if (image->is_public) {
    digitalocean_fail_forbidden(exchange);
    return;
  }
  if (!digitalocean_is_optional_text(exchange, "name") ||
      !digitalocean_is_optional_text(exchange, "description") ||
      !digitalocean_is_optional_text(exchange, "distribution") ||
      imgact_json_equals(imgact_json_get(exchange->body, "name"), "")) {
    digitalocean_fail_input(
        exchange, "Name must not be empty; name, description and distribution are strings.");
    return;
  }

  if (!set_text(&image->name, imgact_json_get(exchange->body, "name")) ||
      !set_text(&image->description, imgact_json_get(exchange->body, "description")))
    return;
  const imgact_json *distribution = imgact_json_get(exchange->body, "distribution");
  if (distribution) image->os = distribution_of(exchange->world, distribution);
  sim_world_count(exchange->world, SIM_UPDATE);

  sim_reply_image(exchange, 200, image);
}

static void delete_image(sim_exchange *exchange) {
  sim_image *image = exchange->image;

  if (image->deleted || image->status == SIM_DELETED)
    digitalocean_fail_input(exchange, "Can not delete an already deleted image.");
  else if (image->is_public)
    digitalocean_fail_forbidden(exchange);
  else if (image->type == SIM_BACKUP)
    digitalocean_fail_input(exchange, "Backups can not be deleted.");
  else if (sim_image_running(image, SIM_NOTHING, NULL))
    digitalocean_fail_input(exchange, "Image already has a pending event.");
  else {
    sim_image_remove(exchange->world, image);
    sim_world_count(exchange->world, SIM_DELETE);
    sim_exchange_finish(exchange, 204);
  }
}

static void start_action(sim_exchange *exchange, sim_image *image, sim_effect effect,
                         const char *region) {
  const sim_action *action =
      sim_action_start(exchange->world, image, effect, region, exchange->now_ms);
  if (action) sim_reply_action(exchange, 201, action);
}

static void convert(sim_exchange *exchange, sim_image *image) {
  bool repeats = exchange->world->allow_repeats;
  if (image->type != SIM_BACKUP && !(repeats && image->type == SIM_SNAPSHOT))
    digitalocean_fail_input(exchange, "Only backups can be converted to snapshots.");
  else if (!repeats && sim_image_running(image, SIM_NOTHING, NULL))
    digitalocean_fail_input(exchange, "Image already has a pending event.");
  else
    start_action(exchange, image, SIM_CONVERT,
                 image->regions.count ? image->regions.items[0] : NULL);
}

/* Transfers of one image to different regions may run at the same time. */
static void transfer(sim_exchange *exchange, sim_image *image) {
  char *slug = sim_copy_json(imgact_json_get(exchange->body, "region"));
  const sim_region *region = sim_region_find(exchange->world, SIM_DIGITALOCEAN, slug);

  free(slug);
  if (!region || !sim_strings_has(&region->features, "image_transfer"))
    digitalocean_fail_input(exchange, "Region is not available");
  else if (image->is_public)
    digitalocean_fail_forbidden(exchange);
  else if (image->type == SIM_BACKUP)
    digitalocean_fail_input(exchange, "Backups can not be transfered to other regions");
  else if (image->status != SIM_AVAILABLE)
    digitalocean_fail_input(exchange, "Image is not available.");
  else if (!exchange->world->allow_repeats && sim_strings_has(&image->regions, region->slug))
    digitalocean_fail_input(exchange, "Image is already available in that region.");
  else if (!exchange->world->allow_repeats &&
           (sim_image_running(image, SIM_CONVERT, NULL) ||
            sim_image_running(image, SIM_TRANSFER, region->slug)))
    digitalocean_fail_input(exchange, "Image already has a pending event.");
  else
    start_action(exchange, image, SIM_TRANSFER, region->slug);
}

static void post_action(sim_exchange *exchange) {
  sim_image *image = exchange->image;
  /* A missing body is handled like a missing type. */
  if (exchange->request->body_bytes && !digitalocean_parse_body(exchange)) return;
  const imgact_json *type = imgact_json_get(exchange->body, "type");
  if (imgact_json_equals(type, "convert"))
    convert(exchange, image);
  else if (imgact_json_equals(type, "transfer"))
    transfer(exchange, image);
  else
    digitalocean_fail(exchange, 404, "not_found", "The specified action type is not available.");
}

/* Tags are created if they do not exist. */
static bool read_tags(sim_exchange *exchange, sim_strings *tags) {
  const imgact_json *value = imgact_json_get(exchange->body, "tags"), *tag;
  imgact_json_type type = imgact_json_get_type(value);
  bool good = type == IMGACT_JSON_ABSENT || type == IMGACT_JSON_NULL || type == IMGACT_JSON_ARRAY;
  good = good && imgact_json_count(value) <= MAX_TAGS && sim_tags_collect(exchange->world);
  imgact_json_iter each = imgact_json_iter_begin(value);
  while (good && (tag = imgact_json_iter_next(&each, NULL))) {
    char *text = sim_copy_json(tag);
    const sim_tag *known = text && sim_tag_name_ok(text)
                               ? sim_tag_of(exchange->world, exchange->token->account, text)
                               : NULL;
    good = known && (sim_strings_has(tags, known->name) ||
                     sim_strings_add(exchange->world, tags, known->name));
    free(text);
  }
  return good;
}

static bool check_import(sim_exchange *exchange, const sim_region **region) {
  static const char *const needed[] = {"name", "url", "region"};
  char *slug = sim_copy_json(imgact_json_get(exchange->body, "region"));

  *region = sim_region_find(exchange->world, SIM_DIGITALOCEAN, slug);
  free(slug);
  for (size_t i = 0; i < SIM_COUNT(needed); i++) {
    size_t length = 0;
    if (!imgact_json_as_string(imgact_json_get(exchange->body, needed[i]), &length) || !length) {
      digitalocean_fail_input(exchange, "name, url and region are required.");
      return false;
    }
  }
  if (*region && digitalocean_is_optional_text(exchange, "description") &&
      digitalocean_is_optional_text(exchange, "distribution"))
    return true;
  digitalocean_fail_input(exchange, *region ? "description and distribution are strings."
                                            : "Region is not available");

  return false;
}

static void reply_import(sim_exchange *exchange, const sim_image *image) {
  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, "image");
  digitalocean_write_import(exchange, image);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, 202);
}

/* The import runs as an action. It fails if the URL contains "/fail". */
static void import_image(sim_exchange *exchange) {
  const sim_region *region = NULL;
  sim_strings tags = {0};
  if (!digitalocean_parse_body(exchange) || !check_import(exchange, &region)) return;
  if (!read_tags(exchange, &tags)) {
    free(tags.items);
    digitalocean_fail_input(exchange, "tags must be a list of names.");
    return;
  }
  sim_image *image = sim_image_new(exchange->world, SIM_DIGITALOCEAN, 0);
  if (!image) {
    free(tags.items);
    digitalocean_fail_input(exchange, "The limit of images is reached.");
    return;
  }

  image->tags = tags;
  image->type = SIM_CUSTOM;
  image->status = SIM_NEW;
  image->created_ms = exchange->now_ms;
  image->account = exchange->token->account;
  image->name = sim_copy_json(imgact_json_get(exchange->body, "name"));
  image->description = sim_copy_json(imgact_json_get(exchange->body, "description"));
  image->os = distribution_of(exchange->world, imgact_json_get(exchange->body, "distribution"));
  char *url = sim_copy_json(imgact_json_get(exchange->body, "url"));
  sim_overrides usual = exchange->world->overrides;
  if (url && strstr(url, "/fail")) exchange->world->overrides.fails = true;
  free(url);
  if (sim_action_start(exchange->world, image, SIM_IMPORT, region->slug, exchange->now_ms))
    reply_import(exchange, image);
  exchange->world->overrides = usual;
}

/* ---- one image, one action ---- */

/* Also finds deleted images. */
static bool find_any_image(sim_exchange *exchange) {
  int64_t id = 0;
  if (sim_parse_id(exchange->image_ref, &id))
    exchange->image = sim_image_find(exchange->world, SIM_DIGITALOCEAN, id);
  if (exchange->image && sim_image_visible(exchange, exchange->image)) return true;
  digitalocean_fail_not_found(exchange);
  return false;
}

static bool find_image(sim_exchange *exchange) {
  if (!find_any_image(exchange)) return false;
  if (!exchange->image->deleted) return true;
  digitalocean_fail_not_found(exchange);
  return false;
}

/* Finds an image by id; a public one also by slug. */
static bool find_image_or_slug(sim_exchange *exchange) {
  const sim_cloud_state *state = exchange->state;
  int64_t id = 0;
  if (sim_parse_id(exchange->image_ref, &id)) return find_image(exchange);
  for (size_t i = 0; i < state->images_count; i++) {
    sim_image *image = state->images[i];
    if (image->deleted || !image->is_public || !image->slug) continue;
    if (strcmp(image->slug, exchange->image_ref) != 0) continue;
    exchange->image = image;
    return true;
  }
  digitalocean_fail_not_found(exchange);
  return false;
}

static void get_image(sim_exchange *exchange) { sim_reply_image(exchange, 200, exchange->image); }

/* ---- operations ---- */

#define API             "/v2"
#define TRANSFER        API "/images/{image}/account_transfer"
#define DROPLET_ACTIONS API "/droplets/{machine}/actions"

static const sim_operation operations[] = {
    {"GET", API "/images", list_images, NULL, "image:read"},
    {"POST", API "/images", import_image, NULL, "image:create"},
    {"GET", API "/images/{image}", get_image, find_image_or_slug, "image:read"},
    {"PUT", API "/images/{image}", update_image, find_image, "image:update"},
    {"DELETE", API "/images/{image}", delete_image, find_any_image, "image:delete"},
    {"GET", API "/images/{image}/actions", digitalocean_list_own_actions, find_image, "image:read"},
    {"POST", API "/images/{image}/actions", post_action, find_image, "image:update"},
    {"GET", API "/images/{image}/actions/{action}", digitalocean_get_action, find_image,
     "image:read"},
    {"POST", TRANSFER, digitalocean_start_transfer, find_image, "image:update"},
    {"POST", TRANSFER "/accept", digitalocean_accept_transfer, digitalocean_find_offer,
     "image:create"},
    {"POST", TRANSFER "/decline", digitalocean_end_transfer, digitalocean_find_offer,
     "image:create"},
    {"POST", TRANSFER "/cancel", digitalocean_end_transfer, find_image, "image:update"},
    {"GET", API "/account", digitalocean_get_account, NULL, "account:read"},
    {"GET", API "/droplets", digitalocean_list_droplets, NULL, "droplet:read"},
    {"GET", API "/droplets/{machine}", digitalocean_get_droplet, digitalocean_find_droplet,
     "droplet:read"},
    {"GET", DROPLET_ACTIONS, digitalocean_list_own_actions, digitalocean_find_droplet,
     "droplet:read"},
    {"POST", DROPLET_ACTIONS, digitalocean_post_droplet_action, digitalocean_find_droplet,
     "droplet:update"},
    {"GET", DROPLET_ACTIONS "/{action}", digitalocean_get_action, digitalocean_find_droplet,
     "droplet:read"},
    {"GET", API "/droplets/{machine}/snapshots", digitalocean_list_snapshots,
     digitalocean_find_droplet, "droplet:read"},
    {"GET", API "/tags", digitalocean_list_tags, NULL, "tag:read"},
    {"POST", API "/tags", digitalocean_create_tag, NULL, "tag:create"},
    {"GET", API "/tags/{tag}", digitalocean_get_tag, digitalocean_find_tag, "tag:read"},
    {"DELETE", API "/tags/{tag}", digitalocean_delete_tag, digitalocean_find_tag, "tag:delete"},
    {"POST", API "/tags/{tag}/resources", digitalocean_tag_resources, digitalocean_find_tag,
     "tag:create"},
    {"DELETE", API "/tags/{tag}/resources", digitalocean_untag_resources, digitalocean_find_tag,
     "tag:delete"},
    {"GET", API "/regions", digitalocean_list_regions, NULL, "regions:read"},
    {"GET", API "/actions", list_actions, NULL, "actions:read"},
    {"GET", API "/actions/{action}", digitalocean_get_action, NULL, "actions:read"},
};

/* ---- admission ---- */

static void identify(sim_exchange *exchange) {
  uint64_t high = sim_random(&exchange->world->ids), low = sim_random(&exchange->world->ids);
  snprintf(exchange->request_id, sizeof exchange->request_id,
           "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64 "-%012" PRIx64, high >> 32,
           high >> 16 & 0xFFFF, high & 0xFFF, low >> 52, low & UINT64_C(0xFFFFFFFFFFFF));
  sim_reply_header(exchange->reply, "x-request-id", exchange->request_id);
}

static sim_rate_result take_request(sim_exchange *exchange) {
  const sim_rate_limit *limit = &exchange->state->limit;
  int64_t now_ms = exchange->now_ms;
  if (!exchange->world->overrides.over_limit)
    return sim_limit_window(limit, &exchange->token->rate[SIM_DIGITALOCEAN], now_ms);

  /* The hour is used up, and its oldest request is about to expire, so the next one is accepted. */
  return (sim_rate_result){
      .rejected = true,
      .limit = limit->limit ? limit->limit : sim_default_limits[SIM_DIGITALOCEAN].limit,
      .reset_s = (limit->stale_ms ? now_ms - limit->stale_ms : now_ms + 1999) / 1000,
      .retry_after_s = -1};
}

static bool within_limit(sim_exchange *exchange) {
  sim_rate_result result = sim_count_request(exchange);
  if (!result.rejected) return true;

  if (result.retry_after_s >= 0)
    sim_reply_header_int(exchange->reply, "retry-after", result.retry_after_s);
  digitalocean_fail(exchange, 429, "too_many_requests", "API Rate limit exceeded.");
  return false;
}

static bool permitted(const sim_exchange *exchange) {
  bool reads = !strcmp(exchange->request->method, "GET");
  return digitalocean_has_scope(exchange, exchange->operation->scope) &&
         (reads || exchange->token->access != SIM_READ_ONLY);
}

/* Checks the token first: only a valid one sees that a path does not exist. */
static bool admit(sim_exchange *exchange) {
  if (!within_limit(exchange)) return false;
  if (exchange->token->access == SIM_INVALID)
    digitalocean_fail(exchange, 401, "unauthorized", "Unable to authenticate you.");
  else if (!exchange->operation)
    digitalocean_fail_not_found(exchange);
  else if (!permitted(exchange))
    digitalocean_fail_forbidden(exchange);
  else
    return true;
  return false;
}

static void fail_with(sim_exchange *exchange, const sim_error *error) {
  digitalocean_fail(exchange, error->status, error->code, error->message);
}

const sim_cloud_api sim_digitalocean = {
    .operations = operations,
    .operations_count = SIM_COUNT(operations),
    .content_type = "application/json; charset=utf-8",
    .malformed_query = {400, "bad_request", "malformed query"},
    .body_too_large = {413, "payload_too_large", "The request body is too large."},
    .identify = identify,
    .rate_headers = {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"},
    .take_request = take_request,
    .admit = admit,
    .fail = fail_with,
    .write_image = digitalocean_write_image,
    .write_action = digitalocean_write_action,
};
