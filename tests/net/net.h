/* SPDX-License-Identifier: MIT */
/*
 * The transport without the core: an exchange that records its result, and a poll loop as a
 * user's would be. Each test has one transport and, mostly, one server.
 */
#ifndef TESTS_NET_H
#define TESTS_NET_H

#include "loopback.h"
#include <imgact/transport.h>
#include <stdbool.h>
#include <stdint.h>

#include "testing.h"

typedef struct net_exchange net_exchange;
struct net_exchange {
  imgact_exchange base; /* first */
  imgact_http_request request;
  char url[512];
  int finished; /* how often: must be 0 or 1 */
  imgact_delivery delivery;
  imgact_failure failure;
  int status;
  char *body; /* NUL-terminated copy */
  size_t body_bytes;
  char *headers; /* "name: value\n" for each */
  size_t headers_count;
  char message[512];
  void (*then)(net_exchange *exchange); /* called when it has finished */
  void *user;
};

typedef struct net {
  imgact_transport *transport;
  loopback *server;
  const char *scheme;
} net;

#define NET_MAX_BODY 100000

/* A transport (malloc) and a server with this handler (may be NULL: none). */
void net_open(net *n, loopback_handler handler, void *user);
void net_open_with(net *n, const imgact_allocator *allocator, const char *ca_file,
                   loopback_handler handler, void *user, const loopback_layer *layer);
void net_close(net *n);

/* A request to the server for this path; the caller may still change it. */
void net_request(const net *n, net_exchange *exchange, const char *method, const char *path,
                 const char *body);
void net_send(net *n, net_exchange *exchange);
/* Drives until it has finished; fails the test after 20 s. */
void net_finish(net *n, net_exchange *exchange);
/* Drives until the condition holds. */
void net_drive(net *n, bool (*until)(void *user), void *user);
/* One poll and one dispatch, waiting at most this long. */
void net_step(net *n, int most_ms);
/* request + send + finish. */
void net_do(net *n, net_exchange *exchange, const char *method, const char *path, const char *body);
/* Frees the copies; the exchange may then be used again. */
void net_clear(net_exchange *exchange);
int64_t net_now_ms(void);

#define assert_answered(x, code)                                                                   \
  do {                                                                                             \
    if ((x)->failure != IMGACT_FAILURE_NONE)                                                       \
      print_message("failure %d: %s\n", (x)->failure, (x)->message);                               \
    assert_int_equal((x)->finished, 1);                                                            \
    assert_int_equal((x)->failure, IMGACT_FAILURE_NONE);                                           \
    assert_int_equal((x)->delivery, IMGACT_DELIVERY_ANSWERED);                                     \
    assert_int_equal((x)->status, (code));                                                         \
  } while (0)

#define assert_failed(x, how, far)                                                                 \
  do {                                                                                             \
    if ((x)->failure != (how)) print_message("failure %d: %s\n", (x)->failure, (x)->message);      \
    assert_int_equal((x)->finished, 1);                                                            \
    assert_int_equal((x)->failure, (how));                                                         \
    assert_int_equal((x)->delivery, (far));                                                        \
    assert_string_not_equal((x)->message, "");                                                     \
  } while (0)

#endif
