/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648, standard alphabet, padded). HAR files hold binary bodies in this form. */
#ifndef IA_BASE64_H
#define IA_BASE64_H

#include "buf.h"

extern const char ia_base64_alphabet[65];

void ia_base64_encode(ia_buf *out, const char *bytes, size_t length);
/* Decodes into out, which has room for length / 4 * 3 bytes. Returns false if text is not valid
 * base64. */
bool ia_base64_decode(const char *text, size_t length, char *out, size_t *out_bytes);

#endif
