// SPDX-License-Identifier: MIT
/*
 * Lists. Invariants: a page is asked for only because a reply named it and it advances; an id that comes again on a later
 * page of the same query, or a total that changes, means that the world moved, and the walk starts again; nothing is yielded
 * twice.
 */
#include "pager.h"
#include "error_fill.h"
#include "filter.h"
#include "str.h"
#include <string.h>

#define MAX_PAGES       100000
#define MAX_RESTARTS    3
#define MAX_QUERY_BYTES ((size_t)64 * 1024)

static void got_page(ia_exchange *exchange);

static const char *item_id(const ia_pager *pager, size_t i) {
  return pager->images ? pager->result->images[i]->id : pager->result->actions[i]->id;
}

static size_t *item_count(ia_pager *pager) {
  return pager->images ? &pager->result->images_count : &pager->result->actions_count;
}

/* ---- what is asked ---- */

static uint32_t asked_types(const imgact_image_filter *filter) {
  uint32_t types = 0;
  for (size_t i = 0; i < filter->types_count; i++) types |= IMGACT_IMAGE_TYPE_BIT(filter->types[i]);
  return types;
}

/* Which queries answer for the types; one for any type where none is asked for. */
static imgact_status plan_groups(ia_pager *pager, imgact_error *error) {
  const imgact_provider *provider = pager->client->provider;
  uint32_t types = pager->images ? asked_types(pager->call.image_filter) : 0;
  pager->groups_count = 0;
  if (!types) {
    pager->groups[pager->groups_count++] = 0;
    return IMGACT_OK;
  }
  for (size_t i = 0; i < provider->type_groups_count && pager->groups_count < IA_PAGER_GROUPS; i++) {
    const void *at = (const char *)provider->type_groups + i * provider->type_groups_stride;
    const imgact_type_group *group = at;
    uint32_t part = types & group->types;
    if (!part) continue;
    pager->groups[pager->groups_count] = part;
    pager->exact[pager->groups_count++] = group->exact;
    types &= ~part;
  }
  for (unsigned type = 0; types; type++)
    if (types & (1u << type))
      return imgact_error_set(error, IMGACT_UNSUPPORTED, "%s has no images of type %s", provider->name,
                              imgact_image_type_name((imgact_image_type)type));
  return IMGACT_OK;
}

static const char *const *sort_keys(const ia_pager *pager, size_t *count) {
  *count = pager->images ? pager->call.image_filter->sort_count : pager->call.action_filter->sort_count;
  return pager->images ? pager->call.image_filter->sort : pager->call.action_filter->sort;
}

imgact_status ia_pager_init(ia_pager *pager, imgact_client *client, const imgact_call *call, imgact_error *error) {
  const imgact_provider *provider = client->provider;
  pager->client = client;
  pager->call = *call;
  pager->images = call->kind == IMGACT_OP_LIST_IMAGES;
  pager->slot = ia_client_slot(client, call->kind);
  ia_hashmap_init(&pager->seen, client->allocator, ia_random_word(&client->engine->timers));
  ia_buf_init(&pager->next, client->allocator, MAX_QUERY_BYTES);
  ia_buf_init(&pager->token, client->allocator, MAX_QUERY_BYTES);
  pager->asked = ia_filter_asked(call);
  if (!pager->slot)
    return imgact_error_set(error, IMGACT_UNSUPPORTED, "%s has no %s", provider->name, imgact_op_kind_name(call->kind));
  uint32_t lacking = pager->asked & ~(pager->slot->server_filters | pager->slot->local_filters);
  if (lacking)
    return imgact_error_set(error, IMGACT_UNSUPPORTED, "%s has no filter by %s", provider->name, ia_filter_name(lacking));
  pager->local = pager->asked & pager->slot->local_filters;
  pager->sort_here = (pager->local & IMGACT_FILTER_SORT) != 0;
  size_t count;
  const char *const *keys = sort_keys(pager, &count);
  const char *wrong = pager->sort_here ? ia_sort_wrong(keys, count, pager->images) : NULL;
  if (wrong)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "'%s' is no sort key here: %s, each with :asc or :desc", wrong,
                            pager->images ? "id, name, created" : "id, command, status, started, finished");
  return plan_groups(pager, error);
}

imgact_status ia_pager_check(const ia_pager *pager, imgact_error *error) {
  int64_t most = pager->client->provider->max_per_page;
  if (pager->page < 0 || pager->limit < 0)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "a page or limit below 1 makes no sense");
  if (pager->per_page < 0 || pager->per_page > most)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "%s serves 1 to %lld items a page, not %lld",
                            pager->client->provider->name, (long long)most, (long long)pager->per_page);
  if (pager->page && pager->groups_count > 1)
    return imgact_error_set(
        error, IMGACT_INVALID_ARGUMENT,
        "%s needs a query for each of these types, so there is no page %lld of them all: ask for one type",
        pager->client->provider->name, (long long)pager->page);
  if (pager->page_by_page && pager->sort_here)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "%s cannot sort, so the order is that of the whole list only",
                            pager->client->provider->name);
  return IMGACT_OK;
}

