// SPDX-License-Identifier: MIT
// Looks at actions: who shares a request, when they look, what ends a watch, and that each one is
// told of its end once.
#include "exchange.h"
#include "rate_fixture.h"

#define WATCHES 80

typedef struct seen {
  int looks, ends; // reports; of those the last ones
  imgact_status status;
  char message[512], raw[256];
  imgact_action_status action;
  int64_t at_ms;
} seen;

typedef struct asked {
  imgact_exchange *exchange;
  const imgact_http_request *request;
  char line[1024];
  int64_t timeout_ms, at_ms;
} asked;

typedef struct scene {
  rate_fixture rate_fixture;
  imgact_client client;
  imgact_slot slots[IMGACT_OP_COUNT];
  imgact_provider provider;
  ia_watch watches[WATCHES];
  char ids[WATCHES][8];
  seen seen[WATCHES];
  asked asked[400];
  size_t count; // of requests
  bool gone;
  ia_watch *stops; // in the next report
  int32_t kind;    // of every action that is decoded
} scene;

static scene s;

// ---- a provider

static imgact_status encode(const imgact_call *call, imgact_request *request, imgact_error *error) {
  (void)error;
  if (call->image_ref != NULL) imgact_request_add_segment(request, call->image_ref);
  imgact_request_add_segment(request, "actions");
  for (size_t i = 0; i < call->action_ids_count; i++)
    imgact_request_add_query(request, "id", call->action_ids[i]);
  return IMGACT_OK;
}

static int add(const imgact_call *call, imgact_result *result, const imgact_json *object) {
  (void)call;
  imgact_action *action = imgact_result_add_action(result, object);
  action->id = imgact_decode_id(result, imgact_json_get(object, "id"));
  action->started_at = imgact_decode_time(imgact_json_get(object, "from"));
  action->finished_at = imgact_decode_time(imgact_json_get(object, "to"));
  action->kind = (imgact_action_kind)s.kind;
  const imgact_json *status = imgact_json_get(object, "status");
  action->status = imgact_json_equals(status, "running")   ? IMGACT_ACTION_STATUS_RUNNING
                   : imgact_json_equals(status, "success") ? IMGACT_ACTION_STATUS_SUCCESS
                                                           : IMGACT_ACTION_STATUS_ERROR;
  const imgact_json *image = imgact_json_get(object, "image");
  imgact_resource *resource = imgact_result_alloc_resources(result, 1);
  if (resource != NULL && image != NULL) {
    *resource = (imgact_resource){imgact_decode_id(result, image), "image"};
    action->resources = resource;
    action->resources_count = 1;
  }
  return 1;
}

static imgact_status decode(const imgact_call *call, const imgact_response *response,
                            imgact_result *result, imgact_error *error) {
  return imgact_result_add_list(result, call, response, "actions", add, error);
}

static void classify(const imgact_call *call, const imgact_response *response,
                     imgact_result *result, imgact_error *error) {
  (void)call;
  const imgact_json *message = imgact_json_get(imgact_response_json(response), "message");
  if (imgact_json_copy_string(message, error->message, sizeof error->message))
    imgact_result_set_error_details(result, message);
}

static void rate(const imgact_response *response, imgact_rate_limit_info *info) {
  (void)imgact_response_header_int(response, "left", &info->rate_limit.remaining);
}

// ---- the scene

static void released(imgact_client *client) {
  ia_client_clear(client);
  s.gone = true;
}

static void open_with(uint32_t max_ids, size_t fail_at) {
  memset(&s, 0, sizeof s);
  s.kind = IMGACT_ACTION_KIND_CONVERT;
  rate_fixture_open(&s.rate_fixture, fail_at);
  s.slots[IMGACT_OP_WAIT_ACTIONS] = (imgact_slot){
      .encode = encode, .decode = decode, .flags = IMGACT_SLOT_IDEMPOTENT, .max_ids = max_ids};
  s.provider = (imgact_provider){.size = sizeof s.provider,
                                 .name = "somebody",
                                 .slots = s.slots,
                                 .slots_stride = sizeof *s.slots,
                                 .slots_count = IMGACT_OP_COUNT,
                                 .decode_error = classify,
                                 .decode_rate_limit = rate};
  const imgact_client_options options = {.size = sizeof options, .max_attempts = 1};
  s.client.allocator = &s.rate_fixture.memory.allocator;
  if (!ia_client_init(&s.client, &s.rate_fixture.engine, &s.provider, "https://h", &options))
    s.client.provider = NULL;
  s.client.released = released;
}

