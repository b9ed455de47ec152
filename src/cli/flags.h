/* SPDX-License-Identifier: MIT */
/* The table of flags, for the parser, the help and the completions. */
#ifndef IMGACT_CLI_FLAGS_H
#define IMGACT_CLI_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <imgact/provider.h>

#include "age.h"

typedef struct cli_strings {
  const char **items;
  size_t count;
} cli_strings;

/* In the order of the flag's values. */
typedef enum cli_progress {
  CLI_PROGRESS_AUTO,
  CLI_PROGRESS_BAR,
  CLI_PROGRESS_PLAIN,
  CLI_PROGRESS_NONE
} cli_progress;
typedef enum cli_color { CLI_COLOR_AUTO, CLI_COLOR_ALWAYS, CLI_COLOR_NEVER } cli_color;

/* Values of the flags; 0 and NULL = not given. */
typedef struct cli_options {
  const char *profile, *provider, *endpoint, *token_env, *token_file, *config;
  const char *columns, *record, *replay;
  int64_t request_timeout_ms, deadline_ms, retry_base_ms, poll_interval_ms, settle_ms;
  int64_t max_attempts, concurrency;
  int output, progress, color; /* index of cli_formats, cli_progress, cli_color */
  int no_header, raw, trace, quiet, help, version;
  /* flags of some commands */
  cli_strings types, statuses, bound_to, sort, match, regions, labels, removed_labels, ids, tags;
  cli_strings removed_tags;
  const char *name, *description, *distribution, *type, *image, *server, *url, *new_region;
  const char *email, *team, *transfer;
  imgact_image_filter image_filter; /* texts and switches; the command adds the lists */
  int64_t page, per_page, limit;
  int64_t now_ms; /* wall clock, read once for all ages; 0 = not read */
  cli_age older_than, newer_than;
  int wait_deleted; /* index of the values of --status */
  int clear_labels, ignore_missing, yes, wait, ensure, via_image, ensure_unique;
  int mine, is_protected, is_unprotected, newest, oldest;
} cli_options;

typedef enum cli_flag_kind {
  CLI_FLAG_SWITCH,   /* int */
  CLI_FLAG_TEXT,     /* const char * */
  CLI_FLAG_TEXTS,    /* cli_strings: may be given several times */
  CLI_FLAG_CHOICE,   /* int: the index of the value */
  CLI_FLAG_COUNT,    /* int64_t, from 1 */
  CLI_FLAG_DURATION, /* int64_t ms, from 1 */
  CLI_FLAG_AGE,      /* cli_age */
} cli_flag_kind;

typedef enum cli_flag_group {
  CLI_GROUP_COMMAND,
  CLI_GROUP_PROVIDER,
  CLI_GROUP_OUTPUT,
  CLI_GROUP_REQUESTS,
  CLI_GROUP_COUNT
} cli_flag_group;

struct cli_command;

/* What a provider may lack. */
typedef struct cli_support {
  imgact_op_kind kind;
  uint32_t filters;     /* bits of filters of a list; 0 = none */
  imgact_source change; /* that a row of the body sends; 0 = none */
} cli_support;

typedef struct cli_flag {
  const char *name;
  const char *metavar; /* NULL for a switch */
  const char *values;  /* "a|b|c"; NULL = any value. Read by cli_flag_values(). */
  const char *summary;
  size_t offset;        /* in cli_options */
  const char *commands; /* "image list|image get"; NULL = every command */
  const char *needs;    /* another flag that must be given, or NULL */
  const char
      *excludes;       /* flags that must not be given, or not with a value: "a|b=value"; or NULL */
  cli_support support; /* the summary names the providers that have it */
  cli_flag_kind kind;
  cli_flag_group group; /* CLI_GROUP_COMMAND, or a group of common flags */
  char letter;          /* 0 = none */
  bool required;
  bool once;        /* a switch that must not be repeated */
  bool is_file;     /* the value is a path */
  bool is_provider; /* the value is the name of a built-in provider */
} cli_flag;

extern const cli_flag cli_flags[];
extern const size_t cli_flags_count;

/* The first flag of a name. All flags of one name take a value, or none does: the parser relies on
 * it before it knows the command. */
const cli_flag *cli_flag_named(const char *name, size_t length);
const cli_flag *cli_flag_lettered(char letter);
/* The flag of this name that the command takes; NULL if it takes none. */
const cli_flag *cli_flag_of(const struct cli_command *command, const char *name);
bool cli_flag_belongs(const cli_flag *flag, const struct cli_command *command);
bool cli_flag_is_common(const cli_flag *flag);
/* The fixed values, "a|b|c"; NULL = any value. */
const char *cli_flag_values(const cli_flag *flag);

/* Iterates over "a|b|c": returns the start of the next value and its length, or NULL. after: NULL
 * for the first one. */
const char *cli_choice_next(const char *values, const char *after, size_t *length);
/* The index of a value; -1 if there is none. */
int cli_choice_index(const char *values, const char *word);

/* Sets the option of a flag. Error messages contain the value only if the flag takes one of a fixed
 * set. room: the maximum number of texts of a list. */
imgact_status cli_flag_apply(const cli_flag *flag, const char *value, size_t room,
                             cli_options *options, imgact_error *error);
void cli_options_free(cli_options *options);

#endif
