// SPDX-License-Identifier: MIT
#include "http_fixture.h"

/* 1: base, 2: an app, 10: snapshot in nyc1, 11: backup, 12: custom, 13: failed import. */
static const char world[] =
    "{\"digitalocean\":{\"images\":["
    "{\"id\":1,\"type\":\"base\",\"public\":true,\"slug\":\"debian-12-x64\",\"name\":\"Debian "
    "12\",\"regions\":[\"nyc1\"]},"
    "{\"id\":2,\"type\":\"snapshot\",\"public\":true,\"application\":true,\"name\":\"WordPress\"},"
    "{\"id\":10,\"type\":\"snapshot\",\"name\":\"s\",\"distribution\":\"Ubuntu\",\"slug\":null,"
    "\"public\":false,"
    "\"regions\":[\"nyc1\",\"nyc1\"],\"created_at\":\"2025-01-01T00:00:00Z\",\"min_disk_size\":20,"
    "\"size_gigabytes\":2.34,"
    "\"tags\":[\"prod\"]},"
    "{\"id\":11,\"type\":\"backup\",\"name\":\"b\",\"regions\":[\"ams3\"]},"
    "{\"id\":12,\"type\":\"custom\",\"name\":\"c\",\"tags\":[\"prod\",\"x\"]},"
    "{\"id\":13,\"type\":\"custom\",\"name\":\"f\",\"status\":\"deleted\",\"error_message\":\"no\"}"
    "]}}";

static int setup(void **state) {
  http_fixture_setup(state);
  http_fixture_world(*state, world);
  return 0;
}

static void check_list(http_fixture *a, const char *query, const char *ids) {
  char target[300];
  snprintf(target, sizeof target, "/v2/images%s", query);
  assert_string_equal(http_fixture_ids(http_fixture_expect(a, 200, "GET", target, NULL), "images"),
                      ids);
}

TEST(images_filters_combine) {
  http_fixture *a = *state;
  check_list(a, "", "1 2 10 11 12");
  check_list(a, "?type=distribution", "1");
  check_list(a, "?type=application", "2");
  check_list(a, "?private=true", "10 11 12");
  check_list(a, "?private=false", "1 2 10 11 12");
  check_list(a, "?tag_name=prod", "10 12");
  check_list(a, "?tag_name=prod&private=true&per_page=1&page=2", "12");
  http_fixture_error(a, 422, "unprocessable_entity", "GET", "/v2/images?type=snapshot", NULL);
  http_fixture_error(a, 422, "unprocessable_entity", "GET", "/v2/images?page=0", NULL);
  http_fixture_error(a, 422, "unprocessable_entity", "GET", "/v2/images?per_page=x", NULL);
  http_fixture_error(a, 400, "bad_request", "GET", "/v2/images?tag_name=%ff", NULL);
}

TEST(images_page_links_neighbours) {
  http_fixture *a = *state;
  const imgact_json *reply =
      http_fixture_expect(a, 200, "GET", "/v2/images?per_page=2&private=true", NULL);

  http_fixture_text(reply, "links.pages.next",
                    "https://api.digitalocean.com/v2/images?page=2&per_page=2&private=true");
  http_fixture_text(reply, "links.pages.last",
                    "https://api.digitalocean.com/v2/images?page=2&per_page=2&private=true");
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "links.pages")), 2);
  reply = http_fixture_expect(a, 200, "GET", "/v2/images?per_page=2&page=2", NULL);
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "links.pages")), 4);
  reply = http_fixture_expect(a, 200, "GET", "/v2/images?per_page=2&page=3", NULL);
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "links.pages")), 2);
  http_fixture_text(reply, "links.pages.prev",
                    "https://api.digitalocean.com/v2/images?page=2&per_page=2");
  assert_int_equal(http_fixture_int(reply, "meta.total"), 5);
  reply = http_fixture_expect(a, 200, "GET", "/v2/images?per_page=1000", NULL);
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "links")), 0);
  http_fixture_world(a, "{\"settings\":{\"link_base\":\"http://elsewhere\"}}");
  reply = http_fixture_expect(a, 200, "GET", "/v2/images?per_page=4", NULL);
  http_fixture_text(reply, "links.pages.next", "http://elsewhere/v2/images?page=2&per_page=4");
}

