// SPDX-License-Identifier: MIT
// What a credential may send: buckets, priorities, reserves and quotas. tests/flow checks the same
// with simulated limiters, over days.
#include "rate_limiter_fixture.h"

// ---- unknown limit

TEST(rate_limiter_unknown_limit_allows_200) {
  assert_int_equal(spend(READ, 1000), 200);
  assert_int_equal(delay_ms(MUTATION), 1000);
  assert_int_equal(delay_of(1, READ, 0.0), 0); // the other quota is unaffected
  ia_rate_limiter_on_finished(g, 0, NULL,
                              NULL); // one was cancelled, so one more is granted
  assert_int_equal(spend(READ, 1000), 1);
  ia_rate_limiter_on_finished(g, 0, NULL, &nothing);
  assert_int_equal(delay_ms(READ), 0); // no limit reported: nothing is delayed
  assert_int_equal(spend(READ, 1000), 1000);
}

TEST(rate_limiter_invalid_headers_are_ignored) {
  static const int64_t nonsense[][2] = {{-1, -1}, {-1, 10},  {0, 0},
                                        {0, 10},  {100, -1}, {INT64_MIN, INT64_MIN}};
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
    report_bucket(0, nonsense[i][0], nonsense[i][1]);
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
    report_windows(nonsense[i][0], nonsense[i][1], -5);
  assert_int_equal(spend(READ, 500), 500);
}

// ---- bucket

TEST(rate_limiter_bucket_is_spent_completely) {
  report_bucket(0, 3600, 10);
  assert_int_equal(spend(MUTATION, 100), 10);
  assert_int_in_range(delay_ms(MUTATION), 1000, 1002);
  rate_fixture_at(&d, d.now_ms + 998);
  assert_true(delay_ms(MUTATION) > 0);
  rate_fixture_at(&d, d.now_ms + delay_ms(MUTATION));
  assert_int_equal(spend(MUTATION, 100), 1);
}

// A request is granted at the time that was announced for it.
TEST(rate_limiter_request_granted_when_announced) {
  uint64_t chance = 7;
  for (int i = 0; i < 300; i++) {
    int64_t limit = 1 + (int64_t)testing_below(&chance, 100000);
    new_limiter();
    report_bucket(0, limit, (int64_t)testing_below(&chance, 12));
    for (size_t priority = 0; priority < IA_PRIORITIES; priority++) {
      spend(priority, 20);
      int64_t wait = delay_ms(priority);
      if (wait == 0) continue;
      assert_true(wait <= HOUR_MS + 1);
      rate_fixture_at(&d, d.now_ms + wait);
      // if the bucket refills less than one an hour, the delay is announced hour by hour
      for (int hours = 0; wait > HOUR_MS && delay_ms(priority) > 0 && hours < 10; hours++)
        rate_fixture_at(&d, d.now_ms + HOUR_MS);
      assert_int_equal(delay_ms(priority), 0);
    }
  }
}

TEST(rate_limiter_bucket_never_exceeds_limit) {
  report_bucket(0, 60, 30);
  rate_fixture_at(&d, d.now_ms + 1000 * HOUR_MS);
  assert_int_equal(spend(MUTATION, 1000), 60);
}

TEST(rate_limiter_bucket_counts_in_flight) {
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_sent(g, 0);
  imgact_rate_limit_info info = rate_of(3600, 5);
  info.refill_per_second = 1.0;
  ia_rate_limiter_on_finished(g, 0, NULL,
                              &info); // response of the first; the other two may not have arrived
  assert_int_equal(spend(MUTATION, 100), 3);
}

// Four more than available: five hours, but the delay is checked again after one.
TEST(rate_limiter_delay_at_most_hour) {
  for (int i = 0; i < 5; i++) ia_rate_limiter_on_sent(g, 0);
  imgact_rate_limit_info info = rate_of(1, 0);
  info.refill_per_second = 1.0 / 3600;
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(delay_ms(MUTATION), HOUR_MS + 1);
  rate_fixture_at(&d, d.now_ms + HOUR_MS + 1);
  assert_int_equal(delay_ms(MUTATION), HOUR_MS + 1);
}

// A header dates from when the response was made: a slightly higher value than the local count is
// stale, a lower one is not.
TEST(rate_limiter_bucket_ignores_stale_increase) {
  report_bucket(0, 3600, 0);
  report_bucket(0, 3600, 6); // one more was sent: -1 available
  assert_true(delay_ms(MUTATION) > 0);
  report_bucket(0, 3600, 20);
  assert_int_equal(delay_ms(MUTATION), 0);
  report_bucket(0, 3600, 2); // another program uses it, too
  assert_int_equal(spend(MUTATION, 100), 2);
}

