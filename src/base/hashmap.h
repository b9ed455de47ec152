/* SPDX-License-Identifier: MIT */
/* A set of 64-bit hashes of ids with a small value each: which page an id was seen on. */
#ifndef IA_HASHMAP_H
#define IA_HASHMAP_H

#include "alloc.h"

typedef struct ia_set_entry {
  uint64_t hash; /* 0 = free */
  uint32_t value;
  uint32_t reserved;
} ia_set_entry;

typedef struct ia_set {
  const imgact_allocator *allocator;
  ia_set_entry *entries;
  size_t count, capacity; /* capacity: a power of two, or 0 */
  uint64_t seed;
} ia_set;

/* The seed decides where an entry lies: whoever chooses the ids must not know it, or a set of them takes hours. */
void ia_set_init(ia_set *set, const imgact_allocator *allocator, uint64_t seed);
/* The entry's value, created with `value` if it was not there (*added tells). NULL when there is no memory. */
uint32_t *ia_set_put(ia_set *set, uint64_t hash, uint32_t value, bool *added);
bool ia_set_has(const ia_set *set, uint64_t hash);
void ia_set_clear(ia_set *set); /* keeps the memory */
void ia_set_free(ia_set *set);

#endif
