// SPDX-License-Identifier: MIT
// How far a list may go: links, pages, requests.
#include "pager_fixture.h"
#include "stress.h"

#include <imgact/provider.h>

// ---- links: Hetzner, whose pages also name the next one by a query or a cursor

typedef struct link_plan {
  size_t lengths[200]; // of the link of each page; 0 = the last page
  size_t pages;
  bool is_cursor;
  const char *text; // instead of a length
} link_plan;

static link_plan plan;
static imgact_slot slots[IMGACT_OP_COUNT];

static imgact_status set_link(const imgact_call *call, const imgact_response *response,
                              imgact_result *result, imgact_error *error) {
  static char text[(64 << 10) + 2];
  size_t length = plan.lengths[plan.pages++];
  const char *link = plan.text ? plan.text : text;
  memset(text, plan.pages % 2 ? 'a' : 'b', length); // another one than the page before
  text[length] = '\0';
  (void)response, (void)error;
  if (length > 0)
    imgact_result_set_next_page(result, call->page + 1, plan.is_cursor ? link : NULL,
                                plan.is_cursor ? NULL : link);
  return IMGACT_OK;
}

static void list_linked(imgact_status expected, const char *message) {
  imgact_provider provider = *imgact_provider_find("hetzner");
  memcpy(slots, provider.slots, sizeof slots);
  assert_null(slots[IMGACT_OP_LIST_IMAGES].finish);
  slots[IMGACT_OP_LIST_IMAGES].finish = set_link;
  provider.slots = slots;
  harness *s = harness_with((harness_options){.client = {.provider = &provider}});
  scripted_on(s->script, "GET *", (scripted_answer){.status = 200, .body = hz(1, 0, "", 0)});
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), expected);
  if (message && !strstr(imgact_op_error(op)->message, message))
    fail_msg("%s", imgact_op_error(op)->message);
  imgact_op_free(op);
  harness_free(s);
}

#define LINK_LIMIT  ((size_t)64 << 10)
#define LINKS_LIMIT ((size_t)8 << 20)

TEST(pager_link_limit_is_exact) {
  for (int is_cursor = 0; is_cursor < 2; is_cursor++)
    for (size_t length = LINK_LIMIT - 1; length <= LINK_LIMIT + 1; length++) {
      bool fits = length <= LINK_LIMIT;
      plan = (link_plan){.lengths = {length}, .is_cursor = is_cursor};
      list_linked(fits ? IMGACT_OK : IMGACT_PROTOCOL, fits ? NULL : "exceeds 64 KiB");
    }
}

// Each link takes one byte more than its length, and all of them together one more.
TEST(pager_links_limit_is_exact) {
  for (int more = -1; more <= 1; more++) {
    plan = (link_plan){.is_cursor = true};
    size_t left = LINKS_LIMIT - 1, pages = 0;
    for (; left > LINK_LIMIT; left -= LINK_LIMIT) plan.lengths[pages++] = LINK_LIMIT - 1;
    plan.lengths[pages] = (size_t)((int)left - 1 + more);
    list_linked(more <= 0 ? IMGACT_OK : IMGACT_PROTOCOL,
                more <= 0 ? NULL : "all links together 8 MiB");
  }
}

TEST(pager_token_in_cursor_is_protocol) {
  for (int is_cursor = 0; is_cursor < 2; is_cursor++) {
    plan = (link_plan){.lengths = {1}, .is_cursor = is_cursor, .text = "x=" HARNESS_TOKEN};
    list_linked(IMGACT_PROTOCOL, "contains the API token");
  }
}

// A page that is read again may name the next one by another query.
TEST(pager_reread_page_renames_next) {
  static const struct {
    const char *ids, *link;
    int total;
  } pages[] = {{"1},{\"id\":2", "page=2&q=A", 6},
               {"4},{\"id\":5", "page=3&q=A", 5},
               {"2},{\"id\":3", "page=2&q=B", 5},
               {"4},{\"id\":5", "page=3&q=B", 5},
               {"6", NULL, 5}};
  harness *s = harness_digitalocean();
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    char body[256], link[128] = "";
    if (pages[i].link)
      snprintf(link, sizeof link, "\"pages\":{\"next\":\"/v2/images?%s\"}", pages[i].link);
    snprintf(body, sizeof body, "{\"images\":[{\"id\":%s}],\"links\":{%s},\"meta\":{\"total\":%d}}",
             pages[i].ids, link, pages[i].total);
    scripted_json(s->script, 200, body);
  }
  scripted_json(s->script, 404, "{\"id\":\"not_found\",\"message\":\"m\"}");
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_ids(op, "\2\3\4\5\6");
  scripted_assert_lines(
      s->script, "GET /v2/images?page=1&per_page=200", "GET /v2/images?q=A&page=2&per_page=200",
      "GET /v2/images?page=1&per_page=200", "GET /v2/images?q=B&page=2&per_page=200",
      "GET /v2/images?q=B&page=3&per_page=200", "GET /v2/images/1");
  imgact_op_free(op);
  harness_free(s);
}

// ---- short pages

// Page 2 is short at each reading: it may be so for good, so once more is enough.
TEST(pager_short_page_reread_once) {
  harness *s = harness_new();
  scripted_on(s->script, PAGE(1), (scripted_answer){.status = 200, .body = hz(1, 2, "ab", 9)});
  scripted_on(s->script, PAGE(2), (scripted_answer){.status = 200, .body = hz(2, 3, "c", 9)});
  scripted_on(s->script, PAGE(3), (scripted_answer){.status = 200, .body = hz(3, 0, "de", 9)});
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_ids(op, "abcde");
  scripted_assert_lines(s->script, PAGE(1), PAGE(2), PAGE(3), PAGE(2));
  imgact_op_free(op);
  harness_free(s);
}

