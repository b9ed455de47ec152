// SPDX-License-Identifier: MIT
/*
 * Lists. Invariants: a page is asked for only because a response named it and it advances;
 * page_coverage.c says which is next; nothing is delivered twice.
 */
#include "pager.h"
#include "error_fill.h"
#include "filter.h"
#include "operation.h"
#include "sort.h"
#include "sort_keys.h"
#include "str.h"
#include <string.h>

#define MAX_PAGES             100000
#define MAX_REQUESTS_PER_PAGE 5
#define MAX_QUERY_BYTES       ((size_t)64 << 10) /* of one page */
#define MAX_QUERIES_BYTES     ((size_t)8 << 20)  /* of all pages of a query */

static void on_response(ia_exchange *exchange);
static bool use_window(ia_pager *pager, const ia_page_ref *ref);

/* ---- what is asked ---- */

static uint32_t asked_types(const imgact_image_filter *filter) {
  uint32_t types = 0;
  for (size_t i = 0; i < filter->types_count; i++) types |= IMGACT_IMAGE_TYPE_BIT(filter->types[i]);
  return types;
}

/* Which queries answer for the types; one for any type where none is asked for. */
static imgact_status plan_queries(ia_pager *pager, imgact_error *error) {
  const imgact_provider *provider = pager->client->provider;
  uint32_t types = pager->items.kind == IA_ITEM_IMAGE ? asked_types(pager->call.image_filter) : 0;
  pager->queries.count = 0;
  if (!types) {
    pager->queries.types[pager->queries.count++] = 0;
    return IMGACT_OK;
  }
  for (size_t i = 0; i < provider->type_groups_count && pager->queries.count < IA_MAX_QUERIES;
       i++) {
    const void *at = (const char *)provider->type_groups + i * provider->type_groups_stride;
    const imgact_type_group *group = at;
    uint32_t part = types & group->types;
    if (!part) continue;
    pager->queries.types[pager->queries.count] = part;
    pager->queries.exact_types[pager->queries.count++] = group->exact;
    types &= ~part;
  }
  for (unsigned type = 0; types; type++)
    if (types & (1u << type))
      return imgact_error_set(error, IMGACT_UNSUPPORTED, "%s does not support images of type %s",
                              provider->name, imgact_image_type_name((imgact_image_type)type));
  return IMGACT_OK;
}

/* Regions have no sort keys. */
static const char *const *sort_keys(const ia_pager *pager, size_t *count) {
  const imgact_image_filter *images = pager->call.image_filter;
  const imgact_action_filter *actions = pager->call.action_filter;
  *count = images ? images->sort_count : actions ? actions->sort_count : 0;
  return images ? images->sort : actions ? actions->sort : NULL;
}

static ia_item_kind kind_of(const imgact_call *call) {
  if (call->kind == IMGACT_OP_LIST_REGIONS) return IA_ITEM_REGION;
  return ia_lists_images(call->kind) ? IA_ITEM_IMAGE : IA_ITEM_ACTION;
}

imgact_status ia_pager_init(ia_pager *pager, imgact_client *client, const imgact_call *call,
                            imgact_error *error) {
  const imgact_provider *provider = client->provider;
  pager->client = client;
  pager->call = *call;
  pager->slot = ia_client_slot(client, call->kind);
  ia_item_list_init(&pager->items, client->allocator, ia_random_word(&client->engine->timers),
                    kind_of(call));
  ia_buf_init(&pager->pages.texts, client->allocator, MAX_QUERIES_BYTES);
  pager->requested_filters = ia_filter_asked(call);
  if (!pager->slot)
    return imgact_error_set(error, IMGACT_UNSUPPORTED, "%s does not support '%s'", provider->name,
                            imgact_op_kind_name(call->kind));
  uint32_t lacking =
      pager->requested_filters & ~(pager->slot->server_filters | pager->slot->local_filters);
  if (lacking)
    return imgact_error_set(error, IMGACT_UNSUPPORTED, "%s does not support filtering by %s",
                            provider->name, ia_filter_word(lacking));
  pager->local_filters = pager->requested_filters & pager->slot->local_filters;
  pager->sort_locally = (pager->local_filters &
                         (IMGACT_FILTER_BIT(IMAGE_SORT) | IMGACT_FILTER_BIT(ACTION_SORT))) != 0;
  size_t count;
  const char *const *keys = sort_keys(pager, &count);
  bool images = pager->items.kind == IA_ITEM_IMAGE;
  const char *wrong = ia_sort_wrong(keys, count, images);
  if (wrong)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "invalid sort key '%s'; use %s, optionally with :asc or :desc", wrong,
                            ia_sort_key_words(images));
  return plan_queries(pager, error);
}

