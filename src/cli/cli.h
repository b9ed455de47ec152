/* SPDX-License-Identifier: MIT */
/* Types and functions that the files of the tool share: commands, the application, batches. */
#ifndef IMGACT_CLI_H
#define IMGACT_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <imgact/imgact.h>

#include "cli_text.h"
#include "clock.h"
#include "exit_status.h"
#include "flags.h"
#include "format.h"
#include "signals.h"
#include "stream.h"
#include "terminal.h"

typedef struct cli_app cli_app;
typedef struct cli_command cli_command;

/* ---- commands.c ---- */

#define CLI_UNLIMITED SIZE_MAX

struct cli_command {
  const char *noun;
  const char *verb;      /* NULL: the noun alone is the command */
  const char *arguments; /* "ID..." */
  const char *choices;   /* the values of the argument, "bash|zsh|fish"; NULL = any */
  const struct cli_schema *schema;
  const struct cli_schema *batch_schema; /* with several arguments; NULL = schema */
  int (*run)(cli_app *app);
  /* Creates the operation of the command, for one id if it takes ids; NULL if run creates it. */
  imgact_op *(*make)(cli_app *app, const char *id, const char *region);
  const char *summary;
  const char *about; /* more lines of help, or NULL */
  const char *examples;
  size_t min_arguments, max_arguments;
  imgact_op_kind kind; /* the summary names the providers that support it */
  bool needs_client;
  bool changes;     /* sends mutations */
  bool asks;        /* confirms on a terminal before it starts */
  bool reads_stdin; /* takes "-" for arguments from stdin */
};

extern const cli_command cli_commands[];
extern const size_t cli_commands_count;

/* Returns the command that the words begin with, and in *used the number of its words. On failure,
 * NULL and an error with a suggestion. */
const cli_command *cli_command_find(const char *const *words, size_t count, size_t *used,
                                    imgact_error *error);
bool cli_is_noun(const char *word);

/* ---- the running command ---- */

typedef struct cli_session {
  imgact_config *config;
  imgact_loop *loop;
  imgact_client *client;
  struct imgact_transport *recorder; /* owned by the loop; NULL without --record */
} cli_session;

struct cli_app {
  cli_options options;
  const cli_command *command;
  const cli_command
      *commands; /* cli_commands: the completion command is in it and cannot refer to it */
  size_t commands_count;
  const char *const *arguments; /* the words after the command; ids once they are resolved */
  size_t arguments_count;
  struct cli_refs *refs;    /* images that the command names */
  char *input;              /* text of stdin; NULL = not read */
  const char **input_words; /* its words, as arguments */
  cli_session session;
  cli_stream out, err; /* stdout and stderr; err is flushed after each line */
  int64_t began_ms; /* start of the command, monotonic; later by the time spent in a confirmation */
  cli_status_line line;
  uint32_t lookup_request; /* the request whose lost response is looked up; 0 = none */
  int32_t attempts;        /* sends of the last request, if one operation runs alone; else 0 */
  bool alone;              /* one operation runs */
  bool color_out, color_err;
};

static inline void cli_clock_start(cli_app *app) { app->began_ms = cli_monotonic_ms(); }
/* Time since cli_clock_start(). */
static inline int64_t cli_elapsed_ms(const cli_app *app) {
  return cli_monotonic_ms() - app->began_ms;
}
static inline bool cli_wants_json(const cli_app *app) {
  return cli_formats[app->options.output]->is_json;
}

/* ---- error_output.c ---- */

#define CLI_NAMED_BYTES 200 /* maximum length of the names before a message in JSON */

/* Prints an error in the form that the output format requires and returns its exit status. details:
 * JSON or NULL. what: text before the message, such as the name of the item; may be NULL. */
int cli_report_failure(cli_app *app, const imgact_error *error, const char *details,
                       const char *what);
int cli_report_op_failure(cli_app *app, const imgact_op *op);
/* Frees an operation that was created only to check its arguments. Returns 0, or an exit status
 * after its error was printed. */
int cli_check_op(cli_app *app, imgact_op *op);
/* Prints an error as a line of text in any output format: used while other operations run. */
void cli_print_error(cli_app *app, const imgact_error *error, const char *what);
/* Prints an error of the tool itself. */
int cli_report_error(cli_app *app, imgact_status status, const char *text, ...) IMGACT_PRINTF(3, 4);
/* Prints "imgact: TEXT" on stderr. */
void cli_print_note(cli_app *app, const char *text, ...) IMGACT_PRINTF(2, 3);

/* ---- trace_output.c ---- */

/* An imgact_trace_fn; user_data is the cli_app. Prints events with --trace; else shows pauses in
 * the status line. */
void cli_on_trace(void *user, const imgact_trace_event *event);

/* ---- session.c ---- */

/* Creates the client from flags, environment and configuration. Returns 0, or an exit status after
 * the error was printed. */
int cli_session_open(cli_app *app);
/* Loads the configuration alone. */
int cli_config_open(cli_app *app);
/* The settings given by flags. */
imgact_config_overrides cli_overrides(const cli_app *app);
/* Appends the matching flags to an error of imgact_client_from_config() or imgact_config_resolve().
 */
void cli_add_flag_remedy(imgact_error *error);
/* Prints a note, except with JSON output, if the endpoint ends in a version and the provider's
 * default does not, or vice versa. */
void cli_note_endpoint(cli_app *app);
/* Writes the cassette of --record and frees the session. Returns 0 or an exit status. */
int cli_session_close(cli_app *app);

/* ---- batch.c: operations that run at the same time ---- */

