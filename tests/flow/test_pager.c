// SPDX-License-Identifier: MIT
// Lists: what is asked for, page by page, and that a list is complete or an error.
#include "harness.h"
#include "stress.h"

#include <imgact/provider.h>

// ---- replies

static const char *hz(int page, int next, const char *ids, int total) {
  static char text[8][2048];
  static size_t turn;
  char *out = text[turn++ % 8], next_text[16] = "null";
  if (next != 0) snprintf(next_text, sizeof next_text, "%d", next);
  size_t used = (size_t)snprintf(out, 2048, "{\"images\":[");
  for (const char *at = ids; *at != '\0'; at++)
    used += (size_t)snprintf(out + used, 2048 - used, "%s{\"id\":%d,\"type\":\"snapshot\"}",
                             at == ids ? "" : ",", *at);
  snprintf(out + used, 2048 - used,
           "],\"meta\":{\"pagination\":{\"page\":%d,\"per_page\":2,\"next_page\":%s,\"total_"
           "entries\":%d}}}",
           page, next_text, total);
  return out;
}

static void check_ids(const imgact_op *op, const char *ids) {
  size_t count = 0;
  const imgact_image *const *images = imgact_op_images(op, &count);
  assert_int_equal(count, strlen(ids));
  for (size_t i = 0; i < count; i++) assert_int_equal(atoi(images[i]->id), ids[i]);
}

#define PAGE(n) "GET /v1/images?page=" #n "&per_page=50"

TEST(pager_reads_every_page) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "ab", 5));
  scripted_json(s->script, 200, hz(2, 3, "", 5)); // an empty page ends nothing
  scripted_json(s->script, 200, hz(3, 0, "de", 5));
  scripted_json(s->script, 200,
                hz(2, 3, "c", 5)); // a page shorter than its siblings is read again, once
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

// ---- lists that change while they are read

#define NOT_FOUND "{\"error\":{\"code\":\"not_found\",\"message\":\"m\"}}"

static void serve_not_found(harness *s) { scripted_json(s->script, 404, NOT_FOUND); }

#define IMAGE(n) "GET /v1/images/" #n

TEST(pager_added_image_hides_nothing) {
  for (int how = 0; how < 2; how++) {
    harness *s = harness_new();
    scripted_json(s->script, 200, hz(1, 2, "ab", 3));
    scripted_json(s->script, 200,
                  how == 0 ? hz(2, 0, "bc", 3)
                           : hz(2, 0, "c", 4)); // an id again; a total that grew
    imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
    check_ids(op, "abc");
    scripted_assert_lines(s->script, PAGE(1), PAGE(2));
    imgact_op_free(op);
    harness_free(s);
  }
}

// Image a is deleted after page 1, so that c moves onto page 1: the fall of the total shows it.
TEST(pager_total_falls_rereads_previous_page) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "ab", 6));
  scripted_json(s->script, 200, hz(2, 3, "de", 5));
  scripted_json(s->script, 200, hz(1, 2, "bc", 5));
  scripted_json(s->script, 200, hz(2, 3, "de", 5));
  scripted_json(s->script, 200, hz(3, 0, "f", 5));
  serve_not_found(s);
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_ids(op, "bcdef");
  scripted_assert_lines(s->script, PAGE(1), PAGE(2), PAGE(1), PAGE(2), PAGE(3), IMAGE(97));
  imgact_pagination page;
  imgact_op_pagination(op, &page);
  assert_int_equal(page.page, 3);
  imgact_op_free(op);
  harness_free(s);
}

// A total may fall on the last page, and by more than a page.
TEST(pager_large_fall_rereads_earlier_pages) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "ab", 7));
  scripted_json(s->script, 200, hz(2, 3, "cd", 7));
  scripted_json(s->script, 200, hz(3, 0, "", 4)); // a, b and c are gone: d is first now
  scripted_json(s->script, 200, hz(1, 2, "de", 4));
  scripted_json(s->script, 200, hz(2, 0, "fg", 4));
  for (int i = 0; i < 3; i++) serve_not_found(s);
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_ids(op, "defg");
  scripted_assert_lines(s->script, PAGE(1), PAGE(2), PAGE(3), PAGE(1), PAGE(2), IMAGE(97),
                        IMAGE(98), IMAGE(99));
  imgact_op_free(op);
  harness_free(s);
}

