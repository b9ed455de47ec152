// SPDX-License-Identifier: MIT
/* Decodes nested escapes. Each layer reads its characters from the layer below, the lowest from the
 * text. An incomplete or invalid escape is read as plain characters in every layer. Nothing is
 * copied, and the number of bytes read is limited. */
#include "unescape.h"

#include <string.h>

enum { END = -1, NONE = -2, MAX_DIGITS = 7 };

typedef struct layer {
  const char *text, *end;
  unsigned below; /* number of layers below this one */
} layer;

static int next(layer *in);

static int digit(int c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static int hex(layer *in, int digits) {
  int value = 0;
  for (; digits > 0; digits--) {
    int d = digit(next(in));
    if (d > 15) return NONE;
    value = value << 4 | d;
  }
  return value;
}

/* JSON escapes. Any other character after a backslash stands for itself, as in a shell. */
static int backslash(layer *in) {
  static const char shorts[] = "b\bf\fn\nr\rt\t";
  int c = next(in);
  if (c == 'u') {
    layer ahead = *in;
    int value = hex(&ahead, 4);
    if (value == NONE) return c;
    *in = ahead;
    return value;
  }
  for (const char *at = shorts; *at != '\0'; at += 2)
    if (c == at[0]) return at[1];
  return c == END ? NONE : c;
}

static int numbered_entity(layer *in) {
  int base = 10, value = 0, digits = 0, c = next(in);
  if (c == 'x' || c == 'X') {
    base = 16;
    c = next(in);
  }
  for (; digit(c) < base && digits < MAX_DIGITS; c = next(in), digits++)
    value = value * base + digit(c);
  return c == ';' && digits > 0 ? value : NONE;
}

static int named_entity(const char *name) {
  static const char *const names[] = {"amp;&", "quot;\"", "apos;'", "lt;<", "gt;>"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t length = strlen(names[i]) - 1;
    if (strncmp(name, names[i], length) == 0) return names[i][length];
  }
  return NONE;
}

static int entity(layer *in) {
  char name[sizeof "quot;"] = "";
  for (size_t i = 0; i < sizeof name - 1; i++) {
    int c = next(in);
    if (c == '#' && i == 0) return numbered_entity(in);
    if (c != ';' && (c < 'a' || c > 'z')) return NONE;
    name[i] = (char)c;
    if (c == ';') return named_entity(name);
  }
  return NONE;
}

static int escaped(layer *in, int first) {
  switch (first) {
  case '%': return hex(in, 2);
  case '\\': return backslash(in);
  case '&': return entity(in);
  default: return NONE;
  }
}

static int next(layer *in) {
  if (in->text == in->end) return END;
  if (in->below == 0) return (unsigned char)*in->text++;
  layer plain = {in->text, in->end, in->below - 1};
  int first = next(&plain);
  layer ahead = plain;
  int meant = escaped(&ahead, first);
  in->text = meant == NONE ? plain.text : ahead.text;
  return meant == NONE ? first : meant;
}

size_t ia_unescape(const char *text, size_t length, unsigned layers, int *c) {
  layer in = {text, text + (length < IA_UNESCAPE_MAX_BYTES ? length : IA_UNESCAPE_MAX_BYTES),
              layers};
  *c = next(&in);
  return (size_t)(in.text - text);
}
