// SPDX-License-Identifier: MIT
// Mutations with lost responses: what is sent, when, and the result.
#include "mutation_fixture.h"

// ---- applied although the response was lost

TEST(mutation_lost_response_adopts_action) {
  const cloud_outcome outcomes[] = {
      lost_applied,
      replied(1, 500, "{}"),
      replied(1, 502, "<html>"),
      replied(1, 503, NULL),
      replied(1, 504, "{}"),
      replied(1, 301, NULL),
      replied(1, 200, "{}"),
      replied(1, 201, NULL),
      replied(1, 201, "{\"action\":{\"id\":null}}"),
      replied(1, 201, "{\"action\":"),
      {.effects = 1,
       .answer = {.failure = IMGACT_FAILURE_TIMEOUT, .delivery = IMGACT_DELIVERY_MAYBE_SENT}},
      {.effects = 1,
       .answer = {.failure = IMGACT_FAILURE_TOO_LARGE, .delivery = IMGACT_DELIVERY_MAYBE_SENT}},
      {.effects = 1,
       .answer = {.failure = IMGACT_FAILURE_ENCODING, .delivery = IMGACT_DELIVERY_MAYBE_SENT}},
      {.effects = 1,
       .answer = {.failure = IMGACT_FAILURE_TLS, .delivery = IMGACT_DELIVERY_MAYBE_SENT}},
      {.effects = 1,
       .answer = {.failure = IMGACT_FAILURE_NOMEM, .delivery = IMGACT_DELIVERY_MAYBE_SENT}}};

  for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
    mutation_fixture p = fixture_digitalocean();
    cloud_plan(p.cloud, outcomes[i]);
    imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
    scripted_assert_lines(p.script, DO_POST, DO_ACTIONS);
    assert_true(imgact_op_adopted(op));
    assert_string_equal(imgact_op_action(op)->id, "9001");
    assert_string_equal(imgact_op_error(op)->message, "");
    assert_null(imgact_op_error_details(op));
    assert_int_equal(p.cloud->applied, 1);
    imgact_op_free(op);
    fixture_free(&p);
  }
}

TEST(mutation_wait_polls_adopted_action) {
  mutation_fixture p = fixture_digitalocean();
  cloud_plan(p.cloud, lost_applied);
  imgact_op *op = transfer(&p);
  tally t = {0};
  imgact_op_set_wait(op, 1);
  imgact_op_set_progress(op, tally_progress, &t);

  harness_run(op, IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_SUCCESS);
  assert_int_equal(t.progress, 5); // when it was found, and at 1, 2, 3 and 4 s
  scripted_assert_lines(p.script, DO_POST, DO_ACTIONS, "GET /v2/images/4711/actions/9001",
                        "GET /v2/images/4711/actions/9001", "GET /v2/images/4711/actions/9001",
                        "GET /v2/images/4711/actions/9001", "GET /v2/images/4711/actions/9001");

  imgact_op_free(op);
  fixture_free(&p);
}

TEST(mutation_effect_without_action_succeeds) {
  mutation_fixture p = fixture_digitalocean();
  p.cloud->silent = true;
  cloud_plan(p.cloud, lost_applied);
  imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
  scripted_assert_lines(p.script, DO_POST, DO_ACTIONS, DO_IMAGE);
  assert_true(imgact_op_adopted(op));
  assert_null(imgact_op_action(op));
  assert_string_equal(imgact_op_image(op)->id, CLOUD_IMAGE);
  imgact_op_free(op);
  fixture_free(&p);
}

// ---- not applied

TEST(mutation_without_effect_resent_after_settle) {
  mutation_fixture p = fixture_digitalocean();
  cloud_plan(p.cloud, lost_unapplied);
  imgact_op *op = harness_run(transfer(&p), IMGACT_OK);

  scripted_assert_lines(p.script, DO_POST, DO_ACTIONS, DO_IMAGE, DO_ACTIONS, DO_IMAGE, DO_ACTIONS,
                        DO_IMAGE, DO_ACTIONS, DO_IMAGE, DO_ACTIONS, DO_IMAGE, DO_ACTIONS, DO_IMAGE,
                        DO_POST);
  scripted_assert_times(p.script, 0, 0, 0, 2000, 2000, 4000, 4000, 6000, 6000, 8000, 8000, 10000,
                        10000, 10000);
  assert_false(imgact_op_adopted(op));
  assert_string_equal(imgact_op_action(op)->id, "9001");
  assert_int_equal(p.cloud->applied, 1);

  imgact_op_free(op);
  fixture_free(&p);
}

