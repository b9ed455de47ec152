// SPDX-License-Identifier: MIT
/* One JSON document, indented. */
#include "format.h"
#include "json_value.h"

static bool write_json(cli_stream *out, const cli_results *results) {
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 2);
  if (results->is_list) imgact_json_write_begin_array(writer);
  for (size_t i = 0; i < results->count; i++)
    cli_write_object(writer, results->schema, results->items[i], results->raw);
  if (results->is_list) imgact_json_write_end_array(writer);
  bool written = cli_finish_json(out, writer);
  imgact_json_writer_free(writer);
  return written;
}

const cli_format cli_format_json = {.name = "json", .is_json = true, .write = write_json};
