// SPDX-License-Identifier: MIT
#include "http_fixture.h"

/* 1: system x86, 2: system arm, 3: app deprecated, 10: snapshot, 11: backup, 12: protected
 * snapshot. */
static const char world[] =
    "{\"hetzner\":{\"images\":["
    "{\"id\":1,\"type\":\"system\",\"name\":\"debian-12\",\"created\":\"2024-01-01T00:00:00Z\"},"
    "{\"id\":2,\"type\":\"system\",\"name\":\"debian-12\",\"architecture\":\"arm\",\"created\":"
    "\"2024-01-02T00:00:00Z\"},"
    "{\"id\":3,\"type\":\"app\",\"name\":\"wordpress\",\"deprecated\":\"2025-01-01T00:00:00Z\"},"
    "{\"id\":10,\"type\":\"snapshot\",\"description\":\"s\",\"labels\":{\"env\":\"prod\",\"keep\":"
    "\"\"},"
    "\"created_from\":{\"id\":5,\"name\":\"web\"},\"created\":\"2025-01-03T00:00:00Z\"},"
    "{\"id\":11,\"type\":\"backup\",\"bound_to\":5,\"labels\":{\"env\":\"test\"},\"created\":"
    "\"2025-01-02T00:00:00Z\"},"
    "{\"id\":12,\"type\":\"snapshot\",\"protection\":{\"delete\":true},\"created\":\"2025-01-01T00:"
    "00:00Z\"}]}}";

static int setup(void **state) {
  http_fixture_setup(state);
  http_fixture_world(*state, world);
  return 0;
}

static void check_code(http_fixture *a, int status, const char *code, const char *method,
                       const char *target, const char *body) {
  const imgact_json *reply = http_fixture_expect(a, status, method, target, body);
  if (!imgact_json_equals(http_fixture_at(reply, "error.code"), code))
    fail_msg("%s %s: %s", method, target, a->outcome.reply.body);
}

static void check_list(http_fixture *a, const char *query, const char *ids) {
  char target[300];
  snprintf(target, sizeof target, "/v1/images%s", query);
  assert_string_equal(http_fixture_ids(http_fixture_expect(a, 200, "GET", target, NULL), "images"),
                      ids);
}

TEST(images_filters_combine) {
  http_fixture *a = *state;
  check_list(a, "", "1 2 10 11 12");
  check_list(a, "?include_deprecated=true", "1 2 3 10 11 12");
  check_list(a, "?include_deprecated=True", "1 2 3 10 11 12");
  check_list(a, "?include_deprecated=false", "1 2 10 11 12");
  check_list(a, "?type=snapshot&type=backup", "10 11 12");
  check_list(a, "?name=debian-12&architecture=arm", "2");
  check_list(a, "?status=creating", "");
  check_list(a, "?bound_to=5&bound_to=6", "11");
  check_list(a, "?label_selector=env%3Dprod", "10");
  check_list(a, "?label_selector=env%20in%20(prod%2Ctest)%2C%21keep", "11");
  check_list(a, "?unknown=1", "1 2 10 11 12");
}

TEST(images_sort_by_keys) {
  http_fixture *a = *state;
  check_list(a, "?sort=id:desc", "12 11 10 2 1");
  check_list(a, "?type=snapshot&type=backup&sort=created", "12 11 10");
  check_list(a, "?sort=name:desc&sort=created%3Adesc&type=system", "2 1");
  check_list(a, "?sort=name:asc&sort=id:desc&type=system", "2 1");
}

