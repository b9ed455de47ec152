// SPDX-License-Identifier: MIT
/*
 * The sockets that libcurl has open. Invariants:
 *
 * - An open socket has one entry. A closed socket may have one too: libcurl 7.88 to 8.4 close a
 * socket that was still connecting without calling CURLOPT_CLOSESOCKETFUNCTION. The next socket
 * with that number replaces the entry.
 * - A new connection accepts its first request without a check, so that a request can always be
 * moved to a new connection.
 *
 * An idle HTTP/1.1 connection must have no data to read: bytes received before the request cannot
 * be its response. Over TLS, such bytes may also be a late session ticket or an alert. They are
 * encrypted, so they are treated the same; the cost is one handshake. An idle HTTP/2 connection may
 * have data to read, because its frames name their stream; only the end of the connection matters.
 */
#include "curl_connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef union any_address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} any_address;

void ia_connections_init(ia_connections *connections, const imgact_allocator *allocator) {
  *connections = (ia_connections){.allocator = allocator};
  ia_list_init(&connections->open);
}

static int new_socket(int family, int type, int protocol) {
#ifdef SOCK_CLOEXEC
  return socket(family, type | SOCK_CLOEXEC, protocol);
#else
  int made = socket(family, type, protocol);
  if (made >= 0) (void)fcntl(made, F_SETFD, FD_CLOEXEC);
  return made;
#endif
}

void ia_connection_unref(ia_connection *connection, const imgact_allocator *allocator) {
  if (connection && --connection->refs == 0) ia_free(allocator, connection);
}

static void drop(ia_connections *connections, ia_connection *connection) {
  ia_list_remove(&connection->link);
  connection->socket = -1;
  ia_connection_unref(connection, connections->allocator);
}

static void forget(ia_connections *connections, int socket) {
  for (ia_link *link = connections->open.next; link != &connections->open; link = link->next) {
    ia_connection *connection = IA_ENTRY(link, ia_connection, link);
    if (connection->socket != socket) continue;
    drop(connections, connection);
    return;
  }
}

int ia_connections_open(ia_connections *connections, int family, int type, int protocol) {
  ia_connection *connection = ia_alloc_zero(connections->allocator, sizeof *connection);
  connections->attempted = true;
  errno = ENOMEM;
  if (!connection) return -1;
  connection->socket = new_socket(family, type, protocol);
  connection->refs = 1;
  if (connection->socket < 0) {
    int reason = errno;
    ia_free(connections->allocator, connection);
    errno = reason;
    return -1;
  }

  forget(connections, connection->socket);
  ia_list_append(&connections->open, &connection->link);
  return connection->socket;
}

int ia_connections_close(ia_connections *connections, int socket) {
  forget(connections, socket);
  return close(socket);
}

void ia_connections_free(ia_connections *connections) {
  while (!ia_list_empty(&connections->open))
    drop(connections, IA_ENTRY(connections->open.next, ia_connection, link));
}

/* ---- identification ---- */

static int port_of(const any_address *address) {
  if (address->any.sa_family == AF_INET) return ntohs(address->v4.sin_port);
  return address->any.sa_family == AF_INET6 ? ntohs(address->v6.sin6_port) : -1;
}

static bool is_host(const any_address *address, const char *text) {
  struct in_addr v4;
  struct in6_addr v6;
  if (address->any.sa_family == AF_INET)
    return inet_pton(AF_INET, text, &v4) == 1 && memcmp(&v4, &address->v4.sin_addr, sizeof v4) == 0;
  return inet_pton(AF_INET6, text, &v6) == 1 && memcmp(&v6, &address->v6.sin6_addr, sizeof v6) == 0;
}

static bool same_ends(const ia_endpoints *a, const ia_endpoints *b) {
  return a->local_port == b->local_port && a->remote_port == b->remote_port &&
         strcmp(a->remote, b->remote) == 0;
}

static bool socket_has_ends(int socket, const ia_endpoints *ends) {
  any_address local = {.any.sa_family = AF_UNSPEC}, remote = {.any.sa_family = AF_UNSPEC};
  socklen_t size = sizeof local;
  if (getsockname(socket, &local.any, &size) != 0 || port_of(&local) != ends->local_port)
    return false;
  size = sizeof remote;
  if (getpeername(socket, &remote.any, &size) != 0 || port_of(&remote) != ends->remote_port)
    return false;
  return is_host(&remote, ends->remote);
}

/* getpeername() fails after a reset, so the addresses are stored with the first request. */
static bool has_ends(const ia_connection *connection, const ia_endpoints *ends) {
  return connection->used ? same_ends(&connection->ends, ends)
                          : socket_has_ends(connection->socket, ends);
}

ia_connection *ia_connections_find(const ia_connections *connections, const ia_endpoints *ends) {
  for (ia_link *link = connections->open.next; link != &connections->open; link = link->next) {
    ia_connection *connection = IA_ENTRY(link, ia_connection, link);
    if (!has_ends(connection, ends)) continue;
    connection->ends = *ends;
    connection->refs++;
    return connection;
  }
  return NULL;
}

bool ia_connections_has(const ia_connections *connections, uint64_t origin) {
  for (ia_link *link = connections->open.next; link != &connections->open; link = link->next) {
    ia_connection *connection = IA_ENTRY(link, ia_connection, link);
    bool in_use = connection->used && connection->refs > 1;
    if (in_use && !connection->abandoned && connection->origin == origin) return true;
  }
  return false;
}

/* ---- check before a request ---- */

/* Returns true if there is nothing to read: no bytes, no end, no error. */
static bool silent(int socket) {
  struct pollfd item = {.fd = socket, .events = POLLIN};
  return poll(&item, 1, 0) == 0;
}

static bool open_at_both_ends(int socket) {
#ifdef POLLRDHUP
  struct pollfd item = {.fd = socket, .events = POLLRDHUP};
  return poll(&item, 1, 0) == 0;
#else
  char byte; /* an end after unread bytes is not detected */
  ssize_t got = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
#endif
}

bool ia_connection_take(ia_connection *connection) {
  enum { OWN_REFS = 2 }; /* the table's and the calling transfer's */
  if (connection->abandoned) return false;
  /* Before the first response, only an HTTP/2 connection has several requests. Afterwards the count
   * is not usable: a finished transfer still references an HTTP/1.1 connection while the next one
   * begins in the same dispatch. */
  bool several = connection->protocol == IA_PROTOCOL_UNKNOWN && connection->refs > OWN_REFS;
  bool http2 = several || connection->protocol == IA_PROTOCOL_HTTP2;
  if (connection->used)
    connection->abandoned =
        http2 ? !open_at_both_ends(connection->socket) : !silent(connection->socket);
  connection->used = true;
  return !connection->abandoned;
}