static void close_it(void) {
  for (size_t i = 0; i < WATCHES; i++) ia_watch_free(&s.watches[i]);
  ia_client_unref(&s.client);
  assert_true(s.gone);
  assert_int_equal(ia_engine_next_ms(&s.rate_fixture.engine), IA_NEVER);
  rate_fixture_close(&s.rate_fixture);
}

static int open_scene(void **state) {
  (void)state;
  open_with(25, 0);
  return 0;
}

static int close_scene(void **state) {
  (void)state;
  close_it();
  return 0;
}

static void report(ia_watch *watch, const imgact_error *error, const char *details) {
  seen *at = &s.seen[watch - s.watches];
  (void)details;
  assert_int_equal(at->ends, 0);
  at->looks++;
  at->at_ms = s.rate_fixture.now_ms;
  at->status = error == NULL ? IMGACT_OK : error->status;
  if (error != NULL) snprintf(at->message, sizeof at->message, "%s", error->message);
  if (error == NULL) {
    at->action = watch->action->status;
    assert_string_equal(watch->action->id, watch->id);
    const char *raw = imgact_action_raw(watch->action);
    snprintf(at->raw, sizeof at->raw, "%s", raw == NULL ? "none" : raw);
  }
  at->ends += error != NULL || at->action != IMGACT_ACTION_STATUS_RUNNING;
  assert_int_equal(watch->active, at->ends == 0);
  if (s.stops != NULL) ia_watch_stop(s.stops);
  s.stops = NULL;
}

static ia_watch *watch(size_t index) {
  ia_watch *made = &s.watches[index];
  snprintf(s.ids[index], sizeof s.ids[index], "%zu", index + 1);
  *made = (ia_watch){
      .id = s.ids[index], .policy = {.max_attempts = 1, .deadline_ms = IA_NEVER}, .report = report};
  return made;
}

static ia_watch *start(size_t index) {
  ia_watch_start(watch(index), &s.client, false);
  return &s.watches[index];
}

// Sends what is due now.
static void let_out(void) {
  const imgact_http_request *request;
  rate_fixture_at(&s.rate_fixture, s.rate_fixture.now_ms);
  for (ia_exchange *exchange; (exchange = ia_engine_take(&s.rate_fixture.engine, &request));) {
    asked *made = &s.asked[s.count++];
    *made = (asked){&exchange->base, request, "", request->timeout_ms, s.rate_fixture.now_ms};
    snprintf(made->line, sizeof made->line, "%s", request->url + strlen("https://h"));
  }
}

// Up to the next request.
static void run(void) {
  size_t before = s.count;
  for (let_out(); s.count == before && ia_engine_next_ms(&s.rate_fixture.engine) != IA_NEVER;
       let_out())
    s.rate_fixture.now_ms = ia_engine_next_ms(&s.rate_fixture.engine);
}

static void reply(size_t index, int status, const char *body) {
  static const imgact_header headers[] = {{"left", "77"}};
  imgact_http_response http = {.size = sizeof http,
                               .delivery = IMGACT_DELIVERY_ANSWERED,
                               .status = status,
                               .headers = headers,
                               .headers_count = 1,
                               .body = body,
                               .body_bytes = strlen(body)};
  assert_true(index < s.count && s.asked[index].exchange != NULL);
  imgact_exchange *exchange = s.asked[index].exchange;
  s.asked[index].exchange = NULL;
  imgact_exchange_finish(exchange, &http);
}

// All of the ids 1 to count, in that state.
static const char *actions(size_t count, const char *status) {
  static char text[16384];
  size_t at = (size_t)snprintf(text, sizeof text, "{\"actions\":[");
  for (size_t i = 1; i <= count; i++)
    at += (size_t)snprintf(text + at, sizeof text - at, "%s{\"id\":%zu,\"status\":\"%s\"}",
                           i > 1 ? "," : "", i, status);
  snprintf(text + at, sizeof text - at, "]}");
  return text;
}