TEST(images_invalid_filter_is_422) {
  static const char *const queries[] = {
      "type=custom",   "type=",      "status=gone",      "architecture=mips",
      "page=0",        "page=x",     "per_page=-1",      "bound_to=x",
      "sort=progress", "sort=id:up", "sort=id:desc:x",   "include_deprecated=yes",
      "type=a%2Cb",    "page=1e3",   "label_selector=-", "per_page=0"};
  http_fixture *a = *state;

  for (size_t i = 0; i < SIM_COUNT(queries); i++) {
    char target[100], field[32];
    snprintf(target, sizeof target, "/v1/images?%s", queries[i]);
    snprintf(field, sizeof field, "%.*s", (int)strcspn(queries[i], "="), queries[i]);
    check_code(a, 422, "invalid_input", "GET", target, NULL);
    http_fixture_text(imgact_json_doc_root(a->document), "error.details.fields.0.name", field);
  }
  check_code(a, 400, "invalid_input", "GET", "/v1/images?name=%ff", NULL);
}

TEST(images_pages_have_metadata) {
  http_fixture *a = *state;
  const imgact_json *reply = http_fixture_expect(
      a, 200, "GET", "/v1/images?per_page=2&page=2&type=system&type=snapshot&type=backup", NULL);

  assert_string_equal(http_fixture_ids(reply, "images"), "10 11");
  assert_int_equal(http_fixture_int(reply, "meta.pagination.previous_page"), 1);
  assert_int_equal(http_fixture_int(reply, "meta.pagination.next_page"), 3);
  assert_int_equal(http_fixture_int(reply, "meta.pagination.last_page"), 3);
  assert_int_equal(http_fixture_int(reply, "meta.pagination.total_entries"), 5);
  assert_non_null(strstr(http_fixture_header(a, "link"),
                         "per_page=2&type=system&type=snapshot&type=backup&page=3>; rel=next"));
  reply = http_fixture_expect(a, 200, "GET", "/v1/images?per_page=2&page=3", NULL);
  assert_string_equal(http_fixture_ids(reply, "images"), "12");
  http_fixture_null(reply, "meta.pagination.next_page");
  reply = http_fixture_expect(a, 200, "GET", "/v1/images?per_page=2&page=9", NULL);
  assert_string_equal(http_fixture_ids(reply, "images"), "");
  http_fixture_null(reply, "meta.pagination.next_page");
  reply = http_fixture_expect(a, 200, "GET", "/v1/images?per_page=500", NULL);
  assert_int_equal(http_fixture_int(reply, "meta.pagination.per_page"), 50);
  reply = http_fixture_expect(a, 200, "GET", "/v1/images?status=creating", NULL);
  assert_int_equal(http_fixture_int(reply, "meta.pagination.last_page"), 1);
}

TEST(image_get_shows_all_members) {
  http_fixture *a = *state;
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);

  assert_int_equal(imgact_json_count(http_fixture_at(reply, "image")), 19);
  assert_string_equal(a->outcome.reply.body,
                      "{\"image\":{\"id\":10,\"type\":\"snapshot\",\"status\":\"available\","
                      "\"name\":null,\"description\":\"s\","
                      "\"image_size\":null,\"disk_size\":0,\"created\":\"2025-01-03T00:00:00Z\","
                      "\"created_from\":{\"id\":5,"
                      "\"name\":\"web\"},\"bound_to\":null,\"os_flavor\":\"unknown\",\"os_"
                      "version\":null,\"rapid_deploy\":false,"
                      "\"protection\":{\"delete\":false},\"deprecated\":null,\"deprecation\":null,"
                      "\"deleted\":null,\"labels\":{\"env\":"
                      "\"prod\","
                      "\"keep\":\"\"},\"architecture\":\"x86\"}}");
}

TEST(unknown_object_is_404) {
  http_fixture *a = *state;
  check_code(a, 404, "not_found", "GET", "/v1/images/99", NULL);
  check_code(a, 404, "not_found", "GET", "/v1/images/0", NULL);
  check_code(a, 404, "not_found", "GET", "/v1/images/debian-12", NULL);
  check_code(a, 404, "not_found", "GET", "/v1/images/99999999999999999999999", NULL);
  check_code(a, 404, "not_found", "GET", "/v1/actions/1", NULL);
  check_code(a, 404, "not_found", "GET", "/v1/images/10/actions/1", NULL);
  check_code(a, 405, "method_not_allowed", "POST", "/v1/images", "{}");
  check_code(a, 405, "method_not_allowed", "GET", "/v1/images/10/actions/change_protection", NULL);
  check_code(a, 405, "method_not_allowed", "PATCH", "/v1/images/10", "{}");
}