// The account's list of DigitalOcean mixes actions of images with others, which count for the
// page's length.
TEST(pager_dropped_elements_count_for_length) {
  static const char page[] = "{\"actions\":[{\"id\":%d,\"resource_type\":\"image\"},{\"id\":%d,"
                             "\"resource_type\":\"%s\"}],\"links\":{%s}}";
  harness *s = harness_digitalocean();
  for (int i = 1; i <= 3; i++) {
    char body[512], link[64] = "";
    if (i < 3) snprintf(link, sizeof link, "\"pages\":{\"next\":\"/v2/actions?page=%d\"}", i + 1);
    snprintf(body, sizeof body, page, 10 * i, 10 * i + 1, i == 2 ? "droplet" : "image", link);
    scripted_json(s->script, 200, body);
  }
  imgact_op *op = harness_run(imgact_list_actions(s->client, NULL), IMGACT_OK);
  size_t count;
  imgact_op_actions(op, &count);
  assert_int_equal(count, 5);
  assert_int_equal(scripted_count(s->script), 3);
  scripted_assert_used_up(s->script);
  imgact_op_free(op);
  harness_free(s);
}

// A page that is delivered because max_items is reached ends the list, whatever its total says.
TEST(paged_list_limit_ends_at_fall) {
  harness *s = harness_new();
  scripted_json(s->script, 200, hz(1, 2, "ab", 6));
  scripted_json(s->script, 200, hz(2, 3, "de", 5));
  imgact_op_options options = {.flags = IMGACT_OP_FLAG_PAGED, .max_items = 3};
  imgact_op *op = harness_configure(imgact_list_images(s->client, NULL), options);
  check_ids(harness_run(op, IMGACT_OK), "ab");
  check_ids(harness_run(op, IMGACT_OK), "d");
  check_ids(harness_run(op, IMGACT_END), "");
  scripted_assert_lines(s->script, PAGE(1), PAGE(2));
  imgact_op_free(op);
  harness_free(s);
}

// ---- several queries: DigitalOcean has one for each group of types

static const imgact_image_type two_types[] = {IMGACT_IMAGE_TYPE_SYSTEM, IMGACT_IMAGE_TYPE_APP};

static imgact_image_filter filter_two_types(void) {
  return (imgact_image_filter){.size = sizeof(imgact_image_filter),
                               .types = two_types,
                               .types_count = sizeof two_types / sizeof *two_types};
}

#define SYSTEM(n) "GET /v2/images?type=distribution&page=" #n "&per_page=200"
#define APP(n)    "GET /v2/images?type=application&page=" #n "&per_page=200"
#define LINKED(id, next, total)                                                                    \
  "{\"images\":[{\"id\":" #id "}],\"links\":{\"pages\":{\"next\":\"/v2/images?page=" #next         \
  "\"}},\"meta\":{\"total\":" #total "}}"

// Five requests for each of five pages: three of the first query, two of the one that does not
// settle.
TEST(pager_budget_counts_earlier_queries) {
  imgact_image_filter filter = filter_two_types();
  harness *s = harness_digitalocean();
  scripted_on(s->script, SYSTEM(1), (scripted_answer){.status = 200, .body = LINKED(1, 2, 3)});
  scripted_on(s->script, SYSTEM(2), (scripted_answer){.status = 200, .body = LINKED(2, 3, 3)});
  scripted_on(s->script, SYSTEM(3),
              (scripted_answer){.status = 200, .body = "{\"images\":[{\"id\":3}],\"links\":{}}"});
  scripted_on(s->script, APP(1), (scripted_answer){.status = 200, .body = LINKED(4, 2, 4)});
  scripted_on(s->script, APP(2), (scripted_answer){.status = 200, .body = LINKED(5, 3, 3)});
  imgact_op *op = harness_run(imgact_list_images(s->client, &filter), IMGACT_INCOMPLETE);
  assert_non_null(strstr(imgact_op_error(op)->message, "25 requests, with 5 pages"));
  assert_int_equal(scripted_count(s->script), 25);
  imgact_op_free(op);
  harness_free(s);
}

#define PAGES_LIMIT 100000

typedef struct two_lists {
  char body[256];
  size_t requests;
  long long pages; // of each
} two_lists;

static void serve_empty_page(void *user, const imgact_http_request *request,
                             imgact_http_response *response) {
  two_lists *l = user;
  long long page = atoll(strstr(request->url, "&page=") + 6);
  char link[64] = "";
  if (page < l->pages)
    snprintf(link, sizeof link, "\"pages\":{\"next\":\"/v2/images?page=%lld\"}", page + 1);
  response->body_bytes =
      (size_t)snprintf(l->body, sizeof l->body, "{\"images\":[],\"links\":{%s}}", link);
  response->body = l->body;
  l->requests++;
}

TEST(pager_page_limit_spans_queries) {
  imgact_image_filter filter = filter_two_types();
  for (long long pages = PAGES_LIMIT / 2; pages <= PAGES_LIMIT / 2 + 1; pages++) {
    two_lists lists = {.pages = pages};
    imgact_error error;
    imgact_client *client;
    imgact_client_options options = {.size = sizeof options,
                                     .provider_name = "digitalocean",
                                     .token = HARNESS_TOKEN,
                                     .transport =
                                         stress_transport(stress_new(serve_empty_page, &lists, 1))};
    assert_int_equal(imgact_client_new(&options, &client, &error), IMGACT_OK);
    harness_expect(imgact_list_images(client, &filter),
                   pages == PAGES_LIMIT / 2 ? IMGACT_OK : IMGACT_PROTOCOL);
    assert_int_equal(lists.requests, PAGES_LIMIT);
    imgact_client_free(client);
  }
}

int main(void) { return testing_run(NULL, NULL); }
