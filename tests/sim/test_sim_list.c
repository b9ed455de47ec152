// SPDX-License-Identifier: MIT
/* Lists that are kept between requests. */
#include "http_fixture.h"
#include <inttypes.h>

static const char world[] =
    "{\"hetzner\":{\"images\":[{\"id\":10,\"labels\":{\"env\":\"prod\"}},"
    "{\"id\":11,\"type\":\"backup\"},{\"id\":12}]},"
    "\"digitalocean\":{\"images\":[{\"id\":10,\"name\":\"a\",\"regions\":[\"nyc1\"]},"
    "{\"id\":11,\"name\":\"b\",\"type\":\"backup\",\"regions\":[\"nyc1\"]},"
    "{\"id\":12,\"name\":\"c\"}]}}";

static int setup(void **state) {
  http_fixture_setup(state);
  http_fixture_world(*state, world);
  return 0;
}

static void check_list(http_fixture *a, const char *target, const char *ids) {
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", target, NULL);
  const char *shown = http_fixture_ids(reply, "images");
  if (strcmp(shown, ids) != 0) fail_msg("%s: %s, not %s", target, shown, ids);
}

#define SNAPSHOTS "/v1/images?type=snapshot"

TEST(list_page_uses_kept_list) {
  http_fixture *a = *state;
  sim_cloud_state *cloud = &a->instance.world->clouds[SIM_HETZNER];
  check_list(a, SNAPSHOTS "&per_page=1", "10");
  cloud->images[2]->type = SIM_BACKUP; /* not reported as a change */
  check_list(a, SNAPSHOTS "&per_page=1&page=2", "12");
  cloud->images_version++;
  check_list(a, SNAPSHOTS "&per_page=5", "10");
}

TEST(list_other_query_is_another_list) {
  http_fixture *a = *state;
  for (int round = 0; round < 2; round++) {
    check_list(a, SNAPSHOTS, "10 12");
    check_list(a, "/v1/images?type=backup", "11");
    check_list(a, "/v1/images?type=backup&type=snapshot", "10 11 12");
    check_list(a, SNAPSHOTS "&sort=id:desc", "12 10");
    check_list(a, "/v1/images?label_selector=env%3Dprod", "10");
    check_list(a, "/v1/images?name=type%3Dsnapshot%26", "");
    check_list(a, "/v2/images", "10 11 12");
  }
}

TEST(list_after_update_is_fresh) {
  http_fixture *a = *state;
  check_list(a, "/v1/images?label_selector=a", "");
  http_fixture_expect(a, 200, "PUT", "/v1/images/12", "{\"labels\":{\"a\":\"\"}}");
  check_list(a, "/v1/images?label_selector=a", "12");
  check_list(a, SNAPSHOTS, "10 12");
  http_fixture_expect(a, 200, "PUT", "/v1/images/11", "{\"type\":\"snapshot\"}");
  check_list(a, SNAPSHOTS, "10 11 12");
}

TEST(list_after_delete_is_fresh) {
  http_fixture *a = *state;
  static const char *const lists[] = {"/v1/images", "/v2/images"};
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    char target[64];
    snprintf(target, sizeof target, "%s/10", lists[cloud]);
    check_list(a, lists[cloud], "10 11 12");
    http_fixture_expect(a, 204, "DELETE", target, NULL);
    check_list(a, lists[cloud], "11 12");
  }
}

TEST(list_after_import_is_fresh) {
  http_fixture *a = *state;
  check_list(a, "/v2/images?tag_name=t", "");
  const imgact_json *reply =
      http_fixture_expect(a, 202, "POST", "/v2/images",
                          "{\"name\":\"i\",\"url\":\"u\",\"region\":\"nyc3\",\"tags\":[\"t\"]}");
  char id[32];
  snprintf(id, sizeof id, "%" PRId64, http_fixture_int(reply, "image.id"));
  check_list(a, "/v2/images?tag_name=t", id);
}

TEST(list_after_world_file_is_fresh) {
  http_fixture *a = *state;
  check_list(a, SNAPSHOTS, "10 12");
  http_fixture_expect(a, 200, "POST", "/_sim/world",
                      "{\"hetzner\":{\"images\":[{\"id\":12,\"type\":\"backup\"}]}}");
  check_list(a, SNAPSHOTS, "10");
}

