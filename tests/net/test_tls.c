// SPDX-License-Identifier: MIT
// TLS: which certificates are trusted, that nothing is sent otherwise, and broken connections.
#include "ca_file.h"
#include "curl_ca.h"
#include "loopback_tls.h"
#include "net.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void answer(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  loopback_reply(peer, 200, "", "secure", 6);
}

typedef struct tls_net {
  net n;
  loopback_tls *tls;
  ca_file file;
} tls_net;

static void open_tls_for(tls_net *t, const loopback_certificate *certificate, bool trusted,
                         loopback_handler handler, void *user) {
  t->tls = loopback_tls_new(certificate, false);
  ca_file_write(&t->file, loopback_tls_pem(t->tls), strlen(loopback_tls_pem(t->tls)));
  net_open_with(&t->n, NULL, trusted ? t->file.path : NULL, handler, user,
                loopback_tls_layer(t->tls));
}

static void open_tls(tls_net *t, const loopback_certificate *certificate, bool trusted,
                     loopback_handler handler) {
  open_tls_for(t, certificate, trusted, handler, NULL);
}

static void close_tls(tls_net *t) {
  net_close(&t->n);
  loopback_tls_free(t->tls);
  ca_file_remove(&t->file);
}

TEST(tls_unknown_issuer_is_not_sent) {
  tls_net t;
  net_exchange x;
  open_tls(&t, NULL, false, answer);
  net_do(&t.n, &x, "POST", "/", "{}");
  assert_failed(&x, IMGACT_FAILURE_TLS, IMGACT_DELIVERY_NOT_SENT);
  assert_non_null(strstr(x.message, "certificate"));
  assert_int_equal(loopback_requests(t.n.server), 0);
  net_clear(&x);
  close_tls(&t);
}

TEST(tls_ca_file_is_trusted) {
  tls_net t;
  open_tls(&t, NULL, true, answer);
  for (int i = 0; i < 3; i++) {
    net_exchange x;
    net_do(&t.n, &x, "POST", "/", "{}");
    assert_answered(&x, 200);
    assert_string_equal(x.body, "secure");
    net_clear(&x);
  }
  assert_int_equal(loopback_requests(t.n.server), 3);
  assert_int_equal(loopback_connections(t.n.server), 1);
  close_tls(&t);
}

static void expect_rejected(const loopback_certificate *certificate) {
  tls_net t;
  net_exchange x;
  open_tls(&t, certificate, true, answer);
  net_do(&t.n, &x, "GET", "/", NULL);
  assert_failed(&x, IMGACT_FAILURE_TLS, IMGACT_DELIVERY_NOT_SENT);
  assert_int_equal(loopback_requests(t.n.server), 0);
  net_clear(&x);
  close_tls(&t);
}

TEST(tls_other_host_is_rejected) {
  expect_rejected(&(loopback_certificate){.host = "api.hetzner.cloud"});
}

TEST(tls_expired_or_future_is_rejected) {
  expect_rejected(&(loopback_certificate){.from_s = -7200, .to_s = -3600});
  expect_rejected(&(loopback_certificate){.from_s = 3600, .to_s = 7200});
}

TEST(tls_host_name_is_verified) {
  tls_net t;
  net_exchange x;
  open_tls(&t, &(loopback_certificate){.host = "localhost"}, true, answer);
  net_request(&t.n, &x, "GET", "/", NULL);
  (void)snprintf(x.url, sizeof x.url, "https://localhost:%d/", loopback_port(t.n.server));
  net_send(&t.n, &x);
  net_finish(&t.n, &x);
  assert_answered(&x, 200);
  net_clear(&x);
  close_tls(&t);
}

// ---- kept connections ----

static bool is_set(void *user) { return __atomic_load_n((int *)user, __ATOMIC_SEQ_CST) != 0; }

// After its response the server sends a session ticket, or an unrequested response.
static void answer_and_more(loopback_peer *peer, const loopback_request *request, void *user) {
  loopback_reply(peer, 200, "", "secure", 6);
  if (request->number > 1) return;
  usleep(20000);
  if (strcmp(request->target, "/ticket") == 0)
    loopback_tls_ticket(peer);
  else
    loopback_reply(peer, 204, "", "", 0);
  __atomic_store_n((int *)user, 1, __ATOMIC_SEQ_CST);
}

static void follow_extra(const char *path) {
  tls_net t;
  net_exchange x;
  int written = 0;
  open_tls_for(&t, NULL, true, answer_and_more, &written);

  net_do(&t.n, &x, "GET", path, NULL);
  assert_answered(&x, 200);
  net_clear(&x);
  net_drive(&t.n, is_set, &written);
  for (int i = 0; i < 3; i++) {
    net_do(&t.n, &x, "POST", "/", "{}");
    assert_answered(&x, 200);
    assert_string_equal(x.body, "secure");
    net_clear(&x);
  }
  assert_int_equal(loopback_requests(t.n.server), 4);
  assert_int_equal(loopback_connections(t.n.server), 2);
  close_tls(&t);
}

