// SPDX-License-Identifier: MIT
// Limits of a sliding minute and hour, shared with other programs and with lost requests.
#include "rate_limiter_fixture.h"

// ---- windows that slide

TEST(rate_limiter_untested_minute_is_probed) {
  tell_windows(5000, 4999, 10000);
  assert_int_equal(spend(MUTATION, 1000), 249);
  assert_true(wait_ms(MUTATION) > 0); // until all have ended
  finish_all();
  assert_int_equal(spend(MUTATION, 1000), 1);
  assert_true(wait_ms(MUTATION) > 0);
}

TEST(rate_limiter_probe_success_lifts_minute) {
  tell_windows(5000, 4999, 10000);
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
  int64_t wait = wait_ms(MUTATION);
  assert_int_in_range(wait, 49000, 61000);
  rate_fixture_at(&d, d.now_ms + wait);
  assert_int_in_range(spend(MUTATION, 1000), 249, 250);
}

// A rule of this library until the API has shown that it has it: nothing is said to be rate limited
// for it.
TEST(rate_limiter_untested_minute_checks_later) {
  tell_windows(5000, 4999, 10000);
  spend(LIST, 1000);
  assert_int_equal(ia_rate_limiter_request_permit(g, 0, LIST, 0.0).kind, IA_PERMIT_CHECK_LATER);
  forget();
  learn_minute(5000);
  assert_int_equal(ia_rate_limiter_request_permit(g, 0, LIST, 0.0).kind, IA_PERMIT_DELAYED);
}

TEST(rate_limiter_hour_is_spent_once) {
  size_t sent = 1;
  int64_t start_ms = d.now_ms;
  tell_windows(5000, 4999, 10000);
  while (d.now_ms - start_ms < HOUR_MS - 62000) {
    sent += spend(MUTATION, 10000);
    rate_fixture_at(&d, d.now_ms + wait_ms(MUTATION));
  }
  assert_int_equal(sent, 5000);
  assert_int_in_range(d.now_ms - start_ms, HOUR_MS,
                      HOUR_MS + 6000); // when the first of them is an hour old
  assert_true(wait_ms(MUTATION) == 0);
}

TEST(rate_limiter_idle_hour_restores_limit) {
  tell_windows(100, 99, 10000);
  for (int i = 0; i < 30; i++) {
    spend(MUTATION, 1000);
    rate_fixture_at(&d, d.now_ms + wait_ms(MUTATION));
  }
  rate_fixture_at(&d, d.now_ms + 2 * HOUR_MS);
  size_t sent = 0;
  for (int64_t end_ms = d.now_ms + HOUR_MS / 2; d.now_ms < end_ms;
       rate_fixture_at(&d, d.now_ms + 1000))
    sent += spend(MUTATION, 99);
  assert_int_equal(sent, 100);
}

// More in one slot of time than the slot can count: what is not counted here is others' to the
// cloud's word.
TEST(rate_limiter_slot_counter_never_overflows) {
  imgact_rate_limit_info info = rate_of(100000, 30001);
  info.next_request_at = INT64_MAX; // so that nobody goes and asks meanwhile
  tell_windows(100000, 99999, 10000);
  for (int i = 0; i < 70000; i++) ia_rate_limiter_on_sent(g, 0);
  for (int i = 0; i < 69999; i++) ia_rate_limiter_on_finished(g, 0, NULL, NULL);
  ia_rate_limiter_on_finished(g, 0, NULL, &info); // no rule for a minute any more
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
  assert_int_in_range(wait_ms(MUTATION), HOUR_MS, HOUR_MS + 6000);
}