TEST(image_get_shows_all_members) {
  http_fixture *a = *state;

  http_fixture_expect(a, 200, "GET", "/v2/images/10", NULL);
  assert_string_equal(
      a->outcome.reply.body,
      "{\"image\":{\"id\":10,\"name\":\"s\",\"type\":\"snapshot\",\"distribution\":\"Ubuntu\","
      "\"slug\":null,"
      "\"public\":false,\"regions\":[\"nyc1\",\"nyc1\"],\"created_at\":\"2025-01-01T00:00:00Z\","
      "\"min_disk_size\":20,\"size_gigabytes\":2.34,\"description\":\"\",\"tags\":[\"prod\"],"
      "\"status\":\"available\",\"error_message\":\"\"}}");
  assert_int_equal(
      http_fixture_int(http_fixture_expect(a, 200, "GET", "/v2/images/debian-12-x64", NULL),
                       "image.id"),
      1);
  http_fixture_error(a, 404, "not_found", "GET", "/v2/images/debian-13-x64", NULL);
  http_fixture_error(a, 404, "not_found", "GET", "/v2/images/99", NULL);
  http_fixture_error(a, 404, "not_found", "PUT", "/v2/images/debian-12-x64", "{\"name\":\"x\"}");
  http_fixture_error(a, 404, "not_found", "GET", "/v2/nix", NULL);
  http_fixture_error(a, 404, "not_found", "PATCH", "/v2/images/10", "{}");
}

TEST(update_given_members_keeps_others) {
  http_fixture *a = *state;
  const imgact_json *reply =
      http_fixture_expect(a, 200, "PUT", "/v2/images/10", "{\"name\":\"n\"}");

  http_fixture_text(reply, "image.name", "n");
  http_fixture_text(reply, "image.distribution", "Ubuntu");
  reply = http_fixture_expect(a, 200, "PUT", "/v2/images/10",
                              "{\"distribution\":\"Plan 9\",\"description\":\"\"}");
  http_fixture_text(reply, "image.distribution", "Unknown");
  http_fixture_text(reply, "image.name", "n");
  http_fixture_error(a, 400, "bad_request", "PUT", "/v2/images/10", "");
  http_fixture_error(a, 400, "bad_request", "PUT", "/v2/images/10", "{\"name\"");
  http_fixture_error(a, 422, "unprocessable_entity", "PUT", "/v2/images/10", "{\"name\":\"\"}");
  http_fixture_error(a, 422, "unprocessable_entity", "PUT", "/v2/images/10", "{\"name\":1}");
  http_fixture_error(a, 403, "forbidden", "PUT", "/v2/images/1", "{\"name\":\"x\"}");
}

TEST(delete_twice_is_422) {
  http_fixture *a = *state;
  http_fixture_expect(a, 204, "DELETE", "/v2/images/10", NULL);
  http_fixture_error(a, 422, "Can not delete an already deleted image.", "DELETE", "/v2/images/10",
                     NULL);
  http_fixture_error(a, 404, "not_found", "GET", "/v2/images/10", NULL);
  http_fixture_error(a, 404, "not_found", "GET", "/v2/images/10/actions", NULL);
  http_fixture_error(a, 404, "not_found", "DELETE", "/v2/images/99", NULL);
  http_fixture_error(a, 422, "already deleted", "DELETE", "/v2/images/13", NULL);
  http_fixture_expect(a, 200, "GET", "/v2/images/13", NULL);
  http_fixture_error(a, 403, "forbidden", "DELETE", "/v2/images/1", NULL);
  http_fixture_error(a, 422, "unprocessable_entity", "DELETE", "/v2/images/11", NULL);
  assert_int_equal(a->instance.world->counters.effects[SIM_DELETE], 1);
}

