// SPDX-License-Identifier: MIT
/* The table of flags and what turns their values into options. A value may be a secret that slipped
 * into the wrong place, so a message quotes none but in the sets of fixed words, where the mistake
 * cannot be seen without. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#define LISTS      "image list|action list"
#define ACTIONS    "action list|action get|action wait"
#define WAITS      "image convert|image transfer|image protect|image unprotect"
#define AT(member) offsetof(cli_options, member)

#define SWITCH(word, mark, member, who, of, text)                                                  \
  {                                                                                                \
    .name = word, .letter = mark, .summary = text, .offset = AT(member), .commands = who,          \
    .kind = CLI_FLAG_SWITCH, .group = of                                                           \
  }
#define VALUE(type, word, mark, meta, words, member, who, of, text)                                \
  {                                                                                                \
    .name = word, .letter = mark, .metavar = meta, .values = words, .summary = text,               \
    .offset = AT(member), .commands = who, .kind = type, .group = of                               \
  }
#define FILE_VALUE(word, member, of, text)                                                         \
  {                                                                                                \
    .name = word, .metavar = "FILE", .summary = text, .offset = AT(member), .commands = NULL,      \
    .kind = CLI_FLAG_TEXT, .group = of, .file = true                                               \
  }
#define OWN_TEXT(word, meta, member, who, text)                                                    \
  VALUE(CLI_FLAG_TEXT, word, 0, meta, NULL, member, who, CLI_GROUP_COMMAND, text)
#define OWN_TEXTS(word, meta, words, member, who, text)                                            \
  VALUE(CLI_FLAG_TEXTS, word, 0, meta, words, member, who, CLI_GROUP_COMMAND, text)
#define OWN_COUNT(word, member, who, text)                                                         \
  VALUE(CLI_FLAG_COUNT, word, 0, "N", NULL, member, who, CLI_GROUP_COMMAND, text)
#define OWN_SWITCH(word, member, who, text) SWITCH(word, 0, member, who, CLI_GROUP_COMMAND, text)
#define DURATION(word, member, text)                                                               \
  VALUE(CLI_FLAG_DURATION, word, 0, "D", NULL, member, NULL, CLI_GROUP_REQUESTS, text)
#define COUNT(word, member, text)                                                                  \
  VALUE(CLI_FLAG_COUNT, word, 0, "N", NULL, member, NULL, CLI_GROUP_REQUESTS, text)

/* "|table|json" */
static const char format_names[] =
#define CLI_FORMAT(name) "|" #name
#include "formats.def"
#undef CLI_FORMAT
    ;

