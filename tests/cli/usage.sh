#!/bin/sh
# SPDX-License-Identifier: MIT
# What is wrong with a command line is said in one line, with a remedy, and nothing is sent: these runs have no cloud at all.
set -u
. "$(dirname "$0")/tool.sh"

# refused MESSAGE ARGUMENT...
refused() {
  message=$1
  shift
  ends 2 "$tool" "$@" && is err "imgact: $message" && silent out
}

ok 'no command' refused 'no command; see `imgact --help`'
ok 'a noun alone' refused '`imgact action` needs one of: list, get, wait' action
ok 'a misspelt noun' refused "there is no command 'imag'; did you mean 'image'?" imag list
ok 'a misspelt verb' refused "there is no command 'image lst'; did you mean 'image list'?" image lst
ok 'a misspelt flag' refused 'unknown flag --nmae; did you mean --name?' image list --nmae=x
ok 'a flag like no other' refused 'unknown flag --colour-of-the-sky' image list --colour-of-the-sky blue
ok 'an unknown letter' refused 'unknown flag -x' image list -x
ok 'a flag of another command' refused '`imgact image protect` does not take --region' image protect 1 --region fsn1
ok 'a flag that begins like one' refused '`imgact image list` does not take --label; did you mean --label-selector?' image list --label a=b
for word in describe show info; do
  ok "what others call it: $word" refused "there is no command 'image $word'; did you mean 'image get'?" image "$word" 7
done
ok 'nothing that is not there is meant' refused "there is no command 'provider describe'; see \`imgact --help\`" provider describe
ok 'a flag without its value' refused '--name needs a value: N' image list --name
ok 'a value for a switch' refused '--raw takes no value' image list --raw=yes
ok 'a filter that is given twice' refused '--name can be given once' image list --name a --name b
ok 'a missing argument' refused '`imgact image get` needs ID|NAME|SLUG' image get
ok 'one argument too many' refused "\`imgact image get\`: one argument too many: '2'" image get 1 2
ok 'a missing region' refused '`imgact image transfer` needs --region' image transfer 1
ok 'an id that is there twice' refused "id '7' is there twice" image delete 7 8 7
ok 'a region that is there twice' refused "region 'nyc3' is there twice" image transfer 7 --region nyc3 --region nyc3
ok 'a word that is none of a few' refused "--output cannot be 'yaml'; choose one of: table json jsonl csv" image list -o yaml
ok 'a misspelt word of a few' refused "--status cannot be 'runing'; choose one of: running success error; did you mean 'running'?" \
  action list --status runing
ok 'two words in one flag' refused \
  "--type cannot be 'app,system'; choose one of: system app snapshot backup custom; for several, repeat the flag" \
  image list --type app,system
ok 'two regions in one flag' refused "--region cannot be 'nyc3,ams3'; for several, repeat the flag" \
  image transfer 7 --region nyc3,ams3
ok 'a number that is none' refused '--limit takes a whole number from 1' image list --limit many
ok 'a page before the first' refused '--page takes a whole number from 1' image list --page 0
ok 'a number beyond all' refused '--per-page takes a whole number from 1' image list --per-page 99999999999999999999
for sort in id:up created: name:asc:desc :DESC; do
  ok "a direction that is none: $sort" refused '--sort takes KEY, KEY:asc or KEY:desc' image list --sort id --sort "$sort"
done
ok 'a shell without completion' refused '`imgact completion` takes bash|zsh|fish, not '"'dos'" completion dos
ok 'text that is not UTF-8' refused 'argument 3 is not UTF-8 text' image get "$(printf 'a\377b')"
for duration in soon 5 -5s 5s5s 1m1h 1.s .5s 5ss '5 s' '' 0s 99999999999h; do
  ok "a duration that is none: '$duration'" \
    refused '--deadline takes a duration above 0, such as 250ms, 5s, 2m or 1h30m' version --deadline "$duration"
done
for duration in 250ms 5s 2m 1h30m 1.5s 1h2m3s4ms; do
  ok "a duration: $duration" ends 0 "$tool" version --deadline "$duration"
done

