// SPDX-License-Identifier: MIT
// What one credential may still send: learned from what clouds tell, counted from what was sent, on
// a clock that stands still until it is moved. test_rate_limit.c has the same against faithful
// limiters, over days.
#include "rate_fixture.h"
#include "rate_limiter.h"

#define HOUR_MS  INT64_C(3600000)
#define MUTATION IA_PRIORITY_MUTATION
#define WAIT     IA_PRIORITY_POLL
#define LIST     IA_PRIORITY_READ

static rate_fixture d;
static ia_rate_limiter *g;

static int open_desk(void **state) {
  (void)state;
  rate_fixture_open(&d, 0);
  rate_fixture_at(&d, 1000000);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
  assert_non_null(g);
  return 0;
}

static int close_desk(void **state) {
  (void)state;
  ia_rate_limiter_unref(g);
  rate_fixture_close(&d);
  assert_true(ia_list_empty(&d.engine.rate_limiters.all));
  return 0;
}

// One that knows nothing yet.
static void forget(void) {
  ia_rate_limiter_unref(g);
  ia_rate_limiters_clear(&d.engine.rate_limiters);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
}

// 0: it may go; else for how long it has to wait.
static int64_t wait_of(uint32_t quota, size_t priority, double reserve) {
  ia_permit leave = ia_rate_limiter_request_permit(g, quota, (ia_priority)priority, reserve);
  if (leave.kind == IA_PERMIT_GRANTED) return 0;
  assert_true(leave.until_ms > d.now_ms);
  return leave.until_ms - d.now_ms;
}

static int64_t wait_ms(size_t priority) { return wait_of(0, priority, 0.0); }

// Sends as long as it may, at most so often.
static size_t spend(size_t priority, size_t most) {
  size_t sent = 0;
  for (; sent < most && wait_ms(priority) == 0; sent++) ia_rate_limiter_on_sent(g, 0);
  return sent;
}

static imgact_rate_limit_info rate_of(int64_t limit, int64_t remaining) {
  return (imgact_rate_limit_info){.size = sizeof(imgact_rate_limit_info),
                                  .rate_limit = {limit, remaining, IMGACT_NO_TIME, -1},
                                  .next_request_at = IMGACT_NO_TIME};
}

// One request goes, and its reply tells this.
static void tell_bucket(uint32_t quota, int64_t limit, int64_t remaining) {
  imgact_rate_limit_info info = rate_of(limit, remaining);
  info.refill_per_second = (double)limit / 3600.0;
  ia_rate_limiter_on_sent(g, quota);
  ia_rate_limiter_on_finished(g, quota, NULL, &info);
}

static void tell_windows(int64_t limit, int64_t remaining, int64_t reset_in_ms) {
  imgact_rate_limit_info info = rate_of(limit, remaining);
  info.limit_per_minute = limit / 20;
  if (reset_in_ms != IMGACT_NO_TIME) info.next_request_at = d.now_ms + reset_in_ms;
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
}

// ---- before anything is known

static const imgact_rate_limit_info nothing = {.size = sizeof nothing,
                                               .rate_limit = {-1, -1, IMGACT_NO_TIME, -1},
                                               .next_request_at = IMGACT_NO_TIME};

TEST(rate_limiter_unknown_limit_allows_200) {
  assert_int_equal(spend(LIST, 1000), 200);
  assert_int_equal(wait_ms(MUTATION), 1000);
  assert_int_equal(wait_of(1, LIST, 0.0), 0); // the other budget knows nothing of it
  ia_rate_limiter_on_finished(g, 0, NULL,
                              NULL); // one was cancelled: its place is free, and no more
  assert_int_equal(spend(LIST, 1000), 1);
  ia_rate_limiter_on_finished(g, 0, NULL, &nothing);
  assert_int_equal(wait_ms(LIST), 0); // the cloud tells nothing: then nothing is held back
  assert_int_equal(spend(LIST, 1000), 1000);
}

TEST(rate_limiter_invalid_headers_are_ignored) {
  static const int64_t nonsense[][2] = {{-1, -1}, {-1, 10},  {0, 0},
                                        {0, 10},  {100, -1}, {INT64_MIN, INT64_MIN}};
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
    tell_bucket(0, nonsense[i][0], nonsense[i][1]);
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
    tell_windows(nonsense[i][0], nonsense[i][1], -5);
  assert_int_equal(spend(LIST, 500), 500);
}

// ---- a bucket that refills

