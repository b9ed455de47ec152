// SPDX-License-Identifier: MIT
// Finding one image: the newest, the oldest, or the only one.
#include "pager_fixture.h"

#define FIRST                                                                                      \
  "{\"images\":[{\"id\":50,\"type\":\"snapshot\",\"created\":\"2024-03-02T00:00:00Z\"},"           \
  "{\"id\":9,\"type\":\"snapshot\",\"created\":\"2024-03-05T00:00:00Z\"},"                         \
  "{\"id\":10,\"type\":\"backup\",\"created\":\"2024-03-05T00:00:00Z\","                           \
  "\"description\":\"a \\\"b\\\"\"}],"                                                             \
  "\"meta\":{\"pagination\":{\"page\":1,\"per_page\":3,\"next_page\":2}}}"
#define SECOND                                                                                     \
  "{\"images\":[{\"id\":99,\"created\":\"2024-03-01T00:00:00Z\"},"                                 \
  "{\"id\":100,\"created\":\"2024-03-01T00:00:00Z\"},{\"id\":7,\"created\":null}],"                \
  "\"meta\":{\"pagination\":{\"page\":2,\"per_page\":3,\"next_page\":null}}}"

static void serve(harness *s) {
  scripted_json(s->script, 200, FIRST);
  scripted_json(s->script, 200, SECOND);
}

static void check_found(imgact_find which, const imgact_image_filter *filter, const char *id) {
  harness *s = harness_new();
  serve(s);
  imgact_op *op = harness_run(imgact_find_image(s->client, filter, which), IMGACT_OK);
  size_t count = 0;
  imgact_op_images(op, &count);
  assert_int_equal(count, 1);
  assert_string_equal(imgact_op_image(op)->id, id);
  assert_int_equal(imgact_op_get_kind(op), IMGACT_OP_FIND_IMAGE);
  scripted_assert_used_up(s->script);
  imgact_op_free(op);
  harness_free(s);
}

// Images without a time are last; of equal times the higher id is newer.
TEST(find_selects_by_time_then_id) {
  const imgact_image_filter before = {.size = sizeof before, .created_before = 1709596800000};
  check_found(IMGACT_FIND_NEWEST, NULL, "10");
  check_found(IMGACT_FIND_OLDEST, NULL, "99");
  check_found(IMGACT_FIND_NEWEST, &before, "50"); // 2024-03-05T00:00:00Z is excluded
}

TEST(find_only_match_is_returned) {
  static const char *const globs[] = {"a*"};
  const imgact_image_filter filter = {.size = sizeof filter, .match = globs, .match_count = 1};
  check_found(IMGACT_FIND_ONLY, &filter, "10");
}

TEST(find_several_are_conflict_with_candidates) {
  harness *s = harness_new();
  serve(s);
  imgact_op *op =
      harness_run(imgact_find_image(s->client, NULL, IMGACT_FIND_ONLY), IMGACT_CONFLICT);
  assert_null(imgact_op_image(op));
  assert_int_equal(imgact_op_error(op)->http_status, 0);
  assert_string_equal(imgact_op_error(op)->message,
                      "6 images match; the newest: 10, 9, 50, 100, 99, 7");
  const char *details = imgact_op_error_details(op);
  assert_non_null(strstr(details,
                         "{\"candidates\":[{\"id\":\"10\",\"type\":\"backup\",\"name\":null,"
                         "\"description\":\"a \\\"b\\\"\",\"created_at\":"
                         "\"2024-03-05T00:00:00Z\"},{\"id\":\"9\""));
  assert_non_null(strstr(details, "{\"id\":\"7\",\"type\":\"unknown\",\"name\":null,"
                                  "\"description\":null,\"created_at\":null}]}"));
  imgact_op_free(op);
  harness_free(s);
}

TEST(find_candidates_are_at_most_ten) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 0, "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc", 12));
  imgact_op *op =
      harness_run(imgact_find_image(s->client, NULL, IMGACT_FIND_ONLY), IMGACT_CONFLICT);
  size_t count = 0;
  for (const char *at = imgact_op_error_details(op); (at = strstr(at, "\"id\"")); at++) count++;
  assert_int_equal(count, 10);
  assert_non_null(strstr(imgact_op_error(op)->message, "12 images match"));
  imgact_op_free(op);
  harness_free(s);
}

TEST(find_nothing_is_not_found) {
  harness *s = harness_new();
  for (imgact_find which = IMGACT_FIND_ONLY; which <= IMGACT_FIND_OLDEST; which++) {
    scripted_json(s->script, 200, hz(1, 0, "", 0));
    imgact_op *op = harness_run(imgact_find_image(s->client, NULL, which), IMGACT_NOT_FOUND);
    assert_null(imgact_op_image(op));
    imgact_op_free(op);
  }
  harness_free(s);
}

TEST(find_failing_page_finds_nothing) {
  harness *s = harness_new();
  scripted_json(s->script, 200, FIRST);
  scripted_json(s->script, 403, "{\"error\":{\"code\":\"forbidden\",\"message\":\"no\"}}");
  imgact_op *op =
      harness_run(imgact_find_image(s->client, NULL, IMGACT_FIND_NEWEST), IMGACT_FORBIDDEN);
  assert_null(imgact_op_image(op));
  imgact_op_free(op);
  harness_free(s);
}

TEST(find_invalid_arguments_are_rejected) {
  static const char *const keys[] = {"id"};
  const imgact_image_filter sorted = {.size = sizeof sorted, .sort = keys, .sort_count = 1};
  const imgact_image_filter region = {.size = sizeof region, .region = "nyc3"};
  const imgact_image_filter wrong = {.size = 1};
  harness *s = harness_new();
  harness_expect(imgact_find_image(s->client, &sorted, IMGACT_FIND_NEWEST),
                 IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_find_image(s->client, &region, IMGACT_FIND_NEWEST), IMGACT_UNSUPPORTED);
  harness_expect(imgact_find_image(s->client, &wrong, IMGACT_FIND_NEWEST), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_find_image(s->client, NULL, (imgact_find)3), IMGACT_INVALID_ARGUMENT);
  assert_null(imgact_find_image(NULL, NULL, IMGACT_FIND_ONLY));
  scripted_assert_nothing_sent(s->script);
  harness_free(s);
}

// A provider without a list cannot find.
TEST(find_is_supported_as_lists_are) {
  harness *s = harness_new();
  assert_true(imgact_client_supports(s->client, IMGACT_OP_FIND_IMAGE));
  assert_string_equal(imgact_op_kind_name(IMGACT_OP_FIND_IMAGE), "find_image");
  harness_free(s);
}

static void free_it(void *user, imgact_op *op) {
  ++*(int *)user;
  imgact_op_free(op);
}

TEST(find_event_loop_calls_done) {
  harness *s = harness_new();
  int done = 0;
  serve(s);
  imgact_op_start(imgact_find_image(s->client, NULL, IMGACT_FIND_NEWEST), free_it, &done);
  assert_int_equal(imgact_loop_run(s->loop), IMGACT_OK);
  assert_int_equal(done, 1);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
