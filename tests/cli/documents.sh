#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual page, the help and the completions tell of the same flags and commands.
set -u
. "$(dirname "$0")/tool.sh"
page=$root/docs/man/imgact.1

# The words of "image get ID|NAME|SLUG             show one image" are "image get".
"$tool" --help | sed -n '/^Commands:/,/^$/s/^  \(.\{34\}\) .*/\1/p' |
  sed -E 's/ [^ ]*[A-Z|][^ ]*//; s/ *$//' >"$work/commands"
{
  "$tool" --help
  while read -r noun verb; do
    # shellcheck disable=SC2086 # some have no verb
    "$tool" $noun $verb --help </dev/null
  done <"$work/commands"
} | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' |
  grep -oE '\-\-[a-z-]+|-[a-zA-Z],' | tr -d , | sort -u >"$work/flags"

# mdoc writes "--name" as "Fl -name" and "-p" as "Fl p", several of them behind commas.
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

ok 'every flag is on the manual page' in_page
ok 'the manual page has no other flags' in_help
ok 'every command is on the manual page' commands_in_page
ok 'every exit status is on the manual page' exit_statuses
ok 'every flag is completed in bash and zsh' completed
ok 'every flag is completed in fish' completed_fish
# mandoc looks for the pages that one refers to: ours are in this folder, other projects' need not be installed.
well_formed() {
  mandoc -Tlint imgact.1 imgact-config.5 imgact-sim.1 |
    sed '/referenced manual not found: Xr imgact/b; /referenced manual not found:/d' | nothing
}

if command -v mandoc >/dev/null; then
  cd "$root/docs/man" || exit 1
  ok 'the manual pages are well formed' well_formed
else
  skip 'the manual pages are well formed' 'no mandoc'
fi
finish
