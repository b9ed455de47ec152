// SPDX-License-Identifier: MIT
/* Two sets: when the recent one is full, it replaces the older one. This bounds the memory. */
#include "owned_actions.h"
#include "str.h"
#include <string.h>

void ia_owned_actions_init(ia_owned_actions *owned_actions, const imgact_allocator *allocator,
                           uint64_t seed, uint64_t other_seed) {
  ia_hashmap_init(&owned_actions->recent, allocator, seed);
  ia_hashmap_init(&owned_actions->older, allocator, other_seed);
}

bool ia_owned_actions_add(ia_owned_actions *owned_actions, const imgact_action *action) {
  if (!action || !action->id) return true;
  if (owned_actions->recent.count >= IA_MAX_OWNED) {
    ia_hashmap swap = owned_actions->older;
    owned_actions->older = owned_actions->recent;
    owned_actions->recent = swap;
    ia_hashmap_clear(&owned_actions->recent);
  }
  bool added;
  return ia_hashmap_put(&owned_actions->recent, ia_hash(action->id, strlen(action->id)), 0,
                        &added) != NULL;
}

bool ia_owned_actions_has(const ia_owned_actions *owned_actions, const imgact_action *action) {
  if (!action->id) return false;
  uint64_t hash = ia_hash(action->id, strlen(action->id));
  return ia_hashmap_has(&owned_actions->recent, hash) ||
         ia_hashmap_has(&owned_actions->older, hash);
}

void ia_owned_actions_free(ia_owned_actions *owned_actions) {
  ia_hashmap_free(&owned_actions->recent);
  ia_hashmap_free(&owned_actions->older);
}
