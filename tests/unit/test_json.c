// SPDX-License-Identifier: MIT
#include "failing_allocator.h"
#include "json_doc.h"
#include "testing.h"

#include <imgact/provider.h>

#include <locale.h>
#include <math.h>

#define TOKEN "jEheVytlAoFl7F8MqUQ7jAo2hOXASztX"

static imgact_json_doc *parse_n(const char *text, size_t length, const ia_redactor *redactor) {
  imgact_json_doc *doc;
  char what[100];
  if (ia_json_parse(text, length, NULL, redactor, &doc, what, sizeof what) != IA_JSON_OK)
    fail_msg("%s: %s", text, what);
  return doc;
}

static imgact_json_doc *parse(const char *text) { return parse_n(text, strlen(text), NULL); }

static char *print_json(const imgact_json *value, ia_arena *arena,
                        const imgact_allocator *scratch) {
  bool too_large;
  return ia_json_print(value, SIZE_MAX, arena, scratch, &too_large);
}

// The document as compact text.
static void assert_prints(const imgact_json_doc *doc, const char *expected) {
  ia_arena arena;
  ia_arena_init(&arena, NULL);
  assert_string_equal(print_json(imgact_json_doc_root(doc), &arena, NULL), expected);
  ia_arena_free(&arena);
}

// ---- reading ----

TEST(json_get_type_matches_value) {
  imgact_json_doc *doc = parse("[null, true, false, 1, -1, 1.5, 1e400, \"\", [], {}]");
  const imgact_json_type types[] = {IMGACT_JSON_NULL,   IMGACT_JSON_BOOL,   IMGACT_JSON_BOOL,
                                    IMGACT_JSON_NUMBER, IMGACT_JSON_NUMBER, IMGACT_JSON_NUMBER,
                                    IMGACT_JSON_NUMBER, IMGACT_JSON_STRING, IMGACT_JSON_ARRAY,
                                    IMGACT_JSON_OBJECT};
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_doc_root(doc));
  for (size_t i = 0; i < 10; i++)
    assert_int_equal(imgact_json_get_type(imgact_json_iter_next(&each, NULL)), types[i]);
  assert_null(imgact_json_iter_next(&each, NULL));
  imgact_json_doc_free(doc);
}

TEST(json_as_other_type_is_absent) {
  imgact_json_doc *doc = parse("[null, true, 1, \"x\", [1], {\"k\": 1}]");
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_doc_root(doc));
  for (int i = -1; i < 6; i++) {
    const imgact_json *value = i < 0 ? NULL : imgact_json_iter_next(&each, NULL);
    int64_t integer = 99;
    double real = 99;
    int truth = 99;
    size_t length = 99;
    assert_int_equal(imgact_json_get(value, "k") != NULL, i == 5);
    assert_null(imgact_json_get(value, NULL));
    assert_int_equal(imgact_json_count(value), i >= 4);
    assert_int_equal(imgact_json_as_int(value, &integer), i == 2);
    assert_int_equal(integer, i == 2 ? 1 : 99);
    assert_int_equal(imgact_json_as_double(value, &real), i == 2);
    assert_true(real == (i == 2 ? 1 : 99));
    assert_int_equal(imgact_json_as_bool(value, &truth), i == 1);
    assert_int_equal(truth, i == 1 ? 1 : 99);
    assert_int_equal(imgact_json_as_string(value, &length) != NULL, i == 3);
    assert_int_equal(length, i == 3);
    assert_int_equal(imgact_json_equals(value, "x"), i == 3);
    assert_int_equal(imgact_json_equals(value, NULL), 0);
    imgact_json_iter none = imgact_json_iter_begin(value);
    assert_int_equal(imgact_json_iter_next(&none, NULL) != NULL, i >= 4);
  }
  imgact_json_doc_free(doc);
  assert_null(imgact_json_doc_root(NULL));
  imgact_json_doc_free(NULL);
}

