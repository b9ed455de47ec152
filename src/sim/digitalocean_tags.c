// SPDX-License-Identifier: MIT
/* DigitalOcean: tags of images and Droplets, and regions. */
#include "digitalocean.h"
#include "tags.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- errors ---- */

static void fail_missing(sim_exchange *exchange) {
  digitalocean_fail(exchange, 400, "parameter_missing",
                    "param is missing or the value is empty: resources");
}

/* Another program checks names, and its errors have another form. */
static void fail_name(sim_exchange *exchange, const char *message) {
  imgact_json_writer *out = exchange->out;
  sim_text cause = {0};

  sim_text_printf(&cause, "rpc error: code = InvalidArgument desc = %s", message);
  imgact_json_write_begin_object(out);
  sim_write_string(out, "error", message);
  imgact_json_write_key(out, "messages");
  imgact_json_write_null(out);
  imgact_json_write_key(out, "root_causes");
  imgact_json_write_begin_array(out);
  imgact_json_write_string(out, sim_text_get(&cause));
  imgact_json_write_end_array(out);
  imgact_json_write_end_object(out);
  sim_exchange_finish(exchange, 400);

  sim_text_free(&cause);
}

/* ---- objects ---- */

typedef struct usage {
  int64_t count, last_id;
} usage;

/* Adds a resource that has the tag; the last one is the one that was tagged last, if known. */
static void use(usage *used, int64_t id, int64_t last_tagged) {
  used->count++;
  if (used->last_id != last_tagged) used->last_id = id;
}

static usage images_with(const sim_exchange *exchange, const sim_tag *tag) {
  const sim_cloud_state *state = exchange->state;
  usage used = {0};
  if (!digitalocean_has_scope(exchange, "image:read")) return used;
  for (size_t i = 0; i < state->images_count; i++) {
    const sim_image *image = state->images[i];
    if (!image->deleted && image->account == tag->account && !image->is_public &&
        sim_strings_has(&image->tags, tag->name))
      use(&used, image->id, tag->last_image_id);
  }
  return used;
}

static usage droplets_with(const sim_exchange *exchange, const sim_tag *tag) {
  const sim_cloud_state *state = exchange->state;
  usage used = {0};
  if (!digitalocean_has_scope(exchange, "droplet:read")) return used;
  for (size_t i = 0; i < state->machines_count; i++) {
    const sim_machine *machine = state->machines[i];
    if (!machine->deleted && machine->account == tag->account &&
        sim_strings_has(&machine->tags, tag->name))
      use(&used, machine->id, tag->last_machine_id);
  }
  return used;
}

static void write_last(imgact_json_writer *out, const char *kind, const usage *used) {
  char uri[80];
  if (!used->count) return;
  snprintf(uri, sizeof uri, "https://api.digitalocean.com/v2/%s/%" PRId64, kind, used->last_id);
  sim_write_string(out, "last_tagged_uri", uri);
}

static void write_usage(imgact_json_writer *out, const char *kind, const usage *used) {
  imgact_json_write_key(out, kind);
  imgact_json_write_begin_object(out);
  sim_write_int(out, "count", used->count);
  write_last(out, kind, used);
  imgact_json_write_end_object(out);
}

static void write_tag(sim_exchange *exchange, const sim_tag *tag) {
  imgact_json_writer *out = exchange->out;
  const usage images = images_with(exchange, tag), droplets = droplets_with(exchange, tag),
              none = {0};

  imgact_json_write_begin_object(out);
  sim_write_string(out, "name", tag->name);
  imgact_json_write_key(out, "resources");
  imgact_json_write_begin_object(out);
  sim_write_int(out, "count", images.count + droplets.count);
  write_last(out, images.count ? "images" : "droplets", images.count ? &images : &droplets);
  write_usage(out, "droplets", &droplets);
  write_usage(out, "images", &images);
  write_usage(out, "volumes", &none);
  write_usage(out, "volume_snapshots", &none);
  write_usage(out, "databases", &none);
  imgact_json_write_end_object(out);

  imgact_json_write_end_object(out);
}

