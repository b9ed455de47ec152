// SPDX-License-Identifier: MIT
/* Hetzner Cloud: servers, their actions, and images of servers. */
#include "hetzner.h"
#include <stdio.h>
#include <stdlib.h>

/* A server keeps this many backups; a new one replaces the oldest one. */
#define MAX_BACKUPS 7

/* ---- servers ---- */

static const char public_net[] =
    "{\"ipv4\":{\"id\":1,\"ip\":\"192.0.2.1\",\"blocked\":false,\"dns_ptr\":\"server.example\"},"
    "\"ipv6\":null,\"floating_ips\":[],\"firewalls\":[]}";
static const char datacenter[] =
    "{\"id\":4,\"name\":\"fsn1-dc14\",\"description\":\"Falkenstein 1 virtual DC 14\","
    "\"location\":{\"id\":1,\"name\":\"fsn1\",\"description\":\"Falkenstein DC Park 1\","
    "\"country\":\"DE\",\"city\":\"Falkenstein\",\"latitude\":50.47612,\"longitude\":12.370071,"
    "\"network_zone\":\"eu-central\"},"
    "\"server_types\":{\"supported\":[],\"available\":[],\"available_for_migration\":[]}}";

static void write_raw(imgact_json_writer *out, const char *key, const char *json) {
  imgact_json_write_key(out, key);
  imgact_json_write_raw(out, json);
}

static void write_type(imgact_json_writer *out, const sim_machine *machine) {
  imgact_json_write_key(out, "server_type");
  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", machine->is_arm ? 45 : 22);
  sim_write_string(out, "name", machine->is_arm ? "cax11" : "cpx11");
  sim_write_string(out, "description", machine->is_arm ? "CAX11" : "CPX 11");
  sim_write_int(out, "cores", 2);
  sim_write_int(out, "memory", 4);
  sim_write_int(out, "disk", (int64_t)machine->disk_gb);
  sim_write_bool(out, "deprecated", false);
  write_raw(out, "prices", "[]");
  sim_write_string(out, "storage_type", "local");
  sim_write_string(out, "cpu_type", "shared");
  sim_write_string(out, "architecture", machine->is_arm ? "arm" : "x86");
  imgact_json_write_end_object(out);
}

static void write_server(sim_exchange *exchange, const sim_machine *machine) {
  imgact_json_writer *out = exchange->out;

  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", machine->id);
  sim_write_string(out, "name", machine->name);
  sim_write_string(out, "status", machine->status);
  sim_write_time(out, "created", machine->created_ms);
  write_raw(out, "public_net", public_net);
  write_raw(out, "private_net", "[]");
  write_type(out, machine);
  write_raw(out, "datacenter", datacenter);
  write_raw(out, "image", "null");
  write_raw(out, "iso", "null");
  sim_write_bool(out, "rescue_enabled", false);
  sim_write_bool(out, "locked", sim_machine_locked(machine, exchange->now_ms));
  sim_write_string(out, "backup_window", machine->has_backups ? "22-02" : NULL);
  sim_write_int(out, "outgoing_traffic", 0);
  sim_write_int(out, "ingoing_traffic", 0);
  sim_write_int(out, "included_traffic", INT64_C(21990232555520));
  write_raw(out, "protection", "{\"delete\":false,\"rebuild\":false}");
  sim_write_labels(out, "labels", &machine->labels);
  write_raw(out, "volumes", "[]");
  write_raw(out, "load_balancers", "[]");
  sim_write_int(out, "primary_disk_size", (int64_t)machine->disk_gb);
  write_raw(out, "placement_group", "null");

  imgact_json_write_end_object(out);
}

bool hetzner_find_server(sim_exchange *exchange) {
  int64_t id = 0;
  if (sim_parse_id(exchange->machine_ref, &id))
    exchange->machine = sim_machine_find(exchange->world, SIM_HETZNER, id);
  if (exchange->machine && sim_machine_visible(exchange, exchange->machine)) return true;
  hetzner_fail_not_found(exchange, "server", exchange->machine_ref);
  return false;
}

