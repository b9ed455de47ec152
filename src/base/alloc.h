/* SPDX-License-Identifier: MIT */
/* The allocator as the library uses it. */
#ifndef IA_ALLOC_H
#define IA_ALLOC_H

#include <imgact/base.h>
#include <stdbool.h>

/* malloc's. */
extern const imgact_allocator ia_malloc;

/* A usable allocator: the given one, or malloc's for NULL. false: a table that is too small or has holes. */
bool ia_allocator_ok(const imgact_allocator *allocator);

void *ia_alloc(const imgact_allocator *allocator, size_t bytes);
void *ia_alloc_zero(const imgact_allocator *allocator, size_t bytes);
void *ia_resize(const imgact_allocator *allocator, void *block, size_t bytes);
void ia_free(const imgact_allocator *allocator, void *block);
char *ia_strdup(const imgact_allocator *allocator, const char *text);
/* memset that the compiler may not drop. */
void ia_wipe(void *block, size_t bytes);

#endif
