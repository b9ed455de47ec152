/* SPDX-License-Identifier: MIT */
/*
 * One exchange on libcurl: an easy handle, used again for the next exchange, and what it collects of the reply.
 */
#ifndef IA_CURL_TRANSFER_H
#define IA_CURL_TRANSFER_H

#include "buf.h"
#include "list.h"
#include <curl/curl.h>
#include <imgact/transport.h>

#define IA_HEAD_MAX_BYTES ((size_t)256 << 10)
#define IA_HEAD_MAX_LINES 256

typedef struct ia_transfer {
  ia_link link; /* in the transport's list: running, finished or idle */
  const imgact_allocator *allocator;
  CURL *easy;
  struct curl_slist *headers;
  const imgact_http_request *request;
  imgact_exchange *exchange;
  ia_buf fields; /* the final reply's headers: name NUL value NUL ... */
  ia_buf body;
  size_t fields_count;
  size_t head_bytes, head_lines; /* of every head and trailer, also of interim replies */
  CURLcode result;
  int32_t status;
  imgact_failure failure; /* what a callback found; libcurl then only says that a callback ended it */
  bool *attempted;        /* of the transport: a connection was begun */
  int socket_error;       /* the system would not make a socket: errno */
  int scope;              /* which addresses the handle is set up for */
  bool sent;              /* libcurl was about to write the request */
  bool resent;            /* libcurl wanted to write it again */
  bool head_done;         /* the final reply's head is complete */
  bool running;           /* the multi handle has it */
  char error[CURL_ERROR_SIZE];
  char message[CURL_ERROR_SIZE + 64];
} ia_transfer;

/* NULL when there is no memory, or when libcurl lacks something that is needed: then *lacking names it. */
ia_transfer *ia_transfer_new(const imgact_allocator *allocator, const struct curl_blob *authorities, const char **lacking);
/* The handle must not be in a multi handle any more. */
void ia_transfer_free(ia_transfer *transfer);

/* Sets the handle up for a request, which must live until ia_transfer_clear. NOMEM or INTERNAL: it cannot be sent. */
imgact_status ia_transfer_prepare(ia_transfer *transfer, const imgact_http_request *request);
/* Forgets the exchange; keeps small buffers for the next one. */
void ia_transfer_clear(ia_transfer *transfer);

/* What has come of it, from `result` and what the callbacks saw. headers: room for IA_HEAD_MAX_LINES. The response points
 * into the transfer. */
void ia_transfer_response(ia_transfer *transfer, imgact_header *headers, imgact_http_response *response);

#endif
