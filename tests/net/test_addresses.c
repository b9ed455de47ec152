// SPDX-License-Identifier: MIT
// A name with several addresses, only the last one of which accepts connections. Names are resolved
// by this program's own getaddrinfo.
#include "net.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// ---- a resolver ----

#define GOOD  "127.0.0.1"
#define OTHER "127.0.0.2"

static const char *const names[][4] = {{"one.example", OTHER, GOOD},
                                       {"two.example", OTHER, OTHER, GOOD}};

typedef struct resolved {
  struct addrinfo info; // first
  struct sockaddr_in address;
} resolved;

static struct addrinfo *resolve(const char *address, const char *port) {
  resolved *made = calloc(1, sizeof *made);
  if (!made) abort();
  made->address.sin_family = AF_INET;
  made->address.sin_port = htons((uint16_t)atoi(port));
  (void)inet_pton(AF_INET, address, &made->address.sin_addr);
  made->info = (struct addrinfo){.ai_family = AF_INET,
                                 .ai_socktype = SOCK_STREAM,
                                 .ai_addrlen = sizeof made->address,
                                 .ai_addr = (struct sockaddr *)&made->address};
  return &made->info;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **result) {
  struct addrinfo **end = result;
  (void)hints;
  *result = NULL;
  for (size_t i = 0; i < 2; i++) {
    if (strcmp(name, names[i][0]) != 0) continue;
    for (size_t k = 1; k < 4 && names[i][k]; end = &(*end)->ai_next, k++)
      *end = resolve(names[i][k], service);
  }
  return *result ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *list) {
  while (list) {
    struct addrinfo *next = list->ai_next;
    free(list);
    list = next;
  }
}

// ---- servers ----

static void hold(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  loopback_hold(peer);
}

// The other address, on the server's port, with a full queue of connections: connecting neither
// succeeds nor fails.
typedef struct silence {
  int listener, clients[8];
} silence;

static void silence_open(silence *s, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  assert_int_equal(inet_pton(AF_INET, OTHER, &address.sin_addr), 1);
  s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(s->listener, (const struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(s->listener, 0), 0);
  for (size_t i = 0; i < 8; i++) {
    s->clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)connect(s->clients[i], (const struct sockaddr *)&address, sizeof address);
  }
}

static void silence_close(silence *s) {
  for (size_t i = 0; i < 8; i++) close(s->clients[i]);
  close(s->listener);
}

// ---- tests ----

// One poll and one dispatch. Returns the time-out if nothing happened: unlike the clock, it is the
// same on a slow machine.
static int step(net *n) {
  struct pollfd item = {.fd = n->transport->fd(n->transport), .events = POLLIN};
  int wait = n->transport->timeout_ms(n->transport);
  assert_true(wait >= 0);
  int ready = poll(&item, item.fd >= 0 ? 1 : 0, wait);
  n->transport->dispatch(n->transport);
  return ready == 0 ? wait : 0;
}

// Runs until the server sees a connection; there is no TLS here. Returns the waiting time in ms.
static int connect_to(net *n, const char *name, int64_t timeout_ms) {
  net_exchange x;
  int waited = 0;
  net_request(n, &x, "GET", "/", NULL);
  (void)snprintf(x.url, sizeof x.url, "https://%s:%d/", name, loopback_port(n->server));
  x.request.timeout_ms = timeout_ms;
  net_send(n, &x);
  while (loopback_connections(n->server) == 0) {
    assert_int_equal(x.finished, 0);
    waited += step(n);
  }
  /* The step that brought the connection may have ended the request as well. */
  if (!x.finished) n->transport->cancel(n->transport, &x.base);
  net_clear(&x);
  return waited;
}

// libcurl's own timers would come after 5 s.
TEST(address_refusing_is_skipped_at_once) {
  for (size_t i = 0; i < 2; i++) {
    net n;
    net_open(&n, hold, NULL);
    assert_true(connect_to(&n, names[i][0], 20000) < 2000);
    net_close(&n);
  }
}

TEST(address_silent_is_skipped_in_time) {
  net n;
  silence s;
  net_open(&n, hold, NULL);
  silence_open(&s, loopback_port(n.server));
  (void)connect_to(&n, "one.example", 12000);
  silence_close(&s);
  net_close(&n);
}

// ---- IPv6 ----

typedef struct six_server {
  int listener, stray[2]; // a byte in the pipe: the stray response has been written
} six_server;

static void read_head(int socket) {
  char head[4096];
  size_t length = 0;
  ssize_t got;
  while (length < sizeof head - 1 &&
         (got = recv(socket, head + length, sizeof head - 1 - length, 0)) > 0) {
    length += (size_t)got;
    head[length] = '\0';
    if (strstr(head, "\r\n\r\n")) return;
  }
}

static void write_response(int socket, char body) {
  char text[100];
  int length = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%c", body);
  assert_true(send(socket, text, (size_t)length, MSG_NOSIGNAL) == length);
}

// Two connections. After its response, the first one carries an unrequested one.
static void *serve_six(void *user) {
  six_server *server = user;
  int first = accept(server->listener, NULL, NULL), second;
  read_head(first);
  write_response(first, '1');

  assert_int_equal(read(server->stray[0], &(char){0}, 1), 1); // the client has read the first one
  write_response(first, 'X');
  assert_int_equal(write(server->stray[0], "", 1), 1);
  second = accept(server->listener, NULL, NULL);
  read_head(second);
  write_response(second, '2');

  close(first);
  close(second);
  return NULL;
}

TEST(ipv6_connection_stray_bytes_replaced) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  socklen_t size = sizeof address;
  six_server server = {.listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};

  if (server.listener < 0 || bind(server.listener, (const struct sockaddr *)&address, size) != 0)
    skip();
  assert_int_equal(listen(server.listener, 4), 0);
  assert_int_equal(getsockname(server.listener, (struct sockaddr *)&address, &size), 0);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, server.stray), 0);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, serve_six, &server), 0);
  net n;
  net_open(&n, hold, NULL);
  for (int i = 0; i < 2; i++) {
    net_exchange x;
    char byte = 0;
    net_request(&n, &x, "GET", "/", NULL);
    (void)snprintf(x.url, sizeof x.url, "http://[::1]:%d/", ntohs(address.sin6_port));
    net_send(&n, &x);
    net_finish(&n, &x);
    assert_answered(&x, 200);
    assert_string_equal(x.body, i == 0 ? "1" : "2");
    net_clear(&x);
    if (i == 0) assert_int_equal(write(server.stray[1], "", 1), 1);
    if (i == 0) assert_int_equal(read(server.stray[1], &byte, 1), 1);
  }
  assert_int_equal(pthread_join(thread, NULL), 0);

  net_close(&n);
  close(server.listener);
  close(server.stray[0]);
  close(server.stray[1]);
}

int main(void) { return testing_run(NULL, NULL); }
