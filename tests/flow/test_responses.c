// SPDX-License-Identifier: MIT
// Responses about another image than was requested, and values beyond every sensible range.
#include "harness.h"

#include <imgact/provider.h>

#define ARM  "{\"image\":{\"id\":4711,\"architecture\":\"arm\"}}"
#define NONE "{\"images\":[],\"meta\":{\"pagination\":{\"next_page\":null}}}"

// If the id is an image of another architecture, the text may still be a name.
TEST(get_image_other_architecture_not_found) {
  harness *s = harness_new();
  scripted_json(s->script, 200, ARM);
  scripted_json(s->script, 200, NONE);
  imgact_op *op = harness_run(imgact_get_image(s->client, "4711", "x86"), IMGACT_NOT_FOUND);

  assert_non_null(strstr(imgact_op_error(op)->message, "not found for architecture x86"));
  assert_null(imgact_op_image(op));
  imgact_op_free(op);
  scripted_json(s->script, 200, ARM);
  op = harness_run(imgact_get_image(s->client, "4711", "arm"), IMGACT_OK);
  assert_string_equal(imgact_op_image(op)->id, "4711");
  imgact_op_free(op);
  scripted_json(s->script, 200, "{\"image\":{\"id\":4711}}"); // architecture not reported
  harness_expect(imgact_get_image(s->client, "4711", "x86"), IMGACT_OK);
  scripted_assert_used_up(s->script);
  harness_free(s);
}

// The error is about the API's link: neither an invalid argument nor lack of memory.
TEST(pager_next_too_long_rejected) {
  static const char head[] =
      "{\"images\":[{\"id\":1}],\"links\":{\"pages\":{\"next\":\"https://h/v2/images?page=2&x=";
  static char body[sizeof head + 70000];
  size_t at = (size_t)snprintf(body, sizeof body, "%s", head);
  memset(body + at, 'x', 69000);
  snprintf(body + at + 69000, sizeof body - at - 69000, "\"}}}");
  harness *s = harness_digitalocean();
  scripted_json(s->script, 200, body);
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_PROTOCOL);

  assert_string_equal(
      imgact_op_error(op)->message,
      "the link to the next page on page 1 exceeds 64 KiB, or all links together 8 MiB");
  assert_null(imgact_op_image(op));
  assert_int_equal(scripted_count(s->script), 1);

  imgact_op_free(op);
  harness_free(s);
}

static void told_the_end_of_all_times(const imgact_response *response,
                                      imgact_rate_limit_info *info) {
  (void)response;
  info->next_request_at = INT64_MAX;
}

// A provider that accepts a reset at INT64_MAX, and a server clock before 1970.
TEST(rate_limit_reset_overflow_is_rejected) {
  static const char *const dates[] = {"", "Date: Wed, 01 Jan 1969 00:00:00 GMT\n",
                                      "Date: Thu, 01 Jan 2026 00:00:00 GMT\n"};
  for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
    imgact_provider credulous = *imgact_provider_find("digitalocean");
    credulous.decode_rate_limit = told_the_end_of_all_times;
    harness *s = harness_with((harness_options){.client = {.provider = &credulous}});
    scripted_next(s->script, (scripted_answer){.status = 429, .body = "{}", .headers = dates[i]});
    imgact_op *op = harness_run(imgact_get_image(s->client, "1", NULL), IMGACT_RATE_LIMITED);
    assert_true(imgact_op_error(op)->retry_after_ms > INT64_MAX / 2);
    assert_int_equal(scripted_count(s->script), 1);
    imgact_op_free(op);
    harness_free(s);
  }
}

// Numbers that no limit can have are not reported.
TEST(rate_limit_impossible_numbers_are_unknown) {
#define BEYOND_INT64 "99999999999999999999\n"
  static const char *const headers[] = {
      "RateLimit-Limit: -2\nRateLimit-Remaining: -2\nRateLimit-Reset: -5\n",
      "RateLimit-Limit: x\nRateLimit-Remaining: 1.5\nRateLimit-Reset: 253402300800\n",
      ("RateLimit-Limit: " BEYOND_INT64 "RateLimit-Remaining: \nRateLimit-Reset: " BEYOND_INT64)};

  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    for (int digitalocean = 0; digitalocean < 2; digitalocean++) {
      harness *s = digitalocean ? harness_digitalocean() : harness_new();
      imgact_rate_limit rate;
      scripted_next(s->script,
                    (scripted_answer){.status = 200, .body = ARM, .headers = headers[i]});
      imgact_op *op = harness_run(imgact_get_image(s->client, "4711", NULL), IMGACT_OK);
      imgact_op_rate_limit(op, &rate);
      assert_int_equal(rate.limit, -1);
      assert_int_equal(rate.remaining, -1);
      assert_true(rate.reset_at == IMGACT_NO_TIME);
      imgact_op_free(op);
      harness_free(s);
    }
  }
}

int main(void) { return testing_run(NULL, NULL); }