imgact_status ia_pager_check(const ia_pager *pager, imgact_error *error) {
  int64_t most = pager->client->provider->max_per_page;
  if (pager->options.page < 0 || pager->options.max_items < 0)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "page and max_items must not be negative");
  if (pager->options.per_page < 0 || pager->options.per_page > most)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "per_page must be 1 to %lld for %s, not %lld", (long long)most,
                            pager->client->provider->name, (long long)pager->options.per_page);
  if (pager->options.page && pager->queries.count > 1)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "page %lld is not possible with several image types on %s; request one "
                            "type",
                            (long long)pager->options.page, pager->client->provider->name);
  if (pager->options.paged && pager->sort_locally)
    return imgact_error_set(
        error, IMGACT_INVALID_ARGUMENT,
        "%s does not support sorting page by page; read the whole list, or do not "
        "sort",
        pager->client->provider->name);
  return IMGACT_OK;
}

/* ---- how to ask for a page ---- */

static const char *text_at(const ia_page_refs *pages, size_t offset) {
  return offset ? pages->texts.data + offset : NULL;
}

/* Stores a text with its NUL, unless it is what `old` says already. 0: there is none; an error
 * sticks in the buffer. */
static size_t store_text(ia_page_refs *pages, size_t old, const char *text) {
  if (!text || !*text) return 0;
  if (old && strcmp(text_at(pages, old), text) == 0) return old;
  if (pages->texts.length == 0) ia_buf_add(&pages->texts, "", 1);
  size_t offset = pages->texts.length;
  ia_buf_add(&pages->texts, text, strlen(text) + 1);
  return offset;
}

/* Sets how to ask for a page: one that is known, or the one behind the last. false: no memory, or
 * too much text. */
static bool set_page(ia_pager *pager, size_t index, int64_t number, const char *query,
                     const char *cursor) {
  ia_page_refs *pages = &pager->pages;
  ia_page_ref *refs =
      ia_grow(pager->client->allocator, pages->refs, index, &pages->capacity, sizeof *pages->refs);
  if (!refs) return false;
  pages->refs = refs;
  ia_page_ref *ref = &refs[index];
  if (index == pages->count) {
    *ref = (ia_page_ref){0};
    pages->count++;
  }
  ref->number = number;
  ref->query = store_text(pages, ref->query, query);
  ref->cursor = store_text(pages, ref->cursor, cursor);
  return pages->texts.state == IA_BUF_OK;
}

/* ---- requests ---- */

static bool submit(ia_pager *pager, const imgact_call *call) {
  if (!pager->exchange)
    pager->exchange = ia_exchange_new(pager->client, pager->policy, on_response, pager);
  if (!pager->exchange) {
    ia_no_memory(&pager->error);
    return false;
  }
  pager->requests++;
  pager->exchange->attempts = 0;
  pager->exchange->policy = pager->policy;
  ia_item_list_mark(&pager->items);
  ia_result_next_page(pager->result);
  ia_exchange_submit(pager->exchange, call, pager->result);
  return true;
}

static uint64_t pages_read(const ia_pager *pager) {
  return pager->pages_of_earlier_queries + pager->coverage.pages;
}

/* Requests of a window that was dropped do not count against the pages that have been read: they
 * are at most one for each page. */
static bool may_ask(const ia_pager *pager) {
  uint64_t known = pages_read(pager);
  if (known < (uint64_t)pager->base.last_number) known = (uint64_t)pager->base.last_number;
  return pager->requests - pager->base.dropped < MAX_REQUESTS_PER_PAGE * pages_read(pager) &&
         pager->requests < MAX_REQUESTS_PER_PAGE * known;
}

/* ---- pages ahead ---- */

