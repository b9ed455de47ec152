// SPDX-License-Identifier: MIT
/* Escapes as the JSON writer and the command-line tool produce them. The redactor needs them to
 * recognise a token in escaped output. The tool has its own copy of the terminal rules
 * (src/cli/cli_text.c), because it uses the public API only; a test compares the two. */
#include "escape.h"

#include "str.h"

#include <stdint.h>
#include <string.h>

static uint32_t code_point(const char *text, size_t bytes) {
  static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  uint32_t code = (unsigned char)text[0] & masks[bytes];
  for (size_t i = 1; i < bytes; i++) code = code << 6 | ((unsigned char)text[i] & 0x3fu);
  return code;
}

/* Returns true for characters that control a terminal: DEL, C1, line and paragraph separators, and
 * text direction. */
static bool moves_terminal(uint32_t code) {
  return (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Returns the letter after the backslash; 0 if the character has no short escape. */
static char short_escape(ia_escape_form form, uint32_t code) {
  static const char pairs[] = "\nn\tt\rr\bb\ff\"\"\\\\";
  size_t known = form == IA_ESCAPE_TERMINAL ? 3 : (sizeof pairs - 1) / 2;
  for (size_t i = 0; i < known; i++)
    if (code == (unsigned char)pairs[2 * i]) return pairs[2 * i + 1];
  return 0;
}

static bool is_escaped(ia_escape_form form, uint32_t code) {
  return code < 0x20 || (form != IA_ESCAPE_JSON && moves_terminal(code));
}

static ia_escaped numbered(uint32_t code, size_t bytes) {
  static const char digits[] = "0123456789abcdef";
  return (ia_escaped){{'\\', 'u', digits[code >> 12 & 15], digits[code >> 8 & 15],
                       digits[code >> 4 & 15], digits[code & 15]},
                      6,
                      (unsigned char)bytes};
}

ia_escaped ia_escape(ia_escape_form form, const char *text, size_t length) {
  size_t bytes = ia_utf8_char(text, length, true);
  ia_escaped as_is = {{0}, (unsigned char)(bytes ? bytes : 1), (unsigned char)(bytes ? bytes : 1)};
  memcpy(as_is.text, text, as_is.length);
  if (bytes == 0) return as_is;
  uint32_t code = code_point(text, bytes);
  char letter = short_escape(form, code);
  if (letter != 0) return (ia_escaped){{'\\', letter}, 2, (unsigned char)bytes};
  return is_escaped(form, code) ? numbered(code, bytes) : as_is;
}
