// SPDX-License-Identifier: MIT
// Requests wait in a ring: all take equally long, so the first is always due first. A cancelled one
// stays in it, nameless.
#include "clock_fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING = sizeof((clock_fixture *)0)->under_way / sizeof *((clock_fixture *)0)->under_way };

typedef struct text {
  char bytes[64 * 1024];
  size_t length;
} text;

static clock_fixture *self_of(imgact_transport *transport) {
  return (clock_fixture *)(void *)transport;
}

static void put(text *out, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));
static void put(text *out, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = vsnprintf(out->bytes + out->length, sizeof out->bytes - out->length, format, args);
  va_end(args);
  if (length < 0 || (size_t)length >= sizeof out->bytes - out->length) abort();
  out->length += (size_t)length;
}

static void put_hetzner(text *out, long long id, int done) {
  put(out,
      "{\"id\":%lld,\"command\":\"change_protection\",\"status\":\"%s\",\"progress\":%d,"
      "\"started\":\"2026-01-01T00:00:00Z\",\"finished\":null,\"resources\":[{\"id\":4711,\"type\":"
      "\"image\"}],\"error\":"
      "null}",
      id, done ? "success" : "running", done ? 100 : 50);
}

static void put_digitalocean(text *out, long long id, int done) {
  put(out,
      "{\"id\":%lld,\"type\":\"transfer\",\"status\":\"%s\",\"started_at\":\"2026-01-01T00:00:"
      "00Z\",\"completed_at\":null,"
      "\"resource_id\":4711,\"resource_type\":\"image\",\"region_slug\":\"nyc3\"}",
      id, done ? "completed" : "in-progress");
}

// "/v1/actions?id=1&id=2", or "/v2/images/4711/actions/1" and "/v2/actions/1".
static void put_reply(text *out, const char *url, int done) {
  const char *query = strchr(url, '?');
  if (strstr(url, "/v2/") != NULL) {
    put(out, "{\"action\":");
    put_digitalocean(out, atoll(strrchr(url, '/') + 1), done);
    put(out, "}");
    return;
  }
  const char *separator = "";
  put(out, "{\"actions\":[");
  for (const char *at = query; at != NULL; at = strchr(at + 1, '&')) {
    if (strncmp(at + 1, "id=", 3) != 0) continue;
    put(out, "%s", separator);
    put_hetzner(out, atoll(at + 4), done);
    separator = ",";
  }
  put(out, "],\"meta\":{\"pagination\":{\"page\":1,\"per_page\":50,\"previous_page\":null,\"next_"
           "page\":null}}}");
}

static imgact_status send_it(imgact_transport *transport, const imgact_http_request *request,
                             imgact_exchange *exchange) {
  clock_fixture *self = self_of(transport);
  if (self->count == RING || strlen(request->url) >= sizeof self->under_way->url)
    return IMGACT_INTERNAL;
  struct clock_fixture_request *slot = &self->under_way[(self->first + self->count++) % RING];
  slot->exchange = exchange;
  slot->due_ms = self->now_ms + self->latency_ms;
  memcpy(slot->url, request->url, strlen(request->url) + 1);
  imgact_exchange_set_data(exchange, slot);
  self->requests++;
  return IMGACT_OK;
}

static void cancel(imgact_transport *transport, imgact_exchange *exchange) {
  struct clock_fixture_request *slot = imgact_exchange_data(exchange);
  (void)transport;
  slot->exchange = NULL;
}

static void answer(const clock_fixture *self, const struct clock_fixture_request *slot,
                   imgact_exchange *exchange) {
  static const imgact_header headers[] = {{"Content-Type", "application/json"}};
  static _Thread_local text body;
  body.length = 0;
  put_reply(&body, slot->url, self->now_ms >= self->ends_ms);
  const imgact_http_response response = {.size = sizeof response,
                                         .delivery = IMGACT_DELIVERY_ANSWERED,
                                         .status = 200,
                                         .headers = headers,
                                         .headers_count = 1,
                                         .body = body.bytes,
                                         .body_bytes = body.length};
  imgact_exchange_finish(exchange, &response);
}

static void dispatch(imgact_transport *transport) {
  clock_fixture *self = self_of(transport);
  while (self->count > 0 && self->under_way[self->first].due_ms <= self->now_ms) {
    struct clock_fixture_request *slot = &self->under_way[self->first];
    imgact_exchange *exchange = slot->exchange;
    if (exchange != NULL) answer(self, slot, exchange);
    self->first = (self->first + 1) % RING;
    self->count--;
  }
}

static int fd(imgact_transport *transport) {
  (void)transport;
  return -1;
}

static int timeout_ms(imgact_transport *transport) {
  const clock_fixture *self = self_of(transport);
  if (self->count == 0) return -1;
  int64_t left = self->under_way[self->first].due_ms - self->now_ms;
  return left > 0 ? (int)left : 0;
}

static void destroy(imgact_transport *transport) { (void)transport; }

static int64_t now_ms(imgact_transport *transport) { return self_of(transport)->now_ms; }

static void advance(imgact_transport *transport, int64_t until_ms) {
  clock_fixture *self = self_of(transport);
  if (until_ms > self->now_ms) self->now_ms = until_ms;
}

void clock_fixture_init(clock_fixture *self, int64_t latency_ms, int64_t run_ms) {
  *self = (clock_fixture){.transport = {.size = sizeof self->transport,
                                        .send = send_it,
                                        .cancel = cancel,
                                        .dispatch = dispatch,
                                        .fd = fd,
                                        .timeout_ms = timeout_ms,
                                        .destroy = destroy,
                                        .now_ms = now_ms,
                                        .advance_to = advance,
                                        .flags = IMGACT_TRANSPORT_OFFLINE},
                          .now_ms = INT64_C(1767225600000),
                          .latency_ms = latency_ms,
                          .ends_ms = INT64_C(1767225600000) + run_ms};
}
