/* SPDX-License-Identifier: MIT */
/*
 * Lists by their query, so that each further page of a list costs its own length. An entry is valid
 * for one version of the world.
 */
#ifndef SIM_LIST_CACHE_H
#define SIM_LIST_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_MAX_LISTS 8

typedef struct sim_list {
  void *const *items;
  size_t count;
} sim_list;

typedef struct sim_cached_list {
  char *query; /* owned; NULL = unused */
  void **items;
  size_t count;
  uint64_t version, used_at;
} sim_cached_list;

typedef struct sim_list_cache {
  sim_cached_list entries[SIM_MAX_LISTS];
  uint64_t uses;
} sim_list_cache;

/* Sets *list to the items stored for a query; they are borrowed until the next put. Returns false
 * if there are none of this version. */
bool sim_list_cache_get(sim_list_cache *cache, const char *query, uint64_t version, sim_list *list);
/* Stores a copy of the list in place of the least recently used one. Without memory nothing is
 * stored. */
void sim_list_cache_put(sim_list_cache *cache, const char *query, uint64_t version,
                        const sim_list *list);
void sim_list_cache_free(sim_list_cache *cache);

#endif
