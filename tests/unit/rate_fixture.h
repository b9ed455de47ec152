/* SPDX-License-Identifier: MIT */
/* An engine with a manual clock and an allocator that can fail, for the units of the core. */
#ifndef RATE_FIXTURE_H
#define RATE_FIXTURE_H

#include "client.h"
#include "failing_allocator.h"
#include "testing.h"

#define RATE_FIXTURE_WALL_MS                                                                       \
  INT64_C(1767225600000) /* 2026-01-01T00:00:00Z, when the monotonic clock shows 0                 \
                          */
#define RATE_FIXTURE_TOKEN "unmistakable-token-0123456789abcdef"

typedef struct rate_fixture {
  failing_allocator memory;
  ia_engine engine;
  int64_t now_ms; /* monotonic */
  size_t aborted;
} rate_fixture;

static inline ia_now rate_fixture_clock(void *outer) {
  const rate_fixture *self = outer;
  return (ia_now){self->now_ms, ia_later(RATE_FIXTURE_WALL_MS, self->now_ms)};
}

static inline void rate_fixture_abort(void *outer, ia_exchange *exchange) {
  (void)exchange;
  ((rate_fixture *)outer)->aborted++;
}

static inline void rate_fixture_open(rate_fixture *self, size_t fail_at) {
  *self = (rate_fixture){.now_ms = 0};
  failing_allocator_init(&self->memory, fail_at);
  ia_engine_init(&self->engine, &self->memory.allocator, 1, rate_fixture_clock(self));
  self->engine.outer = self;
  self->engine.timers.outer = self;
  self->engine.timers.clock = rate_fixture_clock;
  self->engine.abort = rate_fixture_abort;
}

/* Sets the clock and runs the timers that are due. */
static inline void rate_fixture_at(rate_fixture *self, int64_t ms) {
  self->now_ms = ms;
  ia_engine_tick(&self->engine, rate_fixture_clock(self));
}

#define rate_fixture_close(self)                                                                   \
  do {                                                                                             \
    ia_engine_clear(&(self)->engine);                                                              \
    assert_memory_fine(&(self)->memory);                                                           \
  } while (0)

#endif
