// SPDX-License-Identifier: MIT
// Pages of a list that are requested before their turn.
#include "harness.h"

#define PAGES 40

typedef struct book {
  harness *harness;
  size_t pages, requests, in_flight_at_once;
  int64_t delay_ms;
  int moved_from;      // this page and later ones report another total; 0 = none
  int missing, broken; // pages that answer 404 or 500; 0 = none
  int repeating;       // page that shows the item of the page before it, once; 0 = none
  int odd_link;        // the link to this page has a parameter of its own; 0 = none
  int removing;        // before this page is served first, the first two items are removed, and
                       // before the next one, two are added at the end; 0 = none
  bool links, actions; // as DigitalOcean writes them; instead of images
  size_t odd_requests;
  char requested[128]; // by page
  char body[512];
} book;

static void write_links(book *b, int page, size_t total) {
  char next[128] = "";
  if ((size_t)page < b->pages)
    snprintf(next, sizeof next, "\"next\":\"https://a.example/v2/images?page=%d%s\",", page + 1,
             page + 1 == b->odd_link ? "&hint=7" : "");
  snprintf(b->body + strlen(b->body), sizeof b->body - strlen(b->body),
           "\"links\":{\"pages\":{%s\"last\":\"https://a.example/v2/images?page=%zu\"}},"
           "\"meta\":{\"total\":%zu}}",
           next, b->pages, total);
}

static void write_numbers(book *b, int page, size_t total) {
  char next[16] = "null";
  if ((size_t)page < b->pages) snprintf(next, sizeof next, "%d", page + 1);
  snprintf(b->body + strlen(b->body), sizeof b->body - strlen(b->body),
           "\"meta\":{\"pagination\":{\"page\":%d,\"per_page\":1,\"next_page\":%s,"
           "\"last_page\":%zu,\"total_entries\":%zu}}}",
           page, next, b->pages, total);
}

// Page n has the item n.
static bool serve_page(void *user, const scripted_request *request, scripted_answer *answer) {
  book *b = user;
  const char *number = strstr(request->target, "page=");
  if (!number) { // an item
    scripted_answer gone = {.status = 404, .body = "{\"error\":{\"code\":\"not_found\"}}"};
    *answer = gone;
    return true;
  }
  int page = atoi(number + 5), removed = b->removing && b->requested[b->removing] ? 2 : 0;
  bool first = page >= (int)sizeof b->requested || b->requested[page] == 0;
  bool moved = b->moved_from && page >= b->moved_from && first;
  b->requests++;
  b->odd_requests += strstr(request->target, "hint=7") != NULL;
  if (page < (int)sizeof b->requested) b->requested[page]++;
  *answer = (scripted_answer){.status = 200, .body = b->body, .delay_ms = b->delay_ms};
  if (page == b->broken || page == b->missing) {
    answer->status = page == b->broken ? 500 : 404;
    answer->body = "{}";
    return true;
  }

  bool removes = first && page == b->removing;
  if (removes) removed = 2;
  snprintf(b->body, sizeof b->body, "{\"%s\":[{\"id\":%d,\"status\":\"running\"}],",
           b->actions ? "actions" : "images", page + removed - (page == b->repeating && first));
  (b->links ? write_links : write_numbers)(b, page, b->pages + moved - (removes ? 2 : 0));
  return true;
}

static harness *open_book(book *b, int32_t concurrency) {
  b->harness = harness_with(
      (harness_options){.digitalocean = b->links, .client = {.concurrency = concurrency}});
  scripted_when(b->harness->script, serve_page, b);
  return b->harness;
}

static void check_images(const imgact_op *op, size_t expected) {
  size_t count;
  const imgact_image *const *images = imgact_op_images(op, &count);
  assert_int_equal(count, expected);
  for (size_t i = 0; i < count; i++) assert_int_equal(atoi(images[i]->id), (int)i + 1);
}

// The first two pages are read in order.
TEST(ahead_hides_delays) {
  static const struct {
    int32_t concurrency;
    int64_t delays;
  } cases[] = {{0, 7}, {64, 3}, {1, PAGES}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    book b = {.pages = PAGES, .delay_ms = 40};
    harness *s = open_book(&b, cases[i].concurrency);
    imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
    check_images(op, PAGES);
    assert_int_equal(b.requests, PAGES);
    assert_int_equal(scripted_now_ms(s->script), 40 * cases[i].delays);
    imgact_op_free(op);
    harness_free(s);
  }
}

TEST(ahead_stops_at_limit) {
  book b = {.pages = PAGES};
  harness *s = open_book(&b, 0);
  imgact_op *op =
      harness_configure(imgact_list_images(s->client, NULL), (imgact_op_options){.max_items = 5});
  harness_run(op, IMGACT_OK);
  check_images(op, 5);
  assert_int_equal(b.requests, 5);
  imgact_op_free(op);
  harness_free(s);
}

