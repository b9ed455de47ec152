/* SPDX-License-Identifier: MIT */
/* Values as cells of a table or csv. */
#ifndef IMGACT_CLI_CELL_H
#define IMGACT_CLI_CELL_H

#include "cli_text.h"
#include "schema.h"

/* Adds the value as JSON. */
void cli_add_json(cli_buffer *cell, const cli_value *value);
/* Adds the text of a cell. for_people: yes and no instead of true and false. */
void cli_add_cell(cli_buffer *cell, const cli_value *value, bool for_people);

#endif
