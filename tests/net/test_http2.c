// SPDX-License-Identifier: MIT
// HTTP/2 over TLS against a server of a few frames: that it is spoken, that exchanges share a
// connection, that none of its own ways to lose a request (RST_STREAM, GOAWAY, a lost connection)
// makes libcurl send one twice, and that a connection takes no request after one was cancelled or
// timed out.
#include "h2_fixture.h"

TEST(http2_requests_share_one_connection) {
  static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
  h2_net h;
  open_h2(&h, 4, ANSWER);

  for (size_t i = 0; i < 4; i++) {
    net_exchange x;
    net_do(&h.n, &x, methods[i], "/", i % 3 ? "{}" : NULL);
    assert_answered(&x, 200);
    assert_string_equal(x.body, "two");
    net_clear(&x);
  }
  assert_int_equal(requests(&h), 4);
  assert_int_equal(loopback_connections(h.n.server), 1);
  close_h2(&h);
}

static void lose(const char *method, int answers, enum ending ending) {
  h2_net h;
  net_exchange x;
  open_h2(&h, answers, ending);

  for (int i = 0; i < answers; i++) {
    net_do(&h.n, &x, "GET", "/", NULL);
    assert_answered(&x, 200);
    net_clear(&x);
  }
  net_do(&h.n, &x, method, "/", strcmp(method, "POST") == 0 ? "{}" : NULL);
  if (x.failure != IMGACT_FAILURE_NETWORK)
    print_message("%s, ending %d after %d\n", method, ending, answers);
  assert_failed(&x, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_MAYBE_SENT);
  assert_int_equal(requests(&h), answers + 1);

  net_clear(&x);
  close_h2(&h);
}

TEST(http2_lost_request_is_sent_once) {
  static const char *const methods[] = {"POST", "DELETE", "GET"};
  for (enum ending ending = REFUSE; ending < ENDINGS; ending++)
    for (int answers = 0; answers < 2; answers++)
      for (size_t i = 0; i < 3; i++) lose(methods[i], answers, ending);
}

// ---- cancelled and timed out requests ----

TEST(http2_silent_connection_costs_one_timeout) {
  h2_net h;
  net_exchange x;
  open_h2(&h, 2, SILENCE);

  for (int i = 1; i <= 5; i++) {
    net_request(&h.n, &x, i == 4 ? "POST" : "GET", "/", i == 4 ? "{}" : NULL);
    if (i == 3) x.request.timeout_ms = 500;
    net_send(&h.n, &x);
    net_finish(&h.n, &x);
    if (i == 3)
      assert_failed(&x, IMGACT_FAILURE_TIMEOUT, IMGACT_DELIVERY_MAYBE_SENT);
    else
      assert_answered(&x, 200);
    net_clear(&x);
  }
  assert_int_equal(requests(&h), 5);
  assert_int_equal(loopback_connections(h.n.server), 2);
  close_h2(&h);
}

static bool streams_arrived(void *user) { return requests(user) >= 1 + STREAMS; }

static void expect_others_end(bool cancelled) {
  static net_exchange all[STREAMS];
  h2_net h;
  net_exchange x;
  open_h2(&h, 1, HOLD);

  net_do(&h.n, &x, "GET", "/", NULL);
  net_clear(&x);
  for (int i = 0; i < STREAMS; i++) {
    net_request(&h.n, &all[i], "GET", "/", NULL);
    if (i == 0 && !cancelled) all[i].request.timeout_ms = 2000;
    net_send(&h.n, &all[i]);
  }
  net_drive(&h.n, streams_arrived, &h);
  if (cancelled)
    h.n.transport->cancel(h.n.transport, &all[0].base);
  else
    net_finish(&h.n, &all[0]);
  net_do(&h.n, &x, "POST", "/", "{}"); // while the others wait
  assert_answered(&x, 200);
  assert_int_equal(loopback_connections(h.n.server), 2);
  for (int i = 1; i < STREAMS; i++) assert_int_equal(all[i].finished, 0);
  __atomic_store_n(&h.server.go, 1, __ATOMIC_SEQ_CST);
  for (int i = 1; i < STREAMS; i++) {
    net_finish(&h.n, &all[i]);
    assert_answered(&all[i], 200);
    assert_string_equal(all[i].body, "two");
    net_clear(&all[i]);
  }
  net_clear(&x);
  net_do(&h.n, &x, "GET", "/", NULL);
  assert_answered(&x, 200);
  assert_int_equal(loopback_connections(h.n.server),
                   2); // the second one is kept, the first one is not used
  assert_int_equal(requests(&h), STREAMS + 3);

  net_clear(&x);
  net_clear(&all[0]);
  close_h2(&h);
}

TEST(http2_timeout_lets_other_streams_end) { expect_others_end(false); }