TEST(json_get_duplicate_key_returns_last) {
  imgact_json_doc *doc =
      parse("{\"a\":1,\"a\":2,\"b\\u0000c\":3,\"\":4,\"ab\":5,\"é\":6,\"nested\":{\"a\":7}}");
  const imgact_json *root = imgact_json_doc_root(doc);
  int64_t value = 0;
  assert_true(imgact_json_as_int(imgact_json_get(root, "a"), &value) && value == 2);
  assert_true(imgact_json_as_int(imgact_json_get(root, ""), &value) && value == 4);
  assert_true(imgact_json_as_int(imgact_json_get(root, "\xc3\xa9"), &value) && value == 6);
  assert_true(imgact_json_as_int(imgact_json_get(imgact_json_get(root, "nested"), "a"), &value) &&
              value == 7);
  assert_null(imgact_json_get(root, "b"));
  assert_null(imgact_json_get(root, "A"));
  assert_int_equal(imgact_json_count(root), 7);
  imgact_json_doc_free(doc);
}

TEST(json_iter_next_keeps_order) {
  imgact_json_doc *doc = parse("{\"x\":{\"deep\":[1,2]},\"y\":[],\"z\":\"last\"}");
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_doc_root(doc));
  const imgact_json *key = NULL, *value;
  value = imgact_json_iter_next(&each, &key);
  assert_true(imgact_json_equals(key, "x") && imgact_json_count(value) == 1);
  value = imgact_json_iter_next(&each, &key);
  assert_true(imgact_json_equals(key, "y") && imgact_json_count(value) == 0);
  value = imgact_json_iter_next(&each, &key);
  assert_true(imgact_json_equals(key, "z") && imgact_json_equals(value, "last"));
  assert_null(imgact_json_iter_next(&each, &key));
  assert_null(key);
  each = imgact_json_iter_begin(
      imgact_json_get(imgact_json_get(imgact_json_doc_root(doc), "x"), "deep"));
  key = value;
  assert_non_null(imgact_json_iter_next(&each, &key));
  assert_null(key);
  imgact_json_doc_free(doc);
}

