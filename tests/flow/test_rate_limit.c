// SPDX-License-Identifier: MIT
// The rate limiter against faithful limiters: once it has learned, nothing is refused, hardly
// anything is left unused, and nobody who changes something waits for those who read.
#include "harness.h"
#include "stress.h"

#include <imgact/provider.h>

#define CLIENTS 64
#define HOUR_MS 3600000

// ---- the limiters

typedef struct limiter {
  bool hetzner;
  double tokens; // Hetzner: 3600 an hour, one comes back each second
  int64_t at_ms;
  int64_t *hour; // DigitalOcean: when the last 5000 were taken, a ring
  size_t hour_first, hour_count, minute_first; // numbers of requests since the start
  stress *clock;
  size_t taken, refused, learned_at; // learned_at: refusals up to here are lessons
  char head[4][32];
  imgact_header headers[4];
} limiter;

static bool take_token(limiter *l, int64_t now) {
  l->tokens += (double)(now - l->at_ms) / 1000.0;
  if (l->tokens > 3600.0) l->tokens = 3600.0;
  l->at_ms = now;
  if (l->tokens < 1.0) return false;
  l->tokens -= 1.0;
  return true;
}

static bool take_window(limiter *l, int64_t now) {
  while (l->hour_first < l->hour_count && l->hour[l->hour_first % 5000] <= now - HOUR_MS)
    l->hour_first++;
  while (l->minute_first < l->hour_count && l->hour[l->minute_first % 5000] <= now - 60000)
    l->minute_first++;
  if (l->hour_count - l->hour_first >= 5000 || l->hour_count - l->minute_first >= 250) return false;
  l->hour[l->hour_count++ % 5000] = now;
  return true;
}

// DigitalOcean says when the minute has room again.
static void tell_pause(limiter *l, int64_t now, imgact_http_response *response) {
  int64_t frees_ms = l->hour[l->minute_first % 5000] + 60000;
  if (l->hetzner || frees_ms <= now) return;
  snprintf(l->head[3], 32, "%lld", (long long)((frees_ms - now + 999) / 1000));
  l->headers[3] = (imgact_header){"Retry-After", l->head[3]};
  response->headers_count = 4;
}

static void tell(limiter *l, int64_t now, imgact_http_response *response) {
  int64_t left = l->hetzner ? (int64_t)l->tokens : 5000 - (int64_t)(l->hour_count - l->hour_first);
  int64_t reset = l->hetzner ? now + (3600 - left) * 1000 : l->hour[l->hour_first % 5000] + HOUR_MS;
  snprintf(l->head[0], 32, "%d", l->hetzner ? 3600 : 5000);
  snprintf(l->head[1], 32, "%lld", (long long)left);
  snprintf(l->head[2], 32, "%lld", (long long)((INT64_C(1767225600000) + reset + 999) / 1000));
  static const char *const names[] = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"};
  for (size_t i = 0; i < 3; i++) l->headers[i] = (imgact_header){names[i], l->head[i]};
  response->headers = l->headers;
  response->headers_count = 3;
}

static void limit(void *user, const imgact_http_request *request, imgact_http_response *response) {
  (void)request;
  limiter *l = user;
  int64_t now = stress_now_ms(l->clock);
  bool ok = l->hetzner ? take_token(l, now) : take_window(l, now);
  tell(l, now, response);
  if (!ok) tell_pause(l, now, response);
  l->taken += ok;
  l->refused += !ok;
  response->status = ok ? 200 : 429;
  response->body = ok ? "{\"image\":{\"id\":1,\"type\":\"snapshot\"}}" : "{}";
  response->body_bytes = strlen(response->body);
}

// ---- the crowd

typedef struct crowd {
  limiter limiter;
  imgact_loop *loop;
  imgact_client *clients[CLIENTS];
  size_t ended, failed, posts;
  int64_t slowest_ms, until_ms;
} crowd;

typedef struct worker {
  crowd *crowd;
  imgact_client *client;
  int64_t started_ms;
  bool changes;
} worker;

