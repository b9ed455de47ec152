// SPDX-License-Identifier: MIT
// What a poll reports to its watches, what durations it learns, and that each watch ends once.
#include "poller_fixture.h"

// ---- results of a poll

TEST(poller_polls_until_action_ends) {
  start(0);
  start(1);
  run();
  respond(0, 200,
          "{\"actions\":[{\"id\":2,\"status\":\"error\"},{\"id\":1,\"status\":\"running\"}]}");
  assert_true(s.seen[0].polls == 1 && s.seen[0].ends == 0);
  assert_true(s.seen[1].ends == 1 && s.seen[1].action == IMGACT_ACTION_STATUS_ERROR);
  run();
  assert_string_equal(s.sent[1].line, "/actions?id=1");
  respond(1, 200, actions(1, "success"));
  assert_true(s.seen[0].polls == 2 && s.seen[0].ends == 1);
  run();
  assert_int_equal(s.count, 2);
}

TEST(poller_new_action_may_be_missing) {
  watch(0)->may_be_missing_until_ms = 1500; /* polls come at 0, 1000 and 2000 ms */
  ia_watch_start(&s.watches[0], &s.client, false);
  start(1);
  run();
  respond(0, 200, "{\"actions\":[{\"id\":2,\"status\":\"running\"}]}");
  assert_int_equal(s.seen[0].polls, 0);
  for (size_t i = 1; i < 3; i++) {
    run();
    respond(i, 200, "{\"actions\":[{\"id\":2,\"status\":\"running\"}]}");
  }
  assert_int_equal(s.seen[0].status, IMGACT_NOT_FOUND);
  assert_string_equal(s.seen[0].message, "example: action '1' not found");
  assert_int_equal(s.seen[0].polls, 1);
  assert_int_equal(s.seen[1].polls, 3);
}

TEST(poller_404_keeps_server_message) {
  watch(0)->may_be_missing_until_ms = 1;
  ia_watch_start(&s.watches[0], &s.client, false);
  for (size_t i = 0; i < 2; i++) {
    run();
    respond(i, 404, "{\"message\":\"no such thing\"}");
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
  respond(0, 200,
          "{\"actions\":[{\"id\":1,\"status\":\"success\",\"image\":4712},{\"id\":2,\"status\":"
          "\"success\"},"
          "{\"id\":3,\"status\":\"success\",\"image\":4711}]}");
  assert_string_equal(s.seen[0].message, "example: action '1' of image 4711 not found");
  assert_int_equal(s.seen[1].status, IMGACT_NOT_FOUND);
  assert_int_equal(s.seen[2].status, IMGACT_OK);
}

TEST(poller_failed_poll_ends_all_watches) {
  start(0);
  start(1);
  run();
  respond(0, 503, "{\"message\":\"later\"}");
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(s.seen[i].status, IMGACT_UNAVAILABLE);
    assert_string_equal(s.seen[i].message, "later");
    assert_int_equal(s.seen[i].ends, 1);
  }
}

TEST(poller_keep_raw_returns_raw_json) {
  start(0);
  run();
  respond(0, 200, "{\"actions\":[{\"id\":1,\"status\":\"success\"}]}");
  assert_string_equal(s.seen[0].raw, "none");
  watch(1)->keep_raw = true;
  ia_watch_start(&s.watches[1], &s.client, false);
  run();
  respond(1, 200, "{\"actions\":[{\"id\":2,\"status\":\"success\"}]}");
  assert_string_equal(s.seen[1].raw, "{\"id\":2,\"status\":\"success\"}");
}

TEST(poller_poll_updates_rate_limit) {
  imgact_rate_limit limit = {-1, -1, IMGACT_NO_TIME, -1};
  watch(0)->policy.rate_limit = &limit;
  ia_watch_start(&s.watches[0], &s.client, false);
  start(1); // a watch without a rate limit
  run();
  respond(0, 200, actions(2, "success"));
  assert_int_equal(limit.remaining, 77);
}