static void reply_tag(sim_exchange *exchange, int status, const sim_tag *tag) {
  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, "tag");
  write_tag(exchange, tag);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, status);
}

/* ---- tags ---- */

/* The name in the path has the canonical spelling. */
bool digitalocean_find_tag(sim_exchange *exchange) {
  if (!sim_tags_collect(exchange->world)) return false;
  exchange->tag = sim_tag_find(exchange->world, exchange->token->account, exchange->tag_ref);
  if (exchange->tag && !strcmp(exchange->tag->name, exchange->tag_ref)) return true;
  digitalocean_fail_not_found(exchange);
  return false;
}

void digitalocean_get_tag(sim_exchange *exchange) { reply_tag(exchange, 200, exchange->tag); }

void digitalocean_list_tags(sim_exchange *exchange) {
  const sim_world *world = exchange->world;
  int64_t page = 0, per_page = 0;
  if (!digitalocean_paging(exchange, &page, &per_page) || !sim_tags_collect(exchange->world))
    return;
  void **list = sim_scratch(exchange->world, world->tags_count);
  size_t count = 0;
  if (!list) return;

  for (size_t i = 0; i < world->tags_count; i++)
    if (!world->tags[i]->deleted && world->tags[i]->account == exchange->token->account)
      list[count++] = world->tags[i];
  sim_page shown_page = sim_page_of(page, per_page, count);
  sim_begin_list(exchange, "tags");
  for (size_t i = shown_page.first; i < shown_page.end; i++) write_tag(exchange, list[i]);
  sim_end_list(exchange, &shown_page, digitalocean_write_footer);
}

static void reject_name(sim_exchange *exchange, const char *name) {
  sim_text message = {0};
  sim_text_printf(&message, "Error validating resource tag: \"tag-name \\\"%s\\\" %s\"", name,
                  !*name               ? "is empty"
                  : strlen(name) > 255 ? "is too long"
                                       : "contains invalid characters");
  if (sim_text_get(&message)) fail_name(exchange, sim_text_get(&message));
  sim_text_free(&message);
}

/* A tag that exists, in any spelling, is returned as it is. */
void digitalocean_create_tag(sim_exchange *exchange) {
  if (!digitalocean_parse_body(exchange) || !sim_tags_collect(exchange->world)) return;
  char *name = sim_copy_json(imgact_json_get(exchange->body, "name"));
  bool good = name && sim_tag_name_ok(name);
  const sim_tag *tag = good ? sim_tag_of(exchange->world, exchange->token->account, name) : NULL;
  if (tag)
    reply_tag(exchange, 201, tag);
  else if (!good)
    reject_name(exchange, name ? name : "");
  free(name);
}

/* Removes the tag from all of its resources. */
void digitalocean_delete_tag(sim_exchange *exchange) {
  const sim_cloud_state *state = exchange->state;
  sim_tag *tag = exchange->tag;
  for (size_t i = 0; i < state->images_count; i++)
    if (state->images[i]->account == tag->account)
      sim_tags_remove(&state->images[i]->tags, tag->name);
  for (size_t i = 0; i < state->machines_count; i++)
    if (state->machines[i]->account == tag->account)
      sim_tags_remove(&state->machines[i]->tags, tag->name);
  tag->deleted = true;
  sim_world_count(exchange->world, SIM_DELETE_TAG);
  sim_exchange_finish(exchange, 204);
}

/* ---- resources ---- */

/* A resource of the request: its tags, and where the last one of its kind is noted. */
typedef struct resource {
  sim_strings *tags;
  int64_t id, *last_id;
} resource;

static bool find_image(sim_exchange *exchange, int64_t id, resource *out) {
  sim_image *image = sim_image_find(exchange->world, SIM_DIGITALOCEAN, id);
  if (!image || image->deleted || !sim_image_visible(exchange, image)) {
    digitalocean_fail_not_found(exchange);
    return false;
  }
  if (image->is_public || !digitalocean_has_scope(exchange, "image:update")) {
    digitalocean_fail_forbidden(exchange);
    return false;
  }
  *out = (resource){&image->tags, id, &exchange->tag->last_image_id};
  return true;
}

