// SPDX-License-Identifier: MIT
/*
 * Between the library and the simulator's transport. It counts what each request of ours committed, lets somebody else act
 * at the planned time, shows the library a clock that may go wrong by minutes, and can end an answer early in a way that
 * looks whole.
 */
#include "harness.h"
#include "transport.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct relay {
  imgact_transport base;
  imgact_transport *inner;
  harness *s;
  int64_t alarm_ms; /* when somebody else acts, or the caller loses patience; INT64_MAX = never */
  bool shortened;
} relay;

typedef struct flight {
  imgact_exchange base; /* what the simulator's transport sees */
  imgact_exchange *outer;
  relay *relay;
  bool mutation;
} flight;

static int64_t cloud_now(const relay *r) { return sim_clock_now(&r->s->instance.clock, 0); }

uint64_t harness_effects(const harness *s) {
  uint64_t all = 0;
  const sim_counters *counters = &s->instance.world->counters;
  for (int effect = SIM_UPDATE; effect < SIM_EFFECTS; effect++) all += counters->effects[effect];
  /* Hetzner's conversion is an update as well. */
  if (s->schedule->cloud == SIM_HETZNER && s->schedule->change == SCHEDULE_CONVERT) all -= counters->effects[SIM_UPDATE];
  return all;
}

static void note_actions(const harness *s, size_t before, harness_actions *list) {
  const sim_cloud_state *side = &s->instance.world->sides[s->schedule->cloud];
  for (size_t i = before; i < side->actions_count; i++)
    if (list->count < HARNESS_ACTIONS) list->ids[list->count++] = side->actions[i]->id;
}

static const char *foreign_body(const schedule *p, bool opposite) {
  bool protect = (p->change == SCHEDULE_PROTECT) != opposite;
  switch (p->change) {
  case SCHEDULE_PROTECT:
  case SCHEDULE_UNPROTECT: return protect ? "{\"delete\":true}" : "{\"delete\":false}";
  case SCHEDULE_TRANSFER:
    return opposite ? "{\"type\":\"transfer\",\"region\":\"ams3\"}" : "{\"type\":\"transfer\",\"region\":\"nyc3\"}";
  case SCHEDULE_CONVERT: return p->cloud == SIM_HETZNER ? "{\"type\":\"snapshot\"}" : "{\"type\":\"convert\"}";
  case SCHEDULE_UPDATE: return "{\"description\":\"theirs\"}";
  default: return NULL;
  }
}

void harness_foreign(harness *s, bool opposite) {
  const schedule *p = s->schedule;
  size_t before = s->instance.world->sides[p->cloud].actions_count;
  uint64_t effects = harness_effects(s);
  int64_t now_ms = sim_clock_now(&s->instance.clock, 0);
  const char *target = p->cloud == SIM_HETZNER ? "/v1/images/10" : "/v2/images/10";
  if (p->unsafe) target = p->cloud == SIM_HETZNER ? "/v1/images/10/actions/change_protection" : "/v2/images/10/actions";
  sim_request request = {.method = schedule_method(p),
                         .target = target,
                         .authorization = "Bearer somebody-else",
                         .body = foreign_body(p, opposite)};
  request.body_bytes = request.body ? strlen(request.body) : 0;
  sim_world_advance(s->instance.world, now_ms);
  sim_reply reply = sim_dispatch(s->instance.world, p->cloud, &request, now_ms);
  sim_reply_free(&reply);
  s->foreign += harness_effects(s) - effects;
  note_actions(s, before, &s->others);
}

/* ---- in ---- */

static void pass_on(imgact_exchange *base, const imgact_http_response *response) {
  flight *f = (flight *)base;
  relay *r = f->relay;
  imgact_http_response copy = *response;
  if (response->status == 429) r->s->refusals++;
  int64_t cut = r->s->schedule->shorten_bytes;
  if (f->mutation && cut >= 0 && !r->shortened && response->delivery == IMGACT_DELIVERY_ANSWERED && response->status < 300 &&
      (uint64_t)cut < response->body_bytes) {
    r->shortened = true;
    copy.body_bytes = (size_t)cut;
  }
  imgact_exchange *outer = f->outer;
  imgact_exchange_set_data(outer, NULL);
  free(f);
  imgact_exchange_finish(outer, &copy);
}

/* ---- out ---- */

