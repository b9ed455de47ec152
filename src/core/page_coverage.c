// SPDX-License-Identifier: MIT
/* Additions move unseen items back, to places that are still to be read; only removals hide. Where
 * both happen between two pages, the total shows the difference alone: then a whole page that is
 * read again covers more than the fall. One removal before the page and one addition behind it,
 * between the same two pages, leave no trace. Pages behind a place that may hold an unseen item do
 * not count as read: an addition can move that item onto them, and a removal behind them keeps the
 * total.
 */
#include "page_coverage.h"

static uint64_t minus(uint64_t place, uint64_t count) { return place > count ? place - count : 0; }

/* Places are counted in pages of the longest length. */
static void take_length(ia_page_coverage *c, const ia_page_facts *page) {
  if (page->length <= c->page_size) return;
  c->seen_until = c->seen_until / (c->page_size > 0 ? c->page_size : 1) * page->length;
  c->page_size = page->length;
}

static void take_total(ia_page_coverage *c, int64_t total) {
  if (total < 0) return;
  if (total < c->total) c->seen_until = minus(c->seen_until, (uint64_t)(c->total - total));
  c->total = total;
}

uint64_t ia_page_coverage_next(ia_page_coverage *c, const ia_page_facts *page) {
  if (page->index >= c->pages) c->pages = page->index + 1;
  take_length(c, page);
  take_total(c, page->total);
  uint64_t size = c->page_size > 0 ? c->page_size : 1, start = page->index * size;
  uint64_t end = page->has_next ? start + size : IA_PAGES_COMPLETE;
  if (start <= c->seen_until && end > c->seen_until) c->seen_until = end;
  return c->seen_until == IA_PAGES_COMPLETE ? IA_PAGES_COMPLETE : c->seen_until / size;
}
