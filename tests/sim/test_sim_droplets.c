// SPDX-License-Identifier: MIT
/* Snapshots of Droplets at DigitalOcean. Droplet 1 is in nyc3; it is a default one. */
#include "http_fixture.h"

#define ACTIONS   "/v2/droplets/1/actions"
#define SNAPSHOTS "/v2/droplets/1/snapshots"
#define SNAPSHOT  "{\"type\":\"snapshot\",\"name\":\"s\"}"

static size_t listed(http_fixture *a) {
  return imgact_json_count(
      http_fixture_at(http_fixture_expect(a, 200, "GET", SNAPSHOTS, NULL), "snapshots"));
}

static bool is_locked(http_fixture *a) {
  int truth = 0;
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/droplets/1", NULL);
  assert_true(imgact_json_as_bool(http_fixture_at(reply, "droplet.locked"), &truth));
  return truth;
}

TEST(snapshot_action_names_droplet) {
  http_fixture *a = *state;
  const imgact_json *reply = http_fixture_expect(a, 201, "POST", ACTIONS, SNAPSHOT);

  http_fixture_text(reply, "action.status", "in-progress");
  http_fixture_text(reply, "action.type", "snapshot");
  http_fixture_text(reply, "action.resource_type", "droplet");
  http_fixture_text(reply, "action.region_slug", "nyc3");
  http_fixture_null(reply, "action.completed_at");
  assert_int_equal(http_fixture_int(reply, "action.resource_id"), 1);
  assert_true(http_fixture_int(reply, "action.id") > INT32_MAX);
  assert_int_equal(a->instance.world->clouds[SIM_DIGITALOCEAN].images_count, 0);
  assert_int_equal(a->instance.world->counters.effects[SIM_CREATE_IMAGE], 1);
}

TEST(snapshot_listed_after_its_end) {
  http_fixture *a = *state;
  http_fixture_expect(a, 201, "POST", ACTIONS, SNAPSHOT);
  a->real_ms = 59999;
  assert_int_equal(listed(a), 0);
  a->real_ms = 60000;
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", SNAPSHOTS, NULL);
  char target[64];

  http_fixture_text(reply, "snapshots.0.name", "s");
  http_fixture_text(reply, "snapshots.0.type", "snapshot");
  http_fixture_text(reply, "snapshots.0.regions.0", "nyc3");
  http_fixture_text(reply, "snapshots.0.created_at", "2026-01-01T00:00:00Z");
  assert_int_equal(http_fixture_int(reply, "snapshots.0.min_disk_size"), 25);
  int64_t id = http_fixture_int(reply, "snapshots.0.id");
  snprintf(target, sizeof target, "/v2/images/%lld", (long long)id);
  reply = http_fixture_expect(a, 200, "GET", target, NULL);
  http_fixture_text(reply, "image.status", "available");
  http_fixture_text(reply, "image.distribution", "Ubuntu");
  reply = http_fixture_expect(a, 200, "GET", "/v2/droplets/1", NULL);
  assert_int_equal(http_fixture_int(reply, "droplet.snapshot_ids.0"), id);
  reply = http_fixture_expect(a, 200, "GET", "/v2/images?private=true", NULL);
  assert_int_equal(http_fixture_int(reply, "images.0.id"), id);
  snprintf(target, sizeof target, "/v2/images/%lld/actions", (long long)id);
  reply = http_fixture_expect(a, 200, "GET", target, NULL);
  assert_int_equal(http_fixture_int(reply, "meta.total"), 0);
}

TEST(snapshot_second_is_pending_event) {
  http_fixture *a = *state;

  http_fixture_expect(a, 201, "POST", ACTIONS, SNAPSHOT);
  http_fixture_error(a, 422, "Droplet already has a pending event.", "POST", ACTIONS, SNAPSHOT);
  assert_true(is_locked(a));
  http_fixture_expect(a, 201, "POST", "/v2/droplets/2/actions", SNAPSHOT);
  a->real_ms = 60000;
  assert_true(is_locked(a));
  http_fixture_error(a, 422, "pending event", "POST", ACTIONS, SNAPSHOT);
  a->real_ms = 65000;
  assert_false(is_locked(a));
  http_fixture_expect(a, 201, "POST", ACTIONS, SNAPSHOT);
}

TEST(repeats_accept_a_second_snapshot) {
  http_fixture *a = *state;
  http_fixture_world(a, "{\"settings\":{\"repeats\":true,\"unlock_ms\":0,"
                        "\"durations_ms\":{\"create_image\":1000}}}");
  http_fixture_expect(a, 201, "POST", ACTIONS, SNAPSHOT);
  http_fixture_expect(a, 201, "POST", ACTIONS, SNAPSHOT);
  a->real_ms = 1000;
  assert_false(is_locked(a));
  assert_int_equal(listed(a), 2);
}

