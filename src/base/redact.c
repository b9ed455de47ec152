// SPDX-License-Identifier: MIT
/*
 * Finds the shortest prefix of the token that counts as secret (min_match_length) and removes as
 * much of the token as follows it.
 *
 * - Overlapping matches are removed together; otherwise the end of a repetitive token would remain.
 * - A text is searched as it is and as the library will write it, because the end of an escape such
 * as \u001d can be the start of a token.
 * - Encoded text is compared character by character after decoding.
 * - In base64 only those characters are compared that do not depend on the bytes before and after
 * the token.
 */
#include "redact.h"

#include "base64.h"
#include "escape.h"
#include "str.h"
#include "unescape.h"

#include <string.h>

#define SHORTEST_SECRET ((size_t)8)

/* Forms of a token: plain, or in base64, starting at byte 0, 1 or 2 of a group of three. */
enum { PLAIN, BASE64, FORMS = IA_REDACT_FORMS };

/* The base64 characters that depend only on the first `length` bytes of the token, if that starts
 * `shift` bytes into a group of three: the first such character, and their number. */
static size_t fixed_from(size_t shift) { return (8 * shift + 5) / 6; }
static size_t fixed_count(size_t shift, size_t length) {
  return 8 * (shift + length) / 6 - fixed_from(shift);
}

static size_t form_length(size_t form, size_t length) {
  return form == PLAIN ? length : fixed_count(form - BASE64, length);
}

static char form_character(const ia_redactor *redactor, size_t form, size_t i) {
  if (form == PLAIN) return redactor->token[i];
  size_t shift = form - BASE64, bit = 6 * (fixed_from(shift) + i) - 8 * shift, byte = bit / 8;
  unsigned two = (unsigned)(unsigned char)redactor->token[byte] << 8;
  if (byte + 1 < redactor->token_length) two |= (unsigned char)redactor->token[byte + 1];
  return ia_base64_alphabet[two >> (10 - bit % 8) & 63];
}

static bool has_escape(const char *token, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (ia_unescape_begins(token[i])) return true;
  return false;
}

void ia_redactor_init(ia_redactor *redactor, const char *token, size_t length,
                      const char *const *vendor_prefixes) {
  *redactor = (ia_redactor){.token = token, .token_length = length};
  if (!token || length < SHORTEST_SECRET) return;
  size_t common = 0; /* length of the vendor prefix; it is public, so that it does not count */
  for (size_t i = 0; vendor_prefixes && vendor_prefixes[i]; i++) {
    size_t prefix = strlen(vendor_prefixes[i]);
    if (prefix > common && prefix <= length && memcmp(token, vendor_prefixes[i], prefix) == 0)
      common = prefix;
  }

  redactor->min_match_length =
      length - common < SHORTEST_SECRET ? length : common + SHORTEST_SECRET;
  redactor->ambiguous = has_escape(token, length);
  redactor->has_backslash = memchr(token, '\\', length) != NULL;
  redactor->begins_as_escape_ends =
      redactor->has_backslash || strchr("u0123456789abcdefnrt\"", token[0]);
  for (size_t form = 0; form < FORMS; form++)
    redactor->first[form] = form_character(redactor, form, 0);
}

static const char *find(const ia_redactor *redactor, const char *text, size_t length) {
  if (!redactor || redactor->min_match_length == 0 || length < redactor->min_match_length)
    return NULL;
  return memmem(text, length, redactor->token, redactor->min_match_length);
}

static const char *end_of_match(const ia_redactor *redactor, const char *start,
                                const char *text_end) {
  size_t i = redactor->min_match_length, left = (size_t)(text_end - start);
  while (i < redactor->token_length && i < left && start[i] == redactor->token[i]) i++;
  return start + i;
}

typedef struct range {
  const char *start, *end;
} range;

static range find_as_is(const ia_redactor *redactor, const char *text, const char *text_end) {
  const char *start = find(redactor, text, (size_t)(text_end - text));
  return start ? (range){start, end_of_match(redactor, start, text_end)} : (range){NULL, NULL};
}

/* ---- escaped by a writer ---- */

/* Returns how many bytes of the text, once escaped and without the first `skip` bytes of the
 * result, match enough of the token; 0 = no match. A character of which only some escaped bytes
 * match counts as a whole. */
static size_t match_written(const ia_redactor *redactor, ia_escape_form form, const char *text,
                            size_t length, size_t skip) {
  size_t at = 0, matched = 0;
  while (at < length && matched < redactor->token_length) {
    ia_escaped c = ia_escape(form, text + at, length - at);
    size_t i = skip, before = matched;
    for (;
         i < c.length && matched < redactor->token_length && c.text[i] == redactor->token[matched];
         i++)
      matched++;
    if (matched > before) at += c.source_length;
    if (i < c.length) break;
    skip = 0;
  }

  return matched >= redactor->min_match_length ? at : 0;
}

/* Returns true if a match may start inside the escaped form of this character. If the token has no
 * backslash, only characters that are escaped can start one. */
