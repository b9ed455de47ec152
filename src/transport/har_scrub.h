/* SPDX-License-Identifier: MIT */
/* Removes secrets from a cassette: all tokens of recorded requests, in every form in which a server
 * may return them (redact.h), whole or from vendor prefix + 8 characters on, and texts that look
 * like tokens. */
#ifndef IA_HAR_SCRUB_H
#define IA_HAR_SCRUB_H

#include "hashmap.h"
#include "redact.h"

#define IA_SCRUB_MAX_SECRETS 64

typedef struct ia_secret {
  char *token;
  ia_redactor redactor; /* of this token */
} ia_secret;

typedef struct ia_scrub {
  const imgact_allocator *allocator;
  ia_secret secrets[IA_SCRUB_MAX_SECRETS];
  size_t count;
  ia_hashmap words; /* hashes of texts that look like tokens, with a number for each */
} ia_scrub;

typedef enum ia_scrub_status { IA_SCRUB_OK, IA_SCRUB_NOMEM, IA_SCRUB_TOO_MANY } ia_scrub_status;

void ia_scrub_init(ia_scrub *scrub, const imgact_allocator *allocator);
/* Adds a token. Known tokens and those too short to search for are ignored. */
ia_scrub_status ia_scrub_add(ia_scrub *scrub, const char *token, size_t length);
/* Appends the text without secrets: "[redacted]" for a known token, "[redacted-N]" for the N-th
 * different text that looks like one. */
void ia_scrub_text(ia_scrub *scrub, ia_buf *out, const char *text, size_t length);
/* Returns true if the text contains a known token or a part of it. */
bool ia_scrub_leaks(const ia_scrub *scrub, const char *text, size_t length);
/* Wipes and frees the tokens. */
void ia_scrub_free(ia_scrub *scrub);

#endif
