// SPDX-License-Identifier: MIT
/* Buffers, UTF-8 and display width. Text from a server may be hostile: invalid UTF-8 is shown as
 * U+FFFD; characters that move the cursor or break a row are escaped. */
#include "cli_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void cli_buffer_add(cli_buffer *buffer, const char *text, size_t length) {
  if (buffer->failed) return;

  if (length >= buffer->capacity - buffer->length) { /* including the NUL */
    if (length > SIZE_MAX / 4 || buffer->length > SIZE_MAX / 4) {
      buffer->failed = true;
      return;
    }
    size_t capacity = 2 * (buffer->length + length) + 64;
    char *data = realloc(buffer->data, capacity);
    if (!data) {
      buffer->failed = true;
      return;
    }
    buffer->data = data;
    buffer->capacity = capacity;
  }

  memcpy(buffer->data + buffer->length, text, length);
  buffer->length += length;
  buffer->data[buffer->length] = '\0';
}

void cli_buffer_text(cli_buffer *buffer, const char *text) {
  cli_buffer_add(buffer, text, strlen(text));
}

void cli_buffer_clear(cli_buffer *buffer) {
  buffer->length = 0;
  if (buffer->data) buffer->data[0] = '\0';
}

void cli_buffer_free(cli_buffer *buffer) {
  free(buffer->data);
  *buffer = (cli_buffer){0};
}

size_t cli_utf8_decode(const char *text, uint32_t *point) {
  const unsigned char *at = (const unsigned char *)text;
  if (at[0] < 0x80) {
    *point = at[0];
    return at[0] ? 1 : 0;
  }
  if (at[0] == 0xC0 && at[1] == 0x80) {
    *point = 0;
    return 2;
  }
  size_t length = at[0] >= 0xC2 && at[0] < 0xE0   ? 2
                  : (at[0] & 0xF0) == 0xE0        ? 3
                  : at[0] >= 0xF0 && at[0] < 0xF5 ? 4
                                                  : 0;
  if (!length) return 0;

  uint32_t value = at[0] & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((at[i] & 0xC0) != 0x80) return 0;
    value = value << 6 | (at[i] & 0x3Fu);
  }
  if ((length == 3 && value < 0x800) || (length == 4 && (value < 0x10000 || value > 0x10FFFF)))
    return 0;
  if (value >= 0xD800 && value < 0xE000) return 0;

  *point = value;
  return length;
}

bool cli_utf8_valid(const char *text) {
  uint32_t point;
  for (size_t length; *text; text += length) {
    length = cli_utf8_decode(text, &point);
    if (!length || !point) return false;
  }
  return true;
}

bool cli_must_be_escaped(uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 || point == 0x2029 ||
         (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

static void add_escape(cli_buffer *buffer, uint32_t point) {
  char escape[12];
  const char *brief = point == '\n' ? "\\n" : point == '\t' ? "\\t" : point == '\r' ? "\\r" : NULL;
  if (!brief) snprintf(escape, sizeof escape, "\\u%04x", (unsigned)point);
  cli_buffer_text(buffer, brief ? brief : escape);
}

void cli_buffer_visible(cli_buffer *buffer, const char *text) {
  while (*text) {
    uint32_t point = 0;
    size_t length = cli_utf8_decode(text, &point);
    if (!length)
      cli_buffer_text(buffer, "\xEF\xBF\xBD");
    else if (cli_must_be_escaped(point))
      add_escape(buffer, point);
    else
      cli_buffer_add(buffer, text, length);
    text += length ? length : 1;
  }
}

size_t cli_text_cut(const char *text, size_t max) {
  size_t length = strlen(text);
  if (length <= max) return length;
  while (max && ((unsigned char)text[max] & 0xC0) == 0x80) max--;
  return max;
}

size_t cli_display_width(const char *text) {
  size_t width = 0;
  while (*text) {
    uint32_t point = 0;
    size_t length = cli_utf8_decode(text, &point);
    int columns = length ? wcwidth((wchar_t)point) : 1;
    width += columns < 0 ? 1 : (size_t)columns; /* < 0: unknown to the C library */
    text += length ? length : 1;
  }
  return width;
}

#define LONGEST_WORD 32

/* Levenshtein distance, in one row. */
size_t cli_edit_distance(const char *word, const char *candidate) {
  size_t rows = strlen(word), columns = strlen(candidate);
  if (!rows || rows >= LONGEST_WORD || columns >= LONGEST_WORD) return SIZE_MAX;

  size_t row[LONGEST_WORD];
  for (size_t j = 0; j <= columns; j++) row[j] = j;
  for (size_t i = 1; i <= rows; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= columns; j++) {
      size_t replaced = diagonal + (word[i - 1] != candidate[j - 1]);
      diagonal = row[j];
      size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
      row[j] = replaced <= shorter ? replaced : shorter + 1;
    }
  }

  return row[columns] <= (columns + 2) / 3 ? row[columns] : SIZE_MAX;
}
