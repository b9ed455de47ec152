// SPDX-License-Identifier: MIT
/* Writes a world as a world file. */
#include "dispatch.h"

static void dump_machine(const sim_exchange *exchange, const sim_machine *machine) {
  imgact_json_writer *out = exchange->out;
  bool hetzner = machine->cloud == SIM_HETZNER;

  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", machine->id);
  sim_write_string(out, "name", machine->name);
  sim_write_string(out, "status", machine->status);
  sim_write_time(out, hetzner ? "created" : "created_at", machine->created_ms);
  sim_write_bool(out, "locked", machine->locked);
  sim_write_bool(out, "gone", machine->deleted);
  sim_write_string(out, "account", machine->account->name);
  imgact_json_write_key(out, "disk");
  imgact_json_write_double(out, machine->disk_gb);
  sim_write_string(out, hetzner ? "os_flavor" : "distribution", machine->os);
  if (hetzner) {
    sim_write_string(out, "os_version", machine->os_version);
    sim_write_string(out, "architecture", machine->is_arm ? "arm" : "x86");
    sim_write_bool(out, "backups", machine->has_backups);
    sim_write_labels(out, "labels", &machine->labels);
  } else {
    sim_write_string(out, "region", machine->region);
    sim_write_strings(out, "tags", &machine->tags);
    if (machine->unlocked_ms > exchange->now_ms)
      sim_write_int(out, "locked_ms", machine->unlocked_ms - exchange->now_ms);
  }

  imgact_json_write_end_object(out);
}

static void dump_cloud(sim_exchange *exchange, sim_cloud cloud) {
  imgact_json_writer *out = exchange->out;
  sim_cloud_state *state = &exchange->world->clouds[cloud];
  exchange->cloud = cloud;
  exchange->state = state;
  exchange->api = sim_cloud_apis[cloud];

  imgact_json_write_key(out, sim_cloud_names[cloud]);
  imgact_json_write_begin_object(out);
  imgact_json_write_key(out, "images");
  imgact_json_write_begin_array(out);
  for (size_t i = 0; i < state->images_count; i++)
    exchange->api->write_image(exchange, state->images[i]);
  imgact_json_write_end_array(out);
  imgact_json_write_key(out, cloud == SIM_HETZNER ? "servers" : "droplets");
  imgact_json_write_begin_array(out);
  for (size_t i = 0; i < state->machines_count; i++) dump_machine(exchange, state->machines[i]);
  imgact_json_write_end_array(out);
  imgact_json_write_key(out, "actions");
  imgact_json_write_begin_array(out);
  for (size_t i = 0; i < state->actions_count; i++)
    exchange->api->write_action(exchange, state->actions[i]);
  imgact_json_write_end_array(out);
  imgact_json_write_end_object(out);
}

static void dump_accounts(imgact_json_writer *out, const sim_world *world) {
  imgact_json_write_key(out, "accounts");
  imgact_json_write_begin_array(out);
  for (size_t i = 0; i < world->accounts_count; i++) {
    const sim_account *account = world->accounts[i];
    imgact_json_write_begin_object(out);
    sim_write_string(out, "name", account->name);
    sim_write_string(out, "email", account->email);
    sim_write_string(out, "team", account->team);
    sim_write_bool(out, "auto_accept", account->auto_accept);
    imgact_json_write_end_object(out);
  }
  imgact_json_write_end_array(out);
}

char *sim_world_dump(sim_world *world, int64_t now_ms) {
  sim_token all = {.access = SIM_READ_WRITE};
  sim_exchange exchange = {.world = world,
                           .now_ms = now_ms,
                           .dump = true,
                           .token = &all,
                           .out = imgact_json_writer_new(NULL, 0)};
  imgact_json_write_begin_object(exchange.out);
  dump_accounts(exchange.out, world);
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) dump_cloud(&exchange, (sim_cloud)cloud);
  imgact_json_write_end_object(exchange.out);

  char *text = sim_copy(imgact_json_writer_finish(exchange.out, NULL));
  imgact_json_writer_free(exchange.out);
  return text;
}