TEST(mutation_resend_waits_for_retry_after) {
  static const struct {
    const char *asked;
    int64_t deadline_ms, second_ms; // -1: it is not sent again
  } cases[] = {{"Retry-After: 5\n", 0, 10000},
               {"Retry-After: 30\n", 0, 30000},
               {"Retry-After: 30\n", 25000, -1},
               {"Retry-After: 3600\n", 0, -1}};

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    mutation_fixture p = fixture_digitalocean();
    cloud_plan(p.cloud, (cloud_outcome){.answer = {.status = 503, .headers = cases[i].asked}});
    bool again = cases[i].second_ms >= 0;
    imgact_op *op =
        harness_configure(transfer(&p), (imgact_op_options){.deadline_ms = cases[i].deadline_ms});
    harness_run(op, again ? IMGACT_OK : IMGACT_UNAVAILABLE);
    assert_int_equal(p.cloud->mutations, again ? 2 : 1);
    if (again)
      assert_int_equal(scripted_at(p.script, scripted_count(p.script) - 1)->sent_ms,
                       cases[i].second_ms);
    if (!again) assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    imgact_op_free(op);
    fixture_free(&p);
  }
}

TEST(mutation_long_api_message_keeps_reason) {
  char body[700];
  mutation_fixture p = fixture_digitalocean();
  snprintf(body, sizeof body, "{\"id\":\"x\",\"message\":\"%0600d\"}", 7);
  cloud_plan(p.cloud, replied(0, 503, body));
  cloud_add_action(p.cloud, "transfer", "nyc3", 0, 1000);
  cloud_add_action(p.cloud, "transfer", "nyc3", 0, 1000);
  imgact_op *op = harness_run(transfer(&p), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "several actions may be its effect"));
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(lookup_action_listed_late_is_adopted) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->hidden_ms = 7000;
  p.cloud->action_ms = 0;
  cloud_plan(p.cloud, lost_applied);
  p.cloud->is_protected = true;
  imgact_op *op = harness_run(imgact_unprotect_image(p.client, CLOUD_IMAGE), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(p.cloud->applied, 1);
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(mutation_attempts_exhausted_returns_last_error) {
  for (int32_t attempts = 1; attempts <= 3; attempts++) {
    mutation_fixture p = fixture_digitalocean();
    for (int i = 0; i < 5; i++)
      cloud_plan(p.cloud,
                 replied(0, 503, "{\"id\":\"service_unavailable\",\"message\":\"not now\"}"));
    imgact_op *op = harness_configure(transfer(&p), (imgact_op_options){.max_attempts = attempts});
    harness_run(op, IMGACT_UNAVAILABLE);
    assert_int_equal(p.cloud->mutations, attempts);
    assert_int_equal(imgact_op_error(op)->http_status, 503);
    assert_string_equal(imgact_op_error(op)->message, "not now");
    assert_string_equal(imgact_op_error(op)->provider, "digitalocean");
    assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_null(imgact_op_action(op));
    assert_null(imgact_op_image(op));
    imgact_op_free(op);
    fixture_free(&p);
  }
}

TEST(mutation_not_applied_retries_without_lookup) {
  const cloud_outcome outcomes[] = {
      {.answer = {.delivery = IMGACT_DELIVERY_NOT_SENT, .failure = IMGACT_FAILURE_NETWORK}},
      {.answer = {.delivery = IMGACT_DELIVERY_NOT_SENT, .failure = IMGACT_FAILURE_TIMEOUT}},
      replied(0, 429, "{}"),
      replied(0, 409, "{\"error\":{\"code\":\"conflict\",\"message\":\"m\"}}")};

  for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
    mutation_fixture p = fixture_hetzner();
    cloud_plan(p.cloud, outcomes[i]);
    harness_expect(protect(&p), IMGACT_OK);
    scripted_assert_lines(p.script, HZ_POST, HZ_POST);
    assert_int_in_range(scripted_at(p.script, 1)->sent_ms, 500, 1000);
    assert_int_equal(p.cloud->applied, 1);
    fixture_free(&p);
  }
}