TEST(http2_cancel_lets_other_streams_end) { expect_others_end(true); }

// ---- HTTP_1_1_REQUIRED ----

static void open_requiring_http11(h2_net *h, int kept) {
  net_exchange x;
  open_h2(h, kept, NEED_HTTP11);
  if (!kept) return;
  net_do(&h->n, &x, "GET", "/", NULL);
  assert_answered(&x, 200);
  net_clear(&x);
}

TEST(http11_required_idempotent_is_retried) {
  static const char *const methods[] = {"GET", "PUT", "DELETE"};
  for (int kept = 0; kept < 2; kept++)
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
      h2_net h;
      net_exchange x;
      open_requiring_http11(&h, kept);
      net_do(&h.n, &x, methods[i], "/", NULL);
      assert_answered(&x, 200);
      assert_string_equal(x.body, "one");
      assert_int_equal(requests(&h), kept + 2);
      net_clear(&x);
      close_h2(&h);
    }
}

TEST(http11_required_post_sent_once) {
  for (int kept = 0; kept < 2; kept++) {
    h2_net h;
    net_exchange x;
    open_requiring_http11(&h, kept);
    net_do(&h.n, &x, "POST", "/", "{}");
    assert_failed(&x, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_MAYBE_SENT);
    assert_string_equal(x.message, "the server requires HTTP/1.1 for this request");
    assert_int_equal(requests(&h), kept + 1);
    net_clear(&x);
    net_do(&h.n, &x, "POST", "/", "{}"); // the next attempt goes over HTTP/1.1 at once
    assert_answered(&x, 200);
    assert_string_equal(x.body, "one");
    assert_int_equal(requests(&h), kept + 2);
    net_clear(&x);
    close_h2(&h);
  }
}

// A transport remembers eight origins that require HTTP/1.1. A POST to one of them then goes out
// over HTTP/1.1 at once.
TEST(http11_required_remembers_eight_origins) {
  enum { ORIGINS = 9 };
  h2_net first;
  h2_server servers[ORIGINS - 1];
  loopback *others[ORIGINS - 1];
  net_exchange x;
  open_requiring_http11(&first, 0);

  for (int i = 0; i < ORIGINS - 1; i++) {
    servers[i] = (h2_server){.answers = 0, .ending = NEED_HTTP11};
    others[i] = loopback_start(serve, &servers[i], loopback_tls_layer(first.tls));
    loopback_raw(others[i]);
  }
  for (int round = 0; round < 2; round++) {
    for (int k = 0; k < ORIGINS; k++) {
      int i = round == 0 ? ORIGINS - 1 - k : k; // the second round begins with the latest one
      int before =
          i ? __atomic_load_n(&servers[i - 1].requests, __ATOMIC_SEQ_CST) : requests(&first);
      net_request(&first.n, &x, round ? "POST" : "GET", "/", round ? "{}" : NULL);
      if (i)
        (void)snprintf(x.url, sizeof x.url, "https://127.0.0.1:%d/", loopback_port(others[i - 1]));
      net_send(&first.n, &x);
      net_finish(&first.n, &x);
      int sent =
          (i ? __atomic_load_n(&servers[i - 1].requests, __ATOMIC_SEQ_CST) : requests(&first)) -
          before;
      if (round == 0) assert_int_equal(sent, 2);
      if (round == 1) assert_int_equal(sent, 1);
      bool forgotten = round == 1 && i == ORIGINS - 1; // the oldest of nine
      if (forgotten)
        assert_failed(&x, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_MAYBE_SENT);
      else
        assert_answered(&x, 200);
      net_clear(&x);
    }
  }
  for (int i = 0; i < ORIGINS - 1; i++) loopback_stop(others[i]);
  close_h2(&first);
}

// ---- frames of no request ----

// Versions of the HTTP/2 library treat the connection differently; a response always belongs to its
// request.
TEST(http2_stray_frames_are_ignored) {
  h2_net h;
  net_exchange x;
  open_h2(&h, 1, STRAY);

  net_do(&h.n, &x, "GET", "/", NULL);
  assert_answered(&x, 200);
  net_clear(&x);
  usleep(50000); // the frames have come
  net_request(&h.n, &x, "GET", "/", NULL);
  x.request.timeout_ms = 2000;
  net_send(&h.n, &x);
  net_finish(&h.n, &x);
  if (x.delivery == IMGACT_DELIVERY_ANSWERED) assert_string_equal(x.body, "two");
  net_clear(&x);
  net_do(&h.n, &x, "POST", "/", "{}");
  assert_answered(&x, 200);
  assert_string_equal(x.body, "two");

  net_clear(&x);
  close_h2(&h);
}

int main(void) { return testing_run(NULL, NULL); }