TEST(unknown_route_precedes_token) {
  static const char *const targets[] = {"/v1",
                                        "/v1/nix",
                                        "/v1/",
                                        "/v1/images/1/2",
                                        "/v1/images/1/actions/2/3",
                                        "/v1/actions/1/2",
                                        "/v1/a/b/c/d/e/f/g/h/i/j"};
  http_fixture *a = *state;

  a->token = NULL;
  for (size_t i = 0; i < SIM_COUNT(targets); i++)
    check_code(a, 404, "not_found", "GET", targets[i], NULL);
  assert_string_equal(http_fixture_header(a, "content-type"), "application/json; charset=UTF-8");
  assert_non_null(strchr(a->outcome.reply.body, '\n'));
  check_code(a, 401, "unauthorized", "PATCH", "/v1/images", NULL);
  http_fixture_text(imgact_json_doc_root(a->document), "error.message", "token is required");
}

TEST(tokens_access_limits_operations) {
  http_fixture *a = *state;
  http_fixture_world(a, "{\"tokens\":[{\"token\":\"r\",\"access\":\"read_only\"},{\"token\":"
                        "\"bad\",\"access\":\"invalid\"}]}");
  a->token = "r";
  http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
  check_code(a, 401, "token_readonly", "DELETE", "/v1/images/10", NULL);
  a->token = "bad";
  check_code(a, 401, "unauthorized", "GET", "/v1/images", NULL);
  a->token = "";
  check_code(a, 401, "unauthorized", "GET", "/v1/images", NULL);
  a->token = "any";
  http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
}

/* Only the access that a world file sets is kept. */
TEST(strict_tokens_off_accepts_again) {
  static const char *const seen[] = {"before", "meanwhile"};
  http_fixture *a = *state;

  http_fixture_world(a, "{\"tokens\":[{\"token\":\"r\",\"access\":\"read_only\"}]}");
  a->token = "before";
  http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
  http_fixture_expect(a, 200, "POST", "/_sim/world", "{\"settings\":{\"strict_tokens\":true}}");
  for (size_t i = 0; i < SIM_COUNT(seen); i++) {
    a->token = seen[i];
    check_code(a, 401, "unauthorized", "GET", "/v1/images", NULL);
  }
  a->token = "r";
  http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
  http_fixture_expect(a, 200, "POST", "/_sim/world", "{\"settings\":{\"strict_tokens\":false}}");
  check_code(a, 401, "token_readonly", "DELETE", "/v1/images/10", NULL);
  for (size_t i = 0; i < SIM_COUNT(seen); i++) {
    a->token = seen[i];
    http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
  }
}

TEST(update_given_members_keeps_others) {
  http_fixture *a = *state;
  const imgact_json *reply =
      http_fixture_expect(a, 200, "PUT", "/v1/images/10", "{\"description\":\"new \\u0000\"}");

  http_fixture_text(reply, "image.labels.env", "prod");
  size_t length = 0;
  assert_memory_equal(imgact_json_as_string(http_fixture_at(reply, "image.description"), &length),
                      "new \0", 5);
  assert_int_equal(length, 5);
  reply = http_fixture_expect(a, 200, "PUT", "/v1/images/10", "{\"labels\":{\"a/b\":\"c\"}}");
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "image.labels")), 1);
  assert_true(
      imgact_json_equals(imgact_json_get(http_fixture_at(reply, "image.labels"), "a/b"), "c"));
  reply = http_fixture_expect(a, 200, "PUT", "/v1/images/10", "{\"labels\":{}}");
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "image.labels")), 0);
  http_fixture_expect(a, 200, "PUT", "/v1/images/10", "{}");
}