/* clang-format off */
const cli_flag cli_flags[] = {
    OWN_TEXTS("type", "T", "system|app|snapshot|backup|custom", types, "image list", "images of this type"),
    OWN_TEXTS("status", "S", "creating|available|unavailable|deleted|retired", statuses, "image list",
              "images in this state"),
    OWN_TEXTS("status", "S", "running|success|error", statuses, "action list", "actions in this state"),
    OWN_TEXT("name", "N", name, "image list", "images of exactly this name"),
    OWN_TEXT("name", "N", name, "image update", "the new name (DigitalOcean)"),
    OWN_TEXT("description", "D", description, "image update", "the new description; \"\" empties it"),
    OWN_TEXT("distribution", "D", distribution, "image update", "the new distribution (DigitalOcean)"),
    VALUE(CLI_FLAG_TEXT, "type", 0, "T", "snapshot", type, "image update", CLI_GROUP_COMMAND,
          "make a snapshot of a backup (Hetzner)"),
    OWN_TEXTS("label", "K=V", NULL, labels, "image update", "set a label and keep the others (Hetzner)"),
    OWN_TEXTS("remove-label", "KEY", NULL, removed_labels, "image update",
              "take a label away and keep the others (Hetzner)"),
    OWN_SWITCH("clear-labels", clear_labels, "image update", "take all labels away but those given (Hetzner)"),
    OWN_TEXT("arch", "A", arch, "image list|image get", "images for this architecture: x86, arm (Hetzner)"),
    OWN_TEXT("label-selector", "SEL", label_selector, "image list", "images whose labels match: env=prod,!old (Hetzner)"),
    OWN_TEXTS("bound-to", "ID", NULL, bound_to, "image list", "images bound to this server (Hetzner)"),
    OWN_SWITCH("include-deprecated", include_deprecated, "image list", "deprecated images, too (Hetzner)"),
    OWN_TEXT("tag", "T", tag, "image list", "images with this tag (DigitalOcean)"),
    OWN_TEXT("region", "R", region, "image list", "images that are in this region (DigitalOcean)"),
    {.name = "region", .metavar = "R", .summary = "the region to copy to", .offset = AT(regions),
     .commands = "image transfer", .kind = CLI_FLAG_TEXTS, .required = true},
    VALUE(CLI_FLAG_CHOICE, "visibility", 0, "V", "all|public|private", visibility, "image list", CLI_GROUP_COMMAND,
          "the cloud's images, your own, or all of them"),
    OWN_SWITCH("ignore-missing", ignore_missing, "image delete", "an image that is not there counts as deleted"),
    OWN_SWITCH("yes", yes, "image delete", "do not ask"),
    OWN_SWITCH("wait", wait, WAITS, "wait until the action has finished"),
    OWN_TEXT("image", "ID", image, ACTIONS, "actions of this image"),
    {.name = "via-image", .summary = "with --image: ask by the image's own path",
     .offset = AT(via_image), .commands = "action get", .needs = "image", .kind = CLI_FLAG_SWITCH},
    OWN_TEXTS("id", "ID", NULL, ids, "action list", "actions with this id"),
    OWN_TEXTS("sort", "KEY", NULL, sort, "image list",
              "order by id, name or created, each with :asc or :desc behind it; the first counts most"),
    OWN_TEXTS("sort", "KEY", NULL, sort, "action list",
              "order by id, command, status, started or finished, each with :asc or :desc behind it; the first counts most"),
    OWN_COUNT("page", page, LISTS, "this page alone"),
    OWN_COUNT("per-page", per_page, LISTS, "items a page"),
    OWN_COUNT("limit", limit, LISTS, "stop after so many items"),

    VALUE(CLI_FLAG_TEXT, "profile", 'p', "NAME", NULL, profile, NULL, CLI_GROUP_PROVIDER, "section of the configuration file"),
    FILE_VALUE("config", config, CLI_GROUP_PROVIDER, "configuration file"),
    VALUE(CLI_FLAG_TEXT, "provider", 0, "NAME", "hetzner|digitalocean", provider, NULL, CLI_GROUP_PROVIDER,
          "cloud, where no profile is used"),
    VALUE(CLI_FLAG_TEXT, "endpoint", 0, "URL", NULL, endpoint, NULL, CLI_GROUP_PROVIDER, "base URL of the cloud's API"),
    VALUE(CLI_FLAG_TEXT, "token-env", 0, "VAR", NULL, token_env, NULL, CLI_GROUP_PROVIDER, "environment variable with the token"),
    FILE_VALUE("token-file", token_file, CLI_GROUP_PROVIDER, "file with the token"),

    VALUE(CLI_FLAG_CHOICE, "output", 'o', "FORMAT", format_names + 1, output, NULL, CLI_GROUP_OUTPUT,
          "format of the results"),
    VALUE(CLI_FLAG_TEXT, "columns", 0, "A,B", NULL, columns, NULL, CLI_GROUP_OUTPUT,
          "columns of table and csv, by the JSON's keys"),
    SWITCH("no-header", 0, no_header, NULL, CLI_GROUP_OUTPUT, "table and csv without their header"),
    SWITCH("raw", 0, raw, NULL, CLI_GROUP_OUTPUT, "add the cloud's own object to the JSON"),
    SWITCH("quiet", 'q', quiet, NULL, CLI_GROUP_OUTPUT, "no progress and no notes"),
    VALUE(CLI_FLAG_CHOICE, "progress", 0, "KIND", "auto|bar|plain|none", progress, NULL, CLI_GROUP_OUTPUT,
          "how waiting shows on stderr"),
    VALUE(CLI_FLAG_CHOICE, "color", 0, "WHEN", "auto|always|never", color, NULL, CLI_GROUP_OUTPUT, "color for people"),
    SWITCH("trace", 0, trace, NULL, CLI_GROUP_OUTPUT, "requests and replies on stderr, without secrets"),
    SWITCH("help", 'h', help, NULL, CLI_GROUP_OUTPUT, "explain the command"),
    SWITCH("version", 'V', version, NULL, CLI_GROUP_OUTPUT, "print the version, as `imgact version` does"),

    DURATION("request-timeout", request_timeout_ms, "limit of one HTTP exchange (30s)"),
    DURATION("deadline", deadline_ms, "limit of the whole command, retries, pages and waits included"),
    COUNT("max-attempts", max_attempts, "how often a request is sent at most (5, polls 9)"),
    DURATION("retry-base", retry_base_ms, "first pause before a request is sent again; it doubles (1s)"),
    DURATION("poll-interval", poll_interval_ms, "constant pause between looks at an action"),
    DURATION("settle", settle_ms, "how long an accepted action may take to show (10s)"),
    COUNT("concurrency", concurrency, "requests in flight (8)"),
    FILE_VALUE("record", record, CLI_GROUP_REQUESTS, "write the exchanges to a HAR cassette, without secrets"),
    FILE_VALUE("replay", replay, CLI_GROUP_REQUESTS, "answer requests from a cassette; nothing is sent"),
};
/* clang-format on */
const size_t cli_flags_count = sizeof cli_flags / sizeof cli_flags[0];

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

