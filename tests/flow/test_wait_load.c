// SPDX-License-Identifier: MIT
// Many waits and long ones: few requests, bounded memory, outages, and reads among them.
#include "cloud.h"
#include "harness.h"
#include "stress.h"

#include <imgact/provider.h>

// ---- full batches

typedef struct crowd {
  harness *harness;
  int64_t ends_ms[64];
  size_t polls;
  char body[8192];
} crowd;

// Image i has the action i; a query is answered for each id that it names.
static bool crowd_answers(void *user, const scripted_request *request, scripted_answer *answer) {
  crowd *c = user;
  if (strncmp(request->line, "POST", 4) == 0) {
    int image = atoi(strstr(request->target, "/images/") + 8);
    snprintf(c->body, sizeof c->body,
             "{\"action\":{\"id\":%d,\"command\":\"change_protection\",\"status\":\"running\"}}",
             image);
    *answer = (scripted_answer){.status = 201, .body = c->body};
    return true;
  }
  size_t used = (size_t)snprintf(c->body, sizeof c->body, "{\"actions\":[");
  const char *separator = "";
  for (const char *at = request->target; (at = strstr(at, "id=")); separator = ",") {
    at += 3;
    size_t i = (size_t)atoi(at) - 1;
    bool runs = scripted_now_ms(c->harness->script) < c->ends_ms[i];
    used += (size_t)snprintf(c->body + used, sizeof c->body - used,
                             "%s{\"id\":%zu,\"command\":\"x\",\"status\":\"%s\"}", separator, i + 1,
                             runs ? "running" : "success");
  }
  snprintf(c->body + used, sizeof c->body - used, "]}");
  c->polls++;
  *answer = (scripted_answer){.status = 200, .body = c->body};

  return true;
}

TEST(poll_64_waits_are_batched) {
  static crowd c;
  c = (crowd){.harness = harness_new()};
  scripted_when(c.harness->script, crowd_answers, &c);
  imgact_op *ops[64];

  for (size_t i = 0; i < 64; i++) {
    char id[8];
    snprintf(id, sizeof id, "%zu", i + 1);
    while (scripted_now_ms(c.harness->script) < (int64_t)i * 156) {
      scripted_advance(c.harness->script, 4);
      imgact_loop_dispatch(c.harness->loop);
    }
    c.ends_ms[i] = scripted_now_ms(c.harness->script) + 40000;
    ops[i] = imgact_protect_image(c.harness->client, id);
    imgact_op_set_wait(ops[i], 1);
    imgact_op_start(ops[i], NULL, NULL);
  }
  assert_int_equal(imgact_loop_run(c.harness->loop), IMGACT_OK);
  for (size_t i = 0; i < 64; i++) {
    assert_status(ops[i], IMGACT_OK);
    imgact_op_free(ops[i]);
  }
  printf("# 64 waits of 40 s, begun over 10 s: %zu polls\n", c.polls);
  assert_int_in_range(c.polls, 1, 80);
  harness_free(c.harness);
}

// ---- ends of long actions

typedef struct long_wait {
  struct long_waits *all;
  int64_t ends_ms, late_ms;
} long_wait;

typedef struct long_waits {
  harness *harness;
  long_wait waits[1000];
  size_t polls;
  char body[8192];
} long_waits;

static size_t add_action(long_waits *all, size_t used, const char *id, const char *running,
                         const char *ended) {
  const long_wait *wait = &all->waits[atoi(id) - 1];
  bool runs = scripted_now_ms(all->harness->script) < wait->ends_ms;
  return used + (size_t)snprintf(all->body + used, sizeof all->body - used,
                                 "{\"id\":%d,\"type\":\"x\",\"command\":\"x\",\"status\":\"%s\"}",
                                 atoi(id), runs ? running : ended);
}

// "/actions?id=1&id=2" of Hetzner, "/v2/actions/1" of DigitalOcean.
static bool long_actions(void *user, const scripted_request *request, scripted_answer *answer) {
  long_waits *all = user;
  const char *at = strstr(request->target, "id=");
  size_t used =
      (size_t)snprintf(all->body, sizeof all->body, at ? "{\"actions\":[" : "{\"action\":");
  if (!at) {
    used = add_action(all, used, strrchr(request->target, '/') + 1, "in-progress", "completed");
  } else {
    for (const char *separator = ""; at; at = strstr(at + 3, "id="), separator = ",") {
      used += (size_t)snprintf(all->body + used, sizeof all->body - used, "%s", separator);
      used = add_action(all, used, at + 3, "running", "success");
    }
  }
  snprintf(all->body + used, sizeof all->body - used, strstr(request->target, "id=") ? "]}" : "}");
  all->polls++;
  *answer = (scripted_answer){.status = 200, .body = all->body};
  return true;
}

