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
  IA_ARGUMENT_ACTIONS = 1 << 6
} ia_argument;

typedef struct ia_operation {
  const char *name;
  imgact_action_kind action; /* of the action that it starts; OTHER = none */
  ia_argument argument;
  bool changes; /* an image */
} ia_operation;

extern const ia_operation ia_operations[IMGACT_OP_COUNT];

#endif
