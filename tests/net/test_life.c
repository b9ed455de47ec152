// SPDX-License-Identifier: MIT
// Cancelling in every stage, ending with exchanges alive, many at once, calls from inside a
// callback, memory that runs out. Names are resolved by this program's own getaddrinfo, which can
// be made to hang.
#include "failing_allocator.h"
#include "net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// ---- a resolver that hangs ----

static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int waiting;
  bool released;
} resolver = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **result) {
  (void)name, (void)service, (void)hints;
  *result = NULL;
  pthread_mutex_lock(&resolver.lock);
  resolver.waiting++;
  while (!resolver.released) pthread_cond_wait(&resolver.changed, &resolver.lock);
  resolver.waiting--;
  pthread_cond_broadcast(&resolver.changed);
  pthread_mutex_unlock(&resolver.lock);
  return EAI_NONAME;
}

static void release_resolver(bool go) {
  pthread_mutex_lock(&resolver.lock);
  resolver.released = go;
  pthread_cond_broadcast(&resolver.changed);
  while (go && resolver.waiting > 0) pthread_cond_wait(&resolver.changed, &resolver.lock);
  pthread_mutex_unlock(&resolver.lock);
}

static bool resolving(void *user) {
  (void)user;
  pthread_mutex_lock(&resolver.lock);
  bool waiting = resolver.waiting > 0;
  pthread_mutex_unlock(&resolver.lock);
  return waiting;
}

// ---- servers ----

static void answer(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)user;
  loopback_reply(peer, 200, "", request->target, strlen(request->target));
}

static void hold(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  loopback_hold(peer);
}

static void hold_in_body(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  loopback_text(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
  loopback_hold(peer);
}

// A port whose queue of connections is full: connecting neither succeeds nor fails.
typedef struct full_port {
  int listener, clients[8], port;
} full_port;

static void full_port_open(full_port *full) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  full->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(full->listener, (const struct sockaddr *)&address, size), 0);
  assert_int_equal(listen(full->listener, 0), 0);
  assert_int_equal(getsockname(full->listener, (struct sockaddr *)&address, &size), 0);
  full->port = ntohs(address.sin_port);
  for (size_t i = 0; i < 8; i++) {
    full->clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)connect(full->clients[i], (const struct sockaddr *)&address, size);
  }
}

static void full_port_close(full_port *full) {
  for (size_t i = 0; i < 8; i++) close(full->clients[i]);
  close(full->listener);
}

// ---- stages ----

enum stage { AT_ONCE, RESOLVING, CONNECTING, WAITING, READING, STAGES };

static bool request_arrived(void *user) { return loopback_requests(((net *)user)->server) > 0; }

static void step_often(net *n) {
  for (int i = 0; i < 5; i++) net_step(n, 5);
}

static void bring_to(net *n, net_exchange *x, enum stage stage, const full_port *full) {
  net_request(n, x, "POST", "/", "{}");
  if (stage == RESOLVING) (void)snprintf(x->url, sizeof x->url, "https://cloud.example/");
  if (stage == CONNECTING)
    (void)snprintf(x->url, sizeof x->url, "http://127.0.0.1:%d/", full->port);
  net_send(n, x);
  if (stage == RESOLVING) net_drive(n, resolving, NULL);
  if (stage == CONNECTING) step_often(n);
  if (stage >= WAITING) net_drive(n, request_arrived, n);
  if (stage == READING) step_often(n);
  assert_int_equal(x->finished, 0);
}

static void open_for(net *n, enum stage stage) {
  net_open(n, stage == READING ? hold_in_body : hold, NULL);
}

TEST(cancel_in_every_stage_is_immediate) {
  full_port full;
  full_port_open(&full);
  for (enum stage stage = AT_ONCE; stage < STAGES; stage++) {
    net n;
    net_exchange x;
    open_for(&n, stage);
    bring_to(&n, &x, stage, &full);
    int64_t start = net_now_ms();
    n.transport->cancel(n.transport, &x.base);
    n.transport->cancel(n.transport, &x.base); // once more changes nothing
    assert_true(net_now_ms() - start < 1000);
    step_often(&n);
    assert_int_equal(x.finished, 0);
    assert_null(x.base.transport_data);
    net_close(&n);
    assert_true(net_now_ms() - start < 3000);
    release_resolver(true);
    release_resolver(false);
  }
  full_port_close(&full);
}

TEST(destroy_in_every_stage_is_immediate) {
  full_port full;
  full_port_open(&full);
  for (enum stage stage = AT_ONCE; stage < STAGES; stage++) {
    net n;
    net_exchange x;
    open_for(&n, stage);
    bring_to(&n, &x, stage, &full);
    int64_t start = net_now_ms();
    n.transport->destroy(n.transport);
    assert_true(net_now_ms() - start < 1000);
    assert_int_equal(x.finished, 0);
    loopback_stop(n.server);
    release_resolver(true);
    release_resolver(false);
  }
  full_port_close(&full);
}