TEST(rate_limiter_bucket_is_spent_completely) {
  tell_bucket(0, 3600, 10);
  assert_int_equal(spend(MUTATION, 100), 10);
  assert_int_in_range(wait_ms(MUTATION), 1000, 1002);
  rate_fixture_at(&d, d.now_ms + 998);
  assert_true(wait_ms(MUTATION) > 0);
  rate_fixture_at(&d, d.now_ms + wait_ms(MUTATION));
  assert_int_equal(spend(MUTATION, 100), 1);
}

// Asked at the time that it gave itself, it says yes: a client never waits in vain.
TEST(rate_limiter_request_granted_when_announced) {
  uint64_t chance = 7;
  for (int i = 0; i < 300; i++) {
    int64_t limit = 1 + (int64_t)testing_below(&chance, 100000);
    forget();
    tell_bucket(0, limit, (int64_t)testing_below(&chance, 12));
    for (size_t priority = 0; priority < IA_PRIORITIES; priority++) {
      spend(priority, 20);
      int64_t wait = wait_ms(priority);
      if (wait == 0) continue;
      assert_true(wait <= HOUR_MS + 1);
      rate_fixture_at(&d, d.now_ms + wait);
      // of a bucket that fills more slowly than one an hour, the wait is given hour by hour
      for (int hours = 0; wait > HOUR_MS && wait_ms(priority) > 0 && hours < 10; hours++)
        rate_fixture_at(&d, d.now_ms + HOUR_MS);
      assert_int_equal(wait_ms(priority), 0);
    }
  }
}

TEST(rate_limiter_bucket_never_exceeds_limit) {
  tell_bucket(0, 60, 30);
  rate_fixture_at(&d, d.now_ms + 1000 * HOUR_MS);
  assert_int_equal(spend(MUTATION, 1000), 60);
}

TEST(rate_limiter_bucket_counts_in_flight) {
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_sent(g, 0);
  imgact_rate_limit_info info = rate_of(3600, 5);
  info.refill_per_second = 1.0;
  ia_rate_limiter_on_finished(g, 0, NULL, &info); // of the first: two may not have come there yet
  assert_int_equal(spend(MUTATION, 100), 3);
}

// Four more than there are: five hours, but whoever waits asks again after one.
TEST(rate_limiter_delay_at_most_hour) {
  for (int i = 0; i < 5; i++) ia_rate_limiter_on_sent(g, 0);
  imgact_rate_limit_info info = rate_of(1, 0);
  info.refill_per_second = 1.0 / 3600;
  ia_rate_limiter_on_finished(g, 0, NULL, &info);
  assert_int_equal(wait_ms(MUTATION), HOUR_MS + 1);
  rate_fixture_at(&d, d.now_ms + HOUR_MS + 1);
  assert_int_equal(wait_ms(MUTATION), HOUR_MS + 1);
}

// A header tells of the moment when the reply was made: a little more than is counted here is old
// news, less is not.
TEST(rate_limiter_bucket_ignores_stale_increase) {
  tell_bucket(0, 3600, 0);
  tell_bucket(0, 3600, 6); // one more went, so here are -1
  assert_true(wait_ms(MUTATION) > 0);
  tell_bucket(0, 3600, 20);
  assert_int_equal(wait_ms(MUTATION), 0);
  tell_bucket(0, 3600, 2); // somebody else uses it, too
  assert_int_equal(spend(MUTATION, 100), 2);
}

TEST(rate_limiter_new_limit_applies_immediately) {
  tell_bucket(0, 3600, 3000);
  tell_bucket(0, 60, 50);
  assert_int_equal(spend(MUTATION, 1000), 50);
  assert_int_in_range(wait_ms(MUTATION), 60000, 60002); // one a minute comes back
  rate_fixture_at(&d, d.now_ms + 10 * HOUR_MS);
  assert_int_equal(spend(MUTATION, 1000), 60);
}

// ---- windows that slide

// All that is in flight ends without a word.
static void finish_all(void) {
  for (int i = 0; i < 10000; i++) ia_rate_limiter_on_finished(g, 0, NULL, NULL);
}

// Uses a minute up, and one more, which the API rejects with a pause.
static void learn_minute(int64_t limit) {
  tell_windows(limit, limit - 1, 10000);
  spend(MUTATION, 10000);
  finish_all();
  assert_int_equal(spend(MUTATION, 10000), 1); // alone
  ia_rate_limiter_on_finished(g, 0, NULL, NULL);
  ia_rate_limiter_block_for(g, 0, 1);
  rate_fixture_at(&d, d.now_ms + 10000); // the slow start is over
}

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

