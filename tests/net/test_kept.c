// SPDX-License-Identifier: MIT
// Which connection takes the next request: never one with unread bytes, one closed by the server,
// or one whose last request was cancelled or timed out.
#include "net.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct stray {
  const char *bytes; // written after the first response, unasked
  int written;
} stray;

static void answer_and_stray(loopback_peer *peer, const loopback_request *request, void *user) {
  stray *s = user;
  char body[16];
  int length = snprintf(body, sizeof body, "%d", request->number);
  loopback_reply(peer, 200, "", body, (size_t)length);
  if (request->number > 1) return;
  usleep(20000); // the client has read the response by then, or has both in one
  loopback_text(peer, s->bytes);
  __atomic_store_n(&s->written, 1, __ATOMIC_SEQ_CST);
}

static bool stray_written(void *user) {
  return __atomic_load_n(&((stray *)user)->written, __ATOMIC_SEQ_CST) != 0;
}

static void follow_stray(const char *method, const char *bytes) {
  net n;
  net_exchange x;
  stray s = {.bytes = bytes};
  net_open(&n, answer_and_stray, &s);

  net_do(&n, &x, "GET", "/", NULL);
  assert_answered(&x, 200);
  net_clear(&x);
  net_drive(&n, stray_written, &s);
  net_do(&n, &x, method, "/", strcmp(method, "POST") == 0 ? "{}" : NULL);
  assert_answered(&x, 200);
  assert_string_equal(x.body, "2");
  assert_int_equal(loopback_requests(n.server), 2);
  assert_int_equal(loopback_connections(n.server), 2);

  net_clear(&x);
  net_close(&n);
}

TEST(kept_connection_stray_bytes_replaced) {
  static const char *const strays[] = {
      "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray",
      "\r\n",
      "0\r\n\r\n",
      "garbage"};
  static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
  for (size_t i = 0; i < sizeof strays / sizeof *strays; i++)
    for (size_t j = 0; j < sizeof methods / sizeof *methods; j++)
      follow_stray(methods[j], strays[i]);
}

// ---- several kept connections ----

enum { MANY = 8 };

typedef struct gathering {
  int arrived;
  bool close_then;
} gathering;

// The first responses are sent together, so that each request needs a connection.
static void answer_together(loopback_peer *peer, const loopback_request *request, void *user) {
  gathering *g = user;
  __atomic_add_fetch(&g->arrived, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&g->arrived, __ATOMIC_SEQ_CST) < MANY && !loopback_over(peer))
    usleep(1000);
  loopback_reply(peer, 200, "", "{}", 2);
  if (g->close_then && request->number <= MANY) loopback_close(peer);
}

static bool all_finished(void *user) {
  const net_exchange *all = user;
  for (int i = 0; i < MANY; i++)
    if (!all[i].finished) return false;
  return true;
}

static bool none_open(void *user) { return loopback_open(((net *)user)->server) == 0; }

static void use_many(net *n) {
  net_exchange all[MANY];
  for (int i = 0; i < MANY; i++) {
    net_request(n, &all[i], "GET", "/", NULL);
    net_send(n, &all[i]);
  }
  net_drive(n, all_finished, all);
  for (int i = 0; i < MANY; i++) {
    assert_answered(&all[i], 200);
    net_clear(&all[i]);
  }
}

TEST(kept_connections_all_closed_replaced) {
  net n;
  net_exchange x;
  gathering g = {.close_then = true};
  net_open(&n, answer_together, &g);
  use_many(&n);
  net_drive(&n, none_open, &n);
  net_do(&n, &x, "POST", "/", "{}");
  assert_answered(&x, 200);
  assert_int_equal(loopback_requests(n.server), MANY + 1);
  assert_int_equal(loopback_connections(n.server), MANY + 1);
  net_clear(&x);
  net_close(&n);
}

TEST(kept_connections_silent_reused) {
  net n;
  gathering g = {.close_then = false};
  net_open(&n, answer_together, &g);
  for (int i = 0; i < 5; i++) use_many(&n);
  assert_int_equal(loopback_requests(n.server), 5 * MANY);
  assert_int_equal(loopback_connections(n.server), MANY);
  net_close(&n);
}

// ---- cancelled and timed out requests ----

static void hold_first(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)user;
  if (request->number == 1)
    loopback_hold(peer);
  else
    loopback_reply(peer, 200, "", "{}", 2);
}

static bool first_arrived(void *user) { return loopback_requests(((net *)user)->server) > 0; }

static void follow_given_up(bool cancelled) {
  net n;
  net_exchange x, next;
  net_open(&n, hold_first, NULL);
  net_request(&n, &x, "GET", "/", NULL);

  if (!cancelled) x.request.timeout_ms = 500;
  net_send(&n, &x);
  net_drive(&n, first_arrived, &n);
  if (cancelled)
    n.transport->cancel(n.transport, &x.base);
  else
    net_finish(&n, &x);
  if (!cancelled) assert_failed(&x, IMGACT_FAILURE_TIMEOUT, IMGACT_DELIVERY_MAYBE_SENT);
  if (!cancelled) assert_string_equal(x.message, "no response within 500 ms");
  net_do(&n, &next, "GET", "/", NULL);
  assert_answered(&next, 200);
  assert_int_equal(loopback_connections(n.server), 2);

  net_clear(&x);
  net_clear(&next);
  net_close(&n);
}

TEST(connection_after_timeout_not_reused) { follow_given_up(false); }

TEST(connection_after_cancel_not_reused) { follow_given_up(true); }

int main(void) { return testing_run(NULL, NULL); }