// Polls take what they may, and a mutation comes every 17.3 s. None of these waits, in this hour
// and in the next.
TEST(rate_limiter_hour_spread_beside_mutations) {
  enum { BIN_MS = 300000, BINS = 24 };
  size_t polls[BINS] = {0};
  imgact_rate_limit_info info = rate_of(5000, 5000); // no rule for a minute
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  int64_t start_ms = d.now_ms, mutation_ms = start_ms;
  for (; d.now_ms < start_ms + (int64_t)BINS * BIN_MS; rate_fixture_at(&d, d.now_ms + 100)) {
    if (d.now_ms >= mutation_ms) {
      assert_int_equal(wait_ms(MUTATION), 0);
      ia_rate_limiter_on_sent(g, 0);
      mutation_ms += 17300;
    }
    polls[(d.now_ms - start_ms) / BIN_MS] += spend(WAIT, 10000);
  }
  for (size_t i = 0; i < BINS; i++) // the first half at once
    assert_int_in_range(polls[i], i % 12 ? 150 : 2500, i % 12 ? 200 : 2750);
}

TEST(rate_limiter_hour_granted_without_mutations) {
  imgact_rate_limit_info info = rate_of(5000, 5000);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(spend(WAIT, 10000), 5000);
}

// ---- others use the same credential

TEST(rate_limiter_exhausted_hour_is_probed) {
  tell_windows(5000, 0, 20000);
  assert_int_equal(wait_ms(MUTATION), 20000);
  rate_fixture_at(&d, d.now_ms + 20000);
  assert_int_equal(spend(MUTATION, 100), 1);
  assert_int_equal(wait_ms(MUTATION), 60000); // whatever came of it
  rate_fixture_at(&d, d.now_ms + 60000);
  assert_int_equal(spend(MUTATION, 100), 1);
  tell_windows(5000, 4000, 20000);
  assert_int_equal(spend(MUTATION, 1000),
                   250 - 3); // of a minute, to the second: both that asked, and the teller
}

// It was allowed to go and ask, and then was not sent.
TEST(rate_limiter_unsent_probe_blocks_briefly) {
  tell_windows(5000, 0, 20000);
  rate_fixture_at(&d, d.now_ms + 2 * HOUR_MS); // nothing of ours is left in the hour
  assert_int_equal(spend(LIST, 1), 1);         // so one more is possible
  assert_int_equal(wait_ms(LIST), 0);
  assert_int_in_range(wait_ms(LIST), 1, 60000);
  rate_fixture_at(&d, d.now_ms + 60000);
  assert_int_equal(spend(LIST, 100), 1);
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
    tell_windows(5000, 0, resets[i][0]);
    assert_int_equal(wait_ms(MUTATION), resets[i][1]);
    assert_int_equal(wait_ms(LIST), resets[i][1]);
    rate_fixture_at(&d, d.now_ms + 2 * HOUR_MS);
  }
  imgact_rate_limit_info info = rate_of(5000, 0);
  info.next_request_at = INT64_MAX;
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(wait_ms(MUTATION), 60000);
  info.next_request_at = INT64_MIN + 1;
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(wait_ms(MUTATION), 1000);
}

// ---- requests that never arrived

TEST(rate_limiter_unsent_returns_to_bucket) {
  tell_bucket(0, 3600, 10);
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
  rate_fixture_at(&d, d.now_ms + 32000); // what was sent later is still counted
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
  rate_fixture_at(&d, d.now_ms + HOUR_MS / 2 + 6000); // none of those that count is an hour old
  assert_int_equal(spend(MUTATION, 100), 0);
  rate_fixture_at(&d, d.now_ms + HOUR_MS);
  ia_sent_request old = ia_rate_limiter_on_sent(g, 0);
  rate_fixture_at(&d,
                  d.now_ms + IA_HOUR_SLOTS *
                                 INT64_C(6000)); // its hour has passed, and its slot is used again
  assert_int_equal(spend(MUTATION, 100), 10);
  ia_rate_limiter_on_not_sent(g, 0, &old);
  assert_int_equal(spend(MUTATION, 100), 0);
}

// Lost on the way, they count here and not at the API. What had not ended when the request was sent
// may still arrive there.
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

int main(void) { return testing_run(open_desk, close_desk); }
