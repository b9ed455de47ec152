// SPDX-License-Identifier: MIT
/*
 * Lists of an account that changes while they are read: lists [--seed N] [--walks N] [--most N].
 *
 * A list holds every item that was there from its first request to its last, each once and in
 * order, or it is an error. A cloud in memory serves pages of either cloud's form; items are added
 * and removed between two requests. First every placement of one change and of two in lists of one
 * to --most pages; then N walks of 20 pages by chance, where 30 % of the requests meet a change, N
 * walks of small lists, where half of them meet up to three, and N/2 each of lists that are sorted,
 * filtered and limited, of actions, and of pages that lack an item once. Then the same by chance
 * with pages that are requested before their turn and served in any order; at most one thing
 * changes between two requests there.
 *
 * The order: of the keys, if the list is sorted; else of the pages that showed the items last. If
 * no page was read again and nothing left no trace, that is the account's order, except in a list
 * that a limit ends before an item is shown again. The order of such a list is not judged if pages
 * were requested before their turn and read again: which of them were used is not known here.
 * Items that were removed are not judged; in lists that end early or are delivered page by page,
 * those that were added are not either. Page by page, only lists are judged of which no page was
 * read again.
 *
 * One case leaves no trace: between the same two page requests an item is removed from the pages
 * that have been read and one is added behind them. The total stays, or falls by less than the
 * unread items have moved. Items that move so onto pages that have been read, further than the fall
 * shows, are excused, and counted.
 */
#include "list_cloud.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PER_PAGE    3 /* of the enumerated lists */
#define CHANCE_PAGES    20
#define CHANCE_PER_PAGE 10
#define SMALL_ITEMS     14
#define SMALL_PER_PAGE  4
#define LEAST_GIVEN     0.99 /* of the large lists by chance */
#define MOST_REQUESTS   2.5  /* a page, on average of these */
#define MOST_EVER       5    /* requests a page, of any walk */

/* ---- one walk ---- */

typedef struct tally {
  uint64_t walks, given, excused, incomplete, broken, requests, expected_pages;
  double most; /* requests a page, of one walk */
} tally;

typedef struct delivered {
  size_t count;
  const item *last;
} delivered;

static bool is_in_order(const cloud *c, const item *before, const item *it) {
  bool whole = !c->reread && !c->crossed && !c->mode.limited;
  if (c->ahead && c->mode.limited && c->reread) return true;
  if (c->mode.sorted || whole) return before->key <= it->key;
  return c->mode.paged || before->page <= it->page;
}

static const char *take_item(cloud *c, const char *text, delivered *d) {
  int64_t id = 0;
  if (!sim_parse_id(text, &id) || id < FIRST_ID || id >= FIRST_ID + (int64_t)c->items_count)
    return "the list holds an item that was never there";
  item *it = &c->items[id - FIRST_ID];
  if (it->times++) return "the list holds an item twice";
  d->count++;
  bool sorted_here = c->mode.sorted && c->form == SIM_DIGITALOCEAN;
  if (it->gone && !sorted_here) return NULL;
  if (!it->from_start && (c->mode.paged || c->mode.limited)) return NULL;
  if (d->last && !is_in_order(c, d->last, it)) return "the list is not in order";
  d->last = it;
  return NULL;
}

static bool passes(const cloud *c, const imgact_image *image) {
  if (!c->mode.filtered) return true;
  if (c->form == SIM_HETZNER) return image->name && !strcmp(image->name, LIST_NAME);
  return image->regions_count && !strcmp(image->regions[0], LIST_REGION);
}

static const char *take_page(cloud *c, const imgact_op *op, delivered *d) {
  size_t count = 0, actions_count = 0;
  const char *wrong = NULL;
  const imgact_image *const *images = imgact_op_images(op, &count);
  const imgact_action *const *actions = imgact_op_actions(op, &actions_count);
  for (size_t i = 0; !wrong && i < count; i++)
    wrong = passes(c, images[i]) ? take_item(c, images[i]->id, d)
                                 : "the list holds an item that does not pass the filter";
  for (size_t i = 0; !wrong && i < actions_count; i++) wrong = take_item(c, actions[i]->id, d);
  return wrong;
}

