/* SPDX-License-Identifier: MIT */
/* The API token of a client, the callback that renews it, and its redactor. */
#ifndef IA_CREDENTIAL_H
#define IA_CREDENTIAL_H

#include "redact.h"
#include <imgact/client.h>

#define IA_TOKEN_MAX_BYTES 4096

typedef struct ia_credential {
  const imgact_allocator *allocator;
  const char *const *vendor_prefixes; /* borrowed from the provider */
  char *token;                        /* owned, wiped when freed; NULL = none so far */
  size_t length;
  imgact_token_fn callback; /* NULL = the token does not change */
  void *user_data;
  const char *endpoint, *user_agent; /* borrowed, NULL = none; must not contain the token, since
                                        they are part of every request */
  imgact_error error;                /* result of the last call of the callback */
  ia_redactor redactor;
} ia_credential;

void ia_credential_init(ia_credential *credential, const imgact_allocator *allocator,
                        const imgact_client_options *options, const char *const *vendor_prefixes);
void ia_credential_clear(ia_credential *credential);
/* Sets the token, without surrounding whitespace. Returns INVALID_ARGUMENT if it is no valid token
 * (token.h) or part of the endpoint or user agent; NOMEM. The error never quotes the token. */
imgact_status ia_credential_set(ia_credential *credential, const char *token, size_t length,
                                imgact_error *error);
/* Calls the callback, if there is one, and sets credential->error. Returns true if the token has
 * changed. */
bool ia_credential_refresh(ia_credential *credential);

#define IA_CREDENTIAL_ID_SIZE 33 /* including the NUL */

/* Returns an identifier of token, provider and endpoint that does not reveal the token:
 * HMAC-SHA-256 with the token as key, truncated to 128 bits, in hexadecimal. NULL if there is no
 * token yet. */
const char *ia_credential_id(const ia_credential *credential, const char *provider,
                             const char *endpoint, char id[IA_CREDENTIAL_ID_SIZE]);
/* Returns a hash of the same three, for use in memory only. */
uint64_t ia_credential_hash(const ia_credential *credential, const char *provider,
                            const char *endpoint);

#endif
