#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header compiles alone, as C11 and as C++17, under warnings that its users may have on; no struct in it has a
# hole, so that its layout is the same for every compiler.
set -u
. "$(dirname "$0")/tap.sh"
root=$1
strict='-Wall -Wextra -Wpedantic -pedantic-errors -Wshadow -Wconversion -Wsign-conversion -Wundef -Wpadded -Werror'
c_only='-Wstrict-prototypes -Wmissing-prototypes -Wdeclaration-after-statement -Wc++-compat'

alone() {
  header=$1
  shift
  echo "#include <imgact/$header>" | "$@" -fsyntax-only -I"$root/include" -
}

for header in $(cd "$root/include/imgact" && ls); do
  for compiler in gcc clang g++ clang++; do
    case $compiler in
      *++) language=C++17 flags="-x c++ -std=c++17 $strict -Wold-style-cast -Wzero-as-null-pointer-constant" ;;
      *) language=C11 flags="-x c -std=c11 $strict $c_only" ;;
    esac
    if command -v "$compiler" >/dev/null; then
      # shellcheck disable=SC2086 # one word per flag
      ok "$header alone as $language with $compiler" alone "$header" "$compiler" $flags
    else
      skip "$header alone as $language with $compiler" "no $compiler"
    fi
  done
done
finish
