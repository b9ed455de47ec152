#!/bin/sh
# SPDX-License-Identifier: MIT
# Calls and references between the object files of a library go one way: there is an order of its files in which each needs
# later ones alone.
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

# The check itself has to find a circle.
finds_circles() {
  arrows "$1" | awk '{ print } NR == 1 { print $2, $1 }' >"$work/circle"
  ! tsort "$work/circle" >/dev/null 2>&1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ok 'circular calls are detected' finds_circles "$1"
for library; do
  name=${library##*/lib}
  ok "calls within ${name%.a} are not circular" one_way "$library"
done
finish
