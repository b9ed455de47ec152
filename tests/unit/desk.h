/* SPDX-License-Identifier: MIT */
/* An engine on a clock that a test moves by hand, with an allocator that can fail: what the units of the core run on. */
#ifndef DESK_H
#define DESK_H

#include "client.h"
#include "failing_allocator.h"
#include "testing.h"

#define DESK_WALL_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z, at the steady time 0 */
#define DESK_TOKEN   "unmistakable-token-0123456789abcdef"

typedef struct desk {
  failing_allocator memory;
  ia_engine engine;
  int64_t now_ms; /* steady */
  size_t aborted;
} desk;

static inline ia_now desk_clock(void *outer) {
  const desk *self = outer;
  return (ia_now){self->now_ms, ia_later(DESK_WALL_MS, self->now_ms)};
}

static inline void desk_abort(void *outer, ia_exchange *exchange) {
  (void)exchange;
  ((desk *)outer)->aborted++;
}

static inline void desk_open(desk *self, size_t fail_at) {
  *self = (desk){.now_ms = 0};
  failing_allocator_init(&self->memory, fail_at);
  ia_engine_init(&self->engine, &self->memory.allocator, 1, desk_clock(self));
  self->engine.outer = self;
  self->engine.clock = desk_clock;
  self->engine.abort = desk_abort;
}

/* Moves the clock there and runs what is due. */
static inline void desk_at(desk *self, int64_t ms) {
  self->now_ms = ms;
  ia_engine_tick(&self->engine, desk_clock(self));
}

#define desk_close(self)                                                                                                    \
  do {                                                                                                                      \
    ia_engine_clear(&(self)->engine);                                                                                       \
    assert_memory_fine(&(self)->memory);                                                                                    \
  } while (0)

#endif
