// SPDX-License-Identifier: MIT
/* The filters of lists, one row each, and their application to items. An item that does not report
 * the member of a filter does not pass it. */
#include "filter.h"
#include "glob.h"
#include "members.h"
#include "operation.h"
#include "str.h"
#include <string.h>

/* ---- the rows ---- */

#define IMAGE_ROW(name, kind, member, count, target, word)                                         \
  {word,                                                                                           \
   offsetof(imgact_image_filter, member),                                                          \
   offsetof(imgact_image_filter, count),                                                           \
   IMGACT_FILTER_BIT(IMAGE_##name),                                                                \
   IA_FILTER_##kind,                                                                               \
   IMGACT_TARGET_##target},
#define ACTION_ROW(name, kind, member, count, target, word)                                        \
  {word,                                                                                           \
   offsetof(imgact_action_filter, member),                                                         \
   offsetof(imgact_action_filter, count),                                                          \
   IMGACT_FILTER_BIT(ACTION_##name),                                                               \
   IA_FILTER_##kind,                                                                               \
   IMGACT_TARGET_##target},

/* clang-format off */
static const ia_filter image_filters[] = {IMGACT_IMAGE_FILTERS(IMAGE_ROW) {0}};
static const ia_filter action_filters[] = {IMGACT_ACTION_FILTERS(ACTION_ROW) {0}};
/* clang-format on */
static const ia_filter none = {0};
#define ROWS(rows) ((int)(sizeof(rows) / sizeof *(rows)) - 1)
/* Enums of filters are read as unsigned. */
_Static_assert(sizeof(imgact_image_type) == sizeof(unsigned) &&
                   sizeof(imgact_image_status) == sizeof(unsigned) &&
                   sizeof(imgact_action_status) == sizeof(unsigned) &&
                   sizeof(imgact_protection) == sizeof(unsigned) &&
                   sizeof(imgact_visibility) == sizeof(unsigned),
               "an enum of a filter is not as large as unsigned");
_Static_assert(IMGACT_SOURCE_FILTERS + ROWS(image_filters) <= IMGACT_SOURCE_ACTION_FILTERS,
               "the numbers of image filters reach those of action filters");
_Static_assert(IMGACT_SOURCE_ACTION_FILTERS + ROWS(action_filters) < IMGACT_SOURCE_FILTERS + 32,
               "more filters than bits");

const ia_filter *ia_filters_of(imgact_op_kind kind) {
  if (ia_lists_images(kind) || kind == IMGACT_OP_FIND_IMAGE) return image_filters;
  return ia_lists_actions(kind) ? action_filters : &none;
}

const void *ia_filter_struct(const imgact_call *call) {
  if (ia_filters_of(call->kind) == image_filters) return call->image_filter;
  return ia_lists_actions(call->kind) ? call->action_filter : NULL;
}

/* Returns the filter with the lowest of these bits, or NULL. */
static const ia_filter *with_bit(uint32_t filters) {
  uint32_t lowest = filters & (~filters + 1);
  for (const ia_filter *f = image_filters; f->word; f++)
    if (f->bit == lowest) return f;
  for (const ia_filter *f = action_filters; f->word; f++)
    if (f->bit == lowest) return f;
  return NULL;
}

const ia_filter *ia_filter_of_source(intptr_t source) {
  if (source <= IMGACT_SOURCE_FILTERS || source > IMGACT_SOURCE_FILTERS + 32) return NULL;
  return with_bit(UINT32_C(1) << (source - IMGACT_SOURCE_FILTERS - 1));
}

const char *ia_filter_word(uint32_t filters) {
  const ia_filter *f = with_bit(filters);
  return f ? f->word : "filter";
}

bool ia_filter_is_enum(ia_filter_kind kind) {
  return kind >= IA_FILTER_IMAGE_TYPES && kind <= IA_FILTER_VISIBILITY;
}

bool ia_filter_is_id(ia_filter_kind kind) { return kind == IA_FILTER_ID || kind == IA_FILTER_IDS; }

bool ia_filter_has_source(ia_filter_kind kind) {
  return kind != IA_FILTER_GLOBS && kind != IA_FILTER_BEFORE && kind != IA_FILTER_AFTER &&
         kind != IA_FILTER_PROTECTION;
}

static bool is_time(int64_t time) { return time != 0 && time != IMGACT_NO_TIME; }

ia_filter_value ia_filter_get(const ia_filter *filter, const void *filter_struct) {
  const void *at = (const char *)filter_struct + filter->offset,
             *count_at = (const char *)filter_struct + filter->count_offset;
  switch (filter->kind) {
  case IA_FILTER_TEXT:
  case IA_FILTER_WORD:
  case IA_FILTER_ID:
    return (ia_filter_value){.texts = at, .count = *(const char *const *)at != NULL};
  case IA_FILTER_TEXTS:
  case IA_FILTER_GLOBS:
  case IA_FILTER_IDS:
  case IA_FILTER_SORT_KEYS:
    return (ia_filter_value){.texts = *(const char *const *const *)at,
                             .count = *(const size_t *)count_at};
  case IA_FILTER_BEFORE:
  case IA_FILTER_AFTER:
    return (ia_filter_value){.time = at, .count = is_time(*(const int64_t *)at)};
  case IA_FILTER_PROTECTION:
  case IA_FILTER_VISIBILITY:
  case IA_FILTER_FLAG: return (ia_filter_value){.enums = at, .count = *(const unsigned *)at != 0};
  default:
    return (ia_filter_value){.enums = *(const unsigned *const *)at,
                             .count = *(const size_t *)count_at};
  }
}

uint32_t ia_filter_asked(const imgact_call *call) {
  uint32_t asked = 0;
  for (const ia_filter *f = ia_filters_of(call->kind); f->word; f++)
    if (ia_filter_get(f, ia_filter_struct(call)).count) asked |= f->bit;
  return asked;
}

uint32_t ia_filter_all(imgact_op_kind kind) {
  uint32_t all = 0;
  for (const ia_filter *f = ia_filters_of(kind); f->word; f++) all |= f->bit;
  return all;
}

uint32_t ia_filter_local(imgact_op_kind kind) {
  uint32_t local = 0;
  for (const ia_filter *f = ia_filters_of(kind); f->word; f++)
    if (f->target != IMGACT_TARGET_NONE || f->kind == IA_FILTER_SORT_KEYS) local |= f->bit;
  return local;
}

/* ---- comparing an item ---- */

bool ia_action_of_image(const imgact_action *action, const char *image_id) {
  for (size_t i = 0; i < action->resources_count; i++)
    if (ia_str_equal(action->resources[i].type, "image") &&
        ia_str_equal(action->resources[i].id, image_id))
      return true;
  return false;
}

/* A resource without a type, as old responses have it, is known by its id alone. */
bool ia_action_of_another_image(const imgact_action *action, const char *image_id) {
  bool names_images = false;
  for (size_t i = 0; i < action->resources_count; i++) {
    const imgact_resource *resource = &action->resources[i];
    if (resource->type && !ia_str_equal_nocase(resource->type, "image")) continue;
    if (ia_str_equal(resource->id, image_id)) return false;
    names_images = true;
  }
  return names_images;
}

/* The words for a server differ between clouds: every resource that is no image counts. */
bool ia_action_of_another_server(const imgact_action *action, const char *server_id) {
  bool names_others = false;
  for (size_t i = 0; i < action->resources_count; i++) {
    const imgact_resource *resource = &action->resources[i];
    if (!resource->type || ia_str_equal_nocase(resource->type, "image")) continue;
    if (ia_str_equal(resource->id, server_id)) return false;
    names_others = true;
  }
  return names_others;
}

static bool has_text(const ia_filter_value *value, const char *text) {
  for (size_t i = 0; text && value->texts && i < value->count; i++)
    if (ia_str_equal(value->texts[i], text)) return true;
  return false;
}

static bool has_enum(const ia_filter_value *value, unsigned word) {
  for (size_t i = 0; value->enums && i < value->count; i++)
    if (value->enums[i] == word) return true;
  return false;
}

static bool has_visibility(const ia_filter_value *value, imgact_tristate is_public) {
  bool wants_public = has_enum(value, IMGACT_VISIBILITY_PUBLIC);
  return is_public == (wants_public ? IMGACT_TRISTATE_TRUE : IMGACT_TRISTATE_FALSE);
}

static bool has_glob(const ia_filter_value *value, const char *text) {
  for (size_t i = 0; text && value->texts && i < value->count; i++)
    if (value->texts[i] && ia_glob_match(value->texts[i], text)) return true;
  return false;
}

/* An image whose protection is not reported counts as not protected. */
static bool has_protection(const ia_filter_value *value, imgact_tristate is_protected) {
  bool wants_protected = has_enum(value, IMGACT_PROTECTION_PROTECTED);
  return wants_protected == (is_protected == IMGACT_TRISTATE_TRUE);
}

/* The values of one filter are alternatives; so are the elements of a member that is a list. */
static bool equals(const ia_filter *f, const ia_filter_value *value, const char *item) {
  const imgact_member *member = &ia_members[f->target];
  const void *at = item + member->offset, *count_at = item + member->second;
  switch (member->kind) {
  case IMGACT_MEMBER_IMAGE_STATUS:
  case IMGACT_MEMBER_ACTION_STATUS: return has_enum(value, *(const unsigned *)at);
  case IMGACT_MEMBER_TRISTATE: return has_visibility(value, *(const imgact_tristate *)at);
  case IMGACT_MEMBER_STRINGS:
    for (size_t i = 0; i < *(const size_t *)count_at; i++)
      if (has_text(value, (*(const char *const *const *)at)[i])) return true;
    return false;
  case IMGACT_MEMBER_RESOURCES: {
    const void *action = item;
    return value->texts && ia_action_of_image(action, value->texts[0]);
  }
  default: return has_text(value, *(const char *const *)at);
  }
}

static bool passes(const ia_filter *f, const ia_filter_value *value, const void *item) {
  const void *at = (const char *)item + ia_members[f->target].offset;
  switch (f->kind) {
  case IA_FILTER_BEFORE:
  case IA_FILTER_AFTER: {
    int64_t time = *(const int64_t *)at;
    if (time == IMGACT_NO_TIME) return false;
    return f->kind == IA_FILTER_BEFORE ? time < *value->time : time > *value->time;
  }
  case IA_FILTER_GLOBS: {
    const imgact_image *image = item;
    return has_glob(value, image->name) || has_glob(value, image->description);
  }
  case IA_FILTER_WORD: return ia_str_equal_nocase(value->texts[0], *(const char *const *)at);
  case IA_FILTER_PROTECTION: return has_protection(value, *(const imgact_tristate *)at);
  default: return equals(f, value, item);
  }
}

bool ia_filter_passes(const imgact_call *call, uint32_t filters, uint32_t types, const void *item) {
  if (!filters) return true;
  for (const ia_filter *f = ia_filters_of(call->kind); f->word; f++) {
    if (!(filters & f->bit)) continue;
    if (f->kind == IA_FILTER_IMAGE_TYPES) {
      const imgact_image *image = item;
      if (types && !(types & IMGACT_IMAGE_TYPE_BIT(image->type))) return false;
    } else if (f->target != IMGACT_TARGET_NONE) {
      const ia_filter_value value = ia_filter_get(f, ia_filter_struct(call));
      if (!passes(f, &value, item)) return false;
    }
  }
  return true;
}
