/* SPDX-License-Identifier: MIT */
/* One exchange on libcurl: an easy handle, which is reused for later exchanges, and the parts of
 * the response received so far. */
#ifndef IA_CURL_TRANSFER_H
#define IA_CURL_TRANSFER_H

#include "buf.h"
#include "curl_ca.h"
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
  ia_link link;          /* in a list of the transport */
  ia_heap_node deadline; /* in the transport's heap until it is finished */
  const imgact_allocator *allocator;
  CURL *easy;
  struct curl_slist *headers;
  const imgact_http_request *request;
  imgact_exchange *exchange;
  ia_connections *connections; /* of the transport */
  ia_authorities *authorities; /* of the transport */
  ia_connection *connection;   /* the connection selected for the request; NULL = none so far */
  uint64_t origin;             /* hash of the scheme, host and port; 0 without TLS */
  ia_decoder decoder;
  ia_buf fields; /* headers of the final response: name NUL value NUL ... */
  ia_buf body;   /* decoded */
  size_t fields_count;
  size_t head_bytes, head_lines; /* of all heads and trailers, including interim responses */
  CURLcode result;
  int32_t status;
  imgact_failure failure; /* set by a callback that aborted; libcurl's result then only says that a
                             callback aborted */
  int socket_error;       /* errno of a socket that could not be opened */
  int scope;              /* kind of addresses the handle is set up for */
  bool with_bundle;       /* authorities of the bundle are trusted, too */
  bool sent;              /* libcurl was about to write the request */
  bool sent_before;       /* sent in an earlier run */
  bool resent;            /* libcurl tried to write it again */
  bool unsent;            /* libcurl selected an unusable connection; nothing was written */
  bool http11_hint;       /* libcurl's message may mean that the server requires HTTP/1.1 */
  bool http11_required;   /* it does, because libcurl tried to write the request again */
  bool http11;            /* the request uses HTTP/1.1 */
  bool head_done;         /* the head of the final response is complete */
  bool running;           /* added to the multi handle */
  char error[CURL_ERROR_SIZE];
  char message[CURL_ERROR_SIZE + 64];
} ia_transfer;

/* Returns NULL if there is no memory, or if libcurl lacks a required feature, which *lacking then
 * names. */
ia_transfer *ia_transfer_new(const imgact_allocator *allocator, ia_connections *connections,
                             ia_authorities *authorities, const char **lacking);
/* The handle must have been removed from the multi handle. */
void ia_transfer_free(ia_transfer *transfer);

/* Sets the handle up for a request, which must live until ia_transfer_clear(). origin: hash of its
 * scheme, host and port. http11: do not offer HTTP/2. with_bundle: see ia_authorities_set().
 * Returns NOMEM or INTERNAL if it cannot be sent. */
imgact_status ia_transfer_prepare(ia_transfer *transfer, const imgact_http_request *request,
                                  uint64_t origin, bool http11, bool with_bundle);
/* Call before a run that was put off: the authorities, and the time that is left. */
CURLcode ia_transfer_renew(ia_transfer *transfer, bool with_bundle, int64_t left_ms);
/* Returns true if the finished transfer must be run again, and prepares it: the request was not
 * sent, the certificate may be trusted with the bundle, or the request is idempotent and the server
 * requires HTTP/1.1. left_ms: time until its deadline. */
bool ia_transfer_again(ia_transfer *transfer, CURLcode result, int64_t left_ms);
/* Call before a request is given up: its connection accepts no further request. Other requests on
 * it continue. */
void ia_transfer_abandon_connection(ia_transfer *transfer);
/* Clears the exchange; keeps small buffers for the next one. */
void ia_transfer_clear(ia_transfer *transfer);

/* Sets the callbacks that receive the response. */
CURLcode ia_transfer_receive(ia_transfer *transfer);
/* Returns the most bytes that a body within the limit can have before decoding. */
uint64_t ia_transfer_wire_max(const imgact_http_request *request);

/* Sets the response from `result` and the state of the callbacks. headers has room for
 * IA_HEAD_MAX_LINES. The response points into the transfer. */
void ia_transfer_response(ia_transfer *transfer, imgact_header *headers,
                          imgact_http_response *response);

#endif