// ---- lanes and reserve

// While mutations come; without them nothing is left for any.
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
    forget();
    if (cases[i].bucket)
      tell_bucket(0, cases[i].limit, cases[i].left);
    else
      tell_windows(cases[i].limit, cases[i].left, 30000);
    assert_int_equal(wait_ms(LIST) == 0, cases[i].mutation); // no mutation has asked yet
    assert_int_equal(wait_ms(WAIT) == 0, cases[i].mutation);
    assert_int_equal(wait_ms(MUTATION) == 0, cases[i].mutation);
    assert_int_equal(wait_ms(WAIT) == 0, cases[i].other);
    assert_int_equal(wait_ms(LIST) == 0, cases[i].other);
  }
}

TEST(rate_limiter_block_keeps_longer_pause) {
  ia_rate_limiter_block_for(g, 0, 3600000);
  ia_rate_limiter_block_for(g, 0, 1000);
  ia_permit permit = ia_rate_limiter_request_permit(g, 0, LIST, 0.0);
  assert_int_equal(permit.kind, IA_PERMIT_REJECTED);
  assert_int_equal(permit.asked_ms, 3600000);
}

// A pause is over once a request that was sent after it was served; one that was on its way before
// says nothing of it.
TEST(rate_limiter_served_request_ends_pause) {
  ia_sent_request before = ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_block_for(g, 0, HOUR_MS);
  ia_rate_limiter_on_served(g, &before);
  assert_int_equal(ia_rate_limiter_request_permit(g, 0, LIST, 0.0).kind, IA_PERMIT_REJECTED);
  rate_fixture_at(&d, d.now_ms + 60000);
  ia_rate_limiter_on_served(g, &before);
  ia_rate_limiter_block_for(g, 0, 5000);
  assert_int_equal(ia_rate_limiter_request_permit(g, 0, LIST, 0.0).kind, IA_PERMIT_REJECTED);
  rate_fixture_at(&d, d.now_ms + 5000);
  ia_sent_request after = ia_rate_limiter_on_sent(g, 0);
  ia_rate_limiter_on_served(g, &after);
  ia_rate_limiter_block_for(g, 0, 5000);
  ia_permit permit = ia_rate_limiter_request_permit(g, 0, LIST, 0.0);
  assert_int_equal(permit.kind, IA_PERMIT_DELAYED);
  assert_int_equal(permit.until_ms, d.now_ms + 5000);
}

TEST(rate_limiter_reserve_is_never_spent) {
  tell_bucket(0, 3600, 1801);
  assert_int_equal(wait_of(0, MUTATION, 0.5), 0);
  ia_rate_limiter_on_sent(g, 0);
  assert_int_in_range(wait_of(0, MUTATION, 0.5), 1000, 1002);
  assert_int_equal(wait_of(0, MUTATION, 0.49), 0);
  assert_int_in_range(wait_of(0, WAIT, 0.5), 1000, 5002);
  forget();
  tell_windows(1000, 901, IMGACT_NO_TIME);
  assert_int_equal(wait_of(0, MUTATION, 0.9), 0);
  ia_rate_limiter_on_sent(g, 0);
  assert_true(wait_of(0, MUTATION, 0.9) > 0);
  assert_int_equal(wait_of(0, MUTATION, 0.89), 0);
}

// A reserve leaves a minute its part, too.
TEST(rate_limiter_reserve_applies_per_minute) {
  tell_windows(5000, 4999, IMGACT_NO_TIME);
  size_t sent = 1;
  for (; sent < 1000 && wait_of(0, MUTATION, 0.5) == 0; sent++) ia_rate_limiter_on_sent(g, 0);
  assert_int_equal(sent, 125);
}

TEST(rate_limiter_small_limit_grants_one) {
  for (int64_t limit = 1; limit < 30; limit++) {
    forget();
    tell_bucket(0, limit, limit);
    assert_int_equal(wait_of(0, LIST, 0.9), 0);
    forget();
    tell_windows(limit, limit, IMGACT_NO_TIME);
    rate_fixture_at(&d, d.now_ms + 2 * HOUR_MS); // the teller's own request has left the hour
    assert_int_equal(wait_of(0, LIST, 0.9), 0);
  }
}

// ---- a refusal

