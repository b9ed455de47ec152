// SPDX-License-Identifier: MIT
/* A pairing heap: the root is the earliest node, and each node has a list of children. Adding a
 * node merges two trees. Removing a node merges its children in pairs, first from left to right,
 * then back. Both take O(log n) amortised time, without recursion. */
#include "heap.h"

#include <stddef.h>

static bool earlier(const ia_heap_node *a, const ia_heap_node *b) {
  return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

/* Merges two trees; each is a root without siblings, or NULL. */
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

/* Merges a list of siblings into one tree. */
static ia_heap_node *merge_siblings(ia_heap_node *list) {
  ia_heap_node *pairs = NULL; /* in reverse order */
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
