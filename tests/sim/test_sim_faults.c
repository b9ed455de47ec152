// SPDX-License-Identifier: MIT
#include "http_fixture.h"

static const char world[] = "{\"limits\":{\"hetzner\":{\"limit\":0,\"actions\":0},\"digitalocean\":"
                            "{\"limit\":0,\"burst\":0}},"
                            "\"hetzner\":{\"images\":[{\"id\":10},{\"id\":11},{\"id\":12}]},"
                            "\"digitalocean\":{\"images\":[{\"id\":10,\"name\":\"a\"},{\"id\":11,"
                            "\"name\":\"b\"},{\"id\":12,\"name\":\"c\"}]}}";

static int setup(void **state) {
  http_fixture_setup(state);
  http_fixture_world(*state, world);
  return 0;
}

#define PROTECT "/v1/images/10/actions/change_protection"

static uint64_t protected_so_far(const http_fixture *a) {
  return a->instance.world->counters.effects[SIM_PROTECT];
}

TEST(fault_when_decides_effect) {
  static const struct {
    const char *fault;
    sim_end end;
  } cases[] = {{"\"no_reply\"", SIM_END_SILENCE},
               {"\"close\"", SIM_END_CLOSE},
               {"\"reset\"", SIM_END_RESET},
               {"\"cut\",\"bytes\":30", SIM_END_REPLY},
               {"\"status\",\"status\":503", SIM_END_REPLY},
               {"\"rate_limit\"", SIM_END_REPLY}};
  http_fixture *a = *state;

  http_fixture_world(a, "{\"settings\":{\"durations_ms\":{\"protect\":0}}}");
  for (size_t i = 0; i < SIM_COUNT(cases); i++) {
    char faults[300];
    snprintf(faults, sizeof faults,
             "[{\"do\":%s,\"method\":\"POST\",\"when\":\"before\",\"count\":1},"
             "{\"do\":%s,\"method\":\"POST\",\"when\":\"after\",\"skip\":1,\"count\":1}]",
             cases[i].fault, cases[i].fault);
    http_fixture_faults(a, faults);
    uint64_t old = protected_so_far(a);
    http_fixture_send(a, "POST", PROTECT, "{\"delete\":true}");
    assert_int_equal(a->outcome.end, cases[i].end);
    assert_int_equal(protected_so_far(a), old);
    http_fixture_send(a, "POST", PROTECT, "{\"delete\":true}");
    assert_int_equal(a->outcome.end, cases[i].end);
    assert_int_equal(protected_so_far(a), old + 1);
    http_fixture_expect(a, 201, "POST", PROTECT, "{\"delete\":true}");
    sim_faults_clear(&a->instance.faults);
  }
}

/* Before and after the effect, with and without a limit in the world. */
TEST(rate_limit_fault_is_cloud_429) {
  http_fixture *a = *state;

  for (int limited = 0; limited < 2; limited++) {
    if (limited)
      http_fixture_world(a, "{\"limits\":{\"hetzner\":{\"limit\":100,\"actions\":200},"
                            "\"digitalocean\":{\"limit\":300,\"burst\":30}}}");
    for (int late = 0; late < 2; late++) {
      char faults[100];
      snprintf(faults, sizeof faults, "[{\"do\":\"rate_limit\",\"when\":\"%s\"}]",
               late ? "after" : "before");
      http_fixture_faults(a, faults);
      const imgact_json *reply = http_fixture_expect(a, 429, "GET", "/v1/images", NULL);
      http_fixture_text(reply, "error.code", "rate_limit_exceeded");
      assert_string_equal(http_fixture_header(a, "RateLimit-Limit"), limited ? "100" : "3600");
      assert_string_equal(http_fixture_header(a, "RateLimit-Remaining"), "0");
      assert_string_equal(http_fixture_header(a, "RateLimit-Reset"), "1767229200");
      assert_int_equal(strlen(http_fixture_header(a, "X-Correlation-Id")), 16);
      assert_string_equal(http_fixture_header(a, "Link"), "");
      http_fixture_expect(a, 429, "POST", PROTECT, "{\"delete\":true}");
      assert_string_equal(http_fixture_header(a, "RateLimit-Limit"), limited ? "200" : "7200");
      reply = http_fixture_expect(a, 429, "GET", "/v2/images?per_page=1", NULL);
      http_fixture_text(reply, "id", "too_many_requests");
      http_fixture_text(reply, "request_id", http_fixture_header(a, "x-request-id"));
      assert_string_equal(http_fixture_header(a, "ratelimit-limit"), limited ? "300" : "5000");
      assert_string_equal(http_fixture_header(a, "ratelimit-remaining"), "0");
      assert_string_equal(http_fixture_header(a, "ratelimit-reset"), "1767225601");
      assert_string_equal(http_fixture_header(a, "retry-after"), "");
      sim_faults_clear(&a->instance.faults);
    }
  }
  http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
  assert_string_equal(http_fixture_header(a, "RateLimit-Remaining"),
                      "98"); /* the request that took effect counts */
  http_fixture_world(a, "{\"limits\":{\"hetzner\":{\"limit\":0},\"digitalocean\":{\"limit\":0}}}");
  http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
  assert_string_equal(http_fixture_header(a, "RateLimit-Limit"), "");
  http_fixture_expect(a, 200, "GET", "/v2/images", NULL);
  assert_string_equal(http_fixture_header(a, "ratelimit-remaining"), "");
}

