// SPDX-License-Identifier: MIT
/*
 * State and effects. Invariants:
 *   - each image and action is in the list and in the map of its cloud;
 *   - an action with a due time is running, and is in the heap exactly once;
 *   - images and actions live as long as the world, so pointers between them stay valid.
 */
#include "world.h"
#include <inttypes.h>
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
    [SIM_CREATE_IMAGE] = "create_image",
    [SIM_TAG] = "tag",
    [SIM_UNTAG] = "untag",
    [SIM_DELETE_TAG] = "delete_tag",
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
const char *const sim_remains_names[] = {
    [SIM_GONE] = "gone",
    [SIM_LEFT_UNAVAILABLE] = "unavailable",
    [SIM_LEFT_CREATING] = "creating",
};
const char *const sim_listed_names[] = {
    [SIM_LIST_RUNNING] = "running",
    [SIM_LIST_ALL] = "all",
    [SIM_LIST_AVAILABLE] = "available",
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
    world->clouds[cloud].images_hidden_until_ms = INT64_MIN;
    world->clouds[cloud].next_machine_id = 1;
  }
  world->duration_ms[SIM_PROTECT] = world->duration_ms[SIM_UNPROTECT] = 1000;
  world->duration_ms[SIM_CONVERT] = 10000;
  world->duration_ms[SIM_TRANSFER] = 60000;
  world->duration_ms[SIM_IMPORT] = 120000;
  world->duration_ms[SIM_CREATE_IMAGE] = 60000;
  world->unlock_ms = 5000;
  world->next_transfer_id = 3164444;
  world->overrides.duration_ms = -1;
  world->anonymous.access = SIM_INVALID;
  sim_account *account = sim_account_of(world, "default");
  if (!account) {
    sim_world_free(world);
    return NULL;
  }
  world->anonymous.account = world->others.account = account;

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

static void free_machine(sim_machine *machine) {
  free(machine->name);
  free(machine->tags.items);
  sim_labels_free(&machine->labels);
  free(machine);
}

static void free_action(sim_action *action) {
  free(action->name);
  free(action);
}

static void free_account(sim_account *account) {
  free(account->email);
  free(account->team);
  free(account);
}

static void free_cloud(sim_cloud_state *state) {
  for (size_t i = 0; i < state->images_count; i++) free_image(state->images[i]);
  for (size_t i = 0; i < state->machines_count; i++) free_machine(state->machines[i]);
  for (size_t i = 0; i < state->actions_count; i++) free_action(state->actions[i]);
  for (size_t i = 0; i < state->regions_count; i++) {
    free(state->regions[i].features.items);
    free(state->regions[i].sizes.items);
  }
  free(state->images);
  free(state->machines);
  free(state->actions);
  free(state->regions);
  sim_id_map_free(&state->image_by_id);
  sim_id_map_free(&state->machine_by_id);
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
  for (size_t i = 0; i < world->accounts_count; i++) free_account(world->accounts[i]);
  for (size_t i = 0; i < world->tags_count; i++) free(world->tags[i]);
  clear_token(&world->anonymous);
  clear_token(&world->others);
  for (size_t i = 0; i < world->strings.capacity; i++) free(world->strings.entries[i].value);

  sim_id_map_free(&world->strings);
  sim_id_map_free(&world->token_by_text);
  sim_id_map_free(&world->tag_by_name);
  free(world->accounts);
  free(world->tags);
  free(world->tokens);
  free(world->pending);
  free(world->scratch);
  free(world->link_base);
  free(world);
}

