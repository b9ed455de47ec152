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

# Every ..._INIT macro, at file and at block scope, under warnings that a program may turn into errors.
initialisers() {
  sed -nE 's/^#define (IMGACT_[A-Z_]+_INIT) +IMGACT_INIT\((imgact_[a-z_]+)\)$/\1 \2/p' "$root"/include/imgact/*.h >"$work/initialisers"
  {
    echo '#include <imgact/imgact.h>'
    while read -r macro type; do echo "extern const $type the_$type; const $type the_$type = $macro;"; done <"$work/initialisers"
    echo 'int main(void) {'
    while read -r macro type; do
      echo "  { $type value = $macro; if (value.size != sizeof value || the_$type.size != sizeof value) return 1; }"
    done <"$work/initialisers"
    echo '  return 0; }'
  } >"$work/initialisers.c"
  grep -c . "$work/initialisers" | grep -qx 9 && "$@" -I"$root/include" "$work/initialisers.c" -o "$work/initialisers.out" &&
    "$work/initialisers.out"
}

# Every enum has an enumerator that gives it the size of int, whatever the compiler's flags.
enum_sizes() {
  sed -nE 's/^typedef enum (imgact_[a-z_]+) \{.*/\1/p' "$root"/include/imgact/*.h >"$work/enums"
  [ "$(grep -c '_MAX_ENUM = 0x7fffffff$' "$root"/include/imgact/*.h | awk -F: '{ n += $2 } END { print n }')" = \
    "$(grep -c . "$work/enums")" ] || return 1
  {
    echo '#include <imgact/provider.h>'
    while read -r type; do echo "_Static_assert(sizeof($type) == sizeof(int), \"$type\");"; done <"$work/enums"
  } >"$work/enums.c"
  "$1" -std=c11 -fshort-enums -fsyntax-only -include imgact/transport.h -I"$root/include" "$work/enums.c"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for compiler in gcc clang; do
  if command -v "$compiler" >/dev/null; then ok "enums have one size with $compiler" enum_sizes "$compiler"
  else skip "enums have one size with $compiler" "no $compiler"; fi
done
for header in $(cd "$root/include/imgact" && ls); do
  for compiler in gcc clang g++ clang++; do
    case $compiler in
      *++) language=C++17 flags="-x c++ -std=c++17 $strict -Wold-style-cast -Wzero-as-null-pointer-constant" ;;
      *) language=C11 flags="-x c -std=c11 $strict $c_only" ;;
    esac
    if command -v "$compiler" >/dev/null; then
      # shellcheck disable=SC2086 # one word per flag
      ok "$header compiles alone as $language with $compiler" alone "$header" "$compiler" $flags
    else
      skip "$header alone as $language with $compiler" "no $compiler"
    fi
  done
done
for compiler in gcc clang g++ clang++; do
  case $compiler in *++) language="-x c++ -std=c++17" ;; *) language='-x c -std=c11' ;; esac
  if command -v "$compiler" >/dev/null; then
    # shellcheck disable=SC2086 # one word per flag
    ok "initialisers compile with $compiler" initialisers "$compiler" $language $strict
  else
    skip "the initialisers with $compiler" "no $compiler"
  fi
done
finish
