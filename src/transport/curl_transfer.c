// SPDX-License-Identifier: MIT
/* An easy handle: set up once, prepared per request, and the callbacks that watch over one exchange. The invariants: at most
 * one PREREQ per exchange lets a request out; nothing that comes is kept beyond its ceiling; a callback that ends an
 * exchange leaves the reason in `failure`. */
#include "curl_transfer.h"

#include "str.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SCOPE_NONE = -1, SCOPE_HTTPS = 1, SCOPE_LOOPBACK = 2 }; /* bits: TLS, and a host that is never proxied */

#define CONNECT_TIMEOUT_MS    10000
#define IDLE_CONNECTION_MAX_S 55L /* servers close idle connections after 60 s or more: stay out of that race */
#define KEPT_BUFFER_BYTES     ((size_t)256 << 10)

#define SET(easy, option, value)                                                                                            \
  do {                                                                                                                      \
    CURLcode set_result = curl_easy_setopt(easy, option, value);                                                            \
    if (set_result != CURLE_OK) return set_result;                                                                          \
  } while (0)

/* ---- callbacks ---- */

static size_t refuse(ia_transfer *transfer, imgact_failure failure) {
  transfer->failure = failure;
  return 0; /* libcurl: anything but the whole length ends the exchange */
}

static bool loopback_address(const char *address) {
  return address && (strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0);
}

/* libcurl sends a request again by itself when a connection from the pool dies before a byte of the answer. It asks here
 * before each time: the second is refused, so that a request is on the wire at most once.
 * NOLINTNEXTLINE(readability-non-const-parameter): the signature is libcurl's */
static int before_request(void *user, char *remote, char *local, int remote_port, int local_port) {
  ia_transfer *transfer = user;
  (void)local, (void)remote_port, (void)local_port;
  if (transfer->sent) {
    transfer->resent = true;
    return CURL_PREREQFUNC_ABORT;
  }
  if (!(transfer->scope & SCOPE_HTTPS) && !loopback_address(remote)) return CURL_PREREQFUNC_ABORT;
  transfer->sent = true;
  return CURL_PREREQFUNC_OK;
}

/* Close-on-exec, which libcurl does not ask for; and no new connection for a request that is out already. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  ia_transfer *transfer = user;
  (void)purpose;
  if (transfer->sent) {
    transfer->resent = true;
    return CURL_SOCKET_BAD;
  }
  *transfer->attempted = true;
#ifdef SOCK_CLOEXEC
  curl_socket_t made = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
  curl_socket_t made = socket(address->family, address->socktype, address->protocol);
  if (made != CURL_SOCKET_BAD) (void)fcntl(made, F_SETFD, FD_CLOEXEC);
#endif
  transfer->socket_error = made == CURL_SOCKET_BAD ? errno : 0;
  return made;
}

/* Counts what came over the wire, before it is decompressed: a stream that decodes to nothing must end too. */
static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t upload_total, curl_off_t upload_now) {
  ia_transfer *transfer = user;
  (void)total, (void)upload_total, (void)upload_now;
  if (!transfer->request || now <= 0 || (uint64_t)now <= transfer->request->max_body_bytes) return 0;
  transfer->failure = IMGACT_FAILURE_TOO_LARGE;
  return 1;
}

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  ia_transfer *transfer = user;
  ia_buf_add(&transfer->body, data, size * count);
  if (transfer->body.state == IA_BUF_NOMEM) return refuse(transfer, IMGACT_FAILURE_NOMEM);
  if (transfer->body.state == IA_BUF_FULL) return refuse(transfer, IMGACT_FAILURE_TOO_LARGE);
  return size * count;
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static void add_field(ia_transfer *transfer, const char *line, size_t length) {
  const char *colon = memchr(line, ':', length);
  bool status_line = length >= 5 && memcmp(line, "HTTP/", 5) == 0;
  if (!colon || status_line || blank(line[0])) return; /* folded lines are obsolete and carry nothing that is read */
  const char *value = colon + 1, *end = line + length;
  while (value < end && blank(*value)) value++;
  while (end > value && blank(end[-1])) end--;
  ia_buf_add(&transfer->fields, line, (size_t)(colon - line));
  ia_buf_char(&transfer->fields, '\0');
  ia_buf_add(&transfer->fields, value, (size_t)(end - value));
  ia_buf_char(&transfer->fields, '\0');
  transfer->fields_count++;
}