TEST(json_as_int_needs_whole_int64) {
  const struct {
    const char *text;
    int is;
    int64_t value;
  } cases[] = {{"0", 1, 0},
               {"-0", 1, 0},
               {"9223372036854775807", 1, INT64_MAX},
               {"-9223372036854775808", 1, INT64_MIN},
               {"9223372036854775808", 0, 0},
               {"18446744073709551615", 0, 0},
               {"-9223372036854775809", 0, 0},
               {"123456789012345678901234567890", 0, 0},
               {"10.0", 1, 10},
               {"1e3", 1, 1000},
               {"-2.5e1", 1, -25},
               {"0.5", 0, 0},
               {"-0.5", 0, 0},
               {"10.000001", 0, 0},
               {"9007199254740991.0", 1, INT64_C(9007199254740991)},
               {"-9007199254740991.0", 1, INT64_C(-9007199254740991)},
               {"9007199254740992.0", 0, 0},
               {"9007199254740993.0", 0, 0}, // the same double
               {"1e18", 0, 0},
               {"1e300", 0, 0},
               {"1e400", 0, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    imgact_json_doc *doc = parse(cases[i].text);
    int64_t value = 0;
    if (imgact_json_as_int(imgact_json_doc_root(doc), &value) != cases[i].is ||
        value != cases[i].value)
      fail_msg("%s", cases[i].text);
    imgact_json_doc_free(doc);
  }
}

TEST(json_as_double_reads_finite_numbers) {
  const struct {
    const char *text;
    int is;
    double value;
  } cases[] = {{"1", 1, 1},
               {"-1", 1, -1},
               {"2.3", 1, 2.3},
               {"18446744073709551615", 1, 18446744073709551615.0},
               {"123456789012345678901234567890", 1, 123456789012345678901234567890.0},
               {"-123456789012345678901234567890", 1, -123456789012345678901234567890.0},
               {"1e308", 1, 1e308},
               {"1e-400", 1, 0},
               {"1e400", 0, 99},
               {"-1e400", 0, 99}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    imgact_json_doc *doc = parse(cases[i].text);
    double value = 99;
    if (imgact_json_as_double(imgact_json_doc_root(doc), &value) != cases[i].is ||
        !(value >= cases[i].value && value <= cases[i].value)) {
      fail_msg("%s: %g", cases[i].text, value);
    }
    imgact_json_doc_free(doc);
  }
}

// ---- what is no document ----

static void assert_malformed(const char *text, size_t length) {
  char *exact = malloc(length == 0 ? 1 : length); // for AddressSanitizer to watch
  assert_non_null(exact);
  memcpy(exact, text, length);
  imgact_json_doc *doc = NULL;
  char what[100] = "";
  if (ia_json_parse(exact, length, NULL, NULL, &doc, what, sizeof what) != IA_JSON_MALFORMED)
    fail_msg("\"%s\" was taken", text);
  assert_null(doc);
  assert_true(strlen(what) > 0);
  free(exact);
}

TEST(json_parse_invalid_text_is_rejected) {
  const char *bad[] = {"",
                       " ",
                       "{",
                       "}",
                       "[1,]",
                       "{\"a\":1,}",
                       "{a:1}",
                       "{'a':1}",
                       "{\"a\" 1}",
                       "{\"a\":}",
                       "{1:1}",
                       "[1 2]",
                       "01",
                       "+1",
                       "1.",
                       ".5",
                       "1e",
                       "-",
                       "0x10",
                       "NaN",
                       "Infinity",
                       "-Infinity",
                       "nul",
                       "True",
                       "// c\n1",
                       "/* c */1",
                       "\"a",
                       "\"\\x\"",
                       "\"\\u12\"",
                       "\"\\u12G4\"",
                       "\"\\uD800\\u\"",
                       "\"\\",
                       "\"\\u",
                       "\"tab\there\"",
                       "\"line\nfeed\"",
                       "\xef\xbb\xbf{}",
                       "\"\x80\"",
                       "\"\xc0\x80\"",
                       "\"\xed\xa0\x80\"",
                       "\"\xf4\x90\x80\x80\"",
                       "\"\xe2\x82\"",
                       "\xff\xfe{\0}\0",
                       "<html>"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_malformed(bad[i], strlen(bad[i]));
}

TEST(json_parse_trailing_bytes_are_rejected) {
  const char *bad[] = {"{} x", "{}{}", "1 2", "null,", "[]]", "\"a\"\"b\"", "{}\xc2\xa0"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_malformed(bad[i], strlen(bad[i]));
  assert_malformed("{}\0", 3);
  imgact_json_doc *doc = parse(" \t\r\n{} \t\r\n");
  imgact_json_doc_free(doc);
}

TEST(json_parse_truncated_text_is_rejected) {
  const char *text = "{\"a\":[1,-2.5e10,true,false,null],\"b\\u0041\\ud83d\\ude00\":\"é€😀\\n\","
                     "\"c\":{\"d\":\"\\ud800\"}}";
  for (size_t length = 0; length < strlen(text); length++) assert_malformed(text, length);
}

TEST(json_parse_message_names_the_place) {
  imgact_json_doc *doc;
  char message[100];
  assert_int_equal(imgact_json_doc_parse("[1,x]", 5, NULL, &doc, message, sizeof message), -1);
  assert_non_null(strstr(message, "3"));
  assert_int_equal(imgact_json_doc_parse("[1,x]", 5, NULL, &doc, message, 4), -1);
  assert_int_equal(strlen(message), 3);
  assert_int_equal(imgact_json_doc_parse("[1,x]", 5, NULL, &doc, NULL, 0), -1);
  assert_int_equal(imgact_json_doc_parse(NULL, 0, NULL, &doc, message, sizeof message), -1);
  assert_int_equal(imgact_json_doc_parse("1", 1, NULL, &doc, message, sizeof message), 0);
  assert_string_equal(message, "");
  imgact_json_doc_free(doc);
  imgact_allocator holes = {.size = sizeof holes};
  assert_int_equal(imgact_json_doc_parse("1", 1, &holes, &doc, message, sizeof message), -2);
}

static ia_json_status parse_nested(size_t depth, const char *open, const char *inside,
                                   const char *close) {
  ia_buf text;
  ia_buf_init(&text, NULL, (size_t)64 << 20);
  for (size_t i = 0; i < depth; i++) ia_buf_str(&text, open);
  ia_buf_str(&text, inside);
  for (size_t i = 0; i < depth; i++) ia_buf_str(&text, close);
  imgact_json_doc *doc = NULL;
  ia_json_status status = ia_json_parse(text.data, text.length, NULL, NULL, &doc, NULL, 0);
  imgact_json_doc_free(doc);
  ia_buf_free(&text);
  return status;
}

TEST(json_parse_depth_65_is_rejected) {
  assert_int_equal(parse_nested(64, "[", "", "]"), IA_JSON_OK);
  assert_int_equal(parse_nested(65, "[", "", "]"), IA_JSON_TOO_DEEP);
  assert_int_equal(parse_nested(64, "{\"a\":", "1", "}"), IA_JSON_OK);
  assert_int_equal(parse_nested(65, "{\"a\":", "1", "}"), IA_JSON_TOO_DEEP);
  assert_int_equal(parse_nested(64, "[[],{},", "[1,2]", ",[]]"), IA_JSON_TOO_DEEP);
  assert_int_equal(parse_nested(63, "[[],{},", "[1,2]", ",[]]"), IA_JSON_OK);
}

TEST(json_parse_wide_document_is_accepted) {
  ia_buf text;
  ia_buf_init(&text, NULL, 1 << 20);
  ia_buf_str(&text, "[[[]]");
  for (int i = 0; i < 1000; i++) ia_buf_str(&text, ",{\"a\":[[1],[]]}");
  ia_buf_str(&text, "]");
  imgact_json_doc *doc = parse_n(text.data, text.length, NULL);
  assert_int_equal(imgact_json_count(imgact_json_doc_root(doc)), 1001);
  imgact_json_doc_free(doc);
  ia_buf_free(&text);
}

TEST(json_parse_million_brackets_is_rejected) {
  assert_int_equal(parse_nested(1000000, "[", "", "]"), IA_JSON_TOO_DEEP);
  assert_int_equal(parse_nested(1000000, "{\"\":", "0", "}"), IA_JSON_TOO_DEEP);
  assert_int_equal(parse_nested(1000000, "[", "", ""), IA_JSON_MALFORMED);
}

TEST(json_parse_above_32_mib_rejected) {
  imgact_json_doc *doc = NULL;
  assert_int_equal(ia_json_parse("1", IA_JSON_MAX_BYTES + 1, NULL, NULL, &doc, NULL, 0),
                   IA_JSON_TOO_LARGE);
  char *text = malloc(IA_JSON_MAX_BYTES);
  assert_non_null(text);
  memset(text, ' ', IA_JSON_MAX_BYTES);
  text[IA_JSON_MAX_BYTES - 1] = '1';
  assert_int_equal(ia_json_parse(text, IA_JSON_MAX_BYTES, NULL, NULL, &doc, NULL, 0), IA_JSON_OK);
  imgact_json_doc_free(doc);
  free(text);
}

// ---- strings ----

// Two bytes become a value of sixteen: the memory is limited, not only the text. What a list is
// like stays far below.
TEST(json_parse_small_values_are_bounded) {
  const size_t max = (size_t)1 << 20;
  char *text = malloc(max);
  assert_non_null(text);
  for (size_t i = 0; i < max; i++) text[i] = i % 2 ? '0' : ',';
  text[0] = '[';
  memcpy(text + max - 2, " ]", 2);
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  imgact_json_doc *doc = NULL;
  char what[100];
  assert_int_equal(
      ia_json_parse_up_to(max, text, max, &memory.allocator, NULL, &doc, what, sizeof what),
      IA_JSON_TOO_LARGE);
  assert_string_equal(what, "its values take more than 3 MiB");
  assert_null(doc);
  assert_int_equal(
      ia_json_parse_up_to(6 * max, text, max, &memory.allocator, NULL, &doc, what, sizeof what),
      IA_JSON_OK);
  imgact_json_doc_free(doc);
  assert_memory_fine(&memory);
  free(text);
}

TEST(json_parse_unpaired_surrogate_is_replaced) {
  const struct {
    const char *text, *expected;
  } cases[] = {{"\"\\uD800\"", "\"\xef\xbf\xbd\""},
               {"\"\\udfff\"", "\"\xef\xbf\xbd\""},
               {"\"a\\uD83Dz\"", "\"a\xef\xbf\xbdz\""},
               {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
               {"\"\\ude00\\ud83d\"", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
               {"\"\\ud83d\\ud83d\\ude00\"", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\""},
               {"\"\\ud83d\\u0041\"", "\"\xef\xbf\xbd"
                                      "A\""},
               {"\"\\ud83d\\n\"", "\"\xef\xbf\xbd\\n\""},
               {"\"\\\\ud83d\"", "\"\\\\ud83d\""},
               {"\"\\\\\\ud83d\"", "\"\\\\\xef\xbf\xbd\""},
               {"{\"\\uDC00\":1}", "{\"\xef\xbf\xbd\":1}"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    imgact_json_doc *doc = parse(cases[i].text);
    assert_prints(doc, cases[i].expected);
    imgact_json_doc_free(doc);
  }
}

TEST(json_string_nul_becomes_c0_80) {
  imgact_json_doc *doc = parse("[\"\\u0000a\\u0000\\u0000b\\u0000\",\"plain\",1]");
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_doc_root(doc));
  const imgact_json *value = imgact_json_iter_next(&each, NULL);
  size_t length = 0;
  assert_memory_equal(imgact_json_as_string(value, &length), "\0a\0\0b\0", 6);
  assert_int_equal(length, 6);
  assert_false(imgact_json_equals(value, ""));
  ia_arena arena;
  ia_arena_init(&arena, NULL);
  bool nomem = false;
  assert_string_equal(ia_json_string(value, &arena, &nomem), "\xc0\x80"
                                                             "a\xc0\x80\xc0\x80"
                                                             "b\xc0\x80");
  assert_string_equal(ia_json_string(imgact_json_iter_next(&each, NULL), &arena, &nomem), "plain");
  assert_null(ia_json_string(imgact_json_iter_next(&each, NULL), &arena, &nomem));
  assert_null(ia_json_string(NULL, &arena, &nomem));
  assert_false(nomem);
  assert_prints(doc, "[\"\\u0000a\\u0000\\u0000b\\u0000\",\"plain\",1]");
  ia_arena_free(&arena);
  imgact_json_doc_free(doc);
}

TEST(json_copy_string_cuts_whole_character) {
  imgact_json_doc *doc = parse("[\"a\\u0000é€b\",\"\",7]");
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_doc_root(doc));
  const imgact_json *value = imgact_json_iter_next(&each, NULL);
  const char *whole = "a\xc0\x80\xc3\xa9\xe2\x82\xac"
                      "b";
  const size_t kept[] = {0, 0, 1, 1, 3, 3, 5, 5, 5, 8, 9, 9};
  for (size_t capacity = 1; capacity < sizeof kept / sizeof *kept; capacity++) {
    char *buffer = malloc(capacity);
    assert_non_null(buffer);
    assert_int_equal(imgact_json_copy_string(value, buffer, capacity), 1);
    assert_int_equal(strlen(buffer), kept[capacity]);
    assert_memory_equal(buffer, whole, kept[capacity]);
    free(buffer);
  }
  char buffer[4] = "old";
  assert_int_equal(imgact_json_copy_string(value, buffer, 0), 1);
  assert_string_equal(buffer, "old");
  assert_int_equal(
      imgact_json_copy_string(imgact_json_iter_next(&each, NULL), buffer, sizeof buffer), 0);
  assert_int_equal(
      imgact_json_copy_string(imgact_json_iter_next(&each, NULL), buffer, sizeof buffer), 0);
  assert_int_equal(imgact_json_copy_string(NULL, buffer, sizeof buffer), 0);
  assert_string_equal(buffer, "old");
  imgact_json_doc_free(doc);
}

TEST(json_copy_string_whitespace_copies_nothing) {
  static const char *const blank[] = {"\"\"", "\" \"", "\"\\n\"", "\"\\t \\r\\n\\u000b\\f\""};
  static const char *const text[] = {"\" a \"", "\".\"", "\"\\u0000\"", "\"\\u00a0\""};
  char buffer[20] = "old";
  for (size_t i = 0; i < 4; i++) {
    imgact_json_doc *doc = parse(blank[i]);
    assert_int_equal(imgact_json_copy_string(imgact_json_doc_root(doc), buffer, sizeof buffer), 0);
    assert_string_equal(buffer, "old");
    imgact_json_doc_free(doc);
  }
  for (size_t i = 0; i < 4; i++) {
    imgact_json_doc *doc = parse(text[i]);
    assert_int_equal(imgact_json_copy_string(imgact_json_doc_root(doc), buffer, sizeof buffer), 1);
    imgact_json_doc_free(doc);
  }
}

// ---- redaction ----

static void assert_redacted(const char *token, const char *text, const char *expected) {
  static const char *const prefixes[] = {"dop_v1_", NULL};
  ia_redactor redactor;
  ia_redactor_init(&redactor, token, strlen(token), prefixes);
  imgact_json_doc *doc = parse_n(text, strlen(text), &redactor);
  assert_prints(doc, expected);
  imgact_json_doc_free(doc);
}

TEST(json_parse_redacts_strings_and_keys) {
  assert_redacted(TOKEN, "{\"a\":\"" TOKEN "\",\"" TOKEN "\":[\"x" TOKEN "y\",1,\"z\"]}",
                  "{\"a\":\"[redacted]\",\"[redacted]\":[\"x[redacted]y\",1,\"z\"]}");
  assert_redacted(TOKEN, "\"" TOKEN "\"", "\"[redacted]\"");
  assert_redacted(TOKEN, "[\"jEheVyt\",\"no\"]", "[\"jEheVyt\",\"no\"]");
  assert_redacted("dop_v1_0123456789abcdef", "[\"dop_v1_01234567\",\"dop_v1_0123456\"]",
                  "[\"[redacted]\",\"dop_v1_0123456\"]");
}

TEST(json_parse_redacted_string_may_grow) {
  assert_redacted(TOKEN, "[\"jEheVytl\",\"a\",\"jEheVytljEheVytljEheVytl\",\"b\",\"\"]",
                  "[\"[redacted]\",\"a\",\"[redacted][redacted][redacted]\",\"b\",\"\"]");
}

TEST(json_parse_escaped_token_is_redacted) {
  assert_redacted(TOKEN, "[\"\\u006aEheVytlAoFl7F8MqUQ7jAo2hOXASztX!\"]", "[\"[redacted]!\"]");
  assert_redacted(TOKEN, "{\"jEhe\\u0056ytl\":\"\\\"\"}", "{\"[redacted]\":\"\\\"\"}");
  assert_redacted("a/b/c/d/e", "[\"a\\/b\\/c\\/d\\/e\"]", "[\"[redacted]\"]");
  assert_redacted("a\"b\"c\"d\"e", "[\"a\\\"b\\\"c\\\"d\\\"e\"]", "[\"[redacted]\"]");
  assert_redacted("a\\b\\c\\d\\e", "[\"a\\\\b\\\\c\\\\d\\\\e\"]", "[\"[redacted]\"]");
  assert_redacted(TOKEN, "[\"\\n\\\"\\/\",\"jEheVytl\"]", "[\"\\n\\\"/\",\"[redacted]\"]");
}

TEST(json_parse_harmless_escapes_are_kept) {
  assert_redacted(TOKEN, "[\"\\n\\/\",\"jEheVyt\\u006d\"]", "[\"\\n/\",\"jEheVytm\"]");
  assert_redacted(TOKEN, "[\"\\n\\/\"]", "[\"\\n/\"]");
}

TEST(json_parse_input_stays_unchanged) {
  static const char text[] = "{\"" TOKEN "\":\"\\ud800\\u006aEheVytlAoF\"}";
  char copy[sizeof text];
  memcpy(copy, text, sizeof text);
  ia_redactor redactor;
  ia_redactor_init(&redactor, TOKEN, strlen(TOKEN), NULL);
  imgact_json_doc *doc = parse_n(copy, sizeof text - 1, &redactor);
  assert_memory_equal(copy, text, sizeof text);
  memset(copy, 'x', sizeof copy); // nor kept
  assert_prints(doc, "{\"[redacted]\":\"\xef\xbf\xbd[redacted]\"}");
  imgact_json_doc_free(doc);
}

// ---- numbers as text ----

TEST(json_print_numbers_keep_digits) {
  static const char text[] = "[0,-0,10,10.0,-1.50,18446744073709551615,-9223372036854775808,"
                             "123456789012345678901234567890,"
                             "1e400,0.6899999999999999,1E-07,1e+21,5e-324]";
  imgact_json_doc *doc = parse(text);
  assert_prints(doc, text);
  imgact_json_doc_free(doc);
  doc = parse("-12.50");
  assert_prints(doc, "-12.50");
  imgact_json_doc_free(doc);
}

static size_t shortest_length(double value) {
  char text[64];
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    double back = strtod(text, NULL);
    if (back >= value && back <= value) return (size_t)digits;
  }
  return 0;
}

static void assert_reads_back_in_the_fewest_digits(double value) {
  ia_buf out;
  ia_buf_init(&out, NULL, 100);
  ia_json_double_text(value, &out);
  const char *text = ia_buf_text(&out);
  char *end = NULL;
  double back = strtod(text, &end);
  if (*end != '\0' || !(back >= value && back <= value))
    fail_msg("%a reads back as %a from %s", value, back, text);
  assert_int_equal(signbit(back) != 0, signbit(value) != 0);
  size_t digits = 0, zeros = 0;
  for (const char *c = text; *c != '\0' && *c != 'e'; c++) {
    if (*c < '0' || *c > '9' || (digits == 0 && *c == '0')) continue;
    digits++;
    zeros = *c == '0' ? zeros + 1 : 0;
  }
  if (digits > 0 && digits - zeros > shortest_length(value))
    fail_msg("%s has more digits than it needs", text);
  ia_buf_free(&out);
}

TEST(json_double_text_is_shortest) {
  uint64_t random = 5;
  for (int i = 0; i < 20000; i++) {
    uint64_t bits = testing_random(&random);
    double value;
    memcpy(&value, &bits, sizeof value);
    if (isfinite(value)) assert_reads_back_in_the_fewest_digits(value);
    assert_reads_back_in_the_fewest_digits((double)(bits % 100000) / 100);
    assert_reads_back_in_the_fewest_digits((double)(int64_t)bits);
  }
}

TEST(json_double_text_matches_examples) {
  const struct {
    double value;
    const char *text;
  } cases[] = {{0, "0"},
               {-0.0, "-0"},
               {10, "10"},
               {2.3, "2.3"},
               {0.1 + 0.2, "0.30000000000000004"},
               {-1.5, "-1.5"},
               {1e-7, "1e-7"},
               {100000, "100000"},
               {123456789, "123456789"},
               {NAN, "null"},
               {INFINITY, "null"},
               {-INFINITY, "null"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ia_buf out;
    ia_buf_init(&out, NULL, 100);
    ia_json_double_text(cases[i].value, &out);
    assert_string_equal(ia_buf_text(&out), cases[i].text);
    ia_buf_free(&out);
  }
}

// Where a system has such a locale; elsewhere this is one more look at the usual one.
TEST(json_double_text_ignores_locale) {
  const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",  "fr_FR.UTF-8",
                               "fr_FR.utf8",  "ru_RU.UTF-8", "pl_PL.UTF-8"};
  const char *set = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && set == NULL; i++)
    set = setlocale(LC_ALL, names[i]);
  if (set == NULL) print_message("# no locale with a decimal comma is installed\n");
  imgact_json_doc *doc = parse("2.5");
  double value = 0;
  int read = imgact_json_as_double(imgact_json_doc_root(doc), &value);
  ia_buf out;
  ia_buf_init(&out, NULL, 100);
  ia_json_double_text(1234567.25, &out);
  setlocale(LC_ALL, "C");
  assert_true(read == 1 && value >= 2.5 && value <= 2.5);
  assert_string_equal(ia_buf_text(&out), "1234567.25");
  ia_buf_free(&out);
  imgact_json_doc_free(doc);
}

// ---- the hostile and the unlucky ----

TEST(json_parse_without_memory_fails) {
  static const char text[] =
      "{\"" TOKEN "\":\"\\ud800\",\"list\":[1,2,\"\\u006aEheVytlAoF\",\"jEheVytl\"]}";
  ia_redactor redactor;
  ia_redactor_init(&redactor, TOKEN, strlen(TOKEN), NULL);
  bool more = true;
  size_t k = 1;
  for (; more; k++) {
    failing_allocator memory;
    failing_allocator_init(&memory, k);
    imgact_json_doc *doc = NULL;
    char what[64];
    ia_json_status status =
        ia_json_parse(text, sizeof text - 1, &memory.allocator, &redactor, &doc, what, sizeof what);
    more = memory.failures > 0;
    assert_int_equal(status, more ? IA_JSON_NOMEM : IA_JSON_OK);
    assert_int_equal(doc == NULL, more);
    imgact_json_doc_free(doc);
    assert_memory_fine(&memory);
  }
  assert_true(k > 5);
  failing_allocator memory;
  failing_allocator_init(&memory, 1);
  imgact_json_doc *doc;
  assert_int_equal(imgact_json_doc_parse("1", 1, &memory.allocator, &doc, NULL, 0), -2);
  assert_memory_fine(&memory);
}

TEST(json_string_without_memory_fails) {
  imgact_json_doc *doc = parse("[\"plain\",\"\\u0000\"]");
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_doc_root(doc));
  const imgact_json *value;
  while ((value = imgact_json_iter_next(&each, NULL)) != NULL) {
    failing_allocator memory;
    failing_allocator_init(&memory, 1);
    ia_arena arena;
    ia_arena_init(&arena, &memory.allocator);
    bool nomem = false;
    assert_null(ia_json_string(value, &arena, &nomem));
    assert_true(nomem);
    ia_arena_free(&arena);
    assert_memory_fine(&memory);
  }
  for (size_t k = 1; k <= 3; k++) {
    failing_allocator memory;
    failing_allocator_init(&memory, k);
    ia_arena arena;
    ia_arena_init(&arena, &memory.allocator);
    assert_null(print_json(imgact_json_doc_root(doc), &arena, &memory.allocator));
    ia_arena_free(&arena);
    assert_memory_fine(&memory);
  }
  imgact_json_doc_free(doc);
}

// Whatever is taken prints as a document that parses to the same print.
TEST(json_print_damaged_document_is_stable) {
  static const char seed[] = "{\"images\":[{\"id\":4711,\"name\":null,\"size\":2.30,"
                             "\"\\ud83d\\ude00\":\"a\\u0000\\n\\\"\","
                             "\"ok\":true,\"labels\":{},\"x\":[[],[1e5,-0]]}]}";
  ia_redactor redactor;
  ia_redactor_init(&redactor, TOKEN, strlen(TOKEN), NULL);
  uint64_t random = 77;
  int taken = 0;
  for (int turn = 0; turn < 50000; turn++) {
    char text[sizeof seed];
    memcpy(text, seed, sizeof seed);
    for (size_t edits = 1 + testing_below(&random, 2); edits > 0; edits--) {
      char *at = &text[testing_below(&random, sizeof seed - 1)];
      *at = testing_below(&random, 2) == 0 ? seed[testing_below(&random, sizeof seed - 1)]
                                           : (char)testing_random(&random);
    }
    imgact_json_doc *doc = NULL, *again = NULL;
    if (ia_json_parse(text, sizeof seed - 1, NULL, &redactor, &doc, NULL, 0) != IA_JSON_OK)
      continue;
    taken++;
    ia_arena arena;
    ia_arena_init(&arena, NULL);
    const char *printed = print_json(imgact_json_doc_root(doc), &arena, NULL);
    assert_non_null(printed);
    assert_int_equal(ia_json_parse(printed, strlen(printed), NULL, NULL, &again, NULL, 0),
                     IA_JSON_OK);
    assert_string_equal(print_json(imgact_json_doc_root(again), &arena, NULL), printed);
    ia_arena_free(&arena);
    imgact_json_doc_free(doc);
    imgact_json_doc_free(again);
  }
  assert_true(taken > 1000);
}

int main(void) { return testing_run(NULL, NULL); }