static bool find_droplet(sim_exchange *exchange, int64_t id, resource *out) {
  sim_machine *machine = sim_machine_find(exchange->world, SIM_DIGITALOCEAN, id);
  if (!machine || !sim_machine_visible(exchange, machine)) {
    digitalocean_fail_not_found(exchange);
    return false;
  }
  if (!digitalocean_has_scope(exchange, "droplet:update")) {
    digitalocean_fail_forbidden(exchange);
    return false;
  }
  *out = (resource){&machine->tags, id, &exchange->tag->last_machine_id};
  return true;
}

/* Returns false after an error response. */
static bool find_resource(sim_exchange *exchange, const imgact_json *value, resource *out) {
  static const char *const others[] = {"database", "volume", "volume_snapshot"};
  const imgact_json *type = imgact_json_get(value, "resource_type");
  char *id_text = sim_copy_json(imgact_json_get(value, "resource_id"));
  bool known = imgact_json_equals(type, "image") || imgact_json_equals(type, "droplet");
  int64_t id = 0;
  bool numeric = id_text && sim_parse_id(id_text, &id), given = id_text && *id_text;

  for (size_t i = 0; i < SIM_COUNT(others); i++)
    if (imgact_json_equals(type, others[i])) known = true, numeric = false;
  free(id_text);
  if (!known || !given) {
    digitalocean_fail_input(exchange, "resource_id must be a string, resource_type a known type.");
    return false;
  }
  if (!numeric) {
    digitalocean_fail_not_found(exchange);
    return false;
  }

  return imgact_json_equals(type, "image") ? find_image(exchange, id, out)
                                           : find_droplet(exchange, id, out);
}

static void set_tag(sim_exchange *exchange, const resource *target) {
  const sim_tag *tag = exchange->tag;
  if (sim_strings_has(target->tags, tag->name)) return;
  if (!sim_strings_add(exchange->world, target->tags, tag->name)) return;
  *target->last_id = target->id;
  sim_world_count(exchange->world, SIM_TAG);
}

/* All resources are checked before the first one is changed. */
static void change_resources(sim_exchange *exchange, bool set) {
  const imgact_json *value;
  resource target;
  if (!exchange->request->body_bytes) {
    fail_missing(exchange);
    return;
  }
  if (!digitalocean_parse_body(exchange)) return;
  const imgact_json *list = imgact_json_get(exchange->body, "resources");
  if (imgact_json_get_type(list) != IMGACT_JSON_ARRAY || !imgact_json_count(list)) {
    fail_missing(exchange);
    return;
  }
  imgact_json_iter each = imgact_json_iter_begin(list);
  while ((value = imgact_json_iter_next(&each, NULL)))
    if (!find_resource(exchange, value, &target)) return;

  each = imgact_json_iter_begin(list);
  while ((value = imgact_json_iter_next(&each, NULL))) {
    if (!find_resource(exchange, value, &target)) return;
    if (set)
      set_tag(exchange, &target);
    else if (sim_tags_remove(target.tags, exchange->tag->name))
      sim_world_count(exchange->world, SIM_UNTAG);
  }
  sim_exchange_finish(exchange, 204);
}

void digitalocean_tag_resources(sim_exchange *exchange) { change_resources(exchange, true); }

void digitalocean_untag_resources(sim_exchange *exchange) { change_resources(exchange, false); }

/* ---- regions ---- */

void digitalocean_list_regions(sim_exchange *exchange) {
  const sim_cloud_state *state = exchange->state;
  int64_t page = 0, per_page = 0;
  if (!digitalocean_paging(exchange, &page, &per_page)) return;

  sim_page shown_page = sim_page_of(page, per_page, state->regions_count);
  sim_begin_list(exchange, "regions");
  for (size_t i = shown_page.first; i < shown_page.end; i++)
    digitalocean_write_region(exchange, state->regions[i].slug);
  sim_end_list(exchange, &shown_page, digitalocean_write_footer);
}
