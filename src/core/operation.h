/* SPDX-License-Identifier: MIT */
/* The operations of a provider; see IMGACT_OPERATIONS. */
#ifndef IA_OPERATION_H
#define IA_OPERATION_H

#include <imgact/client.h>
#include <stdbool.h>

/* Bits, so that a set of arguments is a mask. */
typedef enum ia_argument {
  IA_ARGUMENT_FILTER = 1 << 0,
  IA_ARGUMENT_IMAGE = 1 << 1,
  IA_ARGUMENT_UPDATE = 1 << 2,
  IA_ARGUMENT_PROTECT = 1 << 3,
  IA_ARGUMENT_REGION = 1 << 4,
  IA_ARGUMENT_ACTION = 1 << 5,
  IA_ARGUMENT_ACTIONS = 1 << 6,
  IA_ARGUMENT_SERVER = 1 << 7,
  IA_ARGUMENT_CREATE = 1 << 8,
  IA_ARGUMENT_IMPORT = 1 << 9,
  IA_ARGUMENT_NOTHING = 1 << 10,
  IA_ARGUMENT_HANDOVER = 1 << 11,
  IA_ARGUMENT_TAGS = 1 << 12,
  IA_ARGUMENT_TAG = 1 << 13
} ia_argument;

typedef struct ia_operation {
  const char *name;
  imgact_action_kind action; /* of the action that it starts; OTHER = none */
  ia_argument argument;
  bool changes; /* or makes an image */
} ia_operation;

extern const ia_operation ia_operations[IMGACT_OP_COUNT];

/* Returns true if the operation is a list of images, or of actions. */
static inline bool ia_lists_images(imgact_op_kind kind) {
  return kind == IMGACT_OP_LIST_IMAGES || kind == IMGACT_OP_LIST_SERVER_IMAGES;
}
static inline bool ia_lists_actions(imgact_op_kind kind) {
  return kind == IMGACT_OP_LIST_ACTIONS || kind == IMGACT_OP_LIST_SERVER_ACTIONS;
}
/* Returns true if the operation is a list, of whatever items. */
static inline bool ia_lists(imgact_op_kind kind) {
  return ia_lists_images(kind) || ia_lists_actions(kind) || kind == IMGACT_OP_LIST_REGIONS;
}
/* Returns true if the operation concerns an image that exists and that the call names. */
static inline bool ia_changes_existing(imgact_op_kind kind) {
  const ia_operation *operation = &ia_operations[kind];
  return operation->changes && !(operation->argument & (IA_ARGUMENT_CREATE | IA_ARGUMENT_IMPORT |
                                                        IA_ARGUMENT_TAGS | IA_ARGUMENT_TAG));
}

#endif
