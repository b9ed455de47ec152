// SPDX-License-Identifier: MIT
// Where certificate authorities are found: the system's bundle and folder are replaced.
#include "ca_file.h"
#include "curl_ca.h"
#include "loopback_tls.h"
#include "net.h"

#include <curl/curl.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *system_bundle, *system_folder;

CURLcode __real_curl_easy_getinfo(CURL *easy, CURLINFO info, ...);
CURLcode __wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...);
CURLcode __wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...) {
  va_list arguments;
  va_start(arguments, info);
  void *out = va_arg(arguments, void *);
  va_end(arguments);
  if (info == CURLINFO_CAINFO) {
    *(const char **)out = system_bundle;
    return CURLE_OK;
  }
  if (info == CURLINFO_CAPATH) {
    *(const char **)out = system_folder;
    return CURLE_OK;
  }
  return __real_curl_easy_getinfo(easy, info, out);
}

typedef struct store {
  loopback_tls *tls, *other;
  ca_file right, wrong;
  char folder[64], entry[96];
  net n;
} store;

static void answer(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)request, (void)user;
  loopback_reply(peer, 200, "", "secure", 6);
}

static unsigned long subject_hash(const char *pem) {
  BIO *memory = BIO_new_mem_buf(pem, -1);
  X509 *x509 = PEM_read_bio_X509(memory, NULL, NULL, NULL);
  assert_non_null(x509);
  unsigned long hash = X509_subject_name_hash(x509);
  X509_free(x509);
  BIO_free(memory);
  return hash;
}

static void add_to_folder(store *s, const loopback_tls *tls) {
  const char *pem = loopback_tls_pem(tls);
  snprintf(s->entry, sizeof s->entry, "%s/%08lx.0", s->folder, subject_hash(pem));
  FILE *out = fopen(s->entry, "w");
  assert_non_null(out);
  fputs(pem, out);
  assert_int_equal(fclose(out), 0);
}

// in_folder, in_bundle: the server's certificate is there; otherwise another one.
static void open_store(store *s, bool in_folder, bool in_bundle) {
  *s = (store){.tls = loopback_tls_new(NULL, false),
               .other = loopback_tls_new(&(loopback_certificate){.host = "a.example"}, false)};
  ca_file_write(&s->right, loopback_tls_pem(s->tls), strlen(loopback_tls_pem(s->tls)));
  ca_file_write(&s->wrong, loopback_tls_pem(s->other), strlen(loopback_tls_pem(s->other)));
  snprintf(s->folder, sizeof s->folder, "/tmp/imgact-ca-XXXXXX");
  assert_non_null(mkdtemp(s->folder));
  add_to_folder(s, in_folder ? s->tls : s->other);
  system_folder = s->folder;
  system_bundle = in_bundle ? s->right.path : s->wrong.path;
}

static void open_client(store *s, const char *given) {
  net_open_with(&s->n, NULL, given, answer, NULL, loopback_tls_layer(s->tls));
}

static void close_store(store *s) {
  net_close(&s->n);
  (void)unlink(s->entry);
  (void)rmdir(s->folder);
  ca_file_remove(&s->right);
  ca_file_remove(&s->wrong);
  loopback_tls_free(s->tls);
  loopback_tls_free(s->other);
}

static void expect_answer(store *s, int requests, int connections) {
  net_exchange x;
  net_do(&s->n, &x, "POST", "/", "{}");
  assert_answered(&x, 200);
  net_clear(&x);
  assert_int_equal(loopback_requests(s->n.server), requests);
  assert_int_equal(loopback_connections(s->n.server), connections);
}

TEST(authorities_folder_is_enough) {
  store s;
  open_store(&s, true, false);
  open_client(&s, NULL);
  expect_answer(&s, 1, 1);
  expect_answer(&s, 2, 1);
  close_store(&s);
}

// The first connection fails before anything is sent; the next request uses the second one.
TEST(authorities_bundle_alone_is_trusted) {
  store s;
  open_store(&s, false, true);
  open_client(&s, NULL);
  expect_answer(&s, 1, 2);
  expect_answer(&s, 2, 2);
  close_store(&s);
}

// Only the first of several requests needs two connections.
TEST(authorities_waiting_requests_use_bundle) {
  store s;
  net_exchange all[8];
  open_store(&s, false, true);
  open_client(&s, NULL);
  for (int i = 0; i < 8; i++) {
    net_request(&s.n, &all[i], "POST", "/", "{}");
    net_send(&s.n, &all[i]);
  }
  for (int i = 0; i < 8; i++) {
    net_finish(&s.n, &all[i]);
    assert_answered(&all[i], 200);
    net_clear(&all[i]);
  }
  assert_in_range(loopback_connections(s.n.server), 2, 9);
  close_store(&s);
}

// The folder has every certificate of the bundle, so there is no second connection.
TEST(authorities_unknown_is_not_trusted) {
  store s;
  net_exchange x;
  open_store(&s, false, false);
  open_client(&s, NULL);
  net_do(&s.n, &x, "POST", "/", "{}");
  assert_failed(&x, IMGACT_FAILURE_TLS, IMGACT_DELIVERY_NOT_SENT);
  assert_int_equal(loopback_requests(s.n.server), 0);
  assert_int_equal(loopback_connections(s.n.server), 1);
  net_clear(&x);
  close_store(&s);
}

TEST(authorities_given_file_adds_to_folder) {
  store s;
  open_store(&s, false, false);
  open_client(&s, s.right.path);
  expect_answer(&s, 1, 1);
  close_store(&s);
}

TEST(authorities_given_file_keeps_the_others) {
  for (int in_folder = 0; in_folder < 2; in_folder++) {
    store s;
    open_store(&s, in_folder, !in_folder);
    open_client(&s, s.wrong.path);
    expect_answer(&s, 1, in_folder ? 1 : 2);
    close_store(&s);
  }
}

// Without files named by hashes, the bundle and the given file are used at once.
TEST(authorities_other_folder_is_ignored) {
  for (int in_bundle = 0; in_bundle < 2; in_bundle++) {
    store s;
    open_store(&s, false, in_bundle);
    assert_int_equal(unlink(s.entry), 0);
    open_client(&s, in_bundle ? s.wrong.path : s.right.path);
    expect_answer(&s, 1, 1);
    close_store(&s);
  }
}

int main(void) { return testing_run(NULL, NULL); }
