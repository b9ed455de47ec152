// SPDX-License-Identifier: MIT
// Mutations whose answers get lost: what is sent, when, and what is said of it. The small cloud
// counts real effects.
#include "cloud.h"
#include "harness.h"

#include <imgact/provider.h>

#define DO_POST   "POST /v2/images/4711/actions {\"type\":\"transfer\",\"region\":\"nyc3\"}"
#define DO_LOOK   "GET /v2/images/4711/actions?page=1&per_page=200"
#define DO_IMAGE  "GET /v2/images/4711"
#define HZ_POST   "POST /v1/images/4711/actions/change_protection {\"delete\":true}"
#define HZ_LOOK   "GET /v1/images/4711/actions?page=1&per_page=50"
#define HZ_IMAGE  "GET /v1/images/4711"
#define HZ_PUT    "PUT /v1/images/4711 {\"type\":\"snapshot\"}"
#define HZ_DELETE "DELETE /v1/images/4711"

typedef struct play {
  harness *harness;
  cloud *cloud;
  imgact_client *client;
  scripted *script;
} play;

static play begin_with(harness_options options) {
  if (options.client.poll_interval_ms == 0) options.client.poll_interval_ms = 1000;
  play p = {.harness = harness_with(options)};
  p.script = p.harness->script;
  p.client = p.harness->client;
  p.cloud = cloud_new(p.script, !options.digitalocean);
  return p;
}

static play begin_hetzner(void) { return begin_with((harness_options){0}); }

static play begin_digitalocean(void) { return begin_with((harness_options){.digitalocean = true}); }

static void end(play *p) {
  cloud *own = p->cloud;
  harness_free(p->harness);
  cloud_free(own);
}

static imgact_op *transfer(const play *p) {
  return imgact_transfer_image(p->client, CLOUD_IMAGE, "nyc3");
}

static imgact_op *protect(const play *p) { return imgact_protect_image(p->client, CLOUD_IMAGE); }

static const cloud_outcome lost_before = {.effects = 0};
static const cloud_outcome lost_after = {.effects = 1};

static cloud_outcome replied(int effects, int status, const char *body) {
  return (cloud_outcome){.effects = effects, .answer = {.status = status, .body = body}};
}

// ---- applied although the answer was lost

TEST(mutation_lost_response_adopts_action) {
  const cloud_outcome outcomes[] = {
      lost_after,
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
    play p = begin_digitalocean();
    cloud_plan(p.cloud, outcomes[i]);
    imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
    scripted_assert_lines(p.script, DO_POST, DO_LOOK);
    assert_true(imgact_op_adopted(op));
    assert_string_equal(imgact_op_action(op)->id, "9001");
    assert_string_equal(imgact_op_error(op)->message, "");
    assert_null(imgact_op_error_details(op));
    assert_int_equal(p.cloud->applied, 1);
    imgact_op_free(op);
    end(&p);
  }
}

TEST(mutation_wait_polls_adopted_action) {
  play p = begin_digitalocean();
  cloud_plan(p.cloud, lost_after);
  imgact_op *op = transfer(&p);
  tally t = {0};
  imgact_op_set_wait(op, 1);
  imgact_op_set_progress(op, tally_progress, &t);
  harness_run(op, IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_SUCCESS);
  assert_int_equal(t.progress, 5); // when it was found, and at 1, 2, 3 and 4 s
  scripted_assert_lines(p.script, DO_POST, DO_LOOK, "GET /v2/images/4711/actions/9001",
                        "GET /v2/images/4711/actions/9001", "GET /v2/images/4711/actions/9001",
                        "GET /v2/images/4711/actions/9001", "GET /v2/images/4711/actions/9001");
  imgact_op_free(op);
  end(&p);
}

TEST(mutation_effect_without_action_succeeds) {
  play p = begin_digitalocean();
  p.cloud->silent = true;
  cloud_plan(p.cloud, lost_after);
  imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
  scripted_assert_lines(p.script, DO_POST, DO_LOOK, DO_IMAGE);
  assert_true(imgact_op_adopted(op));
  assert_null(imgact_op_action(op));
  assert_string_equal(imgact_op_image(op)->id, CLOUD_IMAGE);
  imgact_op_free(op);
  end(&p);
}

// ---- not applied

TEST(mutation_without_effect_resent_after_settle) {
  play p = begin_digitalocean();
  cloud_plan(p.cloud, lost_before);
  imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
  scripted_assert_lines(p.script, DO_POST, DO_LOOK, DO_IMAGE, DO_LOOK, DO_IMAGE, DO_LOOK, DO_IMAGE,
                        DO_LOOK, DO_IMAGE, DO_LOOK, DO_IMAGE, DO_LOOK, DO_IMAGE, DO_POST);
  scripted_assert_times(p.script, 0, 0, 0, 2000, 2000, 4000, 4000, 6000, 6000, 8000, 8000, 10000,
                        10000, 10000);
  assert_false(imgact_op_adopted(op));
  assert_string_equal(imgact_op_action(op)->id, "9001");
  assert_int_equal(p.cloud->applied, 1);
  imgact_op_free(op);
  end(&p);
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
    play p = begin_digitalocean();
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
    end(&p);
  }
}

TEST(mutation_long_api_message_keeps_reason) {
  char body[700];
  play p = begin_digitalocean();
  snprintf(body, sizeof body, "{\"id\":\"x\",\"message\":\"%0600d\"}", 7);
  cloud_plan(p.cloud, replied(0, 503, body));
  cloud_add_action(p.cloud, "transfer", "nyc3", 0, 1000);
  cloud_add_action(p.cloud, "transfer", "nyc3", 0, 1000);
  imgact_op *op = harness_run(transfer(&p), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "several actions could be its effect"));
  imgact_op_free(op);
  end(&p);
}

