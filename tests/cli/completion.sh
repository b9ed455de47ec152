#!/bin/sh
# SPDX-License-Identifier: MIT
# The completion scripts are valid in their shells; the bash script offers the completions at the cursor.
set -u
. "$(dirname "$0")/tool.sh"

for shell in bash zsh fish; do
  "$tool" completion "$shell" >"$work/script.$shell"
  if command -v "$shell" >/dev/null; then
    ok "completion_script_is_valid ($shell)" "$shell" -n "$work/script.$shell"
  else
    skip "completion_script_is_valid ($shell)" "no $shell"
  fi
done

# offers WORDS LINE [PART]: completions at the end of the line; bash replaces PART.
offers() {
  bash -uc '. "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _imgact imgact "$3"; echo "${COMPREPLY[*]}"' \
    bash "$work/script.bash" "$2" "${3-${2##*[ =]}}" >"$work/out" && is out "$1"
}
if command -v bash >/dev/null; then
  ok 'completion_without_words_offers_nouns' offers 'image action region provider ratelimit config completion version help' 'imgact '
  ok 'completion_after_noun_offers_verbs' offers 'list get wait' 'imgact action '
  ok 'completion_of_prefix_offers_verb' offers delete 'imgact image de'
  ok 'completion_after_flags_offers_verb' offers list 'imgact --profile image -o json image li'
  ok 'completion_after_quoted_value_offers_verb' offers list "imgact --name 'a b' --sort \"c \\\" d\" --type e\\ f  image li"
  ok 'completion_after_flag_offers_values' offers 'json jsonl' 'imgact -o js'
  ok 'completion_after_equals_offers_values' offers 'table json jsonl csv' 'imgact --output='
  ok 'completion_of_prefix_after_equals' offers 'json jsonl' 'imgact --output=js'
  ok 'completion_with_equals_in_word' offers '--output=json --output=jsonl' 'imgact --output=js' --output=js
  ok 'completion_values_depend_on_command' offers snapshot 'imgact image update --type '
  ok 'completion_offers_flags_of_command' offers '--status --sort --settle' 'imgact image list --s'
  ok 'completion_omits_flags_of_others' offers '--settle' 'imgact image get --s'
  ok 'completion_of_free_text_is_empty' offers '' 'imgact image list --name '
  ok 'completion_of_argument_offers_choices' offers 'bash zsh fish' 'imgact completion '
else
  skip 'completion_of_bash' 'no bash'
fi
finish
