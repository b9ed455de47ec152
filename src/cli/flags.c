// SPDX-License-Identifier: MIT
/* The table of flags; parses their values into options. A value may be a misplaced secret, so
 * messages quote it only if the flag takes one of a fixed set of values. */
#include "cli.h"
#include "provider_info.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IMAGES     "image list|image find" /* commands with the filters of images */
#define LISTS      "image list|action list"
#define ACTIONS    "action list|action get|action wait"
#define WAITS      "image convert|image transfer|image protect|image unprotect|image create"
#define AT(member) offsetof(cli_options, member)

#define SWITCH(word, mark, member, of, text)                                                       \
  {                                                                                                \
    .name = word, .letter = mark, .summary = text, .offset = AT(member), .kind = CLI_FLAG_SWITCH,  \
    .group = of                                                                                    \
  }
#define VALUE(type, word, mark, meta, words, member, of, text)                                     \
  {                                                                                                \
    .name = word, .letter = mark, .metavar = meta, .values = words, .summary = text,               \
    .offset = AT(member), .kind = type, .group = of                                                \
  }
#define TEXT(word, mark, meta, member, of, text)                                                   \
  VALUE(CLI_FLAG_TEXT, word, mark, meta, NULL, member, of, text)
#define CHOICE(word, mark, meta, words, member, of, text)                                          \
  VALUE(CLI_FLAG_CHOICE, word, mark, meta, words, member, of, text)
#define FILE_VALUE(word, member, of, text)                                                         \
  {                                                                                                \
    .name = word, .metavar = "FILE", .summary = text, .offset = AT(member), .kind = CLI_FLAG_TEXT, \
    .group = of, .is_file = true                                                                   \
  }
#define DURATION(word, member, text)                                                               \
  VALUE(CLI_FLAG_DURATION, word, 0, "D", NULL, member, CLI_GROUP_REQUESTS, text)
#define COUNT(word, member, text)                                                                  \
  VALUE(CLI_FLAG_COUNT, word, 0, "N", NULL, member, CLI_GROUP_REQUESTS, text)

/* Flags of some commands. */
#define OWN(type, word, meta, words, member, of, list, needed, sent, text)                         \
  {                                                                                                \
    .name = word, .metavar = meta, .values = words, .summary = text, .offset = AT(member),         \
    .commands = of, .kind = type, .support = {                                                     \
      list,                                                                                        \
      needed,                                                                                      \
      sent                                                                                         \
    }                                                                                              \
  }
#define OWN_TEXT(word, meta, member, of, text)                                                     \
  OWN(CLI_FLAG_TEXT, word, meta, NULL, member, of, 0, 0, 0, text)
#define OWN_TEXTS(word, meta, words, member, of, text)                                             \
  OWN(CLI_FLAG_TEXTS, word, meta, words, member, of, 0, 0, 0, text)
#define OWN_COUNT(word, member, of, text)                                                          \
  OWN(CLI_FLAG_COUNT, word, "N", NULL, member, of, 0, 0, 0, text)
#define OWN_SWITCH(word, member, of, text)                                                         \
  OWN(CLI_FLAG_SWITCH, word, NULL, NULL, member, of, 0, 0, 0, text)
#define FILTER(type, word, meta, member, of, needed, text)                                         \
  OWN(type, word, meta, NULL, member, of, IMGACT_OP_LIST_IMAGES, IMGACT_FILTER_BIT(needed), 0, text)
