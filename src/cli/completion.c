// SPDX-License-Identifier: MIT
/* Completion scripts for three shells, generated from the tables of commands and flags. Each script
 * removes flags, their values and "help" from the line, and offers completions for the remaining
 * words or for the flag before the cursor. */
#include <string.h>

#include "output.h"
#include "provider_info.h"

/* The table of commands is a parameter because completion is one of its rows. */
typedef struct script {
  cli_stream *out;
  const cli_command *commands;
  size_t count;
} script;

/* Returns true for the first flag of its name: all flags of one name take a value, or none does. */
static bool is_first(const cli_flag *flag) {
  return cli_flag_named(flag->name, strlen(flag->name)) == flag;
}

static void put_words(const script *s, const char *values) {
  for (; *values; values++) cli_stream_char(s->out, *values == '|' ? ' ' : *values);
}

/* "--profile|-p|--config|...": the flags that take a value. */
static void put_value_flags(const script *s, const char *separator) {
  const char *between = "";
  for (size_t i = 0; i < cli_flags_count; i++) {
    const cli_flag *flag = &cli_flags[i];
    if (!flag->metavar || !is_first(flag)) continue;
    cli_stream_format(s->out, "%s--%s", between, flag->name);
    between = separator;
    if (flag->letter) cli_stream_format(s->out, "%s-%c", separator, flag->letter);
  }
}

static void put_file_flags(const script *s, const char *separator) {
  const char *between = "";
  for (size_t i = 0; i < cli_flags_count; i++) {
    if (!cli_flags[i].is_file) continue;
    cli_stream_format(s->out, "%s--%s", between, cli_flags[i].name);
    between = separator;
  }
}

static void put_verbs(const script *s, const char *noun) {
  for (size_t i = 0; i < s->count; i++)
    if (!strcmp(s->commands[i].noun, noun) && s->commands[i].verb)
      cli_stream_format(s->out, "%s ", s->commands[i].verb);
}

static bool is_first_of_noun(const script *s, size_t i) {
  return !i || strcmp(s->commands[i].noun, s->commands[i - 1].noun) != 0;
}

static void put_nouns(const script *s) {
  for (size_t i = 0; i < s->count; i++)
    if (is_first_of_noun(s, i)) cli_stream_format(s->out, "%s ", s->commands[i].noun);
  cli_stream_text(s->out, "help");
}

/* The own flags of a command; NULL = the common flags. */
static void put_flags(const script *s, const cli_command *command) {
  for (size_t i = 0; i < cli_flags_count; i++) {
    const cli_flag *flag = &cli_flags[i];
    bool common = cli_flag_is_common(flag);
    if (command ? !common && cli_flag_belongs(flag, command) : common)
      cli_stream_format(s->out, "--%s ", flag->name);
  }
}

/* Cases of "${said[*]}", in the common syntax of bash and zsh. */
static void put_word_cases(const script *s) {
  cli_stream_text(s->out, "    '') offer=\"");
  put_nouns(s);
  cli_stream_line(s->out, "\" ;;");

  for (size_t i = 0; i < s->count; i++) {
    const cli_command *it = &s->commands[i];
    if (is_first_of_noun(s, i) && it->verb) {
      cli_stream_format(s->out, "    '%s') offer=\"", it->noun);
      put_verbs(s, it->noun);
      cli_stream_line(s->out, "\" ;;");
    }
    if (it->choices) {
      cli_stream_format(s->out, "    '%s%s%s') offer=\"", it->noun, it->verb ? " " : "",
                        it->verb ? it->verb : "");
      put_words(s, it->choices);
      cli_stream_line(s->out, "\" ;;");
    }
  }
}

static void put_flag_cases(const script *s) {
  for (size_t i = 0; i < s->count; i++) {
    const cli_command *it = &s->commands[i];
    cli_stream_format(s->out, "    '%s%s%s'*) offer=\"", it->noun, it->verb ? " " : "",
                      it->verb ? it->verb : "");
    put_flags(s, it);
    cli_stream_line(s->out, "\" ;;");
  }
}

