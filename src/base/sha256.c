// SPDX-License-Identifier: MIT
#include "sha256.h"
#include "alloc.h"
#include <string.h>

#define BLOCK_BYTES 64

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotated(uint32_t word, unsigned by) { return word >> by | word << (32 - by); }

static void expand(uint32_t words[64], const unsigned char *block) {
  for (size_t i = 0; i < 16; i++)
    words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | (uint32_t)block[4 * i + 3];
  for (size_t i = 16; i < 64; i++) {
    uint32_t a = words[i - 15], b = words[i - 2];
    words[i] = words[i - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) + words[i - 7] +
               (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
  }
}

static void take_block(ia_sha256 *hash, const unsigned char *block) {
  uint32_t words[64], s[8];
  expand(words, block);
  memcpy(s, hash->state, sizeof s);
  for (size_t i = 0; i < 64; i++) {
    uint32_t mixed = rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25),
             choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
    uint32_t first = s[7] + mixed + choice + round_constants[i] + words[i];
    uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    uint32_t second = (rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22)) + majority;
    memmove(s + 1, s, 7 * sizeof *s);
    s[4] += first;
    s[0] = first + second;
  }

  for (size_t i = 0; i < 8; i++) hash->state[i] += s[i];
}

void ia_sha256_init(ia_sha256 *hash) {
  static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memset(hash, 0, sizeof *hash);
  memcpy(hash->state, initial, sizeof initial);
}

void ia_sha256_add(ia_sha256 *hash, const void *bytes, size_t length) {
  const unsigned char *at = bytes;
  for (size_t part; length; at += part, length -= part) {
    size_t used = (size_t)(hash->length % BLOCK_BYTES);
    part = length < BLOCK_BYTES - used ? length : BLOCK_BYTES - used;
    memcpy(hash->block + used, at, part);
    hash->length += part;
    if (hash->length % BLOCK_BYTES == 0) take_block(hash, hash->block);
  }
}

/* Padding: a 1 bit, zeros up to the last 8 bytes of a block, and the length in bits. */
void ia_sha256_finish(ia_sha256 *hash, unsigned char digest[IA_SHA256_BYTES]) {
  uint64_t bits = hash->length * 8;
  unsigned char tail[8];
  for (size_t i = 0; i < 8; i++) tail[i] = (unsigned char)(bits >> (56 - 8 * i));
  ia_sha256_add(hash, "\x80", 1);
  while (hash->length % BLOCK_BYTES != BLOCK_BYTES - sizeof tail) ia_sha256_add(hash, "", 1);
  ia_sha256_add(hash, tail, sizeof tail);
  for (size_t i = 0; i < IA_SHA256_BYTES; i++)
    digest[i] = (unsigned char)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

static void begin_with_pad(ia_sha256 *hash, const unsigned char *key, unsigned char pad) {
  unsigned char block[BLOCK_BYTES];
  for (size_t i = 0; i < BLOCK_BYTES; i++) block[i] = key[i] ^ pad;
  ia_sha256_init(hash);
  ia_sha256_add(hash, block, sizeof block);
  ia_wipe(block, sizeof block);
}

void ia_hmac_init(ia_hmac *hmac, const void *key, size_t length) {
  unsigned char block[BLOCK_BYTES] = {0};
  if (length > BLOCK_BYTES) {
    ia_sha256_init(&hmac->inner);
    ia_sha256_add(&hmac->inner, key, length);
    ia_sha256_finish(&hmac->inner, block);
  } else if (length) {
    memcpy(block, key, length);
  }
  begin_with_pad(&hmac->inner, block, 0x36);
  begin_with_pad(&hmac->outer, block, 0x5c);
  ia_wipe(block, sizeof block);
}

void ia_hmac_add(ia_hmac *hmac, const void *bytes, size_t length) {
  ia_sha256_add(&hmac->inner, bytes, length);
}

void ia_hmac_finish(ia_hmac *hmac, unsigned char digest[IA_SHA256_BYTES]) {
  ia_sha256_finish(&hmac->inner, digest);
  ia_sha256_add(&hmac->outer, digest, IA_SHA256_BYTES);
  ia_sha256_finish(&hmac->outer, digest);
  ia_wipe(hmac, sizeof *hmac);
}