TEST(counters_count_sent_status) {
  http_fixture *a = *state;

  http_fixture_faults(a, "[{\"do\":\"status\",\"status\":503,\"when\":\"after\",\"count\":1},"
                         "{\"do\":\"status\",\"status\":404,\"skip\":1,\"count\":1},{\"do\":\"rate_"
                         "limit\",\"skip\":2,\"count\":1},"
                         "{\"do\":\"reset\",\"skip\":3,\"count\":1},{\"do\":\"close\",\"when\":"
                         "\"after\",\"skip\":4,\"count\":1}]");
  for (int i = 0; i < 6; i++)
    http_fixture_send(a, "GET", i % 2 ? "/v1/images/10" : "/v2/images/10", NULL);
  const imgact_json *counters = http_fixture_expect(a, 200, "GET", "/_sim/counters", NULL);
  assert_int_equal(http_fixture_int(counters, "requests"), 6);
  assert_int_equal(http_fixture_int(counters, "hetzner"), 3);
  assert_int_equal(http_fixture_int(counters, "status.5xx"), 1);
  assert_int_equal(http_fixture_int(counters, "status.4xx"), 2);
  assert_int_equal(http_fixture_int(counters, "status.other"), 2);
  assert_int_equal(http_fixture_int(counters, "status.2xx"), 1);
}

/* Before the effect the 502 of a gateway is cut; after it, which is the default, the response. */
TEST(cut_before_effect_is_502) {
  http_fixture *a = *state;
  http_fixture_faults(a, "[{\"do\":\"cut\",\"bytes\":9,\"when\":\"before\",\"count\":1},{\"do\":"
                         "\"cut\",\"bytes\":9,\"skip\":1}]");
  http_fixture_text(http_fixture_expect(a, 502, "DELETE", "/v1/images/10", NULL), "error.code",
                    "bad_gateway");
  assert_int_equal(a->outcome.cut_bytes, 9);
  http_fixture_expect(a, 204, "DELETE", "/v1/images/10", NULL);
  assert_int_equal(a->outcome.cut_bytes, 9);
}

TEST(fault_patterns_select_requests) {
  http_fixture *a = *state;
  http_fixture_faults(
      a, "{\"faults\":[{\"do\":\"status\",\"status\":500,\"cloud\":\"hetzner\",\"method\":\"GET\","
         "\"path\":\"/v1/images/1[01]\",\"skip\":1,\"count\":2}]}");
  http_fixture_expect(a, 200, "GET", "/v1/images/12", NULL);
  http_fixture_expect(a, 200, "GET", "/v2/images/10", NULL);
  http_fixture_expect(a, 200, "GET", "/v1/images/10?x=1", NULL);
  http_fixture_expect(a, 500, "GET", "/v1/images/11?x=1", NULL);
  http_fixture_expect(a, 200, "PUT", "/v1/images/10", "{}");
  http_fixture_expect(a, 500, "GET", "/v1/images/10", NULL);
  http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
  assert_int_equal(a->instance.world->counters.faults, 2);
}

