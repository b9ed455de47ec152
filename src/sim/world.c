// SPDX-License-Identifier: MIT
/*
 * State and effects. Invariants:
 *   - each image and action is in the list and in the map of its cloud;
 *   - an action with a due time is running, and is in the heap exactly once;
 *   - images and actions live as long as the world, so pointers between them stay valid.
 */
#include "world.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const sim_type_names[] = {
    [SIM_SYSTEM] = "system", [SIM_APP] = "app",   [SIM_SNAPSHOT] = "snapshot",
    [SIM_BACKUP] = "backup", [SIM_BASE] = "base", [SIM_CUSTOM] = "custom",
    [SIM_ADMIN] = "admin",
};
const char *const sim_status_names[] = {
    [SIM_CREATING] = "creating", [SIM_UNAVAILABLE] = "unavailable", [SIM_AVAILABLE] = "available",
    [SIM_NEW] = "NEW",           [SIM_PENDING] = "pending",         [SIM_DELETED] = "deleted",
    [SIM_RETIRED] = "retired",
};
const char *const sim_effect_names[] = {
    [SIM_NOTHING] = "nothing",
    [SIM_UPDATE] = "update",
    [SIM_DELETE] = "delete",
    [SIM_PROTECT] = "protect",
    [SIM_UNPROTECT] = "unprotect",
    [SIM_CONVERT] = "convert",
    [SIM_TRANSFER] = "transfer",
    [SIM_IMPORT] = "import",
    [SIM_ACCOUNT_TRANSFER] = "account_transfer",
};
const char *const sim_state_names[][SIM_STATES] = {
    [SIM_HETZNER] = {[SIM_RUNNING] = "running", [SIM_SUCCESS] = "success", [SIM_ERROR] = "error"},
    [SIM_DIGITALOCEAN] =
        {[SIM_RUNNING] = "in-progress", [SIM_SUCCESS] = "completed", [SIM_ERROR] = "errored"},
};
const char *const sim_cloud_names[] = {
    [SIM_HETZNER] = "hetzner", [SIM_DIGITALOCEAN] = "digitalocean"};
const char *const sim_access_names[] = {
    [SIM_READ_WRITE] = "read_write",
    [SIM_READ_ONLY] = "read_only",
    [SIM_SCOPED] = "scoped",
    [SIM_INVALID] = "invalid",
};
const sim_rate_limit sim_default_limits[] = {
    [SIM_HETZNER] = {.limit = 3600, .actions = 7200},
    [SIM_DIGITALOCEAN] = {.limit = 5000, .burst = 250},
};

int sim_index_of(const char *const *names, size_t count, const char *name) {
  for (size_t i = 0; name && i < count; i++)
    if (!strcmp(names[i], name)) return (int)i;
  return -1;
}

sim_world *sim_world_new(uint64_t seed) {
  sim_world *world = calloc(1, sizeof *world);
  if (!world) return NULL;

  world->seed = world->ids = seed;
  world->clouds[SIM_HETZNER].next_image_id = 4711;
  world->clouds[SIM_HETZNER].next_action_id = 13;
  /* Action ids of DigitalOcean exceed 2^31. */
  world->clouds[SIM_DIGITALOCEAN].next_image_id = 7938269;
  world->clouds[SIM_DIGITALOCEAN].next_action_id = INT64_C(2200000001);
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    world->clouds[cloud].limit = sim_default_limits[cloud];
    world->clouds[cloud].hidden_until_ms = INT64_MIN;
  }
  world->duration_ms[SIM_PROTECT] = world->duration_ms[SIM_UNPROTECT] = 1000;
  world->duration_ms[SIM_CONVERT] = 10000;
  world->duration_ms[SIM_TRANSFER] = 60000;
  world->duration_ms[SIM_IMPORT] = 120000;
  world->overrides.duration_ms = -1;
  world->anonymous.access = SIM_INVALID;

  return world;
}

static void free_image(sim_image *image) {
  free(image->name);
  free(image->description);
  free(image->slug);
  free(image->error_message);
  free(image->created_from_name);
  free(image->regions.items);
  free(image->tags.items);
  sim_labels_free(&image->labels);
  free(image);
}