TEST(mutation_4xx_fails_without_retry) {
  static const struct {
    int http;
    const char *code;
    imgact_status status;
  } refusals[] = {{400, "invalid_input", IMGACT_INVALID_INPUT},
                  {401, "unauthorized", IMGACT_UNAUTHORIZED},
                  {403, "forbidden", IMGACT_FORBIDDEN},
                  {403, "resource_limit_exceeded", IMGACT_LIMIT_EXCEEDED},
                  {404, "not_found", IMGACT_NOT_FOUND},
                  {409, "uniqueness_error", IMGACT_CONFLICT},
                  {422, "service_error", IMGACT_INVALID_INPUT},
                  {423, "protected", IMGACT_PROTECTED},
                  {423, "locked", IMGACT_LOCKED}};

  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    mutation_fixture p = fixture_hetzner();
    char body[160];
    snprintf(body, sizeof body,
             "{\"error\":{\"code\":\"%s\",\"message\":\"m\",\"details\":{\"a\":1}}}",
             refusals[i].code);
    cloud_plan(p.cloud, replied(0, refusals[i].http, body));
    imgact_op *op = harness_run(protect(&p), refusals[i].status);
    bool locked = refusals[i].status == IMGACT_LOCKED; // its details name running actions
    assert_int_equal(p.cloud->mutations, 1);
    assert_int_equal(scripted_count(p.script), locked ? 2 : 1);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_string_equal(imgact_op_error_details(op),
                        locked ? "{\"a\":1,\"running\":[]}" : "{\"a\":1}");
    assert_string_equal(imgact_op_error(op)->provider, "hetzner");
    imgact_op_free(op);
    fixture_free(&p);
  }
}

// The code decides before the status: a transient code under a 4xx may have been applied.
TEST(mutation_transient_4xx_starts_lookup) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->action_ms = 0;
  cloud_plan(p.cloud, replied(1, 408, "{\"error\":{\"code\":\"timeout\",\"message\":\"m\"}}"));
  imgact_op *op = harness_run(protect(&p), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(p.cloud->applied, 1);
  imgact_op_free(op);
  fixture_free(&p);
}

// ---- sent again, and rejected

TEST(mutation_resend_rejected_looks_up_again) {
  mutation_fixture p = fixture_digitalocean();
  p.cloud->hidden_ms = 11000; // later than the settle time
  p.cloud->silent = true;
  cloud_plan(p.cloud, lost_unapplied);
  cloud_plan(p.cloud,
             replied(0, 422, "{\"id\":\"unprocessable_entity\",\"message\":\"already there\"}"));
  imgact_op *op = harness_run(transfer(&p), IMGACT_INVALID_INPUT);

  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED); // two lookups, each for the whole settle time
  assert_string_equal(imgact_op_error(op)->message, "already there");
  assert_int_equal(p.cloud->mutations, 2);
  assert_int_equal(scripted_at(p.script, scripted_count(p.script) - 1)->sent_ms, 20000);

  imgact_op_free(op);
  fixture_free(&p);
}

TEST(mutation_resend_rejected_adopts_first_action) {
  mutation_fixture p = fixture_digitalocean();
  cloud_plan(p.cloud, lost_unapplied);
  cloud_plan(p.cloud,
             replied(1, 422, "{\"id\":\"unprocessable_entity\",\"message\":\"already there\"}"));
  imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_string_equal(imgact_op_action(op)->id, "9001");
  imgact_op_free(op);
  fixture_free(&p);
}

// ---- ambiguous

