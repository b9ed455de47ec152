// SPDX-License-Identifier: MIT
// Values decoded from JSON: limits of each type, and values of other types.
#include "result_fixture.h"
#include "str.h"

#include <math.h>

// ---- single values

TEST(decode_string_other_type_is_null) {
  static const char *const others[] = {"null", "true", "1", "1.5", "[]", "{}", "[\"a\"]"};
  assert_string_equal(imgact_decode_string(&s.result, json("\"a\\u0000b\"")), "a\xc0\x80"
                                                                              "b");
  assert_string_equal(imgact_decode_string(&s.result, json("\"\"")), "");
  assert_null(imgact_decode_nonempty_string(&s.result, json("\"\"")));
  assert_string_equal(imgact_decode_nonempty_string(&s.result, json("\" \"")), " ");
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    assert_null(imgact_decode_string(&s.result, json(others[i])));
    assert_null(imgact_decode_nonempty_string(&s.result, json(others[i])));
  }
  assert_null(imgact_decode_string(&s.result, NULL));
  assert_null(imgact_result_strdup(&s.result, NULL));
  assert_string_equal(imgact_result_strdup(&s.result, "x"), "x");
  assert_false(s.result.nomem);
}

#define LETTERS_64 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-"

#define DIGITS_64 "1234567890123456789012345678901234567890123456789012345678901234"

