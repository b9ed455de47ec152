// SPDX-License-Identifier: MIT
// HTTP/2 over TLS against a server of a few frames: that it is spoken, that exchanges share a
// connection, that none of its own ways to lose a request (RST_STREAM, GOAWAY, a lost connection)
// makes libcurl send one twice, and that a connection takes no request after one was cancelled or
// timed out.
#include "ca_file.h"
#include "loopback_tls.h"
#include "net.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum frame { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7 };
enum flag { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };
enum ending {
  ANSWER,
  REFUSE,
  GO_AWAY,
  HANG_UP,
  CUT_BODY,
  ENDINGS,
  SILENCE,
  HOLD,
  NEED_HTTP11,
  STRAY
};
enum { STREAMS = 64 };

typedef struct h2_server {
  int answers; /* number of requests that get a response; the next ones meet the ending */
  enum ending ending;
  int requests;
  int go; // HOLD: waiting requests may get their responses
} h2_server;

// Of one connection.
typedef struct h2_waiting {
  unsigned char streams[STREAMS][4];
  int count;
} h2_waiting;

static bool read_all(loopback_peer *peer, unsigned char *buffer, size_t count) {
  while (count > 0) {
    size_t got = loopback_read(peer, buffer, count);
    if (got == 0) return false;
    buffer += got;
    count -= got;
  }
  return true;
}

static void write_frame(loopback_peer *peer, enum frame type, int flags,
                        const unsigned char *stream, const char *payload, size_t count) {
  unsigned char head[9] = {0, (unsigned char)(count >> 8), (unsigned char)count,
                           (unsigned char)type, (unsigned char)flags};
  memcpy(head + 5, stream, 4);
  loopback_write(peer, head, sizeof head);
  loopback_write(peer, payload, count);
}

static void write_answer(loopback_peer *peer, const unsigned char *stream) {
  write_frame(peer, HEADERS, END_HEADERS, stream, "\x88", 1); // :status 200
  write_frame(peer, DATA, END_STREAM, stream, "two", 3);
}

// Frames for a stream that has ended, and for one that was never opened.
static void write_stray(loopback_peer *peer, const unsigned char *ended) {
  static const unsigned char never[4] = {0, 0, 0, 201};
  write_frame(peer, DATA, END_STREAM, ended, "stray", 5);
  write_frame(peer, HEADERS, END_HEADERS, never, "\x88", 1);
  write_frame(peer, DATA, END_STREAM, never, "stray", 5);
}

// Holds a request. Once all have arrived and go is set, responds to all but the first one.
static void hold_request(loopback_peer *peer, h2_server *server, h2_waiting *waiting,
                         const unsigned char *stream) {
  memcpy(waiting->streams[waiting->count++], stream, 4);
  if (waiting->count < STREAMS) return;
  while (!__atomic_load_n(&server->go, __ATOMIC_SEQ_CST) && !loopback_over(peer)) usleep(1000);
  for (int i = 1; i < STREAMS; i++) write_answer(peer, waiting->streams[i]);
  waiting->count = 0;
}

static void end_request(loopback_peer *peer, h2_server *server, h2_waiting *waiting,
                        const unsigned char *stream) {
  static const unsigned char connection[4] = {0};
  int number = __atomic_add_fetch(&server->requests, 1, __ATOMIC_SEQ_CST);
  bool first = loopback_number(peer) == 1;
  enum ending ending =
      number <= server->answers || (server->ending > ENDINGS && !first) ? ANSWER : server->ending;
  if (ending == ANSWER) write_answer(peer, stream);
  if (ending == CUT_BODY) write_frame(peer, HEADERS, END_HEADERS, stream, "\x88", 1);
  if (ending == CUT_BODY) write_frame(peer, DATA, 0, stream, "tw", 2);
  if (ending == REFUSE) write_frame(peer, RST_STREAM, 0, stream, "\0\0\0\7", 4); // REFUSED_STREAM
  if (ending == GO_AWAY)
    write_frame(peer, GOAWAY, 0, connection, "\0\0\0\0\0\0\0\0", 8); // nothing was processed
  if (ending == NEED_HTTP11) write_frame(peer, RST_STREAM, 0, stream, "\0\0\0\xd", 4);
  if (ending == GO_AWAY || ending == HANG_UP || ending == CUT_BODY) loopback_close(peer);
  if (ending == HOLD) hold_request(peer, server, waiting, stream);
  if (server->ending == STRAY && number == 1) write_stray(peer, stream);
}

static bool serve_frame(loopback_peer *peer, h2_server *server, h2_waiting *waiting) {
  unsigned char head[9], payload[1 << 16];
  if (!read_all(peer, head, sizeof head)) return false;
  size_t count = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
  if (count > sizeof payload || !read_all(peer, payload, count)) return false;
  if (head[3] == SETTINGS && !(head[4] & ACK)) write_frame(peer, SETTINGS, ACK, head + 5, "", 0);
  if (head[3] == PING && !(head[4] & ACK))
    write_frame(peer, PING, ACK, head + 5, (const char *)payload, count);
  if ((head[3] == HEADERS || head[3] == DATA) && (head[4] & END_STREAM))
    end_request(peer, server, waiting, head + 5);
  return head[3] != GOAWAY;
}

// A client that offers HTTP/1.1 alone.
static void serve_http11(loopback_peer *peer, h2_server *server, const char *start) {
  char text[4096];
  size_t length = (size_t)snprintf(text, sizeof text, "%s", start);
  while (!strstr(text, "\r\n\r\n")) {
    size_t got = loopback_read(peer, text + length, sizeof text - 1 - length);
    if (got == 0) return;
    text[length += got] = '\0';
  }
  __atomic_add_fetch(&server->requests, 1, __ATOMIC_SEQ_CST);
  loopback_reply(peer, 200, "Connection: close\r\n", "one", 3);
  loopback_close(peer);
}

