// SPDX-License-Identifier: MIT
/* A request is handled when it is sent and answered when its time has come, so requests overlap as
 * on a network. The clock of the instance stands still; advance_to() moves it. */
#include "transport.h"
#include "http_bytes.h"
#include <stdlib.h>
#include <string.h>

typedef struct pending_request {
  struct pending_request *next;
  imgact_exchange *exchange;
  sim_outcome outcome;
  int64_t due_ms;
  bool late; /* the request times out before its response */
  size_t max_body_bytes;
} pending_request;

typedef struct sim_transport {
  imgact_transport base;
  sim_instance *instance;
  pending_request *pending; /* in sending order */
  int64_t latency_ms;
} sim_transport;

static int64_t now_of(const sim_transport *t) { return sim_clock_now(&t->instance->clock, 0); }

static void end_request(sim_transport *t, pending_request **link) {
  pending_request *ended = *link;
  *link = ended->next;
  t->instance->world->counters.in_flight--;
  sim_reply_free(&ended->outcome.reply);
  free(ended);
}

/* Duration of the body at the rate of the fault "slow". */
static int64_t transfer_ms(const pending_request *r) {
  int64_t bytes = (int64_t)r->outcome.reply.body_bytes;
  return r->outcome.bytes_per_s ? bytes * 1000 / r->outcome.bytes_per_s : 0;
}

static void schedule(sim_transport *t, pending_request *r, int64_t timeout_ms) {
  const sim_outcome *outcome = &r->outcome;
  int64_t delay_ms = outcome->delay_ms > 0 ? outcome->delay_ms : 0;
  int64_t takes_ms = t->latency_ms + delay_ms + transfer_ms(r);
  bool never = outcome->end == SIM_END_SILENCE && outcome->delay_ms < 0;
  r->late = timeout_ms > 0 && (never || takes_ms > timeout_ms);
  r->due_ms = r->late ? now_of(t) + timeout_ms : never ? INT64_MAX : now_of(t) + takes_ms;
}

static const char *header_of(const imgact_http_request *request, const char *name) {
  for (size_t i = 0; i < request->headers_count; i++)
    if (!strcasecmp(request->headers[i].name, name)) return request->headers[i].value;
  return NULL;
}

static imgact_status send_request(imgact_transport *transport, const imgact_http_request *http,
                                  imgact_exchange *exchange) {
  sim_transport *t = (sim_transport *)transport;
  pending_request *r = calloc(1, sizeof *r);
  if (!r) return IMGACT_NOMEM;

  const char *authority = strstr(http->url, "://"),
             *path = authority ? strchr(authority + 3, '/') : NULL;
  sim_request request = {.method = http->method,
                         .target = path ? path : "/",
                         .body = http->body,
                         .body_bytes = http->body_bytes};
  request.authorization = header_of(http, "Authorization");
  sim_cloud cloud = strncmp(request.target, "/v2/", 4) ? SIM_HETZNER : SIM_DIGITALOCEAN;
  r->exchange = exchange;
  r->max_body_bytes = http->max_body_bytes;
  r->outcome = sim_instance_serve(t->instance, cloud, &request, 0);
  schedule(t, r, http->timeout_ms);
  sim_counters *counters = &t->instance->world->counters;
  if (++counters->in_flight > counters->peak_in_flight)
    counters->peak_in_flight = counters->in_flight;
  pending_request **last = &t->pending;
  while (*last) last = &(*last)->next;

  *last = r;
  return IMGACT_OK;
}

static void cancel_request(imgact_transport *transport, imgact_exchange *exchange) {
  sim_transport *t = (sim_transport *)transport;
  for (pending_request **link = &t->pending; *link; link = &(*link)->next)
    if ((*link)->exchange == exchange) {
      end_request(t, link);
      return;
    }
}

static bool cut_off(const pending_request *r) {
  const sim_outcome *outcome = &r->outcome;
  if (outcome->end != SIM_END_REPLY) return true;
  if (outcome->cut_bytes < 0) return false;
  sim_text head = {0};
  sim_http_head(&outcome->reply, &head);
  bool cut = (uint64_t)outcome->cut_bytes < head.length + outcome->reply.body_bytes;
  sim_text_free(&head);
  return cut;
}

static void finish_request(const pending_request *r) {
  const sim_reply *reply = &r->outcome.reply;
  imgact_header headers[SIM_MAX_HEADERS];
  imgact_http_response response = {.size = sizeof response,
                                   .delivery = IMGACT_DELIVERY_MAYBE_SENT,
                                   .failure = IMGACT_FAILURE_NETWORK};

  if (r->late) {
    response.failure = IMGACT_FAILURE_TIMEOUT;
    response.message = "no reply in time";
  } else if (cut_off(r)) {
    response.message = r->outcome.end == SIM_END_RESET ? "connection reset" : "connection closed";
  } else if (r->max_body_bytes && reply->body_bytes > r->max_body_bytes) {
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
  imgact_exchange_finish(r->exchange, &response);
}

static pending_request **earliest(sim_transport *t) {
  pending_request **first = &t->pending;
  for (pending_request **link = &t->pending; *link; link = &(*link)->next)
    if ((*link)->due_ms < (*first)->due_ms) first = link;
  return *first ? first : NULL;
}

/* Finishing a request may send or cancel others, so the search starts again each time. */
static void dispatch_due(imgact_transport *transport) {
  sim_transport *t = (sim_transport *)transport;
  for (pending_request **link; (link = earliest(t)) && (*link)->due_ms <= now_of(t);) {
    pending_request *due = *link;
    *link = due->next;
    due->next = NULL;
    finish_request(due);
    end_request(t, &due);
  }
}

static int no_descriptor(imgact_transport *transport) {
  (void)transport;
  return -1;
}

static int timeout_ms(imgact_transport *transport) {
  sim_transport *t = (sim_transport *)transport;
  pending_request **link = earliest(t);
  if (!link || (*link)->due_ms == INT64_MAX) return -1;
  int64_t left_ms = (*link)->due_ms - now_of(t);
  return left_ms < 0 ? 0 : left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

static int64_t now_ms(imgact_transport *transport) {
  return now_of((const sim_transport *)transport);
}

static void advance_to(imgact_transport *transport, int64_t until_ms) {
  sim_transport *t = (sim_transport *)transport;
  sim_clock_set(&t->instance->clock, 0, until_ms, 0);
  sim_world_advance(t->instance->world, now_of(t));
}

static void destroy(imgact_transport *transport) {
  sim_transport *t = (sim_transport *)transport;
  while (t->pending) end_request(t, &t->pending);
  free(t);
}

imgact_transport *sim_transport_new(sim_instance *instance, int64_t latency_ms) {
  sim_transport *t = calloc(1, sizeof *t);
  if (!t) return NULL;

  *t = (sim_transport){.base = {.size = sizeof t->base,
                                .send = send_request,
                                .cancel = cancel_request,
                                .dispatch = dispatch_due,
                                .fd = no_descriptor,
                                .timeout_ms = timeout_ms,
                                .destroy = destroy,
                                .now_ms = now_ms,
                                .advance_to = advance_to},
                       .instance = instance,
                       .latency_ms = latency_ms};
  instance->clock.speed = 0;

  return &t->base;
}
