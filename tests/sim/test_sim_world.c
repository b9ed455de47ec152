// SPDX-License-Identifier: MIT
#include "http_fixture.h"

TEST(id_map_many_finds_each) {
  sim_id_map table = {0};
  static int things[5000];
  for (size_t i = 0; i < SIM_COUNT(things); i++)
    assert_true(sim_id_map_put(&table, (i + 1) << 32, &things[i]));
  for (size_t i = 0; i < SIM_COUNT(things); i++)
    assert_ptr_equal(sim_id_map_get(&table, (i + 1) << 32), &things[i]);
  assert_null(sim_id_map_get(&table, 7));
  assert_false(sim_id_map_put(&table, 0, things));
  sim_id_map_free(&table);
}

TEST(time_parse_and_format) {
  static const struct {
    const char *text;
    int64_t ms;
  } good[] = {{"1970-01-01T00:00:00Z", 0},
              {"2016-01-30T23:50:00+00:00", INT64_C(1454197800000)},
              {"2016-01-30T23:50+00:00", INT64_C(1454197800000)},
              {"2020-02-29T23:59:59.5-01:30", INT64_C(1583026199500)},
              {"1969-12-31T23:59:59Z", -1000}};
  static const char *const bad[] = {"",
                                    "2016",
                                    "2016-13-01T00:00:00Z",
                                    "2016-01-01T00:00:00",
                                    "2016-01-01 00:00:00Z",
                                    "2016-01-01T24:00:00Z",
                                    "2016-01-01T00:00:00Zx",
                                    "2016-01-00T00:00:00Z"};

  (void)state;
  for (size_t i = 0; i < SIM_COUNT(good); i++) {
    int64_t ms = 0;
    assert_true(sim_parse_time(good[i].text, &ms));
    assert_int_equal(ms, good[i].ms);
  }
  for (size_t i = 0; i < SIM_COUNT(bad); i++) assert_false(sim_parse_time(bad[i], &(int64_t){0}));
  uint64_t random = 3;
  for (int i = 0; i < 10000; i++) {
    char text[32];
    int64_t ms = (int64_t)sim_random_below(&random, UINT64_C(250000000000)) * 1000, back = 0;
    sim_format_time(ms, text);
    assert_true(sim_parse_time(text, &back));
    assert_int_equal(back, ms);
  }
}

static char *generated(uint64_t seed, size_t images) {
  sim_world *world = sim_world_new(seed);
  assert_true(sim_world_defaults(world) &&
              sim_world_generate(world, images, HTTP_FIXTURE_EPOCH_MS));
  char *text = sim_world_dump(world, HTTP_FIXTURE_EPOCH_MS);
  assert_non_null(text);
  sim_world_free(world);
  return text;
}

TEST(generate_same_seed_same_world) {
  char *first = generated(5, 60), *second = generated(5, 60), *other = generated(6, 60);
  assert_string_equal(first, second);
  assert_string_not_equal(first, other);
  free(first);
  free(second);
  free(other);
}

TEST(generate_small_world_every_type) {
  sim_world *world = sim_world_new(1);

  assert_true(sim_world_defaults(world) && sim_world_generate(world, 40, HTTP_FIXTURE_EPOCH_MS));
  int seen[SIM_CLOUDS][SIM_TYPES] = {{0}}, deprecated = 0, guarded = 0, arm = 0, failed = 0,
      retired = 0;
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++)
    for (size_t i = 0; i < world->clouds[cloud].images_count; i++) {
      const sim_image *image = world->clouds[cloud].images[i];
      seen[cloud][image->type]++;
      deprecated += image->deprecated_ms != IMGACT_NO_TIME;
      guarded += image->is_protected;
      arm += image->is_arm;
      failed += image->status == SIM_DELETED;
      retired += image->status == SIM_RETIRED;
    }
  for (int type = SIM_SYSTEM; type <= SIM_BACKUP; type++) assert_true(seen[SIM_HETZNER][type] > 0);
  for (int type = SIM_SNAPSHOT; type <= SIM_CUSTOM; type++)
    assert_true(seen[SIM_DIGITALOCEAN][type] > 0);
  assert_true(deprecated && guarded && arm && failed && retired);

  sim_world_free(world);
}

