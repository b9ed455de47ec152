// SPDX-License-Identifier: MIT
// The error for a response or a failed exchange.
#include "reply_fixture.h"

TEST(error_whitespace_message_is_none) {
  static const char *const texts[] = {"{\"message\":\"  \"}", "{\"message\":\"\"}",
                                      "{\"message\":\"\\r\\n\"}", "{}", ""};
  ask(IMGACT_OP_GET_IMAGE, "5", NULL);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_int_equal(read_status(404, texts[i]), IMGACT_NOT_FOUND);
    assert_string_equal(s.error.message, "HTTP 404");
  }
  assert_int_equal(read_status(404, "{\"message\":\" no \",\"details\":[1]}"), IMGACT_NOT_FOUND);
  assert_string_equal(s.error.message, " no ");
  assert_string_equal(s.result.details, "[1]");
}

// One line of at most 200 characters, without control characters and invalid UTF-8.
TEST(error_without_json_quotes_body) {
  static const char accent[] = "\xc3\xa9";
  char many[603] = "", expected[600] = "HTTP 502: ";
  for (int i = 0; i < 300; i++) strcat(many, accent);
  for (int i = 0; i < 200; i++) strcat(expected, accent);
  const char *const cases[][2] = {{"<h1>Bad Gateway</h1>", "HTTP 502: <h1>Bad Gateway</h1>"},
                                  {"\r\n\t \x01 a\n\x7f  b\x02", "HTTP 502: a b "},
                                  {"\x01\x02", "HTTP 502"},
                                  {"\xff\xfe", "HTTP 502"},
                                  {"", "HTTP 502"},
                                  {many, expected}};
  ask(IMGACT_OP_GET_IMAGE, "5", NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(read_status(502, cases[i][0]), IMGACT_UNAVAILABLE);
    assert_string_equal(s.error.message, cases[i][1]);
  }
}

// If an allocation fails, no part of the body is shown.
TEST(error_without_memory_ends_cleanly) {
  static const char *const bodies[] = {"<h1>Bad Gateway</h1>",
                                       "{\"message\":\"m\",\"details\":[1,2]}"};
  for (size_t i = 0; i < 2; i++) {
    bool whole = false;
    for (size_t budget = 1; budget < 50 && !whole; budget++) {
      close_fixture(NULL);
      open_fixture(NULL);
      ask(IMGACT_OP_GET_IMAGE, "5", NULL);
      failing_allocator_init(&s.memory, budget);
      imgact_status status = read_status(502, bodies[i]);
      whole = s.memory.failures == 0;
      assert_true(status == IMGACT_UNAVAILABLE || (status == IMGACT_NOMEM && !whole));
      if (whole) assert_string_equal(s.error.message, i ? "m" : "HTTP 502: <h1>Bad Gateway</h1>");
    }
    assert_true(whole);
  }
}

TEST(failure_unknown_kind_is_internal) {
  const imgact_http_response later = {.size = sizeof later, .failure = (imgact_failure)99};
  ia_reply_failure(&redactor, &later, &s.error);
  assert_int_equal(s.error.status, IMGACT_INTERNAL);
  assert_string_equal(s.error.message, "no complete response");
}

int main(void) { return testing_run(open_fixture, close_fixture); }
