/* SPDX-License-Identifier: MIT */
/*
 * Keeps one secret out of texts: the whole token (from 8 characters on) and every prefix of it that
 * has at least 8 characters after the vendor's prefix become "[redacted]". A token of fewer than 8
 * characters is not looked for.
 */
#ifndef IA_REDACT_H
#define IA_REDACT_H

#include "buf.h"

#define IA_REDACTED     "[redacted]"
#define IA_REDACT_FORMS 4 /* as it is, and in base64 at each of the three alignments */

typedef struct ia_redactor {
  const char *token; /* borrowed */
  size_t token_length;
  size_t
      min_match_length; /* vendor prefix + 8, at most the token's length; 0 = nothing to look for */
  char first[IA_REDACT_FORMS]; /* what each form begins with */
  bool ambiguous;              /* the token holds characters that begin escapes */
  bool has_backslash;
  bool begins_as_escape_ends; /* an escape that a writer puts can complete the token */
  bool also_encoded;          /* set by the owner: strings of a JSON document are text of any kind
                                 (ia_redact_text) */
} ia_redactor;

void ia_redactor_init(ia_redactor *redactor, const char *token, size_t length,
                      const char *const *vendor_prefixes);
/* Returns true if any of it is in the text, as the text is or as a writer of escape.h will write
 * it. */
bool ia_redact_found(const ia_redactor *redactor, const char *text, size_t length);
/* The same for a text that is written already. */
bool ia_redact_found_as_is(const ia_redactor *redactor, const char *text, size_t length);
/* For a quick look at a whole document: returns false if no string of it, written with escapes, can
 * hold the token. The document itself must hold no escapes that hide characters of the token. */
bool ia_redact_may_be_completed(const ia_redactor *redactor, const char *text, size_t length);
/* The text with every occurrence replaced. */
void ia_redact(const ia_redactor *redactor, ia_buf *out, const char *text, size_t length);
/* In text of any kind the token may be in base64, or spelled with escapes (unescape.h), or both, or
 * be completed by an escape that a writer puts. How many bytes of the text's start spell it, or
 * enough of it; 0 = it does not start here. */
size_t ia_redact_match_encoded(const ia_redactor *redactor, const char *text, size_t length);
/* Returns true if text of any kind holds it anywhere. */
bool ia_redact_found_encoded(const ia_redactor *redactor, const char *text, size_t length);
/* As ia_redact, for text of any kind: where it holds the token in another form than its own,
 * nothing of it is shown. */
void ia_redact_text(const ia_redactor *redactor, ia_buf *out, const char *text, size_t length);
/* As ia_redact, within a buffer, never growing it beyond capacity bytes (with the NUL). Returns the
 * new length. */
size_t ia_redact_in_place(const ia_redactor *redactor, char *text, size_t length, size_t capacity);

#endif