/* libcurl has read the status line before it hands out the line. */
static int32_t status_of(const ia_transfer *transfer) {
  long status = 0;
  return curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? (int32_t)status : 0;
}

static void end_head(ia_transfer *transfer) {
  transfer->status = status_of(transfer);
  transfer->head_done = transfer->status >= 200;
  if (transfer->head_done) return;
  ia_buf_reset(&transfer->fields); /* of an interim reply */
  transfer->fields_count = 0;
}

/* Lines of interim heads, of the final one, and of trailers, which are counted and dropped. */
static size_t on_head(char *line, size_t size, size_t count, void *user) {
  ia_transfer *transfer = user;
  size_t length = size * count;
  transfer->head_bytes += length;
  if (transfer->head_bytes > IA_HEAD_MAX_BYTES || ++transfer->head_lines > IA_HEAD_MAX_LINES)
    return refuse(transfer, IMGACT_FAILURE_TOO_LARGE);
  if (memchr(line, '\0', length)) return refuse(transfer, IMGACT_FAILURE_ENCODING);
  if (transfer->head_done) return length;
  if (length == 0 || line[length - 1] != '\n') return length; /* cut within a line: 8.21 hands it out */
  if (line[0] == '\r' || line[0] == '\n')
    end_head(transfer);
  else
    add_field(transfer, line, length);
  return transfer->fields.state == IA_BUF_OK ? length : refuse(transfer, IMGACT_FAILURE_NOMEM);
}

/* ---- the handle ---- */