TEST(tls_kept_stray_response_replaced) { follow_extra("/stray"); }

// The ticket is encrypted, so it cannot be distinguished from a response: one more handshake, and
// no second one.
TEST(tls_late_ticket_replaced_once) { follow_extra("/ticket"); }

// ---- slow handshakes ----

typedef struct slow_layer {
  loopback_layer layer; // its user is this struct
  const loopback_layer *inner;
  int accepted;
} slow_layer;

static void *accept_slowly(void *user, int socket) {
  slow_layer *slow = user;
  bool first = __atomic_add_fetch(&slow->accepted, 1, __ATOMIC_SEQ_CST) == 1;
  usleep(first ? 10500000 : 600000);
  return slow->inner->accept(slow->inner->user, socket);
}

TEST(tls_handshake_above_ten_seconds_succeeds) {
  tls_net t = {.tls = loopback_tls_new(NULL, false)};
  net_exchange x;
  slow_layer slow = {.layer = *loopback_tls_layer(t.tls), .inner = loopback_tls_layer(t.tls)};
  slow.layer.accept = accept_slowly;
  slow.layer.user = &slow;
  ca_file_write(&t.file, loopback_tls_pem(t.tls), strlen(loopback_tls_pem(t.tls)));
  net_open_with(&t.n, NULL, t.file.path, answer, NULL, &slow.layer);

  net_do(&t.n, &x, "POST", "/", "{}");
  assert_answered(&x, 200);
  net_clear(&x);
  net_request(&t.n, &x, "POST", "/",
              "{}"); // the connection above is kept, so another host is named
  x.request.timeout_ms = 300;
  (void)snprintf(x.url, sizeof x.url, "https://localhost:%d/", loopback_port(t.n.server));
  net_send(&t.n, &x);
  net_finish(&t.n, &x);
  assert_failed(&x, IMGACT_FAILURE_TIMEOUT, IMGACT_DELIVERY_NOT_SENT);
  assert_string_equal(x.message, "cannot connect within 300 ms");

  net_clear(&x);
  close_tls(&t);
}

// ---- connections that break ----

static void hang_up(loopback_peer *peer, const loopback_request *request, void *user) {
  char hello[16];
  (void)request, (void)user;
  (void)loopback_read(peer, hello, sizeof hello);
  loopback_close(peer);
}

static void reset(loopback_peer *peer, const loopback_request *request, void *user) {
  char hello[16];
  (void)request, (void)user;
  (void)loopback_read(peer, hello, sizeof hello);
  loopback_reset(peer);
}

// Raw handlers on plain sockets, spoken to with https.
static void handshake_with(loopback_handler handler, bool raw, imgact_failure failure) {
  net n;
  net_exchange x;
  net_open(&n, handler, NULL);
  if (raw) loopback_raw(n.server);
  n.scheme = "https";
  net_do(&n, &x, "POST", "/", "{}");
  assert_failed(&x, failure, IMGACT_DELIVERY_NOT_SENT);
  assert_null(
      strstr(x.message, "openSSL")); // libcurl's sentences start small here, but names do not
  assert_true(x.message[0] && x.message[strlen(x.message) - 1] != ' ');
  net_clear(&x);
  net_close(&n);
}

TEST(tls_handshake_broken_is_network_error) {
  handshake_with(hang_up, true, IMGACT_FAILURE_NETWORK);
  handshake_with(reset, true, IMGACT_FAILURE_NETWORK);
}

static void speak_plain(loopback_peer *peer, const loopback_request *request, void *user) {
  char hello[16];
  (void)request, (void)user;
  (void)loopback_read(peer, hello, sizeof hello);
  loopback_text(peer, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  loopback_hold(peer);
}

TEST(tls_plain_server_is_tls_error) { handshake_with(speak_plain, true, IMGACT_FAILURE_TLS); }

static void answer_once(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)user;
  if (request->number == 1)
    loopback_reply(peer, 200, "", "secure", 6);
  else
    loopback_reset(peer);
}

TEST(tls_lost_request_once_without_sigpipe) {
  tls_net t;
  net_exchange x;
  size_t bytes = (size_t)8 << 20; // more than the server reads: writing goes on after the reset
  char *body = malloc(bytes + 1);

  assert_non_null(body);
  memset(body, 'x', bytes);
  body[bytes] = '\0';
  assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  open_tls(&t, NULL, true, answer_once);
  net_do(&t.n, &x, "GET", "/", NULL);
  assert_answered(&x, 200);
  net_clear(&x);
  net_do(&t.n, &x, "PUT", "/", body);
  assert_failed(&x, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_MAYBE_SENT);
  net_clear(&x);
  assert_int_equal(loopback_connections(t.n.server), 1);
  net_do(&t.n, &x, "DELETE", "/", NULL);
  assert_failed(&x, IMGACT_FAILURE_NETWORK, IMGACT_DELIVERY_MAYBE_SENT);
  assert_int_equal(loopback_requests(t.n.server),
                   2); // the GET and the DELETE; the PUT was never read whole

  net_clear(&x);
  close_tls(&t);
  free(body);
}

