// SPDX-License-Identifier: MIT
/* Reads and writes times without the functions of the C library, which depend on locale and time
 * zone. The calendar is the proleptic Gregorian one. Days are counted in eras of 400 years that
 * start on 1 March, so that a leap day is the last day of its year. */
#include "date.h"

#include <string.h>

#define MS_PER_DAY    INT64_C(86400000)
#define DAYS_PER_ERA  INT64_C(146097)
#define DAYS_TO_EPOCH INT64_C(719468)            /* from 0000-03-01 to 1970-01-01 */
#define FIRST_MS      (INT64_C(-62135596800000)) /* 0001-01-01T00:00:00Z */
#define LAST_MS       (INT64_C(253402300799999)) /* 9999-12-31T23:59:59.999Z */

typedef struct civil {
  int year, month, day, hour, minute, second, ms;
} civil;

static bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

static int days_in_month(int year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Returns true if the date exists. Changes a leap second to the second before it. */
static bool normalise(civil *time) {
  if (time->year < 1 || time->month < 1 || time->month > 12) return false;
  if (time->day < 1 || time->day > days_in_month(time->year, time->month)) return false;
  if (time->second == 60) time->second = 59;
  return time->hour <= 23 && time->minute <= 59 && time->second <= 59;
}

static int64_t to_ms(const civil *time) {
  int64_t year = time->month > 2 ? time->year
                                 : time->year - 1; /* the year that starts in March; not negative */
  int64_t month = time->month > 2 ? time->month - 3 : time->month + 9;
  int64_t day_of_year =
      (153 * month + 2) / 5 + time->day - 1; /* five months from March on have 153 days */
  int64_t year_of_era = year % 400;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  int64_t days = year / 400 * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
  int64_t seconds = ((int64_t)time->hour * 60 + time->minute) * 60 + time->second;
  return days * MS_PER_DAY + seconds * 1000 + time->ms;
}

/* Splits a time within the years 1 to 9999. Returns the day of the week, 0 = Thursday. */
static int from_ms(int64_t ms, civil *time) {
  int64_t days = (ms - FIRST_MS) / MS_PER_DAY +
                 FIRST_MS / MS_PER_DAY; /* rounds down: both divisions are exact or positive */
  int64_t of_day = ms - days * MS_PER_DAY;
  int64_t day = days + DAYS_TO_EPOCH;
  int64_t day_of_era = day % DAYS_PER_ERA;
  int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month = (5 * day_of_year + 2) / 153;
  time->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
  time->month = (int)(month < 10 ? month + 3 : month - 9);
  time->year = (int)(day / DAYS_PER_ERA * 400 + year_of_era + (month < 10 ? 0 : 1));
  time->hour = (int)(of_day / 3600000);
  time->minute = (int)(of_day / 60000 % 60);
  time->second = (int)(of_day / 1000 % 60);
  time->ms = (int)(of_day % 1000);

  return (int)(((days % 7) + 7) % 7);
}

/* ---- reading ---- */

/* A text and the read position. Once a part is missing or invalid, `wrong` stays set. */
typedef struct reader {
  const char *at, *end;
  bool wrong;
} reader;

static char peek(const reader *in) { return in->at < in->end ? *in->at : '\0'; }

static bool accept(reader *in, const char *any_of) {
  char c = peek(in);
  if (c == '\0' || !strchr(any_of, c)) return false;
  in->at++;
  return true;
}

static void expect(reader *in, const char *any_of) {
  if (!accept(in, any_of)) in->wrong = true;
}

static bool next_digit(reader *in, int *digit) {
  char c = peek(in);
  if (c < '0' || c > '9') return false;
  *digit = c - '0';
  in->at++;
  return true;
}

static int number(reader *in, int digits) {
  int value = 0, digit = 0;
  while (digits-- > 0) {
    if (!next_digit(in, &digit)) {
      in->wrong = true;
      return 0;
    }
    value = value * 10 + digit;
  }
  return value;
}

/* Reads the digits after the decimal point; those after the third are ignored. */
static int fraction_ms(reader *in) {
  int ms = 0, digit = 0, weight = 100;
  if (!next_digit(in, &digit)) {
    in->wrong = true;
    return 0;
  }
  do {
    ms += digit * weight;
    weight /= 10;
  } while (next_digit(in, &digit));
  return ms;
}

static int64_t offset_ms(reader *in) {
  if (accept(in, "Zz")) return 0;
  bool west = peek(in) == '-';
  expect(in, "+-");
  int hours = number(in, 2);
  expect(in, ":");
  int minutes = number(in, 2);
  if (hours > 23 || minutes > 59) in->wrong = true;
  return (west ? -1 : 1) * (hours * 60 + minutes) * INT64_C(60000);
}

bool ia_date_rfc3339(const char *text, size_t length, int64_t *out_ms) {
  if (!text) return false;

  reader in = {.at = text, .end = text + length};
  civil time = {0};
  time.year = number(&in, 4);
  expect(&in, "-");
  time.month = number(&in, 2);
  expect(&in, "-");
  time.day = number(&in, 2);
  expect(&in, "Tt ");
  time.hour = number(&in, 2);
  expect(&in, ":");
  time.minute = number(&in, 2);
  if (accept(&in, ":")) {
    time.second = number(&in, 2);
    if (accept(&in, ".")) time.ms = fraction_ms(&in);
  }

  int64_t offset = offset_ms(&in);
  if (in.wrong || in.at != in.end || !normalise(&time)) return false;
  int64_t ms = to_ms(&time) - offset;
  if (ms < FIRST_MS || ms > LAST_MS) return false; /* the offset can lead to year 0 or 10000 */
  *out_ms = ms;
  return true;
}

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekdays[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */

/* Returns the index of a three-letter name in `names`; -1 if none matches. */
static int name(reader *in, const char *names) {
  for (int i = 0; in->end - in->at >= 3 && names[i * 3] != '\0'; i++) {
    if (memcmp(in->at, names + i * 3, 3) == 0) {
      in->at += 3;
      return i;
    }
  }
  in->wrong = true;
  return -1;
}

static void expect_text(reader *in, const char *text) {
  size_t length = strlen(text);
  if ((size_t)(in->end - in->at) < length || memcmp(in->at, text, length) != 0) {
    in->wrong = true;
  } else {
    in->at += length;
  }
}

static void time_of_day(reader *in, civil *time) {
  expect_text(in, " ");
  time->hour = number(in, 2);
  expect_text(in, ":");
  time->minute = number(in, 2);
  expect_text(in, ":");
  time->second = number(in, 2);
}

/* "11 Mar 2020 01:48:20 GMT", "11-Mar-20 01:48:20 GMT" */
static void day_first(reader *in, const char *separator, int year_digits, civil *time) {
  expect_text(in, ", ");
  time->day = number(in, 2);
  expect_text(in, separator);
  time->month = name(in, months) + 1;
  expect_text(in, separator);
  time->year = number(in, year_digits);
  time_of_day(in, time);
  expect_text(in, " GMT");
}

/* Returns the year for two digits: at most 50 years in the future (RFC 9110, 5.6.7), relative to
 * 2026, since the current time is not known here. */
static int full_year(int year) { return year + (year <= 76 ? 2000 : 1900); }

/* " Mar  1 01:48:20 2020" */
static void month_first(reader *in, civil *time) {
  expect_text(in, " ");
  time->month = name(in, months) + 1;
  expect_text(in, " ");
  time->day = accept(in, " ") ? number(in, 1) : number(in, 2);
  time_of_day(in, time);
  expect_text(in, " ");
  time->year = number(in, 4);
}

/* The three forms differ after the first three letters of the weekday. */
bool ia_date_http(const char *text, int64_t *out_ms) {
  static const char *const rest_of_weekdays[] = {"rsday", "day",  "urday", "day",
                                                 "day",   "sday", "nesday"};
  if (!text) return false;

  reader in = {.at = text, .end = text + strlen(text)};
  civil time = {0};
  int weekday = name(&in, weekdays);
  if (peek(&in) == ',') {
    day_first(&in, " ", 4, &time);
  } else if (peek(&in) == ' ') {
    month_first(&in, &time);
  } else if (weekday >= 0) {
    expect_text(&in, rest_of_weekdays[weekday]);
    day_first(&in, "-", 2, &time);
    time.year = full_year(time.year);
  }

  if (in.wrong || in.at != in.end || !normalise(&time)) return false;
  *out_ms = to_ms(&time);
  return true;
}

/* ---- writing ---- */

static char *put_number(char *out, int value, int digits) {
  for (int i = digits - 1; i >= 0; i--, value /= 10) out[i] = (char)('0' + value % 10);
  return out + digits;
}

static char *put_text(char *out, const char *text, size_t length) {
  memcpy(out, text, length);
  return out + length;
}

static char *put_time(char *out, const civil *time) {
  out = put_number(out, time->hour, 2);
  *out++ = ':';
  out = put_number(out, time->minute, 2);
  *out++ = ':';
  return put_number(out, time->second, 2);
}

bool ia_date_format(int64_t ms, bool with_ms, char buffer[32]) {
  if (ms < FIRST_MS || ms > LAST_MS) return false;

  civil time;
  (void)from_ms(ms, &time);
  char *out = put_number(buffer, time.year, 4);
  *out++ = '-';
  out = put_number(out, time.month, 2);
  *out++ = '-';
  out = put_number(out, time.day, 2);
  *out++ = 'T';
  out = put_time(out, &time);
  if (with_ms) {
    *out++ = '.';
    out = put_number(out, time.ms, 3);
  }

  (void)put_text(out, "Z", 2);
  return true;
}

bool ia_date_http_format(int64_t ms, char buffer[32]) {
  if (ms < FIRST_MS || ms > LAST_MS) return false;

  civil time;
  int weekday = from_ms(ms, &time);
  char *out = put_text(buffer, weekdays + weekday * 3, 3);
  out = put_text(out, ", ", 2);
  out = put_number(out, time.day, 2);
  *out++ = ' ';
  out = put_text(out, months + (time.month - 1) * 3, 3);
  *out++ = ' ';
  out = put_number(out, time.year, 4);
  *out++ = ' ';
  out = put_time(out, &time);
  (void)put_text(out, " GMT", 5);
  return true;
}
