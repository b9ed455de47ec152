// SPDX-License-Identifier: MIT
/* Results on stdout. They are printed after all operations have ended: a reader that closes the
 * pipe loses output, but interrupts no change. */
#include "output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "columns.h"

static int check_format(cli_app *app, const cli_schema *schema) {
  const cli_options *o = &app->options;
  const char *table_flag = o->columns ? "columns" : o->no_header ? "no-header" : NULL;
  if (table_flag && cli_wants_json(app))
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "cannot use --%s with JSON output; use -o table or -o csv", table_flag);
  if (table_flag && !schema)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "cannot use --%s: the command prints no table", table_flag);
  if (o->raw && !cli_wants_json(app))
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "cannot use --raw without JSON output; use -o json or -o jsonl");
  return 0;
}

int cli_check_output(cli_app *app, const cli_schema *schema) {
  cli_columns found = {.count = 0};
  int exit_status = check_format(app, schema);
  if (exit_status || !app->options.columns) return exit_status;

  const char *wrong = cli_columns_parse(app->options.columns, schema, &found);
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
                          "unknown column '%.*s' in --columns; choose from: %s",
                          shown < 40 ? shown : 40, wrong, keys);
}

static int print(cli_app *app, const cli_schema *schema, const void *const *items, size_t count,
                 bool is_list) {
  const cli_options *o = &app->options;
  cli_results results = {.schema = schema,
                         .items = items,
                         .count = count,
                         .columns = o->columns,
                         .is_list = is_list,
                         .raw = o->raw != 0,
                         .header = !o->no_header,
                         .color = app->color_out};
  if (cli_formats[o->output]->write(&app->out, &results)) return 0;
  return cli_report_error(app, IMGACT_NOMEM, "out of memory");
}

int cli_print_list(cli_app *app, const cli_schema *schema, const void *const *items, size_t count) {
  return print(app, schema, items, count, true);
}

int cli_print_item(cli_app *app, const cli_schema *schema, const void *item) {
  return print(app, schema, &item, 1, false);
}

void cli_note_empty(cli_app *app, size_t count, const char *what) {
  if (!count && cli_formats[app->options.output]->for_people && !app->options.quiet &&
      isatty(STDERR_FILENO))
    cli_print_note(app, "no %s", what);
}

int cli_print_text(cli_app *app, const char *text) {
  cli_stream_text(&app->out, text);
  return 0;
}

bool cli_stdout_lost(cli_app *app) { return !cli_stream_flush(&app->out); }

/* A reader that closed the pipe has seen enough, as with `git log | head`. */
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
    error.flags |= IMGACT_ERROR_MAYBE_APPLIED; /* the results of the changes are lost */
  return cli_report_failure(app, &error, NULL, NULL);
}