/* Returns what is wrong with a delivered list, or NULL. */
static const char *judge(const cloud *c, size_t max_items, const delivered *d, bool *excused) {
  if (max_items && d->count > max_items) return "the list holds more than max_items";
  for (size_t i = 0; i < c->items_count && (!max_items || d->count < max_items); i++) {
    const item *it = &c->items[i];
    if (it->times || !it->from_start || it->gone || !it->matches) continue;
    if (!it->excused)
      return "the list lacks an item that was there from the first request to the last";
    *excused = true;
  }
  return NULL;
}

static void describe(const cloud *c, const char *wrong, size_t items, size_t per_page) {
  fprintf(stderr, "BROKEN: %s\n  %s, %zu items, %zu a page", wrong, sim_cloud_names[c->form], items,
          per_page);
  for (size_t i = 0; i < c->changes_count; i++)
    fprintf(stderr, "; before page request %" PRIu64 " %s at %zu", c->changes[i].before + 1,
            c->changes[i].add ? "added" : "removed", c->changes[i].at);
  fprintf(stderr, "\n");
}

static imgact_op *start_list(const cloud *c) {
  static const char *const keys[] = {"name:asc"};
  imgact_image_filter images = {.size = sizeof images};
  imgact_action_filter actions = {.size = sizeof actions, .image_id = LIST_IMAGE};
  if (c->mode.actions) return imgact_list_actions(c->client, &actions);
  images.sort = keys;
  images.sort_count = c->mode.sorted;
  if (c->mode.filtered && c->form == SIM_HETZNER) images.name = LIST_NAME;
  if (c->mode.filtered && c->form == SIM_DIGITALOCEAN) images.region = LIST_REGION;
  return imgact_list_images(c->client, &images);
}

static const char *walk(cloud *c, size_t per_page, tally *t) {
  bool paged = c->mode.paged;
  size_t max_items = c->mode.limited ? 1 + sim_random_below(&c->dice, c->count + 10) : 0;
  const imgact_op_options options = {.size = sizeof options,
                                     .per_page = (int64_t)per_page,
                                     .max_items = (int64_t)max_items,
                                     .flags = paged ? IMGACT_OP_FLAG_PAGED : 0};
  const char *wrong = NULL;
  delivered d = {0};
  bool excused = false;
  imgact_op *op = start_list(c);
  imgact_op_set_options(op, &options);
  imgact_status status = imgact_op_run(op);
  if (status == IMGACT_OK) wrong = take_page(c, op, &d);
  while (paged && !wrong && status == IMGACT_OK)
    if ((status = imgact_op_run(op)) == IMGACT_OK) wrong = take_page(c, op, &d);
  size_t pages = c->most ? (c->most + per_page - 1) / per_page : 1;
  double requests = (double)(c->pages + c->gets) / (double)pages;
  t->walks++;
  t->requests += c->pages + c->gets;
  t->expected_pages += pages;
  if (requests > t->most) t->most = requests;
  if (!wrong && status == (paged ? IMGACT_END : IMGACT_OK)) {
    t->given++;
    wrong = judge(c, max_items, &d, &excused);
    t->excused += excused;
  } else if (!wrong && status == IMGACT_INCOMPLETE) {
    size_t shown = 0, actions = 0;
    imgact_op_images(op, &shown);
    imgact_op_actions(op, &actions);
    t->incomplete++;
    if (shown || actions) wrong = "a list that failed shows items";
  } else if (!wrong) {
    wrong = imgact_op_error(op)->message;
  }
  if (!wrong && c->pages + c->gets > MOST_EVER * (uint64_t)pages)
    wrong = "more than five times as many requests as pages";
  imgact_op_free(op);
  return wrong;
}

/* ---- every placement of one change and of two ---- */

static bool walk_enumerated(cloud *c, size_t items, size_t per_page, tally *t) {
  size_t changes = c->changes_count;
  change kept[MAX_CHANGES];
  memcpy(kept, c->changes, sizeof kept);
  list_cloud_start(c, items);
  memcpy(c->changes, kept, sizeof kept);
  c->changes_count = changes;
  const char *wrong = walk(c, per_page, t);
  if (!wrong) return true;
  describe(c, wrong, items, per_page);
  return ++t->broken < 10;
}

/* The change that belongs to a number; false: the number is too large. */
static bool change_at(const cloud *c, size_t number, size_t items, change *out) {
  size_t places = items + 2;
  *out = (change){
      .add = number % 2 == 0, .at = number / 2 % places, .before = 1 + number / 2 / places};
  return out->before < c->last_gap;
}

