// SPDX-License-Identifier: MIT
#include "ca_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void ca_file_write(ca_file *file, const void *bytes, size_t count) {
  (void)snprintf(file->path, sizeof file->path, "/tmp/imgact-ca-XXXXXX");
  int made = mkstemp(file->path);
  if (made < 0 || write(made, bytes, count) != (ssize_t)count || close(made) != 0) abort();
}

void ca_file_remove(const ca_file *file) { (void)unlink(file->path); }
