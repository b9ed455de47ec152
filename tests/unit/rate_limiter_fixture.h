/* SPDX-License-Identifier: MIT */
/* A rate limiter that is told the limits of responses, on a clock that a test moves by hand. */
#ifndef RATE_LIMITER_FIXTURE_H
#define RATE_LIMITER_FIXTURE_H

#include "rate_fixture.h"
#include "rate_limiter.h"

#define HOUR_MS  INT64_C(3600000)
#define MUTATION IA_PRIORITY_MUTATION
#define WAIT     IA_PRIORITY_POLL
#define LIST     IA_PRIORITY_READ

static rate_fixture d;
static ia_rate_limiter *g;

static inline int open_desk(void **state) {
  (void)state;
  rate_fixture_open(&d, 0);
  rate_fixture_at(&d, 1000000);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
  assert_non_null(g);
  return 0;
}

static inline int close_desk(void **state) {
  (void)state;
  ia_rate_limiter_unref(g);
  rate_fixture_close(&d);
  assert_true(ia_list_empty(&d.engine.rate_limiters.all));
  return 0;
}

// One that knows nothing yet.
static inline void forget(void) {
  ia_rate_limiter_unref(g);
  ia_rate_limiters_clear(&d.engine.rate_limiters);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
}

// 0: it may go; else for how long it has to wait.
static inline int64_t wait_of(uint32_t quota, size_t priority, double reserve) {
  ia_permit leave = ia_rate_limiter_request_permit(g, quota, (ia_priority)priority, reserve);
  if (leave.kind == IA_PERMIT_GRANTED) return 0;
  assert_true(leave.until_ms > d.now_ms);
  return leave.until_ms - d.now_ms;
}

static inline int64_t wait_ms(size_t priority) { return wait_of(0, priority, 0.0); }

// Sends as long as it may, at most so often.
static inline size_t spend(size_t priority, size_t most) {
  size_t sent = 0;
  for (; sent < most && wait_ms(priority) == 0; sent++) ia_rate_limiter_on_sent(g, 0);
  return sent;
}

static inline imgact_rate_limit_info rate_of(int64_t limit, int64_t remaining) {
  return (imgact_rate_limit_info){.size = sizeof(imgact_rate_limit_info),
                                  .rate_limit = {limit, remaining, IMGACT_NO_TIME, -1},
                                  .next_request_at = IMGACT_NO_TIME};
}

// One request goes, and its reply tells this.
static inline void tell_bucket(uint32_t quota, int64_t limit, int64_t remaining) {
  imgact_rate_limit_info info = rate_of(limit, remaining);
  info.refill_per_second = (double)limit / 3600.0;
  ia_rate_limiter_on_sent(g, quota);
  ia_rate_limiter_on_finished(g, quota, NULL, &info);
}

static inline void tell_windows(int64_t limit, int64_t remaining, int64_t reset_in_ms) {
  imgact_rate_limit_info info = rate_of(limit, remaining);
  info.limit_per_minute = limit / 20;
  if (reset_in_ms != IMGACT_NO_TIME) info.next_request_at = d.now_ms + reset_in_ms;
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
}

static const imgact_rate_limit_info nothing = {.size = sizeof nothing,
                                               .rate_limit = {-1, -1, IMGACT_NO_TIME, -1},
                                               .next_request_at = IMGACT_NO_TIME};

// All that is in flight ends without a word.
static inline void finish_all(void) {
  for (int i = 0; i < 10000; i++) ia_rate_limiter_on_finished(g, 0, NULL, NULL);
}

// Uses a minute up, and one more, which the API rejects with a pause.
static inline void learn_minute(int64_t limit) {
  tell_windows(limit, limit - 1, 10000);
  spend(MUTATION, 10000);
  finish_all();
  assert_int_equal(spend(MUTATION, 10000), 1); // alone
  ia_rate_limiter_on_finished(g, 0, NULL, NULL);
  ia_rate_limiter_block_for(g, 0, 1);
  rate_fixture_at(&d, d.now_ms + 10000); // the slow start is over
}

#endif
