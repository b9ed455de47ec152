// SPDX-License-Identifier: MIT
/* Tables, csv and JSON from schemas. A table is rendered twice, once for the widths and once to
 * print, so that no cell is kept. Everything is printed after the work is done: a reader that goes
 * away costs the output, never half of the mutations.
 */
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define MOST_COLUMNS 64
#define GAP          3

/* ---- JSON ---- */

static void write_value(imgact_json_writer *writer, const cli_value *value, bool raw) {
  switch (value->kind) {
  case CLI_VALUE_NULL: imgact_json_write_null(writer); break;
  case CLI_VALUE_TEXT: imgact_json_write_string(writer, value->text); break;
  case CLI_VALUE_BOOL: imgact_json_write_bool(writer, value->integer != 0); break;
  case CLI_VALUE_INTEGER: imgact_json_write_int(writer, value->integer); break;
  case CLI_VALUE_NUMBER: imgact_json_write_double(writer, value->number); break;
  case CLI_VALUE_JSON: imgact_json_write_raw(writer, value->text); break;
  case CLI_VALUE_OBJECT: cli_write_object(writer, value->schema, value->items, raw); break;
  case CLI_VALUE_TEXTS:
    imgact_json_write_begin_array(writer);
    for (size_t i = 0; i < value->count; i++)
      imgact_json_write_string(writer, ((const char *const *)value->items)[i]);
    imgact_json_write_end_array(writer);
    break;
  case CLI_VALUE_LABELS:
    imgact_json_write_begin_object(writer);
    for (size_t i = 0; i < value->count; i++) {
      imgact_json_write_key(writer, ((const imgact_label *)value->items)[i].key);
      imgact_json_write_string(writer, ((const imgact_label *)value->items)[i].value);
    }
    imgact_json_write_end_object(writer);
    break;
  case CLI_VALUE_OBJECTS:
    imgact_json_write_begin_array(writer);
    for (size_t i = 0; i < value->count; i++)
      cli_write_object(writer, value->schema, (const char *)value->items + i * value->stride, raw);
    imgact_json_write_end_array(writer);
    break;
  }
}

void cli_write_object(imgact_json_writer *writer, const cli_schema *schema, const void *item,
                      bool raw) {
  imgact_json_write_begin_object(writer);
  for (size_t i = 0; i < schema->count; i++) {
    cli_value value = {0};
    schema->fields[i].get(&schema->fields[i], item, &value);
    imgact_json_write_key(writer, schema->fields[i].key);
    write_value(writer, &value, raw);
  }
  if (raw && schema->raw) {
    imgact_json_write_key(writer, "raw");
    imgact_json_write_raw(writer, schema->raw(item));
  }
  imgact_json_write_end_object(writer);
}

void cli_put_json(cli_stream *out, const char *text, size_t length) {
  const char *end = text + length, *plain = text;
  while (text < end) {
    uint32_t point = 0;
    size_t taken = cli_utf8_decode(text, &point);
    if (point >= 0x7F && cli_must_be_escaped(point)) {
      cli_stream_add(out, plain, (size_t)(text - plain));
      cli_stream_format(out, "\\u%04x", (unsigned)point);
      plain = text + taken;
    }
    text += taken ? taken : 1;
  }
  cli_stream_add(out, plain, (size_t)(end - plain));
  cli_stream_char(out, '\n');
}

static int put_json(cli_app *app, imgact_json_writer *writer) {
  size_t length = 0;
  const char *text = imgact_json_writer_finish(writer, &length);
  if (!text) return cli_report_error(app, IMGACT_NOMEM, "out of memory");
  cli_put_json(&app->out, text, length);
  return 0;
}

static int print_json(cli_app *app, const cli_schema *schema, const void *const *items,
                      size_t count, bool list) {
  bool lines = app->options.output == CLI_JSONL;
  imgact_json_writer *writer = imgact_json_writer_new(NULL, lines ? 0 : 2);
  int exit_status = 0;
  if (!lines && list) imgact_json_write_begin_array(writer);
  for (size_t i = 0; i < count && !exit_status; i++) {
    cli_write_object(writer, schema, items[i], app->options.raw != 0);
    if (!lines) continue;
    exit_status = put_json(app, writer);
    imgact_json_writer_reset(writer);
  }
  if (!lines && list) imgact_json_write_end_array(writer);
  if (!lines) exit_status = put_json(app, writer);
  imgact_json_writer_free(writer);
  return exit_status;
}

/* ---- cells ---- */

/* The value as JSON has it: numbers, and in csv what is more than one value. */
static void add_json(cli_buffer *cell, const cli_value *value) {
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
  size_t length = 0;
  write_value(writer, value, false);
  const char *text = imgact_json_writer_finish(writer, &length);
  if (text)
    cli_buffer_add(cell, text, length);
  else
    cell->failed = true;
  imgact_json_writer_free(writer);
}

