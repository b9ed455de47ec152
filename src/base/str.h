/* SPDX-License-Identifier: MIT */
/* String functions: strict integers, UTF-8, percent-encoding, URLs, comparison. */
#ifndef IA_STR_H
#define IA_STR_H

#include "buf.h"

/* Parses decimal digits with an optional "-". Returns false on anything else and on overflow. */
bool ia_str_int64(const char *text, int64_t *out);
bool ia_str_equal(const char *a, const char *b);        /* NULL equals only NULL */
bool ia_str_equal_nocase(const char *a, const char *b); /* ASCII only; false if one is NULL */
bool ia_str_starts(const char *text, const char *prefix);
/* Returns true if the text is valid UTF-8. nul_pair allows C0 80, the library's form of U+0000. */
bool ia_utf8_valid(const char *text, size_t length, bool nul_pair);
/* Returns the length of the first character, 1 to 4 bytes; 0 if it is not valid. */
size_t ia_utf8_char(const char *text, size_t length, bool nul_pair);
/* Length of the longest prefix of at most max bytes that ends with a whole character. */
size_t ia_utf8_cut(const char *text, size_t length, size_t max);
/* Copies as many whole characters as fit; NUL-terminated if capacity is not 0. */
void ia_str_copy(char *buffer, size_t capacity, const char *text);
void ia_str_copy_n(char *buffer, size_t capacity, const char *text, size_t length);
/* Percent-encodes all bytes except A-Z a-z 0-9 - . _ ~. */
void ia_percent_encode(ia_buf *out, const char *text);
/* Decodes %XX and, if plus_is_space, "+". An invalid escape is copied. */
void ia_percent_decode(ia_buf *out, const char *text, size_t length, bool plus_is_space);

/* Parts of an absolute http or https URL; the pointers refer to the parsed text. */
typedef struct ia_url {
  const char *host, *path,
      *query; /* path: begins with "/" or is empty; query: what follows "?", without the fragment */
  size_t host_length, path_length, query_length;
  int port; /* 0 = the URL names none */
  bool https;
  bool loopback; /* the host is written as localhost, 127.0.0.0/8 or [::1] */
} ia_url;
/* Returns NULL, or the problem of the URL ("it has no host"). Rejects user info, whitespace,
 * control characters and non-ASCII characters. */
const char *ia_url_parse(const char *text, ia_url *url);

/* Returns a 64-bit hash (FNV-1a with a final mix). */
uint64_t ia_hash(const char *text, size_t length);

#endif
