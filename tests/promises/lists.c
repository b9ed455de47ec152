// SPDX-License-Identifier: MIT
/*
 * Lists of an account that changes while they are read: lists [--seed N] [--walks N] [--most N].
 *
 * A list holds every item that was there from its first request to its last, each once, or it is an
 * error. A cloud in memory serves pages of either cloud's form; items are added and removed between
 * two page requests. First every placement of one change and of two in lists of one to --most
 * pages; then N walks of 20 pages by chance, where 30 % of the page requests meet a change, and N
 * walks of small lists, where half of them meet up to three.
 *
 * One case leaves no trace: between the same two page requests an item is removed from the pages
 * that have been read and one is added behind them. The total stays, or falls by less than the
 * unread items have moved. Items that move so onto pages that have been read, further than the fall
 * shows, are excused, and counted.
 */
#include "sim_text.h"
#include "world.h"
#include <getopt.h>
#include <imgact/imgact.h>
#include <imgact/transport.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH_MS        INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define FIRST_ID        INT64_C(1000)
#define MAX_ITEMS       1000 /* that a walk ever sees; no run comes near it */
#define MAX_UNDER_WAY   64
#define MAX_CHANGES     2
#define MAX_PER_PAGE    3 /* of the enumerated lists */
#define CHANCE_PAGES    20
#define CHANCE_PER_PAGE 10
#define CHANGING        0.3 /* of the page requests by chance */
#define CHANGING_SMALL  0.5 /* of those of small lists, up to SMALL_CHANGES times */
#define SMALL_CHANGES   3
#define SMALL_ITEMS     14
#define SMALL_PER_PAGE  4
#define LEAST_GIVEN     0.99 /* of those walks */
#define MOST_REQUESTS   2.5  /* a page, on average of those walks */
#define MOST_EVER       5    /* requests a page, of any walk */

typedef struct item {
  int64_t id;
  bool from_start; /* there at the first request */
  bool gone;
  bool excused;   /* it has crossed the frontier without a trace */
  unsigned times; /* in the result */
} item;

typedef struct change {
  uint64_t before; /* the page request, from 0 */
  bool add;
  size_t at; /* index in the list; beyond its end: at the end */
} change;

typedef struct pending_reply {
  imgact_exchange *exchange;
  int status;
  sim_text body;
} pending_reply;

typedef struct cloud {
  imgact_transport base;
  imgact_client *client;
  sim_cloud form;
  int64_t now_ms;
  item items[MAX_ITEMS]; /* all that ever were, by id */
  size_t items_count;
  item *list[MAX_ITEMS]; /* those that are there, in order */
  size_t count, most;    /* now, and ever */
  change changes[MAX_CHANGES];
  size_t changes_count;
  bool by_chance, small;
  uint64_t last_gap; /* the enumerated changes come before the 2nd to so many page requests */
  size_t frontier; /* the first place that may hold an item that no page has shown, as far as totals
                      show */
  uint64_t pages, gets; /* requests */
  uint64_t dice;
  pending_reply under_way[MAX_UNDER_WAY];
  size_t under_way_count;
} cloud;

static bool verbose;

/* ---- the account ---- */

static void insert(cloud *c, size_t at) {
  if (c->items_count == MAX_ITEMS) abort();
  item *added = &c->items[c->items_count];
  *added = (item){.id = FIRST_ID + (int64_t)c->items_count++, .from_start = !c->pages};
  if (at > c->count) at = c->count;
  memmove(c->list + at + 1, c->list + at, (c->count - at) * sizeof *c->list);
  c->list[at] = added;
  if (++c->count > c->most) c->most = c->count;
}

static void take_out(cloud *c, size_t at) {
  if (!c->count) return;
  if (at >= c->count) at = c->count - 1;
  c->list[at]->gone = true;
  c->count--;
  memmove(c->list + at, c->list + at + 1, (c->count - at) * sizeof *c->list);
}

static void make_change(cloud *c, const change *wanted) {
  if (verbose)
    fprintf(stderr, "    %s at %zu of %zu, the frontier at %zu\n",
            wanted->add ? "added" : "removed", wanted->at, c->count, c->frontier);
  if (wanted->add)
    insert(c, wanted->at);
  else
    take_out(c, wanted->at);
}