static imgact_status relay_send(imgact_transport *transport, const imgact_http_request *request, imgact_exchange *exchange) {
  relay *r = (relay *)transport;
  harness *s = r->s;
  flight *f = calloc(1, sizeof *f);
  if (!f) return IMGACT_NOMEM;
  *f = (flight){
      .base = {.on_finished = pass_on}, .outer = exchange, .relay = r, .mutation = strcmp(request->method, "GET") != 0};
  imgact_exchange_set_data(exchange, f);
  size_t before = s->instance.world->sides[s->schedule->cloud].actions_count;
  uint64_t effects = harness_effects(s);
  imgact_status status = r->inner->send(r->inner, request, &f->base);
  s->effects += harness_effects(s) - effects;
  note_actions(s, before, &s->own);
  *(f->mutation ? &s->sends : &s->lookups) += 1;
  if (s->trace)
    fprintf(s->trace, "  %8" PRId64 " %s %s%s\n", cloud_now(r) - s->start_ms, request->method, request->url,
            harness_effects(s) > effects ? "  (committed)" : "");
  return status;
}

static void relay_cancel(imgact_transport *transport, imgact_exchange *exchange) {
  relay *r = (relay *)transport;
  flight *f = imgact_exchange_data(exchange);
  if (!f) return;
  r->inner->cancel(r->inner, &f->base);
  free(f);
}

/* ---- time ---- */

static void set_alarm(relay *r) {
  const schedule *p = r->s->schedule;
  r->alarm_ms = INT64_MAX;
  if (p->cancel_ms && cloud_now(r) < r->s->start_ms + p->cancel_ms) r->alarm_ms = r->s->start_ms + p->cancel_ms;
  if (p->crash_ms && !r->s->crashed && r->s->start_ms + p->crash_ms < r->alarm_ms)
    r->alarm_ms = r->s->start_ms + p->crash_ms;
  if (p->foreign_ms >= 0 && !r->s->foreign_done && r->s->start_ms + p->foreign_ms < r->alarm_ms)
    r->alarm_ms = r->s->start_ms + p->foreign_ms;
}

static void ring(relay *r) {
  const schedule *p = r->s->schedule;
  if (p->foreign_ms >= 0 && !r->s->foreign_done && cloud_now(r) >= r->s->start_ms + p->foreign_ms) {
    r->s->foreign_done = true;
    if (r->s->trace) fprintf(r->s->trace, "  %8" PRId64 " somebody else acts\n", cloud_now(r) - r->s->start_ms);
    harness_foreign(r->s, p->foreign_opposite);
  }
  set_alarm(r);
}

static void relay_dispatch(imgact_transport *transport) {
  relay *r = (relay *)transport;
  ring(r);
  r->inner->dispatch(r->inner);
}

static int relay_timeout(imgact_transport *transport) {
  relay *r = (relay *)transport;
  int timeout = r->inner->timeout_ms(r->inner);
  if (r->alarm_ms == INT64_MAX) return timeout;
  int64_t left = r->alarm_ms - cloud_now(r);
  if (left < 0) left = 0;
  return timeout >= 0 && timeout < left ? timeout : (int)left;
}

static int relay_fd(imgact_transport *transport) {
  (void)transport;
  return -1;
}

static int64_t relay_now(imgact_transport *transport) {
  relay *r = (relay *)transport;
  return cloud_now(r) + r->s->schedule->skew_ms;
}

static void relay_advance(imgact_transport *transport, int64_t until_ms) {
  relay *r = (relay *)transport;
  r->inner->advance_to(r->inner, until_ms - r->s->schedule->skew_ms);
}

static void relay_destroy(imgact_transport *transport) {
  relay *r = (relay *)transport;
  r->inner->destroy(r->inner);
  free(r);
}

imgact_transport *harness_transport(harness *s) {
  relay *r = calloc(1, sizeof *r);
  if (!r) return NULL;
  *r = (relay){.base = {.size = sizeof r->base,
                        .send = relay_send,
                        .cancel = relay_cancel,
                        .dispatch = relay_dispatch,
                        .fd = relay_fd,
                        .timeout_ms = relay_timeout,
                        .destroy = relay_destroy,
                        .now_ms = relay_now,
                        .advance_to = relay_advance},
               .inner = sim_transport_new(&s->instance, s->schedule->latency_ms),
               .s = s};
  if (!r->inner) {
    free(r);
    return NULL;
  }
  set_alarm(r);
  return &r->base;
}
