/* SPDX-License-Identifier: MIT */
/*
 * The walk over a list: every query that the call needs, every page of each, until the server says that there is no next
 * one. It ends complete or as an error.
 */
#ifndef IA_PAGER_H
#define IA_PAGER_H

#include "exchange.h"
#include "hashmap.h"

#define IA_PAGER_GROUPS 8

typedef struct ia_pager {
  imgact_client *client;
  const imgact_slot *slot;
  imgact_call call;      /* its pointers are the owner's */
  imgact_result *result; /* the owner's; reset when the walk starts again */
  ia_exchange *exchange;
  void (*done)(struct ia_pager *pager); /* ended: error.status; or, page by page, paused with more to come */
  void *owner;
  ia_hashmap seen; /* which page an id came on */
  ia_buf next;     /* the query of the next page */
  ia_buf token;
  uint32_t groups[IA_PAGER_GROUPS]; /* types per query */
  uint32_t exact[IA_PAGER_GROUPS];
  size_t groups_count, group;
  int64_t page, per_page, limit; /* as asked: this page alone (0 = all), 0 = the provider's, 0 = none */
  ia_request_policy policy;
  int64_t total;               /* as the query's first page told it; -1 */
  size_t first;                /* of the page's items in the result */
  ia_arena_point before;       /* the memory of the result before the page */
  uint32_t pages, group_pages; /* pages seen in all, and when this query began */
  uint32_t asked, local;       /* filters */
  int32_t restarts;
  size_t given; /* items of the pages that were handed out before, page by page */
  bool page_by_page, more, sort_here, new_group;
  bool images; /* of images, else of actions */
  imgact_error error;
  const char *details;
} ia_pager;

/* Fills a zeroed walk and checks the call against the provider: OK, UNSUPPORTED, INVALID_ARGUMENT. Nothing is allocated. */
imgact_status ia_pager_init(ia_pager *pager, imgact_client *client, const imgact_call *call, imgact_error *error);
/* The same check for the page options of a caller; call after they are set. */
imgact_status ia_pager_check(const ia_pager *pager, imgact_error *error);
/* Starts, or goes on with the next page of a paused one. Never calls done from inside; false, with the error set: no memory.
 */
bool ia_pager_start(ia_pager *pager, imgact_result *result);
void ia_pager_stop(ia_pager *pager); /* frees everything; idempotent */

#endif
