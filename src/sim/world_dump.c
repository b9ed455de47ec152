// SPDX-License-Identifier: MIT
/* Writes a world as a world file. */
#include "exchange.h"

void sim_dump_image(imgact_json_writer *out, const sim_image *image) {
  sim_write_bool(out, "application", image->application);
  sim_write_bool(out, "locked", image->locked);
  sim_write_bool(out, "gone", image->deleted);
}

void sim_dump_action(sim_exchange *call, const sim_action *action) {
  bool ends = action->due_ms != IMGACT_NO_TIME;
  if (action->state != SIM_RUNNING) return;
  sim_write_string(call->out, "effect", sim_effect_names[action->effect]);
  sim_write_string(call->out, "ends", !ends ? "never" : action->fails ? "error" : "success");
  if (ends) sim_write_int(call->out, "runs_ms", action->due_ms - call->now_ms);
}

static void dump_side(sim_exchange *call, sim_cloud cloud) {
  imgact_json_writer *out = call->out;
  const sim_cloud_state *side = &call->world->sides[cloud];
  call->cloud = cloud;
  imgact_json_write_key(out, sim_cloud_names[cloud]);
  imgact_json_write_begin_object(out);
  imgact_json_write_key(out, "images");
  imgact_json_write_begin_array(out);
  for (size_t i = 0; i < side->images_count; i++) sim_write_image(call, side->images[i]);
  imgact_json_write_end_array(out);
  imgact_json_write_key(out, "actions");
  imgact_json_write_begin_array(out);
  for (size_t i = 0; i < side->actions_count; i++) sim_write_action(call, side->actions[i]);
  imgact_json_write_end_array(out);
  imgact_json_write_end_object(out);
}

char *sim_world_dump(sim_world *world, int64_t now_ms) {
  sim_token all = {.access = SIM_READ_WRITE};
  sim_exchange call = {.world = world,
                       .now_ms = now_ms,
                       .dump = true,
                       .token = &all,
                       .out = imgact_json_writer_new(NULL, 0)};
  imgact_json_write_begin_object(call.out);
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) dump_side(&call, (sim_cloud)cloud);
  imgact_json_write_end_object(call.out);
  char *text = sim_copy(imgact_json_writer_finish(call.out, NULL));
  imgact_json_writer_free(call.out);
  return text;
}