TEST(lookup_several_candidates_is_ambiguous) {
  mutation_fixture p = fixture_digitalocean();
  cloud_plan(p.cloud, (cloud_outcome){.effects = 2});
  imgact_op *op = harness_run(transfer(&p), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_null(imgact_op_action(op));
  assert_false(imgact_op_adopted(op));
  scripted_assert_lines(p.script, DO_POST, DO_ACTIONS);
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(lookup_action_without_region_is_ambiguous) {
  mutation_fixture p = fixture_digitalocean();
  p.cloud->omits_region = true;
  cloud_plan(p.cloud, lost_applied);
  imgact_op *op = harness_run(transfer(&p), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(lookup_request_failure_is_ambiguous) {
  harness *alone = harness_digitalocean();
  scripted_on(alone->script, "POST *",
              (scripted_answer){
                  .status = 502,
                  .body = "{\"id\":\"x\",\"message\":\"bad gateway\",\"request_id\":\"r-1\"}"});
  scripted_on(
      alone->script, "GET *",
      (scripted_answer){.status = 403, .body = "{\"id\":\"forbidden\",\"message\":\"no scope\"}"});
  imgact_op *op =
      harness_run(imgact_transfer_image(alone->client, CLOUD_IMAGE, "nyc3"), IMGACT_AMBIGUOUS);

  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(imgact_op_error(op)->http_status, 502);
  assert_string_equal(imgact_op_error(op)->request_id, "r-1");
  assert_string_equal(imgact_op_error(op)->provider, "digitalocean");
  assert_non_null(strstr(imgact_op_error(op)->message, "bad gateway"));
  assert_non_null(strstr(imgact_op_error(op)->message, "no scope"));
  scripted_assert_lines(alone->script, DO_POST, DO_ACTIONS);

  imgact_op_free(op);
  harness_free(alone);
}

TEST(mutation_conflicting_adopt_separate_actions) {
  mutation_fixture p = fixture_digitalocean();
  cloud_plan(p.cloud, lost_applied);
  cloud_plan(p.cloud, lost_applied);
  imgact_op *one = transfer(&p), *two = transfer(&p);

  imgact_op_start(one, NULL, NULL);
  imgact_op_start(two, NULL, NULL);
  assert_int_equal(imgact_loop_run(p.harness->loop), IMGACT_OK);
  assert_status(one, IMGACT_OK);
  assert_status(two, IMGACT_OK);
  assert_string_equal(imgact_op_action(one)->id, "9001");
  assert_string_equal(imgact_op_action(two)->id, "9002");
  scripted_assert_lines(p.script, DO_POST, DO_ACTIONS, DO_POST, DO_ACTIONS);

  imgact_op_free(one);
  imgact_op_free(two);
  fixture_free(&p);
}

TEST(mutation_conflicting_starts_after_first_ends) {
  for (int how = 0; how < 2; how++) {
    mutation_fixture p = fixture_digitalocean();
    tally t = {0};
    imgact_op *one = transfer(&p), *two = transfer(&p), *three = transfer(&p);
    imgact_op_start(one, NULL, NULL);
    imgact_op_start(two, tally_done, &t);
    imgact_op_start(three, tally_done, &t);
    if (how == 0)
      imgact_op_cancel(one);
    else
      imgact_op_free(one);
    assert_int_equal(imgact_loop_run(p.harness->loop), IMGACT_OK);
    assert_int_equal(t.done, 2);
    assert_int_equal(p.cloud->applied, 2);
    if (how == 0) imgact_op_free(one);
    imgact_op_free(two);
    imgact_op_free(three);
    fixture_free(&p);
  }
}

TEST(transfer_other_regions_sent_concurrently) {
  mutation_fixture p = fixture_digitalocean();
  p.cloud->delay_ms = 100;
  for (int i = 0; i < 3; i++) cloud_plan(p.cloud, lost_applied);
  static const char *const regions[] = {"nyc3", "sfo2", "ams3"};
  imgact_op *ops[3];
  for (size_t i = 0; i < 3; i++)
    imgact_op_start(ops[i] = imgact_transfer_image(p.client, CLOUD_IMAGE, regions[i]), NULL, NULL);
  assert_int_equal(imgact_loop_run(p.harness->loop), IMGACT_OK);
  for (size_t i = 0; i < 3; i++) {
    assert_status(ops[i], IMGACT_OK);
    assert_string_equal(imgact_op_action(ops[i])->region, regions[i]);
    assert_int_equal(scripted_at(p.script, i)->sent_ms, 0);
    imgact_op_free(ops[i]);
  }
  assert_int_equal(p.cloud->applied, 3);
  fixture_free(&p);
}

int main(void) { return testing_run(NULL, NULL); }
