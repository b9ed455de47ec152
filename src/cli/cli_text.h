/* SPDX-License-Identifier: MIT */
/* Bytes and characters: a growing buffer, UTF-8, display width, distance of words. */
#ifndef IMGACT_CLI_TEXT_H
#define IMGACT_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Always NUL-terminated once something was added; a failure (no memory) sticks. */
typedef struct cli_buffer {
  char *data;
  size_t length, capacity;
  bool failed;
} cli_buffer;

void cli_buffer_add(cli_buffer *buffer, const char *text, size_t length);
void cli_buffer_text(cli_buffer *buffer, const char *text);
void cli_buffer_clear(cli_buffer *buffer);
void cli_buffer_free(cli_buffer *buffer);
static inline const char *cli_buffer_get(const cli_buffer *buffer) {
  return buffer->data ? buffer->data : "";
}

/* One character of valid UTF-8, or C0 80 as U+0000; returns its bytes, 0 if it is none. */
size_t cli_utf8_decode(const char *text, uint32_t *point);
bool cli_utf8_valid(const char *text);

/* A control character, a line separator, or what turns the direction of writing. */
bool cli_must_be_escaped(uint32_t point);
/* Adds text so that it stays on one line of a terminal: control characters, line separators and
 * what turns the direction of writing become \n, \t or \u001b. */
void cli_buffer_visible(cli_buffer *buffer, const char *text);
/* The longest prefix of at most max bytes that ends at a whole character. */
size_t cli_text_cut(const char *text, size_t max);
/* Columns on a terminal. */
size_t cli_display_width(const char *text);

/* Is `candidate` close enough to be what somebody meant? Lower is closer; SIZE_MAX = no. */
size_t cli_edit_distance(const char *word, const char *candidate);

#endif
