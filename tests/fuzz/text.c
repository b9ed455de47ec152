// SPDX-License-Identifier: MIT
// Dates, numbers, URLs and encodings: a value that is read can be written and read again. Patterns
// match the text that they are made from.
#include "date.h"
#include "fuzz.h"
#include "glob.h"
#include "redact.h"
#include "str.h"

static void dates(const char *text, size_t length) {
  char written[32];
  int64_t ms = 0, again = 0;
  if (ia_date_rfc3339(text, length, &ms)) {
    CHECK(ia_date_format(ms, true, written));
    CHECK(ia_date_rfc3339(written, strlen(written), &again) && again == ms);
  }
  if (ia_date_http(text, &ms)) {
    CHECK(ia_date_http_format(ms, written));
    CHECK(ia_date_http(written, &again) && again == ms);
  }
}

static void urls(const char *text) {
  ia_url url;
  if (ia_url_parse(text, &url)) return;
  CHECK(url.host_length > 0 && url.host >= text &&
        url.host + url.host_length <= text + strlen(text));
  CHECK(url.port >= 0 && url.port <= 65535);
  CHECK(url.path_length == 0 || url.path[0] == '/');
}

static void encodings(const char *text, size_t length) {
  ia_buf encoded, decoded;
  ia_buf_init(&encoded, &ia_malloc, 4 * length + 1);
  ia_buf_init(&decoded, &ia_malloc, 4 * length + 1);
  ia_percent_encode(&encoded, text);
  const char *there = ia_buf_text(&encoded);
  CHECK(there &&
        strspn(there, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") ==
            strlen(there));
  ia_percent_decode(&decoded, there, strlen(there), false);
  const char *back = ia_buf_text(&decoded);
  CHECK(back && !strcmp(back, text));
  ia_buf_free(&encoded);
  ia_buf_free(&decoded);
}

static void cuts(const char *text, size_t length) {
  bool valid = ia_utf8_valid(text, length, false);
  for (size_t max = 0; max <= length && max < 16; max++) {
    size_t cut = ia_utf8_cut(text, length, max);
    CHECK(cut <= max);
    CHECK(!valid || ia_utf8_valid(text, cut, false));
  }
}

/* The first line is a pattern for the rest; the rest with backslashes is one that matches itself.
 */
static void globs(const char *text) {
  const char *line = strchr(text, '\n'), *rest = line ? line + 1 : text;
  char *pattern = malloc(2 * strlen(text) + 3), *at = pattern;
  CHECK(pattern);
  if (line) {
    memcpy(pattern, text, (size_t)(line - text));
    pattern[line - text] = '\0';
    (void)ia_glob_match(pattern, rest);
  }
  *at++ = '*';
  for (const char *c = rest; *c; c++) {
    if ((unsigned char)*c < 0x80) *at++ = '\\';
    *at++ = *c;
  }
  *at = '\0';
  CHECK(ia_glob_match(pattern, rest) && ia_glob_match(pattern + 1, rest));
  memcpy(at, "?", 2);
  CHECK(!ia_glob_match(pattern + 1, rest));
  free(pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  CHECK(text);
  if (size) memcpy(text, data, size);
  text[size] = '\0';
  int64_t value;
  dates(text, strlen(text));
  urls(text);
  encodings(text, strlen(text));
  cuts(text, size);
  globs(text);
  ia_str_int64(text, &value);
  free(text);
  return 0;
}
