// SPDX-License-Identifier: MIT
/* Timers in a heap, and random numbers for jitter and hash seeds. */
#include "timer.h"
#include "list.h"

void ia_timers_update_clock(ia_timers *timers) { timers->now = timers->clock(timers->outer); }

void ia_timers_tick(ia_timers *timers, ia_now now) {
  timers->now = now;
  for (ia_heap_node *node; (node = ia_heap_first(&timers->heap)) && node->due_ms <= now.mono_ms;) {
    ia_timer *timer = IA_ENTRY(node, ia_timer, node);
    ia_heap_remove(&timers->heap, node);
    timer->fire(timer);
  }
}

int64_t ia_timers_next_ms(const ia_timers *timers) {
  const ia_heap_node *node = ia_heap_first(&timers->heap);
  return node ? node->due_ms : IA_NEVER;
}

void ia_timer_set(ia_timers *timers, ia_timer *timer, int64_t due_ms, void (*fire)(ia_timer *)) {
  timer->fire = fire;
  ia_heap_add(&timers->heap, &timer->node, due_ms);
}

void ia_timer_stop(ia_timers *timers, ia_timer *timer) {
  ia_heap_remove(&timers->heap, &timer->node);
}

/* splitmix64: one word of state; sufficient for jitter. */
uint64_t ia_random_word(ia_timers *timers) {
  uint64_t z = timers->random_state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

double ia_random(ia_timers *timers) {
  return (double)(ia_random_word(timers) >> 11) / 9007199254740992.0;
}
