// SPDX-License-Identifier: MIT
// A libcurl whose calls fail, that cannot go on, or that connects to another address than the
// URL's. Linked with --wrap for the functions below.
#include "failing_allocator.h"
#include "net.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#undef curl_easy_setopt /* macros that check types */
#undef curl_easy_getinfo
#undef curl_multi_setopt

// ---- between the transport and libcurl ----

static int calls, failing_call;      // of all functions but curl_multi_socket_action()
static CURLMcode action_result;      // of curl_multi_socket_action(); CURLM_OK = libcurl's own
static struct curl_slist *elsewhere; // target of every connection; NULL = the URL's

// A line of the head that comes in addition to each line "X-Mark".
static struct {
  const char *line; // NULL = none
  size_t length;
  size_t (*receive)(char *line, size_t size, size_t count, void *user); // the transport's
} extra;

static bool fails(void) { return ++calls == failing_call; }

#define WRAP(result, function, parameters, arguments, failure)                                     \
  result __real_##function parameters;                                                             \
  result __wrap_##function parameters;                                                             \
  result __wrap_##function parameters { return fails() ? (failure) : __real_##function arguments; }

WRAP(CURLcode, curl_global_init, (long flags), (flags), CURLE_FAILED_INIT)
WRAP(CURLM *, curl_multi_init, (void), (), NULL)
WRAP(CURL *, curl_easy_init, (void), (), NULL)
WRAP(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text),
     (list, text), NULL)
WRAP(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *easy), (multi, easy),
     CURLM_OUT_OF_MEMORY)

CURLMcode __real_curl_multi_socket_action(CURLM *multi, curl_socket_t socket, int mask,
                                          int *running);
CURLMcode __wrap_curl_multi_socket_action(CURLM *multi, curl_socket_t socket, int mask,
                                          int *running);
CURLcode __real_curl_easy_setopt(CURL *easy, CURLoption option, ...);
CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...);
CURLMcode __real_curl_multi_setopt(CURLM *multi, CURLMoption option, ...);
CURLMcode __wrap_curl_multi_setopt(CURLM *multi, CURLMoption option, ...);
CURLcode __real_curl_easy_getinfo(CURL *easy, CURLINFO info, ...);
CURLcode __wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...);

CURLMcode __wrap_curl_multi_socket_action(CURLM *multi, curl_socket_t socket, int mask,
                                          int *running) {
  return action_result != CURLM_OK ? action_result
                                   : __real_curl_multi_socket_action(multi, socket, mask, running);
}

static size_t receive_with_extra(char *line, size_t size, size_t count, void *user) {
  char copy[100];
  if (size * count > 7 && memcmp(line, "X-Mark:", 7) == 0) {
    memcpy(copy, extra.line, extra.length);
    if (extra.receive(copy, 1, extra.length, user) != extra.length) return 0;
  }
  return extra.receive(line, size, count, user);
}

CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...) {
  CURLcode result;
  va_list args;
  if (fails()) return CURLE_UNKNOWN_OPTION;
  va_start(args, option);
  if (option < CURLOPTTYPE_OBJECTPOINT) {
    result = __real_curl_easy_setopt(easy, option, va_arg(args, long));
  } else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB) {
    result = __real_curl_easy_setopt(easy, option, va_arg(args, curl_off_t));
  } else if (option == CURLOPT_HEADERFUNCTION && extra.line) {
    extra.receive = va_arg(args, size_t(*)(char *, size_t, size_t, void *));
    result = __real_curl_easy_setopt(easy, option, receive_with_extra);
  } else {
    result = __real_curl_easy_setopt(easy, option, va_arg(args, void *));
  }
  va_end(args);
  if (option == CURLOPT_URL && elsewhere)
    return __real_curl_easy_setopt(easy, CURLOPT_CONNECT_TO, elsewhere);
  return result;
}

CURLMcode __wrap_curl_multi_setopt(CURLM *multi, CURLMoption option, ...) {
  va_list args;
  if (fails()) return CURLM_UNKNOWN_OPTION;
  va_start(args, option);
  CURLMcode result = (int)option < CURLOPTTYPE_OBJECTPOINT
                         ? __real_curl_multi_setopt(multi, option, va_arg(args, long))
                         : __real_curl_multi_setopt(multi, option, va_arg(args, void *));
  va_end(args);
  return result;
}

CURLcode __wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...) {
  va_list args;
  if (fails()) return CURLE_UNKNOWN_OPTION;
  va_start(args, info);
  CURLcode result = __real_curl_easy_getinfo(easy, info, va_arg(args, void *));
  va_end(args);
  return result;
}

static void answer(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)user;
  if (strcmp(request->target, "/held") == 0)
    loopback_hold(peer);
  else
    loopback_reply(peer, 200, "", "hello", 5);
}

// ---- a call fails ----

