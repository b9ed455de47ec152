// SPDX-License-Identifier: MIT
#include "loopback_tls.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loopback_tls {
  loopback_layer layer; // its user is this struct
  SSL_CTX *context;
  char *pem;
  bool h2;
  int handshakes;
};

static void check(bool good, const char *what) {
  if (good) return;
  (void)fprintf(stderr, "%s\n", what);
  ERR_print_errors_fp(stderr);
  abort();
}

// ---- the certificate ----

static void set_validity(X509 *x509, const loopback_certificate *certificate) {
  bool usual = certificate->from_s == 0 && certificate->to_s == 0;
  check(X509_gmtime_adj(X509_getm_notBefore(x509), usual ? -3600 : certificate->from_s) != NULL,
        "notBefore");
  check(X509_gmtime_adj(X509_getm_notAfter(x509), usual ? 86400 : certificate->to_s) != NULL,
        "notAfter");
}

static void add_extension(X509 *x509, int kind, const char *value) {
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
  check(extension && X509_add_ext(x509, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
}

static X509 *self_signed(EVP_PKEY *key, const loopback_certificate *certificate) {
  char alternative[256], common[64];
  X509 *x509 = X509_new();
  check(x509 && X509_set_version(x509, X509_VERSION_3) == 1 && X509_set_pubkey(x509, key) == 1,
        "certificate");
  check(ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) == 1, "serial");
  set_validity(x509, certificate);
  X509_NAME *name = X509_get_subject_name(x509);
  /* Two certificates with one name would hide each other. */
  (void)snprintf(common, sizeof common, "imgact test %.40s",
                 certificate->host ? certificate->host : "");
  check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common, -1, -1,
                                   0) == 1,
        "name");
  check(X509_set_issuer_name(x509, name) == 1, "issuer");
  (void)snprintf(alternative, sizeof alternative, certificate->host ? "DNS:%s" : "IP:127.0.0.1",
                 certificate->host);
  add_extension(x509, NID_subject_alt_name, alternative);
  add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
  check(X509_sign(x509, key, EVP_sha256()) > 0, "signature");
  return x509;
}

static char *pem_of(X509 *x509) {
  BIO *memory = BIO_new(BIO_s_mem());
  char *data;
  check(memory && PEM_write_bio_X509(memory, x509) == 1, "PEM");
  long length = BIO_get_mem_data(memory, &data);
  char *pem = strndup(data, (size_t)length);
  check(pem != NULL, "strndup");
  BIO_free(memory);
  return pem;
}

// ---- the layer ----

static void *tls_accept(void *user, int socket) {
  loopback_tls *tls = user;
  sigset_t pipe; // OpenSSL's sockets raise it when the client has gone; the signal is this thread's
  check(sigemptyset(&pipe) == 0 && sigaddset(&pipe, SIGPIPE) == 0 &&
            pthread_sigmask(SIG_BLOCK, &pipe, NULL) == 0,
        "sigmask");
  SSL *ssl = SSL_new(tls->context);
  check(ssl != NULL && SSL_set_fd(ssl, socket) == 1, "SSL_new");
  if (SSL_accept(ssl) != 1) {
    SSL_free(ssl);
    ERR_clear_error();
    return NULL;
  }
  __atomic_fetch_add(&tls->handshakes, 1, __ATOMIC_SEQ_CST);
  return ssl;
}

static long tls_read(void *session, void *buffer, size_t bytes) {
  return SSL_read(session, buffer, (int)bytes);
}
static long tls_write(void *session, const void *bytes, size_t count) {
  return SSL_write(session, bytes, (int)count);
}

// Without a close_notify, as a broken connection.
static void tls_close(void *session) {
  SSL_free(session);
  ERR_clear_error();
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                           const unsigned char *in, unsigned in_length, void *user) {
  static const unsigned char both[] = "\x02h2\x08http/1.1", old[] = "\x08http/1.1";
  const loopback_tls *tls = user;
  unsigned char *chosen;
  (void)ssl;
  const unsigned char *ours = tls->h2 ? both : old;
  unsigned length = (unsigned)(tls->h2 ? sizeof both : sizeof old) - 1;
  if (SSL_select_next_proto(&chosen, out_length, ours, length, in, in_length) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

loopback_tls *loopback_tls_new(const loopback_certificate *certificate, bool h2) {
  static const loopback_certificate usual = {.host = NULL};
  loopback_tls *tls = calloc(1, sizeof *tls);
  check(tls != NULL, "calloc");
  EVP_PKEY *key = EVP_EC_gen("P-256");
  check(key != NULL, "key");
  X509 *x509 = self_signed(key, certificate ? certificate : &usual);
  tls->h2 = h2;
  tls->pem = pem_of(x509);
  tls->context = SSL_CTX_new(TLS_server_method());
  check(tls->context && SSL_CTX_use_certificate(tls->context, x509) == 1, "use certificate");
  check(SSL_CTX_use_PrivateKey(tls->context, key) == 1, "use key");
  SSL_CTX_set_alpn_select_cb(tls->context, choose_protocol, tls);
  tls->layer = (loopback_layer){tls_accept, tls_read, tls_write, tls_close, tls};
  X509_free(x509);
  EVP_PKEY_free(key);
  return tls;
}

void loopback_tls_free(loopback_tls *tls) {
  SSL_CTX_free(tls->context);
  free(tls->pem);
  free(tls);
}

const loopback_layer *loopback_tls_layer(const loopback_tls *tls) { return &tls->layer; }
const char *loopback_tls_pem(const loopback_tls *tls) { return tls->pem; }
int loopback_tls_handshakes(const loopback_tls *tls) {
  return __atomic_load_n(&tls->handshakes, __ATOMIC_SEQ_CST);
}

void loopback_tls_ticket(loopback_peer *peer) {
  SSL *ssl = loopback_session(peer);
  check(SSL_new_session_ticket(ssl) == 1 && SSL_do_handshake(ssl) == 1, "session ticket");
}
