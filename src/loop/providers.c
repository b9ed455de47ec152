// SPDX-License-Identifier: MIT
#include "providers.h"
#include "builtin.h"
#include <imgact/client.h>
#include <stdio.h>
#include <string.h>

const imgact_provider *imgact_provider_at(size_t index) {
  size_t count = sizeof ia_builtin_providers / sizeof *ia_builtin_providers;
  return index < count ? ia_builtin_providers[index] : NULL;
}

const imgact_provider *imgact_provider_find(const char *name) {
  const imgact_provider *provider = NULL;
  for (size_t i = 0; name && (provider = imgact_provider_at(i)); i++)
    if (!strcmp(provider->name, name)) break;
  return provider;
}

const char *ia_known_providers(char text[IA_KNOWN_PROVIDERS_SHOWN]) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; imgact_provider_at(i) && used < IA_KNOWN_PROVIDERS_SHOWN; i++)
    used += (size_t)snprintf(text + used, IA_KNOWN_PROVIDERS_SHOWN - used, "%s%s", i ? ", " : "",
                             imgact_provider_at(i)->name);
  return text;
}
