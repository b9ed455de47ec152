/* SPDX-License-Identifier: MIT */
/* Hash map from non-zero 64-bit keys to pointers. Entries cannot be removed. */
#ifndef SIM_ID_MAP_H
#define SIM_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sim_entry {
  uint64_t key; /* 0 = unused */
  void *value;
} sim_entry;

typedef struct sim_id_map {
  sim_entry *entries;
  size_t count, capacity; /* capacity: a power of two, or 0 */
} sim_id_map;

void *sim_id_map_get(const sim_id_map *map, uint64_t key);
/* Sets or replaces the value of a key. false without memory. */
bool sim_id_map_put(sim_id_map *map, uint64_t key, void *value);
void sim_id_map_free(sim_id_map *map);

#endif
