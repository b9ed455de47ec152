// SPDX-License-Identifier: MIT
/* The names of enums, the lists of members and operations, questions about an image, and the API's
 * own objects. */
#include "members.h"
#include "operation.h"
#include "result.h"
#include "str.h"

/* ---- names of enums: the index is the value, index 0 the value of every other name ---- */

static const char *const image_types[] = {
    [IMGACT_IMAGE_TYPE_UNKNOWN] = "unknown", [IMGACT_IMAGE_TYPE_SYSTEM] = "system",
    [IMGACT_IMAGE_TYPE_APP] = "app",         [IMGACT_IMAGE_TYPE_SNAPSHOT] = "snapshot",
    [IMGACT_IMAGE_TYPE_BACKUP] = "backup",   [IMGACT_IMAGE_TYPE_CUSTOM] = "custom",
};
static const char *const image_statuses[] = {
    [IMGACT_IMAGE_STATUS_UNKNOWN] = "unknown",
    [IMGACT_IMAGE_STATUS_CREATING] = "creating",
    [IMGACT_IMAGE_STATUS_AVAILABLE] = "available",
    [IMGACT_IMAGE_STATUS_UNAVAILABLE] = "unavailable",
    [IMGACT_IMAGE_STATUS_DELETED] = "deleted",
    [IMGACT_IMAGE_STATUS_RETIRED] = "retired",
};
static const char *const action_statuses[] = {
    [IMGACT_ACTION_STATUS_UNKNOWN] = "unknown",
    [IMGACT_ACTION_STATUS_RUNNING] = "running",
    [IMGACT_ACTION_STATUS_SUCCESS] = "success",
    [IMGACT_ACTION_STATUS_ERROR] = "error",
};
static const char *const action_kinds[] = {
    [IMGACT_ACTION_KIND_OTHER] = "other",
    [IMGACT_ACTION_KIND_CREATE] = "create",
    [IMGACT_ACTION_KIND_CONVERT] = "convert",
    [IMGACT_ACTION_KIND_TRANSFER] = "transfer",
    [IMGACT_ACTION_KIND_CHANGE_PROTECTION] = "change_protection",
};

static const char *name_of(const char *const *names, size_t count, size_t value) {
  return names[value < count ? value : 0];
}

static size_t value_of(const char *const *names, size_t count, const char *name) {
  size_t value = count;
  while (--value && !ia_str_equal(names[value], name)) continue;
  return value;
}

#define COUNT_OF(names)    (sizeof(names) / sizeof *(names))
#define NAME(names, value) name_of(names, COUNT_OF(names), (size_t)(value))
#define VALUE(type, names) ((type)value_of(names, COUNT_OF(names), name))

const char *imgact_image_type_name(imgact_image_type type) { return NAME(image_types, type); }

const char *imgact_image_status_name(imgact_image_status status) {
  return NAME(image_statuses, status);
}

const char *imgact_action_status_name(imgact_action_status status) {
  return NAME(action_statuses, status);
}

const char *imgact_action_kind_name(imgact_action_kind kind) { return NAME(action_kinds, kind); }

imgact_image_type imgact_image_type_from_name(const char *name) {
  return VALUE(imgact_image_type, image_types);
}

imgact_image_status imgact_image_status_from_name(const char *name) {
  return VALUE(imgact_image_status, image_statuses);
}

imgact_action_status imgact_action_status_from_name(const char *name) {
  return VALUE(imgact_action_status, action_statuses);
}

imgact_action_kind imgact_action_kind_from_name(const char *name) {
  return VALUE(imgact_action_kind, action_kinds);
}

/* ---- operations ---- */