TEST(rate_limiter_new_limit_applies_immediately) {
  report_bucket(0, 3600, 3000);
  report_bucket(0, 60, 50);
  assert_int_equal(spend(MUTATION, 1000), 50);
  assert_int_in_range(delay_ms(MUTATION), 60000, 60002); // refills one a minute
  rate_fixture_at(&d, d.now_ms + 10 * HOUR_MS);
  assert_int_equal(spend(MUTATION, 1000), 60);
}

// ---- priorities and reserve

// Only while mutations are sent; else reads and polls may use everything.
TEST(rate_limiter_mutations_keep_a_share) {
  static const struct {
    int64_t limit, left;
    bool bucket, mutation, other;
  } cases[] = {
      {3600, 9, true, true, true},   {3600, 7, true, true, true},    {3600, 6, true, true, false},
      {3600, 1, true, true, false},  {3600, 0, true, false, false},  {100, 3, true, true, true},
      {100, 2, true, true, false},   {1000, 21, false, true, true},  {1000, 20, false, true, false},
      {1000, 1, false, true, false}, {1000, 0, false, false, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    new_limiter();
    if (cases[i].bucket)
      report_bucket(0, cases[i].limit, cases[i].left);
    else
      report_windows(cases[i].limit, cases[i].left, 30000);
    assert_int_equal(delay_ms(READ) == 0, cases[i].mutation); // no mutation yet
    assert_int_equal(delay_ms(POLL) == 0, cases[i].mutation);
    assert_int_equal(delay_ms(MUTATION) == 0, cases[i].mutation);
    assert_int_equal(delay_ms(POLL) == 0, cases[i].other);
    assert_int_equal(delay_ms(READ) == 0, cases[i].other);
  }
}

TEST(rate_limiter_block_keeps_longer_pause) {
  ia_rate_limiter_block_for(g, 0, 3600000);
  ia_rate_limiter_block_for(g, 0, 1000);
  ia_permit permit = ia_rate_limiter_request_permit(g, 0, READ, 0.0);
  assert_int_equal(permit.kind, IA_PERMIT_REJECTED);
  assert_int_equal(permit.asked_ms, 3600000);
}

// A pause ends when a request that was sent after it is served; earlier requests do not count.
TEST(rate_limiter_served_request_ends_pause) {
  ia_sent_request before = ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_block_for(g, 0, HOUR_MS);
  ia_rate_limiter_on_served(g, &before);
  assert_int_equal(ia_rate_limiter_request_permit(g, 0, READ, 0.0).kind, IA_PERMIT_REJECTED);
  rate_fixture_at(&d, d.now_ms + 60000);
  ia_rate_limiter_on_served(g, &before);
  ia_rate_limiter_block_for(g, 0, 5000);
  assert_int_equal(ia_rate_limiter_request_permit(g, 0, READ, 0.0).kind, IA_PERMIT_REJECTED);
  rate_fixture_at(&d, d.now_ms + 5000);
  ia_sent_request after = ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_served(g, &after);
  ia_rate_limiter_block_for(g, 0, 5000);
  ia_permit permit = ia_rate_limiter_request_permit(g, 0, READ, 0.0);
  assert_int_equal(permit.kind, IA_PERMIT_DELAYED);
  assert_int_equal(permit.until_ms, d.now_ms + 5000);
}

TEST(rate_limiter_reserve_is_never_spent) {
  report_bucket(0, 3600, 1801);
  assert_int_equal(delay_of(0, MUTATION, 0.5), 0);
  ia_rate_limiter_on_sent(g, 0);
  assert_int_in_range(delay_of(0, MUTATION, 0.5), 1000, 1002);
  assert_int_equal(delay_of(0, MUTATION, 0.49), 0);
  assert_int_in_range(delay_of(0, POLL, 0.5), 1000, 5002);
  new_limiter();
  report_windows(1000, 901, IMGACT_NO_TIME);
  assert_int_equal(delay_of(0, MUTATION, 0.9), 0);
  ia_rate_limiter_on_sent(g, 0);
  assert_true(delay_of(0, MUTATION, 0.9) > 0);
  assert_int_equal(delay_of(0, MUTATION, 0.89), 0);
}

// The reserve also applies to the limit of a minute.
TEST(rate_limiter_reserve_applies_per_minute) {
  report_windows(5000, 4999, IMGACT_NO_TIME);
  size_t sent = 1;
  for (; sent < 1000 && delay_of(0, MUTATION, 0.5) == 0; sent++) ia_rate_limiter_on_sent(g, 0);
  assert_int_equal(sent, 125);
}

TEST(rate_limiter_small_limit_grants_one) {
  for (int64_t limit = 1; limit < 30; limit++) {
    new_limiter();
    report_bucket(0, limit, limit);
    assert_int_equal(delay_of(0, READ, 0.9), 0);
    new_limiter();
    report_windows(limit, limit, IMGACT_NO_TIME);
    rate_fixture_at(&d, d.now_ms + 2 * HOUR_MS); // the reporting request has left the hour
    assert_int_equal(delay_of(0, READ, 0.9), 0);
  }
}

// ---- quotas

TEST(rate_limiter_quotas_are_independent) {
  report_bucket(0, 3600, 0);
  report_bucket(1, 7200, 7000);
  assert_true(delay_of(0, MUTATION, 0.0) > 0);
  assert_int_equal(delay_of(1, READ, 0.0), 0);
  assert_int_equal(delay_of(2, READ, 0.0), 0);
  ia_rate_limiter_on_finished(g, 1, NULL, NULL);
  assert_true(delay_of(0, MUTATION, 0.0) > 0);
}

TEST(rate_limiter_invalid_quota_is_first) {
  report_bucket(UINT32_MAX, 3600, 0);
  assert_true(delay_of(0, MUTATION, 0.0) > 0);
  assert_true(delay_of(IA_QUOTAS, MUTATION, 0.0) > 0);
  assert_int_equal(delay_of(IA_QUOTAS - 1, MUTATION, 0.0), 0);
}

// ---- extreme headers

TEST(rate_limiter_extreme_headers_delay_bounded) {
  static const int64_t absurd[][2] = {
      {INT64_MAX, INT64_MAX}, {INT64_MAX, 0}, {1, INT64_MAX}, {1, 0}, {INT64_MAX, 1}, {1, 1}};
  for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++)
    for (int bucket = 0; bucket < 2; bucket++) {
      new_limiter();
      for (int n = 0; n < 5; n++) {
        if (bucket)
          report_bucket(0, absurd[i][0], absurd[i][1]);
        else
          report_windows(absurd[i][0], absurd[i][1], n % 2 ? INT64_MIN / 2 : INT64_MAX / 4);
        for (size_t priority = 0; priority < IA_PRIORITIES; priority++) {
          assert_int_in_range(delay_of(0, priority, 0.9), 0, HOUR_MS + 6000);
          int hours = 0;
          for (; delay_of(0, priority, 0.9) > 0 && hours < 10; hours++)
            rate_fixture_at(&d, d.now_ms + delay_of(0, priority, 0.9));
          assert_true(hours < 10);
        }
      }
    }
}

