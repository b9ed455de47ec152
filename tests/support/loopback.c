// SPDX-License-Identifier: MIT
// One thread accepts, one serves each connection. Everything shared is behind one lock; a peer's
// socket is shut down, never closed, by others than its own thread.
#include "loopback.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS_MAX = 256, REQUEST_MAX = 3 << 20 };

struct loopback_peer {
  loopback *server;
  pthread_t thread;
  void *session;
  int socket;
  int number;
  bool ended;
};

struct loopback {
  loopback_handler handler;
  void *user;
  const loopback_layer *layer;
  pthread_t thread;
  pthread_mutex_t lock;
  loopback_peer *peers[PEERS_MAX];
  int peers_count;
  int listener, port;
  int requests, open;
  bool stopping, raw;
  char *last_head, *last_body;
};

static void check(bool good, const char *what) {
  if (good) return;
  perror(what);
  abort();
}

static struct sockaddr_in loopback_address(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int bound_socket(int *port) {
  struct sockaddr_in address = loopback_address(0);
  socklen_t size = sizeof address;
  int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(made >= 0, "socket");
  check(bind(made, (const struct sockaddr *)&address, size) == 0, "bind");
  check(getsockname(made, (struct sockaddr *)&address, &size) == 0, "getsockname");
  *port = ntohs(address.sin_port);
  return made;
}

int loopback_dead_port(void) {
  int port;
  close(bound_socket(&port));
  return port;
}

// ---- bytes ----

static long peer_read(loopback_peer *peer, void *buffer, size_t count) {
  const loopback_layer *layer = peer->server->layer;
  return layer ? layer->read(peer->session, buffer, count) : recv(peer->socket, buffer, count, 0);
}

static long peer_write(loopback_peer *peer, const void *bytes, size_t count) {
  const loopback_layer *layer = peer->server->layer;
  return layer ? layer->write(peer->session, bytes, count)
               : send(peer->socket, bytes, count, MSG_NOSIGNAL);
}

void loopback_write(loopback_peer *peer, const void *bytes, size_t count) {
  const char *at = bytes;
  while (count > 0 && !peer->ended) {
    long sent = peer_write(peer, at, count);
    if (sent <= 0) {
      peer->ended = true;
      return;
    }
    at += sent;
    count -= (size_t)sent;
  }
}

void loopback_text(loopback_peer *peer, const char *text) {
  loopback_write(peer, text, strlen(text));
}

void loopback_reply(loopback_peer *peer, int status, const char *extra, const void *body,
                    size_t count) {
  char head[1024];
  int length = snprintf(head, sizeof head, "HTTP/1.1 %d Test\r\nContent-Length: %zu\r\n%s\r\n",
                        status, count, extra);
  check(length > 0 && (size_t)length < sizeof head, "reply");
  loopback_write(peer, head, (size_t)length);
  loopback_write(peer, body, count);
}

size_t loopback_read(loopback_peer *peer, void *buffer, size_t count) {
  long got = peer->ended ? 0 : peer_read(peer, buffer, count);
  if (got <= 0) peer->ended = true;
  return got > 0 ? (size_t)got : 0;
}

void loopback_close(loopback_peer *peer) { peer->ended = true; }

void loopback_reset(loopback_peer *peer) {
  struct linger now = {.l_onoff = 1, .l_linger = 0};
  (void)setsockopt(peer->socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  peer->ended = true;
}

bool loopback_over(loopback_peer *peer) {
  pthread_mutex_lock(&peer->server->lock);
  bool over = peer->server->stopping || peer->ended;
  pthread_mutex_unlock(&peer->server->lock);
  return over;
}

void loopback_hold(loopback_peer *peer) {
  char byte;
  while (loopback_read(peer, &byte, 1) > 0) continue;
}

// ---- requests ----

typedef struct incoming {
  char *data;
  size_t length;
} incoming;

static bool read_more(loopback_peer *peer, incoming *in) {
  if (in->length + 1 >= REQUEST_MAX) return false;
  size_t got = loopback_read(peer, in->data + in->length, REQUEST_MAX - 1 - in->length);
  in->length += got;
  in->data[in->length] = '\0';
  return got > 0;
}

static size_t content_length(const char *head) {
  const char *line = strcasestr(head, "\r\ncontent-length:");
  return line ? strtoul(line + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

static void keep_last(loopback *server, const loopback_request *request) {
  free(server->last_head);
  free(server->last_body);
  server->last_head = strdup(request->head);
  server->last_body = strdup(request->body);
}

static void handle(loopback_peer *peer, char *head, const char *body, size_t body_bytes) {
  loopback *server = peer->server;
  loopback_request request = {
      .head = head, .body = body, .body_bytes = body_bytes, .connection = peer->number};
  (void)sscanf(head, "%15s %255s", request.method, request.target);
  pthread_mutex_lock(&server->lock);
  request.number = ++server->requests;
  keep_last(server, &request);
  pthread_mutex_unlock(&server->lock);
  server->handler(peer, &request, server->user);
}

// Takes one request from the front of what has come; false: the connection is over.
static bool serve_one(loopback_peer *peer, incoming *in) {
  char *blank_line;
  while ((blank_line = strstr(in->data, "\r\n\r\n")) == NULL)
    if (!read_more(peer, in)) return false;
  size_t head_bytes = (size_t)(blank_line - in->data) + 4;
  blank_line[2] = '\0'; // the head keeps its last CR LF
  size_t body_bytes = content_length(in->data);
  while (in->length < head_bytes + body_bytes)
    if (!read_more(peer, in)) return false;
  char *body = in->data + head_bytes, saved = body[body_bytes];
  body[body_bytes] = '\0';
  handle(peer, in->data, body, body_bytes);
  body[body_bytes] = saved;
  in->length -= head_bytes + body_bytes;
  memmove(in->data, body + body_bytes, in->length + 1);
  return !peer->ended;
}

static void serve(loopback_peer *peer) {
  if (peer->server->raw) {
    peer->server->handler(peer, NULL, peer->server->user);
    return;
  }
  incoming in = {.data = calloc(1, REQUEST_MAX)};
  check(in.data != NULL, "calloc");
  while (serve_one(peer, &in)) continue;
  free(in.data);
}

static void *peer_main(void *user) {
  loopback_peer *peer = user;
  loopback *server = peer->server;
  const loopback_layer *layer = server->layer;
  if (layer) peer->session = layer->accept(layer->user, peer->socket);
  if (!layer || peer->session) serve(peer);
  pthread_mutex_lock(&server->lock); // loopback_stop may be shutting the socket down
  if (peer->session) layer->close(peer->session);
  close(peer->socket);
  peer->socket = -1;
  server->open--;
  pthread_mutex_unlock(&server->lock);
  return NULL;
}

// ---- connections ----

static void add_peer(loopback *server, int socket) {
  int on = 1;
  (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  loopback_peer *peer = calloc(1, sizeof *peer);
  check(peer != NULL, "calloc");
  peer->server = server;
  peer->socket = socket;
  pthread_mutex_lock(&server->lock);
  check(server->peers_count < PEERS_MAX, "too many connections");
  server->peers[server->peers_count++] = peer;
  peer->number = server->peers_count;
  server->open++;
  check(pthread_create(&peer->thread, NULL, peer_main, peer) == 0, "pthread_create");
  pthread_mutex_unlock(&server->lock);
}

static void *accept_main(void *user) {
  loopback *server = user;
  for (;;) {
    int socket = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    if (socket >= 0)
      add_peer(server, socket);
    else if (errno != EINTR && errno != ECONNABORTED)
      return NULL; // the listener was shut down
  }
}

loopback *loopback_start(loopback_handler handler, void *user, const loopback_layer *layer) {
  loopback *server = calloc(1, sizeof *server);
  check(server != NULL, "calloc");
  server->handler = handler;
  server->user = user;
  server->layer = layer;
  server->listener = bound_socket(&server->port);
  check(listen(server->listener, PEERS_MAX) == 0, "listen");
  check(pthread_mutex_init(&server->lock, NULL) == 0, "pthread_mutex_init");
  check(pthread_create(&server->thread, NULL, accept_main, server) == 0, "pthread_create");
  return server;
}

void loopback_stop(loopback *server) {
  shutdown(server->listener, SHUT_RDWR);
  pthread_join(server->thread, NULL);
  close(server->listener);
  pthread_mutex_lock(&server->lock);
  server->stopping = true;
  for (int i = 0; i < server->peers_count; i++)
    if (server->peers[i]->socket >= 0) shutdown(server->peers[i]->socket, SHUT_RDWR);
  pthread_mutex_unlock(&server->lock);
  for (int i = 0; i < server->peers_count; i++) {
    pthread_join(server->peers[i]->thread, NULL);
    free(server->peers[i]);
  }
  pthread_mutex_destroy(&server->lock);
  free(server->last_head);
  free(server->last_body);
  free(server);
}

int loopback_number(const loopback_peer *peer) { return peer->number; }
void *loopback_session(const loopback_peer *peer) { return peer->session; }

void loopback_raw(loopback *server) { server->raw = true; }

int loopback_port(const loopback *server) { return server->port; }

static int locked(loopback *server, const int *counter) {
  pthread_mutex_lock(&server->lock);
  int value = *counter;
  pthread_mutex_unlock(&server->lock);
  return value;
}

int loopback_requests(loopback *server) { return locked(server, &server->requests); }
int loopback_connections(loopback *server) { return locked(server, &server->peers_count); }
int loopback_open(loopback *server) { return locked(server, &server->open); }

const char *loopback_last_head(loopback *server) {
  return server->last_head ? server->last_head : "";
}
const char *loopback_last_body(loopback *server) {
  return server->last_body ? server->last_body : "";
}
