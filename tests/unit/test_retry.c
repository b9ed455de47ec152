// SPDX-License-Identifier: MIT
// The retry rules: deliveries, failures, statuses and methods; delays; what may have been applied.
#include "error_fill.h"
#include "retry.h"
#include "testing.h"

typedef struct facts {
  ia_attempt attempt;
  imgact_error error;
} facts;

static const char *const methods[] = {"GET", "PUT", "DELETE", "POST"};

static ia_decision decide(facts *f) {
  f->attempt.error = &f->error;
  return ia_retry(&f->attempt);
}

static facts plain(const char *method) {
  facts f = {.attempt = {.method = method,
                         .idempotent = strcmp(method, "POST") != 0,
                         .delivery = IMGACT_DELIVERY_ANSWERED,
                         .attempts = 1,
                         .max_attempts = 5,
                         .retry_budget = 100,
                         .base_ms = 1000,
                         .left_ms = INT64_MAX,
                         .wait_hint_ms = -1}};
  ia_error_clear(&f.error);
  return f;
}

static facts answered(const char *method, int status) {
  facts f = plain(method);
  ia_error_from_http(&f.error, status);
  return f;
}

static facts failed(const char *method, imgact_delivery delivery, imgact_failure failure) {
  facts f = plain(method);
  f.attempt.delivery = delivery;
  f.attempt.failure = failure;
  f.error.status = IMGACT_NETWORK;
  return f;
}

static bool one_of(int status, const int *list) {
  for (; *list != 0; list++)
    if (*list == status) return true;
  return false;
}

TEST(retry_status_and_method_follow_table) {
  static const int again[] = {408, 425, 429, 502, 503, 504, 0};
  for (size_t m = 0; m < 4; m++)
    for (int status = 100; status < 600; status++) {
      facts f = answered(methods[m], status);
      bool get = m == 0, post = m == 3;
      bool expected = post ? status == 429 : one_of(status, again) || (get && status == 500);
      ia_decision d = decide(&f);
      if ((d.action == IA_RETRY_AFTER) != expected) fail_msg("%s %d", methods[m], status);
      bool rejected = status >= 400 && status < 500 && status != 408 && status != 425;
      assert_int_equal(ia_is_rejection(&f.error), rejected);
      if (post)
        assert_int_equal(d.outcome_unknown, !rejected);
      else
        assert_false(d.outcome_unknown);
      if (get) assert_false(d.maybe_applied);
      if (rejected) assert_false(d.maybe_applied);
      if (!get && status >= 500) assert_true(d.maybe_applied);
      if (!get && status >= 200 && status < 300) assert_true(d.maybe_applied);
    }
}

TEST(retry_post_after_408_gives_up) {
  static const int statuses[] = {408, 425};
  for (size_t i = 0; i < 2; i++) {
    facts post = answered("POST", statuses[i]), put = answered("PUT", statuses[i]),
          get = answered("GET", statuses[i]);
    ia_decision d = decide(&post);
    assert_true(d.action == IA_RETRY_STOP && d.outcome_unknown && d.maybe_applied);
    d = decide(&put);
    assert_true(d.action == IA_RETRY_AFTER && !d.outcome_unknown && d.maybe_applied);
    assert_int_equal(decide(&get).action, IA_RETRY_AFTER);
    assert_int_equal(post.error.status, IMGACT_UNAVAILABLE);
  }
}

// The flag counts for PUT and status 500 only.
TEST(retry_put_not_applied_needs_500) {
  for (size_t m = 0; m < 4; m++)
    for (int status = 500; status < 600; status++) {
      facts f = answered(methods[m], status);
      f.error.flags |= IMGACT_ERROR_PUT_NOT_APPLIED;
      bool open = m != 0 && !(m == 1 && status == 500);
      assert_int_equal(decide(&f).maybe_applied, open);
    }
}

TEST(retry_delivery_and_failure_follow_table) {
  for (size_t m = 0; m < 4; m++)
    for (int failure = IMGACT_FAILURE_NONE; failure <= IMGACT_FAILURE_NOMEM; failure++)
      for (int delivery = IMGACT_DELIVERY_NOT_SENT; delivery <= IMGACT_DELIVERY_MAYBE_SENT;
           delivery++) {
        facts f = failed(methods[m], (imgact_delivery)delivery, (imgact_failure)failure);
        bool passing = failure == IMGACT_FAILURE_NETWORK || failure == IMGACT_FAILURE_TIMEOUT;
        bool out = delivery == IMGACT_DELIVERY_MAYBE_SENT;
        ia_decision d = decide(&f);
        assert_int_equal(d.action, passing && (m < 3 || !out) ? IA_RETRY_AFTER : IA_RETRY_STOP);
        assert_int_equal(d.outcome_unknown, m == 3 && out);
        assert_int_equal(d.maybe_applied, m > 0 && out);
      }
}