TEST(rate_limiter_unexpected_response_adds_nothing) {
  for (int i = 0; i < 10; i++) ia_rate_limiter_on_finished(g, 0, NULL, NULL);
  imgact_rate_limit_info info = rate_of(3600, 3);
  info.refill_per_second = 1.0;
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(spend(MUTATION, 100), 3);
}

// ---- the clock

TEST(rate_limiter_clock_jump_grants_nothing) {
  report_windows(1000, 999, 10000);
  spend(MUTATION, 49);
  rate_fixture_at(&d, d.now_ms - 500000); // the clock of a transport may go back
  assert_true(delay_ms(MUTATION) > 0);
  rate_fixture_at(&d, d.now_ms + 500000);
  assert_int_in_range(delay_ms(MUTATION), 1, 61000);
  rate_fixture_at(&d, d.now_ms + INT64_C(1000) * 365 * 86400000);
  assert_int_equal(spend(MUTATION, 1000), 50);
  new_limiter();
  report_bucket(0, 3600, 5);
  rate_fixture_at(&d, d.now_ms - 2000);
  size_t sent = spend(MUTATION, 100);
  rate_fixture_at(&d, d.now_ms + 2000);
  assert_int_equal(sent + spend(MUTATION, 100), 5);
}

// ---- without memory

TEST(rate_limiter_without_memory_limits_nothing) {
  ia_rate_limiter_unref(g);
  ia_rate_limiters_clear(&d.engine.rate_limiters);
  d.memory.fail_at = d.memory.calls + 1;
  d.memory.for_good = true;
  assert_null(ia_rate_limiter_acquire(&d.engine.rate_limiters, 1));
  d.memory.for_good = false;
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
  d.memory.fail_at = d.memory.calls + 1;
  d.memory.for_good = true;
  report_bucket(0, 3600, 0);
  assert_int_equal(delay_ms(READ), 0);
  ia_rate_limiter_block_for(g, 0, 5000);
  assert_int_equal(delay_ms(READ), 5000); // needs no memory
  rate_fixture_at(&d, d.now_ms + 20000);
  d.memory.for_good = false;
  report_bucket(0, 3600, 0); // memory is available again
  assert_true(delay_ms(MUTATION) > 0);
}

int main(void) { return testing_run(open_fixture, close_fixture); }
