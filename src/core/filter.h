/* SPDX-License-Identifier: MIT */
/* Filters and orders that a cloud's server lacks, applied to the items. */
#ifndef IA_FILTER_H
#define IA_FILTER_H

#include "result.h"

/* What can be applied here, to items that carry the field; sorting among it. */
#define IA_FILTERS_OF_IMAGES                                                                       \
  (IMGACT_FILTER_TYPE | IMGACT_FILTER_STATUS | IMGACT_FILTER_NAME | IMGACT_FILTER_ARCHITECTURE |   \
   IMGACT_FILTER_BOUND_TO | IMGACT_FILTER_TAG | IMGACT_FILTER_REGION | IMGACT_FILTER_VISIBILITY |  \
   IMGACT_FILTER_SORT)
#define IA_FILTERS_OF_ACTIONS                                                                      \
  (IMGACT_FILTER_STATUS | IMGACT_FILTER_ACTION_ID | IMGACT_FILTER_IMAGE_ID | IMGACT_FILTER_SORT)

/* IMGACT_FILTER_... bits of what a call asks for. */
uint32_t ia_filter_asked(const imgact_call *call);
/* "architecture" for IMGACT_FILTER_ARCHITECTURE: the lowest bit's word. */
const char *ia_filter_name(uint32_t filter);
/* Does the item pass these filters of the call? types: bits that the query is for, 0 = any. */
bool ia_filter_image(const imgact_call *call, uint32_t filters, uint32_t types,
                     const imgact_image *image);
bool ia_filter_action(const imgact_call *call, uint32_t filters, const imgact_action *action);
/* Do the action's resources name that image? */
bool ia_action_of_image(const imgact_action *action, const char *image_id);
/* Returns true if the action names images and this one is not among them. One that names none may
 * be of any image. */
bool ia_action_of_another_image(const imgact_action *action, const char *image_id);
/* The unknown or malformed key of a list of "KEY[:asc|:desc]", or NULL. */
const char *ia_sort_wrong(const char *const *keys, size_t count, bool images);
/* Stable; ids as numbers, what is missing last. false: no memory, order unchanged. */
bool ia_sort(imgact_result *result, const char *const *keys, size_t count, bool images);

#endif
