/* SPDX-License-Identifier: MIT */
/* A server of a few HTTP/2 frames over TLS, and a transport that trusts it. */
#ifndef TESTS_H2_FIXTURE_H
#define TESTS_H2_FIXTURE_H

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

static inline bool read_all(loopback_peer *peer, unsigned char *buffer, size_t count) {
  while (count > 0) {
    size_t got = loopback_read(peer, buffer, count);
    if (got == 0) return false;
    buffer += got;
    count -= got;
  }
  return true;
}

static inline void write_frame(loopback_peer *peer, enum frame type, int flags,
                               const unsigned char *stream, const char *payload, size_t count) {
  unsigned char head[9] = {0, (unsigned char)(count >> 8), (unsigned char)count,
                           (unsigned char)type, (unsigned char)flags};
  memcpy(head + 5, stream, 4);
  loopback_write(peer, head, sizeof head);
  loopback_write(peer, payload, count);
}

static inline void write_answer(loopback_peer *peer, const unsigned char *stream) {
  write_frame(peer, HEADERS, END_HEADERS, stream, "\x88", 1); // :status 200
  write_frame(peer, DATA, END_STREAM, stream, "two", 3);
}

// Frames for a stream that has ended, and for one that was never opened.
static inline void write_stray(loopback_peer *peer, const unsigned char *ended) {
  static const unsigned char never[4] = {0, 0, 0, 201};
  write_frame(peer, DATA, END_STREAM, ended, "stray", 5);
  write_frame(peer, HEADERS, END_HEADERS, never, "\x88", 1);
  write_frame(peer, DATA, END_STREAM, never, "stray", 5);
}

// Holds a request. Once all have arrived and go is set, responds to all but the first one.
static inline void hold_request(loopback_peer *peer, h2_server *server, h2_waiting *waiting,
                                const unsigned char *stream) {
  memcpy(waiting->streams[waiting->count++], stream, 4);
  if (waiting->count < STREAMS) return;
  while (!__atomic_load_n(&server->go, __ATOMIC_SEQ_CST) && !loopback_over(peer)) usleep(1000);
  for (int i = 1; i < STREAMS; i++) write_answer(peer, waiting->streams[i]);
  waiting->count = 0;
}

static inline void end_request(loopback_peer *peer, h2_server *server, h2_waiting *waiting,
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

static inline bool serve_frame(loopback_peer *peer, h2_server *server, h2_waiting *waiting) {
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
static inline void serve_http11(loopback_peer *peer, h2_server *server, const char *start) {
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

static inline void serve(loopback_peer *peer, const loopback_request *request, void *user) {
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

static inline void open_h2(h2_net *h, int answers, enum ending ending) {
  h->server = (h2_server){.answers = answers, .ending = ending};
  h->tls = loopback_tls_new(NULL, true);
  ca_file_write(&h->file, loopback_tls_pem(h->tls), strlen(loopback_tls_pem(h->tls)));
  net_open_with(&h->n, NULL, h->file.path, serve, &h->server, loopback_tls_layer(h->tls));
  loopback_raw(h->n.server);
}

static inline void close_h2(h2_net *h) {
  net_close(&h->n);
  loopback_tls_free(h->tls);
  ca_file_remove(&h->file);
}

static inline int requests(h2_net *h) {
  return __atomic_load_n(&h->server.requests, __ATOMIC_SEQ_CST);
}

#endif
