/* SPDX-License-Identifier: MIT */
/* A pairing heap ordered by time. Nodes are members of the caller's structs, so that adding and
 * removing cannot fail. */
#ifndef IA_HEAP_H
#define IA_HEAP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ia_heap_node {
  struct ia_heap_node *child, *next,
      *prev; /* prev: the left sibling; of a first child, the parent */
  int64_t due_ms;
  uint64_t order; /* equal times keep the order in which they were added */
  bool in_heap;
} ia_heap_node;

typedef struct ia_heap {
  ia_heap_node *root;
  uint64_t added;
} ia_heap;

void ia_heap_add(ia_heap *heap, ia_heap_node *node,
                 int64_t due_ms); /* moves a node that is already in the heap */
void ia_heap_remove(ia_heap *heap,
                    ia_heap_node *node);          /* no effect if the node is not in the heap */
ia_heap_node *ia_heap_first(const ia_heap *heap); /* the earliest node, or NULL */

#endif
