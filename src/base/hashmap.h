/* SPDX-License-Identifier: MIT */
/* A set of 64-bit hashes of ids with a small value each: which page an id was seen on. */
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

/* The seed decides where an entry lies: whoever chooses the ids must not know it, or a set of them
 * takes hours. */
void ia_hashmap_init(ia_hashmap *set, const imgact_allocator *allocator, uint64_t seed);
/* The entry's value, created with `value` if it was not there (*added tells). NULL when there is no
 * memory. */
uint32_t *ia_hashmap_put(ia_hashmap *set, uint64_t hash, uint32_t value, bool *added);
bool ia_hashmap_has(const ia_hashmap *set, uint64_t hash);
void ia_hashmap_clear(ia_hashmap *set); /* keeps the memory */
void ia_hashmap_free(ia_hashmap *set);

#endif
