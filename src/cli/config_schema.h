/* SPDX-License-Identifier: MIT */
/* Shapes of what the commands around clouds and configuration print. */
#ifndef IMGACT_CLI_CONFIG_SCHEMA_H
#define IMGACT_CLI_CONFIG_SCHEMA_H

#include "output.h"

extern const cli_shape cli_provider_shape, cli_rate_shape; /* provider.c, ratelimit.c */
extern const cli_shape cli_profile_shape, cli_path_shape, cli_selection_shape, cli_version_shape; /* config.c */

#endif
