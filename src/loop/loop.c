// SPDX-License-Identifier: MIT
/* The event loop. One pass: time, timers, requests, responses, callbacks. If the transport has its
 * own clock (a cassette, a simulator), the loop advances it instead of waiting, so that hours of
 * waiting take no time. */
#include "loop.h"
#include "error_fill.h"
#include "exchange.h"
#include "op.h"
#include "struct_size.h"
#include "transport_check.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* A busy loop returns to its caller after this many passes, even if each callback starts the next
 * operation. */
#define PASSES    64
#define CALLBACKS 1024 /* per pass */

#define BLIND_POLL_MS 50 /* longest sleep that a wakeup cannot end */

/* ---- clocks and seed ---- */

/* A clock that continues while the machine is suspended, if there is one, like the deadlines and
 * rate limits of the API. */
#ifdef CLOCK_BOOTTIME
#define STEADY CLOCK_BOOTTIME
#else
#define STEADY CLOCK_MONOTONIC
#endif

static int64_t clock_ms(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static ia_now now_of(const imgact_loop *loop) {
  imgact_transport *transport = loop->transport;
  if (transport->now_ms) {
    int64_t ms = transport->now_ms(transport), since_ms;
    if (__builtin_sub_overflow(ms, loop->epoch_ms, &since_ms)) since_ms = INT64_MAX;
    return (ia_now){since_ms, ms};
  }
  return (ia_now){clock_ms(STEADY), clock_ms(CLOCK_REALTIME)};
}

static ia_now read_clock(void *outer) { return now_of(outer); }

static uint64_t seed(void) {
  uint64_t value = 0;
  if (getrandom(&value, sizeof value, GRND_NONBLOCK) != (ssize_t)sizeof value)
    value = (uint64_t)clock_ms(STEADY) * 0x9E3779B97F4A7C15u; /* jitter needs no secret */
  return value;
}

/* ---- life ---- */

static void abort_exchange(void *outer, ia_exchange *exchange) {
  imgact_loop *loop = outer;
  loop->transport->cancel(loop->transport, &exchange->base);
}

static imgact_status make(const imgact_allocator *allocator, imgact_transport *transport,
                          imgact_loop **loop, imgact_error *error) {
  if (!ia_transport_is_valid(transport))
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "invalid transport: set all required members and size");
  imgact_loop *made = ia_alloc_zero(allocator, sizeof *made);
  if (!made) return ia_no_memory(error);

  made->allocator = *allocator;
  made->transport = transport;
  made->references = 1;
  if (transport->now_ms) made->epoch_ms = transport->now_ms(transport);
  ia_engine_init(&made->engine, &made->allocator, seed(), now_of(made));
  made->engine.outer = made;
  made->engine.timers.outer = made;
  made->engine.timers.clock = read_clock;
  made->engine.abort = abort_exchange;
  *loop = made;
  return IMGACT_OK;
}

imgact_status imgact_loop_new(const imgact_loop_options *options, imgact_loop **loop,
                              imgact_error *error) {
  static const imgact_loop_options none = {.size = sizeof none};
  const imgact_loop_options *o = options ? options : &none;
  imgact_error ignored;
  if (!error) error = &ignored;
  *loop = NULL;
  imgact_status status = ia_check_struct_size(o, o->size, sizeof *o, "imgact_loop_options", error);
  if (status != IMGACT_OK) return status;
  const imgact_allocator *allocator = ia_allocator_of(o->allocator);
  imgact_transport *transport = o->transport;
  if (!allocator)
    status = imgact_error_set(error, IMGACT_INVALID_ARGUMENT, IA_BAD_ALLOCATOR);
  else if (transport && o->ca_file)
    status = imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                              "ca_file and transport are mutually exclusive; pass ca_file to "
                              "imgact_transport_new_curl()");
  else if (!transport)
    status = imgact_transport_new_curl(allocator, o->ca_file, &transport, error);

  if (allocator && status == IMGACT_OK) status = make(allocator, transport, loop, error);
  if (status != IMGACT_OK && transport && transport->destroy) transport->destroy(transport);
  return status;
}

void ia_loop_ref(imgact_loop *loop) { loop->references++; }

void ia_loop_unref(imgact_loop *loop) {
  if (--loop->references) return;
  imgact_allocator allocator = loop->allocator;
  ia_engine_clear(&loop->engine);
  loop->transport->destroy(loop->transport);
  ia_free(&allocator, loop);
}

void imgact_loop_free(imgact_loop *loop) {
  if (loop) ia_loop_unref(loop);
}

/* ---- driving ---- */

static void send_all(imgact_loop *loop) {
  const imgact_http_request *request;
  for (ia_exchange *exchange; (exchange = ia_engine_next_request(&loop->engine, &request));) {
    imgact_status status = loop->transport->send(loop->transport, request, &exchange->base);
    if (status == IMGACT_OK) continue;
    imgact_http_response rejected = {
        .size = sizeof rejected,
        .delivery = IMGACT_DELIVERY_NOT_SENT,
        .failure = status == IMGACT_NOMEM ? IMGACT_FAILURE_NOMEM : IMGACT_FAILURE_NONE,
        .message = status == IMGACT_NOMEM ? "out of memory" : "the transport rejected the request"};
    imgact_exchange_finish(&exchange->base, &rejected);
  }
}

