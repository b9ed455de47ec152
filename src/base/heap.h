/* SPDX-License-Identifier: MIT */
/* A pairing heap of times: intrusive, so adding and removing a timer can not fail. */
#ifndef IA_HEAP_H
#define IA_HEAP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ia_heap_node {
  struct ia_heap_node *child, *next,
      *prev; /* prev: the left sibling, or the parent of a first child */
  int64_t due_ms;
  uint64_t order; /* equal times come in the order in which they were added */
  bool in_heap;
} ia_heap_node;

typedef struct ia_heap {
  ia_heap_node *root;
  uint64_t added;
} ia_heap;

void ia_heap_add(ia_heap *heap, ia_heap_node *node,
                 int64_t due_ms);                       /* moves a node that is in already */
void ia_heap_remove(ia_heap *heap, ia_heap_node *node); /* does nothing to a node that is not in */
ia_heap_node *ia_heap_first(const ia_heap *heap);       /* earliest, or NULL */

#endif
