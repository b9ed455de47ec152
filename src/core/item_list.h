/* SPDX-License-Identifier: MIT */
/* The items of a list while it is read: each id once, as it was seen last, in the order of the
 * pages. */
#ifndef IA_ITEM_LIST_H
#define IA_ITEM_LIST_H

#include "hashmap.h"
#include "result.h"

typedef enum ia_item_kind { IA_ITEM_IMAGE, IA_ITEM_ACTION, IA_ITEM_REGION } ia_item_kind;

typedef struct ia_item_entry {
  void *item;
  uint32_t page, position; /* where it was seen last */
  uint32_t reading;        /* when */
  uint32_t previous, next; /* in its chain: index + 1, 0 = none */
  bool is_new;             /* seen in one reading only */
  bool missing;            /* its page was read again and does not hold it any more */
  bool gone; /* it does not exist any more, or the filters do not let it pass any more */
} ia_item_entry;

typedef struct ia_item_chain {
  uint32_t first, last; /* index + 1, 0 = none */
} ia_item_chain;

typedef struct ia_item_list {
  imgact_result *result;  /* the owner's; items are decoded into it */
  ia_hashmap ids;         /* to the entry, or to the reading if pages are delivered one by one */
  ia_item_entry *entries; /* unless pages are delivered one by one */
  size_t count, capacity, gone;
  ia_item_chain missing; /* the entries to request by their ids */
  ia_item_chain *pages;  /* the other entries that are not gone, by page */
  size_t pages_count, pages_capacity;
  size_t response_start;         /* in the result, of what the last response brought */
  ia_arena_point mark;           /* of the result's memory before that response */
  uint32_t page, first_of_query; /* the page that is taken, and the first one of the same query */
  uint32_t reading;
  ia_item_kind kind;
  bool deliver_pages;
  bool in_order; /* as the entries stand */
  bool in_use;   /* the list keeps something of the last response */
  bool repeated; /* the page that was taken holds an item of another page of the query */
} ia_item_list;

void ia_item_list_init(ia_item_list *list, const imgact_allocator *allocator, uint64_t seed,
                       ia_item_kind kind);
void ia_item_list_free(ia_item_list *list);
/* Forgets everything: the list is read from its start. */
void ia_item_list_start(ia_item_list *list, imgact_result *result);
/* Forgets the items of the page that was delivered, not their ids. */
void ia_item_list_delivered(ia_item_list *list);

/* Call before each request. */
void ia_item_list_mark(ia_item_list *list);
/* Number of items that the response brought, and one of them. */
size_t ia_item_list_response_count(const ia_item_list *list);
void *ia_item_list_response_item(const ia_item_list *list, size_t position);
/* Takes the page that the response brought: begin, take for each item (passes: the local filters
 * accept it), end. again: the page was read before. take returns false if there is no memory. */
void ia_item_list_begin_page(ia_item_list *list, uint32_t page, uint32_t first_of_query);
bool ia_item_list_take(ia_item_list *list, size_t position, bool passes);
void ia_item_list_end_page(ia_item_list *list, bool again);
/* Number of items: of the list, or of the page to deliver. */
size_t ia_item_list_count(const ia_item_list *list);

/* An item of this query to ask the API for by its id; NULL: there is none. */
ia_item_entry *ia_item_list_missing(ia_item_list *list);
const char *ia_item_list_id(const ia_item_list *list, const ia_item_entry *entry);
/* Result of the request for the item's id: found (passes: the local filters accept it), not found,
 * or unknown (the item is kept). */
void ia_item_list_found(ia_item_list *list, ia_item_entry *entry, bool passes);
void ia_item_list_not_found(ia_item_list *list, ia_item_entry *entry);
void ia_item_list_keep(ia_item_list *list, ia_item_entry *entry);

/* Drops what is gone and orders the rest by page and position. */
void ia_item_list_finish(ia_item_list *list);
/* Keeps the first items of the result; 0 = all. */
void ia_item_list_cut(ia_item_list *list, size_t max_items);

#endif
