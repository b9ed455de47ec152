// SPDX-License-Identifier: MIT
// The faulty transport. An exchange that goes wrong before it reaches the inner transport is
// finished from the next dispatch, as a real transport would; one that goes wrong afterwards, when
// the inner transport finishes it.
#include "fault.h"

#include <stdlib.h>

typedef struct faulty faulty;

typedef struct carried {
  imgact_exchange exchange; // first; the inner transport's
  imgact_exchange *outer;
  faulty *owner;
  struct carried *next, **at; // of the exchanges in flight, in order of sending
  bool lost;                  // never reached the inner transport
  bool doomed;                // its response is lost or cut
} carried;

struct faulty {
  imgact_transport transport; // first
  imgact_transport *inner;
  fault *plan;
  carried *first;
};

static faulty *faulty_of(imgact_transport *transport) { return (faulty *)(void *)transport; }

static carried *carry(faulty *self, imgact_exchange *outer) {
  carried *made = calloc(1, sizeof *made), **end = &self->first;
  if (made == NULL) abort();
  while (*end != NULL) end = &(*end)->next;
  *made = (carried){.outer = outer, .owner = self, .at = end};
  *end = made;
  imgact_exchange_set_data(outer, made);
  return made;
}

static void let_go(carried *made) {
  *made->at = made->next;
  if (made->next != NULL) made->next->at = made->at;
  free(made);
}

static carried *first_lost(const faulty *self) {
  carried *made = self->first;
  while (made != NULL && !made->lost) made = made->next;
  return made;
}

static imgact_http_response broken_reply(const fault *plan, imgact_delivery delivery) {
  return (imgact_http_response){
      .size = sizeof(imgact_http_response),
      .delivery = delivery,
      .failure = plan->failure == IMGACT_FAILURE_NONE ? IMGACT_FAILURE_NETWORK : plan->failure,
      .message = "a fault on purpose"};
}

static void finished(imgact_exchange *exchange, const imgact_http_response *response) {
  carried *made = (carried *)(void *)exchange;
  fault *plan = made->owner->plan;
  imgact_exchange *outer = made->outer;
  imgact_http_response changed = *response;
  if (made->doomed && plan->kind == FAULT_LOST_REPLY) {
    plan->struck = true;
    changed = broken_reply(plan, IMGACT_DELIVERY_MAYBE_SENT);
  } else if (made->doomed && response->body_bytes > plan->cut_at) {
    plan->struck = true;
    changed.body_bytes = plan->cut_at;
  }
  if (made->doomed) plan->body_bytes = response->body_bytes;
  let_go(made);
  imgact_exchange_finish(outer, &changed);
}

static imgact_status faulty_send(imgact_transport *transport, const imgact_http_request *request,
                                 imgact_exchange *exchange) {
  faulty *self = faulty_of(transport);
  fault *plan = self->plan;
  size_t number = ++plan->exchanges;
  bool strikes =
      plan->exchange != 0 && number >= plan->exchange && number - plan->exchange <= plan->in_a_row;
  bool before = strikes && plan->kind < FAULT_LOST_REPLY;
  if (before) plan->struck = true;
  if (before && plan->kind == FAULT_REFUSED) return IMGACT_NOMEM;
  carried *made = carry(self, exchange);
  made->exchange.on_finished = finished;
  made->doomed = strikes && !before;
  made->lost = before;
  if (before) return IMGACT_OK;
  imgact_status status = self->inner->send(self->inner, request, &made->exchange);
  if (status != IMGACT_OK) let_go(made);
  return status;
}

static void faulty_cancel(imgact_transport *transport, imgact_exchange *exchange) {
  faulty *self = faulty_of(transport);
  carried *made = imgact_exchange_data(exchange);
  if (!made->lost) self->inner->cancel(self->inner, &made->exchange);
  let_go(made);
}

static void faulty_dispatch(imgact_transport *transport) {
  faulty *self = faulty_of(transport);
  size_t due = 0; // requests sent by a callback wait for the next dispatch
  for (const carried *at = self->first; at != NULL; at = at->next) due += at->lost;
  for (carried *made; due > 0 && (made = first_lost(self)) != NULL; due--) {
    imgact_exchange *outer = made->outer;
    imgact_http_response response =
        broken_reply(self->plan, self->plan->kind == FAULT_NOT_SENT ? IMGACT_DELIVERY_NOT_SENT
                                                                    : IMGACT_DELIVERY_MAYBE_SENT);
    let_go(made);
    imgact_exchange_finish(outer, &response);
  }
  self->inner->dispatch(self->inner);
}

static int faulty_fd(imgact_transport *transport) {
  imgact_transport *inner = faulty_of(transport)->inner;
  return inner->fd(inner);
}

static int faulty_timeout_ms(imgact_transport *transport) {
  const faulty *self = faulty_of(transport);
  return first_lost(self) != NULL ? 0 : self->inner->timeout_ms(self->inner);
}

static void faulty_wakeup(imgact_transport *transport) {
  imgact_transport *inner = faulty_of(transport)->inner;
  inner->wakeup(inner);
}

static int64_t faulty_now_ms(imgact_transport *transport) {
  imgact_transport *inner = faulty_of(transport)->inner;
  return inner->now_ms(inner);
}

static void faulty_advance(imgact_transport *transport, int64_t until_ms) {
  imgact_transport *inner = faulty_of(transport)->inner;
  inner->advance_to(inner, until_ms);
}

static void faulty_destroy(imgact_transport *transport) {
  faulty *self = faulty_of(transport);
  self->inner->destroy(self->inner);
  while (self->first != NULL) let_go(self->first);
  free(self);
}

imgact_transport *fault_wrap(imgact_transport *inner, fault *plan) {
  faulty *self = calloc(1, sizeof *self);
  if (self == NULL) abort();
  plan->exchanges = 0;
  plan->struck = false;
  plan->body_bytes = 0;
  self->inner = inner;
  self->plan = plan;
  self->transport =
      (imgact_transport){.size = sizeof(imgact_transport),
                         .send = faulty_send,
                         .cancel = faulty_cancel,
                         .dispatch = faulty_dispatch,
                         .fd = faulty_fd,
                         .timeout_ms = faulty_timeout_ms,
                         .wakeup = inner->wakeup == NULL ? NULL : faulty_wakeup,
                         .destroy = faulty_destroy,
                         .now_ms = inner->now_ms == NULL ? NULL : faulty_now_ms,
                         .advance_to = inner->advance_to == NULL ? NULL : faulty_advance,
                         .flags = inner->flags};
  return &self->transport;
}
