// SPDX-License-Identifier: MIT
/*
 * An easy handle: set up once, prepared for each request, and the callbacks for sending.
 * Invariants:
 *
 * - In one run of a handle, before_request() allows at most one request.
 * - A request is run again only if no byte of it was written, or if it is idempotent and the server
 * requires HTTP/1.1.
 * - A connection whose request was given up accepts no further request.
 */
#include "curl_transfer.h"

#include "curl_compat.h"
#include "str.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
  SCOPE_NONE = -1,
  SCOPE_HTTPS = 1,
  SCOPE_LOOPBACK = 2
}; /* bit flags: TLS, and a host that is never proxied */

#define IDLE_CONNECTION_MAX_S 55L /* servers close idle connections after 60 s or more */
#define KEPT_BUFFER_BYTES     ((size_t)256 << 10)

/* ---- callbacks ---- */

static bool loopback_address(const char *address) {
  return address && (strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0);
}

/* Records that libcurl tried to resend the request, which is always rejected. */
static void note_resend(ia_transfer *transfer) {
  transfer->resent = true;
  if (transfer->http11_hint) transfer->http11_required = true;
}

/* CURLOPT_FORBID_REUSE makes libcurl close the connection after its last request. */
static void close_after_use(ia_transfer *transfer) {
  (void)curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
}

/* libcurl may not know that the server has closed a connection (8.19 and later check at most once a
 * second), or that unrequested bytes were received on it (7.88). */
static bool take_connection(ia_transfer *transfer, const char *remote, int remote_port,
                            int local_port) {
  ia_endpoints ends = {.remote_port = remote_port, .local_port = local_port};
  ia_str_copy(ends.remote, sizeof ends.remote, remote ? remote : "");
  transfer->connection = ia_connections_find(transfer->connections, &ends);
  if (!transfer->connection) return true;
  transfer->connection->origin = transfer->origin;
  if (ia_connection_take(transfer->connection)) return true;
  close_after_use(transfer);
  return false;
}

/* libcurl resends a request by itself if an idle connection fails before the first byte of the
 * response. It calls this function before each send. The second call aborts, so that a request is
 * sent at most once. NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's */
static int before_request(void *user, char *remote, char *local, int remote_port, int local_port) {
  ia_transfer *transfer = user;
  (void)local;
  if (transfer->sent) {
    note_resend(transfer);
    return CURL_PREREQFUNC_ABORT;
  }
  if (!(transfer->scope & SCOPE_HTTPS) && !loopback_address(remote)) return CURL_PREREQFUNC_ABORT;
  transfer->unsent = !take_connection(transfer, remote, remote_port, local_port);
  if (transfer->unsent) return CURL_PREREQFUNC_ABORT;
  transfer->sent = true;
  return CURL_PREREQFUNC_OK;
}

/* Opens no new connection for a request that was sent. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  ia_transfer *transfer = user;
  (void)purpose;
  if (transfer->sent) {
    note_resend(transfer);
    return CURL_SOCKET_BAD;
  }
  curl_socket_t made = ia_connections_open(transfer->connections, address->family,
                                           address->socktype, address->protocol);
  transfer->socket_error = made == CURL_SOCKET_BAD ? errno : 0;
  return made;
}

/* A connection may outlive the transfer that opened it. */
static int close_socket(void *user, curl_socket_t socket) {
  return ia_connections_close(user, socket);
}

/* ---- the handle ---- */