#define EFFECT_READ   false
#define EFFECT_CHANGE true
#define OPERATION(operation, effect, argument, action, name, key)                                  \
  {name, IMGACT_ACTION_KIND_##action, IA_ARGUMENT_##argument, EFFECT_##effect},
const ia_operation ia_operations[IMGACT_OP_COUNT] = {IMGACT_OPERATIONS(OPERATION)};

const char *imgact_op_kind_name(imgact_op_kind kind) {
  return (size_t)kind < IMGACT_OP_COUNT ? ia_operations[(size_t)kind].name : NULL;
}

imgact_op_kind imgact_op_kind_from_name(const char *name) {
  size_t kind = 0;
  while (kind < IMGACT_OP_COUNT && !ia_str_equal(ia_operations[kind].name, name)) kind++;
  return (imgact_op_kind)kind;
}

/* ---- images and actions ---- */

const char *imgact_image_label(const imgact_image *image, const char *key) {
  for (size_t i = 0; image && key && i < image->labels_count; i++)
    if (ia_str_equal(image->labels[i].key, key)) return image->labels[i].value;
  return NULL;
}

static imgact_tristate contains(const char *const *texts, size_t count, const char *text,
                                bool (*equal)(const char *, const char *)) {
  if (!texts) return IMGACT_TRISTATE_UNKNOWN;
  for (size_t i = 0; text && i < count; i++)
    if (equal(texts[i], text)) return IMGACT_TRISTATE_TRUE;
  return IMGACT_TRISTATE_FALSE;
}

imgact_tristate imgact_image_has_region(const imgact_image *image, const char *region) {
  if (!image) return IMGACT_TRISTATE_UNKNOWN;
  return contains(image->regions, image->regions_count, region, ia_str_equal);
}

imgact_tristate imgact_image_has_tag(const imgact_image *image, const char *tag) {
  if (!image) return IMGACT_TRISTATE_UNKNOWN;
  return contains(image->tags, image->tags_count, tag, ia_str_equal_nocase);
}

const char *imgact_image_raw(const imgact_image *image) {
  return image ? ((const ia_image *)(const void *)image)->raw : NULL;
}

const char *imgact_action_raw(const imgact_action *action) {
  return action ? ((const ia_action *)(const void *)action)->raw : NULL;
}

/* ---- members ---- */

#define IMAGE_ROW(target, kind, member, second, key)                                               \
  [IMGACT_TARGET_IMAGE_##target] = {key, offsetof(imgact_image, member),                           \
                                    offsetof(imgact_image, second), IMGACT_MEMBER_##kind, 0},
#define IMAGE_OBJECT(key, LIST) LIST(IMAGE_ROW)
#define ACTION_ROW(target, kind, member, second, key)                                              \
  [IMGACT_TARGET_ACTION_##target] = {key, offsetof(imgact_action, member),                         \
                                     offsetof(imgact_action, second), IMGACT_MEMBER_##kind, 0},
#define ACTION_OBJECT(key, LIST) LIST(ACTION_ROW)
#define REGION_ROW(target, kind, member, second, key)                                              \
  [IMGACT_TARGET_REGION_##target] = {key, offsetof(imgact_region, member),                         \
                                     offsetof(imgact_region, second), IMGACT_MEMBER_##kind, 0},
#define REGION_OBJECT(key, LIST) LIST(REGION_ROW)

/* The type of resources fills the same member as their ids, and has no key of its own. */
/* clang-format off */
const imgact_member ia_members[IA_MEMBERS] = {
    [IMGACT_TARGET_ACTION_RESOURCE_TYPE] = {.kind = IMGACT_MEMBER_RESOURCES},
    IMGACT_IMAGE_MEMBERS(IMAGE_ROW, IMAGE_OBJECT)
    IMGACT_ACTION_MEMBERS(ACTION_ROW, ACTION_OBJECT)
    IMGACT_REGION_MEMBERS(REGION_ROW, REGION_OBJECT)};
/* clang-format on */

#define PLUS_ROW(target, kind, member, second, key) +1
#define PLUS_OBJECT(key, LIST)                      LIST(PLUS_ROW)
#define FIRST_ACTION                                (IMGACT_TARGET_NONE + 1)
#define FIRST_REGION                                (IMGACT_TARGET_ACTION_RESOURCE_TYPE + 1)
static const size_t image_members = IMGACT_IMAGE_MEMBERS(PLUS_ROW, PLUS_OBJECT),
                    action_members = IMGACT_ACTION_MEMBERS(PLUS_ROW, PLUS_OBJECT),
                    region_members = IMGACT_REGION_MEMBERS(PLUS_ROW, PLUS_OBJECT);
_Static_assert(IMGACT_IMAGE_MEMBERS(PLUS_ROW, PLUS_OBJECT) < FIRST_ACTION &&
                   IMGACT_ACTION_MEMBERS(PLUS_ROW, PLUS_OBJECT) < FIRST_ACTION,
               "a target is a bit of 64");

const imgact_member *imgact_image_member(size_t index) {
  return index < image_members ? &ia_members[index] : NULL;
}

const imgact_member *imgact_action_member(size_t index) {
  return index < action_members ? &ia_members[FIRST_ACTION + index] : NULL;
}

const imgact_member *imgact_region_member(size_t index) {
  return index < region_members ? &ia_members[FIRST_REGION + index] : NULL;
}