TEST(retry_error_flags_decide) {
  for (size_t m = 0; m < 4; m++) {
    facts passing = answered(methods[m], 409), undone = answered(methods[m], 409);
    passing.error.flags = IMGACT_ERROR_RETRYABLE;
    undone.error.flags = IMGACT_ERROR_RETRYABLE | IMGACT_ERROR_NOT_APPLIED;
    ia_decision d = decide(&passing);
    assert_int_equal(d.action, m < 3 ? IA_RETRY_AFTER : IA_RETRY_STOP);
    assert_int_equal(d.maybe_applied, m > 0);
    assert_int_equal(d.outcome_unknown, m == 3);
    d = decide(&undone);
    assert_int_equal(d.action, IA_RETRY_AFTER);
    assert_false(d.maybe_applied);
  }
}

TEST(retry_stops_after_attempts_or_budget) {
  facts f = answered("GET", 503);
  for (f.attempt.attempts = 1; f.attempt.attempts <= 5; f.attempt.attempts++)
    assert_int_equal(decide(&f).action, f.attempt.attempts < 5 ? IA_RETRY_AFTER : IA_RETRY_STOP);
  f.attempt.attempts = 1;
  f.attempt.retry_budget = 1;
  assert_int_equal(decide(&f).action, IA_RETRY_AFTER);
  f.attempt.retry_budget = 0;
  assert_int_equal(decide(&f).action, IA_RETRY_BUDGET_EXHAUSTED);
  f.attempt.max_attempts = 1;
  assert_int_equal(decide(&f).action,
                   IA_RETRY_STOP); // no attempt left, so the budget does not matter
}

TEST(backoff_doubles_up_to_60s) {
  static const int64_t full[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
  for (int32_t i = 0; i < 9; i++) {
    assert_int_equal(ia_backoff_ms(1000, i + 1, 0.0), full[i] / 2);
    assert_int_in_range(ia_backoff_ms(1000, i + 1, 0.5), full[i] * 3 / 4 - 1, full[i] * 3 / 4 + 1);
    assert_int_in_range(ia_backoff_ms(1000, i + 1, 0.999999999), full[i] - 2, full[i]);
  }
  assert_int_equal(ia_backoff_ms(1000, INT32_MAX, 0.0), 30000);
  assert_int_equal(ia_backoff_ms(INT64_MAX, 1, 0.0), 30000);
  assert_int_in_range(ia_backoff_ms(1, 1, 0.9), 0, 1);
}

TEST(retry_after_above_60s_gives_up) {
  static const int64_t asked[] = {1, 500, 1000, 59999, 60000};
  facts f = answered("GET", 429);
  for (size_t i = 0; i < 5; i++) {
    f.error.retry_after_ms = asked[i];
    ia_decision d = decide(&f);
    assert_int_equal(d.action, IA_RETRY_AFTER);
    assert_int_equal(d.delay_ms, asked[i]);
  }
  f.error.retry_after_ms = 60001;
  assert_int_equal(decide(&f).action, IA_RETRY_TOO_LATE);
  f.error.retry_after_ms = INT64_MAX;
  assert_int_equal(decide(&f).action, IA_RETRY_TOO_LATE);
  f.error.retry_after_ms = 5000;
  f.attempt.left_ms = 4999;
  assert_int_equal(decide(&f).action, IA_RETRY_TOO_LATE); // past the deadline
  f.attempt.left_ms = 5000;
  assert_int_equal(decide(&f).action, IA_RETRY_AFTER);
  f.error.retry_after_ms = 0; // 0: the library's back-off applies
  assert_int_equal(decide(&f).delay_ms, 500);
}

TEST(retry_reset_used_without_retry_after) {
  facts f = answered("GET", 429);
  f.attempt.wait_hint_ms = 20000;
  assert_int_equal(decide(&f).delay_ms, 20000);
  f.attempt.wait_hint_ms = 100;
  assert_int_equal(decide(&f).delay_ms, 500); // never less than the library's back-off
  f.attempt.wait_hint_ms = 60001;
  ia_decision d = decide(&f);
  assert_int_equal(d.action, IA_RETRY_TOO_LATE);
  assert_int_equal(d.asked_ms, 60001);
  f.error.retry_after_ms = 3000;
  assert_int_equal(decide(&f).delay_ms, 3000);
  f = answered("GET", 503); // a reset does not apply to an outage
  f.attempt.wait_hint_ms = 3000000;
  assert_int_equal(decide(&f).action, IA_RETRY_AFTER);
}

TEST(retry_after_reads_seconds_or_date) {
  const int64_t now = 1767225600000; // Thu, 01 Jan 2026 00:00:00 GMT
  assert_int_equal(ia_retry_after_ms("0", now), 0);
  assert_int_equal(ia_retry_after_ms("30", now), 30000);
  assert_true(ia_retry_after_ms("9223372036854775807", now) == INT64_MAX);
  assert_int_equal(ia_retry_after_ms("Thu, 01 Jan 2026 00:00:42 GMT", now), 42000);
  assert_int_equal(ia_retry_after_ms("Wed, 31 Dec 2025 23:59:59 GMT", now), 0);
  static const char *const nonsense[] = {"",   "-1", "soon", "1.5", "Thu, 41 Jan 2026 00:00:42 GMT",
                                         "1 s"};
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
    assert_int_equal(ia_retry_after_ms(nonsense[i], now), -1);
  assert_int_equal(ia_retry_after_ms(NULL, now), -1);
}

int main(void) { return testing_run(NULL, NULL); }
