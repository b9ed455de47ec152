// SPDX-License-Identifier: MIT
// A parsed document prints as text that parses and prints the same; with a redactor, no token is in
// any form in which its strings are written. Text without hidden members still parses, and hiding
// them again changes nothing.
#include "json_doc.h"
#include "redact_members.h"
#include "written.h"

static const char token[] = "dop_v1_0123456789abcdef";

// At most the depth of documents.
static void expect_strings_hidden(const ia_redactor *redactor, const imgact_json *value) {
  size_t length = 0;
  const char *text = imgact_json_as_string(value, &length);
  if (text) expect_hidden(text, length, token, redactor->min_match_length);
  imgact_json_iter each = imgact_json_iter_begin(value);
  const imgact_json *key;
  for (const imgact_json *item; (item = imgact_json_iter_next(&each, &key));) {
    expect_strings_hidden(redactor, item);
    if (key) expect_strings_hidden(redactor, key);
  }
}

static char *printed(const char *text, size_t length, const ia_redactor *redactor,
                     ia_arena *arena) {
  imgact_json_doc *doc = NULL;
  char what[200] = "";
  ia_json_status status =
      ia_json_parse(text, length, &ia_malloc, redactor, &doc, what, sizeof what);
  CHECK((status == IA_JSON_OK) == (doc != NULL));
  CHECK(status == IA_JSON_OK || what[0] != '\0');
  if (doc && redactor) expect_strings_hidden(redactor, imgact_json_doc_root(doc));
  bool too_large = false;
  char *out =
      doc ? ia_json_print(imgact_json_doc_root(doc), SIZE_MAX, arena, &ia_malloc, &too_large)
          : NULL;
  CHECK(!doc || out);
  imgact_json_doc_free(doc);
  return out;
}

static void hide(ia_buf *out, const char *text, size_t length) {
  ia_buf_init(out, &ia_malloc, 20 * length + 100);
  ia_redact_members(out, text, length);
  CHECK(out->state == IA_BUF_OK);
}

static void check_hidden_members(const char *text, size_t length, ia_arena *arena) {
  ia_buf once, twice;
  hide(&once, text, length);
  hide(&twice, ia_buf_text(&once), once.length);
  CHECK(once.length == twice.length &&
        !memcmp(ia_buf_text(&once), ia_buf_text(&twice), once.length));
  CHECK(printed(ia_buf_text(&once), once.length, NULL, arena));
  ia_buf_free(&once);
  ia_buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *const prefixes[] = {"dop_v1_", NULL};
  ia_redactor redactor;
  ia_redactor_init(&redactor, token, sizeof token - 1, prefixes);
  ia_arena arena;
  ia_arena_init(&arena, &ia_malloc);

  const char *once = printed((const char *)data, size, NULL, &arena);
  if (once) {
    check_hidden_members((const char *)data, size, &arena);
    const char *twice = printed(once, strlen(once), NULL, &arena);
    CHECK(twice && !strcmp(once, twice));
    const char *hidden = printed((const char *)data, size, &redactor, &arena);
    CHECK(hidden && !memmem(hidden, strlen(hidden), token, redactor.min_match_length));
  }
  ia_arena_free(&arena);
  return 0;
}
