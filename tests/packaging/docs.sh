#!/bin/sh
# SPDX-License-Identifier: MIT
# What the pages say is so: files that they name exist, and their C programs (blocks with a main) compile and link.
set -u
. "$(dirname "$0")/tap.sh"
root=$1 shared=$(realpath "$2")
cd "$root" || exit 1
pages=$(ls ./*.md docs/*.md docs/decisions/*.md tests/*/README.md 2>/dev/null)

# Paths in `backquotes` are the repository's, link targets are the page's.
missing_files() {
  grep -oE '`(\.ci|bench|docs|examples|include|scripts|src|subprojects|tests)/[A-Za-z0-9_./-]*`' "$1" | tr -d '`' | sort -u |
    while read -r path; do [ -e "$path" ] || echo "$1: $path is not there"; done
  grep -oE '\]\([^)# ]+' "$1" | sed 's/^](//' | grep -v '^https:' | sort -u |
    while read -r path; do [ -e "$(dirname "$1")/$path" ] || echo "$1: link to $path"; done
}

# Names of the interface that no header has, except environment variables, a CMake target, the sample provider, a metric of an
# example and what decisions rejected. CHANGELOG.md has old names.
unknown_names() {
  [ "$1" != ./CHANGELOG.md ] || return 0
  grep -ohE '\b(imgact|IMGACT)_[A-Za-z0-9_]*[A-Za-z0-9]\b' "$1" | sort -u |
    grep -vxE 'IMGACT_(CONFIG|ENDPOINT|PROFILE|PROVIDER|TOKEN_COMMAND|0)|imgact_(static|provider_(acme|mini|nimbus)|pager|requests_total)' |
    while read -r name; do grep -qw "$name" "$work/headers" || echo "$1: $name is in no header"; done
}

# Writes the n-th ```c block of a page that has a main to $work/N.c; prints how many there are.
extract() {
  awk -v work="$work" '
    /^```c$/ { text = ""; inside = 1; next }
    /^```/ && inside { inside = 0; if (text ~ /int main\(/) { n++; printf "%s", text > (work "/" n ".c"); close(work "/" n ".c") } }
    inside { text = text $0 "\n" }
    END { print n + 0 }' "$1"
}

compiles() {
  ${CC:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -I"$root/include" "$1" "$shared" -o "$work/program"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The targets of members are made by macros.
{ cat include/imgact/*.h && echo '#include <imgact/provider.h>' | ${CC:-cc} -E -Iinclude -; } >"$work/headers"
for page in $pages; do
  missing_files "$page" >"$work/missing"
  ok "files named in ${page#./} exist" nothing <"$work/missing"
  unknown_names "$page" >"$work/unknown"
  ok "names in ${page#./} are in the headers" nothing <"$work/unknown"
  blocks=$(extract "$page")
  n=0
  while [ "$n" -lt "$blocks" ]; do
    n=$((n + 1))
    ok "program $n of ${page#./} compiles" compiles "$work/$n.c"
  done
done
finish
