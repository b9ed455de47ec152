// SPDX-License-Identifier: MIT
// A request is sent at most once, and its delivery is reported correctly: not sent, maybe sent,
// answered.
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- lost on a connection that was used before ----

typedef struct loss {
  int at; /* the request that gets no response */
  bool reset;
} loss;

static void answer_until(loopback_peer *peer, const loopback_request *request, void *user) {
  const loss *l = user;
  if (request->number < l->at)
    loopback_reply(peer, 200, "", "{}", 2);
  else if (l->reset)
    loopback_reset(peer);
  else
    loopback_close(peer);
}

static void lose_second(const char *method, bool reset) {
  net n;
  net_exchange first, second;
  loss l = {.at = 2, .reset = reset};
  net_open(&n, answer_until, &l);

  net_do(&n, &first, "GET", "/first", NULL);
  assert_answered(&first, 200);
  net_do(&n, &second, method, "/second",
         strcmp(method, "POST") == 0 ? "{\"type\":\"convert\"}" : NULL);
  assert_failed(&second, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_MAYBE_SENT);
  assert_string_equal(second.message, "the connection was closed before the response");
  assert_int_equal(loopback_requests(n.server), 2);
  assert_int_equal(loopback_connections(n.server), 1);
  net_clear(&first);
  net_clear(&second);
  net_do(&n, &first, "GET", "/third", NULL); // the transport opens a new connection
  assert_int_equal(loopback_requests(n.server), 3);
  assert_int_equal(loopback_connections(n.server), 2);

  net_clear(&first);
  net_close(&n);
}

TEST(connection_reused_closes_request_sent_once) {
  static const char *const methods[] = {"POST", "DELETE", "PUT", "GET"};
  for (size_t i = 0; i < 4; i++) lose_second(methods[i], false);
}

TEST(connection_reused_reset_request_sent_once) {
  static const char *const methods[] = {"POST", "DELETE", "PUT", "GET"};
  for (size_t i = 0; i < 4; i++) lose_second(methods[i], true);
}

TEST(connection_new_closes_request_sent_once) {
  for (int reset = 0; reset < 2; reset++) {
    net n;
    net_exchange x;
    loss l = {.at = 1, .reset = reset != 0};
    net_open(&n, answer_until, &l);
    net_do(&n, &x, "POST", "/", "{}");
    assert_failed(&x, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_MAYBE_SENT);
    assert_int_equal(loopback_requests(n.server), 1);
    net_clear(&x);
    net_close(&n);
  }
}

// The first two responses are sent together, so that each request needs a connection.
static void answer_two(loopback_peer *peer, const loopback_request *request, void *user) {
  const net *n = user;
  while (loopback_requests(n->server) < 2 && !loopback_over(peer)) usleep(1000);
  if (request->number <= 2)
    loopback_reply(peer, 200, "", "{}", 2);
  else
    loopback_close(peer);
}

TEST(connection_idle_takes_no_lost_request) {
  net n;
  net_exchange a, b, lost;
  net_open(&n, answer_two, &n);
  net_request(&n, &a, "GET", "/a", NULL);
  net_request(&n, &b, "GET", "/b", NULL);

  net_send(&n, &a);
  net_send(&n, &b);
  net_finish(&n, &a);
  net_finish(&n, &b);
  assert_int_equal(loopback_connections(n.server), 2);
  net_do(&n, &lost, "POST", "/lost", "{}");
  assert_failed(&lost, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_MAYBE_SENT);
  assert_int_equal(loopback_requests(n.server), 3);

  net_clear(&a);
  net_clear(&b);
  net_clear(&lost);
  net_close(&n);
}

TEST(request_large_cut_off_maybe_sent) {
  net n;
  net_exchange first, second;
  loss l = {.at = 2, .reset = true};
  char *body =
      malloc(((size_t)8 << 20) + 1); // beyond REQUEST_MAX: the server hangs up in the middle

  assert_non_null(body);
  memset(body, 'x', (size_t)8 << 20);
  body[(size_t)8 << 20] = '\0';
  net_open(&n, answer_until, &l);
  net_do(&n, &first, "GET", "/", NULL);
  assert_answered(&first, 200);
  net_do(&n, &second, "PUT", "/", body);
  assert_failed(&second, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_MAYBE_SENT);
  assert_int_equal(loopback_requests(n.server), 1);
  assert_int_equal(loopback_connections(n.server), 1);

  net_clear(&first);
  net_clear(&second);
  net_close(&n);
  free(body);
}

// ---- connections that are closed while idle ----

