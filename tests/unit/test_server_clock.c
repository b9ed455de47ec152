// SPDX-License-Identifier: MIT
// The API's clock as an interval: bounds from one response, narrowed by later ones, and the result
// of a contradiction.
#include "server_clock.h"
#include "testing.h"

#define T 1767225600000 // the API's time when the monotonic clock shows 0

static ia_time_range at(const ia_server_clock *clock, int64_t mono_ms) {
  return ia_server_clock_at(clock, mono_ms, mono_ms);
}

static void assert_range(ia_time_range range, int64_t least_ms, int64_t most_ms) {
  assert_int_equal(range.least_ms, least_ms);
  assert_int_equal(range.most_ms, most_ms);
}

// The Date was written between sending and receiving, somewhere within its second.
TEST(server_clock_one_response_bounds_it) {
  ia_server_clock clock = {0};
  ia_server_clock_update(&clock, T, 100, 400);
  assert_true(clock.known);
  assert_range(at(&clock, 400), T, T + 1000 + 300);
}

// A response that took 20 s gives wide bounds.
TEST(server_clock_slow_response_bounds_loosely) {
  ia_server_clock clock = {0};
  ia_server_clock_update(&clock, T, 0, 20000);
  assert_range(at(&clock, 20000), T, T + 21000);
}

TEST(server_clock_more_responses_narrow_it) {
  ia_server_clock clock = {0};
  ia_server_clock_update(&clock, T, 0, 0);
  ia_server_clock_update(&clock, T, 900, 900); // the same second: the offset is at most 100 ms
  assert_range(at(&clock, 900), T + 900, T + 1000);
}

TEST(server_clock_never_excludes_true_time) {
  ia_server_clock clock = {0};
  uint64_t seed = 7;
  const int64_t offset_ms = T + 777;

  for (int64_t now_ms = 0; now_ms < 100000000; now_ms += 12345) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    int64_t took_ms = (int64_t)(seed >> 40) % 5000,
            wrote_ms = now_ms + (int64_t)(seed >> 20) % (took_ms + 1);
    int64_t date_ms = (wrote_ms + offset_ms) / 1000 * 1000;
    ia_server_clock_update(&clock, date_ms, now_ms, now_ms + took_ms);
    ia_time_range range = ia_server_clock_at(&clock, now_ms, now_ms + took_ms);
    assert_in_range(offset_ms + now_ms - range.least_ms, 0, INT64_MAX);
    assert_in_range(range.most_ms - offset_ms - now_ms, 0, INT64_MAX);
  }
  assert_false(clock.changed);
}

// 200 ppm: 720 ms an hour, on both sides.
TEST(server_clock_widens_with_age) {
  ia_server_clock clock = {0};
  ia_server_clock_update(&clock, T, 0, 0);
  ia_time_range later = at(&clock, 3600000);
  assert_range(later, T + 3600000 - 720, T + 3600000 + 1000 + 720);
}

TEST(server_clock_small_difference_keeps_both) {
  ia_server_clock clock = {0};
  ia_server_clock_update(&clock, T, 0, 0);
  ia_server_clock_update(&clock, T + 2000, 0, 0);
  assert_range(at(&clock, 0), T, T + 3000);
}

// The clock was changed by 2.5 s; later responses narrow the interval to the new time.
TEST(server_clock_step_kept_for_earlier) {
  ia_server_clock clock = {0};
  ia_server_clock_update(&clock, T, 0, 0);
  ia_server_clock_update(&clock, T + 3000, 500, 500);
  ia_server_clock_update(&clock, T + 4000, 1500, 1500);
  assert_range(ia_server_clock_at(&clock, 400, 1500), T + 400, T + 400 + 3500);
  assert_range(ia_server_clock_at(&clock, 1500, 1500), T + 4000, T + 5000);
  clock = (ia_server_clock){0}; // or to the first time, if two servers respond
  ia_server_clock_update(&clock, T, 0, 0);
  ia_server_clock_update(&clock, T + 3000, 500, 500);
  ia_server_clock_update(&clock, T + 1000, 1500, 1500);
  assert_range(ia_server_clock_at(&clock, 400, 1500), T + 400, T + 400 + 3500);
}

// A request sent before the clock was changed may be dated by either clock, a later one by the new
// clock.
TEST(server_clock_contradiction_kept_for_earlier) {
  ia_server_clock clock = {0};
  ia_server_clock_update(&clock, T, 0, 0);
  ia_server_clock_update(&clock, T - 600000, 1000, 1000);
  assert_true(clock.changed);
  ia_time_range before = ia_server_clock_at(&clock, 500, 1000),
                after = ia_server_clock_at(&clock, 1500, 1500);
  assert_true(before.least_ms <= T - 600500 && before.most_ms >= T + 500);
  assert_true(after.most_ms < T - 500000);
  ia_server_clock_update(&clock, T + 2000, 2000, 2000); // and back again
  before = ia_server_clock_at(&clock, 500, 2000);
  assert_true(before.least_ms <= T - 600500 && before.most_ms >= T + 500);
}

TEST(server_clock_impossible_times_are_ignored) {
  ia_server_clock clock = {0};
  ia_server_clock_update(&clock, T, 10, 9);
  assert_false(clock.known);
}

int main(void) { return testing_run(NULL, NULL); }
