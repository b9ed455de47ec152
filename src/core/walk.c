// SPDX-License-Identifier: MIT
/*
 * Lists. Invariants: a page is asked for only because a reply named it and it advances; an id that comes again on a later
 * page of the same query, or a total that changes, means that the world moved, and the walk starts again; nothing is yielded
 * twice.
 */
#include "walk.h"
#include "error_fill.h"
#include "filter.h"
#include "str.h"
#include <string.h>

#define MAX_PAGES       100000
#define MAX_RESTARTS    3
#define MAX_QUERY_BYTES ((size_t)64 * 1024)

static void got_page(ia_exchange *exchange);

static const char *item_id(const ia_walk *walk, size_t i) {
  return walk->images ? walk->result->images[i]->id : walk->result->actions[i]->id;
}

static size_t *item_count(ia_walk *walk) {
  return walk->images ? &walk->result->images_count : &walk->result->actions_count;
}

/* ---- what is asked ---- */

static uint32_t asked_types(const imgact_image_filter *filter) {
  uint32_t types = 0;
  for (size_t i = 0; i < filter->types_count; i++) types |= IMGACT_IMAGE_TYPE_BIT(filter->types[i]);
  return types;
}

/* Which queries answer for the types; one for any type where none is asked for. */
static imgact_status plan_groups(ia_walk *walk, imgact_error *error) {
  const imgact_provider *provider = walk->client->provider;
  uint32_t types = walk->images ? asked_types(walk->call.image_filter) : 0;
  walk->groups_count = 0;
  if (!types) {
    walk->groups[walk->groups_count++] = 0;
    return IMGACT_OK;
  }
  for (size_t i = 0; i < provider->type_groups_count && walk->groups_count < IA_WALK_GROUPS; i++) {
    const void *at = (const char *)provider->type_groups + i * provider->type_groups_stride;
    const imgact_type_group *group = at;
    uint32_t part = types & group->types;
    if (!part) continue;
    walk->groups[walk->groups_count] = part;
    walk->exact[walk->groups_count++] = group->exact;
    types &= ~part;
  }
  for (unsigned type = 0; types; type++)
    if (types & (1u << type))
      return imgact_error_set(error, IMGACT_UNSUPPORTED, "%s has no images of type %s", provider->name,
                              imgact_image_type_name((imgact_image_type)type));
  return IMGACT_OK;
}

static const char *const *sort_keys(const ia_walk *walk, size_t *count) {
  *count = walk->images ? walk->call.image_filter->sort_count : walk->call.action_filter->sort_count;
  return walk->images ? walk->call.image_filter->sort : walk->call.action_filter->sort;
}

imgact_status ia_walk_init(ia_walk *walk, imgact_client *client, const imgact_call *call, imgact_error *error) {
  const imgact_provider *provider = client->provider;
  walk->client = client;
  walk->call = *call;
  walk->images = call->kind == IMGACT_OP_LIST_IMAGES;
  walk->slot = ia_client_slot(client, call->kind);
  ia_hashmap_init(&walk->seen, client->allocator, ia_random_word(&client->engine->timers));
  ia_buf_init(&walk->next, client->allocator, MAX_QUERY_BYTES);
  ia_buf_init(&walk->token, client->allocator, MAX_QUERY_BYTES);
  walk->asked = ia_filter_asked(call);
  if (!walk->slot)
    return imgact_error_set(error, IMGACT_UNSUPPORTED, "%s has no %s", provider->name, imgact_op_kind_name(call->kind));
  uint32_t lacking = walk->asked & ~(walk->slot->server_filters | walk->slot->local_filters);
  if (lacking)
    return imgact_error_set(error, IMGACT_UNSUPPORTED, "%s has no filter by %s", provider->name, ia_filter_name(lacking));
  walk->local = walk->asked & walk->slot->local_filters;
  walk->sort_here = (walk->local & IMGACT_FILTER_SORT) != 0;
  size_t count;
  const char *const *keys = sort_keys(walk, &count);
  const char *wrong = walk->sort_here ? ia_sort_wrong(keys, count, walk->images) : NULL;
  if (wrong)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "'%s' is no sort key here: %s, each with :asc or :desc", wrong,
                            walk->images ? "id, name, created" : "id, command, status, started, finished");
  return plan_groups(walk, error);
}

imgact_status ia_walk_check(const ia_walk *walk, imgact_error *error) {
  int64_t most = walk->client->provider->max_per_page;
  if (walk->page < 0 || walk->limit < 0)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "a page or limit below 1 makes no sense");
  if (walk->per_page < 0 || walk->per_page > most)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "%s serves 1 to %lld items a page, not %lld",
                            walk->client->provider->name, (long long)most, (long long)walk->per_page);
  if (walk->page && walk->groups_count > 1)
    return imgact_error_set(
        error, IMGACT_INVALID_ARGUMENT,
        "%s needs a query for each of these types, so there is no page %lld of them all: ask for one type",
        walk->client->provider->name, (long long)walk->page);
  if (walk->page_by_page && walk->sort_here)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "%s cannot sort, so the order is that of the whole list only",
                            walk->client->provider->name);
  return IMGACT_OK;
}