static bool is_start(const ia_redactor *redactor, const ia_escaped *c) {
  return redactor->has_backslash || (c->text[0] == '\\' && c->length > 1);
}

/* Returns the longest match that starts inside the first character, in any escaped form. */
static size_t match_start(const ia_redactor *redactor, const char *text, size_t length) {
  size_t longest = 0;
  for (int form = 0; form < IA_ESCAPE_FORMS; form++) {
    ia_escaped c = ia_escape((ia_escape_form)form, text, length);
    for (size_t skip = 0; is_start(redactor, &c) && skip < c.length; skip++) {
      if (c.text[skip] != redactor->token[0]) continue;
      size_t covered = match_written(redactor, (ia_escape_form)form, text, length, skip);
      if (covered > longest) longest = covered;
    }
  }
  return longest;
}

/* Returns false if no match can start inside the escaped form of this character. Most characters
 * are not escaped. A quotation mark becomes a backslash and itself, so that it matters only if the
 * token begins with one. */
static bool may_be_escaped(const ia_redactor *redactor, char byte) {
  unsigned char c = (unsigned char)byte;
  return redactor->has_backslash || c < 0x20 || c >= 0x7f ||
         (c == '"' && redactor->token[0] == '"');
}

static range find_written(const ia_redactor *redactor, const char *text, const char *text_end) {
  if (!redactor || !redactor->begins_as_escape_ends) return (range){NULL, NULL};
  for (; text < text_end; text++) {
    size_t covered = may_be_escaped(redactor, *text)
                         ? match_start(redactor, text, (size_t)(text_end - text))
                         : 0;
    if (covered > 0) return (range){text, text + covered};
  }
  return (range){NULL, NULL};
}

/* ---- both searches ---- */

/* A search from left to right. The plain and the escaped search each keep their last match until
 * the position has passed it; otherwise each match of one would repeat the other to the end of the
 * text. */
typedef struct search {
  const ia_redactor *redactor;
  const char *end;
  range as_is, written; /* start is NULL before the first search */
  bool no_more_as_is, no_more_written;
} search;

static search new_search(const ia_redactor *redactor, const char *text, size_t length) {
  return (search){.redactor = redactor, .end = text + length};
}

/* Returns the first match at or after `from`, which never decreases; start is NULL if there is
 * none. */
static range first_match(search *s, const char *from) {
  if (!s->no_more_as_is && (!s->as_is.start || s->as_is.start < from)) {
    s->as_is = find_as_is(s->redactor, from, s->end);
    s->no_more_as_is = !s->as_is.start;
  }
  if (!s->no_more_written && (!s->written.start || s->written.start < from)) {
    s->written = find_written(s->redactor, from, s->end);
    s->no_more_written = !s->written.start;
  }
  if (s->no_more_as_is) return s->written;
  return !s->no_more_written && s->written.start < s->as_is.start ? s->written : s->as_is;
}

/* Returns the next range to replace, overlapping matches merged; start is NULL if there is none. */
static range next_match(search *s, const char *from) {
  range match = first_match(s, from);
  if (!match.start) return match;
  for (range more = match; (more = first_match(s, more.start + 1)).start && more.start < match.end;)
    if (more.end > match.end) match.end = more.end;
  return match;
}

bool ia_redact_found(const ia_redactor *redactor, const char *text, size_t length) {
  if (length == 0) return false;
  return ia_redact_found_as_is(redactor, text, length) ||
         find_written(redactor, text, text + length).start != NULL;
}

bool ia_redact_found_as_is(const ia_redactor *redactor, const char *text, size_t length) {
  return find(redactor, text, length) != NULL;
}

/* Length of the longest escape without its backslash: "u001d". */
#define ESCAPE_END ((size_t)5)

bool ia_redact_may_be_completed(const ia_redactor *redactor, const char *text, size_t length) {
  if (!redactor || !redactor->begins_as_escape_ends) return false;
  if (redactor->has_backslash) return true;
  return memmem(text, length, redactor->token + ESCAPE_END,
                redactor->min_match_length - ESCAPE_END) != NULL;
}

void ia_redact(const ia_redactor *redactor, ia_buf *out, const char *text, size_t length) {
  if (length == 0) return;
  const char *end = text + length;
  search s = new_search(redactor, text, length);
  for (range match = next_match(&s, text); match.start; match = next_match(&s, text)) {
    ia_buf_add(out, text, (size_t)(match.start - text));
    ia_buf_str(out, IA_REDACTED);
    text = match.end;
  }
  ia_buf_add(out, text, (size_t)(end - text));
}

/* ---- encoded text ---- */

/* Base64 for URLs is compared as standard base64. */
static bool is_same(int c, char wanted, size_t form) {
  if (form != PLAIN && c == '-') c = '+';
  if (form != PLAIN && c == '_') c = '/';
  return c == (unsigned char)wanted;
}

/* Returns how many bytes at the start of the text encode the character; 0 = they do not. Layer
 * `first` is tried first. */
