// SPDX-License-Identifier: MIT
#include "columns.h"

#include <string.h>

void cli_column_value(const cli_column *column, const void *item, cli_value *value) {
  *value = (cli_value){0};
  column->field->get(column->field, item, value);
  if (!column->inner) return;
  const void *object = value->kind == CLI_VALUE_OBJECT ? value->items : NULL;
  *value = (cli_value){0};
  if (object) column->inner->get(column->inner, object, value);
}

void cli_add_column_name(cli_buffer *name, const cli_column *column) {
  cli_buffer_text(name, column->field->key);
  if (column->inner) cli_buffer_text(name, ".");
  if (column->inner) cli_buffer_text(name, column->inner->key);
}

/* name: "action" or "action.id". */
static cli_column find_column(const cli_schema *schema, const char *name, size_t length) {
  const char *dot = memchr(name, '.', length);
  cli_column found = {.field = cli_schema_field(schema, name, dot ? (size_t)(dot - name) : length)};
  const cli_schema *inside = dot && found.field ? cli_field_schema(found.field) : NULL;
  if (inside) found.inner = cli_schema_field(inside, dot + 1, length - (size_t)(dot + 1 - name));
  if (dot && !found.inner) found.field = NULL;
  return found;
}

const char *cli_columns_parse(const char *text, const cli_schema *schema, cli_columns *found) {
  for (const char *at = text;; at++) {
    at += strspn(at, " ");
    size_t length = strcspn(at, ","), trimmed = length;
    while (trimmed && at[trimmed - 1] == ' ') trimmed--;
    cli_column named = find_column(schema, at, trimmed);
    if (!named.field) return at;
    if (found->count == CLI_MAX_COLUMNS) return at;
    found->items[found->count++] = named;
    at += length;
    if (!*at) return NULL;
  }
}

/* Keys that are no default columns of csv: scripts read those of earlier versions by position. */
static bool is_later_key(const char *key) {
  static const char *const later[] = {"profile", "unavailable_after", "rapid_deploy", "changed"};
  for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
    if (!strcmp(key, later[i])) return true;
  return false;
}

static void default_columns(const cli_schema *schema, bool all, cli_columns *found) {
  if (!all && schema->columns)
    for (const char *const *key = schema->columns; *key && found->count < CLI_MAX_COLUMNS; key++)
      found->items[found->count++].field = cli_schema_field(schema, *key, strlen(*key));
  else
    for (size_t i = 0; i < schema->count && found->count < CLI_MAX_COLUMNS; i++)
      if (!schema->has_later_keys || !is_later_key(schema->fields[i].key))
        found->items[found->count++].field = &schema->fields[i];
}

cli_columns cli_columns_of(const char *requested, const cli_schema *schema, bool all) {
  cli_columns columns = {.count = 0};
  if (requested)
    cli_columns_parse(requested, schema, &columns);
  else
    default_columns(schema, all, &columns);
  return columns;
}
