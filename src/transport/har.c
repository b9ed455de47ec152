// SPDX-License-Identifier: MIT
/* Reads cassettes: recordings of this library and HAR files exported by browsers and proxies.
 * Members that a replay needs must have the right type; others are ignored. Errors name their
 * position. */
#include "har.h"

#include "base64.h"
#include "date.h"
#include "json_doc.h"
#include "str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Longer durations are cut, so that sums of times cannot overflow. */
static const double max_time_ms = 1e12;

static const char *const failures[] = {
    [IMGACT_FAILURE_NONE] = "none",           [IMGACT_FAILURE_NETWORK] = "network",
    [IMGACT_FAILURE_TIMEOUT] = "timeout",     [IMGACT_FAILURE_TLS] = "tls",
    [IMGACT_FAILURE_TOO_LARGE] = "too_large", [IMGACT_FAILURE_ENCODING] = "encoding",
    [IMGACT_FAILURE_UNMATCHED] = "unmatched", [IMGACT_FAILURE_NOMEM] = "no_memory",
};
static const char *const deliveries[] = {
    [IMGACT_DELIVERY_NOT_SENT] = "not_sent",
    [IMGACT_DELIVERY_MAYBE_SENT] = "maybe_sent",
};

const char *ia_har_failure_name(size_t failure) {
  return failure < sizeof failures / sizeof *failures ? failures[failure] : NULL;
}

const char *ia_har_delivery_name(size_t delivery) {
  return delivery < sizeof deliveries / sizeof *deliveries ? deliveries[delivery] : NULL;
}

typedef struct reader {
  ia_har *har;
  const imgact_allocator *allocator;
  const char *path;
  imgact_error *error;
  imgact_status status; /* the first error is kept */
  size_t entry;
} reader;

static void reject(reader *in, const char *place, const char *what) {
  if (in->status != IMGACT_OK) return;
  in->status = imgact_error_set(in->error, IMGACT_INVALID_ARGUMENT,
                                "cannot read cassette '%.200s': log.entries[%zu].%s %s", in->path,
                                in->entry, place, what);
}

static void no_memory(reader *in) {
  if (in->status != IMGACT_OK) return;
  in->status =
      imgact_error_set(in->error, IMGACT_NOMEM, "out of memory for cassette '%.200s'", in->path);
}

static bool is_absent(const imgact_json *value) {
  return imgact_json_get_type(value) <= IMGACT_JSON_NULL;
}

/* ---- values; a value of the wrong type rejects the file ---- */

static const char *read_string(reader *in, const imgact_json *value, const char *place) {
  bool nomem = false;
  const char *text = ia_json_string(value, &in->har->arena, &nomem);
  if (nomem)
    no_memory(in);
  else if (!text)
    reject(in, place, "is not a string");
  return text;
}

static const imgact_json *read_object(reader *in, const imgact_json *parent, const char *key,
                                      const char *place) {
  const imgact_json *value = imgact_json_get(parent, key);
  if (imgact_json_get_type(value) != IMGACT_JSON_OBJECT) reject(in, place, "is not an object");
  return value;
}

static int64_t read_started(reader *in, const imgact_json *value) {
  int64_t ms = IMGACT_NO_TIME;
  size_t length = 0;
  if (is_absent(value)) return ms;
  const char *text = imgact_json_as_string(value, &length);
  if (!text || !ia_date_rfc3339(text, length, &ms))
    reject(in, "startedDateTime", "is not an ISO 8601 time");
  return ms;
}

static int64_t read_time_ms(reader *in, const imgact_json *value) {
  double ms = 0;
  if (is_absent(value)) return 0;
  if (!imgact_json_as_double(value, &ms)) reject(in, "time", "is not a number");
  return ms > max_time_ms ? (int64_t)max_time_ms
         : ms > 0         ? (int64_t)ms
                          : 0; /* browsers write -1 for unknown */
}

static size_t index_of(const char *(*name_of)(size_t), const imgact_json *value, size_t otherwise) {
  for (size_t i = 0; name_of(i); i++) {
    if (imgact_json_equals(value, name_of(i))) return i;
  }
  return otherwise;
}

/* ---- parts ---- */

