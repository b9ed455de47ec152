// SPDX-License-Identifier: MIT
#include "cell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_value.h"

void cli_add_json(cli_buffer *cell, const cli_value *value) {
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
  size_t length = 0;
  cli_write_value(writer, value, false);
  const char *text = imgact_json_writer_finish(writer, &length);
  if (text)
    cli_buffer_add(cell, text, length);
  else
    cell->failed = true;
  imgact_json_writer_free(writer);
}

/* Adds the summary keys of an object, except null ones. */
static void add_summary(cli_buffer *cell, const cli_schema *schema, const void *item,
                        bool for_people) {
  size_t start = cell->length;
  for (const char *const *key = schema->summary; key && *key; key++) {
    const cli_field *field = cli_schema_field(schema, *key, strlen(*key));
    cli_value value = {0};
    if (field) field->get(field, item, &value);
    if (value.kind == CLI_VALUE_NULL) continue;
    if (cell->length > start) cli_buffer_text(cell, " ");
    cli_add_cell(cell, &value, for_people);
  }
}

static void add_objects(cli_buffer *cell, const cli_value *value, bool for_people) {
  for (size_t i = 0; i < value->count; i++) {
    if (i) cli_buffer_text(cell, ",");
    add_summary(cell, value->schema, (const char *)value->items + i * value->stride, for_people);
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

void cli_add_cell(cli_buffer *cell, const cli_value *value, bool for_people) {
  char digits[24];

  switch (value->kind) {
  case CLI_VALUE_NULL: break;
  case CLI_VALUE_TEXT:
  case CLI_VALUE_JSON: cli_buffer_text(cell, value->text); break;
  case CLI_VALUE_NUMBER: cli_add_json(cell, value); break;
  case CLI_VALUE_OBJECT: add_summary(cell, value->schema, value->items, for_people); break;
  case CLI_VALUE_OBJECTS: add_objects(cell, value, for_people); break;
  case CLI_VALUE_LABELS: add_labels(cell, value->items, value->count); break;
  case CLI_VALUE_BOOL:
    cli_buffer_text(cell, for_people ? (value->integer ? "yes" : "no")
                                     : (value->integer ? "true" : "false"));
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
