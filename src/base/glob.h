/* SPDX-License-Identifier: MIT */
/* Patterns of file names, applied to any text. */
#ifndef IA_GLOB_H
#define IA_GLOB_H

#include <stdbool.h>

/* Returns true if the pattern matches the whole text, by the rules of fnmatch(3) without flags:
 * "*",
 * "?", "[a-z]", "[!a-z]", "[[:digit:]]", "\" before a literal character. "?" and "[...]" match one
 * character of UTF-8, in any locale; ranges are ordered by code point, and classes contain ASCII
 * characters only. */
bool ia_glob_match(const char *pattern, const char *text);

#endif
