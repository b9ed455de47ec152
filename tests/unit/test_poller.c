// SPDX-License-Identifier: MIT
// Which watches share a request, when it is sent, what to_stop it.
#include "poller_fixture.h"

// ---- batches

TEST(poller_due_watches_share_request) {
  for (size_t i = 0; i < 60; i++) start(i);
  assert_int_equal(s.count, 0); // a start sends nothing itself
  run();
  assert_int_equal(s.count, 3); // 25 + 25 + 10
  assert_int_equal(strncmp(s.sent[0].line, "/actions?id=1&id=2&", 19), 0);
  assert_string_equal(s.sent[2].line,
                      "/actions?id=51&id=52&id=53&id=54&id=55&id=56&id=57&id=58&id=59&id=60");
  for (size_t i = 0; i < 3; i++) respond(i, 200, actions(60, "success"));
  for (size_t i = 0; i < 60; i++) assert_true(s.seen[i].polls == 1 && s.seen[i].ends == 1);
}

TEST(poller_batch_has_at_most_64) {
  close_client();
  open_with(1000, 0);
  for (size_t i = 0; i < WATCHES; i++) start(i);
  run();
  assert_int_equal(s.count, 2);
  assert_int_equal(strncmp(s.sent[1].line, "/actions?id=65&", 15), 0);
  respond(0, 200, actions(WATCHES, "success"));
  respond(1, 200, actions(WATCHES, "success"));
  for (size_t i = 0; i < WATCHES; i++) assert_int_equal(s.seen[i].ends, 1);
}

TEST(poller_single_id_uses_image_path) {
  static const uint32_t alone[] = {1, 0};
  for (size_t i = 0; i < 2; i++) {
    close_client();
    open_with(alone[i], 0);
    watch(0)->image = "4711";
    ia_watch_start(&s.watches[0], &s.client, false);
    start(1);
    run();
    assert_int_equal(s.count, 2);
    assert_string_equal(s.sent[0].line, "/4711/actions?id=1");
    assert_string_equal(s.sent[1].line, "/actions?id=2");
    respond(0, 200, actions(1, "success"));
    respond(1, 200, actions(2, "success"));
  }
}

TEST(poller_batch_includes_later_watches) {
  for (size_t i = 0; i < 3; i++) {
    s.rate_fixture.now_ms = 100000 + 7 * (int64_t)i;
    ia_timers_update_clock(&s.rate_fixture.engine.timers);
    ia_watch_start(watch(i), &s.client, true);
  }
  run();
  assert_int_equal(s.count, 1);
  assert_string_equal(s.sent[0].line, "/actions?id=1&id=2&id=3");
  assert_int_equal(s.sent[0].at_ms, 100500); // when the first is due
  respond(0, 200, actions(3, "success"));
}

TEST(poller_batch_includes_soonest_watches) {
  for (size_t i = 0; i < 3; i++) watch(i);
  watch(3)->interval_ms = 100000; // a constant interval is not shortened
  ia_watch_start(&s.watches[3], &s.client, true);
  for (size_t i = 0; i < 3; i++) {
    s.rate_fixture.now_ms = 10 + (int64_t)i;
    ia_timers_update_clock(&s.rate_fixture.engine.timers);
    ia_watch_start(&s.watches[i], &s.client, true);
  }
  run();
  assert_string_equal(s.sent[0].line, "/actions?id=1&id=2&id=3");
  assert_int_equal(s.sent[0].at_ms, 510);
  respond(0, 200, actions(3, "success"));
}

// An interval set by the caller is kept to the millisecond.
TEST(poller_constant_interval_is_kept) {
  watch(0)->interval_ms = 777;
  ia_watch_start(&s.watches[0], &s.client, true);
  for (size_t i = 0; i < 5; i++) {
    run();
    assert_int_equal(s.sent[i].at_ms, 777 * ((int64_t)i + 1));
    respond(i, 200, actions(1, i < 4 ? "running" : "success"));
  }
  run();
  assert_int_equal(s.count, 5);
}