/* ---- asking ---- */

/* Asks for the page that call names; false, with the error set, when there is no memory. */
static bool ask(ia_pager *pager) {
  if (!pager->exchange) pager->exchange = ia_exchange_new(pager->client, pager->policy, got_page, pager);
  if (!pager->exchange) {
    ia_no_memory(&pager->error);
    return false;
  }
  pager->call.type_mask = pager->groups[pager->group];
  pager->call.next_query = pager->next.length ? ia_buf_text(&pager->next) : NULL;
  pager->exchange->attempts = 0;
  pager->exchange->policy = pager->policy;
  if (pager->first == *item_count(pager)) /* a page of which the filters let nothing pass leaves nothing behind */
    ia_arena_rewind(&pager->result->arena, pager->before);
  pager->first = *item_count(pager);
  pager->before = ia_arena_mark(&pager->result->arena);
  ia_result_next_page(pager->result);
  ia_exchange_submit(pager->exchange, &pager->call, pager->result);
  return true;
}

static void begin_group(ia_pager *pager) {
  pager->call.page = pager->page ? pager->page : 1;
  pager->call.per_page = pager->per_page ? pager->per_page : pager->client->provider->max_per_page;
  pager->total = -1;
  pager->group_pages = pager->pages;
  pager->new_group = false;
  ia_buf_reset(&pager->next);
  ia_buf_reset(&pager->token);
}

static bool ask_next(ia_pager *pager) {
  if (pager->new_group) begin_group(pager);
  return ask(pager);
}

static void reset(ia_pager *pager) {
  ia_result_reset(pager->result);
  pager->first = 0;
  pager->before = ia_arena_mark(&pager->result->arena);
}

static bool begin(ia_pager *pager) {
  pager->group = 0;
  pager->pages = 0;
  pager->given = 0;
  pager->new_group = true;
  ia_hashmap_clear(&pager->seen);
  reset(pager);
  return ask_next(pager);
}

bool ia_pager_start(ia_pager *pager, imgact_result *result) {
  pager->result = result;
  ia_error_clear(&pager->error);
  if (!pager->more) {
    pager->restarts = 0;
    return begin(pager);
  }
  pager->more = false;
  pager->given += *item_count(pager);
  reset(pager);
  return ask_next(pager);
}

void ia_pager_stop(ia_pager *pager) {
  ia_exchange_free(pager->exchange);
  pager->exchange = NULL;
  ia_hashmap_free(&pager->seen);
  ia_buf_free(&pager->next);
  ia_buf_free(&pager->token);
}

/* ---- a page ---- */

static bool passes(const ia_pager *pager, size_t i) {
  uint32_t filters = pager->local | pager->exchange->local;
  if (!pager->images) return ia_filter_action(&pager->call, filters & pager->asked, pager->result->actions[i]);
  uint32_t types = pager->exact[pager->group] ? 0 : pager->groups[pager->group];
  if (types) filters |= IMGACT_FILTER_TYPE;
  return ia_filter_image(&pager->call, filters & pager->asked, types, pager->result->images[i]);
}

static void keep(ia_pager *pager, size_t to, size_t from) {
  if (pager->images)
    pager->result->images[to] = pager->result->images[from];
  else
    pager->result->actions[to] = pager->result->actions[from];
}

#define SHOWN 0x80000000u /* beside the page's number in pager->seen */

typedef enum page_state { PAGE_OK, PAGE_MOVED, PAGE_NOMEM } page_state;

/* Looks for ids of earlier pages, then drops what the filters do not let pass. An image that two queries hold is shown once,
 * by the first that lets it pass; what one page holds twice is kept as served. */
static page_state sift(ia_pager *pager) {
  size_t *count = item_count(pager), kept = pager->first;
  for (size_t i = pager->first; i < *count; i++) {
    const char *id = item_id(pager, i) ? item_id(pager, i) : "";
    bool added = false;
    uint32_t *mark = ia_hashmap_put(&pager->seen, ia_hash(id, strlen(id)), pager->pages, &added);
    if (!mark) return PAGE_NOMEM;
    uint32_t page = *mark & ~SHOWN, shown = *mark & SHOWN;
    bool of_other_query = !added && page < pager->group_pages;
    if (!added && !of_other_query && page != pager->pages) return PAGE_MOVED;
    if (of_other_query && shown) continue;
    *mark = pager->pages | shown;
    if (!passes(pager, i)) continue;
    *mark |= SHOWN;
    keep(pager, kept++, i);
  }
  *count = kept;
  return PAGE_OK;
}