/* Pages are requested before their turn only while nothing moves: read out of order, an added item
 * hides others. As long as every page reports the same total and the same last page, and no id
 * comes twice, the order of the responses does not matter. At the first difference the window is
 * dropped, and everything behind the last page that is certain is read again, page by page: the
 * last one that had been taken when the differing page was requested. Pages that were taken later
 * may have been served after what the differing page shows, when something else made up for it. */

static void on_arrived(ia_page_window *window);

/* The first two pages are read in order. If both report the same total and last page, the others
 * are requested ahead: some APIs report numbers that they do not keep to. */
static void open_window(ia_pager *pager, const imgact_result *result) {
  const ia_page_ref *ref = &pager->pages.refs[pager->index];
  ia_page_base *base = &pager->base;
  bool numbered = result->next_page == ref->number + 1 && !result->next_token &&
                  result->page.last > ref->number && result->page.total >= 0;
  bool same = result->page.total == base->total && result->page.last == base->last_number;
  size_t ahead = pager->options.ahead;
  if (ahead < 2 || pager->options.page || base->moved) return;
  if (pager->options.paged && ahead > IA_PAGED_AHEAD) ahead = IA_PAGED_AHEAD;
  if (pager->index == 0 && numbered) {
    base->total = result->page.total;
    base->last_number = result->page.last;
    base->length = ref->length;
  } else if (pager->index != 1 || !numbered || !same) {
    base->moved = true;
  } else {
    pager->window.client = pager->client;
    pager->window.policy = pager->policy;
    pager->window.arrived = on_arrived;
    pager->window.owner = pager;
    /* Page by page needs less memory. */
    base->moved = !ia_page_window_open(&pager->window, ahead, pager->index + 1);
  }
}

/* Returns true if the caller wants the page at an index: a limit ends the list before others. */
static bool is_wanted(const ia_pager *pager, uint64_t index) {
  uint64_t max_items = (uint64_t)pager->options.max_items;
  return !max_items || pager->sort_locally ||
         pager->before_query + index * pager->base.length < max_items;
}

/* Requests pages while the window has room. */
static void fill_window(ia_pager *pager) {
  ia_page_window *window = &pager->window;
  imgact_call call = pager->call;
  call.type_mask = pager->queries.types[pager->queries.index];
  call.next_query = NULL;
  while (ia_page_window_is_open(window) && window->count < window->capacity) {
    uint64_t index = window->index + window->count;
    int64_t number = pager->pages.refs[0].number + (int64_t)index;
    if (number > pager->base.last_number || !is_wanted(pager, index)) return;
    call.page = number;
    if (!ia_page_window_request(window, &call, pager->result->keep_raw)) return;
    pager->requests++;
  }
}

static void drop_window(ia_pager *pager) {
  pager->base.dropped += pager->window.count;
  ia_page_window_close(&pager->window);
  pager->base.moved = true;
}

/* Returns how far the totals of the pages in the window fell. */
static uint64_t fall_in_window(const ia_pager *pager) {
  const ia_page_window *window = &pager->window;
  int64_t lowest = pager->base.total;
  for (size_t i = 0; i < window->count; i++) {
    const ia_page_fetch *fetch = &window->fetches[(window->head + i) % window->capacity];
    int64_t total = fetch->arrived ? fetch->result.page.total : -1;
    if (total >= 0 && total < lowest) lowest = total;
  }
  return (uint64_t)(pager->base.total - lowest);
}

/* Returns the index of the page to read next. Of the pages that were requested since the first
 * `certain` ones, every second one may have been served after a removal, and the next one after an
 * addition that hides it in the total. */
static uint64_t go_back(ia_pager *pager, uint64_t certain, uint64_t fall) {
  uint64_t requested = pager->window.index + pager->window.count - certain;
  uint64_t hidden = (requested + 1) / 2;
  pager->changed = true;
  drop_window(pager);
  return ia_page_coverage_back(&pager->coverage, certain, fall > hidden ? fall : hidden,
                               pager->pages.refs);
}

/* Returns true if the link to a page asks for what was requested ahead: a link may have more
 * parameters. */