/* Between two page requests an item has moved from behind the frontier to before it, by more places
 * than the total fell: something was added behind it at the same time. No response shows that. */
static void excuse_crossed(cloud *c, item *const *old, size_t old_count) {
  size_t fall = old_count > c->count ? old_count - c->count : 0;
  for (size_t i = 0; i + fall < c->frontier && i < c->count; i++)
    for (size_t j = c->frontier; j < old_count; j++)
      if (old[j] == c->list[i]) c->list[i]->excused = true;
  c->frontier = c->frontier > fall ? c->frontier - fall : 0;
}

static size_t chance_place(cloud *c) {
  switch (sim_random_below(&c->dice, 3)) {
  case 0: return 0;
  case 1: return c->count;
  default: return sim_random_below(&c->dice, c->count + 1);
  }
}

/* Before a page request is answered. */
static void change_account(cloud *c) {
  static item *old[MAX_ITEMS];
  size_t old_count = c->count;
  memcpy(old, c->list, old_count * sizeof *old);
  for (size_t i = 0; i < c->changes_count; i++)
    if (c->changes[i].before == c->pages) make_change(c, &c->changes[i]);
  if (c->by_chance && c->pages &&
      sim_random_unit(&c->dice) < (c->small ? CHANGING_SMALL : CHANGING))
    for (uint64_t n = c->small ? 1 + sim_random_below(&c->dice, SMALL_CHANGES) : 1; n; n--) {
      const change any = {.add = sim_random_below(&c->dice, 2) == 0, .at = chance_place(c)};
      make_change(c, &any);
    }
  if (c->pages) excuse_crossed(c, old, old_count);
}

/* ---- its replies ---- */

static size_t number_of(const char *target, const char *key, size_t otherwise) {
  size_t length = strlen(key);
  for (const char *at = target; (at = strstr(at, key)); at += length)
    if ((at[-1] == '?' || at[-1] == '&') && at[length] == '=')
      return strtoull(at + length + 1, NULL, 10);
  return otherwise;
}

static void put_item(const cloud *c, sim_text *out, const item *it) {
  sim_text_printf(out, "{\"id\":%" PRId64 ",\"type\":\"snapshot\"%s}", it->id,
                  c->form == SIM_HETZNER ? "" : ",\"regions\":[\"nyc1\"]");
}

static void put_number(sim_text *out, const char *key, size_t number) {
  if (number)
    sim_text_printf(out, ",\"%s\":%zu", key, number);
  else
    sim_text_printf(out, ",\"%s\":null", key);
}

static void put_link(sim_text *out, const char *rel, size_t page, size_t per_page) {
  sim_text_printf(out, "\"%s\":\"https://api.digitalocean.com/v2/images?page=%zu&per_page=%zu\"",
                  rel, page, per_page);
}

static void put_pages(const cloud *c, sim_text *out, size_t page, size_t per_page) {
  size_t last = c->count ? (c->count + per_page - 1) / per_page : 1,
         next = page < last ? page + 1 : 0;
  if (c->form == SIM_HETZNER) {
    sim_text_printf(out, ",\"meta\":{\"pagination\":{\"page\":%zu,\"per_page\":%zu", page,
                    per_page);
    put_number(out, "previous_page", page > 1 ? page - 1 : 0);
    put_number(out, "next_page", next);
    put_number(out, "last_page", last);
    sim_text_printf(out, ",\"total_entries\":%zu}}", c->count);
    return;
  }
  sim_text_str(out, ",\"links\":{");
  if (next) {
    sim_text_str(out, "\"pages\":{");
    put_link(out, "next", next, per_page);
    sim_text_str(out, ",");
    put_link(out, "last", last, per_page);
    sim_text_str(out, "}");
  }
  sim_text_printf(out, "},\"meta\":{\"total\":%zu}", c->count);
}