static void work(worker *w);

static void worked(void *user, imgact_op *op) {
  worker *w = user;
  crowd *c = w->crowd;
  int64_t took = stress_now_ms(c->limiter.clock) - w->started_ms;
  c->ended++;
  c->failed += imgact_op_error(op)->status != IMGACT_OK;
  if (w->changes && took > c->slowest_ms) c->slowest_ms = took;
  imgact_op_free(op);
  if (stress_now_ms(c->limiter.clock) < c->until_ms && !w->changes) work(w);
}

static void work(worker *w) {
  w->started_ms = stress_now_ms(w->crowd->limiter.clock);
  imgact_op *op =
      w->changes ? imgact_convert_image(w->client, "1") : imgact_get_image(w->client, "1", NULL);
  imgact_op_start(op, worked, w);
}

static void gather(crowd *c, bool hetzner, double tokens, int32_t reserve) {
  *c = (crowd){
      .limiter = {.hetzner = hetzner, .tokens = tokens, .hour = calloc(5000, sizeof(int64_t))}};
  if (c->limiter.hour == NULL) abort();
  c->limiter.clock = stress_new(limit, &c->limiter, 80);
  imgact_error error;
  imgact_loop_options loop = {.size = sizeof loop, .transport = stress_transport(c->limiter.clock)};
  assert_int_equal(imgact_loop_new(&loop, &c->loop, &error), IMGACT_OK);
  for (size_t i = 0; i < CLIENTS; i++) {
    imgact_client_options options = {.size = sizeof options,
                                     .provider_name = hetzner ? "hetzner" : "digitalocean",
                                     .token = HARNESS_TOKEN,
                                     .loop = c->loop,
                                     .max_attempts = 1000,
                                     .rate_limit_reserve_percent = reserve};
    assert_int_equal(imgact_client_new(&options, &c->clients[i], &error), IMGACT_OK);
  }
}

static void disperse(crowd *c) {
  for (size_t i = 0; i < CLIENTS; i++) imgact_client_free(c->clients[i]);
  free(c->limiter.hour);
  imgact_loop_free(c->loop);
}

static void keep_busy(crowd *c, worker *workers, size_t count, int64_t ms) {
  c->until_ms = ms;
  for (size_t i = 0; i < count; i++) {
    workers[i] = (worker){.crowd = c, .client = c->clients[i % CLIENTS]};
    work(&workers[i]);
  }
}

static void run_until(crowd *c, int64_t ms) {
  while (stress_now_ms(c->limiter.clock) < ms) imgact_loop_dispatch(c->loop);
}

// IMGACT_TEST_SECONDS asks for a longer run, a million seconds for example.
static int64_t seconds(void) {
  const char *text = getenv("IMGACT_TEST_SECONDS");
  if (text != NULL) return atoll(text);
  return testing_under_valgrind() ? 8000 : 20000;
}

TEST(rate_limit_bucket_used_without_429) {
  static worker workers[2 * CLIENTS];
  crowd c;
  int64_t s = seconds();
  gather(&c, true, 3600, 0);
  keep_busy(&c, workers, 2 * CLIENTS, s * 1000);
  imgact_loop_run(c.loop);
  assert_int_in_range(c.limiter.refused, 0,
                      1); // the one that finds out whether there is a limit of a minute
  assert_int_equal(c.failed, 0);
  double possible = 3600.0 + (double)s;
  if ((double)c.limiter.taken < 0.95 * possible) fail_msg("%zu of %.0f", c.limiter.taken, possible);
  disperse(&c);
}

TEST(rate_limit_hour_used_without_429) {
  static worker workers[2 * CLIENTS];
  crowd c;
  int64_t s = seconds();
  gather(&c, false, 0, 0);
  keep_busy(&c, workers, 2 * CLIENTS, s * 1000);
  imgact_loop_run(c.loop);
  assert_int_in_range(c.limiter.refused, 0,
                      1); // the one that finds out whether there is a limit of a minute
  assert_int_equal(c.failed, 0);
  double possible = 5000.0 + 5000.0 * (double)(s - 3600) / 3600.0;
  if ((double)c.limiter.taken < 0.95 * possible) fail_msg("%zu of %.0f", c.limiter.taken, possible);
  disperse(&c);
}

