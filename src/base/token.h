/* SPDX-License-Identifier: MIT */
/*
 * Rules for API tokens from any source: an environment variable, a file, a command, an option or a
 * callback.
 *
 * A token is one word of printable ASCII without quotation marks. Surrounding whitespace is
 * ignored. Text that surrounds tokens in configuration files and HTTP headers is rejected: the
 * server would answer 401 and might quote the bare token, which the redactor would not recognise.
 */
#ifndef IA_TOKEN_H
#define IA_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#define IA_TOKEN_MAX_LENGTH 4095

typedef struct ia_token {
  const char *text; /* points into the checked text; not NUL-terminated */
  size_t length;
} ia_token;

/* Sets *token to the token in text. Returns NULL, or a message with the problem and the remedy,
 * which never quotes the token. */
const char *ia_token_find(const char *text, size_t length, ia_token *token);

/* Returns true if the name of an HTTP header suggests that its value is a credential. */
bool ia_token_header(const char *name);

#endif