static void note_lateness(void *user, imgact_op *op) {
  long_wait *wait = user;
  assert_status(op, IMGACT_OK);
  wait->late_ms = scripted_now_ms(wait->all->harness->script) - wait->ends_ms;
}

// Waits for actions that end ten minutes later, spread over a minute. Returns the longest delay.
static int64_t wait_ten_minutes(harness *h, long_waits *all, size_t count) {
  static imgact_op *ops[1000];
  *all = (long_waits){.harness = h};
  scripted_when(h->script, long_actions, all);
  for (size_t i = 0; i < count; i++) {
    char text[8];
    const char *id = text;
    snprintf(text, sizeof text, "%zu", i + 1);
    all->waits[i] = (long_wait){.all = all, .ends_ms = 600000 + (int64_t)(i * 60000 / count)};
    ops[i] = imgact_wait_actions(h->client, &id, 1, NULL);
    imgact_op_start(ops[i], note_lateness, &all->waits[i]);
  }
  assert_int_equal(imgact_loop_run(h->loop), IMGACT_OK);
  int64_t latest_ms = 0;
  for (size_t i = 0; i < count; i++) {
    if (all->waits[i].late_ms > latest_ms) latest_ms = all->waits[i].late_ms;
    imgact_op_free(ops[i]);
  }
  harness_free(h);
  return latest_ms;
}

TEST(wait_ten_minutes_ends_on_time) {
  static long_waits all;
  static const struct {
    size_t count, polls;
    bool digitalocean;
  } crowds[] = {{200, 450, false}, {1000, 2200, false}, {200, SIZE_MAX, true}};
  for (size_t i = 0; i < sizeof crowds / sizeof *crowds; i++) {
    harness *h = crowds[i].digitalocean ? harness_digitalocean() : harness_new();
    int64_t latest_ms = wait_ten_minutes(h, &all, crowds[i].count);
    printf("# %zu waits of ten minutes: %zu polls, latest %lld ms\n", crowds[i].count, all.polls,
           (long long)latest_ms);
    assert_true(latest_ms <= 30000);
    assert_true(all.polls <= crowds[i].polls);
  }
}

// ---- many polls, many waits

typedef struct patience {
  size_t polls, until;
  char body[256];
} patience;

static void still_running(void *user, const imgact_http_request *request,
                          imgact_http_response *response) {
  patience *p = user;
  long long id = atoll(strrchr(request->url, '/') + 1);
  int length = snprintf(p->body, sizeof p->body,
                        "{\"action\":{\"id\":%lld,\"type\":\"transfer\",\"status\":\"%s\"}}", id,
                        ++p->polls < p->until ? "in-progress" : "completed");
  response->body = p->body;
  response->body_bytes = (size_t)length;
}

static imgact_client *patient_client(failing_allocator *memory, patience *p) {
  imgact_client *client = NULL;
  imgact_error error;
  failing_allocator_init(memory, 0);
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = "digitalocean",
                                   .token = HARNESS_TOKEN,
                                   .poll_interval_ms = 1000,
                                   .allocator = &memory->allocator,
                                   .transport = stress_transport(stress_new(still_running, p, 1))};
  assert_int_equal(imgact_client_new(&options, &client, &error), IMGACT_OK);
  return client;
}

// Under valgrind everything takes fifty times as long, under the sanitizers ten times.
static size_t many_polls(void) {
  if (!FAILING_ALLOCATOR_KEEPS) return 100000;
  return testing_under_valgrind() ? 20000 : 1000000;
}

TEST(wait_million_polls_keeps_memory) {
  failing_allocator memory;
  patience p = {.until = many_polls()};
  imgact_client *client = patient_client(&memory, &p);
  const char *id = "1";
  imgact_op *op = imgact_wait_actions(client, &id, 1, NULL);
  harness_run(op, IMGACT_OK);
  assert_true(p.polls == p.until);
  if (memory.peak_bytes > (size_t)128 * 1024) fail_msg("%zu bytes", memory.peak_bytes);
  imgact_op_free(op);
  imgact_client_free(client);
  assert_memory_fine(&memory);
}

TEST(wait_ten_thousand_share_loop) {
  failing_allocator memory;
  patience p = {.until = 30000};
  imgact_client *client = patient_client(&memory, &p);
  tally t = {0};
  static imgact_op *ops[10000];
  harness_start_waits(client, ops, 10000, tally_done, &t);
  imgact_loop_run(imgact_client_loop(client));
  assert_int_equal(t.done, 10000);
  harness_free_waits(ops, 10000);
  imgact_client_free(client);
  assert_memory_fine(&memory);
}

// ---- an outage

