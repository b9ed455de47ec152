/* SPDX-License-Identifier: MIT */
/* The steps of a change of one image: with IMGACT_OP_FLAG_ENSURE it is sent only if the image does
 * not show its effect, and again once the image is free. */
#ifndef IA_ENSURE_H
#define IA_ENSURE_H

#include "mutation.h"

extern const ia_mutation_steps ia_ensure_steps;

#endif