TEST(update_invalid_changes_nothing) {
  http_fixture *a = *state;

  check_code(a, 400, "json_error", "PUT", "/v1/images/10", NULL);
  check_code(a, 400, "json_error", "PUT", "/v1/images/10", "{");
  check_code(a, 400, "json_error", "PUT", "/v1/images/10", "[]");
  check_code(a, 422, "invalid_input", "PUT", "/v1/images/10",
             "{\"description\":\"x\",\"labels\":{\"-\":\"\"}}");
  check_code(a, 422, "invalid_input", "PUT", "/v1/images/10",
             "{\"description\":\"x\",\"labels\":{\"a\":1}}");
  check_code(a, 422, "invalid_input", "PUT", "/v1/images/10",
             "{\"description\":\"x\",\"labels\":null}");
  check_code(a, 422, "invalid_input", "PUT", "/v1/images/10", "{\"description\":null}");
  check_code(a, 422, "invalid_input", "PUT", "/v1/images/10",
             "{\"description\":\"x\",\"type\":\"backup\"}");
  check_code(a, 422, "unsupported_error", "PUT", "/v1/images/10",
             "{\"description\":\"x\",\"type\":\"snapshot\"}");
  check_code(a, 403, "forbidden", "PUT", "/v1/images/1", "{\"description\":\"x\"}");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL), "image.description",
                    "s");
  assert_int_equal(a->instance.world->counters.effects[SIM_UPDATE], 0);
}

TEST(convert_backup_becomes_snapshot) {
  http_fixture *a = *state;
  const imgact_json *reply =
      http_fixture_expect(a, 200, "PUT", "/v1/images/11", "{\"type\":\"snapshot\"}");
  http_fixture_text(reply, "image.type", "snapshot");
  http_fixture_null(reply, "image.bound_to");
  assert_int_equal(a->instance.world->counters.effects[SIM_CONVERT], 1);
  check_code(a, 422, "unsupported_error", "PUT", "/v1/images/11", "{\"type\":\"snapshot\"}");
}

TEST(protection_action_blocks_deletion) {
  http_fixture *a = *state;
  const imgact_json *reply = http_fixture_expect(
      a, 201, "POST", "/v1/images/10/actions/change_protection", "{\"delete\":true}");

  http_fixture_text(reply, "action.status", "running");
  http_fixture_text(reply, "action.command", "change_protection");
  http_fixture_null(reply, "action.finished");
  assert_int_equal(http_fixture_int(reply, "action.resources.0.id"), 10);
  char target[64];
  snprintf(target, sizeof target, "/v1/images/10/actions/%d",
           (int)http_fixture_int(reply, "action.id"));
  check_code(a, 423, "locked", "DELETE", "/v1/images/10", NULL);
  check_code(a, 423, "locked", "POST", "/v1/images/10/actions/change_protection",
             "{\"delete\":true}");
  a->real_ms = 500;
  assert_int_equal(
      http_fixture_int(http_fixture_expect(a, 200, "GET", target, NULL), "action.progress"), 50);
  a->real_ms = 1000;
  reply = http_fixture_expect(a, 200, "GET", target, NULL);
  http_fixture_text(reply, "action.status", "success");
  http_fixture_text(reply, "action.finished", "2026-01-01T00:00:01Z");
  assert_int_equal(http_fixture_int(reply, "action.progress"), 100);
  check_code(a, 423, "protected", "DELETE", "/v1/images/10", NULL);
  http_fixture_expect(a, 201, "POST", "/v1/images/10/actions/change_protection",
                      "{\"delete\":false}");
  a->real_ms = 2000;
  http_fixture_expect(a, 204, "DELETE", "/v1/images/10", NULL);
  assert_null(a->outcome.reply.body);
  assert_string_equal(http_fixture_header(a, "content-type"), "");
  check_code(a, 404, "not_found", "DELETE", "/v1/images/10", NULL);
  check_code(a, 404, "not_found", "GET", "/v1/images/10", NULL);
  check_list(a, "?type=snapshot", "12");
}

