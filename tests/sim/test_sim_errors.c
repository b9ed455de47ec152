// SPDX-License-Identifier: MIT
/* Rate-limit headers of error responses. */
#include "http_fixture.h"

static const char world[] =
    "{\"tokens\":[{\"token\":\"reader\",\"access\":\"read_only\"},"
    "{\"token\":\"expired\",\"access\":\"invalid\"}],"
    "\"hetzner\":{\"images\":[{\"id\":1,\"type\":\"system\"},"
    "{\"id\":10,\"protection\":{\"delete\":true}},{\"id\":11,\"type\":\"backup\"}]},"
    "\"digitalocean\":{\"images\":[{\"id\":1,\"public\":true},{\"id\":10,\"name\":\"a\"},"
    "{\"id\":11,\"type\":\"backup\"}]}}";

static int setup(void **state) {
  http_fixture_setup(state);
  http_fixture_world(*state, world);
  return 0;
}

typedef struct error_case {
  int status;
  const char *token, *method, *target, *body;
} error_case;

static void check_limit(const http_fixture *a, const char *limit, int64_t remaining) {
  char text[32];
  snprintf(text, sizeof text, "%lld", (long long)remaining);
  assert_string_equal(http_fixture_header(a, "ratelimit-limit"), limit);
  assert_string_equal(http_fixture_header(a, "ratelimit-remaining"), text);
  int64_t reset_s = strtoll(http_fixture_header(a, "ratelimit-reset"), NULL, 10);
  assert_true(reset_s > HTTP_FIXTURE_EPOCH_MS / 1000);
  assert_true(reset_s <= HTTP_FIXTURE_EPOCH_MS / 1000 + 3600);
}

/* Each case has a token of its own, so it is the first request of that token. */
static void check_errors(http_fixture *a, const error_case *cases, size_t count) {
  char token[32];
  for (size_t i = 0; i < count; i++) {
    snprintf(token, sizeof token, "token-%zu", i);
    a->token = cases[i].token ? cases[i].token : token;
    http_fixture_expect(a, cases[i].status, cases[i].method, cases[i].target, cases[i].body);
    bool hetzner = !strncmp(cases[i].target, "/v1", 3);
    bool actions = strstr(cases[i].target, "/actions") != NULL;
    int64_t limit = hetzner ? actions ? 7200 : 3600 : 5000;
    check_limit(a, hetzner ? actions ? "7200" : "3600" : "5000", limit - 1);
  }
}

TEST(hetzner_error_has_rate_headers) {
  static const error_case cases[] = {
      {401, "expired", "GET", "/v1/images", NULL},
      {401, "reader", "DELETE", "/v1/images/10", NULL},
      {403, NULL, "DELETE", "/v1/images/1", NULL},
      {404, NULL, "GET", "/v1/images/99", NULL},
      {404, NULL, "GET", "/v1/actions/99", NULL},
      {405, NULL, "PATCH", "/v1/images/10", "{}"},
      {400, NULL, "PUT", "/v1/images/10", "{"},
      {410, NULL, "GET", "/v1/actions", NULL},
      {422, NULL, "GET", "/v1/images?page=0", NULL},
      {422, NULL, "POST", "/v1/images/11/actions/change_protection", "{\"delete\":true}"},
      {423, NULL, "DELETE", "/v1/images/10", NULL}};
  check_errors(*state, cases, SIM_COUNT(cases));
}

TEST(digitalocean_error_has_rate_headers) {
  static const error_case cases[] = {{401, "expired", "GET", "/v2/images", NULL},
                                     {403, "reader", "DELETE", "/v2/images/10", NULL},
                                     {403, NULL, "DELETE", "/v2/images/1", NULL},
                                     {404, NULL, "GET", "/v2/images/99", NULL},
                                     {404, NULL, "GET", "/v2/unknown", NULL},
                                     {400, NULL, "PUT", "/v2/images/10", "{"},
                                     {422, NULL, "GET", "/v2/images?page=0", NULL},
                                     {422, NULL, "DELETE", "/v2/images/11", NULL}};
  check_errors(*state, cases, SIM_COUNT(cases));
}

/* Hetzner answers it before it looks at the token. */
TEST(hetzner_unknown_route_lacks_rate_headers) {
  http_fixture *a = *state;
  http_fixture_expect(a, 404, "GET", "/v1/unknown", NULL);
  assert_string_equal(http_fixture_header(a, "ratelimit-limit"), "");
}

static const char *const targets[SIM_CLOUDS] = {"/v1/images/10", "/v2/images/10"};
static const char *const id_headers[SIM_CLOUDS] = {"X-Correlation-Id", "x-request-id"};
static const int limits[SIM_CLOUDS] = {3600, 5000};

TEST(fault_status_json_has_rate_headers) {
  http_fixture *a = *state;

  http_fixture_faults(a, "[{\"do\":\"status\",\"status\":503,\"count\":2}]");
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    char limit[16];
    snprintf(limit, sizeof limit, "%d", limits[cloud]);
    http_fixture_expect(a, 503, "GET", targets[cloud], NULL);
    check_limit(a, limit, limits[cloud] - 1);
    assert_true(strlen(http_fixture_header(a, id_headers[cloud])) >= 16);
  }
  http_fixture_expect(a, 200, "GET", targets[SIM_HETZNER], NULL);
  check_limit(a, "3600", 3598);
  http_fixture_expect(a, 200, "GET", targets[SIM_DIGITALOCEAN], NULL);
  check_limit(a, "5000", 4998);
}

TEST(fault_status_after_counts_once) {
  http_fixture *a = *state;
  http_fixture_faults(a, "[{\"do\":\"status\",\"status\":503,\"when\":\"after\"}]");
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    char limit[16];
    snprintf(limit, sizeof limit, "%d", limits[cloud]);
    http_fixture_expect(a, 503, "GET", targets[cloud], NULL);
    check_limit(a, limit, limits[cloud] - 1);
  }
}

TEST(fault_status_html_lacks_rate_headers) {
  http_fixture *a = *state;
  http_fixture_faults(a, "[{\"do\":\"status\",\"status\":502,\"body\":\"html\",\"count\":2},"
                         "{\"do\":\"status\",\"status\":502,\"body\":\"empty\",\"skip\":2}]");
  for (int i = 0; i < 4; i++) {
    http_fixture_expect(a, 502, "GET", targets[i % 2], NULL);
    assert_string_equal(http_fixture_header(a, "ratelimit-limit"), "");
    assert_string_equal(http_fixture_header(a, id_headers[i % 2]), "");
  }
}

TEST(fault_status_without_limit_lacks_headers) {
  http_fixture *a = *state;
  http_fixture_world(a, "{\"limits\":{\"hetzner\":{\"limit\":0},\"digitalocean\":{\"limit\":0,"
                        "\"burst\":0}}}");
  http_fixture_faults(a, "[{\"do\":\"status\",\"status\":503}]");
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    http_fixture_expect(a, 503, "GET", targets[cloud], NULL);
    assert_string_equal(http_fixture_header(a, "ratelimit-limit"), "");
  }
}

int main(void) { return testing_run(setup, http_fixture_teardown); }
