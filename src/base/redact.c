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
