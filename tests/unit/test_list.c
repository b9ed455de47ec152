// SPDX-License-Identifier: MIT
#include "list.h"
#include "testing.h"

typedef struct item {
  int number;
  ia_link link;
} item;

static int order_of(const ia_link *head) {
  int order = 0;
  for (ia_link *at = head->next; at != head; at = at->next)
    order = order * 10 + IA_ENTRY(at, item, link)->number;
  return order;
}

TEST(list_append_keeps_order) {
  ia_link head;
  item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
  ia_list_init(&head);
  assert_true(ia_list_empty(&head));
  for (int i = 0; i < 3; i++) {
    assert_false(ia_linked(&items[i].link));
    ia_list_append(&head, &items[i].link);
    assert_true(ia_linked(&items[i].link));
  }
  assert_int_equal(order_of(&head), 123);
  ia_list_remove(&items[1].link);
  ia_list_remove(&items[1].link);
  assert_int_equal(order_of(&head), 13);
  assert_false(ia_linked(&items[1].link));
  ia_list_append(&head, &items[1].link);
  assert_int_equal(order_of(&head), 132);
}

TEST(list_append_moves_between_lists) {
  ia_link first, second;
  item items[2] = {{.number = 1}, {.number = 2}};
  ia_list_init(&first);
  ia_list_init(&second);
  ia_list_append(&first, &items[0].link);
  ia_list_append(&first, &items[1].link);
  ia_list_append(&second, &items[0].link);
  assert_int_equal(order_of(&first), 2);
  assert_int_equal(order_of(&second), 1);
  ia_list_append(&second, &items[1].link);
  assert_true(ia_list_empty(&first));
  assert_int_equal(order_of(&second), 12);
}

int main(void) { return testing_run(NULL, NULL); }