static void read_headers(reader *in, const imgact_json *list, imgact_http_response *response) {
  if (is_absent(list)) return;
  if (imgact_json_get_type(list) != IMGACT_JSON_ARRAY) {
    reject(in, "response.headers", "is not an array");
    return;
  }

  imgact_header *headers =
      ia_arena_array(&in->har->arena, imgact_json_count(list), sizeof *headers);
  if (!headers) no_memory(in);
  imgact_json_iter each = imgact_json_iter_begin(list);
  for (const imgact_json *item;
       in->status == IMGACT_OK && (item = imgact_json_iter_next(&each, NULL));) {
    const char *name = read_string(in, imgact_json_get(item, "name"), "response.headers[].name");
    if (!name || name[0] == ':') continue; /* HTTP/2 pseudo-headers, as exported by browsers */
    const char *value = read_string(in, imgact_json_get(item, "value"), "response.headers[].value");
    headers[response->headers_count++] = (imgact_header){name, value};
  }

  response->headers = headers;
}

typedef struct body {
  const char *text;
  size_t bytes;
} body;

static body read_base64(reader *in, body coded, const char *place) {
  char *bytes = ia_arena_alloc(&in->har->arena, coded.bytes / 4 * 3 + 1);
  body plain = {bytes, 0};
  if (!bytes)
    no_memory(in);
  else if (!ia_base64_decode(coded.text, coded.bytes, bytes, &plain.bytes))
    reject(in, place, "is not base64");
  return plain;
}

/* Reads "text" and "encoding" of postData or content. */
static body read_body(reader *in, const imgact_json *holder, const char *place) {
  body found = {NULL, 0};
  const imgact_json *text = imgact_json_get(holder, "text"),
                    *encoding = imgact_json_get(holder, "encoding");
  if (is_absent(text)) return found;
  found.text = imgact_json_as_string(text, &found.bytes);
  if (!found.text)
    reject(in, place, "has a text that is not a string");
  else if (imgact_json_equals(encoding, "base64"))
    return read_base64(in, found, place);
  else if (!is_absent(encoding) && !imgact_json_equals(encoding, ""))
    reject(in, place, "has an unknown encoding");
  return found;
}

static void read_request(reader *in, const imgact_json *json, ia_har_entry *entry) {
  const imgact_json *request = read_object(in, json, "request", "request");
  entry->method = read_string(in, imgact_json_get(request, "method"), "request.method");
  entry->url = read_string(in, imgact_json_get(request, "url"), "request.url");
  body sent = read_body(in, imgact_json_get(request, "postData"), "request.postData");
  entry->body = sent.text;
  entry->body_bytes = sent.bytes;
}

/* Browsers record only status 0 for a failed exchange. */
static void read_failure(reader *in, const imgact_json *ours, ia_har_entry *entry) {
  imgact_http_response *response = &entry->response;
  size_t delivery =
      index_of(ia_har_delivery_name, imgact_json_get(ours, "delivery"), IMGACT_DELIVERY_ANSWERED);
  response->failure = IMGACT_FAILURE_NETWORK;
  const imgact_json *failure = imgact_json_get(ours, "failure"),
                    *message = imgact_json_get(ours, "message");
  entry->cancelled = imgact_json_equals(failure, IA_HAR_CANCELLED);
  bool known = delivery != IMGACT_DELIVERY_ANSWERED;
  if (!known && !is_absent(ours) && !entry->cancelled)
    reject(in, "_imgact.delivery", "must be not_sent or maybe_sent");
  response->delivery = known ? (imgact_delivery)delivery : IMGACT_DELIVERY_MAYBE_SENT;
  if (!is_absent(failure) && !entry->cancelled) {
    size_t index = index_of(ia_har_failure_name, failure, IMGACT_FAILURE_NONE);
    if (index == IMGACT_FAILURE_NONE) reject(in, "_imgact.failure", "is not a known failure");
    response->failure = (imgact_failure)index;
  }

  if (!is_absent(message)) response->message = read_string(in, message, "_imgact.message");
}

static void read_response(reader *in, const imgact_json *json, ia_har_entry *entry) {
  const imgact_json *from = read_object(in, json, "response", "response");
  imgact_http_response *response = &entry->response;
  *response =
      (imgact_http_response){.size = sizeof *response, .delivery = IMGACT_DELIVERY_ANSWERED};
  int64_t status = -1;
  if (!imgact_json_as_int(imgact_json_get(from, "status"), &status) || status < 0 || status > 999 ||
      (status > 0 && status < 100)) {
    reject(in, "response.status", "is not an HTTP status");
    return;
  }

  response->status = (int32_t)status;
  if (status == 0) {
    read_failure(in, imgact_json_get(json, "_imgact"), entry);
    return;
  }

  read_headers(in, imgact_json_get(from, "headers"), response);
  body came = read_body(in, imgact_json_get(from, "content"), "response.content");
  response->body = came.text;
  response->body_bytes = came.bytes;
}

