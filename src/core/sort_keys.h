/* SPDX-License-Identifier: MIT */
/* The keys by which a list can be sorted. */
#ifndef IA_SORT_KEYS_H
#define IA_SORT_KEYS_H

#include <imgact/provider.h>
#include <stdbool.h>

typedef struct ia_sort_key {
  const char *word;  /* as it is sent */
  const char *alias; /* as the JSON of the tool names the member; NULL = none */
  imgact_target by;
} ia_sort_key;

/* Returns the key of "KEY[:asc|:desc]", by its word or alias; NULL if it is unknown or malformed.
 */
const ia_sort_key *ia_sort_key_find(const char *text, bool images, bool *descending);
/* Returns the valid keys, for messages. */
const char *ia_sort_key_words(bool images);

#endif
