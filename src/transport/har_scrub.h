/* SPDX-License-Identifier: MIT */
/*
 * Keeps secrets out of a cassette: every token that was seen, in any form in which a server may
 * echo it (redact.h), whole or from vendor prefix + 8 characters on, and whatever looks like a
 * token.
 */
#ifndef IA_HAR_SCRUB_H
#define IA_HAR_SCRUB_H

#include "hashmap.h"
#include "redact.h"

#define IA_SCRUB_MAX_SECRETS 64

typedef struct ia_secret {
  char *token;
  ia_redactor redactor; /* of it */
} ia_secret;

typedef struct ia_scrub {
  const imgact_allocator *allocator;
  ia_secret secrets[IA_SCRUB_MAX_SECRETS];
  size_t count;
  ia_hashmap words; /* what looked like a token, numbered: different ones stay different */
} ia_scrub;

typedef enum ia_scrub_status { IA_SCRUB_OK, IA_SCRUB_NOMEM, IA_SCRUB_TOO_MANY } ia_scrub_status;

void ia_scrub_init(ia_scrub *scrub, const imgact_allocator *allocator);
/* Learns a token; one that is known or too short to be looked for changes nothing. */
ia_scrub_status ia_scrub_add(ia_scrub *scrub, const char *token, size_t length);
/* Appends the text without secrets: "[redacted]" for a token, "[redacted-N]" for the N-th thing
 * that looks like one. */
void ia_scrub_text(ia_scrub *scrub, ia_buf *out, const char *text, size_t length);
/* Is any part of a token in the text? */
bool ia_scrub_leaks(const ia_scrub *scrub, const char *text, size_t length);
/* Wipes the tokens. */
void ia_scrub_free(ia_scrub *scrub);

#endif