TEST(probability_same_seed_repeats) {
  http_fixture *a = *state;
  char runs[2][101] = {"", ""};

  http_fixture_faults(a, "[{\"do\":\"close\",\"probability\":0.3}]");
  for (int run = 0; run < 2; run++) {
    a->instance.faults.random = 42;
    for (int i = 0; i < 100; i++) {
      http_fixture_send(a, "GET", "/v1/images/10", NULL);
      runs[run][i] = a->outcome.end == SIM_END_CLOSE ? 'x' : '.';
    }
  }
  assert_string_equal(runs[0], runs[1]);
  int hits = 0;
  for (int i = 0; i < 100; i++) hits += runs[0][i] == 'x';
  assert_int_in_range(hits, 15, 45);
}

TEST(status_fault_replaces_response) {
  http_fixture *a = *state;

  http_fixture_faults(a, "[{\"do\":\"status\",\"status\":502,\"count\":1,\"path\":\"/v1/*\"},"
                         "{\"do\":\"status\",\"status\":502,\"body\":\"html\",\"count\":1,\"skip\":"
                         "1,\"path\":\"/v1/*\"},"
                         "{\"do\":\"status\",\"status\":200,\"body\":\"empty\",\"count\":1,"
                         "\"skip\":2,\"path\":\"/v1/*\"},"
                         "{\"do\":\"status\",\"status\":200,\"body\":\"{\\\"image\\\":\",\"count\":"
                         "1,\"skip\":3,\"path\":\"/v1/*\"},"
                         "{\"do\":\"content_type\",\"content_type\":\"text/"
                         "plain\",\"count\":1,\"skip\":4,\"path\":\"/v1/*\"},"
                         "{\"do\":\"rate_limit\",\"retry_after\":7,\"path\":\"/v2/*\"}]");
  http_fixture_text(http_fixture_expect(a, 502, "GET", "/v1/images/10", NULL), "error.code",
                    "bad_gateway");
  assert_null(http_fixture_expect(a, 502, "GET", "/v1/images/10", NULL));
  assert_string_equal(http_fixture_header(a, "content-type"), "text/html");
  http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
  assert_int_equal(a->outcome.reply.body_bytes, 0);
  http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
  assert_string_equal(a->outcome.reply.body, "{\"image\":");
  http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
  assert_string_equal(http_fixture_header(a, "content-type"), "text/plain");
  http_fixture_text(http_fixture_expect(a, 429, "GET", "/v2/images/10", NULL), "id",
                    "too_many_requests");
  assert_string_equal(http_fixture_header(a, "Retry-After"), "7");
}

TEST(delay_slow_cut_combine) {
  http_fixture *a = *state;
  http_fixture_faults(a, "[{\"do\":\"delay\",\"ms\":300},{\"do\":\"slow\",\"bytes\":10},{\"do\":"
                         "\"cut\",\"bytes\":0}]");
  http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
  assert_int_equal(a->outcome.delay_ms, 300);
  assert_int_equal(a->outcome.bytes_per_s, 10);
  assert_int_equal(a->outcome.cut_bytes, 0);
}

TEST(hide_fault_hides_action) {
  http_fixture *a = *state;

  http_fixture_faults(a, "[{\"do\":\"hide\",\"ms\":5000,\"method\":\"POST\",\"count\":1}]");
  const imgact_json *reply = http_fixture_expect(a, 201, "POST", PROTECT, "{\"delete\":true}");
  char one[64], by_id[64];
  snprintf(one, sizeof one, "/v1/images/actions/%d", (int)http_fixture_int(reply, "action.id"));
  snprintf(by_id, sizeof by_id, "/v1/actions?id=%d", (int)http_fixture_int(reply, "action.id"));
  a->real_ms = 4999;
  http_fixture_expect(a, 404, "GET", one, NULL);
  assert_string_equal(http_fixture_ids(http_fixture_expect(a, 200, "GET", by_id, NULL), "actions"),
                      "");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v1/images/10/actions", NULL),
                       "actions"),
      "");
  a->real_ms = 5000;
  http_fixture_text(http_fixture_expect(a, 200, "GET", one, NULL), "action.status", "success");
  http_fixture_expect(a, 201, "POST", PROTECT, "{\"delete\":true}");
  assert_int_equal(
      imgact_json_count(http_fixture_at(
          http_fixture_expect(a, 200, "GET", "/v1/images/10/actions", NULL), "actions")),
      2);
}