TEST(protection_invalid_is_rejected) {
  http_fixture *a = *state;
  check_code(a, 422, "unsupported_error", "POST", "/v1/images/11/actions/change_protection",
             "{\"delete\":true}");
  check_code(a, 403, "forbidden", "POST", "/v1/images/1/actions/change_protection",
             "{\"delete\":true}");
  check_code(a, 422, "invalid_input", "POST", "/v1/images/10/actions/change_protection",
             "{\"delete\":\"yes\"}");
  check_code(a, 400, "json_error", "POST", "/v1/images/10/actions/change_protection", NULL);
  assert_int_equal(a->instance.world->clouds[SIM_HETZNER].actions_count, 0);
}

TEST(actions_routes_find_actions) {
  http_fixture *a = *state;

  http_fixture_world(
      a, "{\"hetzner\":{\"actions\":["
         "{\"id\":20,\"command\":\"create_image\",\"status\":\"success\",\"resources\":[{\"id\":5,"
         "\"type\":\"server\"},"
         "{\"id\":10,\"type\":\"image\"}],\"started\":\"2025-01-02T00:00:00Z\",\"finished\":\"2025-"
         "01-02T00:01:00Z\"},"
         "{\"id\":21,\"command\":\"change_protection\",\"status\":\"error\",\"progress\":30,"
         "\"resources\":[{\"id\":12,"
         "\"type\":\"image\"}],\"error\":{\"code\":\"action_failed\",\"message\":\"m\"},"
         "\"started\":\"2025-01-01T00:00:00Z\"},"
         "{\"id\":22,\"command\":\"reboot\",\"status\":\"success\",\"resources\":[{\"id\":5,"
         "\"type\":\"server\"}]}]}}");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v1/images/actions", NULL), "actions"),
      "20 21");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v1/images/actions?sort=started", NULL),
                       "actions"),
      "21 20");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v1/images/actions?id=21&id=22", NULL),
                       "actions"),
      "21");
  assert_string_equal(
      http_fixture_ids(
          http_fixture_expect(a, 200, "GET", "/v1/images/actions?status=success", NULL), "actions"),
      "20");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v1/images/10/actions", NULL),
                       "actions"),
      "20");
  assert_string_equal(
      http_fixture_ids(
          http_fixture_expect(a, 200, "GET", "/v1/actions?id=22&id=20&id=22&id=9", NULL),
          "actions"),
      "22 20");
  http_fixture_expect(a, 200, "GET", "/v1/actions/22", NULL);
  check_code(a, 404, "not_found", "GET", "/v1/images/actions/22", NULL);
  check_code(a, 404, "not_found", "GET", "/v1/images/12/actions/20", NULL);
  check_code(a, 410, "deprecated_api_endpoint", "GET", "/v1/actions", NULL);
  check_code(a, 422, "invalid_input", "GET", "/v1/actions?id=x", NULL);
  check_code(a, 422, "invalid_input", "GET", "/v1/images/actions?sort=progress", NULL);
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v1/images/actions/21", NULL);
  http_fixture_text(reply, "action.error.message", "m");
  assert_int_equal(http_fixture_int(reply, "action.progress"), 30);
  reply = http_fixture_expect(a, 200, "GET", "/v1/images/actions/20", NULL);
  http_fixture_text(reply, "action.resources.0.type", "server");
  http_fixture_text(reply, "action.resources.1.type", "image");
}

TEST(actions_26_ids_returns_25) {
  http_fixture *a = *state;
  char target[600] = "/v1/actions?";

  http_fixture_world(a, "{\"settings\":{\"durations_ms\":{\"protect\":0,\"unprotect\":0}}}");
  for (int i = 0; i < 30; i++) {
    const imgact_json *reply = http_fixture_expect(
        a, 201, "POST", "/v1/images/10/actions/change_protection", "{\"delete\":true}");
    http_fixture_text(reply, "action.status", "success");
    size_t used = strlen(target);
    snprintf(target + used, sizeof target - used, "&id=%d",
             (int)http_fixture_int(reply, "action.id"));
  }
  assert_int_equal(imgact_json_count(http_fixture_at(
                       http_fixture_expect(a, 200, "GET", target, NULL), "actions")),
                   25);
}

