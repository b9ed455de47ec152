// SPDX-License-Identifier: MIT
// Lists: what is requested, page by page, and that a list is complete or an error.
#include "pager_fixture.h"

TEST(pager_reads_every_page) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "ab", 5));
  scripted_json(s->script, 200, hz(2, 3, "", 5)); // an empty page does not end the list
  scripted_json(s->script, 200, hz(3, 0, "de", 5));
  scripted_json(s->script, 200, hz(2, 3, "c", 5)); // a short page is read again, once
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_ids(op, "abcde");
  scripted_assert_lines(s->script, PAGE(1), PAGE(2), PAGE(3), PAGE(2));
  scripted_assert_used_up(s->script);
  imgact_op_free(op);
  harness_free(s);
}

TEST(pager_duplicate_on_page_is_kept) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 0, "aba", 3));
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_ids(op, "aba");
  imgact_op_free(op);
  harness_free(s);
}

TEST(pager_next_not_advancing_is_incomplete) {
  static const int nexts[] = {1, 2, -1};
  for (size_t i = 0; i < sizeof nexts / sizeof *nexts; i++) {
    harness *s = harness_new();
    scripted_json(s->script, 200, hz(1, 2, "ab", 4));
    scripted_json(s->script, 200, hz(2, nexts[i], "cd", 4));
    harness_expect(imgact_list_images(s->client, NULL), IMGACT_INCOMPLETE);
    scripted_assert_used_up(s->script);
    harness_free(s);
  }
}

TEST(pager_failing_page_fails_list) {
  static const struct {
    int32_t status;
    const char *body;
    imgact_status expected;
  } failures[] = {{403, "{\"error\":{\"code\":\"forbidden\",\"message\":\"m\"}}", IMGACT_FORBIDDEN},
                  {200, "{\"images\":7}", IMGACT_PROTOCOL},
                  {200, "{\"images\":[{\"id\":3},{\"id\":null}]}", IMGACT_PROTOCOL},
                  {200, "", IMGACT_PROTOCOL},
                  {200, "{\"images\":[]} x", IMGACT_PROTOCOL},
                  {302, "", IMGACT_PROTOCOL}};

  for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
    harness *s = harness_new();
    scripted_json(s->script, 200, hz(1, 2, "ab", 4));
    scripted_json(s->script, failures[i].status, failures[i].body);
    imgact_op *op = harness_run(imgact_list_images(s->client, NULL), failures[i].expected);
    check_ids(op, "");
    assert_string_equal(imgact_op_error(op)->provider, "hetzner");
    imgact_op_free(op);
    harness_free(s);
  }
}

TEST(pager_page_retried_in_place) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "a", 2));
  scripted_json(s->script, 503,
                "{\"error\":{\"code\":\"unavailable\",\"message\":\"m\",\"details\":{\"x\":1}}}");
  scripted_json(s->script, 200, hz(2, 0, "b", 2));
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_ids(op, "ab");
  assert_null(imgact_op_error_details(op));
  scripted_assert_lines(s->script, PAGE(1), PAGE(2), PAGE(2));
  imgact_op_free(op);
  harness_free(s);
}

TEST(pager_max_items_ends_early) {
  static const char *const expected[] = {"a", "ab", "abc", "abcd", "abcd"};
  static const size_t requests[] = {1, 1, 2, 2, 2};
  for (int64_t limit = 1; limit <= 5; limit++) {
    harness *s = harness_new();
    scripted_json(s->script, 200, hz(1, 2, "ab", 4));
    scripted_json(s->script, 200, hz(2, 0, "cd", 4));
    imgact_op *op = harness_configure(imgact_list_images(s->client, NULL),
                                      (imgact_op_options){.max_items = limit});
    check_ids(harness_run(op, IMGACT_OK), expected[limit - 1]);
    assert_int_equal(scripted_count(s->script), requests[limit - 1]);
    imgact_op_free(op);
    harness_free(s);
  }
}

TEST(pager_page_option_reads_one_page) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(3, 4, "xy", 400));
  imgact_op *op = harness_configure(imgact_list_images(s->client, NULL),
                                    (imgact_op_options){.page = 3, .per_page = 2});
  check_ids(harness_run(op, IMGACT_OK), "xy");
  scripted_assert_lines(s->script, "GET /v1/images?page=3&per_page=2");
  imgact_pagination page;
  imgact_op_pagination(op, &page);
  assert_int_equal(page.next, 4);
  assert_int_equal(page.total, 400);
  imgact_op_free(op);
  harness_free(s);
}

