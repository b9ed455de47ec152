// SPDX-License-Identifier: MIT
// Waiting: the status alone decides, polls are shared, and a wait does not give up early.
#include "cloud.h"
#include "harness.h"

#include <imgact/provider.h>

#define HZ_ACTION(id, status) "{\"id\":" #id ",\"command\":\"x\",\"status\":\"" status "\"}"
#define HZ_ACTIONS(items)     "{\"actions\":[" items "]}"

static harness *every_second(bool digitalocean) {
  return harness_with(
      (harness_options){.digitalocean = digitalocean, .client = {.poll_interval_ms = 1000}});
}

static imgact_op *wait_for(harness *s, const char *id) {
  return imgact_wait_actions(s->client, &id, 1, NULL);
}

TEST(wait_status_alone_decides) {
  harness *s = every_second(false);
  scripted_json(
      s->script, 200,
      HZ_ACTIONS(
          "{\"id\":1,\"status\":\"running\",\"progress\":100,\"finished\":\"2026-01-01T00:00:00Z\","
          "\"error\":{\"code\":\"a\",\"message\":\"b\"}}"));
  scripted_json(s->script, 200,
                HZ_ACTIONS("{\"id\":1,\"status\":\"success\",\"progress\":3,\"error\":{\"code\":"
                           "\"a\",\"message\":\"b\"}}"));
  imgact_op *op = harness_run(wait_for(s, "1"), IMGACT_OK);
  assert_null(imgact_op_action(op)->error_code);
  scripted_assert_times(s->script, 0, 1000);

  imgact_op_free(op);
  harness_free(s);
}

TEST(wait_failed_or_unknown_status_ends) {
  harness *s = every_second(false);
  scripted_json(
      s->script, 200,
      HZ_ACTIONS("{\"id\":1,\"status\":\"error\",\"error\":{\"code\":\"c\",\"message\":\"m\"}}"));
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(1, "on-fire")));
  imgact_op *op = harness_run(wait_for(s, "1"), IMGACT_ACTION_FAILED);

  assert_string_equal(imgact_op_action(op)->error_message, "m");
  assert_string_equal(imgact_op_error(op)->provider, "hetzner");
  imgact_op_free(op);
  op = harness_run(wait_for(s, "1"), IMGACT_PROTOCOL);
  assert_string_equal(imgact_op_action(op)->provider_status, "on-fire");

  imgact_op_free(op);
  harness_free(s);
}

// A Retry-After of any length does not end the wait; its deadline does.
TEST(wait_long_retry_after_continues) {
  static const scripted_answer pauses[] = {
      {.status = 429, .body = "{}", .headers = "Retry-After: 600\n"},
      {.status = 503, .body = "{}", .headers = "Retry-After: 600\n"}};

  for (size_t i = 0; i < 2; i++) {
    harness *s = every_second(false);
    scripted_next(s->script, pauses[i]);
    scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(1, "success")));
    imgact_op_free(harness_run(wait_for(s, "1"), IMGACT_OK));
    scripted_assert_times(s->script, 0, 600000);
    scripted_next(s->script, pauses[i]);
    imgact_op *op = harness_configure(wait_for(s, "1"), (imgact_op_options){.deadline_ms = 300000});
    imgact_op_free(harness_run(op, IMGACT_TIMEOUT));
    harness_free(s);
  }
}

TEST(wait_missing_id_is_not_found) {
  static const char *const ids[] = {"1", "2", "3"};
  harness *s = every_second(false);
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(3, "success") "," HZ_ACTION(1, "running")));
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(1, "success")));
  imgact_op *op = harness_run(imgact_wait_actions(s->client, ids, 3, NULL), IMGACT_NOT_FOUND);
  size_t count = 0;
  const imgact_action *const *actions = imgact_op_actions(op, &count);

  assert_int_equal(count, 2);
  assert_string_equal(actions[0]->id, "1");
  assert_string_equal(actions[1]->id, "3");
  scripted_assert_lines(s->script, "GET /v1/actions?id=1&id=2&id=3", "GET /v1/actions?id=1");

  imgact_op_free(op);
  harness_free(s);
}

