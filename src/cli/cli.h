/* SPDX-License-Identifier: MIT */
/* What the files of the tool share: the options, the running command, and how results reach the
 * outside. */
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
  const char *verb;      /* NULL: the noun is the command */
  const char *arguments; /* "ID..." */
  const char *choices;   /* the fixed words of an argument, "bash|zsh|fish", or NULL */
  const struct cli_schema *schema;
  int (*run)(cli_app *app);
  /* Makes an operation of the command, on one image or action if it takes ids. */
  imgact_op *(*make)(cli_app *app, const char *id, const char *region);
  const char *summary;
  const char *about; /* further lines of help, or NULL */
  const char *examples;
  size_t min_arguments, max_arguments;
  imgact_op_kind kind; /* the summary names the providers that support it */
  bool needs_client;
  bool changes; /* something at the cloud */
  bool asks;    /* first, on a terminal */
};

extern const cli_command cli_commands[];
extern const size_t cli_commands_count;

/* The command that the first words name; *used is how many of them. NULL with an error that says
 * what was meant. */
const cli_command *cli_command_find(const char *const *words, size_t count, size_t *used,
                                    imgact_error *error);
bool cli_is_noun(const char *word);

/* ---- the running command ---- */

typedef struct cli_session {
  imgact_config *config;
  imgact_loop *loop;
  imgact_client *client;
  struct imgact_transport *recorder; /* owned by the loop; NULL = nothing is recorded */
} cli_session;

struct cli_app {
  cli_options options;
  const cli_command *command;
  const cli_command *commands; /* all of them, for the one that prints completions */
  size_t commands_count;
  const char *const *arguments; /* those after the command's words */
  size_t arguments_count;
  cli_session session;
  cli_stream out, err; /* stdout and stderr; err is written out line by line */
  int64_t began_ms;    /* monotonic; what a question took is left out */
  cli_status_line line;
  uint32_t lookup_request; /* the request whose answer was lost and is looked into; 0 = none */
  int32_t attempts; /* of the request that was sent last, where one operation runs alone; else 0 */
  bool alone;
  bool color_out, color_err;
};

static inline void cli_clock_start(cli_app *app) { app->began_ms = cli_monotonic_ms(); }
/* Since then. */
static inline int64_t cli_elapsed_ms(const cli_app *app) {
  return cli_monotonic_ms() - app->began_ms;
}
static inline bool cli_wants_json(const cli_app *app) {
  return cli_formats[app->options.output]->is_json;
}

/* ---- error_output.c ---- */

#define CLI_NAMED_BYTES 200 /* of a sentence for programs: what it is about */

/* Prints an error as the output format wants it and returns its exit status. `what` (may be NULL)
 * names what failed; for people only, because in JSON the message is the cloud's own. */
int cli_report_failure(cli_app *app, const imgact_error *shown, const char *details,
                       const char *what);
int cli_report_op_failure(cli_app *app, const imgact_op *op);
/* Prints an error for people, whatever the output format: as progress, while other things go on. */
void cli_print_error(cli_app *app, const imgact_error *shown, const char *what);
/* Prints an error of the tool's own. */
int cli_report_error(cli_app *app, imgact_status status, const char *text, ...) IMGACT_PRINTF(3, 4);
/* A line for people on stderr: "imgact: TEXT". */
void cli_print_note(cli_app *app, const char *text, ...) IMGACT_PRINTF(2, 3);

/* ---- trace_output.c ---- */

/* An imgact_trace_fn; its user data is the app. */
void cli_on_trace(void *user, const imgact_trace_event *event);

/* ---- session.c ---- */

/* Makes a client from flags, environment and configuration. 0, or an exit status after its error
 * was printed. */
int cli_session_open(cli_app *app);
int cli_config_open(cli_app *app);
imgact_config_overrides cli_overrides(const cli_app *app);
/* Appends the matching flags to an error of imgact_client_from_config() or imgact_config_resolve().
 */
void cli_add_flag_remedy(imgact_error *error);
/* For people: says so where the client's endpoint has no version, as the provider's own has, or the
 * other way round. */
void cli_note_endpoint(cli_app *app);
/* Writes the cassette, if one is recorded, and frees everything. 0 or an exit status. */
int cli_session_close(cli_app *app);

/* ---- batch.c: operations that run side by side ---- */

typedef struct cli_batch cli_batch;