/* The keys that stand for an object, those that are null left out. */
static void add_summary(cli_buffer *cell, const cli_schema *schema, const void *item,
                        cli_format format) {
  size_t start = cell->length;
  for (const char *const *key = schema->summary; key && *key; key++) {
    const cli_field *field = cli_schema_field(schema, *key, strlen(*key));
    cli_value value = {0};
    if (field) field->get(field, item, &value);
    if (value.kind == CLI_VALUE_NULL) continue;
    if (cell->length > start) cli_buffer_text(cell, " ");
    cli_add_cell(cell, &value, format);
  }
}

static void add_objects(cli_buffer *cell, const cli_value *value, cli_format format) {
  for (size_t i = 0; i < value->count; i++) {
    if (i) cli_buffer_text(cell, ",");
    add_summary(cell, value->schema, (const char *)value->items + i * value->stride, format);
  }
}

static void add_labels(cli_buffer *cell, const imgact_label *labels, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (i) cli_buffer_text(cell, ",");
    cli_buffer_text(cell, labels[i].key);
    cli_buffer_text(cell, "=");
    cli_buffer_text(cell, labels[i].value);
  }
}

void cli_add_cell(cli_buffer *cell, const cli_value *value, cli_format format) {
  char digits[24];
  switch (value->kind) {
  case CLI_VALUE_NULL: break;
  case CLI_VALUE_TEXT:
  case CLI_VALUE_JSON: cli_buffer_text(cell, value->text); break;
  case CLI_VALUE_NUMBER: add_json(cell, value); break;
  case CLI_VALUE_OBJECT: add_summary(cell, value->schema, value->items, format); break;
  case CLI_VALUE_OBJECTS: add_objects(cell, value, format); break;
  case CLI_VALUE_LABELS: add_labels(cell, value->items, value->count); break;
  case CLI_VALUE_BOOL:
    cli_buffer_text(cell, format == CLI_CSV ? (value->integer ? "true" : "false")
                                            : (value->integer ? "yes" : "no"));
    break;
  case CLI_VALUE_INTEGER:
    snprintf(digits, sizeof digits, "%" PRId64, value->integer);
    cli_buffer_text(cell, digits);
    break;
  case CLI_VALUE_TEXTS:
    for (size_t i = 0; i < value->count; i++) {
      if (i) cli_buffer_text(cell, ",");
      cli_buffer_text(cell, ((const char *const *)value->items)[i]);
    }
    break;
  }
}

/* ---- columns ---- */

typedef struct column_key {
  const cli_field *field;
  const cli_field
      *inner; /* of the object that the field is: "action.id"; NULL = the field itself */
} column_key;

typedef struct columns {
  column_key items[MOST_COLUMNS];
  size_t widths[MOST_COLUMNS];
  size_t count;
} columns;

static void get_value(const column_key *column, const void *item, cli_value *value) {
  *value = (cli_value){0};
  column->field->get(column->field, item, value);
  if (!column->inner) return;
  const void *object = value->kind == CLI_VALUE_OBJECT ? value->items : NULL;
  *value = (cli_value){0};
  if (object) column->inner->get(column->inner, object, value);
}

static void add_name(cli_buffer *name, const column_key *column) {
  cli_buffer_text(name, column->field->key);
  if (column->inner) cli_buffer_text(name, ".");
  if (column->inner) cli_buffer_text(name, column->inner->key);
}

const cli_field *cli_schema_field(const cli_schema *schema, const char *key, size_t length) {
  for (size_t i = 0; i < schema->count; i++)
    if (strlen(schema->fields[i].key) == length && !strncmp(schema->fields[i].key, key, length))
      return &schema->fields[i];
  return NULL;
}

/* "action", or "action.id". */
static column_key find_column(const cli_schema *schema, const char *name, size_t length) {
  const char *dot = memchr(name, '.', length);
  column_key found = {.field = cli_schema_field(schema, name, dot ? (size_t)(dot - name) : length)};
  const cli_schema *inside = dot && found.field ? cli_field_schema(found.field) : NULL;
  if (inside) found.inner = cli_schema_field(inside, dot + 1, length - (size_t)(dot + 1 - name));
  if (dot && !found.inner) found.field = NULL;
  return found;
}

/* The columns that were asked for; NULL, or a message. */
static const char *asked_columns(const char *text, const cli_schema *schema, columns *found) {
  for (const char *at = text;; at++) {
    at += strspn(at, " ");
    size_t length = strcspn(at, ","), trimmed = length;
    while (trimmed && at[trimmed - 1] == ' ') trimmed--;
    column_key named = find_column(schema, at, trimmed);
    if (!named.field) return at;
    if (found->count == MOST_COLUMNS) return "too many";
    found->items[found->count++] = named;
    at += length;
    if (!*at) return NULL;
  }
}