/* Cases of "$before ${said[*]}": the values of a flag, which depend on the command. */
static void put_value_cases(const script *s) {
  for (size_t i = 0; i < cli_flags_count; i++) {
    const cli_flag *flag = &cli_flags[i];
    if (!cli_flag_values(flag)) continue;
    if (cli_flag_is_common(flag)) {
      cli_stream_text(s->out, "    ");
      if (flag->letter) cli_stream_format(s->out, "'-%c '*|", flag->letter);
      cli_stream_format(s->out, "'--%s '*) offer=\"", flag->name);
      put_words(s, cli_flag_values(flag));
      cli_stream_line(s->out, "\"; return ;;");
      continue;
    }

    for (size_t j = 0; j < s->count; j++) {
      if (!cli_flag_belongs(flag, &s->commands[j])) continue;
      cli_stream_format(s->out, "    '--%s %s %s'*) offer=\"", flag->name, s->commands[j].noun,
                        s->commands[j].verb);
      put_words(s, cli_flag_values(flag));
      cli_stream_line(s->out, "\"; return ;;");
    }
  }
}

/* Lists the profiles with the tool and configuration file of the line. */
#define ASK_PROFILES "config list --columns profile --no-header 2>/dev/null </dev/null"

/* bash expands the completions: names with special characters are omitted. */
static void put_profile_case(const script *s) {
  cli_stream_line(s->out, "    -p|--profile) offer=$(\"$tool\" \"${config[@]}\" " ASK_PROFILES
                          " | grep -xE '[[:alnum:]_.+@/-]+'); return ;;");
}

/* Functions for bash and zsh: set `offer` or `files` from `tool`, `before`, `current` and the
 * arrays `said` and `config`. */
static void put_shared(const script *s) {
  cli_stream_line(s->out,
                  "_imgact_offer() {\n  offer='' files=''\n  case \"$before ${said[*]}\" in");
  put_value_cases(s);

  cli_stream_line(s->out, "  esac\n  case \"$before\" in");
  put_profile_case(s);
  cli_stream_text(s->out, "    ");
  put_file_flags(s, "|");
  cli_stream_line(s->out, ") files=1; return ;;");
  cli_stream_text(s->out, "    ");
  put_value_flags(s, "|");
  cli_stream_line(
      s->out, ") return ;;\n  esac\n  if [[ $current == -* ]]; then\n    case \"${said[*]}\" in");
  put_flag_cases(s);
  cli_stream_text(s->out, "    esac\n    offer=\"$offer ");
  put_flags(s, NULL);
  cli_stream_line(s->out, "\"\n    return\n  fi\n  case \"${said[*]}\" in");
  put_word_cases(s);
  cli_stream_line(s->out, "  esac\n}");
  cli_stream_line(
      s->out,
      "_imgact_words() {\n  said=() config=()\n  local it skip=''\n  for it in \"$@\"; do\n"
      "    [[ $skip == --config ]] && config=(--config \"$it\")\n    if [[ -n $skip ]]; then "
      "skip=''; continue; fi\n"
      "    case \"$it\" in");
  cli_stream_text(s->out, "      ");
  put_value_flags(s, "|");
  cli_stream_line(s->out,
                  ") skip=$it ;;\n      --config=*) config=(\"$it\") ;;\n      -*|help) ;;\n  "
                  "    *) said+=(\"$it\") ;;\n    esac\n"
                  "  done\n}");
}

/* bash splits the line at COMP_WORDBREAKS, which contains "=" and ":", and keeps quotes. So the
 * script splits the line itself, and removes from each completion the part of the word that bash
 * keeps. File names are completed by readline, which quotes them. */