static void serve(loopback_peer *peer, const loopback_request *request, void *user) {
  unsigned char preface[24 + 1] = {0};
  static const unsigned char connection[4] = {0};
  h2_waiting waiting = {.count = 0};
  (void)request;
  if (!read_all(peer, preface, 24)) return;
  if (memcmp(preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24) != 0) {
    serve_http11(peer, user, (const char *)preface);
    return;
  }
  write_frame(peer, SETTINGS, 0, connection, "", 0);
  while (!loopback_over(peer) && serve_frame(peer, user, &waiting)) continue;
}

typedef struct h2_net {
  net n;
  loopback_tls *tls;
  ca_file file;
  h2_server server;
} h2_net;

static void open_h2(h2_net *h, int answers, enum ending ending) {
  h->server = (h2_server){.answers = answers, .ending = ending};
  h->tls = loopback_tls_new(NULL, true);
  ca_file_write(&h->file, loopback_tls_pem(h->tls), strlen(loopback_tls_pem(h->tls)));
  net_open_with(&h->n, NULL, h->file.path, serve, &h->server, loopback_tls_layer(h->tls));
  loopback_raw(h->n.server);
}

static void close_h2(h2_net *h) {
  net_close(&h->n);
  loopback_tls_free(h->tls);
  ca_file_remove(&h->file);
}

static int requests(h2_net *h) { return __atomic_load_n(&h->server.requests, __ATOMIC_SEQ_CST); }

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

enum { MANY = 20 };

static bool all_finished(void *user) {
  const net_exchange *all = user;
  for (int i = 0; i < MANY; i++)
    if (!all[i].finished) return false;
  return true;
}

// ---- waiting for another one's connection ----

static void send_all(h2_net *h, net_exchange *all, int64_t timeout_of_first_ms) {
  for (int i = 0; i < MANY; i++) {
    net_request(&h->n, &all[i], "GET", "/", NULL);
    if (i == 0 && timeout_of_first_ms) all[i].request.timeout_ms = timeout_of_first_ms;
    net_send(&h->n, &all[i]);
  }
}

static void send_many(h2_net *h, net_exchange *all, int64_t timeout_of_first_ms) {
  open_h2(h, MANY, ANSWER);
  send_all(h, all, timeout_of_first_ms);
}

static void expect_one_more_connection(h2_net *h) {
  net_exchange all[MANY];
  int before = loopback_connections(h->n.server);
  send_all(h, all, 0);
  net_drive(&h->n, all_finished, all);
  for (int i = 0; i < MANY; i++) {
    assert_answered(&all[i], 200);
    net_clear(&all[i]);
  }
  assert_int_equal(loopback_connections(h->n.server) - before, 1);
  close_h2(h);
}

TEST(http2_waiting_share_first_connection) {
  h2_net h;
  open_h2(&h, MANY, ANSWER);
  expect_one_more_connection(&h);
}

static bool others_finished(void *user) {
  const net_exchange *all = user;
  for (int i = 1; i < MANY; i++)
    if (!all[i].finished) return false;
  return true;
}

static void expect_others_answered(h2_net *h, net_exchange *all) {
  net_drive(&h->n, others_finished, all);
  for (int i = 1; i < MANY; i++) assert_answered(&all[i], 200);
  for (int i = 0; i < MANY; i++) net_clear(&all[i]);
  assert_in_range(loopback_connections(h->n.server), 1, 2); // with that of the first
  close_h2(h);
}

TEST(http2_waiting_survive_cancelled_opener) {
  net_exchange all[MANY];
  h2_net h;
  send_many(&h, all, 0);
  net_step(&h.n, 0); // begins to connect
  h.n.transport->cancel(h.n.transport, &all[0].base);
  expect_others_answered(&h, all);
  assert_int_equal(all[0].finished, 0);
}

TEST(http2_waiting_survive_opener_timeout) {
  net_exchange all[MANY];
  h2_net h;
  send_many(&h, all, 1);
  usleep(2000);
  net_drive(&h.n, others_finished, all);
  assert_failed(&all[0], IMGACT_FAILURE_TIMEOUT, IMGACT_DELIVERY_NOT_SENT);
  expect_others_answered(&h, all);
}

TEST(http2_waiting_can_be_cancelled) {
  net_exchange all[MANY];
  h2_net h;
  send_many(&h, all, 0);
  net_step(&h.n, 0); // begins to connect
  for (int i = MANY - 1; i > 0; i--) h.n.transport->cancel(h.n.transport, &all[i].base);
  net_finish(&h.n, &all[0]);
  assert_answered(&all[0], 200);
  for (int i = 0; i < MANY; i++) net_clear(&all[i]);
  assert_int_equal(requests(&h), 1);
  assert_int_equal(loopback_connections(h.n.server), 1);
  close_h2(&h);
}

// libcurl does not use a connection that the server has closed.
TEST(http2_waiting_share_next_connection) {
  h2_net h;
  net_exchange x;
  open_h2(&h, 1, GO_AWAY);
  for (int i = 0; i < 2; i++) { // the second one ends the connection
    net_do(&h.n, &x, "GET", "/", NULL);
    net_clear(&x);
  }
  h.server.ending = ANSWER;
  expect_one_more_connection(&h);
}

TEST(http2_waiting_end_with_transport) {
  net_exchange all[MANY];
  h2_net h;
  send_many(&h, all, 0);
  close_h2(&h);
  for (int i = 0; i < MANY; i++) assert_int_equal(all[i].finished, 0);
}

// ---- lost requests ----

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
