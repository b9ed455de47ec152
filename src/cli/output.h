/* SPDX-License-Identifier: MIT */
/*
 * Results as people and programs see them. A schema lists an object's keys once; JSON, tables and
 * csv are all made from it, so that columns are the JSON's keys.
 */
#ifndef IMGACT_CLI_OUTPUT_H
#define IMGACT_CLI_OUTPUT_H

#include <imgact/json.h>

#include "cli.h"

typedef struct cli_schema cli_schema;
typedef struct cli_field cli_field;

typedef enum cli_value_kind {
  CLI_VALUE_NULL,
  CLI_VALUE_TEXT,
  CLI_VALUE_BOOL,
  CLI_VALUE_INTEGER,
  CLI_VALUE_NUMBER,
  CLI_VALUE_TEXTS,   /* items: const char *const * */
  CLI_VALUE_LABELS,  /* items: const imgact_label * */
  CLI_VALUE_OBJECT,  /* items: one of that schema */
  CLI_VALUE_OBJECTS, /* items: an array of them */
  CLI_VALUE_JSON     /* text is JSON */
} cli_value_kind;

typedef struct cli_value {
  const char *text;
  const void *items;
  const cli_schema *schema;
  size_t count;
  size_t stride;
  double number;
  int64_t integer;
  cli_value_kind kind;
  char buffer[40]; /* for text that is made up here */
} cli_value;

/* How a member of an item's struct is shown. */
struct cli_field {
  const char *key;
  void (*get)(const cli_field *field, const void *item, cli_value *value); /* value comes as null */
  size_t offset;
};

struct cli_schema {
  const cli_field *fields;
  size_t count;
  const char *const *columns;           /* of a table, NULL-terminated; NULL = all */
  const char *const *summary;           /* keys that stand for it inside another's cell */
  const char *(*raw)(const void *item); /* the cloud's own JSON; NULL = it has none */
  bool turns; /* its table is printed line by column where a terminal is too narrow for it */
};

/* ---- schemas.c ---- */

typedef struct cli_outcome {
  const char *image_id, *region;
  const imgact_action *action;
  const imgact_image *image;
  cli_failure failure;
  int ok, adopted;
} cli_outcome;

extern const cli_schema cli_image_schema, cli_action_schema, cli_outcome_schema,
    cli_region_outcome_schema, cli_failure_schema;

/* What is inside a field that is an object; NULL = it is none. */
const cli_schema *cli_field_schema(const cli_field *field);

/* Getters for members of an item's struct, by the field's offset. */
void cli_get_text(const cli_field *field, const void *item, cli_value *value);
void cli_get_bool(const cli_field *field, const void *item, cli_value *value); /* int */
void cli_get_count(const cli_field *field, const void *item,
                   cli_value *value); /* int64_t, -1 = null */
void cli_get_seconds(const cli_field *field, const void *item,
                     cli_value *value); /* int64_t ms, -1 = null */
void cli_get_time(const cli_field *field, const void *item, cli_value *value); /* int64_t ms */

/* ---- output.c ---- */

/* Writes an item as a JSON object; with raw, the cloud's own beside. */
void cli_write_object(imgact_json_writer *writer, const cli_schema *schema, const void *item,
                      bool raw);
/* Writes JSON and a newline. What JSON lets stand and a terminal obeys (C1, DEL, what turns the
 * direction of writing) can be nowhere but in strings, and becomes an escape there: the value is
 * the same. */
void cli_put_json(cli_stream *out, const char *text, size_t length);
/* Adds a value as one cell shows it. */
void cli_add_cell(cli_buffer *cell, const cli_value *value, cli_format format);
/* The field of a key; NULL = there is none. */
const cli_field *cli_schema_field(const cli_schema *schema, const char *key, size_t length);
/* Refuses --columns that the command's schema does not have, and what the chosen format could only
 * ignore. 0 or an exit status. */
int cli_check_output(cli_app *app, const cli_schema *schema);

/* Prints a list, or a single object, on stdout. 0 or an exit status. */
int cli_print_list(cli_app *app, const cli_schema *schema, const void *const *items, size_t count);
int cli_print_item(cli_app *app, const cli_schema *schema, const void *item);
/* Says on a terminal that a table has no rows: "no images". */
void cli_note_empty(cli_app *app, size_t count, const char *what);
/* Prints text as it is. */
int cli_print_text(cli_app *app, const char *text);
/* Flushes stdout. Could what was printed not be written? */
bool cli_stdout_lost(cli_app *app);
/* Flushes it, too: 0, or an exit status with the reason printed. */
int cli_finish_stdout(cli_app *app);

#endif
