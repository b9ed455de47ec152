// SPDX-License-Identifier: MIT
/* Parses the command line in two passes. The first separates words from flags; it does not need the
 * command, because a flag takes a value in every command or in none. The second checks the flags
 * against the command and sets the options. The first error is reported, but the first pass
 * continues after it, to find -o. */
#include "args.h"
#include "arguments.h"

#include <stdlib.h>
#include <string.h>

typedef struct occurrence {
  const cli_flag *flag; /* the first of this name; the command selects the right one */
  const char *value;
} occurrence;

typedef struct parser {
  char **argv;
  int argc, at;
  occurrence *flags;
  size_t flags_count;
  cli_args *args;
  imgact_error *error;
} parser;

static void unknown_flag(parser *p, const char *name, size_t length) {
  if (p->error->status) return;
  if (length == 5 && !strncmp(name, "token", 5)) {
    imgact_error_set(p->error, IMGACT_INVALID_ARGUMENT,
                     "cannot pass a token on the command line; use --token-env, --token-file or a "
                     "profile");
    return;
  }

  char word[40] = "";
  if (length < sizeof word) memcpy(word, name, length);
  const char *meant = NULL;
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < cli_flags_count; i++) {
    size_t distance = cli_edit_distance(word, cli_flags[i].name);
    if (distance < best) {
      best = distance;
      meant = cli_flags[i].name;
    }
  }

  int shown = (int)(length < 60 ? length : 60);
  if (meant)
    imgact_error_set(p->error, IMGACT_INVALID_ARGUMENT, "unknown flag --%.*s; did you mean --%s?",
                     shown, name, meant);
  else
    imgact_error_set(p->error, IMGACT_INVALID_ARGUMENT, "unknown flag --%.*s; see `imgact --help`",
                     shown, name);
}

static void add_flag(parser *p, const cli_flag *flag, const char *value) {
  p->flags[p->flags_count++] = (occurrence){flag, value};
}

/* Without "=", the next argument is the value, even if it begins with "-". */
static void add_flag_with_next(parser *p, const cli_flag *flag) {
  if (p->at < p->argc)
    add_flag(p, flag, p->argv[p->at++]);
  else if (!p->error->status)
    imgact_error_set(p->error, IMGACT_INVALID_ARGUMENT, "missing value %s for --%s", flag->metavar,
                     flag->name);
}

static void take_long(parser *p, const char *text) {
  size_t length = strcspn(text, "=");
  const cli_flag *flag = cli_flag_named(text, length);

  if (!flag)
    unknown_flag(p, text, length);
  else if (flag->kind == CLI_FLAG_SWITCH && text[length]) {
    if (!p->error->status)
      imgact_error_set(p->error, IMGACT_INVALID_ARGUMENT, "unexpected value for --%s", flag->name);
  } else if (flag->kind == CLI_FLAG_SWITCH)
    add_flag(p, flag, NULL);
  else if (text[length])
    add_flag(p, flag, text + length + 1);
  else
    add_flag_with_next(p, flag);
}

/* "-q", "-o json", "-ojson", "-o=json", "-qo json". */
static void take_short(parser *p, const char *text) {
  for (; *text; text++) {
    const cli_flag *flag = cli_flag_lettered(*text);
    if (!flag) {
      if (!p->error->status)
        imgact_error_set(p->error, IMGACT_INVALID_ARGUMENT, "unknown flag -%c; see `imgact --help`",
                         (unsigned char)*text < 0x80 ? *text : '?');
      return;
    }

    if (flag->kind == CLI_FLAG_SWITCH) {
      add_flag(p, flag, NULL);
      continue;
    }
    if (text[1])
      add_flag(p, flag, text + 1 + (text[1] == '='));
    else
      add_flag_with_next(p, flag);
    return;
  }
}

static void split(parser *p) {
  bool only_words = false;
  while (p->at < p->argc) {
    const char *text = p->argv[p->at++];
    if (only_words || text[0] != '-' || !text[1])
      p->args->words[p->args->count++] = text;
    else if (!strcmp(text, "--"))
      only_words = true;
    else if (text[1] == '-')
      take_long(p, text + 2);
    else
      take_short(p, text + 1);
  }
}

