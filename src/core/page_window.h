/* SPDX-License-Identifier: MIT */
/*
 * Pages of a list that are requested before their turn, several at the same time. The pager takes
 * them in order. It may use them only while nothing moves: see pager.c.
 */
#ifndef IA_PAGE_WINDOW_H
#define IA_PAGE_WINDOW_H

#include "exchange.h"

typedef struct ia_page_fetch {
  ia_exchange *exchange; /* first: the owner of its exchange */
  imgact_result result;  /* of this page alone */
  struct ia_page_window *window;
  uint64_t taken; /* pages before this index had been taken when it was requested */
  bool arrived;
} ia_page_fetch;

typedef struct ia_page_window {
  imgact_client *client;
  ia_request_policy policy;
  ia_page_fetch *fetches; /* ring of `capacity` */
  size_t capacity, head, count;
  uint64_t index; /* of the page at the head */
  /* A page at the head has arrived, or failed. */
  void (*arrived)(struct ia_page_window *window);
  void *owner;
} ia_page_window;

/* Opens a window for so many pages, from this index on; client, policy, arrived and owner are set.
 * false: no memory. */
bool ia_page_window_open(ia_page_window *window, size_t capacity, uint64_t index);
bool ia_page_window_is_open(const ia_page_window *window);
/* Requests the page after the last one of the window, which must have room. false: no memory. */
bool ia_page_window_request(ia_page_window *window, const imgact_call *call, bool keep_raw);
/* Returns the page at the head; NULL if the window is empty. */
ia_page_fetch *ia_page_window_head(const ia_page_window *window);
/* Frees the page at the head; the next one becomes the head. */
void ia_page_window_pop(ia_page_window *window);
/* Cancels and frees all pages; may be called repeatedly. */
void ia_page_window_close(ia_page_window *window);

#endif