TEST(world_dump_loads_again) {
  http_fixture *a = *state;

  assert_true(sim_world_generate(a->instance.world, 60, HTTP_FIXTURE_EPOCH_MS));
  http_fixture_expect(a, 204, "DELETE", "/v2/images/7938287", NULL);
  char *text = sim_world_dump(a->instance.world, HTTP_FIXTURE_EPOCH_MS), *again = NULL;
  char *imported = NULL;
  http_fixture_expect(a, 202, "POST", "/v2/images",
                      "{\"name\":\"i\",\"url\":\"u\",\"region\":\"nyc3\"}");
  http_fixture_expect(a, 201, "POST", "/v2/droplets/1/actions",
                      "{\"type\":\"snapshot\",\"name\":\"s\"}");
  http_fixture_expect(a, 201, "POST", "/v1/servers/1/actions/create_image", "{}");
  imported = sim_world_dump(a->instance.world, HTTP_FIXTURE_EPOCH_MS);
  assert_non_null(strstr(imported, "\"runs_ms\":120000"));
  const char *const files[] = {text, imported};
  for (size_t i = 0; i < 2; i++) {
    char message[200] = "";
    sim_world *copy = sim_world_new(9);
    assert_true(sim_world_defaults(copy));
    if (!sim_world_load(copy, files[i], strlen(files[i]), HTTP_FIXTURE_EPOCH_MS, message,
                        sizeof message))
      fail_msg("%s", message);
    again = sim_world_dump(copy, HTTP_FIXTURE_EPOCH_MS);
    assert_string_equal(again, files[i]);
    free(again);
    sim_world_free(copy);
  }

  free(text);
  free(imported);
}

TEST(world_file_changes_existing) {
  http_fixture *a = *state;
  http_fixture_world(
      a, "{\"hetzner\":{\"images\":[{\"id\":10,\"description\":\"a\",\"labels\":{\"x\":\"y\"}}]}}");
  http_fixture_world(a, "{\"hetzner\":{\"images\":[{\"id\":10,\"protection\":{\"delete\":true}},{"
                        "\"description\":\"new\"}]}}");
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v1/images", NULL);
  http_fixture_text(reply, "images.0.description", "a");
  http_fixture_text(reply, "images.0.labels.x", "y");
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "images")), 2);
  http_fixture_world(a, "{\"hetzner\":{\"images\":[{\"id\":10,\"gone\":true}]}}");
  http_fixture_expect(a, 404, "GET", "/v1/images/10", NULL);
}

TEST(world_file_action_ends_as_given) {
  http_fixture *a = *state;

  http_fixture_world(a,
                     "{\"digitalocean\":{\"images\":[{\"id\":10,\"type\":\"backup\"}],\"actions\":["
                     "{\"id\":1,\"type\":\"convert\",\"status\":\"in-progress\",\"resource_id\":10,"
                     "\"effect\":\"convert\",\"runs_ms\":500},"
                     "{\"id\":2,\"type\":\"x\",\"status\":\"in-progress\",\"resource_id\":10,"
                     "\"ends\":\"error\",\"runs_ms\":600},"
                     "{\"id\":3,\"type\":\"y\",\"status\":\"in-progress\",\"resource_id\":10,"
                     "\"ends\":\"never\"}]}}");
  assert_int_equal(sim_world_next_ms(a->instance.world), HTTP_FIXTURE_EPOCH_MS + 500);
  a->real_ms = 500;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/actions/1", NULL), "action.status",
                    "completed");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/images/10", NULL), "image.type",
                    "snapshot");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/actions/2", NULL), "action.status",
                    "in-progress");
  a->real_ms = INT64_C(400) * 86400000;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/actions/2", NULL), "action.status",
                    "errored");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/actions/3", NULL), "action.status",
                    "in-progress");
}

#define RUNNING                                                                                    \
  "{\"hetzner\":{\"images\":[{\"id\":10},{\"id\":11}],\"actions\":["                               \
  "{\"id\":20,\"command\":\"change_protection\",\"status\":\"running\",\"resources\":[{\"id\":10," \
  "\"type\":\"image\"}],"                                                                          \
  "\"ends\":\"error\",\"runs_ms\":3600000},"                                                       \
  "{\"id\":21,\"command\":\"x\",\"status\":\"running\",\"resources\":[{\"id\":11,\"type\":"        \
  "\"image\"}],\"ends\":\"never\"}]"                                                               \
  "},"                                                                                             \
  "\"digitalocean\":{\"images\":[{\"id\":10,\"type\":\"backup\",\"regions\":[\"nyc1\"]}],"         \
  "\"actions\":["                                                                                  \
  "{\"id\":30,\"type\":\"convert\",\"status\":\"in-progress\",\"resource_id\":10,\"effect\":"      \
  "\"convert\",\"runs_ms\":500},"                                                                  \
  "{\"id\":31,\"type\":\"transfer\",\"status\":\"in-progress\",\"resource_id\":10,\"effect\":"     \
  "\"transfer\","                                                                                  \
  "\"region_slug\":\"ams3\",\"runs_ms\":600}]}}"

