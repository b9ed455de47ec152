/* SPDX-License-Identifier: MIT */
/* The actions that belong to operations of a client. A lookup never adopts the action of another
 * operation. */
#ifndef IA_OWNED_ACTIONS_H
#define IA_OWNED_ACTIONS_H

#include "hashmap.h"
#include <imgact/model.h>

/* Actions to remember at least. Two operations can be confused only if they run at about the same
 * time. */
#define IA_MAX_OWNED 1024

typedef struct ia_owned_actions {
  ia_hashmap recent, older;
} ia_owned_actions;

void ia_owned_actions_init(ia_owned_actions *owned_actions, const imgact_allocator *allocator,
                           uint64_t seed, uint64_t other_seed);
/* Returns false if there is no memory. Actions without an id are not stored. */
bool ia_owned_actions_add(ia_owned_actions *owned_actions, const imgact_action *action);
bool ia_owned_actions_has(const ia_owned_actions *owned_actions, const imgact_action *action);
void ia_owned_actions_free(ia_owned_actions *owned_actions);

#endif