static bool total_moved(ia_pager *pager) {
  int64_t total = pager->result->page.total;
  if (total < 0) return false;
  if (pager->total < 0) pager->total = total;
  return pager->total != total;
}

static bool advance(ia_pager *pager) {
  const imgact_result *result = pager->result;
  const char *token = result->next_token ? result->next_token : "";
  bool new_token = *token && strcmp(token, pager->token.length ? ia_buf_text(&pager->token) : "") != 0;
  if (result->next_page <= pager->call.page && !new_token) {
    if (result->next_page)
      imgact_error_set(&pager->error, IMGACT_INCOMPLETE, "page %lld says that page %lld comes next: the list has no end",
                       (long long)pager->call.page, (long long)result->next_page);
    else
      imgact_error_set(&pager->error, IMGACT_INCOMPLETE, "page %lld says that there is a next page, but not which",
                       (long long)pager->call.page);
    return false;
  }
  if (pager->pages >= MAX_PAGES || pager->call.page == INT64_MAX) {
    imgact_error_set(&pager->error, IMGACT_PROTOCOL, "the list has more than %d pages", MAX_PAGES);
    return false;
  }
  pager->call.page = result->next_page > pager->call.page ? result->next_page : pager->call.page + 1;
  ia_buf_reset(&pager->next);
  ia_buf_reset(&pager->token);
  if (result->next_query) ia_buf_str(&pager->next, result->next_query);
  ia_buf_str(&pager->token, token);
  if (pager->next.state == IA_BUF_OK && pager->token.state == IA_BUF_OK) return true;
  if (pager->next.state == IA_BUF_FULL || pager->token.state == IA_BUF_FULL)
    imgact_error_set(&pager->error, IMGACT_PROTOCOL, "page %lld names the next one with more than %zu bytes",
                     (long long)pager->call.page - 1, MAX_QUERY_BYTES);
  else
    ia_no_memory(&pager->error);
  return false;
}

/* Ends the list at the limit; true if that is reached. */
static bool cut(ia_pager *pager) {
  size_t *count = item_count(pager);
  if (!pager->limit || (uint64_t)pager->limit > pager->given + *count) return false;
  *count = (size_t)pager->limit - pager->given;
  return true;
}

/* What a page leaves to do. */
typedef enum pager_step { PAGER_ASKED, PAGER_PAUSED, PAGER_ENDED } pager_step;

/* The list is whole: order and limit, where the server did not see to them. */
static pager_step complete(ia_pager *pager) {
  size_t count;
  const char *const *keys = sort_keys(pager, &count);
  if (pager->sort_here && !ia_sort(pager->result, keys, count, pager->images)) ia_no_memory(&pager->error);
  cut(pager);
  return PAGER_ENDED;
}

/* The world moved under the walk: once more from the start, unless something was handed out already. */
static pager_step start_again(ia_pager *pager) {
  if (pager->restarts++ < MAX_RESTARTS && !pager->given) return begin(pager) ? PAGER_ASKED : PAGER_ENDED;
  imgact_error_set(&pager->error, IMGACT_INCOMPLETE,
                   "the list kept changing while it was read (%u pages): what it holds cannot be told", pager->pages + 1);
  return PAGER_ENDED;
}

/* Is there a further page or query? Makes it the next one to be asked. */
static bool go_on(ia_pager *pager) {
  if (pager->result->has_next && !pager->page) return advance(pager);
  pager->new_group = true;
  return ++pager->group < pager->groups_count;
}

static pager_step take_page(ia_pager *pager) {
  page_state state = sift(pager);
  if (state == PAGE_NOMEM) {
    ia_no_memory(&pager->error);
    return PAGER_ENDED;
  }
  if (state == PAGE_MOVED || total_moved(pager)) return start_again(pager);
  pager->pages++;
  if (!pager->sort_here && cut(pager)) return PAGER_ENDED;
  bool further = go_on(pager);
  if (pager->error.status != IMGACT_OK) return PAGER_ENDED;
  if (!further) return complete(pager);
  if (pager->page_by_page && *item_count(pager)) return PAGER_PAUSED;
  return ask_next(pager) ? PAGER_ASKED : PAGER_ENDED;
}

static void got_page(ia_exchange *exchange) {
  ia_pager *pager = exchange->owner;
  pager->error = exchange->error;
  pager_step step = PAGER_ENDED;
  if (pager->error.status == IMGACT_INVALID_ARGUMENT && pager->call.next_query) /* the arguments did for the first page */
    imgact_error_set(&pager->error, IMGACT_PROTOCOL, "the query that was given for page %lld cannot be asked",
                     (long long)pager->call.page);
  if (pager->error.status == IMGACT_OK)
    step = take_page(pager);
  else
    pager->details = pager->result->details;
  if (step == PAGER_ASKED) return;
  pager->more = step == PAGER_PAUSED;
  ia_exchange_free(pager->exchange);
  pager->exchange = NULL;
  pager->done(pager);
}
