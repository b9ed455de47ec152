// SPDX-License-Identifier: MIT
// Runs a fuzz target as an ordinary test: every seed as it is, cut at many places, and with damage that is the same in every
// run. A target that finds something aborts, and the test with it.
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

#define CUTS      64
#define DAMAGES   2000
#define MAX_FILES 1000

static uint64_t state = 1;

static size_t below(size_t limit) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (size_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 16) % limit;
}

static uint8_t *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  struct stat about;
  CHECK(file && fstat(fileno(file), &about) == 0);
  *size = (size_t)about.st_size;
  uint8_t *data = malloc(*size + 1);
  CHECK(data && fread(data, 1, *size, file) == *size);
  fclose(file);
  return data;
}

// The target gets memory of just the right size, so that reading beyond it is seen.
static void run(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size ? size : 1);
  CHECK(copy);
  if (size) memcpy(copy, data, size);
  LLVMFuzzerTestOneInput(copy, size);
  free(copy);
}

static void damage(uint8_t *data, size_t *size) {
  static const char *const words[] = {"null", "-1", "99999999999999999999", "\\u0000", "\\ud800", "[]", "{}", "\"",
                                      "\x80", "\n"};
  for (size_t times = 1 + below(4); times > 0 && *size > 0; times--) {
    size_t at = below(*size), span = 1 + below(*size - at < 16 ? *size - at : 16);
    const char *word = words[below(sizeof words / sizeof *words)];
    switch (below(4)) {
    case 0: data[at] = (uint8_t)below(256); break;
    case 1: memmove(data + at, data + at + span, *size - at - span), *size -= span; break;
    case 2: memmove(data + at, data + below(*size - span + 1), span); break;
    default: memcpy(data + at, word, strlen(word) < *size - at ? strlen(word) : *size - at);
    }
  }
}

static void run_seed(const char *path) {
  size_t size;
  uint8_t *data = read_file(path, &size);
  run(data, size);
  for (size_t i = 0; i < CUTS; i++) run(data, size * i / CUTS);
  uint8_t *copy = malloc(size + 1);
  CHECK(copy);
  for (size_t i = 0; i < DAMAGES; i++) {
    size_t left = size;
    memcpy(copy, data, size);
    damage(copy, &left);
    run(copy, left);
  }
  free(copy);
  free(data);
}

int main(int argc, char **argv) {
  int count = 0;
  for (int i = 1; i < argc; i++) {
    struct dirent **entries;
    int found = scandir(argv[i], &entries, NULL, alphasort);
    CHECK(found >= 0 && found < MAX_FILES);
    for (int k = 0; k < found; k++) {
      char path[4096];
      if (entries[k]->d_name[0] != '.') {
        snprintf(path, sizeof path, "%s/%s", argv[i], entries[k]->d_name);
        run_seed(path);
        printf("ok %d - %s\n", ++count, entries[k]->d_name);
        fflush(stdout);
      }
      free(entries[k]);
    }
    free(entries);
  }
  printf("1..%d\n", count);
  return count ? 0 : 1;
}
