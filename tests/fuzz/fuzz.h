/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput: run by libFuzzer
 * (-Dfuzz=true), and by seeds.c as an ordinary test. A failed CHECK aborts. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                              \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The API token of targets that need one: it has no vendor's prefix, so 8 characters of it count as
 * the token. */
#define FUZZ_TOKEN        "fuzz-token-0123456789-abcdefghij"
#define FUZZ_TOKEN_NEEDLE ((size_t)8)

/* The input in parts that are separated by a line "%%". */
typedef struct fuzz_parts {
  const char *next, *end;
  char *text; /* the last part with a NUL after it, in memory of just that size; NULL at the end */
  size_t length;
} fuzz_parts;
/* Returns the next part; NULL at the end. It is valid until the next call. */
char *fuzz_next_part(fuzz_parts *parts);

/* The input in lines. Byte 1 of the input is a newline inside a line. */
typedef struct fuzz_lines {
  char *text; /* a copy; free it */
  char *items[64];
  size_t count;
} fuzz_lines;
void fuzz_split_lines(fuzz_lines *lines, const uint8_t *data, size_t size);

/* The input as a file that no other user can write; returns its path. One per process, overwritten
 * by the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
