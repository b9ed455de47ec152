// SPDX-License-Identifier: MIT
// Order of timers, extreme times, clocks that jump, random numbers.
#include "rate_fixture.h"

#define TIMERS 500

typedef struct test_timer {
  ia_timer timer;
  int expired;
  int64_t at_ms; // time of the last expiry
} test_timer;

static rate_fixture d;
static test_timer test_timers[TIMERS];
static test_timer *expired[4 * TIMERS];
static size_t expired_count;

static int open_fixture(void **state) {
  (void)state;
  rate_fixture_open(&d, 0);
  memset(test_timers, 0, sizeof test_timers);
  expired_count = 0;
  return 0;
}

static int close_fixture(void **state) {
  (void)state;
  rate_fixture_close(&d);
  return 0;
}

static void on_expire(ia_timer *timer) {
  test_timer *b = IA_ENTRY(timer, test_timer, timer);
  b->expired++;
  b->at_ms = d.engine.timers.now.mono_ms;
  expired[expired_count++] = b;
}

static void set(size_t index, int64_t due_ms) {
  ia_timer_set(&d.engine.timers, &test_timers[index].timer, due_ms, on_expire);
}

TEST(engine_empty_has_nothing_due) {
  const imgact_http_request *request = NULL;
  assert_int_equal(ia_engine_next_ms(&d.engine), IA_NEVER);
  assert_null(ia_engine_next_request(&d.engine, &request));
  assert_false(ia_engine_run_callbacks(&d.engine));
  rate_fixture_at(&d, INT64_MAX);
  assert_int_equal(ia_engine_next_ms(&d.engine), IA_NEVER);
}

TEST(timers_due_together_keep_set_order) {
  static const int64_t due_ms[] = {30, 10, 20, 10, 10};
  static const size_t order[] = {1, 3, 4, 2, 0};
  for (size_t i = 0; i < 5; i++) set(i, due_ms[i]);
  assert_int_equal(ia_engine_next_ms(&d.engine), 10);
  rate_fixture_at(&d, 9);
  assert_int_equal(expired_count, 0);
  rate_fixture_at(&d, 20);
  assert_int_equal(expired_count, 4);
  assert_int_equal(ia_engine_next_ms(&d.engine), 30);
  rate_fixture_at(&d, 30);
  assert_int_equal(expired_count, 5);
  for (size_t i = 0; i < 5; i++) assert_ptr_equal(expired[i], &test_timers[order[i]]);
  assert_int_equal(ia_engine_next_ms(&d.engine), IA_NEVER);
}

TEST(timer_set_again_expires_once) {
  set(0, 10);
  set(0, 50);
  set(1, 40);
  rate_fixture_at(&d, 45);
  assert_int_equal(test_timers[0].expired, 0);
  set(0, 5); // in the past: due at once
  assert_int_equal(ia_engine_next_ms(&d.engine), 5);
  rate_fixture_at(&d, 46);
  rate_fixture_at(&d, 1000);
  assert_int_equal(test_timers[0].expired, 1);
  assert_int_equal(test_timers[0].at_ms, 46);
}

TEST(timer_stop_is_idempotent) {
  set(0, 10);
  set(1, 10);
  ia_timer_stop(&d.engine.timers, &test_timers[0].timer);
  ia_timer_stop(&d.engine.timers, &test_timers[0].timer);
  ia_timer_stop(&d.engine.timers, &test_timers[2].timer); // never set
  rate_fixture_at(&d, 10);
  ia_timer_stop(&d.engine.timers, &test_timers[1].timer); // has expired
  assert_int_equal(test_timers[0].expired, 0);
  assert_int_equal(test_timers[1].expired, 1);
  set(0, 20);
  rate_fixture_at(&d, 20);
  assert_int_equal(test_timers[0].expired, 1);
}

static void stop_next(ia_timer *timer) {
  on_expire(timer);
  ia_timer_stop(&d.engine.timers, &test_timers[1].timer);
}