#define CHANGE(type, word, meta, words, member, sent, text)                                        \
  OWN(type, word, meta, words, member, "image update", IMGACT_OP_UPDATE_IMAGE, 0,                  \
      IMGACT_SOURCE_##sent, text)

#define CREATE "image create"
#define CREATE_VALUE(type, word, meta, words, member, operation, sent, text)                       \
  OWN(type, word, meta, words, member, CREATE, IMGACT_OP_##operation, 0, IMGACT_SOURCE_##sent, text)

/* "|table|json" */
static const char format_names[] =
#define CLI_FORMAT(name) "|" #name
#include "formats.def"
#undef CLI_FORMAT
    ;

/* clang-format off */
const cli_flag cli_flags[] = {
    OWN_TEXTS("type", "T", "system|app|snapshot|backup|custom", types, IMAGES,
              "image type"),
    OWN_TEXTS("status", "S", "creating|available|unavailable|deleted|retired", statuses,
              IMAGES, "image status"),
    OWN_TEXTS("status", "S", "running|success|error", statuses, "action list", "action status"),
    OWN(CLI_FLAG_CHOICE, "status", "S", "available|deleted", wait_deleted, "image wait", 0, 0, 0,
        "status to wait for (default available)"),
    OWN_TEXT("name", "N", image_filter.name, IMAGES, "exact image name"),
    CHANGE(CLI_FLAG_TEXT, "name", "N", NULL, name, NAME, "new name"),
    CHANGE(CLI_FLAG_TEXT, "description", "D", NULL, description, DESCRIPTION,
           "new description; \"\" clears it"),
    CHANGE(CLI_FLAG_TEXT, "distribution", "D", NULL, distribution, DISTRIBUTION,
           "new distribution"),
    CHANGE(CLI_FLAG_TEXT, "type", "T", "snapshot", type, CONVERT,
           "convert a backup to a snapshot, as image convert"),
    CHANGE(CLI_FLAG_TEXTS, "label", "K=V", NULL, labels, LABELS,
           "set a label; keeps other labels"),
    CHANGE(CLI_FLAG_TEXTS, "remove-label", "KEY", NULL, removed_labels, LABELS,
           "remove a label; keeps other labels"),
    OWN(CLI_FLAG_TEXTS, "tag", "T", NULL, tags, "image update", IMGACT_OP_CHANGE_TAGS, 0, 0,
        "add a tag; keeps other tags"),
    OWN(CLI_FLAG_TEXTS, "remove-tag", "T", NULL, removed_tags, "image update",
        IMGACT_OP_CHANGE_TAGS, 0, 0, "remove a tag; keeps other tags"),
    OWN_TEXT("server", "ID", server, CREATE, "make the image from this server"),
    CREATE_VALUE(CLI_FLAG_TEXT, "url", "URL", NULL, url, IMPORT_IMAGE, URL,
                 "import the image from this URL"),
    OWN_TEXT("name", "N", name, CREATE, "name of the image; if images of the provider have no name, "
             "the description"),
    OWN_TEXT("description", "D", description, CREATE, "description of the image"),
    CREATE_VALUE(CLI_FLAG_TEXTS, "label", "K=V", NULL, labels, CREATE_IMAGE, LABELS, "set a label"),
    OWN_TEXTS("tag", "T", NULL, tags, CREATE, "set a tag, if the provider has tags"),
    CREATE_VALUE(CLI_FLAG_TEXT, "type", "T", "snapshot|backup", type, CREATE_IMAGE, TYPE,
                 "type of the image (default snapshot)"),
    CREATE_VALUE(CLI_FLAG_TEXT, "region", "R", NULL, new_region, IMPORT_IMAGE, REGION,
                 "with --url: region of the image"),
    CREATE_VALUE(CLI_FLAG_TEXT, "os", "NAME", NULL, image_filter.os_family, IMPORT_IMAGE,
                 DISTRIBUTION, "with --url: operating system of the image"),
    OWN_SWITCH("ensure-unique", ensure_unique, CREATE,
               "fail if an image with this name or description exists"),
    CHANGE(CLI_FLAG_SWITCH, "clear-labels", NULL, NULL, clear_labels, LABELS,
           "remove all labels that --label does not set"),
    FILTER(CLI_FLAG_TEXT, "arch", "A", image_filter.architecture, IMAGES "|image get", IMAGE_ARCHITECTURE,
           "architecture: x86, arm"),
    FILTER(CLI_FLAG_TEXT, "label-selector", "SEL", image_filter.label_selector, IMAGES, IMAGE_LABEL_SELECTOR,
           "label selector, such as env=prod,!old"),
    FILTER(CLI_FLAG_TEXTS, "bound-to", "ID", bound_to, IMAGES, IMAGE_BOUND_TO,
           "server that the image is bound to"),
    FILTER(CLI_FLAG_SWITCH, "include-deprecated", NULL, image_filter.include_deprecated, IMAGES,
           IMAGE_INCLUDE_DEPRECATED, "include deprecated images"),
    FILTER(CLI_FLAG_TEXT, "tag", "T", image_filter.tag, IMAGES, IMAGE_TAG, "image tag"),
    FILTER(CLI_FLAG_TEXT, "region", "R", image_filter.region, IMAGES, IMAGE_REGION,
           "region that holds the image"),
    {.name = "region", .metavar = "R", .summary = "target region", .offset = AT(regions),
     .commands = "image transfer", .kind = CLI_FLAG_TEXTS, .required = true},
    OWN(CLI_FLAG_CHOICE, "visibility", "V", "all|public|private", image_filter.visibility,
        IMAGES, 0, 0, 0,
        "public images, images of your account, or both (default all)"),
    {.name = "mine", .summary = "images of your account, as --visibility private", .offset = AT(mine),
     .commands = IMAGES, .excludes = "visibility=all|visibility=public", .kind = CLI_FLAG_SWITCH,
     .once = true},
    OWN(CLI_FLAG_AGE, "older-than", "AGE", NULL, older_than, IMAGES, 0, 0, 0,
        "created before this time"),
    OWN(CLI_FLAG_AGE, "newer-than", "AGE", NULL, newer_than, IMAGES, 0, 0, 0,
        "created after this time"),
    OWN_TEXTS("match", "GLOB", NULL, match, IMAGES,
              "pattern of the whole name or description, such as 'web-*'"),
    OWN_TEXT("os", "FAMILY", image_filter.os_family, IMAGES,
             "family of the operating system, in any case"),
    FILTER(CLI_FLAG_TEXT, "created-from", "ID", image_filter.created_from, IMAGES, IMAGE_CREATED_FROM,
           "server that the image was made from"),
    {.name = "protected", .summary = "images that are protected against deletion",
     .offset = AT(is_protected), .commands = IMAGES, .excludes = "unprotected",
     .kind = CLI_FLAG_SWITCH, .once = true},
    {.name = "unprotected", .summary = "images that are not protected against deletion",
     .offset = AT(is_unprotected), .commands = IMAGES, .kind = CLI_FLAG_SWITCH, .once = true},
    {.name = "newest", .summary = "of several images, the one that was created last",
     .offset = AT(newest), .commands = "image find", .excludes = "oldest",
     .kind = CLI_FLAG_SWITCH, .once = true},
    {.name = "oldest", .summary = "of several images, the one that was created first",
     .offset = AT(oldest), .commands = "image find", .kind = CLI_FLAG_SWITCH, .once = true},
    OWN_SWITCH("ignore-missing", ignore_missing, "image delete",
               "treat a missing image as deleted"),
    OWN_SWITCH("yes", yes, "image delete", "delete without confirmation"),
    OWN_TEXT("email", "E", email, "image handover", "create: address of the recipient"),
    OWN_TEXT("team", "UUID", team, "image handover", "create, accept: team of the recipient"),
    OWN_TEXT("transfer", "N", transfer, "image handover", "accept, decline, cancel: id of the offer"),
    OWN_SWITCH("ensure", ensure, "image delete|" WAITS,
               "send nothing if the image shows the effect; wait for a busy image"),
    OWN_SWITCH("wait", wait, WAITS, "wait until the actions have finished"),
    OWN_TEXT("image", "REF", image, ACTIONS, "image that the action belongs to"),
    {.name = "via-image", .summary = "with --image: request /images/ID/actions/ACTION_ID instead of /images/actions/ACTION_ID",
     .offset = AT(via_image), .commands = "action get", .needs = "image",
     .kind = CLI_FLAG_SWITCH},
    OWN_TEXTS("id", "ID", NULL, ids, "action list", "action id"),
    OWN_TEXTS("sort", "KEY", NULL, sort, "image list",
              "sort by id, name or created_at; append :asc or :desc; the first key takes precedence"),
    OWN_TEXTS("sort", "KEY", NULL, sort, "action list",
              "sort by id, command, status, started_at or finished_at; append :asc or :desc; the "
              "first key takes precedence"),
    OWN_COUNT("page", page, LISTS, "fetch only this page"),
    OWN_COUNT("per-page", per_page, LISTS, "items per page"),
    OWN_COUNT("limit", limit, LISTS, "maximum number of items"),

    TEXT("profile", 'p', "NAME", profile, CLI_GROUP_PROVIDER, "profile to use"),
    FILE_VALUE("config", config, CLI_GROUP_PROVIDER, "configuration file"),
    {.name = "provider", .metavar = "NAME", .summary = "provider, if no profile is used",
     .offset = AT(provider), .kind = CLI_FLAG_TEXT, .group = CLI_GROUP_PROVIDER,
     .is_provider = true},
    TEXT("endpoint", 0, "URL", endpoint, CLI_GROUP_PROVIDER, "base URL of the API"),
    TEXT("token-env", 0, "VAR", token_env, CLI_GROUP_PROVIDER,
         "environment variable that holds the token"),
    FILE_VALUE("token-file", token_file, CLI_GROUP_PROVIDER, "file that holds the token"),

    CHOICE("output", 'o', "FORMAT", format_names + 1, output, CLI_GROUP_OUTPUT,
           "output format (default table)"),
    TEXT("columns", 0, "A,B", columns, CLI_GROUP_OUTPUT,
         "columns of table and csv, named as the JSON keys; action.id is a key in an object"),
    SWITCH("no-header", 0, no_header, CLI_GROUP_OUTPUT, "omit the header of table and csv"),
    SWITCH("raw", 0, raw, CLI_GROUP_OUTPUT, "add the object as the API returned it to the JSON, as \"raw\""),
    SWITCH("quiet", 'q', quiet, CLI_GROUP_OUTPUT, "print only results and errors"),
    CHOICE("progress", 0, "KIND", "auto|bar|plain|none", progress, CLI_GROUP_OUTPUT,
           "progress output on stderr (default auto)"),
    CHOICE("color", 0, "WHEN", "auto|always|never", color, CLI_GROUP_OUTPUT,
           "colored output (default auto)"),
    SWITCH("trace", 0, trace, CLI_GROUP_OUTPUT,
           "print requests and responses on stderr, without secrets"),
    SWITCH("help", 'h', help, CLI_GROUP_OUTPUT, "print help"),
    SWITCH("version", 'V', version, CLI_GROUP_OUTPUT, "print the version"),

    DURATION("request-timeout", request_timeout_ms, "time limit of one HTTP request (default 30s)"),
    DURATION("deadline", deadline_ms,
             "time limit of the command, including retries, pages and waits (default none)"),
    COUNT("max-attempts", max_attempts,
          "maximum number of attempts per request (default 5; for polls of actions 9)"),
    DURATION("retry-base", retry_base_ms,
             "delay before the first retry; doubles with each retry (default 1s)"),
    DURATION("poll-interval", poll_interval_ms,
             "constant delay between polls of an action (default adaptive)"),
    DURATION("settle", settle_ms,
             "after a lost response: how long the API may take to list the action (default 10s)"),
    COUNT("concurrency", concurrency, "maximum number of requests in flight (default 8)"),
    FILE_VALUE("record", record, CLI_GROUP_REQUESTS,
               "write requests and responses to a file (HAR), without secrets"),
    FILE_VALUE("replay", replay, CLI_GROUP_REQUESTS,
               "take responses from a file of --record; nothing is sent"),
};
/* clang-format on */
const size_t cli_flags_count = sizeof cli_flags / sizeof cli_flags[0];

const char *cli_flag_values(const cli_flag *flag) {
  return flag->is_provider ? cli_provider_choices() : flag->values;
}

bool cli_flag_is_common(const cli_flag *flag) { return !flag->commands; }

const cli_flag *cli_flag_named(const char *name, size_t length) {
  for (size_t i = 0; i < cli_flags_count; i++)
    if (strlen(cli_flags[i].name) == length && !strncmp(cli_flags[i].name, name, length))
      return &cli_flags[i];
  return NULL;
}

const cli_flag *cli_flag_lettered(char letter) {
  for (size_t i = 0; i < cli_flags_count; i++)
    if (letter && cli_flags[i].letter == letter) return &cli_flags[i];
  return NULL;
}

bool cli_flag_belongs(const cli_flag *flag, const cli_command *command) {
  char name[40];
  if (!flag->commands) return true;
  snprintf(name, sizeof name, "%s %s", command->noun, command->verb ? command->verb : "");
  return cli_choice_index(flag->commands, name) >= 0;
}

const cli_flag *cli_flag_of(const cli_command *command, const char *name) {
  for (size_t i = 0; i < cli_flags_count; i++)
    if (!strcmp(cli_flags[i].name, name) && cli_flag_belongs(&cli_flags[i], command))
      return &cli_flags[i];
  return NULL;
}

const char *cli_choice_next(const char *values, const char *after, size_t *length) {
  const char *start = after ? strchr(after, '|') : values;
  if (!start) return NULL;
  if (after) start++;
  *length = strcspn(start, "|");
  return start;
}

int cli_choice_index(const char *values, const char *word) {
  size_t length;
  int index = 0;
  for (const char *at = cli_choice_next(values, NULL, &length); at;
       at = cli_choice_next(values, at, &length), index++)
    if (strlen(word) == length && !strncmp(at, word, length)) return index;
  return -1;
}

/* Parses digits without overflow. Returns the text after them; NULL if there are none. */
static const char *parse_digits(const char *text, int64_t most, int64_t *value) {
  int64_t sum = 0;
  const char *at = text;
  for (; *at >= '0' && *at <= '9'; at++) {
    int64_t digit = *at - '0';
    if (sum > (most - digit) / 10) return NULL;
    sum = sum * 10 + digit;
  }
  *value = sum;
  return at == text ? NULL : at;
}

static bool parse_count(const char *text, int64_t *count) {
  const char *end = parse_digits(text, INT32_MAX, count);
  return end && !*end && *count > 0;
}

static bool parse_duration(const char *text, int64_t *duration_ms) {
  return cli_duration_parse(text, duration_ms) && *duration_ms > 0;
}

/* All ages of a command count from one moment. */
static bool parse_age(const char *text, cli_options *options, cli_age *age) {
  struct timespec now;
  if (!options->now_ms && !clock_gettime(CLOCK_REALTIME, &now))
    options->now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
  return cli_age_parse(text, options->now_ms, age);
}

static void suggest(const char *values, const char *value, char *hint, size_t capacity) {
  size_t length, best = SIZE_MAX;
  for (const char *at = cli_choice_next(values, NULL, &length); at;
       at = cli_choice_next(values, at, &length)) {
    char word[32];
    snprintf(word, sizeof word, "%.*s", (int)length, at);
    size_t distance = cli_edit_distance(value, word);
    if (distance >= best) continue;
    best = distance;
    snprintf(hint, capacity, "; did you mean '%s'?", word);
  }
}

static imgact_status bad_choice(const cli_flag *flag, const char *value, imgact_error *error) {
  char words[128], hint[80] = "";
  snprintf(words, sizeof words, "%s", cli_flag_values(flag));
  for (char *at = words; (at = strchr(at, '|')); at++) *at = ' ';
  if (flag->kind == CLI_FLAG_TEXTS && strchr(value, ','))
    snprintf(hint, sizeof hint, "; repeat the flag for several values");
  else
    suggest(cli_flag_values(flag), value, hint, sizeof hint);
  return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                          "invalid value '%s' for --%s; choose one of: %s%s", value, flag->name,
                          words, hint);
}

/* Region slugs contain no comma. */
static bool is_list(const cli_flag *flag, const char *value) {
  return !strcmp(flag->name, "region") && value && strchr(value, ',');
}

static imgact_status add_text(cli_strings *strings, const char *value, size_t room,
                              imgact_error *error) {
  if (!strings->items) strings->items = calloc(room, sizeof *strings->items);
  if (!strings->items) return imgact_error_set(error, IMGACT_NOMEM, "out of memory");
  strings->items[strings->count++] = value;
  return IMGACT_OK;
}

imgact_status cli_flag_apply(const cli_flag *flag, const char *value, size_t room,
                             cli_options *options, imgact_error *error) {
  if (!value && flag->kind != CLI_FLAG_SWITCH)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "missing value for --%s", flag->name);
  if (is_list(flag, value))
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "invalid value '%s' for --region%s",
                            value,
                            flag->kind == CLI_FLAG_TEXTS ? "; repeat the flag for several values"
                                                         : "; give one region");

  char *at = (char *)options + flag->offset;
  const char *values = cli_flag_values(flag);
  int index = values && value ? cli_choice_index(values, value) : 0;
  /* The library rejects an unknown provider, wherever it was named. */
  if (index < 0 && !flag->is_provider) return bad_choice(flag, value, error);

  switch (flag->kind) {
  case CLI_FLAG_SWITCH: *(int *)(void *)at = 1; break;
  case CLI_FLAG_CHOICE: *(int *)(void *)at = index; break;
  case CLI_FLAG_TEXT: *(const char **)(void *)at = value; break;
  case CLI_FLAG_TEXTS: return add_text((cli_strings *)(void *)at, value, room, error);
  case CLI_FLAG_COUNT:
    if (!parse_count(value, (int64_t *)(void *)at))
      return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                              "invalid value '%s' for --%s; use a whole number of at least 1",
                              value, flag->name);
    break;
  case CLI_FLAG_DURATION:
    if (!parse_duration(value, (int64_t *)(void *)at))
      return imgact_error_set(
          error, IMGACT_INVALID_ARGUMENT,
          "invalid value '%s' for --%s; use a duration above 0, such as 250ms, 5s, 1h30m or 30d",
          value, flag->name);
    break;
  case CLI_FLAG_AGE:
    if (!parse_age(value, options, (cli_age *)(void *)at))
      return imgact_error_set(
          error, IMGACT_INVALID_ARGUMENT,
          "invalid value '%s' for --%s; use a duration, such as 36h, 30d or 2w, "
          "or a time, such as 2026-01-30T23:50:00Z",
          value, flag->name);
    break;
  }

  return IMGACT_OK;
}

void cli_options_free(cli_options *options) {
  cli_strings *lists[] = {&options->types,  &options->statuses,       &options->bound_to,
                          &options->sort,   &options->match,          &options->regions,
                          &options->labels, &options->removed_labels, &options->ids,
                          &options->tags,   &options->removed_tags};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) free(lists[i]->items);
}
