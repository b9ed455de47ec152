/* SPDX-License-Identifier: MIT */
/* Parsing replies: bounded, strict, redacted. imgact/json.h is the reader and writer; only json.c
 * knows the JSON library. */
#ifndef IA_JSON_DOC_H
#define IA_JSON_DOC_H

#include "arena.h"
#include "redact.h"
#include <imgact/json.h>

#define IA_JSON_MAX_BYTES ((size_t)32 << 20)
#define IA_JSON_MAX_DEPTH 64
/* The parsed values of a text take at most this many times the bytes that the text may have. Two
 * bytes ("0,") can become a value of 16; the values of usual documents take at most twice the bytes
 * of their text. Less than 3 would reject long texts at once: the JSON library first takes 16 bytes
 * for each 6 bytes of text. */
#define IA_JSON_MAX_GROWTH 3

typedef enum ia_json_status {
  IA_JSON_OK,
  IA_JSON_MALFORMED,
  IA_JSON_TOO_DEEP,
  IA_JSON_TOO_LARGE,
  IA_JSON_NOMEM
} ia_json_status;

/*
 * Parses one document: UTF-8, nothing but blanks after it, depth at most 64. Unpaired surrogates
 * become U+FFFD, U+0000 is kept, numbers beyond 64 bits keep their text. With a redactor every
 * string and key is redacted. `what` (may be NULL) gets a sentence on failure. The text itself is
 * not kept and not changed.
 */
ia_json_status ia_json_parse(const char *text, size_t length, const imgact_allocator *allocator,
                             const ia_redactor *redactor, imgact_json_doc **doc, char *what,
                             size_t what_capacity);
/* The same with a ceiling of its own, for files. */
ia_json_status ia_json_parse_up_to(size_t max_bytes, const char *text, size_t length,
                                   const imgact_allocator *allocator, const ia_redactor *redactor,
                                   imgact_json_doc **doc, char *what, size_t what_capacity);
/* Returns a value as compact JSON text of at most `max` bytes in an arena. NULL: no memory, or
 * (*too_large) a longer text.
 */
char *ia_json_print(const imgact_json *value, size_t max, ia_arena *arena,
                    const imgact_allocator *scratch, bool *too_large);
/* A string value as a C string (U+0000 as C0 80) in an arena; NULL for anything else, *nomem set
 * when there is no memory. */
char *ia_json_string(const imgact_json *value, ia_arena *arena, bool *nomem);
/* Returns true if two numbers were sent with the same characters. */
bool ia_json_same_digits(const imgact_json *a, const imgact_json *b);
/* Returns true if a text is one number that a double can hold, and nothing else. */
bool ia_json_is_number(const char *text);
/* Returns true if a number was sent without a fraction and an exponent. */
bool ia_json_is_digits(const imgact_json *number);
/* Follows names separated by "." from an object; NULL if a part is missing. An empty path is the
 * value itself; a "." in front is passed over. */
const imgact_json *ia_json_at_n(const imgact_json *value, const char *path, size_t length);
/* A member of an object; its key may contain U+0000, and its value is NULL if it is null. */
typedef struct ia_json_member {
  const char *key;
  size_t length;
  const imgact_json *value;
} ia_json_member;
/* Returns the next members of an object, at most max; 0 at its end, and if it is no object. */
size_t ia_json_members(imgact_json_iter *iter, ia_json_member *members, size_t max);
/* Returns a number's text as it was sent, and its length; NULL if the value is no number. */
const char *ia_json_number(const imgact_json *value, size_t *length);
/* Appends the shortest text that reads back the same: 10, not 10.0; null for NaN and infinity. */
void ia_json_double_text(double number, ia_buf *out);
/* Appends text as the inside of a JSON string, with the quotes. */
void ia_json_quote(ia_buf *out, const char *text, size_t length);

#endif
