// SPDX-License-Identifier: MIT
// Pages that are read again: which items are requested by their ids, and how long it takes.
#include "item_list.h"
#include "testing.h"
#include <time.h>

enum { BIG_PAGES = 50, BIG_PAGE = 10000, SMALL_PAGES = 4000 };

static ia_item_list list;
static imgact_result result;
static char (*ids)[16];

static void open_list(uint32_t count) {
  ids = calloc(count, sizeof *ids);
  assert_non_null(ids);
  for (uint32_t i = 0; i < count; i++) snprintf(ids[i], sizeof ids[i], "%u", (unsigned)i);
  ia_result_init(&result, NULL, "example", false);
  ia_item_list_init(&list, NULL, 1, IA_ITEM_IMAGE);
  ia_item_list_start(&list, &result);
}

static void close_list(void) {
  ia_item_list_free(&list);
  ia_result_free(&result);
  free(ids);
}

static uint32_t first_of_query;

static void take_page(uint32_t page, uint32_t first_item, uint32_t count, bool again) {
  ia_item_list_mark(&list);
  for (uint32_t i = 0; i < count; i++) {
    imgact_image *image = imgact_result_add_image(&result, NULL);
    image->id = ids[first_item + i];
  }
  ia_item_list_begin_page(&list, page, first_of_query);
  for (uint32_t i = 0; i < count; i++) assert_true(ia_item_list_take(&list, i, true));
  ia_item_list_end_page(&list, again);
  ia_result_begin_reply(&result);
}

static double seconds(clock_t since) { return (double)(clock() - since) / CLOCKS_PER_SEC; }

TEST(item_list_missing_items_in_order) {
  open_list(10);
  first_of_query = 0;
  take_page(0, 0, 4, false);
  take_page(1, 4, 3, false);
  take_page(0, 2, 1, true);
  for (int id = 0; id < 4; id++) {
    if (id == 2) continue;
    ia_item_entry *entry = ia_item_list_missing(&list);
    assert_non_null(entry);
    assert_int_equal(atoi(ia_item_list_id(&list, entry)), id);
    if (id == 1)
      ia_item_list_not_found(&list, entry);
    else
      ia_item_list_keep(&list, entry);
  }
  assert_null(ia_item_list_missing(&list));
  take_page(1, 3, 1, true); // 3 is back, and 4, 5 and 6 are missing
  for (int id = 4; id < 7; id++) {
    assert_int_equal(atoi(ia_item_list_id(&list, ia_item_list_missing(&list))), id);
    ia_item_list_keep(&list, ia_item_list_missing(&list));
  }
  take_page(0, 2, 1, true); // 0 still is; 1 does not exist
  assert_int_equal(atoi(ia_item_list_id(&list, ia_item_list_missing(&list))), 0);
  assert_int_equal(ia_item_list_count(&list), 6);
  close_list();
}

TEST(item_list_next_query_forgets_missing) {
  open_list(4);
  first_of_query = 0;
  take_page(0, 0, 2, false);
  take_page(0, 1, 1, true);
  assert_non_null(ia_item_list_missing(&list));
  first_of_query = 1;
  take_page(1, 2, 1, false);
  assert_null(ia_item_list_missing(&list));
  assert_int_equal(ia_item_list_count(&list), 3);
  first_of_query = 0;
  close_list();
}

// The time of a second reading does not depend on the length of the list.
TEST(item_list_rereading_takes_linear_time) {
  const uint32_t count = BIG_PAGES * BIG_PAGE + SMALL_PAGES;
  open_list(count);
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

  close_list();
}

int main(void) { return testing_run(NULL, NULL); }