TEST(wait_id_beyond_page_polled_alone) {
  static const char *const ids[] = {"1", "2", "3"};
  harness *s = every_second(false);
  scripted_json(s->script, 200,
                "{\"actions\":[" HZ_ACTION(
                    1, "success") "],\"meta\":{\"pagination\":{\"page\":1,\"next_page\":2}}}");
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(2, "success")));
  scripted_json(s->script, 200,
                "{\"actions\":[],\"meta\":{\"pagination\":{\"page\":1,\"next_page\":2}}}");
  imgact_op *op = harness_run(imgact_wait_actions(s->client, ids, 3, NULL), IMGACT_NOT_FOUND);
  size_t count = 0;
  (void)imgact_op_actions(op, &count);

  assert_int_equal(count, 2);
  scripted_assert_lines(s->script, "GET /v1/actions?id=1&id=2&id=3", "GET /v1/actions?id=2",
                        "GET /v1/actions?id=3");
  scripted_assert_times(s->script, 0, 0, 0);

  imgact_op_free(op);
  harness_free(s);
}

TEST(wait_reports_progress_per_action) {
  static const char *const ids[] = {"1", "2", "3"};
  harness *s = every_second(false);
  tally t = {0};
  scripted_json(
      s->script, 200,
      HZ_ACTIONS(HZ_ACTION(1, "running") "," HZ_ACTION(2, "running") "," HZ_ACTION(3, "running")));
  scripted_json(
      s->script, 200,
      HZ_ACTIONS(HZ_ACTION(1, "running") "," HZ_ACTION(2, "success") "," HZ_ACTION(3, "running")));
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(1, "success") "," HZ_ACTION(3, "success")));
  imgact_op *op = imgact_wait_actions(s->client, ids, 3, NULL);
  imgact_op_set_progress(op, tally_progress, &t);

  imgact_op_start(op, tally_done, &t);
  harness_run(op, IMGACT_OK);
  assert_int_equal(t.progress, 5);
  assert_int_equal(t.done, 1);

  imgact_op_free(op);
  harness_free(s);
}

TEST(poll_batches_several_operations) {
  harness *s = every_second(false);
  cloud *c = cloud_new(s->script, true);
  imgact_op *ops[60];

  for (size_t i = 0; i < 60; i++) {
    char id[16];
    const char *ids[] = {id};
    snprintf(id, sizeof id, "%zu", 9001 + i);
    cloud_add_action(c, "change_protection", "", 0, 500);
    imgact_op_start(ops[i] = imgact_wait_actions(s->client, ids, 1, NULL), NULL, NULL);
  }
  imgact_loop_run(s->loop);
  scripted_assert_times(s->script, 0, 0, 0, 1000, 1000, 1000);
  for (size_t i = 0; i < 60; i++) {
    assert_status(ops[i], IMGACT_OK);
    imgact_op_free(ops[i]);
  }

  harness_free(s);
  cloud_free(c);
}

// A batch may outlive the operations of its ids.
TEST(poll_retry_drops_ended_ids) {
  harness *s = every_second(false);
  imgact_op *ops[3];
  static const char *const ids[] = {"1", "2", "3"};

  for (size_t i = 0; i < 3; i++)
    imgact_op_start(ops[i] = imgact_wait_actions(s->client, &ids[i], 1, NULL), NULL, NULL);
  scripted_json(s->script, 503, "{}");
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(2, "success")));
  imgact_loop_dispatch(s->loop);
  imgact_op_free(ops[0]);
  imgact_op_cancel(ops[2]);
  imgact_loop_run(s->loop);
  scripted_assert_lines(s->script, "GET /v1/actions?id=1&id=2&id=3", "GET /v1/actions?id=2");
  assert_status(ops[1], IMGACT_OK);

  imgact_op_free(ops[1]);
  imgact_op_free(ops[2]);
  harness_free(s);
}

