/* SPDX-License-Identifier: MIT */
/* Check of structs that callers pass with their size. An older program may have a smaller struct, a
 * newer one a larger struct. */
#ifndef IA_STRUCT_SIZE_H
#define IA_STRUCT_SIZE_H

#include <imgact/error.h>
#include <stdbool.h>
#include <stddef.h>

#define IA_STRUCT_SIZE_MAX 4096 /* a larger value means that the struct was not initialised */

/* Returns true if the size is valid. No smaller layout was ever released. Bytes that this version
 * does not know must be 0. */
static inline bool ia_struct_size_ok(const void *options, size_t theirs, size_t ours) {
  const unsigned char *bytes = options;
  if (theirs < ours || theirs > IA_STRUCT_SIZE_MAX) return false;
  for (size_t i = ours; i < theirs; i++)
    if (bytes[i]) return false;
  return true;
}

/* Sets an error that names the struct if the size is invalid. */
static inline imgact_status ia_check_struct_size(const void *options, size_t theirs, size_t ours,
                                                 const char *what, imgact_error *error) {
  if (ia_struct_size_ok(options, theirs, ours)) return IMGACT_OK;
  return imgact_error_set(
      error, IMGACT_INVALID_ARGUMENT,
      "%s.size is %zu: set it to sizeof(%s), and use no newer header than the library", what,
      theirs, what);
}

#endif
