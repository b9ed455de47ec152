// SPDX-License-Identifier: MIT
/* Pages of either provider from memory, of an account that changes between two requests. */
#include "list_cloud.h"
#include "sim_text.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH_MS       INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define CHANGING       0.3                    /* of the page requests by chance */
#define CHANGING_SMALL 0.5 /* of those of small lists, up to SMALL_CHANGES times */
#define SMALL_CHANGES  3
#define SHORT          0.2 /* of the pages, once */
#define KEY_GAP        ((uint64_t)1 << 48)

bool list_cloud_verbose;

/* ---- the account ---- */

/* Between its neighbours; equal to one of them if there is no room left. */
static uint64_t key_at(const cloud *c, size_t at) {
  uint64_t before = at ? c->list[at - 1]->key : 0;
  return at < c->count ? before + (c->list[at]->key - before) / 2 : before + KEY_GAP;
}

static void insert(cloud *c, size_t at) {
  if (c->items_count == MAX_ITEMS) abort();
  item *added = &c->items[c->items_count];
  if (at > c->count) at = c->count;
  /* Hetzner's list holds only what its filter selects. */
  bool matches = !c->mode.filtered || c->form == SIM_HETZNER || sim_random_below(&c->dice, 2);
  *added = (item){.id = FIRST_ID + (int64_t)c->items_count++,
                  .key = key_at(c, at),
                  .matches = matches,
                  .from_start = !c->pages};
  memmove(c->list + at + 1, c->list + at, (c->count - at) * sizeof *c->list);
  c->list[at] = added;
  if (++c->count > c->most) c->most = c->count;
}

static void take_out(cloud *c, size_t at) {
  if (!c->count) return;
  if (at >= c->count) at = c->count - 1;
  item *it = c->list[at];
  bool stays = c->mode.filtered && sim_random_below(&c->dice, 2);
  it->gone = true;
  it->deleted = !stays;
  if (stays) it->matches = !it->matches;
  if (stays && c->form == SIM_DIGITALOCEAN) return;
  c->count--;
  memmove(c->list + at, c->list + at + 1, (c->count - at) * sizeof *c->list);
}

static void make_change(cloud *c, const change *wanted) {
  if (list_cloud_verbose)
    fprintf(stderr, "    %s at %zu of %zu, the frontier at %zu\n",
            wanted->add ? "added" : "removed", wanted->at, c->count, c->frontier);
  if (wanted->add)
    insert(c, wanted->at);
  else
    take_out(c, wanted->at);
}

/* Since the last page request an item has moved from behind the frontier to before it, by more
 * places than the total fell: something was added behind it at the same time. No response shows
 * that. */
static void excuse_crossed(cloud *c) {
  item *const *old = c->shown;
  size_t old_count = c->shown_count;
  size_t fall = old_count > c->count ? old_count - c->count : 0;
  for (size_t i = 0; i + fall < c->frontier && i < c->count; i++)
    for (size_t j = c->frontier; j < old_count; j++)
      if (old[j] == c->list[i]) c->list[i]->excused = c->crossed = true;
  c->frontier = c->frontier > fall ? c->frontier - fall : 0;
}

static size_t chance_place(cloud *c) {
  switch (sim_random_below(&c->dice, 3)) {
  case 0: return 0;
  case 1: return c->count;
  default: return sim_random_below(&c->dice, c->count + 1);
  }
}

static void change_by_chance(cloud *c) {
  if (!c->by_chance || !c->pages || c->mode.short_pages ||
      sim_random_unit(&c->dice) >= (c->mode.small ? CHANGING_SMALL : CHANGING))
    return;
  bool several = c->mode.small && !c->ahead;
  for (uint64_t n = several ? 1 + sim_random_below(&c->dice, SMALL_CHANGES) : 1; n; n--) {
    const change any = {.add = sim_random_below(&c->dice, 2) == 0, .at = chance_place(c)};
    make_change(c, &any);
  }
}

/* Called before the response to a page request. */
static void change_account(cloud *c) {
  for (size_t i = 0; i < c->changes_count; i++)
    if (c->changes[i].before == c->pages) make_change(c, &c->changes[i]);
  change_by_chance(c);
  if (c->pages) excuse_crossed(c);
}

/* ---- its responses ---- */

static size_t number_of(const char *target, const char *key, size_t otherwise) {
  size_t length = strlen(key);
  for (const char *at = target; (at = strstr(at, key)); at += length)
    if ((at[-1] == '?' || at[-1] == '&') && at[length] == '=')
      return strtoull(at + length + 1, NULL, 10);
  return otherwise;
}

static void put_action(const cloud *c, sim_text *out, const item *it) {
  if (c->form == SIM_HETZNER)
    sim_text_printf(out,
                    "{\"id\":%" PRId64 ",\"command\":\"x\",\"status\":\"success\",\"resources\":["
                    "{\"id\":" LIST_IMAGE ",\"type\":\"image\"}]}",
                    it->id);
  else
    sim_text_printf(out,
                    "{\"id\":%" PRId64
                    ",\"type\":\"x\",\"status\":\"completed\",\"resource_id\":" LIST_IMAGE
                    ",\"resource_type\":\"image\"}",
                    it->id);
}

