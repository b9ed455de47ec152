// SPDX-License-Identifier: MIT
// Status names, truncated messages, and the error that follows from an HTTP status.
#include "error_fill.h"
#include "str.h"
#include "testing.h"

TEST(status_name_is_unique) {
  assert_string_equal(imgact_status_name(IMGACT_OK), "ok");
  assert_string_equal(imgact_status_name(IMGACT_NOMEM), "no_memory");
  assert_string_equal(imgact_status_name(IMGACT_RATE_LIMITED), "rate_limited");
  assert_string_equal(imgact_status_name(IMGACT_AMBIGUOUS), "ambiguous");
  assert_string_equal(imgact_status_name(IMGACT_LIMIT_EXCEEDED), "limit_exceeded");
  assert_string_equal(imgact_status_name(IMGACT_END), "end");
  for (int a = IMGACT_OK; a <= IMGACT_END; a++)
    for (int b = a + 1; b <= IMGACT_END; b++)
      assert_string_not_equal(imgact_status_name((imgact_status)a),
                              imgact_status_name((imgact_status)b));
}

TEST(status_from_name_inverts_name) {
  for (int i = IMGACT_OK; i <= IMGACT_END; i++)
    assert_int_equal(imgact_status_from_name(imgact_status_name((imgact_status)i)), i);
  assert_int_equal(imgact_status_from_name("no such name"), IMGACT_INTERNAL);
  assert_int_equal(imgact_status_from_name(NULL), IMGACT_INTERNAL);
}

TEST(status_name_unknown_is_internal) {
  static const int none[] = {IMGACT_ALREADY_DONE + 1, -1, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_string_equal(imgact_status_name((imgact_status)none[i]), "internal");
}

TEST(error_set_clears_other_members) {
  imgact_error error;
  memset(&error, 0xaa, sizeof error);
  assert_int_equal(imgact_error_set(&error, IMGACT_CONFLICT, "%s %d", "locked", 7),
                   IMGACT_CONFLICT);
  imgact_error plain = {.status = IMGACT_CONFLICT, .retry_after_ms = -1, .message = "locked 7"};
  assert_int_equal(error.status, plain.status);
  assert_int_equal(error.http_status, 0);
  assert_int_equal(error.flags, 0);
  assert_int_equal(error.reserved, 0);
  assert_int_equal(error.retry_after_ms, -1);
  assert_string_equal(error.provider, "");
  assert_string_equal(error.provider_code, "");
  assert_string_equal(error.request_id, "");
  assert_string_equal(error.message, "locked 7");
  assert_int_equal(imgact_error_set(NULL, IMGACT_TLS, "%s", "unread"), IMGACT_TLS);
}

TEST(error_set_may_quote_itself) {
  imgact_error error;
  imgact_error_set(&error, IMGACT_NETWORK, "cut");
  ia_str_copy(error.provider_code, sizeof error.provider_code, "code");
  imgact_error_set(&error, IMGACT_PROTOCOL, "%s (%s)", error.message, error.provider_code);
  assert_string_equal(error.message, "cut (code)");
  ia_error_text(&error, "<%s>", error.message);
  assert_string_equal(error.message, "<cut (code)>");
  assert_int_equal(error.status, IMGACT_PROTOCOL);
}

// 511 bytes fit. The text is shifted by one byte each time, so that the cut is at every byte of a
// character.
TEST(error_text_cut_at_whole_character) {
  char text[1200];
  for (size_t lead = 0; lead < 4; lead++) {
    size_t n = 0;
    while (n < lead) text[n++] = 'x';
    while (n + 4 < sizeof text) memcpy(text + n, "\xf0\x9f\x98\x80", 4), n += 4;
    text[n] = '\0';
    imgact_error error, same;
    imgact_error_set(&error, IMGACT_INTERNAL, "%s", text);
    ia_error_clear(&same);
    ia_error_text(&same, "%s", text);
    size_t length = strlen(error.message);
    assert_int_equal(length, lead + (sizeof error.message - 1 - lead) / 4 * 4);
    assert_memory_equal(error.message, text, length);
    assert_string_equal(same.message, error.message);
  }
}

TEST(error_text_keeps_other_members) {
  imgact_error error;
  ia_error_from_http(&error, 503);
  error.retry_after_ms = 5;
  ia_error_text(&error, "%s: %s", error.message, "overloaded");
  assert_string_equal(error.message, "HTTP 503: overloaded");
  assert_int_equal(error.status, IMGACT_UNAVAILABLE);
  assert_int_equal(error.http_status, 503);
  assert_int_equal(error.retry_after_ms, 5);
  assert_int_equal(error.flags, IMGACT_ERROR_RETRYABLE);
}

TEST(error_from_http_maps_every_status) {
  static const struct {
    int http;
    imgact_status status;
    uint32_t flags;
  } cases[] = {
      {301, IMGACT_PROTOCOL, 0},
      {304, IMGACT_PROTOCOL, 0},
      {399, IMGACT_PROTOCOL, 0},
      {400, IMGACT_INVALID_INPUT, 0},
      {401, IMGACT_UNAUTHORIZED, 0},
      {402, IMGACT_INVALID_INPUT, 0},
      {403, IMGACT_FORBIDDEN, 0},
      {404, IMGACT_NOT_FOUND, 0},
      {405, IMGACT_INVALID_INPUT, 0},
      {409, IMGACT_CONFLICT, 0},
      {410, IMGACT_PROTOCOL, 0},
      {412, IMGACT_INVALID_INPUT, 0},
      {422, IMGACT_INVALID_INPUT, 0},
      {423, IMGACT_LOCKED, 0},
      {429, IMGACT_RATE_LIMITED, IMGACT_ERROR_RETRYABLE | IMGACT_ERROR_NOT_APPLIED},
      {499, IMGACT_INVALID_INPUT, 0},
      {500, IMGACT_UNAVAILABLE, 0}, // whether it is transient depends on the method
      {501, IMGACT_UNAVAILABLE, 0},
      {502, IMGACT_UNAVAILABLE, IMGACT_ERROR_RETRYABLE},
      {503, IMGACT_UNAVAILABLE, IMGACT_ERROR_RETRYABLE},
      {504, IMGACT_UNAVAILABLE, IMGACT_ERROR_RETRYABLE},
      {599, IMGACT_UNAVAILABLE, 0},
      {0, IMGACT_PROTOCOL, 0},
      {-1, IMGACT_PROTOCOL, 0},
      {199, IMGACT_PROTOCOL, 0},
      {INT32_MAX, IMGACT_UNAVAILABLE, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    imgact_error error;
    char message[32];
    memset(&error, 0xaa, sizeof error);
    ia_error_from_http(&error, cases[i].http);
    snprintf(message, sizeof message, "HTTP %d", cases[i].http);
    assert_int_equal(error.status, cases[i].status);
    assert_int_equal(error.http_status, cases[i].http);
    assert_int_equal(error.flags, cases[i].flags);
    assert_int_equal(error.retry_after_ms, -1);
    assert_string_equal(error.message, message);
    assert_string_equal(error.provider_code, "");
  }
}

int main(void) { return testing_run(NULL, NULL); }