/* A virtual clock advances only when nothing is left to do at the current time. */
static void let_time_pass(imgact_loop *loop) {
  imgact_transport *transport = loop->transport;
  if (!transport->advance_to) return;
  int64_t next = ia_engine_next_ms(&loop->engine);
  int timeout = transport->timeout_ms(transport);
  if (timeout >= 0 && loop->engine.timers.now.mono_ms + timeout < next)
    next = loop->engine.timers.now.mono_ms + timeout;
  if (next != IA_NEVER && next > loop->engine.timers.now.mono_ms)
    transport->advance_to(transport, ia_later(loop->epoch_ms, next));
}

static void pass(imgact_loop *loop) {
  ia_engine_tick(&loop->engine, now_of(loop));
  send_all(loop);
  loop->transport->dispatch(loop->transport);
  /* Before further requests are sent: a callback may cancel them. */
  for (int i = 0; i < CALLBACKS && ia_engine_run_callbacks(&loop->engine); i++) continue;
  send_all(loop);
}

static bool due_now(imgact_loop *loop) {
  if (loop->transport->advance_to && loop->transport->timeout_ms(loop->transport) == 0) return true;
  return ia_engine_next_ms(&loop->engine) <= loop->engine.timers.now.mono_ms;
}

imgact_status imgact_loop_dispatch(imgact_loop *loop) {
  if (loop->dispatching) return IMGACT_BUSY;
  loop->dispatching = true;
  ia_loop_ref(loop);
  loop->was_woken = atomic_exchange(&loop->woken, 0);
  let_time_pass(loop);
  for (int passes = 0; passes < PASSES; passes++) {
    pass(loop);
    if (!due_now(loop)) break;
  }
  loop->dispatching = false;
  ia_loop_unref(loop);
  return IMGACT_OK;
}

int imgact_loop_fd(imgact_loop *loop) { return loop->transport->fd(loop->transport); }

/* Returns the time until something is due; -1 = nothing is. */
static int time_left_ms(const imgact_loop *loop) {
  int64_t next = ia_engine_next_ms(&loop->engine);
  int transport = loop->transport->timeout_ms(loop->transport);
  if (loop->transport->advance_to) return next == IA_NEVER && transport < 0 ? -1 : 0;
  if (next == IA_NEVER) return transport;
  int64_t left = next - now_of(loop).mono_ms;
  if (left < 0) left = 0;
  if (left > 3600000) left = 3600000;
  return transport >= 0 && transport < left ? transport : (int)left;
}

/* If imgact_loop_wakeup() cannot end a sleep, sleeps are short. An idle loop may sleep longer. */
int imgact_loop_timeout_ms(imgact_loop *loop) {
  if (atomic_load(&loop->woken) || due_now(loop)) return 0;
  int left = time_left_ms(loop);
  bool idle = left < 0 && !loop->engine.running;
  if (idle || (loop->transport->wakeup && imgact_loop_fd(loop) >= 0)) return left;
  return left < 0 || left > BLIND_POLL_MS ? BLIND_POLL_MS : left;
}

static void wait_for_io(imgact_loop *loop) {
  int timeout = imgact_loop_timeout_ms(loop);
  if (!timeout) return;
  struct pollfd fd = {.fd = imgact_loop_fd(loop), .events = POLLIN};
  poll(&fd, fd.fd < 0 ? 0 : 1, timeout);
}

void ia_loop_step(imgact_loop *loop) {
  wait_for_io(loop);
  imgact_loop_dispatch(loop);
}

imgact_status imgact_loop_run(imgact_loop *loop) {
  if (loop->dispatching) return IMGACT_BUSY;
  ia_loop_ref(loop);
  while (loop->engine.running || !ia_list_empty(&loop->engine.callbacks)) {
    ia_loop_step(loop);
    if (loop->was_woken) break;
  }
  ia_loop_unref(loop);
  return IMGACT_OK;
}

void imgact_loop_wakeup(imgact_loop *loop) {
  atomic_store(&loop->woken, 1);
  if (loop->transport->wakeup) loop->transport->wakeup(loop->transport);
}

imgact_status imgact_op_run(imgact_op *op) {
  if (!op) return IMGACT_NOMEM;
  imgact_loop *loop = op->client->outer;
  if (loop->dispatching) return IMGACT_BUSY;

  ia_loop_ref(loop);
  ia_op_pin(op); /* a callback may free the operation, its client and the loop */
  while (ia_op_has_undelivered_page(op))
    ia_loop_step(loop); /* deliver a page to its callback first */
  if (!op->free_on_unpin) ia_op_start(op);
  while (op->state == IA_OP_RUNNING) ia_loop_step(loop);
  imgact_status status = op->error.status;
  ia_op_unpin(op);
  ia_loop_unref(loop);
  return status;
}

bool ia_loop_is_offline(const imgact_loop *loop) {
  return (loop->transport->flags & IMGACT_TRANSPORT_OFFLINE) != 0;
}
