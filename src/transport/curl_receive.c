// SPDX-License-Identifier: MIT
/* The callbacks that receive a response. Invariants: nothing is stored beyond its limit; a callback
 * that aborts an exchange sets the reason in `failure`. */
#include "curl_compat.h"
#include "curl_transfer.h"

#include "str.h"
#include <string.h>

static size_t reject(ia_transfer *transfer, imgact_failure failure) {
  transfer->failure = failure;
  return 0; /* any result except the whole length makes libcurl abort the exchange */
}

/* ---- body ---- */

/* The limit applies to decoded bytes. A coding may enlarge incompressible bytes: gzip adds 5 bytes
 * per 16 KiB. */
uint64_t ia_transfer_wire_max(const imgact_http_request *request) {
  enum { OVERHEAD_BYTES = 1024, OVERHEAD_SHARE = 1024 };
  uint64_t most = request->max_body_bytes > INT64_MAX / 2 ? INT64_MAX / 2 : request->max_body_bytes;
  return most + most / OVERHEAD_SHARE + OVERHEAD_BYTES;
}

/* Also called when libcurl has finished with a connection, before it resends a request. Counts
 * received bytes before decoding, because a stream that decodes to nothing must end too. */
static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t upload_total,
                       curl_off_t upload_now) {
  ia_transfer *transfer = user;
  (void)total, (void)upload_total, (void)upload_now;
  if (transfer->error[0] && ia_compat_http11_required(transfer->error))
    transfer->http11_hint = true;
  if (!transfer->request || now <= 0 || (uint64_t)now <= ia_transfer_wire_max(transfer->request))
    return 0;
  transfer->failure = IMGACT_FAILURE_TOO_LARGE;
  return 1;
}

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  ia_transfer *transfer = user;
  ia_decoder_feed(&transfer->decoder, data, size * count, &transfer->body);
  if (transfer->body.state == IA_BUF_NOMEM) return reject(transfer, IMGACT_FAILURE_NOMEM);
  if (transfer->body.state == IA_BUF_FULL) return reject(transfer, IMGACT_FAILURE_TOO_LARGE);
  return size * count;
}

/* ---- head ---- */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static void add_field(ia_transfer *transfer, const char *line, size_t length) {
  const char *colon = memchr(line, ':', length);
  bool status_line = length >= 5 && memcmp(line, "HTTP/", 5) == 0;
  if (!colon || status_line || is_space(line[0])) return; /* folded lines are obsolete */
  const char *value = colon + 1, *end = line + length;
  while (value < end && is_space(*value)) value++;
  while (end > value && is_space(end[-1])) end--;
  ia_buf_add(&transfer->fields, line, (size_t)(colon - line));
  ia_buf_char(&transfer->fields, '\0');
  ia_buf_add(&transfer->fields, value, (size_t)(end - value));
  ia_buf_char(&transfer->fields, '\0');
  transfer->fields_count++;
}

/* libcurl has parsed the status line before it passes on the line. */
static int32_t status_of(const ia_transfer *transfer) {
  long status = 0;
  return curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK
             ? (int32_t)status
             : 0;
}

static void choose_decoder(ia_transfer *transfer) {
  const char *at = transfer->fields.data;
  for (size_t i = 0; i < transfer->fields_count; i++) {
    const char *name = at, *value = name + strlen(name) + 1;
    if (ia_str_equal_nocase(name, "content-encoding")) ia_decoder_add(&transfer->decoder, value);
    at = value + strlen(value) + 1;
  }
}

/* The HTTP version is known after the first response on a connection. If the connection was
 * abandoned meanwhile, it is closed after its last response. */
static void update_connection(ia_transfer *transfer) {
  long version = 0;
  if (!transfer->connection) return;
  if (curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version) == CURLE_OK &&
      version != CURL_HTTP_VERSION_NONE)
    transfer->connection->protocol =
        version == CURL_HTTP_VERSION_2_0 ? IA_PROTOCOL_HTTP2 : IA_PROTOCOL_HTTP1;
  if (transfer->connection->abandoned)
    (void)curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
}

static void end_head(ia_transfer *transfer) {
  transfer->status = status_of(transfer);
  transfer->head_done = transfer->status >= 200;
  if (transfer->head_done) {
    if (transfer->fields.state == IA_BUF_OK) choose_decoder(transfer);
    update_connection(transfer);
    return;
  }
  ia_buf_reset(&transfer->fields); /* of an interim response */
  transfer->fields_count = 0;
}

/* Called for lines of interim heads, of the final head, and of trailers, which are only counted. */
static size_t on_head(char *line, size_t size, size_t count, void *user) {
  ia_transfer *transfer = user;
  size_t length = size * count;
  transfer->head_bytes += length;
  if (transfer->head_bytes > IA_HEAD_MAX_BYTES || ++transfer->head_lines > IA_HEAD_MAX_LINES)
    return reject(transfer, IMGACT_FAILURE_TOO_LARGE);
  if (memchr(line, '\0', length)) return reject(transfer, IMGACT_FAILURE_ENCODING);
  if (transfer->head_done) return length;
  if (length == 0 || line[length - 1] != '\n')
    return length; /* incomplete line: passed on by 8.21 */
  if (line[0] == '\r' || line[0] == '\n')
    end_head(transfer);
  else
    add_field(transfer, line, length);

  return transfer->fields.state == IA_BUF_OK ? length : reject(transfer, IMGACT_FAILURE_NOMEM);
}

CURLcode ia_transfer_receive(ia_transfer *transfer) {
  IA_CURL_SET(transfer->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  IA_CURL_SET(transfer->easy, CURLOPT_XFERINFODATA, transfer);
  IA_CURL_SET(transfer->easy, CURLOPT_NOPROGRESS, 0L);
  IA_CURL_SET(transfer->easy, CURLOPT_WRITEFUNCTION, on_body);
  IA_CURL_SET(transfer->easy, CURLOPT_WRITEDATA, transfer);
  IA_CURL_SET(transfer->easy, CURLOPT_HEADERFUNCTION, on_head);
  IA_CURL_SET(transfer->easy, CURLOPT_HEADERDATA, transfer);
  return CURLE_OK;
}
