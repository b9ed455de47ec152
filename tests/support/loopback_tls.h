/* SPDX-License-Identifier: MIT */
/* TLS for the loopback server, with certificates made on the spot. Needs libssl. */
#ifndef TESTS_LOOPBACK_TLS_H
#define TESTS_LOOPBACK_TLS_H

#include "loopback.h"

typedef struct loopback_tls loopback_tls;

typedef struct loopback_certificate {
  const char *host;  /* NULL = 127.0.0.1; else a DNS name */
  long from_s, to_s; /* validity, from now; both 0 = a day around now */
} loopback_certificate;

/* A context with a new self-signed certificate. h2: HTTP/2 is offered, else HTTP/1.1 alone. */
loopback_tls *loopback_tls_new(const loopback_certificate *certificate, bool h2);
void loopback_tls_free(loopback_tls *tls);
const loopback_layer *loopback_tls_layer(const loopback_tls *tls);
/* The certificate as PEM; lives as the context. */
const char *loopback_tls_pem(const loopback_tls *tls);
/* Handshakes that came to their end. */
int loopback_tls_handshakes(const loopback_tls *tls);
/* For handlers: sends a TLS 1.3 session ticket. */
void loopback_tls_ticket(loopback_peer *peer);

#endif
