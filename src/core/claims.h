/* SPDX-License-Identifier: MIT */
/* The actions that belong to an operation of a client: no lookup takes one for another operation's
 * effect. */
#ifndef IA_CLAIMS_H
#define IA_CLAIMS_H

#include "hashmap.h"
#include <imgact/model.h>

/* Two operations can be mistaken for each other only around the time of both: the last IA_CLAIMS at
 * least are kept. */
#define IA_CLAIMS 1024

typedef struct ia_claims {
  ia_hashmap recent, older;
} ia_claims;

void ia_claims_init(ia_claims *claims, const imgact_allocator *allocator, uint64_t seed,
                    uint64_t other_seed);
/* Returns false if there is no memory. An action without an id cannot be claimed. */
bool ia_claims_add(ia_claims *claims, const imgact_action *action);
bool ia_claims_has(const ia_claims *claims, const imgact_action *action);
void ia_claims_free(ia_claims *claims);

#endif
