/* SPDX-License-Identifier: MIT */
/* The API token of a client, where a new one comes from, and what must not be shown of it. */
#ifndef IA_CREDENTIAL_H
#define IA_CREDENTIAL_H

#include "redact.h"
#include <imgact/client.h>

#define IA_TOKEN_MAX_BYTES 4096

typedef struct ia_credential {
  const imgact_allocator *allocator;
  const char *const *vendor_prefixes; /* borrowed from the provider */
  char *token;                        /* owned, wiped; NULL = none yet */
  size_t length;
  imgact_token_fn callback; /* NULL = the token does not change */
  void *user_data;
  const char *endpoint, *user_agent; /* borrowed; parts of every request, which must not hold the
                                        token; NULL = none */
  imgact_error error; /* why the callback returned no token for the next request; OK = it did */
  ia_redactor redactor;
} ia_credential;

void ia_credential_init(ia_credential *credential, const imgact_allocator *allocator,
                        const imgact_client_options *options, const char *const *vendor_prefixes);
void ia_credential_clear(ia_credential *credential);
/* Sets the token, without whitespace around it. OK, INVALID_ARGUMENT (empty, too long, a control
 * character, not ASCII, part of the endpoint or user agent), NOMEM; the error never holds the text.
 */
imgact_status ia_credential_set(ia_credential *credential, const char *token, size_t length,
                                imgact_error *error);
/* Calls the callback, if there is one, and sets credential->error. Returns true if the token is
 * another one now. */
bool ia_credential_refresh(ia_credential *credential);

#define IA_CREDENTIAL_ID_SIZE 33 /* with its NUL */

/* A name of token, provider and endpoint together that does not reveal the token: HMAC-SHA-256
 * under the token, shortened to 128 bits, in hexadecimal digits. NULL: there is no token (yet). */
const char *ia_credential_id(const ia_credential *credential, const char *provider,
                             const char *endpoint, char id[IA_CREDENTIAL_ID_SIZE]);
/* A hash of the same three, for tables in memory. */
uint64_t ia_credential_hash(const ia_credential *credential, const char *provider,
                            const char *endpoint);

#endif