void **sim_reserve_one(void **items, size_t count, size_t *capacity) {
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
  sim_image **images = (sim_image **)sim_reserve_one((void **)state->images, state->images_count,
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
  image->visible_ms = INT64_MIN;
  image->account = sim_account_default(world);
  images[state->images_count++] = image;
  state->images_version++;
  if (id >= state->next_image_id) state->next_image_id = id + 1;

  return image;
}

sim_image *sim_image_find(const sim_world *world, sim_cloud cloud, int64_t id) {
  return id > 0 ? sim_id_map_get(&world->clouds[cloud].image_by_id, (uint64_t)id) : NULL;
}

void sim_image_remove(sim_world *world, sim_image *image) {
  image->deleted = 1;
  world->clouds[image->cloud].images_version++;
}

void sim_image_convert(sim_image *image) {
  image->type = SIM_SNAPSHOT;
  image->bound_to = 0;
}

sim_machine *sim_machine_new(sim_world *world, sim_cloud cloud, int64_t id) {
  sim_cloud_state *state = &world->clouds[cloud];
  if (!id) id = state->next_machine_id;
  if (id > SIM_MAX_ID || state->machines_count >= SIM_MAX_MACHINES ||
      sim_machine_find(world, cloud, id))
    return NULL;
  sim_machine **machines = (sim_machine **)sim_reserve_one(
      (void **)state->machines, state->machines_count, &state->machines_capacity);
  if (!machines) return NULL;
  state->machines = machines;
  sim_machine *machine = calloc(1, sizeof *machine);
  if (!machine || !sim_id_map_put(&state->machine_by_id, (uint64_t)id, machine)) {
    free(machine);
    return NULL;
  }

  *machine = (sim_machine){.id = id, .cloud = (uint8_t)cloud, .unlocked_ms = INT64_MIN};
  machine->account = sim_account_default(world);
  machines[state->machines_count++] = machine;
  if (id >= state->next_machine_id) state->next_machine_id = id + 1;

  return machine;
}

sim_machine *sim_machine_find(const sim_world *world, sim_cloud cloud, int64_t id) {
  return id > 0 ? sim_id_map_get(&world->clouds[cloud].machine_by_id, (uint64_t)id) : NULL;
}

/* An account has an e-mail address and a team from its name. */
static bool identify_account(sim_account *account, const char *name) {
  sim_text email = {0}, team = {0};
  uint64_t state = sim_hash(name), high = sim_random(&state), low = sim_random(&state);
  sim_text_printf(&email, "%s@example.com", name);
  sim_text_printf(&team, "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64 "-%012" PRIx64,
                  high >> 32, high >> 16 & 0xFFFF, high & 0xFFF, low >> 52,
                  low & UINT64_C(0xFFFFFFFFFFFF));
  account->email = sim_text_take(&email);
  account->team = sim_text_take(&team);
  return account->email && account->team;
}

static sim_account *new_account(sim_world *world, const char *name) {
  if (world->accounts_count >= SIM_MAX_ACCOUNTS) return NULL;
  sim_account **accounts = (sim_account **)sim_reserve_one(
      (void **)world->accounts, world->accounts_count, &world->accounts_capacity);
  if (!accounts) return NULL;
  world->accounts = accounts;
  sim_account *account = calloc(1, sizeof *account);
  if (!account) return NULL;

  account->name = sim_intern(world, name);
  if (!account->name || !identify_account(account, name)) {
    free_account(account);
    return NULL;
  }
  return accounts[world->accounts_count++] = account;
}

sim_account *sim_account_of(sim_world *world, const char *name) {
  for (size_t i = 0; i < world->accounts_count; i++)
    if (!strcmp(world->accounts[i]->name, name)) return world->accounts[i];
  return new_account(world, name);
}

sim_account *sim_account_default(const sim_world *world) { return world->accounts[0]; }

void sim_world_count(sim_world *world, sim_effect effect) { world->counters.effects[effect]++; }

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
  sim_token **tokens = (sim_token **)sim_reserve_one((void **)world->tokens, world->tokens_count,
                                                     &world->tokens_capacity);
  if (!tokens) return NULL;
  world->tokens = tokens;
  sim_token *token = calloc(1, sizeof *token);
  if (!token) return NULL;

  *token = (sim_token){.text = sim_copy(text), .key = sim_hash(text) | 1};
  token->account = sim_account_default(world);
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
