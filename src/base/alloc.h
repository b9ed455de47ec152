/* SPDX-License-Identifier: MIT */
/* The allocator as the library uses it. */
#ifndef IA_ALLOC_H
#define IA_ALLOC_H

#include <imgact/base.h>
#include <stdbool.h>

/* malloc's. */
extern const imgact_allocator ia_malloc;

/* The allocator to use: the given one, or malloc's for NULL. NULL: its table cannot be used, in the
 * words below. */
const imgact_allocator *ia_allocator_of(const imgact_allocator *given);
#define IA_BAD_ALLOCATOR "the allocator's table has holes, or is older than this library"

void *ia_alloc(const imgact_allocator *allocator, size_t bytes);
void *ia_alloc_zero(const imgact_allocator *allocator, size_t bytes);
void *ia_resize(const imgact_allocator *allocator, void *block, size_t bytes);
/* Room for one more element of that size: the array, moved if need be; NULL: no memory, and the old
 * array stays. *capacity: elements that the array holds. */
void *ia_grow(const imgact_allocator *allocator, void *array, size_t count, size_t *capacity,
              size_t element_bytes);
void ia_free(const imgact_allocator *allocator, void *block);
char *ia_strdup(const imgact_allocator *allocator, const char *text);
/* memset that the compiler may not drop. */
void ia_wipe(void *block, size_t bytes);

#endif