TEST(world_file_action_keeps_other_members) {
  http_fixture *a = *state;

  http_fixture_world(a, RUNNING);
  http_fixture_world(
      a, "{\"hetzner\":{\"actions\":[{\"id\":21,\"progress\":3},{\"id\":20,\"command\":\"y\"},"
         "{\"id\":20,\"status\":\"running\"}]}}");
  const imgact_json *world = http_fixture_expect(a, 200, "GET", "/_sim/world", NULL);
  http_fixture_text(world, "hetzner.actions.0.command", "y");
  http_fixture_text(world, "hetzner.actions.0.ends", "error");
  assert_int_equal(http_fixture_int(world, "hetzner.actions.0.runs_ms"), 3600000);
  http_fixture_text(world, "hetzner.actions.1.ends", "never");
  assert_int_equal(http_fixture_int(world, "hetzner.actions.1.progress"), 3);
  http_fixture_world(a, "{\"hetzner\":{\"images\":[{\"id\":12}]}}");
  http_fixture_faults(
      a, "[{\"do\":\"fail\",\"method\":\"POST\"},{\"do\":\"last\",\"method\":\"POST\"}]");
  http_fixture_expect(a, 201, "POST", "/v1/images/12/actions/change_protection",
                      "{\"delete\":true}");
  http_fixture_world(a, "{\"hetzner\":{\"actions\":[{\"id\":22,\"progress\":3}]}}");
  a->real_ms = 3600000;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v1/actions/20", NULL), "action.status",
                    "error");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v1/actions/21", NULL), "action.status",
                    "running");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v1/actions/22", NULL), "action.status",
                    "running");
}

TEST(world_file_changes_action_end) {
  http_fixture *a = *state;

  http_fixture_world(a, RUNNING);
  a->real_ms = 100;
  http_fixture_world(
      a,
      "{\"hetzner\":{\"actions\":[{\"id\":20,\"runs_ms\":400},{\"id\":21,\"status\":\"success\"}]},"
      "\"digitalocean\":{\"actions\":[{\"id\":30,\"ends\":\"never\"},{\"id\":31,\"ends\":\"error\"}"
      "]}}");
  assert_int_equal(sim_world_next_ms(a->instance.world), HTTP_FIXTURE_EPOCH_MS + 500);
  const imgact_json *ended = http_fixture_expect(a, 200, "GET", "/v1/actions/21", NULL);
  http_fixture_text(ended, "action.status", "success");
  http_fixture_text(ended, "action.finished", "2026-01-01T00:00:00Z");
  a->real_ms = 500;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v1/actions/20", NULL), "action.status",
                    "error");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/actions/31", NULL), "action.status",
                    "in-progress");
  a->real_ms = 600;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/actions/31", NULL), "action.status",
                    "errored");
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/actions/30", NULL), "action.status",
                    "in-progress");
  assert_int_equal(sim_world_next_ms(a->instance.world), IMGACT_NO_TIME);
  http_fixture_world(a, "{\"hetzner\":{\"actions\":[{\"id\":20,\"status\":\"running\",\"ends\":"
                        "\"success\",\"runs_ms\":50}]}}");
  http_fixture_null(http_fixture_expect(a, 200, "GET", "/v1/actions/20", NULL), "action.finished");
  a->real_ms = 650;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v1/actions/20", NULL), "action.status",
                    "success");
}

/* Compares with the earliest end of a list, after random changes. */
TEST(action_ends_changed_stay_ordered) {
  http_fixture *a = *state;
  uint64_t random = 5;
  int64_t due_ms[40] = {0};

  for (int round = 0; round < 2000; round++) {
    size_t at = (size_t)sim_random_below(&random, SIM_COUNT(due_ms));
    int64_t next_ms = INT64_MAX;
    char json[200];
    due_ms[at] = sim_random_below(&random, 4) ? 1 + (int64_t)sim_random_below(&random, 1000) : 0;
    snprintf(json, sizeof json,
             due_ms[at] ? "{\"hetzner\":{\"actions\":[{\"id\":%zu,\"status\":\"running\",\"ends\":"
                          "\"success\",\"runs_ms\":%d}]}}"
                        : "{\"hetzner\":{\"actions\":[{\"id\":%zu,\"status\":\"success\"}]}}",
             at + 1, (int)due_ms[at]);
    http_fixture_world(a, json);
    size_t running = 0;
    for (size_t i = 0; i < SIM_COUNT(due_ms); i++) {
      running += due_ms[i] != 0;
      if (due_ms[i] && due_ms[i] < next_ms) next_ms = due_ms[i];
    }
    assert_int_equal(a->instance.world->pending_count, running);
    if (running)
      assert_int_equal(sim_world_next_ms(a->instance.world), HTTP_FIXTURE_EPOCH_MS + next_ms);
  }
}

