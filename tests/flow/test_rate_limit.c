// SPDX-License-Identifier: MIT
// The rate limiter and single responses: which requests a 429 delays, for how long, and which are
// rejected.
#include "harness.h"

#include <imgact/provider.h>

// ---- Hetzner's two buckets

static imgact_op *about_actions(imgact_client *client, int which) {
  static const char *const ids[] = {"13"};
  switch (which) {
  case 0: return imgact_protect_image(client, "1");
  case 1: return imgact_list_actions(client, NULL);
  case 2: return imgact_get_action(client, "13", NULL);
  default: return imgact_wait_actions(client, ids, 1, NULL);
  }
}

TEST(rate_limit_hetzner_buckets_are_separate) {
  static const char action[] =
      "{\"id\":13,\"status\":\"success\",\"command\":\"change_protection\"}";
  char body[256];
  snprintf(body, sizeof body, "{\"action\":%s,\"actions\":[%s]}", action, action);

  for (int which = 0; which < 4; which++) {
    harness *s = harness_new();
    scripted_on(s->script, "* */actions*",
                (scripted_answer){.status = 200,
                                  .body = body,
                                  .headers = "RateLimit-Limit: 7200\nRateLimit-Remaining: 7000\n"});
    scripted_on(s->script, "GET /v1/images/1",
                (scripted_answer){.status = 200,
                                  .body = "{\"image\":{\"id\":1}}",
                                  .headers = "RateLimit-Limit: 3600\nRateLimit-Remaining: 0\n"});
    harness_expect(imgact_get_image(s->client, "1", NULL), IMGACT_OK);
    harness_expect(about_actions(s->client, which), IMGACT_OK);
    assert_int_equal(scripted_now_ms(s->script), 0);
    harness_expect(imgact_get_image(s->client, "1", NULL), IMGACT_OK);
    assert_true(scripted_at(s->script, 2)->sent_ms >= 1000);
    harness_free(s);
  }
}

// ---- a 429 delays all requests of one credential

TEST(rate_limit_429_delays_whole_credential) {
  harness *s = harness_new();
  imgact_client *same = harness_client(s, (harness_options){0});
  imgact_client *other = harness_client(s, (harness_options){.client = {.token = "another-token"}});
  scripted_next(s->script,
                (scripted_answer){.status = 429, .body = "{}", .headers = "Retry-After: 30\n"});

  for (int i = 0; i < 12; i++) scripted_json(s->script, 200, "{\"image\":{\"id\":1}}");
  imgact_op *ops[12];
  imgact_op_start(ops[0] = imgact_get_image(s->client, "1", NULL), NULL, NULL);
  imgact_loop_dispatch(s->loop);
  for (size_t i = 1; i < 11; i++)
    imgact_op_start(ops[i] = imgact_get_image(i % 2 ? s->client : same, "1", NULL), NULL, NULL);
  imgact_op_start(ops[11] = imgact_get_image(other, "1", NULL), NULL, NULL);
  imgact_loop_run(s->loop);
  assert_int_equal(scripted_count(s->script), 13);
  assert_int_equal(scripted_at(s->script, 1)->sent_ms, 0); // the other credential's
  int64_t last = 30000;
  for (size_t i = 2; i < 13; i++) { // then one by one
    int64_t sent = scripted_at(s->script, i)->sent_ms;
    assert_true(sent >= last);
    if (i > 2) assert_true(sent > last);
    last = sent;
  }
  assert_int_in_range(last, 30010, 35000);
  for (size_t i = 0; i < 12; i++) {
    assert_status(ops[i], IMGACT_OK);
    imgact_op_free(ops[i]);
  }

  imgact_client_free(same);
  imgact_client_free(other);
  harness_free(s);
}

