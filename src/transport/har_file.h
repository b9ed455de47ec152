/* SPDX-License-Identifier: MIT */
/* A cassette on its way to the disk: it has a temporary name next to its own until it is whole. */
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
  const char *why; /* of the last failure; no_memory: that was it */
  bool no_memory;
} ia_har_file;

/* Makes the temporary file, for its owner alone; a file that is there stays. `path` must outlive
 * it. Each of these is false on failure; then, and to give up, abandon. */
bool ia_har_file_open(ia_har_file *file, const char *path, const imgact_allocator *allocator);
/* Adds an entry's JSON text. */
bool ia_har_file_add(ia_har_file *file, const char *entry, size_t length);
/* Puts the file in its place. Nothing is left to abandon then. */
bool ia_har_file_commit(ia_har_file *file);
void ia_har_file_abandon(ia_har_file *file);

#endif
