// SPDX-License-Identifier: MIT
// Requests and responses over plain HTTP: complete, cut, reset, garbage, late.
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void say_text(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request;
  loopback_text(peer, user);
}

// ---- complete responses ----

static void hello(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  loopback_reply(peer, 200, "X-One: 1\r\nx-two:  two words \r\nX-Empty:\r\n", "hello", 5);
}

TEST(response_arrives_complete) {
  net n;
  net_exchange x;
  net_open(&n, hello, NULL);
  net_do(&n, &x, "GET", "/v1/images?name=a%20b", NULL);
  assert_answered(&x, 200);
  assert_string_equal(x.body, "hello");
  assert_string_equal(x.headers, "Content-Length: 5\nX-One: 1\nx-two: two words\nX-Empty: \n");
  net_clear(&x);
  net_close(&n);
}

TEST(request_get_sent_unchanged) {
  net n;
  net_exchange x;
  net_open(&n, hello, NULL);

  net_do(&n, &x, "GET", "/v1/images?name=a%20b", NULL);
  const char *head = loopback_last_head(n.server);
  assert_ptr_equal(strstr(head, "GET /v1/images?name=a%20b HTTP/1.1\r\n"), head);
  assert_non_null(strstr(head, "\r\nAuthorization: Bearer token-of-the-test\r\n"));
  assert_non_null(strstr(head, "\r\nAccept: application/json\r\n"));
  assert_non_null(strcasestr(head, "\r\nAccept-Encoding: "));
  assert_null(strcasestr(head, "\r\nContent-Length:"));
  assert_null(strcasestr(head, "\r\nUser-Agent:"));

  net_clear(&x);
  net_close(&n);
}

