// SPDX-License-Identifier: MIT
// Limits of a sliding minute and hour, shared with other programs and with lost requests.
#include "rate_limiter_fixture.h"

// ---- windows

TEST(rate_limiter_untested_minute_is_probed) {
  report_windows(5000, 4999, 10000);
  assert_int_equal(spend(MUTATION, 1000), 249);
  assert_true(delay_ms(MUTATION) > 0); // until all requests have ended
  finish_all();
  assert_int_equal(spend(MUTATION, 1000), 1);
  assert_true(delay_ms(MUTATION) > 0);
}

TEST(rate_limiter_probe_success_lifts_minute) {
  report_windows(5000, 4999, 10000);
  spend(MUTATION, 1000);
  finish_all();
  assert_int_equal(spend(MUTATION, 1000), 1);
  imgact_rate_limit_info info = rate_of(5000, 4749);
  info.limit_per_minute = 250;
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(spend(MUTATION, 1000), 1000);
}

TEST(rate_limiter_probe_rejected_keeps_minute) {
  learn_minute(5000);
  int64_t wait = delay_ms(MUTATION);
  assert_int_in_range(wait, 49000, 61000);
  rate_fixture_at(&d, d.now_ms + wait);
  assert_int_in_range(spend(MUTATION, 1000), 249, 250);
}

// Until the API has enforced the limit of a minute, it is a rule of this library only: a request
// that it delays is not reported as rate limited.
TEST(rate_limiter_untested_minute_checks_later) {
  report_windows(5000, 4999, 10000);
  spend(READ, 1000);
  assert_int_equal(ia_rate_limiter_request_permit(g, 0, READ, 0.0).kind, IA_PERMIT_CHECK_LATER);
  new_limiter();
  learn_minute(5000);
  assert_int_equal(ia_rate_limiter_request_permit(g, 0, READ, 0.0).kind, IA_PERMIT_DELAYED);
}

TEST(rate_limiter_hour_is_spent_once) {
  size_t sent = 1;
  int64_t start_ms = d.now_ms;
  report_windows(5000, 4999, 10000);
  while (d.now_ms - start_ms < HOUR_MS - 62000) {
    sent += spend(MUTATION, 10000);
    rate_fixture_at(&d, d.now_ms + delay_ms(MUTATION));
  }
  assert_int_equal(sent, 5000);
  assert_int_in_range(d.now_ms - start_ms, HOUR_MS,
                      HOUR_MS + 6000); // when the first request is an hour old
  assert_true(delay_ms(MUTATION) == 0);
}

TEST(rate_limiter_idle_hour_restores_limit) {
  report_windows(100, 99, 10000);
  for (int i = 0; i < 30; i++) {
    spend(MUTATION, 1000);
    rate_fixture_at(&d, d.now_ms + delay_ms(MUTATION));
  }
  rate_fixture_at(&d, d.now_ms + 2 * HOUR_MS);
  size_t sent = 0;
  for (int64_t end_ms = d.now_ms + HOUR_MS / 2; d.now_ms < end_ms;
       rate_fixture_at(&d, d.now_ms + 1000))
    sent += spend(MUTATION, 99);
  assert_int_equal(sent, 100);
}

// More requests in one slot than its counter holds: the API's numbers attribute the rest to other
// programs.
TEST(rate_limiter_slot_counter_never_overflows) {
  imgact_rate_limit_info info = rate_of(100000, 30001);
  info.next_request_at = INT64_MAX; // no probe meanwhile
  report_windows(100000, 99999, 10000);
  for (int i = 0; i < 70000; i++) ia_rate_limiter_on_sent(g, 0);
  for (int i = 0; i < 69999; i++) ia_rate_limiter_on_finished(g, 0, NULL, NULL);
  ia_rate_limiter_on_finished(g, 0, NULL, &info); // no limit per minute any more
  rate_fixture_at(&d, d.now_ms + 6000);
  assert_int_equal(spend(MUTATION, 100000), 30001);
  rate_fixture_at(&d, d.now_ms + 2 * HOUR_MS);
  size_t sent = spend(MUTATION, 60000);
  rate_fixture_at(&d, d.now_ms + 6000);
  assert_int_in_range(sent + spend(MUTATION, 60000), 95000, 100000);
}

