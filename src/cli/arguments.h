/* SPDX-License-Identifier: MIT */
/* The arguments of a command as a list: duplicates, and words from stdin. */
#ifndef IMGACT_CLI_ARGUMENTS_H
#define IMGACT_CLI_ARGUMENTS_H

#include "cli.h"

#define CLI_MAX_STDIN_WORDS 100000

/* Rejects texts that are equal. what: the word for them in the message. */
imgact_status cli_check_duplicates(const char *const *items, size_t count, const char *what,
                                   imgact_error *error);
/* If "-" is the only argument of a command that takes it, replaces it by the words of stdin, of
 * which there may be none. Returns 0 or an exit status. */
int cli_arguments_from_stdin(cli_app *app);
void cli_arguments_free(cli_app *app);

#endif
