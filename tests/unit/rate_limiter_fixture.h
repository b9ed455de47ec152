/* SPDX-License-Identifier: MIT */
/* A rate limiter with a manual clock, and helpers that report the limits of a response to it. */
#ifndef RATE_LIMITER_FIXTURE_H
#define RATE_LIMITER_FIXTURE_H

#include "rate_fixture.h"
#include "rate_limiter.h"

#define HOUR_MS  INT64_C(3600000)
#define MUTATION IA_PRIORITY_MUTATION
#define POLL     IA_PRIORITY_POLL
#define READ     IA_PRIORITY_READ

static rate_fixture d;
static ia_rate_limiter *g;

static inline int open_fixture(void **state) {
  (void)state;
  rate_fixture_open(&d, 0);
  rate_fixture_at(&d, 1000000);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
  assert_non_null(g);
  return 0;
}

static inline int close_fixture(void **state) {
  (void)state;
  ia_rate_limiter_unref(g);
  rate_fixture_close(&d);
  assert_true(ia_list_empty(&d.engine.rate_limiters.all));
  return 0;
}

// Replaces the rate limiter by one without any reported limit.
static inline void new_limiter(void) {
  ia_rate_limiter_unref(g);
  ia_rate_limiters_clear(&d.engine.rate_limiters);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
}

// Returns 0 if a request is granted, else its delay.
static inline int64_t delay_of(uint32_t quota, size_t priority, double reserve) {
  ia_permit permit = ia_rate_limiter_request_permit(g, quota, (ia_priority)priority, reserve);
  if (permit.kind == IA_PERMIT_GRANTED) return 0;
  assert_true(permit.until_ms > d.now_ms);
  return permit.until_ms - d.now_ms;
}

static inline int64_t delay_ms(size_t priority) { return delay_of(0, priority, 0.0); }

// Sends requests while they are granted, at most `most`. Returns how many.
static inline size_t spend(size_t priority, size_t most) {
  size_t sent = 0;
  for (; sent < most && delay_ms(priority) == 0; sent++) ia_rate_limiter_on_sent(g, 0);
  return sent;
}

static inline imgact_rate_limit_info rate_of(int64_t limit, int64_t remaining) {
  return (imgact_rate_limit_info){.size = sizeof(imgact_rate_limit_info),
                                  .rate_limit = {limit, remaining, IMGACT_NO_TIME, -1},
                                  .next_request_at = IMGACT_NO_TIME};
}

// Sends a request whose response reports this bucket.
static inline void report_bucket(uint32_t quota, int64_t limit, int64_t remaining) {
  imgact_rate_limit_info info = rate_of(limit, remaining);
  info.refill_per_second = (double)limit / 3600.0;
  ia_rate_limiter_on_sent(g, quota);
  ia_rate_limiter_on_finished(g, quota, NULL, &info);
}

static inline void report_windows(int64_t limit, int64_t remaining, int64_t reset_in_ms) {
  imgact_rate_limit_info info = rate_of(limit, remaining);
  info.limit_per_minute = limit / 20;
  if (reset_in_ms != IMGACT_NO_TIME) info.next_request_at = d.now_ms + reset_in_ms;
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
}

static const imgact_rate_limit_info nothing = {.size = sizeof nothing,
                                               .rate_limit = {-1, -1, IMGACT_NO_TIME, -1},
                                               .next_request_at = IMGACT_NO_TIME};

// Ends all requests in flight without a response.
static inline void finish_all(void) {
  for (int i = 0; i < 10000; i++) ia_rate_limiter_on_finished(g, 0, NULL, NULL);
}

// Spends the requests of a minute and one more, which the API rejects.
static inline void learn_minute(int64_t limit) {
  report_windows(limit, limit - 1, 10000);
  spend(MUTATION, 10000);
  finish_all();
  assert_int_equal(spend(MUTATION, 10000), 1); // alone
  ia_rate_limiter_on_finished(g, 0, NULL, NULL);
  ia_rate_limiter_block_for(g, 0, 1);
  rate_fixture_at(&d, d.now_ms + 10000); // after the slow start
}

#endif
