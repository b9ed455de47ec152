// SPDX-License-Identifier: MIT
// Pauses after HTTP 429, shared references, and waiters.
#include "rate_limiter_fixture.h"

// ---- HTTP 429

TEST(rate_limiter_block_covers_all_quotas) {
  report_bucket(0, 3600, 3000);
  report_bucket(1, 7200, 7000);
  ia_rate_limiter *other = ia_rate_limiter_acquire(&d.engine.rate_limiters, 2);

  ia_rate_limiter_block_for(g, 0, 30000);
  for (uint32_t quota = 0; quota < IA_QUOTAS; quota++)
    for (size_t priority = 0; priority < IA_PRIORITIES; priority++)
      assert_int_equal(delay_of(quota, priority, 0.0), 30000);
  assert_int_equal(ia_rate_limiter_request_permit(other, 0, READ, 0.0).kind, IA_PERMIT_GRANTED);
  rate_fixture_at(&d, d.now_ms + 29999);
  assert_int_equal(delay_ms(MUTATION), 1);
  rate_fixture_at(&d, d.now_ms + 1);
  assert_int_equal(delay_ms(MUTATION), 0);

  ia_rate_limiter_unref(other);
}

TEST(rate_limiter_block_at_most_60s) {
  ia_rate_limiter_block_for(g, 0, 20000);
  ia_rate_limiter_block_for(g, 0, 5000);
  assert_int_equal(delay_ms(MUTATION), 20000);
  ia_rate_limiter_block_for(g, 0, 20001);
  assert_int_equal(delay_ms(MUTATION), 20001);
  ia_rate_limiter_block_for(g, 0, 60001);
  assert_int_equal(delay_ms(MUTATION), 60000);
  ia_rate_limiter_block_for(g, 0, INT64_MAX);
  assert_int_equal(delay_ms(MUTATION), 60000);
}

TEST(rate_limiter_slow_start_after_block) {
  report_bucket(0, 3600, 3000);
  ia_rate_limiter_block_for(g, 0, 1000);
  rate_fixture_at(&d, d.now_ms + 1000);
  int64_t end_ms = d.now_ms + 5000;
  size_t sent = 0;
  int64_t longest = 0;
  while (d.now_ms < end_ms) {
    assert_int_equal(delay_ms(READ), 0);
    ia_rate_limiter_on_sent(g, sent % 2); // of either quota
    int64_t gap = delay_ms(MUTATION);
    if (d.now_ms + gap >= end_ms) break;
    assert_int_in_range(gap, 1, 200);
    if (gap > longest) longest = gap;
    sent++;
    rate_fixture_at(&d, d.now_ms + gap);
  }
  assert_int_in_range(sent, 35, 80); // 100 ms apart on average
  assert_true(longest > 150);
  rate_fixture_at(&d, end_ms);
  assert_int_equal(spend(READ, 100), 100);
}

// ---- references

TEST(rate_limiter_acquire_shares_by_key) {
  ia_rate_limiter *same = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1),
                  *other = ia_rate_limiter_acquire(&d.engine.rate_limiters, 2);
  assert_ptr_equal(same, g);
  assert_ptr_not_equal(other, g);
  report_bucket(0, 3600, 0);
  assert_int_equal(ia_rate_limiter_request_permit(same, 0, MUTATION, 0.0).kind, IA_PERMIT_DELAYED);
  assert_int_equal(ia_rate_limiter_request_permit(other, 0, MUTATION, 0.0).kind, IA_PERMIT_GRANTED);
  ia_rate_limiter_unref(same);
  ia_rate_limiter_unref(other);
  assert_true(delay_ms(MUTATION) > 0);
}

TEST(rate_limiter_ref_keeps_it_alive) {
  ia_rate_limiter *of_an_exchange = ia_rate_limiter_ref(g);
  assert_ptr_equal(of_an_exchange, g);
  report_bucket(0, 3600, 0);
  ia_rate_limiter_unref(g);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1); // the same, with its limits
  assert_true(delay_ms(MUTATION) > 0);
  ia_rate_limiter_unref(of_an_exchange);
  assert_true(delay_ms(MUTATION) > 0);
  assert_null(ia_rate_limiter_ref(NULL));
  ia_rate_limiter_unref(NULL);
}

// A new client finds the limits of its token.
TEST(rate_limiter_last_16_unreferenced_kept) {
  report_bucket(0, 3600, 0);
  ia_rate_limiter_unref(g);
  for (uint64_t key = 2; key < 17; key++)
    ia_rate_limiter_unref(ia_rate_limiter_acquire(&d.engine.rate_limiters, key));
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
  assert_true(delay_ms(MUTATION) > 0);
  ia_rate_limiter_unref(g);
  for (uint64_t key = 17; key < 40; key++)
    ia_rate_limiter_unref(ia_rate_limiter_acquire(&d.engine.rate_limiters, key));
  size_t count = 0;
  for (ia_link *at = d.engine.rate_limiters.all.next; at != &d.engine.rate_limiters.all;
       at = at->next)
    count++;
  assert_int_equal(count, 16);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
  assert_int_equal(delay_ms(MUTATION), 0);
}

