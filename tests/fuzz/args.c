// SPDX-License-Identifier: MIT
/*
 * The tool's command line: an argument is a line, byte 1 is a newline inside it. Properties:
 *
 *   - parsing succeeds, or fails with a message, and gives the same the second time;
 *   - after success the command is known, the number of its arguments is allowed, and texts are
 * those of the command line;
 *   - numbers are at least 1, and choices are words of their flag;
 *   - an error is one line, or one JSON object, without terminal control characters and without
 * the token of the environment; the same holds for each line of the help.
 */
#include "args.h"
#include "output.h"
#include "shown.h"
#include <imgact/json.h>

#define MAX_ARGUMENTS 65

typedef struct command_line {
  char *argv[MAX_ARGUMENTS];
  int argc;
} command_line;

static bool is_of(const command_line *line, const char *text) {
  for (int i = 1; i < line->argc; i++)
    if (text >= line->argv[i] && text <= line->argv[i] + strlen(line->argv[i])) return true;
  return false;
}

static void check_flag(const cli_flag *flag, const cli_options *options, const command_line *line) {
  const void *at = (const char *)options + flag->offset;
  const cli_strings *texts = at;
  switch (flag->kind) {
  case CLI_FLAG_TEXT:
    CHECK(!*(const char *const *)at || is_of(line, *(const char *const *)at));
    break;
  case CLI_FLAG_TEXTS:
    for (size_t i = 0; i < texts->count; i++) CHECK(is_of(line, texts->items[i]));
    break;
  case CLI_FLAG_SWITCH: CHECK(*(const int *)at == 0 || *(const int *)at == 1); break;
  case CLI_FLAG_AGE: {
    const cli_age *age = at;
    CHECK(!age->text || is_of(line, age->text));
    break;
  }
  case CLI_FLAG_COUNT:
  case CLI_FLAG_DURATION: CHECK(*(const int64_t *)at >= 0); break;
  case CLI_FLAG_CHOICE: {
    size_t length = 0;
    int words = 0;
    for (const char *word = cli_choice_next(cli_flag_values(flag), NULL, &length); word; words++)
      word = cli_choice_next(cli_flag_values(flag), word, &length);
    CHECK(*(const int *)at >= 0 && *(const int *)at < words);
  }
  }
}

static void check_parsed(const cli_app *app, const cli_args *args, const command_line *line) {
  const cli_command *command = app->command;
  CHECK(command);
  CHECK(app->arguments_count >= command->min_arguments &&
        app->arguments_count <= command->max_arguments);
  for (size_t i = 0; i < app->arguments_count; i++) CHECK(is_of(line, app->arguments[i]));
  for (size_t i = 0; i < cli_flags_count; i++)
    if (cli_flag_belongs(&cli_flags[i], command)) check_flag(&cli_flags[i], &app->options, line);
  CHECK(args->count >= app->arguments_count);
}

static void check_error_shown(cli_app *app, const imgact_error *error) {
  size_t length = 0;
  imgact_json_doc *doc = NULL;
  CHECK(error->message[0] != '\0');
  shown_open(app);
  CHECK(cli_report_failure(app, error, NULL, NULL) != 0);
  char *text = shown_text(&app->err, &length);
  CHECK(shown_check_lines(text, length) == 1);
  shown_check_token(text, length);
  if (cli_wants_json(app)) CHECK(imgact_json_doc_parse(text, length, NULL, &doc, NULL, 0) == 0);
  imgact_json_doc_free(doc);
  free(text);
}

static void check_help(cli_app *app, const cli_args *args) {
  size_t length = 0;
  shown_open(app);
  int exit_status = cli_help(app, args->words, args->count);
  char *text = shown_text(exit_status ? &app->err : &app->out, &length);
  CHECK(length > 0);
  shown_check_lines(text, length);
  shown_check_token(text, length);
  free(text);
}

static void check_columns(cli_app *app) {
  size_t length = 0;
  shown_open(app);
  if (cli_check_output(app, app->command->schema) == 0) return;
  char *text = shown_text(&app->err, &length);
  CHECK(shown_check_lines(text, length) == 1);
  shown_check_token(text, length);
  free(text);
}

static imgact_status parse(const command_line *line, cli_app *app, cli_args *args,
                           imgact_error *error) {
  char *argv[MAX_ARGUMENTS];
  memset(app, 0, sizeof *app);
  memcpy(argv, line->argv, sizeof argv);
  imgact_status status = cli_args_parse(line->argc, argv, app, args, error);
  CHECK(status == IMGACT_OK || status == IMGACT_INVALID_ARGUMENT);
  CHECK(app->options.output >= 0 && (size_t)app->options.output < cli_formats_count);
  return status;
}

static void check_line(const command_line *line) {
  static cli_app app; /* large */
  cli_args args;
  imgact_error error, again;
  imgact_status first = parse(line, &app, &args, &again);
  cli_args_free(&args);
  cli_options_free(&app.options);
  imgact_status status = parse(line, &app, &args, &error);
  CHECK(status == first && !strcmp(error.message, again.message));
  if (status)
    check_error_shown(&app, &error);
  else if (args.help)
    check_help(&app, &args);
  else {
    check_parsed(&app, &args, line);
    check_columns(&app);
  }
  cli_args_free(&args);
  cli_options_free(&app.options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char program[] = "imgact";
  static bool ready;
  if (!ready) setenv("HCLOUD_TOKEN", FUZZ_TOKEN, 1);
  ready = true;
  fuzz_lines lines;
  fuzz_split_lines(&lines, data, size);
  command_line line = {.argv = {program}, .argc = 1};
  for (size_t i = 0; i < lines.count && line.argc < MAX_ARGUMENTS; i++)
    line.argv[line.argc++] = lines.items[i];
  check_line(&line);
  free(lines.text);
  return 0;
}
