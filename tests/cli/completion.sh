#!/bin/sh
# SPDX-License-Identifier: MIT
# The completion scripts parse in their shells, and bash's offers what can stand at the cursor.
set -u
. "$(dirname "$0")/tool.sh"

for shell in bash zsh fish; do
  "$tool" completion "$shell" >"$work/script.$shell"
  if command -v "$shell" >/dev/null; then
    ok "the script for $shell is one" "$shell" -n "$work/script.$shell"
  else
    skip "the script for $shell is one" "no $shell"
  fi
done

# offers WORDS LINE [PART]: at the end of this line, whose last part bash would replace, it offers those.
offers() {
  bash -uc '. "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _imgact imgact "$3"; echo "${COMPREPLY[*]}"' \
    bash "$work/script.bash" "$2" "${3-${2##*[ =]}}" >"$work/out" && is out "$1"
}
if command -v bash >/dev/null; then
  ok 'nouns' offers 'image action provider ratelimit config completion version help' 'imgact '
  ok 'verbs' offers 'list get wait' 'imgact action '
  ok 'a verb that is begun' offers delete 'imgact image de'
  ok 'a verb behind flags and their values' offers list 'imgact --profile image -o json image li'
  ok 'a verb behind a quoted value' offers list "imgact --name 'a b' --sort \"c \\\" d\" --type e\\ f  image li"
  ok 'the values of a flag' offers 'json jsonl' 'imgact -o js'
  ok 'the values behind an equals sign' offers 'table json jsonl csv' 'imgact --output='
  ok 'a value that is begun behind an equals sign' offers 'json jsonl' 'imgact --output=js'
  ok 'a value behind an equals sign that parts no words' offers '--output=json --output=jsonl' 'imgact --output=js' --output=js
  ok 'the values that this command takes' offers snapshot 'imgact image update --type '
  ok 'the flags that this command takes' offers '--status --sort --settle' 'imgact image list --s'
  ok 'and no others' offers '--settle' 'imgact image get --s'
  ok 'nothing where anything may stand' offers '' 'imgact image list --name '
  ok 'the words of an argument' offers 'bash zsh fish' 'imgact completion '
else
  skip 'what bash offers' 'no bash'
fi
finish