/* ---- asking ---- */

/* Asks for the page that call names; false, with the error set, when there is no memory. */
static bool ask(ia_walk *walk) {
  if (!walk->exchange) walk->exchange = ia_exchange_new(walk->client, walk->policy, got_page, walk);
  if (!walk->exchange) {
    ia_no_memory(&walk->error);
    return false;
  }
  walk->call.type_mask = walk->groups[walk->group];
  walk->call.next_query = walk->next.length ? ia_buf_text(&walk->next) : NULL;
  walk->exchange->attempts = 0;
  walk->exchange->policy = walk->policy;
  if (walk->first == *item_count(walk)) /* a page of which the filters let nothing pass leaves nothing behind */
    ia_arena_rewind(&walk->result->arena, walk->before);
  walk->first = *item_count(walk);
  walk->before = ia_arena_mark(&walk->result->arena);
  ia_result_next_page(walk->result);
  ia_exchange_submit(walk->exchange, &walk->call, walk->result);
  return true;
}

static void begin_group(ia_walk *walk) {
  walk->call.page = walk->page ? walk->page : 1;
  walk->call.per_page = walk->per_page ? walk->per_page : walk->client->provider->max_per_page;
  walk->total = -1;
  walk->group_pages = walk->pages;
  walk->new_group = false;
  ia_buf_reset(&walk->next);
  ia_buf_reset(&walk->token);
}

static bool ask_next(ia_walk *walk) {
  if (walk->new_group) begin_group(walk);
  return ask(walk);
}

static void reset(ia_walk *walk) {
  ia_result_reset(walk->result);
  walk->first = 0;
  walk->before = ia_arena_mark(&walk->result->arena);
}

static bool begin(ia_walk *walk) {
  walk->group = 0;
  walk->pages = 0;
  walk->given = 0;
  walk->new_group = true;
  ia_hashmap_clear(&walk->seen);
  reset(walk);
  return ask_next(walk);
}

bool ia_walk_start(ia_walk *walk, imgact_result *result) {
  walk->result = result;
  ia_error_clear(&walk->error);
  if (!walk->more) {
    walk->restarts = 0;
    return begin(walk);
  }
  walk->more = false;
  walk->given += *item_count(walk);
  reset(walk);
  return ask_next(walk);
}

void ia_walk_stop(ia_walk *walk) {
  ia_exchange_free(walk->exchange);
  walk->exchange = NULL;
  ia_hashmap_free(&walk->seen);
  ia_buf_free(&walk->next);
  ia_buf_free(&walk->token);
}

/* ---- a page ---- */

static bool passes(const ia_walk *walk, size_t i) {
  uint32_t filters = walk->local | walk->exchange->local;
  if (!walk->images) return ia_filter_action(&walk->call, filters & walk->asked, walk->result->actions[i]);
  uint32_t types = walk->exact[walk->group] ? 0 : walk->groups[walk->group];
  if (types) filters |= IMGACT_FILTER_TYPE;
  return ia_filter_image(&walk->call, filters & walk->asked, types, walk->result->images[i]);
}

static void keep(ia_walk *walk, size_t to, size_t from) {
  if (walk->images)
    walk->result->images[to] = walk->result->images[from];
  else
    walk->result->actions[to] = walk->result->actions[from];
}

#define SHOWN 0x80000000u /* beside the page's number in walk->seen */

typedef enum page_state { PAGE_OK, PAGE_MOVED, PAGE_NOMEM } page_state;

/* Looks for ids of earlier pages, then drops what the filters do not let pass. An image that two queries hold is shown once,
 * by the first that lets it pass; what one page holds twice is kept as served. */
static page_state sift(ia_walk *walk) {
  size_t *count = item_count(walk), kept = walk->first;
  for (size_t i = walk->first; i < *count; i++) {
    const char *id = item_id(walk, i) ? item_id(walk, i) : "";
    bool added = false;
    uint32_t *mark = ia_hashmap_put(&walk->seen, ia_hash(id, strlen(id)), walk->pages, &added);
    if (!mark) return PAGE_NOMEM;
    uint32_t page = *mark & ~SHOWN, shown = *mark & SHOWN;
    bool of_other_query = !added && page < walk->group_pages;
    if (!added && !of_other_query && page != walk->pages) return PAGE_MOVED;
    if (of_other_query && shown) continue;
    *mark = walk->pages | shown;
    if (!passes(walk, i)) continue;
    *mark |= SHOWN;
    keep(walk, kept++, i);
  }
  *count = kept;
  return PAGE_OK;
}

