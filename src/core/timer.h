/* SPDX-License-Identifier: MIT */
/* Clocks, timers and random numbers. Timer functions are O(log n). */
#ifndef IA_TIMER_H
#define IA_TIMER_H

#include "alloc.h"
#include "heap.h"

#define IA_NEVER INT64_MAX

/* The monotonic clock for intervals, the wall clock for dates. */
typedef struct ia_now {
  int64_t mono_ms;
  int64_t wall_ms;
} ia_now;

typedef struct ia_timer {
  ia_heap_node node;
  void (*fire)(struct ia_timer *timer);
} ia_timer;

typedef struct ia_timers {
  ia_now now; /* time of the last tick or refresh */
  ia_heap heap;
  uint64_t random_state;
  void *outer;
  ia_now (*clock)(void *outer); /* for calls between two ticks */
} ia_timers;

/* Reads the clock; the last tick may be long ago when a user starts an operation. */
void ia_timers_update_clock(ia_timers *timers);
/* Fires the timers that are due. */
void ia_timers_tick(ia_timers *timers, ia_now now);
/* Returns the monotonic time of the next timer; IA_NEVER if there is none. */
int64_t ia_timers_next_ms(const ia_timers *timers);

void ia_timer_set(ia_timers *timers, ia_timer *timer, int64_t due_ms, void (*fire)(ia_timer *));
void ia_timer_stop(ia_timers *timers, ia_timer *timer);

/* Return a random word, and a random number from 0 (included) to 1 (excluded). */
uint64_t ia_random_word(ia_timers *timers);
double ia_random(ia_timers *timers);

/* Returns the time ms later; IA_NEVER on overflow. */
static inline int64_t ia_later(int64_t now_ms, int64_t ms) {
  int64_t later_ms;
  return __builtin_add_overflow(now_ms, ms, &later_ms) ? IA_NEVER : later_ms;
}

#endif
