// SPDX-License-Identifier: MIT
/* Completion scripts for three shells, made from the tables of commands and flags. Each script does
 * the same: it parts the words of the line from flags and their values and from "help", behind
 * which any command may stand, and offers what the words so far, or the flag before the cursor,
 * allow. */
#include <string.h>

#include "output.h"

/* The flag's first line in the table per name: what it takes is the same in every command. */
static bool is_first(const cli_flag *flag) {
  return cli_flag_named(flag->name, strlen(flag->name)) == flag;
}

static void put_words(cli_stream *out, const char *values) {
  for (; *values; values++) cli_stream_char(out, *values == '|' ? ' ' : *values);
}

/* "--profile|-p|--config|...": the flags that a value follows. */
static void put_value_flags(cli_stream *out, const char *separator) {
  const char *between = "";
  for (size_t i = 0; i < cli_flags_count; i++) {
    const cli_flag *flag = &cli_flags[i];
    if (!flag->metavar || !is_first(flag)) continue;
    cli_stream_format(out, "%s--%s", between, flag->name);
    between = separator;
    if (flag->letter) cli_stream_format(out, "%s-%c", separator, flag->letter);
  }
}

static void put_file_flags(cli_stream *out, const char *separator) {
  const char *between = "";
  for (size_t i = 0; i < cli_flags_count; i++) {
    if (!cli_flags[i].file) continue;
    cli_stream_format(out, "%s--%s", between, cli_flags[i].name);
    between = separator;
  }
}

static void put_verbs(cli_stream *out, const char *noun) {
  for (size_t i = 0; i < CLI_COMMAND_COUNT; i++)
    if (!strcmp(cli_commands[i].noun, noun) && cli_commands[i].verb)
      cli_stream_format(out, "%s ", cli_commands[i].verb);
}

static bool is_first_of_noun(size_t i) {
  return !i || strcmp(cli_commands[i].noun, cli_commands[i - 1].noun) != 0;
}

static void put_nouns(cli_stream *out) {
  for (size_t i = 0; i < CLI_COMMAND_COUNT; i++)
    if (is_first_of_noun(i)) cli_stream_format(out, "%s ", cli_commands[i].noun);
  cli_stream_text(out, "help");
}

static void put_flags(cli_stream *out, uint32_t commands, bool common) {
  for (size_t i = 0; i < cli_flags_count; i++)
    if ((cli_flags[i].commands & commands) && cli_flag_is_common(&cli_flags[i]) == common)
      cli_stream_format(out, "--%s ", cli_flags[i].name);
}

/* Cases of "${said[*]}" in the syntax that bash and zsh share. */
static void put_word_cases(cli_stream *out) {
  cli_stream_text(out, "    '') offer=\"");
  put_nouns(out);
  cli_stream_line(out, "\" ;;");
  for (size_t i = 0; i < CLI_COMMAND_COUNT; i++) {
    const cli_command *it = &cli_commands[i];
    if (is_first_of_noun(i) && it->verb) {
      cli_stream_format(out, "    '%s') offer=\"", it->noun);
      put_verbs(out, it->noun);
      cli_stream_line(out, "\" ;;");
    }
    if (it->choices) {
      cli_stream_format(out, "    '%s') offer=\"", it->noun);
      put_words(out, it->choices);
      cli_stream_line(out, "\" ;;");
    }
  }
}

static void put_flag_cases(cli_stream *out) {
  for (size_t i = 0; i < CLI_COMMAND_COUNT; i++) {
    const cli_command *it = &cli_commands[i];
    cli_stream_format(out, "    '%s%s%s'*) offer=\"", it->noun, it->verb ? " " : "",
                      it->verb ? it->verb : "");
    put_flags(out, cli_command_bit(it), false);
    cli_stream_line(out, "\" ;;");
  }
}

