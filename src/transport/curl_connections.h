/* SPDX-License-Identifier: MIT */
/* The sockets that libcurl has open, and whether another request may be sent on each. libcurl
 * selects the connection; this table checks it right before the first byte of a request. */
#ifndef IA_CURL_CONNECTIONS_H
#define IA_CURL_CONNECTIONS_H

#include "alloc.h"
#include "list.h"
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* Both ends of a connection, as libcurl reports them with a request. */
typedef struct ia_endpoints {
  char remote[INET6_ADDRSTRLEN]; /* IP address */
  int remote_port, local_port;
} ia_endpoints;

typedef enum ia_connection_protocol {
  IA_PROTOCOL_UNKNOWN,
  IA_PROTOCOL_HTTP1,
  IA_PROTOCOL_HTTP2
} ia_connection_protocol;

typedef struct ia_connection {
  ia_link link;
  int socket;        /* -1 = closed */
  size_t refs;       /* one for the table while the socket is open, and one per transfer */
  ia_endpoints ends; /* if used */
  uint64_t origin;   /* if used: hash of the scheme, host and port of its requests */
  bool used;         /* a request was sent on it */
  ia_connection_protocol protocol; /* of its responses */
  bool abandoned;                  /* accepts no further request */
} ia_connection;

typedef struct ia_connections {
  const imgact_allocator *allocator;
  ia_link open;
  bool attempted; /* libcurl has begun to connect since this was last cleared */
} ia_connections;

void ia_connections_init(ia_connections *connections, const imgact_allocator *allocator);
/* Opens a non-inheritable socket. Returns -1 and sets errno if the system refuses it or memory is
 * exhausted. */
int ia_connections_open(ia_connections *connections, int family, int type, int protocol);
/* Closes a socket. */
int ia_connections_close(ia_connections *connections, int socket);
/* Frees the entries; closes no socket. */
void ia_connections_free(ia_connections *connections);
/* Returns the open connection with these ends and adds a reference. NULL if there is none. */
ia_connection *ia_connections_find(const ia_connections *connections, const ia_endpoints *ends);

/* Returns true if a connection to this origin is in use. An idle one may have been closed by the
 * server, or be too old for libcurl. */
bool ia_connections_has(const ia_connections *connections, uint64_t origin);

/* Returns true if a request may be sent on the connection, which then counts as used. A new
 * connection always takes its first request. */
bool ia_connection_take(ia_connection *connection);
/* Releases a reference; NULL is allowed. */
void ia_connection_unref(ia_connection *connection, const imgact_allocator *allocator);

#endif