/* The last -o takes effect; it also selects the format of errors. */
static void find_output(parser *p, cli_options *options) {
  bool wants_version = false;

  for (size_t i = 0; i < p->flags_count; i++) {
    const occurrence *it = &p->flags[i];
    int index = strcmp(it->flag->name, "output")
                    ? -1
                    : cli_choice_index(cli_flag_values(it->flag), it->value);
    if (index >= 0) options->output = index;
    if (!strcmp(it->flag->name, "help")) p->args->help = true;
    if (!strcmp(it->flag->name, "version")) wants_version = true;
  }

  if (!wants_version || p->args->help) return;
  p->args->words[0] = "version"; /* words has room for at least one */
  p->args->count = 1;
}

/* Accepts "help image list", "image help" and "image help list". */
static void find_help(cli_args *args) {
  size_t at = 0;
  if (args->count > 1 && !strcmp(args->words[1], "help") && cli_is_noun(args->words[0])) at = 1;
  if (at >= args->count || strcmp(args->words[at], "help") != 0) return;
  memmove(args->words + at, args->words + at + 1, (args->count - at - 1) * sizeof *args->words);
  args->count--;
  args->help = true;
}

static imgact_status check_utf8(parser *p) {
  for (int i = 1; i < p->argc; i++)
    if (!cli_utf8_valid(p->argv[i]))
      return imgact_error_set(p->error, IMGACT_INVALID_ARGUMENT, "invalid argument %d: not UTF-8",
                              i);
  return IMGACT_OK;
}

/* Returns a flag of the command that begins with name: --label-selector for --label. */
static const char *longer_flag(const cli_command *command, const char *name) {
  for (size_t i = 0; i < cli_flags_count; i++)
    if (!cli_flag_is_common(&cli_flags[i]) && cli_flag_belongs(&cli_flags[i], command) &&
        !strncmp(cli_flags[i].name, name, strlen(name)))
      return cli_flags[i].name;
  return NULL;
}

static imgact_status reject_flag(const cli_app *app, const cli_flag *flag, imgact_error *error) {
  const cli_command *command = app->command;
  const char *meant = longer_flag(command, flag->name);

  return imgact_error_set(
      error, IMGACT_INVALID_ARGUMENT, "unexpected flag --%s for `imgact %s%s%s`%s%s%s", flag->name,
      command->noun, command->verb ? " " : "", command->verb ? command->verb : "",
      meant ? "; did you mean --" : "", meant ? meant : "", meant ? "?" : "");
}

static imgact_status apply(parser *p, cli_app *app, imgact_error *error) {
  for (size_t i = 0; i < p->flags_count; i++) {
    const occurrence *it = &p->flags[i];
    const cli_flag *flag = cli_flag_of(app->command, it->flag->name);
    if (!flag) return reject_flag(app, it->flag, error);

    /* A second value would replace the first filter, which would then be ignored. Common flags may
     * be repeated: an alias may already contain them. */
    bool repeats = flag->kind == CLI_FLAG_TEXTS || (flag->kind == CLI_FLAG_SWITCH && !flag->once);
    for (size_t j = 0; j < i && !repeats && !cli_flag_is_common(flag); j++)
      if (!strcmp(p->flags[j].flag->name, flag->name))
        return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "duplicate flag --%s", flag->name);
    imgact_status status = cli_flag_apply(flag, it->value, p->flags_count, &app->options, error);
    if (status) return status;
  }
  return IMGACT_OK;
}

static imgact_status check_arguments(const cli_app *app, imgact_error *error) {
  const cli_command *command = app->command;

  if (app->arguments_count < command->min_arguments)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "missing argument %s; see `imgact %s%s%s --help`", command->arguments,
                            command->noun, command->verb ? " " : "",
                            command->verb ? command->verb : "");
  if (app->arguments_count > command->max_arguments)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "unexpected argument '%s'",
                            app->arguments[command->max_arguments]);
  for (size_t i = 0; command->reads_stdin && app->arguments_count > 1 && i < app->arguments_count;
       i++)
    if (!strcmp(app->arguments[i], "-"))
      return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                              "'-' reads all arguments from stdin and must be the only one");
  if (command->choices && cli_choice_index(command->choices, app->arguments[0]) < 0)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "invalid argument '%s'; choose one of: %s", app->arguments[0],
                            command->choices);

  return IMGACT_OK;
}

static imgact_status check_required(const cli_app *app, imgact_error *error) {
  for (size_t i = 0; i < cli_flags_count; i++) {
    const cli_flag *flag = &cli_flags[i];
    if (!flag->required || !cli_flag_belongs(flag, app->command)) continue;
    const cli_strings *given =
        (const cli_strings *)(const void *)((const char *)&app->options + flag->offset);
    if (!given->count)
      return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "missing flag --%s", flag->name);
  }
  return IMGACT_OK;
}