/* Digits alone, from 1, without overflow; what follows them is left to the caller. */
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

/* A fraction of a unit in ms, rounded down: ".5" of 1000 is 500. */
static const char *parse_fraction(const char *at, int64_t unit, int64_t *part) {
  int64_t scale = unit;
  const char *start = at;
  for (*part = 0; *at >= '0' && *at <= '9'; at++) {
    scale /= 10;
    *part += (*at - '0') * scale;
  }
  return at == start ? NULL : at;
}

/* "250ms", "5s", "2m", "1h30m", "1.5s": each unit at most once, the large ones first. */
static bool parse_duration(const char *text, int64_t *duration_ms) {
  static const struct {
    const char *name;
    int64_t ms;
  } units[] = {{"h", 3600000}, {"ms", 1}, {"m", 60000}, {"s", 1000}};
  int64_t sum = 0, last = INT64_MAX;
  for (const char *at = text; *at || at == text;) {
    int64_t whole, part = 0;
    const char *after = parse_digits(at, INT32_MAX, &whole), *fraction = NULL;
    if (after && *after == '.') fraction = after + 1;
    size_t i = 0;
    size_t digits = fraction ? strspn(fraction, "0123456789") : 0;
    const char *unit = fraction ? fraction + digits : after;
    if (!unit) return false;
    while (i < 4 && strncmp(unit, units[i].name, strlen(units[i].name)) != 0) i++;
    if (i == 4 || units[i].ms >= last) return false;
    if (fraction && !parse_fraction(fraction, units[i].ms, &part)) return false;
    last = units[i].ms;
    sum += whole * last + part; /* at most 2^31 hours and so on: far from overflow */
    at = unit + strlen(units[i].name);
  }
  *duration_ms = sum;
  return sum > 0;
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
  snprintf(words, sizeof words, "%s", flag->values);
  for (char *at = words; (at = strchr(at, '|')); at++) *at = ' ';
  if (flag->kind == CLI_FLAG_TEXTS && strchr(value, ','))
    snprintf(hint, sizeof hint, "; for several, repeat the flag");
  else
    suggest(flag->values, value, hint, sizeof hint);
  return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                          "--%s cannot be '%s'; choose one of: %s%s", flag->name, value, words,
                          hint);
}

/* A slug has no comma: the cloud would be asked for a region that nobody means. */
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
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "--%s needs a value", flag->name);
  if (is_list(flag, value))
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "--region cannot be '%s'%s", value,
                            flag->kind == CLI_FLAG_TEXTS ? "; for several, repeat the flag"
                                                         : ": it takes one region");
  char *at = (char *)options + flag->offset;
  int index = flag->values && value ? cli_choice_index(flag->values, value) : 0;
  /* An unknown provider is the library's to refuse: it knows which ones there are. */
  if (index < 0 && strcmp(flag->name, "provider") != 0) return bad_choice(flag, value, error);
  switch (flag->kind) {
  case CLI_FLAG_SWITCH: *(int *)(void *)at = 1; break;
  case CLI_FLAG_CHOICE: *(int *)(void *)at = index; break;
  case CLI_FLAG_TEXT: *(const char **)(void *)at = value; break;
  case CLI_FLAG_TEXTS: return add_text((cli_strings *)(void *)at, value, room, error);
  case CLI_FLAG_COUNT:
    if (!parse_count(value, (int64_t *)(void *)at))
      return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "--%s takes a whole number from 1",
                              flag->name);
    break;
  case CLI_FLAG_DURATION:
    if (!parse_duration(value, (int64_t *)(void *)at))
      return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                              "--%s takes a duration above 0, such as 250ms, 5s, 2m or 1h30m",
                              flag->name);
    break;
  }
  return IMGACT_OK;
}

void cli_options_free(cli_options *options) {
  cli_strings *lists[] = {&options->types,          &options->statuses, &options->bound_to,
                          &options->sort,           &options->regions,  &options->labels,
                          &options->removed_labels, &options->ids};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) free(lists[i]->items);
}
