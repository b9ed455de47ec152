// SPDX-License-Identifier: MIT
/*
 * The tool's writers on the items of a response (reply_input.h), of both providers. Every format is
 * written as a list and as a single object, with and without the raw JSON, and errors as a line and
 * as an object. Properties:
 *
 *   - json and jsonl are JSON with an object per item and all keys of the schema; texts and ids
 * read back as they are;
 *   - csv has a row per item and a cell per column, by RFC 4180; texts and ids read back as they
 * are;
 *   - a table and an error have a line per item, and no text starts a line;
 *   - tables, json and errors are UTF-8 without terminal control characters;
 *   - no output holds the token.
 */
#include "output.h"
#include "columns.h"
#include "reply_input.h"
#include "shown.h"
#include <imgact/json.h>

#include <unistd.h>

typedef struct items {
  const cli_schema *schema;
  const void *const *items;
  size_t count;
} items;

static const char *field_text(const items *list, size_t index, const char *key) {
  cli_value value = {0};
  const cli_field *field = cli_schema_field(list->schema, key, strlen(key));
  if (field) field->get(field, list->items[index], &value);
  return value.kind == CLI_VALUE_TEXT ? value.text : NULL;
}

/* C0 80 in a text is a U+0000 in what is written. */
static void expect_bytes(const char *written, size_t length, const char *text) {
  size_t i = 0;
  for (; *text != '\0'; text++, i++) {
    CHECK(i < length);
    bool nul = (unsigned char)text[0] == 0xC0;
    CHECK(written[i] == (nul ? '\0' : *text));
    text += nul;
  }
  CHECK(i == length);
}

/* ---- json, jsonl ---- */

static const char *const read_back[] = {"id",      "name",   "description",
                                        "command", "region", "image_id"};
#define READ_BACK (sizeof read_back / sizeof *read_back)

/* Members of images and actions have their keys: "created_from.id" unless created_from is null. */
static void check_members(const imgact_json *object, const imgact_member *(*member)(size_t)) {
  for (size_t i = 0; member(i); i++) {
    const char *key = member(i)->key;
    size_t length = strcspn(key, ".");
    char own[64] = "";
    CHECK(length < sizeof own);
    memcpy(own, key, length);
    const imgact_json *value = imgact_json_get(object, own);
    CHECK(value);
    CHECK(!key[length] || imgact_json_get_type(value) == IMGACT_JSON_NULL ||
          imgact_json_get(value, key + length + 1));
  }
}

static void check_object(const items *list, size_t index, const imgact_json *object, bool raw) {
  CHECK(imgact_json_get_type(object) == IMGACT_JSON_OBJECT);
  CHECK(imgact_json_count(object) == list->schema->count + (raw && list->schema->raw));
  for (size_t i = 0; i < list->schema->count; i++)
    CHECK(imgact_json_get(object, list->schema->fields[i].key));
  if (list->schema == &cli_image_schema) check_members(object, imgact_image_member);
  if (list->schema == &cli_action_schema) check_members(object, imgact_action_member);
  for (size_t i = 0; i < READ_BACK; i++) {
    const char *text = field_text(list, index, read_back[i]);
    size_t length = 0;
    if (!text) continue;
    const char *written = imgact_json_as_string(imgact_json_get(object, read_back[i]), &length);
    CHECK(written);
    expect_bytes(written, length, text);
  }
}

static void check_json_list(const items *list, const char *text, size_t length, bool raw) {
  imgact_json_doc *doc = NULL;
  CHECK(imgact_json_doc_parse(text, length, NULL, &doc, NULL, 0) == 0);
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_doc_root(doc));
  CHECK(each.left == list->count);
  size_t index = 0;
  for (const imgact_json *object; (object = imgact_json_iter_next(&each, NULL)); index++)
    check_object(list, index, object, raw);
  imgact_json_doc_free(doc);
}

static void check_json_item(const items *list, size_t index, const char *text, size_t length,
                            bool raw) {
  imgact_json_doc *doc = NULL;
  CHECK(imgact_json_doc_parse(text, length, NULL, &doc, NULL, 0) == 0);
  check_object(list, index, imgact_json_doc_root(doc), raw);
  imgact_json_doc_free(doc);
}

static void check_json_lines(const items *list, const char *text, size_t length, bool raw) {
  CHECK(shown_check_lines(text, length) == list->count);
  for (size_t index = 0; index < list->count; index++) {
    size_t line = strcspn(text, "\n");
    check_json_item(list, index, text, line, raw);
    text += line + 1;
  }
}

/* ---- csv ---- */

/* Takes one cell; the text it holds is unquoted in place. Returns what follows; *last: the row
 * ends. */
static char *take_cell(char *at, const char *end, size_t *length, bool *last) {
  char *to = at, *start = at;
  bool quoted = at < end && *at == '"';
  if (quoted) at++;
  for (; at < end; at++) {
    if (quoted && *at == '"' && at + 1 < end && at[1] == '"')
      at++;
    else if (quoted && *at == '"')
      quoted = false, at++;
    if (!quoted && (*at == ',' || *at == '\n')) break;
    *to++ = *at;
  }
  CHECK(at < end && !quoted);
  *length = (size_t)(to - start);
  *last = *at == '\n';
  return at + 1;
}

