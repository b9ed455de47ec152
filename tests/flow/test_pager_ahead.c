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
  char requested[128]; // by page
  char body[512];
} book;

// Page n has the image n.
static bool serve_page(void *user, const scripted_request *request, scripted_answer *answer) {
  book *b = user;
  int page = atoi(strstr(request->target, "page=") + 5);
  bool moved = b->moved_from && page >= b->moved_from && b->requested[page] == 0;
  b->requests++;
  if (page < (int)sizeof b->requested) b->requested[page]++;
  *answer = (scripted_answer){.status = 200, .body = b->body, .delay_ms = b->delay_ms};
  if (page == b->broken || page == b->missing) {
    answer->status = page == b->broken ? 500 : 404;
    answer->body = "{}";
    return true;
  }
  char next[16] = "null";
  if ((size_t)page < b->pages) snprintf(next, sizeof next, "%d", page + 1);
  snprintf(b->body, sizeof b->body,
           "{\"images\":[{\"id\":%d}],\"meta\":{\"pagination\":{\"page\":%d,\"per_page\":1,"
           "\"next_page\":%s,\"last_page\":%zu,\"total_entries\":%zu}}}",
           page, page, next, b->pages, b->pages + moved);
  return true;
}

static harness *open_book(book *b, int32_t concurrency) {
  b->harness = harness_with((harness_options){.client = {.concurrency = concurrency}});
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

// Page 6 shows that something has moved: all is read again behind the last page that is certain.
TEST(ahead_moved_list_is_read_again) {
  book b = {.pages = 12, .moved_from = 6, .delay_ms = 40};
  harness *s = open_book(&b, 0);
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  check_images(op, 12);
  assert_int_equal(b.requested[1], 1);
  for (int page = 2; page <= 10; page++) assert_int_equal(b.requested[page], 2);
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

// Page by page nothing is requested ahead.
TEST(ahead_is_not_for_paged_lists) {
  book b = {.pages = PAGES};
  harness *s = open_book(&b, 0);
  imgact_op *op = harness_configure(imgact_list_images(s->client, NULL),
                                    (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});
  for (size_t page = 1; page <= 5; page++) {
    harness_run(op, IMGACT_OK);
    assert_int_equal(b.requests, page);
  }
  imgact_op_free(op);
  harness_free(s);
}

TEST(ahead_without_memory_ends_cleanly) {
  for (size_t fail_at = 1, failures = 1; failures > 0; fail_at++) {
    book b = {.pages = 12};
    harness *s = b.harness = harness_with((harness_options){.fail_at = fail_at});
    scripted_when(s->script, serve_page, &b);
    imgact_op *op = s->client ? imgact_list_images(s->client, NULL) : NULL;
    imgact_status status = imgact_op_run(op);
    if (status == IMGACT_OK)
      check_images(op, 12);
    else
      assert_int_equal(status, IMGACT_NOMEM);
    imgact_op_free(op);
    failures = s->memory.failures;
    harness_free(s);
  }
}

int main(void) { return testing_run(NULL, NULL); }
