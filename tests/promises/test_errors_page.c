// SPDX-License-Identifier: MIT
// docs/errors.md has a row for every status of error.h, in its order and under the name that
// imgact_status_name gives, and no other.
#include "testing.h"
#include <imgact/error.h>

static const char *root;

static char *read_page(const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", root, name);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  char *text = calloc(1, 65536);
  assert_non_null(text);
  assert_int_in_range(fread(text, 1, 65535, file), 1, 65534);
  assert_int_equal(fclose(file), 0);
  return text;
}

// The next word IMGACT_... after `at`, or NULL before `end`.
static const char *next_word(const char *at, const char *end, char word[64]) {
  at = strstr(at, "IMGACT_");
  if (!at || at >= end) return NULL;
  size_t length = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
  assert_int_in_range(length, 8, 63);
  memcpy(word, at, length);
  word[length] = 0;
  return at + length;
}

TEST(errors_page_lists_every_status) {
  char *header = read_page("include/imgact/error.h"), *page = read_page("docs/errors.md");
  const char *at = strstr(header, "typedef enum imgact_status {"),
             *end = strstr(header, "IMGACT_STATUS_MAX_ENUM"), *row = page;
  char word[64], expected[160];
  assert_non_null(at);
  assert_non_null(end);
  size_t statuses = 0, rows = 0;
  for (; (at = next_word(at, end, word)); statuses++) {
    snprintf(expected, sizeof expected, "\n| `%s` | `%s` | ", word,
             imgact_status_name((imgact_status)statuses));
    const char *found = strstr(row, expected);
    if (!found) fail_msg("no row, or not in this order:%s", expected);
    row = found;
  }
  for (const char *line = page; (line = strstr(line, "\n| `IMGACT_")); line++) rows++;
  assert_int_equal(rows, statuses);
  assert_int_equal(statuses, IMGACT_ALREADY_DONE + 1);
  free(header);
  free(page);
}

TEST(errors_page_explains_every_flag) {
  char *page = read_page("docs/errors.md");
  assert_non_null(strstr(page, "`IMGACT_ERROR_MAYBE_APPLIED`"));
  assert_non_null(strstr(page, "`IMGACT_ERROR_RETRYABLE`"));
  assert_non_null(strstr(page, "`IMGACT_ERROR_NOT_APPLIED`"));
  assert_non_null(strstr(page, "`IMGACT_ERROR_ALREADY_DELETED`"));
  free(page);
}

int main(int argc, char **argv) {
  root = argc > 1 ? argv[1] : ".";
  return testing_run(NULL, NULL);
}