typedef enum scenario {
  FIRST_REQUEST, // on a new connection
  WITH_CA_FILE,
  KEPT_CONNECTION, // with an unrequested response on it, so that the request is sent on another one
  SCENARIOS
} scenario;

static void answer_with_stray(loopback_peer *peer, const loopback_request *request, void *user) {
  int *strays = user;
  loopback_reply(peer, 200, "", request->target, strlen(request->target));
  if (request->connection > 1) return;
  (void)poll(NULL, 0, 20); // libcurl would find it at the end of the first response
  loopback_reply(peer, 200, "", "stray", 5);
  __atomic_store_n(strays, 1, __ATOMIC_SEQ_CST);
}

static bool has_stray(void *user) { return __atomic_load_n((int *)user, __ATOMIC_SEQ_CST) == 1; }

// The certificate is read when a server shows one.
static void write_ca_file(char path[64]) {
  static const char text[] = "-----BEGIN TRUSTED CERTIFICATE-----\r\nMA+/\r\n\t AA==\r\n-----END "
                             "TRUSTED CERTIFICATE-----\n";
  (void)snprintf(path, 64, "/tmp/imgact-failing-XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
  close(fd);
}

static void send_failing(net *n, net_exchange *x, imgact_status *status) {
  net_request(n, x, "POST", "/", "{}");
  x->request.timeout_ms = 1000; // if libcurl does not report which exchange has ended
  *status = n->transport->send(n->transport, &x->request, &x->base);
  if (*status != IMGACT_OK) {
    assert_int_equal(x->finished, 0);
    return;
  }
  net_finish(n, x);
  if (x->failure == IMGACT_FAILURE_NONE) assert_string_equal(x->body, "/");
  assert_null(strstr(x->message, "plain http")); // an abort of another kind has another message
  net_clear(x);
}

// Runs a scenario in which the given call to libcurl fails. Returns false if there was no such
// call.
static bool fail_one(int call, scenario which) {
  failing_allocator memory;
  net n = {.scheme = "http"};
  net_exchange x;
  imgact_error error = {0};
  char path[64] = "";
  int strays = 0;
  bool struck = true;
  failing_allocator_init(&memory, 0);

  if (which == WITH_CA_FILE) write_ca_file(path);
  calls = 0;
  failing_call = which == KEPT_CONNECTION ? 0 : call;
  imgact_status status =
      imgact_transport_new_curl(&memory.allocator, *path ? path : NULL, &n.transport, &error);
  if (status == IMGACT_OK) {
    n.server = loopback_start(answer_with_stray, &strays, NULL);
    if (which == KEPT_CONNECTION) {
      net_do(&n, &x, "GET", "/", NULL);
      assert_answered(&x, 200);
      net_clear(&x);
      while (!has_stray(&strays)) (void)poll(NULL, 0, 1);
      calls = 0;
      failing_call = call;
    }
    send_failing(&n, &x, &status);
    struck = calls >= call;
    failing_call = 0;
    net_do(&n, &x, "GET", "/next", NULL); // the transport serves the next request
    assert_answered(&x, 200);
    net_clear(&x);
    net_close(&n);
  } else {
    assert_null(n.transport);
    assert_string_not_equal(error.message, "");
  }
  assert_true(status == IMGACT_OK || status == IMGACT_NOMEM || status == IMGACT_INTERNAL);
  assert_memory_fine(&memory);
  if (*path) unlink(path);

  return struck;
}

TEST(libcurl_call_failures_end_cleanly) {
  static const int least[SCENARIOS] = {50, 50, 20};
  for (int which = 0; which < SCENARIOS; which++) {
    int call = 1;
    while (fail_one(call, (scenario)which)) call++;
    assert_true(call > least[which]);
  }
}

// Without descriptors for its own use, the transport asks every socket.
TEST(transport_without_descriptors_serves) {
  int lowest = dup(0);
  assert_true(lowest >= 0);
  close(lowest);
  for (int more = 0; more < 3; more++) {
    struct rlimit before, few;
    net n = {.scheme = "http"};
    net_exchange x;
    imgact_error error = {0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){(rlim_t)(lowest + more), before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    imgact_status status = imgact_transport_new_curl(NULL, NULL, &n.transport, &error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    if (status != IMGACT_OK) continue; // libcurl needs descriptors of its own
    n.server = loopback_start(answer, NULL, NULL);
    net_do(&n, &x, "GET", "/", NULL);
    assert_answered(&x, 200);
    net_clear(&x);
    net_close(&n);
  }
}

// ---- libcurl cannot go on ----

static bool all_sent(void *user) {
  const net *n = user;
  return loopback_requests(n->server) == 3;
}

// Every exchange ends, as one that may have been sent; the transport serves the next one.
TEST(libcurl_multi_failure_ends_exchanges) {
  static const struct {
    CURLMcode code;
    imgact_failure failure;
  } cases[] = {{CURLM_INTERNAL_ERROR, IMGACT_FAILURE_NETWORK},
               {CURLM_OUT_OF_MEMORY, IMGACT_FAILURE_NOMEM}};

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    net n;
    net_exchange x[3], late;
    net_open(&n, answer, NULL);
    for (size_t k = 0; k < 3; k++) {
      net_request(&n, &x[k], "POST", "/held", "{}");
      net_send(&n, &x[k]);
    }
    net_drive(&n, all_sent, &n);
    net_request(&n, &late, "POST", "/late", "{}");
    net_send(&n, &late);
    action_result = cases[i].code;
    while (!late.finished) net_step(&n, 20);
    action_result = CURLM_OK;
    for (size_t k = 0; k < 3; k++) {
      assert_failed(&x[k], cases[i].failure, IMGACT_DELIVERY_MAYBE_SENT);
      net_clear(&x[k]);
    }
    assert_failed(&late, cases[i].failure, IMGACT_DELIVERY_NOT_SENT);
    net_clear(&late);
    net_do(&n, &late, "GET", "/", NULL);
    assert_answered(&late, 200);
    assert_int_equal(loopback_requests(n.server), 4);
    net_clear(&late);
    net_close(&n);
  }
}

// ---- header lines that this libcurl rejects or joins, and other versions pass on ----

static void answer_marked(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  loopback_reply(peer, 200, "X-Mark: 1\r\n", "hello", 5);
}

TEST(head_unusual_line_fails_or_ignored) {
  static const char nul[] = "X-Nul: a\0b\r\n";
  static const struct {
    const char *line;
    size_t length;
    bool fails;
  } cases[] = {{nul, sizeof nul - 1, true},
               {"X-Cut: half of it", 17, false},
               {"", 0, false},
               {" folded: line\r\n", 15, false},
               {"no colon\r\n", 10, false}};

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    net n;
    net_exchange x;
    extra.line = cases[i].line;
    extra.length = cases[i].length;
    net_open(&n, answer_marked, NULL);
    net_do(&n, &x, "GET", "/", NULL);
    if (cases[i].fails) {
      assert_failed(&x, IMGACT_FAILURE_ENCODING, IMGACT_DELIVERY_MAYBE_SENT);
      assert_string_equal(x.message, "response head contains a NUL byte");
    } else {
      assert_answered(&x, 200);
      assert_string_equal(x.headers, "Content-Length: 5\nX-Mark: 1\n");
      assert_string_equal(x.body, "hello");
    }
    net_clear(&x);
    net_close(&n);
  }
  extra.line = NULL;
}

// ---- plain http ----

// An address of this machine that is not on loopback; without a network, 127.0.0.1 in a form that
// is not taken for it.
static void other_address(char *text, size_t capacity) {
  struct ifaddrs *all = NULL;
  (void)snprintf(text, capacity, "[::ffff:127.0.0.1]");
  if (getifaddrs(&all) != 0) return;
  for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
    if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET || !(at->ifa_flags & IFF_UP) ||
        (at->ifa_flags & IFF_LOOPBACK))
      continue;
    (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)at->ifa_addr)->sin_addr,
                    text, (socklen_t)capacity);
    break;
  }
  freeifaddrs(all);
}

