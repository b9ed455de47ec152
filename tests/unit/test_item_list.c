// SPDX-License-Identifier: MIT
// How long a list takes whose pages are read again and again.
#include "item_list.h"
#include "testing.h"
#include <time.h>

enum { BIG_PAGES = 50, BIG_PAGE = 10000, SMALL_PAGES = 4000 };

static ia_item_list list;
static imgact_result result;
static char (*ids)[16];

static void take_page(uint32_t page, uint32_t first_item, uint32_t count, bool again) {
  ia_item_list_mark(&list);
  for (uint32_t i = 0; i < count; i++) {
    imgact_image *image = imgact_result_add_image(&result, NULL);
    image->id = ids[first_item + i];
  }
  ia_item_list_begin_page(&list, page, 0);
  for (uint32_t i = 0; i < count; i++) assert_true(ia_item_list_take(&list, i, true));
  ia_item_list_end_page(&list, again);
  ia_result_begin_reply(&result);
}

static double seconds(clock_t since) { return (double)(clock() - since) / CLOCKS_PER_SEC; }

// The time of a second reading does not depend on the length of the list.
TEST(item_list_rereading_takes_linear_time) {
  const uint32_t count = BIG_PAGES * BIG_PAGE + SMALL_PAGES;
  ids = calloc(count, sizeof *ids);
  assert_non_null(ids);
  for (uint32_t i = 0; i < count; i++) snprintf(ids[i], sizeof ids[i], "%u", (unsigned)i);
  ia_result_init(&result, NULL, "example", false);
  ia_item_list_init(&list, NULL, 1, true);
  ia_item_list_start(&list, &result);

  clock_t start = clock();
  for (uint32_t page = 0; page < BIG_PAGES; page++)
    take_page(page, page * BIG_PAGE, BIG_PAGE, false);
  for (uint32_t i = 0; i < SMALL_PAGES; i++)
    take_page(BIG_PAGES + i, BIG_PAGES * BIG_PAGE + i, 1, false);
  double first = seconds(start);
  start = clock();
  for (uint32_t i = 0; i < SMALL_PAGES; i++) {
    take_page(BIG_PAGES + i, BIG_PAGES * BIG_PAGE + i, 1, true);
    assert_null(ia_item_list_missing(&list));
  }
  double second = seconds(start);
  print_message("# %.3f s, then %.3f s\n", first, second);
  assert_int_equal(ia_item_list_count(&list), count);
  assert_true(second < first);

  ia_item_list_free(&list);
  ia_result_free(&result);
  free(ids);
}

int main(void) { return testing_run(NULL, NULL); }