void hetzner_get_server(sim_exchange *exchange) {
  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, "server");
  write_server(exchange, exchange->machine);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, 200);
}

/* Filters by name, status and labels. */
void hetzner_list_servers(sim_exchange *exchange) {
  const sim_cloud_state *state = exchange->state;
  int64_t page = 0, per_page = 0;
  if (!hetzner_check_selector(exchange) || !hetzner_paging(exchange, &page, &per_page)) return;
  void **list = sim_scratch(exchange->world, state->machines_count);
  size_t count = 0;
  if (!list) return;

  for (size_t i = 0; i < state->machines_count; i++) {
    sim_machine *machine = state->machines[i];
    if (sim_machine_visible(exchange, machine) &&
        sim_parameter_allows(exchange, "name", machine->name) &&
        sim_parameter_allows(exchange, "status", machine->status) &&
        hetzner_has_labels(exchange, &machine->labels))
      list[count++] = machine;
  }
  sim_page shown_page = sim_page_of(page, per_page, count);
  sim_begin_list(exchange, "servers");
  for (size_t i = shown_page.first; i < shown_page.end; i++) write_server(exchange, list[i]);
  sim_end_list(exchange, &shown_page, hetzner_write_footer);
}

/* ---- actions ---- */

void hetzner_list_servers_actions(sim_exchange *exchange) {
  hetzner_list_all_actions(exchange, true);
}

/* Finds actions of servers only. */
void hetzner_get_server_action(sim_exchange *exchange) {
  const sim_action *action = hetzner_find_action(exchange);
  if (action && hetzner_is_about_machine(action))
    sim_reply_action(exchange, 200, action);
  else if (action)
    hetzner_fail_not_found(exchange, "action", exchange->action_ref);
}

/* ---- images ---- */

typedef struct creation {
  const imgact_json *description;
  sim_labels labels;
  sim_type type;
} creation;

/* The API rejects members that it does not know. */
static bool check_keys(sim_exchange *exchange) {
  static const char *const keys[] = {"description", "type", "labels"};
  const imgact_json *key;
  imgact_json_iter each = imgact_json_iter_begin(exchange->body);

  while (imgact_json_iter_next(&each, &key)) {
    bool known = false;
    for (size_t i = 0; i < SIM_COUNT(keys); i++) known = known || imgact_json_equals(key, keys[i]);
    if (known) continue;
    char *name = sim_copy_json(key), text[120];
    snprintf(text, sizeof text, "invalid input: unknown field name '%.64s'", name ? name : "");
    free(name);
    hetzner_begin_error(exchange, "invalid_input", text);
    imgact_json_write_begin_object(exchange->out);
    imgact_json_write_end_object(exchange->out);
    hetzner_end_error(exchange, 422);
    return false;
  }

  return true;
}

/* Validates the whole body. Returns false after an error response. */
static bool read_creation(sim_exchange *exchange, creation *out) {
  if (!hetzner_parse_body(exchange) || !check_keys(exchange)) return false;
  const imgact_json *type = imgact_json_get(exchange->body, "type");
  const imgact_json *labels = imgact_json_get(exchange->body, "labels");
  out->description = imgact_json_get(exchange->body, "description");
  if (out->description && imgact_json_get_type(out->description) != IMGACT_JSON_STRING) {
    hetzner_fail_field(exchange, "description", "must be a string");
    return false;
  }

  out->type = imgact_json_equals(type, "backup") ? SIM_BACKUP : SIM_SNAPSHOT;
  if (type && out->type == SIM_SNAPSHOT && !imgact_json_equals(type, "snapshot")) {
    hetzner_fail_field(exchange, "type", "must be 'snapshot' or 'backup'");
    return false;
  }
  if (out->type == SIM_BACKUP && !exchange->machine->has_backups) {
    hetzner_fail(exchange, 422, "invalid_input", "backups are not enabled for this server");
    return false;
  }

  return !labels || hetzner_read_labels(exchange, labels, &out->labels);
}

