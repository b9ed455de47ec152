/* SPDX-License-Identifier: MIT */
/* The built-in providers. */
#ifndef IA_PROVIDERS_H
#define IA_PROVIDERS_H

#include <imgact/provider.h>

#define IA_KNOWN_PROVIDERS_SHOWN 128

/* Writes "hetzner, digitalocean", for messages. */
const char *ia_known_providers(char text[IA_KNOWN_PROVIDERS_SHOWN]);

#endif