TEST(list_after_list_fault_is_fresh) {
  http_fixture *a = *state;
  check_list(a, "/v2/images", "10 11 12");
  http_fixture_faults(a, "[{\"do\":\"vanish\",\"count\":1}]");
  check_list(a, "/v2/images", "11 12");
  http_fixture_faults(a, "[{\"do\":\"appear\",\"count\":1}]");
  check_list(a, "/v2/images", "7938269 11 12");
}

/* An action that ends between two requests changes its image. */
TEST(list_after_action_is_fresh) {
  http_fixture *a = *state;
  uint64_t version = a->instance.world->clouds[SIM_DIGITALOCEAN].images_version;
  http_fixture_expect(a, 201, "POST", "/v2/images/11/actions", "{\"type\":\"convert\"}");
  uint64_t started = a->instance.world->clouds[SIM_DIGITALOCEAN].images_version;
  assert_true(started > version);
  a->real_ms = 10000;
  http_fixture_expect(a, 200, "GET", "/v2/images", NULL);
  assert_true(a->instance.world->clouds[SIM_DIGITALOCEAN].images_version > started);
}

TEST(list_actions_pages_newest_first) {
  static const char *const pages[] = {"3 2", "1"};
  http_fixture *a = *state;
  http_fixture_world(a, "{\"digitalocean\":{\"actions\":[{\"id\":1,\"type\":\"x\"},{\"id\":2,"
                        "\"type\":\"x\",\"resource_id\":10},{\"id\":3,\"type\":\"x\"}]}}");
  for (int page = 0; page < 2; page++) {
    char target[64];
    snprintf(target, sizeof target, "/v2/actions?per_page=2&page=%d", page + 1);
    const imgact_json *reply = http_fixture_expect(a, 200, "GET", target, NULL);
    assert_string_equal(http_fixture_ids(reply, "actions"), pages[page]);
    assert_int_equal(http_fixture_int(reply, "meta.total"), 3);
  }
}

TEST(list_actions_omits_hidden) {
  http_fixture *a = *state;
  http_fixture_expect(a, 201, "POST", "/v2/images/10/actions",
                      "{\"type\":\"transfer\",\"region\":\"nyc3\"}");
  http_fixture_faults(a, "[{\"do\":\"hide\",\"ms\":5000,\"method\":\"POST\"}]");
  http_fixture_expect(a, 201, "POST", "/v2/images/10/actions",
                      "{\"type\":\"transfer\",\"region\":\"ams3\"}");
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/actions", NULL);
  assert_int_equal(http_fixture_int(reply, "meta.total"), 1);
  a->real_ms = 5000;
  reply = http_fixture_expect(a, 200, "GET", "/v2/actions", NULL);
  assert_int_equal(http_fixture_int(reply, "meta.total"), 2);
}

static void *items[] = {items, items + 1, items + 2};

static bool has(sim_list_cache *cache, const char *query, uint64_t version, size_t count) {
  sim_list list = {0};
  return sim_list_cache_get(cache, query, version, &list) && list.count == count &&
         !memcmp(list.items, items, count * sizeof *items);
}

TEST(list_cache_full_drops_least_used) {
  sim_list_cache cache = {0};
  char query[16];

  for (int i = 0; i < SIM_MAX_LISTS + 1; i++) {
    snprintf(query, sizeof query, "%d", i);
    sim_list_cache_put(&cache, query, 1, &(sim_list){items, (size_t)(i % 4)});
    assert_true(has(&cache, "0", 1, 0));
  }
  assert_false(has(&cache, "1", 1, 1));
  for (int i = 2; i < SIM_MAX_LISTS + 1; i++) {
    snprintf(query, sizeof query, "%d", i);
    assert_true(has(&cache, query, 1, (size_t)(i % 4)));
  }

  sim_list_cache_free(&cache);
}

TEST(list_cache_old_version_is_dropped) {
  sim_list_cache cache = {0};
  sim_list_cache_put(&cache, "a", 1, &(sim_list){items, 3});
  assert_true(has(&cache, "a", 1, 3));
  assert_false(has(&cache, "a", 2, 3));
  sim_list_cache_put(&cache, "b", 2, &(sim_list){items, 2});
  assert_false(has(&cache, "a", 1, 3));
  assert_true(has(&cache, "b", 2, 2));
  sim_list_cache_free(&cache);
}

int main(void) { return testing_run(setup, http_fixture_teardown); }
