// SPDX-License-Identifier: MIT
// Compressed replies: decoded, bounded before and after, and damaged.
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

typedef struct blob {
  unsigned char *data;
  size_t length;
} blob;

static blob gzip(const void *bytes, size_t count) {
  z_stream z = {0};
  assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  size_t room = deflateBound(&z, count);
  blob out = {.data = malloc(room)};
  assert_non_null(out.data);
  z.next_out = out.data;
  z.avail_out = (uInt)room;
  union {
    const void *in;
    unsigned char *out;
  } source = {.in = bytes}; // zlib's input pointer is not const
  z.next_in = source.out;
  z.avail_in = (uInt)count;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.length = z.total_out;
  deflateEnd(&z);
  return out;
}

static void say_gzip(loopback_peer *peer, const loopback_request *request, void *user) {
  const blob *packed = user;
  (void)request;
  loopback_reply(peer, 200, "Content-Encoding: gzip\r\n", packed->data, packed->length);
}

static void a_compressed_reply_is_decoded(void **state) {
  (void)state;
  char text[5000];
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  blob packed = gzip(text, sizeof text - 1);
  net n;
  net_exchange x;
  net_open(&n, say_gzip, &packed);
  net_do(&n, &x, "GET", "/", NULL);
  assert_answered(&x, 200);
  assert_string_equal(x.body, text);
  net_clear(&x);
  net_close(&n);
  free(packed.data);
}

static void a_small_reply_that_decodes_beyond_the_ceiling_is_too_large(void **state) {
  (void)state;
  size_t count = (size_t)20 << 20;
  char *zeros = calloc(1, count);
  assert_non_null(zeros);
  blob packed = gzip(zeros, count);
  assert_true(packed.length < NET_MAX_BODY);
  net n;
  net_exchange x;
  net_open(&n, say_gzip, &packed);
  net_do(&n, &x, "GET", "/", NULL);
  assert_failed(&x, IMGACT_FAILURE_TOO_LARGE, IMGACT_DELIVERY_MAYBE_SENT);
  net_clear(&x);
  net_close(&n);
  free(packed.data);
  free(zeros);
}

static void damaged_compression_is_no_answer(void **state) {
  (void)state;
  char text[5000];
  memset(text, 'a', sizeof text);
  blob packed = gzip(text, sizeof text);
  for (size_t i = 2; i < packed.length; i++) packed.data[i] ^= 0x55;
  net n;
  net_exchange x;
  net_open(&n, say_gzip, &packed);
  net_do(&n, &x, "GET", "/", NULL);
  assert_failed(&x, IMGACT_FAILURE_ENCODING, IMGACT_DELIVERY_MAYBE_SENT);
  net_clear(&x);
  net_close(&n);
  free(packed.data);
}

// Two gzip bodies, the second of which is none of the reply's; at once, or once the first has been decoded.
static void say_gzip_and_more(loopback_peer *peer, const loopback_request *request, void *user) {
  const blob *packed = user;
  char head[128];
  snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
           packed->length + 5);
  loopback_text(peer, head);
  loopback_write(peer, packed->data, packed->length);
  if (strcmp(request->target, "/later") == 0) usleep(30000);
  loopback_write(peer, "bytes", 5);
}

static void bytes_behind_the_compressed_end_are_no_answer(void **state) {
  (void)state;
  blob packed = gzip("{}", 2);
  net n;
  net_exchange x;
  net_open(&n, say_gzip_and_more, &packed);
  for (int i = 0; i < 2; i++) {
    net_do(&n, &x, "GET", i == 0 ? "/" : "/later", NULL);
    assert_failed(&x, IMGACT_FAILURE_ENCODING, IMGACT_DELIVERY_MAYBE_SENT);
    assert_string_equal(x.message, "the reply's body cannot be decompressed");
    net_clear(&x);
  }
  net_close(&n);
  free(packed.data);
}

// Empty deflate blocks without end: nothing is ever decoded.
static void say_nothing_at_length(loopback_peer *peer, const loopback_request *request, void *user) {
  static const unsigned char head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
  static const unsigned char empty[] = {0, 0, 0, 0xff, 0xff};
  unsigned char many[5000];
  (void)request, (void)user;
  for (size_t i = 0; i < sizeof many; i++) many[i] = empty[i % sizeof empty];
  loopback_text(peer, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
  loopback_write(peer, head, sizeof head);
  for (int i = 0; i < 100000 && !loopback_over(peer); i++) loopback_write(peer, many, sizeof many);
  loopback_close(peer);
}

static void a_stream_that_decodes_to_nothing_ends_at_the_ceiling(void **state) {
  (void)state;
  net n;
  net_exchange x;
  net_open(&n, say_nothing_at_length, NULL);
  net_do(&n, &x, "GET", "/", NULL);
  assert_failed(&x, IMGACT_FAILURE_TOO_LARGE, IMGACT_DELIVERY_MAYBE_SENT);
  net_clear(&x);
  net_close(&n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_compressed_reply_is_decoded),
      cmocka_unit_test(a_small_reply_that_decodes_beyond_the_ceiling_is_too_large),
      cmocka_unit_test(damaged_compression_is_no_answer),
      cmocka_unit_test(bytes_behind_the_compressed_end_are_no_answer),
      cmocka_unit_test(a_stream_that_decodes_to_nothing_ends_at_the_ceiling),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
