// SPDX-License-Identifier: MIT
#include "date.h"
#include "testing.h"

#include <time.h>

#define FIRST_MS INT64_C(-62135596800000)
#define LAST_MS  INT64_C(253402300799999)

static int64_t read(const char *text) {
  int64_t ms = -77;
  if (!ia_date_rfc3339(text, strlen(text), &ms)) fail_msg("\"%s\" is a time", text);
  return ms;
}

TEST(date_rfc3339_variants_are_read) {
  assert_int_equal(read("1970-01-01T00:00:00Z"), 0);
  assert_int_equal(read("2016-01-30T23:50:00Z"), INT64_C(1454197800000));
  assert_int_equal(read("2016-01-30T23:50+00:00"), INT64_C(1454197800000));
  assert_int_equal(read("2016-01-30T23:50Z"), INT64_C(1454197800000));
  assert_int_equal(read("2016-01-30t23:50:00z"), INT64_C(1454197800000));
  assert_int_equal(read("2016-01-30 23:50:00Z"), INT64_C(1454197800000));
  assert_int_equal(read("2016-01-31T01:50:00+02:00"), INT64_C(1454197800000));
  assert_int_equal(read("2016-01-30T18:20:00-05:30"), INT64_C(1454197800000));
  assert_int_equal(read("2014-11-04T22:23:02.442049222Z"), INT64_C(1415139782442));
  assert_int_equal(read("2014-11-04T22:23:02.9Z"), INT64_C(1415139782900));
  assert_int_equal(read("2014-11-04T22:23:02.99999999999999999999999999999999Z"),
                   INT64_C(1415139782999));
  assert_int_equal(read("1969-12-31T23:59:59.999Z"), -1);
  assert_int_equal(read("2000-02-29T00:00:00Z"), INT64_C(951782400000));
  assert_int_equal(read("0001-01-01T00:00:00Z"), FIRST_MS);
  assert_int_equal(read("9999-12-31T23:59:59.999Z"), LAST_MS);
}

TEST(date_rfc3339_leap_second_is_clamped) {
  assert_int_equal(read("2016-12-31T23:59:60Z"), read("2016-12-31T23:59:59Z"));
  assert_int_equal(read("2017-01-01T01:59:60+02:00"), read("2016-12-31T23:59:59Z"));
}

TEST(date_rfc3339_invalid_is_rejected) {
  const char *bad[] = {"",
                       "2016",
                       "2016-01-30",
                       "2016-01-30T23:50:00",
                       "2016-01-30T23:50",
                       "2016-01-30T23Z",
                       "2016-1-30T23:50:00Z",
                       "16-01-30T23:50:00Z",
                       "2016-01-30T23:50:0Z",
                       "2016-01-30T23:50:00Z ",
                       " 2016-01-30T23:50:00Z",
                       "2016-01-30X23:50:00Z",
                       "2016-01-30T23:50:00.Z",
                       "2016-01-30T23:50:00,5Z",
                       "2016-01-30T23:50:00.5",
                       "2016-01-30T23:50:00+0000",
                       "2016-01-30T23:50:00+00",
                       "2016-01-30T23:50:00+24:00",
                       "2016-01-30T23:50:00+00:60",
                       "2016-01-30T23:50:00Z+00:00",
                       "2016-01-30T23:50:00zz",
                       "2016-00-30T23:50:00Z",
                       "2016-13-30T23:50:00Z",
                       "2016-01-00T23:50:00Z",
                       "2016-01-32T23:50:00Z",
                       "2016-04-31T23:50:00Z",
                       "2016-02-30T23:50:00Z",
                       "2015-02-29T23:50:00Z",
                       "1900-02-29T23:50:00Z",
                       "2016-01-30T24:00:00Z",
                       "2016-01-30T23:60:00Z",
                       "2016-01-30T23:50:61Z",
                       "0000-01-01T00:00:00Z",
                       "0001-01-01T00:00:00+00:01",
                       "9999-12-31T23:59:00-00:01",
                       "-001-01-01T00:00:00Z",
                       "+2016-01-30T23:50:00Z",
                       "20160130T235000Z",
                       "1454197800"};
  int64_t ms = 99;

  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (ia_date_rfc3339(bad[i], strlen(bad[i]), &ms))
      fail_msg("\"%s\" was taken for a time", bad[i]);
  }
  assert_false(ia_date_rfc3339(NULL, 0, &ms));
  assert_false(ia_date_rfc3339("2016-01-30T23:50:00Z\0", 21, &ms));
  assert_int_equal(ms, 99);
}