TEST(world_file_error_changes_nothing) {
  static const char *const files[] = {
      "{\"digitalocean\":{\"actions\":[{\"id\":31,\"region_slug\":null}]}}",
      "{\"digitalocean\":{\"actions\":[{\"id\":30,\"effect\":\"transfer\"}]}}",
      "{\"digitalocean\":{\"actions\":[{\"id\":30,\"region_slug\":\"ams3\"},{\"id\":30,\"effect\":"
      "\"transfer\"},"
      "{\"id\":30,\"region_slug\":null}]}}",
      "{\"digitalocean\":{\"actions\":[{\"id\":30,\"status\":\"completed\",\"runs_ms\":5}]}}",
      "{\"settings\":{\"repeats\":true,\"durations_ms\":{\"protect\":1}},\"limits\":{\"hetzner\":{"
      "\"limit\":1}},"
      "\"tokens\":[{\"token\":\"token\",\"access\":\"invalid\"}],"
      "\"hetzner\":{\"images\":[{\"id\":10,\"description\":\"new\",\"labels\":{\"a\":\"b\"}},{"
      "\"id\":12},{}],"
      "\"actions\":[{\"id\":21,\"status\":\"success\"},{\"id\":20,\"ends\":\"success\"}]},"
      "\"digitalocean\":{\"regions\":[{\"slug\":\"nyc1\",\"features\":[]}],\"images\":[{\"id\":10,"
      "\"min_disk_size\":1e300}]}"
      "}"};
  http_fixture *a = *state;

  http_fixture_world(a, RUNNING);
  char *before = sim_world_dump(a->instance.world, HTTP_FIXTURE_EPOCH_MS);
  for (size_t i = 0; i < SIM_COUNT(files); i++) {
    http_fixture_expect(a, 422, "POST", "/_sim/world", files[i]);
    char *after = sim_world_dump(a->instance.world, HTTP_FIXTURE_EPOCH_MS);
    assert_string_equal(after, before);
    free(after);
  }
  free(before);
  const sim_world *world = a->instance.world;
  assert_false(world->allow_repeats);
  assert_int_equal(world->duration_ms[SIM_PROTECT], 1000);
  assert_int_equal(world->clouds[SIM_HETZNER].limit.limit, 3600);
  assert_int_equal(world->tokens_count, 0);
  assert_true(sim_strings_has(&sim_region_find(world, SIM_DIGITALOCEAN, "nyc1")->features,
                              "image_transfer"));
  a->real_ms = 3600000;
  http_fixture_text(http_fixture_expect(a, 200, "GET", "/v2/actions/31", NULL), "action.status",
                    "completed");
}