// What a page does not hold any more may have moved; it is dropped only if the API says that it
// does not exist.
TEST(pager_missing_image_requested_before_dropping) {
  static const struct {
    int32_t status;
    const char *body, *expected, *name;
  } cases[] = {
      {200, "{\"image\":{\"id\":97,\"type\":\"snapshot\",\"name\":\"new\"}}", "abcd", "new"},
      {200, "{\"image\":{\"id\":98,\"type\":\"snapshot\",\"name\":\"other\"}}", "abcd", NULL},
      {403, "{\"error\":{\"code\":\"forbidden\",\"message\":\"m\"}}", "abcd", NULL},
      {404, NOT_FOUND, "bcd", NULL}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    harness *s = harness_new();
    scripted_json(s->script, 200, hz(1, 2, "ab", 4));
    scripted_json(s->script, 200, hz(2, 0, "d", 3));
    scripted_json(s->script, 200, hz(1, 2, "bc", 3));
    scripted_json(s->script, 200, hz(2, 0, "d", 3));
    scripted_json(s->script, cases[i].status, cases[i].body);
    imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
    check_ids(op, cases[i].expected);
    if (cases[i].name) assert_string_equal(imgact_op_image(op)->name, cases[i].name);
    assert_null(imgact_op_error_details(op));
    scripted_assert_used_up(s->script);
    imgact_op_free(op);
    harness_free(s);
  }
}

// An image is shown as it was seen last, and not at all if it does not pass the filters any more.
TEST(pager_repeated_image_shows_last_state) {
  imgact_image_filter filter = {.size = sizeof filter, .region = "nyc3"};
  harness *s = harness_digitalocean();
  scripted_json(
      s->script, 200,
      "{\"images\":[{\"id\":1,\"regions\":[\"nyc3\"]},{\"id\":2,\"name\":\"old\",\"regions\":["
      "\"nyc3\"]},"
      "{\"id\":3,\"regions\":[\"nyc3\"]}],\"links\":{\"pages\":{\"next\":\"/v2/images?page=2\"}}}");
  scripted_json(
      s->script, 200,
      "{\"images\":[{\"id\":2,\"name\":\"new\",\"regions\":[\"nyc3\"]},{\"id\":3,\"regions\":[]},"
      "{\"id\":4,\"regions\":[\"nyc3\"]}]}");
  imgact_op *op = harness_run(imgact_list_images(s->client, &filter), IMGACT_OK);
  check_ids(op, "\1\2\4");
  size_t count;
  assert_string_equal(imgact_op_images(op, &count)[1]->name, "new");
  imgact_op_free(op);
  harness_free(s);
}

// Pages that are named by a cursor are read again with the cursor that named them.
TEST(pager_reread_uses_same_cursor) {
  static const char next[] =
      "\"links\":{\"pages\":{\"next\":\"/v2/images?page_token=%s\"}},\"meta\":{\"total\":%d}}";
  static const char *const items[] = {"1},{\"id\":2", "3},{\"id\":4", "6},{\"id\":7",
                                      "4},{\"id\":5", "6},{\"id\":7", "8"};
  static const char *const cursors[] = {"A", "B", "C", "B", "C"};
  harness *s = harness_digitalocean();
  for (int i = 0; i < 6; i++) {
    char body[512], links[256] = "\"meta\":{\"total\":7}}";
    if (i < 5) snprintf(links, sizeof links, next, cursors[i], i < 2 ? 8 : 7);
    snprintf(body, sizeof body, "{\"images\":[{\"id\":%s}],%s", items[i], links);
    scripted_json(s->script, 200, body);
  }
  scripted_json(s->script, 404, "{\"id\":\"not_found\",\"message\":\"m\"}");
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_ids(op, "\1\2\4\5\6\7\x8");
  scripted_assert_lines(
      s->script, "GET /v2/images?page=1&per_page=200", "GET /v2/images?page_token=A&per_page=200",
      "GET /v2/images?page_token=B&per_page=200", "GET /v2/images?page_token=A&per_page=200",
      "GET /v2/images?page_token=B&per_page=200", "GET /v2/images?page_token=C&per_page=200",
      "GET /v2/images/3");
  imgact_op_free(op);
  harness_free(s);
}

TEST(pager_missing_action_requested_by_id) {
  static const char page[] = "{\"actions\":[{\"id\":%d,\"status\":\"success\"}],\"meta\":{"
                             "\"pagination\":{\"next_page\":%s,\"total_entries\":%d}}}";
  static const struct {
    int id, total;
    const char *next;
  } pages[] = {{1, 3, "2"}, {3, 2, "null"}, {2, 2, "2"}, {3, 2, "null"}};
  harness *s = harness_new();
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    char body[512];
    snprintf(body, sizeof body, page, pages[i].id, pages[i].next, pages[i].total);
    scripted_json(s->script, 200, body);
  }
  serve_not_found(s);
  imgact_action_filter filter = {.size = sizeof filter, .image_id = "9"};
  imgact_op *op = harness_run(imgact_list_actions(s->client, &filter), IMGACT_OK);
  size_t count;
  const imgact_action *const *actions = imgact_op_actions(op, &count);
  assert_int_equal(count, 2);
  assert_string_equal(actions[0]->id, "2");
  assert_string_equal(actions[1]->id, "3");
  assert_string_equal(strstr(scripted_at(s->script, 4)->url, "/v1/"), "/v1/images/actions/1");
  imgact_op_free(op);
  harness_free(s);
}

