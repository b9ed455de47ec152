// SPDX-License-Identifier: MIT
#include "failing_allocator.h"
#include "redact.h"
#include "str.h"
#include "testing.h"

#define DO_TOKEN "dop_v1_0123456789abcdef0123456789abcdef"
#define HZ_TOKEN "jEheVytlAoFl7F8MqUQ7jAo2hOXASztX"

static const char *const prefixes[] = {"dop_", "dop_v1_", "doo_v1_", NULL};

static ia_redactor redactor_of(const char *token) {
  ia_redactor redactor;
  ia_redactor_init(&redactor, token, strlen(token), prefixes);
  return redactor;
}

static void assert_redacted(const char *token, const char *text, const char *expected) {
  ia_redactor redactor = redactor_of(token);
  ia_buf out;
  ia_buf_init(&out, NULL, 10000);

  ia_redact(&redactor, &out, text, strlen(text));
  assert_string_equal(ia_buf_text(&out), expected);
  assert_int_equal(ia_redact_found(&redactor, text, strlen(text)), strcmp(text, expected) != 0);
  assert_false(ia_redact_found(&redactor, expected, strlen(expected)));
  char buffer[500];
  ia_str_copy(buffer, sizeof buffer, text);
  assert_int_equal(ia_redact_in_place(&redactor, buffer, strlen(buffer), sizeof buffer),
                   strlen(expected));
  assert_string_equal(buffer, expected);

  ia_buf_free(&out);
}

TEST(redact_token_is_replaced_everywhere) {
  assert_redacted(HZ_TOKEN, "no secret here", "no secret here");
  assert_redacted(HZ_TOKEN, "", "");
  assert_redacted(HZ_TOKEN, HZ_TOKEN, "[redacted]");
  assert_redacted(HZ_TOKEN, HZ_TOKEN " is bad", "[redacted] is bad");
  assert_redacted(HZ_TOKEN, "Bearer " HZ_TOKEN, "Bearer [redacted]");
  assert_redacted(HZ_TOKEN, "a " HZ_TOKEN " b " HZ_TOKEN " c", "a [redacted] b [redacted] c");
  assert_redacted(HZ_TOKEN, HZ_TOKEN HZ_TOKEN, "[redacted][redacted]");
  assert_redacted(HZ_TOKEN, "é" HZ_TOKEN "€😀", "é[redacted]€😀");
  assert_redacted(HZ_TOKEN, HZ_TOKEN "more", "[redacted]more");
}

TEST(redact_prefix_of_8_is_replaced) {
  char text[100], expected[100];
  for (int length = 0; length <= (int)strlen(HZ_TOKEN); length++) {
    snprintf(text, sizeof text, "<%.*s>", length, HZ_TOKEN);
    if (length < 8) {
      ia_str_copy(expected, sizeof expected, text);
    } else {
      ia_str_copy(expected, sizeof expected, "<[redacted]>");
    }
    assert_redacted(HZ_TOKEN, text, expected);
  }
}

TEST(redact_prefix_excludes_vendor_prefix) {
  char text[100], expected[100];
  for (int length = 0; length <= (int)strlen(DO_TOKEN); length++) {
    snprintf(text, sizeof text, "<%.*s>", length, DO_TOKEN);
    if (length < 7 + 8) {
      ia_str_copy(expected, sizeof expected, text);
    } else {
      ia_str_copy(expected, sizeof expected, "<[redacted]>");
    }
    assert_redacted(DO_TOKEN, text, expected);
  }
  assert_redacted(DO_TOKEN, "tokens start with dop_v1_", "tokens start with dop_v1_");
}

TEST(redact_short_token_is_replaced_whole) {
  assert_redacted("secret7", "a secret7 b", "a secret7 b");
  assert_redacted("secret-8", "a secret-8 b", "a [redacted] b");
  assert_redacted("dop_v1_a", "a dop_v1_a b dop_v1_", "a [redacted] b dop_v1_");
  assert_redacted("dop_v1_abc", "dop_v1_abc dop_v1_ab", "[redacted] dop_v1_ab");
  assert_redacted("dop_v1_", "dop_v1_", "dop_v1_");
  assert_redacted("", "anything", "anything");
}