static CURLcode set_callbacks(CURL *easy, ia_transfer *transfer) {
  SET(easy, CURLOPT_PRIVATE, transfer);
  SET(easy, CURLOPT_ERRORBUFFER, transfer->error);
  SET(easy, CURLOPT_PREREQFUNCTION, before_request);
  SET(easy, CURLOPT_PREREQDATA, transfer);
  SET(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  SET(easy, CURLOPT_OPENSOCKETDATA, transfer);
  SET(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  SET(easy, CURLOPT_XFERINFODATA, transfer);
  SET(easy, CURLOPT_NOPROGRESS, 0L);
  SET(easy, CURLOPT_WRITEFUNCTION, on_body);
  SET(easy, CURLOPT_WRITEDATA, transfer);
  SET(easy, CURLOPT_HEADERFUNCTION, on_head);
  SET(easy, CURLOPT_HEADERDATA, transfer);
  return CURLE_OK;
}

/* What holds for every request, some of it libcurl's default: said here, so that it stays. */
static CURLcode set_constants(CURL *easy) {
  SET(easy, CURLOPT_NOSIGNAL, 1L);
  SET(easy, CURLOPT_QUICK_EXIT, 1L); /* without it, a cancel while a name is resolved waits for the resolver's thread */
  SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
  SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  SET(easy, CURLOPT_ACCEPT_ENCODING, "");
  SET(easy, CURLOPT_HTTP_CONTENT_DECODING, 1L);
  SET(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE); /* the token is not for the proxy */
  SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);         /* a proxy's head is not the cloud's */
  SET(easy, CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_MAX_S);
  SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  return CURLE_OK;
}

static const char *set_up(ia_transfer *transfer, const struct curl_blob *authorities) {
  if (set_callbacks(transfer->easy, transfer) != CURLE_OK) return "callbacks";
  if (set_constants(transfer->easy) != CURLE_OK) return "HTTP options";
  if (authorities && curl_easy_setopt(transfer->easy, CURLOPT_CAINFO_BLOB, authorities) != CURLE_OK)
    return "further certificate authorities";
  return NULL;
}

ia_transfer *ia_transfer_new(const imgact_allocator *allocator, const struct curl_blob *authorities, const char **lacking) {
  ia_transfer *transfer = ia_alloc_zero(allocator, sizeof *transfer);
  *lacking = NULL;
  if (!transfer) return NULL;
  transfer->allocator = allocator;
  transfer->scope = SCOPE_NONE;
  ia_buf_init(&transfer->fields, allocator, 2 * IA_HEAD_MAX_BYTES);
  ia_buf_init(&transfer->body, allocator, 0);
  transfer->easy = curl_easy_init();
  if (transfer->easy) *lacking = set_up(transfer, authorities);
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

/* The Authorization header is among them. */
static void free_headers(ia_transfer *transfer) {
  for (struct curl_slist *node = transfer->headers; node; node = node->next) ia_wipe(node->data, strlen(node->data));
  curl_slist_free_all(transfer->headers);
  transfer->headers = NULL;
}

static void keep_small(ia_buf *buf) {
  if (buf->capacity > KEPT_BUFFER_BYTES) ia_buf_free(buf);
  ia_buf_reset(buf);
}

void ia_transfer_clear(ia_transfer *transfer) {
  free_headers(transfer);
  keep_small(&transfer->fields);
  keep_small(&transfer->body);
  transfer->request = NULL;
  transfer->exchange = NULL;
  transfer->fields_count = transfer->head_bytes = transfer->head_lines = 0;
  transfer->result = CURLE_OK;
  transfer->status = transfer->socket_error = 0;
  transfer->failure = IMGACT_FAILURE_NONE;
  transfer->sent = transfer->resent = transfer->head_done = false;
  transfer->error[0] = transfer->message[0] = '\0';
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
  /* libcurl takes "name:" as the wish to leave a header out, and "name;" for one with an empty value */
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
  if (!append_line(transfer, "Expect:")) return CURLE_OUT_OF_MEMORY; /* libcurl would wait for a 100 with large bodies */
  if (!has_type && !append_line(transfer, "Content-Type:")) return CURLE_OUT_OF_MEMORY; /* it would claim a form */
  SET(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
  return CURLE_OK;
}

static CURLcode set_method(CURL *easy, const imgact_http_request *request) {
  bool get = ia_str_equal(request->method, "GET"), post = ia_str_equal(request->method, "POST");
  bool put = ia_str_equal(request->method, "PUT");
  if (request->body || post || put) {
    SET(easy, CURLOPT_POST, 1L);
    SET(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
    SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, request->body ? (curl_off_t)request->body_bytes : 0);
    SET(easy, CURLOPT_CUSTOMREQUEST, post ? NULL : request->method);
  } else {
    SET(easy, CURLOPT_HTTPGET, 1L);
    SET(easy, CURLOPT_CUSTOMREQUEST, get ? NULL : request->method);
  }
  return CURLE_OK;
}

/* Plain http for loopback hosts alone, and those never through a proxy; everything else by the usual variables. */
static CURLcode set_scope(ia_transfer *transfer, const imgact_http_request *request) {
  ia_url url;
  if (ia_url_parse(request->url, &url) || (!url.https && !url.loopback)) return CURLE_URL_MALFORMAT;
  int scope = (url.https ? SCOPE_HTTPS : 0) | (url.loopback ? SCOPE_LOOPBACK : 0);
  if (scope == transfer->scope) return CURLE_OK;
  transfer->scope = SCOPE_NONE;
  SET(transfer->easy, CURLOPT_PROTOCOLS_STR, url.https ? "https" : "http");
  SET(transfer->easy, CURLOPT_PROXY, url.loopback ? "" : NULL);
  transfer->scope = scope;
  return CURLE_OK;
}

static long clamp_ms(int64_t ms, int64_t most) { return (long)(ms < 1 ? 1 : ms > most ? most : ms); }

static CURLcode set_limits(ia_transfer *transfer, const imgact_http_request *request) {
  curl_off_t most = request->max_body_bytes > (size_t)INT64_MAX ? INT64_MAX : (curl_off_t)request->max_body_bytes;
  transfer->body.max = request->max_body_bytes;
  SET(transfer->easy, CURLOPT_MAXFILESIZE_LARGE, most);
  SET(transfer->easy, CURLOPT_TIMEOUT_MS, clamp_ms(request->timeout_ms, INT_MAX));
  SET(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS, clamp_ms(request->timeout_ms, CONNECT_TIMEOUT_MS));
  return CURLE_OK;
}

imgact_status ia_transfer_prepare(ia_transfer *transfer, const imgact_http_request *request) {
  CURLcode result = set_scope(transfer, request);
  transfer->request = request;
  if (result == CURLE_OK) result = curl_easy_setopt(transfer->easy, CURLOPT_URL, request->url);
  if (result == CURLE_OK) result = set_headers(transfer, request);
  if (result == CURLE_OK) result = set_method(transfer->easy, request);
  if (result == CURLE_OK) result = set_limits(transfer, request);
  if (result == CURLE_OK) return IMGACT_OK;
  return result == CURLE_OUT_OF_MEMORY ? IMGACT_NOMEM : IMGACT_INTERNAL;
}