typedef struct cli_item {
  cli_batch *batch;
  imgact_op *op;
  const char *subject; /* the image's or action's id as asked for */
  const char *region;
  int32_t percent; /* progress as last shown, -1 = nothing was */
  bool waits;
  bool changes;       /* it is a change, of a batch */
  bool attempted;     /* its change was about to be sent */
  bool unsent;        /* the deadline passed before its change was sent */
  bool error_printed; /* its error was told while others went on */
} cli_item;

struct cli_batch {
  cli_app *app;
  cli_item *items;
  size_t count;
  size_t left, failed;
  int64_t percent_sum;    /* of the items' progress */
  imgact_error unsent[2]; /* of every item whose change was not sent before the deadline; [1]:
                             although it was attempted */
  bool stopped;           /* the token was refused: the rest was cancelled */
  bool reports_progress;  /* the cloud says how far its actions are */
};

/* Room for `count` operations. 0 or an exit status. */
int cli_batch_new(cli_app *app, size_t count, cli_batch *batch);
/* Frees the operations too. */
void cli_batch_free(cli_batch *batch);
/* Hands an operation (may be NULL: no memory) to an item, with the options of the command line. */
void cli_batch_set(cli_batch *batch, size_t index, imgact_op *op, const char *subject,
                   const char *region, bool wait);
/* Refuses the batch as a whole if one operation was refused when it was made. 0 or an exit status.
 */
int cli_batch_check(cli_batch *batch);
/* Runs them all to their ends, or until a signal. */
void cli_batch_run(cli_batch *batch);
void cli_batch_summarise(const cli_batch *batch, cli_exit_summary *summary, imgact_status status);
/* Configures and runs one operation. 0 if it succeeded, else its exit status, with its error
 * printed. */
int cli_run(cli_app *app, imgact_op *op);

/* ---- item.c ---- */

/* "image 7 to nyc3", "action 8". */
void cli_item_name(const cli_item *item, char *name, size_t capacity);
/* How it ended; never NULL. */
const imgact_error *cli_item_error(const cli_item *item);

/* ---- hints.c ---- */

/* For people: the error of an item that was given up while its action, whose id is known, was
 * running, with what was seen of it last. False if it was not. */
bool cli_wait_abandoned(const cli_item *item, imgact_error *error);
/* Names the actions that are still running, and the command that goes on waiting for them. */
void cli_hint_resume(cli_batch *batch);
/* For people: the commands that show what became of changes that may have been applied. */
void cli_hint_verify(const cli_batch *batch);

/* ---- progress.c ---- */

/* An imgact_progress_fn, for actions that still run; user is the item. */
void cli_progress_seen(void *user, imgact_op *op, const imgact_action *action);
/* Its operation has ended. */
void cli_progress_ended(cli_item *item);
/* Whether a pause before a request, or a look-up, is worth a line: on a terminal that shows
 * progress. */
bool cli_progress_tells_pauses(const cli_app *app);
/* That line, of an IMGACT_TRACE_RETRY, _THROTTLE or _LOOKUP; it goes when what was waited for
 * comes. */
void cli_progress_pause(cli_app *app, const imgact_trace_event *event);
/* Draws what is there again: time has passed. */
void cli_progress_tick(cli_batch *batch);
/* The batch is over: nothing comes back. */
void cli_progress_end(cli_app *app);

/* ---- show.c ---- */

/* Run command->make's operation and print its list, or its item. */
int cli_show_list(cli_app *app);
int cli_show_item(cli_app *app);
/* Runs an operation and prints the image or action that it returns; frees it. */
int cli_run_and_show(cli_app *app, imgact_op *op);

/* ---- the commands' functions ---- */

imgact_op *cli_make_image_list(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_image_get(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_action_list(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_action_get(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_action_wait(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_delete(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_convert(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_transfer(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_protect(cli_app *app, const char *id, const char *region);
imgact_op *cli_make_unprotect(cli_app *app, const char *id, const char *region);

int cli_image_update(cli_app *app);
int cli_change_images(cli_app *app);
int cli_action_wait(cli_app *app);
int cli_provider_list(cli_app *app);
int cli_ratelimit(cli_app *app);
int cli_config_list(cli_app *app);
int cli_config_path(cli_app *app);
int cli_config_show(cli_app *app);
int cli_config_check(cli_app *app);
int cli_completion(cli_app *app);
int cli_version(cli_app *app);

/* Help on the command, on the noun that words start with, or on everything. */
int cli_help(cli_app *app, const char *const *words, size_t count);

#endif
