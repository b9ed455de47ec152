// SPDX-License-Identifier: MIT
// Lists that change while they are read.
#include "pager_fixture.h"

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

// An image that is no longer on its page may have moved: it is dropped only if a GET returns 404.
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

// The last state of an image is shown, or nothing if it does not pass the filters any more.
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

// The hidden image is read even if max_items was reached; no page after that is.
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

// DigitalOcean images by region, page by page: the filter is applied anew to each occurrence of an
// image.

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

// A duplicate on one page is kept; when the page is read again, the second copy is handled like any
// other item.
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

// max_items was reached with an image that is gone: the list continues.
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

TEST(pager_unstable_list_is_incomplete) {
  for (int paged = 0; paged < 2; paged++) {
    harness *s = harness_new();
    scripted_on(s->script, PAGE(1), (scripted_answer){.status = 200, .body = hz(1, 2, "ab", 4)});
    scripted_on(s->script, PAGE(2), (scripted_answer){.status = 200, .body = hz(2, 0, "bc", 3)});
    imgact_op_options options = {.flags = paged ? IMGACT_OP_FLAG_PAGED : 0};
    imgact_op *op = harness_configure(imgact_list_images(s->client, NULL), options);
    if (paged) check_ids(harness_run(op, IMGACT_OK), "ab");
    if (paged) check_ids(harness_run(op, IMGACT_OK), "c"); // delivered items stay
    check_ids(harness_run(op, IMGACT_INCOMPLETE), "");
    assert_null(imgact_op_image(op));
    assert_non_null(strstr(imgact_op_error(op)->message, "10 requests"));
    assert_int_equal(scripted_count(s->script), 10);
    imgact_op_free(op);
    harness_free(s);
  }
}

int main(void) { return testing_run(NULL, NULL); }
