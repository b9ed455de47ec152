/* SPDX-License-Identifier: MIT */
/* A result filled from JSON text, with an allocator that counts. */
#ifndef RESULT_FIXTURE_H
#define RESULT_FIXTURE_H

#include "failing_allocator.h"
#include "result.h"
#include "testing.h"

typedef struct result_fixture {
  failing_allocator memory;
  imgact_result result;
  imgact_json_doc *doc;
} result_fixture;

static result_fixture s;

static inline int open_fixture(void **state) {
  (void)state;
  s = (result_fixture){.doc = NULL};
  failing_allocator_init(&s.memory, 0);
  ia_result_init(&s.result, &s.memory.allocator, "example", false);
  return 0;
}

static inline int close_fixture(void **state) {
  (void)state;
  imgact_json_doc_free(s.doc);
  ia_result_free(&s.result);
  ia_result_free(&s.result); // a second call does nothing
  assert_memory_fine(&s.memory);
  return 0;
}

// Valid until the next call.
static inline const imgact_json *json(const char *text) {
  imgact_json_doc_free(s.doc);
  assert_int_equal(imgact_json_doc_parse(text, strlen(text), NULL, &s.doc, NULL, 0), 0);
  return imgact_json_doc_root(s.doc);
}

#endif
