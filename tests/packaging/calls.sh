#!/bin/sh
# SPDX-License-Identifier: MIT
# Calls and references between the object files of a library go one way: each file needs only later ones, in the order of
# docs/architecture.md.
set -u
. "$(dirname "$0")/tap.sh"
LC_ALL=C
export LC_ALL

# "USER DEFINER" for each object that needs a name that another one of the archive defines.
arrows() {
  nm -A -P -g "$1" | awk '
    { object = $1; sub(/:$/, "", object); sub(/\]$/, "", object); sub(/.*[[\/]/, "", object) }
    $3 == "U" { needs[object, $2] = 1; next }
    { defines[$2] = object }
    END {
      for (pair in needs) {
        split(pair, at, SUBSEP)
        if (at[2] in defines && defines[at[2]] != at[1]) print at[1], defines[at[2]]
      }
    }' | sort -u
}

one_way() {
  arrows "$1" >"$work/arrows"
  [ -s "$work/arrows" ] && tsort "$work/arrows" >/dev/null
}

# "FILE ROW" of the table "files of `src/LAYER`" of docs/architecture.md.
rows() {
  awk -v header="| files of \`src/$1\` |" '
    index($0, header) == 1 { inside = 1; next }
    inside && !/^\|/ { exit }
    inside { row++; n = split($0, cells, "|"); n = split(cells[2], names, "`"); for (i = 2; i <= n; i += 2) print names[i], row }' "$page"
}

# A file calls files of lower rows only, and each of them has a row.
as_on_the_page() {
  layer=$(basename "$(dirname "$1")")
  rows "$layer" >"$work/rows"
  [ -s "$work/rows" ] || { echo "docs/architecture.md: no table of src/$layer" && return 1; }
  {
    sed 's/^/row /' "$work/rows"
    arrows "$1" | sed 's/\.o\( \|$\)/\1/g'
  } | awk '
    $1 == "row" { row[$2] = $3; next }
    !($1 in row) || !($2 in row) { print "not in the table:", $1, "or", $2; next }
    row[$1] >= row[$2] { print $1, "calls", $2 }' | nothing
}

# The check itself has to find a circle.
finds_circles() {
  arrows "$1" | awk '{ print } NR == 1 { print $2, $1 }' >"$work/circle"
  ! tsort "$work/circle" >/dev/null 2>&1
}

page=$(dirname "$0")/../../docs/architecture.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ok 'circular calls are detected' finds_circles "$1"
for library; do
  name=${library##*/lib}
  ok "calls within ${name%.a} are not circular" one_way "$library"
  ok "calls within ${name%.a} go down docs/architecture.md" as_on_the_page "$library"
done
finish