static bool is_same_request(const ia_pager *pager, const ia_page_ref *ref,
                            const imgact_call *requested) {
  if (ref->number != requested->page) return false;
  if (!ref->query) return true;
  imgact_call call = *requested;
  imgact_request linked, ahead;
  imgact_error error;
  call.next_query = text_at(&pager->pages, ref->query);
  ia_request_init(&linked, pager->client->allocator);
  ia_request_init(&ahead, pager->client->allocator);
  bool same = ia_request_encode(&linked, pager->slot, &call, pager->client->provider, &error) ==
                  IMGACT_OK &&
              ia_request_encode(&ahead, pager->slot, requested, pager->client->provider, &error) ==
                  IMGACT_OK &&
              strcmp(ia_buf_text(&linked.path), ia_buf_text(&ahead.path)) == 0 &&
              strcmp(ia_buf_text(&linked.query), ia_buf_text(&ahead.query)) == 0;
  ia_request_free(&linked);
  ia_request_free(&ahead);
  return same;
}

/* Returns true if the page at pager->index has been requested ahead. */
static bool use_window(ia_pager *pager, const ia_page_ref *ref) {
  ia_page_window *window = &pager->window;
  if (!ia_page_window_is_open(window)) return false;
  fill_window(pager);
  const ia_page_fetch *fetch = ia_page_window_head(window);
  if (fetch && window->index == pager->index && is_same_request(pager, ref, &fetch->exchange->call))
    return true;
  drop_window(pager);
  return false;
}

static bool is_next_there(const ia_pager *pager) {
  const ia_page_fetch *fetch = ia_page_window_head(&pager->window);
  return ia_page_window_is_open(&pager->window) && fetch && fetch->arrived;
}

/* Returns true if a page of the window shows that the list has changed. */
static bool has_moved(const ia_pager *pager, const imgact_result *page) {
  int64_t number = pager->pages.refs[pager->index].number;
  bool is_last = number >= pager->base.last_number;
  int64_t last = page->page.last > 0 ? page->page.last : is_last ? number : -1;
  return page->page.total != pager->base.total || last != pager->base.last_number ||
         page->has_next == is_last;
}

/* Asks for the page at pager->index. false: not; why is in pager->error. */
static bool ask_page(ia_pager *pager) {
  if (pager->requests > 0 && pager->index < pager->coverage.pages && !may_ask(pager)) {
    imgact_error_set(&pager->error, IMGACT_INCOMPLETE,
                     "list changed during pagination: incomplete after %llu requests, with %llu "
                     "pages reached; try again later",
                     (unsigned long long)pager->requests, (unsigned long long)pages_read(pager));
    return false;
  }
  const ia_page_ref *ref = &pager->pages.refs[pager->index];
  pager->state = IA_PAGER_READING;
  if (use_window(pager, ref)) return true;
  pager->call.type_mask = pager->queries.types[pager->queries.index];
  pager->call.page = ref->number;
  pager->call.next_query = text_at(&pager->pages, ref->query);
  return submit(pager, &pager->call);
}

/* Asks the API for an item by its id. false: no memory. */
static bool ask_item(ia_pager *pager, ia_item_entry *entry) {
  imgact_call call = {.size = sizeof call};
  pager->state = IA_PAGER_ASKING;
  pager->asked = entry;
  if (pager->items.kind == IA_ITEM_IMAGE) {
    call.kind = IMGACT_OP_GET_IMAGE;
    call.image_ref = ia_item_list_id(&pager->items, entry);
  } else {
    call.kind = IMGACT_OP_GET_ACTION;
    call.action_id = ia_item_list_id(&pager->items, entry);
    call.image_ref = pager->call.image_ref;
  }
  return submit(pager, &call);
}

static bool begin_query(ia_pager *pager) {
  pager->pages_of_earlier_queries += pager->coverage.pages;
  pager->coverage = (ia_page_coverage){.total = -1};
  pager->base = (ia_page_base){.dropped = pager->base.dropped};
  ia_page_window_close(&pager->window);
  pager->before_query = pager->delivered + ia_item_list_count(&pager->items);
  pager->index = 0;
  pager->checked_until = 0;
  pager->pages.count = 0;
  pager->pages.items = 0;
  ia_buf_reset(&pager->pages.texts);
  if (set_page(pager, 0, pager->options.page ? pager->options.page : 1, NULL, NULL)) return true;
  ia_no_memory(&pager->error);
  return false;
}

static void on_resume(ia_timer *timer);