static void put_bash(const script *s) {
  cli_stream_line(s->out, "# imgact completion for bash: source <(imgact completion bash)");
  put_shared(s);

  cli_stream_line(
      s->out,
      "_imgact_line() {\n"
      "  local text=${COMP_LINE:0:COMP_POINT} quote='' it i\n"
      "  line=('')\n"
      "  for ((i = 0; i < ${#text}; i++)); do\n"
      "    it=${text:i:1}\n"
      "    case \"$quote$it\" in\n"
      "      \\\\ | '\"\\') i=$((i + 1)); line[-1]+=${text:i:1} ;;\n"
      "      \\' | '\"') quote=$it ;;\n"
      "      \\'\\' | '\"\"') quote='' ;;\n"
      "      [[:space:]])\n"
      "        while [[ ${text:i+1:1} == [[:space:]] ]]; do i=$((i + 1)); done\n"
      "        line+=('') ;;\n"
      "      *) line[-1]+=$it ;;\n"
      "    esac\n"
      "  done\n"
      "}\n"
      "_imgact() {\n"
      "  local IFS=$' \\t\\n' offer files it flag='' kept=''\n"
      "  local -a said line config\n"
      "  _imgact_line\n"
      "  local tool=${line[0]} before=${line[${#line[@]}-2]} word=${line[-1]}\n"
      "  [[ $word == --*=* ]] && before=${word%%=*} flag=${word%%=*}=\n"
      "  [[ $word == *\"$2\" ]] && kept=${word%\"$2\"}\n"
      "  local current=${word#\"$flag\"}\n"
      "  _imgact_words \"${line[@]:1:${#line[@]}-2}\"\n"
      "  _imgact_offer\n"
      "  COMPREPLY=()\n"
      "  if [[ -n $files ]]; then compopt -o default; return; fi\n"
      "  for it in $offer; do\n"
      "    [[ $flag$it == \"$word\"* ]] && it=$flag$it && COMPREPLY+=(\"${it#\"$kept\"}\")\n"
      "  done\n"
      "}\n"
      "complete -F _imgact imgact");
}

static void put_zsh(const script *s) {
  cli_stream_line(s->out, "#compdef imgact\n# imgact completion for zsh: imgact completion zsh > "
                          "\"${fpath[1]}/_imgact\"");
  put_shared(s);
  cli_stream_line(
      s->out,
      "_imgact() {\n"
      "  local offer files current=${words[CURRENT]} before=${(Q)words[CURRENT-1]} "
      "tool=${(Q)words[1]}\n"
      "  local -a line=(\"${(@Q)words[2,CURRENT-1]}\")\n"
      "  if [[ $current == --*=* ]]; then\n"
      "    before=${current%%=*}\n"
      "    compset -P '*='\n"
      "  fi\n"
      "  local -a said config\n"
      "  _imgact_words \"${line[@]}\"\n"
      "  _imgact_offer\n"
      "  if [[ -n $files ]]; then _files; else compadd -- ${=offer}; fi\n"
      "}\n"
      "if [[ ${funcstack[1]} == _imgact ]]; then _imgact \"$@\"; else compdef _imgact imgact; fi");
}

/* ---- fish ---- */

static void put_quoted(const script *s, const char *text) {
  cli_stream_char(s->out, '\'');
  for (; *text; text++) {
    if (*text == '\'' || *text == '\\') cli_stream_char(s->out, '\\');
    cli_stream_char(s->out, *text);
  }
  cli_stream_char(s->out, '\'');
}

static void put_summary(const script *s, const char *text, const cli_support *support) {
  cli_buffer summary = {0};
  cli_add_summary(&summary, text, support);
  put_quoted(s, cli_buffer_get(&summary));
  cli_buffer_free(&summary);
}

static void put_fish_flag(const script *s, const cli_flag *flag, const cli_command *command) {
  cli_stream_text(s->out, "complete -c imgact");
  if (command)
    cli_stream_format(s->out, " -n '__imgact_at %s%s%s'", command->noun, command->verb ? " " : "",
                      command->verb ? command->verb : "");
  cli_stream_format(s->out, " -l %s", flag->name);
  if (flag->letter) cli_stream_format(s->out, " -s %c", flag->letter);

  if (flag->metavar) cli_stream_text(s->out, flag->is_file ? " -r -F" : " -x");
  if (flag->letter == 'p') cli_stream_text(s->out, " -a '(__imgact_profiles)'");
  if (cli_flag_values(flag)) {
    cli_stream_text(s->out, " -a '");
    put_words(s, cli_flag_values(flag));
    cli_stream_char(s->out, '\'');
  }
  cli_stream_text(s->out, " -d ");
  put_summary(s, flag->summary, &flag->support);
  cli_stream_char(s->out, '\n');
}

