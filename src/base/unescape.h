/* SPDX-License-Identifier: MIT */
/* Decoding of characters that may be escaped for JSON, URLs or HTML, also in several layers. */
#ifndef IA_UNESCAPE_H
#define IA_UNESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* A message quoted in a message that is quoted again has three layers; more are not decoded. */
#define IA_UNESCAPE_LAYERS 3u
/* A longer encoding of one character is not decoded. */
#define IA_UNESCAPE_MAX_BYTES 63

static inline bool ia_unescape_begins(char c) { return c == '\\' || c == '%' || c == '&'; }

/* Decodes the first character of the text through `layers` layers of escapes, into *c. Returns how
 * many bytes encode it. Without an escape the character is the first byte. length must not be 0. */
size_t ia_unescape(const char *text, size_t length, unsigned layers, int *c);

#endif
