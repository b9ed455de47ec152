/* SPDX-License-Identifier: MIT */
/* The parser of the command line. */
#ifndef IMGACT_CLI_ARGS_H
#define IMGACT_CLI_ARGS_H

#include "cli.h"

/* The words of the command line; they and the options point into argv. */
typedef struct cli_args {
  const char **words;
  size_t count;
  bool help; /* --help, or "help" before the command or after its noun; removed from words */
} cli_args;

/* Sets the options, command and arguments of app. On failure, app->options.output is set if the
 * command line has a valid -o, so that the error has that format. */
imgact_status cli_args_parse(int argc, char **argv, cli_app *app, cli_args *args,
                             imgact_error *error);
void cli_args_free(cli_args *args);

#endif
