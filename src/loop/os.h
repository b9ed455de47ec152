/* SPDX-License-Identifier: MIT */
/* Access to the operating system: environment variables and files. */
#ifndef IA_OS_H
#define IA_OS_H

#include "alloc.h"
#include <imgact/error.h>
#include <stdbool.h>

#define IA_PATH_SHOWN 208

/* Returns an environment variable; NULL if it is unset or empty. */
const char *ia_env(const char *name);
/* Returns a path for messages. A long path is cut to its end, which is more specific than its
 * beginning. */
const char *ia_path_shown(const char *path, char buffer[IA_PATH_SHOWN]);

/* Bytes that may be a secret: wiped when freed and never moved, so that no copy remains.
 * NUL-terminated. */
typedef struct ia_bytes {
  const imgact_allocator *allocator;
  char *data;
  size_t length;
} ia_bytes;

/* Allocates max + 1 bytes and a NUL. The additional byte detects input that is too long. */
bool ia_bytes_new(ia_bytes *bytes, size_t max);
/* Reads once and appends, up to max + 1 bytes in total. Returns 1 if there may be more, 0 at the
 * end, -1 with errno set. */
int ia_bytes_read(ia_bytes *bytes, size_t max, int fd);
void ia_bytes_free(ia_bytes *bytes);

/* Reads a regular file of at most `max` bytes that is owned by the user or root and that only its
 * owner can write. A missing file is an error too; it sets *missing, which may be NULL. */
imgact_status ia_read_file(const char *path, size_t max, ia_bytes *bytes, bool *missing,
                           imgact_error *error);

#endif
