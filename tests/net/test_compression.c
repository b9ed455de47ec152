// SPDX-License-Identifier: MIT
// Compressed responses: decoded, bounded before and after, and damaged.
#include "failing_allocator.h"
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

TEST(gzip_response_is_decoded) {
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

TEST(gzip_decoded_above_limit_is_rejected) {
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

// ---- bodies that cannot be decoded, with a status that counts ----

static void expect_undecodable(net *n, const char *path, int status) {
  net_exchange x;
  net_do(n, &x, "GET", path, NULL);
  assert_answered(&x, status);
  assert_int_equal(x.body_bytes, 0);
  net_clear(&x);
}

static void say_422_gzip(loopback_peer *peer, const loopback_request *request, void *user) {
  const blob *bytes = user;
  (void)request;
  loopback_reply(peer, 422, "Content-Encoding: gzip\r\n", bytes->data, bytes->length);
}

static void expect_422_undecodable(unsigned char *bytes, size_t count) {
  net n;
  blob b = {.data = bytes, .length = count};
  net_open(&n, say_422_gzip, &b);
  expect_undecodable(&n, "/", 422);
  expect_undecodable(&n, "/", 422);
  assert_int_equal(loopback_connections(n.server),
                   1); // the response is complete: its connection stays
  net_close(&n);
}

TEST(gzip_damaged_or_cut_keeps_status) {
  char text[5000];
  for (size_t i = 0; i < sizeof text; i++) text[i] = (char)(i * i % 251);
  blob packed = gzip(text, sizeof text);
  for (size_t cut = 1; cut < packed.length; cut += 97) expect_422_undecodable(packed.data, cut);
  expect_422_undecodable(packed.data, packed.length - 1);
  packed.data[packed.length - 8] ^= 1; // the checksum
  expect_422_undecodable(packed.data, packed.length);
  for (size_t i = 2; i < packed.length; i++) packed.data[i] ^= 0x55;
  expect_422_undecodable(packed.data, packed.length);
  free(packed.data);
}

TEST(gzip_named_plain_body_keeps_status) {
  unsigned char plain[] = "{\"error\":{}}";
  expect_422_undecodable(plain, sizeof plain - 1);
}

static void say_no_content_gzip(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  loopback_text(peer, "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n");
}

TEST(gzip_without_body_is_empty) {
  net n;
  net_open(&n, say_no_content_gzip, NULL);
  expect_undecodable(&n, "/", 204);
  net_close(&n);
}

// A gzip body and then other bytes: at once, or after the body has been decoded.
static void say_gzip_and_more(loopback_peer *peer, const loopback_request *request, void *user) {
  const blob *packed = user;
  char head[128];
  snprintf(head, sizeof head,
           "HTTP/1.1 404 No\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
           packed->length + 5);
  loopback_text(peer, head);
  loopback_write(peer, packed->data, packed->length);
  if (strcmp(request->target, "/later") == 0) usleep(30000);
  loopback_write(peer, "bytes", 5);
}

TEST(gzip_bytes_after_end_keep_status) {
  blob packed = gzip("{}", 2);
  net n;
  net_open(&n, say_gzip_and_more, &packed);
  expect_undecodable(&n, "/", 404);
  expect_undecodable(&n, "/later", 404);
  net_close(&n);
  free(packed.data);
}

// ---- names of codings ----

static void say_coding(loopback_peer *peer, const loopback_request *request, void *user) {
  const blob *body = user;
  char field[256];
  snprintf(field, sizeof field, "Content-Encoding: %s\r\n", request->target + 1);
  loopback_reply(peer, 200, field, body->data, body->length);
}

static void expect_body(const char *coding, const blob *body, const char *text) {
  net n;
  net_exchange x;
  char path[256];
  snprintf(path, sizeof path, "/%s", coding);
  blob copy = *body;
  net_open(&n, say_coding, &copy);
  net_do(&n, &x, "GET", path, NULL);
  assert_answered(&x, 200);
  assert_string_equal(x.body, text);
  net_clear(&x);
  net_close(&n);
}

TEST(content_encoding_unknown_is_ignored) {
  static const char *const names[] = {"UTF-8",
                                      "utf-8",
                                      "identity",
                                      "none",
                                      "aws-chunked",
                                      "br",
                                      "gzipped",
                                      "",
                                      "averyveryveryverylongnameofacoding"};
  unsigned char plain[] = "{\"plain\":true}";
  blob body = {.data = plain, .length = sizeof plain - 1};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    expect_body(names[i], &body, (const char *)plain);
}

TEST(content_encoding_known_is_decoded) {
  static const char *const names[] = {"gzip",          "GZIP",       "x-gzip",
                                      "identity,gzip", "gzip,UTF-8", "deflate"};
  blob packed = gzip("{\"a\":1}", 7);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    expect_body(names[i], &packed, "{\"a\":1}");
  expect_body("gzip,gzip", &packed, "");
  free(packed.data);
  unsigned char wrapped[64]; // RFC 9110: "deflate" is the zlib format
  uLongf length = sizeof wrapped;
  assert_int_equal(compress(wrapped, &length, (const Bytef *)"{\"a\":1}", 7), Z_OK);
  expect_body("deflate", &(blob){.data = wrapped, .length = length}, "{\"a\":1}");
}

TEST(accept_encoding_offers_only_gzip) {
  blob packed = gzip("{}", 2);
  net n;
  net_exchange x;
  net_open(&n, say_gzip, &packed);
  net_do(&n, &x, "GET", "/", NULL);
  assert_non_null(strcasestr(loopback_last_head(n.server), "\r\nAccept-Encoding: gzip\r\n"));
  net_clear(&x);
  net_close(&n);
  free(packed.data);
}

// ---- the limit ----

// Incompressible: on the wire it is longer than decoded.
TEST(body_limit_counts_decoded_bytes) {
  for (size_t count = NET_MAX_BODY; count <= NET_MAX_BODY + 1; count++) {
    char *noise = malloc(count);
    uint32_t seed = 1;
    assert_non_null(noise);
    for (size_t i = 0; i < count; i++)
      noise[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
    blob packed = gzip(noise, count);
    assert_true(packed.length > count);
    net n;
    net_exchange x;
    net_open(&n, say_gzip, &packed);
    net_do(&n, &x, "GET", "/", NULL);
    if (count == NET_MAX_BODY) {
      assert_answered(&x, 200);
      assert_int_equal(x.body_bytes, count);
      assert_memory_equal(x.body, noise, count);
    } else {
      assert_failed(&x, IMGACT_FAILURE_TOO_LARGE, IMGACT_DELIVERY_MAYBE_SENT);
    }
    net_clear(&x);
    net_close(&n);
    free(packed.data);
    free(noise);
  }
}

// zlib takes its memory from the transport's allocator.
TEST(gzip_without_memory_fails_cleanly) {
  char text[60000]; // more than one piece of output: zlib then allocates its window
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  blob packed = gzip(text, sizeof text - 1);
  loopback *server = loopback_start(say_gzip, &packed, NULL);
  size_t failures = 0;

  for (size_t k = 1, more = 1; more; k++) {
    failing_allocator memory;
    imgact_error error;
    net n = {.server = server, .scheme = "http"};
    net_exchange x;
    failing_allocator_init(&memory, k);
    if (imgact_transport_new_curl(&memory.allocator, NULL, &n.transport, &error) == IMGACT_OK) {
      net_request(&n, &x, "GET", "/", NULL);
      if (n.transport->send(n.transport, &x.request, &x.base) == IMGACT_OK) {
        net_finish(&n, &x);
        if (x.failure == IMGACT_FAILURE_NONE)
          assert_string_equal(x.body, text);
        else
          assert_int_equal(x.failure, IMGACT_FAILURE_NOMEM);
        net_clear(&x);
      }
      n.transport->destroy(n.transport);
    }
    more = memory.failures > 0;
    failures += more;
    assert_memory_fine(&memory);
  }
  assert_true(failures >= 7);

  loopback_stop(server);
  free(packed.data);
}

// Empty deflate blocks without end: nothing is ever decoded.
static void say_nothing_at_length(loopback_peer *peer, const loopback_request *request,
                                  void *user) {
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

TEST(gzip_endless_empty_blocks_are_rejected) {
  net n;
  net_exchange x;
  net_open(&n, say_nothing_at_length, NULL);
  net_do(&n, &x, "GET", "/", NULL);
  assert_failed(&x, IMGACT_FAILURE_TOO_LARGE, IMGACT_DELIVERY_MAYBE_SENT);
  net_clear(&x);
  net_close(&n);
}

int main(void) { return testing_run(NULL, NULL); }
