/* SPDX-License-Identifier: MIT */
/* A cloud in memory that serves pages of images or actions, which change between two requests. */
#ifndef PROMISES_LIST_CLOUD_H
#define PROMISES_LIST_CLOUD_H

#include "sim_text.h"
#include "world.h"
#include <imgact/imgact.h>
#include <imgact/transport.h>

#define LIST_IMAGE    "77" /* whose actions are listed */
#define LIST_NAME     "mine"
#define LIST_REGION   "nyc1"
#define FIRST_ID      INT64_C(1000)
#define MAX_ITEMS     1000 /* that a walk ever sees; no run comes near it */
#define MAX_UNDER_WAY 64
#define MAX_CHANGES   2

typedef struct item {
  int64_t id;
  uint64_t key;    /* grows from the start of the list to its end; the item's name */
  size_t page;     /* that showed it last */
  bool matches;    /* the filter of the walk */
  bool from_start; /* there at the first request */
  bool gone;       /* or it was so, at some time, that the filter did not select it */
  bool deleted;
  bool excused;   /* it has crossed the frontier without a trace */
  unsigned times; /* in the result */
} item;

typedef struct change {
  uint64_t before; /* the page request, from 0 */
  bool add;
  size_t at; /* index in the list; beyond its end: at the end */
} change;

/* What is read, and how. */
typedef struct walk_mode {
  bool paged;       /* one page per run, so that nothing that was delivered can be taken back */
  bool small;       /* lists that change more than they are read */
  bool sorted;      /* by name */
  bool filtered;    /* by name (Hetzner: the server) or region (DigitalOcean: the library) */
  bool limited;     /* by max_items */
  bool actions;     /* of an image, in place of images */
  bool short_pages; /* each page may lack an item, once, and nothing changes */
} walk_mode;

typedef struct pending_reply {
  imgact_exchange *exchange;
  char *target; /* the end of the URL, until it is served */
  int status;
  sim_text body;
} pending_reply;

typedef struct cloud {
  imgact_transport base;
  imgact_client *client;
  sim_cloud form;
  bool ahead; /* pages are requested before their turn, and at most one thing changes between two
                 requests */
  int64_t now_ms;
  item items[MAX_ITEMS]; /* all that ever were, by id */
  size_t items_count;
  item *list[MAX_ITEMS]; /* those that are there, in order */
  size_t count, most;    /* now, and ever */
  change changes[MAX_CHANGES];
  size_t changes_count;
  bool by_chance;
  walk_mode mode;
  item *shown[MAX_ITEMS]; /* the list at the last page request */
  size_t shown_count;
  bool was_short[MAX_ITEMS]; /* by page */
  bool crossed;              /* an item has crossed the frontier without a trace */
  bool reread;               /* a page was requested that is not behind all pages before */
  size_t last_page;
  uint64_t last_gap; /* the enumerated changes come before the 2nd to so many page requests */
  size_t frontier; /* the first place that may hold an item that no page has shown, as far as totals
                      show */
  uint64_t pages, gets; /* requests */
  uint64_t dice;
  pending_reply under_way[MAX_UNDER_WAY];
  size_t under_way_count;
} cloud;

extern bool list_cloud_verbose; /* to standard error */

/* Makes the client, too, which requests pages ahead or one by one; false: none (a message is on
 * standard error). */
bool list_cloud_open(cloud *c, sim_cloud form, bool ahead);
/* So many items, and no request so far. */
void list_cloud_start(cloud *c, size_t items);

#endif