TEST(fail_and_last_change_action) {
  http_fixture *a = *state;

  http_fixture_faults(a,
                      "[{\"do\":\"fail\",\"method\":\"POST\",\"count\":1},{\"do\":\"last\",\"ms\":"
                      "7200000,\"method\":\"POST\",\"skip\":1,"
                      "\"count\":1},{\"do\":\"last\",\"method\":\"POST\",\"skip\":2,\"count\":1}]");
  http_fixture_expect(a, 201, "POST", PROTECT, "{\"delete\":true}");
  a->real_ms += 1000;
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v1/images/10/actions", NULL);
  http_fixture_text(reply, "actions.0.status", "error");
  http_fixture_text(reply, "actions.0.error.code", "action_failed");
  reply = http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
  int on = 1;
  assert_true(imgact_json_as_bool(http_fixture_at(reply, "image.protection.delete"), &on));
  assert_false(on);
  http_fixture_expect(a, 201, "POST", PROTECT, "{\"delete\":true}");
  a->real_ms += 7199999;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v1/images/10/actions", NULL),
                    "actions.1.status", "running");
  a->real_ms += 1;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v1/images/10/actions", NULL),
                    "actions.1.status", "success");
  http_fixture_expect(a, 201, "POST", PROTECT, "{\"delete\":true}");
  a->real_ms += INT64_C(1000) * 86400000;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v1/images/10/actions", NULL),
                    "actions.2.status", "running");
}

TEST(list_faults_change_items) {
  http_fixture *a = *state;

  http_fixture_faults(
      a, "[{\"do\":\"duplicate\",\"count\":1},{\"do\":\"appear\",\"skip\":1,\"count\":1},"
         "{\"do\":\"vanish\",\"skip\":2,\"count\":1}]");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v2/images?per_page=2", NULL), "images"),
      "10 11 10");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v2/images?per_page=2&page=2", NULL),
                       "images"),
      "11 12");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v1/images", NULL), "images"), "11 12");
}

TEST(list_faults_at_last_or_any) {
  http_fixture *a = *state;

  http_fixture_faults(a,
                      "[{\"do\":\"appear\",\"at\":\"last\",\"count\":1},{\"do\":\"vanish\",\"at\":"
                      "\"last\",\"skip\":1,"
                      "\"count\":1},{\"do\":\"vanish\",\"at\":\"first\",\"skip\":2,\"count\":1}]");
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
  const char *ids = http_fixture_ids(reply, "images");
  assert_int_equal(strncmp(ids, "10 11 12 ", 9), 0);
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v1/images", NULL), "images"),
      "10 11 12");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v1/images", NULL), "images"), "11 12");
  http_fixture_faults(a, "[{\"do\":\"appear\",\"at\":\"any\",\"count\":40}]");
  for (int i = 0; i < 40; i++)
    ids = http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v1/images?per_page=50", NULL),
                           "images");
  assert_int_not_equal(strncmp(ids, "11 ", 3), 0);
  assert_string_not_equal(ids + strlen(ids) - 3, " 12");
}

TEST(next_fault_changes_page) {
  http_fixture *a = *state;

  http_fixture_faults(a, "[{\"do\":\"next\",\"next\":\"same\",\"count\":2},{\"do\":\"next\","
                         "\"next\":\"first\",\"skip\":2,\"count\":2},"
                         "{\"do\":\"next\",\"next\":\"missing\",\"skip\":4,\"count\":2},"
                         "{\"do\":\"next\",\"next\":\"host\",\"skip\":6,\"count\":1},{\"do\":"
                         "\"next\",\"next\":\"huge\",\"skip\":7}]");
  const char *hetzner = "/v1/images?per_page=1&page=2",
             *digitalocean = "/v2/images?per_page=1&page=2";
  assert_int_equal(http_fixture_int(http_fixture_expect(a, 200, "GET", hetzner, NULL),
                                    "meta.pagination.next_page"),
                   2);
  http_fixture_text(http_fixture_expect(a, 200, "GET", digitalocean, NULL), "links.pages.next",
                    "https://api.digitalocean.com/v2/images?page=2");
  assert_int_equal(http_fixture_int(http_fixture_expect(a, 200, "GET", hetzner, NULL),
                                    "meta.pagination.next_page"),
                   1);
  http_fixture_text(http_fixture_expect(a, 200, "GET", digitalocean, NULL), "links.pages.next",
                    "https://api.digitalocean.com/v2/images?page=1");
  http_fixture_null(http_fixture_expect(a, 200, "GET", hetzner, NULL), "meta.pagination.next_page");
  assert_null(
      http_fixture_at(http_fixture_expect(a, 200, "GET", digitalocean, NULL), "links.pages.next"));
  assert_non_null(http_fixture_at(imgact_json_doc_root(a->document), "links.pages.prev"));
  http_fixture_text(http_fixture_expect(a, 200, "GET", digitalocean, NULL), "links.pages.next",
                    "https://elsewhere.example/v2/images?page=3&per_page=1");
  assert_true(http_fixture_int(http_fixture_expect(a, 200, "GET", hetzner, NULL),
                               "meta.pagination.next_page") > 1000000);
}