TEST(rate_limiter_hour_without_minute_works) {
  imgact_rate_limit_info info = rate_of(1000, 999);
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(spend(MUTATION, 5000), 999);
  assert_int_in_range(delay_ms(MUTATION), HOUR_MS, HOUR_MS + 6000);
}

// Polls take all that is granted, and a mutation is sent every 17.3 s. No mutation is delayed, in
// this hour or the next.
TEST(rate_limiter_hour_spread_beside_mutations) {
  enum { BIN_MS = 300000, BINS = 24 };
  size_t polls[BINS] = {0};
  imgact_rate_limit_info info = rate_of(5000, 5000); // no limit per minute

  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  int64_t start_ms = d.now_ms, mutation_ms = start_ms;
  for (; d.now_ms < start_ms + (int64_t)BINS * BIN_MS; rate_fixture_at(&d, d.now_ms + 100)) {
    if (d.now_ms >= mutation_ms) {
      assert_int_equal(delay_ms(MUTATION), 0);
      ia_rate_limiter_on_sent(g, 0);
      mutation_ms += 17300;
    }
    polls[(d.now_ms - start_ms) / BIN_MS] += spend(POLL, 10000);
  }
  for (size_t i = 0; i < BINS; i++) // the first half is granted at once
    assert_int_in_range(polls[i], i % 12 ? 150 : 2500, i % 12 ? 200 : 2750);
}

TEST(rate_limiter_hour_granted_without_mutations) {
  imgact_rate_limit_info info = rate_of(5000, 5000);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(spend(POLL, 10000), 5000);
}

// ---- other programs with the same credential

TEST(rate_limiter_exhausted_hour_is_probed) {
  report_windows(5000, 0, 20000);
  assert_int_equal(delay_ms(MUTATION), 20000);
  rate_fixture_at(&d, d.now_ms + 20000);
  assert_int_equal(spend(MUTATION, 100), 1);
  assert_int_equal(delay_ms(MUTATION), 60000); // whatever its result
  rate_fixture_at(&d, d.now_ms + 60000);
  assert_int_equal(spend(MUTATION, 100), 1);
  report_windows(5000, 4000, 20000);
  assert_int_equal(spend(MUTATION, 1000),
                   250 - 3); // of a minute, less both probes and the reporting request
}

// A probe was granted, but not sent.
TEST(rate_limiter_unsent_probe_blocks_briefly) {
  report_windows(5000, 0, 20000);
  rate_fixture_at(&d, d.now_ms + 2 * HOUR_MS); // no request of this client in the hour
  assert_int_equal(spend(READ, 1), 1);         // so one is possible
  assert_int_equal(delay_ms(READ), 0);
  assert_int_in_range(delay_ms(READ), 1, 60000);
  rate_fixture_at(&d, d.now_ms + 60000);
  assert_int_equal(spend(READ, 100), 1);
}

TEST(rate_limiter_reset_clamped_to_60s) {
  static const int64_t resets[][2] = {{-86400000, 1000},
                                      {-1, 1000},
                                      {0, 1000},
                                      {IMGACT_NO_TIME, 1000},
                                      {1, 1},
                                      {59999, 59999},
                                      {86400000, 60000},
                                      {INT64_C(31536000000000), 60000}};

  for (size_t i = 0; i < sizeof resets / sizeof *resets; i++) {
    report_windows(5000, 0, resets[i][0]);
    assert_int_equal(delay_ms(MUTATION), resets[i][1]);
    assert_int_equal(delay_ms(READ), resets[i][1]);
    rate_fixture_at(&d, d.now_ms + 2 * HOUR_MS);
  }
  imgact_rate_limit_info info = rate_of(5000, 0);
  info.next_request_at = INT64_MAX;
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(delay_ms(MUTATION), 60000);
  info.next_request_at = INT64_MIN + 1;
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(delay_ms(MUTATION), 1000);
}

