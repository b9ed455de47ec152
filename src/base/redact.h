/* SPDX-License-Identifier: MIT */
/*
 * Removes a secret from texts.
 *
 * The whole token, and each of its prefixes with at least 8 characters after the vendor prefix,
 * become "[redacted]". A token of fewer than 8 characters is not searched for.
 *
 * An encoded text may contain the token in base64, with escapes (unescape.h), or completed by an
 * escape that a writer adds (escape.h).
 */
#ifndef IA_REDACT_H
#define IA_REDACT_H

#include "buf.h"

#define IA_REDACTED     "[redacted]"
#define IA_REDACT_FORMS 4 /* plain, and base64 at each of the three alignments */

typedef struct ia_redactor {
  const char *token; /* borrowed */
  size_t token_length;
  size_t min_match_length; /* length of the vendor prefix + 8, at most the token's length; 0 = the
                              token is too short */
  char first[IA_REDACT_FORMS]; /* first character of each form */
  bool ambiguous;              /* the token contains characters that begin escapes */
  bool has_backslash;
  bool begins_as_escape_ends; /* an escape added by a writer can complete the token */
  bool also_encoded; /* set by the owner: treat the strings of a JSON document as encoded text
                        (ia_redact_text) */
} ia_redactor;

void ia_redactor_init(ia_redactor *redactor, const char *token, size_t length,
                      const char *const *vendor_prefixes);
/* Returns true if the text contains the token, as it is or after it has been escaped by a writer
 * (escape.h). */
bool ia_redact_found(const ia_redactor *redactor, const char *text, size_t length);
/* The same for a text that has been escaped already. */
bool ia_redact_found_as_is(const ia_redactor *redactor, const char *text, size_t length);
/* Fast check of a whole document. Returns false if none of its strings, once escaped, can contain
 * the token. The document must have no escapes that hide characters of the token. */
bool ia_redact_may_be_completed(const ia_redactor *redactor, const char *text, size_t length);
/* Appends the text with each occurrence replaced. */
void ia_redact(const ia_redactor *redactor, ia_buf *out, const char *text, size_t length);
/* Returns how many bytes at the start of an encoded text match the token, or enough of it; 0 =
 * none. */
size_t ia_redact_match_encoded(const ia_redactor *redactor, const char *text, size_t length);
/* Returns true if an encoded text contains the token. */
bool ia_redact_found_encoded(const ia_redactor *redactor, const char *text, size_t length);
/* As ia_redact(), for encoded text: if it contains the token in an encoded form, the whole text is
 * replaced. */
void ia_redact_text(const ia_redactor *redactor, ia_buf *out, const char *text, size_t length);
/* As ia_redact(), in place and with at most `capacity` bytes including the NUL. Returns the new
 * length. */
size_t ia_redact_in_place(const ia_redactor *redactor, char *text, size_t length, size_t capacity);

#endif
