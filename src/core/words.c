// SPDX-License-Identifier: MIT
/* Word tables, and what the tables of most providers share: ids, matching actions and effects. */
#include "words.h"
#include "operation.h"
#include <string.h>

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Returns true if the word is the text; *exact: it is the text letter by letter. */
static bool is_word(const char *word, const char *text, size_t length, bool *exact) {
  bool any_case = *word == '~';
  size_t i = 0;
  if (any_case) word++;
  while (i < length && word[i] && word[i] != '*' &&
         (word[i] == text[i] || (any_case && lower(word[i]) == lower(text[i]))))
    i++;
  *exact = !any_case && i == length && !word[i];
  return (word[i] == '*' && !word[i + 1]) || (i == length && !word[i]);
}

const imgact_word *ia_word_find(const imgact_word *words, const char *text, size_t length,
                                bool *exact) {
  bool equal = false;
  while (words->text && !is_word(words->text, text, length, &equal)) words++;
  *exact = equal && words->text;
  return words;
}

int imgact_word_value(const imgact_word *words, const char *text) {
  bool exact;
  return (int)ia_word_find(words, text ? text : "", text ? strlen(text) : 0, &exact)->value;
}

const char *imgact_word_text(const imgact_word *words, int value) {
  while (words->text && (words->value != value || strchr(words->text, '*'))) words++;
  return words->text && *words->text == '~' ? words->text + 1 : words->text;
}

/* "013" would name what "13" does, and be taken for another. */
int imgact_is_decimal_id(const char *text) {
  size_t digits = 0;
  while (text[digits] >= '0' && text[digits] <= '9') digits++;
  return digits >= 1 && digits <= 64 && !text[digits] && (*text != '0' || digits == 1);
}

static imgact_tristate tristate(bool yes) {
  return yes ? IMGACT_TRISTATE_TRUE : IMGACT_TRISTATE_FALSE;
}

/* The region of a transfer's action is its destination; responses may lack it. */
imgact_tristate imgact_call_matches_action(const imgact_call *call, const imgact_action *action) {
  imgact_action_kind kind = ia_operations[call->kind].action;
  if (kind == IMGACT_ACTION_KIND_OTHER) return IMGACT_TRISTATE_UNKNOWN;
  if (action->kind != kind) return IMGACT_TRISTATE_FALSE;
  if (!call->region) return IMGACT_TRISTATE_TRUE;
  if (!action->region) return IMGACT_TRISTATE_UNKNOWN;
  return tristate(strcmp(action->region, call->region) == 0);
}

imgact_tristate imgact_call_shows_effect(const imgact_call *call, const imgact_image *image) {
  switch (call->kind) {
  case IMGACT_OP_CHANGE_PROTECTION:
    if (image->is_protected == IMGACT_TRISTATE_UNKNOWN) return IMGACT_TRISTATE_UNKNOWN;
    return tristate((image->is_protected == IMGACT_TRISTATE_TRUE) == (call->protect != 0));
  case IMGACT_OP_CONVERT:
    if (!image->provider_type) return IMGACT_TRISTATE_UNKNOWN;
    return tristate(image->type == IMGACT_IMAGE_TYPE_SNAPSHOT);
  case IMGACT_OP_TRANSFER: return imgact_image_has_region(image, call->region);
  default: return IMGACT_TRISTATE_UNKNOWN;
  }
}