TEST(request_body_sent_unchanged) {
  static const char *const methods[] = {"POST", "PUT", "DELETE"};
  static const imgact_header json = {"Content-Type", "application/json"};
  net n;
  net_open(&n, hello, NULL);

  for (size_t i = 0; i < 3; i++) {
    net_exchange x;
    net_request(&n, &x, methods[i], "/b", "{\"type\":\"snapshot\"}");
    x.request.headers = &json;
    x.request.headers_count = 1;
    net_send(&n, &x);
    net_finish(&n, &x);
    assert_answered(&x, 200);
    assert_memory_equal(loopback_last_head(n.server), methods[i], strlen(methods[i]));
    assert_non_null(strstr(loopback_last_head(n.server), "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(loopback_last_head(n.server), "\r\nContent-Length: 19\r\n"));
    assert_null(strcasestr(loopback_last_head(n.server), "\r\nExpect"));
    assert_string_equal(loopback_last_body(n.server), "{\"type\":\"snapshot\"}");
    net_clear(&x);
  }
  assert_int_equal(loopback_connections(n.server), 1);
  net_close(&n);
}

TEST(request_post_without_body_has_length) {
  net n;
  net_exchange x;
  net_open(&n, hello, NULL);

  net_do(&n, &x, "POST", "/b", NULL);
  assert_answered(&x, 200);
  assert_non_null(strstr(loopback_last_head(n.server), "\r\nContent-Length: 0\r\n"));
  assert_null(strcasestr(loopback_last_head(n.server), "\r\nContent-Type"));
  net_clear(&x);
  net_do(&n, &x, "GET", "/after", NULL); // the same handle: nothing of the POST is left
  assert_memory_equal(loopback_last_head(n.server), "GET /after ", 11);
  assert_null(strcasestr(loopback_last_head(n.server), "\r\nContent-Length"));
  net_clear(&x);
  net_do(&n, &x, "DELETE", "/gone", NULL);
  assert_memory_equal(loopback_last_head(n.server), "DELETE /gone ", 13);

  net_clear(&x);
  net_close(&n);
}

TEST(request_large_body_without_expect) {
  net n;
  net_exchange x;
  size_t bytes = (size_t)2 << 20; // libcurl asks from 1 MiB on
  char *body = malloc(bytes + 1);

  assert_non_null(body);
  memset(body, 'x', bytes);
  body[bytes] = '\0';
  net_open(&n, hello, NULL);
  net_do(&n, &x, "PUT", "/large", body);
  assert_answered(&x, 200);
  assert_null(strcasestr(loopback_last_head(n.server), "\r\nExpect"));
  assert_int_equal(strlen(loopback_last_body(n.server)), bytes);

  net_clear(&x);
  net_close(&n);
  free(body);
}

TEST(request_empty_header_is_sent) {
  static const imgact_header headers[] = {{"X-Empty", ""}, {"X-Full", "f"}};
  net n;
  net_exchange x;
  net_open(&n, hello, NULL);
  net_request(&n, &x, "GET", "/", NULL);
  x.request.headers = headers;
  net_send(&n, &x);
  net_finish(&n, &x);
  assert_non_null(strstr(loopback_last_head(n.server), "\r\nX-Empty:\r\nX-Full: f\r\n"));
  net_clear(&x);
  net_close(&n);
}

TEST(connection_serves_consecutive_exchanges) {
  net n;
  net_open(&n, hello, NULL);
  for (int i = 0; i < 20; i++) {
    net_exchange x;
    net_do(&n, &x, "GET", "/", NULL);
    assert_answered(&x, 200);
    assert_string_equal(x.body, "hello");
    assert_int_equal(x.headers_count, 4);
    net_clear(&x);
  }
  assert_int_equal(loopback_connections(n.server), 1);
  net_close(&n);
}

typedef struct reply_case {
  const char *what, *reply, *body;
  int status;
} reply_case;

TEST(response_unusual_but_complete_accepted) {
  static const reply_case cases[] = {
      {"chunked",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n "
       "world\r\n0\r\n\r\n",
       "hello world", 200},
      {"trailers",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Late: 1\r\n\r\n",
       "hi", 200},
      {"interim",
       "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: "
       "2\r\n\r\nok",
       "ok", 201},
      {"interims",
       "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 "
       "OK\r\nContent-Length: 0\r\n\r\n",
       "", 200},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", "", 204},
      {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", "", 304},
      {"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 200},
      {"server error", "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nbusy",
       "busy", 503},
      {"no reason", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", "a", 200},
      {"colon in the reason", "HTTP/1.1 200 X: Y\r\nContent-Length: 1\r\n\r\na", "a", 200},
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    net n;
    net_exchange x;
    char *reply = strdup(cases[i].reply);
    assert_non_null(reply);
    net_open(&n, say_text, reply);
    net_do(&n, &x, "GET", "/", NULL);
    if (x.failure != IMGACT_FAILURE_NONE) print_message("%s\n", cases[i].what);
    assert_answered(&x, cases[i].status);
    assert_string_equal(x.body, cases[i].body);
    assert_null(strstr(x.headers, "X-Early"));
    assert_null(strstr(x.headers, "X-Late"));
    assert_null(strstr(x.headers, "Link"));
    assert_null(strstr(x.headers, "HTTP/"));
    net_clear(&x);
    net_close(&n);
    free(reply);
  }
}

static void say_and_close(loopback_peer *peer, const loopback_request *request, void *user) {
  say_text(peer, request, user);
  loopback_close(peer);
}

TEST(response_ended_by_close_is_complete) {
  static char reply[] = "HTTP/1.0 200 OK\r\n\r\nuntil the end";
  net n;
  net_exchange x;
  net_open(&n, say_and_close, reply);
  net_do(&n, &x, "GET", "/", NULL);
  assert_answered(&x, 200);
  assert_string_equal(x.body, "until the end");
  net_clear(&x);
  net_close(&n);
}

static void redirect(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  loopback_reply(peer, 302, "Location: /elsewhere\r\n", "", 0);
}

TEST(redirect_is_not_followed) {
  net n;
  net_exchange x;
  net_open(&n, redirect, NULL);
  net_do(&n, &x, "GET", "/", NULL);
  assert_answered(&x, 302);
  assert_non_null(strstr(x.headers, "Location: /elsewhere\n"));
  assert_int_equal(loopback_requests(n.server), 1);
  net_clear(&x);
  net_close(&n);
}

static void say_slowly(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request;
  for (const char *at = user; *at && !loopback_over(peer); at++) {
    static const struct timespec pause = {.tv_nsec = 1000000};
    loopback_write(peer, at, 1);
    (void)nanosleep(&pause, NULL);
  }
}

TEST(response_slow_arrives_complete) {
  static char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello";
  net n;
  net_exchange x;
  net_open(&n, say_slowly, reply);
  net_do(&n, &x, "GET", "/", NULL);
  assert_answered(&x, 200);
  assert_string_equal(x.body, "hello");
  assert_string_equal(x.headers, "Content-Length: 5\nX-A: b\n");
  net_clear(&x);
  net_close(&n);
}

// ---- cuts and garbage ----

typedef struct cut { /* the request's path says where: "/7" */
  const char *reply;
  bool reset;
} cut;

static void say_cut(loopback_peer *peer, const loopback_request *request, void *user) {
  const cut *c = user;
  loopback_write(peer, c->reply, strtoul(request->target + 1, NULL, 10));
  if (c->reset)
    loopback_reset(peer);
  else
    loopback_close(peer);
}

static void cut_everywhere(const char *reply, bool reset) {
  net n;
  cut c = {.reply = reply, .reset = reset};
  net_open(&n, say_cut, &c);

  for (size_t at = 0; at < strlen(reply); at++) {
    net_exchange x;
    char path[32];
    (void)snprintf(path, sizeof path, "/%zu", at);
    net_do(&n, &x, "POST", path, "{}");
    if (x.delivery != IMGACT_DELIVERY_MAYBE_SENT) print_message("cut at %zu: %s\n", at, x.message);
    assert_failed(&x, x.failure == IMGACT_FAILURE_ENCODING ? x.failure : IMGACT_FAILURE_NETWORK,
                  IMGACT_DELIVERY_MAYBE_SENT);
    net_clear(&x);
  }
  assert_int_equal(loopback_requests(n.server), (int)strlen(reply));
  net_close(&n);
}

TEST(response_cut_anywhere_fails) {
  cut_everywhere("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: "
                 "18\r\n\r\n{\"action\":{\"a\":1}}",
                 false);
}

TEST(response_chunked_cut_anywhere_fails) {
  // without the CR LF after the last chunk, which no one waits for
  cut_everywhere(
      "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n",
      false);
}

TEST(response_reset_anywhere_fails) {
  cut_everywhere("HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\n{\"a\":1}", true);
}

TEST(response_garbage_fails) {
  static const char *const texts[] = {
      "garbage\r\n\r\nmore of it\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n",
      "HTTP/1.1 abc OK\r\n\r\n",
      "HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
      "{\"images\":[]}",
      "\r\n\r\n\r\n",
  };

  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    net n;
    net_exchange x;
    char *text = strdup(texts[i]);
    assert_non_null(text);
    net_open(&n, say_and_close, text);
    net_do(&n, &x, "GET", "/", NULL);
    if (x.failure != IMGACT_FAILURE_ENCODING)
      print_message("%s: %d %s\n", texts[i], x.failure, x.message);
    assert_failed(&x, IMGACT_FAILURE_ENCODING, IMGACT_DELIVERY_MAYBE_SENT);
    net_clear(&x);
    net_close(&n);
    free(text);
  }
}

static void say_nul(loopback_peer *peer, const loopback_request *request, void *user) {
  static const char reply[] = "HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 0\r\n\r\n";
  (void)request, (void)user;
  loopback_write(peer, reply, sizeof reply - 1);
}

TEST(head_with_nul_byte_fails) {
  net n;
  net_exchange x;
  net_open(&n, say_nul, NULL);
  net_do(&n, &x, "GET", "/", NULL);
  assert_failed(&x, IMGACT_FAILURE_ENCODING, IMGACT_DELIVERY_MAYBE_SENT);
  net_clear(&x);
  net_close(&n);
}

// ---- time ----

typedef struct slow_answer {
  char *text;
  bool arrived; /* the request has */
} slow_answer;

static void say_and_hold(loopback_peer *peer, const loopback_request *request, void *user) {
  slow_answer *answer = user;
  answer->arrived = true;
  say_text(peer, request, answer->text);
  loopback_hold(peer);
}

static bool times_out(slow_answer *answer, int64_t timeout_ms) {
  net n;
  net_exchange x;
  net_open(&n, say_and_hold, answer);
  net_request(&n, &x, "GET", "/", NULL);
  x.request.timeout_ms = timeout_ms;
  int64_t start = net_now_ms();

  net_send(&n, &x);
  net_finish(&n, &x);
  int64_t elapsed_ms = net_now_ms() - start;
  assert_true(elapsed_ms >= timeout_ms - 10 && elapsed_ms < timeout_ms + 5000);
  net_clear(&x);
  net_close(&n); /* its thread has ended: its records can be read */
  bool sent = x.delivery != IMGACT_DELIVERY_NOT_SENT;
  assert_failed(&x, IMGACT_FAILURE_TIMEOUT,
                sent ? IMGACT_DELIVERY_MAYBE_SENT : IMGACT_DELIVERY_NOT_SENT);
  assert_true(sent || !answer->arrived);

  return sent;
}

TEST(response_too_late_times_out) {
  static char nothing[] = "", head[] = "HTTP/1.1 200 OK\r\nContent-Le",
              body[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
  char *const texts[] = {nothing, head, body};
  for (size_t i = 0; i < 3; i++) {
    /* On a loaded machine a short time may pass before the request is out. */
    int64_t timeout_ms = 150;
    while (!times_out(&(slow_answer){.text = texts[i]}, timeout_ms)) {
      timeout_ms *= 4;
      assert_true(timeout_ms < 10000);
    }
  }
}

int main(void) { return testing_run(NULL, NULL); }