// ---- durations

// Returns how many polls an action of 100 s takes.
static size_t polls_in_100_s(size_t index) {
  start(index);
  int64_t end_ms = s.rate_fixture.now_ms + 100000;
  int before = s.seen[index].polls;
  while (!s.seen[index].ends) {
    char body[128];
    run();
    snprintf(body, sizeof body, "{\"actions\":[{\"id\":%zu,\"status\":\"%s\"}]}", index + 1,
             s.rate_fixture.now_ms < end_ms ? "running" : "success");
    respond(s.count - 1, 200, body);
  }
  s.count = 0;
  return (size_t)(s.seen[index].polls - before);
}

TEST(poller_known_durations_save_polls) {
  size_t first = polls_in_100_s(0), later = 0;
  for (size_t i = 1; i < 20; i++) later = polls_in_100_s(i);
  assert_true(later * 3 < first * 2);
  s.kind = IMGACT_ACTION_KIND_TRANSFER; // no known durations
  assert_int_equal(polls_in_100_s(20), first);
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
    respond(i, 200, bodies[i]);
    assert_int_equal(s.seen[i].ends, 1);
  }
  assert_int_equal(known->count, 2);
  assert_int_equal(known->recent_ms[0], 90000);
  assert_int_equal(known->recent_ms[1], 500); // measured by the watch
}

// A third-party provider may have kinds that this library does not know.
TEST(poller_unknown_kind_counts_as_other) {
  static const int32_t kinds[] = {IMGACT_ACTION_KIND_CHANGE_PROTECTION + 1, 1000001, -2};
  for (size_t i = 0; i < 3; i++) {
    s.kind = kinds[i];
    start(i);
    run();
    char body[64];
    snprintf(body, sizeof body, "{\"actions\":[{\"id\":%zu,\"status\":\"running\"}]}", i + 1);
    respond(s.count - 1, 200, body);
    run();
    snprintf(body, sizeof body, "{\"actions\":[{\"id\":%zu,\"status\":\"success\"}]}", i + 1);
    respond(s.count - 1, 200, body);
    assert_int_equal(s.client.poller.durations[IMGACT_ACTION_KIND_OTHER].count, i + 1);
  }
}

// ---- without memory

// Every watch ends exactly once, whichever allocation fails; report() checks it.
TEST(poller_without_memory_every_watch_ends) {
  close_client();
  bool more = true;
  size_t nomem_ends = 0;

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
        respond(answered, 200, actions(5, round ? "success" : "running"));
      send_due();
      for (; answered < s.count; answered++) respond(answered, 200, actions(5, "success"));
    }
    run();
    more = s.rate_fixture.memory.failures > 0;
    for (size_t i = 0; i < 5; i++) {
      assert_int_equal(s.seen[i].ends, 1);
      nomem_ends += s.seen[i].status == IMGACT_NOMEM;
      if (!more) assert_int_equal(s.seen[i].status, IMGACT_OK);
    }
    if (more) close_client();
  }
  assert_true(nomem_ends > 10);
}

// A response with other actions only does not mean that this action does not exist.
TEST(poller_only_other_actions_is_protocol) {
  start(0);
  start(1);
  run();
  respond(0, 200,
          "{\"actions\":[{\"id\":7,\"status\":\"success\"},{\"id\":8,\"status\":\"success\"}]}");
  for (size_t i = 0; i < 2; i++) assert_int_equal(s.seen[i].status, IMGACT_PROTOCOL);
  assert_string_equal(s.seen[1].message, "unexpected action 7 in the response, requested: 2");
  start(2);
  start(3);
  run();
  respond(1, 200,
          "{\"actions\":[{\"id\":7,\"status\":\"success\"},{\"id\":3,\"status\":\"success\"}]}");
  assert_int_equal(s.seen[2].status, IMGACT_OK);
  assert_int_equal(s.seen[3].status, IMGACT_NOT_FOUND);
}

int main(void) { return testing_run(open_fixture, close_fixture); }
