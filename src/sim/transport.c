// SPDX-License-Identifier: MIT
/*
 * A request is handled when it is sent and answered when its time has come, so pending requests
 * overlap as it would on a wire. The instance's clock stands; advance_to moves it.
 */
#include "transport.h"
#include "http_bytes.h"
#include <stdlib.h>
#include <string.h>

typedef struct pending_request {
  struct pending_request *next;
  imgact_exchange *exchange;
  sim_outcome outcome;
  int64_t due_ms;
  bool late; /* the request's time-out comes first */
  size_t max_body_bytes;
} pending_request;

typedef struct sim_transport {
  imgact_transport base;
  sim_instance *instance;
  pending_request *pending; /* in the order of sending */
  int64_t latency_ms;
} sim_transport;

static int64_t now_of(const sim_transport *c) { return sim_clock_now(&c->instance->clock, 0); }

static void end_request(sim_transport *c, pending_request **link) {
  pending_request *gone = *link;
  *link = gone->next;
  c->instance->world->counters.in_flight--;
  sim_reply_free(&gone->outcome.reply);
  free(gone);
}

/* The bytes that come, and how long they take. */
static int64_t transfer_ms(const pending_request *f) {
  int64_t bytes = (int64_t)f->outcome.reply.body_bytes;
  return f->outcome.bytes_per_s ? bytes * 1000 / f->outcome.bytes_per_s : 0;
}

static void schedule(sim_transport *c, pending_request *f, int64_t timeout_ms) {
  const sim_outcome *outcome = &f->outcome;
  int64_t delay_ms = outcome->delay_ms > 0 ? outcome->delay_ms : 0;
  int64_t takes_ms = c->latency_ms + delay_ms + transfer_ms(f);
  bool never = outcome->end == SIM_END_SILENCE && outcome->delay_ms < 0;
  f->late = timeout_ms > 0 && (never || takes_ms > timeout_ms);
  f->due_ms = f->late ? now_of(c) + timeout_ms : never ? INT64_MAX : now_of(c) + takes_ms;
}

static const char *header_of(const imgact_http_request *request, const char *name) {
  for (size_t i = 0; i < request->headers_count; i++)
    if (!strcasecmp(request->headers[i].name, name)) return request->headers[i].value;
  return NULL;
}

static imgact_status carry(imgact_transport *transport, const imgact_http_request *http,
                           imgact_exchange *exchange) {
  sim_transport *c = (sim_transport *)transport;
  pending_request *f = calloc(1, sizeof *f);
  if (!f) return IMGACT_NOMEM;
  const char *authority = strstr(http->url, "://"),
             *path = authority ? strchr(authority + 3, '/') : NULL;
  sim_request request = {.method = http->method,
                         .target = path ? path : "/",
                         .body = http->body,
                         .body_bytes = http->body_bytes};
  request.authorization = header_of(http, "Authorization");
  sim_cloud cloud = strncmp(request.target, "/v2/", 4) ? SIM_HETZNER : SIM_DIGITALOCEAN;
  f->exchange = exchange;
  f->max_body_bytes = http->max_body_bytes;
  f->outcome = sim_instance_serve(c->instance, cloud, &request, 0);
  schedule(c, f, http->timeout_ms);
  sim_counters *counters = &c->instance->world->counters;
  if (++counters->in_flight > counters->peak_in_flight)
    counters->peak_in_flight = counters->in_flight;
  pending_request **last = &c->pending;
  while (*last) last = &(*last)->next;
  *last = f;
  return IMGACT_OK;
}

static void forget(imgact_transport *transport, imgact_exchange *exchange) {
  sim_transport *c = (sim_transport *)transport;
  for (pending_request **link = &c->pending; *link; link = &(*link)->next)
    if ((*link)->exchange == exchange) {
      end_request(c, link);
      return;
    }
}