static void free_cloud(sim_cloud_state *state) {
  for (size_t i = 0; i < state->images_count; i++) free_image(state->images[i]);
  for (size_t i = 0; i < state->actions_count; i++) free(state->actions[i]);
  for (size_t i = 0; i < state->regions_count; i++) {
    free(state->regions[i].features.items);
    free(state->regions[i].sizes.items);
  }
  free(state->images);
  free(state->actions);
  free(state->regions);
  sim_id_map_free(&state->image_by_id);
  sim_id_map_free(&state->action_by_id);
  sim_list_cache_free(&state->lists);
}

static void clear_token(sim_token *token) {
  free(token->text);
  free(token->scopes.items);
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) sim_rate_free(&token->rate[cloud]);
  sim_rate_free(&token->actions_rate);
}

void sim_world_free(sim_world *world) {
  if (!world) return;

  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) free_cloud(&world->clouds[cloud]);
  for (size_t i = 0; i < world->tokens_count; i++) {
    clear_token(world->tokens[i]);
    free(world->tokens[i]);
  }
  clear_token(&world->anonymous);
  clear_token(&world->others);
  for (size_t i = 0; i < world->strings.capacity; i++) free(world->strings.entries[i].value);

  sim_id_map_free(&world->strings);
  sim_id_map_free(&world->token_by_text);
  free(world->tokens);
  free(world->pending);
  free(world->scratch);
  free(world->link_base);
  free(world);
}

/* Makes room for one more pointer. NULL without memory; the array is unchanged then. */
static void **reserve_one(void **items, size_t count, size_t *capacity) {
  if (count < *capacity) return items;
  size_t larger = *capacity ? *capacity * 2 : 16;
  void **grown = realloc(items, larger * sizeof *grown);
  if (grown) *capacity = larger;
  return grown;
}

const char *sim_intern(sim_world *world, const char *text) {
  if (!text) return NULL;
  uint64_t key = sim_hash(text) | 1;
  char *string = NULL;
  while ((string = sim_id_map_get(&world->strings, key)) && strcmp(string, text) != 0) key += 2;
  if (string) return string;

  string = sim_copy(text);
  if (string && sim_id_map_put(&world->strings, key, string)) return string;
  free(string);
  return NULL;
}

bool sim_strings_add(sim_world *world, sim_strings *strings, const char *text) {
  const char *string = sim_intern(world, text);
  const char **items =
      string ? realloc(strings->items, (strings->count + 1) * sizeof *items) : NULL;
  if (!items) return false;
  strings->items = items;
  strings->items[strings->count++] = string;
  return true;
}

bool sim_strings_has(const sim_strings *strings, const char *text) {
  for (uint32_t i = 0; i < strings->count; i++)
    if (!strcmp(strings->items[i], text)) return true;
  return false;
}

bool sim_labels_add(sim_labels *labels, const char *key, const char *value) {
  sim_label *items = realloc(labels->items, (labels->count + 1) * sizeof *items);
  if (!items) return false;
  labels->items = items;
  sim_label label = {sim_copy(key), sim_copy(value)};
  if (!label.key || !label.value) {
    free(label.key);
    free(label.value);
    return false;
  }
  items[labels->count++] = label;
  return true;
}

const char *sim_labels_get(const sim_labels *labels, const char *key) {
  for (uint32_t i = 0; i < labels->count; i++)
    if (!strcmp(labels->items[i].key, key)) return labels->items[i].value;
  return NULL;
}

void sim_labels_free(sim_labels *labels) {
  for (uint32_t i = 0; i < labels->count; i++) {
    free(labels->items[i].key);
    free(labels->items[i].value);
  }
  free(labels->items);
  *labels = (sim_labels){0};
}