TEST(timer_callback_stops_other_timer) {
  ia_timer_set(&d.engine.timers, &test_timers[0].timer, 10, stop_next);
  set(1, 10);
  set(2, 10);
  rate_fixture_at(&d, 10);
  assert_int_equal(test_timers[1].expired, 0);
  assert_int_equal(test_timers[2].expired, 1);
}

static void set_more(ia_timer *timer) {
  on_expire(timer);
  set(1, d.engine.timers.now.mono_ms);
  set(2, d.engine.timers.now.mono_ms + 1);
}

TEST(timer_set_now_expires_same_tick) {
  ia_timer_set(&d.engine.timers, &test_timers[0].timer, 10, set_more);
  rate_fixture_at(&d, 10);
  assert_int_equal(test_timers[1].expired, 1);
  assert_int_equal(test_timers[2].expired, 0);
  assert_int_equal(ia_engine_next_ms(&d.engine), 11);
  rate_fixture_at(&d, 11);
  assert_int_equal(test_timers[2].expired, 1);
}

static void release(ia_timer *timer) {
  on_expire(&test_timers[0].timer);
  test_timer *b = IA_ENTRY(timer, test_timer, timer);
  failing_allocator *memory = &d.memory;
  memory->allocator.release(memory->allocator.user_data, b);
}

// An exchange can be freed by the callback of its own timer.
TEST(timer_callback_may_free_timer) {
  test_timer *b = d.memory.allocator.alloc(d.memory.allocator.user_data, sizeof *b);
  memset(b, 0, sizeof *b);
  ia_timer_set(&d.engine.timers, &b->timer, 10, release);
  set(1, 10);
  rate_fixture_at(&d, 10);
  assert_int_equal(test_timers[0].expired, 1);
  assert_int_equal(test_timers[1].expired, 1);
}

TEST(timer_extreme_times_expire_in_order) {
  set(0, INT64_MAX);
  set(1, INT64_MAX - 1);
  set(2, INT64_MIN);
  assert_int_equal(ia_engine_next_ms(&d.engine), INT64_MIN);
  rate_fixture_at(&d, 0);
  assert_ptr_equal(expired[0], &test_timers[2]);
  assert_int_equal(expired_count, 1);
  rate_fixture_at(&d, INT64_MAX - 1);
  assert_ptr_equal(expired[1], &test_timers[1]);
  assert_int_equal(expired_count, 2);
  set(3, 5);
  rate_fixture_at(&d, INT64_MAX);
  assert_ptr_equal(expired[2], &test_timers[3]);
  assert_ptr_equal(expired[3], &test_timers[0]);
}

TEST(later_overflow_is_never) {
  assert_int_equal(ia_later(5, 10), 15);
  assert_int_equal(ia_later(0, INT64_MAX - 1), INT64_MAX - 1);
  assert_int_equal(ia_later(0, INT64_MAX), IA_NEVER);
  assert_int_equal(ia_later(1, INT64_MAX - 1), IA_NEVER);
  assert_int_equal(ia_later(2, INT64_MAX - 1), IA_NEVER);
  assert_int_equal(ia_later(INT64_MAX - 10, 10), IA_NEVER);
  assert_int_equal(ia_later(INT64_MAX - 10, 9), INT64_MAX - 1);
  assert_int_equal(ia_later(INT64_MAX, 1), IA_NEVER);
  assert_int_equal(ia_later(IA_NEVER, 0), IA_NEVER);
}

TEST(timers_clock_forward_expire_once) {
  for (size_t i = 0; i < TIMERS; i++) set(i, (int64_t)((i * 7919) % TIMERS) * 3600000);
  rate_fixture_at(&d, INT64_C(100) * 365 * 86400000);
  assert_int_equal(expired_count, TIMERS);
  for (size_t i = 0; i < TIMERS; i++)
    assert_int_equal(((size_t)(expired[i] - test_timers) * 7919) % TIMERS, i);
}

// The clock of a transport may go back; a timer still expires at the time that was set.
TEST(timers_clock_backward_never_expire_early) {
  rate_fixture_at(&d, 100000);
  set(0, 101000);
  rate_fixture_at(&d, 50000);
  assert_int_equal(d.engine.timers.now.mono_ms, 50000);
  assert_int_equal(ia_engine_next_ms(&d.engine), 101000);
  rate_fixture_at(&d, 100999);
  assert_int_equal(test_timers[0].expired, 0);
  rate_fixture_at(&d, 101000);
  assert_int_equal(test_timers[0].expired, 1);
}

