// SPDX-License-Identifier: MIT
/*
 * Running actions are a heap by their end. An action has its effect when it succeeds. A lock of a
 * Droplet ends some time after the action, as the cloud's does.
 */
#include "action.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- actions ---- */

/* The list of an image links its actions by `next`, that of a machine by `next_of_machine`. */
static void append(sim_action_list *list, sim_action **link, sim_action *action) {
  if (list->last)
    *link = action;
  else
    list->first = action;
  list->last = action;
}

static void link_action(sim_cloud_state *state, sim_action *action) {
  sim_image *image = action->image;
  sim_machine *machine = action->machine;

  if (image) {
    action->resource_id = image->id;
    action->account = image->account;
    state->image_actions_count++;
    append(&image->actions, image->actions.last ? &image->actions.last->next : NULL, action);
  }
  if (machine) {
    sim_action_list *list = &machine->actions;
    action->account = machine->account;
    append(list, list->last ? &list->last->next_of_machine : NULL, action);
  }
}

sim_action *sim_action_new(sim_world *world, sim_cloud cloud, int64_t id, sim_image *image,
                           sim_machine *machine, const char *command) {
  sim_cloud_state *state = &world->clouds[cloud];
  if (!id) id = state->next_action_id;
  command = sim_intern(world, command);
  bool room = id <= SIM_MAX_ID && state->actions_count < SIM_MAX_ACTIONS;
  if (!command || !room || sim_action_find(world, cloud, id)) return NULL;
  sim_action **actions = (sim_action **)sim_reserve_one(
      (void **)state->actions, state->actions_count, &state->actions_capacity);
  if (!actions) return NULL;
  state->actions = actions;
  sim_action *action = calloc(1, sizeof *action);
  if (!action || !sim_id_map_put(&state->action_by_id, (uint64_t)id, action)) {
    free(action);
    return NULL;
  }

  *action = (sim_action){
      .id = id, .command = command, .image = image, .machine = machine, .resource_type = "image"};
  action->finished_ms = action->due_ms = IMGACT_NO_TIME;
  action->visible_ms = INT64_MIN;
  action->account = sim_account_default(world);
  link_action(state, action);
  actions[state->actions_count++] = action;
  if (id >= state->next_action_id) state->next_action_id = id + 1;

  return action;
}

sim_action *sim_action_find(const sim_world *world, sim_cloud cloud, int64_t id) {
  return id > 0 ? sim_id_map_get(&world->clouds[cloud].action_by_id, (uint64_t)id) : NULL;
}

const sim_action *sim_image_running(const sim_image *image, sim_effect effect, const char *region) {
  for (const sim_action *action = image->actions.first; action; action = action->next)
    if (action->state == SIM_RUNNING && (effect == SIM_NOTHING || action->effect == effect) &&
        (!region || (action->region && !strcmp(action->region, region))))
      return action;
  return NULL;
}

sim_status sim_image_status(const sim_image *image, int64_t now_ms) {
  if (image->status != SIM_NEW) return (sim_status)image->status;
  const sim_action *import = sim_image_running(image, SIM_IMPORT, NULL);
  return import && sim_action_progress(import, now_ms) >= 10 ? SIM_PENDING : SIM_NEW;
}

bool sim_machine_busy(const sim_machine *machine) {
  for (const sim_action *action = machine->actions.first; action; action = action->next_of_machine)
    if (action->state == SIM_RUNNING) return true;
  return false;
}

bool sim_machine_locked(const sim_machine *machine, int64_t now_ms) {
  return machine->locked || now_ms < machine->unlocked_ms || sim_machine_busy(machine);
}

/* ---- running actions: a binary heap ---- */

static bool ends_earlier(const sim_action *a, const sim_action *b) {
  return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->id < b->id;
}

static void sift_down(sim_action **heap, size_t count, size_t at) {
  for (;;) {
    size_t least = at, left = 2 * at + 1;
    if (left < count && ends_earlier(heap[left], heap[least])) least = left;
    if (left + 1 < count && ends_earlier(heap[left + 1], heap[least])) least = left + 1;
    if (least == at) return;
    sim_action *moved = heap[at];
    heap[at] = heap[least];
    heap[least] = moved;
    at = least;
  }
}

static void sift_up(sim_action **heap, size_t at) {
  sim_action *action = heap[at];
  for (; at && ends_earlier(action, heap[(at - 1) / 2]); at = (at - 1) / 2)
    heap[at] = heap[(at - 1) / 2];
  heap[at] = action;
}