static void answer_page(cloud *c, const char *target, sim_text *out) {
  size_t page = number_of(target, "page", 1), per_page = number_of(target, "per_page", 25);
  change_account(c);
  c->pages++;
  if ((page - 1) * per_page <= c->frontier && page * per_page > c->frontier)
    c->frontier = page * per_page;
  if (verbose) {
    fprintf(stderr, "    page %zu of %zu items:", page, c->count);
    for (size_t i = 0; i < c->count; i++)
      fprintf(stderr, "%s %" PRId64,
              i == (page - 1) * per_page ? " ["
              : i == page * per_page     ? " ]"
                                         : "",
              c->list[i]->id - FIRST_ID);
    fprintf(stderr, "\n");
  }
  sim_text_str(out, "{\"images\":[");
  for (size_t i = (page - 1) * per_page; i < page * per_page && i < c->count; i++) {
    if (i > (page - 1) * per_page) sim_text_str(out, ",");
    put_item(c, out, c->list[i]);
  }
  sim_text_str(out, "]");
  put_pages(c, out, page, per_page);
  sim_text_str(out, "}");
}

static int answer_item(cloud *c, const char *id, sim_text *out) {
  int64_t wanted = strtoll(id, NULL, 10);
  c->gets++;
  if (verbose) fprintf(stderr, "    item %" PRId64 "\n", wanted);
  for (size_t i = 0; i < c->count; i++)
    if (c->list[i]->id == wanted) {
      sim_text_str(out, "{\"image\":");
      put_item(c, out, c->list[i]);
      sim_text_str(out, "}");
      return 200;
    }
  sim_text_str(out, c->form == SIM_HETZNER
                        ? "{\"error\":{\"code\":\"not_found\",\"message\":\"image not found\"}}"
                        : "{\"id\":\"not_found\",\"message\":\"The resource was not found.\"}");
  return 404;
}

/* ---- the transport: requests are handled when they are sent, and answered in any order ---- */

static imgact_status serve(imgact_transport *transport, const imgact_http_request *request,
                           imgact_exchange *exchange) {
  cloud *c = (cloud *)transport;
  if (c->under_way_count == MAX_UNDER_WAY) return IMGACT_INTERNAL;
  pending_reply *reply = &c->under_way[c->under_way_count++];
  *reply = (pending_reply){.exchange = exchange, .status = 200};
  const char *images = strstr(request->url, "/images");
  if (strcmp(request->method, "GET") != 0 || !images) abort();
  if (images[7] == '/')
    reply->status = answer_item(c, images + 8, &reply->body);
  else
    answer_page(c, images, &reply->body);
  return IMGACT_OK;
}

static pending_reply take_reply(cloud *c, size_t i) {
  pending_reply reply = c->under_way[i];
  c->under_way_count--;
  memmove(c->under_way + i, c->under_way + i + 1, (c->under_way_count - i) * sizeof *c->under_way);
  return reply;
}

static void forget(imgact_transport *transport, imgact_exchange *exchange) {
  cloud *c = (cloud *)transport;
  for (size_t i = 0; i < c->under_way_count; i++)
    if (c->under_way[i].exchange == exchange) {
      pending_reply reply = take_reply(c, i);
      sim_text_free(&reply.body);
      return;
    }
}

static void deliver(imgact_transport *transport) {
  static const imgact_header headers[] = {{"Content-Type", "application/json"}};
  cloud *c = (cloud *)transport;
  if (!c->under_way_count) return;
  pending_reply reply =
      take_reply(c, c->by_chance ? sim_random_below(&c->dice, c->under_way_count) : 0);
  const char *body = sim_text_get(&reply.body);
  if (!body) abort();
  const imgact_http_response response = {.size = sizeof response,
                                         .delivery = IMGACT_DELIVERY_ANSWERED,
                                         .status = reply.status,
                                         .headers = headers,
                                         .headers_count = 1,
                                         .body = body,
                                         .body_bytes = reply.body.length};
  imgact_exchange_finish(reply.exchange, &response);
  sim_text_free(&reply.body);
}

static int no_descriptor(imgact_transport *transport) {
  (void)transport;
  return -1;
}

static int until_next(imgact_transport *transport) {
  return ((cloud *)transport)->under_way_count ? 0 : -1;
}
static int64_t now(imgact_transport *transport) { return ((cloud *)transport)->now_ms; }

static void move_on(imgact_transport *transport, int64_t until_ms) {
  cloud *c = (cloud *)transport;
  if (until_ms > c->now_ms) c->now_ms = until_ms;
}

