/* SPDX-License-Identifier: MIT */
/* Changes of the tags of images. */
#ifndef IA_TAGS_H
#define IA_TAGS_H

#include "mutation.h"

extern const ia_mutation_steps ia_tag_steps;

#endif
