/* SPDX-License-Identifier: MIT */
/* Shares short strings and lists of strings that repeat within one response, such as names of
 * regions. A hash table of fixed size that borrows its entries: a colliding entry replaces the
 * earlier one, so that some repetitions are missed. */
#ifndef IA_INTERN_H
#define IA_INTERN_H

#include <stddef.h>
#include <stdint.h>

#define IA_INTERN_TEXTS     256
#define IA_INTERN_LISTS     16
#define IA_INTERN_MAX_BYTES ((size_t)32)

/* Zeroed at first. The owner of the texts zeroes it before it frees one. */
typedef struct ia_intern {
  const char *texts[IA_INTERN_TEXTS];
  uint8_t lengths[IA_INTERN_TEXTS];
  const char *const *lists[IA_INTERN_LISTS];
  size_t counts[IA_INTERN_LISTS];
} ia_intern;

/* Returns the index of a text of at most IA_INTERN_MAX_BYTES. */
size_t ia_intern_index(const char *text, size_t length);
/* Returns the equal text at an index; NULL if there is none. */
const char *ia_intern_find(const ia_intern *intern, size_t index, const char *text, size_t length);
/* Stores a NUL-terminated text at its index. */
void ia_intern_put(ia_intern *intern, size_t index, const char *text, size_t length);
/* Returns a list that was put earlier and has the same pointers; if there is none, puts this one,
 * and returns it. */
const char *const *ia_intern_list(ia_intern *intern, const char *const *list, size_t count);

#endif
