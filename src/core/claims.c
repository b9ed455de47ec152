// SPDX-License-Identifier: MIT
/* Two sets: when the recent one is full, it replaces the older one. This bounds the memory. */
#include "claims.h"
#include "str.h"
#include <string.h>

void ia_claims_init(ia_claims *claims, const imgact_allocator *allocator, uint64_t seed,
                    uint64_t other_seed) {
  ia_hashmap_init(&claims->recent, allocator, seed);
  ia_hashmap_init(&claims->older, allocator, other_seed);
}

bool ia_claims_add(ia_claims *claims, const imgact_action *action) {
  if (!action || !action->id) return true;
  if (claims->recent.count >= IA_CLAIMS) {
    ia_hashmap swap = claims->older;
    claims->older = claims->recent;
    claims->recent = swap;
    ia_hashmap_clear(&claims->recent);
  }
  bool added;
  return ia_hashmap_put(&claims->recent, ia_hash(action->id, strlen(action->id)), 0, &added) !=
         NULL;
}

bool ia_claims_has(const ia_claims *claims, const imgact_action *action) {
  if (!action->id) return false;
  uint64_t hash = ia_hash(action->id, strlen(action->id));
  return ia_hashmap_has(&claims->recent, hash) || ia_hashmap_has(&claims->older, hash);
}

void ia_claims_free(ia_claims *claims) {
  ia_hashmap_free(&claims->recent);
  ia_hashmap_free(&claims->older);
}