sim_image *sim_image_new(sim_world *world, sim_cloud cloud, int64_t id) {
  sim_cloud_state *state = &world->clouds[cloud];
  if (!id) id = state->next_image_id;
  if (id > SIM_MAX_ID || state->images_count >= SIM_MAX_IMAGES || sim_image_find(world, cloud, id))
    return NULL;
  sim_image **images = (sim_image **)reserve_one((void **)state->images, state->images_count,
                                                 &state->images_capacity);
  if (!images) return NULL;
  state->images = images;
  sim_image *image = calloc(1, sizeof *image);
  if (!image || !sim_id_map_put(&state->image_by_id, (uint64_t)id, image)) {
    free(image);
    return NULL;
  }

  *image = (sim_image){
      .id = id, .cloud = (uint8_t)cloud, .status = SIM_AVAILABLE, .size_gb = NAN, .disk_gb = NAN};
  image->deprecated_ms = image->unavailable_after_ms = image->deleted_ms = IMGACT_NO_TIME;
  images[state->images_count++] = image;
  state->images_version++;
  if (id >= state->next_image_id) state->next_image_id = id + 1;

  return image;
}

sim_image *sim_image_find(const sim_world *world, sim_cloud cloud, int64_t id) {
  return id > 0 ? sim_id_map_get(&world->clouds[cloud].image_by_id, (uint64_t)id) : NULL;
}

