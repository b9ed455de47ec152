// SPDX-License-Identifier: MIT
/* Open addressing with linear probing. At most three quarters of the entries are used, so that each
 * search ends at a free entry. Hash 0 marks a free entry; a hash that is 0 is stored as 1. */
#include "hashmap.h"

#include <stdint.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)64)

void ia_hashmap_init(ia_hashmap *set, const imgact_allocator *allocator, uint64_t seed) {
  *set = (ia_hashmap){.allocator = allocator, .seed = seed};
}

static size_t slot_of(uint64_t hash, uint64_t seed) {
  uint64_t z = (hash ^ seed) * 0x9E3779B97F4A7C15u;
  return (size_t)((z ^ (z >> 32)) * 0xD6E8FEB86659FD93u >> 20);
}

/* Returns the entry with that hash, or the free entry where it would be added. */
static ia_hashmap_entry *find(ia_hashmap_entry *entries, size_t capacity, uint64_t seed,
                              uint64_t hash) {
  size_t i = slot_of(hash, seed) & (capacity - 1);
  while (entries[i].hash != 0 && entries[i].hash != hash) i = (i + 1) & (capacity - 1);
  return &entries[i];
}

static bool grow(ia_hashmap *set) {
  size_t capacity = set->capacity == 0 ? FIRST_CAPACITY : set->capacity * 2;
  if (capacity > SIZE_MAX / 2 / sizeof *set->entries) return false;
  ia_hashmap_entry *entries = ia_alloc_zero(set->allocator, capacity * sizeof *entries);
  if (!entries) return false;
  for (size_t i = 0; i < set->capacity; i++) {
    if (set->entries[i].hash != 0)
      *find(entries, capacity, set->seed, set->entries[i].hash) = set->entries[i];
  }
  ia_free(set->allocator, set->entries);
  set->entries = entries;
  set->capacity = capacity;
  return true;
}

uint32_t *ia_hashmap_put(ia_hashmap *set, uint64_t hash, uint32_t value, bool *added) {
  if (hash == 0) hash = 1;
  *added = false;
  if (set->count >= set->capacity / 4 * 3 && !grow(set)) return NULL;
  ia_hashmap_entry *entry = find(set->entries, set->capacity, set->seed, hash);
  if (entry->hash == 0) {
    *entry = (ia_hashmap_entry){.hash = hash, .value = value};
    set->count++;
    *added = true;
  }
  return &entry->value;
}

const uint32_t *ia_hashmap_get(const ia_hashmap *set, uint64_t hash) {
  if (set->capacity == 0) return NULL;
  if (hash == 0) hash = 1;
  const ia_hashmap_entry *entry = find(set->entries, set->capacity, set->seed, hash);
  return entry->hash != 0 ? &entry->value : NULL;
}

bool ia_hashmap_has(const ia_hashmap *set, uint64_t hash) {
  return ia_hashmap_get(set, hash) != NULL;
}

void ia_hashmap_clear(ia_hashmap *set) {
  if (set->entries) memset(set->entries, 0, set->capacity * sizeof *set->entries);
  set->count = 0;
}

void ia_hashmap_free(ia_hashmap *set) {
  ia_free(set->allocator, set->entries);
  ia_hashmap_init(set, set->allocator, set->seed);
}
