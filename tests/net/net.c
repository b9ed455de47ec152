// SPDX-License-Identifier: MIT
#include "net.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_MS = 20000 };

// ---- in place of the core ----

void imgact_exchange_finish(imgact_exchange *exchange, const imgact_http_response *response) {
  exchange->on_finished(exchange, response);
}
void imgact_exchange_set_data(imgact_exchange *exchange, void *data) {
  exchange->transport_data = data;
}
void *imgact_exchange_data(const imgact_exchange *exchange) { return exchange->transport_data; }

imgact_status imgact_error_set(imgact_error *error, imgact_status status, const char *format, ...) {
  va_list args;
  if (!error) return status;
  *error = (imgact_error){.status = status};
  va_start(args, format);
  (void)vsnprintf(error->message, sizeof error->message, format, args);
  va_end(args);
  return status;
}

// ---- exchanges ----

static char *copy_text(const char *bytes, size_t count) {
  char *copy = malloc(count + 1);
  if (!copy) abort();
  if (count > 0) memcpy(copy, bytes, count);
  copy[count] = '\0';
  return copy;
}

static char *copy_headers(const imgact_http_response *response) {
  char *text = NULL;
  size_t bytes = 0;
  FILE *out = open_memstream(&text, &bytes);
  if (!out) abort();
  for (size_t i = 0; i < response->headers_count; i++)
    fprintf(out, "%s: %s\n", response->headers[i].name, response->headers[i].value);
  fclose(out);
  return text;
}

static void on_finished(imgact_exchange *base, const imgact_http_response *response) {
  net_exchange *exchange = (net_exchange *)(void *)base;
  exchange->finished++;
  exchange->delivery = response->delivery;
  exchange->failure = response->failure;
  exchange->status = response->status;
  exchange->body = copy_text(response->body, response->body_bytes);
  exchange->body_bytes = response->body_bytes;
  exchange->headers = copy_headers(response);
  exchange->headers_count = response->headers_count;
  (void)snprintf(exchange->message, sizeof exchange->message, "%s",
                 response->message ? response->message : "");
  if (exchange->then) exchange->then(exchange);
}

void net_request(const net *n, net_exchange *exchange, const char *method, const char *path,
                 const char *body) {
  static const imgact_header headers[] = {{"Authorization", "Bearer token-of-the-test"},
                                          {"Accept", "application/json"}};
  *exchange = (net_exchange){.base.on_finished = on_finished};
  (void)snprintf(exchange->url, sizeof exchange->url, "%s://127.0.0.1:%d%s", n->scheme,
                 loopback_port(n->server), path);
  exchange->request = (imgact_http_request){.size = sizeof exchange->request,
                                            .method = method,
                                            .url = exchange->url,
                                            .headers = headers,
                                            .headers_count = 2,
                                            .body = body,
                                            .body_bytes = body ? strlen(body) : 0,
                                            .timeout_ms = 15000,
                                            .max_body_bytes = NET_MAX_BODY};
}

void net_clear(net_exchange *exchange) {
  free(exchange->body);
  free(exchange->headers);
  exchange->body = exchange->headers = NULL;
}

// ---- driving ----

int64_t net_now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void net_step(net *n, int most_ms) {
  imgact_transport *transport = n->transport;
  struct pollfd item = {.fd = transport->fd(transport), .events = POLLIN};
  int wait = transport->timeout_ms(transport);
  (void)poll(&item, item.fd >= 0 ? 1 : 0, wait < 0 || wait > most_ms ? most_ms : wait);
  transport->dispatch(transport);
}

void net_drive(net *n, bool (*until)(void *user), void *user) {
  int64_t end = net_now_ms() + PATIENCE_MS;
  while (!until(user)) {
    assert_true(net_now_ms() < end);
    net_step(n, 20);
  }
}

void net_send(net *n, net_exchange *exchange) {
  assert_int_equal(n->transport->send(n->transport, &exchange->request, &exchange->base),
                   IMGACT_OK);
  assert_int_equal(exchange->finished, 0);
}

static bool has_finished(void *user) { return ((const net_exchange *)user)->finished > 0; }

void net_finish(net *n, net_exchange *exchange) { net_drive(n, has_finished, exchange); }

void net_do(net *n, net_exchange *exchange, const char *method, const char *path,
            const char *body) {
  net_request(n, exchange, method, path, body);
  net_send(n, exchange);
  net_finish(n, exchange);
}

// ---- opening ----

void net_open_with(net *n, const imgact_allocator *allocator, const char *ca_file,
                   loopback_handler handler, void *user, const loopback_layer *layer) {
  imgact_error error = {0};
  *n = (net){.scheme = layer ? "https" : "http"};
  if (imgact_transport_new_curl(allocator, ca_file, &n->transport, &error) != IMGACT_OK)
    fail_msg("%s", error.message);
  if (handler) n->server = loopback_start(handler, user, layer);
}

void net_open(net *n, loopback_handler handler, void *user) {
  net_open_with(n, NULL, NULL, handler, user, NULL);
}

void net_close(net *n) {
  n->transport->destroy(n->transport);
  if (n->server) loopback_stop(n->server);
}
