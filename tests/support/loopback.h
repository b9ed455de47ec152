/* SPDX-License-Identifier: MIT */
/*
 * An HTTP server on 127.0.0.1 whose every byte is the test's: it reads requests, one thread per
 * connection, and calls the test's handler for each. The handler writes any bytes, closes,
 * resets or waits. Failures to set it up abort the test.
 */
#ifndef TESTS_LOOPBACK_H
#define TESTS_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>

typedef struct loopback loopback;
typedef struct loopback_peer loopback_peer;

typedef struct loopback_request {
  const char *head; /* request line and headers as they came, NUL-terminated */
  const char *body; /* NUL-terminated */
  size_t body_bytes;
  char method[16];
  char target[256];
  int connection; /* counts from 1 */
  int number;     /* counts from 1, over all connections */
} loopback_request;

typedef void (*loopback_handler)(loopback_peer *peer, const loopback_request *request, void *user);

/* What lies between the socket and HTTP; loopback_tls.h has TLS. accept runs in the connection's
 * thread. */
typedef struct loopback_layer {
  void *(*accept)(void *user, int socket); /* NULL: refused */
  long (*read)(void *session, void *buffer, size_t bytes);
  long (*write)(void *session, const void *buffer, size_t bytes);
  void (*close)(void *session);
  void *user;
} loopback_layer;

/* layer: NULL = plain; it must outlive the server. */
loopback *loopback_start(loopback_handler handler, void *user, const loopback_layer *layer);
/* Ends every connection and thread. */
void loopback_stop(loopback *server);
int loopback_port(const loopback *server);
/* How many requests were read whole, and connections accepted, so far. */
int loopback_requests(loopback *server);
int loopback_connections(loopback *server);
/* Connections that the server has not closed. */
int loopback_open(loopback *server);
/* The text of the last request's head and body; live until the next request. */
const char *loopback_last_head(loopback *server);
const char *loopback_last_body(loopback *server);

/* For handlers. */
void loopback_write(loopback_peer *peer, const void *bytes, size_t count);
void loopback_text(loopback_peer *peer, const char *text);
/* A complete response with Content-Length. extra: further header lines, each with its CR LF. */
void loopback_reply(loopback_peer *peer, int status, const char *extra, const void *body,
                    size_t count);
void loopback_close(loopback_peer *peer); /* FIN */
void loopback_reset(loopback_peer *peer); /* RST */
/* Until the client has gone or the server is stopped. */
void loopback_hold(loopback_peer *peer);
/* true: the server is being stopped or the client cannot be written to. */
bool loopback_over(loopback_peer *peer);
/* Reads raw bytes, for handlers that speak something else; 0 at the end. */
size_t loopback_read(loopback_peer *peer, void *buffer, size_t count);
/* Number of the connection, from 1. */
int loopback_number(const loopback_peer *peer);
/* What the layer's accept returned; NULL on a plain server. */
void *loopback_session(const loopback_peer *peer);
/* Calls the handler once per connection, at its start, with no request read. */
void loopback_raw(loopback *server);

/* A port on which nothing listens. */
int loopback_dead_port(void);

#endif
