/* SPDX-License-Identifier: MIT */
/* The tables of the library's own providers. */
#ifndef IA_BUILTIN_H
#define IA_BUILTIN_H

#include <imgact/provider.h>

#define IA_PROVIDER(name) extern const imgact_provider ia_provider_##name;
#include "builtin.def"
#undef IA_PROVIDER

static const imgact_provider *const ia_builtin_providers[] = {
#define IA_PROVIDER(name) &ia_provider_##name,
#include "builtin.def"
#undef IA_PROVIDER
};

#endif
