/* SPDX-License-Identifier: MIT */
/* The tables that the library brings along, for the look-up by name. */
#ifndef IA_BUILTIN_H
#define IA_BUILTIN_H

#include <imgact/provider.h>

extern const imgact_provider ia_provider_hetzner;
extern const imgact_provider ia_provider_digitalocean;

/* In the order in which they are shown. */
#define IA_BUILTIN_PROVIDERS &ia_provider_hetzner, &ia_provider_digitalocean

#endif
