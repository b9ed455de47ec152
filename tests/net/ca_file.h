/* SPDX-License-Identifier: MIT */
/* A file of a test's own, for ca_file. */
#ifndef TESTS_CA_FILE_H
#define TESTS_CA_FILE_H

#include <stddef.h>

typedef struct ca_file {
  char path[64];
} ca_file;

void ca_file_write(ca_file *file, const void *bytes, size_t count);
void ca_file_remove(const ca_file *file);

#endif
