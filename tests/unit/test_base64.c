// SPDX-License-Identifier: MIT
#include "base64.h"
#include "testing.h"

TEST(base64_encode_matches_rfc_examples) {
  static const char *const pairs[][2] = {{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    ia_buf out;
    ia_buf_init(&out, NULL, 100);
    ia_base64_encode(&out, pairs[i][0], strlen(pairs[i][0]));
    assert_string_equal(ia_buf_text(&out), pairs[i][1]);
    ia_buf_free(&out);
  }
}

TEST(base64_random_bytes_round_trip) {
  uint64_t random = 7;
  for (size_t length = 0; length < 100; length++) {
    char bytes[100], back[104];
    size_t back_bytes = 0;
    for (size_t i = 0; i < length; i++) bytes[i] = (char)testing_random(&random);
    ia_buf out;
    ia_buf_init(&out, NULL, 1000);
    ia_base64_encode(&out, bytes, length);
    assert_true(ia_base64_decode(ia_buf_text(&out), out.length, back, &back_bytes));
    assert_int_equal(back_bytes, length);
    assert_memory_equal(back, bytes, length);
    ia_buf_free(&out);
  }
}

TEST(base64_decode_invalid_text_is_rejected) {
  static const char *const wrong[] = {"Z",    "Zg",     "Zg=",     "Zg===",    "=",    "====",
                                      "Z===", "Zh==",   "Zm9=",    "Zg==Zg==", "Zm 9", "Zm9-",
                                      "Zm9_", "Zm9v\n", "Zm\x80v", "Zg=a",     "Zm9vZ"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char out[16];
    size_t bytes;
    if (ia_base64_decode(wrong[i], strlen(wrong[i]), out, &bytes))
      fail_msg("'%s' was taken", wrong[i]);
  }
  char out[4];
  size_t bytes;
  assert_false(ia_base64_decode("Zm9\0", 4, out, &bytes));
}

int main(void) { return testing_run(NULL, NULL); }
