// SPDX-License-Identifier: MIT
/* An item that was seen once is kept. It is dropped only if a request for its id returns 404, or if
 * the filters no longer select it. */
#include "item_list.h"
#include "str.h"
#include <stdlib.h>
#include <string.h>

static size_t *result_count(const ia_item_list *list) {
  switch (list->kind) {
  case IA_ITEM_IMAGE: return &list->result->images_count;
  case IA_ITEM_ACTION: return &list->result->actions_count;
  default: return &list->result->regions_count;
  }
}

static void *result_item(const ia_item_list *list, size_t i) {
  switch (list->kind) {
  case IA_ITEM_IMAGE: return list->result->images[i];
  case IA_ITEM_ACTION: return list->result->actions[i];
  default: return list->result->regions[i];
  }
}

static void set_result_item(ia_item_list *list, size_t i, void *item) {
  switch (list->kind) {
  case IA_ITEM_IMAGE: list->result->images[i] = item; break;
  case IA_ITEM_ACTION: list->result->actions[i] = item; break;
  default: list->result->regions[i] = item; break;
  }
}

static const char *id_of(const ia_item_list *list, const void *item) {
  const char *id = list->kind == IA_ITEM_IMAGE    ? ((const imgact_image *)item)->id
                   : list->kind == IA_ITEM_ACTION ? ((const imgact_action *)item)->id
                                                  : ((const imgact_region *)item)->slug;
  return id ? id : "";
}

void ia_item_list_init(ia_item_list *list, const imgact_allocator *allocator, uint64_t seed,
                       ia_item_kind kind) {
  *list = (ia_item_list){.kind = kind};
  ia_hashmap_init(&list->ids, allocator, seed);
}

void ia_item_list_free(ia_item_list *list) {
  ia_free(list->ids.allocator, list->entries);
  ia_free(list->ids.allocator, list->pages);
  list->entries = NULL;
  list->pages = NULL;
  list->count = list->capacity = list->gone = 0;
  list->pages_count = list->pages_capacity = 0;
  ia_hashmap_free(&list->ids);
}

void ia_item_list_start(ia_item_list *list, imgact_result *result) {
  list->result = result;
  list->count = list->gone = list->pages_count = 0;
  list->missing = (ia_item_chain){0};
  list->reading = 0;
  list->in_order = list->in_use = true;
  ia_hashmap_clear(&list->ids);
  ia_result_reset(result);
}

void ia_item_list_delivered(ia_item_list *list) {
  ia_result_reset(list->result);
  list->in_use = true;
}

/* ---- chains ---- */

/* An entry that is not gone is in one chain: of the missing entries, or of its page. Reading a page
 * again takes only as long as that page's chain, however long the list is. */

static ia_item_chain *chain_of(ia_item_list *list, const ia_item_entry *entry) {
  return entry->missing ? &list->missing : &list->pages[entry->page];
}

static void add_to_chain(ia_item_list *list, ia_item_entry *entry) {
  ia_item_chain *chain = chain_of(list, entry);
  uint32_t number = (uint32_t)(entry - list->entries) + 1;
  entry->next = 0;
  entry->previous = chain->last;
  if (chain->last)
    list->entries[chain->last - 1].next = number;
  else
    chain->first = number;
  chain->last = number;
}

static void remove_from_chain(ia_item_list *list, const ia_item_entry *entry) {
  ia_item_chain *chain = chain_of(list, entry);
  if (entry->previous)
    list->entries[entry->previous - 1].next = entry->next;
  else
    chain->first = entry->next;
  if (entry->next)
    list->entries[entry->next - 1].previous = entry->previous;
  else
    chain->last = entry->previous;
}

static void move(ia_item_list *list, ia_item_entry *entry, uint32_t page, bool missing, bool gone) {
  if (!entry->gone) remove_from_chain(list, entry);
  list->gone = list->gone + gone - entry->gone;
  entry->page = page;
  entry->missing = missing;
  entry->gone = gone;
  if (!gone) add_to_chain(list, entry);
}

/* Makes the chains of all pages up to the one that is taken. */
static bool make_chains(ia_item_list *list) {
  while (list->pages_count <= list->page) {
    ia_item_chain *pages = ia_grow(list->ids.allocator, list->pages, list->pages_count,
                                   &list->pages_capacity, sizeof *list->pages);
    if (!pages) return false;
    list->pages = pages;
    pages[list->pages_count++] = (ia_item_chain){0};
  }
  return true;
}

/* ---- a page ---- */

void ia_item_list_mark(ia_item_list *list) {
  if (!list->in_use) ia_arena_rewind(&list->result->arena, list->mark);
  list->response_start = *result_count(list);
  list->mark = ia_arena_mark(&list->result->arena);
  list->in_use = false;
}

size_t ia_item_list_response_count(const ia_item_list *list) {
  return *result_count(list) - list->response_start;
}

void *ia_item_list_response_item(const ia_item_list *list, size_t position) {
  return result_item(list, list->response_start + position);
}

void ia_item_list_begin_page(ia_item_list *list, uint32_t page, uint32_t first_of_query) {
  /* Items of an earlier query are not requested any more. */
  while (list->missing.first && first_of_query != list->first_of_query) {
    ia_item_entry *entry = &list->entries[list->missing.first - 1];
    move(list, entry, entry->page, false, false);
  }
  list->repeated = false;
  list->page = page;
  list->first_of_query = first_of_query;
  list->reading++;
  *result_count(list) = list->response_start;
}