static void leave(imgact_transport *transport) { (void)transport; }

static bool open_cloud(cloud *c, sim_cloud form) {
  *c = (cloud){.form = form, .now_ms = EPOCH_MS};
  c->base = (imgact_transport){.size = sizeof c->base,
                               .send = serve,
                               .cancel = forget,
                               .dispatch = deliver,
                               .fd = no_descriptor,
                               .timeout_ms = until_next,
                               .destroy = leave,
                               .now_ms = now,
                               .advance_to = move_on};
  const imgact_client_options options = {.size = sizeof options,
                                         .provider_name = sim_cloud_names[form],
                                         .endpoint = form == SIM_HETZNER ? "http://127.0.0.1/v1"
                                                                         : "http://127.0.0.1",
                                         .token = "a-token-of-the-tests",
                                         .transport = &c->base};
  imgact_error error = {0};
  if (imgact_client_new(&options, &c->client, &error) == IMGACT_OK) return true;
  fprintf(stderr, "no client: %s\n", error.message);
  return false;
}

static void start_account(cloud *c, size_t items) {
  c->items_count = c->count = c->most = c->changes_count = 0;
  c->pages = c->gets = 0;
  c->frontier = 0;
  for (size_t i = 0; i < items; i++) insert(c, i);
}

/* ---- one walk ---- */

typedef struct tally {
  uint64_t walks, given, excused, incomplete, broken, requests, expected_pages;
  double most; /* requests a page, of one walk */
} tally;

static const char *take_page(cloud *c, const imgact_op *op) {
  size_t count = 0;
  const imgact_image *const *images = imgact_op_images(op, &count);
  for (size_t i = 0; i < count; i++) {
    int64_t id = 0;
    if (!sim_parse_id(images[i]->id, &id) || id < FIRST_ID ||
        id >= FIRST_ID + (int64_t)c->items_count)
      return "the list holds an item that was never there";
    if (c->items[id - FIRST_ID].times++) return "the list holds an item twice";
  }
  return NULL;
}

