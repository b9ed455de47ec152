// SPDX-License-Identifier: MIT
// How late a poll notices the end of an action, as a mean over evenly distributed ends.
#include "poll_interval.h"
#include "testing.h"

typedef struct polls {
  size_t requests;
  int64_t late_ms;
} polls;

static polls poll_until(int64_t duration_ms, int64_t earliest_ms) {
  polls seen = {0, 0};
  int64_t age_ms = 0;
  while (age_ms < duration_ms) {
    int64_t interval_ms = ia_poll_interval_ms(age_ms, 0, earliest_ms);
    assert_true(interval_ms >= 500);
    age_ms += interval_ms;
    seen.requests++;
  }
  seen.late_ms = age_ms - duration_ms;
  return seen;
}

static double allowed_ms(double duration_ms) {
  return duration_ms * 0.05 > 1000 ? duration_ms * 0.05 : 1000;
}

// The mean of late / allowed over evenly distributed durations.
static double mean_lateness(int64_t from_ms, int64_t to_ms) {
  double sum = 0;
  int steps = 2000;
  for (int i = 0; i < steps; i++) {
    int64_t duration_ms = from_ms + (to_ms - from_ms) * i / steps;
    sum += (double)poll_until(duration_ms, 0).late_ms / allowed_ms((double)duration_ms);
  }
  return sum / steps;
}

// Checked between each two polls, so the bound holds for every mix of durations that is not chosen
// to miss the polls.
TEST(poll_interval_mean_delay_is_bounded) {
  for (int64_t age_ms = 0; age_ms < 3000000;) {
    int64_t next_ms = age_ms + ia_poll_interval_ms(age_ms, 0, 0);
    double lateness = mean_lateness(age_ms + 1, next_ms + 1);
    if (lateness > 1.001)
      fail_msg("between %lld and %lld ms: %.3f of what is allowed", (long long)age_ms,
               (long long)next_ms, lateness);
    age_ms = next_ms;
  }
}

TEST(poll_interval_worst_delay_is_bounded) {
  for (int64_t duration_ms = 1; duration_ms < 3000000; duration_ms += 1 + duration_ms / 97)
    assert_true((double)poll_until(duration_ms, 0).late_ms <= 2 * allowed_ms((double)duration_ms));
}

TEST(poll_interval_hour_takes_few_polls) {
  assert_int_in_range(poll_until(60000, 0).requests, 1, 23);
  assert_int_in_range(poll_until(3600000, 0).requests, 1, 96);
}

TEST(poll_interval_is_at_most_300s) {
  assert_int_equal(ia_poll_interval_ms(INT64_C(86400000), 0, 0), 300000);
  assert_int_equal(ia_poll_interval_ms(INT64_MAX, 0, 0), 300000);
  assert_int_equal(ia_poll_interval_ms(INT64_MAX - 1, 0, INT64_MAX), 1000);
}

TEST(poll_interval_constant_is_kept) {
  for (int64_t age_ms = 0; age_ms < 100000; age_ms += 777)
    assert_int_equal(ia_poll_interval_ms(age_ms, 250, 50000), 250);
}

static ia_durations durations_of(size_t count, int64_t from_ms, int64_t step_ms) {
  ia_durations durations = {{0}, 0, 0};
  for (size_t i = 0; i < count; i++) ia_durations_add(&durations, from_ms + (int64_t)i * step_ms);
  return durations;
}

TEST(durations_few_samples_predict_nothing) {
  for (size_t count = 0; count < 8; count++) {
    ia_durations durations = durations_of(count, 90000, 1000);
    assert_int_equal(ia_durations_earliest_ms(&durations), 0);
  }
  ia_durations durations = durations_of(8, 90000, 1000);
  assert_int_equal(ia_durations_earliest_ms(&durations), 72000);
}

TEST(durations_spread_samples_predict_nothing) {
  ia_durations durations = durations_of(12, 60000, 60000);
  assert_int_equal(ia_durations_earliest_ms(&durations), 0);
}

TEST(durations_add_drops_oldest) {
  ia_durations durations = durations_of(3, 10, 0);
  for (size_t i = 0; i < IA_DURATIONS; i++) ia_durations_add(&durations, 100000);
  assert_int_equal(ia_durations_earliest_ms(&durations), 80000);
  ia_durations_add(&durations, -5); // the clock was set back
  assert_int_equal(ia_durations_earliest_ms(&durations), 80000);
}

TEST(poll_interval_known_duration_saves_polls) {
  size_t known = 0, unknown = 0;
  for (int64_t duration_ms = 90000; duration_ms < 150000; duration_ms += 100) {
    polls with = poll_until(duration_ms, 72000), without = poll_until(duration_ms, 0);
    assert_true((double)with.late_ms <= 2 * allowed_ms((double)duration_ms));
    known += with.requests;
    unknown += without.requests;
  }
  assert_true(known * 10 < unknown * 6);
}

TEST(poll_interval_early_failure_noticed_soon) {
  for (int64_t duration_ms = 2000; duration_ms < 600000; duration_ms += 501)
    assert_true(poll_until(duration_ms, 600000).late_ms <= duration_ms + 2000);
}

int main(void) { return testing_run(NULL, NULL); }
