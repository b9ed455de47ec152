/* SPDX-License-Identifier: MIT */
/* A doubly linked, intrusive, circular list. A link that is not in a list points to itself or is
 * zeroed. */
#ifndef IA_LIST_H
#define IA_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ia_link {
  struct ia_link *next, *prev;
} ia_link;

#define IA_ENTRY(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void ia_list_init(ia_link *head) { head->next = head->prev = head; }
static inline bool ia_list_empty(const ia_link *head) { return head->next == head; }
static inline bool ia_linked(const ia_link *link) { return link->next && link->next != link; }
static inline void ia_list_remove(ia_link *link) {
  if (!ia_linked(link)) return;
  link->prev->next = link->next;
  link->next->prev = link->prev;
  link->next = link->prev = link;
}
static inline void ia_list_append(ia_link *head, ia_link *link) {
  ia_list_remove(link);
  link->prev = head->prev;
  link->next = head;
  head->prev->next = link;
  head->prev = link;
}

#endif
