// SPDX-License-Identifier: MIT
// Retries: how often, when, until when, and the error of the last attempt.
#include "harness.h"

#include <imgact/provider.h>

#define IMAGE "{\"image\":{\"id\":1}}"

static imgact_op *get(harness *s) { return imgact_get_image(s->client, "1", NULL); }

static void reply(harness *s, int32_t status, const char *headers) {
  scripted_next(s->script, (scripted_answer){.status = status,
                                             .body = status == 200 ? IMAGE : "{}",
                                             .headers = headers});
}

TEST(retry_max_attempts_is_exact) {
  for (int32_t attempts = 1; attempts <= 7; attempts++) {
    harness *s = harness_new();
    scripted_on(s->script, "*", (scripted_answer){.delivery = IMGACT_DELIVERY_MAYBE_SENT});
    imgact_op *op = harness_run(
        harness_configure(get(s), (imgact_op_options){.max_attempts = attempts}), IMGACT_NETWORK);
    assert_int_equal(scripted_count(s->script), attempts);
    assert_int_equal(imgact_op_error(op)->http_status, 0);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    for (size_t i = 1; i < (size_t)attempts; i++) {
      int64_t gap = scripted_at(s->script, i)->sent_ms - scripted_at(s->script, i - 1)->sent_ms;
      int64_t full = INT64_C(1000) << (i - 1);
      assert_int_in_range(gap, full / 2, full < 60000 ? full : 60000);
    }
    imgact_op_free(op);
    harness_free(s);
  }
}

TEST(retry_transient_statuses_only) {
  static const int32_t passing[] = {429, 500, 502, 503, 504};
  static const int32_t final[] = {300, 400, 401, 403, 404, 405, 409,
                                  410, 412, 422, 423, 501, 505, 599};

  for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
    harness *s = harness_new();
    reply(s, passing[i], NULL);
    reply(s, 200, NULL);
    harness_expect(get(s), IMGACT_OK);
    scripted_assert_used_up(s->script);
    harness_free(s);
  }
  for (size_t i = 0; i < sizeof final / sizeof *final; i++) {
    harness *s = harness_digitalocean();
    reply(s, final[i], NULL);
    imgact_op *op = get(s);
    assert_int_not_equal(imgact_op_run(op), IMGACT_OK);
    assert_int_equal(imgact_op_error(op)->http_status, final[i]);
    scripted_assert_used_up(s->script);
    imgact_op_free(op);
    harness_free(s);
  }
}

TEST(retry_after_delays_retry) {
  static const char *const asks[] = {"Retry-After: 7\n",
                                     "retry-after: Thu, 01 Jan 2026 00:00:07 GMT\n"};
  for (size_t i = 0; i < 2; i++) {
    harness *s = harness_new();
    reply(s, 429, asks[i]);
    reply(s, 200, NULL);
    harness_expect(get(s), IMGACT_OK);
    scripted_assert_times(s->script, 0, 7000);
    harness_free(s);
  }
}

// A date in Retry-After is relative to the server's clock.
TEST(retry_after_date_uses_server_clock) {
  static const int64_t hours[] = {-3, 3};
  static const char *const dates[] = {"Retry-After: Wed, 31 Dec 2025 21:00:09 GMT\n",
                                      "Retry-After: Thu, 01 Jan 2026 03:00:09 GMT\n"};

  for (size_t i = 0; i < 2; i++) {
    harness *s = harness_new();
    scripted_next(s->script, (scripted_answer){.status = 503,
                                               .body = "{}",
                                               .headers = dates[i],
                                               .with_date = true,
                                               .cloud_ahead_ms = hours[i] * 3600000});
    reply(s, 200, NULL);
    harness_expect(get(s), IMGACT_OK);
    scripted_assert_times(s->script, 0, 9000);
    harness_free(s);
  }
}

TEST(retry_after_too_long_fails) {
  static const struct {
    int32_t status;
    const char *headers;
    imgact_status expected;
    int64_t retry_after_ms;
  } cases[] = {{429, "Retry-After: 61\n", IMGACT_RATE_LIMITED, 61000},
               {503, "Retry-After: 3600\n", IMGACT_UNAVAILABLE, 3600000},
               {429, "ratelimit-reset: 1767225700\n", IMGACT_RATE_LIMITED, 100000},
               {429, "Retry-After: 99999999999999999\n", IMGACT_RATE_LIMITED, INT64_MAX}};

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    harness *s = harness_digitalocean();
    reply(s, cases[i].status, cases[i].headers);
    imgact_op *op = harness_run(get(s), cases[i].expected);
    assert_true(imgact_op_error(op)->retry_after_ms == cases[i].retry_after_ms);
    assert_int_equal(scripted_count(s->script), 1);
    assert_int_equal(scripted_now_ms(s->script), 0);
    imgact_op_free(op);
    harness_free(s);
  }
}

