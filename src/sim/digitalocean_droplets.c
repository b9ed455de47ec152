// SPDX-License-Identifier: MIT
/* DigitalOcean: Droplets, their actions, and snapshots of Droplets. */
#include "digitalocean.h"
#include <math.h>
#include <stdlib.h>

/* ---- Droplets ---- */

static bool is_snapshot_of(const sim_exchange *exchange, const sim_image *image) {
  return !image->deleted && image->created_from_id == exchange->machine->id &&
         image->type == SIM_SNAPSHOT && sim_image_visible(exchange, image) &&
         image->visible_ms <= exchange->now_ms;
}

/* Snapshots of exchange->machine, in order of creation. NULL without memory. */
static void **snapshots_of(sim_exchange *exchange, size_t *count) {
  const sim_cloud_state *state = exchange->state;
  void **list = sim_scratch(exchange->world, state->images_count);
  *count = 0;
  for (size_t i = 0; list && i < state->images_count; i++)
    if (is_snapshot_of(exchange, state->images[i])) list[(*count)++] = state->images[i];
  return list;
}

/* A list of Droplets has no ids of snapshots. */
static void write_snapshot_ids(sim_exchange *exchange) {
  size_t count = 0;
  void **list = exchange->machine && digitalocean_has_scope(exchange, "image:read")
                    ? snapshots_of(exchange, &count)
                    : NULL;
  imgact_json_write_key(exchange->out, "snapshot_ids");
  imgact_json_write_begin_array(exchange->out);
  for (size_t i = 0; list && i < count; i++) {
    const sim_image *image = list[i];
    imgact_json_write_int(exchange->out, image->id);
  }
  imgact_json_write_end_array(exchange->out);
}

static void write_raw(imgact_json_writer *out, const char *key, const char *json) {
  imgact_json_write_key(out, key);
  imgact_json_write_raw(out, json);
}

static void write_droplet(sim_exchange *exchange, const sim_machine *machine) {
  imgact_json_writer *out = exchange->out;
  static const sim_strings none = {0};

  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", machine->id);
  sim_write_string(out, "name", machine->name);
  sim_write_int(out, "memory", 1024);
  sim_write_int(out, "vcpus", 1);
  sim_write_int(out, "disk", (int64_t)machine->disk_gb);
  sim_write_bool(out, "locked", sim_machine_locked(machine, exchange->now_ms));
  sim_write_string(out, "status", machine->status);
  write_raw(out, "kernel", "null");
  sim_write_time(out, "created_at", machine->created_ms);
  write_raw(out, "features", "[]");
  write_raw(out, "backup_ids", "[]");
  write_raw(out, "next_backup_window", "null");
  write_snapshot_ids(exchange);
  write_raw(out, "image", "{}");
  write_raw(out, "volume_ids", "[]");
  write_raw(out, "size", "{\"slug\":\"s-1vcpu-1gb\"}");
  sim_write_string(out, "size_slug", "s-1vcpu-1gb");
  write_raw(out, "networks", "{\"v4\":[],\"v6\":[]}");
  imgact_json_write_key(out, "region");
  if (machine->region)
    digitalocean_write_region(exchange, machine->region);
  else
    imgact_json_write_null(out);
  sim_write_strings(out, "tags",
                    digitalocean_has_scope(exchange, "tag:read") ? &machine->tags : &none);

  imgact_json_write_end_object(out);
}

bool digitalocean_find_droplet(sim_exchange *exchange) {
  int64_t id = 0;
  if (sim_parse_id(exchange->machine_ref, &id))
    exchange->machine = sim_machine_find(exchange->world, SIM_DIGITALOCEAN, id);
  if (exchange->machine && sim_machine_visible(exchange, exchange->machine)) return true;
  digitalocean_fail_not_found(exchange);
  return false;
}

void digitalocean_get_droplet(sim_exchange *exchange) {
  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, "droplet");
  write_droplet(exchange, exchange->machine);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, 200);
}