/* The list can be put back unchanged. */
TEST(last_page_fault_is_zero) {
  http_fixture *a = *state;

  http_fixture_faults(a, "[{\"do\":\"last_page\"}]");
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/images?per_page=2", NULL);
  http_fixture_text(reply, "links.pages.last", "https://api.digitalocean.com/v2/images?page=0");
  http_fixture_text(reply, "links.pages.next",
                    "https://api.digitalocean.com/v2/images?page=2&per_page=2");
  reply = http_fixture_expect(a, 200, "GET", "/v1/images?per_page=2", NULL);
  assert_int_equal(http_fixture_int(reply, "meta.pagination.last_page"), 0);
  assert_int_equal(http_fixture_int(reply, "meta.pagination.next_page"), 2);
}

/* Requests of servers, Droplets, tags and transfers that have an effect, and its counter. */
static const struct {
  const char *method, *target, *body;
  sim_effect effect;
} mutations[] = {
    {"POST", "/v1/servers/1/actions/create_image", "{}", SIM_CREATE_IMAGE},
    {"POST", "/v2/droplets/1/actions", "{\"type\":\"snapshot\",\"name\":\"s\"}", SIM_CREATE_IMAGE},
    {"POST", "/v2/images", "{\"name\":\"i\",\"url\":\"u\",\"region\":\"nyc3\"}", SIM_IMPORT},
    {"POST", "/v2/tags/t/resources",
     "{\"resources\":[{\"resource_id\":\"10\",\"resource_type\":\"image\"}]}", SIM_TAG},
    {"DELETE", "/v2/tags/t/resources",
     "{\"resources\":[{\"resource_id\":\"11\",\"resource_type\":\"image\"}]}", SIM_UNTAG},
    {"DELETE", "/v2/tags/t", NULL, SIM_DELETE_TAG},
    {"POST", "/v2/images/12/account_transfer", "{\"recipient_uuid\":\"u\"}", SIM_ACCOUNT_TRANSFER},
};

/* Each response is lost once before and once after the effect; a 503 follows the effect. */
TEST(lost_responses_of_all_mutations) {
  static const struct {
    const char *faults;
    uint64_t effects;
  } cases[] = {{"[{\"do\":\"close\"}]", 0},
               {"[{\"do\":\"reset\",\"when\":\"after\"}]", 1},
               {"[{\"do\":\"status\",\"status\":503}]", 0},
               {"[{\"do\":\"status\",\"status\":503,\"when\":\"after\"}]", 1},
               {"[{\"do\":\"rate_limit\"}]", 0}};
  for (size_t c = 0; c < SIM_COUNT(cases); c++) {
    http_fixture_teardown(state);
    setup(state);
    http_fixture *a = *state;
    http_fixture_world(a, "{\"digitalocean\":{\"images\":[{\"id\":11,\"tags\":[\"t\"]}]},"
                          "\"accounts\":[{\"name\":\"b\",\"team\":\"u\",\"auto_accept\":true}]}");
    http_fixture_faults(a, cases[c].faults);
    const uint64_t *effects = a->instance.world->counters.effects;
    for (size_t i = 0; i < SIM_COUNT(mutations); i++) {
      uint64_t before = effects[mutations[i].effect];
      http_fixture_send(a, mutations[i].method, mutations[i].target, mutations[i].body);
      if (effects[mutations[i].effect] - before != cases[c].effects)
        fail_msg("%s %s, %s", mutations[i].method, mutations[i].target, cases[c].faults);
    }
  }
}

