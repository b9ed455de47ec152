/* SPDX-License-Identifier: MIT */
/*
 * Keeps one secret out of texts: the whole token (from 8 characters on) and every prefix of it that has at least 8
 * characters after the vendor's prefix become "[redacted]". A token of fewer than 8 characters is not looked for.
 */
#ifndef IA_REDACT_H
#define IA_REDACT_H

#include "buf.h"

#define IA_REDACTED "[redacted]"

typedef struct ia_redactor {
  const char *token; /* borrowed */
  size_t token_length;
  size_t needle_length; /* vendor prefix + 8, at most the token's length; 0 = nothing to look for */
} ia_redactor;

void ia_redactor_init(ia_redactor *redactor, const char *token, size_t length, const char *const *vendor_prefixes);
/* Is any of it in the text? */
bool ia_redact_found(const ia_redactor *redactor, const char *text, size_t length);
/* The text with every occurrence replaced. */
void ia_redact(const ia_redactor *redactor, ia_buf *out, const char *text, size_t length);
/* The same for text of any kind, which may spell the token with escapes of JSON, of URLs or of HTML: then nothing of it is
 * shown. */
void ia_redact_text(const ia_redactor *redactor, ia_buf *out, const char *text, size_t length);
/* As ia_redact, within a buffer, never growing it beyond capacity bytes (with the NUL). Returns the new length. */
size_t ia_redact_in_place(const ia_redactor *redactor, char *text, size_t length, size_t capacity);

#endif
