// SPDX-License-Identifier: MIT
/* Help texts, generated from the tables of commands and flags, for terminals of 80 columns. */
#include <ctype.h>
#include <string.h>

#include "output.h"
#include "provider_info.h"

static const char *const group_titles[CLI_GROUP_COUNT] = {"Flags of this command", "Provider",
                                                          "Output", "Requests"};

#define WIDTH          79
#define FLAG_COLUMN    33
#define SUMMARY_COLUMN 37

/* Writes a word after the text that ends at column; starts a new line if the word does not fit.
 * Returns the column after the word. */
static int put_word(cli_stream *out, const char *word, size_t length, int column, int indent) {
  bool fits = column + 1 + (int)length <= WIDTH;
  if (column > indent && fits)
    cli_stream_char(out, ' ');
  else if (column > indent)
    cli_stream_format(out, "\n%*s", indent, "");
  cli_stream_format(out, "%.*s", (int)length, word);
  return (column > indent && fits ? column + 1 : indent) + (int)length;
}

static int put_words(cli_stream *out, const char *text, int column, int indent) {
  for (size_t length; *text; text += length + strspn(text + length, " ")) {
    length = strcspn(text, " ");
    column = put_word(out, text, length, column, indent);
  }
  return column;
}

static void put_lines(cli_stream *out, const char *text) {
  for (size_t length; *text; text += length + (text[length] == '\n')) {
    char line[256];
    length = strcspn(text, "\n");
    snprintf(line, sizeof line, "%.*s", (int)length, text);
    put_words(out, line, 0, 0);
    cli_stream_char(out, '\n');
  }
}

static void put_flag(cli_stream *out, const cli_flag *flag) {
  char left[64];
  int width = snprintf(left, sizeof left, "%c%c%s --%s%s%s", flag->letter ? '-' : ' ',
                       flag->letter ? flag->letter : ' ', flag->letter ? "," : " ", flag->name,
                       flag->metavar ? " " : "", flag->metavar ? flag->metavar : "");
  cli_stream_format(out, "  %-30s ", left);
  if (width > 30) cli_stream_format(out, "\n%*s", FLAG_COLUMN, "");

  cli_buffer summary = {0};
  cli_add_summary(&summary, flag->summary, &flag->support);
  int column = put_words(out, cli_buffer_get(&summary), FLAG_COLUMN, FLAG_COLUMN);
  cli_buffer_free(&summary);
  if (flag->kind == CLI_FLAG_TEXTS) put_words(out, "(may be repeated)", column, FLAG_COLUMN);
  if (cli_flag_values(flag))
    cli_stream_format(out, "\n%*s%s", FLAG_COLUMN, "", cli_flag_values(flag));
  cli_stream_char(out, '\n');
}

/* command: NULL lists the group of every command. */
static void put_flags(cli_stream *out, const cli_command *command, cli_flag_group group) {
  bool any = false;
  for (size_t i = 0; i < cli_flags_count; i++) {
    const cli_flag *flag = &cli_flags[i];
    if (flag->group != group || (command && !cli_flag_belongs(flag, command))) continue;
    if (!any) cli_stream_format(out, "\n%s:\n", group_titles[group]);
    any = true;
    put_flag(out, flag);
  }
}

static void put_common_flags(cli_stream *out) {
  for (int group = CLI_GROUP_PROVIDER; group < CLI_GROUP_COUNT; group++)
    put_flags(out, NULL, (cli_flag_group)group);
  cli_stream_char(out, '\n');
  put_lines(
      out,
      "REF is the id of an image, or the name or description of an own image. Durations D: 250ms, "
      "5s, 2m, 1h30m, 30d, 2w. Flags may come before or after the command; -- ends the flags.");
}

static void put_synopsis(cli_stream *out, const cli_command *command) {
  int indent = cli_stream_format(out, "Usage: imgact ");
  int column = put_words(out, command->noun, indent, indent);
  if (command->verb) column = put_words(out, command->verb, column, indent);
  if (command->arguments) column = put_words(out, command->arguments, column, indent);

  for (size_t i = 0; i < cli_flags_count; i++) {
    const cli_flag *flag = &cli_flags[i];
    if (cli_flag_is_common(flag) || !cli_flag_belongs(flag, command)) continue;
    const char *open = flag->required ? "" : "[", *close = flag->required ? "" : "]";
    const char *more = flag->kind == CLI_FLAG_TEXTS ? "..." : "";
    char word[64];
    snprintf(word, sizeof word, "%s--%s%s%s%s%s", open, flag->name, flag->metavar ? " " : "",
             flag->metavar ? flag->metavar : "", close, more);
    column = put_word(out, word, strlen(word), column, indent);
  }
  cli_stream_char(out, '\n');
}

