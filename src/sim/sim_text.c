// SPDX-License-Identifier: MIT
/* Texts have at most MAX_BYTES. Dates are proleptic Gregorian and independent of the locale. */
#include "sim_text.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)64 << 20)

static bool grow(sim_text *text, size_t more) {
  if (text->failed || more > MAX_BYTES || text->length + more > MAX_BYTES) {
    text->failed = true;
    return false;
  }
  size_t need = text->length + more + 1;
  if (need <= text->capacity) return true;

  size_t capacity = text->capacity ? text->capacity : 128;
  while (capacity < need) capacity *= 2;
  char *data = realloc(text->data, capacity);
  if (!data) {
    text->failed = true;
    return false;
  }
  text->data = data;
  text->capacity = capacity;

  return true;
}

void sim_text_add(sim_text *text, const char *bytes, size_t length) {
  if (!grow(text, length)) return;
  if (length) memcpy(text->data + text->length, bytes, length);
  text->length += length;
  text->data[text->length] = 0;
}

void sim_text_str(sim_text *text, const char *string) {
  sim_text_add(text, string, strlen(string));
}

void sim_text_printf(sim_text *text, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length >= 0 && grow(text, (size_t)length)) {
    vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
    text->length += (size_t)length;
  } else {
    text->failed = true;
  }
  va_end(again);
}

void sim_text_encode(sim_text *text, const char *string) {
  for (const char *c = string; *c; c++) {
    if (isalnum((unsigned char)*c) || strchr("-._~", *c))
      sim_text_add(text, c, 1);
    else
      sim_text_printf(text, "%%%02X", (unsigned)(unsigned char)*c);
  }
}

const char *sim_text_get(const sim_text *text) {
  if (text->failed) return NULL;
  return text->data ? text->data : "";
}

char *sim_text_take(sim_text *text) {
  char *data = text->failed ? NULL : text->data;
  if (text->failed)
    free(text->data);
  else if (!data)
    data = sim_copy("");
  *text = (sim_text){0};
  return data;
}

void sim_text_free(sim_text *text) {
  free(text->data);
  *text = (sim_text){0};
}

char *sim_copy_n(const char *bytes, size_t length) {
  char *copy = malloc(length + 1);
  if (!copy) return NULL;
  if (length) memcpy(copy, bytes, length);
  copy[length] = 0;
  return copy;
}

char *sim_copy(const char *string) { return string ? sim_copy_n(string, strlen(string)) : NULL; }

char *sim_copy_json(const imgact_json *value) {
  size_t length = 0;
  const char *bytes = imgact_json_as_string(value, &length);
  if (!bytes) return NULL;
  size_t zeros = 0;
  for (size_t i = 0; i < length; i++) zeros += bytes[i] == 0;
  char *copy = malloc(length + zeros + 1);
  if (!copy) return NULL;

  char *to = copy;
  for (size_t i = 0; i < length; i++) {
    if (bytes[i]) {
      *to++ = bytes[i];
    } else {
      *to++ = (char)0xC0;
      *to++ = (char)0x80;
    }
  }

  *to = 0;
  return copy;
}

bool sim_replace(char **slot, const char *string) {
  char *copy = sim_copy(string);
  if (string && !copy) return false;
  free(*slot);
  *slot = copy;
  return true;
}

bool sim_parse_id(const char *string, int64_t *out) {
  size_t length = strlen(string);
  if (length < 1 || length > 18) return false;
  int64_t value = 0;
  for (size_t i = 0; i < length; i++) {
    if (!isdigit((unsigned char)string[i])) return false;
    value = value * 10 + (string[i] - '0');
  }
  *out = value;
  return true;
}