void digitalocean_list_droplets(sim_exchange *exchange) {
  const sim_cloud_state *state = exchange->state;
  int64_t page = 0, per_page = 0;
  if (!digitalocean_paging(exchange, &page, &per_page)) return;
  void **list = sim_scratch(exchange->world, state->machines_count);
  size_t count = 0;
  if (!list) return;

  const char *tag = sim_parameter_get(exchange, "tag_name");
  for (size_t i = 0; i < state->machines_count; i++) {
    sim_machine *machine = state->machines[i];
    if (sim_machine_visible(exchange, machine) && (!tag || sim_strings_has(&machine->tags, tag)) &&
        sim_parameter_allows(exchange, "name", machine->name))
      list[count++] = machine;
  }
  sim_page shown_page = sim_page_of(page, per_page, count);
  sim_begin_list(exchange, "droplets");
  for (size_t i = shown_page.first; i < shown_page.end; i++) write_droplet(exchange, list[i]);
  sim_end_list(exchange, &shown_page, digitalocean_write_footer);
}

/* ---- snapshots ---- */

static void write_snapshot(sim_exchange *exchange, const sim_image *image) {
  imgact_json_writer *out = exchange->out;

  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", image->id);
  sim_write_string(out, "name", image->name ? image->name : "");
  sim_write_time(out, "created_at", image->created_ms);
  sim_write_strings(out, "regions", &image->regions);
  sim_write_int(out, "min_disk_size", isnan(image->disk_gb) ? 0 : (int64_t)image->disk_gb);
  imgact_json_write_key(out, "size_gigabytes");
  imgact_json_write_double(out, isnan(image->size_gb) ? 0 : image->size_gb);
  sim_write_string(out, "type", sim_type_names[image->type]);

  imgact_json_write_end_object(out);
}

/* A snapshot is in the list when its action has ended. */
void digitalocean_list_snapshots(sim_exchange *exchange) {
  int64_t page = 0, per_page = 0;
  size_t count = 0;
  if (!digitalocean_paging(exchange, &page, &per_page)) return;
  void **list = snapshots_of(exchange, &count);
  if (!list) return;

  sim_page shown_page = sim_page_of(page, per_page, count);
  sim_begin_list(exchange, "snapshots");
  for (size_t i = shown_page.first; i < shown_page.end; i++) write_snapshot(exchange, list[i]);
  sim_end_list(exchange, &shown_page, digitalocean_write_footer);
}

/* ---- actions ---- */

static void start_snapshot(sim_exchange *exchange, const char *name) {
  sim_machine *machine = exchange->machine;
  bool locked = sim_machine_locked(machine, exchange->now_ms);
  if (machine->locked || (locked && !exchange->world->allow_repeats)) {
    digitalocean_fail_input(exchange, "Droplet already has a pending event.");
    return;
  }
  const sim_action *action =
      sim_action_create_image(exchange->world, machine, NULL, name, exchange->now_ms);
  if (action) sim_reply_action(exchange, 201, action);
}

/* A snapshot needs a second scope in addition to that of the operation. */
void digitalocean_post_droplet_action(sim_exchange *exchange) {
  size_t length = 0;
  if (exchange->request->body_bytes && !digitalocean_parse_body(exchange)) return;
  const imgact_json *name = imgact_json_get(exchange->body, "name");

  if (!imgact_json_equals(imgact_json_get(exchange->body, "type"), "snapshot"))
    digitalocean_fail(exchange, 404, "not_found", "The specified action type is not available.");
  else if (!digitalocean_has_scope(exchange, "image:create"))
    digitalocean_fail_forbidden(exchange);
  else if (!imgact_json_as_string(name, &length) || !length)
    digitalocean_fail_input(exchange, "name is required.");
  else {
    char *text = sim_copy_json(name);
    start_snapshot(exchange, text);
    free(text);
  }
}