TEST(lookup_action_listed_late_is_adopted) {
  play p = begin_hetzner();
  p.cloud->hidden_ms = 7000;
  p.cloud->action_ms = 0;
  cloud_plan(p.cloud, lost_after);
  p.cloud->is_protected = true;
  imgact_op *op = harness_run(imgact_unprotect_image(p.client, CLOUD_IMAGE), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(p.cloud->applied, 1);
  imgact_op_free(op);
  end(&p);
}

TEST(mutation_attempts_exhausted_returns_last_error) {
  for (int32_t attempts = 1; attempts <= 3; attempts++) {
    play p = begin_digitalocean();
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
    end(&p);
  }
}

TEST(mutation_not_applied_retries_without_lookup) {
  const cloud_outcome outcomes[] = {
      {.answer = {.delivery = IMGACT_DELIVERY_NOT_SENT, .failure = IMGACT_FAILURE_NETWORK}},
      {.answer = {.delivery = IMGACT_DELIVERY_NOT_SENT, .failure = IMGACT_FAILURE_TIMEOUT}},
      replied(0, 429, "{}"),
      replied(0, 409, "{\"error\":{\"code\":\"conflict\",\"message\":\"m\"}}")};
  for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
    play p = begin_hetzner();
    cloud_plan(p.cloud, outcomes[i]);
    harness_expect(protect(&p), IMGACT_OK);
    scripted_assert_lines(p.script, HZ_POST, HZ_POST);
    assert_int_in_range(scripted_at(p.script, 1)->sent_ms, 500, 1000);
    assert_int_equal(p.cloud->applied, 1);
    end(&p);
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
    play p = begin_hetzner();
    char body[160];
    snprintf(body, sizeof body,
             "{\"error\":{\"code\":\"%s\",\"message\":\"m\",\"details\":{\"a\":1}}}",
             refusals[i].code);
    cloud_plan(p.cloud, replied(0, refusals[i].http, body));
    imgact_op *op = harness_run(protect(&p), refusals[i].status);
    scripted_assert_lines(p.script, HZ_POST);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_string_equal(imgact_op_error_details(op), "{\"a\":1}");
    assert_string_equal(imgact_op_error(op)->provider, "hetzner");
    imgact_op_free(op);
    end(&p);
  }
}

// The code decides before the status does: what a gateway calls passing may have been applied,
// whatever its number.
TEST(mutation_transient_4xx_starts_lookup) {
  play p = begin_hetzner();
  p.cloud->action_ms = 0;
  cloud_plan(p.cloud, replied(1, 408, "{\"error\":{\"code\":\"timeout\",\"message\":\"m\"}}"));
  imgact_op *op = harness_run(protect(&p), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(p.cloud->applied, 1);
  imgact_op_free(op);
  end(&p);
}

// ---- sent again, and refused

TEST(mutation_resend_rejected_looks_up_again) {
  play p = begin_digitalocean();
  p.cloud->hidden_ms = 11000; // later than the cloud promises
  p.cloud->silent = true;
  cloud_plan(p.cloud, lost_before);
  cloud_plan(p.cloud,
             replied(0, 422, "{\"id\":\"unprocessable_entity\",\"message\":\"already there\"}"));
  imgact_op *op = harness_run(transfer(&p), IMGACT_INVALID_INPUT);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED); // looked for, for the whole time to settle, twice
  assert_string_equal(imgact_op_error(op)->message, "already there");
  assert_int_equal(p.cloud->mutations, 2);
  assert_int_equal(scripted_at(p.script, scripted_count(p.script) - 1)->sent_ms, 20000);
  imgact_op_free(op);
  end(&p);
}

TEST(mutation_resend_rejected_adopts_first_action) {
  play p = begin_digitalocean();
  cloud_plan(p.cloud, lost_before);
  cloud_plan(p.cloud,
             replied(1, 422, "{\"id\":\"unprocessable_entity\",\"message\":\"already there\"}"));
  imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_string_equal(imgact_op_action(op)->id, "9001");
  imgact_op_free(op);
  end(&p);
}

// ---- ambiguous