static bool down_for_a_minute(void *user, const scripted_request *request,
                              scripted_answer *answer) {
  scripted *script = user;
  static char body[128];
  if (scripted_now_ms(script) < 60000) {
    *answer = (scripted_answer){.status = 503, .body = "{}"};
    return true;
  }
  snprintf(body, sizeof body,
           "{\"action\":{\"id\":%s,\"status\":\"completed\",\"type\":\"transfer\"}}",
           strrchr(request->target, '/') + 1);
  *answer = (scripted_answer){.status = 200, .body = body};
  return true;
}

static bool polls_down_for_a_minute(void *user, const scripted_request *request,
                                    scripted_answer *answer) {
  return strstr(request->target, "/actions/") && down_for_a_minute(user, request, answer);
}

TEST(wait_outlasts_minute_of_503) {
  harness *h = harness_digitalocean();
  static imgact_op *ops[200];
  scripted_when(h->script, down_for_a_minute, h->script);
  harness_start_waits(h->client, ops, 200, NULL, NULL);
  assert_int_equal(imgact_loop_run(h->loop), IMGACT_OK);
  harness_free_waits(ops, 200);
  harness_free(h);
}

// Thousands of polls are retried in an outage. Another request still has its retry budget.
TEST(poll_uses_no_retry_budget) {
  harness *h = harness_digitalocean();
  static imgact_op *ops[200];
  scripted_next(h->script, (scripted_answer){.status = 503, .body = "{}"});
  scripted_json(h->script, 200, "{\"image\":{\"id\":4711,\"type\":\"snapshot\"}}");
  scripted_when(h->script, polls_down_for_a_minute, h->script);
  harness_start_waits(h->client, ops, 200, NULL, NULL);

  while (scripted_now_ms(h->script) < 30000) imgact_loop_dispatch(h->loop);
  assert_true(scripted_count(h->script) > 400); // more retries than the budget of 100
  harness_expect(imgact_get_image(h->client, "4711", NULL), IMGACT_OK);
  scripted_assert_used_up(h->script);
  assert_true(scripted_now_ms(h->script) < 60000); // no success has given anything back
  assert_int_equal(imgact_loop_run(h->loop), IMGACT_OK);

  harness_free_waits(ops, 200);
  harness_free(h);
}

// ---- reads among waits

typedef struct neighbours {
  stress *stress;
  char body[256];
} neighbours;

static void all_in_progress(void *user, const imgact_http_request *request,
                            imgact_http_response *response) {
  neighbours *n = user;
  const char *id = strrchr(request->url, '/') + 1;
  bool action = strstr(request->url, "/actions/") != NULL;
  int length =
      snprintf(n->body, sizeof n->body,
               action ? "{\"action\":{\"id\":%s,\"type\":\"transfer\",\"status\":\"in-progress\"}}"
                      : "{\"image\":{\"id\":%s,\"name\":\"n\"}}",
               id);
  response->body = n->body;
  response->body_bytes = (size_t)length;
}

/* How long a get takes that is started after ten seconds of so many waits; every response takes 100
 * ms. */
static int64_t get_beside(size_t waits) {
  neighbours n = {0};
  imgact_client *client = NULL;
  imgact_error error;
  static imgact_op *ops[1000];
  n.stress = stress_new(all_in_progress, &n, 100);
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = "digitalocean",
                                   .token = HARNESS_TOKEN,
                                   .transport = stress_transport(n.stress)};

  assert_int_equal(imgact_client_new(&options, &client, &error), IMGACT_OK);
  harness_start_waits(client, ops, waits, NULL, NULL);
  const char *other = "5000";
  imgact_op *ten_seconds = imgact_wait_actions(client, &other, 1, NULL);
  harness_expect(harness_configure(ten_seconds, (imgact_op_options){.deadline_ms = 10000}),
                 IMGACT_TIMEOUT);
  int64_t started_ms = stress_now_ms(n.stress);
  harness_expect(imgact_get_image(client, "7", NULL), IMGACT_OK);
  int64_t took_ms = stress_now_ms(n.stress) - started_ms;

  for (size_t i = 0; i < waits; i++) imgact_op_free(ops[i]);
  imgact_client_free(client);
  return took_ms;
}

TEST(get_among_thousand_waits_stays_fast) {
  int64_t alone_ms = get_beside(0);
  assert_int_equal(alone_ms, 100);
  for (size_t waits = 10; waits <= 1000; waits *= 10) {
    int64_t ms = get_beside(waits);
    printf("# a get beside %zu waits: %lld ms\n", waits, (long long)ms);
    assert_int_in_range(ms, 100, 2 * alone_ms);
  }
}

int main(void) { return testing_run(NULL, NULL); }
