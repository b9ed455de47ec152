/* SPDX-License-Identifier: MIT */
/* The filters of the commands that list images, as the library takes them. */
#ifndef IMGACT_CLI_IMAGE_FILTER_H
#define IMGACT_CLI_IMAGE_FILTER_H

#include "cli.h"

typedef struct cli_image_filter {
  imgact_image_filter filter;
  imgact_image_type *types;
  imgact_image_status *statuses;
} cli_image_filter;

/* Takes the filters of the command line, and prints the times that ages stand for. Returns false if
 * there is no memory; free it in either case. */
bool cli_image_filter_take(cli_app *app, cli_image_filter *taken);
void cli_image_filter_free(cli_image_filter *taken);

#endif