/* Goes on after a page was delivered. */
static bool resume(ia_pager *pager) {
  pager->delivered += ia_item_list_count(&pager->items);
  ia_item_list_delivered(&pager->items);
  if (!ask_page(pager)) return false;
  ia_timers *timers = &pager->client->engine->timers;
  if (is_next_there(pager)) ia_timer_set(timers, &pager->resume, timers->now.mono_ms, on_resume);
  return true;
}

bool ia_pager_start(ia_pager *pager, imgact_result *result) {
  bool goes_on = pager->state == IA_PAGER_PAUSED;
  pager->result = result;
  ia_error_clear(&pager->error);
  if (goes_on) return resume(pager);
  pager->call.per_page =
      pager->options.per_page ? pager->options.per_page : pager->client->provider->max_per_page;
  pager->items.deliver_pages = pager->options.paged;
  pager->requests = pager->pages_of_earlier_queries = pager->delivered = 0;
  pager->base.dropped = 0;
  pager->coverage.pages = 0;
  pager->changed = false;
  pager->queries.index = 0;
  ia_item_list_start(&pager->items, result);
  return begin_query(pager) && ask_page(pager);
}

void ia_pager_stop(ia_pager *pager) {
  ia_exchange_free(pager->exchange);
  pager->exchange = NULL;
  ia_timer_stop(&pager->client->engine->timers, &pager->resume);
  ia_page_window_close(&pager->window);
  ia_item_list_free(&pager->items);
  ia_free(pager->client->allocator, pager->pages.refs);
  pager->pages.refs = NULL;
  pager->pages.count = pager->pages.capacity = 0;
  ia_buf_free(&pager->pages.texts);
}

/* ---- a page ---- */

/* The filters that the server did not apply to a page. */
static bool passes(const ia_pager *pager, const void *item) {
  size_t query = pager->queries.index;
  uint32_t filters = (pager->local_filters | pager->left_filters) & pager->requested_filters;
  uint32_t types = pager->queries.types[query];
  if (types && !pager->queries.exact_types[query])
    filters |= IMGACT_FILTER_BIT(IMAGE_TYPE) & pager->requested_filters;
  return ia_filter_passes(&pager->call, filters, types, item);
}

/* The server applies no filter to an item that is requested by its id. If a filter of this library
 * also rejects the item as it was listed, the server filters differently; then the item stays. */
static bool still_passes(const ia_pager *pager, const void *item) {
  uint32_t types = pager->queries.types[pager->queries.index], filters = pager->requested_filters;
  return passes(pager, item) &&
         (ia_filter_passes(&pager->call, filters, types, item) ||
          !ia_filter_passes(&pager->call, filters, types, pager->asked->item));
}

static bool take_items(ia_pager *pager, bool again) {
  ia_item_list *items = &pager->items;
  size_t count = ia_item_list_response_count(items);
  uint64_t first = pager->pages_of_earlier_queries;
  ia_item_list_begin_page(items, (uint32_t)(first + pager->index), (uint32_t)first);
  for (size_t i = 0; i < count; i++)
    if (!ia_item_list_take(items, i, passes(pager, ia_item_list_response_item(items, i))))
      return false;
  ia_item_list_end_page(items, again);
  return true;
}

/* The query of the next page is sent in a URL, which proxies and servers log. */
static bool holds_token(const ia_pager *pager, const char *text) {
  return text && ia_redact_found_encoded(&pager->client->credential.redactor, text, strlen(text));
}

/* If the response reports a last page, the next page must be number + 1 and not beyond it. Any
 * other link skips pages or leads to a missing one. */
static bool skips_pages(const imgact_result *result, int64_t number) {
  if (result->page.last <= 0 || result->next_page <= number) return false;
  return result->next_page != number + 1 || result->next_page > result->page.last;
}