/* Cases of "$before ${said[*]}": the fixed values of a flag, which may differ between commands. */
static void put_value_cases(cli_stream *out) {
  for (size_t i = 0; i < cli_flags_count; i++) {
    const cli_flag *flag = &cli_flags[i];
    if (!flag->values) continue;
    if (cli_flag_is_common(flag)) {
      cli_stream_text(out, "    ");
      if (flag->letter) cli_stream_format(out, "'-%c '*|", flag->letter);
      cli_stream_format(out, "'--%s '*) offer=\"", flag->name);
      put_words(out, flag->values);
      cli_stream_line(out, "\"; return ;;");
      continue;
    }
    for (size_t j = 0; j < CLI_COMMAND_COUNT; j++) {
      if (!(flag->commands & cli_command_bit(&cli_commands[j]))) continue;
      cli_stream_format(out, "    '--%s %s %s'*) offer=\"", flag->name, cli_commands[j].noun,
                        cli_commands[j].verb);
      put_words(out, flag->values);
      cli_stream_line(out, "\"; return ;;");
    }
  }
}

/* Profiles are asked for, of the tool and the file that are typed. */
#define ASK_PROFILES "config list --columns profile --no-header 2>/dev/null </dev/null"

/* bash expands what it is to offer, so names that a shell could take for more are left out. */
static void put_profile_case(cli_stream *out) {
  cli_stream_line(out, "    -p|--profile) offer=$(\"$tool\" \"${config[@]}\" " ASK_PROFILES
                       " | grep -xE '[[:alnum:]_.+@/-]+'); return ;;");
}

/* A function for bash and zsh that sets `offer` or `files` from `tool`, `before`, `current` and the
 * arrays `said` and `config`. */
static void put_shared(cli_stream *out) {
  cli_stream_line(out, "_imgact_offer() {\n  offer='' files=''\n  case \"$before ${said[*]}\" in");
  put_value_cases(out);
  cli_stream_line(out, "  esac\n  case \"$before\" in");
  put_profile_case(out);
  cli_stream_text(out, "    ");
  put_file_flags(out, "|");
  cli_stream_line(out, ") files=1; return ;;");
  cli_stream_text(out, "    ");
  put_value_flags(out, "|");
  cli_stream_line(
      out, ") return ;;\n  esac\n  if [[ $current == -* ]]; then\n    case \"${said[*]}\" in");
  put_flag_cases(out);
  cli_stream_text(out, "    esac\n    offer=\"$offer ");
  put_flags(out, ~0u, true);
  cli_stream_line(out, "\"\n    return\n  fi\n  case \"${said[*]}\" in");
  put_word_cases(out);
  cli_stream_line(out, "  esac\n}");
  cli_stream_line(
      out, "_imgact_words() {\n  said=() config=()\n  local it skip=''\n  for it in \"$@\"; do\n"
           "    [[ $skip == --config ]] && config=(--config \"$it\")\n    if [[ -n $skip ]]; then "
           "skip=''; continue; fi\n"
           "    case \"$it\" in");
  cli_stream_text(out, "      ");
  put_value_flags(out, "|");
  cli_stream_line(out, ") skip=$it ;;\n      --config=*) config=(\"$it\") ;;\n      -*|help) ;;\n  "
                       "    *) said+=(\"$it\") ;;\n    esac\n"
                       "  done\n}");
}

/* bash parts a line at "=", ":" and more, as COMP_WORDBREAKS says, and leaves the quotes in its
 * words. So the line is read anew; of the reply it wants what follows the part of the word that it
 * keeps. The names of files are left to readline, which quotes them. */