static void answer_and_close(loopback_peer *peer, const loopback_request *request, void *user) {
  int *seen = user;
  if (seen && strncmp(request->target, "/race/", 6) == 0)
    __atomic_fetch_add(&seen[atoi(request->target + 6)], 1, __ATOMIC_SEQ_CST);
  loopback_reply(peer, 200, "", "{}", 2);
  loopback_close(peer);
}

static bool all_closed(void *user) { return loopback_open(((net *)user)->server) == 0; }

TEST(connection_closed_while_idle_not_reused) {
  net n;
  net_open(&n, answer_and_close, NULL);
  for (int i = 1; i <= 5; i++) {
    net_exchange x;
    net_do(&n, &x, i % 2 ? "POST" : "GET", "/", NULL);
    assert_answered(&x, 200);
    net_clear(&x);
    net_drive(&n, all_closed, &n);
    assert_int_equal(loopback_requests(n.server), i);
  }
  assert_int_equal(loopback_connections(n.server), 5);
  net_close(&n);
}

TEST(connection_close_race_sends_once) {
  enum { ROUNDS = 100 };
  int seen[ROUNDS + 1] = {0};
  net n;
  net_open(&n, answer_and_close, seen);

  for (int i = 1; i <= ROUNDS; i++) {
    net_exchange x;
    char path[32];
    (void)snprintf(path, sizeof path, "/race/%d", i);
    net_do(&n, &x, "POST", path, "{}");
    int times = __atomic_load_n(&seen[i], __ATOMIC_SEQ_CST);
    assert_true(times <= 1);
    if (x.delivery == IMGACT_DELIVERY_ANSWERED) assert_int_equal(times, 1);
    if (times == 1) assert_int_not_equal(x.delivery, IMGACT_DELIVERY_NOT_SENT);
    net_clear(&x);
  }
  net_close(&n);
}

// ---- not sent ----

TEST(connection_refused_is_not_sent) {
  net n;
  net_exchange x;
  char expected[2][128];
  int port = loopback_dead_port();
  net_open(&n, answer_and_close, NULL);
  net_request(&n, &x, "POST", "/", "{}");
  (void)snprintf(x.url, sizeof x.url, "http://127.0.0.1:%d/", port);

  net_send(&n, &x);
  net_finish(&n, &x);
  assert_failed(&x, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_NOT_SENT);
  (void)snprintf(expected[0], sizeof expected[0],
                 "could not connect to 127.0.0.1 port %d: Connection refused", port);
  (void)snprintf(expected[1], sizeof expected[1],
                 "could not connect to 127.0.0.1:%d: Connection refused", port);
  assert_true(strcmp(x.message, expected[0]) == 0 ||
              strcmp(x.message, expected[1]) == 0); // newer libcurls: with a colon

  net_clear(&x);
  net_close(&n);
}

static void expect_rejected(net *n, const char *url) {
  net_exchange x;
  net_request(n, &x, "GET", "/", NULL);
  x.request.url = url;
  assert_int_equal(n->transport->send(n->transport, &x.request, &x.base), IMGACT_INTERNAL);
  assert_null(x.base.transport_data);
}

TEST(url_not_allowed_is_rejected) {
  net n;
  net_open(&n, answer_and_close, NULL);
  expect_rejected(&n, "http://api.hetzner.cloud/v1/images");
  expect_rejected(&n, "http://128.0.0.1/");
  expect_rejected(&n, "http://127.0.0.1.example.com/");
  expect_rejected(&n, "http://user:password@127.0.0.1/");
  expect_rejected(&n, "https://user@api.hetzner.cloud/");
  expect_rejected(&n, "file:///etc/passwd");
  expect_rejected(&n, "ftp://127.0.0.1/");
  expect_rejected(&n, "127.0.0.1/");
  expect_rejected(&n, "");
  assert_int_equal(n.transport->timeout_ms(n.transport), -1);
  net_close(&n);
}

TEST(header_with_line_end_is_rejected) {
  static const imgact_header bad[] = {
      {"X-A", "1\r\nX-B: 2"}, {"X-A\n", "1"}, {"X-A: x", "1"}, {"", "1"}, {"X-A", "1\n"}};
  net n;
  net_open(&n, answer_and_close, NULL);

  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    net_exchange x;
    net_request(&n, &x, "GET", "/", NULL);
    x.request.headers = &bad[i];
    x.request.headers_count = 1;
    assert_int_equal(n.transport->send(n.transport, &x.request, &x.base), IMGACT_INTERNAL);
  }
  assert_int_equal(loopback_connections(n.server), 0);
  net_close(&n);
}