TEST(poll_other_attempts_not_batched) {
  static const char *const ids[] = {"1", "2"};
  harness *s = every_second(false);
  scripted_json(s->script, 503, "{}");
  scripted_json(s->script, 503, "{}");
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(1, "success")));
  imgact_op *no_early_rejection = imgact_wait_actions(s->client, &ids[0], 1, NULL);
  imgact_op *hasty = harness_configure(imgact_wait_actions(s->client, &ids[1], 1, NULL),
                                       (imgact_op_options){.max_attempts = 1});

  imgact_op_start(no_early_rejection, NULL, NULL);
  imgact_op_start(hasty, NULL, NULL);
  imgact_loop_run(s->loop);
  scripted_assert_lines(s->script, "GET /v1/actions?id=1", "GET /v1/actions?id=2",
                        "GET /v1/actions?id=1");
  assert_status(no_early_rejection, IMGACT_OK);
  assert_status(hasty, IMGACT_UNAVAILABLE);

  imgact_op_free(no_early_rejection);
  imgact_op_free(hasty);
  harness_free(s);
}

static const char refusal[] =
    "{\"error\":{\"code\":\"invalid_input\",\"message\":\"invalid input in field 'id'\"}}";

TEST(poll_rejected_id_spares_others) {
  static const char *const ids[] = {"13", "99", "14"};
  harness *s = every_second(false);
  imgact_op *ops[3];
  scripted_json(s->script, 422, refusal);
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(13, "success")));
  scripted_json(s->script, 422, refusal);
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(14, "running")));
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(14, "success")));

  for (size_t i = 0; i < 3; i++)
    imgact_op_start(ops[i] = imgact_wait_actions(s->client, &ids[i], 1, NULL), NULL, NULL);
  imgact_loop_run(s->loop);
  scripted_assert_lines(s->script, "GET /v1/actions?id=13&id=99&id=14", "GET /v1/actions?id=13",
                        "GET /v1/actions?id=99", "GET /v1/actions?id=14", "GET /v1/actions?id=14");
  assert_status(ops[0], IMGACT_OK);
  assert_status(ops[1], IMGACT_INVALID_INPUT);
  assert_status(ops[2], IMGACT_OK);

  for (size_t i = 0; i < 3; i++) imgact_op_free(ops[i]);
  harness_free(s);
}

// An error that concerns all ids alike is not retried for each.
TEST(wait_rejected_token_ends_at_once) {
  static const char *const ids[] = {"13", "14"};
  harness *s = every_second(false);
  scripted_json(s->script, 401, "{\"error\":{\"code\":\"unauthorized\",\"message\":\"no\"}}");
  harness_expect(imgact_wait_actions(s->client, ids, 2, NULL), IMGACT_UNAUTHORIZED);
  scripted_assert_lines(s->script, "GET /v1/actions?id=13&id=14");
  harness_free(s);
}

TEST(wait_failing_poll_ends_after_attempts) {
  harness *s = every_second(true);
  scripted_json(s->script, 200, "{\"action\":{\"id\":1,\"status\":\"in-progress\"}}");
  for (int i = 0; i < 9; i++)
    scripted_fail(s->script, IMGACT_DELIVERY_MAYBE_SENT, IMGACT_FAILURE_TIMEOUT);
  imgact_op *op = harness_run(wait_for(s, "1"), IMGACT_NETWORK);
  assert_int_equal(imgact_op_action(op)->status,
                   IMGACT_ACTION_STATUS_RUNNING); // the last known state
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  scripted_assert_used_up(s->script);
  imgact_op_free(op);
  harness_free(s);
}

