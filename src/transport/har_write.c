// SPDX-License-Identifier: MIT
/* Writes one entry of a cassette with all members that HAR 1.2 and its viewers require. Values that
 * this library does not know (sizes on the wire, the HTTP version) are written as unknown, in the
 * form that HAR defines. */
#include "har.h"

#include "base64.h"
#include "date.h"
#include "str.h"

#include <string.h>

static void write_string(imgact_json_writer *writer, const char *key, const char *text) {
  imgact_json_write_key(writer, key);
  imgact_json_write_string(writer, text);
}

static void write_integer(imgact_json_writer *writer, const char *key, int64_t value) {
  imgact_json_write_key(writer, key);
  imgact_json_write_int(writer, value);
}

static void write_empty_array(imgact_json_writer *writer, const char *key) {
  imgact_json_write_key(writer, key);
  imgact_json_write_begin_array(writer);
  imgact_json_write_end_array(writer);
}

static void write_pair(imgact_json_writer *writer, const char *name, const char *value) {
  imgact_json_write_begin_object(writer);
  write_string(writer, "name", name);
  write_string(writer, "value", value);
  imgact_json_write_end_object(writer);
}

static void write_headers(imgact_json_writer *writer, const imgact_header *headers, size_t count) {
  imgact_json_write_key(writer, "headers");
  imgact_json_write_begin_array(writer);
  for (size_t i = 0; i < count; i++) write_pair(writer, headers[i].name, headers[i].value);
  imgact_json_write_end_array(writer);
}

static const char *content_type(const imgact_header *headers, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (ia_str_equal_nocase(headers[i].name, "content-type")) return headers[i].value;
  }
  return "x-unknown";
}

/* ---- parts that allocate memory; false if there is none ---- */

static bool write_query(imgact_json_writer *writer, const char *url,
                        const imgact_allocator *allocator) {
  ia_buf name, value;
  ia_buf_init(&name, allocator, IA_HAR_MAX_BYTES);
  ia_buf_init(&value, allocator, IA_HAR_MAX_BYTES);
  imgact_json_write_key(writer, "queryString");
  imgact_json_write_begin_array(writer);
  const char *at = strchr(url, '?');
  while (at && *at != '\0' && *at != '#') {
    at++;
    size_t length = strcspn(at, "&#"), split = strcspn(at, "=&#");
    ia_buf_reset(&name);
    ia_buf_reset(&value);
    ia_percent_decode(&name, at, split, true);
    if (split < length) ia_percent_decode(&value, at + split + 1, length - split - 1, true);
    if (length > 0) write_pair(writer, ia_buf_text(&name), ia_buf_text(&value));
    at += length;
  }

  imgact_json_write_end_array(writer);
  bool ok = name.state == IA_BUF_OK && value.state == IA_BUF_OK;
  ia_buf_free(&name);
  ia_buf_free(&value);
  return ok;
}

/* Writes "text", and "encoding" if the bytes are not UTF-8. */
static bool write_body(imgact_json_writer *writer, const char *body, size_t bytes,
                       const imgact_allocator *allocator) {
  imgact_json_write_key(writer, "text");
  if (ia_utf8_valid(body, bytes, false)) {
    imgact_json_write_string_n(writer, body, bytes);
    return true;
  }

  ia_buf coded;
  ia_buf_init(&coded, allocator, IA_HAR_MAX_BYTES * 2);
  ia_base64_encode(&coded, body, bytes);
  bool ok = coded.state == IA_BUF_OK;
  imgact_json_write_string(writer, ia_buf_text(&coded));
  write_string(writer, "encoding", "base64");
  ia_buf_free(&coded);
  return ok;
}

static bool write_request(imgact_json_writer *writer, const ia_har_entry *entry,
                          const imgact_allocator *allocator) {
  bool ok = true;
  imgact_json_write_key(writer, "request");
  imgact_json_write_begin_object(writer);
  write_string(writer, "method", entry->method);
  write_string(writer, "url", entry->url);
  write_string(writer, "httpVersion", "unknown");
  write_empty_array(writer, "cookies");
  write_headers(writer, entry->headers, entry->headers_count);
  ok = write_query(writer, entry->url, allocator) && ok;
  if (entry->body) {
    imgact_json_write_key(writer, "postData");
    imgact_json_write_begin_object(writer);
    write_string(writer, "mimeType", content_type(entry->headers, entry->headers_count));
    ok = write_body(writer, entry->body, entry->body_bytes, allocator) && ok;
    imgact_json_write_end_object(writer);
  }

  write_integer(writer, "headersSize", -1);
  write_integer(writer, "bodySize", (int64_t)entry->body_bytes);
  imgact_json_write_end_object(writer);
  return ok;
}

static bool write_response(imgact_json_writer *writer, const imgact_http_response *response,
                           const imgact_allocator *allocator) {
  bool ok = true;
  imgact_json_write_key(writer, "response");
  imgact_json_write_begin_object(writer);
  write_integer(writer, "status", response->status);
  write_string(writer, "statusText", "");
  write_string(writer, "httpVersion", "unknown");
  write_empty_array(writer, "cookies");
  write_headers(writer, response->headers, response->headers_count);
  imgact_json_write_key(writer, "content");
  imgact_json_write_begin_object(writer);
  write_integer(writer, "size", (int64_t)response->body_bytes);
  write_string(writer, "mimeType", content_type(response->headers, response->headers_count));
  if (response->body) ok = write_body(writer, response->body, response->body_bytes, allocator);
  imgact_json_write_end_object(writer);
  write_string(writer, "redirectURL", "");
  write_integer(writer, "headersSize", -1);
  write_integer(writer, "bodySize", -1);
  imgact_json_write_end_object(writer);

  return ok;
}

static void write_timings(imgact_json_writer *writer, int64_t time_ms) {
  imgact_json_write_key(writer, "cache");
  imgact_json_write_begin_object(writer);
  imgact_json_write_end_object(writer);
  imgact_json_write_key(writer, "timings");
  imgact_json_write_begin_object(writer);
  write_integer(writer, "send", 0);
  write_integer(writer, "wait", time_ms);
  write_integer(writer, "receive", 0);
  imgact_json_write_end_object(writer);
}

/* Writes a custom member, because HAR cannot represent an exchange without a response. */
static void write_failure(imgact_json_writer *writer, const ia_har_entry *entry) {
  const imgact_http_response *response = &entry->response;
  imgact_json_write_key(writer, "_imgact");
  imgact_json_write_begin_object(writer);
  write_string(writer, "delivery", ia_har_delivery_name(response->delivery));
  write_string(writer, "failure",
               entry->cancelled ? IA_HAR_CANCELLED : ia_har_failure_name(response->failure));
  if (response->message) write_string(writer, "message", response->message);
  imgact_json_write_end_object(writer);
}

const char *ia_har_write(imgact_json_writer *writer, const ia_har_entry *entry,
                         const imgact_allocator *allocator, size_t *length) {
  char started[32];
  if (!ia_date_format(entry->started_ms, true, started)) ia_date_format(0, true, started);
  imgact_json_writer_reset(writer);
  imgact_json_write_begin_object(writer);
  write_string(writer, "startedDateTime", started);
  write_integer(writer, "time", entry->time_ms);
  bool ok = write_request(writer, entry, allocator);
  ok = write_response(writer, &entry->response, allocator) && ok;
  write_timings(writer, entry->time_ms);
  if (entry->response.status == 0) write_failure(writer, entry);
  imgact_json_write_end_object(writer);
  return ok ? imgact_json_writer_finish(writer, length) : NULL;
}
