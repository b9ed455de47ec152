// SPDX-License-Identifier: MIT
/*
 * Searches for a quotation mark behind such a key, then finds the end of the member's value.
 *
 * JSON inside a JSON string has a backslash before each quotation mark, JSON inside this one three,
 * then seven. `depth` is this number of backslashes: a quotation mark with other backslashes before
 * it is a character of a string, or ends the string around the document.
 */
#include "redact_members.h"

#include "redact.h"

#include <string.h>

static const char *const endings[] = {"email", "password", "user_data"};

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool ends_with(const char *text, size_t length, const char *ending) {
  size_t n = strlen(ending), i = 0;
  if (length < n) return false;
  while (i < n && lower(text[length - n + i]) == ending[i]) i++;
  return i == n;
}

bool ia_is_hidden_member(const char *key, size_t length) {
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (ends_with(key, length, endings[i])) return true;
  return false;
}

typedef struct source {
  const char *at;
  size_t length;
} source;

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static size_t skip_spaces(const source *t, size_t at) {
  while (at < t->length && is_space(t->at[at])) at++;
  return at;
}

static size_t count_backslashes(const source *t, size_t at) {
  size_t n = 0;
  while (at + n < t->length && t->at[at + n] == '\\') n++;
  return n;
}

typedef enum mark { MARK_NONE, MARK_QUOTE, MARK_OUTER } mark;

/* Returns what the quotation mark after so many backslashes is in a document of that depth: a
 * delimiter, a character of a string, or the end of the string around the document. */
static mark mark_of(size_t backslashes, size_t depth) {
  if ((backslashes & depth) != depth) return MARK_OUTER;
  return backslashes % (2 * (depth + 1)) == depth ? MARK_QUOTE : MARK_NONE;
}

/* Returns the end of a string that begins before `at`, with its quotation mark; the end of the
 * text, or of the string around the document, if it is cut. */
static size_t end_of_string(const source *t, size_t at, size_t depth) {
  while (at < t->length) {
    size_t n = count_backslashes(t, at);
    bool quoted = at + n < t->length && t->at[at + n] == '"';
    mark found = quoted ? mark_of(n, depth) : MARK_NONE;
    if (found == MARK_QUOTE) return at + n + 1;
    if (found == MARK_OUTER) return at;
    at += n + 1;
  }
  return t->length;
}

/* Returns the end of an object or array that begins at `at`. */
static size_t end_of_container(const source *t, size_t at, size_t depth) {
  size_t open = 0;
  while (at < t->length) {
    size_t n = count_backslashes(t, at);
    char c = at + n < t->length ? t->at[at + n] : '\0';
    if (c == '"') {
      if (mark_of(n, depth) == MARK_OUTER) return at;
      at = end_of_string(t, at + n + 1, depth);
      continue;
    }
    at += n + 1;
    if (c == '{' || c == '[') open++;
    if ((c == '}' || c == ']') && --open == 0) return at;
  }
  return t->length;
}

static size_t end_of_scalar(const source *t, size_t at) {
  while (at < t->length && !is_space(t->at[at]) && !strchr(",]}\"\\", t->at[at])) at++;
  return at;
}

static bool is_word(const source *t, size_t at, size_t end) {
  static const char *const words[] = {"null", "true", "false"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (end - at == strlen(words[i]) && !memcmp(t->at + at, words[i], end - at)) return true;
  return false;
}

/* Returns the end of the value to hide that begins at `at`; `at` itself: there is none. */
static size_t end_of_value(const source *t, size_t at, size_t depth) {
  size_t n = count_backslashes(t, at), end;
  if (at + n < t->length && t->at[at + n] == '"') {
    if (n != depth) return at;
    end = end_of_string(t, at + n + 1, depth);
    bool empty = end == at + 2 * (n + 1) && t->at[end - 1] == '"';
    return empty ? at : end;
  }
  if (at < t->length && (t->at[at] == '{' || t->at[at] == '['))
    return end_of_container(t, at, depth);
  end = end_of_scalar(t, at);
  return is_word(t, at, end) ? at : end;
}

/* Returns where the value of a hidden member begins, if the quotation mark at `quote` ends its key;
 * 0 = it does not. */
static size_t value_after(const source *t, size_t quote, size_t *depth) {
  size_t key = quote;
  while (key > 0 && t->at[key - 1] == '\\') key--;
  *depth = quote - key;
  if ((*depth & (*depth + 1)) || !ia_is_hidden_member(t->at, key)) return 0;
  size_t colon = skip_spaces(t, quote + 1);
  return colon < t->length && t->at[colon] == ':' ? skip_spaces(t, colon + 1) : 0;
}

static void add_hidden(ia_buf *out, size_t depth) {
  for (size_t i = 0; i < depth; i++) ia_buf_char(out, '\\');
  ia_buf_str(out, "\"" IA_REDACTED);
  for (size_t i = 0; i < depth; i++) ia_buf_char(out, '\\');
  ia_buf_char(out, '"');
}

void ia_redact_members(ia_buf *out, const char *text, size_t length) {
  const source t = {text, length};
  size_t kept = 0, depth;
  const char *quote;
  for (size_t at = 0; at < length && (quote = memchr(text + at, '"', length - at));) {
    at = (size_t)(quote - text) + 1;
    size_t value = value_after(&t, at - 1, &depth);
    size_t end = value ? end_of_value(&t, value, depth) : 0;
    if (end <= value) continue;
    ia_buf_add(out, text + kept, value - kept);
    add_hidden(out, depth);
    at = kept = end;
  }
  ia_buf_add(out, text + kept, length - kept);
}