static int listen_everywhere(int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(listener, (const struct sockaddr *)&address, size), 0);
  assert_int_equal(listen(listener, 4), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
  *port = ntohs(address.sin_port);
  return listener;
}

static void connect_all_to(const char *address, int port) {
  char where[100];
  (void)snprintf(where, sizeof where, "::%s:%d", address, port);
  curl_slist_free_all(elsewhere);
  elsewhere = curl_slist_append(NULL, where);
  assert_non_null(elsewhere);
}

// The host of the URL is on loopback, but the connection is not: no byte of the request, and so no
// token, leaves.
TEST(plain_http_off_loopback_not_sent) {
  net n;
  net_exchange x;
  char address[INET6_ADDRSTRLEN], byte;
  int port, listener = listen_everywhere(&port);
  net_open(&n, answer, NULL);
  connect_all_to("127.0.0.1", loopback_port(n.server));

  net_do(&n, &x, "GET", "/", NULL);
  assert_answered(&x, 200);
  net_clear(&x);
  net_request(&n, &x, "GET", "/", NULL);
  (void)snprintf(x.url, sizeof x.url, "http://localhost:%d/", port);
  other_address(address, sizeof address);
  connect_all_to(address, port);
  net_send(&n, &x);
  net_finish(&n, &x);
  assert_failed(&x, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_NOT_SENT);
  assert_string_equal(x.message, "plain http is allowed for loopback addresses only");
  int accepted = accept(listener, NULL, NULL);
  assert_true(accepted >= 0);
  net_clear(&x);
  net_close(&n);
  assert_true(recv(accepted, &byte, 1, 0) <= 0);
  close(accepted);
  close(listener);
  curl_slist_free_all(elsewhere);
  elsewhere = NULL;
}

int main(void) { return testing_run(NULL, NULL); }
