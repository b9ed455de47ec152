/* SPDX-License-Identifier: MIT */
/* Characters as texts spell them: as they are, or with escapes of JSON, of URLs or of HTML, also
 * inside each other. */
#ifndef IA_UNESCAPE_H
#define IA_UNESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* A message that was quoted in a message, and that one once more: further layers are not taken off.
 */
#define IA_UNESCAPE_LAYERS 3u
/* Longer spellings of one character are not read. */
#define IA_UNESCAPE_MAX_BYTES 63

static inline bool ia_unescape_begins(char c) { return c == '\\' || c == '%' || c == '&'; }

/* The character that the text starts with once so many layers of escapes are taken off: how many
 * bytes spell it, and what it is. Where there is no escape it is the byte itself. length > 0. */
size_t ia_unescape(const char *text, size_t length, unsigned layers, int *c);

#endif