static void check_csv(const items *list, char *text, size_t length) {
  const char *end = text + length;
  const cli_columns columns = cli_columns_of(NULL, list->schema, true);
  for (size_t row = 0; row <= list->count; row++)
    for (size_t i = 0; i < columns.count; i++) {
      bool last = false;
      size_t cell = 0;
      char *start = text;
      text = take_cell(text, end, &cell, &last);
      CHECK(last == (i + 1 == columns.count));
      const char *key = columns.items[i].field->key;
      if (row == 0) CHECK(cell == strlen(key) && !memcmp(start, key, cell));
      for (size_t k = 0; row > 0 && k < READ_BACK; k++) {
        const char *value = strcmp(read_back[k], key) ? NULL : field_text(list, row - 1, key);
        if (value) expect_bytes(start, cell, value);
      }
    }
  CHECK(text == end);
}

/* ---- all formats ---- */

static void choose_format(cli_app *app, const char *name) {
  app->options.output = cli_choice_index(cli_flag_values(cli_flag_named("output", 6)), name);
}

static char *print_list(cli_app *app, const items *list, size_t *length) {
  shown_open(app);
  CHECK(cli_print_list(app, list->schema, list->items, list->count) == 0);
  char *text = shown_text(&app->out, length);
  shown_check_token(text, *length);
  return text;
}

static char *print_item(cli_app *app, const items *list, size_t index, size_t *length) {
  shown_open(app);
  CHECK(cli_print_item(app, list->schema, list->items[index]) == 0);
  char *text = shown_text(&app->out, length);
  shown_check_token(text, *length);
  return text;
}

static void check_formats(cli_app *app, const items *list, bool raw) {
  size_t length;
  app->options.raw = raw;
  choose_format(app, "json");
  char *text = print_list(app, list, &length);
  shown_check_lines(text, length);
  check_json_list(list, text, length, raw);
  free(text);
  choose_format(app, "jsonl");
  text = print_list(app, list, &length);
  check_json_lines(list, text, length, raw);
  free(text);
  if (list->count == 0 || raw) return;
  text = print_item(app, list, 0, &length);
  check_json_item(list, 0, text, length, raw);
  free(text);
}

static void check_rows(cli_app *app, const items *list) {
  size_t length;
  app->options.raw = 0;
  choose_format(app, "table");
  char *text = print_list(app, list, &length);
  CHECK(shown_check_lines(text, length) == list->count + 1);
  free(text);
  choose_format(app, "csv");
  text = print_list(app, list, &length);
  if (!isatty(STDOUT_FILENO)) check_csv(list, text, length);
  free(text);
  if (list->count == 0) return;
  choose_format(app, "table");
  text = print_item(app, list, 0, &length);
  CHECK(shown_check_lines(text, length) == cli_columns_of(NULL, list->schema, true).count);
  free(text);
}

static void check_list(cli_app *app, const items *list) {
  check_formats(app, list, false);
  check_formats(app, list, true);
  check_rows(app, list);
}

/* ---- errors and outcomes ---- */

static void check_failure(cli_app *app, const imgact_error *error, const char *details,
                          const char *what) {
  size_t length;
  shown_open(app);
  choose_format(app, "table");
  CHECK(cli_report_failure(app, error, details, what) == cli_exit_status(error->status));
  char *text = shown_text(&app->err, &length);
  CHECK(shown_check_lines(text, length) == 1 && !strncmp(text, "imgact: ", 8));
  shown_check_token(text, length);
  free(text);
  shown_open(app);
  choose_format(app, "json");
  CHECK(cli_report_failure(app, error, details, what) == cli_exit_status(error->status));
  text = shown_text(&app->err, &length);
  CHECK(shown_check_lines(text, length) == 1);
  shown_check_token(text, length);
  imgact_json_doc *doc = NULL;
  CHECK(imgact_json_doc_parse(text, length, NULL, &doc, NULL, 0) == 0);
  const imgact_json *object = imgact_json_get(imgact_json_doc_root(doc), "error");
  CHECK(imgact_json_count(object) == cli_failure_schema.count);
  CHECK(imgact_json_equals(imgact_json_get(object, "code"), imgact_status_name(error->status)));
  imgact_json_doc_free(doc);
  free(text);
}

static void check_outcome(cli_app *app, const reply_output *output) {
  const imgact_result *result = &output->result;
  bool ok = output->error.status == IMGACT_OK;
  const cli_outcome outcome = {.image_id = "4711",
                               .region = "nyc3",
                               .action = result->actions_count ? result->actions[0] : NULL,
                               .image = result->images_count ? result->images[0] : NULL,
                               .failure = {&output->error, result->details},
                               .ok = ok};
  const void *one = &outcome;
  check_formats(app, &(items){&cli_region_outcome_schema, &one, 1}, false);
  check_rows(app, &(items){&cli_region_outcome_schema, &one, 1});
}

static void check_provider(const char *name, const uint8_t *data, size_t size) {
  reply_input input;
  reply_output output;
  static cli_app app; /* large */
  if (!reply_input_read(&input, imgact_provider_find(name), data, size)) return;
  memset(&app, 0, sizeof app);
  reply_read(&output, &input, &check_fuzz_token, &ia_malloc);
  const imgact_result *result = &output.result;
  if (output.error.status == IMGACT_OK) {
    check_list(&app, &(items){&cli_image_schema, (const void *const *)result->images,
                              result->images_count});
    check_list(&app, &(items){&cli_action_schema, (const void *const *)result->actions,
                              result->actions_count});
  } else {
    check_failure(&app, &output.error, result->details, NULL);
    check_failure(&app, &output.error, result->details, "image 4711");
  }
  check_outcome(&app, &output);
  reply_free(&output);
  reply_input_free(&input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  check_provider("hetzner", data, size);
  check_provider("digitalocean", data, size);
  return 0;
}
