// SPDX-License-Identifier: MIT
/* Tags and regions at DigitalOcean. Image 10 has the tag prod, image 11 none; image 1 is public. */
#include "http_fixture.h"

#define IMAGE(id) "{\"resources\":[{\"resource_id\":\"" id "\",\"resource_type\":\"image\"}]}"

static int setup(void **state) {
  http_fixture_setup(state);
  http_fixture_world(*state, "{\"digitalocean\":{\"images\":[{\"id\":1,\"public\":true},"
                             "{\"id\":10,\"tags\":[\"prod\"]},{\"id\":11}],"
                             "\"droplets\":[{\"id\":1,\"tags\":[\"prod\"]}]}}");
  return 0;
}

static uint64_t effects(const http_fixture *a, sim_effect effect) {
  return a->instance.world->counters.effects[effect];
}

static size_t tags_of(http_fixture *a, const char *image) {
  return imgact_json_count(
      http_fixture_at(http_fixture_expect(a, 200, "GET", image, NULL), "image.tags"));
}

TEST(tag_create_keeps_first_spelling) {
  http_fixture *a = *state;
  const imgact_json *reply = http_fixture_expect(a, 201, "POST", "/v2/tags", "{\"name\":\"PROD\"}");

  http_fixture_text(reply, "tag.name", "prod");
  assert_int_equal(http_fixture_int(reply, "tag.resources.images.count"), 1);
  reply = http_fixture_expect(a, 201, "POST", "/v2/tags", "{\"name\":\"env:Test\"}");
  http_fixture_text(reply, "tag.name", "env:Test");
  assert_int_equal(http_fixture_int(reply, "tag.resources.count"), 0);
  reply = http_fixture_expect(a, 201, "POST", "/v2/tags", "{\"name\":\"ENV:test\"}");
  http_fixture_text(reply, "tag.name", "env:Test");
  http_fixture_expect(a, 200, "GET", "/v2/tags/env%3ATest", NULL);
  http_fixture_error(a, 404, "not_found", "GET", "/v2/tags/env:test", NULL);
  http_fixture_error(a, 404, "not_found", "POST", "/v2/tags/ENV:test/resources", IMAGE("11"));
}

TEST(tag_name_invalid_has_root_causes) {
  http_fixture *a = *state;
  static const char *const bodies[] = {"{\"name\":\"a b\"}", "{\"name\":\"\"}", "{\"name\":1}",
                                       "{}", "{\"name\":\"\\u0437\"}"};

  for (size_t i = 0; i < SIM_COUNT(bodies); i++) {
    const imgact_json *reply = http_fixture_expect(a, 400, "POST", "/v2/tags", bodies[i]);
    assert_null(http_fixture_at(reply, "message"));
    assert_int_equal(imgact_json_get_type(http_fixture_at(reply, "root_causes.0")),
                     IMGACT_JSON_STRING);
  }
  http_fixture_error(a, 400, "contains invalid characters", "POST", "/v2/tags",
                     "{\"name\":\"a b\"}");
  http_fixture_error(a, 400, "bad_request", "POST", "/v2/tags", "{");
}

TEST(tag_resources_set_and_removed) {
  http_fixture *a = *state;
  static const char both[] = "{\"resources\":[{\"resource_id\":\"10\",\"resource_type\":\"image\"},"
                             "{\"resource_id\":\"11\",\"resource_type\":\"image\"},"
                             "{\"resource_id\":\"2\",\"resource_type\":\"droplet\"}]}";

  http_fixture_expect(a, 204, "POST", "/v2/tags/prod/resources", both);
  assert_int_equal(effects(a, SIM_TAG), 2);
  assert_int_equal(tags_of(a, "/v2/images/11"), 1);
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/tags/prod", NULL);
  assert_int_equal(http_fixture_int(reply, "tag.resources.count"), 4);
  http_fixture_text(reply, "tag.resources.images.last_tagged_uri",
                    "https://api.digitalocean.com/v2/images/11");
  reply = http_fixture_expect(a, 200, "GET", "/v2/images?tag_name=prod", NULL);
  assert_string_equal(http_fixture_ids(reply, "images"), "10 11");
  http_fixture_expect(a, 204, "DELETE", "/v2/tags/prod/resources", IMAGE("10"));
  http_fixture_expect(a, 204, "DELETE", "/v2/tags/prod/resources", IMAGE("10"));
  assert_int_equal(effects(a, SIM_UNTAG), 1);
  assert_int_equal(tags_of(a, "/v2/images/10"), 0);
  reply = http_fixture_expect(a, 200, "GET", "/v2/images?tag_name=prod", NULL);
  assert_string_equal(http_fixture_ids(reply, "images"), "11");
}

