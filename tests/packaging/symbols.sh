#!/bin/sh
# SPDX-License-Identifier: MIT
# What the libraries show and what they use: the shared library exports what the headers declare and nothing else; the static
# one defines no name that could clash; the pure ring calls nothing that does I/O or knows the time.
set -u
. "$(dirname "$0")/tap.sh"
root=$1 shared=$2 static=$3 base=$4 core=$5 providers=$6
LC_ALL=C
export LC_ALL

declared() {
  cat "$root"/include/imgact/*.h | tr '\n' ' ' | sed -E 's,/\*([^*]|\*+[^*/])*\*+/,,g' | tr ';' '\n' |
    sed -nE 's/.*IMGACT_API [^(]*[ *](imgact_[a-z0-9_]+)\(.*/\1/p' | sort
}

listed() {
  sed -n '/global:/,/local:/s/^ *\(imgact_[a-z0-9_]*\);$/\1/p' "$root/src/imgact.map" | sort
}

exported() {
  nm -D --defined-only "$shared" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

same() {
  "$1" >"$work/a"
  "$2" >"$work/b"
  [ -s "$work/a" ] && diff -u --label "$1" --label "$2" "$work/a" "$work/b"
}

# yyjson and inih are in it only where they had to be built here.
foreign_names() {
  nm -g --defined-only "$static" | awk 'NF == 3 && $3 !~ /^(imgact_|ia_|yyjson_|unsafe_yyjson_|ini_)/ { print $3 }' | nothing
}

# Names that an archive needs from outside itself, except our own, the compiler's and those that match $2.
needs() {
  nm -u "$1" | awk 'NF == 2 { print $2 }' | sort -u |
    grep -vE '^(imgact_|ia_|_GLOBAL_OFFSET_TABLE_$|__stack_chk_fail$|__assert_fail$|__(asan|ubsan|gcov|sanitizer)_)' | grep -vxE "$2"
}

pure() {
  text='(__)?(mem(cpy|cmp|move|set|chr|mem|rchr)|str(len|cmp|ncmp|chr|rchr|str|spn|cspn|pbrk|nlen|tol|toll|toul|toull|tod)|strncasecmp)'
  text="$text(_chk)?|__isoc23_str[a-z]+"
  format='(__)?v?snprintf(_chk)?|__ctype_[a-z_]+|localeconv|bsearch|qsort'
  maths='(floor|ceil|trunc|nan|pow|fmod|ldexp|round|fabs|modf|nearbyint|rint|log|log10|exp)f?'
  needs "$1" "$text|$format|$maths|$2" | nothing
}

# Only one object of base's may know where memory comes from.
allocates_in_alloc() {
  nm -A -u "$base" | grep -E ' U (malloc|calloc|realloc|reallocarray|aligned_alloc|free|strn?dup|v?asprintf)$' |
    grep -v '[:/]alloc\.c\.o:' | nothing
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ok 'export map matches the headers' same declared listed
ok 'shared library exports match the headers' same declared exported
ok 'static library defines only prefixed names' foreign_names
ok 'providers call only the public interface' pure "$providers" ''
ok 'base calls no I/O or clock' pure "$base" 'yyjson_.*|malloc|realloc|free'
ok 'base allocates only in alloc.c' allocates_in_alloc
ok 'core calls no I/O, clock or malloc' pure "$core" ''
finish