TEST(timeout_before_connected_is_not_sent) {
  full_port full;
  full_port_open(&full);
  for (enum stage stage = RESOLVING; stage <= CONNECTING; stage++) {
    net n;
    net_exchange x;
    open_for(&n, stage);
    net_request(&n, &x, "POST", "/", "{}");
    x.request.timeout_ms = 100;
    if (stage == RESOLVING)
      (void)snprintf(x.url, sizeof x.url, "https://cloud.example/");
    else
      (void)snprintf(x.url, sizeof x.url, "http://127.0.0.1:%d/", full.port);
    net_send(&n, &x);
    int64_t start = net_now_ms();
    net_finish(&n, &x);
    assert_failed(&x, IMGACT_FAILURE_TIMEOUT, IMGACT_DELIVERY_NOT_SENT);
    assert_true(net_now_ms() - start < 3000);
    net_clear(&x);
    net_close(&n);
    release_resolver(true);
    release_resolver(false);
  }
  full_port_close(&full);
}

TEST(resolver_unknown_host_is_not_sent) {
  net n;
  net_exchange x;
  resolver.released = true;
  net_open(&n, hold, NULL);
  net_request(&n, &x, "POST", "/", "{}");
  x.request.url = "https://cloud.example/v1/images";

  net_send(&n, &x);
  net_finish(&n, &x);
  assert_failed(&x, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_NOT_SENT);
  assert_string_equal(x.message, "could not resolve host: cloud.example");
  net_clear(&x);
  net_close(&n);
  resolver.released = false;
}

// ---- many ----

enum { MANY = 100 };

static bool all_finished(void *user) {
  const net_exchange *all = user;
  for (int i = 0; i < MANY; i++)
    if (!all[i].finished) return false;
  return true;
}

TEST(transport_serves_hundred_exchanges) {
  static net_exchange all[MANY];
  net n;
  net_open(&n, answer, NULL);

  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < MANY; i++) {
      char path[32];
      (void)snprintf(path, sizeof path, "/%d/%d", round, i);
      net_request(&n, &all[i], i % 2 ? "GET" : "POST", path, i % 2 ? NULL : "{}");
      net_send(&n, &all[i]);
    }
    net_drive(&n, all_finished, all);
    for (int i = 0; i < MANY; i++) {
      char path[32];
      (void)snprintf(path, sizeof path, "/%d/%d", round, i);
      assert_answered(&all[i], 200);
      assert_string_equal(all[i].body, path);
      net_clear(&all[i]);
    }
  }
  assert_int_equal(loopback_requests(n.server), 3 * MANY);
  assert_true(loopback_connections(n.server) <= MANY); // the pool is shared
  net_close(&n);
}

TEST(cancel_half_lets_others_finish) {
  static net_exchange all[MANY];
  net n;
  net_open(&n, answer, NULL);

  for (int i = 0; i < MANY; i++) {
    net_request(&n, &all[i], "GET", "/", NULL);
    net_send(&n, &all[i]);
  }
  net_step(&n, 5);
  for (int i = 0; i < MANY; i += 2) {
    n.transport->cancel(n.transport, &all[i].base);
    if (!all[i].finished) all[i].finished = -1;
  }
  net_drive(&n, all_finished, all);
  step_often(&n);
  for (int i = 0; i < MANY; i++) {
    if (i % 2) assert_answered(&all[i], 200);
    assert_true(all[i].finished == 1 || all[i].finished == -1);
    net_clear(&all[i]);
  }
  net_close(&n);
}

// ---- calls from inside a callback ----

typedef struct chain {
  net *n;
  net_exchange *next;
  int go, answers;
} chain;

static void send_next(net_exchange *x) {
  chain *c = x->user;
  net_request(c->n, c->next, "GET", "/next", NULL);
  assert_int_equal(c->n->transport->send(c->n->transport, &c->next->request, &c->next->base),
                   IMGACT_OK);
  assert_int_equal(c->next->finished, 0);
}

TEST(callback_may_send) {
  net n;
  net_exchange first, second;
  chain c = {.n = &n, .next = &second};
  net_open(&n, answer, NULL);
  net_request(&n, &first, "GET", "/first", NULL);
  first.then = send_next;
  first.user = &c;
  second.finished = 0;

  net_send(&n, &first);
  net_finish(&n, &first);
  net_finish(&n, &second);
  assert_answered(&first, 200);
  assert_answered(&second, 200);
  assert_string_equal(second.body, "/next");
  assert_string_equal(first.body, "/first");

  net_clear(&first);
  net_clear(&second);
  net_close(&n);
}

static void cancel_other(net_exchange *x) {
  chain *c = x->user;
  c->n->transport->cancel(c->n->transport, &c->next->base);
  c->n->transport->cancel(c->n->transport, &x->base); // it has finished: nothing to cancel
}