static bool enumerate_list(cloud *c, size_t items, size_t per_page, tally *t) {
  c->changes_count = 0;
  bool going = walk_enumerated(c, items, per_page, t);
  for (size_t i = 0; going && change_at(c, i, items, &c->changes[0]); i++) {
    c->changes_count = 1;
    going = walk_enumerated(c, items, per_page, t);
    for (size_t j = 0; going && change_at(c, j, items, &c->changes[1]); j++) {
      c->changes_count = 2;
      if (c->changes[1].before >= c->changes[0].before)
        going = walk_enumerated(c, items, per_page, t);
    }
  }
  return going;
}

static void enumerate(cloud *c, size_t pages, bool paged, tally *t) {
  bool going = true;
  c->by_chance = false;
  c->mode = (walk_mode){.paged = paged};
  c->last_gap = 2 * pages;
  for (size_t per_page = 1; going && per_page <= MAX_PER_PAGE; per_page++)
    for (size_t items = 0; going && items <= pages * per_page; items++)
      going = enumerate_list(c, items, per_page, t);
}

/* ---- by chance ---- */

static void walk_by_chance(cloud *c, uint64_t seed, uint64_t walks, walk_mode mode, tally *t) {
  bool small = mode.small;
  c->by_chance = true;
  c->mode = mode;
  c->changes_count = 0;
  for (uint64_t i = 0; i < walks && t->broken < 10; i++) {
    c->dice = (seed + i) * UINT64_C(0x9E3779B97F4A7C15) + (mode.paged ? 3 : 1);
    size_t items =
        small ? sim_random_below(&c->dice, SMALL_ITEMS + 1) : CHANCE_PAGES * CHANCE_PER_PAGE;
    size_t per_page = small ? 1 + sim_random_below(&c->dice, SMALL_PER_PAGE) : CHANCE_PER_PAGE;
    list_cloud_start(c, items);
    const char *wrong = walk(c, per_page, t);
    if (!wrong) continue;
    describe(c, wrong, items, per_page);
    fprintf(stderr, "  seed %" PRIu64 "\n", seed + i);
    t->broken++;
  }
}

/* ---- */

static void show(const char *what, const tally *t) {
  printf("# %s: %" PRIu64 " walks, %" PRIu64 " given, of them %" PRIu64
         " without what left no trace; %" PRIu64
         " incomplete; %.2f requests a page, at most %.2f; %" PRIu64 " broken\n",
         what, t->walks, t->given, t->excused, t->incomplete,
         t->expected_pages ? (double)t->requests / (double)t->expected_pages : 0, t->most,
         t->broken);
  fflush(stdout);
}

static int tap(int number, bool good, const char *name, const cloud *c) {
  printf("%sok %d - %s: %s\n", good ? "" : "not ", number, sim_cloud_names[c->form], name);
  fflush(stdout);
  return !good;
}

#define TESTS       11 /* of each cloud, page by page */
#define TESTS_AHEAD 6  /* with pages that are requested before their turn */

static int prove_mode(cloud *c, uint64_t seed, uint64_t walks, walk_mode mode, const char *what,
                      const char *name, int number) {
  tally t = {0};
  walk_by_chance(c, seed, walks, mode, &t);
  mode.small = true;
  walk_by_chance(c, seed, walks, mode, &t);
  show(what, &t);
  bool given = !mode.short_pages || t.given == t.walks;
  return tap(number, !t.broken && t.walks && given, name, c);
}

static int prove_modes(cloud *c, uint64_t seed, uint64_t walks, int number) {
  static const struct {
    walk_mode mode;
    const char *what, *name;
  } modes[] = {
      {{.sorted = true}, "sorted", "sorted lists: the same, and sorted"},
      {{.filtered = true}, "filtered", "filtered lists: the same, and filtered"},
      {{.limited = true}, "limited", "limited lists: the same, within max_items"},
      {{.actions = true}, "actions", "lists of actions: the same"},
      {{.short_pages = true}, "short pages", "short pages: read again, complete"},
  };
  int failed = 0;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
    failed +=
        prove_mode(c, seed, walks, modes[i].mode, modes[i].what, modes[i].name, number + (int)i);
  return failed;
}

