// SPDX-License-Identifier: MIT
/* Patterns of file names. fnmatch(3) depends on the locale of the program, which a library must not
 * rely on. */
#include "glob.h"

#include <stdint.h>
#include <string.h>

#include "str.h"

/* Returns the first character, and sets *at after it. A byte that is not UTF-8 is a character of
 * its own, beyond Unicode. */
static uint32_t take_char(const char **at) {
  const unsigned char *bytes = (const unsigned char *)*at;
  size_t length = 1;
  while (length < 4 && bytes[length - 1]) length++;
  length = ia_utf8_char(*at, length, true);
  *at += length ? length : 1;
  if (!length) return 0x110000u + bytes[0];
  if (length == 1) return bytes[0];

  uint32_t code = bytes[0] & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; i++) code = code << 6 | (bytes[i] & 0x3fu);
  return code;
}

/* ---- "[...]" ---- */

static bool is_between(uint32_t c, char first, char last) {
  return c >= (unsigned char)first && c <= (unsigned char)last;
}

static bool is_alpha(uint32_t c) { return is_between(c, 'a', 'z') || is_between(c, 'A', 'Z'); }

static bool is_in_class(uint32_t c, const char *name, size_t length) {
  static const char *const names[] = {"alnum", "alpha", "blank", "cntrl", "digit", "graph",
                                      "lower", "print", "punct", "space", "upper", "xdigit"};
  bool digit = is_between(c, '0', '9'), graph = is_between(c, '!', '~');
  const bool in[] = {is_alpha(c) || digit,
                     is_alpha(c),
                     c == ' ' || c == '\t',
                     c < ' ' || c == 0x7f,
                     digit,
                     graph,
                     is_between(c, 'a', 'z'),
                     graph || c == ' ',
                     graph && !is_alpha(c) && !digit,
                     c == ' ' || is_between(c, '\t', '\r'),
                     is_between(c, 'A', 'Z'),
                     digit || is_between(c, 'a', 'f') || is_between(c, 'A', 'F')};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strlen(names[i]) == length && !memcmp(names[i], name, length)) return in[i];
  return false;
}

/* Returns the end of "[:...:]", "[.....]" or "[=...=]" that starts at `at`; NULL if there is none.
 */
static const char *end_of_named(const char *at, char mark) {
  if (at[0] != '[' || at[1] != mark) return NULL;
  for (at += 2; *at; at++)
    if (at[0] == mark && at[1] == ']') return at;
  return NULL;
}

/* Returns one end of a range, and sets *at after it: a character, also as "\x", "[.x.]", "[=x=]".
 */
static uint32_t take_range_end(const char **at) {
  for (const char *mark = ".="; *mark; mark++) {
    const char *end = end_of_named(*at, *mark), *inner = *at + 2;
    if (!end || end == inner) continue;
    uint32_t c = take_char(&inner);
    if (inner != end) continue;
    *at = end + 2;
    return c;
  }
  if (**at == '\\' && (*at)[1]) ++*at;
  return take_char(at);
}

/* Compares a character with the set whose "[" ends before `at`. Returns the text after its "]";
 * NULL if there is none: then "[" is a literal character. */
static const char *match_set(const char *at, uint32_t c, bool *matches) {
  bool negated = *at == '!' || *at == '^', found = false;
  if (negated) at++;
  for (bool first = true; first || *at != ']'; first = false) {
    if (!*at) return NULL;
    const char *end = end_of_named(at, ':');
    if (end) {
      found = found || is_in_class(c, at + 2, (size_t)(end - at) - 2);
      at = end + 2;
      continue;
    }
    uint32_t low = take_range_end(&at), high = low;
    if (at[0] == '-' && at[1] && at[1] != ']') {
      at++;
      high = take_range_end(&at);
    }
    found = found || (c >= low && c <= high);
  }
  *matches = found != negated;
  return at + 1;
}

/* ---- the pattern ---- */

/* Matches one element of the pattern, not "*", with one character; sets both after them. */
static bool match_one(const char **pattern, const char **text) {
  const char *at = *pattern, *end = NULL;
  uint32_t c = take_char(text);
  bool matches = false;
  if (*at == '[') end = match_set(at + 1, c, &matches);
  if (end) {
    *pattern = end;
    return matches;
  }
  if (*at == '?') {
    ++*pattern;
    return true;
  }
  if (*at == '\\') at++;
  if (!*at) return false;
  matches = take_char(&at) == c;
  *pattern = at;
  return matches;
}

/* Of several "*" only the last one is tried again: an earlier one has matched as little as
 * possible.
 */
bool ia_glob_match(const char *pattern, const char *text) {
  const char *after_star = NULL, *retry = NULL;
  for (;;) {
    if (*pattern == '*') {
      after_star = ++pattern;
      retry = text;
      continue;
    }
    if (!*text) return !*pattern;
    const char *next = pattern, *rest = text;
    if (*pattern && match_one(&next, &rest)) {
      pattern = next;
      text = rest;
      continue;
    }
    if (!after_star) return false;
    (void)take_char(&retry);
    text = retry;
    pattern = after_star;
  }
}