static bool total_moved(ia_walk *walk) {
  int64_t total = walk->result->page.total;
  if (total < 0) return false;
  if (walk->total < 0) walk->total = total;
  return walk->total != total;
}

static bool advance(ia_walk *walk) {
  const imgact_result *result = walk->result;
  const char *token = result->next_token ? result->next_token : "";
  bool new_token = *token && strcmp(token, walk->token.length ? ia_buf_text(&walk->token) : "") != 0;
  if (result->next_page <= walk->call.page && !new_token) {
    if (result->next_page)
      imgact_error_set(&walk->error, IMGACT_INCOMPLETE, "page %lld says that page %lld comes next: the list has no end",
                       (long long)walk->call.page, (long long)result->next_page);
    else
      imgact_error_set(&walk->error, IMGACT_INCOMPLETE, "page %lld says that there is a next page, but not which",
                       (long long)walk->call.page);
    return false;
  }
  if (walk->pages >= MAX_PAGES || walk->call.page == INT64_MAX) {
    imgact_error_set(&walk->error, IMGACT_PROTOCOL, "the list has more than %d pages", MAX_PAGES);
    return false;
  }
  walk->call.page = result->next_page > walk->call.page ? result->next_page : walk->call.page + 1;
  ia_buf_reset(&walk->next);
  ia_buf_reset(&walk->token);
  if (result->next_query) ia_buf_str(&walk->next, result->next_query);
  ia_buf_str(&walk->token, token);
  if (walk->next.state == IA_BUF_OK && walk->token.state == IA_BUF_OK) return true;
  if (walk->next.state == IA_BUF_FULL || walk->token.state == IA_BUF_FULL)
    imgact_error_set(&walk->error, IMGACT_PROTOCOL, "page %lld names the next one with more than %zu bytes",
                     (long long)walk->call.page - 1, MAX_QUERY_BYTES);
  else
    ia_no_memory(&walk->error);
  return false;
}

/* Ends the list at the limit; true if that is reached. */
static bool cut(ia_walk *walk) {
  size_t *count = item_count(walk);
  if (!walk->limit || (uint64_t)walk->limit > walk->given + *count) return false;
  *count = (size_t)walk->limit - walk->given;
  return true;
}

/* What a page leaves to do. */
typedef enum walk_step { WALK_ASKED, WALK_PAUSED, WALK_ENDED } walk_step;

/* The list is whole: order and limit, where the server did not see to them. */
static walk_step complete(ia_walk *walk) {
  size_t count;
  const char *const *keys = sort_keys(walk, &count);
  if (walk->sort_here && !ia_sort(walk->result, keys, count, walk->images)) ia_no_memory(&walk->error);
  cut(walk);
  return WALK_ENDED;
}

/* The world moved under the walk: once more from the start, unless something was handed out already. */
static walk_step start_again(ia_walk *walk) {
  if (walk->restarts++ < MAX_RESTARTS && !walk->given) return begin(walk) ? WALK_ASKED : WALK_ENDED;
  imgact_error_set(&walk->error, IMGACT_INCOMPLETE,
                   "the list kept changing while it was read (%u pages): what it holds cannot be told", walk->pages + 1);
  return WALK_ENDED;
}

/* Is there a further page or query? Makes it the next one to be asked. */
static bool go_on(ia_walk *walk) {
  if (walk->result->has_next && !walk->page) return advance(walk);
  walk->new_group = true;
  return ++walk->group < walk->groups_count;
}

static walk_step take_page(ia_walk *walk) {
  page_state state = sift(walk);
  if (state == PAGE_NOMEM) {
    ia_no_memory(&walk->error);
    return WALK_ENDED;
  }
  if (state == PAGE_MOVED || total_moved(walk)) return start_again(walk);
  walk->pages++;
  if (!walk->sort_here && cut(walk)) return WALK_ENDED;
  bool further = go_on(walk);
  if (walk->error.status != IMGACT_OK) return WALK_ENDED;
  if (!further) return complete(walk);
  if (walk->page_by_page && *item_count(walk)) return WALK_PAUSED;
  return ask_next(walk) ? WALK_ASKED : WALK_ENDED;
}

static void got_page(ia_exchange *exchange) {
  ia_walk *walk = exchange->owner;
  walk->error = exchange->error;
  walk_step step = WALK_ENDED;
  if (walk->error.status == IMGACT_INVALID_ARGUMENT && walk->call.next_query) /* the arguments did for the first page */
    imgact_error_set(&walk->error, IMGACT_PROTOCOL, "the query that was given for page %lld cannot be asked",
                     (long long)walk->call.page);
  if (walk->error.status == IMGACT_OK)
    step = take_page(walk);
  else
    walk->details = walk->result->details;
  if (step == WALK_ASKED) return;
  walk->more = step == WALK_PAUSED;
  ia_exchange_free(walk->exchange);
  walk->exchange = NULL;
  walk->done(walk);
}
