/* SPDX-License-Identifier: MIT */
/* Escaped forms of text: in JSON, in JSON for a terminal, and in a table cell or message. */
#ifndef IA_ESCAPE_H
#define IA_ESCAPE_H

#include <stddef.h>

typedef enum ia_escape_form {
  IA_ESCAPE_JSON,          /* a JSON string, without its quotes */
  IA_ESCAPE_TERMINAL_JSON, /* the same, with terminal control characters escaped too */
  IA_ESCAPE_TERMINAL,      /* plain text for a terminal */
  IA_ESCAPE_FORMS
} ia_escape_form;

/* One character in its escaped form. */
typedef struct ia_escaped {
  char text[8];
  unsigned char length;
  unsigned char source_length; /* length of the character before escaping */
} ia_escaped;

/* Escapes the first character of the text; length must not be 0. A byte of invalid UTF-8 is
 * returned unchanged. */
ia_escaped ia_escape(ia_escape_form form, const char *text, size_t length);

#endif
