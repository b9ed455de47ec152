// SPDX-License-Identifier: MIT
#include "age.h"

#include <imgact/provider.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const int64_t second = 1000, minute = 60000, hour = 3600000, day = 86400000,
                     week = 604800000;

/* Parses digits up to 2^31. Returns the text after them; NULL if there are none. */
static const char *parse_number(const char *text, int64_t *value) {
  const char *at = text;
  for (*value = 0; *at >= '0' && *at <= '9'; at++) {
    *value = *value * 10 + (*at - '0');
    if (*value > INT32_MAX) return NULL;
  }
  return at == text ? NULL : at;
}

bool cli_duration_parse(const char *text, int64_t *duration_ms) {
  const struct {
    const char *name;
    int64_t ms;
  } units[] = {{"w", week}, {"d", day}, {"h", hour}, {"ms", 1}, {"m", minute}, {"s", second}};
  const size_t count = sizeof units / sizeof units[0];
  int64_t sum = 0, last = INT64_MAX;

  for (const char *at = text; *at || at == text;) {
    int64_t number;
    at = parse_number(at, &number);
    if (!at) return false;
    size_t i = 0;
    while (i < count && strncmp(at, units[i].name, strlen(units[i].name)) != 0) i++;
    if (i == count || units[i].ms >= last) return false;
    last = units[i].ms;
    sum += number * last; /* at most 2^31 of each unit: no overflow */
    at += strlen(units[i].name);
  }

  *duration_ms = sum;
  return true;
}

/* The library also reads times without seconds, which are no RFC 3339. */
static bool parse_time(const char *text, int64_t *time_ms) {
  char json[64];
  size_t length = strlen(text);
  bool plain = length >= 20 && strspn(text, "0123456789-+:.TtZz ") == length && text[16] == ':';
  if (!plain || length + 3 > sizeof json) return false;

  snprintf(json, sizeof json, "\"%s\"", text);
  imgact_json_doc *doc = NULL;
  if (imgact_json_doc_parse(json, length + 2, NULL, &doc, NULL, 0)) return false;
  *time_ms = imgact_decode_time(imgact_json_doc_root(doc));
  imgact_json_doc_free(doc);
  return *time_ms != IMGACT_NO_TIME;
}

bool cli_age_parse(const char *text, int64_t now_ms, cli_age *age) {
  int64_t duration_ms = 0;
  *age = (cli_age){.text = text, .is_duration = cli_duration_parse(text, &duration_ms)};
  if (!age->is_duration) return parse_time(text, &age->at_ms);
  age->at_ms = now_ms - duration_ms;
  return true;
}

void cli_age_text(int64_t age_ms, char text[24]) {
  const struct {
    int64_t below, unit;
    char letter;
  } forms[] = {{minute, second, 's'}, {hour, minute, 'm'},     {2 * day, hour, 'h'},
               {2 * week, day, 'd'},  {104 * week, week, 'w'}, {INT64_MAX, 52 * week, 'y'}};
  size_t i = 0;
  if (age_ms < 0) age_ms = 0; /* the clocks differ */
  while (age_ms >= forms[i].below && i + 1 < sizeof forms / sizeof forms[0]) i++;
  snprintf(text, 24, "%" PRId64 "%c", age_ms / forms[i].unit, forms[i].letter);
}