static void read_entry(reader *in, const imgact_json *json, ia_har_entry *entry) {
  entry->started_ms = read_started(in, imgact_json_get(json, "startedDateTime"));
  entry->time_ms = read_time_ms(in, imgact_json_get(json, "time"));
  read_request(in, json, entry);
  read_response(in, json, entry);
}

static void read_entries(reader *in) {
  const imgact_json *log = imgact_json_get(imgact_json_doc_root(in->har->doc), "log");
  const imgact_json *list = imgact_json_get(log, "entries");
  if (imgact_json_get_type(list) != IMGACT_JSON_ARRAY) {
    in->status = imgact_error_set(
        in->error, IMGACT_INVALID_ARGUMENT,
        "cannot read cassette '%.200s': not a HAR file, log.entries is not an array", in->path);
    return;
  }

  ia_har *har = in->har;
  har->entries = ia_arena_array(&har->arena, imgact_json_count(list), sizeof *har->entries);
  if (!har->entries) {
    no_memory(in);
    return;
  }

  imgact_json_iter each = imgact_json_iter_begin(list);
  for (const imgact_json *item;
       in->status == IMGACT_OK && (item = imgact_json_iter_next(&each, NULL)); in->entry++) {
    read_entry(in, item, &har->entries[har->count++]);
  }
}

/* ---- the file ---- */

static void read_file(reader *in, ia_buf *text) {
  char chunk[16384];
  errno = 0;
  FILE *file = fopen(in->path, "rbe");
  size_t length = 0;
  while (file && text->state == IA_BUF_OK && (length = fread(chunk, 1, sizeof chunk, file)) > 0) {
    ia_buf_add(text, chunk, length);
  }

  if (!file || ferror(file)) {
    in->status = imgact_error_set(in->error, IMGACT_INVALID_ARGUMENT,
                                  "cannot read cassette '%.200s': %s", in->path, strerror(errno));
  }

  if (file) fclose(file);
  if (text->state == IA_BUF_NOMEM) no_memory(in);
  if (text->state == IA_BUF_FULL && in->status == IMGACT_OK) {
    in->status = imgact_error_set(in->error, IMGACT_INVALID_ARGUMENT,
                                  "cannot read cassette '%.200s': larger than %zu MiB", in->path,
                                  text->max >> 20);
  }
}

static void parse(reader *in, const ia_buf *text) {
  char what[200] = "";
  size_t mark = text->length >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0
                    ? 3
                    : 0; /* some tools write a byte order mark */
  const char *start = text->length == 0 ? "" : text->data + mark;
  ia_json_status status =
      ia_json_parse_up_to(IA_HAR_MAX_BYTES, start, text->length - mark, in->allocator, NULL,
                          &in->har->doc, what, sizeof what);
  if (status == IA_JSON_NOMEM) no_memory(in);
  if (status == IA_JSON_OK || in->status != IMGACT_OK) return;
  in->status = imgact_error_set(in->error, IMGACT_INVALID_ARGUMENT,
                                "cannot read cassette '%.200s': %s", in->path, what);
}

imgact_status ia_har_read(ia_har *har, const char *path, const imgact_allocator *allocator,
                          imgact_error *error) {
  *har = (ia_har){0};
  ia_arena_init(&har->arena, allocator);
  reader in = {.har = har, .allocator = allocator, .path = path, .error = error};
  ia_buf text;
  ia_buf_init(&text, allocator, IA_HAR_MAX_BYTES);
  read_file(&in, &text);
  if (in.status == IMGACT_OK) parse(&in, &text);
  ia_buf_free(&text);
  if (in.status == IMGACT_OK) read_entries(&in);
  if (in.status != IMGACT_OK) ia_har_free(har);
  return in.status;
}

void ia_har_free(ia_har *har) {
  ia_arena_free(&har->arena);
  imgact_json_doc_free(har->doc);
  *har = (ia_har){0};
}
