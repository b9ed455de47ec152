// SPDX-License-Identifier: MIT
// Strings, redaction and numbers of a document, and its printed text.
#include "failing_allocator.h"
#include "json_fixture.h"

#include <locale.h>
#include <math.h>

// ---- strings ----

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
  static const char *const whitespace[] = {"\"\"", "\" \"", "\"\\n\"", "\"\\t \\r\\n\\u000b\\f\""};
  static const char *const text[] = {"\" a \"", "\".\"", "\"\\u0000\"", "\"\\u00a0\""};
  char buffer[20] = "old";

  for (size_t i = 0; i < 4; i++) {
    imgact_json_doc *doc = parse(whitespace[i]);
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
  memset(copy, 'x', sizeof copy); // nor referenced
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

// If the system has no such locale, only the C locale is tested.
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

// ---- failures ----

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

// A document that is accepted prints as text that parses and prints the same.
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