/* Stores the page that the server names as the next one, which has to advance. */
static bool store_next(ia_pager *pager) {
  const imgact_result *result = pager->result;
  const ia_page_ref *here = &pager->pages.refs[pager->index];
  int64_t number = here->number;
  const char *cursor = result->next_token ? result->next_token : "";
  bool new_cursor =
      *cursor && (!here->cursor || strcmp(cursor, text_at(&pager->pages, here->cursor)) != 0);
  if (!new_cursor && skips_pages(result, number)) {
    imgact_error_set(&pager->error, IMGACT_INCOMPLETE,
                     "page %lld links to page %lld, but page %lld is the last one; try again later",
                     (long long)number, (long long)result->next_page, (long long)result->page.last);
    return false;
  }
  if (result->next_page <= number && !new_cursor) {
    if (result->next_page)
      imgact_error_set(&pager->error, IMGACT_INCOMPLETE,
                       "pagination loop: page %lld links to page %lld", (long long)number,
                       (long long)result->next_page);
    else
      imgact_error_set(&pager->error, IMGACT_INCOMPLETE,
                       "invalid link to the next page on page %lld", (long long)number);
    return false;
  }
  if (pager->pages_of_earlier_queries + pager->index + 1 >= MAX_PAGES || number == INT64_MAX) {
    imgact_error_set(&pager->error, IMGACT_PROTOCOL, "the list has more than %d pages", MAX_PAGES);
    return false;
  }
  size_t query_bytes = result->next_query ? strlen(result->next_query) : 0;
  bool fits = query_bytes <= MAX_QUERY_BYTES && strlen(cursor) <= MAX_QUERY_BYTES;
  if (fits && (holds_token(pager, result->next_query) || holds_token(pager, cursor))) {
    imgact_error_set(&pager->error, IMGACT_PROTOCOL,
                     "the link to the next page on page %lld contains the API token",
                     (long long)number);
    return false;
  }
  int64_t next = result->next_page > number ? result->next_page : number + 1;
  if (fits && set_page(pager, (size_t)pager->index + 1, next, result->next_query, cursor))
    return true;
  if (!fits || pager->pages.texts.state == IA_BUF_FULL)
    imgact_error_set(
        &pager->error, IMGACT_PROTOCOL,
        "the link to the next page on page %lld exceeds %zu KiB, or all links together %zu MiB",
        (long long)number, MAX_QUERY_BYTES >> 10, MAX_QUERIES_BYTES >> 20);
  else
    ia_no_memory(&pager->error);
  return false;
}

/* ---- what comes next ---- */

/* Each returns the state that follows; a request is under way in READING and ASKING. */

static ia_pager_state complete(ia_pager *pager) {
  size_t count, max_items = 0;
  const char *const *keys = sort_keys(pager, &count);
  if (pager->options.max_items)
    max_items = (size_t)((uint64_t)pager->options.max_items - pager->delivered);
  ia_item_list_finish(&pager->items);
  /* Each page is in order. If the list changed between two pages, or pages were read again, they
   * need not be in order together. */
  bool mixed = pager->changed || !pager->items.in_order;
  bool sort = pager->sort_locally || (count > 0 && mixed);
  if (sort && !ia_sort(pager->result, keys, count, pager->items.kind == IA_ITEM_IMAGE))
    ia_no_memory(&pager->error);
  ia_item_list_cut(&pager->items, max_items);
  pager->result->page = pager->last;
  return IA_PAGER_ENDED;
}

static bool has_enough(const ia_pager *pager) {
  uint64_t max_items = (uint64_t)pager->options.max_items;
  return max_items > 0 && !pager->sort_locally &&
         pager->delivered + ia_item_list_count(&pager->items) >= max_items;
}

/* A page that is shorter than another one although it is not the last may hide items, unless the
 * pages add up to the total: it is read again, once. */
static bool find_short_page(ia_pager *pager) {
  if (pager->coverage.total >= 0 && (uint64_t)pager->coverage.total == pager->pages.items)
    return false;
  for (; pager->checked_until + 1 < pager->coverage.pages; pager->checked_until++) {
    const ia_page_ref *ref = &pager->pages.refs[pager->checked_until];
    if (ref->read_again || ref->length >= pager->coverage.page_size) continue;
    pager->index = pager->checked_until;
    return true;
  }
  return false;
}

/* Asks for the page at pager->index, or delivers first what is there. */
static ia_pager_state go_on(ia_pager *pager) {
  if (pager->options.paged && ia_item_list_count(&pager->items) > 0) return IA_PAGER_PAUSED;
  return ask_page(pager) ? IA_PAGER_READING : IA_PAGER_ENDED;
}

/* All pages of the query are read, or all that are wanted: asks for items that vanished meanwhile,
 * then goes on. */
