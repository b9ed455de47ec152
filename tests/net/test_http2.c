// SPDX-License-Identifier: MIT
// HTTP/2 over TLS against a server of a few frames: that it is spoken, that exchanges share a connection, and that none of
// its own ways to lose a request (RST_STREAM, GOAWAY, a lost connection) makes libcurl send one twice.
#include "ca_file.h"
#include "loopback_tls.h"
#include "net.h"

#include <string.h>

enum frame { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7 };
enum flag { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };
enum ending { ANSWER, REFUSE, GO_AWAY, HANG_UP, CUT_BODY, ENDINGS };

typedef struct h2_server {
  int answers; /* so many requests are answered; the next ones meet the ending */
  enum ending ending;
  int requests;
} h2_server;

static bool read_all(loopback_peer *peer, unsigned char *buffer, size_t count) {
  while (count > 0) {
    size_t got = loopback_read(peer, buffer, count);
    if (got == 0) return false;
    buffer += got;
    count -= got;
  }
  return true;
}

static void write_frame(loopback_peer *peer, enum frame type, int flags, const unsigned char *stream, const char *payload,
                        size_t count) {
  unsigned char head[9] = {0, (unsigned char)(count >> 8), (unsigned char)count, (unsigned char)type, (unsigned char)flags};
  memcpy(head + 5, stream, 4);
  loopback_write(peer, head, sizeof head);
  loopback_write(peer, payload, count);
}

static void end_request(loopback_peer *peer, h2_server *server, const unsigned char *stream) {
  static const unsigned char connection[4] = {0};
  int number = __atomic_add_fetch(&server->requests, 1, __ATOMIC_SEQ_CST);
  enum ending ending = number <= server->answers ? ANSWER : server->ending;
  if (ending == ANSWER || ending == CUT_BODY) write_frame(peer, HEADERS, END_HEADERS, stream, "\x88", 1); // :status 200
  if (ending == ANSWER) write_frame(peer, DATA, END_STREAM, stream, "two", 3);
  if (ending == CUT_BODY) write_frame(peer, DATA, 0, stream, "tw", 2);
  if (ending == REFUSE) write_frame(peer, RST_STREAM, 0, stream, "\0\0\0\7", 4);          // REFUSED_STREAM
  if (ending == GO_AWAY) write_frame(peer, GOAWAY, 0, connection, "\0\0\0\0\0\0\0\0", 8); // nothing was processed
  if (ending != ANSWER && ending != REFUSE) loopback_close(peer);
}

static bool serve_frame(loopback_peer *peer, h2_server *server) {
  unsigned char head[9], payload[1 << 16];
  if (!read_all(peer, head, sizeof head)) return false;
  size_t count = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
  if (count > sizeof payload || !read_all(peer, payload, count)) return false;
  if (head[3] == SETTINGS && !(head[4] & ACK)) write_frame(peer, SETTINGS, ACK, head + 5, "", 0);
  if (head[3] == PING && !(head[4] & ACK)) write_frame(peer, PING, ACK, head + 5, (const char *)payload, count);
  if ((head[3] == HEADERS || head[3] == DATA) && (head[4] & END_STREAM)) end_request(peer, server, head + 5);
  return head[3] != GOAWAY;
}

static void serve(loopback_peer *peer, const loopback_request *request, void *user) {
  unsigned char preface[24];
  static const unsigned char connection[4] = {0};
  (void)request;
  if (!read_all(peer, preface, sizeof preface) || memcmp(preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24) != 0) return;
  write_frame(peer, SETTINGS, 0, connection, "", 0);
  while (!loopback_over(peer) && serve_frame(peer, user)) continue;
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

static void requests_are_answered_over_one_connection(void **state) {
  (void)state;
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

static void exchanges_at_the_same_time_share_a_connection(void **state) {
  (void)state;
  net_exchange all[MANY], first;
  h2_net h;
  open_h2(&h, 1 + MANY, ANSWER);
  net_do(&h.n, &first, "GET", "/", NULL);
  for (int i = 0; i < MANY; i++) {
    net_request(&h.n, &all[i], "GET", "/", NULL);
    net_send(&h.n, &all[i]);
  }
  net_drive(&h.n, all_finished, all);
  for (int i = 0; i < MANY; i++) {
    assert_answered(&all[i], 200);
    net_clear(&all[i]);
  }
  assert_int_equal(loopback_connections(h.n.server), 1);
  net_clear(&first);
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
  if (x.failure != IMGACT_FAILURE_NETWORK) print_message("%s, ending %d after %d\n", method, ending, answers);
  assert_failed(&x, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_MAYBE_SENT);
  assert_int_equal(requests(&h), answers + 1);
  net_clear(&x);
  close_h2(&h);
}

static void a_request_that_is_lost_in_any_way_is_sent_once(void **state) {
  (void)state;
  static const char *const methods[] = {"POST", "DELETE", "GET"};
  for (enum ending ending = REFUSE; ending < ENDINGS; ending++)
    for (int answers = 0; answers < 2; answers++)
      for (size_t i = 0; i < 3; i++) lose(methods[i], answers, ending);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(requests_are_answered_over_one_connection),
      cmocka_unit_test(exchanges_at_the_same_time_share_a_connection),
      cmocka_unit_test(a_request_that_is_lost_in_any_way_is_sent_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
