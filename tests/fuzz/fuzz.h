/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput: run by libFuzzer (-Dfuzz=true), and by
 * seeds.c as an ordinary test. What must hold is a CHECK: it aborts. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                                    \
  do {                                                                                                                      \
    if (!(condition)) {                                                                                                     \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                       \
      abort();                                                                                                              \
    }                                                                                                                       \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as a file that nobody else can write: its path. One per process, overwritten by the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
