// SPDX-License-Identifier: MIT
// Items that pages do not show any more: their order, and when they are dropped.
#include "pager_fixture.h"

static void serve_image(harness *s, const char *member) {
  char body[256];
  snprintf(body, sizeof body, "{\"image\":{\"type\":\"snapshot\",%s}}", member);
  scripted_json(s->script, 200, body);
}

static void serve_ids(harness *s, const char *ids) {
  for (; *ids; ids++) {
    char member[32];
    snprintf(member, sizeof member, "\"id\":%d", *ids);
    serve_image(s, member);
  }
}

// ---- the order

// Images a and b are deleted after page 2, so that e and f move onto page 2.
static void serve_two_deletions(harness *s) {
  scripted_json(s->script, 200, hz(1, 2, "ab", 8));
  scripted_json(s->script, 200, hz(2, 3, "cd", 8));
  scripted_json(s->script, 200, hz(3, 0, "gh", 6));
  scripted_json(s->script, 200, hz(2, 3, "ef", 6));
  scripted_json(s->script, 200, hz(3, 0, "gh", 6));
}

TEST(pager_reread_keeps_page_order) {
  harness *s = harness_new();
  serve_two_deletions(s);
  serve_ids(s, "cd");
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_ids(op, "abcdefgh");
  scripted_assert_lines(s->script, PAGE(1), PAGE(2), PAGE(3), PAGE(2), PAGE(3), IMAGE(99),
                        IMAGE(100));
  imgact_op_free(op);
  harness_free(s);
}

// By pages f comes before d and e: it was on page 2 before they were.
static void serve_moved_back(harness *s) {
  scripted_json(s->script, 200, hz(1, 2, "ab", 6));
  scripted_json(s->script, 200, hz(2, 3, "ef", 6));
  scripted_json(s->script, 200, hz(3, 0, "h", 5));
  scripted_json(s->script, 200, hz(2, 3, "de", 7));
  scripted_json(s->script, 200, hz(3, 4, "gh", 7));
  scripted_json(s->script, 200, hz(4, 0, "i", 7));
  serve_ids(s, "f");
}

TEST(pager_reread_sorts_by_requested_keys) {
  static const struct {
    const char *key, *expected;
  } cases[] = {{NULL, "abfdeghi"}, {"id:asc", "abdefghi"}, {"id:desc", "ihgfedba"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    imgact_image_filter filter = {
        .size = sizeof filter, .sort = &cases[i].key, .sort_count = cases[i].key ? 1 : 0};
    harness *s = harness_new();
    serve_moved_back(s);
    imgact_op *op = harness_run(imgact_list_images(s->client, &filter), IMGACT_OK);
    check_ids(op, cases[i].expected);
    scripted_assert_used_up(s->script);
    imgact_op_free(op);
    harness_free(s);
  }
}

// Image b is added between the pages and a removed: each page is in order, both together are not.
TEST(pager_changed_list_is_sorted_again) {
  static const char *const keys[] = {"id:asc"};
  imgact_image_filter filter = {.size = sizeof filter, .sort = keys, .sort_count = 1};
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "c", 2));
  scripted_json(s->script, 200, hz(2, 3, "b", 4));
  scripted_json(s->script, 200, hz(3, 0, "d", 4));
  imgact_op *op = harness_run(imgact_list_images(s->client, &filter), IMGACT_OK);
  check_ids(op, "bcd");
  imgact_op_free(op);
  harness_free(s);
}

// A server that ignores the keys: without a change its order is kept.
TEST(pager_single_reading_keeps_server_order) {
  static const char *const keys[] = {"id:asc"};
  imgact_image_filter filter = {.size = sizeof filter, .sort = keys, .sort_count = 1};
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "ca", 4));
  scripted_json(s->script, 200, hz(2, 0, "db", 4));
  imgact_op *op = harness_run(imgact_list_images(s->client, &filter), IMGACT_OK);
  check_ids(op, "cadb");
  imgact_op_free(op);
  harness_free(s);
}

// ---- pages that become smaller

