// SPDX-License-Identifier: MIT
// Looks for the shortest part of the token that counts (the needle: its beginning) and takes away as much of the token as
// follows. Occurrences that overlap go as one: otherwise the end of a token that repeats itself would stay behind.
#include "redact.h"

#include "str.h"

#include <string.h>

#define SHORTEST_SECRET ((size_t)8)

void ia_redactor_init(ia_redactor *redactor, const char *token, size_t length, const char *const *vendor_prefixes) {
  *redactor = (ia_redactor){.token = token, .token_length = length};
  if (token == NULL || length < SHORTEST_SECRET) return;
  size_t common = 0; // the longest vendor prefix: what all tokens share tells nothing
  for (size_t i = 0; vendor_prefixes != NULL && vendor_prefixes[i] != NULL; i++) {
    size_t prefix = strlen(vendor_prefixes[i]);
    if (prefix > common && prefix <= length && memcmp(token, vendor_prefixes[i], prefix) == 0) common = prefix;
  }
  redactor->needle_length = length - common < SHORTEST_SECRET ? length : common + SHORTEST_SECRET;
}

static const char *find(const ia_redactor *redactor, const char *text, size_t length) {
  if (redactor == NULL || redactor->needle_length == 0 || length < redactor->needle_length) return NULL;
  return memmem(text, length, redactor->token, redactor->needle_length);
}

static const char *end_of_match(const ia_redactor *redactor, const char *start, const char *text_end) {
  size_t i = redactor->needle_length, left = (size_t)(text_end - start);
  while (i < redactor->token_length && i < left && start[i] == redactor->token[i]) i++;
  return start + i;
}

typedef struct span {
  const char *start, *end;
} span;

// The next place to blacken; start is NULL when there is none.
static span next_match(const ia_redactor *redactor, const char *text, const char *text_end) {
  const char *start = find(redactor, text, (size_t)(text_end - text));
  if (start == NULL) return (span){NULL, NULL};
  span match = {start, end_of_match(redactor, start, text_end)};
  while ((start = find(redactor, start + 1, (size_t)(text_end - start - 1))) != NULL && start < match.end) {
    const char *end = end_of_match(redactor, start, text_end);
    if (end > match.end) match.end = end;
  }
  return match;
}

bool ia_redact_found(const ia_redactor *redactor, const char *text, size_t length) {
  return find(redactor, text, length) != NULL;
}

void ia_redact(const ia_redactor *redactor, ia_buf *out, const char *text, size_t length) {
  if (length == 0) return;
  const char *end = text + length;
  for (span match = next_match(redactor, text, end); match.start != NULL; match = next_match(redactor, text, end)) {
    ia_buf_add(out, text, (size_t)(match.start - text));
    ia_buf_str(out, IA_REDACTED);
    text = match.end;
  }
  ia_buf_add(out, text, (size_t)(end - text));
}

// ---- text of any kind ----

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

// A number of at most `most` digits; the length read, 0 = none.
static size_t number(const char *text, size_t left, int base, size_t most, unsigned *value) {
  size_t used = 0;
  *value = 0;
  while (used < left && used < most && digit(text[used]) < base)
    *value = *value * (unsigned)base + (unsigned)digit(text[used++]);
  return used;
}

// An escape at the start of the text: its length and what it stands for; 0 = none. Only ASCII matters: tokens are.
static size_t escape(const char *text, size_t left, unsigned *value) {
  if (left > 5 && text[0] == '\\' && (text[1] == 'u' || text[1] == 'U'))
    return number(text + 2, left - 2, 16, 4, value) == 4 ? 6 : 0;
  if (left > 1 && text[0] == '\\') {
    *value = (unsigned char)text[1];
    return 2;
  }
  if (left > 2 && text[0] == '%') return number(text + 1, left - 1, 16, 2, value) == 2 ? 3 : 0;
  if (left < 4 || text[0] != '&' || text[1] != '#') return 0;
  size_t prefix = (text[2] | 0x20) == 'x' ? 3 : 2;
  size_t digits = number(text + prefix, left - prefix, prefix == 3 ? 16 : 10, 7, value);
  return digits > 0 && prefix + digits < left && text[prefix + digits] == ';' ? prefix + digits + 1 : 0;
}

static void unescape(const char *text, size_t length, ia_buf *out) {
  for (size_t i = 0; i < length;) {
    unsigned value = 0;
    size_t used = escape(text + i, length - i, &value);
    ia_buf_char(out, used == 0 ? text[i] : value > 0 && value < 0x80 ? (char)value : '?');
    i += used == 0 ? 1 : used;
  }
}

// Twice: what was quoted once more on its way has its escapes escaped. Without memory nothing is known, so nothing is shown.
static bool hides_token(const ia_redactor *redactor, const imgact_allocator *allocator, const char *text, size_t length) {
  ia_buf once, twice;
  ia_buf_init(&once, allocator, length);
  ia_buf_init(&twice, allocator, length);
  unescape(text, length, &once);
  if (once.state == IA_BUF_OK) unescape(once.data, once.length, &twice);
  bool hidden = once.state != IA_BUF_OK || twice.state != IA_BUF_OK || ia_redact_found(redactor, once.data, once.length) ||
                ia_redact_found(redactor, twice.data, twice.length);
  ia_buf_free(&once);
  ia_buf_free(&twice);
  return hidden;
}

void ia_redact_text(const ia_redactor *redactor, ia_buf *out, const char *text, size_t length) {
  size_t start = out->length;
  ia_redact(redactor, out, text, length);
  if (out->state != IA_BUF_OK || out->length == start || redactor == NULL || redactor->needle_length == 0) return;
  if (!hides_token(redactor, out->allocator, out->data + start, out->length - start)) return;
  out->length = start;
  ia_buf_str(out, IA_REDACTED);
}

// Moves what follows once for each match: this is for short fixed buffers.
size_t ia_redact_in_place(const ia_redactor *redactor, char *text, size_t length, size_t capacity) {
  size_t from = 0;
  for (;;) {
    span match = next_match(redactor, text + from, text + length);
    if (match.start == NULL || capacity == 0) return length;
    size_t start = (size_t)(match.start - text), end = (size_t)(match.end - text);
    size_t room = capacity - 1 - start, mark = sizeof IA_REDACTED - 1;
    if (mark > room) mark = room;
    size_t rest = ia_utf8_cut(text + end, length - end, room - mark);
    memmove(text + start + mark, text + end, rest);
    memcpy(text + start, IA_REDACTED, mark);
    from = start + mark;
    length = from + rest;
    text[length] = '\0';
  }
}
