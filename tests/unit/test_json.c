// SPDX-License-Identifier: MIT
// Values of a document, and which documents are accepted.
#include "failing_allocator.h"
#include "json_fixture.h"

#include <math.h>

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

// Numbers of up to 15 digits are read without the JSON library, longer ones with it.
TEST(json_double_any_length_equals_strtod) {
  static const char digits[] = "9007199254740993172";
  char text[64];
  double number = 0;
  for (size_t length = 1; length < sizeof digits; length++)
    for (size_t point = 0; point < length; point++) {
      size_t whole = length - point;
      (void)snprintf(text, sizeof text, "-%.*s%s%s", (int)whole, digits, point ? "." : "",
                     digits + whole);
      if (point) text[length + 2] = '\0';
      imgact_json_doc *doc = parse(text);
      assert_true(imgact_json_as_double(imgact_json_doc_root(doc), &number));
      if (number < strtod(text, NULL) || number > strtod(text, NULL)) fail_msg("%s", text);
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

TEST(json_double_keeps_zero_sign) {
  static const char *const zeros[] = {"0", "-0", "-0.0"};
  for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
    imgact_json_doc *doc = parse(zeros[i]);
    double value = 99;
    assert_true(imgact_json_as_double(imgact_json_doc_root(doc), &value));
    assert_int_equal(signbit(value) != 0, i == 2);
    imgact_json_doc_free(doc);
  }
}

// ---- rejected documents ----

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
  imgact_allocator incomplete = {.size = sizeof incomplete};
  assert_int_equal(imgact_json_doc_parse("1", 1, &incomplete, &doc, message, sizeof message), -2);
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

// Two bytes of text become a value of 16 bytes: memory is limited, not only the text. A list of an
// API stays far below.
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
  assert_string_equal(what, "its values need more than 3 MiB");
  assert_null(doc);
  assert_int_equal(
      ia_json_parse_up_to(6 * max, text, max, &memory.allocator, NULL, &doc, what, sizeof what),
      IA_JSON_OK);

  imgact_json_doc_free(doc);
  assert_memory_fine(&memory);
  free(text);
}

int main(void) { return testing_run(NULL, NULL); }
