// SPDX-License-Identifier: MIT
/* Open addressing with linear probing, at most two thirds full. */
#include "id_map.h"
#include <stdlib.h>

static size_t slot(const sim_id_map *map, uint64_t key) {
  uint64_t hash = key * UINT64_C(0x9E3779B97F4A7C15);
  size_t at = (size_t)(hash >> 20) & (map->capacity - 1);
  while (map->entries[at].key && map->entries[at].key != key) at = (at + 1) & (map->capacity - 1);
  return at;
}

void *sim_id_map_get(const sim_id_map *map, uint64_t key) {
  return map->capacity ? map->entries[slot(map, key)].value : NULL;
}

static bool grow(sim_id_map *map) {
  sim_id_map larger = {.capacity = map->capacity ? map->capacity * 2 : 64, .count = map->count};
  larger.entries = calloc(larger.capacity, sizeof *larger.entries);
  if (!larger.entries) return false;
  for (size_t i = 0; i < map->capacity; i++)
    if (map->entries[i].key) larger.entries[slot(&larger, map->entries[i].key)] = map->entries[i];
  free(map->entries);
  *map = larger;
  return true;
}

bool sim_id_map_put(sim_id_map *map, uint64_t key, void *value) {
  if (!key || ((map->count + 1) * 3 > map->capacity * 2 && !grow(map))) return false;
  sim_entry *entry = &map->entries[slot(map, key)];
  if (!entry->key) map->count++;
  *entry = (sim_entry){key, value};
  return true;
}

void sim_id_map_free(sim_id_map *map) {
  free(map->entries);
  *map = (sim_id_map){0};
}