TEST(timers_refresh_expires_nothing) {
  set(0, 10);
  d.now_ms = 20;
  ia_timers_update_clock(&d.engine.timers);
  assert_int_equal(d.engine.timers.now.mono_ms, 20);
  assert_int_equal(d.engine.timers.now.wall_ms, RATE_FIXTURE_WALL_MS + 20);
  assert_int_equal(test_timers[0].expired, 0);
  assert_int_equal(ia_engine_next_ms(&d.engine), 10);
}

TEST(engine_pending_work_is_due_now) {
  ia_link *const lists[] = {&d.engine.outbox, &d.engine.runnable, &d.engine.callbacks};
  rate_fixture_at(&d, 77);
  set(0, 1000);
  for (size_t i = 0; i < 3; i++) {
    ia_link link = {NULL, NULL};
    assert_int_equal(ia_engine_next_ms(&d.engine), 1000);
    ia_list_append(lists[i], &link);
    assert_int_equal(ia_engine_next_ms(&d.engine), 77);
    ia_list_remove(&link);
  }
  ia_timer_stop(&d.engine.timers, &test_timers[0].timer);
}

// Compared with a linear search for the timers that are due.
TEST(timers_random_match_linear_search) {
  uint64_t seed = 42;
  int64_t due_ms[TIMERS], now_ms = 0;
  bool is_set[TIMERS] = {false};

  for (int round = 0; round < 2000; round++) {
    size_t i = testing_below(&seed, TIMERS);
    is_set[i] = testing_below(&seed, 4) > 0;
    due_ms[i] = now_ms + (int64_t)testing_below(&seed, 1000);
    if (is_set[i])
      set(i, due_ms[i]);
    else
      ia_timer_stop(&d.engine.timers, &test_timers[i].timer);
    if (testing_below(&seed, 10) > 0) continue;
    now_ms += (int64_t)testing_below(&seed, 300);
    size_t expected = 0;
    int64_t next_ms = IA_NEVER, last_ms = INT64_MIN;
    for (size_t n = 0; n < TIMERS; n++) {
      if (is_set[n] && due_ms[n] <= now_ms)
        expected++;
      else if (is_set[n] && due_ms[n] < next_ms)
        next_ms = due_ms[n];
    }
    expired_count = 0;
    rate_fixture_at(&d, now_ms);
    assert_int_equal(expired_count, expected);
    assert_int_equal(ia_engine_next_ms(&d.engine), next_ms);
    for (size_t n = 0; n < expired_count; n++) {
      size_t which = (size_t)(expired[n] - test_timers);
      assert_true(is_set[which] && due_ms[which] <= now_ms && due_ms[which] >= last_ms);
      last_ms = due_ms[which];
      is_set[which] = false;
    }
  }
}

static uint64_t draw(ia_engine *engine) {
  double number = ia_random(&engine->timers);
  assert_true(number >= 0.0 && number < 1.0);
  return (uint64_t)(number * 9007199254740992.0); // all of its 53 bits
}

TEST(random_is_uniform_and_seeded) {
  size_t tenths[10] = {0}, equal = 0;
  ia_engine same, other;
  ia_engine_init(&same, &d.memory.allocator, 1, (ia_now){0, 0});
  ia_engine_init(&other, &d.memory.allocator, 2, (ia_now){0, 0});
  for (int i = 0; i < 10000; i++) {
    uint64_t number = draw(&d.engine);
    tenths[number / (UINT64_C(9007199254740992) / 10 + 1)]++;
    assert_int_equal(draw(&same), number);
    equal += draw(&other) == number;
  }
  for (int i = 0; i < 10; i++) assert_int_in_range(tenths[i], 850, 1150);
  assert_int_equal(equal, 0);
}

int main(void) { return testing_run(open_fixture, close_fixture); }