/* Days since 1970-01-01, counted in 400-year eras that start in March. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

typedef struct date {
  int64_t year, month, day, hour, minute, second, ms, weekday;
} date;

static date date_from_ms(int64_t ms) {
  int64_t days = ms / 86400000 - (ms % 86400000 < 0), rest = ms - days * 86400000;
  int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  int64_t of_era = shifted - era * 146097;
  int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
  date d = {.day = of_year - (153 * month + 2) / 5 + 1,
            .month = month < 10 ? month + 3 : month - 9};

  d.year = year + era * 400 + (d.month <= 2);
  d.hour = rest / 3600000;
  d.minute = rest / 60000 % 60;
  d.second = rest / 1000 % 60;
  d.ms = rest % 1000;
  d.weekday = ((days + 4) % 7 + 7) % 7;

  return d;
}

static bool digits(const char **at, int count, int64_t *out) {
  int64_t value = 0;
  for (int i = 0; i < count; i++, (*at)++) {
    if (!isdigit((unsigned char)**at)) return false;
    value = value * 10 + (**at - '0');
  }
  *out = value;
  return true;
}

static bool literal(const char **at, char c) {
  if (**at != c) return false;
  (*at)++;
  return true;
}

static bool in(int64_t value, int64_t low, int64_t high) { return value >= low && value <= high; }

static bool offset(const char **at, int64_t *minutes) {
  if (literal(at, 'Z')) return true;
  int64_t sign = **at == '-' ? -1 : 1, hour, minute;
  if (**at != '-' && **at != '+') return false;
  (*at)++;
  if (!digits(at, 2, &hour) || !literal(at, ':') || !digits(at, 2, &minute) || hour > 23 ||
      minute > 59)
    return false;
  *minutes = sign * (hour * 60 + minute);
  return true;
}

bool sim_parse_time(const char *string, int64_t *out_ms) {
  date d = {0};
  int64_t minutes = 0, scale = 100;
  const char *at = string;
  if (!digits(&at, 4, &d.year) || !literal(&at, '-') || !digits(&at, 2, &d.month) ||
      !literal(&at, '-') || !digits(&at, 2, &d.day) || !literal(&at, 'T') ||
      !digits(&at, 2, &d.hour) || !literal(&at, ':') || !digits(&at, 2, &d.minute))
    return false;
  if (literal(&at, ':') && !digits(&at, 2, &d.second)) return false;

  if (literal(&at, '.'))
    for (; isdigit((unsigned char)*at); at++, scale /= 10) d.ms += (*at - '0') * scale;
  if (!offset(&at, &minutes) || *at || !in(d.year, 1, 9999) || !in(d.month, 1, 12) ||
      !in(d.day, 1, 31) || d.hour > 23 || d.minute > 59 || d.second > 60)
    return false;
  int64_t days = days_from_date(d.year, d.month, d.day);

  *out_ms = (days * 86400 + d.hour * 3600 + (d.minute - minutes) * 60 + d.second) * 1000 + d.ms;
  return true;
}

void sim_format_time(int64_t ms, char buffer[32]) {
  date d = date_from_ms(ms);
  snprintf(buffer, 32, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)d.year % 10000,
           (unsigned)d.month % 100, (unsigned)d.day % 100, (unsigned)d.hour % 100,
           (unsigned)d.minute % 100, (unsigned)d.second % 100);
}

void sim_format_http_date(int64_t ms, char buffer[32]) {
  static const char names[] = "SunMonTueWedThuFriSatJanFebMarAprMayJunJulAugSepOctNovDec";
  date d = date_from_ms(ms);
  snprintf(buffer, 32, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", names + 3 * d.weekday,
           (unsigned)d.day % 100, names + 21 + 3 * (d.month - 1), (unsigned)d.year % 10000,
           (unsigned)d.hour % 100, (unsigned)d.minute % 100, (unsigned)d.second % 100);
}

static int hex(char c) {
  if (isdigit((unsigned char)c)) return c - '0';
  c = (char)tolower((unsigned char)c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t sim_decode(char *text) {
  char *to = text;
  for (const char *from = text; *from; from++) {
    if (*from == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0) {
      *to++ = (char)(hex(from[1]) * 16 + hex(from[2]));
      from += 2;
    } else {
      *to++ = *from == '+' ? ' ' : *from;
    }
  }
  *to = 0;
  return (size_t)(to - text);
}

/* Returns the number of bytes after the first one, or -1 if it is not a first byte. *least: the
 * smallest character of that length. */
static int followers(unsigned char first, uint32_t *least, uint32_t *value) {
  if (first < 0x80) {
    *least = 0;
    *value = first;
    return 0;
  }

  int count = first >= 0xF0 && first < 0xF8   ? 3
              : first >= 0xE0 && first < 0xF0 ? 2
              : first >= 0xC2 && first < 0xE0 ? 1
                                              : -1;
  if (count < 0) return -1;

  *least = count == 3 ? 0x10000 : count == 2 ? 0x800 : 0x80;
  *value = first & (0x3Fu >> count);
  return count;
}

bool sim_utf8(const char *text, size_t length) {
  for (size_t i = 0; i < length;) {
    uint32_t least = 0, value = 0;
    int more = followers((unsigned char)text[i++], &least, &value);
    if (more < 0 || (size_t)more > length - i) return false;
    for (; more; more--, i++) {
      if (((unsigned char)text[i] & 0xC0) != 0x80) return false;
      value = value << 6 | ((unsigned char)text[i] & 0x3F);
    }
    if (!value || value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
      return false;
  }
  return true;
}

uint64_t sim_hash(const char *string) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (; *string; string++) hash = (hash ^ (unsigned char)*string) * UINT64_C(1099511628211);
  return sim_random(&hash);
}

uint64_t sim_random(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

uint64_t sim_random_below(uint64_t *state, uint64_t limit) {
  return limit ? sim_random(state) % limit : 0;
}

double sim_random_unit(uint64_t *state) { return (double)(sim_random(state) >> 11) * 0x1.0p-53; }
