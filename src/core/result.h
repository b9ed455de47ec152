/* SPDX-License-Identifier: MIT */
/* What decode fills: items in an arena, and what the page said of itself. */
#ifndef IA_RESULT_H
#define IA_RESULT_H

#include "arena.h"
#include "intern.h"
#include "redact.h"
#include <imgact/provider.h>

/* The public structs are the first members, so that raw JSON can be found from the pointer that
 * users have. */
typedef struct ia_image {
  imgact_image shown;
  const char *raw;
} ia_image;

typedef struct ia_action {
  imgact_action shown;
  const char *raw;
} ia_action;

/* Limits of one response; docs/hostile-input.md lists them. No API serves more than 200 items a
 * page. */
#define IA_REPLY_MAX_ITEMS        ((size_t)10000) /* images and actions */
#define IA_REPLY_MAX_ITEMS_TEXT   "10000 items"
#define IA_ITEM_MAX_ELEMENTS      ((size_t)1000) /* labels, regions, tags or resources */
#define IA_ITEM_MAX_ELEMENTS_TEXT "1000 elements in a list of one item"
#define IA_REPLY_MAX_BYTES        ((size_t)64 << 20) /* of decoded items, with their raw JSON */
#define IA_REPLY_MAX_BYTES_TEXT   "64 MiB of decoded items"
#define IA_MAX_ID_BYTES           ((size_t)255)      /* of an id of a third-party provider */
#define IA_MAX_DETAILS_BYTES      ((size_t)64 << 10) /* of an error; longer ones are left out */

struct imgact_result {
  const imgact_allocator *allocator;
  ia_arena arena;
  const char *provider, *profile; /* of the items; borrowed. profile: NULL = none */
  imgact_image **images;
  imgact_action **actions;
  imgact_region **regions;
  size_t images_count, images_capacity;
  size_t actions_count, actions_capacity;
  size_t regions_count, regions_capacity;
  imgact_pagination page;
  int64_t next_page;
  const char *next_token; /* in the arena */
  const char *next_query; /* in the arena */
  const char *details;    /* in the arena */
  const char *value;      /* of the last response, in the arena; NULL = none */
  ia_image scratch_image; /* handed out when there is no memory */
  ia_action scratch_action;
  imgact_region scratch_region;
  size_t elements;                 /* of the response's list, including omitted ones */
  size_t reply_items, reply_bytes; /* of the response that is being read */
  const char *excess;              /* the limit that it exceeds, in words; NULL = none */
  const ia_redactor *redactor;     /* while it is read; NULL = nothing to look for */
  ia_intern *intern;               /* of the response that is being read; NULL = none */
  bool has_next, keep_raw, nomem;
};

void ia_result_init(imgact_result *result, const imgact_allocator *allocator, const char *provider,
                    bool keep_raw);
/* Forgets the items and the page. */
void ia_result_reset(imgact_result *result);
/* Forgets the items. */
static inline void ia_result_drop_items(imgact_result *result) {
  result->images_count = result->actions_count = result->regions_count = 0;
}
/* Forgets what the last page said, keeps the items. */
void ia_result_next_page(imgact_result *result);
/* Clears the state of the last response except its items: details, errors, counters of the limits.
 */
void ia_result_begin_reply(imgact_result *result);
/* Adds the items of another result and takes over what its last response says; the other one is
 * empty afterwards. false: no memory; the memory of the items has been taken over. */
bool ia_result_take(imgact_result *result, imgact_result *other);
void ia_result_free(imgact_result *result);
/* A point to go back to, so that what was added since is left out; not across a reset. */
typedef struct ia_result_point {
  ia_arena_point arena;
  size_t images_count, actions_count, regions_count, reply_items, reply_bytes;
  const char *excess;
} ia_result_point;
ia_result_point ia_result_mark(const imgact_result *result);
void ia_result_rewind(imgact_result *result, ia_result_point point);
/* As imgact_decode_strings(), of the strings at a path in each element; NULL: the elements. */
const char *const *ia_decode_strings(imgact_result *result, const imgact_json *array,
                                     const char *path, size_t *count);
/* Reads one object of a response into the result. Returns false if it has no valid id. */
typedef bool (*ia_read_item_fn)(const void *reader, imgact_result *result,
                                const imgact_json *object);
/* Reads each element of a list, or one object. key: its name in error messages; "": the response.
 */
imgact_status ia_result_read_list(imgact_result *result, const imgact_json *list, const char *key,
                                  ia_read_item_fn read, const void *reader, imgact_error *error);
imgact_status ia_result_read_object(imgact_result *result, const imgact_json *object,
                                    const char *key, ia_read_item_fn read, const void *reader,
                                    imgact_error *error);
/* What was not reported. */
extern const imgact_pagination ia_pagination_unknown;
extern const imgact_rate_limit ia_rate_limit_unknown;
/* An array that is empty but reported. */
extern const char *const ia_no_strings[1];

/* A deep copy in an arena; NULL when there is no memory. */
imgact_action *ia_action_copy(ia_arena *arena, const imgact_action *action);
/* Adds a deep copy of an action; set: as the only one. false: no memory. */
bool ia_result_append_action(imgact_result *result, const imgact_action *action);
bool ia_result_set_action(imgact_result *result, const imgact_action *action);

#endif
