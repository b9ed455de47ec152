// SPDX-License-Identifier: MIT
// What parses prints, and what was printed parses and prints the same again; no token comes through a redactor.
#include "fuzz.h"
#include "json_doc.h"

static const char token[] = "dop_v1_0123456789abcdef";

static char *printed(const char *text, size_t length, const ia_redactor *redactor, ia_arena *arena) {
  imgact_json_doc *doc = NULL;
  char what[200] = "";
  ia_json_status status = ia_json_parse(text, length, &ia_malloc, redactor, &doc, what, sizeof what);
  CHECK((status == IA_JSON_OK) == (doc != NULL));
  CHECK(status == IA_JSON_OK || what[0] != '\0');
  char *out = doc ? ia_json_print(imgact_json_doc_root(doc), arena, &ia_malloc) : NULL;
  CHECK(!doc || out);
  imgact_json_doc_free(doc);
  return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *const prefixes[] = {"dop_v1_", NULL};
  ia_redactor redactor;
  ia_redactor_init(&redactor, token, sizeof token - 1, prefixes);
  ia_arena arena;
  ia_arena_init(&arena, &ia_malloc);

  const char *once = printed((const char *)data, size, NULL, &arena);
  if (once) {
    const char *twice = printed(once, strlen(once), NULL, &arena);
    CHECK(twice && !strcmp(once, twice));
    const char *hidden = printed((const char *)data, size, &redactor, &arena);
    CHECK(hidden && !strstr(hidden, token));
  }
  ia_arena_free(&arena);
  return 0;
}