TEST(retry_rate_limit_reset_per_provider) {
  harness *s = harness_digitalocean(); // when one more is possible
  reply(s, 429, "ratelimit-reset: 1767225620\n");
  reply(s, 200, NULL);

  harness_expect(get(s), IMGACT_OK);
  scripted_assert_times(s->script, 0, 20000);
  harness_free(s);
  s = harness_digitalocean(); // on its own clock, an hour behind ours
  scripted_next(s->script, (scripted_answer){.status = 429,
                                             .body = "{}",
                                             .headers = "ratelimit-reset: 1767222020\n",
                                             .with_date = true,
                                             .cloud_ahead_ms = -3600000});
  reply(s, 200, NULL);
  harness_expect(get(s), IMGACT_OK);
  scripted_assert_times(s->script, 0, 20000);
  harness_free(s);
  s = harness_digitalocean(); // a gateway's clock, which is years behind, does not make it years
                              // late
  scripted_next(s->script, (scripted_answer){.status = 200, .body = IMAGE, .with_date = true});
  scripted_next(s->script, (scripted_answer){.status = 429,
                                             .body = "{}",
                                             .headers = "ratelimit-reset: 1767225620\n",
                                             .with_date = true,
                                             .cloud_ahead_ms = -INT64_C(100000000000)});
  reply(s, 200, NULL);
  harness_expect(get(s), IMGACT_OK);
  harness_expect(get(s), IMGACT_OK);
  scripted_assert_times(s->script, 0, 0, 20000);
  harness_free(s);
  s = harness_digitalocean(); // in the past it means nothing
  reply(s, 429, "ratelimit-reset: 1767220000\n");
  reply(s, 200, NULL);
  harness_expect(get(s), IMGACT_OK);
  assert_int_in_range(scripted_at(s->script, 1)->sent_ms, 500, 1000);
  harness_free(s);
  s = harness_new(); // when the bucket is full: never waited for
  reply(s, 429, "RateLimit-Limit: 3600\nRateLimit-Remaining: 0\nRateLimit-Reset: 1767229200\n");
  reply(s, 200, NULL);
  harness_expect(get(s), IMGACT_OK);
  assert_int_in_range(scripted_at(s->script, 1)->sent_ms, 500, 2000);
  harness_free(s);
}

TEST(deadline_covers_all_attempts) {
  harness *s = harness_new();
  scripted_on(s->script, "*", (scripted_answer){.delay_ms = SCRIPTED_NEVER});
  imgact_op *op = harness_configure(get(s), (imgact_op_options){.deadline_ms = 45000});

  harness_run(op, IMGACT_TIMEOUT);
  assert_int_equal(scripted_now_ms(s->script), 45000);
  assert_int_equal(scripted_at(s->script, 0)->timeout_ms, 30000);
  assert_true(scripted_at(s->script, 1)->timeout_ms < 15000); // no longer than the deadline
  assert_true(scripted_at(s->script, 1)->cancelled || scripted_at(s->script, 1)->finished);
  imgact_op_free(op);
  harness_free(s);
  s = harness_new();
  reply(s, 429, "Retry-After: 10\n");
  op = harness_configure(get(s), (imgact_op_options){.deadline_ms = 9000});
  harness_run(op, IMGACT_RATE_LIMITED); // at once: the retry would come after the deadline
  assert_int_equal(scripted_now_ms(s->script), 0);

  imgact_op_free(op);
  harness_free(s);
}

TEST(retry_budget_exhausted_is_named) {
  harness *s = harness_with((harness_options){.client = {.max_attempts = 1000}});
  char body[700]; // a sentence that fills an error
  snprintf(body, sizeof body, "{\"error\":{\"code\":\"unavailable\",\"message\":\"%0600d\"}}", 7);
  scripted_on(s->script, "GET /v1/images/1", (scripted_answer){.status = 503, .body = body});
  scripted_on(s->script, "GET /v1/images/2",
              (scripted_answer){.status = 200, .body = "{\"image\":{\"id\":2}}"});
  imgact_op *op = harness_run(get(s), IMGACT_UNAVAILABLE);

  assert_int_equal(scripted_count(s->script), 101);
  assert_non_null(strstr(imgact_op_error(op)->message, "retry budget of 100 exhausted"));
  imgact_op_free(op);
  harness_expect(get(s), IMGACT_UNAVAILABLE);
  assert_int_equal(scripted_count(s->script), 102);
  for (int i = 0; i < 3; i++)
    harness_expect(imgact_get_image(s->client, "2", NULL), IMGACT_OK); // each gives one back
  harness_expect(get(s), IMGACT_UNAVAILABLE);
  assert_int_equal(scripted_count(s->script), 109);
  harness_free(s);
}