// ---- waiters

typedef struct test_waiter {
  ia_waiter waiter;
  int woken; /* position in the order of waking; 0 = not yet */
} test_waiter;

typedef struct waiters {
  test_waiter items[3];
} waiters;

static int wake_count;

static void on_wake(ia_waiter *waiter) {
  IA_ENTRY(waiter, test_waiter, waiter)->woken = ++wake_count;
}

static void init_waiters(waiters *c) {
  *c = (waiters){0};
  wake_count = 0;
  for (size_t i = 0; i < 3; i++) c->items[i].waiter.wake = on_wake;
}

static size_t woken(waiters *c) {
  size_t count = 0;
  for (size_t i = 0; i < 3; i++) {
    count += c->items[i].woken != 0;
    c->items[i].woken = 0;
  }
  return count;
}

TEST(rate_limiter_wakes_all_at_earliest) {
  waiters c;
  init_waiters(&c);
  ia_rate_limiter_wake_at(g, &c.items[0].waiter, d.now_ms + 500);
  ia_rate_limiter_wake_at(g, &c.items[1].waiter, d.now_ms + 300);
  ia_rate_limiter_wake_at(g, &c.items[2].waiter, d.now_ms + 900);
  ia_rate_limiter_wake_at(g, &c.items[0].waiter, d.now_ms + 700); // is waiting already
  assert_int_equal(ia_engine_next_ms(&d.engine), d.now_ms + 300);
  rate_fixture_at(&d, d.now_ms + 299);
  assert_int_equal(woken(&c), 0);
  rate_fixture_at(&d, d.now_ms + 1);
  assert_int_equal(c.items[0].woken, 1); // first in, first out
  assert_int_equal(woken(&c), 3);
  for (size_t i = 0; i < 3; i++) assert_false(ia_linked(&c.items[i].waiter.link));
  rate_fixture_at(&d, d.now_ms + HOUR_MS);
  assert_int_equal(woken(&c), 0);
  assert_int_equal(ia_engine_next_ms(&d.engine), IA_NEVER);
}

TEST(rate_limiter_first_response_wakes_waiters) {
  waiters c;
  init_waiters(&c);
  spend(READ, 300);
  ia_rate_limiter_wake_at(g, &c.items[0].waiter, d.now_ms + delay_ms(READ));
  rate_fixture_at(&d, d.now_ms + 10);
  assert_int_equal(woken(&c), 0);
  ia_rate_limiter_on_finished(g, 0, NULL, &nothing);
  assert_int_equal(ia_engine_next_ms(&d.engine), d.now_ms);
  rate_fixture_at(&d, d.now_ms);
  assert_int_equal(woken(&c), 1);
  ia_rate_limiter_wake_at(g, &c.items[0].waiter, d.now_ms + 1000);
  ia_rate_limiter_on_finished(g, 0, NULL, &nothing); // later responses wake no waiter
  rate_fixture_at(&d, d.now_ms + 999);
  assert_int_equal(woken(&c), 0);
  ia_list_remove(&c.items[0].waiter.link);
}

static void report_either(bool bucket, int64_t limit, int64_t remaining) {
  if (bucket)
    report_bucket(0, limit, remaining);
  else
    report_windows(limit, remaining, IMGACT_NO_TIME);
}

// If a response reports more available requests than were known, waiters are woken at once.
TEST(rate_limiter_higher_limit_wakes_waiters) {
  for (int bucket = 0; bucket < 2; bucket++) {
    waiters c;
    new_limiter();
    init_waiters(&c);
    report_either(bucket, 5000, 0);
    ia_rate_limiter_wake_at(g, &c.items[0].waiter, d.now_ms + 600000);
    report_either(bucket, 5000, 0);
    rate_fixture_at(&d, d.now_ms + 1);
    assert_int_equal(woken(&c), 0); // nothing new
    report_either(bucket, 5000, 4000);
    rate_fixture_at(&d, d.now_ms);
    assert_int_equal(woken(&c), 1);
    ia_rate_limiter_wake_at(g, &c.items[0].waiter, d.now_ms + 600000);
    report_either(bucket, 6000, 4000); // a larger limit
    rate_fixture_at(&d, d.now_ms);
    assert_int_equal(woken(&c), 1);
  }
}

TEST(rate_limiter_removed_waiter_not_woken) {
  waiters c;
  init_waiters(&c);
  ia_rate_limiter_wake_at(g, &c.items[0].waiter, d.now_ms + 500);
  ia_rate_limiter_wake_at(g, &c.items[1].waiter, d.now_ms + 500);
  ia_list_remove(&c.items[0].waiter.link);
  rate_fixture_at(&d, d.now_ms + 500);
  assert_int_equal(c.items[0].woken, 0);
  assert_int_equal(woken(&c), 1);
  ia_rate_limiter_wake_at(g, &c.items[0].waiter, d.now_ms + 500);
  ia_list_remove(&c.items[0].waiter.link);
  ia_rate_limiter_unref(g); // stops its timer
  assert_int_equal(ia_engine_next_ms(&d.engine), IA_NEVER);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
}

int main(void) { return testing_run(open_fixture, close_fixture); }
