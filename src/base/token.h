/* SPDX-License-Identifier: MIT */
/*
 * The rule for API tokens, whatever their source: an environment variable, a file, a command, an
 * option or a callback.
 *
 * A token is one word of printable ASCII without quotation marks. Whitespace around it is ignored.
 * What surrounds a token in configuration files and HTTP headers is rejected: the server would
 * answer 401 and may quote the bare token, which no redactor would recognise.
 */
#ifndef IA_TOKEN_H
#define IA_TOKEN_H

#include <stddef.h>

#define IA_TOKEN_MAX_LENGTH 4095

typedef struct ia_token {
  const char *text; /* within the text that was checked; not terminated */
  size_t length;
} ia_token;

/* Sets *token to the token within text. Returns NULL, or what is wrong with it and the remedy; that
 * text never quotes the token. */
const char *ia_token_find(const char *text, size_t length, ia_token *token);

#endif