static void heap_remove(sim_world *world, sim_action *action) {
  size_t at = 0;
  while (world->pending[at] != action) at++;
  action->due_ms = IMGACT_NO_TIME;
  world->pending[at] = world->pending[--world->pending_count];
  if (at == world->pending_count) return;
  sift_up(world->pending, at);
  sift_down(world->pending, world->pending_count, at);
}

bool sim_action_schedule(sim_world *world, sim_action *action, int64_t due_ms) {
  void *grown =
      sim_reserve_one((void **)world->pending, world->pending_count, &world->pending_capacity);
  if (!grown) return false;
  world->pending = grown;
  if (action->due_ms != IMGACT_NO_TIME) heap_remove(world, action);
  if (due_ms == IMGACT_NO_TIME) return true;
  action->due_ms = due_ms;
  world->pending[world->pending_count] = action;
  sift_up(world->pending, world->pending_count++);
  return true;
}

int64_t sim_world_next_ms(const sim_world *world) {
  return world->pending_count ? world->pending[0]->due_ms : IMGACT_NO_TIME;
}

int sim_action_progress(const sim_action *action, int64_t now_ms) {
  if (action->state == SIM_SUCCESS) return 100;
  if (action->due_ms == IMGACT_NO_TIME || now_ms <= action->from_ms) return action->progress;
  double left = 100.0 - action->progress;
  return action->progress + (int)(left * (double)(now_ms - action->from_ms) /
                                  (double)(action->due_ms - action->from_ms));
}

/* ---- effects ---- */

static void hide_image(sim_world *world, sim_image *image, int64_t until_ms) {
  sim_cloud_state *state = &world->clouds[image->cloud];
  image->visible_ms = until_ms;
  if (until_ms > state->images_hidden_until_ms) state->images_hidden_until_ms = until_ms;
}

/* A snapshot of a Droplet has the time at which its action started. */
static void create_snapshot(sim_world *world, sim_action *action) {
  const sim_machine *machine = action->machine;
  sim_image *image = machine ? sim_image_new(world, (sim_cloud)machine->cloud, 0) : NULL;
  if (!image) return;

  image->type = SIM_SNAPSHOT;
  image->created_ms = action->started_ms;
  image->account = machine->account;
  image->created_from_id = machine->id;
  image->os = machine->os;
  image->disk_gb = machine->disk_gb;
  sim_replace(&image->name, action->name);
  if (machine->region) sim_strings_add(world, &image->regions, machine->region);
  action->created = image;
  if (action->lag_ms) hide_image(world, image, action->finished_ms + action->lag_ms);
}

static void finish_creation(sim_world *world, sim_action *action) {
  if (!action->created) create_snapshot(world, action);
  sim_image *image = action->created;
  if (!image) return;

  image->status = SIM_AVAILABLE;
  image->size_gb = 2.36;
  world->clouds[image->cloud].images_version++;
}

static void abandon_creation(sim_world *world, const sim_action *action) {
  if (!action->created) return;
  if (action->leaves == SIM_GONE)
    sim_image_remove(world, action->created);
  else if (action->leaves == SIM_LEFT_UNAVAILABLE)
    action->created->status = SIM_UNAVAILABLE;
  world->clouds[action->created->cloud].images_version++;
}

static void apply_to_image(sim_world *world, const sim_action *action, sim_image *image) {
  switch ((sim_effect)action->effect) {
  case SIM_PROTECT: image->is_protected = 1; break;
  case SIM_UNPROTECT: image->is_protected = 0; break;
  case SIM_CONVERT: sim_image_convert(image); break;
  case SIM_TRANSFER:
    if (!sim_strings_has(&image->regions, action->region))
      sim_strings_add(world, &image->regions, action->region);
    break;
  case SIM_IMPORT:
    image->status = SIM_AVAILABLE;
    image->size_gb = 2.36;
    image->disk_gb = 15;
    if (action->region) sim_strings_add(world, &image->regions, action->region);
    break;
  default: break;
  }
}

static void set_error(sim_action *action) {
  bool creates = action->effect == SIM_CREATE_IMAGE;
  if (action->progress < 50) action->progress = 50;
  if (action->error_code) return;
  action->error_code = creates ? "unknown_error" : "action_failed";
  action->error_message =
      creates ? "Creating image failed because of an unknown error." : "Action failed";
}

