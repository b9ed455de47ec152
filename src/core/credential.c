// SPDX-License-Identifier: MIT
#include "credential.h"
#include "error_fill.h"
#include "sha256.h"
#include "str.h"
#include "token.h"
#include <string.h>

void ia_credential_init(ia_credential *credential, const imgact_allocator *allocator,
                        const imgact_client_options *options, const char *const *vendor_prefixes) {
  *credential = (ia_credential){.allocator = allocator,
                                .vendor_prefixes = vendor_prefixes,
                                .callback = options->token_callback,
                                .user_data = options->token_user_data};
  ia_error_clear(&credential->error);
  ia_redactor_init(&credential->redactor, NULL, 0, NULL);
}

void ia_credential_clear(ia_credential *credential) {
  if (credential->token) ia_wipe(credential->token, credential->length);
  ia_free(credential->allocator, credential->token);
  credential->token = NULL;
  credential->length = 0;
}

/* Returns the name of the request part that contains the token: URLs and user agents are logged in
 * transit. NULL = none. */
static const char *place_of_token(const ia_credential *credential, const char *token,
                                  size_t length) {
  const char *endpoint = credential->endpoint, *user_agent = credential->user_agent;
  ia_redactor redactor;
  ia_redactor_init(&redactor, token, length, credential->vendor_prefixes);
  if (endpoint && ia_redact_found(&redactor, endpoint, strlen(endpoint))) return "endpoint";
  return user_agent && ia_redact_found(&redactor, user_agent, strlen(user_agent)) ? "application"
                                                                                  : NULL;
}

imgact_status ia_credential_set(ia_credential *credential, const char *token, size_t length,
                                imgact_error *error) {
  _Static_assert(IA_TOKEN_MAX_LENGTH == IA_TOKEN_MAX_BYTES - 1,
                 "a callback's buffer holds the longest token");
  ia_token found;
  const char *wrong = ia_token_find(token, length, &found);
  if (wrong) return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "%s", wrong);
  const char *place = place_of_token(credential, found.text, found.length);
  if (place)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "the %s contains the API token", place);
  char *copy = ia_alloc_zero(credential->allocator, found.length + 1);
  if (!copy) return ia_no_memory(error);
  memcpy(copy, found.text, found.length);
  ia_credential_clear(credential);
  credential->token = copy;
  credential->length = found.length;
  ia_redactor_init(&credential->redactor, copy, found.length, credential->vendor_prefixes);

  return IMGACT_OK;
}

static bool is_current(const ia_credential *credential, const char *token, size_t length) {
  return credential->token && credential->length == length &&
         memcmp(credential->token, token, length) == 0;
}

bool ia_credential_refresh(ia_credential *credential) {
  ia_error_clear(&credential->error);
  if (!credential->callback) return false;

  char text[IA_TOKEN_MAX_BYTES];
  size_t length = 0;
  bool changed = false;
  imgact_status status =
      ia_callback_status(credential->callback(credential->user_data, text, sizeof text, &length));
  if (status != IMGACT_OK)
    imgact_error_set(&credential->error, status, "the token callback failed");
  else if (length > sizeof text)
    imgact_error_set(&credential->error, IMGACT_INTERNAL,
                     "the token callback returned more bytes than its buffer holds");
  else if (!is_current(credential, text, length))
    changed = ia_credential_set(credential, text, length, &credential->error) == IMGACT_OK;

  ia_wipe(text, sizeof text);
  return changed;
}

const char *ia_credential_id(const ia_credential *credential, const char *provider,
                             const char *endpoint, char id[IA_CREDENTIAL_ID_SIZE]) {
  const char *const texts[] = {"imgact 1", provider, endpoint};
  unsigned char digest[IA_SHA256_BYTES];
  ia_hmac hmac;
  if (!credential->token) return NULL;

  ia_hmac_init(&hmac, credential->token, credential->length);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    ia_hmac_add(&hmac, texts[i], strlen(texts[i]) + 1);
  ia_hmac_finish(&hmac, digest);
  for (size_t i = 0; i < IA_CREDENTIAL_ID_SIZE / 2; i++) {
    id[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    id[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }

  id[IA_CREDENTIAL_ID_SIZE - 1] = '\0';
  return id;
}

uint64_t ia_credential_hash(const ia_credential *credential, const char *provider,
                            const char *endpoint) {
  uint64_t hash = ia_hash(provider, strlen(provider));
  hash = hash * 31 + ia_hash(endpoint, strlen(endpoint));
  if (credential->token) hash = hash * 31 + ia_hash(credential->token, credential->length);
  return hash;
}