TEST(transfer_finished_adds_region) {
  http_fixture *a = *state;
  const imgact_json *reply = http_fixture_expect(a, 201, "POST", "/v2/images/10/actions",
                                                 "{\"type\":\"transfer\",\"region\":\"nyc3\"}");

  http_fixture_text(reply, "action.status", "in-progress");
  http_fixture_text(reply, "action.region.slug", "nyc3");
  http_fixture_text(reply, "action.region_slug", "nyc3");
  http_fixture_null(reply, "action.completed_at");
  int64_t id = http_fixture_int(reply, "action.id");
  assert_true(id > INT32_MAX);
  http_fixture_error(a, 422, "pending event", "POST", "/v2/images/10/actions",
                     "{\"type\":\"transfer\",\"region\":\"nyc3\"}");
  http_fixture_expect(a, 201, "POST", "/v2/images/10/actions",
                      "{\"type\":\"transfer\",\"region\":\"ams3\"}");
  a->real_ms = 60000;
  char target[64];
  snprintf(target, sizeof target, "/v2/images/10/actions/%lld", (long long)id);
  http_fixture_text(http_fixture_expect(a, 200, "GET", target, NULL), "action.status", "completed");
  reply = http_fixture_expect(a, 200, "GET", "/v2/images/10", NULL);
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "image.regions")), 4);
  http_fixture_text(reply, "image.regions.2", "nyc3");
  http_fixture_error(a, 422, "already", "POST", "/v2/images/10/actions",
                     "{\"type\":\"transfer\",\"region\":\"nyc3\"}");
  snprintf(target, sizeof target, "/v2/images/11/actions/%lld", (long long)id);
  http_fixture_error(a, 404, "not_found", "GET", target, NULL);
}

TEST(transfer_invalid_is_rejected) {
  http_fixture *a = *state;

  http_fixture_error(a, 422, "Backups can not be transfered", "POST", "/v2/images/11/actions",
                     "{\"type\":\"transfer\",\"region\":\"nyc3\"}");
  http_fixture_error(a, 422, "Region is not available", "POST", "/v2/images/10/actions",
                     "{\"type\":\"transfer\",\"region\":\"moon1\"}");
  http_fixture_error(a, 422, "Region is not available", "POST", "/v2/images/10/actions",
                     "{\"type\":\"transfer\",\"region\":\"lon1\"}");
  http_fixture_error(a, 422, "Region is not available", "POST", "/v2/images/10/actions",
                     "{\"type\":\"transfer\"}");
  http_fixture_error(a, 403, "forbidden", "POST", "/v2/images/1/actions",
                     "{\"type\":\"transfer\",\"region\":\"nyc3\"}");
  http_fixture_error(a, 404, "action type is not available", "POST", "/v2/images/10/actions",
                     "{\"type\":\"fly\"}");
  http_fixture_error(a, 404, "action type is not available", "POST", "/v2/images/10/actions", "{}");
  http_fixture_error(a, 404, "action type is not available", "POST", "/v2/images/10/actions", NULL);
  http_fixture_error(a, 400, "bad_request", "POST", "/v2/images/10/actions", "nonsense");
  assert_int_equal(a->instance.world->clouds[SIM_DIGITALOCEAN].actions_count, 0);
}

TEST(convert_backup_becomes_snapshot) {
  http_fixture *a = *state;
  http_fixture_error(a, 422, "Only backups", "POST", "/v2/images/10/actions",
                     "{\"type\":\"convert\"}");
  http_fixture_expect(a, 201, "POST", "/v2/images/11/actions", "{\"type\":\"convert\"}");
  http_fixture_error(a, 422, "pending event", "POST", "/v2/images/11/actions",
                     "{\"type\":\"convert\"}");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/images/11", NULL), "image.type",
                    "backup");
  a->real_ms = 10000;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/images/11", NULL), "image.type",
                    "snapshot");
  http_fixture_expect(a, 201, "POST", "/v2/images/11/actions",
                      "{\"type\":\"transfer\",\"region\":\"nyc3\"}");
}

