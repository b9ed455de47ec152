/* SPDX-License-Identifier: MIT */
/* The built-in providers, and the check of any provider's table. */
#ifndef IA_PROVIDERS_H
#define IA_PROVIDERS_H

#include <imgact/provider.h>

#define IA_KNOWN_PROVIDERS_SHOWN 128

/* "hetzner, digitalocean", for error texts. */
const char *ia_known_providers(char text[IA_KNOWN_PROVIDERS_SHOWN]);

/* Is a provider's table whole? INVALID_ARGUMENT names what is missing. */
imgact_status ia_provider_check(const imgact_provider *provider, imgact_error *error);

#endif