// ---- requests that did not arrive

TEST(rate_limiter_unsent_returns_to_bucket) {
  report_bucket(0, 3600, 10);
  ia_sent_request request = ia_rate_limiter_on_sent(g, 0);
  assert_int_equal(spend(MUTATION, 100), 9);
  ia_rate_limiter_on_not_sent(g, 0, &request);
  assert_int_equal(spend(MUTATION, 100), 1);
}

TEST(rate_limiter_unsent_returns_to_minute) {
  learn_minute(5000); // 251 of 250
  rate_fixture_at(&d, d.now_ms + 62000);
  ia_sent_request request = ia_rate_limiter_on_sent(g, 0);
  assert_int_equal(spend(MUTATION, 1000), 249);
  rate_fixture_at(&d, d.now_ms + 30000);
  ia_rate_limiter_on_not_sent(g, 0, &request);
  assert_int_equal(spend(MUTATION, 1000), 1);
  rate_fixture_at(&d, d.now_ms + 32000); // later requests still count
  assert_int_equal(spend(MUTATION, 1000), 249);
}

TEST(rate_limiter_unsent_returns_to_hour) {
  imgact_rate_limit_info info = rate_of(10, 10);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  ia_sent_request first = ia_rate_limiter_on_sent(g, 0);
  rate_fixture_at(&d, d.now_ms + HOUR_MS / 2);
  assert_int_equal(spend(MUTATION, 100), 9);
  ia_rate_limiter_on_not_sent(g, 0, &first);
  assert_int_equal(spend(MUTATION, 100), 1);
  rate_fixture_at(&d, d.now_ms + HOUR_MS / 2 + 6000); // no counted request is an hour old
  assert_int_equal(spend(MUTATION, 100), 0);
  rate_fixture_at(&d, d.now_ms + HOUR_MS);
  ia_sent_request old = ia_rate_limiter_on_sent(g, 0);
  rate_fixture_at(&d,
                  d.now_ms +
                      IA_HOUR_SLOTS * INT64_C(6000)); // its hour has passed, and its slot is reused
  assert_int_equal(spend(MUTATION, 100), 10);
  ia_rate_limiter_on_not_sent(g, 0, &old);
  assert_int_equal(spend(MUTATION, 100), 0);
}

// Lost requests count here, but not at the API. Requests that were in flight when this one was
// sent may still arrive.
TEST(rate_limiter_lower_usage_corrects_count) {
  imgact_rate_limit_info info = rate_of(1000, 1000);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(spend(MUTATION, 900), 900);
  finish_all(); // all lost
  ia_sent_request before[3], asks, after;
  for (size_t i = 0; i < 3; i++) before[i] = ia_rate_limiter_on_sent(g, 0);
  asks = ia_rate_limiter_on_sent(g, 0);
  for (size_t i = 0; i < 4; i++) after = ia_rate_limiter_on_sent(g, 0);
  for (size_t i = 0; i < 3; i++) ia_rate_limiter_on_finished(g, 0, &before[i], NULL);
  ia_rate_limiter_on_finished(g, 0, &after, NULL);
  info = rate_of(1000, 990);
  ia_rate_limiter_on_finished(g, 0, &asks, &info);
  assert_int_equal(spend(MUTATION, 2000), 1000 - 10 - 3 - 1 - 4);
}

TEST(rate_limiter_unknown_request_corrects_nothing) {
  imgact_rate_limit_info info = rate_of(1000, 1000);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(spend(MUTATION, 900), 900);
  finish_all();
  info = rate_of(1000, 990);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(spend(MUTATION, 2000), 100);
}

int main(void) { return testing_run(open_fixture, close_fixture); }