TEST(rate_limit_long_pause_rejects_all) {
  harness *s = harness_new();
  imgact_op *ops[20];
  const scripted_answer go_away = {
      .status = 429, .body = "{}", .headers = "Retry-After: 600\n", .delay_ms = 10};

  for (int i = 0; i < 8; i++) scripted_next(s->script, go_away);
  for (size_t i = 0; i < 20; i++)
    imgact_op_start(ops[i] = imgact_delete_image(s->client, "4711"), NULL, NULL);
  imgact_loop_run(s->loop);
  assert_int_equal(scripted_count(s->script), 8); // those in flight
  assert_int_equal(scripted_now_ms(s->script), 10);
  for (size_t i = 0; i < 20; i++) {
    assert_status(ops[i], IMGACT_RATE_LIMITED);
    assert_int_equal(imgact_op_error(ops[i])->retry_after_ms, 600000);
    assert_no_flag(ops[i], IMGACT_ERROR_MAYBE_APPLIED);
    imgact_op_free(ops[i]);
  }
  // after a minute one request is sent as a probe
  scripted_json(s->script, 204, NULL);
  harness_expect(imgact_delete_image(s->client, "4711"), IMGACT_RATE_LIMITED);
  assert_int_equal(scripted_count(s->script), 8);
  scripted_advance(s->script, 61000);
  harness_expect(imgact_delete_image(s->client, "4711"), IMGACT_OK);
  harness_free(s);
}

TEST(rate_limit_past_deadline_rejects_early) {
  harness *s = harness_new();
  scripted_next(s->script,
                (scripted_answer){
                    .status = 429, .body = "{}", .headers = "Retry-After: 50\n", .delay_ms = 10});
  imgact_op *no_early_rejection = imgact_delete_image(s->client, "4711");

  imgact_op_start(no_early_rejection, NULL, NULL);
  for (int i = 0; i < 10 && scripted_now_ms(s->script) < 10; i++) imgact_loop_dispatch(s->loop);
  imgact_op *hurried = imgact_delete_image(s->client, "4712");
  harness_run(harness_configure(hurried, (imgact_op_options){.deadline_ms = 10000}),
              IMGACT_RATE_LIMITED);
  assert_true(scripted_now_ms(s->script) < 100);
  assert_int_in_range(imgact_op_error(hurried)->retry_after_ms, 49000, 50000);
  assert_no_flag(hurried, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(scripted_count(s->script), 1);
  scripted_json(s->script, 204, NULL);
  harness_run(no_early_rejection, IMGACT_OK);

  imgact_op_free(hurried);
  imgact_op_free(no_early_rejection);
  harness_free(s);
}

#define IMAGE "{\"image\":{\"id\":4711,\"type\":\"snapshot\"}}"

static size_t count_of(imgact_op *const *ops, size_t count, imgact_status status) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) found += imgact_op_error(ops[i])->status == status;
  return found;
}

static void free_all(imgact_op **ops, size_t count) {
  for (size_t i = 0; i < count; i++) imgact_op_free(ops[i]);
}

// Before the first response the time of the next check is a guess: it rejects no request.
TEST(rate_limit_unknown_rejects_nothing) {
  harness *s = harness_with((harness_options){.client = {.concurrency = 300}});
  imgact_op *ops[300];
  scripted_on(s->script, "*", (scripted_answer){.status = 200, .body = IMAGE, .delay_ms = 50});
  for (size_t i = 0; i < 300; i++) {
    ops[i] = harness_configure(imgact_get_image(s->client, "4711", NULL),
                               (imgact_op_options){.deadline_ms = 900});
    imgact_op_start(ops[i], NULL, NULL);
  }
  imgact_loop_run(s->loop);
  assert_int_equal(count_of(ops, 300, IMGACT_OK), 300);
  free_all(ops, 300);
  harness_free(s);
}

// Before the first response a cancelled request admits exactly one other.
TEST(rate_limit_cancel_admits_one_request) {
  harness *s = harness_with((harness_options){.client = {.concurrency = 1000}});
  imgact_op *ops[600];
  scripted_on(s->script, "*", (scripted_answer){.status = 200, .body = IMAGE, .delay_ms = 5000});
  for (size_t i = 0; i < 600; i++)
    imgact_op_start(ops[i] = imgact_get_image(s->client, "1", NULL), NULL, NULL);
  imgact_loop_dispatch(s->loop);
  assert_int_equal(scripted_count(s->script), 200);
  imgact_op_cancel(ops[0]);
  while (scripted_now_ms(s->script) < 3000) imgact_loop_dispatch(s->loop);
  assert_int_equal(scripted_count(s->script), 201);
  free_all(ops, 600);
  harness_free(s);
}