typedef struct cli_batch cli_batch;

typedef struct cli_item {
  cli_batch *batch;
  imgact_op *op;
  const char *subject; /* id of the image or action, as given */
  const char *region;
  int32_t percent; /* progress as last shown; -1 = none yet */
  bool waits;
  bool changes;       /* the operation is a mutation */
  bool attempted;     /* before_send was called */
  bool unsent;        /* the deadline passed before the mutation was sent */
  bool error_printed; /* its error was printed while others were running */
  bool is_lookup;     /* not the command's own operation: page options do not apply */
  bool keeps_raw;     /* keeps the objects of the API */
} cli_item;

struct cli_batch {
  cli_app *app;
  cli_item *items;
  size_t count;
  size_t left, failed;
  int64_t percent_sum;    /* sum of the progress of all items */
  imgact_error unsent[2]; /* error of all unsent items; [1]: of those that were attempted */
  bool stopped;           /* the token was rejected: the remaining items were cancelled */
  bool reports_progress;  /* the API reports progress */
};

/* Allocates count items. Returns 0 or an exit status. */
int cli_batch_new(cli_app *app, size_t count, cli_batch *batch);
/* Frees the items and their operations. */
void cli_batch_free(cli_batch *batch);
/* Gives an operation to an item, which takes ownership, and applies the options of the command
 * line. op: NULL = out of memory. */
void cli_batch_set(cli_batch *batch, size_t index, imgact_op *op, const char *subject,
                   const char *region, bool wait);
/* Rejects the whole batch if the arguments of one operation are invalid. Returns 0 or an exit
 * status. */
int cli_batch_check(cli_batch *batch);
/* Runs all operations until they end; a signal cancels them. */
void cli_batch_run(cli_batch *batch);
/* Adds the status of an item to the exit status of the batch. */
void cli_batch_summarise(const cli_batch *batch, cli_exit_summary *summary, imgact_status status);
/* Applies the options of the command line and runs one operation. Returns 0, or its exit status
 * after the error was printed. */
int cli_run(cli_app *app, imgact_op *op);
/* Runs one operation that is not the command's own: page options do not apply, raw replaces --raw,
 * and nothing is printed. Returns its status. */
imgact_status cli_run_lookup(cli_app *app, imgact_op *op, bool raw);

/* ---- item.c ---- */

/* "image 7 to nyc3", "action 8". */
void cli_item_name(const cli_item *item, char *name, size_t capacity);
/* Returns true if the operation makes an image: the subject is then no image. */
bool cli_item_makes_image(const cli_item *item);
/* The error of an item, IMGACT_OK if it succeeded; never NULL. */
const imgact_error *cli_item_error(const cli_item *item);

/* ---- hints.c ---- */

/* If a wait was abandoned while its action was running, returns true and an error with the last
 * known status of the action. */
bool cli_wait_abandoned(const cli_item *item, imgact_error *error);
/* Prints the actions that are still running, and the command that resumes waiting for them. */
void cli_hint_resume(cli_batch *batch);
/* Prints the commands that wait for the actions that keep images locked; not with JSON. */
void cli_hint_locked(const cli_batch *batch);
/* Prints commands that show whether the mutations with an unknown outcome were applied; nothing
 * with JSON output. */
void cli_hint_verify(const cli_batch *batch);

/* ---- progress.c ---- */

/* An imgact_progress_fn; user is the item. */
void cli_progress_on_poll(void *user, imgact_op *op, const imgact_action *action);
/* Call when the operation of a waiting item has ended. */
void cli_progress_on_end(cli_item *item);
/* Returns true if pauses before requests, and lookups, are shown: on a terminal with progress
 * output. */
bool cli_progress_shows_pauses(const cli_app *app);
/* Shows an IMGACT_TRACE_RETRY, _THROTTLE or _LOOKUP in the status line. */
void cli_progress_pause(cli_app *app, const imgact_trace_event *event);
/* Redraws the status line once a second. */
void cli_progress_tick(cli_batch *batch);
/* Removes the status line at the end of the batch. */
void cli_progress_end(cli_app *app);

/* ---- show.c ---- */

/* Run the operation of command->make and print its list, or its item. */
int cli_show_list(cli_app *app);
int cli_show_item(cli_app *app);
/* Runs an operation and prints the image or action that it returns; frees it. */
int cli_run_and_show(cli_app *app, imgact_op *op);

/* ---- labels.c ---- */

/* Parses the values of --label; the caller frees the labels in any case. Returns 0 or an exit
 * status. */
int cli_labels_parse(cli_app *app, imgact_label **labels);
void cli_labels_free(imgact_label *labels, size_t count);

/* ---- functions of the rows in commands.c ---- */

imgact_op *cli_make_image_list(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_image_find(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_image_update(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_image_wait(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_action_list(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_action_get(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_action_wait(cli_app *app, const char *id, const char *region);

int cli_image_get(cli_app *app);
int cli_image_update(cli_app *app);
int cli_change_images(cli_app *app);
int cli_image_create(cli_app *app);
int cli_wait(cli_app *app);
int cli_provider_list(cli_app *app);
int cli_ratelimit(cli_app *app);
int cli_config_list(cli_app *app);
int cli_config_path(cli_app *app);
int cli_config_show(cli_app *app);
int cli_config_check(cli_app *app);
int cli_completion(cli_app *app);
int cli_version(cli_app *app);

/* Prints help on a command, on a noun, or without words on all commands. */
int cli_help(cli_app *app, const char *const *words, size_t count);

#endif