TEST(import_changes_status_over_time) {
  http_fixture *a = *state;
  const imgact_json *reply = http_fixture_expect(
      a, 202, "POST", "/v2/images",
      "{\"name\":\"i\",\"url\":\"http://h/"
      "i.img\",\"region\":\"nyc3\",\"tags\":[\"t\"],\"distribution\":\"Debian\"}");

  http_fixture_text(reply, "image.status", "NEW");
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "image.regions")), 0);
  char target[64];
  snprintf(target, sizeof target, "/v2/images/%lld",
           (long long)http_fixture_int(reply, "image.id"));
  a->real_ms = 60000;
  http_fixture_text(http_fixture_expect(a, 200, "GET", target, NULL), "image.status", "pending");
  a->real_ms = 120000;
  reply = http_fixture_expect(a, 200, "GET", target, NULL);
  http_fixture_text(reply, "image.status", "available");
  http_fixture_text(reply, "image.regions.0", "nyc3");
  http_fixture_text(reply, "image.tags.0", "t");
  reply = http_fixture_expect(a, 202, "POST", "/v2/images",
                              "{\"name\":\"i\",\"url\":\"http://h/fail\",\"region\":\"nyc3\"}");
  snprintf(target, sizeof target, "/v2/images/%lld",
           (long long)http_fixture_int(reply, "image.id"));
  a->real_ms = 240000;
  reply = http_fixture_expect(a, 200, "GET", target, NULL);
  http_fixture_text(reply, "image.status", "deleted");
  http_fixture_error(a, 422, "required", "POST", "/v2/images", "{\"name\":\"i\",\"url\":\"u\"}");
  http_fixture_error(a, 422, "Region", "POST", "/v2/images",
                     "{\"name\":\"i\",\"url\":\"u\",\"region\":\"moon1\"}");
  http_fixture_error(a, 422, "tags", "POST", "/v2/images",
                     "{\"name\":\"i\",\"url\":\"u\",\"region\":\"nyc3\",\"tags\":[1]}");
}

/* Whether imports are listed before they are available is not documented. */
TEST(import_listed_as_the_world_says) {
  http_fixture *a = *state;
  static const struct {
    const char *file, *ids;
  } worlds[] = {{"{\"settings\":{\"list_imports\":\"all\"}}", "10 11 12 13 7938269"},
                {"{\"settings\":{\"list_imports\":\"running\"}}", "10 11 12 7938269"},
                {"{\"settings\":{\"list_imports\":\"available\"}}", "10 11 12"}};

  http_fixture_expect(a, 202, "POST", "/v2/images",
                      "{\"name\":\"i\",\"url\":\"u\",\"region\":\"nyc3\"}");
  for (size_t i = 0; i < SIM_COUNT(worlds); i++) {
    http_fixture_world(a, worlds[i].file);
    check_list(a, "?private=true", worlds[i].ids);
  }
  a->real_ms = 120000;
  check_list(a, "?private=true", "10 11 12 7938269");
}

TEST(import_fault_fails_it) {
  http_fixture *a = *state;
  char target[64];

  http_fixture_faults(a, "[{\"do\":\"fail\",\"method\":\"POST\"}]");
  const imgact_json *reply = http_fixture_expect(
      a, 202, "POST", "/v2/images", "{\"name\":\"i\",\"url\":\"u\",\"region\":\"nyc3\"}");
  snprintf(target, sizeof target, "/v2/images/%lld",
           (long long)http_fixture_int(reply, "image.id"));
  a->real_ms = 120000;
  reply = http_fixture_expect(a, 200, "GET", target, NULL);
  http_fixture_text(reply, "image.status", "deleted");
  assert_true(strstr(a->outcome.reply.body, "We had a problem decompressing your file.") != NULL);
}

/* The recipient has no account in the world. */
TEST(account_transfer_accepted_removes_image) {
  http_fixture *a = *state;
  char body[2][100];

  for (int i = 0; i < 2; i++) {
    const imgact_json *reply = http_fixture_expect(a, 201, "POST", "/v2/images/10/account_transfer",
                                                   "{\"recipient_email\":\"a@b.c\"}");
    snprintf(body[i], sizeof body[i], "{\"transfer_id\":%lld,\"recipient_uuid\":\"u\"}",
             (long long)http_fixture_int(reply, "transfer_id"));
    if (i == 0)
      http_fixture_expect(a, 204, "POST", "/v2/images/10/account_transfer/cancel", body[0]);
  }
  http_fixture_error(a, 404, "not_found", "POST", "/v2/images/10/account_transfer/accept", body[0]);
  http_fixture_expect(a, 201, "POST", "/v2/images/10/account_transfer/accept", body[1]);
  http_fixture_error(a, 404, "not_found", "GET", "/v2/images/10", NULL);
}

