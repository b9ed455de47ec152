// SPDX-License-Identifier: MIT
/* Two sets: when the recent one is full, it replaces the older one. This bounds the memory. */
#include "owned_ids.h"
#include "str.h"
#include <string.h>

void ia_owned_ids_init(ia_owned_ids *owned, const imgact_allocator *allocator, uint64_t seed,
                       uint64_t other_seed) {
  ia_hashmap_init(&owned->recent, allocator, seed);
  ia_hashmap_init(&owned->older, allocator, other_seed);
}

bool ia_owned_ids_add(ia_owned_ids *owned, const char *id) {
  if (!id) return true;
  if (owned->recent.count >= IA_MAX_OWNED) {
    ia_hashmap swap = owned->older;
    owned->older = owned->recent;
    owned->recent = swap;
    ia_hashmap_clear(&owned->recent);
  }
  bool added;
  return ia_hashmap_put(&owned->recent, ia_hash(id, strlen(id)), 0, &added) != NULL;
}

bool ia_owned_ids_has(const ia_owned_ids *owned, const char *id) {
  if (!id) return false;
  uint64_t hash = ia_hash(id, strlen(id));
  return ia_hashmap_has(&owned->recent, hash) || ia_hashmap_has(&owned->older, hash);
}

void ia_owned_ids_free(ia_owned_ids *owned) {
  ia_hashmap_free(&owned->recent);
  ia_hashmap_free(&owned->older);
}