static void usual_columns(const cli_schema *schema, bool all, columns *found) {
  if (!all && schema->columns)
    for (const char *const *key = schema->columns; *key && found->count < MOST_COLUMNS; key++)
      found->items[found->count++].field = cli_schema_field(schema, *key, strlen(*key));
  else
    for (size_t i = 0; i < schema->count && i < MOST_COLUMNS; i++)
      found->items[found->count++].field = &schema->fields[i];
}

static int check_format(cli_app *app, const cli_schema *schema) {
  const cli_options *o = &app->options;
  const char *table_flag = o->columns ? "columns" : o->no_header ? "no-header" : NULL;
  if (table_flag && cli_wants_json(app))
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "--%s is for table and csv: leave it out, or choose -o csv",
                            table_flag);
  if (table_flag && !schema)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "--%s: this command prints no table",
                            table_flag);
  if (o->raw && !cli_wants_json(app))
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "--raw is for JSON: add -o json or -o jsonl");
  return 0;
}

int cli_check_output(cli_app *app, const cli_schema *schema) {
  columns found = {.count = 0};
  int exit_status = check_format(app, schema);
  if (exit_status || !app->options.columns) return exit_status;
  const char *wrong = asked_columns(app->options.columns, schema, &found);
  if (!wrong) return 0;
  char keys[400] = "";
  size_t length = 0;
  for (size_t i = 0; i < schema->count; i++) {
    int more =
        snprintf(keys + length, sizeof keys - length, "%s%s", i ? "," : "", schema->fields[i].key);
    if (more < 0 || (size_t)more >= sizeof keys - length) break;
    length += (size_t)more;
  }
  int shown = (int)strcspn(wrong, ",");
  return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                          "--columns: there is no column '%.*s'; there are: %s",
                          shown < 40 ? shown : 40, wrong, keys);
}

/* ---- tables ---- */

typedef enum table_form { HORIZONTAL, VERTICAL_IF_NARROW, VERTICAL } table_form;

typedef struct table {
  cli_app *app;
  columns columns;
  cli_buffer cell, visible;
} table;

static const char *header_cell(table *t, const column_key *column) {
  cli_buffer_clear(&t->cell);
  cli_buffer_clear(&t->visible);
  add_name(&t->cell, column);
  for (const char *at = cli_buffer_get(&t->cell); *at; at++) {
    char upper = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    cli_buffer_add(&t->visible, &upper, 1);
  }
  return cli_buffer_get(&t->visible);
}

static const char *table_cell(table *t, const column_key *column, const void *item) {
  cli_value value;
  get_value(column, item, &value);
  cli_buffer_clear(&t->cell);
  cli_buffer_clear(&t->visible);
  cli_add_cell(&t->cell, &value, CLI_TABLE);
  cli_buffer_visible(&t->visible, cli_buffer_get(&t->cell));
  return t->visible.length ? cli_buffer_get(&t->visible)
                           : "-"; /* a blank cell would move what follows for awk and people */
}

/* NULL item = the header. */
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
  cli_stream *out = &t->app->out;
  bool bold = !item && t->app->color_out;
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

/* Each column as a line: for one item, or a few with many short values. */
static void print_turned(table *t, const void *const *items, size_t count) {
  cli_stream *out = &t->app->out;
  size_t label_width = widest_cell(t, NULL);
  for (size_t i = 0; i < t->columns.count; i++) {
    if (!t->app->options.no_header) print_cell(out, any_cell(t, i, NULL), label_width, !count);
    for (size_t j = 0; j < count; j++) {
      size_t width = widest_cell(t, items[j]); /* before the cell: they share a buffer */
      print_cell(out, any_cell(t, i, items[j]), width, j + 1 == count);
    }
    cli_stream_char(out, '\n');
  }
}

static bool print_table(cli_app *app, table *t, const void *const *items, size_t count,
                        table_form form) {
  if (!app->options.no_header) measure_row(t, NULL);
  for (size_t i = 0; i < count; i++) measure_row(t, items[i]);
  if (t->cell.failed || t->visible.failed) return false;
  if (form == VERTICAL || (form == VERTICAL_IF_NARROW && !fits_terminal(t))) {
    print_turned(t, items, count);
    return true;
  }
  if (!app->options.no_header) print_row(t, NULL);
  for (size_t i = 0; i < count; i++) print_row(t, items[i]);
  return true;
}

/* ---- csv: RFC 4180, but for the CRLF, of which xargs and while-read would make a part of the last
 * cell ---- */