TEST(pager_invalid_options_rejected) {
  static const imgact_op_options wrong[] = {
      {.page = -1}, {.max_items = -1}, {.per_page = -1}, {.per_page = 51}};
  harness *s = harness_new();
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    harness_expect(harness_configure(imgact_list_images(s->client, NULL), wrong[i]),
                   IMGACT_INVALID_ARGUMENT);
  scripted_assert_nothing_sent(s->script);
  harness_free(s);
}

// ---- several queries (DigitalOcean)

#define DO_ITEM(id, type, public) "{\"id\":" #id ",\"type\":\"" type "\",\"public\":" public "}"

TEST(pager_type_queries_merge_without_duplicates) {
  static const imgact_image_type types[] = {IMGACT_IMAGE_TYPE_APP, IMGACT_IMAGE_TYPE_SNAPSHOT,
                                            IMGACT_IMAGE_TYPE_SYSTEM};
  imgact_image_filter filter = {.size = sizeof filter, .types = types, .types_count = 3};
  harness *s = harness_digitalocean();
  scripted_json(
      s->script, 200,
      "{\"images\":[" DO_ITEM(
          1, "snapshot",
          "true") "],\"links\":{\"pages\":{\"next\":"
                  "\"https://evil.example/v2/images?page=2&type=application&extra=1\"}}}");
  scripted_json(s->script, 200, "{\"images\":[" DO_ITEM(2, "snapshot", "true") "],\"links\":{}}");
  scripted_json(s->script, 200,
                "{\"images\":[" DO_ITEM(1, "snapshot", "true") "," DO_ITEM(3, "base", "true") "]}");
  scripted_json(s->script, 200,
                "{\"images\":[" DO_ITEM(4, "snapshot", "false") "," DO_ITEM(
                    5, "backup", "false") "," DO_ITEM(6, "snapshot", "true") "]}");
  imgact_op *op = harness_run(imgact_list_images(s->client, &filter), IMGACT_OK);
  check_ids(op, "\1\2\3\4");

  scripted_assert_lines(s->script, "GET /v2/images?type=distribution&page=1&per_page=200",
                        "GET /v2/images?type=distribution&extra=1&page=2&per_page=200",
                        "GET /v2/images?type=application&page=1&per_page=200",
                        "GET /v2/images?private=true&page=1&per_page=200");
  assert_string_equal(
      scripted_at(s->script, 1)->url,
      "https://api.digitalocean.com/v2/images?type=distribution&extra=1&page=2&per_page=200");
  assert_true(imgact_op_filtered_locally(op));

  imgact_op_free(op);
  harness_free(s);
}

TEST(pager_local_filter_sort_whole_list) {
  static const char *const keys[] = {"name:desc", "id"};
  imgact_image_filter filter = {
      .size = sizeof filter, .region = "nyc3", .sort = keys, .sort_count = 2};
  harness *s = harness_digitalocean();
  scripted_json(s->script, 200,
                "{\"images\":[{\"id\":9,\"name\":\"a\",\"regions\":[\"nyc3\"]},{\"id\":10,\"name\":"
                "\"a\",\"regions\":[\"nyc3\"]},"
                "{\"id\":1,\"name\":\"z\",\"regions\":[\"sfo2\"]}],\"links\":{\"pages\":{\"next\":"
                "\"/v2/images?page=2\"}}}");
  scripted_json(s->script, 200,
                "{\"images\":[{\"id\":2,\"name\":\"m\",\"regions\":[\"sfo2\",\"nyc3\"]},"
                "{\"id\":3,\"name\":null,\"regions\":[\"nyc3\"]}]}");
  imgact_op *op = harness_configure(imgact_list_images(s->client, &filter),
                                    (imgact_op_options){.max_items = 3});

  check_ids(harness_run(op, IMGACT_OK), "\2\x9\xa");
  scripted_assert_used_up(s->script); // sorting is local: the limit comes last
  imgact_op_free(op);
  op = harness_configure(imgact_list_images(s->client, &filter),
                         (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});
  harness_expect(op, IMGACT_INVALID_ARGUMENT);
  harness_free(s);
}

// ---- page by page

TEST(paged_list_returns_pages_then_end) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "ab", 4));
  scripted_json(s->script, 200, hz(2, 3, "", 4));
  scripted_json(s->script, 200, hz(3, 0, "cd", 4));
  imgact_op *op = harness_configure(imgact_list_images(s->client, NULL),
                                    (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});

  check_ids(harness_run(op, IMGACT_OK), "ab");
  assert_int_equal(scripted_count(s->script), 1);
  check_ids(harness_run(op, IMGACT_OK), "cd");
  check_ids(harness_run(op, IMGACT_END), "");
  check_ids(harness_run(op, IMGACT_END), "");
  assert_int_equal(scripted_count(s->script), 3);

  imgact_op_free(op);
  harness_free(s);
}

