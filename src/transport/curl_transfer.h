/* SPDX-License-Identifier: MIT */
/*
 * One exchange on libcurl: an easy handle, used again for the next exchange, and what it collects
 * of the response.
 */
#ifndef IA_CURL_TRANSFER_H
#define IA_CURL_TRANSFER_H

#include "buf.h"
#include "curl_connections.h"
#include "curl_decode.h"
#include "heap.h"
#include "list.h"
#include <curl/curl.h>
#include <imgact/transport.h>

/* Sets an option and returns from the calling function if libcurl rejects it. */
#define IA_CURL_SET(easy, option, value)                                                           \
  do {                                                                                             \
    CURLcode set_result = curl_easy_setopt(easy, option, value);                                   \
    if (set_result != CURLE_OK) return set_result;                                                 \
  } while (0)

#define IA_HEAD_MAX_BYTES ((size_t)256 << 10)
#define IA_HEAD_MAX_LINES 256

typedef struct ia_transfer {
  ia_link link;          /* in the transport's list: running, finished or idle */
  ia_heap_node deadline; /* in the transport's heap while it is running */
  const imgact_allocator *allocator;
  CURL *easy;
  struct curl_slist *headers;
  const imgact_http_request *request;
  imgact_exchange *exchange;
  ia_connections *connections; /* of the transport */
  ia_connection *connection;   /* on which the request was to go; NULL = none so far */
  ia_decoder decoder;
  ia_buf fields; /* headers of the final response: name NUL value NUL ... */
  ia_buf body;   /* decoded */
  size_t fields_count;
  size_t head_bytes, head_lines; /* of every head and trailer, also of interim responses */
  CURLcode result;
  int32_t status;
  imgact_failure
      failure;      /* what a callback found; libcurl then only says that a callback ended it */
  int socket_error; /* the system would not make a socket: errno */
  int scope;        /* which addresses the handle is set up for */
  bool sent;        /* libcurl was about to write the request */
  bool sent_before; /* in an earlier run */
  bool resent;      /* libcurl wanted to write it again */
  bool unsent;      /* libcurl chose a connection that takes no request: nothing was written */
  bool http11_hint; /* a text of libcurl's may mean that the server refused the request on HTTP/2 */
  bool http11_required; /* it does: libcurl wanted to write the request again */
  bool http11;          /* it goes over HTTP/1.1 */
  bool head_done;       /* the final response's head is complete */
  bool running;         /* the multi handle has it */
  char error[CURL_ERROR_SIZE];
  char message[CURL_ERROR_SIZE + 64];
} ia_transfer;

/* Returns NULL if memory is exhausted, or if libcurl lacks something that is needed: then *lacking
 * names it. */
ia_transfer *ia_transfer_new(const imgact_allocator *allocator, ia_connections *connections,
                             const struct curl_blob *authorities, const char **lacking);
/* The handle must not be in a multi handle any more. */
void ia_transfer_free(ia_transfer *transfer);

/* Sets the handle up for a request, which must live until ia_transfer_clear(). http11: HTTP/2 is
 * not offered. NOMEM or INTERNAL: it cannot be sent. */
imgact_status ia_transfer_prepare(ia_transfer *transfer, const imgact_http_request *request,
                                  bool http11);
/* Returns true if the finished transfer has to be run again, and prepares it for that: the request
 * was not sent, or it is idempotent and the server requires HTTP/1.1. left_ms: time until its
 * deadline. */
bool ia_transfer_again(ia_transfer *transfer, int64_t left_ms);
/* Before a request is given up: its connection takes no further request. Other requests on it go
 * on. */
void ia_transfer_abandon_connection(ia_transfer *transfer);
/* Forgets the exchange; keeps small buffers for the next one. */
void ia_transfer_clear(ia_transfer *transfer);

/* Sets the callbacks that receive the response. */
CURLcode ia_transfer_receive(ia_transfer *transfer);
/* The most bytes that a body within the limit has on the wire. */
uint64_t ia_transfer_wire_max(const imgact_http_request *request);

/* The outcome, from `result` and what the callbacks saw. headers: room for IA_HEAD_MAX_LINES. The
 * response points into the transfer. */
void ia_transfer_response(ia_transfer *transfer, imgact_header *headers,
                          imgact_http_response *response);

#endif
