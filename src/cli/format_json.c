// SPDX-License-Identifier: MIT
/* One JSON document, indented. A list is written item by item: it may have many. */
#include "format.h"
#include "json_value.h"

/* Each item is written as an array of its own, for the indentation; its brackets are cut off. */
static bool write_list(cli_stream *out, imgact_json_writer *writer, const cli_results *results) {
  enum { OPEN = sizeof "[" - 1, CLOSE = sizeof "\n]" - 1 };
  cli_stream_char(out, '[');
  for (size_t i = 0; i < results->count; i++) {
    size_t length;
    imgact_json_writer_reset(writer);
    imgact_json_write_begin_array(writer);
    cli_write_object(writer, results->schema, results->items[i], results->raw);
    imgact_json_write_end_array(writer);
    const char *text = imgact_json_writer_finish(writer, &length);
    if (!text) return false;
    if (i) cli_stream_char(out, ',');
    cli_put_json(out, text + OPEN, length - OPEN - CLOSE);
  }
  cli_stream_text(out, results->count ? "\n]\n" : "]\n");
  return true;
}

static bool write_json(cli_stream *out, const cli_results *results) {
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 2);
  bool written = writer != NULL;
  if (written && results->is_list) {
    written = write_list(out, writer, results);
  } else if (written) {
    cli_write_object(writer, results->schema, results->items[0], results->raw);
    written = cli_finish_json(out, writer);
  }
  imgact_json_writer_free(writer);
  return written;
}

const cli_format cli_format_json = {.name = "json", .is_json = true, .write = write_json};
