/* SPDX-License-Identifier: MIT */
/*
 * Decides which page of a list to read next, so that a list that changes while it is read lacks
 * nothing: pure. Pages are cut by number, so a removed item moves everything behind it forward,
 * from pages that are still to come onto pages that have been read. A total that falls shows how
 * far.
 *
 * Places are counted from 0 through the pages. `seen_until` is the first place that may hold an
 * item that no page showed.
 */
#ifndef IA_PAGE_COVERAGE_H
#define IA_PAGE_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IA_PAGES_COMPLETE UINT64_MAX

typedef struct ia_page_facts {
  uint64_t index;  /* of the page, from 0 */
  uint64_t length; /* its items, before filters of this library */
  int64_t total;   /* as it reports; -1 = not reported */
  bool has_next;
} ia_page_facts;

/* Zeroed at the start of a list, but for total = -1. */
typedef struct ia_page_coverage {
  uint64_t pages;      /* that were read at least once */
  uint64_t page_size;  /* of the longest page so far */
  uint64_t seen_until; /* IA_PAGES_COMPLETE: to the end */
  int64_t total;       /* the last one that was reported */
} ia_page_coverage;

/* Takes a page that was read, and returns the index of the page to read next: at most `pages`;
 * IA_PAGES_COMPLETE: every item that was there throughout has been shown by some page. */
uint64_t ia_page_coverage_next(ia_page_coverage *coverage, const ia_page_facts *page);

#endif
