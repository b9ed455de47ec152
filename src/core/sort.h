/* SPDX-License-Identifier: MIT */
/* Sorts the items of a list that the server does not sort. */
#ifndef IA_SORT_H
#define IA_SORT_H

#include "result.h"

/* Returns the unknown or malformed key of a list of "KEY[:asc|:desc]", or NULL. */
const char *ia_sort_wrong(const char *const *keys, size_t count, bool images);
/* Sorts stably, ids as numbers; items without the value come last. Returns false if there is no
 * memory; the order is then unchanged. */
bool ia_sort(imgact_result *result, const char *const *keys, size_t count, bool images);

#endif