// The first burst of a process whose bucket is empty: some are refused, then everybody knows.
TEST(rate_limit_learned_from_first_429s) {
  static worker workers[2 * CLIENTS];
  crowd c;
  gather(&c, true, 5, 0);
  keep_busy(&c, workers, 2 * CLIENTS, 4000000);
  run_until(&c, 120000);
  size_t lessons = c.limiter.refused;
  assert_int_in_range(lessons, 1, 4 * CLIENTS);
  imgact_loop_run(c.loop);
  assert_int_equal(c.limiter.refused, lessons);
  assert_int_equal(c.failed, 0);
  if ((double)c.limiter.taken < 0.95 * 4000.0) fail_msg("%zu", c.limiter.taken);
  disperse(&c);
}

TEST(rate_limit_mutation_precedes_reads) {
  static worker workers[2 * CLIENTS], changers[40];
  for (int hetzner = 0; hetzner < 2; hetzner++) {
    crowd c;
    gather(&c, hetzner, 3600, 0);
    keep_busy(&c, workers, 2 * CLIENTS, 8000000);
    for (size_t i = 0; i < 40; i++) {
      run_until(&c, 5000000 + (int64_t)i * 60000);
      changers[i] = (worker){.crowd = &c, .client = c.clients[i], .changes = true};
      if (hetzner) work(&changers[i]);
    }
    imgact_loop_run(c.loop);
    assert_int_in_range(c.limiter.refused, 0, !hetzner);
    assert_int_equal(c.failed, 0);
    if (c.slowest_ms > 2000) fail_msg("%lld ms", (long long)c.slowest_ms);
    disperse(&c);
  }
}

TEST(rate_limit_reserve_left_unused) {
  static worker workers[CLIENTS];
  crowd c;
  gather(&c, true, 3600, 50);
  keep_busy(&c, workers, CLIENTS, 3000000);
  imgact_loop_run(c.loop);
  if (c.limiter.tokens < 1790.0) fail_msg("only %.0f are left", c.limiter.tokens);
  assert_int_in_range(c.limiter.taken, 1800 + 2850, 1800 + 3000 + CLIENTS);
  disperse(&c);
}

// ---- a read beside waits

typedef struct slow_actions {
  limiter limiter;
  size_t taken; // when the read was sent
  char body[8192];
} slow_actions;

/* Every action that is asked for runs on. */
static void in_progress(void *user, const imgact_http_request *request,
                        imgact_http_response *response) {
  slow_actions *s = user;
  limit(&s->limiter, request, response);
  if (response->status != 200) return;
  const char *last = strrchr(request->url, '/') + 1;
  if (strcmp(last, "6000") == 0) s->taken = s->limiter.taken;
  size_t used = 0;
  if (s->limiter.hetzner && strstr(request->url, "id=")) {
    used = (size_t)snprintf(s->body, sizeof s->body, "{\"actions\":[");
    for (const char *at = request->url, *comma = ""; (at = strstr(at, "id=")); comma = ",") {
      at += 3;
      used += (size_t)snprintf(s->body + used, sizeof s->body - used,
                               "%s{\"id\":%d,\"command\":\"x\",\"status\":\"running\"}", comma,
                               atoi(at));
    }
    used += (size_t)snprintf(s->body + used, sizeof s->body - used, "]}");
  } else {
    used = (size_t)snprintf(s->body, sizeof s->body,
                            "{\"action\":{\"id\":%d,\"%s\":\"x\",\"status\":\"%s\"}}", atoi(last),
                            s->limiter.hetzner ? "command" : "type",
                            s->limiter.hetzner ? "running" : "in-progress");
  }
  response->body = s->body;
  response->body_bytes = used;
}

