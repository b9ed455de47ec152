/* SPDX-License-Identifier: MIT */
/* Values as the cells of a table or a csv. */
#ifndef IMGACT_CLI_CELL_H
#define IMGACT_CLI_CELL_H

#include "cli_text.h"
#include "schema.h"

void cli_add_json(cli_buffer *cell, const cli_value *value);
/* Adds a value as one cell shows it. */
void cli_add_cell(cli_buffer *cell, const cli_value *value, bool for_people);

#endif