// ---- who shares a request

TEST(poller_due_watches_share_request) {
  for (size_t i = 0; i < 60; i++) start(i);
  assert_int_equal(s.count, 0); // nothing leaves from inside a start
  run();
  assert_int_equal(s.count, 3); // 25 + 25 + 10
  assert_int_equal(strncmp(s.asked[0].line, "/actions?id=1&id=2&", 19), 0);
  assert_string_equal(s.asked[2].line,
                      "/actions?id=51&id=52&id=53&id=54&id=55&id=56&id=57&id=58&id=59&id=60");
  for (size_t i = 0; i < 3; i++) reply(i, 200, actions(60, "success"));
  for (size_t i = 0; i < 60; i++) assert_true(s.seen[i].looks == 1 && s.seen[i].ends == 1);
}

TEST(poller_batch_has_at_most_64) {
  close_it();
  open_with(1000, 0);
  for (size_t i = 0; i < WATCHES; i++) start(i);
  run();
  assert_int_equal(s.count, 2);
  assert_int_equal(strncmp(s.asked[1].line, "/actions?id=65&", 15), 0);
  reply(0, 200, actions(WATCHES, "success"));
  reply(1, 200, actions(WATCHES, "success"));
  for (size_t i = 0; i < WATCHES; i++) assert_int_equal(s.seen[i].ends, 1);
}

TEST(poller_single_id_uses_image_path) {
  static const uint32_t alone[] = {1, 0};
  for (size_t i = 0; i < 2; i++) {
    close_it();
    open_with(alone[i], 0);
    watch(0)->image = "4711";
    ia_watch_start(&s.watches[0], &s.client, false);
    start(1);
    run();
    assert_int_equal(s.count, 2);
    assert_string_equal(s.asked[0].line, "/4711/actions?id=1");
    assert_string_equal(s.asked[1].line, "/actions?id=2");
    reply(0, 200, actions(1, "success"));
    reply(1, 200, actions(2, "success"));
  }
}

TEST(poller_batch_includes_later_watches) {
  for (size_t i = 0; i < 3; i++) {
    s.rate_fixture.now_ms = 100000 + 7 * (int64_t)i;
    ia_timers_refresh(&s.rate_fixture.engine.timers);
    ia_watch_start(watch(i), &s.client, true);
  }
  run();
  assert_int_equal(s.count, 1);
  assert_string_equal(s.asked[0].line, "/actions?id=1&id=2&id=3");
  assert_int_equal(s.asked[0].at_ms, 100500); // when the first is due
  reply(0, 200, actions(3, "success"));
}

TEST(poller_batch_includes_soonest_watches) {
  for (size_t i = 0; i < 3; i++) watch(i);
  watch(3)->interval_ms = 100000; // a constant interval is not cut short
  ia_watch_start(&s.watches[3], &s.client, true);
  for (size_t i = 0; i < 3; i++) {
    s.rate_fixture.now_ms = 10 + (int64_t)i;
    ia_timers_refresh(&s.rate_fixture.engine.timers);
    ia_watch_start(&s.watches[i], &s.client, true);
  }
  run();
  assert_string_equal(s.asked[0].line, "/actions?id=1&id=2&id=3");
  assert_int_equal(s.asked[0].at_ms, 510);
  reply(0, 200, actions(3, "success"));
}

// Whoever wishes for an interval of his own gets it to the millisecond.
TEST(poller_constant_interval_is_kept) {
  watch(0)->interval_ms = 777;
  ia_watch_start(&s.watches[0], &s.client, true);
  for (size_t i = 0; i < 5; i++) {
    run();
    assert_int_equal(s.asked[i].at_ms, 777 * ((int64_t)i + 1));
    reply(i, 200, actions(1, i < 4 ? "running" : "success"));
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
    reply(s.count - 1, 200, actions(1, "running"));
  }
  assert_int_in_range(s.count, 50, 75);
  assert_true(last_gap_ms > 290000);
  assert_int_equal(s.seen[0].looks, s.count);
}

// ---- what a look shows

