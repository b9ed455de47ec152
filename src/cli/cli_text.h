/* SPDX-License-Identifier: MIT */
/* A growing buffer, UTF-8, display width, edit distance. */
#ifndef IMGACT_CLI_TEXT_H
#define IMGACT_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NUL-terminated after the first addition. failed: out of memory; later additions do nothing. */
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

/* Decodes one character of valid UTF-8, or C0 80 as U+0000. Returns its length; 0 if invalid. */
size_t cli_utf8_decode(const char *text, uint32_t *point);
bool cli_utf8_valid(const char *text);

/* Returns true for control characters, line separators and bidirectional controls. */
bool cli_must_be_escaped(uint32_t point);
/* Adds text for one line of a terminal: characters that must be escaped become \n, \t or \u001b. */
void cli_buffer_visible(cli_buffer *buffer, const char *text);
/* The length of the longest prefix of at most max bytes that ends at a character boundary. */
size_t cli_text_cut(const char *text, size_t max);
/* The width in terminal columns. */
size_t cli_display_width(const char *text);

/* The edit distance of two words; SIZE_MAX if they are too different for a suggestion. */
size_t cli_edit_distance(const char *word, const char *candidate);

#endif
