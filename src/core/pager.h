/* SPDX-License-Identifier: MIT */
/*
 * Reads a list: every query that the call needs, every page of each until the server says that
 * there is no next one, and pages again if the list changes meanwhile. It ends complete or as an
 * error.
 */
#ifndef IA_PAGER_H
#define IA_PAGER_H

#include "exchange.h"
#include "item_list.h"
#include "page_coverage.h"
#include "page_window.h"

#define IA_MAX_QUERIES 8
#define IA_PAGED_AHEAD 4 /* the caller may stop after any page, and memory is to stay flat */

/* The queries that together answer the call, one after the other. */
typedef struct ia_query_plan {
  uint32_t types[IA_MAX_QUERIES];       /* that a query is for; 0 = any */
  uint32_t exact_types[IA_MAX_QUERIES]; /* the server returns exactly these */
  size_t count, index;
} ia_query_plan;

typedef struct ia_page_refs {
  ia_page_ref *refs;
  size_t count, capacity;
  uint64_t items; /* sum over all pages, by their latest readings */
  ia_buf texts;
} ia_page_refs;

/* As asked. */
typedef struct ia_page_options {
  int64_t page;      /* this page alone; 0 = all */
  int64_t per_page;  /* 0 = as many as the provider allows */
  int64_t max_items; /* 0 = all */
  bool paged;        /* each page is delivered by itself */
  size_t ahead;      /* pages that may be requested before their turn; 0 and 1 = none; paged: at
                        most IA_PAGED_AHEAD */
} ia_page_options;

typedef enum ia_pager_state {
  IA_PAGER_NEW,
  IA_PAGER_READING, /* a page */
  IA_PAGER_ASKING,  /* for an item that its page does not hold any more */
  IA_PAGER_PAUSED,  /* a page is delivered, and there may be more */
  IA_PAGER_ENDED
} ia_pager_state;

/* What each page of the window has to report, too: otherwise something has moved. */
typedef struct ia_page_base {
  int64_t total, last_number;
  uint64_t length;  /* of the first page */
  uint64_t dropped; /* requests of windows that were dropped */
  bool moved;       /* in this query: the rest is read page by page */
} ia_page_base;

typedef struct ia_pager {
  imgact_client *client;
  const imgact_slot *slot;
  imgact_call call;                     /* its pointers are the owner's */
  imgact_result *result;                /* the owner's */
  void (*done)(struct ia_pager *pager); /* ended with error.status, or paused */
  void *owner;
  ia_request_policy policy;
  ia_page_options options;
  ia_pager_state state;
  ia_exchange *exchange;
  ia_query_plan queries;
  ia_page_refs pages;        /* of the query */
  ia_page_coverage coverage; /* of the query */
  uint64_t index;            /* of the page that is read or is next */
  size_t checked_until; /* index of a page; after all pages were read, short pages below it were
                           read again; initially 0 */
  ia_item_list items;
  ia_item_entry *asked;   /* in state ASKING */
  imgact_pagination last; /* what the last page said */
  ia_page_window window;
  ia_timer resume;   /* a page of the window is there when the caller goes on */
  ia_page_base base; /* of the window */
  uint64_t requests, pages_of_earlier_queries;
  uint64_t delivered;                                      /* items of earlier pages */
  uint64_t before_query;                                   /* items of earlier queries */
  uint32_t requested_filters, local_filters, left_filters; /* left: by encode, to this library */
  bool sort_locally;
  bool changed; /* the total of a page differs from that of the page before */
  imgact_error error;
  const char *details;
} ia_pager;

/* Fills a zeroed pager and checks the call against the provider: OK, UNSUPPORTED, INVALID_ARGUMENT.
 * Nothing is allocated. */
imgact_status ia_pager_init(ia_pager *pager, imgact_client *client, const imgact_call *call,
                            imgact_error *error);
/* The same check for the options of a caller; call after they are set. */
imgact_status ia_pager_check(const ia_pager *pager, imgact_error *error);
/* Starts, or goes on with the next page of a paused one. Never calls done from inside; false, with
 * the error set: no memory.
 */
bool ia_pager_start(ia_pager *pager, imgact_result *result);
void ia_pager_stop(ia_pager *pager); /* frees everything; idempotent */
/* Returns the error that the pager is retrying after; NULL = none. */
const imgact_error *ia_pager_cause(const ia_pager *pager);
/* Returns until when the rate limit delays the next page, monotonic; IA_NEVER = it does not. */
int64_t ia_pager_delayed_until_ms(const ia_pager *pager);

#endif