static ia_pager_state end_query(ia_pager *pager) {
  if (pager->coverage.complete && !has_enough(pager) && find_short_page(pager)) return go_on(pager);
  /* The paths of single actions and images may not answer for those of a server, and there is none
   * of a single region: such items stay. */
  bool can_ask = !pager->call.server_id && pager->items.kind != IA_ITEM_REGION;
  bool asks = can_ask && may_ask(pager);
  ia_item_entry *missing = asks ? ia_item_list_missing(&pager->items) : NULL;
  if (missing) return ask_item(pager, missing) ? IA_PAGER_ASKING : IA_PAGER_ENDED;
  if (has_enough(pager)) return complete(pager);
  if (!pager->coverage.complete) return go_on(pager); /* some of the items had vanished */
  if (++pager->queries.index == pager->queries.count) return complete(pager);
  return begin_query(pager) ? go_on(pager) : IA_PAGER_ENDED;
}

/* Keeps the items of the page at pager->index, and its length. */
static bool take_page(ia_pager *pager, bool again, uint32_t left_filters) {
  size_t items = ia_item_list_response_count(&pager->items), elements = pager->result->elements;
  size_t length = elements > items ? elements : items;
  ia_page_ref *ref = &pager->pages.refs[pager->index];
  pager->left_filters = left_filters;
  if (!take_items(pager, again)) {
    ia_no_memory(&pager->error);
    return false;
  }
  pager->pages.items += length - ref->length;
  ref->length = length;
  ref->read_again = again;
  return true;
}

/* Moves the page at the head of the window into the result of the list. */
static void take_head(ia_pager *pager, uint32_t *left_filters) {
  ia_page_fetch *fetch = ia_page_window_head(&pager->window);
  *left_filters = fetch->exchange->local_filters;
  pager->error = fetch->exchange->error;
  ia_item_list_mark(&pager->items);
  ia_result_next_page(pager->result);
  if (!ia_result_take(pager->result, &fetch->result)) ia_no_memory(&pager->error);
  ia_page_window_pop(&pager->window);
}

/* What the pages of the window have shown counts, although they are read again: an item that a page
 * does not show again is asked for. */
static bool take_arrived(ia_pager *pager) {
  const ia_page_window *window = &pager->window;
  for (const ia_page_fetch *fetch; (fetch = ia_page_window_head(window));) {
    uint32_t left_filters = 0;
    if (!fetch->arrived || fetch->exchange->error.status != IMGACT_OK) return true;
    pager->index = window->index;
    int64_t number = pager->pages.refs[0].number + (int64_t)pager->index;
    if (pager->index == pager->pages.count && !set_page(pager, pager->index, number, NULL, NULL))
      ia_no_memory(&pager->error);
    else
      take_head(pager, &left_filters);
    if (pager->error.status != IMGACT_OK || !take_page(pager, false, left_filters)) return false;
    pager->coverage.pages = pager->index + 1;
  }
  return true;
}

/* Something has moved: only the first `certain` pages count as read. */
static ia_pager_state start_over(ia_pager *pager, uint64_t certain) {
  uint64_t fall = fall_in_window(pager);
  ia_error_clear(&pager->error);
  if (!take_arrived(pager)) return IA_PAGER_ENDED;
  pager->index = go_back(pager, certain, fall);
  return go_on(pager);
}

/* certain: how many pages had been taken when this one was requested before its turn; NULL: it was
 * requested in its turn. */
static ia_pager_state on_page(ia_pager *pager, uint32_t left_filters, const uint64_t *certain) {
  const imgact_result *result = pager->result;
  bool again = pager->index < pager->coverage.pages;
  const ia_page_facts facts = {.index = pager->index,
                               .total = result->page.total,
                               .has_next = result->has_next && !pager->options.page};
  pager->last = result->page;
  if (!take_page(pager, again, left_filters)) return IA_PAGER_ENDED;
  if (facts.has_next && !store_next(pager)) return IA_PAGER_ENDED;
  if (!again && facts.has_next) open_window(pager, result);
  if (pager->coverage.complete) return end_query(pager);
  pager->changed =
      pager->changed || (pager->coverage.total >= 0 && facts.total != pager->coverage.total);
  uint64_t next = ia_page_coverage_next(&pager->coverage, &facts, pager->pages.refs);
  if (certain && pager->items.repeated) /* something was added: items may be hidden */
    return start_over(pager, *certain);
  bool goes_back = next <= pager->index;
  pager->index = next;
  if (next == IA_PAGES_COMPLETE || (has_enough(pager) && (!goes_back || pager->options.paged)))
    return end_query(pager);
  return go_on(pager);
}

