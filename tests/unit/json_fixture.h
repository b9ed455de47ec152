/* SPDX-License-Identifier: MIT */
/* Parses documents and compares their compact text. */
#ifndef JSON_FIXTURE_H
#define JSON_FIXTURE_H

#include "json_doc.h"
#include "testing.h"
#include <imgact/provider.h>

#define TOKEN "jEheVytlAoFl7F8MqUQ7jAo2hOXASztX"

static inline imgact_json_doc *parse_n(const char *text, size_t length,
                                       const ia_redactor *redactor) {
  imgact_json_doc *doc;
  char what[100];
  if (ia_json_parse(text, length, NULL, redactor, &doc, what, sizeof what) != IA_JSON_OK)
    fail_msg("%s: %s", text, what);
  return doc;
}

static inline imgact_json_doc *parse(const char *text) { return parse_n(text, strlen(text), NULL); }

static inline char *print_json(const imgact_json *value, ia_arena *arena,
                               const imgact_allocator *scratch) {
  bool too_large;
  return ia_json_print(value, SIZE_MAX, arena, scratch, &too_large);
}

// Compares the compact text of the document.
static inline void assert_prints(const imgact_json_doc *doc, const char *expected) {
  ia_arena arena;
  ia_arena_init(&arena, NULL);
  assert_string_equal(print_json(imgact_json_doc_root(doc), &arena, NULL), expected);
  ia_arena_free(&arena);
}

#endif