// A thousand waits use up what the token may send. A read that comes takes the next turn but few.
TEST(rate_limit_read_precedes_polls) {
  enum { WAITS = 1000 };
  static imgact_op *ops[WAITS];
  static slow_actions s;
  for (int hetzner = 0; hetzner < 2; hetzner++) {
    imgact_client *client = NULL;
    imgact_error error;
    s = (slow_actions){
        .limiter = {.hetzner = hetzner, .tokens = 30, .hour = calloc(5000, sizeof(int64_t))}};
    if (s.limiter.hour == NULL) abort();
    s.limiter.clock = stress_new(in_progress, &s, 80);
    imgact_client_options options = {.size = sizeof options,
                                     .provider_name = hetzner ? "hetzner" : "digitalocean",
                                     .token = HARNESS_TOKEN,
                                     .poll_interval_ms = 1000,
                                     .transport = stress_transport(s.limiter.clock)};
    assert_int_equal(imgact_client_new(&options, &client, &error), IMGACT_OK);
    harness_start_waits(client, ops, WAITS, NULL, NULL);
    const char *other = "5000";
    for (int64_t ms = 100000; ms <= 5000000; ms += 700000) {
      imgact_op *until = imgact_wait_actions(client, &other, 1, NULL);
      harness_expect(harness_configure(until, (imgact_op_options){.deadline_ms = 700000}),
                     IMGACT_TIMEOUT);
      size_t before = s.limiter.taken;
      harness_expect(imgact_get_action(client, "6000", NULL), IMGACT_OK);
      if (s.taken - before > 4) fail_msg("%s: %zu places", options.provider_name, s.taken - before);
    }
    for (size_t i = 0; i < WAITS; i++) imgact_op_free(ops[i]);
    imgact_client_free(client);
    free(s.limiter.hour);
  }
}

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

// ---- one refusal parks a whole credential, and nobody else

TEST(rate_limit_429_delays_whole_credential) {
  harness *s = harness_new();
  imgact_client *same = harness_client(s, (harness_options){0});
  imgact_client *other =
      harness_client(s, (harness_options){.client = {.token = "somebody-elses"}});
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
  assert_int_equal(scripted_count(s->script), 8); // as many as were under way
  assert_int_equal(scripted_now_ms(s->script), 10);
  for (size_t i = 0; i < 20; i++) {
    assert_status(ops[i], IMGACT_RATE_LIMITED);
    assert_int_equal(imgact_op_error(ops[i])->retry_after_ms, 600000);
    assert_no_flag(ops[i], IMGACT_ERROR_MAYBE_APPLIED);
    imgact_op_free(ops[i]);
  }
  // what was asked for may have been absurd: after a minute one goes and asks again
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

// When to ask again is a guess before the first reply: nobody is refused for it.
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

// A place that becomes free before anything is known is one place.
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

// What an earlier attempt met is the cause; that it did not go again is an addition to it.
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
  assert_non_null(strstr(imgact_op_error(put)->message, "not sent again"));
  imgact_op_free(put);
  imgact_op_free(get);
  harness_free(s);
}

typedef struct lost_post {
  int posts, looks;
} lost_post;

static bool lose_the_post(void *user, const scripted_request *request, scripted_answer *answer) {
  lost_post *l = user;
  bool post = strcmp(request->method, "POST") == 0,
       look = strstr(request->target, "/actions") != NULL;
  l->posts += post;
  l->looks += look && !post;
  if (post)
    *answer = (scripted_answer){
        .delivery = IMGACT_DELIVERY_MAYBE_SENT, .failure = IMGACT_FAILURE_NETWORK, .delay_ms = 100};
  else if (look)
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

// To know what became of a lost answer is worth a minute.
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

// Somebody else's 429 is no end of a wait: its next look comes after the pause.
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

// Refused connections count nowhere. What was lost on the way counts until the API says that it has
// used 10 of 5,000.
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

// A pause of an hour that the API has ended itself is not told with a later one of 5 s.
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

// The resumed call makes the client read its token anew. Requests that were held back for the old
// one go on.
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

// One wait that polls all the time takes no budget's turn away from the readers.
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