// The hidden image is looked for also if the limit was reached; behind the limit nothing is read.
TEST(pager_max_items_keeps_hidden_image) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "ab", 8));
  scripted_json(s->script, 200, hz(2, 3, "de", 7));
  scripted_json(s->script, 200, hz(1, 2, "bc", 7));
  serve_not_found(s);
  imgact_op *op =
      harness_configure(imgact_list_images(s->client, NULL), (imgact_op_options){.max_items = 4});
  check_ids(harness_run(op, IMGACT_OK), "bcde");
  scripted_assert_lines(s->script, PAGE(1), PAGE(2), PAGE(1), IMAGE(97));
  imgact_op_free(op);
  harness_free(s);
}

// DigitalOcean images by region, page by page: what the filter lets pass is decided anew each time
// that an image is seen.

typedef struct sighting {
  int id;
  bool in_region;
} sighting;

#define MAX_SIGHTINGS 4

static void serve_sightings(harness *s, const sighting *images, int next, int total) {
  char body[1024];
  size_t used = (size_t)snprintf(body, sizeof body, "{\"images\":[");
  for (size_t i = 0; i < MAX_SIGHTINGS && images[i].id; i++)
    used += (size_t)snprintf(body + used, sizeof body - used, "%s{\"id\":%d,\"regions\":[\"%s\"]}",
                             i ? "," : "", images[i].id, images[i].in_region ? "nyc3" : "sfo2");
  used += (size_t)snprintf(body + used, sizeof body - used, "],\"links\":{");
  if (next)
    used += (size_t)snprintf(body + used, sizeof body - used,
                             "\"pages\":{\"next\":\"/v2/images?page=%d\"}", next);
  snprintf(body + used, sizeof body - used, "},\"meta\":{\"total\":%d}}", total);
  scripted_json(s->script, 200, body);
}

static imgact_op *list_region(harness *s, imgact_op_options options) {
  imgact_image_filter filter = {.size = sizeof filter, .region = "nyc3"};
  return harness_configure(imgact_list_images(s->client, &filter), options);
}

TEST(pager_filter_rechecks_repeated_image) {
  harness *s = harness_digitalocean();
  serve_sightings(s, (sighting[MAX_SIGHTINGS]){{1, true}, {2, true}}, 2, 6);
  serve_sightings(s, (sighting[MAX_SIGHTINGS]){{1, false}, {2, false}}, 3, 6);
  serve_sightings(s, (sighting[MAX_SIGHTINGS]){{1, true}, {3, false}}, 0, 6);
  imgact_op *op = harness_run(list_region(s, (imgact_op_options){0}), IMGACT_OK);
  check_ids(op, "\1");
  imgact_op_free(op);
  harness_free(s);
}

TEST(paged_list_keeps_delivered_image) {
  harness *s = harness_digitalocean();
  serve_sightings(s, (sighting[MAX_SIGHTINGS]){{1, true}, {2, false}}, 2, 4);
  serve_sightings(s, (sighting[MAX_SIGHTINGS]){{1, false}, {2, true}}, 3, 4);
  serve_sightings(s, (sighting[MAX_SIGHTINGS]){{1, true}, {3, true}}, 0, 4);
  imgact_op *op = list_region(s, (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});
  check_ids(harness_run(op, IMGACT_OK), "\1");
  check_ids(harness_run(op, IMGACT_OK), "\2");
  check_ids(harness_run(op, IMGACT_OK), "\3");
  check_ids(harness_run(op, IMGACT_END), "");
  imgact_op_free(op);
  harness_free(s);
}

