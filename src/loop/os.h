/* SPDX-License-Identifier: MIT */
/* What comes from the operating system: variables of the environment, and files. */
#ifndef IA_OS_H
#define IA_OS_H

#include "alloc.h"
#include <imgact/error.h>
#include <stdbool.h>

#define IA_PATH_SHOWN 208

/* A variable of the environment; an empty one counts as unset. */
const char *ia_env(const char *name);
/* A path as errors quote it: of a long one its end, which tells more than its beginning. */
const char *ia_path_shown(const char *path, char buffer[IA_PATH_SHOWN]);

/* Bytes that may be a secret: wiped when freed, and never moved, so that no copy stays behind. A
 * NUL follows the last one.
 */
typedef struct ia_bytes {
  const imgact_allocator *allocator;
  char *data;
  size_t length;
} ia_bytes;

/* Allocates max + 1 bytes and a NUL: the extra byte shows that the input is too long. */
bool ia_bytes_new(ia_bytes *bytes, size_t max);
/* Appends what a read gives, up to max + 1 bytes in all. Returns 1 if more may come, 0 at the end,
 * -1 with errno set. */
int ia_bytes_read(ia_bytes *bytes, size_t max, int fd);
void ia_bytes_free(ia_bytes *bytes);

/* A whole regular file of at most `max` bytes that nobody but its owner, the user or root, can
 * write. *missing (may be NULL) tells that there is none; that is an error too. */
imgact_status ia_read_file(const char *path, size_t max, ia_bytes *bytes, bool *missing,
                           imgact_error *error);

#endif