TEST(rate_limiter_block_covers_all_quotas) {
  tell_bucket(0, 3600, 3000);
  tell_bucket(1, 7200, 7000);
  ia_rate_limiter *other = ia_rate_limiter_acquire(&d.engine.rate_limiters, 2);
  ia_rate_limiter_block_for(g, 0, 30000);
  for (uint32_t quota = 0; quota < IA_QUOTAS; quota++)
    for (size_t priority = 0; priority < IA_PRIORITIES; priority++)
      assert_int_equal(wait_of(quota, priority, 0.0), 30000);
  assert_int_equal(ia_rate_limiter_request_permit(other, 0, LIST, 0.0).kind, IA_PERMIT_GRANTED);
  rate_fixture_at(&d, d.now_ms + 29999);
  assert_int_equal(wait_ms(MUTATION), 1);
  rate_fixture_at(&d, d.now_ms + 1);
  assert_int_equal(wait_ms(MUTATION), 0);
  ia_rate_limiter_unref(other);
}

TEST(rate_limiter_block_at_most_60s) {
  ia_rate_limiter_block_for(g, 0, 20000);
  ia_rate_limiter_block_for(g, 0, 5000);
  assert_int_equal(wait_ms(MUTATION), 20000);
  ia_rate_limiter_block_for(g, 0, 20001);
  assert_int_equal(wait_ms(MUTATION), 20001);
  ia_rate_limiter_block_for(g, 0, 60001);
  assert_int_equal(wait_ms(MUTATION), 60000);
  ia_rate_limiter_block_for(g, 0, INT64_MAX);
  assert_int_equal(wait_ms(MUTATION), 60000);
}

TEST(rate_limiter_slow_start_after_block) {
  tell_bucket(0, 3600, 3000);
  ia_rate_limiter_block_for(g, 0, 1000);
  rate_fixture_at(&d, d.now_ms + 1000);
  int64_t end_ms = d.now_ms + 5000;
  size_t sent = 0;
  int64_t longest = 0;
  while (d.now_ms < end_ms) {
    assert_int_equal(wait_ms(LIST), 0);
    ia_rate_limiter_on_sent(g, sent % 2); // whatever the budget
    int64_t gap = wait_ms(MUTATION);
    if (d.now_ms + gap >= end_ms) break;
    assert_int_in_range(gap, 1, 200);
    if (gap > longest) longest = gap;
    sent++;
    rate_fixture_at(&d, d.now_ms + gap);
  }
  assert_int_in_range(sent, 35, 80); // a hundred ms apart on average
  assert_true(longest > 150);
  rate_fixture_at(&d, end_ms);
  assert_int_equal(spend(LIST, 100), 100);
}

// ---- two budgets

TEST(rate_limiter_quotas_are_independent) {
  tell_bucket(0, 3600, 0);
  tell_bucket(1, 7200, 7000);
  assert_true(wait_of(0, MUTATION, 0.0) > 0);
  assert_int_equal(wait_of(1, LIST, 0.0), 0);
  assert_int_equal(wait_of(2, LIST, 0.0), 0);
  ia_rate_limiter_on_finished(g, 1, NULL, NULL);
  assert_true(wait_of(0, MUTATION, 0.0) > 0);
}

TEST(rate_limiter_invalid_quota_is_first) {
  tell_bucket(UINT32_MAX, 3600, 0);
  assert_true(wait_of(0, MUTATION, 0.0) > 0);
  assert_true(wait_of(IA_QUOTAS, MUTATION, 0.0) > 0);
  assert_int_equal(wait_of(IA_QUOTAS - 1, MUTATION, 0.0), 0);
}

// ---- absurd words

