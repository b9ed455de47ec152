/* SPDX-License-Identifier: MIT */
/* Allocation functions of the library. A NULL allocator means malloc. */
#ifndef IA_ALLOC_H
#define IA_ALLOC_H

#include <imgact/base.h>
#include <stdbool.h>

/* The allocator of the C library. */
extern const imgact_allocator ia_malloc;

/* Returns the allocator to use: malloc's if the argument is NULL; NULL if the table is invalid
 * (IA_BAD_ALLOCATOR). */
const imgact_allocator *ia_allocator_of(const imgact_allocator *given);
#define IA_BAD_ALLOCATOR "invalid allocator: size, alloc, resize and release must be set"

void *ia_alloc(const imgact_allocator *allocator, size_t bytes);
void *ia_alloc_zero(const imgact_allocator *allocator, size_t bytes);
void *ia_resize(const imgact_allocator *allocator, void *block, size_t bytes);
/* Makes room for one more element. Returns the array, which may have moved; NULL if there is no
 * memory, with the old array unchanged. *capacity counts elements. */
void *ia_grow(const imgact_allocator *allocator, void *array, size_t count, size_t *capacity,
              size_t element_bytes);
void ia_free(const imgact_allocator *allocator, void *block);
char *ia_strdup(const imgact_allocator *allocator, const char *text);
/* Clears a block; the compiler does not optimise it away. */
void ia_wipe(void *block, size_t bytes);

#endif