TEST(world_file_recording_is_shown_again) {
  static const struct {
    const char *list, *path, *reply;
  } cases[] = {{"hetzner\":{\"images", "/v1/images/1",
                "{\"image\":{\"id\":1,\"type\":\"system\",\"status\":\"unavailable\",\"name\":"
                "\"debian-7\",\"description\":\"Debian "
                "7\","
                "\"image_size\":null,\"disk_size\":5,\"created\":\"2016-01-30T23:50:00Z\","
                "\"created_from\":null,\"bound_to\":null,"
                "\"os_flavor\":\"debian\",\"os_version\":\"7\",\"rapid_deploy\":false,"
                "\"protection\":{\"delete\":false},"
                "\"deprecated\":\"2018-02-28T00:00:00Z\",\"deprecation\":"
                "{\"announced\":\"2018-02-28T00:00:00Z\",\"unavailable_after\":\"2018-06-30T12:00:"
                "00Z\"},\"deleted\":\"2020-01-01T00:"
                "00:00Z\",\"labels\":{},\"architecture\":\"x86\"}"
                "}"},
               {"hetzner\":{\"actions", "/v1/actions/2",
                "{\"action\":{\"id\":2,\"command\":\"change_protection\",\"status\":\"running\","
                "\"progress\":50,"
                "\"started\":\"2016-01-30T23:50:00Z\",\"finished\":null,\"resources\":[{\"id\":42,"
                "\"type\":\"server\"}],\"error\":"
                "null}}"},
               {"hetzner\":{\"actions", "/v1/actions/3",
                "{\"action\":{\"id\":3,\"command\":\"change_protection\",\"status\":\"success\","
                "\"progress\":100,"
                "\"started\":\"2016-01-30T23:55:00Z\",\"finished\":\"2016-01-30T23:55:01Z\","
                "\"resources\":[{\"id\":42,\"type\":"
                "\"image\"}],"
                "\"error\":{\"code\":\"action_failed\",\"message\":\"Action failed\"}}}"}};
  http_fixture *a = *state;

  for (size_t i = 0; i < SIM_COUNT(cases); i++) {
    char file[1200];
    const char *object = strchr(cases[i].reply + 1, '{');
    snprintf(file, sizeof file, "{\"%s\":[%.*s]}}", cases[i].list, (int)strlen(object) - 1, object);
    http_fixture_world(a, file);
    http_fixture_expect(a, 200, "GET", cases[i].path, NULL);
    assert_string_equal(a->outcome.reply.body, cases[i].reply);
  }
  a->real_ms = 5000;
  assert_int_equal(http_fixture_int(http_fixture_expect(a, 200, "GET", "/v1/actions/2", NULL),
                                    "action.progress"),
                   75);
}

TEST(world_file_region_all_forms) {
  static const char *const named[] = {"\"region\":\"nyc3\"",
                                      "\"region\":{\"slug\":\"nyc3\",\"name\":\"New York 3\"}",
                                      "\"region\":{\"slug\":\"nyc3\"},\"region_slug\":null",
                                      "\"region\":null,\"region_slug\":\"nyc3\""};
  http_fixture *a = *state;

  for (size_t i = 0; i < SIM_COUNT(named); i++) {
    char file[300];
    snprintf(file, sizeof file,
             "{\"digitalocean\":{\"actions\":[{\"id\":1,\"region\":null,\"region_slug\":null},"
             "{\"id\":1,\"type\":\"transfer\",%s}]}}",
             named[i]);
    http_fixture_world(a, file);
    const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/actions/1", NULL);
    http_fixture_text(reply, "action.region_slug", "nyc3");
    http_fixture_text(reply, "action.region.name", "New York 3");
  }
}