static ia_pager_state on_item(ia_pager *pager) {
  ia_item_list *items = &pager->items;
  const imgact_error *error = &pager->error;
  bool found = error->status == IMGACT_OK && ia_item_list_response_count(items) == 1;
  if (error->status == IMGACT_NOMEM || pager->exchange->lacks_token) return IA_PAGER_ENDED;

  /* Whether a label selector still selects the item is not known: it stays as the list showed it.
   */
  if (error->status == IMGACT_NOT_FOUND && error->http_status == 404)
    ia_item_list_not_found(items, pager->asked);
  else if (found && !(pager->requested_filters & IMGACT_FILTER_BIT(IMAGE_LABEL_SELECTOR)))
    ia_item_list_found(items, pager->asked,
                       still_passes(pager, ia_item_list_response_item(items, 0)));
  else
    ia_item_list_keep(items, pager->asked);
  ia_error_clear(&pager->error);
  return end_query(pager);
}

/* Takes the page at the head of the window. */
static ia_pager_state on_fetched(ia_pager *pager) {
  const ia_page_fetch *fetch = ia_page_window_head(&pager->window);
  const imgact_error *error = &fetch->exchange->error;
  uint64_t certain = fetch->taken;
  uint32_t left_filters;
  /* A page that the list no longer has can also be not found. */
  if (error->status == IMGACT_NOT_FOUND ||
      (error->status == IMGACT_OK && has_moved(pager, &fetch->result)))
    return start_over(pager, certain);
  take_head(pager, &left_filters);
  if (pager->error.status == IMGACT_OK) return on_page(pager, left_filters, &certain);
  pager->details = pager->result->details;
  return IA_PAGER_ENDED;
}

/* Does what follows from a response, as long as the next page is there. */
static void proceed(ia_pager *pager, ia_pager_state next) {
  pager->state = next;
  while (pager->state == IA_PAGER_READING && is_next_there(pager)) pager->state = on_fetched(pager);
  if (pager->state == IA_PAGER_READING || pager->state == IA_PAGER_ASKING) return;
  ia_exchange_free(pager->exchange);
  pager->exchange = NULL;
  if (pager->state == IA_PAGER_ENDED) ia_page_window_close(&pager->window);
  pager->done(pager);
}

static void on_arrived(ia_page_window *window) {
  ia_pager *pager = window->owner;
  if (pager->state == IA_PAGER_READING && window->index == pager->index)
    proceed(pager, pager->state);
}

static void on_resume(ia_timer *timer) {
  ia_pager *pager = IA_ENTRY(timer, ia_pager, resume);
  if (pager->state == IA_PAGER_READING) proceed(pager, pager->state);
}

static void on_response(ia_exchange *exchange) {
  ia_pager *pager = exchange->owner;
  pager->error = exchange->error;
  ia_pager_state next = IA_PAGER_ENDED;
  if (pager->error.status == IMGACT_INVALID_ARGUMENT && !exchange->lacks_token &&
      pager->call.next_query) /* the arguments did for the first page */
    imgact_error_set(&pager->error, IMGACT_PROTOCOL, "invalid query in the link to page %lld",
                     (long long)pager->call.page);
  if (pager->state == IA_PAGER_ASKING)
    next = on_item(pager);
  else if (pager->error.status == IMGACT_OK)
    next = on_page(pager, exchange->local_filters, NULL);
  else
    pager->details = pager->result->details;
  proceed(pager, next);
}

static const ia_exchange *next_exchange(const ia_pager *pager) {
  const ia_page_fetch *fetch = ia_page_window_head(&pager->window);
  return fetch ? fetch->exchange : pager->exchange;
}

const imgact_error *ia_pager_cause(const ia_pager *pager) {
  return ia_exchange_cause(next_exchange(pager));
}

int64_t ia_pager_delayed_until_ms(const ia_pager *pager) {
  return ia_exchange_delayed_until_ms(next_exchange(pager));
}