TEST(rate_limiter_extreme_headers_delay_bounded) {
  static const int64_t absurd[][2] = {
      {INT64_MAX, INT64_MAX}, {INT64_MAX, 0}, {1, INT64_MAX}, {1, 0}, {INT64_MAX, 1}, {1, 1}};
  for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++)
    for (int bucket = 0; bucket < 2; bucket++) {
      forget();
      for (int n = 0; n < 5; n++) {
        if (bucket)
          tell_bucket(0, absurd[i][0], absurd[i][1]);
        else
          tell_windows(absurd[i][0], absurd[i][1], n % 2 ? INT64_MIN / 2 : INT64_MAX / 4);
        for (size_t priority = 0; priority < IA_PRIORITIES; priority++) {
          assert_int_in_range(wait_of(0, priority, 0.9), 0, HOUR_MS + 6000);
          int hours = 0;
          for (; wait_of(0, priority, 0.9) > 0 && hours < 10; hours++)
            rate_fixture_at(&d, d.now_ms + wait_of(0, priority, 0.9));
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

// ---- the clock

TEST(rate_limiter_clock_jump_grants_nothing) {
  tell_windows(1000, 999, 10000);
  spend(MUTATION, 49);
  rate_fixture_at(&d, d.now_ms - 500000); // only a transport's own clock could
  assert_true(wait_ms(MUTATION) > 0);
  rate_fixture_at(&d, d.now_ms + 500000);
  assert_int_in_range(wait_ms(MUTATION), 1, 61000);
  rate_fixture_at(&d, d.now_ms + INT64_C(1000) * 365 * 86400000);
  assert_int_equal(spend(MUTATION, 1000), 50);
  forget();
  tell_bucket(0, 3600, 5);
  rate_fixture_at(&d, d.now_ms - 2000);
  size_t sent = spend(MUTATION, 100);
  rate_fixture_at(&d, d.now_ms + 2000);
  assert_int_equal(sent + spend(MUTATION, 100), 5);
}

// ---- who shares it

TEST(rate_limiter_acquire_shares_by_key) {
  ia_rate_limiter *same = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1),
                  *other = ia_rate_limiter_acquire(&d.engine.rate_limiters, 2);
  assert_ptr_equal(same, g);
  assert_ptr_not_equal(other, g);
  tell_bucket(0, 3600, 0);
  assert_int_equal(ia_rate_limiter_request_permit(same, 0, MUTATION, 0.0).kind, IA_PERMIT_DELAYED);
  assert_int_equal(ia_rate_limiter_request_permit(other, 0, MUTATION, 0.0).kind, IA_PERMIT_GRANTED);
  ia_rate_limiter_unref(same);
  ia_rate_limiter_unref(other);
  assert_true(wait_ms(MUTATION) > 0);
}

TEST(rate_limiter_ref_keeps_it_alive) {
  ia_rate_limiter *of_an_exchange = ia_rate_limiter_ref(g);
  assert_ptr_equal(of_an_exchange, g);
  tell_bucket(0, 3600, 0);
  ia_rate_limiter_unref(g);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1); // the same, with what it knows
  assert_true(wait_ms(MUTATION) > 0);
  ia_rate_limiter_unref(of_an_exchange);
  assert_true(wait_ms(MUTATION) > 0);
  assert_null(ia_rate_limiter_ref(NULL));
  ia_rate_limiter_unref(NULL);
}

// A client that is made anew for the next job finds what its token may still send.
TEST(rate_limiter_last_16_unreferenced_kept) {
  tell_bucket(0, 3600, 0);
  ia_rate_limiter_unref(g);
  for (uint64_t key = 2; key < 17; key++)
    ia_rate_limiter_unref(ia_rate_limiter_acquire(&d.engine.rate_limiters, key));
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
  assert_true(wait_ms(MUTATION) > 0);
  ia_rate_limiter_unref(g);
  for (uint64_t key = 17; key < 40; key++)
    ia_rate_limiter_unref(ia_rate_limiter_acquire(&d.engine.rate_limiters, key));
  size_t count = 0;
  for (ia_link *at = d.engine.rate_limiters.all.next; at != &d.engine.rate_limiters.all;
       at = at->next)
    count++;
  assert_int_equal(count, 16);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
  assert_int_equal(wait_ms(MUTATION), 0);
}

// ---- who waits

typedef struct guest {
  ia_waiter waiter;
  int woken; /* the how-manieth; 0 = not yet */
} guest;

typedef struct crowd {
  guest guests[3];
} crowd;

static int awake;

static void on_wake(ia_waiter *waiter) { IA_ENTRY(waiter, guest, waiter)->woken = ++awake; }

static void gather(crowd *c) {
  *c = (crowd){0};
  awake = 0;
  for (size_t i = 0; i < 3; i++) c->guests[i].waiter.wake = on_wake;
}

static size_t woken(crowd *c) {
  size_t count = 0;
  for (size_t i = 0; i < 3; i++) {
    count += c->guests[i].woken != 0;
    c->guests[i].woken = 0;
  }
  return count;
}

TEST(rate_limiter_wakes_all_at_earliest) {
  crowd c;
  gather(&c);
  ia_rate_limiter_wake_at(g, &c.guests[0].waiter, d.now_ms + 500);
  ia_rate_limiter_wake_at(g, &c.guests[1].waiter, d.now_ms + 300);
  ia_rate_limiter_wake_at(g, &c.guests[2].waiter, d.now_ms + 900);
  ia_rate_limiter_wake_at(g, &c.guests[0].waiter, d.now_ms + 700); // waits already
  assert_int_equal(ia_engine_next_ms(&d.engine), d.now_ms + 300);
  rate_fixture_at(&d, d.now_ms + 299);
  assert_int_equal(woken(&c), 0);
  rate_fixture_at(&d, d.now_ms + 1);
  assert_int_equal(c.guests[0].woken, 1); // who waited first goes first
  assert_int_equal(woken(&c), 3);
  for (size_t i = 0; i < 3; i++) assert_false(ia_linked(&c.guests[i].waiter.link));
  rate_fixture_at(&d, d.now_ms + HOUR_MS);
  assert_int_equal(woken(&c), 0);
  assert_int_equal(ia_engine_next_ms(&d.engine), IA_NEVER);
}

TEST(rate_limiter_first_response_wakes_waiters) {
  crowd c;
  gather(&c);
  spend(LIST, 300);
  ia_rate_limiter_wake_at(g, &c.guests[0].waiter, d.now_ms + wait_ms(LIST));
  rate_fixture_at(&d, d.now_ms + 10);
  assert_int_equal(woken(&c), 0);
  ia_rate_limiter_on_finished(g, 0, NULL, &nothing);
  assert_int_equal(ia_engine_next_ms(&d.engine), d.now_ms);
  rate_fixture_at(&d, d.now_ms);
  assert_int_equal(woken(&c), 1);
  ia_rate_limiter_wake_at(g, &c.guests[0].waiter, d.now_ms + 1000);
  ia_rate_limiter_on_finished(g, 0, NULL, &nothing); // later ones wake nobody
  rate_fixture_at(&d, d.now_ms + 999);
  assert_int_equal(woken(&c), 0);
  ia_list_remove(&c.guests[0].waiter.link);
}

static void tell_either(bool bucket, int64_t limit, int64_t remaining) {
  if (bucket)
    tell_bucket(0, limit, remaining);
  else
    tell_windows(limit, remaining, IMGACT_NO_TIME);
}

// Others used it up, or so it seemed: as soon as a reply says that more may go, nobody waits for
// what was thought before.
TEST(rate_limiter_higher_limit_wakes_waiters) {
  for (int bucket = 0; bucket < 2; bucket++) {
    crowd c;
    forget();
    gather(&c);
    tell_either(bucket, 5000, 0);
    ia_rate_limiter_wake_at(g, &c.guests[0].waiter, d.now_ms + 600000);
    tell_either(bucket, 5000, 0);
    rate_fixture_at(&d, d.now_ms + 1);
    assert_int_equal(woken(&c), 0); // that was known
    tell_either(bucket, 5000, 4000);
    rate_fixture_at(&d, d.now_ms);
    assert_int_equal(woken(&c), 1);
    ia_rate_limiter_wake_at(g, &c.guests[0].waiter, d.now_ms + 600000);
    tell_either(bucket, 6000, 4000); // a larger limit
    rate_fixture_at(&d, d.now_ms);
    assert_int_equal(woken(&c), 1);
  }
}

TEST(rate_limiter_removed_waiter_not_woken) {
  crowd c;
  gather(&c);
  ia_rate_limiter_wake_at(g, &c.guests[0].waiter, d.now_ms + 500);
  ia_rate_limiter_wake_at(g, &c.guests[1].waiter, d.now_ms + 500);
  ia_list_remove(&c.guests[0].waiter.link);
  rate_fixture_at(&d, d.now_ms + 500);
  assert_int_equal(c.guests[0].woken, 0);
  assert_int_equal(woken(&c), 1);
  ia_rate_limiter_wake_at(g, &c.guests[0].waiter, d.now_ms + 500);
  ia_list_remove(&c.guests[0].waiter.link);
  ia_rate_limiter_unref(g); // with its timer
  assert_int_equal(ia_engine_next_ms(&d.engine), IA_NEVER);
  g = ia_rate_limiter_acquire(&d.engine.rate_limiters, 1);
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
  tell_bucket(0, 3600, 0);
  assert_int_equal(wait_ms(LIST), 0);
  ia_rate_limiter_block_for(g, 0, 5000);
  assert_int_equal(wait_ms(LIST), 5000); // that needs none
  rate_fixture_at(&d, d.now_ms + 20000);
  d.memory.for_good = false;
  tell_bucket(0, 3600, 0); // and now there is some
  assert_true(wait_ms(MUTATION) > 0);
}

int main(void) { return testing_run(open_desk, close_desk); }
