// SPDX-License-Identifier: MIT
// Responses over plain HTTP at and above the limits of their bodies and heads.
#include "net.h"

#include <stdlib.h>
#include <string.h>

static void say_large(loopback_peer *peer, const loopback_request *request, void *user) {
  static const char block[1000];
  const char *head = user;
  (void)request;
  loopback_text(peer, head);
  for (int i = 0; i < 200 && !loopback_over(peer); i++) loopback_write(peer, block, sizeof block);
  loopback_close(peer);
}

TEST(body_above_limit_is_too_large) {
  static char by_length[] = "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n";
  static char by_stream[] = "HTTP/1.1 200 OK\r\n\r\n";
  static char absurd[] = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\n";
  char *const heads[] = {by_length, by_stream, absurd};

  for (size_t i = 0; i < 3; i++) {
    net n;
    net_exchange x;
    net_open(&n, say_large, heads[i]);
    net_do(&n, &x, "GET", "/", NULL);
    assert_failed(&x, IMGACT_FAILURE_TOO_LARGE, IMGACT_DELIVERY_MAYBE_SENT);
    assert_string_equal(x.message, "response body exceeds the limit of 100000 bytes");
    net_clear(&x);
    net_close(&n);
  }
}

static void say_exactly(loopback_peer *peer, const loopback_request *request, void *user) {
  static char block[NET_MAX_BODY + 1];
  (void)request;
  loopback_reply(peer, 200, "", block, *(size_t *)user);
}

TEST(body_at_limit_is_accepted) {
  for (size_t count = NET_MAX_BODY; count <= NET_MAX_BODY + 1; count++) {
    net n;
    net_exchange x;
    net_open(&n, say_exactly, &count);
    net_do(&n, &x, "GET", "/", NULL);
    if (count == NET_MAX_BODY) {
      assert_answered(&x, 200);
      assert_int_equal(x.body_bytes, NET_MAX_BODY);
    } else {
      assert_failed(&x, IMGACT_FAILURE_TOO_LARGE, IMGACT_DELIVERY_MAYBE_SENT);
    }
    net_clear(&x);
    net_close(&n);
  }
}

static void say_many_headers(loopback_peer *peer, const loopback_request *request, void *user) {
  int count = *(int *)user;
  (void)request;
  loopback_text(peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
  for (int i = 0; i < count; i++) loopback_text(peer, "X-Same: 1\r\n");
  loopback_text(peer, "\r\n");
}

TEST(head_above_line_limit_fails) {
  static const int counts[] = {253, 254}; // with status line, length and blank line: 256 and 257
  for (size_t i = 0; i < 2; i++) {
    net n;
    net_exchange x;
    int count = counts[i];
    net_open(&n, say_many_headers, &count);
    net_do(&n, &x, "GET", "/", NULL);
    if (i == 0) {
      assert_answered(&x, 200);
      assert_int_equal(x.headers_count, 254);
    } else {
      assert_failed(&x, IMGACT_FAILURE_TOO_LARGE, IMGACT_DELIVERY_MAYBE_SENT);
      assert_string_equal(x.message,
                          "response head exceeds the limit of 262144 bytes or 256 lines");
    }
    net_clear(&x);
    net_close(&n);
  }
}

static void say_long_header(loopback_peer *peer, const loopback_request *request, void *user) {
  size_t each = *(size_t *)user;
  char *value = calloc(1, each + 1);
  (void)request;

  if (!value) abort();
  memset(value, 'v', each);
  loopback_text(peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
  for (int i = 0; i < 8; i++) {
    loopback_text(peer, "X-Long: ");
    loopback_text(peer, value);
    loopback_text(peer, "\r\n");
  }
  loopback_text(peer, "\r\n");
  free(value);
}

TEST(head_above_limit_is_too_large) {
  static const size_t each[] = {30000, 40000, 90000, 2000000};
  for (size_t i = 0; i < 4; i++) {
    net n;
    net_exchange x;
    size_t bytes = each[i];
    net_open(&n, say_long_header, &bytes);
    net_do(&n, &x, "GET", "/", NULL);
    if (i == 0) {
      assert_answered(&x, 200);
      assert_true(strlen(x.headers) > 8 * each[0]);
    } else {
      assert_failed(&x, IMGACT_FAILURE_TOO_LARGE, IMGACT_DELIVERY_MAYBE_SENT);
    }
    net_clear(&x);
    net_close(&n);
  }
}

static void say_interims(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  while (!loopback_over(peer)) loopback_text(peer, "HTTP/1.1 103 Hints\r\nLink: <x>\r\n\r\n");
}

TEST(response_endless_interim_is_too_large) {
  net n;
  net_exchange x;
  net_open(&n, say_interims, NULL);
  net_do(&n, &x, "GET", "/", NULL);
  assert_failed(&x, IMGACT_FAILURE_TOO_LARGE, IMGACT_DELIVERY_MAYBE_SENT);
  net_clear(&x);
  net_close(&n);
}

int main(void) { return testing_run(NULL, NULL); }
