/* SPDX-License-Identifier: MIT */
/* Results on stdout. */
#ifndef IMGACT_CLI_OUTPUT_H
#define IMGACT_CLI_OUTPUT_H

#include "cli.h"

/* Refuses --columns that the command's schema does not have, and what the chosen format could only
 * ignore. 0 or an exit status. */
int cli_check_output(cli_app *app, const cli_schema *schema);

/* Prints a list, or a single object, on stdout. 0 or an exit status. */
int cli_print_list(cli_app *app, const cli_schema *schema, const void *const *items, size_t count);
int cli_print_item(cli_app *app, const cli_schema *schema, const void *item);
/* Says on a terminal that a table has no rows: "no images". */
void cli_note_empty(cli_app *app, size_t count, const char *what);
/* Prints text as it is. */
int cli_print_text(cli_app *app, const char *text);
/* Flushes stdout. Could what was printed not be written? */
bool cli_stdout_lost(cli_app *app);
/* Flushes it, too: 0, or an exit status with the reason printed. */
int cli_finish_stdout(cli_app *app);

#endif