TEST(redact_found_without_token_is_false) {
  ia_redactor redactor;
  ia_redactor_init(&redactor, NULL, 0, NULL);
  assert_false(ia_redact_found(&redactor, "text", 4));
  assert_false(ia_redact_found(NULL, "text", 4));
  ia_redactor_init(&redactor, HZ_TOKEN, strlen(HZ_TOKEN), NULL);
  assert_int_equal(redactor.min_match_length, 8);
  assert_false(ia_redact_found(&redactor, NULL, 0));
}

TEST(redact_overlapping_matches_leave_no_rest) {
  assert_redacted("abcabcabcX", "<abcabcabcabcX>", "<[redacted]>");
  assert_redacted("aaaaaaaaaaab", "<aaaaaaaaaaaaaaaaaaaaaab>", "<[redacted]>");
  assert_redacted("abababababc", "-abababababababc-", "-[redacted]-");
}

// Reference implementation, byte by byte: each group of overlapping occurrences is replaced once,
// the rest is kept.
static void redact_by_the_rule(const ia_redactor *r, const char *text, size_t length, ia_buf *out) {
  size_t covered_to = 0;
  for (size_t i = 0; i < length; i++) {
    size_t match = 0;
    while (match < r->token_length && i + match < length && text[i + match] == r->token[match])
      match++;
    if (match >= r->min_match_length) {
      if (i >= covered_to) ia_buf_str(out, "[redacted]");
      if (i + match > covered_to) covered_to = i + match;
    }
    if (i >= covered_to) ia_buf_char(out, text[i]);
  }
}

TEST(redact_random_text_matches_reference) {
  static const char *const tokens[] = {HZ_TOKEN, DO_TOKEN, "abcabcabcXabcabc", "aaaaaaaaaaaaaaaa",
                                       "ababababab"};
  uint64_t random = 11;
  for (int turn = 0; turn < 20000; turn++) {
    const char *token = tokens[testing_below(&random, 5)];
    ia_redactor redactor = redactor_of(token);
    ia_buf text, expected, got;
    ia_buf_init(&text, NULL, 10000);
    ia_buf_init(&expected, NULL, 100000);
    ia_buf_init(&got, NULL, 100000);
    for (size_t pieces = testing_below(&random, 6); pieces > 0; pieces--) {
      size_t from = testing_below(&random, 3) == 0 ? testing_below(&random, strlen(token)) : 0;
      ia_buf_add(&text, token + from, testing_below(&random, strlen(token) - from + 1));
      if (testing_below(&random, 3) == 0) ia_buf_str(&text, "é");
    }
    redact_by_the_rule(&redactor, ia_buf_text(&text), text.length, &expected);
    ia_redact(&redactor, &got, ia_buf_text(&text), text.length);
    assert_string_equal(ia_buf_text(&got), ia_buf_text(&expected));
    ia_buf_free(&text);
    ia_buf_free(&expected);
    ia_buf_free(&got);
  }
}

TEST(redact_in_place_stays_within_buffer) {
  ia_redactor redactor = redactor_of(HZ_TOKEN);
  const char *text = "é€"
                     "jEheVytl"
                     "😀"
                     "jEheVytlA"
                     "€" HZ_TOKEN "é";
  size_t length = strlen(text);

  for (size_t spare = 0; spare < 8; spare++) {
    for (size_t cut = 0; cut <= length; cut++) {
      size_t capacity = cut + 1 + spare;
      char *buffer = malloc(capacity); // exact size: sanitizers detect a write past the end
      assert_non_null(buffer);
      memcpy(buffer, text, cut);
      buffer[cut] = '\0';
      size_t now = ia_redact_in_place(&redactor, buffer, cut, capacity);
      assert_true(now < capacity);
      assert_int_equal(strlen(buffer), now);
      assert_false(ia_redact_found(&redactor, buffer, now));
      if (ia_utf8_valid(text, cut, false)) assert_true(ia_utf8_valid(buffer, now, false));
      free(buffer);
    }
  }
}