// Page 6 shows that something has moved: the pages that may be affected are read again.
TEST(ahead_moved_list_is_read_again) {
  book b = {.pages = 12, .moved_from = 6, .delay_ms = 40};
  harness *s = open_book(&b, 0);
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_images(op, 12);
  for (int page = 1; page <= 10; page++) assert_int_equal(b.requested[page], 2);
  imgact_op_free(op);
  harness_free(s);
}

TEST(ahead_missing_page_is_asked_again) {
  book b = {.pages = 6, .missing = 5};
  harness *s = open_book(&b, 0);
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_NOT_FOUND);
  check_images(op, 0);
  assert_int_equal(b.requested[5], 2);
  imgact_op_free(op);
  harness_free(s);
}

TEST(ahead_failed_page_fails_list) {
  book b = {.pages = 6, .broken = 4};
  harness *s = open_book(&b, 0);
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_UNAVAILABLE);
  check_images(op, 0);
  imgact_op_free(op);
  harness_free(s);
}

TEST(ahead_reads_actions) {
  book b = {.pages = 12, .actions = true, .delay_ms = 40};
  harness *s = open_book(&b, 64);
  size_t count;
  imgact_op *op = harness_run(imgact_list_actions(s->client, NULL), IMGACT_OK);
  const imgact_action *const *actions = imgact_op_actions(op, &count);
  assert_int_equal(count, 12);
  for (size_t i = 0; i < count; i++) assert_int_equal(atoi(actions[i]->id), (int)i + 1);
  assert_int_equal(scripted_now_ms(s->script), 3 * 40);
  imgact_op_free(op);
  harness_free(s);
}

TEST(ahead_follows_links) {
  book b = {.pages = 12, .links = true, .delay_ms = 40};
  harness *s = open_book(&b, 64);
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_images(op, 12);
  assert_int_equal(b.requests, 12);
  assert_int_equal(scripted_now_ms(s->script), 3 * 40);
  imgact_op_free(op);
  harness_free(s);
}

// A link that asks for more than the page's number is followed as it is, and then page by page.
TEST(ahead_obeys_odd_link) {
  book b = {.pages = 12, .links = true, .odd_link = 5};
  harness *s = open_book(&b, 64);
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_images(op, 12);
  assert_int_equal(b.odd_requests, 1);
  for (int page = 1; page <= 4; page++) assert_int_equal(b.requested[page], 1);
  for (int page = 5; page <= 12; page++) assert_int_equal(b.requested[page], 2);
  imgact_op_free(op);
  harness_free(s);
}

// An item on two pages: something was added at the front, and pushed others to later pages.
TEST(ahead_repeated_item_restarts) {
  book b = {.pages = 12, .repeating = 6, .delay_ms = 40};
  harness *s = open_book(&b, 64);
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_images(op, 12);
  assert_int_equal(b.requested[6], 2);
  imgact_op_free(op);
  harness_free(s);
}

// Two items move from page 3 and 4 to the first two pages. A later total hides it.
TEST(ahead_hidden_removal_leads_back) {
  book b = {.pages = 12, .removing = 5, .delay_ms = 40};
  harness *s = open_book(&b, 8);
  size_t count;
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  const imgact_image *const *images = imgact_op_images(op, &count);
  assert_int_equal(count, 12);
  for (size_t i = 0; i < count; i++) assert_int_equal(atoi(images[i]->id), (int)i + 3);
  assert_int_equal(b.requested[1], 2);
  imgact_op_free(op);
  harness_free(s);
}

// The order of a list that the library sorts needs all pages, whatever the limit.
TEST(ahead_sorted_list_ignores_limit) {
  book b = {.pages = 12, .links = true};
  harness *s = open_book(&b, 64);
  const char *const sort[] = {"id:desc"};
  imgact_image_filter filter = {.size = sizeof filter, .sort = sort, .sort_count = 1};
  imgact_op *op = harness_configure(imgact_list_images(s->client, &filter),
                                    (imgact_op_options){.max_items = 1});
  harness_run(op, IMGACT_OK);
  assert_string_equal(imgact_op_image(op)->id, "12");
  assert_int_equal(b.requests, 12);
  imgact_op_free(op);
  harness_free(s);
}

TEST(ahead_cancelled_list_ends) {
  book b = {.pages = PAGES, .delay_ms = 40};
  harness *s = open_book(&b, 0);
  imgact_op *op = imgact_list_images(s->client, NULL);
  imgact_op_start(op, NULL, NULL);
  while (scripted_now_ms(s->script) < 100) imgact_loop_dispatch(s->loop);
  imgact_op_cancel(op);
  assert_status(op, IMGACT_CANCELLED);
  imgact_op_free(op);
  harness_free(s);
}