TEST(poller_polls_until_action_ends) {
  start(0);
  start(1);
  run();
  reply(0, 200,
        "{\"actions\":[{\"id\":2,\"status\":\"error\"},{\"id\":1,\"status\":\"running\"}]}");
  assert_true(s.seen[0].looks == 1 && s.seen[0].ends == 0);
  assert_true(s.seen[1].ends == 1 && s.seen[1].action == IMGACT_ACTION_STATUS_ERROR);
  run();
  assert_string_equal(s.asked[1].line, "/actions?id=1");
  reply(1, 200, actions(1, "success"));
  assert_true(s.seen[0].looks == 2 && s.seen[0].ends == 1);
  run();
  assert_int_equal(s.count, 2);
}

TEST(poller_new_action_may_be_missing) {
  watch(0)->may_be_missing_until_ms = 1500; /* polls come at 0, 1000 and 2000 ms */
  ia_watch_start(&s.watches[0], &s.client, false);
  start(1);
  run();
  reply(0, 200, "{\"actions\":[{\"id\":2,\"status\":\"running\"}]}");
  assert_int_equal(s.seen[0].looks, 0);
  for (size_t i = 1; i < 3; i++) {
    run();
    reply(i, 200, "{\"actions\":[{\"id\":2,\"status\":\"running\"}]}");
  }
  assert_int_equal(s.seen[0].status, IMGACT_NOT_FOUND);
  assert_string_equal(s.seen[0].message, "somebody knows no action 1");
  assert_int_equal(s.seen[0].looks, 1);
  assert_int_equal(s.seen[1].looks, 3);
}

TEST(poller_404_keeps_server_message) {
  watch(0)->may_be_missing_until_ms = 1;
  ia_watch_start(&s.watches[0], &s.client, false);
  for (size_t i = 0; i < 2; i++) {
    run();
    reply(i, 404, "{\"message\":\"no such thing\"}");
  }
  assert_int_equal(s.seen[0].status, IMGACT_NOT_FOUND);
  assert_string_equal(s.seen[0].message, "no such thing");
}

TEST(poller_action_of_other_image_rejected) {
  for (size_t i = 0; i < 3; i++) {
    watch(i)->image = "4711";
    s.watches[i].must_name_image = true;
    ia_watch_start(&s.watches[i], &s.client, false);
  }
  run();
  reply(0, 200,
        "{\"actions\":[{\"id\":1,\"status\":\"success\",\"image\":4712},{\"id\":2,\"status\":"
        "\"success\"},"
        "{\"id\":3,\"status\":\"success\",\"image\":4711}]}");
  assert_string_equal(s.seen[0].message, "somebody knows no action 1 of image 4711");
  assert_int_equal(s.seen[1].status, IMGACT_NOT_FOUND);
  assert_int_equal(s.seen[2].status, IMGACT_OK);
}

TEST(poller_failed_poll_ends_all_watches) {
  start(0);
  start(1);
  run();
  reply(0, 503, "{\"message\":\"later\"}");
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(s.seen[i].status, IMGACT_UNAVAILABLE);
    assert_string_equal(s.seen[i].message, "later");
    assert_int_equal(s.seen[i].ends, 1);
  }
}

TEST(poller_keep_raw_returns_raw_json) {
  start(0);
  run();
  reply(0, 200, "{\"actions\":[{\"id\":1,\"status\":\"success\"}]}");
  assert_string_equal(s.seen[0].raw, "none");
  watch(1)->keep_raw = true;
  ia_watch_start(&s.watches[1], &s.client, false);
  run();
  reply(1, 200, "{\"actions\":[{\"id\":2,\"status\":\"success\"}]}");
  assert_string_equal(s.seen[1].raw, "{\"id\":2,\"status\":\"success\"}");
}

TEST(poller_poll_updates_rate_limit) {
  imgact_rate_limit told = {-1, -1, IMGACT_NO_TIME, -1};
  watch(0)->policy.rate = &told;
  ia_watch_start(&s.watches[0], &s.client, false);
  start(1); // and one that does not want to know
  run();
  reply(0, 200, actions(2, "success"));
  assert_int_equal(told.remaining, 77);
}