TEST(lookup_several_candidates_is_ambiguous) {
  play p = begin_digitalocean();
  cloud_plan(p.cloud, (cloud_outcome){.effects = 2});
  imgact_op *op = harness_run(transfer(&p), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_null(imgact_op_action(op));
  assert_false(imgact_op_adopted(op));
  scripted_assert_lines(p.script, DO_POST, DO_LOOK);
  imgact_op_free(op);
  end(&p);
}

TEST(lookup_action_without_region_is_ambiguous) {
  play p = begin_digitalocean();
  p.cloud->untold_region = true;
  cloud_plan(p.cloud, lost_after);
  imgact_op *op = harness_run(transfer(&p), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  end(&p);
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
  scripted_assert_lines(alone->script, DO_POST, DO_LOOK);
  imgact_op_free(op);
  harness_free(alone);
}

// ---- protection: the action does not tell what was asked

TEST(protect_lost_response_verifies_image) {
  play p = begin_hetzner();
  p.cloud->action_ms = 3000;
  cloud_plan(p.cloud, lost_after);
  imgact_op *op = harness_run(protect(&p), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_SUCCESS);
  scripted_assert_lines(p.script, HZ_POST, HZ_LOOK, "GET /v1/actions?id=9001",
                        "GET /v1/actions?id=9001", "GET /v1/actions?id=9001", HZ_IMAGE);
  imgact_op_free(op);
  end(&p);
}

TEST(protect_flag_unchanged_is_ambiguous) {
  play p = begin_hetzner();
  p.cloud->action_ms = 0;
  cloud_plan(p.cloud, lost_before);
  cloud_add_action(p.cloud, "change_protection", "", 0,
                   0); // somebody else's: the flag stays as it is
  imgact_op *op = harness_run(protect(&p), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_null(imgact_op_action(op));
  assert_int_equal(p.cloud->mutations, 1);
  assert_int_equal(scripted_at(p.script, scripted_count(p.script) - 1)->sent_ms, 10000);
  imgact_op_free(op);
  end(&p);
}

TEST(protect_unfinished_action_is_ambiguous) {
  play p = begin_hetzner();
  p.cloud->action_ms = 60000;
  cloud_plan(p.cloud, lost_after);
  imgact_op *op = harness_run(protect(&p), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_null(imgact_op_action(op));
  assert_int_equal(scripted_now_ms(p.script), 10000);
  imgact_op_free(op);
  end(&p);
}

static imgact_op *unprotect(const play *p) {
  return imgact_unprotect_image(p->client, CLOUD_IMAGE);
}

// The image is not protected, as was asked for, but somebody's action on it is under way and may be
// to protect it.
TEST(unprotect_waits_for_running_action) {
  static const int64_t left_ms[] = {3000, 60000};
  for (int late = 0; late < 2; late++) {
    play p = begin_hetzner();
    cloud_plan(p.cloud, lost_before);
    cloud_add_action(p.cloud, "change_protection", "", 60000, 60000 + left_ms[late]);
    imgact_op *op = harness_run(unprotect(&p), late ? IMGACT_AMBIGUOUS : IMGACT_OK);
    assert_int_equal(scripted_now_ms(p.script), late ? 10000 : 4000);
    assert_int_equal(imgact_op_adopted(op), !late);
    if (late) assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    if (late) assert_non_null(strstr(imgact_op_error(op)->message, "still running"));
    assert_int_equal(p.cloud->mutations, 1);
    imgact_op_free(op);
    end(&p);
  }
}

TEST(unprotect_waits_for_own_running_action) {
  play p = begin_hetzner();
  p.cloud->action_ms = 3000;
  cloud_plan(p.cloud, (cloud_outcome){.effects = 1, .own_answer = true});
  cloud_plan(p.cloud, lost_before);
  imgact_op *op = harness_run(protect(&p), IMGACT_OK); // it runs
  imgact_op_free(op);
  p.cloud->is_protected = false; // not yet
  op = harness_run(unprotect(&p), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(scripted_now_ms(p.script), 4000);
  imgact_op_free(op);
  end(&p);
}

// A state that nobody knows may be one in which it still runs; one that has a time of its end does
// not.
TEST(unprotect_unknown_action_status_is_ambiguous) {
  play p = begin_hetzner();
  cloud_plan(p.cloud, lost_before);
  size_t odd = cloud_add_action(p.cloud, "change_protection", "", 60000, 1000);
  p.cloud->actions[odd].odd = true;
  imgact_op *op = harness_run(unprotect(&p), IMGACT_AMBIGUOUS);
  assert_int_equal(p.cloud->mutations, 1);
  imgact_op_free(op);
  end(&p);
}

// ---- whose action is it?

TEST(lookup_older_or_different_actions_ignored) {
  play p = begin_digitalocean();
  cloud_add_action(p.cloud, "transfer", "nyc3", 3600000, 1000);
  cloud_add_action(p.cloud, "transfer", "nyc3", 3000, 1000);
  cloud_add_action(p.cloud, "transfer", "sfo2", 0, 1000);
  cloud_add_action(p.cloud, "convert", "nyc3", 0, 1000);
  cloud_plan(p.cloud, lost_after);
  imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_string_equal(imgact_op_action(op)->id, "9005");
  imgact_op_free(op);
  end(&p);
}

TEST(lookup_compares_with_server_clock) {
  static const int64_t hours[] = {-5, -1, 1, 5, 24 * 400};
  for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
    play p = begin_digitalocean();
    p.cloud->ahead_ms = hours[i] * 3600000;
    cloud_add_action(p.cloud, "transfer", "nyc3", 10000,
                     1000); // ten seconds old: not ours, whatever the clock
    cloud_plan(p.cloud, lost_after);
    imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
    assert_true(imgact_op_adopted(op));
    assert_string_equal(imgact_op_action(op)->id, "9002");
    imgact_op_free(op);
    end(&p);
  }
}

static cloud_outcome gateway(int effects, int status, int64_t ahead_ms) {
  return (cloud_outcome){
      .effects = effects,
      .answer = {
          .status = status, .body = "<html>", .with_date = true, .cloud_ahead_ms = ahead_ms}};
}

// Only the API itself tells the time: not a gateway in front of it, whose clock may show anything.
TEST(lookup_ignores_gateway_date) {
  static const int64_t years[] = {-56, -1, 1, 10};
  for (size_t i = 0; i < sizeof years / sizeof *years; i++)
    for (int effects = 0; effects < 2; effects++) {
      play p = begin_digitalocean();
      cloud_add_action(p.cloud, "transfer", "nyc3", 300 * (int64_t)86400000, 1000);
      cloud_plan(p.cloud, gateway(effects, 502, years[i] * 365 * 86400000));
      imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
      assert_int_equal(imgact_op_adopted(op), effects);
      assert_string_equal(imgact_op_action(op)->id, "9002");
      assert_int_equal(p.cloud->applied, 1);
      imgact_op_free(op);
      end(&p);
    }
}

TEST(mutation_conflicting_adopt_separate_actions) {
  play p = begin_digitalocean();
  cloud_plan(p.cloud, lost_after);
  cloud_plan(p.cloud, lost_after);
  imgact_op *one = transfer(&p), *two = transfer(&p);
  imgact_op_start(one, NULL, NULL);
  imgact_op_start(two, NULL, NULL);
  assert_int_equal(imgact_loop_run(p.harness->loop), IMGACT_OK);
  assert_status(one, IMGACT_OK);
  assert_status(two, IMGACT_OK);
  assert_string_equal(imgact_op_action(one)->id, "9001");
  assert_string_equal(imgact_op_action(two)->id, "9002");
  scripted_assert_lines(p.script, DO_POST, DO_LOOK, DO_POST, DO_LOOK);
  imgact_op_free(one);
  imgact_op_free(two);
  end(&p);
}

TEST(mutation_conflicting_starts_after_first_ends) {
  for (int how = 0; how < 2; how++) {
    play p = begin_digitalocean();
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
    end(&p);
  }
}

TEST(transfer_other_regions_sent_concurrently) {
  play p = begin_digitalocean();
  p.cloud->delay_ms = 100;
  for (int i = 0; i < 3; i++) cloud_plan(p.cloud, lost_after);
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
  end(&p);
}

// ---- requests that may be repeated

TEST(delete_resend_not_found_succeeds) {
  play p = begin_hetzner();
  cloud_plan(p.cloud, lost_after);
  imgact_op *op = harness_run(imgact_delete_image(p.client, CLOUD_IMAGE), IMGACT_OK);
  scripted_assert_lines(p.script, HZ_DELETE, HZ_DELETE);
  assert_string_equal(imgact_op_error(op)->message, "");
  imgact_op_free(op);
  end(&p);

  p = begin_digitalocean();
  cloud_plan(p.cloud, replied(1, 504, "{}"));
  cloud_plan(
      p.cloud,
      replied(0, 422, "{\"id\":\"unprocessable_entity\",\"message\":\"Image already deleted\"}"));
  harness_expect(imgact_delete_image(p.client, CLOUD_IMAGE), IMGACT_OK);
  end(&p);
}

// Nothing of the first request was done: the image was gone before, and that is told.
TEST(delete_retry_unapplied_returns_not_found) {
  const cloud_outcome nothing_done[] = {
      {.answer = {.delivery = IMGACT_DELIVERY_NOT_SENT, .failure = IMGACT_FAILURE_NETWORK}},
      {.answer = {.status = 429, .body = "{}", .headers = "Retry-After: 1\n"}}};
  for (size_t i = 0; i < sizeof nothing_done / sizeof *nothing_done; i++) {
    play p = begin_hetzner();
    p.cloud->deleted = true;
    cloud_plan(p.cloud, nothing_done[i]);
    imgact_op *op = harness_run(imgact_delete_image(p.client, CLOUD_IMAGE), IMGACT_NOT_FOUND);
    scripted_assert_lines(p.script, HZ_DELETE, HZ_DELETE);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    imgact_op_free(op);
    end(&p);
  }
}

TEST(delete_missing_image_returns_not_found) {
  play p = begin_hetzner();
  p.cloud->deleted = true;
  imgact_op *op = harness_run(imgact_delete_image(p.client, CLOUD_IMAGE), IMGACT_NOT_FOUND);
  assert_flag(op, IMGACT_ERROR_ALREADY_DELETED);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  end(&p);
}

TEST(delete_all_responses_lost_maybe_applied) {
  play p = begin_hetzner();
  for (int i = 0; i < 5; i++) cloud_plan(p.cloud, lost_before);
  imgact_op *op = harness_run(imgact_delete_image(p.client, CLOUD_IMAGE), IMGACT_NETWORK);
  assert_int_equal(p.cloud->mutations, 5);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  end(&p);
}

TEST(convert_put_resend_rejected_checks_image) {
  for (int applied = 0; applied < 2; applied++) {
    play p = begin_hetzner();
    snprintf(p.cloud->type, sizeof p.cloud->type, "backup");
    cloud_plan(p.cloud, replied(applied, 502, "{}"));
    cloud_plan(
        p.cloud,
        replied(0, 422, "{\"error\":{\"code\":\"invalid_input\",\"message\":\"is no backup\"}}"));
    imgact_op *op = harness_run(imgact_convert_image(p.client, CLOUD_IMAGE),
                                applied ? IMGACT_OK : IMGACT_INVALID_INPUT);
    if (applied)
      scripted_assert_lines(p.script, HZ_PUT, HZ_PUT, HZ_IMAGE);
    else // the first one may still be on its way, and the reason of the refusal: only the time to
         // settle tells
      scripted_assert_lines(p.script, HZ_PUT, HZ_PUT, HZ_IMAGE, HZ_IMAGE, HZ_IMAGE, HZ_IMAGE,
                            HZ_IMAGE, HZ_IMAGE);
    assert_int_equal(imgact_op_adopted(op), applied);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    if (applied) assert_string_equal(imgact_op_image(op)->id, CLOUD_IMAGE);
    assert_null(imgact_op_action(op));
    imgact_op_free(op);
    end(&p);
  }
}

TEST(convert_put_attempts_exhausted_checks_image) {
  play p = begin_hetzner();
  snprintf(p.cloud->type, sizeof p.cloud->type, "backup");
  for (int i = 0; i < 5; i++) cloud_plan(p.cloud, replied(0, 504, "{}"));
  imgact_op *op = harness_run(imgact_convert_image(p.client, CLOUD_IMAGE), IMGACT_UNAVAILABLE);
  scripted_assert_lines(p.script, HZ_PUT, HZ_PUT, HZ_PUT, HZ_PUT, HZ_PUT, HZ_IMAGE);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED); // a gateway may still deliver it
  imgact_op_free(op);
  end(&p);
}

// A 2xx is never sent again, whatever it holds: it is looked whether the image shows the effect.
TEST(convert_put_useless_2xx_not_resent) {
  for (int applied = 0; applied < 2; applied++) {
    play p = begin_hetzner();
    snprintf(p.cloud->type, sizeof p.cloud->type, "backup");
    for (int i = 0; i < 5; i++) cloud_plan(p.cloud, replied(applied, 200, "{}"));
    imgact_op *op = harness_run(imgact_convert_image(p.client, CLOUD_IMAGE),
                                applied ? IMGACT_OK : IMGACT_PROTOCOL);
    scripted_assert_lines(p.script, HZ_PUT, HZ_IMAGE);
    assert_int_equal(imgact_op_error(op)->flags & IMGACT_ERROR_MAYBE_APPLIED,
                     applied ? 0 : IMGACT_ERROR_MAYBE_APPLIED);
    imgact_op_free(op);
    end(&p);
  }
}

TEST(update_useless_2xx_maybe_applied) {
  play p = begin_hetzner();
  cloud_plan(p.cloud, replied(1, 200, "{}"));
  imgact_image_update update = {.size = sizeof update, .description = "d"};
  imgact_op *op = harness_run(imgact_update_image(p.client, CLOUD_IMAGE, &update), IMGACT_PROTOCOL);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  scripted_assert_lines(p.script, "PUT /v1/images/4711 {\"description\":\"d\"}");
  imgact_op_free(op);
  end(&p);
}

// ---- the hook before the first byte

/* HMAC-SHA-256 of "imgact 1", "digitalocean" and the endpoint, each with a NUL behind it, under
 * HARNESS_TOKEN; by Python's hmac module. */
#define CREDENTIAL "d752d866d9b12f4faef851db3f9b4ced"

typedef struct hook {
  int calls;
  imgact_status answer;
  bool cancels;
  char json[256];
} hook;

static imgact_status intend(void *user, imgact_op *op, const char *call_json) {
  hook *h = user;
  h->calls++;
  snprintf(h->json, sizeof h->json, "%s", call_json);
  assert_int_equal(imgact_op_run(op), IMGACT_BUSY);
  if (h->cancels) imgact_op_cancel(op);
  return h->answer;
}

TEST(before_send_called_once_before_sending) {
  play p = begin_digitalocean();
  cloud_plan(p.cloud, lost_before);
  hook h = {0};
  imgact_op *op = transfer(&p);
  imgact_op_set_before_send(op, intend, &h);
  imgact_op_start(op, NULL, NULL);
  assert_int_equal(h.calls, 0); // from a dispatch, never from a call of the user's
  harness_run(op, IMGACT_OK);
  assert_int_equal(h.calls, 1);
  assert_string_equal(
      h.json, "{\"provider\":\"digitalocean\",\"endpoint\":\"https://api.digitalocean.com\","
              "\"credential\":\"" CREDENTIAL "\",\"op\":\"transfer\",\"image\":\"4711\","
              "\"region\":\"nyc3\"}");
  imgact_op_free(op);
  end(&p);
}

typedef struct departure {
  scripted *script;
  int64_t told_ms[100];
  size_t told;
} departure;

static imgact_status note_departure(void *user, imgact_op *op, const char *call_json) {
  departure *d = user;
  (void)op, (void)call_json;
  d->told_ms[d->told++] = scripted_now_ms(d->script);
  return IMGACT_OK;
}

// Eight at a time, each a second long: the last one leaves, and is told, long after all were
// started.
TEST(before_send_called_when_request_leaves) {
  enum { CALLS = 100 };
  harness *h = harness_digitalocean();
  departure d = {.script = h->script};
  imgact_op *ops[CALLS];
  scripted_on(
      h->script, "POST *",
      (scripted_answer){
          .status = 201,
          .delay_ms = 1000,
          .body = "{\"action\":{\"id\":1,\"status\":\"completed\",\"type\":\"transfer\"}}"});
  for (int i = 0; i < CALLS; i++) {
    char id[8];
    snprintf(id, sizeof id, "%d", i + 1);
    ops[i] = imgact_transfer_image(h->client, id, "nyc3");
    imgact_op_set_before_send(ops[i], note_departure, &d);
    imgact_op_start(ops[i], NULL, NULL);
  }
  assert_int_equal(imgact_loop_run(h->loop), IMGACT_OK);
  assert_int_equal(d.told, CALLS);
  assert_int_equal(scripted_count(h->script), CALLS);
  for (size_t i = 0; i < CALLS; i++) {
    assert_int_equal(d.told_ms[i], scripted_at(h->script, i)->sent_ms);
    assert_status(ops[i], IMGACT_OK);
    imgact_op_free(ops[i]);
  }
  assert_int_in_range(d.told_ms[CALLS - 1], 11000, 13000);
  harness_free(h);
}

static int64_t nth_departure(const scripted *script, const char *method, size_t number) {
  for (size_t i = 0; i < scripted_count(script); i++)
    if (strcmp(scripted_at(script, i)->method, method) == 0 && number-- == 0)
      return scripted_at(script, i)->sent_ms;
  fail_msg("too few requests");
  return -1;
}

// Sends that certainly had no effect are followed by an before_send_called one. One that may have
// had is the last that is before_send_called.
TEST(before_send_called_until_maybe_applied) {
  static const scripted_answer limited = {.status = 429,
                                          .headers = "Retry-After: 60\n",
                                          .body = "{}"},
                               refused = {.delivery = IMGACT_DELIVERY_NOT_SENT,
                                          .failure = IMGACT_FAILURE_NETWORK},
                               lost = {.delivery = IMGACT_DELIVERY_MAYBE_SENT,
                                       .failure = IMGACT_FAILURE_NETWORK};
  for (int deletes = 0; deletes < 2; deletes++) {
    play p = begin_digitalocean();
    departure d = {.script = p.script};
    cloud_plan(p.cloud, (cloud_outcome){.answer = limited});
    cloud_plan(p.cloud, (cloud_outcome){.answer = refused});
    cloud_plan(p.cloud, (cloud_outcome){.answer = limited});
    cloud_plan(p.cloud, (cloud_outcome){.answer = lost});
    imgact_op *op = deletes ? imgact_delete_image(p.client, CLOUD_IMAGE) : transfer(&p);
    imgact_op_set_before_send(op, note_departure, &d);
    harness_run(op, IMGACT_OK);
    assert_int_equal(p.cloud->mutations, 5);
    assert_int_equal(p.cloud->applied, 1);
    assert_int_equal(d.told, 4);
    for (size_t i = 0; i < 4; i++)
      assert_int_equal(d.told_ms[i], nth_departure(p.script, deletes ? "DELETE" : "POST", i));
    assert_true(d.told_ms[3] >= 120000);
    imgact_op_free(op);
    end(&p);
  }
}

typedef struct second_thought {
  int calls;
  bool cancels;
} second_thought;

static imgact_status reject_the_second(void *user, imgact_op *op, const char *call_json) {
  second_thought *t = user;
  if (++t->calls == 1) return IMGACT_OK;
  if (t->cancels) imgact_op_cancel(op);
  assert_non_null(strstr(call_json, "\"op\":\"transfer\"")); // it outlives the cancel
  return t->cancels ? IMGACT_OK : IMGACT_FORBIDDEN;
}

TEST(before_send_rejects_later_send) {
  for (int cancels = 0; cancels < 2; cancels++) {
    play p = begin_digitalocean();
    second_thought t = {.cancels = cancels};
    cloud_plan(p.cloud, replied(0, 429, "{}"));
    imgact_op *op = transfer(&p);
    imgact_op_set_before_send(op, reject_the_second, &t);
    harness_run(op, cancels ? IMGACT_CANCELLED : IMGACT_FORBIDDEN);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_int_equal(t.calls, 2);
    scripted_assert_lines(p.script, DO_POST);
    imgact_op_free(op);
    end(&p);
  }
}

TEST(before_send_rejects_or_cancels) {
  play p = begin_digitalocean();
  hook refuses = {.answer = IMGACT_FORBIDDEN}, cancels = {.cancels = true};
  imgact_op *op = transfer(&p);
  imgact_op_set_before_send(op, intend, &refuses);
  harness_run(op, IMGACT_FORBIDDEN);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  op = transfer(&p);
  imgact_op_set_before_send(op, intend, &cancels);
  harness_run(op, IMGACT_CANCELLED);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  scripted_assert_nothing_sent(p.script);
  end(&p);
}

static const char stored[] =
    "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"4711\",\"region\":\"nyc3\"}";

TEST(resume_starts_with_lookup) {
  play p = begin_digitalocean();
  cloud_add_action(p.cloud, "transfer", "nyc3", 90000, 1000);
  cloud_add_action(p.cloud, "transfer", "nyc3", 59000, 1000);
  imgact_op *op = imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS - 60000);
  harness_run(op, IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_string_equal(imgact_op_action(op)->id, "9002");
  scripted_assert_lines(p.script, DO_LOOK);
  imgact_op_free(op);
  end(&p);
}

TEST(resume_without_memory_maybe_applied) {
  bool made = false;
  for (size_t k = 1; !made; k++) {
    harness *s = harness_digitalocean();
    size_t before = s->memory.calls;
    s->memory.fail_at = before + k;
    imgact_op *op = imgact_op_resume(s->client, stored, SCRIPTED_EPOCH_MS - 60000);
    made = s->memory.calls < before + k;
    if (op) {
      assert_true(imgact_op_maybe_applied(op));
      imgact_op_cancel(op);
      imgact_op_run(op);
      assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    }
    imgact_op_free(op);
    harness_free(s);
  }
}

// A caller that looks at the error before it runs the operation must not take the call for not
// applied, either.
TEST(resume_invalid_unstarted_maybe_applied) {
  static const char *const wrong[] = {
      "{\"provider\":\"digitalocean\",\"op\":\"transf", stored,
      "{\"provider\":\"hetzner\",\"op\":\"transfer\",\"image\":\"4711\",\"region\":\"nyc3\"}",
      "{\"provider\":\"hetzner\",\"endpoint\":\"https://"
      "other.example\",\"op\":\"delete\",\"image\":\"4711\"}"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    play p = begin_hetzner();
    imgact_op *op = imgact_op_resume(p.client, wrong[i], SCRIPTED_EPOCH_MS);
    assert_int_not_equal(imgact_op_error(op)->status, IMGACT_OK);
    assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    imgact_op_free(op);
    scripted_assert_nothing_sent(p.script);
    end(&p);
  }
}

// The clock was set back since: whatever is there may be it.
TEST(resume_future_time_adopts_nothing) {
  static const int64_t ago_ms[] = {-1, 0, 1500, 3000, 600000};
  for (size_t i = 0; i < sizeof ago_ms / sizeof *ago_ms; i++) {
    bool there = ago_ms[i] >= 0;
    play p = begin_digitalocean();
    scripted_advance(p.script, 20000);
    if (there) cloud_add_action(p.cloud, "transfer", "nyc3", ago_ms[i], 1200000);
    imgact_op *op = imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS + 1800000);
    harness_run(op, there ? IMGACT_AMBIGUOUS : IMGACT_OK);
    assert_int_equal(p.cloud->mutations, !there);
    assert_false(imgact_op_adopted(op));
    imgact_op_free(op);
    end(&p);
  }
}

// The first program's clock was six seconds fast: by it, the running action is older than the
// request.
TEST(resume_running_older_action_is_ambiguous) {
  play p = begin_digitalocean();
  cloud_add_action(p.cloud, "transfer", "nyc3", 0, 60000);
  scripted_advance(p.script, 9000);
  imgact_op *op =
      harness_run(imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS + 6000), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(p.cloud->mutations, 0);
  imgact_op_free(op);
  end(&p);
}

TEST(resume_resend_adopts_by_own_time) {
  play p = begin_digitalocean();
  cloud_plan(p.cloud, lost_after);
  imgact_op *op =
      harness_run(imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS + 1800000), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(p.cloud->mutations, 1);
  imgact_op_free(op);
  end(&p);
}

TEST(resume_without_effect_is_sent) {
  play p = begin_digitalocean();
  hook h = {0};
  imgact_op *op = imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS - 60000);
  scripted_advance(p.script, 3600000); // made long before it is started
  imgact_op_set_before_send(op, intend, &h);
  harness_run(op, IMGACT_OK);
  assert_int_equal(h.calls, 0);
  assert_false(imgact_op_adopted(op));
  assert_int_equal(p.cloud->applied, 1);
  assert_int_equal(scripted_count(p.script),
                   13); // six looks at both, for the time to settle, and the POST
  imgact_op_free(op);
  end(&p);
}

TEST(resume_counts_first_attempt) {
  play p = begin_digitalocean();
  imgact_op *op = imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS - 60000);
  harness_run(harness_configure(op, (imgact_op_options){.max_attempts = 1}), IMGACT_NETWORK);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(p.cloud->mutations, 0);
  imgact_op_free(op);
  end(&p);
}