// Responds when go is set, and counts the responses.
static void answer_both(loopback_peer *peer, const loopback_request *request, void *user) {
  chain *c = user;
  (void)request;
  while (!__atomic_load_n(&c->go, __ATOMIC_SEQ_CST) && !loopback_over(peer)) usleep(1000);
  loopback_reply(peer, 200, "", "{}", 2);
  __atomic_fetch_add(&c->answers, 1, __ATOMIC_SEQ_CST);
}

static bool both_arrived(void *user) { return loopback_requests(((net *)user)->server) >= 2; }

// Both responses are in the sockets when dispatch runs: the first callback cancels the other
// exchange, whose callback must not be called.
TEST(callback_may_cancel_finished_exchange) {
  net n;
  net_exchange a, b;
  chain to_b = {.n = &n, .next = &b}, to_a = {.n = &n, .next = &a};
  net_open(&n, answer_both, &to_b);
  net_request(&n, &a, "GET", "/a", NULL);
  net_request(&n, &b, "GET", "/b", NULL);
  a.then = b.then = cancel_other;
  a.user = &to_b;
  b.user = &to_a;

  net_send(&n, &a);
  net_send(&n, &b);
  net_drive(&n, both_arrived, &n);
  __atomic_store_n(&to_b.go, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&to_b.answers, __ATOMIC_SEQ_CST) < 2) usleep(1000);
  step_often(&n);
  assert_int_equal(a.finished + b.finished, 1);
  net_clear(&a);
  net_clear(&b);
  net_do(&n, &a, "GET", "/after", NULL);
  assert_answered(&a, 200);

  net_clear(&a);
  net_close(&n);
}

// ---- child programs ----

TEST(connection_descriptors_are_close_on_exec) {
  net n;
  net_exchange x;
  int found = 0;
  net_open(&n, answer, NULL);

  net_do(&n, &x, "GET", "/", NULL);
  for (int fd = 3; fd < 256; fd++) {
    struct sockaddr_in peer = {0};
    socklen_t size = sizeof peer;
    bool ours = getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
                ntohs(peer.sin_port) == loopback_port(n.server);
    if (!ours) continue;
    found++;
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  }
  assert_int_equal(found, 1);
  if (n.transport->fd(n.transport) >= 0)
    assert_true(fcntl(n.transport->fd(n.transport), F_GETFD) & FD_CLOEXEC);

  net_clear(&x);
  net_close(&n);
}

// ---- memory ----

static void answer_with_headers(loopback_peer *peer, const loopback_request *request, void *user) {
  static char body[20000];
  (void)request, (void)user;
  loopback_reply(peer, 200, "X-One: 1\r\nX-Two: 2\r\n", body, sizeof body);
}

static void send_twice(const imgact_allocator *allocator, loopback *server) {
  net n = {.server = server, .scheme = "http"};
  imgact_error error;
  imgact_status made = imgact_transport_new_curl(allocator, NULL, &n.transport, &error);

  if (made != IMGACT_OK) {
    assert_int_equal(made, IMGACT_NOMEM);
    assert_int_equal(error.status, IMGACT_NOMEM);
    assert_null(n.transport);
    return;
  }
  for (int i = 0; i < 2; i++) {
    net_exchange x;
    net_request(&n, &x, "POST", "/", "{}");
    imgact_status sent = n.transport->send(n.transport, &x.request, &x.base);
    if (sent == IMGACT_OK) {
      net_finish(&n, &x);
      if (x.failure != IMGACT_FAILURE_NONE)
        assert_failed(&x, IMGACT_FAILURE_NOMEM, x.delivery);
      else
        assert_int_equal(x.body_bytes, 20000);
      assert_int_equal(x.delivery == IMGACT_DELIVERY_ANSWERED, x.failure == IMGACT_FAILURE_NONE);
      net_clear(&x);
    } else {
      assert_int_equal(sent, IMGACT_NOMEM);
      assert_null(x.base.transport_data);
    }
  }
  n.transport->destroy(n.transport);
}

TEST(transport_without_memory_fails_cleanly) {
  loopback *server = loopback_start(answer_with_headers, NULL, NULL);
  bool more = true;
  for (size_t k = 1; more; k++) {
    failing_allocator memory;
    failing_allocator_init(&memory, k);
    memory.for_good = k % 2 == 0;
    send_twice(&memory.allocator, server);
    more = memory.failures > 0;
    assert_memory_fine(&memory);
    assert_true(k < 1000);
  }
  loopback_stop(server);
}

TEST(transport_allocator_incomplete_is_rejected) {
  const imgact_allocator empty = {.size = sizeof empty};
  imgact_transport *transport;
  imgact_error error;
  assert_int_equal(imgact_transport_new_curl(&empty, NULL, &transport, &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_null(transport);
}

int main(void) { return testing_run(NULL, NULL); }