static bool cut_off(const pending_request *f) {
  const sim_outcome *outcome = &f->outcome;
  if (outcome->end != SIM_END_REPLY) return true;
  if (outcome->cut_bytes < 0) return false;
  sim_text head = {0};
  sim_http_head(&outcome->reply, &head);
  bool cut = (uint64_t)outcome->cut_bytes < head.length + outcome->reply.body_bytes;
  sim_text_free(&head);
  return cut;
}

static void answer(const pending_request *f) {
  const sim_reply *reply = &f->outcome.reply;
  imgact_header headers[SIM_MAX_HEADERS];
  imgact_http_response response = {.size = sizeof response,
                                   .delivery = IMGACT_DELIVERY_MAYBE_SENT,
                                   .failure = IMGACT_FAILURE_NETWORK};
  if (f->late) {
    response.failure = IMGACT_FAILURE_TIMEOUT;
    response.message = "no reply in time";
  } else if (cut_off(f)) {
    response.message = f->outcome.end == SIM_END_RESET ? "connection reset" : "connection closed";
  } else if (f->max_body_bytes && reply->body_bytes > f->max_body_bytes) {
    response.failure = IMGACT_FAILURE_TOO_LARGE;
    response.message = "the reply is too large";
  } else {
    for (size_t i = 0; i < reply->headers_count; i++)
      headers[i] = (imgact_header){reply->headers[i].name, reply->headers[i].value};
    response.delivery = IMGACT_DELIVERY_ANSWERED;
    response.failure = IMGACT_FAILURE_NONE;
    response.status = reply->status;
    response.headers = headers;
    response.headers_count = reply->headers_count;
    response.body = reply->body;
    response.body_bytes = reply->body_bytes;
  }
  imgact_exchange_finish(f->exchange, &response);
}

static pending_request **earliest(sim_transport *c) {
  pending_request **first = &c->pending;
  for (pending_request **link = &c->pending; *link; link = &(*link)->next)
    if ((*link)->due_ms < (*first)->due_ms) first = link;
  return *first ? first : NULL;
}

/* Finishing may send or cancel others, so the list is looked at anew each time. */
static void deliver(imgact_transport *transport) {
  sim_transport *c = (sim_transport *)transport;
  for (pending_request **link; (link = earliest(c)) && (*link)->due_ms <= now_of(c);) {
    pending_request *due = *link;
    *link = due->next;
    due->next = NULL;
    answer(due);
    end_request(c, &due);
  }
}

static int no_descriptor(imgact_transport *transport) {
  (void)transport;
  return -1;
}

static int until_next(imgact_transport *transport) {
  sim_transport *c = (sim_transport *)transport;
  pending_request **link = earliest(c);
  if (!link || (*link)->due_ms == INT64_MAX) return -1;
  int64_t left_ms = (*link)->due_ms - now_of(c);
  return left_ms < 0 ? 0 : left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

static int64_t virtual_now(imgact_transport *transport) {
  return now_of((const sim_transport *)transport);
}

static void move_on(imgact_transport *transport, int64_t until_ms) {
  sim_transport *c = (sim_transport *)transport;
  sim_clock_set(&c->instance->clock, 0, until_ms, 0);
  sim_world_advance(c->instance->world, now_of(c));
}

static void destroy(imgact_transport *transport) {
  sim_transport *c = (sim_transport *)transport;
  while (c->pending) end_request(c, &c->pending);
  free(c);
}

imgact_transport *sim_transport_new(sim_instance *instance, int64_t latency_ms) {
  sim_transport *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  *c = (sim_transport){.base = {.size = sizeof c->base,
                                .send = carry,
                                .cancel = forget,
                                .dispatch = deliver,
                                .fd = no_descriptor,
                                .timeout_ms = until_next,
                                .destroy = destroy,
                                .now_ms = virtual_now,
                                .advance_to = move_on},
                       .instance = instance,
                       .latency_ms = latency_ms};
  instance->clock.speed = 0;
  return &c->base;
}
