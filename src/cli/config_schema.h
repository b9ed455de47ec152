/* SPDX-License-Identifier: MIT */
/* Schemas of the commands without images and actions. */
#ifndef IMGACT_CLI_CONFIG_SCHEMA_H
#define IMGACT_CLI_CONFIG_SCHEMA_H

#include "output.h"

extern const cli_schema cli_provider_schema, cli_rate_schema; /* provider.c, ratelimit.c */
extern const cli_schema cli_profile_schema, cli_path_schema, cli_settings_schema,
    cli_version_schema; /* config.c */

#endif
