/* SPDX-License-Identifier: MIT */
/* The check of a provider's table, when a client is made. */
#ifndef IA_PROVIDER_CHECK_H
#define IA_PROVIDER_CHECK_H

#include <imgact/provider.h>

/* OK, or INVALID_ARGUMENT with a message that names the first hole of the table. */
imgact_status ia_provider_check(const imgact_provider *provider, imgact_error *error);

#endif