// The image that vanished from its page is there, but in another region now.
TEST(pager_filter_uses_refetched_image) {
  for (int in_region = 0; in_region < 2; in_region++) {
    char body[64];
    harness *s = harness_digitalocean();
    serve_sightings(s, (sighting[MAX_SIGHTINGS]){{1, true}, {2, true}}, 2, 4);
    serve_sightings(s, (sighting[MAX_SIGHTINGS]){{4, true}}, 0, 3);
    serve_sightings(s, (sighting[MAX_SIGHTINGS]){{2, true}, {3, true}}, 2, 3);
    serve_sightings(s, (sighting[MAX_SIGHTINGS]){{4, true}}, 0, 3);
    snprintf(body, sizeof body, "{\"image\":{\"id\":1,\"regions\":[\"%s\"]}}",
             in_region ? "nyc3" : "sfo2");
    scripted_json(s->script, 200, body);
    imgact_op *op = harness_run(list_region(s, (imgact_op_options){0}), IMGACT_OK);
    check_ids(op, in_region ? "\1\2\3\4" : "\2\3\4");
    scripted_assert_used_up(s->script);
    imgact_op_free(op);
    harness_free(s);
  }
}

// What a page held twice is kept; the second copy is settled like any other item when the page is
// read again.
TEST(pager_duplicate_on_reread_is_kept) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "aab", 5));
  scripted_json(s->script, 200, hz(2, 0, "d", 4));
  scripted_json(s->script, 200, hz(1, 2, "aab", 4));
  scripted_json(s->script, 200, hz(2, 0, "d", 4));
  scripted_json(s->script, 200, "{\"image\":{\"id\":97,\"type\":\"snapshot\"}}");
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_ids(op, "aabd");
  scripted_assert_lines(s->script, PAGE(1), PAGE(2), PAGE(1), PAGE(2), IMAGE(97));
  imgact_op_free(op);
  harness_free(s);
}

// The limit was reached with an image that has vanished: the list goes on.
TEST(pager_max_items_counts_existing_images) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "ab", 8));
  scripted_json(s->script, 200, hz(2, 3, "de", 7));
  scripted_json(s->script, 200, hz(1, 2, "bc", 7));
  serve_not_found(s);
  scripted_json(s->script, 200, hz(2, 3, "de", 7));
  scripted_json(s->script, 200, hz(3, 4, "fg", 7));
  imgact_op *op =
      harness_configure(imgact_list_images(s->client, NULL), (imgact_op_options){.max_items = 5});
  check_ids(harness_run(op, IMGACT_OK), "bcdef");
  scripted_assert_lines(s->script, PAGE(1), PAGE(2), PAGE(1), IMAGE(97), PAGE(2), PAGE(3));
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
                      "{\"images\":[{\"id\":2}]}"); // as it is, it was redacted on the way in
      harness_expect(imgact_list_images(s->client, NULL), i == 0 ? IMGACT_OK : IMGACT_PROTOCOL);
      assert_null(
          strstr(scripted_at(s->script, scripted_count(s->script) - 1)->url, "token-0123456789"));
      harness_free(s);
    }
}

TEST(pager_unstable_list_is_incomplete) {
  for (int paged = 0; paged < 2; paged++) {
    harness *s = harness_new();
    scripted_on(s->script, PAGE(1), (scripted_answer){.status = 200, .body = hz(1, 2, "ab", 4)});
    scripted_on(s->script, PAGE(2), (scripted_answer){.status = 200, .body = hz(2, 0, "bc", 3)});
    imgact_op_options options = {.flags = paged ? IMGACT_OP_FLAG_PAGED : 0};
    imgact_op *op = harness_configure(imgact_list_images(s->client, NULL), options);
    if (paged) check_ids(harness_run(op, IMGACT_OK), "ab");
    if (paged) check_ids(harness_run(op, IMGACT_OK), "c"); // what was delivered stays
    check_ids(harness_run(op, IMGACT_INCOMPLETE), "");
    assert_null(imgact_op_image(op));
    assert_non_null(strstr(imgact_op_error(op)->message, "10 requests"));
    assert_int_equal(scripted_count(s->script), 10);
    imgact_op_free(op);
    harness_free(s);
  }
}

// ---- very long lists

typedef struct endless {
  char body[8192];
  size_t requests, per_page;
  long long pages; /* the last one */
} endless;

static void next_page(void *user, const imgact_http_request *request,
                      imgact_http_response *response) {
  endless *e = user;
  long long page = atoll(strstr(request->url, "page=") + 5);
  size_t used = (size_t)snprintf(e->body, sizeof e->body, "{\"images\":[");
  for (size_t i = 0; i < e->per_page; i++)
    used += (size_t)snprintf(
        e->body + used, sizeof e->body - used,
        "%s{\"id\":%lld,\"name\":\"%s\",\"description\":\"a text of some length, of a page\"}",
        i > 0 ? "," : "", page * 1000 + (long long)i, page % 1000 == 0 ? "rare" : "usual");
  used += (size_t)snprintf(e->body + used, sizeof e->body - used,
                           "],\"meta\":{\"pagination\":{\"next_page\":");
  used += (size_t)snprintf(e->body + used, sizeof e->body - used,
                           page < e->pages ? "%lld}}}" : "null}}}", page + 1);
  e->requests++;
  response->body = e->body;
  response->body_bytes = used;
}

