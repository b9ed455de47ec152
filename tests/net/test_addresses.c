// SPDX-License-Identifier: MIT
// A name with several addresses, of which only the last one answers. Names are resolved by this program's own getaddrinfo.
#include "net.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// ---- a resolver ----

#define GOOD  "127.0.0.1"
#define OTHER "127.0.0.2"

static const char *const names[][4] = {{"one.example", OTHER, GOOD}, {"two.example", OTHER, OTHER, GOOD}};

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

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  struct addrinfo **end = result;
  (void)hints;
  *result = NULL;
  for (size_t i = 0; i < 2; i++) {
    if (strcmp(name, names[i][0]) != 0) continue;
    for (size_t k = 1; k < 4 && names[i][k]; end = &(*end)->ai_next, k++) *end = resolve(names[i][k], service);
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

// The other address, on the server's port, with a full queue of connections: connecting neither succeeds nor fails.
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

// One poll and one dispatch. What it asked to wait for in vain: unlike the clock, that is the same on a slow machine.
static int step(net *n) {
  struct pollfd item = {.fd = n->transport->fd(n->transport), .events = POLLIN};
  int wait = n->transport->timeout_ms(n->transport);
  assert_true(wait >= 0);
  int ready = poll(&item, item.fd >= 0 ? 1 : 0, wait);
  n->transport->dispatch(n->transport);
  return ready == 0 ? wait : 0;
}

// Until the server sees a connection; nobody speaks TLS here. Returns how many ms it waited.
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
  n->transport->cancel(n->transport, &x.base);
  return waited;
}

// libcurl's own timers would come after 5 s.
static void an_address_that_refuses_is_passed_over_at_once(void **state) {
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    net n;
    net_open(&n, hold, NULL);
    assert_true(connect_to(&n, names[i][0], 20000) < 2000);
    net_close(&n);
  }
}

static void an_address_that_stays_silent_is_passed_over_in_time(void **state) {
  (void)state;
  net n;
  silence s;
  net_open(&n, hold, NULL);
  silence_open(&s, loopback_port(n.server));
  (void)connect_to(&n, "one.example", 12000);
  silence_close(&s);
  net_close(&n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_address_that_refuses_is_passed_over_at_once),
      cmocka_unit_test(an_address_that_stays_silent_is_passed_over_in_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
