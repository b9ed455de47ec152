/* SPDX-License-Identifier: MIT */
/* How texts are written: by the JSON writer, by the tool as JSON, and by the tool in a table cell
 * or a message. */
#ifndef IA_ESCAPE_H
#define IA_ESCAPE_H

#include <stddef.h>

typedef enum ia_escape_form {
  IA_ESCAPE_JSON,          /* inside the quotes of a JSON string */
  IA_ESCAPE_TERMINAL_JSON, /* the same, without any character that a terminal obeys */
  IA_ESCAPE_TERMINAL,      /* as text */
  IA_ESCAPE_FORMS
} ia_escape_form;

/* The bytes of one character as they are written. */
typedef struct ia_escaped {
  char text[8];
  unsigned char length;
  unsigned char source_length; /* bytes of the character itself */
} ia_escaped;

/* Writes the first character of the text; length > 0. Invalid UTF-8 is written byte by byte, as it
 * is. */
ia_escaped ia_escape(ia_escape_form form, const char *text, size_t length);

#endif