static const char *page_of_two(const char *ids, int next, int total) {
  static char text[8][512];
  static size_t turn;
  char *out = text[turn++ % 8];
  size_t used = (size_t)snprintf(out, 512, "{\"images\":[");
  for (const char *at = ids; *at; at++)
    used += (size_t)snprintf(out + used, 512 - used, "%s{\"id\":%d}", at == ids ? "" : ",", *at);
  used += (size_t)snprintf(out + used, 512 - used, "],\"links\":{");
  if (next)
    used += (size_t)snprintf(out + used, 512 - used,
                             "\"pages\":{\"next\":\"/v2/images?page=%d&per_page=2\"}", next);
  snprintf(out + used, 512 - used, "},\"meta\":{\"total\":%d}}", total);
  return out;
}

#define PAGE_OF_TWO(n) "GET /v2/images?page=" #n "&per_page=2"

// Images a, b and c are deleted: by the length of page 1, the fall of 3 would lead to page 2 only.
TEST(pager_smaller_pages_miss_nothing) {
  harness *s = harness_digitalocean();
  scripted_json(s->script, 200, page_of_two("abcd", 3, 13));
  scripted_json(s->script, 200, page_of_two("ef", 4, 13));
  scripted_json(s->script, 200, page_of_two("gh", 5, 13));
  scripted_json(s->script, 200, page_of_two("lm", 0, 10));
  scripted_json(s->script, 200, page_of_two("hi", 4, 10));
  scripted_json(s->script, 200, page_of_two("jk", 5, 10));
  scripted_json(s->script, 200, page_of_two("lm", 0, 10));
  for (const char *id = "efg"; *id; id++) {
    char body[64];
    snprintf(body, sizeof body, "{\"image\":{\"id\":%d}}", *id);
    scripted_json(s->script, 200, body);
  }
  imgact_op *op =
      harness_configure(imgact_list_images(s->client, NULL), (imgact_op_options){.per_page = 4});
  check_ids(harness_run(op, IMGACT_OK), "abcdefhigjklm");
  scripted_assert_lines(s->script, "GET /v2/images?page=1&per_page=4", PAGE_OF_TWO(3),
                        PAGE_OF_TWO(4), PAGE_OF_TWO(5), PAGE_OF_TWO(3), PAGE_OF_TWO(4),
                        PAGE_OF_TWO(5), "GET /v2/images/101", "GET /v2/images/102",
                        "GET /v2/images/103");
  imgact_op_free(op);
  harness_free(s);
}

// ---- tokens

typedef struct token_supply {
  int left;
  imgact_status then;
} token_supply;

static imgact_status supply_token(void *user, char *buffer, size_t capacity, size_t *length) {
  token_supply *supply = user;
  if (supply->left-- == 0) return supply->then;
  *length = strlen(HARNESS_TOKEN);
  assert_true(*length <= capacity);
  memcpy(buffer, HARNESS_TOKEN, *length);
  return IMGACT_OK;
}

static harness *harness_supplied(token_supply *supply, bool digitalocean) {
  return harness_with(
      (harness_options){.digitalocean = digitalocean,
                        .client = {.token_callback = supply_token, .token_user_data = supply}});
}

// NOT_FOUND of the callback says nothing about the image.
TEST(pager_missing_token_ends_list) {
  static const imgact_status statuses[] = {IMGACT_NOT_FOUND, IMGACT_UNAUTHORIZED,
                                           IMGACT_INVALID_ARGUMENT};
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    token_supply supply = {.left = 5, .then = statuses[i]};
    harness *s = harness_supplied(&supply, false);
    serve_two_deletions(s);
    imgact_op *op = harness_run(imgact_list_images(s->client, NULL), statuses[i]);
    check_ids(op, "");
    scripted_assert_used_up(s->script);
    imgact_op_free(op);
    harness_free(s);
  }
}

// The link to page 2 is not to blame for a callback that fails.
TEST(pager_token_failure_keeps_status) {
  token_supply supply = {.left = 1, .then = IMGACT_INVALID_ARGUMENT};
  harness *s = harness_supplied(&supply, true);
  scripted_json(s->script, 200, page_of_two("ab", 2, 3));
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_INVALID_ARGUMENT);
  assert_null(strstr(imgact_op_error(op)->message, "link"));
  assert_non_null(strstr(imgact_op_error(op)->message, "token"));
  scripted_assert_lines(s->script, "GET /v2/images?page=1&per_page=200");
  imgact_op_free(op);
  harness_free(s);
}