TEST(world_file_error_names_place) {
  static const struct {
    const char *json, *says;
  } cases[] = {
      {"", ""},
      {"[]", "must be an object"},
      {"{\"hetzner\":1}", "hetzner: must be an object"},
      {"{\"aws\":{}}", "unknown key \"aws\""},
      {"{\"hetzner\":{\"images\":{}}}", "images: must be a list"},
      {"{\"hetzner\":{\"images\":[{},{\"id\":0}]}}", "hetzner.images[1].id"},
      {"{\"hetzner\":{\"images\":[{\"id\":1.5}]}}", "hetzner.images[0].id"},
      {"{\"hetzner\":{\"images\":[{\"id\":\"1\"}]}}", "hetzner.images[0].id"},
      {"{\"hetzner\":{\"images\":[{\"type\":\"custom\"}]}}", "hetzner.images[0].type"},
      {"{\"digitalocean\":{\"images\":[{\"type\":\"system\"}]}}", "digitalocean.images[0].type"},
      {"{\"hetzner\":{\"images\":[{\"status\":\"NEW\"}]}}", "hetzner.images[0].status"},
      {"{\"digitalocean\":{\"images\":[{\"status\":\"creating\"}]}}",
       "digitalocean.images[0].status"},
      {"{\"hetzner\":{\"images\":[{\"id\":9007199254740992}]}}", "hetzner.images[0].id"},
      {"{\"hetzner\":{\"images\":[{\"created\":\"now\"}]}}", "created"},
      {"{\"hetzner\":{\"images\":[{\"labels\":{\"a\":1}}]}}", "labels"},
      {"{\"hetzner\":{\"images\":[{\"labels\":[]}]}}", "labels"},
      {"{\"hetzner\":{\"images\":[{\"protection\":{\"delete\":1}}]}}", "delete"},
      {"{\"hetzner\":{\"images\":[{\"name\":1}]}}", "name"},
      {"{\"hetzner\":{\"images\":[{\"naem\":\"\"}]}}", "unknown key \"naem\""},
      {"{\"digitalocean\":{\"images\":[{\"regions\":\"nyc1\"}]}}", "regions"},
      {"{\"digitalocean\":{\"images\":[{\"size_gigabytes\":-1}]}}", "size_gigabytes"},
      {"{\"digitalocean\":{\"actions\":[{\"status\":\"running\"}]}}", "status"},
      {"{\"digitalocean\":{\"actions\":[{\"status\":\"in-progress\",\"effect\":\"transfer\"}]}}",
       "effect"},
      {"{\"digitalocean\":{\"actions\":[{\"type\":null}]}}", "needs a command"},
      {"{\"digitalocean\":{\"regions\":[{}]}}", "slug"},
      {"{\"tokens\":[{\"access\":\"all\"}]}", "access"},
      {"{\"tokens\":[{}]}", "tokens[0].token"},
      {"{\"limits\":{\"hetzner\":{\"limit\":-1}}}", "limit"},
      {"{\"limits\":{\"hetzner\":{\"actions\":1000001}}}", "actions"},
      {"{\"limits\":{\"digitalocean\":{\"actions\":1}}}", "unknown key"},
      {"{\"settings\":{\"durations_ms\":{\"fly\":1}}}", "fly"},
      {"{\"settings\":{\"list_imports\":\"none\"}}", "list_imports"},
      {"{\"hetzner\":{\"droplets\":[]}}", "hetzner.droplets: belongs to the other cloud"},
      {"{\"hetzner\":{\"servers\":[{},{\"region\":\"fsn1\"}]}}", "hetzner.servers[1]: unknown key"},
      {"{\"hetzner\":{\"servers\":[1]}}", "hetzner.servers[0]: must be an object"},
      {"{\"hetzner\":{\"servers\":[{\"disk\":null}]}}", "disk"},
      {"{\"digitalocean\":{\"droplets\":[{\"status\":null}]}}", "digitalocean.droplets[0].status"},
      {"{\"digitalocean\":{\"droplets\":[{\"account\":\"\"}]}}", "account"},
      {"{\"hetzner\":{\"actions\":[{\"image_id\":4}]}}", "hetzner.actions[0].image_id"},
      {"{\"accounts\":[{\"email\":\"a@b\"}]}", "accounts[0].name"},
      {"{\"accounts\":[{\"name\":\"a\",\"team\":null}]}", "email and team"}};
  http_fixture *a = *state;

  for (size_t i = 0; i < SIM_COUNT(cases); i++) {
    char message[200] = "";
    assert_false(sim_world_load(a->instance.world, cases[i].json, strlen(cases[i].json),
                                HTTP_FIXTURE_EPOCH_MS, message, sizeof message));
    if (!*message || !strstr(message, cases[i].says))
      fail_msg("%s: \"%s\"", cases[i].json, message);
  }
}

TEST(ids_at_maximum_are_not_exceeded) {
  http_fixture *a = *state;

  http_fixture_world(a, "{\"digitalocean\":{\"images\":[{\"id\":9007199254740991}],\"actions\":[{"
                        "\"id\":9007199254740991}]},"
                        "\"hetzner\":{\"images\":[{\"id\":9007199254740991}]}}");
  http_fixture_expect(a, 403, "POST", "/v1/servers/1/actions/create_image", "{}");
  http_fixture_expect(a, 422, "POST", "/v2/images",
                      "{\"name\":\"i\",\"url\":\"u\",\"region\":\"nyc3\"}");
  http_fixture_expect(a, 422, "POST", "/_sim/world", "{\"digitalocean\":{\"images\":[{}]}}");
  http_fixture_expect(a, 422, "POST", "/_sim/world", "{\"digitalocean\":{\"actions\":[{}]}}");
  http_fixture_faults(a, "[{\"do\":\"appear\"}]");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v2/images", NULL), "images"),
      "9007199254740991");
  assert_string_equal(
      http_fixture_ids(http_fixture_expect(a, 200, "GET", "/v2/actions", NULL), "actions"),
      "9007199254740991");
  const imgact_json *reply =
      http_fixture_expect(a, 201, "POST", "/v2/images/9007199254740991/account_transfer",
                          "{\"recipient_email\":\"a@b.c\"}");
  assert_true(http_fixture_int(reply, "transfer_id") <= SIM_MAX_ID);
}

int main(void) { return testing_run(http_fixture_setup, http_fixture_teardown); }
