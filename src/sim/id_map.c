// SPDX-License-Identifier: MIT
/* A hash table by linear probing: look-ups of a world with 100,000 images must not scan them. */
#include "id_map.h"
#include <stdlib.h>

static size_t slot(const sim_id_map *table, uint64_t key) {
  uint64_t hash = key * UINT64_C(0x9E3779B97F4A7C15);
  size_t at = (size_t)(hash >> 20) & (table->capacity - 1);
  while (table->entries[at].key && table->entries[at].key != key)
    at = (at + 1) & (table->capacity - 1);
  return at;
}

void *sim_id_map_get(const sim_id_map *table, uint64_t key) {
  return table->capacity ? table->entries[slot(table, key)].value : NULL;
}

static bool grow(sim_id_map *table) {
  sim_id_map larger = {.capacity = table->capacity ? table->capacity * 2 : 64,
                       .count = table->count};
  larger.entries = calloc(larger.capacity, sizeof *larger.entries);
  if (!larger.entries) return false;
  for (size_t i = 0; i < table->capacity; i++)
    if (table->entries[i].key)
      larger.entries[slot(&larger, table->entries[i].key)] = table->entries[i];
  free(table->entries);
  *table = larger;
  return true;
}

bool sim_id_map_put(sim_id_map *table, uint64_t key, void *value) {
  if (!key || ((table->count + 1) * 3 > table->capacity * 2 && !grow(table))) return false;
  sim_entry *entry = &table->entries[slot(table, key)];
  if (!entry->key) table->count++;
  *entry = (sim_entry){key, value};
  return true;
}

void sim_id_map_free(sim_id_map *table) {
  free(table->entries);
  *table = (sim_id_map){0};
}