/* NULL, or what is wrong with a list that was given. */
static const char *judge(const cloud *c, bool *excused) {
  for (size_t i = 0; i < c->items_count; i++) {
    const item *it = &c->items[i];
    if (it->times || !it->from_start || it->gone) continue;
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

/* paged: one page per run, so that nothing that was given can be taken back. */
static const char *walk(cloud *c, size_t per_page, bool paged, tally *t) {
  const imgact_op_options options = {.size = sizeof options,
                                     .per_page = (int64_t)per_page,
                                     .flags = paged ? IMGACT_OP_FLAG_PAGED : 0};
  const char *wrong = NULL;
  bool excused = false;
  imgact_op *op = imgact_list_images(c->client, NULL);
  imgact_op_set_options(op, &options);
  imgact_status status = imgact_op_run(op);
  if (status == IMGACT_OK) wrong = take_page(c, op);
  while (paged && !wrong && status == IMGACT_OK)
    if ((status = imgact_op_run(op)) == IMGACT_OK) wrong = take_page(c, op);
  size_t pages = c->most ? (c->most + per_page - 1) / per_page : 1;
  double requests = (double)(c->pages + c->gets) / (double)pages;
  t->walks++;
  t->requests += c->pages + c->gets;
  t->expected_pages += pages;
  if (requests > t->most) t->most = requests;
  if (!wrong && status == (paged ? IMGACT_END : IMGACT_OK)) {
    t->given++;
    wrong = judge(c, &excused);
    t->excused += excused;
  } else if (!wrong && status == IMGACT_INCOMPLETE) {
    size_t shown = 0;
    imgact_op_images(op, &shown);
    t->incomplete++;
    if (shown) wrong = "a list that failed shows items";
  } else if (!wrong) {
    wrong = imgact_op_error(op)->message;
  }
  if (!wrong && c->pages + c->gets > MOST_EVER * (uint64_t)pages)
    wrong = "more than five times as many requests as pages";
  imgact_op_free(op);
  return wrong;
}

/* ---- every placement of one change and of two ---- */

static bool walk_enumerated(cloud *c, size_t items, size_t per_page, bool paged, tally *t) {
  size_t changes = c->changes_count;
  change kept[MAX_CHANGES];
  memcpy(kept, c->changes, sizeof kept);
  start_account(c, items);
  memcpy(c->changes, kept, sizeof kept);
  c->changes_count = changes;
  const char *wrong = walk(c, per_page, paged, t);
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

static bool enumerate_list(cloud *c, size_t items, size_t per_page, bool paged, tally *t) {
  c->changes_count = 0;
  bool going = walk_enumerated(c, items, per_page, paged, t);
  for (size_t i = 0; going && change_at(c, i, items, &c->changes[0]); i++) {
    c->changes_count = 1;
    going = walk_enumerated(c, items, per_page, paged, t);
    for (size_t j = 0; going && change_at(c, j, items, &c->changes[1]); j++) {
      c->changes_count = 2;
      if (c->changes[1].before >= c->changes[0].before)
        going = walk_enumerated(c, items, per_page, paged, t);
    }
  }
  return going;
}

static void enumerate(cloud *c, size_t pages, bool paged, tally *t) {
  bool going = true;
  c->by_chance = false;
  c->last_gap = 2 * pages;
  for (size_t per_page = 1; going && per_page <= MAX_PER_PAGE; per_page++)
    for (size_t items = 0; going && items <= pages * per_page; items++)
      going = enumerate_list(c, items, per_page, paged, t);
}

/* ---- by chance ---- */

static void walk_by_chance(cloud *c, uint64_t seed, uint64_t walks, bool small, bool paged,
                           tally *t) {
  c->by_chance = true;
  c->small = small;
  for (uint64_t i = 0; i < walks && t->broken < 10; i++) {
    c->dice = (seed + i) * UINT64_C(0x9E3779B97F4A7C15) + (paged ? 3 : 1);
    size_t items =
        small ? sim_random_below(&c->dice, SMALL_ITEMS + 1) : CHANCE_PAGES * CHANCE_PER_PAGE;
    size_t per_page = small ? 1 + sim_random_below(&c->dice, SMALL_PER_PAGE) : CHANCE_PER_PAGE;
    start_account(c, items);
    const char *wrong = walk(c, per_page, paged, t);
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

static int prove(cloud *c, uint64_t seed, uint64_t walks, size_t most, int number) {
  tally all = {0}, paged = {0}, chance = {0}, chance_paged = {0}, small = {0};
  enumerate(c, most, false, &all);
  show("every one and two changes", &all);
  int failed =
      tap(number, !all.broken,
          "every placement of one and two changes leaves the list complete or an error", c);
  enumerate(c, most < 3 ? most : 3, true, &paged);
  show("the same, page by page", &paged);
  failed += tap(number + 1, !paged.broken, "so it does page by page", c);
  walk_by_chance(c, seed, walks, false, false, &chance);
  show("by chance", &chance);
  failed += tap(number + 2, !chance.broken && !chance.excused,
                "changes by chance leave it complete or an error", c);
  bool good = (double)chance.given >= LEAST_GIVEN * (double)chance.walks &&
              (double)chance.requests <= MOST_REQUESTS * (double)chance.expected_pages;
  failed +=
      tap(number + 3, good, "99 % of these lists are given, with at most 2.5 requests a page", c);
  walk_by_chance(c, seed, walks / 4, false, true, &chance_paged);
  show("by chance, page by page", &chance_paged);
  failed +=
      tap(number + 4, !chance_paged.broken && !chance_paged.excused, "so they do page by page", c);
  walk_by_chance(c, seed, walks, true, false, &small);
  walk_by_chance(c, seed, walks, true, true, &small);
  show("small lists that change more than they are read", &small);
  return failed + tap(number + 5, !small.broken,
                      "small lists that keep changing are complete or an error", c);
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
      verbose = true;
    else if (letter == '?' || !sim_parse_id(optarg, number))
      return 2;
  }
  static cloud c;
  int failed = 0;
  printf("1..12\n");
  for (int form = 0; form < SIM_CLOUDS; form++) {
    if (!open_cloud(&c, (sim_cloud)form)) return 2;
    failed += prove(&c, (uint64_t)seed, (uint64_t)walks, (size_t)most, 1 + 6 * form);
    imgact_client_free(c.client);
  }
  return failed != 0;
}