TEST(poller_adaptive_interval_grows) {
  start(0);
  int64_t last_ms = 0, last_gap_ms = 0;
  while (s.rate_fixture.now_ms < 3600000) {
    run();
    int64_t gap_ms = s.rate_fixture.now_ms - last_ms;
    if (s.count > 1) assert_true(gap_ms >= 500 && gap_ms >= last_gap_ms * 7 / 8);
    last_ms = s.rate_fixture.now_ms;
    last_gap_ms = gap_ms;
    respond(s.count - 1, 200, actions(1, "running"));
  }
  assert_int_in_range(s.count, 50, 100);
  assert_true(last_gap_ms > 140000);
  assert_int_equal(s.seen[0].polls, s.count);
}

// ---- stopping

TEST(poller_stopped_watch_is_not_polled) {
  for (size_t i = 0; i < 3; i++) start(i);
  ia_watch_stop(&s.watches[0]); // before it was due
  run();
  assert_string_equal(s.sent[0].line, "/actions?id=2&id=3");
  ia_watch_stop(&s.watches[1]); // while its request is in flight
  ia_watch_stop(&s.watches[1]);
  respond(0, 200, actions(3, "running"));
  assert_true(s.seen[0].polls == 0 && s.seen[1].polls == 0 && s.seen[2].polls == 1);
  ia_watch_stop(&s.watches[2]); // between two polls
  run();
  assert_int_equal(s.count, 1);
  assert_int_equal(s.rate_fixture.aborted, 0);
}

TEST(poller_retry_omits_stopped_watches) {
  for (size_t i = 0; i < 3; i++) {
    watch(i)->policy.max_attempts = 2;
    ia_watch_start(&s.watches[i], &s.client, false);
  }
  run();
  respond(0, 503, "{}");
  ia_watch_stop(&s.watches[1]);
  run();
  assert_string_equal(s.sent[1].line, "/actions?id=1&id=3");
  respond(1, 200, actions(3, "success"));
  assert_true(s.seen[0].ends == 1 && s.seen[1].polls == 0 && s.seen[2].ends == 1);
}

TEST(poller_last_stop_cancels_request) {
  start(0);
  start(1);
  run();
  ia_watch_stop(&s.watches[0]);
  assert_int_equal(s.rate_fixture.aborted, 0);
  ia_watch_stop(&s.watches[1]);
  assert_int_equal(s.rate_fixture.aborted, 1);
  assert_int_equal(s.client.queue.in_flight, 0);
}

TEST(poller_report_may_stop_watches) {
  for (size_t self = 0; self < 2; self++) {
    close_client();
    open_with(25, 0);
    for (size_t i = 0; i < 3; i++) start(i);
    run();
    s.to_stop = &s.watches[self ? 0 : 2];
    respond(0, 200, actions(3, "running"));
    assert_int_equal(s.seen[0].polls, 1);
    assert_int_equal(s.seen[1].polls, 1);
    run();
    assert_string_equal(s.sent[1].line, self ? "/actions?id=2&id=3" : "/actions?id=1&id=2");
    respond(1, 200, actions(3, "success"));
  }
}

// ---- limits of a request

TEST(poller_batch_uses_latest_deadline) {
  for (size_t no_early_rejection = 0; no_early_rejection < 2; no_early_rejection++) {
    close_client();
    open_with(25, 0);
    for (size_t i = 0; i < 2; i++) {
      watch(i)->policy.deadline_ms = i == no_early_rejection ? 9000 : 5000;
      s.watches[i].policy.max_attempts = 2;
      ia_watch_start(&s.watches[i], &s.client, false);
    }
    run();
    assert_int_equal(s.sent[0].timeout_ms, 9000);
    respond(0, 503, "{}");
    run();
    assert_int_equal(s.count, 2);
    assert_int_equal(s.sent[1].timeout_ms, 9000 - s.sent[1].at_ms);
    respond(1, 503, "{}");
    run();
    assert_int_equal(s.count, 2);
    assert_true(s.seen[0].ends == 1 && s.seen[1].ends == 1);
  }
}

TEST(poller_requests_within_in_flight_limit) {
  close_client();
  open_with(1, 0);
  s.client.queue.concurrency = 2;
  for (size_t i = 0; i < 5; i++) start(i);
  run();
  assert_int_equal(s.count, 2);
  respond(0, 200, actions(5, "success"));
  send_due();
  assert_int_equal(s.count, 3);
  for (size_t i = 1; i < 5; i++) {
    respond(i, 200, actions(5, "success"));
    send_due();
  }
  for (size_t i = 0; i < 5; i++) assert_int_equal(s.seen[i].ends, 1);
}

int main(void) { return testing_run(open_fixture, close_fixture); }
