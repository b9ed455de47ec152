/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104), for identifiers of credentials that do not
 * reveal the token. */
#ifndef IA_SHA256_H
#define IA_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define IA_SHA256_BYTES 32

typedef struct ia_sha256 {
  uint32_t state[8];
  uint64_t length; /* bytes so far */
  unsigned char block[64];
} ia_sha256;

void ia_sha256_init(ia_sha256 *hash);
void ia_sha256_add(ia_sha256 *hash, const void *bytes, size_t length);
void ia_sha256_finish(ia_sha256 *hash, unsigned char digest[IA_SHA256_BYTES]);

typedef struct ia_hmac {
  ia_sha256 inner, outer;
} ia_hmac;

void ia_hmac_init(ia_hmac *hmac, const void *key, size_t length);
void ia_hmac_add(ia_hmac *hmac, const void *bytes, size_t length);
/* Wipes the state, which depends on the key. */
void ia_hmac_finish(ia_hmac *hmac, unsigned char digest[IA_SHA256_BYTES]);

#endif
