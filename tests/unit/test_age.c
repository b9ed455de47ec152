// SPDX-License-Identifier: MIT
// Durations and ages of the tool.
#include "age.h"
#include "testing.h"
#include <imgact/base.h>

TEST(duration_units_are_added) {
  static const struct {
    const char *text;
    int64_t ms;
  } cases[] = {{"250ms", 250},     {"5s", 5000},
               {"1h30m", 5400000}, {"30d", 2592000000},
               {"2w", 1209600000}, {"1w6d", 1123200000},
               {"90m", 5400000},   {"1d1h1m1s1ms", 90061001},
               {"0s", 0},          {"0w0ms", 0},
               {"007s", 7000},     {"2147483647w", INT64_C(2147483647) * 604800000}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t ms = -1;
    if (!cli_duration_parse(cases[i].text, &ms) || ms != cases[i].ms)
      fail_msg("%s: %lld", cases[i].text, (long long)ms);
  }
}

TEST(duration_invalid_is_rejected) {
  static const char *const texts[] = {"",      "30", "-3d",         "+3d", "3 d",  " 3d",
                                      "3d ",   "d",  "1.5d",        "3y",  "1m1h", "1s1s",
                                      "1ms1s", "h1", "2147483648s", "1D"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    int64_t ms = 0;
    if (cli_duration_parse(texts[i], &ms)) fail_msg("%s", texts[i]);
  }
}

TEST(age_is_duration_or_time) {
  const int64_t now = INT64_C(1709294400000); // 2024-03-01T12:00:00Z
  static const struct {
    const char *text;
    int64_t at_ms;
    bool is_duration;
  } cases[] = {{"0s", INT64_C(1709294400000), true},
               {"1d", INT64_C(1709208000000), true},
               {"2024-03-01T12:00:00Z", INT64_C(1709294400000), false},
               {"2024-03-01t14:00:00+02:00", INT64_C(1709294400000), false},
               {"2024-03-01 12:00:00.5z", INT64_C(1709294400500), false},
               {"1970-01-01T00:00:00Z", 0, false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cli_age age;
    assert_true(cli_age_parse(cases[i].text, now, &age));
    assert_ptr_equal(age.text, cases[i].text);
    assert_int_equal(age.at_ms, cases[i].at_ms);
    assert_int_equal(age.is_duration, cases[i].is_duration);
  }
}

TEST(age_invalid_time_is_rejected) {
  static const char *const texts[] = {"soon",
                                      "2024-03-01",
                                      "2024-03-01T00:00Z",
                                      "2024-03-01T00:00:00",
                                      "2024-13-01T00:00:00Z",
                                      "2024-02-30T00:00:00Z",
                                      "2024-03-01T00:00:00Z\"",
                                      "2024-03-01T00:00:00Z, \"",
                                      "\"2024-03-01T00:00:00Z",
                                      "1709294400"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    cli_age age;
    if (cli_age_parse(texts[i], 0, &age)) fail_msg("%s", texts[i]);
  }
}

TEST(age_text_changes_unit_at_limits) {
  const int64_t s = 1000, m = 60 * s, h = 60 * m, d = 24 * h, w = 7 * d;
  const struct {
    int64_t ms;
    const char *text;
  } cases[] = {{-5 * s, "0s"},      {0, "0s"},         {59 * s + 999, "59s"},
               {m, "1m"},           {h - 1, "59m"},    {h, "1h"},
               {48 * h - 1, "47h"}, {48 * h, "2d"},    {74 * h, "3d"},
               {14 * d - 1, "13d"}, {14 * d, "2w"},    {104 * w - 1, "103w"},
               {104 * w, "2y"},     {3650 * d, "10y"}, {INT64_MAX, "293274701y"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[24];
    cli_age_text(cases[i].ms, text);
    assert_string_equal(text, cases[i].text);
  }
}

int main(void) { return testing_run(NULL, NULL); }
