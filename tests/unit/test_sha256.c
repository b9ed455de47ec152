// SPDX-License-Identifier: MIT
// The published vectors: FIPS 180-4's examples for SHA-256, RFC 4231's for HMAC-SHA-256.
#include "sha256.h"
#include "testing.h"

static void assert_digest(const unsigned char *digest, const char *hex) {
  char text[2 * IA_SHA256_BYTES + 1];
  for (size_t i = 0; i < IA_SHA256_BYTES; i++) snprintf(text + 2 * i, 3, "%02x", digest[i]);
  assert_string_equal(text, hex);
}

TEST(sha256_matches_published_vectors) {
  static const struct {
    const char *text, *hex;
  } vectors[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
  };
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    unsigned char digest[IA_SHA256_BYTES];
    ia_sha256 hash;
    ia_sha256_init(&hash);
    ia_sha256_add(&hash, vectors[i].text, strlen(vectors[i].text));
    ia_sha256_finish(&hash, digest);
    assert_digest(digest, vectors[i].hex);
  }
}

TEST(sha256_split_input_is_equal) {
  char part[997];
  memset(part, 'a', sizeof part);
  for (size_t most = 1; most <= sizeof part; most += 83) {
    unsigned char digest[IA_SHA256_BYTES];
    ia_sha256 hash;
    ia_sha256_init(&hash);
    for (size_t left = 1000000; left;) {
      size_t length = left < most ? left : most;
      ia_sha256_add(&hash, part, length);
      left -= length;
    }
    ia_sha256_finish(&hash, digest);
    assert_digest(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
}

TEST(hmac_matches_published_vectors) {
  char long_key[131], data[50];
  memset(long_key, 0xaa, sizeof long_key);
  memset(data, 0xdd, sizeof data);
  const struct {
    const char *key;
    size_t key_bytes;
    const char *text;
    size_t bytes;
    const char *hex;
  } vectors[] = {
      {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", 20,
       "Hi There", 8, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", 4, "what do ya want for nothing?", 28,
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {"", 0, "", 0, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
      {long_key, 20, data, 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {long_key, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };

  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    unsigned char digest[IA_SHA256_BYTES];
    ia_hmac hmac;
    ia_hmac_init(&hmac, vectors[i].key, vectors[i].key_bytes);
    ia_hmac_add(&hmac, vectors[i].text, vectors[i].bytes);
    ia_hmac_finish(&hmac, digest);
    assert_digest(digest, vectors[i].hex);
  }
}

int main(void) { return testing_run(NULL, NULL); }
