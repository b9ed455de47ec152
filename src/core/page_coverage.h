/* SPDX-License-Identifier: MIT */
/*
 * Decides which page of a list to read next, so that a list that changes while it is read lacks
 * nothing: pure. Pages are numbered, so a removed item moves every item after it forward, also from
 * a page that is still to be read onto one that was read. A falling total shows how far.
 */
#ifndef IA_PAGE_COVERAGE_H
#define IA_PAGE_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IA_PAGES_COMPLETE UINT64_MAX

/* How to request a page, as the page before it said, and what it held. */
typedef struct ia_page_ref {
  int64_t number;
  size_t query, cursor; /* offsets in the pager's texts; 0 = none */
  size_t length;        /* items when it was read last, before filters of this library */
  bool read_again;
} ia_page_ref;

typedef struct ia_page_facts {
  uint64_t index; /* of the page, from 0 */
  int64_t total;  /* as it reports; -1 = not reported */
  bool has_next;
} ia_page_facts;

/* Zeroed at the start of a list, except for total = -1. */
typedef struct ia_page_coverage {
  uint64_t pages;        /* that were read at least once */
  uint64_t page, offset; /* the first place that may hold an item that no page showed */
  uint64_t page_size;    /* of the longest page so far */
  int64_t total;         /* the last one that was reported */
  bool complete;         /* there is no such place */
} ia_page_coverage;

/*
 * Takes a page that was read. Returns the index of the page to read next, at most `pages`, or
 * IA_PAGES_COMPLETE: every item that was there throughout has been shown by some page.
 *
 * refs  all pages that were read, with their lengths
 */
uint64_t ia_page_coverage_next(ia_page_coverage *coverage, const ia_page_facts *page,
                               const ia_page_ref *refs);

/* Only the first `pages` pages count as read, and so many items may have moved onto them. Returns
 * the index of the page to read next. */
uint64_t ia_page_coverage_back(ia_page_coverage *coverage, uint64_t pages, uint64_t items,
                               const ia_page_ref *refs);

#endif
