// SPDX-License-Identifier: MIT
/* imgact: parses the command line, opens a session if the command needs one, runs the command and
 * returns its exit status. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "arguments.h"
#include "output.h"
#include "refs.h"

/* Opens missing standard descriptors: else the next socket or file would get the number and receive
 * the output. The access mode is reversed, so that reading stdin or writing stdout still fails. */
static void fill_descriptors(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) _exit(1);
  }
}

/* Sets the locale for the width of characters. Output is UTF-8 in every locale. */
static void choose_locale(void) {
  if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
    setlocale(LC_CTYPE, "C.UTF-8");
}

static bool wants_color(int choice, int fd) {
  const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
  if (choice == CLI_COLOR_ALWAYS) return true;
  if (choice == CLI_COLOR_NEVER || (none && none[0]) || (terminal && !strcmp(terminal, "dumb")))
    return false;
  return isatty(fd);
}

static int run_command(cli_app *app) {
  const cli_command *command = app->command;
  app->out.reports_signal = command->changes;
  cli_clock_start(app);

  bool batch = command->batch_schema && app->arguments_count > 1;
  int exit_status = cli_check_output(app, batch ? command->batch_schema : command->schema);
  if (!exit_status && command->needs_client) exit_status = cli_session_open(app);
  if (!exit_status) exit_status = cli_arguments_from_stdin(app);
  if (!exit_status) {
    bool has_work = !app->input || app->arguments_count; /* stdin may be empty */
    exit_status = has_work ? command->run(app) : cli_print_list(app, command->schema, NULL, 0);
    /* Lost output is an error, unless the command has failed already. */
    int flushed = cli_finish_stdout(app);
    if (!exit_status) exit_status = flushed;
  }

  cli_refs_free(app->refs); /* its list belongs to the client */
  int closed = cli_session_close(app);
  return exit_status ? exit_status : closed;
}

int main(int argc, char **argv) {
  cli_refs refs = {0};
  cli_app app = {.commands = cli_commands, .commands_count = cli_commands_count, .refs = &refs};
  cli_args args;
  imgact_error error;

  fill_descriptors();
  cli_stream_open(&app.out, STDOUT_FILENO, false);
  cli_stream_open(&app.err, STDERR_FILENO, true);
  choose_locale();
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* a write beyond the file size limit fails, like on a full disk */

  imgact_status status = cli_args_parse(argc, argv, &app, &args, &error);
  app.color_out = wants_color(app.options.color, STDOUT_FILENO);
  app.color_err = wants_color(app.options.color, STDERR_FILENO);

  int exit_status;
  if (status)
    exit_status = cli_report_failure(&app, &error, NULL, NULL);
  else if (args.help)
    exit_status = cli_help(&app, args.words, args.count);
  else
    exit_status = run_command(&app);

  cli_arguments_free(&app);
  cli_args_free(&args);
  cli_options_free(&app.options);
  return exit_status;
}