typedef struct long_list {
  endless cloud;
  failing_allocator memory;
  imgact_client *client;
} long_list;

static void open_long_list(long_list *l, const imgact_provider *provider) {
  imgact_error error;
  failing_allocator_init(&l->memory, 0);
  imgact_client_options options = {.size = sizeof options,
                                   .provider = provider,
                                   .provider_name = "hetzner",
                                   .token = HARNESS_TOKEN,
                                   .allocator = &l->memory.allocator,
                                   .transport =
                                       stress_transport(stress_new(next_page, &l->cloud, 1))};
  assert_int_equal(imgact_client_new(&options, &l->client, &error), IMGACT_OK);
}

static void close_long_list(long_list *l) {
  imgact_client_free(l->client);
  assert_memory_fine(&l->memory);
}

// All that grows with the pages is the set of ids: 16 bytes each, at most four times that while it
// is made larger.
TEST(paged_list_memory_grows_with_ids) {
  long_list l = {.cloud = {.per_page = 5, .pages = 10000}};
  open_long_list(&l, NULL);
  imgact_op *op = harness_configure(imgact_list_images(l.client, NULL),
                                    (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});
  size_t items = 0, count = 0;
  while (imgact_op_run(op) == IMGACT_OK) {
    imgact_op_images(op, &count);
    items += count;
  }
  assert_status(op, IMGACT_END);
  assert_int_equal(items, 50000);
  if (l.memory.peak_bytes > 50000 * 16 * 5) fail_msg("%zu bytes", l.memory.peak_bytes);
  imgact_op_free(op);
  close_long_list(&l);
}

static imgact_slot local_slots[IMGACT_OP_COUNT];

// Hetzner, but names are compared here.
static imgact_provider without_name_filter(void) {
  imgact_provider provider = *imgact_provider_find("hetzner");
  memcpy(local_slots, provider.slots, sizeof local_slots);
  local_slots[IMGACT_OP_LIST_IMAGES].server_filters &= ~IMGACT_FILTER_NAME;
  local_slots[IMGACT_OP_LIST_IMAGES].local_filters |= IMGACT_FILTER_NAME;
  provider.slots = local_slots;
  return provider;
}

TEST(paged_list_filtered_items_are_freed) {
  imgact_provider provider = without_name_filter();
  long_list l = {.cloud = {.per_page = 5, .pages = 5500}};
  open_long_list(&l, &provider);
  imgact_image_filter filter = {.size = sizeof filter, .name = "rare"};
  imgact_op *op = harness_configure(imgact_list_images(l.client, &filter),
                                    (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});
  size_t items = 0, count = 0;
  while (imgact_op_run(op) == IMGACT_OK) {
    imgact_op_images(op, &count);
    items += count;
  }
  assert_status(op, IMGACT_END);
  assert_int_equal(items, 25);
  if (l.memory.peak_bytes > 27500 * 16 * 5) fail_msg("%zu bytes", l.memory.peak_bytes);
  imgact_op_free(op);
  close_long_list(&l);
}

// One image that passes must not keep what the filters drop from all the pages after it.
TEST(pager_filtered_items_are_freed) {
  imgact_provider provider = without_name_filter();
  long_list l = {.cloud = {.per_page = 5, .pages = 5500}};
  open_long_list(&l, &provider);
  imgact_image_filter filter = {.size = sizeof filter, .name = "rare"};
  imgact_op *op = harness_run(imgact_list_images(l.client, &filter), IMGACT_OK);
  size_t count = 0;
  imgact_op_images(op, &count);
  assert_int_equal(count, 25);
  if (l.memory.peak_bytes > 27500 * 16 * 5) fail_msg("%zu bytes", l.memory.peak_bytes);
  imgact_op_free(op);
  close_long_list(&l);
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

TEST(pager_page_limit_is_100000) {
  for (long long pages = 100000; pages <= 100001; pages++) {
    long_list l = {.cloud = {.per_page = 0, .pages = pages}};
    open_long_list(&l, NULL);
    harness_expect(imgact_list_images(l.client, NULL),
                   pages == 100000 ? IMGACT_OK : IMGACT_PROTOCOL);
    assert_int_equal(l.cloud.requests, 100000);
    close_long_list(&l);
  }
}

int main(void) { return testing_run(NULL, NULL); }