static void put_fish_words(const script *s, const char *condition, const char *word,
                           const char *about, imgact_op_kind kind) {
  cli_stream_format(s->out, "complete -c imgact -f -n '%s' -a %s -d ", condition, word);
  const cli_support support = {.kind = kind};
  put_summary(s, about, &support);
  cli_stream_char(s->out, '\n');
}

static void put_fish_command(const script *s, const cli_command *it, bool first) {
  char condition[64];

  if (first) {
    const char *about = it->verb ? "commands" : it->summary;
    put_fish_words(s, "__imgact_exactly", it->noun, about,
                   it->verb ? IMGACT_OP_LIST_IMAGES : it->kind);
  }
  if (it->verb) {
    snprintf(condition, sizeof condition, "__imgact_exactly %s", it->noun);
    put_fish_words(s, condition, it->verb, it->summary, it->kind);
  }
  if (it->choices) {
    cli_stream_format(s->out, "complete -c imgact -f -n '__imgact_exactly %s%s%s' -a '", it->noun,
                      it->verb ? " " : "", it->verb ? it->verb : "");
    put_words(s, it->choices);
    cli_stream_line(s->out, "'");
  }
}

static void put_fish(const script *s) {
  cli_stream_line(s->out,
                  "# imgact completion for fish: imgact completion fish > "
                  "~/.config/fish/completions/imgact.fish\n"
                  "function __imgact_words\n  set -l skip\n  for it in (commandline -opc)[2..-1]\n"
                  "    if set -q skip[1]; set -e skip; continue; end\n    switch $it");
  cli_stream_text(s->out, "      case ");
  put_value_flags(s, " ");
  cli_stream_line(
      s->out,
      "; set skip 1\n      case '-*' help\n      case '*'; echo $it\n    end\n  end\nend\n"
      "function __imgact_exactly\n  set -l words (__imgact_words)\n  test \"$words\" = "
      "\"$argv\"\nend\n"
      "function __imgact_at\n  set -l words (__imgact_words)\n  string match -q -- \"$argv*\" "
      "\"$words\"\nend\n"
      "function __imgact_profiles\n  set -l line (commandline -opc)\n"
      "  set -l config (string match -- '--config=*' $line)\n"
      "  if set -l at (contains -i -- --config $line)\n    set config --config $line[(math "
      "$at + 1)]\n  end\n"
      "  $line[1] $config " ASK_PROFILES "\nend\n"
      "complete -c imgact -f");
  for (size_t i = 0; i < s->count; i++)
    put_fish_command(s, &s->commands[i], is_first_of_noun(s, i));
  put_fish_words(s, "__imgact_exactly", "help", "print help on a command", IMGACT_OP_LIST_IMAGES);
  for (size_t i = 0; i < cli_flags_count; i++) {
    if (cli_flag_is_common(&cli_flags[i])) put_fish_flag(s, &cli_flags[i], NULL);
    for (size_t j = 0; j < s->count && !cli_flag_is_common(&cli_flags[i]); j++)
      if (cli_flag_belongs(&cli_flags[i], &s->commands[j]))
        put_fish_flag(s, &cli_flags[i], &s->commands[j]);
  }
}

int cli_completion(cli_app *app) {
  const script s = {.out = &app->out, .commands = app->commands, .count = app->commands_count};
  const char *shell = app->arguments[0];
  if (!strcmp(shell, "bash"))
    put_bash(&s);
  else if (!strcmp(shell, "zsh"))
    put_zsh(&s);
  else
    put_fish(&s);
  return 0;
}
