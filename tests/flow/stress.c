// SPDX-License-Identifier: MIT
// All responses have one delay, so they are due in the order of sending.
#include "stress.h"

#include <limits.h>
#include <stdlib.h>

#define EPOCH_MS INT64_C(1767225600000)

typedef struct carried {
  imgact_exchange *exchange;
  const imgact_http_request *request;
  int64_t due_ms;
  struct carried *next, *prev;
} carried;

struct stress {
  imgact_transport transport; // first
  stress_answer answer;
  void *user;
  int64_t delay_ms, now_ms;
  carried head; // a ring
};

static stress *of(imgact_transport *transport) { return (stress *)(void *)transport; }

static imgact_status carry(imgact_transport *transport, const imgact_http_request *request,
                           imgact_exchange *exchange) {
  stress *self = of(transport);
  carried *made = malloc(sizeof *made);
  if (made == NULL) abort();
  *made = (carried){exchange, request, self->now_ms + self->delay_ms, &self->head, self->head.prev};
  self->head.prev->next = made;
  self->head.prev = made;
  imgact_exchange_set_data(exchange, made);
  return IMGACT_OK;
}

static void let_go(carried *made) {
  made->prev->next = made->next;
  made->next->prev = made->prev;
  free(made);
}

static void cancel(imgact_transport *transport, imgact_exchange *exchange) {
  (void)transport;
  let_go(imgact_exchange_data(exchange));
}

static void dispatch(imgact_transport *transport) {
  stress *self = of(transport);
  for (carried *first; (first = self->head.next) != &self->head && first->due_ms <= self->now_ms;) {
    imgact_exchange *exchange = first->exchange;
    imgact_http_response response = {
        .size = sizeof response, .delivery = IMGACT_DELIVERY_ANSWERED, .status = 200};
    self->answer(self->user, first->request, &response);
    let_go(first);
    imgact_exchange_finish(exchange, &response);
  }
}

static int fd(imgact_transport *transport) {
  (void)transport;
  return -1;
}

static int timeout_ms(imgact_transport *transport) {
  const stress *self = of(transport);
  if (self->head.next == &self->head) return -1;
  int64_t left = self->head.next->due_ms - self->now_ms;
  return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static int64_t clock_ms(imgact_transport *transport) { return EPOCH_MS + of(transport)->now_ms; }

static void advance(imgact_transport *transport, int64_t until_ms) {
  if (until_ms - EPOCH_MS > of(transport)->now_ms) of(transport)->now_ms = until_ms - EPOCH_MS;
}

static void destroy(imgact_transport *transport) {
  stress *self = of(transport);
  while (self->head.next != &self->head) let_go(self->head.next);
  free(self);
}

stress *stress_new(stress_answer answer, void *user, int64_t delay_ms) {
  stress *self = calloc(1, sizeof *self);
  if (self == NULL) abort();
  self->answer = answer;
  self->user = user;
  self->delay_ms = delay_ms;
  self->head.next = self->head.prev = &self->head;
  self->transport = (imgact_transport){.size = sizeof(imgact_transport),
                                       .send = carry,
                                       .cancel = cancel,
                                       .dispatch = dispatch,
                                       .fd = fd,
                                       .timeout_ms = timeout_ms,
                                       .destroy = destroy,
                                       .now_ms = clock_ms,
                                       .advance_to = advance};
  return self;
}

imgact_transport *stress_transport(stress *self) { return &self->transport; }

int64_t stress_now_ms(const stress *self) { return self->now_ms; }
