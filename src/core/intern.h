/* SPDX-License-Identifier: MIT */
/* Short texts and lists of texts that occur again and again in a response, such as the names of
 * regions: an item shares those of an earlier item. Some repetitions are not found. */
#ifndef IA_INTERN_H
#define IA_INTERN_H

#include <stdbool.h>
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

/* Returns the place of a text of at most IA_INTERN_MAX_BYTES. */
size_t ia_intern_place(const char *text, size_t length);
/* Returns the equal text at a place; NULL if there is none. */
const char *ia_intern_find(const ia_intern *intern, size_t place, const char *text, size_t length);
/* Remembers a NUL-terminated text at its place. */
void ia_intern_put(ia_intern *intern, size_t place, const char *text, size_t length);
/* Returns a list that was put earlier and has the same pointers; if there is none, puts this one,
 * and returns it. */
const char *const *ia_intern_list(ia_intern *intern, const char *const *list, size_t count);

#endif