static size_t encoded_length(const char *text, size_t length, char wanted, size_t form,
                             unsigned first) {
  if (!ia_unescape_begins(text[0])) return is_same((unsigned char)text[0], wanted, form);
  for (unsigned i = 0; i <= IA_UNESCAPE_LAYERS; i++) {
    int c;
    size_t bytes = ia_unescape(text, length, (first + i) % (IA_UNESCAPE_LAYERS + 1), &c);
    if (is_same(c, wanted, form)) return bytes;
  }
  return 0;
}

static size_t match(const ia_redactor *redactor, const char *text, size_t length, size_t form,
                    unsigned first) {
  size_t whole = form_length(form, redactor->token_length), at = 0, matched = 0;
  while (matched < whole && at < length) {
    size_t bytes = encoded_length(text + at, length - at, form_character(redactor, form, matched),
                                  form, first);
    if (bytes == 0) break;
    at += bytes;
    matched++;
  }
  return matched >= form_length(form, redactor->min_match_length) ? at : 0;
}

/* If the token contains characters that begin escapes, such a character may be plain or begin an
 * escape: each layer is then tried first. */
static size_t match_any(const ia_redactor *redactor, const char *text, size_t length, size_t form) {
  unsigned tries = form == PLAIN && redactor->ambiguous ? IA_UNESCAPE_LAYERS : 0;
  size_t covered = 0;
  for (unsigned first = 0; first <= tries && covered == 0; first++)
    covered = match(redactor, text, length, form, first);
  return covered;
}

static bool is_base64(int c) {
  return c > 0 && c < 0x80 && (strchr(ia_base64_alphabet, c) || c == '-' || c == '_' || c == '=');
}

/* Returns the length of the base64 characters after the match: the first still has bits of the
 * token's last byte. */
static size_t base64_tail(const char *text, size_t length) {
  size_t at = 0;
  while (at < length) {
    int c;
    size_t bytes = ia_unescape(text + at, length - at, IA_UNESCAPE_LAYERS, &c);
    if (!is_base64(c)) break;
    at += bytes;
  }
  return at;
}

/* All readings of the first character: the byte itself and, if it begins an escape, the decoded
 * character for each number of layers. */
typedef struct decodings {
  int c[IA_UNESCAPE_LAYERS + 1];
  unsigned count;
} decodings;

static decodings read_first(const char *text, size_t length) {
  decodings first = {.c = {(unsigned char)text[0]}, .count = 1};
  if (!ia_unescape_begins(text[0])) return first;
  for (; first.count <= IA_UNESCAPE_LAYERS; first.count++)
    (void)ia_unescape(text, length, first.count, &first.c[first.count]);
  return first;
}

/* Returns false for most positions of a text, which makes the search fast. */
static bool can_start(const ia_redactor *redactor, size_t form, const decodings *first) {
  for (unsigned i = 0; i < first->count; i++)
    if (is_same(first->c[i], redactor->first[form], form)) return true;
  return false;
}

size_t ia_redact_match_encoded(const ia_redactor *redactor, const char *text, size_t length) {
  if (!redactor || redactor->min_match_length == 0 || length == 0) return 0;
  decodings first = read_first(text, length);
  for (size_t form = PLAIN; form < FORMS; form++) {
    size_t covered =
        can_start(redactor, form, &first) ? match_any(redactor, text, length, form) : 0;
    if (covered > 0 && form != PLAIN) covered += base64_tail(text + covered, length - covered);
    if (covered > 0) return covered;
  }
  bool completes = redactor->begins_as_escape_ends && may_be_escaped(redactor, text[0]);
  return completes ? match_start(redactor, text, length) : 0;
}

bool ia_redact_found_encoded(const ia_redactor *redactor, const char *text, size_t length) {
  for (size_t at = 0; at < length; at++)
    if (ia_redact_match_encoded(redactor, text + at, length - at) > 0) return true;
  return false;
}

/* Returns true if the token occurs in another form than plain. A match may begin plain and continue
 * encoded. */
static bool hides_token(const ia_redactor *redactor, const char *text, size_t length) {
  for (size_t at = 0; at < length; at++) {
    size_t covered = ia_redact_match_encoded(redactor, text + at, length - at);
    if (covered > redactor->token_length || memcmp(text + at, redactor->token, covered) != 0)
      return true;
  }
  return false;
}

void ia_redact_text(const ia_redactor *redactor, ia_buf *out, const char *text, size_t length) {
  if (redactor && redactor->min_match_length > 0 && hides_token(redactor, text, length))
    ia_buf_str(out, IA_REDACTED);
  else
    ia_redact(redactor, out, text, length);
}

/* Moves the rest of the text once for each match, which is acceptable for short fixed buffers. */
size_t ia_redact_in_place(const ia_redactor *redactor, char *text, size_t length, size_t capacity) {
  size_t from = 0;
  for (;;) {
    search s = new_search(redactor, text + from, length - from);
    range match = next_match(&s, text + from);
    if (!match.start || capacity == 0) return length;
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