// A Retry-After above 60 s ends no wait: its next poll comes then, or after an hour, unless the
// deadline comes first.
TEST(poll_outlasts_long_retry_after) {
  static const struct {
    int32_t status;
    const char *headers;
    int64_t next_ms;
  } cases[] = {{429, "Retry-After: 600\n", 600000},
               {503, "Retry-After: 600\n", 600000},
               {503, "Retry-After: 7200\n", 3600000},
               {429, "Retry-After: 99999999999999999999\n", 3600000},
               {503, "Retry-After: 99999999999999999999\n", 3600000}};

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int64_t deadline_ms = 0; deadline_ms <= 500000; deadline_ms += 500000) {
      harness *s = every_second(true);
      scripted_next(
          s->script,
          (scripted_answer){.status = cases[i].status, .body = "{}", .headers = cases[i].headers});
      if (!deadline_ms)
        scripted_json(s->script, 200, "{\"action\":{\"id\":1,\"status\":\"completed\"}}");
      imgact_op *op =
          harness_configure(wait_for(s, "1"), (imgact_op_options){.deadline_ms = deadline_ms});
      harness_expect(op, deadline_ms ? IMGACT_TIMEOUT : IMGACT_OK);
      scripted_assert_used_up(s->script);
      int64_t expected_ms = deadline_ms ? deadline_ms : cases[i].next_ms;
      assert_int_in_range(scripted_now_ms(s->script), expected_ms,
                          expected_ms + 1000); // a 429 starts slowly
      harness_free(s);
    }
  }
}

TEST(wait_deadline_returns_last_state) {
  static const char *const ids[] = {"1", "2"};
  harness *s = every_second(false);
  scripted_on(
      s->script, "GET *",
      (scripted_answer){.status = 200,
                        .body = HZ_ACTIONS(HZ_ACTION(1, "running") "," HZ_ACTION(2, "success"))});
  imgact_op *op = harness_configure(imgact_wait_actions(s->client, ids, 2, NULL),
                                    (imgact_op_options){.deadline_ms = 3600000});

  harness_run(op, IMGACT_TIMEOUT);
  size_t count = 0;
  imgact_op_actions(op, &count);
  assert_int_equal(count, 2);
  assert_int_equal(scripted_now_ms(s->script), 3600000);

  imgact_op_free(op);
  harness_free(s);
}

TEST(wait_reports_rate_limit_of_poll) {
  harness *s = every_second(false);
  scripted_next(s->script,
                (scripted_answer){.status = 200,
                                  .body = HZ_ACTIONS(HZ_ACTION(1, "success")),
                                  .headers = "RateLimit-Limit: 7200\nRateLimit-Remaining: 7199\n"});
  imgact_op *op = harness_run(wait_for(s, "1"), IMGACT_OK);
  imgact_rate_limit rate;
  imgact_op_rate_limit(op, &rate);
  assert_int_equal(rate.limit, 7200);
  assert_int_equal(rate.remaining, 7199);
  imgact_op_free(op);
  harness_free(s);
}

TEST(wait_other_image_is_not_found) {
  static const char *const ids[] = {"1"};
  harness *s = every_second(false);
  scripted_json(
      s->script, 200,
      HZ_ACTIONS("{\"id\":1,\"status\":\"success\",\"resources\":[{\"id\":8,\"type\":\"image\"},"
                 "{\"id\":7,\"type\":\"server\"}]}"));
  imgact_op *op = harness_run(imgact_wait_actions(s->client, ids, 1, "7"), IMGACT_NOT_FOUND);
  assert_null(imgact_op_action(op));
  imgact_op_free(op);
  harness_free(s);
}

TEST(poll_retries_without_retry_budget) {
  harness *s =
      harness_with((harness_options){.digitalocean = true, .client = {.max_attempts = 1000}});
  scripted_on(s->script, "GET */images/*", (scripted_answer){.status = 503, .body = "{}"});
  harness_expect(imgact_get_image(s->client, "4711", NULL), IMGACT_UNAVAILABLE);
  assert_int_equal(scripted_count(s->script), 101); // the budget is used up
  scripted_json(s->script, 503, "{}");
  scripted_json(s->script, 200, "{\"action\":{\"id\":1,\"status\":\"completed\"}}");
  harness_expect(wait_for(s, "1"), IMGACT_OK);
  scripted_assert_used_up(s->script);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
