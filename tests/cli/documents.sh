#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual page, the help and the completions have the same flags and commands.
set -u
. "$(dirname "$0")/tool.sh"
page=$root/docs/man/imgact.1

# The words of "image get ID|NAME|SLUG             show one image" are "image get".
"$tool" --help | sed -n '/^Commands:/,/^$/s/^  \(.\{34\}\) .*/\1/p' |
  sed -E 's/ [^ ]*[A-Z|][^ ]*//g; s/ *$//' >"$work/commands"
{
  "$tool" --help
  while read -r noun verb; do
    # shellcheck disable=SC2086 # some have no verb
    "$tool" $noun $verb --help </dev/null
  done <"$work/commands"
} | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' |
  grep -oE '\-\-[a-z-]+|-[a-zA-Z],' | tr -d , | sort -u >"$work/flags"

# mdoc writes "--name" as "Fl -name" and "-p" as "Fl p", several of them separated by commas.
grep -E '^\.(It )?Fl ' "$page" | grep -oE '(Fl|,) (Fl )?-?([a-z][a-z-]*|V)' |
  sed -E 's/^(Fl|,) (Fl )?/-/' | sort -u >"$work/paged"

in_page() {
  [ "$(grep -c . "$work/flags")" -ge 45 ] && grep -vxFf "$work/paged" "$work/flags" | nothing
}
in_help() {
  grep '^-' "$work/paged" | grep -vxFf "$work/flags" | nothing
}
commands_in_page() {
  [ "$(grep -c . "$work/commands")" -ge 18 ] &&
    while read -r words; do grep -qE "^\.It Ic $words( |\$)" "$page" || echo "$words"; done <"$work/commands" | nothing
}
completed() {
  for shell in bash zsh; do
    "$tool" completion "$shell" >"$work/script" && grep '^--' "$work/flags" | while read -r flag; do
      grep -q -- "$flag " "$work/script" || echo "$shell: $flag"
    done
  done | nothing
}
completed_fish() {
  "$tool" completion fish >"$work/script" && grep '^--' "$work/flags" | sed 's/^--//' | while read -r flag; do
    grep -q -- " -l $flag " "$work/script" || echo "$flag"
  done | nothing
}
exit_statuses() {
  for status in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 130; do
    grep -q "^\.It $status\$" "$page" || echo "$status"
  done | nothing
}

ok 'manual_page_has_every_flag' in_page
ok 'manual_page_has_no_other_flags' in_help
ok 'manual_page_has_every_command' commands_in_page
ok 'manual_page_has_every_exit_status' exit_statuses
ok 'completion_bash_zsh_has_every_flag' completed
ok 'completion_fish_has_every_flag' completed_fish
# mandoc searches referenced pages: ours are in this folder, those of other projects may not be installed.
well_formed() {
  mandoc -Tlint imgact.1 imgact-config.5 imgact-sim.1 |
    sed '/referenced manual not found: Xr imgact/b; /referenced manual not found:/d' | nothing
}

if command -v mandoc >/dev/null; then
  cd "$root/docs/man" || exit 1
  ok 'manual_pages_are_well_formed' well_formed
else
  skip 'manual_pages_are_well_formed' 'no mandoc'
fi
finish
