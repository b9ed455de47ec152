// SPDX-License-Identifier: MIT
#include "http_fixture.h"

TEST(counters_count_requests_and_effects) {
  http_fixture *a = *state;

  http_fixture_world(
      a, "{\"hetzner\":{\"images\":[{\"id\":10}]},\"digitalocean\":{\"images\":[{\"id\":10}]}}");
  http_fixture_expect(a, 200, "PUT", "/v1/images/10", "{}");
  http_fixture_expect(a, 204, "DELETE", "/v2/images/10", NULL);
  http_fixture_expect(a, 422, "DELETE", "/v2/images/10", NULL);
  a->token = NULL;
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/_sim/counters", NULL);
  assert_int_equal(http_fixture_int(reply, "requests"), 3);
  assert_int_equal(http_fixture_int(reply, "hetzner"), 1);
  assert_int_equal(http_fixture_int(reply, "digitalocean"), 2);
  assert_int_equal(http_fixture_int(reply, "effects.update"), 1);
  assert_int_equal(http_fixture_int(reply, "effects.delete"), 1);
  assert_int_equal(http_fixture_int(reply, "status.4xx"), 1);
  assert_int_equal(
      http_fixture_int(http_fixture_expect(a, 200, "DELETE", "/_sim/counters", NULL), "requests"),
      0);
}

TEST(time_advances_never_back) {
  http_fixture *a = *state;
  const imgact_json *reply =
      http_fixture_expect(a, 200, "POST", "/_sim/time", "{\"advance_ms\":7200000,\"speed\":0}");

  http_fixture_text(reply, "now", "2026-01-01T02:00:00Z");
  a->real_ms = 5000;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/_sim/time", NULL), "now",
                    "2026-01-01T02:00:00Z");
  http_fixture_expect(a, 200, "POST", "/_sim/time", "{\"speed\":1000}");
  a->real_ms = 6000;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/_sim/time", NULL), "now",
                    "2026-01-01T02:16:40Z");
  http_fixture_expect(a, 200, "POST", "/_sim/time", "{\"now_ms\":1}");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/_sim/time", NULL), "now",
                    "2026-01-01T02:16:40Z");
  http_fixture_expect(a, 422, "POST", "/_sim/time", "{\"advance_ms\":-1}");
  http_fixture_expect(a, 422, "POST", "/_sim/time", "{\"speed\":\"fast\"}");
  http_fixture_expect(a, 422, "POST", "/_sim/time", NULL);
}

TEST(time_advanced_ends_actions) {
  http_fixture *a = *state;
  http_fixture_world(a, "{\"hetzner\":{\"images\":[{\"id\":10}]}}");
  http_fixture_expect(a, 201, "POST", "/v1/images/10/actions/change_protection",
                      "{\"delete\":true}");
  assert_int_equal(http_fixture_int(http_fixture_expect(a, 200, "GET", "/_sim/counters", NULL),
                                    "running_actions"),
                   1);
  http_fixture_expect(a, 200, "POST", "/_sim/time", "{\"advance_ms\":1000}");
  assert_int_equal(http_fixture_int(http_fixture_expect(a, 200, "GET", "/_sim/counters", NULL),
                                    "running_actions"),
                   0);
}

TEST(faults_and_world_change_at_runtime) {
  http_fixture *a = *state;

  http_fixture_expect(a, 200, "POST", "/_sim/faults",
                      "[{\"do\":\"close\",\"path\":\"/v1/*\",\"count\":3}]");
  http_fixture_send(a, "GET", "/v1/images", NULL);
  assert_int_equal(a->outcome.end, SIM_END_CLOSE);
  assert_int_equal(
      http_fixture_int(http_fixture_expect(a, 200, "GET", "/_sim/faults", NULL), "0.count"), 2);
  http_fixture_expect(a, 422, "PUT", "/_sim/faults", "[{\"do\":\"explode\"}]");
  assert_int_equal(imgact_json_count(http_fixture_expect(a, 200, "GET", "/_sim/faults", NULL)), 1);
  assert_int_equal(imgact_json_count(http_fixture_expect(a, 200, "DELETE", "/_sim/faults", NULL)),
                   0);
  http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
  http_fixture_expect(a, 200, "POST", "/_sim/world", "{\"hetzner\":{\"images\":[{\"id\":10}]}}");
  http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
  http_fixture_expect(a, 422, "PUT", "/_sim/world",
                      "{\"hetzner\":{\"images\":[{\"id\":11},{\"id\":-1}]}}");
  http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
  http_fixture_expect(a, 200, "PUT", "/_sim/world", "{\"hetzner\":{\"images\":[{\"id\":11}]}}");
  http_fixture_expect(a, 404, "GET", "/v1/images/10", NULL);
  assert_int_equal(http_fixture_int(http_fixture_expect(a, 200, "GET", "/_sim/world", NULL),
                                    "hetzner.images.0.id"),
                   11);
  http_fixture_expect(a, 404, "GET", "/_sim/nix", NULL);
  http_fixture_expect(a, 404, "PATCH", "/_sim/world", NULL);
}

TEST(tokens_beyond_maximum_share_limit) {
  http_fixture *a = *state;

  http_fixture_world(
      a, "{\"limits\":{\"hetzner\":{\"limit\":2}},\"hetzner\":{\"images\":[{\"id\":10}]}}");
  char token[32];
  a->token = token;
  for (int i = 0; i < SIM_MAX_TOKENS; i++) {
    snprintf(token, sizeof token, "token-%d", i);
    http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
  }
  for (int i = 0; i < 2; i++) {
    snprintf(token, sizeof token, "late-%d", i);
    http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
  }
  http_fixture_expect(a, 429, "GET", "/v1/images/10", NULL);
  a->token = "token-0";
  http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
}

int main(void) { return testing_run(http_fixture_setup, http_fixture_teardown); }
