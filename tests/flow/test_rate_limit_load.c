// SPDX-License-Identifier: MIT
// The rate limiter against faithful limiters: once it has learned, nothing is rejected, little is
// left unused, and mutations do not wait for reads.
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
  int64_t *hour; // DigitalOcean: when the last 5000 were taken, a ring buffer
  size_t hour_first, hour_count, minute_first; // numbers of requests since the start
  stress *clock;
  size_t taken, refused, learned_at; // learned_at: 429s up to here are expected
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

// DigitalOcean reports when the minute has room again.
static void add_retry_after(limiter *l, int64_t now, imgact_http_response *response) {
  int64_t frees_ms = l->hour[l->minute_first % 5000] + 60000;
  if (l->hetzner || frees_ms <= now) return;
  snprintf(l->head[3], 32, "%lld", (long long)((frees_ms - now + 999) / 1000));
  l->headers[3] = (imgact_header){"Retry-After", l->head[3]};
  response->headers_count = 4;
}

static void add_rate_headers(limiter *l, int64_t now, imgact_http_response *response) {
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
  add_rate_headers(l, now, response);
  if (!ok) add_retry_after(l, now, response);
  l->taken += ok;
  l->refused += !ok;
  response->status = ok ? 200 : 429;
  response->body = ok ? "{\"image\":{\"id\":1,\"type\":\"snapshot\"}}" : "{}";
  response->body_bytes = strlen(response->body);
}

// ---- many clients

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

static void start_op(worker *w);

static void on_done(void *user, imgact_op *op) {
  worker *w = user;
  crowd *c = w->crowd;
  int64_t took = stress_now_ms(c->limiter.clock) - w->started_ms;
  c->ended++;
  c->failed += imgact_op_error(op)->status != IMGACT_OK;
  if (w->changes && took > c->slowest_ms) c->slowest_ms = took;
  imgact_op_free(op);
  if (stress_now_ms(c->limiter.clock) < c->until_ms && !w->changes) start_op(w);
}

static void start_op(worker *w) {
  w->started_ms = stress_now_ms(w->crowd->limiter.clock);
  imgact_op *op =
      w->changes ? imgact_convert_image(w->client, "1") : imgact_get_image(w->client, "1", NULL);
  imgact_op_start(op, on_done, w);
}

static void crowd_open(crowd *c, bool hetzner, double tokens, int32_t reserve) {
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

static void crowd_close(crowd *c) {
  for (size_t i = 0; i < CLIENTS; i++) imgact_client_free(c->clients[i]);
  free(c->limiter.hour);
  imgact_loop_free(c->loop);
}

static void keep_busy(crowd *c, worker *workers, size_t count, int64_t ms) {
  c->until_ms = ms;
  for (size_t i = 0; i < count; i++) {
    workers[i] = (worker){.crowd = c, .client = c->clients[i % CLIENTS]};
    start_op(&workers[i]);
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
  crowd_open(&c, true, 3600, 0);
  keep_busy(&c, workers, 2 * CLIENTS, s * 1000);
  imgact_loop_run(c.loop);
  assert_int_in_range(c.limiter.refused, 0,
                      1); // the one that finds out whether there is a limit of a minute
  assert_int_equal(c.failed, 0);
  double possible = 3600.0 + (double)s;
  if ((double)c.limiter.taken < 0.95 * possible) fail_msg("%zu of %.0f", c.limiter.taken, possible);
  crowd_close(&c);
}

TEST(rate_limit_hour_used_without_429) {
  static worker workers[2 * CLIENTS];
  crowd c;
  int64_t s = seconds();
  crowd_open(&c, false, 0, 0);
  keep_busy(&c, workers, 2 * CLIENTS, s * 1000);
  imgact_loop_run(c.loop);
  assert_int_in_range(c.limiter.refused, 0,
                      1); // the one that finds out whether there is a limit of a minute
  assert_int_equal(c.failed, 0);
  double possible = 5000.0 + 5000.0 * (double)(s - 3600) / 3600.0;
  if ((double)c.limiter.taken < 0.95 * possible) fail_msg("%zu of %.0f", c.limiter.taken, possible);
  crowd_close(&c);
}

// The first burst of a process with an empty bucket: some requests get a 429, then no more.
TEST(rate_limit_learned_from_first_429s) {
  static worker workers[2 * CLIENTS];
  crowd c;
  crowd_open(&c, true, 5, 0);
  keep_busy(&c, workers, 2 * CLIENTS, 4000000);
  run_until(&c, 120000);
  size_t lessons = c.limiter.refused;
  assert_int_in_range(lessons, 1, 4 * CLIENTS);
  imgact_loop_run(c.loop);
  assert_int_equal(c.limiter.refused, lessons);
  assert_int_equal(c.failed, 0);
  if ((double)c.limiter.taken < 0.95 * 4000.0) fail_msg("%zu", c.limiter.taken);
  crowd_close(&c);
}

TEST(rate_limit_mutation_precedes_reads) {
  static worker workers[2 * CLIENTS], changers[40];
  for (int hetzner = 0; hetzner < 2; hetzner++) {
    crowd c;
    crowd_open(&c, hetzner, 3600, 0);
    keep_busy(&c, workers, 2 * CLIENTS, 8000000);
    for (size_t i = 0; i < 40; i++) {
      run_until(&c, 5000000 + (int64_t)i * 60000);
      changers[i] = (worker){.crowd = &c, .client = c.clients[i], .changes = true};
      if (hetzner) start_op(&changers[i]);
    }
    imgact_loop_run(c.loop);
    assert_int_in_range(c.limiter.refused, 0, !hetzner);
    assert_int_equal(c.failed, 0);
    if (c.slowest_ms > 2000) fail_msg("%lld ms", (long long)c.slowest_ms);
    crowd_close(&c);
  }
}

TEST(rate_limit_reserve_left_unused) {
  static worker workers[CLIENTS];
  crowd c;
  crowd_open(&c, true, 3600, 50);
  keep_busy(&c, workers, CLIENTS, 3000000);
  imgact_loop_run(c.loop);
  if (c.limiter.tokens < 1790.0) fail_msg("only %.0f are left", c.limiter.tokens);
  assert_int_in_range(c.limiter.taken, 1800 + 2850, 1800 + 3000 + CLIENTS);
  crowd_close(&c);
}

// ---- a read among waits

typedef struct slow_actions {
  limiter limiter;
  size_t taken; // when the read was sent
  char body[8192];
} slow_actions;

/* Every requested action is running. */
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

// A thousand waits use the whole limit of the token. A new read is sent after at most a few polls.
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

int main(void) { return testing_run(NULL, NULL); }
