/* SPDX-License-Identifier: MIT */
/* Growing text, strict numbers, times, percent-encoding, UTF-8, random numbers from a seed. */
#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include <imgact/base.h>
#include <imgact/json.h>
#include <stdbool.h>

#define SIM_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A growing text. After an error further additions are ignored. Read it with sim_text_get(). */
typedef struct sim_text {
  char *data;
  size_t length, capacity;
  bool failed;
} sim_text;

void sim_text_add(sim_text *text, const char *bytes, size_t length);
void sim_text_str(sim_text *text, const char *string);
void sim_text_printf(sim_text *text, const char *format, ...) IMGACT_PRINTF(2, 3);
/* Adds percent-encoded text; A-Z a-z 0-9 - . _ ~ stay as they are. */
void sim_text_encode(sim_text *text, const char *string);
/* Returns the text; NULL after an error. */
const char *sim_text_get(const sim_text *text);
/* Passes ownership of the bytes to the caller and empties the text. NULL after an error. */
char *sim_text_take(sim_text *text);
void sim_text_free(sim_text *text);

char *sim_copy(const char *string); /* NULL stays NULL */
char *sim_copy_n(const char *bytes, size_t length);
/* Copies a JSON string, with U+0000 as C0 80. NULL for other types or without memory. */
char *sim_copy_json(const imgact_json *value);
/* Replaces *slot by a copy; NULL clears it. Without memory it returns false and changes nothing. */
bool sim_replace(char **slot, const char *string);

/* Parses 1 to 18 digits. */
bool sim_parse_id(const char *string, int64_t *out);
/* Parses RFC 3339 such as "2016-01-30T23:50:00Z" or "...+00:00"; fractions are cut to ms. */
bool sim_parse_time(const char *string, int64_t *out_ms);
void sim_format_time(int64_t ms, char buffer[32]);
void sim_format_http_date(int64_t ms, char buffer[32]);

/* Decodes %XX and "+" in place and returns the new length. Invalid escapes stay as they are. */
size_t sim_decode(char *text);
/* Returns true for UTF-8 without NUL. */
bool sim_utf8(const char *text, size_t length);

uint64_t sim_hash(const char *string);
/* splitmix64: the next number; one below `limit`; one from 0 to below 1. */
uint64_t sim_random(uint64_t *state);
uint64_t sim_random_below(uint64_t *state, uint64_t limit);
double sim_random_unit(uint64_t *state);

#endif