TEST(rate_limit_long_reset_rejects_all) {
  harness *s = harness_digitalocean();
  imgact_op *ops[200];
  char head[160];
  snprintf(head, sizeof head,
           "RateLimit-Limit: 5000\nRateLimit-Remaining: 0\nRateLimit-Reset: %lld\n",
           (long long)(SCRIPTED_EPOCH_MS / 1000 + 1800));
  scripted_on(s->script, "*",
              (scripted_answer){.status = 429, .headers = head, .body = "{}", .delay_ms = 50});

  for (size_t i = 0; i < 200; i++)
    imgact_op_start(ops[i] = imgact_get_image(s->client, "1", NULL), NULL, NULL);
  imgact_loop_run(s->loop);
  assert_int_equal(count_of(ops, 200, IMGACT_RATE_LIMITED), 200);
  assert_int_equal(scripted_count(s->script), 8);
  assert_int_in_range(imgact_op_error(ops[199])->retry_after_ms, 1799000, 1800000);

  free_all(ops, 200);
  harness_free(s);
}

TEST(rate_limit_huge_pause_is_positive) {
  harness *s = harness_new();
  imgact_op *ops[12];
  scripted_on(s->script, "*",
              (scripted_answer){.status = 429,
                                .headers = "Retry-After: 99999999999999999999999\n",
                                .body = "{}"});

  for (size_t i = 0; i < 12; i++)
    imgact_op_start(ops[i] = imgact_get_image(s->client, "1", NULL), NULL, NULL);
  imgact_loop_run(s->loop);
  assert_int_equal(count_of(ops, 12, IMGACT_RATE_LIMITED), 12);
  assert_null(strstr(imgact_op_error(ops[11])->message, "in -"));
  assert_true(imgact_op_error(ops[11])->retry_after_ms > 0);

  free_all(ops, 12);
  harness_free(s);
}

// The error of the earlier attempt is kept; that it was not sent again is appended.
TEST(rate_limit_rejected_retry_keeps_cause) {
  harness *s = harness_new();
  scripted_next(s->script, (scripted_answer){.status = 502, .body = "bad"});
  scripted_next(s->script,
                (scripted_answer){.status = 429, .headers = "Retry-After: 40\n", .body = "{}"});
  const imgact_image_update update = {.size = sizeof update, .description = "x"};
  imgact_op *put = imgact_update_image(s->client, "1", &update),
            *get = imgact_get_image(s->client, "1", NULL);

  imgact_op_start(harness_configure(put, (imgact_op_options){.deadline_ms = 20000}), NULL, NULL);
  imgact_op_start(harness_configure(get, (imgact_op_options){.max_attempts = 1}), NULL, NULL);
  imgact_loop_run(s->loop);
  assert_status(put, IMGACT_UNAVAILABLE);
  assert_int_equal(imgact_op_error(put)->http_status, 502);
  assert_flag(put, IMGACT_ERROR_MAYBE_APPLIED);
  assert_non_null(strstr(imgact_op_error(put)->message, "not resent"));

  imgact_op_free(put);
  imgact_op_free(get);
  harness_free(s);
}

typedef struct lost_post {
  int posts, lookups;
} lost_post;

static bool lose_the_post(void *user, const scripted_request *request, scripted_answer *answer) {
  lost_post *l = user;
  bool post = strcmp(request->method, "POST") == 0,
       lookup = strstr(request->target, "/actions") != NULL;
  l->posts += post;
  l->lookups += lookup && !post;

  if (post)
    *answer = (scripted_answer){
        .delivery = IMGACT_DELIVERY_MAYBE_SENT, .failure = IMGACT_FAILURE_NETWORK, .delay_ms = 100};
  else if (lookup)
    *answer = (scripted_answer){
        .status = 200,
        .with_date = true,
        .body = "{\"actions\":[{\"id\":7,\"type\":\"transfer\",\"status\":\"completed\","
                "\"started_at\":\"2026-01-01T00:00:00Z\",\"region_slug\":\"nyc3\","
                "\"resource_id\":4711,\"resource_type\":\"image\"}]}"};
  else
    *answer = (scripted_answer){
        .status = 429, .headers = "Retry-After: 61\n", .body = "{}", .delay_ms = 50};

  return true;
}