TEST(paged_list_ends_at_max_items) {
  static const char *const first[] = {"a", "ab", "ab"}, *const second[] = {"", "", "c"};
  for (int64_t limit = 1; limit <= 3; limit++) {
    harness *s = harness_new();
    scripted_json(s->script, 200, hz(1, 2, "ab", 4));
    scripted_json(s->script, 200, hz(2, 0, "cd", 4));
    imgact_op_options options = {.flags = IMGACT_OP_FLAG_PAGED, .max_items = limit};
    imgact_op *op = harness_configure(imgact_list_images(s->client, NULL), options);
    check_ids(harness_run(op, IMGACT_OK), first[limit - 1]);
    check_ids(harness_run(op, limit == 3 ? IMGACT_OK : IMGACT_END), second[limit - 1]);
    check_ids(harness_run(op, IMGACT_END), "");
    imgact_op_free(op);
    harness_free(s);
  }
}

TEST(paged_list_delivers_items_once) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "ab", 3));
  scripted_json(s->script, 200, hz(2, 0, "bc", 3));
  imgact_op *op = harness_configure(imgact_list_images(s->client, NULL),
                                    (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});
  check_ids(harness_run(op, IMGACT_OK), "ab");
  check_ids(harness_run(op, IMGACT_OK), "c");
  check_ids(harness_run(op, IMGACT_END), "");
  imgact_op_free(op);
  harness_free(s);
}

static void start_next_page(void *user, imgact_op *op) {
  tally *t = user;
  t->done++;
  t->status = imgact_op_error(op)->status;
  if (t->status == IMGACT_OK) imgact_op_start(op, start_next_page, t);
}

TEST(paged_list_driven_by_callbacks) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "ab", 4));
  scripted_json(s->script, 200, hz(2, 0, "cd", 4));
  tally t = {0};
  imgact_op *op = harness_configure(imgact_list_images(s->client, NULL),
                                    (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});
  imgact_op_start(op, start_next_page, &t);
  imgact_loop_run(s->loop);
  assert_int_equal(t.done, 3);
  assert_int_equal(t.status, IMGACT_END);
  imgact_op_free(op);
  harness_free(s);
}

TEST(pager_next_with_token_not_requested) {
  static const char *const forms[] = {HARNESS_TOKEN, "%75nmistakable%2dtoken-0123456789abcdef",
                                      "dW5taXN0YWthYmxlLXRva2VuLTAxMjM0NTY3ODlhYmNkZWY="};
  static const char *const keys[] = {"q", "page_token"};

  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    for (size_t j = 0; j < 2; j++) {
      char body[512];
      harness *s = harness_digitalocean();
      snprintf(body, sizeof body,
               "{\"images\":[{\"id\":1}],\"links\":{\"pages\":{\"next\":\"https://x/v2/"
               "images?page=2&%s=%s\"}}}",
               keys[j], forms[i]);
      scripted_json(s->script, 200, body);
      if (i == 0)
        scripted_json(s->script, 200,
                      "{\"images\":[{\"id\":2}]}"); // unencoded, it has been redacted before
      harness_expect(imgact_list_images(s->client, NULL), i == 0 ? IMGACT_OK : IMGACT_PROTOCOL);
      assert_null(
          strstr(scripted_at(s->script, scripted_count(s->script) - 1)->url, "token-0123456789"));
      harness_free(s);
    }
}

TEST(pager_excessive_next_is_error) {
  static char link[200000], body[400000];
  harness *s = harness_digitalocean();
  static const char *const fills[] = {"x", "+", "%2B"};

  for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
    link[0] = '\0';
    size_t used = 0;
    for (int n = 0; n < 30000 / (int)strlen(fills[i]) * 2; n++)
      used += (size_t)sprintf(link + used, "%s", fills[i]);
    snprintf(body, sizeof body,
             "{\"images\":[{\"id\":1}],\"links\":{\"pages\":{\"next\":\"https://x/v2/"
             "images?page=2&q=%s\"}}}",
             link);
    scripted_json(s->script, 200, body);
    harness_expect(imgact_list_images(s->client, NULL), IMGACT_PROTOCOL);
  }
  harness_free(s);
  s = harness_new();
  scripted_json(
      s->script, 200,
      "{\"images\":[{\"id\":1}],\"meta\":{\"pagination\":{\"next_page\":9223372036854775807}}}");
  scripted_json(
      s->script, 200,
      "{\"images\":[{\"id\":2}],\"meta\":{\"pagination\":{\"next_page\":9223372036854775807}}}");
  harness_expect(imgact_list_images(s->client, NULL), IMGACT_INCOMPLETE);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
