// SPDX-License-Identifier: MIT
#include "list_cache.h"
#include "sim_text.h"
#include <stdlib.h>
#include <string.h>

bool sim_list_cache_get(sim_list_cache *cache, const char *query, uint64_t version,
                        sim_list *list) {
  for (size_t i = 0; i < SIM_MAX_LISTS; i++) {
    sim_cached_list *entry = &cache->entries[i];
    if (!entry->query || entry->version != version || strcmp(entry->query, query) != 0) continue;
    entry->used_at = ++cache->uses;
    *list = (sim_list){entry->items, entry->count};
    return true;
  }
  return false;
}

static void free_entry(sim_cached_list *entry) {
  free(entry->query);
  free(entry->items);
  *entry = (sim_cached_list){0};
}

void sim_list_cache_put(sim_list_cache *cache, const char *query, uint64_t version,
                        const sim_list *list) {
  sim_cached_list *oldest = &cache->entries[0];
  for (size_t i = 0; i < SIM_MAX_LISTS; i++) {
    if (cache->entries[i].version != version) free_entry(&cache->entries[i]);
    if (cache->entries[i].used_at < oldest->used_at) oldest = &cache->entries[i];
  }

  free_entry(oldest);
  oldest->query = sim_copy(query);
  oldest->items = malloc((list->count + 1) * sizeof *oldest->items);
  if (!oldest->query || !oldest->items) {
    free_entry(oldest);
    return;
  }

  if (list->count) memcpy(oldest->items, list->items, list->count * sizeof *oldest->items);
  oldest->count = list->count;
  oldest->version = version;
  oldest->used_at = ++cache->uses;
}

void sim_list_cache_free(sim_list_cache *cache) {
  for (size_t i = 0; i < SIM_MAX_LISTS; i++) free_entry(&cache->entries[i]);
}
