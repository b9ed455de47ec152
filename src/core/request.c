// SPDX-License-Identifier: MIT
/* The request builder of provider.h, and the accessors of responses. Everything a provider puts
 * into a URL is encoded here. */
#include "request.h"
#include "error_fill.h"
#include "str.h"
#include <string.h>

#define MAX_URL_BYTES ((size_t)64 * 1024)

void ia_request_init(imgact_request *request, const imgact_allocator *allocator) {
  *request = (imgact_request){.allocator = allocator, .method = "GET"};
  ia_buf_init(&request->path, allocator, MAX_URL_BYTES);
  ia_buf_init(&request->query, allocator, MAX_URL_BYTES);
}

void ia_request_free(imgact_request *request) {
  ia_buf_free(&request->path);
  ia_buf_free(&request->query);
  imgact_json_writer_free(request->body);
  request->body = NULL;
}

void imgact_request_set_method(imgact_request *request, const char *method) {
  request->method = method;
}

/* An empty or dotted segment would lead to another endpoint than the one that is meant. */
void ia_request_add_to_path(imgact_request *request, const char *text) {
  if (!*text || !strcmp(text, ".") || !strcmp(text, ".."))
    request->bad_segment = true;
  else
    ia_percent_encode(&request->path, text);
}

void imgact_request_add_segment(imgact_request *request, const char *segment) {
  ia_buf_char(&request->path, '/');
  ia_request_add_to_path(request, segment ? segment : "");
}

void imgact_request_add_query(imgact_request *request, const char *key, const char *value) {
  if (!value) return;
  if (request->query.length) ia_buf_char(&request->query, '&');
  ia_percent_encode(&request->query, key);
  ia_buf_char(&request->query, '=');
  ia_percent_encode(&request->query, value);
}

void imgact_request_add_query_int(imgact_request *request, const char *key, int64_t value) {
  if (request->query.length) ia_buf_char(&request->query, '&');
  ia_percent_encode(&request->query, key);
  ia_buf_printf(&request->query, "=%lld", (long long)value);
}

static bool listed(const char *const *keys, const char *key) {
  for (; keys && *keys; keys++)
    if (!strcmp(*keys, key)) return true;
  return false;
}

/* Pairs are decoded and encoded anew: whatever a server put into its link leaves here as one clean
 * pair. */
static void copy_pair(imgact_request *request, const char *pair, size_t length,
                      const char *const *except) {
  const char *equals = memchr(pair, '=', length);
  size_t key_length = equals ? (size_t)(equals - pair) : length;
  ia_buf key, value;
  ia_buf_init(&key, request->allocator, MAX_URL_BYTES);
  ia_buf_init(&value, request->allocator, MAX_URL_BYTES);
  ia_percent_decode(&key, pair, key_length, true);
  if (equals) ia_percent_decode(&value, equals + 1, length - key_length - 1, true);
  const char *name = ia_buf_text(&key), *text = ia_buf_text(&value);
  if (!name || !text)
    request->nomem = true;
  else if (*name && !listed(except, name))
    imgact_request_add_query(request, name, text);
  ia_buf_free(&key);
  ia_buf_free(&value);
}

void imgact_request_add_query_string(imgact_request *request, const char *query,
                                     const char *const *except) {
  while (query && *query) {
    size_t length = strcspn(query, "&#");
    if (length) copy_pair(request, query, length, except);
    if (query[length] != '&') break;
    query += length + 1;
  }
}

imgact_json_writer *imgact_request_body_writer(imgact_request *request) {
  if (!request->body) request->body = imgact_json_writer_new(request->allocator, 0);
  if (!request->body) request->nomem = true;
  return request->body;
}

void imgact_request_filter_locally(imgact_request *request, uint32_t filters) {
  request->local |= filters;
}

void imgact_request_set_empty_result(imgact_request *request) { request->empty = true; }

imgact_status ia_request_check(imgact_request *request, const imgact_provider *provider,
                               imgact_error *error) {
  if (request->bad_segment)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "invalid id: empty, '.' or '..'");
  if (request->nomem || request->path.state == IA_BUF_NOMEM || request->query.state == IA_BUF_NOMEM)
    return ia_no_memory(error);
  if (request->path.state == IA_BUF_FULL || request->query.state == IA_BUF_FULL)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "the arguments make a URL of more than %zu bytes", MAX_URL_BYTES);
  if (request->body && !imgact_json_writer_finish(request->body, NULL))
    return imgact_error_set(error, IMGACT_NOMEM, "%s: the request's body could not be built",
                            provider->name);
  return IMGACT_OK;
}

const char *ia_header(const imgact_header *headers, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (ia_str_equal_nocase(headers[i].name, name)) return headers[i].value;
  return NULL;
}

int imgact_response_status(const imgact_response *response) { return response->http->status; }

const imgact_json *imgact_response_json(const imgact_response *response) { return response->json; }

const char *imgact_response_header(const imgact_response *response, const char *name) {
  const char *value = ia_header(response->http->headers, response->http->headers_count, name);
  if (!value) return NULL;
  size_t length = strlen(value);
  if (!ia_utf8_valid(value, length, false)) return NULL;
  if (!ia_redact_found(response->redactor, value, length)) return value;
  ia_buf text;
  ia_buf_init(&text, response->scratch->allocator, 2 * length + 64);
  ia_redact(response->redactor, &text, value, length);
  const char *copy = ia_arena_copy(response->scratch, ia_buf_text(&text));
  ia_buf_free(&text);
  return copy;
}

int imgact_response_header_int(const imgact_response *response, const char *name, int64_t *value) {
  const char *text = ia_header(response->http->headers, response->http->headers_count, name);
  return text && ia_str_int64(text, value);
}

void imgact_response_copy_request_id(const imgact_response *response, const char *name,
                                     imgact_error *error) {
  const char *text = imgact_response_header(response, name);
  size_t n = 0;
  for (; text && text[n] > ' ' && text[n] < 0x7f && n + 1 < sizeof error->request_id; n++)
    error->request_id[n] = text[n];
  error->request_id[n] = '\0';
}
