/* SPDX-License-Identifier: MIT */
/* The filters of lists, one row each, and their application to items. */
#ifndef IA_FILTER_H
#define IA_FILTER_H

#include <imgact/provider.h>
#include <stdbool.h>

typedef enum ia_filter_kind {
  IA_FILTER_TEXT,
  IA_FILTER_TEXTS,
  IA_FILTER_WORD, /* a text, not case-sensitive */
  IA_FILTER_GLOBS,
  IA_FILTER_ID,
  IA_FILTER_IDS,
  IA_FILTER_SORT_KEYS,
  IA_FILTER_IMAGE_TYPES,
  IA_FILTER_IMAGE_STATUSES,
  IA_FILTER_ACTION_STATUSES,
  IA_FILTER_PROTECTION,
  IA_FILTER_VISIBILITY,
  IA_FILTER_BEFORE, /* times */
  IA_FILTER_AFTER,
  IA_FILTER_FLAG
} ia_filter_kind;

/* One row of IMGACT_IMAGE_FILTERS or IMGACT_ACTION_FILTERS. */
typedef struct ia_filter {
  const char *word; /* in messages; NULL ends a list */
  size_t offset, count_offset;
  uint32_t bit; /* IMGACT_FILTER_BIT() */
  ia_filter_kind kind;
  imgact_target target;
} ia_filter;

/* The value of a filter: texts, enums or a time. count 0 = not set. */
typedef struct ia_filter_value {
  const char *const *texts; /* elements may be NULL */
  const unsigned *enums;
  const int64_t *time;
  size_t count;
} ia_filter_value;

/* The filters that lists of this kind have; empty for other operations. */
const ia_filter *ia_filters_of(imgact_op_kind kind);
/* The filter struct of a call; NULL for operations without filters. */
const void *ia_filter_struct(const imgact_call *call);
/* The filter that a row of a query sends (IMGACT_SOURCE_FILTER_...); NULL: the source is no filter.
 */
const ia_filter *ia_filter_of_source(intptr_t source);
ia_filter_value ia_filter_get(const ia_filter *filter, const void *filter_struct);
bool ia_filter_is_enum(ia_filter_kind kind);
bool ia_filter_is_id(ia_filter_kind kind);
/* Returns true if a row of a query can send such a filter. */
bool ia_filter_has_source(ia_filter_kind kind);

/* Bits of the filters that a call sets. */
uint32_t ia_filter_asked(const imgact_call *call);
/* Bits of all filters of such a list, and of those that the library can apply to the items. */
uint32_t ia_filter_all(imgact_op_kind kind);
uint32_t ia_filter_local(imgact_op_kind kind);
/* "architecture" for IMGACT_FILTER_BIT(IMAGE_ARCHITECTURE): the word of the lowest bit. */
const char *ia_filter_word(uint32_t filters);
/* Returns true if the item passes these filters of the call. types: image types that the query
 * selects, as bits; 0 = any. */
bool ia_filter_passes(const imgact_call *call, uint32_t filters, uint32_t types, const void *item);
/* Returns true if the action's resources name that image. */
bool ia_action_of_image(const imgact_action *action, const char *image_id);
/* Returns true if the action names images and this one is not among them. An action that names no
 * image may be of any. */
bool ia_action_of_another_image(const imgact_action *action, const char *image_id);
/* Returns true if the action names resources that are no images, and this server is not among them.
 */
bool ia_action_of_another_server(const imgact_action *action, const char *server_id);

#endif
