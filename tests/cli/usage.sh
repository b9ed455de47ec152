#!/bin/sh
# SPDX-License-Identifier: MIT
# An invalid command line is rejected with one line on stderr before anything is sent: these runs have no server.
set -u
. "$(dirname "$0")/tool.sh"

# rejected MESSAGE ARGUMENT...
rejected() {
  message=$1
  shift
  ends 2 "$tool" "$@" && is err "imgact: $message" && silent out
}

ok 'command_missing_is_rejected' rejected 'missing command; see `imgact --help`'
ok 'command_noun_alone_lists_subcommands' rejected 'missing subcommand of `imgact action`; choose one of: list, get, wait' action
ok 'command_misspelt_noun_is_suggested' rejected "unknown command 'imag'; did you mean 'image'?" imag list
ok 'command_misspelt_verb_is_suggested' rejected "unknown command 'image lst'; did you mean 'image list'?" image lst
ok 'flag_misspelt_is_suggested' rejected 'unknown flag --nmae; did you mean --name?' image list --nmae=x
ok 'flag_unknown_has_no_suggestion' rejected 'unknown flag --colour-of-the-sky; see `imgact --help`' image list --colour-of-the-sky blue
ok 'flag_unknown_letter_is_rejected' rejected 'unknown flag -x; see `imgact --help`' image list -x
ok 'flag_of_other_command_is_rejected' rejected 'unexpected flag --region for `imgact image protect`' image protect 1 --region fsn1
ok 'flag_prefix_of_other_is_suggested' rejected 'unexpected flag --label for `imgact image list`; did you mean --label-selector?' image list --label a=b
for word in describe show info; do
  ok "command_alias_is_suggested ($word)" rejected "unknown command 'image $word'; did you mean 'image get'?" image "$word" 7
done
ok 'command_unavailable_alias_is_not_suggested' rejected "unknown command 'provider describe'; see \`imgact --help\`" provider describe
ok 'flag_without_value_is_rejected' rejected 'missing value N for --name' image list --name
ok 'switch_with_value_is_rejected' rejected 'unexpected value for --raw' image list --raw=yes
ok 'flag_given_twice_is_rejected' rejected 'duplicate flag --name' image list --name a --name b
ok 'argument_missing_is_rejected' rejected 'missing argument REF; see `imgact image get --help`' image get
ok 'argument_unexpected_is_rejected' rejected "unexpected argument '2'" image get 1 2
ok 'flag_required_missing_is_rejected' rejected 'missing flag --region' image transfer 1
ok 'flag_without_needed_flag_is_rejected' rejected '--via-image must be used together with --image' action get 7 --via-image
ok 'id_duplicate_is_rejected' rejected "duplicate argument '7'" image delete 7 8 7
ok 'region_duplicate_is_rejected' rejected "duplicate region 'nyc3'" image transfer 7 --region nyc3 --region nyc3
ok 'choice_unknown_is_rejected' rejected "invalid value 'yaml' for --output; choose one of: table json jsonl csv" image list -o yaml
ok 'choice_misspelt_is_suggested' rejected "invalid value 'runing' for --status; choose one of: running success error; did you mean 'running'?" \
  action list --status runing
ok 'choice_list_is_rejected' rejected \
  "invalid value 'app,system' for --type; choose one of: system app snapshot backup custom; repeat the flag for several values" \
  image list --type app,system
ok 'region_list_is_rejected' rejected "invalid value 'nyc3,ams3' for --region; repeat the flag for several values" \
  image transfer 7 --region nyc3,ams3
ok 'count_word_is_rejected' rejected "invalid value 'many' for --limit; use a whole number of at least 1" image list --limit many
ok 'count_zero_is_rejected' rejected "invalid value '0' for --page; use a whole number of at least 1" image list --page 0
ok 'count_overflow_is_rejected' rejected "invalid value '99999999999999999999' for --per-page; use a whole number of at least 1" image list --per-page 99999999999999999999
unknown_key() {
  HCLOUD_TOKEN=none rejected "invalid sort key '$1'; use id, name, created (or created_at), optionally with :asc or :desc" \
    --provider hetzner image list --sort id --sort "$1"
}
for sort in id:up created: name:asc:desc :DESC '' size_gb; do
  ok "sort_unknown_key_is_rejected ('$sort')" unknown_key "$sort"
done
for age in 30 -3d soon '' d 1.5d 3y 2024-03-01 2024-13-01T00:00:00Z 2024-03-01T00:00:00 2024-03-01T00:00Z; do
  ok "age_invalid_is_rejected ('$age')" rejected \
    "invalid value '$age' for --older-than; use a duration, such as 36h, 30d or 2w, or a time, such as 2026-01-30T23:50:00Z" \
    image list --older-than "$age"
done
ok 'age_given_twice_is_rejected' rejected 'duplicate flag --newer-than' image find --newer-than 1d --newer-than 1d
ok 'switch_of_filter_twice_is_rejected' rejected 'duplicate flag --protected' image list --protected --protected
ok 'excluded_flag_is_rejected' rejected '--protected and --unprotected are mutually exclusive' image list --unprotected --protected
ok 'excluded_value_is_rejected' rejected '--mine and --visibility=all are mutually exclusive' image list --visibility all --mine
ok 'find_newest_and_oldest_is_rejected' rejected '--newest and --oldest are mutually exclusive' image find --newest --oldest
ok 'find_with_list_flag_is_rejected' rejected 'unexpected flag --limit for `imgact image find`' image find --limit 1
ok 'argument_unknown_choice_is_rejected' rejected "invalid argument 'dos'; choose one of: bash|zsh|fish" completion dos
ok 'argument_not_utf8_is_rejected' rejected 'invalid argument 3: not UTF-8' image get "$(printf 'a\377b')"
for duration in soon 5 -5s 5s5s 1m1h 1.s .5s 1.5s 5ss '5 s' '' 0s 1d1w 99999999999h; do
  ok "duration_invalid_is_rejected ('$duration')" \
    rejected "invalid value '$duration' for --deadline; use a duration above 0, such as 250ms, 5s, 1h30m or 30d" version --deadline "$duration"
