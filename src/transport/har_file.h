/* SPDX-License-Identifier: MIT */
/* A cassette that is being written: it has a temporary name until it is complete. */
#ifndef IA_HAR_FILE_H
#define IA_HAR_FILE_H

#include "alloc.h"
#include <stdio.h>

typedef struct ia_har_file {
  const imgact_allocator *allocator;
  const char *path;
  char *temporary;
  FILE *file;
  size_t bytes, entries;
  const char *why; /* reason of the last failure; no_memory is set if it was lack of memory */
  bool no_memory;
} ia_har_file;

/* Creates the temporary file, readable by its owner only; an existing cassette is not changed.
 * `path` is borrowed. These functions return false on failure; call ia_har_file_abandon() then. */
bool ia_har_file_open(ia_har_file *file, const char *path, const imgact_allocator *allocator);
/* Appends the JSON text of an entry. */
bool ia_har_file_add(ia_har_file *file, const char *entry, size_t length);
/* Renames the file to its path. Nothing is left to abandon then. */
bool ia_har_file_commit(ia_har_file *file);
void ia_har_file_abandon(ia_har_file *file);

#endif