const sim_action *sim_image_running(const sim_image *image, sim_effect effect, const char *region) {
  for (const sim_action *action = image->first_action; action; action = action->next)
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

sim_action *sim_action_new(sim_world *world, sim_cloud cloud, int64_t id, sim_image *image,
                           const char *command) {
  sim_cloud_state *state = &world->clouds[cloud];
  if (!id) id = state->next_action_id;
  command = sim_intern(world, command);
  bool room = id <= SIM_MAX_ID && state->actions_count < SIM_MAX_ACTIONS;
  if (!command || !room || sim_action_find(world, cloud, id)) return NULL;
  sim_action **actions = (sim_action **)reserve_one((void **)state->actions, state->actions_count,
                                                    &state->actions_capacity);
  if (!actions) return NULL;
  state->actions = actions;
  sim_action *action = calloc(1, sizeof *action);
  if (!action || !sim_id_map_put(&state->action_by_id, (uint64_t)id, action)) {
    free(action);
    return NULL;
  }

  *action = (sim_action){.id = id, .command = command, .image = image, .resource_type = "image"};
  action->finished_ms = action->due_ms = IMGACT_NO_TIME;
  action->visible_ms = INT64_MIN;
  actions[state->actions_count++] = action;
  if (id >= state->next_action_id) state->next_action_id = id + 1;
  if (!image) return action;
  action->resource_id = image->id;
  state->image_actions_count++;
  if (image->last_action)
    image->last_action->next = action;
  else
    image->first_action = action;
  image->last_action = action;

  return action;
}

sim_action *sim_action_find(const sim_world *world, sim_cloud cloud, int64_t id) {
  return id > 0 ? sim_id_map_get(&world->clouds[cloud].action_by_id, (uint64_t)id) : NULL;
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
      reserve_one((void **)world->pending, world->pending_count, &world->pending_capacity);
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

void sim_image_convert(sim_image *image) {
  image->type = SIM_SNAPSHOT;
  image->bound_to = 0;
}

static void apply_effect(sim_world *world, const sim_action *action) {
  sim_image *image = action->image;
  if (!image) return;

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

static void end_action(sim_world *world, sim_action *action) {
  if (action->image) world->clouds[action->image->cloud].images_version++;
  action->finished_ms = action->due_ms;
  heap_remove(world, action);
  action->state = action->fails ? SIM_ERROR : SIM_SUCCESS;
  if (!action->fails) {
    apply_effect(world, action);
    return;
  }

  if (action->progress < 50) action->progress = 50;
  if (!action->error_code) {
    action->error_code = "action_failed";
    action->error_message = "Action failed";
  }
  if (action->effect == SIM_IMPORT && action->image) {
    action->image->status = SIM_DELETED;
    sim_replace(&action->image->error_message, "We had a problem while importing your image.");
  }
}

void sim_world_advance(sim_world *world, int64_t now_ms) {
  while (world->pending_count && world->pending[0]->due_ms <= now_ms)
    end_action(world, world->pending[0]);
}

void sim_world_count(sim_world *world, sim_effect effect) { world->counters.effects[effect]++; }

void sim_image_remove(sim_world *world, sim_image *image) {
  image->deleted = 1;
  world->clouds[image->cloud].images_version++;
}

static const char *command_of(sim_effect effect) {
  switch (effect) {
  case SIM_PROTECT:
  case SIM_UNPROTECT: return "change_protection";
  case SIM_IMPORT: return "create";
  default: return sim_effect_names[effect];
  }
}

sim_action *sim_action_start(sim_world *world, sim_image *image, sim_effect effect,
                             const char *region, int64_t now_ms) {
  const sim_overrides *overrides = &world->overrides;
  int64_t duration_ms =
      overrides->duration_ms == -1 ? world->duration_ms[effect] : overrides->duration_ms;
  sim_action *action = sim_action_new(world, (sim_cloud)image->cloud, 0, image, command_of(effect));
  if (!action) return NULL;

  action->effect = (uint8_t)effect;
  action->region = sim_intern(world, region);
  action->started_ms = action->from_ms = now_ms;
  action->fails = overrides->fails;
  if (overrides->hide_ms) {
    sim_cloud_state *state = &world->clouds[image->cloud];
    action->visible_ms = now_ms + overrides->hide_ms;
    if (action->visible_ms > state->hidden_until_ms) state->hidden_until_ms = action->visible_ms;
  }
  /* Without memory for its end the action never ends. */
  sim_action_schedule(world, action, duration_ms < 0 ? IMGACT_NO_TIME : now_ms + duration_ms);
  sim_world_count(world, effect);
  sim_world_advance(world, now_ms);

  return action;
}

sim_region *sim_region_find(const sim_world *world, sim_cloud cloud, const char *slug) {
  const sim_cloud_state *state = &world->clouds[cloud];
  for (size_t i = 0; slug && i < state->regions_count; i++)
    if (!strcmp(state->regions[i].slug, slug)) return &state->regions[i];
  return NULL;
}

sim_region *sim_region_new(sim_world *world, sim_cloud cloud, const char *slug, const char *name) {
  sim_cloud_state *state = &world->clouds[cloud];
  sim_region *regions = realloc(state->regions, (state->regions_count + 1) * sizeof *regions);
  if (!regions) return NULL;
  state->regions = regions;
  sim_region region = {
      .slug = sim_intern(world, slug), .name = sim_intern(world, name), .available = true};
  if (!region.slug || !region.name) return NULL;
  regions[state->regions_count] = region;
  return &regions[state->regions_count++];
}

static sim_token *new_token(sim_world *world, const char *text) {
  if (world->tokens_count >= SIM_MAX_TOKENS) return NULL;
  sim_token **tokens = (sim_token **)reserve_one((void **)world->tokens, world->tokens_count,
                                                 &world->tokens_capacity);
  if (!tokens) return NULL;
  world->tokens = tokens;
  sim_token *token = calloc(1, sizeof *token);
  if (!token) return NULL;

  *token = (sim_token){.text = sim_copy(text), .key = sim_hash(text) | 1};
  if (!token->text || !sim_id_map_put(&world->token_by_text, token->key, token)) {
    clear_token(token);
    free(token);
    return NULL;
  }
  tokens[world->tokens_count++] = token;

  return token;
}

sim_token *sim_token_of(sim_world *world, const char *text) {
  if (!text) return &world->anonymous;
  sim_token *token = sim_id_map_get(&world->token_by_text, sim_hash(text) | 1);
  if (!token) token = new_token(world, text);
  if (!token || strcmp(token->text, text) != 0) token = &world->others;
  if (!token->listed) token->access = world->strict_tokens ? SIM_INVALID : SIM_READ_WRITE;
  return token;
}

void **sim_scratch(sim_world *world, size_t count) {
  if (count <= world->scratch_capacity && world->scratch) return world->scratch;
  void **grown = realloc(world->scratch, (count + 64) * sizeof *grown);
  if (!grown) return NULL;
  world->scratch = grown;
  world->scratch_capacity = count + 64;
  return grown;
}
