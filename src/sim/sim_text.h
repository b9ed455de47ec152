/* SPDX-License-Identifier: MIT */
/* Small helpers of the simulator: a growing text, strict numbers, times, percent-encoding, a seeded
 * random sequence. */
#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include <imgact/base.h>
#include <imgact/json.h>
#include <stdbool.h>

#define SIM_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Errors stick: `data` is NULL-safe to read only through sim_text_get. */
typedef struct sim_text {
  char *data;
  size_t length, capacity;
  bool failed;
} sim_text;

void sim_text_add(sim_text *text, const char *bytes, size_t length);
void sim_text_str(sim_text *text, const char *string);
void sim_text_printf(sim_text *text, const char *format, ...) IMGACT_PRINTF(2, 3);
/* Percent-encoded, but for A-Z a-z 0-9 - . _ ~. */
void sim_text_encode(sim_text *text, const char *string);
/* "" when nothing was added, NULL after an error. */
const char *sim_text_get(const sim_text *text);
/* The bytes, owned by the caller (NULL after an error); the text is empty again. */
char *sim_text_take(sim_text *text);
void sim_text_free(sim_text *text);

char *sim_copy(const char *string); /* NULL stays NULL */
char *sim_copy_n(const char *bytes, size_t length);
/* A JSON string as a C string of its own (U+0000 as C0 80); NULL for anything else or without
 * memory. */
char *sim_copy_json(const imgact_json *value);
/* Replaces *slot; false without memory, *slot as it was. NULL text clears it. */
bool sim_replace(char **slot, const char *string);

/* Digits only, 1 to 18 of them. */
bool sim_parse_id(const char *string, int64_t *out);
/* RFC 3339 as the simulator writes it: "2016-01-30T23:50:00Z", "...+00:00", fractions cut to ms. */
bool sim_parse_time(const char *string, int64_t *out_ms);
void sim_format_time(int64_t ms, char buffer[32]);
void sim_format_http_date(int64_t ms, char buffer[32]);

/* Decodes %XX and "+" in place and returns the new length; a broken escape stays as it is. */
size_t sim_decode(char *text);
/* UTF-8 without NUL? */
bool sim_utf8(const char *text, size_t length);

uint64_t sim_hash(const char *string);
/* splitmix64: the next number of a sequence; one below `limit`; one in [0, 1). */
uint64_t sim_random(uint64_t *state);
uint64_t sim_random_below(uint64_t *state, uint64_t limit);
double sim_random_unit(uint64_t *state);

#endif