/* What is harmless to repeat is repeated; that it was done before is no failure. */
static imgact_status give_token(void *user, char *token, size_t capacity, size_t *length) {
  const char *text = user;
  assert_true(strlen(text) < capacity);
  memcpy(token, text, *length = strlen(text));
  return IMGACT_OK;
}

// An image of the same number in another project, or behind another endpoint, would be taken for
// the one that was meant.
TEST(resume_checks_endpoint_and_credential) {
  static const struct {
    const char *target, *token, *word; // word NULL: it is resumed
  } rows[] = {
      {"\"endpoint\":\"https://api.digitalocean.com\",\"credential\":\"" CREDENTIAL "\"",
       HARNESS_TOKEN, NULL},
      {"\"credential\":\"" CREDENTIAL "\"", HARNESS_TOKEN, NULL},
      {"\"endpoint\":\"https://api.digitalocean.com\"", "another-token-0123456789", NULL},
      {"\"endpoint\":\"https://example.com\"", HARNESS_TOKEN, "https://example.com"},
      {"\"credential\":\"" CREDENTIAL "\"", "another-token-0123456789", "another token"},
      {"\"credential\":\"\"", HARNESS_TOKEN, "another token"},
      {"\"credential\":7", HARNESS_TOKEN, "wrong type"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int callback = 0; callback < 2; callback++) {
      char text[400];
      imgact_client_options options = {.token = callback ? NULL : rows[i].token,
                                       .token_callback = callback ? give_token : NULL,
                                       .token_user_data = (void *)(uintptr_t)rows[i].token};
      play p = begin_with((harness_options){.digitalocean = true, .client = options});
      snprintf(text, sizeof text,
               "{\"provider\":\"digitalocean\",%s,\"op\":\"transfer\",\"image\":\"4711\","
               "\"region\":\"nyc3\"}",
               rows[i].target);
      imgact_op *op = imgact_op_resume(p.client, text, SCRIPTED_EPOCH_MS - 60000);
      harness_run(op, rows[i].word ? IMGACT_INVALID_ARGUMENT : IMGACT_OK);
      if (rows[i].word) {
        assert_non_null(strstr(imgact_op_error(op)->message, rows[i].word));
        assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
        scripted_assert_nothing_sent(p.script);
      }
      imgact_op_free(op);
      end(&p);
    }
}

TEST(resume_synchronous_call_succeeds) {
  play p = begin_hetzner();
  p.cloud->deleted = true;
  imgact_op *op = imgact_op_resume(
      p.client, "{\"provider\":\"hetzner\",\"op\":\"delete_image\",\"image\":\"4711\"}",
      SCRIPTED_EPOCH_MS - 60000);
  harness_run(op, IMGACT_OK);
  scripted_assert_lines(p.script, HZ_DELETE);
  imgact_op_free(op);
  end(&p);

  p = begin_hetzner();
  cloud_plan(
      p.cloud,
      replied(0, 422, "{\"error\":{\"code\":\"invalid_input\",\"message\":\"is no backup\"}}"));
  op =
      imgact_op_resume(p.client, "{\"provider\":\"hetzner\",\"op\":\"convert\",\"image\":\"4711\"}",
                       SCRIPTED_EPOCH_MS - 60000);
  harness_run(op, IMGACT_OK);
  scripted_assert_lines(p.script, HZ_PUT, HZ_IMAGE);
  assert_true(imgact_op_adopted(op));
  imgact_op_free(op);
  end(&p);
}

TEST(resume_invalid_call_rejected) {
  static const char *const texts[] = {
      "",
      "{}",
      "[]",
      "{\"provider\":\"hetzner\",\"op\":\"transfer\",\"image\":\"1\",\"region\":\"a\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"get_image\",\"image\":\"1\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"../1\",\"region\":\"a\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"1\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"1\",\"region\":\"\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"1\",\"region\":7}",
      "{\"provider\":\"digitalocean\",\"op\":\"update_image\",\"image\":\"1\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"update_image\",\"image\":\"1\",\"name\":7}",
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\"}"};
  static const char *const hetzner_texts[] = {
      "{\"provider\":\"hetzner\",\"op\":\"change_protection\",\"image\":\"1\"}",
      "{\"provider\":\"hetzner\",\"op\":\"change_protection\",\"image\":\"1\",\"protect\":"
      "\"true\"}",
      "{\"provider\":\"hetzner\",\"op\":\"change_protection\",\"image\":\"1\",\"protect\":null}",
      "{\"provider\":\"hetzner\",\"op\":\"update_image\",\"image\":\"1\",\"convert_to_snapshot\":"
      "1}",
      "{\"provider\":\"hetzner\",\"op\":\"update_image\",\"image\":\"1\",\"description\":\"d\","
      "\"labels\":[1]}",
      "{\"provider\":\"hetzner\",\"op\":\"update_image\",\"image\":\"1\",\"labels\":{\"a\":5}}"};
  play p = begin_hetzner();
  for (size_t i = 0; i < sizeof hetzner_texts / sizeof *hetzner_texts; i++)
    harness_expect(imgact_op_resume(p.client, hetzner_texts[i], SCRIPTED_EPOCH_MS),
                   IMGACT_INVALID_ARGUMENT);
  scripted_assert_nothing_sent(p.script);
  end(&p);
  p = begin_digitalocean();
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    harness_expect(imgact_op_resume(p.client, texts[i], SCRIPTED_EPOCH_MS),
                   IMGACT_INVALID_ARGUMENT);
  scripted_assert_nothing_sent(p.script);
  static const int64_t times[] = {INT64_MIN, -1, 0, INT64_MAX};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    imgact_op *op = imgact_op_resume(p.client, stored, times[i]);
    imgact_op_start(op, NULL, NULL);
    imgact_op_free(op);
  }
  end(&p);
}

