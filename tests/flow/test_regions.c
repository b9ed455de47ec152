// SPDX-License-Identifier: MIT
// Lists of regions.
#include "harness.h"

#define ENDPOINT "https://api.digitalocean.com"
#define PAGE(regions, next, total)                                                                 \
  "{\"regions\":[" regions "],\"links\":{\"pages\":{" next "}},\"meta\":{\"total\":" total "}}"
#define NEXT "\"next\":\"" ENDPOINT "/v2/regions?page=2&per_page=200\""
#define NYC3                                                                                       \
  "{\"name\":\"New York 3\",\"slug\":\"nyc3\",\"features\":[\"backups\",\"image_transfer\"],"      \
  "\"available\":true,\"sizes\":[]}"
#define AMS2                                                                                       \
  "{\"name\":\"Amsterdam 2\",\"slug\":\"ams2\",\"features\":[\"ipv6\"],\"available\":false}"
#define BARE "{\"slug\":\"sgp1\",\"features\":null}"

TEST(regions_of_all_pages_are_listed) {
  harness *s = harness_digitalocean();
  scripted_json(s->script, 200, PAGE(NYC3 "," AMS2, NEXT, "3"));
  scripted_json(s->script, 200, PAGE(BARE, "", "3"));
  imgact_op *op = harness_run(imgact_list_regions(s->client), IMGACT_OK);
  size_t count = 0;
  const imgact_region *const *regions = imgact_op_regions(op, &count);
  assert_int_equal(count, 3);
  assert_string_equal(regions[0]->provider, "digitalocean");
  assert_string_equal(regions[0]->slug, "nyc3");
  assert_string_equal(regions[0]->name, "New York 3");
  assert_int_equal(regions[0]->available, IMGACT_TRISTATE_TRUE);
  assert_int_equal(regions[0]->image_transfer, IMGACT_TRISTATE_TRUE);
  assert_string_equal(regions[1]->slug, "ams2");
  assert_int_equal(regions[1]->available, IMGACT_TRISTATE_FALSE);
  assert_int_equal(regions[1]->image_transfer, IMGACT_TRISTATE_FALSE);
  assert_string_equal(regions[2]->slug, "sgp1");
  assert_null(regions[2]->name);
  assert_int_equal(regions[2]->available, IMGACT_TRISTATE_UNKNOWN);
  assert_int_equal(regions[2]->image_transfer, IMGACT_TRISTATE_UNKNOWN);
  scripted_assert_lines(s->script, "GET /v2/regions?page=1&per_page=200",
                        "GET /v2/regions?page=2&per_page=200");
  imgact_op_free(op);
  harness_free(s);
}

// A region that moved to another page while the list was read is in the list once.
TEST(regions_repeated_on_pages_are_once) {
  harness *s = harness_digitalocean();
  scripted_json(s->script, 200, PAGE(NYC3, NEXT, "3"));
  scripted_json(s->script, 200, PAGE(NYC3 "," AMS2, "", "2"));
  scripted_json(s->script, 200, PAGE(NYC3, NEXT, "2"));
  scripted_json(s->script, 200, PAGE(AMS2, "", "2"));
  imgact_op *op = harness_run(imgact_list_regions(s->client), IMGACT_OK);
  size_t count = 0;
  const imgact_region *const *regions = imgact_op_regions(op, &count);
  assert_int_equal(count, 2);
  assert_string_not_equal(regions[0]->slug, regions[1]->slug);
  imgact_op_free(op);
  harness_free(s);
}

TEST(regions_of_partial_list_are_none) {
  harness *s = harness_digitalocean();
  size_t count = 1;
  scripted_json(s->script, 200, PAGE(NYC3, NEXT, "2"));
  scripted_json(s->script, 403, "{\"id\":\"forbidden\",\"message\":\"no\"}");
  imgact_op *op = harness_run(imgact_list_regions(s->client), IMGACT_FORBIDDEN);
  imgact_op_regions(op, &count);
  assert_int_equal(count, 0);
  imgact_op_free(op);

  scripted_json(s->script, 200, PAGE(NYC3 ",{\"name\":\"no slug\"}", "", "2"));
  op = harness_run(imgact_list_regions(s->client), IMGACT_PROTOCOL);
  imgact_op_regions(op, &count);
  assert_int_equal(count, 0);
  imgact_op_free(op);
  harness_free(s);
}

TEST(regions_without_list_are_unsupported) {
  harness *s = harness_new();
  imgact_op *op = harness_run(imgact_list_regions(s->client), IMGACT_UNSUPPORTED);
  assert_non_null(strstr(imgact_op_error(op)->message, "images are available everywhere"));
  assert_int_equal(imgact_op_get_kind(op), IMGACT_OP_LIST_REGIONS);
  scripted_assert_nothing_sent(s->script);
  imgact_op_free(op);
  harness_free(s);
}

// Every allocation of a list can fail.
TEST(regions_without_memory_are_nomem) {
  for (size_t at = 1;; at++) {
    harness *s = harness_with((harness_options){.digitalocean = true, .fail_at = at});
    if (s->client) {
      scripted_json(s->script, 200, PAGE(NYC3, NEXT, "2"));
      scripted_json(s->script, 200, PAGE(AMS2, "", "2"));
      imgact_op *op = imgact_list_regions(s->client);
      imgact_status status = imgact_op_run(op);
      assert_true(status == IMGACT_OK || status == IMGACT_NOMEM);
      imgact_op_free(op);
    }
    bool failed = s->memory.failures > 0;
    harness_free(s);
    if (!failed) break;
  }
}

int main(void) { return testing_run(NULL, NULL); }