TEST(redact_without_room_keeps_text) {
  ia_redactor redactor = redactor_of(HZ_TOKEN);
  char text[] = HZ_TOKEN;
  assert_int_equal(ia_redact_in_place(&redactor, text, 0, 0), 0);
  assert_int_equal(ia_redact_in_place(&redactor, text, sizeof text - 1, 0), sizeof text - 1);
  assert_string_equal(text, HZ_TOKEN);
}

TEST(redact_without_memory_fails_buffer) {
  failing_allocator memory;
  failing_allocator_init(&memory, 1);
  ia_redactor redactor = redactor_of(HZ_TOKEN);
  ia_buf out;
  ia_buf_init(&out, &memory.allocator, 1000);
  ia_redact(&redactor, &out, "x" HZ_TOKEN, strlen("x" HZ_TOKEN));
  assert_null(ia_buf_text(&out));
  ia_buf_free(&out);
  assert_memory_fine(&memory);
}

TEST(redact_text_encoded_token_is_replaced) {
  static const char token[] = "AbCdEfGhIjKlMnOp0123456789abcdef";
  static const struct {
    const char *text, *shown;
  } cases[] = {
      {"plain AbCdEfGhIjKlMnOp0123456789abcdef end", "plain [redacted] end"},
      {"{\"m\":\"\\u0041\\u0062\\u0043\\u0064\\u0045\\u0066\\u0047\\u0068\"}", "[redacted]"},
      {"a doubly escaped \\\\u0041bCdEfGhIj one", "[redacted]"},
      {"percent %41%62%43%64%45%66%47%68", "[redacted]"},
      {"entities &#65;&#98;CdEf&#x47;&#104;", "[redacted]"},
      {"entities in JSON \\u0026#65;bCdEfGh", "[redacted]"},
      {"percent, twice and thrice %2541%252562CdEfGh", "[redacted]"},
      {"base64 QWJDZEVmR2hJakts and so on", "[redacted]"},
      {"its beginning as it is: AbCdEfGh%49jKl", "[redacted]"},
      {"none of it: \\u0041 %41 &#65; \\ % & &#; &#x; \\u12",
       "none of it: \\u0041 %41 &#65; \\ % & &#; &#x; \\u12"},
      {"seven AbCdEfG \\n", "seven AbCdEfG \\n"},
      {"", ""},
  };
  ia_redactor redactor;
  ia_redactor_init(&redactor, token, sizeof token - 1, NULL);

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ia_buf out;
    ia_buf_init(&out, &ia_malloc, 4096);
    ia_redact_text(&redactor, &out, cases[i].text, strlen(cases[i].text));
    assert_string_equal(ia_buf_text(&out), cases[i].shown);
    ia_buf_free(&out);
  }
}

static void assert_text_redacted(const ia_redactor *redactor, const char *text,
                                 const char *expected) {
  ia_buf out;
  ia_buf_init(&out, NULL, 1000);
  ia_redact_text(redactor, &out, text, strlen(text));
  assert_string_equal(ia_buf_text(&out), expected);
  ia_buf_free(&out);
}

// "aa?aa>" is "YWE/YWE+" in base64, and "YWE_YWE-" in the alphabet for URLs.
TEST(redact_text_base64_url_is_replaced) {
  ia_redactor redactor = redactor_of("aa?aa>aa?aa>");
  assert_text_redacted(&redactor, "x YWE/YWE+YWE/YWE+ y", "[redacted]");
  assert_text_redacted(&redactor, "x YWE_YWE-YWE_YWE- y", "[redacted]");
  assert_text_redacted(&redactor, "x YWE.YWE.YWE.YWE. y", "x YWE.YWE.YWE.YWE. y");
}

TEST(redact_without_token_changes_nothing) {
  assert_text_redacted(NULL, "YWE/YWE+YWE/YWE+", "YWE/YWE+YWE/YWE+");
  assert_int_equal(ia_redact_match_encoded(NULL, "a", 1), 0);
  ia_redactor redactor = redactor_of(HZ_TOKEN);
  assert_int_equal(ia_redact_match_encoded(&redactor, "", 0), 0);
  assert_false(ia_redact_may_be_completed(NULL, "a", 1));
}

int main(void) { return testing_run(NULL, NULL); }
