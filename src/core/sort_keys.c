// SPDX-License-Identifier: MIT
/* The keys by which a list can be sorted. */
#include "sort_keys.h"
#include <string.h>

static const ia_sort_key image_keys[] = {{"id", NULL, IMGACT_TARGET_IMAGE_ID},
                                         {"name", NULL, IMGACT_TARGET_IMAGE_NAME},
                                         {"created", "created_at", IMGACT_TARGET_IMAGE_CREATED_AT},
                                         {NULL, NULL, 0}};
static const ia_sort_key action_keys[] = {
    {"id", NULL, IMGACT_TARGET_ACTION_ID},
    {"command", NULL, IMGACT_TARGET_ACTION_COMMAND},
    {"status", NULL, IMGACT_TARGET_ACTION_STATUS},
    {"started", "started_at", IMGACT_TARGET_ACTION_STARTED_AT},
    {"finished", "finished_at", IMGACT_TARGET_ACTION_FINISHED_AT},
    {NULL, NULL, 0}};

static bool is_word(const char *word, const char *text, size_t length) {
  return word && strlen(word) == length && !strncmp(word, text, length);
}

const ia_sort_key *ia_sort_key_find(const char *text, bool images, bool *descending) {
  size_t length = strcspn(text, ":");
  *descending = !strcmp(text + length, ":desc");
  if (text[length] && !*descending && strcmp(text + length, ":asc") != 0) return NULL;
  for (const ia_sort_key *key = images ? image_keys : action_keys; key->word; key++)
    if (is_word(key->word, text, length) || is_word(key->alias, text, length)) return key;
  return NULL;
}

const char *ia_sort_key_words(bool images) {
  return images ? "id, name, created (or created_at)"
                : "id, command, status, started, finished (or started_at, finished_at)";
}
