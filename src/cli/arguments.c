// SPDX-License-Identifier: MIT
#include "arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_INPUT_BYTES ((size_t)128 << 20) /* more than the longest words need */

/* ---- duplicates ---- */

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

imgact_status cli_check_duplicates(const char *const *items, size_t count, const char *what,
                                   imgact_error *error) {
  if (count < 2) return IMGACT_OK;
  const char **sorted = calloc(count, sizeof *sorted);
  if (!sorted) return imgact_error_set(error, IMGACT_NOMEM, "out of memory");

  memcpy(sorted, items, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, by_text);
  imgact_status status = IMGACT_OK;
  for (size_t i = 1; !status && i < count; i++)
    if (!strcmp(sorted[i - 1], sorted[i]))
      status =
          imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "duplicate %s '%s'", what, sorted[i]);

  free(sorted);
  return status;
}

/* ---- words of stdin ---- */

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Reads all of stdin. Returns its text, NUL-terminated; NULL after the error was printed. */
static char *read_input(cli_app *app, size_t *length, int *exit_status) {
  size_t capacity = 4096;
  char *text = malloc(capacity);
  *length = 0;
  for (ssize_t got = 1; text && got;) {
    if (*length + 1 == capacity) {
      char *larger = realloc(text, capacity * 2);
      if (!larger) break;
      text = larger;
      capacity *= 2;
    }
    got = read(STDIN_FILENO, text + *length, capacity - *length - 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || *length > MAX_INPUT_BYTES) {
      *exit_status = cli_report_error(app, IMGACT_INVALID_ARGUMENT, "cannot read stdin: %s",
                                      got < 0 ? strerror(errno) : "it is too long");
      free(text);
      return NULL;
    }
    *length += (size_t)got;
    if (!got) {
      text[*length] = '\0';
      return text;
    }
  }
  free(text);
  *exit_status = cli_report_error(app, IMGACT_NOMEM, "out of memory");
  return NULL;
}

/* Counts the words and, if words is set, ends them with NUL and stores them. */
static size_t split(char *text, const char **words) {
  size_t count = 0;
  for (char *at = text; *at;) {
    while (is_space(*at)) at++;
    if (!*at) break;
    if (words) words[count] = at;
    count++;
    while (*at && !is_space(*at)) at++;
    if (words && *at) *at++ = '\0';
  }
  return count;
}

static int take_words(cli_app *app, size_t length) {
  imgact_error error;
  if (strlen(app->input) != length || !cli_utf8_valid(app->input))
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "invalid text on stdin: not UTF-8");
  size_t count = split(app->input, NULL);
  if (count > CLI_MAX_STDIN_WORDS || count > app->command->max_arguments)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "too many words on stdin: %zu; the command takes at most %zu", count,
                            app->command->max_arguments < CLI_MAX_STDIN_WORDS
                                ? app->command->max_arguments
                                : (size_t)CLI_MAX_STDIN_WORDS);

  app->input_words = calloc(count + 1, sizeof *app->input_words);
  if (!app->input_words) return cli_report_error(app, IMGACT_NOMEM, "out of memory");
  split(app->input, app->input_words);
  app->arguments = app->input_words;
  app->arguments_count = count;
  if (cli_check_duplicates(app->arguments, count, "argument", &error))
    return cli_report_failure(app, &error, NULL, NULL);
  return 0;
}

int cli_arguments_from_stdin(cli_app *app) {
  if (!app->command->reads_stdin || app->arguments_count != 1 ||
      strcmp(app->arguments[0], "-") != 0)
    return 0;
  if (isatty(STDIN_FILENO))
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "'-' reads ids from stdin, which is a terminal; use a pipe or a file");
  if (app->command->asks && !app->options.yes)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "`imgact %s %s -` cannot ask for confirmation; use --yes",
                            app->command->noun, app->command->verb);

  size_t length = 0;
  int exit_status = 0;
  app->input = read_input(app, &length, &exit_status);
  return app->input ? take_words(app, length) : exit_status;
}

void cli_arguments_free(cli_app *app) {
  free(app->input);
  free(app->input_words);
}
