/* SPDX-License-Identifier: MIT */
/* Values and objects as JSON. raw: adds the JSON of the API. */
#ifndef IMGACT_CLI_JSON_VALUE_H
#define IMGACT_CLI_JSON_VALUE_H

#include <imgact/json.h>

#include "schema.h"
#include "stream.h"

void cli_write_value(imgact_json_writer *writer, const cli_value *value, bool raw);
/* Writes an item as a JSON object. */
void cli_write_object(imgact_json_writer *writer, const cli_schema *schema, const void *item,
                      bool raw);
/* Writes JSON. Characters that control a terminal (C1, DEL, bidirectional controls)
 * occur only in strings, where they are escaped: the value is the same. */
void cli_put_json(cli_stream *out, const char *text, size_t length);
/* Writes the text of the writer and a newline. Returns false if out of memory. */
bool cli_finish_json(cli_stream *out, imgact_json_writer *writer);

#endif
