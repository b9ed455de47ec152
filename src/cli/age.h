/* SPDX-License-Identifier: MIT */
/* Durations and ages, as texts. */
#ifndef IMGACT_CLI_AGE_H
#define IMGACT_CLI_AGE_H

#include <stdbool.h>
#include <stdint.h>

/* Value of a flag that takes an age. */
typedef struct cli_age {
  const char *text;
  int64_t at_ms;    /* the time that is meant, Unix ms */
  bool is_duration; /* before now; else the text is this time */
} cli_age;

/* Parses "250ms", "5s", "2m", "1h30m", "30d", "2w": each unit at most once, larger units first. */
bool cli_duration_parse(const char *text, int64_t *duration_ms);
/* Parses a duration or an RFC 3339 time. */
bool cli_age_parse(const char *text, int64_t now_ms, cli_age *age);
/* Writes an age as people say it: "45s", "12m", "30h", "10d", "7w", "2y". */
void cli_age_text(int64_t age_ms, char text[24]);

#endif
