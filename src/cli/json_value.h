/* SPDX-License-Identifier: MIT */
/* Values and objects as JSON. */
#ifndef IMGACT_CLI_JSON_VALUE_H
#define IMGACT_CLI_JSON_VALUE_H

#include <imgact/json.h>

#include "schema.h"
#include "stream.h"

void cli_write_value(imgact_json_writer *writer, const cli_value *value, bool raw);
/* Writes an item as a JSON object; with raw, the cloud's own beside. */
void cli_write_object(imgact_json_writer *writer, const cli_schema *schema, const void *item,
                      bool raw);
/* Writes JSON and a newline. What JSON lets stand and a terminal obeys (C1, DEL, what turns the
 * direction of writing) can be nowhere but in strings, and becomes an escape there: the value is
 * the same. */
void cli_put_json(cli_stream *out, const char *text, size_t length);
/* Writes what the writer holds in the same way. Returns false if there is no memory. */
bool cli_finish_json(cli_stream *out, imgact_json_writer *writer);

#endif
