// SPDX-License-Identifier: MIT
#include "rate_limit.h"
#include "testing.h"

#define START_MS INT64_C(1000000000)

TEST(bucket_empty_refills_per_second) {
  sim_rate rate = {0};
  for (int i = 0; i < 3600; i++) assert_false(sim_limit_bucket(3600, &rate, START_MS).rejected);
  sim_rate_result result = sim_limit_bucket(3600, &rate, START_MS);
  assert_true(result.rejected);
  assert_int_equal(result.remaining, 0);
  assert_int_equal(result.reset_s, START_MS / 1000 + 3600);
  assert_true(sim_limit_bucket(3600, &rate, START_MS + 999).rejected);
  assert_false(sim_limit_bucket(3600, &rate, START_MS + 1001).rejected);
  assert_true(sim_limit_bucket(3600, &rate, START_MS + 1001).rejected);
}

TEST(bucket_refill_stops_at_limit) {
  sim_rate rate = {0};
  sim_rate_result result = sim_limit_bucket(10, &rate, START_MS);
  assert_int_equal(result.limit, 10);
  assert_int_equal(result.remaining, 9);
  assert_int_equal(sim_limit_bucket(10, &rate, START_MS + 100 * INT64_C(3600000)).remaining, 9);
}

TEST(window_minute_has_retry_after) {
  const sim_rate_limit limit = {.limit = 5000, .burst = 250};
  sim_rate rate = {0};
  for (int i = 0; i < 250; i++)
    assert_false(sim_limit_window(&limit, &rate, START_MS + i * 100).rejected);
  sim_rate_result result = sim_limit_window(&limit, &rate, START_MS + 30000);
  assert_true(result.rejected);
  assert_int_equal(result.remaining, 0);
  assert_int_equal(result.retry_after_s, 30);
  assert_true(sim_limit_window(&limit, &rate, START_MS + 59999).rejected);
  assert_false(sim_limit_window(&limit, &rate, START_MS + 60000).rejected);
  sim_rate_free(&rate);
}

TEST(window_hour_lacks_retry_after) {
  const sim_rate_limit limit = {.limit = 100, .burst = 10};
  sim_rate rate = {0};

  for (int i = 0; i < 100; i++) {
    sim_rate_result result = sim_limit_window(&limit, &rate, START_MS + i * 6000);
    assert_false(result.rejected);
    assert_int_equal(result.remaining, 99 - i);
    assert_int_equal(result.reset_s, START_MS / 1000 + 3600);
  }
  sim_rate_result result = sim_limit_window(&limit, &rate, START_MS + 1000000);
  assert_true(result.rejected);
  assert_int_equal(result.retry_after_s, -1);
  assert_int_equal(result.reset_s, START_MS / 1000 + 3600);
  assert_false(sim_limit_window(&limit, &rate, START_MS + 3600000).rejected);

  sim_rate_free(&rate);
}

TEST(window_at_reset_accepts) {
  const sim_rate_limit limit = {.limit = 1};
  for (int part_ms = 1; part_ms < 1000; part_ms += 111) {
    sim_rate rate = {0};
    sim_limit_window(&limit, &rate, START_MS + part_ms);
    sim_rate_result result = sim_limit_window(&limit, &rate, START_MS + part_ms);
    assert_true(result.rejected);
    assert_false(sim_limit_window(&limit, &rate, result.reset_s * 1000).rejected);
    sim_rate_free(&rate);
  }
}

TEST(window_stale_reset_is_past) {
  const sim_rate_limit limit = {.limit = 1, .stale_ms = 1500000};
  sim_rate rate = {0};
  assert_int_equal(sim_limit_window(&limit, &rate, START_MS).reset_s, START_MS / 1000 + 3600);
  sim_rate_result result = sim_limit_window(&limit, &rate, START_MS + 1000);
  assert_true(result.rejected);
  assert_int_equal(result.reset_s, (START_MS + 1000 - 1500000) / 1000);
  sim_rate_free(&rate);
}

TEST(limit_zero_accepts_everything) {
  const sim_rate_limit limit = {0}, later = {.limit = 1};
  sim_rate bucket = {0}, window = {0};
  for (int i = 0; i < 10000; i++) {
    assert_false(sim_limit_bucket(0, &bucket, START_MS).rejected);
    assert_false(sim_limit_window(&limit, &window, START_MS).rejected);
  }
  assert_null(window.times_ms);
  assert_false(sim_limit_bucket(1, &bucket, START_MS).rejected);
  assert_false(sim_limit_window(&later, &window, START_MS).rejected);
  sim_rate_free(&window);
}

int main(void) { return testing_run(NULL, NULL); }