static bool is_backup_of(const sim_image *image, const sim_machine *machine) {
  return !image->deleted && image->type == SIM_BACKUP && image->bound_to == machine->id;
}

static void remove_oldest_backup(sim_world *world, const sim_machine *machine) {
  const sim_cloud_state *state = &world->clouds[SIM_HETZNER];
  sim_image *oldest = NULL;
  size_t count = 0;
  for (size_t i = 0; i < state->images_count; i++) {
    sim_image *image = state->images[i];
    if (!is_backup_of(image, machine)) continue;
    if (!oldest || image->created_ms < oldest->created_ms) oldest = image;
    count++;
  }
  if (count >= MAX_BACKUPS) sim_image_remove(world, oldest);
}

static void fail_limit(sim_exchange *exchange) {
  hetzner_begin_error(exchange, "resource_limit_exceeded", "snapshot limit exceeded");
  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, "limits");
  imgact_json_write_raw(exchange->out, "[{\"name\":\"snapshot_limit\"}]");
  imgact_json_write_end_object(exchange->out);
  hetzner_end_error(exchange, 403);
}

static bool within_image_limit(const sim_exchange *exchange) {
  const sim_cloud_state *state = exchange->state;
  int64_t count = 0;
  if (!exchange->world->max_snapshots) return true;
  for (size_t i = 0; i < state->images_count; i++) {
    const sim_image *image = state->images[i];
    count += !image->deleted && image->type == SIM_SNAPSHOT &&
             image->account == exchange->token->account;
  }
  return count < exchange->world->max_snapshots;
}

/* Moves the labels into the image. */
static sim_image *new_image(sim_exchange *exchange, creation *from) {
  const sim_machine *machine = exchange->machine;
  char text[120];
  sim_image *image = sim_image_new(exchange->world, SIM_HETZNER, 0);
  if (!image) return NULL;

  image->type = (uint8_t)from->type;
  image->status = SIM_CREATING;
  image->created_ms = exchange->now_ms;
  image->account = machine->account;
  image->created_from_id = machine->id;
  image->created_from_name = sim_copy(machine->name);
  if (from->type == SIM_BACKUP) image->bound_to = machine->id;
  image->os = machine->os;
  image->os_version = machine->os_version;
  image->disk_gb = machine->disk_gb;
  image->is_arm = machine->is_arm;
  image->labels = from->labels;
  from->labels = (sim_labels){0};
  snprintf(text, sizeof text, "%s of %.80s", sim_type_names[from->type], machine->name);
  image->description = from->description ? sim_copy_json(from->description) : sim_copy(text);

  return image;
}

static void start_creation(sim_exchange *exchange, creation *from) {
  sim_world *world = exchange->world;
  if (from->type == SIM_BACKUP) remove_oldest_backup(world, exchange->machine);
  sim_image *image = new_image(exchange, from);
  if (!image) {
    fail_limit(exchange);
    return;
  }
  const sim_action *action =
      sim_action_create_image(world, exchange->machine, image, NULL, exchange->now_ms);
  if (!action) return;

  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, "image");
  hetzner_write_image(exchange, image);
  imgact_json_write_key(exchange->out, "action");
  hetzner_write_action(exchange, action);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, 201);
}

void hetzner_create_image(sim_exchange *exchange) {
  const sim_machine *machine = exchange->machine;
  creation from = {0};
  bool busy = sim_machine_busy(machine) && !exchange->world->allow_repeats;
  if (!read_creation(exchange, &from)) {
    sim_labels_free(&from.labels);
    return;
  }

  if (machine->locked || busy)
    hetzner_fail(exchange, 423, "locked", "cannot perform operation because server is locked");
  else if (from.type == SIM_SNAPSHOT && !within_image_limit(exchange))
    fail_limit(exchange);
  else
    start_creation(exchange, &from);
  sim_labels_free(&from.labels);
}