static void put_keys(cli_stream *out, const cli_schema *schema) {
  cli_stream_line(out, "\nColumns and JSON keys:");
  int column = cli_stream_format(out, "  %s", schema->fields[0].key);
  for (size_t i = 1; i < schema->count; i++)
    column = put_word(out, schema->fields[i].key, strlen(schema->fields[i].key), column, 2);
  cli_stream_char(out, '\n');
}

static void put_examples(cli_stream *out, const char *examples) {
  cli_stream_line(out, "\nExamples:");
  while (*examples) {
    size_t length = strcspn(examples, "\n");
    cli_stream_format(out, "  %.*s\n", (int)length, examples);
    examples += length + (examples[length] == '\n');
  }
}

static int help_on_command(cli_app *app, const cli_command *command) {
  cli_stream *out = &app->out;

  put_synopsis(out, command);
  cli_buffer summary = {0};
  const cli_support support = {.kind = command->kind};
  cli_add_summary(&summary, command->summary, &support);
  const char *text = cli_buffer_get(&summary);
  cli_stream_format(out, "\n%c%s.\n", toupper((unsigned char)text[0]), text + (text[0] != '\0'));
  cli_buffer_free(&summary);
  if (command->about) put_lines(out, command->about);
  put_flags(out, command, CLI_GROUP_COMMAND);
  if (command->schema) put_keys(out, command->schema);
  cli_stream_line(out, "\nFlags of all commands: imgact --help");
  put_examples(out, command->examples);
  return cli_finish_stdout(app);
}

/* noun: NULL lists all commands. */
static void put_commands(cli_stream *out, const char *noun) {
  cli_stream_line(out, "\nCommands:");
  for (size_t i = 0; i < cli_commands_count; i++) {
    const cli_command *it = &cli_commands[i];
    if (noun && strcmp(it->noun, noun)) continue;
    char name[80];
    snprintf(name, sizeof name, "%s%s%s %s", it->noun, it->verb ? " " : "",
             it->verb ? it->verb : "", it->arguments ? it->arguments : "");

    cli_buffer summary = {0};
    const cli_support support = {.kind = it->kind};
    cli_add_summary(&summary, it->summary, &support);
    cli_stream_format(out, "  %-34s ", name);
    put_words(out, cli_buffer_get(&summary), SUMMARY_COLUMN, SUMMARY_COLUMN);
    cli_stream_char(out, '\n');
    cli_buffer_free(&summary);
  }
}

static int help_on_noun(cli_app *app, const char *noun) {
  cli_stream *out = &app->out;
  cli_stream_format(out, "Usage: imgact %s COMMAND [ARGUMENT...] [FLAG...]\n", noun);
  put_commands(out, noun);
  cli_stream_format(out, "\nFor help on a command: `imgact %s COMMAND --help`\n", noun);
  return cli_finish_stdout(app);
}

/* Prints the names of the built-in providers: "A, B and C". */
static void put_titles(cli_stream *out) {
  const imgact_provider *provider;
  for (size_t i = 0; (provider = imgact_provider_at(i)); i++) {
    const char *separator = !i ? "" : imgact_provider_at(i + 1) ? ", " : " and ";
    cli_stream_format(out, "%s%s", separator, cli_provider_title(provider));
  }
}

/* Examples with the first provider. */
static void put_first_steps(cli_stream *out) {
  const imgact_provider *provider = imgact_provider_at(0);
  cli_stream_line(out, "\nExamples:");
  cli_stream_format(out, "  export %s=...\n", provider->token_env[0]);
  cli_stream_format(out, "  imgact --provider %s image list --type snapshot\n", provider->name);
  cli_stream_format(out, "  imgact --provider %s image get 4711 -o json\n", provider->name);
}

static int help_on_everything(cli_app *app) {
  cli_stream *out = &app->out;

  cli_stream_text(out, "imgact: machine images and their actions on ");
  put_titles(out);
  cli_stream_line(out, "\n\nUsage: imgact COMMAND [ARGUMENT...] [FLAG...]");
  put_commands(out, NULL);
  put_common_flags(out);
  put_first_steps(out);
  cli_stream_line(out, "\nFor help on a command: `imgact COMMAND --help`, imgact(1), "
                       "imgact-config(5).");
  return cli_finish_stdout(app);
}

int cli_help(cli_app *app, const char *const *words, size_t count) {
  if (!count) return help_on_everything(app);
  imgact_error error;
  size_t used = 0;
  const cli_command *command = cli_command_find(words, count, &used, &error);
  if (command) return help_on_command(app, command);
  if (count == 1 && cli_is_noun(words[0])) return help_on_noun(app, words[0]);
  return cli_report_failure(app, &error, NULL, NULL);
}