// ---- the file ----

static void expect_file_rejected(const char *path, const char *reason) {
  imgact_transport *transport;
  imgact_error error;
  assert_int_equal(imgact_transport_new_curl(NULL, path, &transport, &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_null(transport);
  assert_non_null(strstr(error.message, path));
  if (!strstr(error.message, reason)) print_message("%s\n", error.message);
  assert_non_null(strstr(error.message, reason));
}

TEST(ca_file_unreadable_is_named) {
  expect_file_rejected("/nonexistent/ca.pem", "No such file or directory");
  expect_file_rejected("/tmp", "Is a directory");
  expect_file_rejected("", "No such file or directory");
}

static void expect_text_rejected(const void *bytes, size_t count, const char *reason) {
  ca_file file;
  ca_file_write(&file, bytes, count);
  expect_file_rejected(file.path, reason);
  ca_file_remove(&file);
}

TEST(ca_file_without_certificate_is_rejected) {
  static const char key[] = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
  static const char open_end[] = "-----BEGIN CERTIFICATE-----\nMIIB\n";
  static const char damaged[] = "-----BEGIN CERTIFICATE-----\nMI!B\n-----END CERTIFICATE-----\n";
  static const char empty[] = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";

  expect_text_rejected("", 0, "no PEM certificate");
  expect_text_rejected("hello", 5, "no PEM certificate");
  expect_text_rejected("a\0b", 3, "not a PEM");
  expect_text_rejected(key, sizeof key - 1, "no PEM certificate");
  expect_text_rejected(open_end, sizeof open_end - 1, "no end");
  expect_text_rejected(damaged, sizeof damaged - 1, "not valid base64");
  expect_text_rejected(empty, sizeof empty - 1, "not valid base64");
  char *large = calloc(1, (size_t)9 << 20);
  assert_non_null(large);
  memset(large, 'x', (size_t)9 << 20);
  expect_text_rejected(large, (size_t)9 << 20, "too large");
  free(large);
}

TEST(ca_file_cut_anywhere_is_rejected) {
  loopback_tls *tls = loopback_tls_new(NULL, false);
  const char *pem = loopback_tls_pem(tls);
  const char *last = strstr(pem, "-----END");

  for (size_t cut = 0; cut < strlen(pem); cut++) {
    imgact_transport *transport;
    ca_file file;
    ca_file_write(&file, pem, cut);
    imgact_status status = imgact_transport_new_curl(NULL, file.path, &transport, NULL);
    if (cut < (size_t)(last - pem) + strlen("-----END "))
      assert_int_equal(status, IMGACT_INVALID_ARGUMENT);
    if (status == IMGACT_OK) transport->destroy(transport);
    ca_file_remove(&file);
  }
  loopback_tls_free(tls);
}

TEST(ca_file_invalid_certificate_fails_handshake) {
  static const char odd[] = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  tls_net t;
  net_exchange x;
  open_tls(&t, NULL, false, answer);
  t.n.transport->destroy(t.n.transport);
  ca_file file;
  ca_file_write(&file, odd, sizeof odd - 1);
  assert_int_equal(imgact_transport_new_curl(NULL, file.path, &t.n.transport, NULL), IMGACT_OK);
  net_do(&t.n, &x, "GET", "/", NULL);
  assert_failed(&x, IMGACT_FAILURE_TLS, IMGACT_DELIVERY_NOT_SENT);

  net_clear(&x);
  ca_file_remove(&file);
  close_tls(&t);
}

TEST(ca_file_keeps_system_authorities) {
  static const char mine[] =
      "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"; // no line end
  const char *path = NULL;
  CURL *easy = curl_easy_init();

  assert_int_equal(curl_easy_getinfo(easy, CURLINFO_CAINFO, &path), CURLE_OK);
  FILE *bundle = path ? fopen(path, "rb") : NULL;
  curl_easy_cleanup(easy);
  ca_file file;
  ia_authorities both;
  imgact_error error;
  ca_file_write(&file, mine, sizeof mine - 1);
  assert_int_equal(ia_authorities_open(&both, &ia_malloc, file.path, &error), IMGACT_OK);
  assert_int_equal(both.given.length, sizeof mine - 1);
  size_t at = 0;
  for (int c; bundle && (c = fgetc(bundle)) != EOF; at++)
    assert_int_equal((unsigned char)both.all.data[at], c);
  assert_string_equal(strstr(both.all.data + at, "-----BEGIN"), mine);
  if (bundle) (void)fclose(bundle);
  ia_authorities_free(&both);
  ca_file_remove(&file);
}

int main(void) { return testing_run(NULL, NULL); }
