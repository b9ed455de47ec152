// SPDX-License-Identifier: MIT
/* Tables. Cells are rendered twice, for the widths and to print, so that none is stored. */
#include <string.h>
#include <unistd.h>

#include "cell.h"
#include "columns.h"
#include "format.h"
#include "terminal.h"

#define GAP 3

typedef enum table_form { HORIZONTAL, VERTICAL_IF_NARROW, VERTICAL } table_form;

typedef struct table {
  cli_stream *out;
  const cli_results *results;
  cli_columns columns;
  cli_buffer cell, visible;
} table;

static const char *header_cell(table *t, const cli_column *column) {
  cli_buffer_clear(&t->cell);
  cli_buffer_clear(&t->visible);
  cli_add_column_name(&t->cell, column);
  for (const char *at = cli_buffer_get(&t->cell); *at; at++) {
    char upper = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    cli_buffer_add(&t->visible, &upper, 1);
  }
  return cli_buffer_get(&t->visible);
}

static const char *table_cell(table *t, const cli_column *column, const void *item) {
  cli_value value;
  cli_column_value(column, item, &value);
  cli_buffer_clear(&t->cell);
  cli_buffer_clear(&t->visible);
  cli_add_cell(&t->cell, &value, true);
  cli_buffer_visible(&t->visible, cli_buffer_get(&t->cell));
  return t->visible.length ? cli_buffer_get(&t->visible)
                           : "-"; /* an empty cell would shift the columns for awk */
}

/* item: NULL = the header. */
static const char *any_cell(table *t, size_t column, const void *item) {
  return item ? table_cell(t, &t->columns.items[column], item)
              : header_cell(t, &t->columns.items[column]);
}

static void measure_row(table *t, const void *item) {
  for (size_t i = 0; i < t->columns.count; i++) {
    size_t width = cli_display_width(any_cell(t, i, item));
    if (width > t->columns.widths[i]) t->columns.widths[i] = width;
  }
}

static void print_cell(cli_stream *out, const char *text, size_t width, bool last) {
  cli_stream_text(out, text);
  if (!last) cli_stream_spaces(out, width - cli_display_width(text) + GAP);
}

static void print_row(table *t, const void *item) {
  cli_stream *out = t->out;
  bool bold = !item && t->results->color;
  if (bold) cli_stream_text(out, "\x1b[1m");
  for (size_t i = 0; i < t->columns.count; i++)
    print_cell(out, any_cell(t, i, item), t->columns.widths[i], i + 1 == t->columns.count);
  cli_stream_text(out, bold ? "\x1b[0m\n" : "\n");
}

static bool fits_terminal(const table *t) {
  size_t terminal = cli_terminal_width(STDOUT_FILENO), width = 0;
  for (size_t i = 0; i < t->columns.count; i++) width += t->columns.widths[i] + (i ? GAP : 0);
  return !terminal || width <= terminal;
}

static size_t widest_cell(table *t, const void *item) {
  size_t widest = 0;
  for (size_t i = 0; i < t->columns.count; i++) {
    size_t width = cli_display_width(any_cell(t, i, item));
    if (width > widest) widest = width;
  }
  return widest;
}

/* One line per column: for one item, or a few with many columns. */
static void print_vertical(table *t, const void *const *items, size_t count) {
  cli_stream *out = t->out;
  size_t label_width = widest_cell(t, NULL);
  for (size_t i = 0; i < t->columns.count; i++) {
    if (t->results->header) print_cell(out, any_cell(t, i, NULL), label_width, !count);
    for (size_t j = 0; j < count; j++) {
      size_t width = widest_cell(t, items[j]); /* measured first: the cells share a buffer */
      print_cell(out, any_cell(t, i, items[j]), width, j + 1 == count);
    }
    cli_stream_char(out, '\n');
  }
}

static void print_rows(table *t) {
  if (t->results->header) print_row(t, NULL);
  for (size_t i = 0; i < t->results->count; i++) print_row(t, t->results->items[i]);
}

static bool print_table(table *t, table_form form) {
  const cli_results *r = t->results;
  if (r->header) measure_row(t, NULL);
  for (size_t i = 0; i < r->count; i++) measure_row(t, r->items[i]);
  if (t->cell.failed || t->visible.failed) return false;
  if (form == VERTICAL || (form == VERTICAL_IF_NARROW && !fits_terminal(t)))
    print_vertical(t, r->items, r->count);
  else
    print_rows(t);
  return true;
}

/* One object is printed with a line per key, unless columns are requested. */
static table_form form_of(const cli_results *results) {
  if (results->is_list) return results->schema->turns ? VERTICAL_IF_NARROW : HORIZONTAL;
  return results->columns ? HORIZONTAL : VERTICAL;
}

static bool write_table(cli_stream *out, const cli_results *results) {
  table_form form = form_of(results);
  table t = {.out = out, .results = results};
  t.columns = cli_columns_of(results->columns, results->schema, form == VERTICAL);
  bool written = print_table(&t, form);
  cli_buffer_free(&t.cell);
  cli_buffer_free(&t.visible);
  return written;
}

const cli_format cli_format_table = {.name = "table", .for_people = true, .write = write_table};
