// SPDX-License-Identifier: MIT
/* RFC 4180, except that lines end with LF: xargs and read would add a CR to the last cell. */
#include <string.h>
#include <unistd.h>

#include "cell.h"
#include "columns.h"
#include "format.h"

typedef struct csv {
  cli_stream *out;
  cli_columns columns;
  cli_buffer cell, visible;
  bool escape; /* on a terminal: escape control characters */
} csv;

static void put_csv_cell(cli_stream *out, const char *text, size_t length, bool last) {
  bool quoted = strpbrk(text, "\",\r\n") || text[0] == ' ' || (length && text[length - 1] == ' ');
  if (quoted) cli_stream_char(out, '"');
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '"') cli_stream_char(out, '"');
    if ((unsigned char)text[i] == 0xC0) { /* C0 80 is U+0000 */
      cli_stream_char(out, '\0');
      i++;
    } else
      cli_stream_char(out, text[i]);
  }
  if (quoted) cli_stream_char(out, '"');
  cli_stream_char(out, last ? '\n' : ',');
}

/* Objects are JSON. */
static bool add_csv_cell(cli_buffer *cell, const cli_value *value) {
  cli_buffer_clear(cell);
  if (value->kind == CLI_VALUE_OBJECT || value->kind == CLI_VALUE_OBJECTS)
    cli_add_json(cell, value);
  else
    cli_add_cell(cell, value, false);
  return !cell->failed;
}

static void write_header(csv *c) {
  for (size_t i = 0; i < c->columns.count; i++) {
    cli_buffer_clear(&c->cell);
    cli_add_column_name(&c->cell, &c->columns.items[i]);
    put_csv_cell(c->out, cli_buffer_get(&c->cell), c->cell.length, i + 1 == c->columns.count);
  }
}

static bool write_row(csv *c, const void *item) {
  for (size_t i = 0; i < c->columns.count; i++) {
    cli_value value;
    cli_column_value(&c->columns.items[i], item, &value);
    if (!add_csv_cell(&c->cell, &value)) return false;
    cli_buffer_clear(&c->visible);
    if (c->escape) cli_buffer_visible(&c->visible, cli_buffer_get(&c->cell));
    if (c->visible.failed) return false;
    const cli_buffer *cell = c->escape ? &c->visible : &c->cell;
    put_csv_cell(c->out, cli_buffer_get(cell), cell->length, i + 1 == c->columns.count);
  }
  return true;
}

static bool write_csv(cli_stream *out, const cli_results *results) {
  csv c = {.out = out, .escape = isatty(STDOUT_FILENO) != 0};
  c.columns = cli_columns_of(results->columns, results->schema, true);
  if (results->header) write_header(&c);
  bool written = true;
  for (size_t i = 0; i < results->count && written; i++) written = write_row(&c, results->items[i]);
  cli_buffer_free(&c.cell);
  cli_buffer_free(&c.visible);
  return written;
}

const cli_format cli_format_csv = {.name = "csv", .write = write_csv};
