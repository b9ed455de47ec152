/* SPDX-License-Identifier: MIT */
/* The command line taken apart. */
#ifndef IMGACT_CLI_ARGS_H
#define IMGACT_CLI_ARGS_H

#include "cli.h"

/* What the command line says: its words and options point into argv. */
typedef struct cli_args {
  const char **words;
  size_t count;
  bool help; /* --help, or "help" as the first word or behind a noun; the words are what it is
                wanted for */
} cli_args;

/* Fills app's options, command and arguments. On failure app->options.output is what the command
 * line asked for all the same, where that could be told, so that the error has its form. */
imgact_status cli_args_parse(int argc, char **argv, cli_app *app, cli_args *args,
                             imgact_error *error);
void cli_args_free(cli_args *args);

#endif