TEST(tag_resources_invalid_change_nothing) {
  http_fixture *a = *state;

  http_fixture_error(a, 400, "parameter_missing", "DELETE", "/v2/tags/prod/resources", NULL);
  http_fixture_error(a, 400, "parameter_missing", "POST", "/v2/tags/prod/resources", "{}");
  http_fixture_error(a, 400, "parameter_missing", "POST", "/v2/tags/prod/resources",
                     "{\"resources\":[]}");
  http_fixture_error(a, 404, "not_found", "POST", "/v2/tags/missing/resources", IMAGE("11"));
  http_fixture_error(a, 404, "not_found", "POST", "/v2/tags/prod/resources", IMAGE("99"));
  http_fixture_error(a, 404, "not_found", "POST", "/v2/tags/prod/resources",
                     "{\"resources\":[{\"resource_id\":\"11\",\"resource_type\":\"image\"},"
                     "{\"resource_id\":\"x\",\"resource_type\":\"volume\"}]}");
  http_fixture_error(a, 403, "not authorized", "POST", "/v2/tags/prod/resources", IMAGE("1"));
  http_fixture_error(a, 422, "resource_id", "POST", "/v2/tags/prod/resources",
                     "{\"resources\":[{\"resource_id\":11,\"resource_type\":\"image\"}]}");
  http_fixture_error(a, 422, "resource_type", "POST", "/v2/tags/prod/resources",
                     "{\"resources\":[{\"resource_id\":\"11\",\"resource_type\":\"planet\"}]}");
  assert_int_equal(tags_of(a, "/v2/images/11"), 0);
  assert_int_equal(effects(a, SIM_TAG), 0);
}

TEST(tag_delete_removes_it_everywhere) {
  http_fixture *a = *state;

  http_fixture_expect(a, 204, "DELETE", "/v2/tags/prod", NULL);
  assert_int_equal(effects(a, SIM_DELETE_TAG), 1);
  assert_int_equal(tags_of(a, "/v2/images/10"), 0);
  http_fixture_error(a, 404, "not_found", "GET", "/v2/tags/prod", NULL);
  const imgact_json *reply = http_fixture_expect(a, 201, "POST", "/v2/tags", "{\"name\":\"Prod\"}");
  http_fixture_text(reply, "tag.name", "Prod");
  assert_int_equal(http_fixture_int(reply, "tag.resources.count"), 0);
}

TEST(tag_list_pages) {
  http_fixture *a = *state;

  http_fixture_expect(a, 201, "POST", "/v2/tags", "{\"name\":\"b\"}");
  http_fixture_expect(
      a, 202, "POST", "/v2/images",
      "{\"name\":\"i\",\"url\":\"u\",\"region\":\"nyc3\",\"tags\":[\"c\",\"PROD\"]}");
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/tags?per_page=2", NULL);
  assert_int_equal(http_fixture_int(reply, "meta.total"), 3);
  http_fixture_text(reply, "tags.0.name", "prod");
  assert_int_equal(http_fixture_int(reply, "tags.0.resources.images.count"), 2);
  http_fixture_text(reply, "tags.1.name", "b");
}

TEST(tag_scopes_of_resource_needed) {
  http_fixture *a = *state;

  http_fixture_world(a, "{\"tokens\":[{\"token\":\"t\",\"scopes\":[\"tag:create\",\"tag:read\"]},"
                        "{\"token\":\"i\",\"scopes\":[\"image:update\"]}]}");
  a->token = "i";
  http_fixture_error(a, 403, "not authorized", "POST", "/v2/tags/prod/resources", IMAGE("11"));
  a->token = "t";
  http_fixture_error(a, 403, "not authorized", "POST", "/v2/tags/prod/resources", IMAGE("11"));
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/tags/prod", NULL);
  assert_int_equal(http_fixture_int(reply, "tag.resources.count"), 0);
}

TEST(regions_list_pages_and_features) {
  http_fixture *a = *state;
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/regions?per_page=6", NULL);
  int truth = 1;

  assert_int_equal(http_fixture_int(reply, "meta.total"), 10);
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "regions")), 6);
  http_fixture_text(reply, "regions.1.slug", "nyc3");
  http_fixture_text(reply, "regions.1.features.5", "image_transfer");
  assert_null(http_fixture_at(reply, "regions.5.features.5"));
  http_fixture_text(reply, "regions.1.sizes.0", "s-1vcpu-1gb");
  reply = http_fixture_expect(a, 200, "GET", "/v2/regions?per_page=6&page=2", NULL);
  assert_true(imgact_json_as_bool(http_fixture_at(reply, "regions.3.available"), &truth));
  assert_false(truth);
  http_fixture_world(a, "{\"tokens\":[{\"token\":\"r\",\"scopes\":[\"regions:read\"]},"
                        "{\"token\":\"i\",\"scopes\":[\"image:read\"]}]}");
  a->token = "r";
  reply = http_fixture_expect(a, 200, "GET", "/v2/regions", NULL);
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "regions.0.sizes")), 0);
  a->token = "i";
  http_fixture_error(a, 403, "not authorized", "GET", "/v2/regions", NULL);
}

int main(void) { return testing_run(setup, http_fixture_teardown); }
