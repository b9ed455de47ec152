// SPDX-License-Identifier: MIT
/* Decoding is strict: no whitespace, complete padding, and no non-zero bits after the last byte. */
#include "base64.h"

#include <string.h>

const char ia_base64_alphabet[65] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ia_base64_encode(ia_buf *out, const char *bytes, size_t length) {
  for (size_t at = 0; at < length; at += 3) {
    size_t left = length - at;
    uint32_t bits = (uint32_t)(unsigned char)bytes[at] << 16;
    if (left > 1) bits |= (uint32_t)(unsigned char)bytes[at + 1] << 8;
    if (left > 2) bits |= (uint32_t)(unsigned char)bytes[at + 2];
    char four[4] = {ia_base64_alphabet[bits >> 18 & 63], ia_base64_alphabet[bits >> 12 & 63],
                    left > 1 ? ia_base64_alphabet[bits >> 6 & 63] : '=',
                    left > 2 ? ia_base64_alphabet[bits & 63] : '='};
    ia_buf_add(out, four, sizeof four);
  }
}

static bool six_bits(char c, uint32_t *bits) {
  const char *found = c == '\0' ? NULL : strchr(ia_base64_alphabet, c);
  if (!found) return false;
  *bits = *bits << 6 | (uint32_t)(found - ia_base64_alphabet);
  return true;
}

bool ia_base64_decode(const char *text, size_t length, char *out, size_t *out_bytes) {
  *out_bytes = 0;
  if (length % 4 != 0) return false;
  for (size_t at = 0; at < length; at += 4) {
    bool last = at + 4 == length;
    size_t padding = !last || text[at + 3] != '=' ? 0 : text[at + 2] != '=' ? 1 : 2;
    uint32_t bits = 0;
    for (size_t i = 0; i < 4 - padding; i++) {
      if (!six_bits(text[at + i], &bits)) return false;
    }
    bits <<= 6 * padding;
    if ((padding > 0 && (bits & 0xff) != 0) || (padding > 1 && (bits & 0xff00) != 0)) return false;
    char three[3] = {(char)(bits >> 16 & 0xff), (char)(bits >> 8 & 0xff), (char)(bits & 0xff)};
    memcpy(out + *out_bytes, three, 3 - padding);
    *out_bytes += 3 - padding;
  }

  return true;
}
