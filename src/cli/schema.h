/* SPDX-License-Identifier: MIT */
/* Results as keys and values. A schema lists the keys of an object once, for every format: the
 * columns of a table are the JSON keys. */
#ifndef IMGACT_CLI_SCHEMA_H
#define IMGACT_CLI_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <imgact/imgact.h>

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
  CLI_VALUE_OBJECT,  /* items: one object of schema */
  CLI_VALUE_OBJECTS, /* items: an array of such objects */
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
  char buffer[40]; /* for formatted text */
} cli_value;

/* A key, and how its value is read from the struct of an item. */
struct cli_field {
  const char *key;
  void (*get)(const cli_field *field, const void *item,
              cli_value *value); /* value is null before the call */
  size_t offset;
};

struct cli_schema {
  const cli_field *fields;
  size_t count;
  const char *const *columns; /* default columns of a table, NULL-terminated; NULL = all */
  const char *const *summary; /* keys shown if the object is a cell of another object */
  const char *(*raw)(const void *item); /* the JSON of the API; NULL if there is none */
  bool has_later_keys; /* version 0.1 did not have some of its keys; see columns.c */
  bool turns;          /* its table has a line per column if the terminal is too narrow */
};

/* An error and its details from the API. */
typedef struct cli_failure {
  const imgact_error *error;
  const char *details; /* JSON, or NULL */
} cli_failure;

typedef struct cli_outcome {
  const char *image_id, *region;
  const imgact_action *action;
  const imgact_image *image;
  cli_failure failure;
  int ok, adopted;
  imgact_tristate changed;
} cli_outcome;

extern const cli_schema cli_image_schema, cli_action_schema, cli_outcome_schema,
    cli_region_outcome_schema, cli_failure_schema, cli_region_schema;

/* The schema of a field that is an object; NULL for other fields. */
const cli_schema *cli_field_schema(const cli_field *field);

/* Getters for members of the struct, by the offset of the field. */
void cli_get_text(const cli_field *field, const void *item, cli_value *value);
void cli_get_bool(const cli_field *field, const void *item, cli_value *value); /* int */
void cli_get_count(const cli_field *field, const void *item,
                   cli_value *value); /* int64_t, -1 = null */
void cli_get_seconds(const cli_field *field, const void *item,
                     cli_value *value); /* int64_t ms, -1 = null */
void cli_get_time(const cli_field *field, const void *item, cli_value *value); /* int64_t ms */

/* The field of a key; NULL if there is none. */
const cli_field *cli_schema_field(const cli_schema *schema, const char *key, size_t length);

#endif