static CURLcode set_callbacks(CURL *easy, ia_transfer *transfer) {
  IA_CURL_SET(easy, CURLOPT_PRIVATE, transfer);
  IA_CURL_SET(easy, CURLOPT_ERRORBUFFER, transfer->error);
  IA_CURL_SET(easy, CURLOPT_PREREQFUNCTION, before_request);
  IA_CURL_SET(easy, CURLOPT_PREREQDATA, transfer);
  IA_CURL_SET(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  IA_CURL_SET(easy, CURLOPT_OPENSOCKETDATA, transfer);
  IA_CURL_SET(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  IA_CURL_SET(easy, CURLOPT_CLOSESOCKETDATA, transfer->connections);
  return ia_transfer_receive(transfer);
}

/* Options for all requests. Some are libcurl's defaults, set here so that they cannot change. */
static CURLcode set_constants(CURL *easy) {
  IA_CURL_SET(easy, CURLOPT_NOSIGNAL, 1L);
  IA_CURL_SET(easy, CURLOPT_QUICK_EXIT,
              1L); /* otherwise a cancel during name resolution waits for the resolver's thread */
  IA_CURL_SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
  IA_CURL_SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  IA_CURL_SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  IA_CURL_SET(easy, CURLOPT_ACCEPT_ENCODING, IA_DECODER_OFFERS);
  IA_CURL_SET(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L); /* see curl_decode.c */
  IA_CURL_SET(easy, CURLOPT_HEADEROPT,
              (long)CURLHEADER_SEPARATE);                  /* do not send the token to a proxy */
  IA_CURL_SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* ignore a proxy's response head */
  IA_CURL_SET(easy, CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_MAX_S);
  IA_CURL_SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  IA_CURL_SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  IA_CURL_SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);

  return CURLE_OK;
}

static const char *set_up(ia_transfer *transfer) {
  if (set_callbacks(transfer->easy, transfer) != CURLE_OK) return "callbacks";
  if (set_constants(transfer->easy) != CURLE_OK) return "HTTP options";
  if (ia_authorities_set(transfer->authorities, transfer->easy, false) != CURLE_OK)
    return "certificate authorities";
  return NULL;
}

ia_transfer *ia_transfer_new(const imgact_allocator *allocator, ia_connections *connections,
                             ia_authorities *authorities, const char **lacking) {
  ia_transfer *transfer = ia_alloc_zero(allocator, sizeof *transfer);
  *lacking = NULL;
  if (!transfer) return NULL;
  transfer->allocator = allocator;
  transfer->connections = connections;
  transfer->authorities = authorities;
  transfer->decoder.allocator = allocator;
  transfer->scope = SCOPE_NONE;
  ia_buf_init(&transfer->fields, allocator, 2 * IA_HEAD_MAX_BYTES);
  ia_buf_init(&transfer->body, allocator, 0);
  transfer->easy = curl_easy_init();
  if (transfer->easy) *lacking = set_up(transfer);
  if (transfer->easy && !*lacking) return transfer;

  ia_transfer_free(transfer);
  return NULL;
}

void ia_transfer_free(ia_transfer *transfer) {
  ia_transfer_clear(transfer);
  if (transfer->easy) curl_easy_cleanup(transfer->easy);
  ia_buf_free(&transfer->fields);
  ia_buf_free(&transfer->body);
  ia_free(transfer->allocator, transfer);
}

/* Frees the headers after wiping them: one is Authorization. */
static void free_headers(ia_transfer *transfer) {
  for (struct curl_slist *node = transfer->headers; node; node = node->next)
    ia_wipe(node->data, strlen(node->data));
  curl_slist_free_all(transfer->headers);
  transfer->headers = NULL;
}

static void keep_small(ia_buf *buf) {
  if (buf->capacity > KEPT_BUFFER_BYTES) ia_buf_free(buf);
  ia_buf_reset(buf);
}

/* Clears the state of the last run of the handle. */
static void rewind_transfer(ia_transfer *transfer) {
  ia_decoder_end(&transfer->decoder, &transfer->body);
  keep_small(&transfer->fields);
  keep_small(&transfer->body);
  ia_connection_unref(transfer->connection, transfer->allocator);
  transfer->connection = NULL;
  transfer->fields_count = transfer->head_bytes = transfer->head_lines = 0;
  transfer->result = CURLE_OK;
  transfer->status = transfer->socket_error = 0;
  transfer->failure = IMGACT_FAILURE_NONE;
  transfer->sent = transfer->resent = transfer->unsent = transfer->http11_hint =
      transfer->http11_required = transfer->head_done = false;
  transfer->error[0] = transfer->message[0] = '\0';
}

void ia_transfer_clear(ia_transfer *transfer) {
  rewind_transfer(transfer);
  free_headers(transfer);
  transfer->request = NULL;
  transfer->exchange = NULL;
  transfer->http11 = transfer->sent_before = false;
}

/* ---- one request ---- */

static bool append_line(ia_transfer *transfer, const char *line) {
  struct curl_slist *longer = curl_slist_append(transfer->headers, line);
  if (longer) transfer->headers = longer;
  return longer != NULL;
}

static CURLcode append_header(ia_transfer *transfer, const imgact_header *header) {
  if (!header->name[0] || strpbrk(header->name, ":\r\n") || strpbrk(header->value, "\r\n"))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  size_t bytes = strlen(header->name) + strlen(header->value) + sizeof ": ";
  char *line = ia_alloc(transfer->allocator, bytes);
  if (!line) return CURLE_OUT_OF_MEMORY;
  /* libcurl reads "name:" as a request to omit the header, and "name;" as a header with an empty
   * value. */
  (void)snprintf(line, bytes, header->value[0] ? "%s: %s" : "%s;", header->name, header->value);
  bool appended = append_line(transfer, line);
  ia_wipe(line, bytes);
  ia_free(transfer->allocator, line);
  return appended ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

static CURLcode set_headers(ia_transfer *transfer, const imgact_http_request *request) {
  bool has_type = false;
  for (size_t i = 0; i < request->headers_count; i++) {
    CURLcode result = append_header(transfer, &request->headers[i]);
    if (result != CURLE_OK) return result;
    has_type = has_type || ia_str_equal_nocase(request->headers[i].name, "content-type");
  }
  if (!append_line(transfer, "Expect:"))
    return CURLE_OUT_OF_MEMORY; /* with large bodies, libcurl would wait for a 100 */
  if (!has_type && !append_line(transfer, "Content-Type:"))
    return CURLE_OUT_OF_MEMORY; /* libcurl would declare a form */
  IA_CURL_SET(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
  return CURLE_OK;
}

static CURLcode set_method(CURL *easy, const imgact_http_request *request) {
  bool get = ia_str_equal(request->method, "GET"), post = ia_str_equal(request->method, "POST");
  bool put = ia_str_equal(request->method, "PUT");
  if (request->body || post || put) {
    IA_CURL_SET(easy, CURLOPT_POST, 1L);
    IA_CURL_SET(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
    IA_CURL_SET(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                request->body ? (curl_off_t)request->body_bytes : 0);
    IA_CURL_SET(easy, CURLOPT_CUSTOMREQUEST, post ? NULL : request->method);
  } else {
    IA_CURL_SET(easy, CURLOPT_HTTPGET, 1L);
    IA_CURL_SET(easy, CURLOPT_CUSTOMREQUEST, get ? NULL : request->method);
  }

  return CURLE_OK;
}

/* Allows plain http for loopback hosts only, and never uses a proxy for them. Other hosts use the
 * proxy of the usual environment variables. */
static CURLcode set_scope(ia_transfer *transfer, const imgact_http_request *request) {
  ia_url url;
  if (ia_url_parse(request->url, &url) || (!url.https && !url.loopback)) return CURLE_URL_MALFORMAT;
  int scope = (url.https ? SCOPE_HTTPS : 0) | (url.loopback ? SCOPE_LOOPBACK : 0);
  if (scope == transfer->scope) return CURLE_OK;
  transfer->scope = SCOPE_NONE;
  IA_CURL_SET(transfer->easy, CURLOPT_PROTOCOLS_STR, url.https ? "https" : "http");
  IA_CURL_SET(transfer->easy, CURLOPT_PROXY, url.loopback ? "" : NULL);
  transfer->scope = scope;
  return CURLE_OK;
}

static CURLcode set_body_limit(ia_transfer *transfer, const imgact_http_request *request) {
  transfer->body.max = request->max_body_bytes;
  IA_CURL_SET(transfer->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)ia_transfer_wire_max(request));
  return CURLE_OK;
}

/* The transport ends a request at its deadline. libcurl gets the same time to connect, because it
 * divides that time among the addresses of a host; its default is five minutes. */
static CURLcode set_run(ia_transfer *transfer, int64_t left_ms, bool new_connection) {
  long version = transfer->http11 ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS;
  IA_CURL_SET(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS,
              (long)(left_ms < 1         ? 1
                     : left_ms > INT_MAX ? INT_MAX
                                         : left_ms));
  IA_CURL_SET(transfer->easy, CURLOPT_FRESH_CONNECT, new_connection ? 1L : 0L);
  IA_CURL_SET(transfer->easy, CURLOPT_FORBID_REUSE, 0L);
  IA_CURL_SET(transfer->easy, CURLOPT_HTTP_VERSION, version);
  return CURLE_OK;
}

static CURLcode set_authorities(ia_transfer *transfer, bool with_bundle) {
  if (transfer->with_bundle == with_bundle) return CURLE_OK;
  CURLcode result = ia_authorities_set(transfer->authorities, transfer->easy, with_bundle);
  if (result == CURLE_OK) transfer->with_bundle = with_bundle;
  return result;
}

imgact_status ia_transfer_prepare(ia_transfer *transfer, const imgact_http_request *request,
                                  uint64_t origin, bool http11, bool with_bundle) {
  CURLcode result = set_scope(transfer, request);
  if (result == CURLE_OK) result = set_authorities(transfer, with_bundle);
  transfer->request = request;
  transfer->origin = origin;
  transfer->http11 = http11;
  if (result == CURLE_OK) result = curl_easy_setopt(transfer->easy, CURLOPT_URL, request->url);
  if (result == CURLE_OK) result = set_headers(transfer, request);
  if (result == CURLE_OK) result = set_method(transfer->easy, request);
  if (result == CURLE_OK) result = set_body_limit(transfer, request);
  if (result == CURLE_OK) result = set_run(transfer, request->timeout_ms, false);
  if (result == CURLE_OK) return IMGACT_OK;
  return result == CURLE_OUT_OF_MEMORY ? IMGACT_NOMEM : IMGACT_INTERNAL;
}

CURLcode ia_transfer_renew(ia_transfer *transfer, bool with_bundle, int64_t left_ms) {
  CURLcode result = set_authorities(transfer, with_bundle);
  return result == CURLE_OK ? set_run(transfer, left_ms, false) : result;
}

static bool idempotent(const imgact_http_request *request) {
  static const char *const methods[] = {"GET", "PUT", "DELETE"};
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (ia_str_equal(request->method, methods[i])) return true;
  return false;
}

bool ia_transfer_again(ia_transfer *transfer, CURLcode ended, int64_t left_ms) {
  bool needs_bundle = ended == CURLE_PEER_FAILED_VERIFICATION && !transfer->sent &&
                      !transfer->with_bundle && ia_authorities_can_grow(transfer->authorities);
  bool downgrade = transfer->http11_required && !transfer->http11 && idempotent(transfer->request);
  if (!transfer->unsent && !downgrade && !needs_bundle) return false;
  /* If the connection is still open, for example because others use it, libcurl would select it
   * again. */
  bool is_open = transfer->connection && transfer->connection->socket >= 0;
  rewind_transfer(transfer);
  if (downgrade) transfer->http11 = transfer->sent_before = true;
  CURLcode result = needs_bundle ? set_authorities(transfer, true) : CURLE_OK;
  if (result == CURLE_OK) result = set_run(transfer, left_ms, is_open);
  if (result == CURLE_OK) return true;
  transfer->failure =
      IMGACT_FAILURE_NOMEM; /* otherwise the abort of the previous run would be reported */
  return false;
}

void ia_transfer_abandon_connection(ia_transfer *transfer) {
  if (transfer->connection) transfer->connection->abandoned = true;
  close_after_use(transfer);
}
