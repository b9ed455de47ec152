// SPDX-License-Identifier: MIT
/*
 * An added item moves items that no page showed to pages that are still to be read; only a removed
 * one can move them onto a page that was read. After both, the total shows only the
 * difference. Therefore a whole page is read again, which is usually more than the total decreased.
 *
 * Not detectable: one removal before the current page and one addition after it, between the same
 * two requests.
 *
 * Pages after the first place that may hold such an item do not count as read: an addition can move
 * the item onto them, and a removal after them hides that in the total.
 */
#include "page_coverage.h"

/* By the pages' own lengths: pages may become smaller on the way. */
static void move_back(ia_page_coverage *c, uint64_t items, const ia_page_ref *refs) {
  while (items > c->offset && c->page > 0) {
    items -= c->offset;
    c->offset = refs[--c->page].length;
  }
  c->offset -= items < c->offset ? items : c->offset;
}

static void take_total(ia_page_coverage *c, int64_t total, const ia_page_ref *refs) {
  if (total < 0) return;

  if (total < c->total) move_back(c, (uint64_t)(c->total - total), refs);
  c->total = total;
}

uint64_t ia_page_coverage_next(ia_page_coverage *c, const ia_page_facts *page,
                               const ia_page_ref *refs) {
  uint64_t length = refs[page->index].length;
  if (page->index >= c->pages) c->pages = page->index + 1;
  if (length > c->page_size) c->page_size = length;
  take_total(c, page->total, refs);

  if (c->page == page->index) {
    c->complete = !page->has_next;
    c->page++;
    c->offset = 0;
  }
  return c->complete ? IA_PAGES_COMPLETE : c->page;
}

uint64_t ia_page_coverage_back(ia_page_coverage *c, uint64_t pages, uint64_t items,
                               const ia_page_ref *refs) {
  c->page = pages;
  c->offset = 0;
  c->complete = false;
  move_back(c, items, refs);
  return c->page;
}
