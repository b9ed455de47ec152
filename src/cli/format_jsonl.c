// SPDX-License-Identifier: MIT
/* A JSON object per line. */
#include "format.h"
#include "json_value.h"

static bool write_jsonl(cli_stream *out, const cli_results *results) {
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
  bool written = true;
  for (size_t i = 0; i < results->count && written; i++) {
    cli_write_object(writer, results->schema, results->items[i], results->raw);
    written = cli_finish_json(out, writer);
    imgact_json_writer_reset(writer);
  }
  imgact_json_writer_free(writer);
  return written;
}

const cli_format cli_format_jsonl = {.name = "jsonl", .is_json = true, .write = write_jsonl};