done
for duration in 250ms 5s 2m 1h30m 30d 2w 1w2d3h4m5s6ms 1h2m3s4ms; do
  ok "duration_valid_is_accepted ($duration)" ends 0 "$tool" version --deadline "$duration"
done

a_token() {
  ends 2 "$tool" image list --token s3cr3t --name x && has err 'token-env' && lacks err 's3cr3t' &&
    ends 2 "$tool" image list --tokn=s3cr3t && has err '^imgact: unknown flag --tokn' && lacks err 's3cr3t' &&
    ends 2 "$tool" image list -ts3cr3t && lacks err 's3cr3t'
}
# The escape \u000f ends in a character that a token can begin with.
token_after_escape() {
  HCLOUD_TOKEN=fuzzy-token-0123456789
  export HCLOUD_TOKEN
  for format in table json; do
    ends 2 "$tool" -o $format image list "$(printf '\017uzzy-token-0123456789')" && lacks err 'fuzzy-to' &&
      ends 2 "$tool" -o $format image list 'a fuzzy-token-0123456789' && lacks err 'fuzzy-to' && has err '\[redacted\]' ||
      return 1
  done
  unset HCLOUD_TOKEN
}
ok 'flag_unknown_value_is_not_quoted' a_token
ok 'error_with_token_is_redacted' token_after_escape

an_error_object() {
  for flags in '-o json' '-ojson' '--output=jsonl' '-qo json'; do
    # shellcheck disable=SC2086 # two words
    ends 2 "$tool" image list --nonsense $flags && silent out &&
      has err '^\{"error":\{"code":"invalid_argument","message":"unknown flag --nonsense; see .imgact --help.",.*"details":null,"profile":null\}\}$' ||
      return 1
  done
}
ok 'error_with_json_output_is_object' an_error_object

without_effect() {
  message=$1
  shift
  for words in 'image list' 'image delete 7' version 'config list'; do
    # shellcheck disable=SC2086 # words of a command
    rejected "$message" $words "$@" || return 1
  done
}
ok 'raw_with_table_is_rejected' without_effect 'cannot use --raw without JSON output; use -o json or -o jsonl' --raw
ok 'raw_with_csv_is_rejected' without_effect 'cannot use --raw without JSON output; use -o json or -o jsonl' --raw -o csv
ok 'columns_without_table_is_rejected' rejected 'cannot use --columns: the command prints no table' completion bash --columns id
no_columns_in_json() {
  for flags in '--columns id' '--no-header'; do
    for format in json jsonl; do
      # shellcheck disable=SC2086 # a flag and its value
      ends 2 "$tool" image list -o $format $flags && silent out &&
        has err '"message":"cannot use --(columns|no-header) with JSON output; use -o table or -o csv"' || return 1
    done
  done
}
ok 'columns_with_json_is_rejected' no_columns_in_json

unknown_column() {
  ends 2 hetzner images-without-filters image list --columns id,nonsense &&
    has err "unknown column 'nonsense' in --columns; choose from: .*os_family"
}
ok 'columns_unknown_lists_columns' unknown_column
ok 'argument_after_dashes_is_no_flag' rejected "unexpected argument '-x'" version -- -x

helps() {
  for words in '--help' 'help' '-h' 'help image' 'image --help' 'image list --help' 'help image list' 'image help' 'image help list' \
    'version help' 'version -h'; do
    # shellcheck disable=SC2086
    ends 0 "$tool" $words && silent err && has out '^Usage: imgact' && lacks out '.{81}' || return 1
  done
}
ok 'help_before_and_after_command_works' helps

versions() {
  for words in version --version -V 'image list -V'; do
    # shellcheck disable=SC2086
    ends 0 "$tool" $words && silent err && has out '^imgact [0-9]' || return 1
  done
  ends 0 "$tool" -V -o jsonl && has out '^\{"version":'
}
ok 'version_command_and_flag_agree' versions

names_clouds() {
  clouds=$("$tool" provider list -o csv --columns name --no-header | tr -d '\r' | paste -sd'|' -)
  ends 0 "$tool" --help && sed 's/^ *//' "$work/out" | grep -xF "$clouds"
}
ok 'help_names_every_provider' names_clouds

every_command_helps() {
  "$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]* [a-z]*\) .*/\1/p' | grep -v '^ *$' >"$work/commands"
  [ "$(grep -c . "$work/commands")" -ge 15 ] || return 1
  while read -r noun verb; do
    ends 0 "$tool" "$noun" "$verb" --help && has out '^Usage: imgact '"$noun" && has out '^Examples:' && lacks out '.{81}' || return 1
  done <"$work/commands"
}
ok 'help_of_command_has_example' every_command_helps

own_flags() {
  ends 0 "$tool" image delete --help && has out 'stdin and stderr are both terminals' && has out '^      --yes' &&
    has out '^Flags of all commands: imgact --help$' && lacks out '--deadline' || return 1
  ends 0 "$tool" action list --help && has out 'sort by id, command, status,' && has out '^  provider id command kind status '
}
ok 'help_of_command_lists_own_flags' own_flags
finish
