/* SPDX-License-Identifier: MIT */
/* The steps of making an image: from a server, or by an import. */
#ifndef IA_CREATE_H
#define IA_CREATE_H

#include "mutation.h"

extern const ia_mutation_steps ia_create_steps, ia_import_steps;

#endif