a_token() {
  ends 2 "$tool" image list --token s3cr3t --name x && has err 'token-env' && lacks err 's3cr3t' &&
    ends 2 "$tool" image list --tokn=s3cr3t && has err '^imgact: unknown flag --tokn' && lacks err 's3cr3t' &&
    ends 2 "$tool" image list -ts3cr3t && lacks err 's3cr3t'
}
# An escape ends in a character that a token can begin with: \u000f.
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
ok 'the value of an unknown flag is not repeated: it may be a secret' a_token
ok 'tool error with the token hides it' token_after_escape

an_error_object() {
  for flags in '-o json' '-ojson' '--output=jsonl' '-qo json'; do
    # shellcheck disable=SC2086 # two words
    ends 2 "$tool" image list --nonsense $flags && silent out &&
      has err '^\{"error":\{"code":"invalid_argument","message":"unknown flag --nonsense",.*"details":null\}\}$' ||
      return 1
  done
}
ok 'an error is an object where JSON was asked for, even behind the mistake' an_error_object

without_effect() {
  message=$1
  shift
  for words in 'image list' 'image delete 7' version 'config list'; do
    # shellcheck disable=SC2086 # words of a command
    refused "$message" $words "$@" || return 1
  done
}
ok 'the object of the cloud in no JSON' without_effect '--raw is for JSON: add -o json or -o jsonl' --raw
ok 'nor in csv' without_effect '--raw is for JSON: add -o json or -o jsonl' --raw -o csv
ok 'columns of a script' refused '--columns: this command prints no table' completion bash --columns id
no_columns_in_json() {
  for flags in '--columns id' '--no-header'; do
    for format in json jsonl; do
      # shellcheck disable=SC2086 # a flag and its value
      ends 2 "$tool" image list -o $format $flags && silent out &&
        has err '"message":"--(columns|no-header) is for table and csv: leave it out, or choose -o csv"' || return 1
    done
  done
}
ok 'columns of JSON' no_columns_in_json

unknown_column() {
  ends 2 hetzner images-without-filters image list --columns id,nonsense &&
    has err "there is no column 'nonsense'.*os_family"
}
ok 'an unknown column, and those there are' unknown_column
ok 'a name that starts with a dash' refused '`imgact version`: one argument too many: '"'-x'" version -- -x

helps() {
  for words in '--help' 'help' '-h' 'help image' 'image --help' 'image list --help' 'help image list' 'image help' 'image help list' \
    'version help' 'version -h'; do
    # shellcheck disable=SC2086
    ends 0 "$tool" $words && silent err && has out '^Usage: imgact' && lacks out '.{81}' || return 1
  done
}
ok 'help stands before and behind the words' helps

versions() {
  for words in version --version -V 'image list -V'; do
    # shellcheck disable=SC2086
    ends 0 "$tool" $words && silent err && has out '^imgact [0-9]' || return 1
  done
  ends 0 "$tool" -V -o jsonl && has out '^\{"version":'
}
ok 'the version is a command and a flag' versions

names_clouds() {
  clouds=$("$tool" provider list -o csv --columns name --no-header | tr -d '\r' | paste -sd'|' -)
  ends 0 "$tool" --help && sed 's/^ *//' "$work/out" | grep -xF "$clouds"
}
ok 'help names every cloud that there is' names_clouds

every_command_helps() {
  "$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]* [a-z]*\) .*/\1/p' | grep -v '^ *$' >"$work/commands"
  [ "$(grep -c . "$work/commands")" -ge 15 ] || return 1
  while read -r noun verb; do
    ends 0 "$tool" "$noun" "$verb" --help && has out '^Usage: imgact '"$noun" && has out '^Examples:' && lacks out '.{81}' || return 1
  done <"$work/commands"
}
ok 'every command has help with an example' every_command_helps

own_flags() {
  ends 0 "$tool" image delete --help && has out 'stdin and stderr are both terminals' && has out '^      --yes' &&
    has out '^Flags that every command takes: imgact --help$' && lacks out '--deadline' || return 1
  ends 0 "$tool" action list --help && has out 'order by id, command, status,' && has out '^  provider id command kind status '
}
ok 'help of a command is about its own flags' own_flags
finish
