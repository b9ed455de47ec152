// SPDX-License-Identifier: MIT
/* The words of the JSON contract, and the raw objects behind what users see. */
#include "result.h"

#define NAME(names, value) ((size_t)(value) < sizeof(names) / sizeof *(names) ? (names)[(size_t)(value)] : (names)[0])

const char *imgact_image_type_name(imgact_image_type type) {
  static const char *const names[] = {"unknown", "system", "app", "snapshot", "backup", "custom"};
  return NAME(names, type);
}

const char *imgact_image_status_name(imgact_image_status status) {
  static const char *const names[] = {"unknown", "creating", "available", "unavailable", "deleted", "retired"};
  return NAME(names, status);
}

const char *imgact_action_status_name(imgact_action_status status) {
  static const char *const names[] = {"unknown", "running", "success", "error"};
  return NAME(names, status);
}

const char *imgact_action_kind_name(imgact_action_kind kind) {
  static const char *const names[] = {"other", "create", "convert", "transfer", "change_protection"};
  return NAME(names, kind);
}

const char *imgact_op_kind_name(imgact_op_kind kind) {
  static const char *const names[] = {"list_images", "get_image",         "update_image", "delete_image", "list_actions",
                                      "get_action",  "change_protection", "convert",      "transfer",     "wait_actions"};
  return (size_t)kind < sizeof names / sizeof *names ? names[(size_t)kind] : NULL;
}

const char *imgact_image_raw(const imgact_image *image) {
  return image ? ((const ia_image *)(const void *)image)->raw : NULL;
}

const char *imgact_action_raw(const imgact_action *action) {
  return action ? ((const ia_action *)(const void *)action)->raw : NULL;
}
