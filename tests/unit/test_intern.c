// SPDX-License-Identifier: MIT
// Texts and lists that repeat in a response are shared.
#include "intern.h"
#include "result_fixture.h"

#include <stdalign.h>
#include <stdio.h>

static ia_intern intern;

static int open_with_intern(void **state) {
  intern = (ia_intern){0};
  (void)open_fixture(state);
  s.result.intern = &intern;
  return 0;
}

static const char *const *strings(const char *text, size_t *count) {
  return imgact_decode_strings(&s.result, json(text), count);
}

TEST(intern_equal_texts_are_shared) {
  const char *first = imgact_decode_string(&s.result, json("\"nyc3\""));
  assert_ptr_equal(imgact_decode_string(&s.result, json("\"nyc3\"")), first);
  assert_ptr_not_equal(imgact_decode_string(&s.result, json("\"nyc1\"")), first);
  assert_string_equal(first, "nyc3");
  const char *number = imgact_decode_number_text(&s.result, json("2.50"));
  assert_ptr_equal(imgact_decode_number_text(&s.result, json("2.5")), number);
  assert_string_equal(number, "2.5");
}

// Texts that share a prefix or an index, of each length; what is found has the right content.
TEST(intern_random_texts_stay_right) {
  uint64_t random = 1;
  size_t shared = 0;
  const char *last[40] = {0};
  for (int i = 0; i < 20000; i++) {
    char text[48], quoted[52];
    size_t length = testing_below(&random, 40);
    for (size_t k = 0; k < length; k++) text[k] = (char)('a' + testing_below(&random, 2));
    text[length] = '\0';
    snprintf(quoted, sizeof quoted, "\"%s\"", text);
    const char *got = imgact_decode_string(&s.result, json(quoted));
    assert_string_equal(got, text);
    shared += got == last[length];
    last[length] = got;
  }
  assert_true(shared > 500);
}

TEST(intern_long_texts_are_copied) {
  const char *text = "\"0123456789012345678901234567890123456789\"";
  const char *first = imgact_decode_string(&s.result, json(text));
  assert_ptr_not_equal(imgact_decode_string(&s.result, json(text)), first);
}

// Another list may replace one, depending on addresses; so each is looked up at once.
TEST(intern_equal_lists_are_shared) {
  static const char *const same[][2] = {{"[\"nyc3\",\"ams3\"]", "[\"nyc3\",\"ams3\"]"},
                                        {"[\"nyc3\",\"fra1\"]", "[\"nyc3\",7,\"fra1\"]"},
                                        {"[\"nyc3\"]", "[\"nyc3\"]"}};
  for (size_t i = 0; i < 3; i++) {
    size_t count = 0, again = 0;
    const char *const *list = strings(same[i][0], &count);
    char *next = ia_arena_alloc(&s.result.arena, 1);
    assert_ptr_equal(strings(same[i][1], &again), list);
    assert_int_equal(again, count);
    assert_string_equal(list[0], "nyc3");
    // The second array was freed again.
    assert_ptr_equal(ia_arena_alloc(&s.result.arena, 1), next + alignof(max_align_t));
  }
}

TEST(intern_empty_lists_allocate_nothing) {
  size_t count = 1;
  assert_non_null(strings("[]", &count));
  assert_int_equal(count, 0);
  count = 1;
  assert_non_null(imgact_decode_labels(&s.result, json("{}"), &count));
  assert_int_equal(count, 0);
  assert_int_equal(s.memory.calls, 0);
}

// What was freed by a rewind is not found any more.
TEST(intern_rewind_forgets_texts) {
  size_t count;
  const char *before = imgact_decode_string(&s.result, json("\"before\""));
  ia_result_point mark = ia_result_mark(&s.result);
  assert_non_null(imgact_decode_string(&s.result, json("\"after\"")));
  assert_non_null(strings("[\"before\",\"after\"]", &count));
  ia_result_rewind(&s.result, mark);
  memset(ia_arena_alloc(&s.result.arena, 64), 'x', 64);
  assert_string_equal(imgact_decode_string(&s.result, json("\"after\"")), "after");
  const char *const *list = strings("[\"before\",\"after\"]", &count);
  assert_string_equal(list[0], "before");
  assert_string_equal(list[1], "after");
  assert_string_equal(before, "before");
}

int main(void) { return testing_run(open_with_intern, close_fixture); }
