/* SPDX-License-Identifier: MIT */
/* Things by a 64-bit key that is not 0: open addressing, never more than two thirds full. Nothing
 * is ever taken out. */
#ifndef SIM_ID_MAP_H
#define SIM_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sim_entry {
  uint64_t key; /* 0 = free */
  void *value;
} sim_entry;

typedef struct sim_id_map {
  sim_entry *entries;
  size_t count, capacity; /* capacity: a power of two, or 0 */
} sim_id_map;

void *sim_id_map_get(const sim_id_map *table, uint64_t key);
/* Sets or replaces. false without memory. */
bool sim_id_map_put(sim_id_map *table, uint64_t key, void *value);
void sim_id_map_free(sim_id_map *table);

#endif