// ---- surroundings ----

static void answer(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  loopback_reply(peer, 200, "", "{}", 2);
}

static void set_proxies(const char *value) {
  static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                      "ALL_PROXY"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (value)
      setenv(names[i], value, 1);
    else
      unsetenv(names[i]);
  }
  unsetenv("no_proxy");
  unsetenv("NO_PROXY");
}

TEST(proxy_not_used_for_loopback) {
  net n;
  char proxy[64];
  (void)snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", loopback_dead_port());
  set_proxies(proxy);
  net_open(&n, answer, NULL);
  static const char *const hosts[] = {"127.0.0.1", "localhost", "127.0.0.1"};

  for (size_t i = 0; i < 3; i++) {
    net_exchange x;
    net_request(&n, &x, "GET", "/", NULL);
    (void)snprintf(x.url, sizeof x.url, "http://%s:%d/", hosts[i], loopback_port(n.server));
    net_send(&n, &x);
    net_finish(&n, &x);
    assert_answered(&x, 200);
    net_clear(&x);
  }

  net_close(&n);
  set_proxies(NULL);
}

static void refuse_tunnel(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  loopback_reply(peer, 502, "X-Proxy: 1\r\nConnection: close\r\n", "no", 2);
  loopback_close(peer);
}

TEST(proxy_from_environment_is_used) {
  net n;
  net_exchange x;
  char proxy[64];
  net_open(&n, refuse_tunnel, NULL);
  (void)snprintf(proxy, sizeof proxy, "http://user:hushhush@127.0.0.1:%d", loopback_port(n.server));
  set_proxies(proxy);
  net_request(&n, &x, "POST", "/", "{}");
  x.request.url = "https://cloud.example/v1/images";

  net_send(&n, &x);
  net_finish(&n, &x);
  assert_failed(&x, x.failure == IMGACT_FAILURE_TIMEOUT ? x.failure : IMGACT_FAILURE_NETWORK,
                IMGACT_DELIVERY_NOT_SENT); // 7.87 waits
  assert_null(strstr(x.message, "hushhush"));
  assert_ptr_equal(strstr(loopback_last_head(n.server), "CONNECT cloud.example:443 HTTP/1.1"),
                   loopback_last_head(n.server));
  assert_null(strstr(loopback_last_head(n.server), "token-of-the-test"));
  net_clear(&x);
  net_request(&n, &x, "GET", "/direct", NULL); // the same handle, back on loopback
  net_send(&n, &x);
  net_finish(&n, &x);
  assert_answered(&x, 502);
  assert_memory_equal(loopback_last_head(n.server), "GET /direct ", 12);

  net_clear(&x);
  net_close(&n);
  set_proxies(NULL);
}

TEST(proxy_password_not_in_message) {
  static const char *const proxies[] = {
      "foo://user:hushhush@127.0.0.1:1", "http://user:hushhush@127.0.0.1:99999",
      "http://user:hushhush@", "http://user:hushhush@127.0.0.1:1"};

  for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
    net n;
    net_exchange x;
    net_open(&n, answer, NULL);
    set_proxies(proxies[i]);
    net_request(&n, &x, "GET", "/", NULL);
    x.request.url = "https://cloud.example/v1/images";
    net_send(&n, &x);
    net_finish(&n, &x);
    assert_int_equal(x.delivery, IMGACT_DELIVERY_NOT_SENT);
    assert_int_not_equal(x.failure, IMGACT_FAILURE_NONE);
    assert_null(strstr(x.message, "hushhush"));
    net_clear(&x);
    net_close(&n);
    set_proxies(NULL);
  }
}

TEST(netrc_is_not_read) {
  char folder[] = "/tmp/imgact-netrc-XXXXXX", path[64];
  assert_non_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/.netrc", folder);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs("machine 127.0.0.1 login l password p\n", file);
  assert_int_equal(fclose(file), 0);
  setenv("HOME", folder, 1);
  net n;
  net_exchange x;
  net_open(&n, answer, NULL);
  net_request(&n, &x, "GET", "/", NULL);
  x.request.headers_count = 0;
  net_send(&n, &x);
  net_finish(&n, &x);
  assert_answered(&x, 200);
  assert_null(strcasestr(loopback_last_head(n.server), "Authorization"));
  net_clear(&x);
  net_close(&n);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rmdir(folder), 0);
}

int main(void) {
  set_proxies(NULL);
  return testing_run(NULL, NULL);
}