static int prove(cloud *c, uint64_t seed, uint64_t walks, size_t most, int number) {
  tally all = {0}, paged = {0}, chance = {0}, chance_paged = {0}, small = {0};
  enumerate(c, most, false, &all);
  show("every one and two changes", &all);
  int failed = tap(number, !all.broken, "one or two changes: complete or error", c);
  enumerate(c, most < 3 ? most : 3, true, &paged);
  show("the same, page by page", &paged);
  failed += tap(number + 1, !paged.broken, "the same, page by page", c);
  walk_by_chance(c, seed, walks, (walk_mode){.paged = false}, &chance);
  show("by chance", &chance);
  failed +=
      tap(number + 2, !chance.broken && !chance.excused, "random changes: complete or error", c);
  bool good = (double)chance.given >= LEAST_GIVEN * (double)chance.walks &&
              (double)chance.requests <= MOST_REQUESTS * (double)chance.expected_pages;
  failed += tap(number + 3, good, "random changes: 99 % of lists succeed", c);
  walk_by_chance(c, seed, walks / 4, (walk_mode){.paged = true}, &chance_paged);
  show("by chance, page by page", &chance_paged);
  failed += tap(number + 4, !chance_paged.broken && !chance_paged.excused,
                "random changes, page by page: the same", c);
  walk_by_chance(c, seed, walks, (walk_mode){.small = true}, &small);
  walk_by_chance(c, seed, walks, (walk_mode){.small = true, .paged = true}, &small);
  show("small lists that change more than they are read", &small);
  failed += tap(number + 5, !small.broken, "small changing lists: complete or error", c);
  return failed + prove_modes(c, seed, walks / 2, number + 6);
}

/* Pages that are requested before their turn, served in any order, with one change at most between
 * two of them: then each change leaves a trace. */
static int prove_ahead(cloud *c, uint64_t seed, uint64_t walks, int number) {
  static const struct {
    walk_mode mode;
    const char *what, *name;
  } modes[] = {{{.sorted = true}, "ahead, sorted", "pages ahead, sorted: the same"},
               {{.filtered = true}, "ahead, filtered", "pages ahead, filtered: the same"},
               {{.limited = true}, "ahead, limited", "pages ahead, limited: the same"},
               {{.paged = true}, "ahead, page by page", "pages ahead, page by page: the same"}};
  tally chance = {0};
  walk_by_chance(c, seed, walks, (walk_mode){.small = false}, &chance);
  show("ahead, by chance", &chance);
  bool good = (double)chance.given >= LEAST_GIVEN * (double)chance.walks &&
              (double)chance.requests <= MOST_REQUESTS * (double)chance.expected_pages;
  int failed = tap(number, good, "pages ahead: 99 % of lists succeed", c);
  walk_by_chance(c, seed, walks, (walk_mode){.small = true}, &chance);
  show("ahead, small lists, too", &chance);
  bool complete = !chance.broken && !chance.excused;
  failed += tap(number + 1, complete, "pages ahead: complete or error", c);
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
    failed += prove_mode(c, seed, walks / 2, modes[i].mode, modes[i].what, modes[i].name,
                         number + 2 + (int)i);
  return failed;
}

int main(int argc, char **argv) {
  static const struct option flags[] = {{"seed", required_argument, NULL, 's'},
                                        {"walks", required_argument, NULL, 'w'},
                                        {"most", required_argument, NULL, 'm'},
                                        {"verbose", no_argument, NULL, 'v'},
                                        {NULL, 0, NULL, 0}};
  int64_t seed = 1, walks = 1000, most = 3;
  for (int letter; (letter = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
    int64_t *number = letter == 's' ? &seed : letter == 'w' ? &walks : &most;
    if (letter == 'v')
      list_cloud_verbose = true;
    else if (letter == '?' || !sim_parse_id(optarg, number))
      return 2;
  }
  static cloud c;
  int failed = 0;
  printf("1..%d\n", (TESTS + TESTS_AHEAD) * SIM_CLOUDS);
  for (int form = 0; form < SIM_CLOUDS; form++) {
    int number = 1 + (TESTS + TESTS_AHEAD) * form;
    if (!list_cloud_open(&c, (sim_cloud)form, false)) return 2;
    failed += prove(&c, (uint64_t)seed, (uint64_t)walks, (size_t)most, number);
    imgact_client_free(c.client);
    if (!list_cloud_open(&c, (sim_cloud)form, true)) return 2;
    failed += prove_ahead(&c, (uint64_t)seed, (uint64_t)walks, number + TESTS);
    imgact_client_free(c.client);
  }
  return failed != 0;
}
