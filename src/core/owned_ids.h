/* SPDX-License-Identifier: MIT */
/* The ids of actions, or of new images, that belong to operations of a client. A lookup never
 * adopts what belongs to another operation. */
#ifndef IA_OWNED_IDS_H
#define IA_OWNED_IDS_H

#include "hashmap.h"

/* Ids to remember at least. Two operations can be confused only if they run at about the same
 * time. */
#define IA_MAX_OWNED 1024

typedef struct ia_owned_ids {
  ia_hashmap recent, older;
} ia_owned_ids;

void ia_owned_ids_init(ia_owned_ids *owned, const imgact_allocator *allocator, uint64_t seed,
                       uint64_t other_seed);
/* Returns false if there is no memory. id may be NULL: nothing is stored. */
bool ia_owned_ids_add(ia_owned_ids *owned, const char *id);
/* id may be NULL: false. */
bool ia_owned_ids_has(const ia_owned_ids *owned, const char *id);
void ia_owned_ids_free(ia_owned_ids *owned);

#endif