// ---- what may have been applied is said, however it ends

TEST(deadline_lost_response_maybe_applied) {
  static const struct {
    int64_t deadline_ms;
    bool maybe;
  } ends[] = {{50, true}, {150, true}, {1000, true}, {9000, true}};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    play p = begin_digitalocean();
    p.cloud->delay_ms = 100;
    p.cloud->silent = true;
    cloud_add_action(p.cloud, "transfer", "sfo2", 0, 1000);
    cloud_plan(p.cloud, lost_before);
    imgact_op *op =
        harness_configure(transfer(&p), (imgact_op_options){.deadline_ms = ends[i].deadline_ms});
    harness_run(op, IMGACT_TIMEOUT);
    assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_null(imgact_op_action(op)); // what was only looked at is no result
    assert_null(imgact_op_image(op));
    assert_string_equal(imgact_op_error(op)->provider, "digitalocean");
    assert_int_equal(scripted_now_ms(p.script), ends[i].deadline_ms);
    imgact_op_free(op);
    end(&p);
  }
}

TEST(deadline_during_lookup_returns_no_action) {
  for (int64_t deadline = 1; deadline < 9000; deadline += deadline < 500 ? 50 : 700) {
    play p = begin_hetzner();
    p.cloud->delay_ms = 100;
    p.cloud->action_ms = 60000;
    cloud_plan(p.cloud, lost_after);
    imgact_op *op = harness_configure(protect(&p), (imgact_op_options){.deadline_ms = deadline});
    harness_run(op, IMGACT_TIMEOUT);
    assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_null(imgact_op_action(op));
    assert_null(imgact_op_image(op));
    imgact_op_free(op);
    end(&p);
  }
}

