/* SPDX-License-Identifier: MIT */
/* A hash map from 64-bit hashes to 32-bit values. The pager stores the hashes of ids, with the page
 * of each. */
#ifndef IA_HASHMAP_H
#define IA_HASHMAP_H

#include "alloc.h"

typedef struct ia_hashmap_entry {
  uint64_t hash; /* 0 = free */
  uint32_t value;
  uint32_t reserved;
} ia_hashmap_entry;

typedef struct ia_hashmap {
  const imgact_allocator *allocator;
  ia_hashmap_entry *entries;
  size_t count, capacity; /* capacity: a power of two, or 0 */
  uint64_t seed;
} ia_hashmap;

/* The seed decides where an entry is stored. Unless it is secret, a server can choose ids that
 * collide, and each access would search the whole table. */
void ia_hashmap_init(ia_hashmap *set, const imgact_allocator *allocator, uint64_t seed);
/* Returns a pointer to the entry's value; NULL if there is no memory. A missing entry is added with
 * `value`, and *added is set to true. */
uint32_t *ia_hashmap_put(ia_hashmap *set, uint64_t hash, uint32_t value, bool *added);
/* Returns a pointer to the value; NULL if there is no entry with that hash. */
const uint32_t *ia_hashmap_get(const ia_hashmap *set, uint64_t hash);
bool ia_hashmap_has(const ia_hashmap *set, uint64_t hash);
void ia_hashmap_clear(ia_hashmap *set); /* keeps the memory */
void ia_hashmap_free(ia_hashmap *set);

#endif
