// SPDX-License-Identifier: MIT
/* Sorts the items of a list that the server does not sort. */
#include "sort.h"
#include "members.h"
#include "sort_keys.h"
#include <string.h>

const char *ia_sort_wrong(const char *const *keys, size_t count, bool images) {
  bool descending;
  for (size_t i = 0; i < count; i++)
    if (!ia_sort_key_find(keys[i], images, &descending)) return keys[i];
  return NULL;
}

/* Ids are numbers of any length: the longer one is larger, leading zeros aside. */
static int compare_ids(const char *a, const char *b) {
  a += strspn(a, "0");
  b += strspn(b, "0");
  size_t la = strlen(a), lb = strlen(b);
  bool numbers = strspn(a, "0123456789") == la && strspn(b, "0123456789") == lb;
  if (numbers && la != lb) return la < lb ? -1 : 1;
  return strcmp(a, b);
}

static const char *text_at(const char *item, const imgact_member *member) {
  const void *at = item + member->offset;
  if (member->kind == IMGACT_MEMBER_ACTION_STATUS)
    return imgact_action_status_name(*(const imgact_action_status *)at);
  return *(const char *const *)at;
}

static int compare_times(const void *a, const void *b, bool descending) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  if (x == IMGACT_NO_TIME || y == IMGACT_NO_TIME)
    return (x == IMGACT_NO_TIME) - (y == IMGACT_NO_TIME);
  return descending ? (x < y) - (x > y) : (x > y) - (x < y);
}

static int compare_one(const char *a, const char *b, const imgact_member *member, bool descending) {
  if (member->kind == IMGACT_MEMBER_TIME)
    return compare_times(a + member->offset, b + member->offset, descending);
  const char *x = text_at(a, member), *y = text_at(b, member);
  if (!x || !y) return !x - !y;
  int order = member->kind == IMGACT_MEMBER_ID ? compare_ids(x, y) : strcmp(x, y);
  return descending ? -order : order;
}

typedef struct ordering {
  const char *const *keys;
  size_t count;
  bool images;
} ordering;

static int compare(const ordering *by, const void *a, const void *b) {
  for (size_t i = 0; i < by->count; i++) {
    bool descending;
    const ia_sort_key *key = ia_sort_key_find(by->keys[i], by->images, &descending);
    int order = key ? compare_one(a, b, &ia_members[key->by], descending) : 0;
    if (order) return order;
  }
  return 0;
}

/* One pass of a bottom-up merge sort: runs of `width` become runs of twice that. */
static void merge_pass(const ordering *by, void **from, void **to, size_t count, size_t width) {
  for (size_t start = 0; start < count; start += 2 * width) {
    size_t middle = start + width < count ? start + width : count;
    size_t end = middle + width < count ? middle + width : count;
    size_t left = start, right = middle;
    for (size_t out = start; out < end; out++) {
      bool take_left = left < middle && (right >= end || compare(by, from[left], from[right]) <= 0);
      to[out] = take_left ? from[left++] : from[right++];
    }
  }
}

static bool sort_items(const imgact_allocator *allocator, void **items, size_t count,
                       const ordering *by) {
  if (count < 2) return true;
  void **other = ia_alloc(allocator, count * sizeof *other);
  if (!other) return false;
  void **from = items, **to = other;
  for (size_t width = 1; width < count; width *= 2) {
    merge_pass(by, from, to, count, width);
    void **swap = from;
    from = to;
    to = swap;
  }
  if (from != items) memcpy(items, from, count * sizeof *items);
  ia_free(allocator, other);
  return true;
}

bool ia_sort(imgact_result *result, const char *const *keys, size_t count, bool images) {
  ordering by = {keys, count, images};
  if (images)
    return sort_items(result->allocator, (void **)(void *)result->images, result->images_count,
                      &by);
  return sort_items(result->allocator, (void **)(void *)result->actions, result->actions_count,
                    &by);
}