TEST(rate_limit_exceeded_is_429) {
  http_fixture *a = *state;

  http_fixture_world(a, "{\"limits\":{\"hetzner\":{\"limit\":3}}}");
  a->token = "abcdefghijklmnopqrstuvwxyz0123456789";
  http_fixture_expect(a, 200, "GET", "/v1/images/1", NULL);
  assert_string_equal(http_fixture_header(a, "ratelimit-limit"), "3");
  assert_string_equal(http_fixture_header(a, "ratelimit-remaining"), "2");
  http_fixture_expect(a, 200, "GET", "/v1/images/1", NULL);
  http_fixture_expect(a, 404, "GET", "/v1/images/99", NULL);
  check_code(a, 429, "rate_limit_exceeded", "GET", "/v1/images/1", NULL);
  assert_string_equal(http_fixture_header(a, "ratelimit-remaining"), "0");
  assert_string_equal(http_fixture_header(a, "ratelimit-reset"), "1767229200");
  assert_string_equal(http_fixture_header(a, "retry-after"), "");
  assert_non_null(strstr(a->outcome.reply.body, "abcdefghijklmnopqrstuvwxyz012345..."));
  a->token = "other";
  http_fixture_expect(a, 200, "GET", "/v1/images/1", NULL);
}

TEST(rate_limit_actions_separate_bucket) {
  static const char *const about_actions[] = {"/v1/actions?id=1",      "/v1/actions/1",
                                              "/v1/images/actions",    "/v1/images/actions/1",
                                              "/v1/images/10/actions", "/v1/images/10/actions/1"};
  http_fixture *a = *state;

  http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
  assert_string_equal(http_fixture_header(a, "ratelimit-remaining"), "3599");
  http_fixture_send(a, "GET", "/v1/actions/1", NULL);
  assert_string_equal(http_fixture_header(a, "ratelimit-limit"), "7200");
  assert_string_equal(http_fixture_header(a, "ratelimit-remaining"), "7199");
  http_fixture_world(a, "{\"limits\":{\"hetzner\":{\"limit\":3,\"actions\":1}}}");
  for (size_t i = 0; i < SIM_COUNT(about_actions); i++) {
    a->token = about_actions[i];
    http_fixture_expect(a, 201, "POST", "/v1/images/10/actions/change_protection", "{}");
    assert_string_equal(http_fixture_header(a, "ratelimit-limit"), "1");
    check_code(a, 429, "rate_limit_exceeded", "GET", about_actions[i], NULL);
    http_fixture_expect(a, 200, "GET", "/v1/images/10", NULL);
    assert_string_equal(http_fixture_header(a, "ratelimit-limit"), "3");
    assert_string_equal(http_fixture_header(a, "ratelimit-remaining"), "2");
    a->real_ms += 2000; /* the action ends */
  }
}

TEST(response_has_id_and_date) {
  http_fixture *a = *state;
  char first[64];
  http_fixture_expect(a, 404, "GET", "/v1/nix", NULL);
  snprintf(first, sizeof first, "%s", http_fixture_header(a, "X-Correlation-Id"));
  assert_int_equal(strlen(first), 16);
  assert_string_equal(http_fixture_header(a, "date"), "Thu, 01 Jan 2026 00:00:00 GMT");
  a->real_ms = 86400000;
  http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
  assert_string_not_equal(http_fixture_header(a, "x-correlation-id"), first);
  assert_string_equal(http_fixture_header(a, "date"), "Fri, 02 Jan 2026 00:00:00 GMT");
}

int main(void) { return testing_run(setup, http_fixture_teardown); }