/* Returns true if the excluded "NAME" or "NAME=VALUE" was given. */
static bool is_given(const parser *p, const char *excluded, size_t length) {
  const char *equals = memchr(excluded, '=', length);
  size_t name = equals ? (size_t)(equals - excluded) : length, value = length - name;
  for (size_t i = 0; i < p->flags_count; i++) {
    const occurrence *it = &p->flags[i];
    if (strlen(it->flag->name) != name || strncmp(it->flag->name, excluded, name) != 0) continue;
    if (!equals || (strlen(it->value) == value - 1 && !strncmp(it->value, equals + 1, value - 1)))
      return true;
  }
  return false;
}

static imgact_status check_excluded(const parser *p, const cli_app *app, imgact_error *error) {
  for (size_t i = 0; i < p->flags_count; i++) {
    const cli_flag *flag = cli_flag_of(app->command, p->flags[i].flag->name);
    const char *excludes = flag ? flag->excludes : NULL, *at = NULL;
    size_t length = 0;
    while (excludes && (at = cli_choice_next(excludes, at, &length)))
      if (is_given(p, at, length))
        return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                                "--%s and --%.*s are mutually exclusive", flag->name, (int)length,
                                at);
  }
  return IMGACT_OK;
}

/* Checks flags that need another flag, which has a single text, or exclude one. */
static imgact_status check_needed(const parser *p, const cli_app *app, imgact_error *error) {
  for (size_t i = 0; i < p->flags_count; i++) {
    const char *needs = p->flags[i].flag->needs;
    const cli_flag *other = needs ? cli_flag_of(app->command, needs) : NULL;
    const char *at = (const char *)&app->options + (other ? other->offset : 0);
    if (other && !*(const char *const *)(const void *)at)
      return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                              "--%s must be used together with --%s", p->flags[i].flag->name,
                              needs);
  }
  if (app->options.token_env && app->options.token_file)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "--token-env and --token-file are mutually exclusive");
  return IMGACT_OK;
}

static imgact_status check_all_duplicates(const cli_app *app, imgact_error *error) {
  const cli_options *o = &app->options;
  imgact_status status =
      cli_check_duplicates(app->arguments, app->arguments_count, "argument", error);
  if (!status) status = cli_check_duplicates(o->regions.items, o->regions.count, "region", error);
  if (!status) status = cli_check_duplicates(o->ids.items, o->ids.count, "id", error);
  if (!status) status = cli_check_duplicates(o->bound_to.items, o->bound_to.count, "id", error);
  return status;
}

static imgact_status parse_command(parser *p, cli_app *app) {
  size_t used = 0;
  app->command = cli_command_find(p->args->words, p->args->count, &used, p->error);
  if (!app->command) return p->error->status;

  app->arguments = p->args->words + used;
  app->arguments_count = p->args->count - used;
  imgact_status status = apply(p, app, p->error);
  if (!status) status = check_arguments(app, p->error);
  if (!status) status = check_required(app, p->error);
  if (!status) status = check_excluded(p, app, p->error);
  if (!status) status = check_needed(p, app, p->error);
  if (!status) status = check_all_duplicates(app, p->error);
  return status;
}

imgact_status cli_args_parse(int argc, char **argv, cli_app *app, cli_args *args,
                             imgact_error *error) {
  size_t room = argc > 0 ? (size_t)argc : 1;
  for (int i = 1; i < argc; i++) room += strlen(argv[i]); /* "-qqq" is three flags */
  *args = (cli_args){.words = calloc(room, sizeof *args->words)};
  parser p = {.argv = argv, .argc = argc, .at = 1, .args = args, .error = error};
  p.flags = calloc(room, sizeof *p.flags);
  imgact_error_set(error, IMGACT_OK, "%s", "");
  if (!args->words || !p.flags) {
    free(p.flags);
    return imgact_error_set(error, IMGACT_NOMEM, "out of memory");
  }

  split(&p);
  find_output(&p, &app->options);
  find_help(args);
  imgact_status status = error->status;
  if (!status) status = check_utf8(&p);
  if (!status && !args->help) status = parse_command(&p, app);

  free(p.flags);
  return status;
}

void cli_args_free(cli_args *args) {
  free(args->words);
  *args = (cli_args){0};
}
