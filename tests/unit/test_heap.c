// SPDX-License-Identifier: MIT
#include "heap.h"
#include "testing.h"

#define NODES 500

typedef struct model {
  ia_heap heap;
  ia_heap_node nodes[NODES];
  uint64_t added_as[NODES]; // number of the addition; 0 = not in the heap
  uint64_t added;
} model;

// Finds the earliest node by a linear search.
static ia_heap_node *expected_first(model *m) {
  size_t first = NODES;
  for (size_t i = 0; i < NODES; i++) {
    if (m->added_as[i] == 0) continue;
    if (first == NODES || m->nodes[i].due_ms < m->nodes[first].due_ms ||
        (m->nodes[i].due_ms == m->nodes[first].due_ms && m->added_as[i] < m->added_as[first])) {
      first = i;
    }
  }
  return first == NODES ? NULL : &m->nodes[first];
}

TEST(heap_random_operations_match_linear_search) {
  static model m;
  memset(&m, 0, sizeof m);
  uint64_t random = 42;

  for (int turn = 0; turn < 50000; turn++) {
    size_t i = testing_below(&random, NODES);
    bool growing = turn / 2000 % 2 == 0;
    size_t dice = testing_below(&random, 10);
    if (dice < (growing ? 7u : 3u)) {
      ia_heap_add(&m.heap, &m.nodes[i],
                  (int64_t)testing_below(&random, 40) - 20); // many equal times
      m.added_as[i] = ++m.added;
    } else if (dice < 8) {
      ia_heap_remove(&m.heap, &m.nodes[i]);
      m.added_as[i] = 0;
    } else if (ia_heap_first(&m.heap) != NULL) {
      ia_heap_node *first = ia_heap_first(&m.heap);
      ia_heap_remove(&m.heap, first);
      m.added_as[first - m.nodes] = 0;
    }
    assert_ptr_equal(ia_heap_first(&m.heap), expected_first(&m));
    assert_int_equal(m.nodes[i].in_heap, m.added_as[i] != 0);
  }
}

TEST(heap_equal_times_keep_order) {
  static ia_heap_node nodes[6];
  const int64_t due[] = {5, INT64_MIN, 5, INT64_MAX, 0, 5};
  const size_t order[] = {1, 4, 0, 2, 5, 3};
  ia_heap heap = {0};
  for (size_t i = 0; i < 6; i++) ia_heap_add(&heap, &nodes[i], due[i]);
  for (size_t i = 0; i < 6; i++) {
    assert_ptr_equal(ia_heap_first(&heap), &nodes[order[i]]);
    ia_heap_remove(&heap, &nodes[order[i]]);
  }
  assert_null(ia_heap_first(&heap));
}

TEST(heap_add_again_moves_node) {
  ia_heap heap = {0};
  ia_heap_node a = {0}, b = {0};
  ia_heap_add(&heap, &a, 1);
  ia_heap_add(&heap, &b, 2);
  ia_heap_add(&heap, &a, 3);
  assert_ptr_equal(ia_heap_first(&heap), &b);
  ia_heap_add(&heap, &a, 2); // the same time, but later
  assert_ptr_equal(ia_heap_first(&heap), &b);
  ia_heap_remove(&heap, &b);
  assert_ptr_equal(ia_heap_first(&heap), &a);
}

TEST(heap_remove_absent_node_does_nothing) {
  ia_heap heap = {0};
  ia_heap_node in = {0}, out = {0};
  ia_heap_add(&heap, &in, 1);
  ia_heap_remove(&heap, &out);
  ia_heap_remove(&heap, &in);
  ia_heap_remove(&heap, &in);
  assert_null(ia_heap_first(&heap));
}

// A million children of one root: recursion or quadratic time would fail.
TEST(heap_million_nodes_needs_no_recursion) {
  enum { MANY = 1000000 };
  ia_heap heap = {0};
  ia_heap_node *nodes = calloc(MANY, sizeof *nodes);
  assert_non_null(nodes);
  for (int64_t i = 0; i < MANY; i++) ia_heap_add(&heap, &nodes[i], i);
  for (int64_t i = 0; i < MANY; i++) {
    assert_ptr_equal(ia_heap_first(&heap), &nodes[i]);
    ia_heap_remove(&heap, &nodes[i]);
  }
  assert_null(ia_heap_first(&heap));
  free(nodes);
}

int main(void) { return testing_run(NULL, NULL); }