TEST(duplicate_fault_changes_every_list) {
  http_fixture *a = *state;
  static const struct {
    const char *target, *key;
    size_t count;
  } lists[] = {{"/v1/servers?per_page=2", "servers", 3},
               {"/v1/servers/1/actions", "actions", 2},
               {"/v2/droplets?per_page=2", "droplets", 3},
               {"/v2/droplets/1/actions", "actions", 2},
               {"/v2/droplets/1/snapshots", "snapshots", 2},
               {"/v2/regions?per_page=2", "regions", 3},
               {"/v2/tags", "tags", 2}};

  http_fixture_expect(a, 201, "POST", mutations[0].target, mutations[0].body);
  http_fixture_expect(a, 201, "POST", mutations[1].target, mutations[1].body);
  http_fixture_expect(a, 201, "POST", "/v2/tags", "{\"name\":\"t\"}");
  a->real_ms = 60000;
  http_fixture_faults(a, "[{\"do\":\"duplicate\"}]");
  for (size_t i = 0; i < SIM_COUNT(lists); i++) {
    const imgact_json *reply = http_fixture_expect(a, 200, "GET", lists[i].target, NULL);
    if (imgact_json_count(imgact_json_get(reply, lists[i].key)) != lists[i].count)
      fail_msg("%s: %s", lists[i].target, a->outcome.reply.body);
  }
}

TEST(faults_get_returns_given) {
  static const char *const given =
      "[{\"do\":\"status\",\"cloud\":\"hetzner\",\"method\":\"GET\",\"path\":\"/v1/"
      "*\",\"when\":\"after\",\"skip\":2,\"count\":3,"
      "\"probability\":0.5,\"status\":502,\"body\":\"html\",\"retry_after\":0,\"content_type\":"
      "\"text/plain\"},"
      "{\"do\":\"cut\",\"when\":\"before\",\"bytes\":0},{\"do\":\"delay\",\"when\":\"before\","
      "\"ms\":7},"
      "{\"do\":\"next\",\"when\":\"before\",\"next\":\"huge\"},{\"do\":\"vanish\",\"when\":"
      "\"before\",\"at\":\"any\"},"
      "{\"do\":\"fail\",\"when\":\"before\",\"leaves\":\"creating\"}]";
  http_fixture *a = *state;

  http_fixture_expect(a, 200, "PUT", "/_sim/faults", given);
  http_fixture_expect(a, 200, "GET", "/_sim/faults", NULL);
  assert_int_equal(a->outcome.reply.body_bytes, strlen(given));
  assert_memory_equal(a->outcome.reply.body, given, strlen(given));
}

TEST(faults_invalid_names_key) {
  static const struct {
    const char *json, *says;
  } cases[] = {{"{", ""},
               {"{}", "must be a list"},
               {"[1]", "faults[0]: the element"},
               {"[{}]", "faults[0]: do"},
               {"[{\"do\":\"close\"},{\"do\":\"explode\"}]", "faults[1]: do"},
               {"[{\"do\":\"close\",\"cloud\":\"aws\"}]", "cloud"},
               {"[{\"do\":\"close\",\"when\":\"never\"}]", "when"},
               {"[{\"do\":\"close\",\"count\":-1}]", "count"},
               {"[{\"do\":\"close\",\"cuont\":1}]", "unknown key"},
               {"[{\"do\":\"close\",\"path\":1}]", "path"},
               {"[{\"do\":\"cut\"}]", "bytes"},
               {"[{\"do\":\"slow\",\"bytes\":0}]", "bytes"},
               {"[{\"do\":\"delay\"}]", "ms"},
               {"[{\"do\":\"status\"}]", "status"},
               {"[{\"do\":\"status\",\"status\":99}]", "status"},
               {"[{\"do\":\"next\"}]", "next"},
               {"[{\"do\":\"next\",\"next\":\"never\"}]", "next"},
               {"[{\"do\":\"fail\",\"leaves\":\"ruins\"}]", "leaves"},
               {"[{\"do\":\"hide_image\"}]", "ms"},
               {"[{\"do\":\"content_type\",\"content_type\":\"a\\r\\nb: c\"}]", "content_type"},
               {"[{\"do\":\"close\",\"probability\":2}]", "probability"}};
  http_fixture *a = *state;

  for (size_t i = 0; i < SIM_COUNT(cases); i++) {
    char message[200] = "";
    assert_false(sim_faults_load(&a->instance.faults, cases[i].json, strlen(cases[i].json), message,
                                 sizeof message));
    if (!*message || !strstr(message, cases[i].says))
      fail_msg("%s: \"%s\"", cases[i].json, message);
    assert_int_equal(a->instance.faults.count, 0);
  }
}

int main(void) { return testing_run(setup, http_fixture_teardown); }
