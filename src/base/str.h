/* SPDX-License-Identifier: MIT */
/* Text helpers without meaning of their own: strict integers, UTF-8, percent-encoding, comparison.
 */
#ifndef IA_STR_H
#define IA_STR_H

#include "buf.h"

/* Decimal digits with an optional "-", nothing else, no overflow. */
bool ia_str_int64(const char *text, int64_t *out);
bool ia_str_equal(const char *a, const char *b);        /* NULL equals NULL only */
bool ia_str_equal_nocase(const char *a, const char *b); /* ASCII letters in any case; not of NULL */
bool ia_str_starts(const char *text, const char *prefix);
/* Whole and valid UTF-8 (no surrogates, no overlong forms but C0 80 where nul_pair). */
bool ia_utf8_valid(const char *text, size_t length, bool nul_pair);
/* The bytes of the valid character at the start, 1 to 4; 0 where there is none. */
size_t ia_utf8_char(const char *text, size_t length, bool nul_pair);
/* The longest prefix of at most max bytes that ends at a whole character. */
size_t ia_utf8_cut(const char *text, size_t length, size_t max);
/* Copies, cut at a whole character, always NUL-terminated. */
void ia_str_copy(char *buffer, size_t capacity, const char *text);
void ia_str_copy_n(char *buffer, size_t capacity, const char *text, size_t length);
/* Everything but A-Z a-z 0-9 - . _ ~ becomes %XX. */
void ia_percent_encode(ia_buf *out, const char *text);
/* Decodes %XX and, where plus_is_blank, "+"; a broken escape stays as it is. */
void ia_percent_decode(ia_buf *out, const char *text, size_t length, bool plus_is_blank);

/* The parts of an absolute http or https URL, as spans of it. */
typedef struct ia_url {
  const char *host, *path,
      *query; /* path starts at "/" or is empty; query is what follows "?", without the fragment */
  size_t host_length, path_length, query_length;
  int port; /* 0 = not given */
  bool https;
  bool loopback; /* the host is localhost, 127.0.0.0/8 or [::1] by its spelling */
} ia_url;
/* NULL if it is one; else what is wrong with it: "it has no host", ... Refused too: user info,
 * control characters, blanks, characters beyond ASCII. */
const char *ia_url_parse(const char *text, ia_url *url);

/* A 64-bit hash of bytes (FNV-1a, mixed). */
uint64_t ia_hash(const char *text, size_t length);

#endif