// ---- stopping

TEST(poller_stopped_watch_is_not_polled) {
  for (size_t i = 0; i < 3; i++) start(i);
  ia_watch_stop(&s.watches[0]); // before it was due
  run();
  assert_string_equal(s.asked[0].line, "/actions?id=2&id=3");
  ia_watch_stop(&s.watches[1]); // while it is asked for
  ia_watch_stop(&s.watches[1]);
  reply(0, 200, actions(3, "running"));
  assert_true(s.seen[0].looks == 0 && s.seen[1].looks == 0 && s.seen[2].looks == 1);
  ia_watch_stop(&s.watches[2]); // between two looks
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
  reply(0, 503, "{}");
  ia_watch_stop(&s.watches[1]);
  run();
  assert_string_equal(s.asked[1].line, "/actions?id=1&id=3");
  reply(1, 200, actions(3, "success"));
  assert_true(s.seen[0].ends == 1 && s.seen[1].looks == 0 && s.seen[2].ends == 1);
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
    close_it();
    open_with(25, 0);
    for (size_t i = 0; i < 3; i++) start(i);
    run();
    s.stops = &s.watches[self ? 0 : 2];
    reply(0, 200, actions(3, "running"));
    assert_int_equal(s.seen[0].looks, 1);
    assert_int_equal(s.seen[1].looks, 1);
    run();
    assert_string_equal(s.asked[1].line, self ? "/actions?id=2&id=3" : "/actions?id=1&id=2");
    reply(1, 200, actions(3, "success"));
  }
}

// ---- limits of a look

TEST(poller_batch_uses_latest_deadline) {
  for (size_t no_early_rejection = 0; no_early_rejection < 2; no_early_rejection++) {
    close_it();
    open_with(25, 0);
    for (size_t i = 0; i < 2; i++) {
      watch(i)->policy.deadline_ms = i == no_early_rejection ? 9000 : 5000;
      s.watches[i].policy.max_attempts = 2;
      ia_watch_start(&s.watches[i], &s.client, false);
    }
    run();
    assert_int_equal(s.asked[0].timeout_ms, 9000);
    reply(0, 503, "{}");
    run();
    assert_int_equal(s.count, 2);
    assert_int_equal(s.asked[1].timeout_ms, 9000 - s.asked[1].at_ms);
    reply(1, 503, "{}");
    run();
    assert_int_equal(s.count, 2);
    assert_true(s.seen[0].ends == 1 && s.seen[1].ends == 1);
  }
}

TEST(poller_requests_within_in_flight_limit) {
  close_it();
  open_with(1, 0);
  s.client.queue.concurrency = 2;
  for (size_t i = 0; i < 5; i++) start(i);
  run();
  assert_int_equal(s.count, 2);
  reply(0, 200, actions(5, "success"));
  let_out();
  assert_int_equal(s.count, 3);
  for (size_t i = 1; i < 5; i++) {
    reply(i, 200, actions(5, "success"));
    let_out();
  }
  for (size_t i = 0; i < 5; i++) assert_int_equal(s.seen[i].ends, 1);
}

// ---- what is learned of durations

// How many looks an action of a hundred seconds takes.
static size_t looks_at_a_hundred_seconds(size_t index) {
  start(index);
  int64_t end_ms = s.rate_fixture.now_ms + 100000;
  int before = s.seen[index].looks;
  while (!s.seen[index].ends) {
    char body[128];
    run();
    snprintf(body, sizeof body, "{\"actions\":[{\"id\":%zu,\"status\":\"%s\"}]}", index + 1,
             s.rate_fixture.now_ms < end_ms ? "running" : "success");
    reply(s.count - 1, 200, body);
  }
  s.count = 0;
  return (size_t)(s.seen[index].looks - before);
}

TEST(poller_known_durations_save_polls) {
  size_t first = looks_at_a_hundred_seconds(0), later = 0;
  for (size_t i = 1; i < 20; i++) later = looks_at_a_hundred_seconds(i);
  assert_true(later * 3 < first * 2);
  s.kind = IMGACT_ACTION_KIND_TRANSFER; // of which nothing is known
  assert_int_equal(looks_at_a_hundred_seconds(20), first);
}

