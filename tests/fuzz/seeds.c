// SPDX-License-Identifier: MIT
// Runs a fuzz target as an ordinary test: every seed as it is, cut at many places, and with damage
// that is the same in every run. A target that finds a defect aborts, and with it the test. Words
// of a libFuzzer dictionary (--dict FILE) are written into the seeds, too. Folders after --few have
// many seeds: each is cut and damaged at a few places, and a folder is one case.
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>

#define CUTS        64
#define DAMAGES     2000
#define FEW_CUTS    4
#define FEW_DAMAGES 12
#define MAX_FILES   2000

#define MAX_WORDS 400

typedef struct word {
  const char *text; // may hold NUL
  size_t length;
} word;

static word words[MAX_WORDS];
static size_t words_count;

static void add_word(const char *text, size_t length) {
  CHECK(words_count < MAX_WORDS);
  words[words_count++] = (word){text, length};
}

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

// The target gets memory of just the right size, so that sanitizers detect a read beyond it.
static void run(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size ? size : 1);
  CHECK(copy);
  if (size) memcpy(copy, data, size);
  LLVMFuzzerTestOneInput(copy, size);
  free(copy);
}

static void damage(uint8_t *data, size_t *size) {
  for (size_t times = 1 + below(4); times > 0 && *size > 0; times--) {
    size_t at = below(*size), span = 1 + below(*size - at < 16 ? *size - at : 16);
    const word *put = &words[below(words_count)];
    switch (below(4)) {
    case 0: data[at] = (uint8_t)below(256); break;
    case 1: memmove(data + at, data + at + span, *size - at - span), *size -= span; break;
    case 2: memmove(data + at, data + below(*size - span + 1), span); break;
    default: memcpy(data + at, put->text, put->length < *size - at ? put->length : *size - at);
    }
  }
}

static void run_seed(const char *path, bool few) {
  size_t size, cuts = few ? FEW_CUTS : CUTS, damages = few ? FEW_DAMAGES : DAMAGES;
  uint8_t *data = read_file(path, &size);
  run(data, size);
  for (size_t i = 0; i < cuts; i++) run(data, size * i / cuts);
  uint8_t *copy = malloc(size + 1);
  CHECK(copy);
  for (size_t i = 0; i < damages; i++) {
    size_t left = size;
    memcpy(copy, data, size);
    damage(copy, &left);
    run(copy, left);
  }
  free(copy);
  free(data);
}

// The value of NAME="VALUE", decoded in place: \\, \" and \xAB.
static void read_word(char *line) {
  char *from = strchr(line, '"'), *to = from, *start = from;
  if (line[0] == '#' || !from) return;
  for (from++; *from != '"'; to++) {
    CHECK(*from != '\0');
    if (*from == '\\' && from[1] == 'x') {
      const char digits[] = {from[2], from[3], '\0'};
      *to = (char)strtol(digits, NULL, 16);
      from += 4;
    } else {
      from += *from == '\\';
      *to = *from++;
    }
  }
  add_word(start, (size_t)(to - start));
}

static void read_dictionary(const char *path) {
  size_t size;
  char *text = (char *)read_file(path, &size); // kept: the words are in it
  text[size] = '\0';
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) read_word(line);
}

static int count;

static void passed(const char *name) {
  printf("ok %d - %s\n", ++count, name);
  fflush(stdout);
}

static void run_folder(const char *folder, bool few) {
  struct dirent **entries;
  int found = scandir(folder, &entries, NULL, alphasort), seeds = 0;
  CHECK(found >= 0 && found < MAX_FILES);
  for (int i = 0; i < found; i++) {
    char path[4096];
    if (entries[i]->d_name[0] != '.') {
      snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
      run_seed(path, few);
      seeds++;
      if (!few) passed(entries[i]->d_name);
    }
    free(entries[i]);
  }
  free(entries);
  CHECK(seeds > 0);
  if (few) passed(folder);
}

int main(int argc, char **argv) {
  static const char *const usual[] = {
      "null", "-1", "99999999999999999999", "\\u0000", "\\ud800", "[]", "{}", "\"", "\x80", "\n"};
  bool few = false;
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) add_word(usual[i], strlen(usual[i]));
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--dict") && i + 1 < argc)
      read_dictionary(argv[++i]);
    else if (!strcmp(argv[i], "--few"))
      few = true;
    else
      run_folder(argv[i], few);
  }
  printf("1..%d\n", count);
  return count ? 0 : 1;
}