static void put_bash(cli_stream *out) {
  cli_stream_line(out, "# imgact completion for bash: source <(imgact completion bash)");
  put_shared(out);
  cli_stream_line(
      out, "_imgact_line() {\n"
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

static void put_zsh(cli_stream *out) {
  cli_stream_line(out, "#compdef imgact\n# imgact completion for zsh: imgact completion zsh > "
                       "\"${fpath[1]}/_imgact\"");
  put_shared(out);
  cli_stream_line(
      out,
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

static void put_quoted(cli_stream *out, const char *text) {
  cli_stream_char(out, '\'');
  for (; *text; text++) {
    if (*text == '\'' || *text == '\\') cli_stream_char(out, '\\');
    cli_stream_char(out, *text);
  }
  cli_stream_char(out, '\'');
}

static void put_fish_flag(cli_stream *out, const cli_flag *flag, const cli_command *command) {
  cli_stream_text(out, "complete -c imgact");
  if (command)
    cli_stream_format(out, " -n '__imgact_at %s%s%s'", command->noun, command->verb ? " " : "",
                      command->verb ? command->verb : "");
  cli_stream_format(out, " -l %s", flag->name);
  if (flag->letter) cli_stream_format(out, " -s %c", flag->letter);
  if (flag->metavar) cli_stream_text(out, flag->file ? " -r -F" : " -x");
  if (flag->letter == 'p') cli_stream_text(out, " -a '(__imgact_profiles)'");
  if (flag->values) {
    cli_stream_text(out, " -a '");
    put_words(out, flag->values);
    cli_stream_char(out, '\'');
  }
  cli_stream_text(out, " -d ");
  put_quoted(out, flag->summary);
  cli_stream_char(out, '\n');
}

static void put_fish_words(cli_stream *out, const char *condition, const char *word,
                           const char *about) {
  cli_stream_format(out, "complete -c imgact -f -n '%s' -a %s -d ", condition, word);
  put_quoted(out, about);
  cli_stream_char(out, '\n');
}

static void put_fish_command(cli_stream *out, const cli_command *it, bool first) {
  char condition[64];
  if (first) put_fish_words(out, "__imgact_exactly", it->noun, it->verb ? "commands" : it->summary);
  if (it->verb) {
    snprintf(condition, sizeof condition, "__imgact_exactly %s", it->noun);
    put_fish_words(out, condition, it->verb, it->summary);
  }
  if (it->choices) {
    cli_stream_format(out, "complete -c imgact -f -n '__imgact_exactly %s' -a '", it->noun);
    put_words(out, it->choices);
    cli_stream_line(out, "'");
  }
}

static void put_fish(cli_stream *out) {
  cli_stream_line(out,
                  "# imgact completion for fish: imgact completion fish > "
                  "~/.config/fish/completions/imgact.fish\n"
                  "function __imgact_words\n  set -l skip\n  for it in (commandline -opc)[2..-1]\n"
                  "    if set -q skip[1]; set -e skip; continue; end\n    switch $it");
  cli_stream_text(out, "      case ");
  put_value_flags(out, " ");
  cli_stream_line(
      out, "; set skip 1\n      case '-*' help\n      case '*'; echo $it\n    end\n  end\nend\n"
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
  for (size_t i = 0; i < CLI_COMMAND_COUNT; i++)
    put_fish_command(out, &cli_commands[i], is_first_of_noun(i));
  put_fish_words(out, "__imgact_exactly", "help", "show the help of a command");
  for (size_t i = 0; i < cli_flags_count; i++) {
    if (cli_flag_is_common(&cli_flags[i])) put_fish_flag(out, &cli_flags[i], NULL);
    for (size_t j = 0; j < CLI_COMMAND_COUNT && !cli_flag_is_common(&cli_flags[i]); j++)
      if (cli_flags[i].commands & cli_command_bit(&cli_commands[j]))
        put_fish_flag(out, &cli_flags[i], &cli_commands[j]);
  }
}

int cli_completion(cli_app *app) {
  cli_stream *out = &app->out;
  const char *shell = app->arguments[0];
  if (!strcmp(shell, "bash"))
    put_bash(out);
  else if (!strcmp(shell, "zsh"))
    put_zsh(out);
  else
    put_fish(out);
  return 0;
}