static void apply_failure(sim_world *world, sim_action *action) {
  static const char message[] =
      "We had a problem decompressing your file. This typically happens if the archive is corrupt "
      "or contains multiple files.";
  set_error(action);
  if (action->effect == SIM_CREATE_IMAGE) abandon_creation(world, action);
  if (action->effect != SIM_IMPORT || !action->image) return;
  action->image->status = SIM_DELETED;
  sim_replace(&action->image->error_message, message);
}

/* ---- end ---- */

static void end_action(sim_world *world, sim_action *action) {
  sim_machine *machine = action->machine;
  if (action->image) world->clouds[action->image->cloud].images_version++;
  action->finished_ms = action->due_ms;
  heap_remove(world, action);
  if (machine && machine->cloud == SIM_DIGITALOCEAN)
    machine->unlocked_ms = action->finished_ms + world->unlock_ms;

  action->state = action->fails ? SIM_ERROR : SIM_SUCCESS;
  if (action->fails)
    apply_failure(world, action);
  else if (action->effect == SIM_CREATE_IMAGE)
    finish_creation(world, action);
  else if (action->image)
    apply_to_image(world, action, action->image);
}

void sim_world_advance(sim_world *world, int64_t now_ms) {
  while (world->pending_count && world->pending[0]->due_ms <= now_ms)
    end_action(world, world->pending[0]);
}

/* ---- start ---- */

static const char *command_of(sim_effect effect, sim_cloud cloud) {
  switch (effect) {
  case SIM_PROTECT:
  case SIM_UNPROTECT: return "change_protection";
  case SIM_IMPORT: return "create";
  case SIM_CREATE_IMAGE: return cloud == SIM_HETZNER ? "create_image" : "snapshot";
  default: return sim_effect_names[effect];
  }
}

static void start(sim_world *world, sim_cloud cloud, sim_action *action, sim_effect effect,
                  int64_t now_ms) {
  const sim_overrides *overrides = &world->overrides;
  int64_t duration_ms =
      overrides->duration_ms == -1 ? world->duration_ms[effect] : overrides->duration_ms;

  action->effect = (uint8_t)effect;
  action->started_ms = action->from_ms = now_ms;
  action->fails = overrides->fails;
  action->leaves = (uint8_t)overrides->leaves;
  action->lag_ms = overrides->lag_ms;
  if (overrides->hide_ms) {
    sim_cloud_state *state = &world->clouds[cloud];
    action->visible_ms = now_ms + overrides->hide_ms;
    if (action->visible_ms > state->hidden_until_ms) state->hidden_until_ms = action->visible_ms;
  }
  /* Without memory for its end the action never ends. */
  sim_action_schedule(world, action, duration_ms < 0 ? IMGACT_NO_TIME : now_ms + duration_ms);
  sim_world_count(world, effect);
  sim_world_advance(world, now_ms);
}

sim_action *sim_action_start(sim_world *world, sim_image *image, sim_effect effect,
                             const char *region, int64_t now_ms) {
  sim_cloud cloud = (sim_cloud)image->cloud;
  sim_action *action = sim_action_new(world, cloud, 0, image, NULL, command_of(effect, cloud));
  if (!action) return NULL;

  action->region = sim_intern(world, region);
  if (effect == SIM_IMPORT && world->overrides.lag_ms)
    hide_image(world, image, now_ms + world->overrides.lag_ms);
  start(world, cloud, action, effect, now_ms);
  return action;
}

sim_action *sim_action_create_image(sim_world *world, sim_machine *machine, sim_image *image,
                                    const char *name, int64_t now_ms) {
  sim_cloud cloud = (sim_cloud)machine->cloud;
  bool named = image && world->names_created;
  sim_action *action = sim_action_new(world, cloud, 0, named ? image : NULL, machine,
                                      command_of(SIM_CREATE_IMAGE, cloud));
  if (!action) return NULL;

  action->region = machine->region;
  action->created = image;
  action->name = sim_copy(name);
  if (named) {
    action->server_id = machine->id;
  } else {
    action->resource_id = machine->id;
    action->resource_type = cloud == SIM_HETZNER ? "server" : "droplet";
  }
  if (image && world->overrides.lag_ms) hide_image(world, image, now_ms + world->overrides.lag_ms);

  start(world, cloud, action, SIM_CREATE_IMAGE, now_ms);
  return action;
}