static imgact_op *run_paged(harness *s, int64_t max_items) {
  return harness_configure(
      imgact_list_images(s->client, NULL),
      (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED, .max_items = max_items});
}

// The pages that are there already are delivered without a delay.
TEST(ahead_paged_requests_four_pages) {
  book b = {.pages = PAGES, .delay_ms = 40};
  harness *s = open_book(&b, 64);
  imgact_op *op = run_paged(s, 0);
  for (size_t page = 1; page <= PAGES; page++) {
    size_t count;
    harness_run(op, IMGACT_OK);
    assert_int_equal(atoi(imgact_op_images(op, &count)[0]->id), page);
    assert_int_equal(count, 1);
    if (page == 1) assert_int_equal(b.requests, 1); // before the second page, nothing is certain
    assert_true(b.requests <= page + 4);
  }
  harness_run(op, IMGACT_END);
  assert_int_equal(b.requests, PAGES);
  assert_true(scripted_now_ms(s->script) <= 40 * (2 + (PAGES - 2 + 3) / 4));
  imgact_op_free(op);
  harness_free(s);
}

TEST(ahead_paged_stops_at_limit) {
  book b = {.pages = PAGES};
  harness *s = open_book(&b, 0);
  imgact_op *op = run_paged(s, 7);
  for (size_t page = 1; page <= 7; page++) harness_run(op, IMGACT_OK);
  harness_run(op, IMGACT_END);
  assert_int_equal(b.requests, 7);
  imgact_op_free(op);
  harness_free(s);
}

// At any page, with requests on their way.
TEST(ahead_paged_can_be_freed) {
  for (size_t pages = 1; pages <= 6; pages++) {
    book b = {.pages = PAGES, .delay_ms = 40};
    harness *s = open_book(&b, 0);
    imgact_op *op = run_paged(s, 0);
    for (size_t page = 1; page <= pages; page++) harness_run(op, IMGACT_OK);
    imgact_op_free(op);
    imgact_op_free(harness_run(imgact_list_images(s->client, NULL), IMGACT_OK));
    harness_free(s);
  }
}

// The last pages answer 404, or 500 for good, while the caller has an earlier one.
TEST(ahead_paged_errors_come_in_turn) {
  static const book books[] = {{.pages = 8, .broken = 6}, {.pages = 8, .missing = 6}};
  for (size_t i = 0; i < 2; i++) {
    book b = books[i];
    harness *s = open_book(&b, 0);
    imgact_op *op = run_paged(s, 0);
    for (size_t page = 1; page <= 5; page++) harness_run(op, IMGACT_OK);
    assert_int_not_equal(imgact_op_run(op), IMGACT_OK);
    imgact_op_free(op);
    harness_free(s);
  }
}

static imgact_op *list(const book *b, imgact_client *client) {
  if (!client) return NULL;
  return b->actions ? imgact_list_actions(client, NULL) : imgact_list_images(client, NULL);
}

// Returns how many items were delivered.
static size_t run_all(imgact_op *op, bool paged, imgact_status *status) {
  size_t items = 0, images, actions;
  while ((*status = imgact_op_run(op)) == IMGACT_OK) {
    imgact_op_images(op, &images);
    imgact_op_actions(op, &actions);
    items += images + actions;
    if (!paged) break;
  }
  return items;
}

TEST(ahead_without_memory_ends_cleanly) {
  static const book books[] = {{.pages = 12},
                               {.pages = 12, .actions = true},
                               {.pages = 8, .moved_from = 6},
                               {.pages = 8, .links = true, .odd_link = 5}};
  for (size_t i = 0; i < 2 * sizeof books / sizeof *books; i++)
    for (size_t fail_at = 1, failures = 1; failures > 0; fail_at++) {
      book b = books[i / 2];
      bool paged = i % 2;
      harness *s = b.harness =
          harness_with((harness_options){.digitalocean = b.links, .fail_at = fail_at});
      scripted_when(s->script, serve_page, &b);
      imgact_op *op = list(&b, s->client);
      imgact_op_options options = {.size = sizeof options,
                                   .flags = paged ? IMGACT_OP_FLAG_PAGED : 0};
      imgact_op_set_options(op, &options);
      imgact_status status;
      size_t items = run_all(op, paged, &status);
      if (status != IMGACT_NOMEM) assert_int_equal(items, b.pages);
      if (status != IMGACT_NOMEM) assert_int_equal(status, paged ? IMGACT_END : IMGACT_OK);
      imgact_op_free(op);
      failures = s->memory.failures;
      harness_free(s);
    }
}

int main(void) { return testing_run(NULL, NULL); }