TEST(date_rfc3339_truncated_is_rejected) {
  const char *text = "2016-01-30T23:50:00.5+01:00";
  for (size_t length = 0; length < strlen(text); length++) {
    char *exact = malloc(length == 0 ? 1 : length); // without a NUL, for AddressSanitizer to watch
    assert_non_null(exact);
    memcpy(exact, text, length);
    int64_t ms;
    assert_false(ia_date_rfc3339(exact, length, &ms));
    free(exact);
  }
}

// Every day of the calendar, compared with a count of days per month.
TEST(date_format_every_day_round_trips) {
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t ms = FIRST_MS;
  for (int year = 1; year <= 9999; year++) {
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    for (int month = 1; month <= 12; month++) {
      int days = month == 2 && leap ? 29 : lengths[month - 1];
      for (int day = 1; day <= days; day++, ms += 86400000) {
        char expected[64], buffer[32];
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00Z", year, month, day);
        if (!ia_date_format(ms, false, buffer) || strcmp(buffer, expected) != 0)
          fail_msg("%s", expected);
        int64_t back = 0;
        if (!ia_date_rfc3339(buffer, 20, &back) || back != ms)
          fail_msg("%s reads as another day", buffer);
      }
    }
  }
  assert_int_equal(ms, LAST_MS + 1);
}

TEST(date_format_random_times_round_trip) {
  uint64_t random = 7;
  for (int i = 0; i < 200000; i++) {
    int64_t ms = FIRST_MS + (int64_t)(testing_random(&random) % (uint64_t)(LAST_MS - FIRST_MS + 1));
    char buffer[32], again[32];
    int64_t back = 0;
    assert_true(ia_date_format(ms, true, buffer));
    assert_int_equal(strlen(buffer), 24);
    assert_true(ia_date_rfc3339(buffer, 24, &back));
    assert_int_equal(back, ms);
    assert_true(ia_date_format(ms, false, buffer));
    assert_int_equal(strlen(buffer), 20);
    assert_true(ia_date_rfc3339(buffer, 20, &back));
    assert_true(back <= ms && ms - back < 1000); // truncated, not rounded, also before 1970
    assert_true(ia_date_format(back, false, again));
    assert_string_equal(buffer, again);
  }
}

TEST(date_http_format_matches_strftime) {
  uint64_t random = 3;
  for (int i = 0; i < 20000; i++) {
    time_t seconds = (time_t)(testing_random(&random) % UINT64_C(253402300800));
    struct tm parts;
    char expected[64], buffer[32];
    assert_non_null(gmtime_r(&seconds, &parts));
    assert_int_equal(strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &parts),
                     29); // in the C locale
    assert_true(ia_date_http_format((int64_t)seconds * 1000 + 999, buffer));
    assert_string_equal(buffer, expected);
    int64_t back = 0;
    assert_true(ia_date_http(buffer, &back));
    assert_int_equal(back, (int64_t)seconds * 1000);
  }
}

static int64_t read_http(const char *text) {
  int64_t ms = -77;
  if (!ia_date_http(text, &ms)) fail_msg("\"%s\" is a date", text);
  return ms;
}

TEST(date_http_three_forms_are_read) {
  assert_int_equal(read_http("Wed, 11 Mar 2020 01:48:20 GMT"), INT64_C(1583891300000));
  assert_int_equal(read_http("Wednesday, 11-Mar-20 01:48:20 GMT"), INT64_C(1583891300000));
  assert_int_equal(read_http("Wed Mar 11 01:48:20 2020"), INT64_C(1583891300000));
  assert_int_equal(read_http("Sun, 06 Nov 1994 08:49:37 GMT"),
                   INT64_C(784111777000)); // the example of the RFC
  assert_int_equal(read_http("Sunday, 06-Nov-94 08:49:37 GMT"), INT64_C(784111777000));
  assert_int_equal(read_http("Sun Nov  6 08:49:37 1994"), INT64_C(784111777000));
  assert_int_equal(read_http("Sun Nov 06 08:49:37 1994"), INT64_C(784111777000));
}