TEST(retry_error_is_last_failure) {
  harness *s = harness_new();
  scripted_json(s->script, 503,
                "{\"error\":{\"code\":\"unavailable\",\"message\":\"one\",\"details\":{\"n\":1}}}");
  scripted_next(s->script, (scripted_answer){
                               .status = 404,
                               .body = "{\"error\":{\"code\":\"not_found\",\"message\":\"two\"}}",
                               .headers = "X-Correlation-Id: c-2\n"});
  scripted_json(s->script, 200, "{\"images\":[]}"); // the number could be a name
  imgact_op *op = harness_run(get(s), IMGACT_NOT_FOUND);

  assert_null(imgact_op_error_details(op));
  assert_string_equal(imgact_op_error(op)->message, "two");
  assert_string_equal(imgact_op_error(op)->request_id, "c-2");
  assert_string_equal(imgact_op_error(op)->provider_code, "not_found");
  imgact_op_free(op);
  harness_free(s);
  s = harness_new();
  scripted_json(s->script, 404,
                "{\"error\":{\"code\":\"not_found\",\"message\":\"no\",\"details\":{\"n\":1}}}");
  scripted_json(s->script, 200, "{\"images\":[{\"id\":7,\"name\":\"1\"}]}");
  op = harness_run(get(s), IMGACT_OK);
  assert_null(imgact_op_error_details(op));
  assert_string_equal(imgact_op_image(op)->id, "7");

  imgact_op_free(op);
  harness_free(s);
}

TEST(retry_network_error_drops_earlier_details) {
  harness *s = harness_new();
  scripted_json(s->script, 503,
                "{\"error\":{\"code\":\"unavailable\",\"message\":\"one\",\"details\":{\"n\":1}}}");
  scripted_fail(s->script, IMGACT_DELIVERY_MAYBE_SENT, IMGACT_FAILURE_NETWORK);
  imgact_op *op = harness_run(harness_configure(get(s), (imgact_op_options){.max_attempts = 2}),
                              IMGACT_NETWORK);
  scripted_assert_used_up(s->script);
  assert_null(imgact_op_error_details(op));
  assert_string_equal(imgact_op_error(op)->provider_code, "");
  imgact_op_free(op);
  harness_free(s);
}

// A deadline in a back-off names the failure before it, whatever the operation was doing.
TEST(deadline_in_backoff_names_last_failure) {
  static const char *const ids[] = {"7"};
  for (int kind = 0; kind < 6; kind++) {
    harness *s = harness_new();
    bool waits_for_its_action = kind == 5;
    if (waits_for_its_action)
      scripted_on(s->script, "POST *",
                  (scripted_answer){.status = 201,
                                    .body =
                                        "{\"action\":{\"id\":7,\"command\":\"change_protection\","
                                        "\"status\":\"running\",\"progress\":0,"
                                        "\"resources\":[{\"id\":1,\"type\":\"image\"}]}}"});
    scripted_on(s->script, "*",
                (scripted_answer){.status = 503,
                                  .body = "{\"error\":{\"code\":\"x\",\"message\":\"closed\"}}"});
    imgact_op *op = kind == 0   ? get(s)
                    : kind == 1 ? imgact_get_image(s->client, "a-name", NULL)
                    : kind == 2 ? imgact_list_images(s->client, NULL)
                    : kind == 3 ? imgact_wait_actions(s->client, ids, 1, NULL)
                                : imgact_protect_image(s->client, "1");
    if (waits_for_its_action) imgact_op_set_wait(op, 1);
    harness_run(harness_configure(op, (imgact_op_options){.deadline_ms = 3000}), IMGACT_TIMEOUT);
    if (!strstr(imgact_op_error(op)->message, "closed"))
      fail_msg("kind %d: %s", kind, imgact_op_error(op)->message);
    assert_int_equal(imgact_op_error(op)->http_status, 503);
    imgact_op_free(op);
    harness_free(s);
  }
}

// Another request has the only place when the back-off ends.
TEST(deadline_in_queue_names_last_failure) {
  harness *s = harness_with((harness_options){.client = {.concurrency = 1}});
  scripted_on(s->script, "GET /v1/images/2", (scripted_answer){.delay_ms = SCRIPTED_NEVER});
  reply(s, 503, NULL);
  imgact_op *op = harness_configure(get(s), (imgact_op_options){.deadline_ms = 5000});
  imgact_op *other = imgact_get_image(s->client, "2", NULL);

  imgact_op_start(op, NULL, NULL);
  imgact_op_start(other, NULL, NULL);
  harness_run(op, IMGACT_TIMEOUT);
  assert_int_equal(scripted_count(s->script), 2);
  assert_int_equal(imgact_op_error(op)->http_status, 503);
  assert_non_null(strstr(imgact_op_error(op)->message, "the last attempt failed"));

  imgact_op_free(op);
  imgact_op_free(other);
  harness_free(s);
}

TEST(rate_limit_reported_from_own_response) {
  harness *s = harness_new();
  imgact_op *ops[2];
  char headers[2][80];
  imgact_rate_limit rate;

  for (int i = 0; i < 2; i++) {
    snprintf(headers[i], sizeof headers[i], "RateLimit-Limit: 3600\nRateLimit-Remaining: %d\n",
             3000 + i);
    reply(s, 200, headers[i]);
    ops[i] = harness_run(get(s), IMGACT_OK);
  }
  for (int i = 0; i < 2; i++) {
    imgact_op_rate_limit(ops[i], &rate);
    assert_int_equal(rate.remaining, 3000 + i);
    imgact_op_free(ops[i]);
  }
  imgact_client_rate_limit(s->client, &rate);
  assert_int_equal(rate.remaining, 3001);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
