// SPDX-License-Identifier: MIT
#include "rate_limit.h"
#include "testing.h"

#define START_MS INT64_C(1000000000)

TEST(a_bucket_refills_one_a_second) {
  sim_rate rate = {0};
  for (int i = 0; i < 3600; i++) assert_false(sim_limit_bucket(3600, &rate, START_MS).refused);
  sim_rate_result verdict = sim_limit_bucket(3600, &rate, START_MS);
  assert_true(verdict.refused);
  assert_int_equal(verdict.remaining, 0);
  assert_int_equal(verdict.reset_s, START_MS / 1000 + 3600);
  assert_true(sim_limit_bucket(3600, &rate, START_MS + 999).refused);
  assert_false(sim_limit_bucket(3600, &rate, START_MS + 1001).refused);
  assert_true(sim_limit_bucket(3600, &rate, START_MS + 1001).refused);
}

TEST(a_bucket_is_never_fuller_than_full) {
  sim_rate rate = {0};
  sim_rate_result verdict = sim_limit_bucket(10, &rate, START_MS);
  assert_int_equal(verdict.limit, 10);
  assert_int_equal(verdict.remaining, 9);
  assert_int_equal(sim_limit_bucket(10, &rate, START_MS + 100 * INT64_C(3600000)).remaining, 9);
}

TEST(a_burst_is_refused_with_a_time) {
  const sim_rate_limit limit = {.limit = 5000, .burst = 250};
  sim_rate rate = {0};
  for (int i = 0; i < 250; i++)
    assert_false(sim_limit_window(&limit, &rate, START_MS + i * 100).refused);
  sim_rate_result verdict = sim_limit_window(&limit, &rate, START_MS + 30000);
  assert_true(verdict.refused);
  assert_int_equal(verdict.remaining, 0);
  assert_int_equal(verdict.retry_after_s, 30);
  assert_true(sim_limit_window(&limit, &rate, START_MS + 59999).refused);
  assert_false(sim_limit_window(&limit, &rate, START_MS + 60000).refused);
  sim_rate_free(&rate);
}

TEST(an_hour_is_refused_without_one) {
  const sim_rate_limit limit = {.limit = 100, .burst = 10};
  sim_rate rate = {0};
  for (int i = 0; i < 100; i++) {
    sim_rate_result verdict = sim_limit_window(&limit, &rate, START_MS + i * 6000);
    assert_false(verdict.refused);
    assert_int_equal(verdict.remaining, 99 - i);
    assert_int_equal(verdict.reset_s, START_MS / 1000 + 3600);
  }
  sim_rate_result verdict = sim_limit_window(&limit, &rate, START_MS + 1000000);
  assert_true(verdict.refused);
  assert_int_equal(verdict.retry_after_s, -1);
  assert_int_equal(verdict.reset_s, START_MS / 1000 + 3600);
  assert_false(sim_limit_window(&limit, &rate, START_MS + 3600000).refused);
  sim_rate_free(&rate);
}

TEST(at_the_reset_there_is_a_place) {
  const sim_rate_limit limit = {.limit = 1};
  for (int part_ms = 1; part_ms < 1000; part_ms += 111) {
    sim_rate rate = {0};
    sim_limit_window(&limit, &rate, START_MS + part_ms);
    sim_rate_result verdict = sim_limit_window(&limit, &rate, START_MS + part_ms);
    assert_true(verdict.refused);
    assert_false(sim_limit_window(&limit, &rate, verdict.reset_s * 1000).refused);
    sim_rate_free(&rate);
  }
}

TEST(a_reset_may_lie_in_the_past) {
  const sim_rate_limit limit = {.limit = 1, .stale_ms = 1500000};
  sim_rate rate = {0};
  assert_int_equal(sim_limit_window(&limit, &rate, START_MS).reset_s, START_MS / 1000 + 3600);
  sim_rate_result verdict = sim_limit_window(&limit, &rate, START_MS + 1000);
  assert_true(verdict.refused);
  assert_int_equal(verdict.reset_s, (START_MS + 1000 - 1500000) / 1000);
  sim_rate_free(&rate);
}

TEST(without_a_limit_nothing_is_refused) {
  const sim_rate_limit limit = {0}, later = {.limit = 1};
  sim_rate bucket = {0}, window = {0};
  for (int i = 0; i < 10000; i++) {
    assert_false(sim_limit_bucket(0, &bucket, START_MS).refused);
    assert_false(sim_limit_window(&limit, &window, START_MS).refused);
  }
  assert_null(window.times_ms);
  assert_false(sim_limit_bucket(1, &bucket, START_MS).refused);
  assert_false(sim_limit_window(&later, &window, START_MS).refused);
  sim_rate_free(&window);
}

int main(void) { return testing_run(NULL, NULL); }
