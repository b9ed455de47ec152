/* SPDX-License-Identifier: MIT */
/* The actions that belong to operations of a client. A lookup never adopts the action of another
 * operation. */
#ifndef IA_CLAIMS_H
#define IA_CLAIMS_H

#include "hashmap.h"
#include <imgact/model.h>

/* Actions to remember at least. Two operations can be confused only if they run at about the same
 * time. */
#define IA_CLAIMS 1024

typedef struct ia_claims {
  ia_hashmap recent, older;
} ia_claims;

void ia_claims_init(ia_claims *claims, const imgact_allocator *allocator, uint64_t seed,
                    uint64_t other_seed);
/* Returns false if there is no memory. Actions without an id are not stored. */
bool ia_claims_add(ia_claims *claims, const imgact_action *action);
bool ia_claims_has(const ia_claims *claims, const imgact_action *action);
void ia_claims_free(ia_claims *claims);

#endif