TEST(poller_duration_uses_reported_times) {
  static const char *const bodies[] = {
      "{\"actions\":[{\"id\":1,\"status\":\"success\",\"from\":1000,\"to\":1090}]}",
      "{\"actions\":[{\"id\":2,\"status\":\"error\",\"from\":1000,\"to\":1090}]}",
      "{\"actions\":[{\"id\":3,\"status\":\"success\",\"from\":1000}]}"};
  const ia_durations *known = &s.client.poller.durations[IMGACT_ACTION_KIND_CONVERT];
  for (size_t i = 0; i < 3; i++) {
    start(i);
    run();
    s.rate_fixture.now_ms += 500;
    rate_fixture_at(&s.rate_fixture, s.rate_fixture.now_ms);
    reply(i, 200, bodies[i]);
    assert_int_equal(s.seen[i].ends, 1);
  }
  assert_int_equal(known->count, 2);
  assert_int_equal(known->recent_ms[0], 90000);
  assert_int_equal(known->recent_ms[1], 500); // as long as it was waited for
}

// A provider of somebody else's may know kinds that this library does not.
TEST(poller_unknown_kind_counts_as_other) {
  static const int32_t kinds[] = {IMGACT_ACTION_KIND_CHANGE_PROTECTION + 1, 1000001, -2};
  for (size_t i = 0; i < 3; i++) {
    s.kind = kinds[i];
    start(i);
    run();
    char body[64];
    snprintf(body, sizeof body, "{\"actions\":[{\"id\":%zu,\"status\":\"running\"}]}", i + 1);
    reply(s.count - 1, 200, body);
    run();
    snprintf(body, sizeof body, "{\"actions\":[{\"id\":%zu,\"status\":\"success\"}]}", i + 1);
    reply(s.count - 1, 200, body);
    assert_int_equal(s.client.poller.durations[IMGACT_ACTION_KIND_OTHER].count, i + 1);
  }
}

// ---- without memory

// Every watch hears of its end exactly once, whatever fails; report insists on it.
TEST(poller_without_memory_every_watch_ends) {
  close_it();
  bool more = true;
  size_t told_of_memory = 0;
  for (size_t k = 1; more; k++) {
    open_with(2, k);
    if (s.client.provider == NULL) { // the client itself was not made
      s.client.provider = &s.provider;
      ia_client_unref(&s.client);
      more = true;
      rate_fixture_close(&s.rate_fixture);
      continue;
    }
    for (size_t i = 0; i < 5; i++) start(i);
    size_t answered = 0;
    for (int round = 0; round < 2; round++) {
      for (run(); answered < s.count; answered++)
        reply(answered, 200, actions(5, round ? "success" : "running"));
      let_out();
      for (; answered < s.count; answered++) reply(answered, 200, actions(5, "success"));
    }
    run();
    more = s.rate_fixture.memory.failures > 0;
    for (size_t i = 0; i < 5; i++) {
      assert_int_equal(s.seen[i].ends, 1);
      told_of_memory += s.seen[i].status == IMGACT_NOMEM;
      if (!more) assert_int_equal(s.seen[i].status, IMGACT_OK);
    }
    if (more) close_it();
  }
  assert_true(told_of_memory > 10);
}

// A response about other actions does not say that the API does not know this one.
TEST(poller_only_other_actions_is_protocol) {
  start(0);
  start(1);
  run();
  reply(0, 200,
        "{\"actions\":[{\"id\":7,\"status\":\"success\"},{\"id\":8,\"status\":\"success\"}]}");
  for (size_t i = 0; i < 2; i++) assert_int_equal(s.seen[i].status, IMGACT_PROTOCOL);
  assert_string_equal(s.seen[1].message, "unexpected action 7 in the response, requested: 2");
  start(2);
  start(3);
  run();
  reply(1, 200,
        "{\"actions\":[{\"id\":7,\"status\":\"success\"},{\"id\":3,\"status\":\"success\"}]}");
  assert_int_equal(s.seen[2].status, IMGACT_OK);
  assert_int_equal(s.seen[3].status, IMGACT_NOT_FOUND);
}

int main(void) { return testing_run(open_scene, close_scene); }