// A lookup waits out a pause of a minute.
TEST(rate_limit_lookup_waits_out_pause) {
  harness *s = harness_digitalocean();
  lost_post l = {0};
  scripted_when(s->script, lose_the_post, &l);
  imgact_op *post = imgact_transfer_image(s->client, "4711", "nyc3"),
            *other = imgact_get_image(s->client, "99", NULL);

  imgact_op_start(post, NULL, NULL);
  imgact_op_start(other, NULL, NULL);
  imgact_loop_run(s->loop);
  assert_status(post, IMGACT_OK);
  assert_true(imgact_op_adopted(post));
  assert_status(other, IMGACT_RATE_LIMITED);
  assert_int_equal(l.posts, 1);

  imgact_op_free(post);
  imgact_op_free(other);
  harness_free(s);
}

// A 429 for another request does not end a wait: its next poll is sent after the pause.
TEST(rate_limit_wait_outlasts_pause) {
  harness *s = harness_digitalocean();
  static const char *const ids[] = {"7"};
  scripted_next(s->script,
                (scripted_answer){.status = 200,
                                  .body = "{\"action\":{\"id\":7,\"status\":\"in-progress\"}}"});
  scripted_next(s->script,
                (scripted_answer){.status = 429, .headers = "Retry-After: 600\n", .body = "{}"});
  scripted_next(
      s->script,
      (scripted_answer){.status = 200, .body = "{\"action\":{\"id\":7,\"status\":\"completed\"}}"});
  imgact_op *wait = imgact_wait_actions(s->client, ids, 1, NULL);

  imgact_op_start(wait, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  harness_expect(imgact_get_image(s->client, "99", NULL), IMGACT_RATE_LIMITED);
  harness_run(wait, IMGACT_OK);
  assert_int_in_range(scripted_now_ms(s->script), 60000, 70000);

  imgact_op_free(wait);
  harness_free(s);
}

static void get_with_4990_left(harness *s) {
  const char *left = "ratelimit-limit: 5000\nratelimit-remaining: 4990\n";
  scripted_next(s->script, (scripted_answer){.status = 200, .headers = left, .body = IMAGE});
  harness_expect(imgact_get_image(s->client, "4711", NULL), IMGACT_OK);
}

// Refused connections do not count. Lost requests count until the API reports 10 of 5,000 used.
TEST(rate_limit_outage_uses_nothing) {
  enum { OUTAGE = 5000 };
  static const imgact_delivery deliveries[] = {IMGACT_DELIVERY_NOT_SENT,
                                               IMGACT_DELIVERY_MAYBE_SENT};

  for (size_t i = 0; i < 2; i++) {
    harness *s =
        harness_with((harness_options){.digitalocean = true, .client = {.max_attempts = 1}});
    if (deliveries[i] == IMGACT_DELIVERY_NOT_SENT) get_with_4990_left(s);
    for (int n = 0; n < OUTAGE; n++) {
      scripted_fail(s->script, deliveries[i], IMGACT_FAILURE_NETWORK);
      harness_expect(imgact_get_image(s->client, "4711", NULL), IMGACT_NETWORK);
      scripted_advance(s->script, 200);
    }
    for (int n = 0; n < 3; n++) get_with_4990_left(s);
    assert_int_equal(scripted_now_ms(s->script), OUTAGE * 200); // each at once
    harness_free(s);
  }
}

// After a pause of an hour that the API ended early, a later pause of 5 s rejects nothing.
TEST(rate_limit_expired_pause_rejects_nothing) {
  harness *s = harness_digitalocean();
  scripted_next(s->script,
                (scripted_answer){.status = 429, .body = "{}", .headers = "Retry-After: 3600\n"});

  harness_expect(imgact_get_image(s->client, "4711", NULL), IMGACT_RATE_LIMITED);
  scripted_advance(s->script, 90000);
  scripted_json(s->script, 200, IMAGE);
  harness_expect(imgact_get_image(s->client, "4711", NULL), IMGACT_OK);
  scripted_advance(s->script, 30000);
  scripted_next(s->script,
                (scripted_answer){.status = 429, .body = "{}", .headers = "Retry-After: 5\n"});
  imgact_op *first = imgact_get_image(s->client, "4711", NULL);
  imgact_op_start(first, NULL, NULL);
  while (scripted_count(s->script) < 3 || scripted_in_flight(s->script))
    imgact_loop_dispatch(s->loop);
  scripted_json(s->script, 200, IMAGE);
  scripted_json(s->script, 200, IMAGE);
  harness_expect(imgact_get_image(s->client, "4711", NULL), IMGACT_OK);
  harness_run(first, IMGACT_OK);
  assert_int_in_range(scripted_now_ms(s->script), 125000, 126000);

  imgact_op_free(first);
  harness_free(s);
}

static imgact_status changing_token(void *user, char *buffer, size_t capacity, size_t *length) {
  const char *token = *(const char **)user;
  *length = strlen(token);
  assert_true(*length <= capacity);
  memcpy(buffer, token, *length);
  return IMGACT_OK;
}

// The resumed call makes the client call its token callback. Requests delayed for the old token
// continue.
TEST(resume_other_token_stalls_no_request) {
  const char *token = "token-a-0123456789abcdef";
  harness *s = harness_with((harness_options){
      .digitalocean = true,
      .client = {.token_callback = changing_token, .token_user_data = &token, .max_attempts = 1}});
  scripted_next(s->script,
                (scripted_answer){.status = 429, .body = "{}", .headers = "Retry-After: 50\n"});
  scripted_json(s->script, 200, IMAGE);

  harness_expect(imgact_get_image(s->client, "4711", NULL), IMGACT_RATE_LIMITED);
  imgact_op *held = imgact_get_image(s->client, "4711", NULL);
  imgact_op_start(held, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  assert_int_equal(scripted_count(s->script), 1);
  token = "token-b-0123456789abcdef";
  static const char stored[] =
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"4711\",\"region\":\"nyc3\","
      "\"credential\":\"0123456789abcdef0123456789abcdef\"}";
  harness_expect(imgact_op_resume(s->client, stored, SCRIPTED_EPOCH_MS - 5000),
                 IMGACT_INVALID_ARGUMENT);
  for (int i = 0; i < 20 && !imgact_op_done(held); i++) {
    if (imgact_loop_timeout_ms(s->loop) < 0) fail_msg("nothing is due any more");
    imgact_loop_dispatch(s->loop);
  }
  assert_true(imgact_op_done(held));
  assert_status(held, IMGACT_OK);

  imgact_op_free(held);
  harness_free(s);
}

// A wait that polls continuously does not slow down the reads of either quota.
TEST(rate_limit_quotas_take_turns) {
  harness *s = harness_with((harness_options){.client = {.concurrency = 1}});
  static const char action[] = "{\"action\":{\"id\":13,\"status\":\"running\"},\"actions\":[{"
                               "\"id\":13,\"status\":\"running\"}]}";
  scripted_on(s->script, "GET */actions*",
              (scripted_answer){.status = 200, .body = action, .delay_ms = 100});
  scripted_on(s->script, "GET */images/*",
              (scripted_answer){.status = 200, .body = IMAGE, .delay_ms = 100});
  static const char *const ids[] = {"13"};
  imgact_op *wait =
      harness_configure(imgact_wait_actions(s->client, ids, 1, NULL),
                        (imgact_op_options){.poll_interval_ms = 50, .deadline_ms = 30000});
  imgact_op *images[100], *actions[100];

  imgact_op_start(wait, NULL, NULL);
  for (size_t i = 0; i < 100; i++) {
    imgact_op_start(images[i] = imgact_get_image(s->client, "1", NULL), NULL, NULL);
    imgact_op_start(actions[i] = imgact_get_action(s->client, "13", NULL), NULL, NULL);
  }
  while (scripted_now_ms(s->script) < 18000) imgact_loop_dispatch(s->loop);
  size_t of_images = 0, of_actions = 0;
  for (size_t i = 0; i < 100; i++) {
    of_images += (size_t)imgact_op_done(images[i]);
    of_actions += (size_t)imgact_op_done(actions[i]);
  }
  assert_int_in_range(of_images, 40, 50);
  assert_int_in_range(of_actions, 40, 50);

  free_all(images, 100);
  free_all(actions, 100);
  imgact_op_free(wait);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