static void put_csv_cell(cli_stream *out, const char *text, size_t length, bool last) {
  bool quoted = strpbrk(text, "\",\r\n") || text[0] == ' ' || (length && text[length - 1] == ' ');
  if (quoted) cli_stream_char(out, '"');
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '"') cli_stream_char(out, '"');
    if ((unsigned char)text[i] == 0xC0) { /* C0 80 is how a U+0000 of the cloud is kept */
      cli_stream_char(out, '\0');
      i++;
    } else
      cli_stream_char(out, text[i]);
  }
  if (quoted) cli_stream_char(out, '"');
  cli_stream_char(out, last ? '\n' : ',');
}

/* An object within a cell is JSON there: csv is for programs. */
static bool add_csv_cell(cli_buffer *cell, const cli_value *value) {
  cli_buffer_clear(cell);
  if (value->kind == CLI_VALUE_OBJECT || value->kind == CLI_VALUE_OBJECTS)
    add_json(cell, value);
  else
    cli_add_cell(cell, value, CLI_CSV);
  return !cell->failed;
}

static bool print_csv(cli_app *app, table *t, const void *const *items, size_t count) {
  const columns *c = &t->columns;
  bool visible = isatty(STDOUT_FILENO) !=
                 0; /* a program gets what the cloud said, a terminal what does it no harm */
  for (size_t i = 0; i < c->count && !app->options.no_header; i++) {
    cli_buffer_clear(&t->cell);
    add_name(&t->cell, &c->items[i]);
    put_csv_cell(&app->out, cli_buffer_get(&t->cell), t->cell.length, i + 1 == c->count);
  }
  for (size_t row = 0; row < count; row++)
    for (size_t i = 0; i < c->count; i++) {
      cli_value value;
      get_value(&c->items[i], items[row], &value);
      if (!add_csv_cell(&t->cell, &value)) return false;
      cli_buffer_clear(&t->visible);
      if (visible) cli_buffer_visible(&t->visible, cli_buffer_get(&t->cell));
      if (t->visible.failed) return false;
      const cli_buffer *cell = visible ? &t->visible : &t->cell;
      put_csv_cell(&app->out, cli_buffer_get(cell), cell->length, i + 1 == c->count);
    }
  return true;
}

/* ---- all of them ---- */

static int print_rows(cli_app *app, const cli_schema *schema, const void *const *items,
                      size_t count, table_form form) {
  bool csv = app->options.output == CLI_CSV;
  table t = {.app = app};
  if (app->options.columns)
    asked_columns(app->options.columns, schema, &t.columns);
  else
    usual_columns(schema, csv || form == VERTICAL, &t.columns);
  bool printed = csv ? print_csv(app, &t, items, count) : print_table(app, &t, items, count, form);
  cli_buffer_free(&t.cell);
  cli_buffer_free(&t.visible);
  return printed ? 0 : cli_report_error(app, IMGACT_NOMEM, "out of memory");
}

int cli_print_list(cli_app *app, const cli_schema *schema, const void *const *items, size_t count) {
  if (cli_wants_json(app)) return print_json(app, schema, items, count, true);
  return print_rows(app, schema, items, count, schema->turns ? VERTICAL_IF_NARROW : HORIZONTAL);
}

/* As a table a single object shows all of its keys, a line for each, unless columns were asked for.
 */
int cli_print_item(cli_app *app, const cli_schema *schema, const void *item) {
  if (cli_wants_json(app)) return print_json(app, schema, &item, 1, false);
  return print_rows(app, schema, &item, 1, app->options.columns ? HORIZONTAL : VERTICAL);
}

void cli_note_empty(cli_app *app, size_t count, const char *what) {
  if (!count && app->options.output == CLI_TABLE && !app->options.quiet && isatty(STDERR_FILENO))
    cli_print_note(app, "no %s", what);
}

int cli_print_text(cli_app *app, const char *text) {
  cli_stream_text(&app->out, text);
  return 0;
}

bool cli_stdout_lost(cli_app *app) { return !cli_stream_flush(&app->out); }

/* As for `git log | head`: a reader that closed the pipe has seen enough. */
static bool is_quiet_end(const cli_app *app) {
  return app->out.error == EPIPE && !(app->command && app->command->changes);
}

int cli_finish_stdout(cli_app *app) {
  if (!cli_stdout_lost(app)) return 0;
  if (is_quiet_end(app)) return cli_exit_status(IMGACT_INTERNAL);
  imgact_error error;
  if (app->out.error)
    imgact_error_set(&error, IMGACT_INTERNAL, "cannot write to stdout: %s",
                     strerror(app->out.error));
  else
    imgact_error_set(&error, IMGACT_CANCELLED,
                     "interrupted while writing to stdout; the output is incomplete");
  if (app->command && app->command->changes)
    error.flags |= IMGACT_ERROR_MAYBE_APPLIED; /* what was done is not on stdout */
  return cli_report_failure(app, &error, NULL, NULL);
}