TEST(decode_id_accepts_numbers_and_words) {
  static const char *const good[][2] = {{"0", "0"},
                                        {"1", "1"},
                                        {"1e3", "1000"},
                                        {"9223372036854775807", "9223372036854775807"},
                                        {"9223372036854775808", "9223372036854775808"},
                                        {"18446744073709551616", "18446744073709551616"},
                                        {DIGITS_64, DIGITS_64},
                                        {"\"0\"", "0"},
                                        {"\"007\"", "007"},
                                        {"\"a-Z_9\"", "a-Z_9"},
                                        {"\"-\"", "-"},
                                        {"\"" LETTERS_64 "\"", LETTERS_64}};
  static const char *const bad[] = {"-1",
                                    "-9223372036854775808",
                                    "-9223372036854775809",
                                    "1e30",
                                    "9223372036854775808.0",
                                    DIGITS_64 "0",
                                    "1.5",
                                    "null",
                                    "true",
                                    "[1]",
                                    "{\"id\":1}",
                                    "\"\"",
                                    "\"a b\"",
                                    "\"a/b\"",
                                    "\"..\"",
                                    "\"a.b\"",
                                    "\"\\u00e9\"",
                                    "\"@\"",
                                    "\"[\"",
                                    "\"`\"",
                                    "\"{\"",
                                    "\":\"",
                                    "\"1\\u0000\"",
                                    "\"%31\"",
                                    "\"\\n\"",
                                    "\"" LETTERS_64 "x\""};

  assert_int_equal(strlen(LETTERS_64), 64);
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_string_equal(imgact_decode_id(&s.result, json(good[i][0])), good[i][1]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (imgact_decode_id(&s.result, json(bad[i])) != NULL) fail_msg("%s is an id", bad[i]);
  assert_null(imgact_decode_id(&s.result, NULL));
  assert_false(s.result.nomem);
}

TEST(decode_time_reads_rfc3339_and_seconds) {
  static const struct {
    const char *text;
    int64_t ms;
  } cases[] = {
      {"\"2016-01-30T23:50:00Z\"", INT64_C(1454197800000)},
      {"\"2016-01-30T23:50:00+00:00\"", INT64_C(1454197800000)},
      {"0", 0},
      {"-1", -1000},
      {"1454197800", INT64_C(1454197800000)},
      {"253402300799", INT64_C(253402300799000)}, // the last second of the year 9999
      {"253402300800", IMGACT_NO_TIME},
      {"-62135596800", INT64_C(-62135596800000)}, // the first second of the year 1
      {"\"0001-01-01T00:00:00Z\"", INT64_C(-62135596800000)},
      {"-62135596801", IMGACT_NO_TIME},
      {"9223372036854775807", IMGACT_NO_TIME},
      {"-9223372036854775808", IMGACT_NO_TIME},
      {"18446744073709551615", IMGACT_NO_TIME},
      {"1.5", IMGACT_NO_TIME},
      {"\"\"", IMGACT_NO_TIME},
      {"\"yesterday\"", IMGACT_NO_TIME},
      {"\"2016-01-30T23:50:00Z \"", IMGACT_NO_TIME},
      {"null", IMGACT_NO_TIME},
      {"true", IMGACT_NO_TIME},
      {"[]", IMGACT_NO_TIME},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (imgact_decode_time(json(cases[i].text)) != cases[i].ms) fail_msg("%s", cases[i].text);
  assert_true(imgact_decode_time(NULL) == IMGACT_NO_TIME);
}

TEST(decode_bool_other_type_is_unknown) {
  assert_true(fabs(imgact_decode_double(json("2.25")) - 2.25) < 1e-12);
  assert_true(fabs(imgact_decode_double(json("-3")) + 3) < 1e-12);
  assert_int_equal(imgact_decode_bool(json("true")), IMGACT_TRISTATE_TRUE);
  assert_int_equal(imgact_decode_bool(json("false")), IMGACT_TRISTATE_FALSE);
  static const char *const others[] = {"null", "\"true\"", "\"1\"", "[true]", "{}"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    assert_true(isnan(imgact_decode_double(json(others[i]))));
    assert_int_equal(imgact_decode_bool(json(others[i])), IMGACT_TRISTATE_UNKNOWN);
  }
  assert_int_equal(imgact_decode_bool(json("1")), IMGACT_TRISTATE_UNKNOWN);
  assert_true(isnan(imgact_decode_double(json("true"))));
  assert_true(isnan(imgact_decode_double(NULL)));
  assert_int_equal(imgact_decode_bool(NULL), IMGACT_TRISTATE_UNKNOWN);
}

TEST(decode_number_text_keeps_digits) {
  static const char *const cases[][2] = {
      {"2.3", "2.3"},
      {"2.300", "2.3"},
      {"10.0", "10"},
      {"10", "10"},
      {"100", "100"},
      {"0", "0"},
      {"0.0", "0"},
      {"0.10", "0.1"},
      {"-2.50", "-2.5"},
      {"1e3", NULL},
      {"1E-3", NULL},
      {"2.5e0", NULL},
      {"0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"},
      {"123456789012345678901234567890.10", "123456789012345678901234567890.1"},
      {"1234567890123456789012345678901234567890123456789012345678901234",
       "1234567890123456789012345678901234567890123456789012345678901234"}, // 64
      {"12345678901234567890123456789012345678901234567890123456789012345", NULL},
      {"\"2.3\"", NULL},
      {"null", NULL},
      {"[2.3]", NULL}};

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *text = imgact_decode_number_text(&s.result, json(cases[i][0]));
    if (cases[i][1] == NULL)
      assert_null(text);
    else
      assert_string_equal(text, cases[i][1]);
  }
  assert_null(imgact_decode_number_text(&s.result, NULL));
  assert_false(s.result.nomem);
}

// ---- lists and maps

TEST(decode_strings_other_types_are_skipped) {
  size_t count = 99;
  const char *const *strings =
      imgact_decode_strings(&s.result, json("[\"a\",1,null,\"b\",[\"c\"],\"\"]"), &count);

  assert_int_equal(count, 3);
  assert_string_equal(strings[0], "a");
  assert_string_equal(strings[1], "b");
  assert_string_equal(strings[2], "");
  assert_non_null(imgact_decode_strings(&s.result, json("[]"), &count));
  assert_int_equal(count, 0);
  static const char *const others[] = {"null",   "{}",         "\"a\"", "1", "[{\"slug\":\"a\"}]",
                                       "[null]", "[1,[\"a\"]]"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    count = 99;
    assert_null(imgact_decode_strings(&s.result, json(others[i]), &count));
    assert_int_equal(count, 0);
  }
}

TEST(decode_labels_other_types_are_skipped) {
  size_t count = 99;
  const imgact_label *labels = imgact_decode_labels(
      &s.result, json("{\"env\":\"prod\",\"n\":1,\"empty\":\"\",\"\":\"x\",\"null\":null}"),
      &count);

  assert_int_equal(count, 3);
  assert_string_equal(labels[0].key, "env");
  assert_string_equal(labels[0].value, "prod");
  assert_string_equal(labels[1].key, "empty");
  assert_string_equal(labels[1].value, "");
  assert_string_equal(labels[2].key, "");
  assert_null(imgact_decode_labels(&s.result, json("{\"a\":1,\"b\":{\"c\":\"d\"}}"), &count));
  assert_int_equal(count, 0);
  assert_non_null(imgact_decode_labels(&s.result, json("{}"), &count));
  assert_int_equal(count, 0);
  count = 99;
  assert_null(imgact_decode_labels(&s.result, json("[]"), &count));
  assert_int_equal(count, 0);
  const imgact_resource *resources = imgact_result_alloc_resources(&s.result, 3);
  for (size_t i = 0; i < 3; i++) assert_true(resources[i].id == NULL && resources[i].type == NULL);
  assert_non_null(imgact_result_alloc_resources(&s.result, 0));
}

TEST(decode_labels_duplicate_keys_keep_last) {
  size_t count = 99;
  const imgact_label *labels = imgact_decode_labels(
      &s.result,
      json("{\"n\":\"1\",\"a\":4,\"b\":\"2\",\"a\":\"3\",\"n\":4,\"c\":\"\",\"b\":\"\"}"), &count);
  assert_int_equal(count, 3);
  assert_string_equal(labels[0].key, "a");
  assert_string_equal(labels[0].value, "3");
  assert_string_equal(labels[1].key, "b");
  assert_string_equal(labels[1].value, "");
  assert_string_equal(labels[2].key, "c");
}

// Two keys with the same hash.
TEST(decode_labels_equal_hashes_stay_apart) {
  static const char one[] = "8yn0iYCKYHlIj4-BwPqk", other[] = "GReLUrM4wMqfg9yzV3KQ";
  char text[200];
  size_t count = 0;
  assert_true(ia_hash(one, strlen(one)) == ia_hash(other, strlen(other)));
  snprintf(text, sizeof text, "{\"%s\":\"1\",\"%s\":\"2\",\"%s\":\"3\",\"%s\":\"4\"}", one, other,
           other, one);
  const imgact_label *labels = imgact_decode_labels(&s.result, json(text), &count);
  assert_int_equal(count, 2);
  assert_string_equal(labels[0].key, one);
  assert_string_equal(labels[0].value, "4");
  assert_string_equal(labels[1].key, other);
  assert_string_equal(labels[1].value, "3");
}

int main(void) { return testing_run(open_fixture, close_fixture); }