TEST(snapshot_invalid_is_rejected) {
  http_fixture *a = *state;

  http_fixture_error(a, 422, "name is required", "POST", ACTIONS, "{\"type\":\"snapshot\"}");
  http_fixture_error(a, 422, "name is required", "POST", ACTIONS,
                     "{\"type\":\"snapshot\",\"name\":\"\"}");
  http_fixture_error(a, 404, "action type is not available", "POST", ACTIONS,
                     "{\"type\":\"reboot\"}");
  http_fixture_error(a, 404, "action type is not available", "POST", ACTIONS, NULL);
  http_fixture_error(a, 400, "bad_request", "POST", ACTIONS, "{");
  http_fixture_error(a, 404, "not_found", "POST", "/v2/droplets/99/actions", SNAPSHOT);
  http_fixture_world(
      a,
      "{\"tokens\":[{\"token\":\"u\",\"scopes\":[\"droplet:update\"]},"
      "{\"token\":\"r\",\"access\":\"read_only\"},{\"token\":\"n\",\"scopes\":[\"image:create\"]}],"
      "\"digitalocean\":{\"droplets\":[{\"id\":2,\"locked\":true}]}}");
  http_fixture_error(a, 422, "pending event", "POST", "/v2/droplets/2/actions", SNAPSHOT);
  static const char *const tokens[] = {"u", "r", "n"};
  for (size_t i = 0; i < SIM_COUNT(tokens); i++) {
    a->token = tokens[i];
    http_fixture_error(a, 403, "not authorized", "POST", ACTIONS, SNAPSHOT);
  }
  assert_int_equal(a->instance.world->counters.effects[SIM_CREATE_IMAGE], 0);
}

TEST(snapshot_failed_leaves_no_image) {
  http_fixture *a = *state;

  http_fixture_faults(a, "[{\"do\":\"fail\"}]");
  http_fixture_expect(a, 201, "POST", ACTIONS, SNAPSHOT);
  a->real_ms = 60000;
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", ACTIONS, NULL);
  http_fixture_text(reply, "actions.0.status", "errored");
  assert_int_equal(listed(a), 0);
}

TEST(snapshot_hidden_for_a_while) {
  http_fixture *a = *state;

  http_fixture_faults(a, "[{\"do\":\"hide_image\",\"ms\":2000,\"count\":1}]");
  http_fixture_expect(a, 201, "POST", ACTIONS, SNAPSHOT);
  a->real_ms = 61999;
  assert_int_equal(listed(a), 0);
  a->real_ms = 62000;
  assert_int_equal(listed(a), 1);
}

TEST(snapshot_503_takes_effect) {
  http_fixture *a = *state;

  http_fixture_faults(a, "[{\"do\":\"status\",\"status\":503,\"when\":\"after\",\"count\":1}]");
  http_fixture_error(a, 503, "service_unavailable", "POST", ACTIONS, SNAPSHOT);
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", ACTIONS, NULL);
  http_fixture_text(reply, "actions.0.type", "snapshot");
  assert_int_equal(http_fixture_int(reply, "meta.total"), 1);
}

TEST(droplet_actions_newest_first) {
  http_fixture *a = *state;
  static const char file[] =
      "{\"digitalocean\":{\"actions\":["
      "{\"id\":20,\"type\":\"power_on\",\"status\":\"completed\",\"resource_id\":1,"
      "\"resource_type\":\"droplet\"},"
      "{\"id\":21,\"type\":\"snapshot\",\"status\":\"in-progress\",\"resource_id\":1,"
      "\"resource_type\":\"droplet\",\"effect\":\"create_image\",\"runs_ms\":1000,"
      "\"image_name\":\"from a file\"}]}}";

  http_fixture_world(a, file);
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", ACTIONS, NULL);
  assert_string_equal(http_fixture_ids(reply, "actions"), "21 20");
  reply = http_fixture_expect(a, 200, "GET", ACTIONS "?per_page=1&page=2", NULL);
  assert_string_equal(http_fixture_ids(reply, "actions"), "20");
  http_fixture_expect(a, 200, "GET", ACTIONS "/21", NULL);
  http_fixture_expect(a, 200, "GET", "/v2/actions/21", NULL);
  http_fixture_error(a, 404, "not_found", "GET", "/v2/droplets/2/actions/21", NULL);
  a->real_ms = 1000;
  reply = http_fixture_expect(a, 200, "GET", SNAPSHOTS, NULL);
  http_fixture_text(reply, "snapshots.0.name", "from a file");
}

TEST(droplet_list_pages) {
  http_fixture *a = *state;
  const imgact_json *reply =
      http_fixture_expect(a, 200, "GET", "/v2/droplets?per_page=2&page=2", NULL);

  assert_string_equal(http_fixture_ids(reply, "droplets"), "3 4");
  assert_int_equal(http_fixture_int(reply, "meta.total"), 5);
  http_fixture_error(a, 404, "not_found", "GET", "/v2/droplets/web-1", NULL);
}

int main(void) { return testing_run(http_fixture_setup, http_fixture_teardown); }
