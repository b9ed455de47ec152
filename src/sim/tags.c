// SPDX-License-Identifier: MIT
#include "tags.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME 255

bool sim_tag_name_ok(const char *name) {
  size_t length = strlen(name);
  for (size_t i = 0; i < length; i++)
    if (!isalnum((unsigned char)name[i]) && !strchr("_-:", name[i])) return false;
  return length >= 1 && length <= MAX_NAME;
}

/* The key of a name in any case; names of other accounts have other keys. */
static uint64_t key_of(const sim_account *account, const char *name) {
  uint64_t hash = sim_hash(account->name);
  for (; *name; name++)
    hash = (hash ^ (uint64_t)tolower((unsigned char)*name)) * UINT64_C(1099511628211);
  return sim_random(&hash) | 1;
}

/* Returns the tag and its key, or the key of a new one. */
static sim_tag *look_up(const sim_world *world, const sim_account *account, const char *name,
                        uint64_t *key) {
  sim_tag *tag = NULL;
  *key = key_of(account, name);
  while ((tag = sim_id_map_get(&world->tag_by_name, *key)) &&
         (tag->account != account || strcasecmp(tag->name, name) != 0))
    *key += 2;
  return tag;
}

sim_tag *sim_tag_find(const sim_world *world, const sim_account *account, const char *name) {
  uint64_t key = 0;
  sim_tag *tag = look_up(world, account, name, &key);
  return tag && !tag->deleted ? tag : NULL;
}

static sim_tag *new_tag(sim_world *world, sim_account *account, const char *name, uint64_t key) {
  sim_tag **tags =
      (sim_tag **)sim_reserve_one((void **)world->tags, world->tags_count, &world->tags_capacity);
  if (!tags) return NULL;
  world->tags = tags;
  sim_tag *tag = calloc(1, sizeof *tag);
  if (!tag) return NULL;

  *tag = (sim_tag){.name = sim_intern(world, name), .account = account};
  if (!tag->name || !sim_id_map_put(&world->tag_by_name, key, tag)) {
    free(tag);
    return NULL;
  }
  return tags[world->tags_count++] = tag;
}

sim_tag *sim_tag_of(sim_world *world, sim_account *account, const char *name) {
  uint64_t key = 0;
  sim_tag *tag = look_up(world, account, name, &key);
  if (!tag) return new_tag(world, account, name, key);
  if (!tag->deleted) return tag;

  /* A tag that was deleted starts anew, with a spelling of its own. */
  const char *spelling = sim_intern(world, name);
  if (!spelling) return NULL;
  *tag = (sim_tag){.name = spelling, .account = account};
  return tag;
}

static bool collect(sim_world *world, sim_account *account, const sim_strings *tags) {
  for (uint32_t i = 0; i < tags->count; i++)
    if (!sim_tag_of(world, account, tags->items[i])) return false;
  return true;
}

bool sim_tags_collect(sim_world *world) {
  const sim_cloud_state *state = &world->clouds[SIM_DIGITALOCEAN];
  if (world->tags_version == state->images_version) return true;
  for (size_t i = 0; i < state->images_count; i++) {
    const sim_image *image = state->images[i];
    if (!image->deleted && !image->is_public && !collect(world, image->account, &image->tags))
      return false;
  }
  for (size_t i = 0; i < state->machines_count; i++) {
    const sim_machine *machine = state->machines[i];
    if (!machine->deleted && !collect(world, machine->account, &machine->tags)) return false;
  }
  world->tags_version = state->images_version;
  return true;
}

bool sim_tags_remove(sim_strings *tags, const char *name) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < tags->count; i++)
    if (strcmp(tags->items[i], name) != 0) tags->items[left++] = tags->items[i];
  bool removed = left < tags->count;
  tags->count = left;
  return removed;
}