static void put_item(const cloud *c, sim_text *out, const item *it) {
  if (c->mode.actions) {
    put_action(c, out, it);
    return;
  }
  sim_text_printf(out, "{\"id\":%" PRId64 ",\"type\":\"snapshot\",\"name\":\"", it->id);
  if (c->mode.filtered)
    sim_text_str(out, it->matches ? LIST_NAME : "renamed");
  else
    sim_text_printf(out, "%020" PRIu64, it->key);
  sim_text_printf(out, "\",\"regions\":[\"%s\"]}", it->matches ? LIST_REGION : "sfo2");
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
  c->reread = c->reread || page <= c->last_page;
  c->last_page = page;
  if ((page - 1) * per_page <= c->frontier && page * per_page > c->frontier)
    c->frontier = page * per_page;
  if (list_cloud_verbose) {
    fprintf(stderr, "    page %zu of %zu items:", page, c->count);
    for (size_t i = 0; i < c->count; i++)
      fprintf(stderr, "%s %" PRId64,
              i == (page - 1) * per_page ? " ["
              : i == page * per_page     ? " ]"
                                         : "",
              c->list[i]->id - FIRST_ID);
    fprintf(stderr, "\n");
  }
  size_t first = (page - 1) * per_page,
         end = page * per_page < c->count ? page * per_page : c->count;
  /* The first page and the last one are whole: only in between can a short page be noticed. */
  if (c->mode.short_pages && page > 1 && end < c->count && !c->was_short[page] &&
      sim_random_unit(&c->dice) < SHORT) {
    c->was_short[page] = true;
    end--;
  }
  sim_text_printf(out, "{\"%s\":[", c->mode.actions ? "actions" : "images");
  for (size_t i = first; i < end; i++) {
    if (i > first) sim_text_str(out, ",");
    put_item(c, out, c->list[i]);
    c->list[i]->page = page;
  }
  sim_text_str(out, "]");
  put_pages(c, out, page, per_page);
  sim_text_str(out, "}");
  memcpy(c->shown, c->list, c->count * sizeof *c->list);
  c->shown_count = c->count;
}

static int answer_item(cloud *c, const char *id, sim_text *out) {
  int64_t wanted = strtoll(id, NULL, 10);
  c->gets++;
  change_by_chance(c);
  if (list_cloud_verbose) fprintf(stderr, "    item %" PRId64 "\n", wanted);
  const item *it = &c->items[wanted - FIRST_ID];
  if (wanted >= FIRST_ID && wanted < FIRST_ID + (int64_t)c->items_count && !it->deleted) {
    sim_text_str(out, c->mode.actions ? "{\"action\":" : "{\"image\":");
    put_item(c, out, it);
    sim_text_str(out, "}");
    return 200;
  }
  sim_text_str(out, c->form == SIM_HETZNER
                        ? "{\"error\":{\"code\":\"not_found\",\"message\":\"image not found\"}}"
                        : "{\"id\":\"not_found\",\"message\":\"The resource was not found.\"}");
  return 404;
}

/* ---- the transport: requests are served, and responses come, in any order ---- */

static imgact_status serve(imgact_transport *transport, const imgact_http_request *request,
                           imgact_exchange *exchange) {
  cloud *c = (cloud *)transport;
  if (c->under_way_count == MAX_UNDER_WAY) return IMGACT_INTERNAL;
  pending_reply *reply = &c->under_way[c->under_way_count++];
  *reply = (pending_reply){.exchange = exchange, .status = 200};
  if (strcmp(request->method, "GET") != 0) abort();
  /* .../images?..., .../images/77/actions?...; a number at the end of the path is an item's id */
  size_t path = strcspn(request->url, "?");
  while (path && request->url[path - 1] != '/') path--;
  reply->target = strdup(request->url + path);
  if (!reply->target) abort();
  return IMGACT_OK;
}

static void answer(cloud *c, pending_reply *reply) {
  if (*reply->target >= '0' && *reply->target <= '9')
    reply->status = answer_item(c, reply->target, &reply->body);
  else
    answer_page(c, reply->target, &reply->body);
  free(reply->target);
  reply->target = NULL;
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
      free(reply.target);
      sim_text_free(&reply.body);
      return;
    }
}

static void deliver(imgact_transport *transport) {
  static const imgact_header headers[] = {{"Content-Type", "application/json"}};
  cloud *c = (cloud *)transport;
  if (!c->under_way_count) return;
  size_t i = c->by_chance ? sim_random_below(&c->dice, c->under_way_count) : 0;
  if (c->under_way[i].target) {
    answer(c, &c->under_way[i]);
    if (c->by_chance && c->ahead && sim_random_unit(&c->dice) < 0.5) return; /* delivered later */
  }
  pending_reply reply = take_reply(c, i);
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

bool list_cloud_open(cloud *c, sim_cloud form, bool ahead) {
  *c = (cloud){.form = form, .ahead = ahead, .now_ms = EPOCH_MS};
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
                                         .concurrency = ahead ? 8 : 1,
                                         .transport = &c->base};
  imgact_error error = {0};
  if (imgact_client_new(&options, &c->client, &error) == IMGACT_OK) return true;
  fprintf(stderr, "no client: %s\n", error.message);
  return false;
}

void list_cloud_start(cloud *c, size_t items) {
  c->items_count = c->count = c->most = c->changes_count = 0;
  c->pages = c->gets = 0;
  c->frontier = c->shown_count = c->last_page = 0;
  c->reread = c->crossed = false;
  memset(c->was_short, 0, sizeof c->was_short);
  for (size_t i = 0; i < items; i++) insert(c, i);
}
