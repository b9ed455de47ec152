// SPDX-License-Identifier: MIT
// Links to next pages that contradict the number of the last page.
#include "harness.h"

static const char *page_body(char *text, size_t capacity, int page, int next, int last) {
  snprintf(text, capacity,
           "{\"images\":[{\"id\":%d,\"type\":\"snapshot\"}],\"meta\":{\"pagination\":{"
           "\"page\":%d,\"per_page\":1,\"next_page\":%d,\"last_page\":%d,\"total_entries\":4}}}",
           page, page, next, last);
  return text;
}

static void expect_incomplete(int next, int last, const char *message) {
  char text[512];
  harness *s = harness_new();
  scripted_json(s->script, 200, page_body(text, sizeof text, 1, next, last));
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_INCOMPLETE);
  assert_string_equal(imgact_op_error(op)->message, message);
  size_t count;
  imgact_op_images(op, &count);
  assert_int_equal(count, 0);
  scripted_assert_used_up(s->script);
  imgact_op_free(op);
  harness_free(s);
}

TEST(pager_next_after_last_is_incomplete) {
  expect_incomplete(7, 4, "page 1 links to page 7, but page 4 is the last one; try again later");
  expect_incomplete(2, 1, "page 1 links to page 2, but page 1 is the last one; try again later");
}

TEST(pager_next_skipping_pages_is_incomplete) {
  expect_incomplete(3, 4, "page 1 links to page 3, but page 4 is the last one; try again later");
}

int main(void) { return testing_run(NULL, NULL); }
