// SPDX-License-Identifier: MIT
/* Converts libcurl's result and the state of the callbacks into delivery, failure and message. In
 * doubt the worse case is assumed: only a complete response is ANSWERED, and only a request that
 * libcurl never began to write is NOT_SENT. */
#include "curl_compat.h"
#include "curl_transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static imgact_failure by_code(const ia_transfer *transfer) {
  bool head_expected = transfer->sent && !transfer->head_done;
  if (ia_compat_head_too_large(transfer->result, head_expected)) return IMGACT_FAILURE_TOO_LARGE;
  if (transfer->result == CURLE_COULDNT_CONNECT && transfer->socket_error == ENOMEM)
    return IMGACT_FAILURE_NOMEM;

  switch (transfer->result) {
  case CURLE_OK: return transfer->head_done ? IMGACT_FAILURE_NONE : IMGACT_FAILURE_NETWORK;
  case CURLE_OPERATION_TIMEDOUT: return IMGACT_FAILURE_TIMEOUT;
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CRL_BADFILE:
  case CURLE_SSL_ENGINE_INITFAILED:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_ISSUER_ERROR: return IMGACT_FAILURE_TLS;
  case CURLE_SSL_CONNECT_ERROR:
    return ia_compat_peer_left(transfer->error) ? IMGACT_FAILURE_NETWORK : IMGACT_FAILURE_TLS;
  case CURLE_FILESIZE_EXCEEDED: return IMGACT_FAILURE_TOO_LARGE;
  case CURLE_OUT_OF_MEMORY: return IMGACT_FAILURE_NOMEM;
  case CURLE_BAD_CONTENT_ENCODING:
  case CURLE_WEIRD_SERVER_REPLY: return IMGACT_FAILURE_ENCODING;
  case CURLE_UNSUPPORTED_PROTOCOL: /* "Received HTTP/0.9": the response is not HTTP */
    return transfer->sent ? IMGACT_FAILURE_ENCODING : IMGACT_FAILURE_NETWORK;
  default: return IMGACT_FAILURE_NETWORK;
  }
}

static long connect_error(const ia_transfer *transfer) {
  long number = transfer->socket_error;
  if (number == 0 && curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number) != CURLE_OK)
    return 0;
  return number;
}

/* Adds the system's reason, which libcurl's message lacks: "Failed to connect to HOST port N after
 * 3 ms: Couldn't connect to server". */
static const char *connect_message(ia_transfer *transfer) {
  static const char prefix[] = "Failed to connect to ";
  const char *host = transfer->error + sizeof prefix - 1;
  const char *after = strstr(transfer->error, " after ");
  long number = connect_error(transfer);
  if (strncmp(transfer->error, prefix, sizeof prefix - 1) != 0 || !after || after < host ||
      number == 0)
    return NULL;
  (void)snprintf(transfer->message, sizeof transfer->message, "could not connect to %.*s: %s",
                 (int)(after - host), host, strerror((int)number));
  return transfer->message;
}

/* libcurl rejects a Content-Length above the limit while it reads the head. */
static const char *too_large_message(ia_transfer *transfer) {
  if (transfer->head_done || transfer->result == CURLE_FILESIZE_EXCEEDED)
    (void)snprintf(transfer->message, sizeof transfer->message,
                   "response body exceeds the limit of %llu bytes",
                   (unsigned long long)transfer->request->max_body_bytes);
  else
    (void)snprintf(transfer->message, sizeof transfer->message,
                   "response head exceeds the limit of %zu bytes or %d lines", IA_HEAD_MAX_BYTES,
                   IA_HEAD_MAX_LINES);
  return transfer->message;
}

static const char *timeout_message(ia_transfer *transfer) {
  const char *what = transfer->head_done ? "incomplete response after"
                     : transfer->sent    ? "no response within"
                                         : "cannot connect within";
  (void)snprintf(transfer->message, sizeof transfer->message, "%s %lld ms", what,
                 (long long)transfer->request->timeout_ms);
  return transfer->message;
}

static const char *own_message(ia_transfer *transfer, imgact_failure failure) {
  switch (failure) {
  case IMGACT_FAILURE_TOO_LARGE: return too_large_message(transfer);
  case IMGACT_FAILURE_TIMEOUT: return timeout_message(transfer);
  case IMGACT_FAILURE_NOMEM: return "out of memory";
  case IMGACT_FAILURE_ENCODING:
    if (transfer->failure == failure) return "response head contains a NUL byte";
    return NULL;
  default: break;
  }

  if (transfer->http11_required) return "the server requires HTTP/1.1 for this request";
  if (transfer->resent) return "the connection was closed before the response";
  if (transfer->result == CURLE_ABORTED_BY_CALLBACK)
    return "plain http is allowed for loopback addresses only";
  if (transfer->result == CURLE_OK)
    return "the connection was closed before the response was complete";
  if (transfer->result == CURLE_GOT_NOTHING) return "the connection was closed before the response";
  if (transfer->result == CURLE_COULDNT_CONNECT) return connect_message(transfer);
  return NULL;
}

/* Returns libcurl's message with a lower-case first letter, unless it quotes a proxy's URL with a
 * password. */
static const char *curl_message(ia_transfer *transfer) {
  bool quotable = transfer->error[0] && !strchr(transfer->error, '@');
  const char *text = quotable ? transfer->error : curl_easy_strerror(transfer->result);
  (void)snprintf(transfer->message, sizeof transfer->message, "%s", text);
  char *first = transfer->message, *end = first + strlen(first);
  while (end > first && end[-1] == ' ') *--end = '\0';
  const char *rest =
      first + 1 +
      strspn(first + 1,
             "abcdefghijklmnopqrstuvwxyz"); /* a name has more capital letters, such as OpenSSL */
  bool word = first[0] >= 'A' && first[0] <= 'Z' && !(*rest >= 'A' && *rest <= 'Z') &&
              (rest > first + 1 || *rest == ' ');
  if (word) first[0] = (char)(first[0] - 'A' + 'a');

  return transfer->message;
}

static size_t list_headers(const ia_transfer *transfer, imgact_header *headers) {
  const char *at = transfer->fields.data;
  for (size_t i = 0; i < transfer->fields_count; i++) {
    headers[i].name = at;
    headers[i].value = at + strlen(at) + 1;
    at = headers[i].value + strlen(headers[i].value) + 1;
  }
  return transfer->fields_count;
}

void ia_transfer_response(ia_transfer *transfer, imgact_header *headers,
                          imgact_http_response *response) {
  imgact_failure failure =
      transfer->failure != IMGACT_FAILURE_NONE ? transfer->failure : by_code(transfer);
  *response = (imgact_http_response){.size = sizeof *response, .failure = failure};
  if (failure == IMGACT_FAILURE_NONE) {
    ia_decoder_end(&transfer->decoder, &transfer->body);
    response->delivery = IMGACT_DELIVERY_ANSWERED;
    response->status = transfer->status;
    response->headers = headers;
    response->headers_count = list_headers(transfer, headers);
    response->body = transfer->body.data;
    response->body_bytes = transfer->body.length;
    return;
  }

  response->delivery = transfer->sent || transfer->sent_before ? IMGACT_DELIVERY_MAYBE_SENT
                                                               : IMGACT_DELIVERY_NOT_SENT;
  response->message = own_message(transfer, failure);
  if (!response->message) response->message = curl_message(transfer);
}