TEST(date_http_every_weekday_is_read) {
  static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                     "Friday", "Saturday", "Sunday"};
  for (int i = 0; i < 7; i++) {
    char text[64];
    snprintf(text, sizeof text, "%s, %02d-Jan-26 00:00:30 GMT", days[i], 5 + i);
    assert_int_equal(read_http(text), (INT64_C(1767571230) + i * 86400) * 1000);
    snprintf(text, sizeof text, "%.3s Jan %2d 00:00:30 2026", days[i], 5 + i);
    assert_int_equal(read_http(text), (INT64_C(1767571230) + i * 86400) * 1000);
  }
}

TEST(date_http_two_digit_year_expanded) {
  assert_int_equal(read_http("Friday, 01-Jan-99 00:00:00 GMT"), read("1999-01-01T00:00:00Z"));
  assert_int_equal(read_http("Saturday, 01-Jan-00 00:00:00 GMT"), read("2000-01-01T00:00:00Z"));
  assert_int_equal(read_http("Thursday, 01-Jan-70 00:00:00 GMT"), read("2070-01-01T00:00:00Z"));
  assert_int_equal(read_http("Thursday, 31-Dec-76 23:59:59 GMT"), read("2076-12-31T23:59:59Z"));
  assert_int_equal(read_http("Saturday, 01-Jan-77 00:00:00 GMT"), read("1977-01-01T00:00:00Z"));
}

TEST(date_http_invalid_is_rejected) {
  int64_t ms = 99;
  const char *bad[] = {"",
                       "120",
                       "Wednesday, 11 Mar 2020 01:48:20 GMT",
                       "Wednesday, 11-Mar-2020 01:48:20 GMT",
                       "Wednesday, 11-Mar-20 01:48:20",
                       "Wednesday, 11-Mar 20 01:48:20 GMT",
                       "Wednesday, 1-Mar-20 01:48:20 GMT",
                       "Wednesday, 30-Feb-20 01:48:20 GMT",
                       "Wednesday 11-Mar-20 01:48:20 GMT",
                       "Wedday, 11-Mar-20 01:48:20 GMT",
                       "Weday, 11-Mar-20 01:48:20 GMT",
                       "wednesday, 11-Mar-20 01:48:20 GMT",
                       "Xyzday, 11-Mar-20 01:48:20 GMT",
                       "Wed, 11-Mar-20 01:48:20 GMT",
                       "Wednesday",
                       "Wed",
                       "Wed Mar 11 01:48:20 2020 GMT",
                       "Wed Mar 11 01:48:20 20",
                       "Wed Mar 11 2020 01:48:20",
                       "Wed Mar 1 01:48:20 2020",
                       "Wed Mar  11 01:48:20 2020",
                       "Wed Mar   1 01:48:20 2020",
                       "Wed Feb 30 01:48:20 2020",
                       "Wed Mar  0 01:48:20 2020",
                       "Wednesday Mar 11 01:48:20 2020",
                       "Wed  Mar 11 01:48:20 2020",
                       "11 Mar 2020 01:48:20 GMT",
                       "Wed, 11 Mar 2020 01:48:20",
                       "Wed, 11 Mar 2020 01:48:20 UTC",
                       "Wed, 11 Mar 2020 01:48:20 GMT ",
                       " Wed, 11 Mar 2020 01:48:20 GMT",
                       "Wed, 11 mar 2020 01:48:20 GMT",
                       "Wed, 11 Mar 2020 24:48:20 GMT",
                       "Wed, 1 Mar 2020 01:48:20 GMT",
                       "Wed, 30 Feb 2020 01:48:20 GMT",
                       "Xyz, 11 Mar 2020 01:48:20 GMT",
                       "Wed, 11 Foo 2020 01:48:20 GMT",
                       "Wed, 11 Mar 0000 01:48:20 GMT",
                       "Wed, 11 Mar 20200 01:48:20 GMT",
                       "We",
                       "Wed, 11 Ma"};

  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (ia_date_http(bad[i], &ms)) fail_msg("\"%s\" was taken for a date", bad[i]);
  }
  assert_false(ia_date_http(NULL, &ms));
  assert_int_equal(ms, 99);
}

TEST(date_format_out_of_range_fails) {
  const int64_t bad[] = {INT64_MIN /* IMGACT_NO_TIME */, INT64_MIN + 1, FIRST_MS - 1, LAST_MS + 1,
                         INT64_MAX};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char buffer[32] = "untouched";
    assert_false(ia_date_format(bad[i], true, buffer));
    assert_false(ia_date_http_format(bad[i], buffer));
    assert_string_equal(buffer, "untouched");
  }
}

int main(void) { return testing_run(NULL, NULL); }