TEST(deadline_before_conflicting_send_not_applied) {
  play p = begin_digitalocean();
  p.cloud->delay_ms = 1000;
  imgact_op *one = transfer(&p),
            *two = harness_configure(transfer(&p), (imgact_op_options){.deadline_ms = 500});
  imgact_op_start(one, NULL, NULL);
  imgact_op_start(two, NULL, NULL);
  assert_int_equal(imgact_loop_run(p.harness->loop), IMGACT_OK);
  assert_status(one, IMGACT_OK);
  assert_status(two, IMGACT_TIMEOUT);
  assert_no_flag(two, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(p.cloud->mutations, 1);
  imgact_op_free(one);
  imgact_op_free(two);
  end(&p);
}

static void cancel_the_other(void *user, imgact_op *op) {
  (void)op;
  imgact_op_cancel(user);
}

TEST(mutation_cancelled_in_done_not_sent) {
  play p = begin_with((harness_options){.client = {.concurrency = 1}});
  imgact_op *one = protect(&p), *other = imgact_delete_image(p.client, CLOUD_IMAGE);
  p.cloud->delay_ms = 1000;
  imgact_op_start(one, cancel_the_other, other);
  imgact_loop_dispatch(p.harness->loop);
  imgact_op_start(other, NULL, NULL);
  assert_int_equal(imgact_loop_run(p.harness->loop), IMGACT_OK);
  assert_status(other, IMGACT_CANCELLED);
  assert_no_flag(other, IMGACT_ERROR_MAYBE_APPLIED);
  scripted_assert_lines(p.script, HZ_POST);
  imgact_op_free(one);
  imgact_op_free(other);
  end(&p);
}

TEST(deadline_queued_or_delayed_not_applied) {
  play p = begin_with((harness_options){.client = {.concurrency = 1}});
  p.cloud->delay_ms = 1000;
  imgact_op *get = imgact_get_image(p.client, CLOUD_IMAGE, NULL);
  imgact_op *op = harness_configure(protect(&p), (imgact_op_options){.deadline_ms = 500});
  imgact_op_start(get, NULL, NULL);
  imgact_loop_dispatch(p.harness->loop);
  harness_run(op, IMGACT_TIMEOUT);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  cloud_plan(p.cloud, replied(0, 429, "{}"));
  imgact_op_run(get);
  op = harness_configure(protect(&p), (imgact_op_options){.deadline_ms = 1200});
  harness_run(op, IMGACT_TIMEOUT);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(p.cloud->mutations, 1);
  imgact_op_free(op);
  imgact_op_free(get);
  end(&p);
}

TEST(wait_after_post_failure_maybe_applied) {
  play p = begin_digitalocean();
  p.cloud->hidden_ms =
      3600000; // the action is never found again: a 404 is tolerated for the time to settle
  imgact_op *op = transfer(&p);
  imgact_op_set_wait(op, 1);
  harness_run(op, IMGACT_NOT_FOUND);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_string_equal(imgact_op_action(op)->id, "9001");
  assert_int_in_range(scripted_now_ms(p.script), 10000, 14000); // the time to settle, and a poll
  imgact_op_free(op);
  end(&p);

  p = begin_digitalocean();
  op = transfer(&p);
  imgact_op_set_wait(op, 1);
  imgact_op_start(op, NULL, NULL);
  imgact_loop_dispatch(p.harness->loop);
  p.cloud->actions[0].odd = true;
  harness_run(op, IMGACT_PROTOCOL);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_string_equal(imgact_op_action(op)->provider_status, "on-fire");
  imgact_op_free(op);
  end(&p);
}

TEST(wait_failed_action_is_reported) {
  play p = begin_hetzner();
  imgact_op *op = protect(&p);
  tally t = {0};
  imgact_op_set_wait(op, 1);
  imgact_op_set_progress(op, tally_progress, &t);
  imgact_op_start(op, tally_done, &t);
  imgact_loop_dispatch(p.harness->loop);
  p.cloud->actions[0].fails = true;
  harness_run(op, IMGACT_ACTION_FAILED);
  assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_ERROR);
  assert_string_equal(imgact_op_action(op)->error_code, "action_failed");
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_string_equal(imgact_op_error(op)->provider, "hetzner");
  assert_int_equal(t.done, 1);
  assert_int_equal(t.progress, 5);
  imgact_op_free(op);
  end(&p);
}

TEST(retry_budget_exhausted_ends_lookup) {
  harness *s = harness_with(
      (harness_options){.digitalocean = true, .client = {.max_attempts = 300, .settle_ms = 1}});
  scripted_on(s->script, "POST *", (scripted_answer){.status = 500, .body = "{}"});
  scripted_on(s->script, "GET *actions*", (scripted_answer){.status = 502, .body = "{}"});
  imgact_op *op =
      harness_run(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "100 retries are used up"));
  imgact_op_free(op);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
