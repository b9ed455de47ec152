/* SPDX-License-Identifier: MIT */
/* imgact image handover. */
#ifndef IMGACT_CLI_HANDOVER_H
#define IMGACT_CLI_HANDOVER_H

#include "cli.h"

#define CLI_HANDOVER_STEPS "create|accept|decline|cancel"

extern const struct cli_schema cli_handover_schema;

/* The first argument is one of CLI_HANDOVER_STEPS, the second one the image. */
int cli_image_handover(cli_app *app);

#endif