TEST(token_scopes_limit_operations) {
  http_fixture *a = *state;

  http_fixture_world(
      a, "{\"tokens\":[{\"token\":\"s\",\"scopes\":[\"image:read\",\"image:update\"]},"
         "{\"token\":\"r\",\"access\":\"read_only\"},{\"token\":\"bad\",\"access\":\"invalid\"}]}");
  a->token = "s";
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/images/10", NULL);
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "image.tags")), 0);
  reply = http_fixture_expect(a, 201, "POST", "/v2/images/10/actions",
                              "{\"type\":\"transfer\",\"region\":\"nyc3\"}");
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "action.region.sizes")), 0);
  char target[64];
  snprintf(target, sizeof target, "/v2/actions/%lld",
           (long long)http_fixture_int(reply, "action.id"));
  http_fixture_error(a, 403, "not authorized", "GET", target, NULL);
  http_fixture_error(a, 403, "not authorized", "DELETE", "/v2/images/10", NULL);
  http_fixture_error(a, 403, "not authorized", "POST", "/v2/images/10/account_transfer",
                     "{\"recipient_email\":\"a@b.c\"}");
  a->token = "r";
  http_fixture_expect(a, 200, "GET", target, NULL);
  http_fixture_error(a, 403, "not authorized", "PUT", "/v2/images/10", "{\"name\":\"x\"}");
  a->token = "bad";
  http_fixture_error(a, 401, "Unable to authenticate you.", "GET", "/v2/images", NULL);
  a->token = NULL;
  http_fixture_error(a, 401, "Unable to authenticate you.", "GET", "/v2/nix", NULL);
}

TEST(actions_list_newest_first) {
  http_fixture *a = *state;

  http_fixture_world(a, "{\"digitalocean\":{\"actions\":["
                        "{\"id\":20,\"type\":\"create\",\"status\":\"completed\",\"resource_id\":"
                        "10,\"resource_type\":\"image\"},"
                        "{\"id\":21,\"type\":\"power_off\",\"status\":\"errored\",\"resource_id\":"
                        "10,\"resource_type\":\"droplet\"},"
                        "{\"id\":22,\"type\":\"transfer\",\"status\":\"completed\",\"resource_id\":"
                        "10,\"region_slug\":\"moon1\"}]}}");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v2/actions", NULL), "actions"),
      "22 21 20");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v2/images/10/actions", NULL),
                       "actions"),
      "22 20");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v2/actions?per_page=1&page=2", NULL),
                       "actions"),
      "21");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/actions/21", NULL), "action.status",
                    "errored");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/images/10/actions/22", NULL),
                    "action.region.slug", "moon1");
  http_fixture_error(a, 404, "not_found", "GET", "/v2/images/10/actions/21", NULL);
  http_fixture_error(a, 404, "not_found", "GET", "/v2/actions/x", NULL);
}

TEST(rate_limit_hour_and_minute) {
  http_fixture *a = *state;

  http_fixture_world(
      a, "{\"limits\":{\"digitalocean\":{\"limit\":4,\"burst\":2,\"stale_ms\":1500000}}}");
  http_fixture_expect(a, 200, "GET", "/v2/images/10", NULL);
  assert_string_equal(http_fixture_header(a, "RateLimit-Limit"), "4");
  assert_string_equal(http_fixture_header(a, "RateLimit-Remaining"), "3");
  http_fixture_expect(a, 200, "GET", "/v2/images/10", NULL);
  http_fixture_error(a, 429, "too_many_requests", "GET", "/v2/images/10", NULL);
  assert_string_equal(http_fixture_header(a, "Retry-After"), "60");
  assert_string_equal(http_fixture_header(a, "RateLimit-Remaining"), "0");
  a->real_ms = 60000;
  http_fixture_expect(a, 200, "GET", "/v2/images/10", NULL);
  http_fixture_expect(a, 200, "GET", "/v2/images/10", NULL);
  a->real_ms = 200000;
  http_fixture_error(a, 429, "too_many_requests", "GET", "/v2/images/10", NULL);
  assert_string_equal(http_fixture_header(a, "Retry-After"), "");
  assert_string_equal(http_fixture_header(a, "RateLimit-Reset"), "1767224300");
}

TEST(error_body_has_request_id) {
  http_fixture *a = *state;
  const imgact_json *reply = http_fixture_expect(a, 404, "GET", "/v2/images/99", NULL);
  http_fixture_text(reply, "request_id", http_fixture_header(a, "x-request-id"));
  assert_int_equal(strlen(http_fixture_header(a, "x-request-id")), 36);
}

int main(void) { return testing_run(setup, http_fixture_teardown); }
