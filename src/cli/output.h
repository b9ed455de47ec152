/* SPDX-License-Identifier: MIT */
/* Results on stdout. */
#ifndef IMGACT_CLI_OUTPUT_H
#define IMGACT_CLI_OUTPUT_H

#include "cli.h"

/* Rejects unknown --columns, and flags without effect on the output format. schema: NULL if the
 * command prints none. Returns 0 or an exit status. */
int cli_check_output(cli_app *app, const cli_schema *schema);

/* Print a list, or one object, on stdout. Return 0 or an exit status. */
int cli_print_list(cli_app *app, const cli_schema *schema, const void *const *items, size_t count);
int cli_print_item(cli_app *app, const cli_schema *schema, const void *item);
/* Prints "no images" on stderr if the list is empty, the format is for people and stderr is a
 * terminal. */
void cli_note_empty(cli_app *app, size_t count, const char *what);
/* Prints unformatted text. Returns 0. */
int cli_print_text(cli_app *app, const char *text);
/* Flushes stdout. Returns true if output was lost. */
bool cli_stdout_lost(cli_app *app);
/* Flushes stdout. Returns 0, or an exit status after the error was printed. */
int cli_finish_stdout(cli_app *app);

#endif