// ---- filters of the server

#define PAGES_OF(kind, item)                                                                       \
  "{\"" kind "\":[{\"id\":%d," item "},{\"id\":%d," item "}],\"meta\":{\"pagination\":{"           \
  "\"next_page\":%s,\"total_entries\":%d}}}"

// Item 1 leaves its page: the list is 1 2 3 4, then 2 3 4 5 with a smaller total.
static void serve_filtered(harness *s, const char *format) {
  static const struct {
    int first, second, total;
    const char *next;
  } pages[] = {
      {1, 2, 7, "2"}, {4, 5, 6, "3"}, {2, 3, 6, "2"}, {4, 5, 6, "3"}, {6, 7, 6, "null"},
  };
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    char body[640];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(body, sizeof body, format, pages[i].first, pages[i].second, pages[i].next,
             pages[i].total);
#pragma GCC diagnostic pop
    scripted_json(s->script, 200, body);
  }
}

// What a server's filter selects is known for an item that is requested by its id if the list
// showed the item as this library's filters have it.
TEST(pager_filtered_image_rechecked_by_id) {
  static const imgact_image_status available[] = {IMGACT_IMAGE_STATUS_AVAILABLE};
  static const struct {
    imgact_image_filter filter;
    const char *listed, *now, *expected;
  } cases[] = {
      {{.name = "mine"},
       PAGES_OF("images", "\"name\":\"mine\""),
       "\"name\":\"mine\"",
       "\1\2\3\4\5\6\7"},
      {{.name = "mine"},
       PAGES_OF("images", "\"name\":\"mine\""),
       "\"name\":\"other\"",
       "\2\3\4\5\6\7"},
      {{.statuses = available, .statuses_count = 1},
       PAGES_OF("images", "\"status\":\"available\""),
       "\"status\":\"unavailable\"",
       "\2\3\4\5\6\7"},
      // the server ignores case: its filter decides
      {{.name = "mine"},
       PAGES_OF("images", "\"name\":\"Mine\""),
       "\"name\":\"MINE\"",
       "\1\2\3\4\5\6\7"},
      {{.label_selector = "a=b"},
       PAGES_OF("images", "\"name\":\"mine\""),
       "\"name\":\"other\"",
       "\1\2\3\4\5\6\7"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    imgact_image_filter filter = cases[i].filter;
    char member[64];
    harness *s = harness_new();
    filter.size = sizeof filter;
    serve_filtered(s, cases[i].listed);
    snprintf(member, sizeof member, "\"id\":1,%s", cases[i].now);
    serve_image(s, member);
    imgact_op *op = harness_run(imgact_list_images(s->client, &filter), IMGACT_OK);
    check_ids(op, cases[i].expected);
    if (filter.label_selector) assert_string_equal(imgact_op_image(op)->name, "mine");
    scripted_assert_used_up(s->script);
    imgact_op_free(op);
    harness_free(s);
  }
}

#define OF_IMAGE "\"resources\":[{\"id\":9,\"type\":\"image\"}],"

TEST(pager_filtered_action_rechecked_by_id) {
  static const imgact_action_status running[] = {IMGACT_ACTION_STATUS_RUNNING};
  static const char *const now[] = {"success", "running"};
  imgact_action_filter filter = {
      .size = sizeof filter, .image_id = "9", .statuses = running, .statuses_count = 1};
  for (size_t i = 0; i < sizeof now / sizeof *now; i++) {
    char body[128];
    size_t count;
    harness *s = harness_new();
    serve_filtered(s, PAGES_OF("actions", OF_IMAGE "\"status\":\"running\""));
    snprintf(body, sizeof body, "{\"action\":{\"id\":1," OF_IMAGE "\"status\":\"%s\"}}", now[i]);
    scripted_json(s->script, 200, body);
    imgact_op *op = harness_run(imgact_list_actions(s->client, &filter), IMGACT_OK);
    const imgact_action *const *actions = imgact_op_actions(op, &count);
    assert_int_equal(count, 6 + i);
    assert_string_equal(actions[0]->id, i ? "1" : "2");
    scripted_assert_used_up(s->script);
    imgact_op_free(op);
    harness_free(s);
  }
}

int main(void) { return testing_run(NULL, NULL); }
