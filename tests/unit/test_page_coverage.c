// SPDX-License-Identifier: MIT
// Which page is read next: single decisions, and lists that change at random between pages.
#include "page_coverage.h"
#include "testing.h"

typedef struct step {
  struct {
    uint64_t index;
    size_t length;
    int64_t total;
    bool has_next;
  } page;
  uint64_t next;
} step;

#define MAX_STEPS 8

static void check_steps(const step *steps, size_t count) {
  ia_page_coverage coverage = {.total = -1};
  ia_page_ref refs[MAX_STEPS] = {{0}};
  for (size_t i = 0; i < count && (i == 0 || steps[i].page.length > 0 || steps[i].next > 0); i++) {
    const ia_page_facts page = {steps[i].page.index, steps[i].page.total, steps[i].page.has_next};
    refs[page.index].length = steps[i].page.length;
    uint64_t next = ia_page_coverage_next(&coverage, &page, refs);
    if (next != steps[i].next)
      fail_msg("step %zu: %llu instead of %llu", i, (unsigned long long)next,
               (unsigned long long)steps[i].next);
  }
}

#define END IA_PAGES_COMPLETE

TEST(page_coverage_next_follows_total) {
  static const step lists[][MAX_STEPS] = {
      {{{0, 4, -1, false}, END}},
      {{{0, 4, 9, true}, 1}, {{1, 4, 9, true}, 2}, {{2, 1, 9, false}, END}},
      // a growing total hides nothing; a missing total is ignored
      {{{0, 4, 9, true}, 1}, {{1, 4, 12, true}, 2}, {{2, 4, 12, false}, END}},
      {{{0, 4, 9, true}, 1}, {{1, 4, -1, true}, 2}, {{2, 4, 9, false}, END}},
      {{{0, 4, -1, true}, 1}, {{1, 4, 9, true}, 2}, {{2, 1, 9, false}, END}},
      // a smaller total: continue from the previous page
      {{{0, 4, 12, true}, 1},
       {{1, 4, 12, true}, 2},
       {{2, 4, 11, true}, 1},
       {{1, 4, 11, true}, 2},
       {{2, 4, 11, true}, 3},
       {{3, 1, 11, false}, END}},
      {{{0, 4, 9, true}, 1}, {{1, 4, 5, false}, 0}, {{0, 4, 5, true}, 1}, {{1, 1, 5, false}, END}},
      // no total after a smaller one
      {{{0, 4, 12, true}, 1}, {{1, 4, 11, true}, 0}, {{0, 4, -1, true}, 1}, {{1, 4, 11, true}, 2}},
      // smaller by more than a page: further back
      {{{0, 2, 12, true}, 1},
       {{1, 2, 12, true}, 2},
       {{2, 2, 9, true}, 0},
       {{0, 2, 9, true}, 1},
       {{1, 2, 9, true}, 2}},
      // a change while a page is read again
      {{{0, 4, 12, true}, 1}, {{1, 4, 11, true}, 0}, {{0, 4, 12, true}, 1}, {{1, 4, 12, true}, 2}},
      {{{0, 4, 12, true}, 1}, {{1, 4, 11, true}, 0}, {{0, 4, 10, true}, 1}, {{1, 4, 10, true}, 2}},
      // an emptied list
      {{{0, 4, 12, true}, 1}, {{1, 0, 0, false}, 0}, {{0, 0, 0, false}, END}},
      // empty pages, and pages that become longer
      {{{0, 0, -1, true}, 1},
       {{1, 0, -1, true}, 2},
       {{2, 5, -1, true}, 3},
       {{3, 5, -1, false}, END}},
      // impossible totals
      {{{0, 4, INT64_MAX, true}, 1},
       {{1, 4, 0, true}, 0},
       {{0, 4, INT64_MAX, true}, 1},
       {{1, 4, INT64_MAX, false}, END}},
  };
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) check_steps(lists[i], MAX_STEPS);
}

// ---- lists that change

enum { MAX_ITEMS = 600, PAGE_SIZE = 5 };

typedef struct changing_list {
  int items[MAX_ITEMS]; // ids; FRESH and above: added later
  int count, fresh;
  bool seen[MAX_ITEMS], removed[MAX_ITEMS];
  uint64_t random;
} changing_list;

enum { FRESH = 1000, START = 100 };

static int below(changing_list *w, int limit) {
  w->random = w->random * 6364136223846793005u + 1442695040888963407u;
  return (int)((w->random >> 33) % (uint64_t)limit);
}

static void remove_at(changing_list *w, int at) {
  if (w->items[at] < FRESH) w->removed[w->items[at]] = true;
  for (int i = at; i + 1 < w->count; i++) w->items[i] = w->items[i + 1];
  w->count--;
}

static void add_at(changing_list *w, int at) {
  for (int i = w->count; i > at; i--) w->items[i] = w->items[i - 1];
  w->items[at] = FRESH + w->fresh++;
  w->count++;
}

// Adds or removes some items at the front, at the end or in between. `both`: also adds one at the
// front and removes one at the end, which the total does not show.
static void change(changing_list *w, bool both) {
  bool adds = below(w, 2) == 0;
  int where = below(w, 3);
  if (both && w->count > 1) remove_at(w, w->count - 1), add_at(w, 0);
  for (int n = 1 + below(w, below(w, 10) == 0 ? 3 * PAGE_SIZE : 2); n > 0; n--) {
    if (adds && w->count + 1 < MAX_ITEMS)
      add_at(w, where == 0 ? 0 : where == 1 ? w->count : below(w, w->count + 1));
    if (!adds && w->count > 1)
      remove_at(w, where == 0 ? 0 : where == 1 ? w->count - 1 : below(w, w->count));
  }
}

static ia_page_facts read_page(changing_list *w, uint64_t index, ia_page_ref *refs) {
  int start = (int)index * PAGE_SIZE, length = 0;
  for (; length < PAGE_SIZE && start + length < w->count; length++)
    if (w->items[start + length] < FRESH) w->seen[w->items[start + length]] = true;
  refs[index].length = (size_t)length;
  return (ia_page_facts){index, w->count, start + PAGE_SIZE < w->count};
}

TEST(page_coverage_changing_list_misses_nothing) {
  enum { LISTS = 20000, MAX_REQUESTS = 100 };
  int complete = 0;
  double requests = 0;

  for (int n = 0; n < LISTS; n++) {
    changing_list w = {.count = START, .random = (uint64_t)n};
    for (int i = 0; i < START; i++) w.items[i] = i;
    ia_page_coverage coverage = {.total = -1};
    ia_page_ref refs[MAX_ITEMS / PAGE_SIZE + 1] = {{0}};
    uint64_t index = 0;
    int sent = 0;
    while (index != IA_PAGES_COMPLETE && sent < MAX_REQUESTS) {
      const ia_page_facts page = read_page(&w, index, refs);
      index = ia_page_coverage_next(&coverage, &page, refs);
      assert_true(index == IA_PAGES_COMPLETE || index <= coverage.pages);
      sent++;
      if (below(&w, 10) < 3) change(&w, below(&w, 3) == 0);
    }
    if (index != IA_PAGES_COMPLETE) continue;
    complete++;
    requests += sent;
    for (int i = 0; i < START; i++)
      if (!w.removed[i] && !w.seen[i]) fail_msg("list %d lacks item %d", n, i);
  }
  if (complete < LISTS * 99 / 100) fail_msg("%d of %d lists", complete, LISTS);
  if (requests / complete > 2.5 * START / PAGE_SIZE) fail_msg("%.1f requests", requests / complete);
}

int main(void) { return testing_run(NULL, NULL); }
