/* SPDX-License-Identifier: MIT */
/* The columns of a table or a csv. */
#ifndef IMGACT_CLI_COLUMNS_H
#define IMGACT_CLI_COLUMNS_H

#include "cli_text.h"
#include "schema.h"

#define CLI_MAX_COLUMNS 64

typedef struct cli_column {
  const cli_field *field;
  const cli_field
      *inner; /* of the object that the field is: "action.id"; NULL = the field itself */
} cli_column;

typedef struct cli_columns {
  cli_column items[CLI_MAX_COLUMNS];
  size_t widths[CLI_MAX_COLUMNS];
  size_t count;
} cli_columns;

void cli_column_value(const cli_column *column, const void *item, cli_value *value);
void cli_add_column_name(cli_buffer *name, const cli_column *column);
/* The columns that were asked for; NULL, or a message. */
const char *cli_columns_asked(const char *text, const cli_schema *schema, cli_columns *found);
/* Those that were asked for, or the usual ones. */
cli_columns cli_columns_of(const char *asked, const cli_schema *schema, bool all);

#endif