/* The response's items are passed in order, so that the result can be filled again from where the
 * page starts. */
static void keep_in_result(ia_item_list *list, void *item) {
  set_result_item(list, (*result_count(list))++, item);
  list->in_use = true;
}

static bool add(ia_item_list *list, void *item, size_t position) {
  if (list->count == UINT32_MAX) return false; /* the ids' table holds indices of 32 bits */
  ia_item_entry *entries = ia_grow(list->ids.allocator, list->entries, list->count, &list->capacity,
                                   sizeof *list->entries);
  if (!entries) return false;
  list->entries = entries;
  entries[list->count] = (ia_item_entry){.item = item,
                                         .page = list->page,
                                         .position = (uint32_t)position,
                                         .reading = list->reading,
                                         .is_new = true};
  add_to_chain(list, &entries[list->count++]);
  keep_in_result(list, item);
  return true;
}

static void update(ia_item_list *list, ia_item_entry *entry, void *item, size_t position,
                   bool passes) {
  move(list, entry, list->page, false, !passes);
  entry->item = item;
  entry->position = (uint32_t)position;
  entry->reading = list->reading;
  entry->is_new = false;
  list->in_order = false;
  list->in_use = true;
}

static bool take(ia_item_list *list, void *item, size_t position, bool passes, uint32_t index,
                 bool added) {
  ia_item_entry *known = added ? NULL : &list->entries[index];
  if (!known) return add(list, item, position);
  bool twice_on_this_page = known->reading == list->reading;
  if (twice_on_this_page)
    return !known->is_new || !passes || add(list, item, position); /* kept as served */
  bool of_another_query = known->page < list->first_of_query;
  if (!of_another_query && known->page != list->page) list->repeated = true;
  if (!of_another_query || (known->gone && passes)) update(list, known, item, position, passes);
  return true;
}

bool ia_item_list_take(ia_item_list *list, size_t position, bool passes) {
  void *item = ia_item_list_response_item(list, position);
  const char *id = id_of(list, item);
  uint64_t hash = ia_hash(id, strlen(id));
  bool added = false;
  if (!passes && !ia_hashmap_has(&list->ids, hash)) return true;
  uint32_t *value = ia_hashmap_put(
      &list->ids, hash, list->deliver_pages ? list->reading : (uint32_t)list->count, &added);
  if (!value) return false;
  if (!list->deliver_pages)
    return make_chains(list) && take(list, item, position, passes, *value, added);
  if (passes && *value == list->reading) keep_in_result(list, item);
  return true;
}

void ia_item_list_end_page(ia_item_list *list, bool again) {
  if (!again) return;
  list->in_order = false;
  if (list->page >= list->pages_count) return;
  for (uint32_t number = list->pages[list->page].first, next; number; number = next) {
    ia_item_entry *entry = &list->entries[number - 1];
    next = entry->next;
    if (entry->reading != list->reading) move(list, entry, entry->page, true, false);
  }
}

size_t ia_item_list_count(const ia_item_list *list) {
  return list->deliver_pages ? *result_count(list) : list->count - list->gone;
}

/* ---- missing items ---- */

ia_item_entry *ia_item_list_missing(ia_item_list *list) {
  return list->missing.first ? &list->entries[list->missing.first - 1] : NULL;
}

const char *ia_item_list_id(const ia_item_list *list, const ia_item_entry *entry) {
  return id_of(list, entry->item);
}

void ia_item_list_keep(ia_item_list *list, ia_item_entry *entry) {
  move(list, entry, entry->page, false, entry->gone);
  *result_count(list) = list->response_start;
}

void ia_item_list_found(ia_item_list *list, ia_item_entry *entry, bool passes) {
  void *item = ia_item_list_response_item(list, 0);
  if (strcmp(id_of(list, item), id_of(list, entry->item)) == 0) {
    entry->item = item;
    move(list, entry, entry->page, false, !passes);
    list->in_use = true;
  }
  ia_item_list_keep(list, entry);
}

void ia_item_list_not_found(ia_item_list *list, ia_item_entry *entry) {
  move(list, entry, entry->page, false, true);
  ia_item_list_keep(list, entry);
}

/* ---- the end ---- */

/* Within a page, items of an earlier reading come first: removals moved them towards the start of
 * the list. */
static int compare_places(const void *left, const void *right) {
  const ia_item_entry *a = left, *b = right;
  if (a->page != b->page) return a->page < b->page ? -1 : 1;
  if (a->reading != b->reading) return a->reading < b->reading ? -1 : 1;
  return a->position < b->position ? -1 : a->position > b->position;
}

void ia_item_list_finish(ia_item_list *list) {
  size_t *count = result_count(list);
  if (list->deliver_pages || list->in_order) return;
  if (list->count > 0) qsort(list->entries, list->count, sizeof *list->entries, compare_places);
  *count = 0;
  for (size_t i = 0; i < list->count; i++)
    if (!list->entries[i].gone) set_result_item(list, (*count)++, list->entries[i].item);
}

void ia_item_list_cut(ia_item_list *list, size_t max_items) {
  size_t *count = result_count(list);
  if (max_items && *count > max_items) *count = max_items;
}
