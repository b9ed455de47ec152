/* SPDX-License-Identifier: MIT */
/* Columns of a table or csv. */
#ifndef IMGACT_CLI_COLUMNS_H
#define IMGACT_CLI_COLUMNS_H

#include "cli_text.h"
#include "schema.h"

#define CLI_MAX_COLUMNS 64

typedef struct cli_column {
  const cli_field *field;
  const cli_field
      *inner; /* a key within the object of the field: "action.id"; NULL = the field itself */
} cli_column;

typedef struct cli_columns {
  cli_column items[CLI_MAX_COLUMNS];
  size_t widths[CLI_MAX_COLUMNS];
  size_t count;
} cli_columns;

void cli_column_value(const cli_column *column, const void *item, cli_value *value);
void cli_add_column_name(cli_buffer *name, const cli_column *column);
/* Parses --columns. Returns NULL, or the rest of the text from the first unknown column on. */
const char *cli_columns_parse(const char *text, const cli_schema *schema, cli_columns *found);
/* The requested columns (NULL = none), or the default ones. all: by default, all keys. */
cli_columns cli_columns_of(const char *requested, const cli_schema *schema, bool all);

#endif
