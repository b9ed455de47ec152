/* SPDX-License-Identifier: MIT */
/* Changes of some labels of an image. */
#ifndef IA_LABELS_H
#define IA_LABELS_H

#include "mutation.h"

extern const ia_mutation_steps ia_label_steps;

#endif
