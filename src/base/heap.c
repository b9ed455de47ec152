// SPDX-License-Identifier: MIT
/* A pairing heap: the earliest node is the root, every node's children hang on it as a list. Adding
 * merges two trees, removing pairs the children of the removed node up again, from left to right
 * and then back: O(log n) amortised, in loops only. */
#include "heap.h"

#include <stddef.h>

static bool earlier(const ia_heap_node *a, const ia_heap_node *b) {
  return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

/* Both are roots without siblings, or NULL. */
static ia_heap_node *merge(ia_heap_node *a, ia_heap_node *b) {
  if (!a) return b;
  if (!b) return a;
  if (earlier(b, a)) {
    ia_heap_node *swap = a;
    a = b;
    b = swap;
  }
  b->prev = a;
  b->next = a->child;
  if (b->next) b->next->prev = b;
  a->child = b;
  return a;
}

static ia_heap_node *take_first(ia_heap_node **list) {
  ia_heap_node *node = *list;
  if (!node) return NULL;
  *list = node->next;
  node->next = node->prev = NULL;
  return node;
}

/* One tree of a list of siblings. */
static ia_heap_node *merge_siblings(ia_heap_node *list) {
  ia_heap_node *pairs = NULL; /* last first */
  while (list) {
    ia_heap_node *first = take_first(&list);
    ia_heap_node *pair = merge(first, take_first(&list));
    pair->next = pairs;
    pairs = pair;
  }
  ia_heap_node *root = NULL;
  while (pairs) root = merge(root, take_first(&pairs));
  return root;
}

void ia_heap_add(ia_heap *heap, ia_heap_node *node, int64_t due_ms) {
  ia_heap_remove(heap, node);
  *node = (ia_heap_node){.due_ms = due_ms, .order = heap->added++, .in_heap = true};
  heap->root = merge(heap->root, node);
}

void ia_heap_remove(ia_heap *heap, ia_heap_node *node) {
  if (!node->in_heap) return;
  ia_heap_node *rest = merge_siblings(node->child);
  if (node == heap->root) {
    heap->root = rest;
  } else {
    if (node->prev->child == node) {
      node->prev->child = node->next;
    } else {
      node->prev->next = node->next;
    }
    if (node->next) node->next->prev = node->prev;
    heap->root = merge(heap->root, rest);
  }
  node->child = node->next = node->prev = NULL;
  node->in_heap = false;
}

ia_heap_node *ia_heap_first(const ia_heap *heap) { return heap->root; }
