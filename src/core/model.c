// SPDX-License-Identifier: MIT
/* The names of enums, the lists of members and operations, and the API's own objects. */
#include "members.h"
#include "operation.h"
#include "result.h"

#define NAME(names, value)                                                                         \
  ((size_t)(value) < sizeof(names) / sizeof *(names) ? (names)[(size_t)(value)] : (names)[0])

const char *imgact_image_type_name(imgact_image_type type) {
  static const char *const names[] = {
      [IMGACT_IMAGE_TYPE_UNKNOWN] = "unknown", [IMGACT_IMAGE_TYPE_SYSTEM] = "system",
      [IMGACT_IMAGE_TYPE_APP] = "app",         [IMGACT_IMAGE_TYPE_SNAPSHOT] = "snapshot",
      [IMGACT_IMAGE_TYPE_BACKUP] = "backup",   [IMGACT_IMAGE_TYPE_CUSTOM] = "custom",
  };
  return NAME(names, type);
}

const char *imgact_image_status_name(imgact_image_status status) {
  static const char *const names[] = {
      [IMGACT_IMAGE_STATUS_UNKNOWN] = "unknown",
      [IMGACT_IMAGE_STATUS_CREATING] = "creating",
      [IMGACT_IMAGE_STATUS_AVAILABLE] = "available",
      [IMGACT_IMAGE_STATUS_UNAVAILABLE] = "unavailable",
      [IMGACT_IMAGE_STATUS_DELETED] = "deleted",
      [IMGACT_IMAGE_STATUS_RETIRED] = "retired",
  };
  return NAME(names, status);
}

const char *imgact_action_status_name(imgact_action_status status) {
  static const char *const names[] = {
      [IMGACT_ACTION_STATUS_UNKNOWN] = "unknown",
      [IMGACT_ACTION_STATUS_RUNNING] = "running",
      [IMGACT_ACTION_STATUS_SUCCESS] = "success",
      [IMGACT_ACTION_STATUS_ERROR] = "error",
  };
  return NAME(names, status);
}

const char *imgact_action_kind_name(imgact_action_kind kind) {
  static const char *const names[] = {
      [IMGACT_ACTION_KIND_OTHER] = "other",
      [IMGACT_ACTION_KIND_CREATE] = "create",
      [IMGACT_ACTION_KIND_CONVERT] = "convert",
      [IMGACT_ACTION_KIND_TRANSFER] = "transfer",
      [IMGACT_ACTION_KIND_CHANGE_PROTECTION] = "change_protection",
  };
  return NAME(names, kind);
}

#define EFFECT_READ   false
#define EFFECT_CHANGE true
#define OPERATION(operation, effect, argument, action, name, key)                                  \
  {name, IMGACT_ACTION_KIND_##action, IA_ARGUMENT_##argument, EFFECT_##effect},
const ia_operation ia_operations[IMGACT_OP_COUNT] = {IMGACT_OPERATIONS(OPERATION)};

const char *imgact_op_kind_name(imgact_op_kind kind) {
  return (size_t)kind < IMGACT_OP_COUNT ? ia_operations[(size_t)kind].name : NULL;
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

/* The type of resources fills the same member as their ids, and has no key of its own. */
/* clang-format off */
const imgact_member ia_members[IA_MEMBERS] = {
    [IMGACT_TARGET_ACTION_RESOURCE_TYPE] = {.kind = IMGACT_MEMBER_RESOURCES},
    IMGACT_IMAGE_MEMBERS(IMAGE_ROW, IMAGE_OBJECT)
    IMGACT_ACTION_MEMBERS(ACTION_ROW, ACTION_OBJECT)};
/* clang-format on */

#define PLUS_ROW(target, kind, member, second, key) +1
#define PLUS_OBJECT(key, LIST)                      LIST(PLUS_ROW)
#define FIRST_ACTION                                (IMGACT_TARGET_NONE + 1)
static const size_t image_members = IMGACT_IMAGE_MEMBERS(PLUS_ROW, PLUS_OBJECT),
                    action_members = IMGACT_ACTION_MEMBERS(PLUS_ROW, PLUS_OBJECT);
_Static_assert(IMGACT_IMAGE_MEMBERS(PLUS_ROW, PLUS_OBJECT) < FIRST_ACTION &&
                   IMGACT_ACTION_MEMBERS(PLUS_ROW, PLUS_OBJECT) < FIRST_ACTION,
               "a target is a bit of 64");

const imgact_member *imgact_image_member(size_t index) {
  return index < image_members ? &ia_members[index] : NULL;
}

const imgact_member *imgact_action_member(size_t index) {
  return index < action_members ? &ia_members[FIRST_ACTION + index] : NULL;
}
