#!/bin/sh
# SPDX-License-Identifier: MIT
# House rules that a compiler does not see: which layer may include what (docs/architecture.md), which calls nobody makes.
set -u
. "$(dirname "$0")/tap.sh"
cd "$1" || exit 1
c_headers='assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal|stdalign|stdarg|stdatomic'
c_headers="$c_headers|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|tgmath|time|uchar|wchar|wctype"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# sources FOLDER...: lists their C files in $work/sources. A folder that is gone, or holds none, would pass every test.
sources() {
  for folder; do
    find "$folder" -type f \( -name '*.c' -o -name '*.h' \) | sort | grep . || { echo "$folder: no C files" >&2 && return 1; }
  done >"$work/sources"
}

# "file:line:header" of every include, with its quotes or angle brackets, in $work/includes.
includes() {
  sources "$@" || return
  xargs grep -HnE '^[[:space:]]*#[[:space:]]*include' <"$work/sources" |
    sed -E 's/^([^:]*:[0-9]+):.*include[[:space:]]*/\1:/' >"$work/includes"
}

# quoted LAYER DIRECTORY...: quoted includes that none of the directories (or the file's own) holds.
quoted() {
  layer=$1
  includes "$layer" || return
  sed -nE 's/^([^:]*):([0-9]+):"([^"]*)".*/\1 \2 \3/p' "$work/includes" | while read -r file line name; do
    found=
    for directory in "$(dirname "$file")" "$@"; do
      [ -e "$directory/$name" ] && found=yes
    done
    [ -n "$found" ] || echo "$file:$line: \"$name\" is not this layer's to include"
  done | nothing
}

# angled LAYER REGEX: includes in angle brackets that do not match.
angled() {
  includes "$1" && grep '<' "$work/includes" | grep -vE ":<($2)>" | nothing
}

# only_in HEADER FILE-REGEX: nobody else includes it.
only_in() {
  includes src && grep -E "<$1" "$work/includes" | grep -vE "^($2):" | nothing
}

no_parents() {
  includes include src tests examples bench && grep -F '../' "$work/includes" | nothing
}

calls() {
  names=$1
  shift
  sources "$@" || return
  xargs grep -HnE "(^|[^A-Za-z0-9_>.\"])($names)\(" <"$work/sources" | grep -vE ':[0-9]+: *(//|\*|/\*)' | nothing
}

first_lines() {
  sources include src tests examples bench || return
  while read -r file; do
    head -n 1 "$file" | grep -qE '^(// SPDX-License-Identifier: MIT|/\* SPDX-License-Identifier: MIT \*/)$' || echo "$file"
  done <"$work/sources" | nothing
}

# Each public header says since when its contents are available, in a sentence that may span lines.
since() {
  for header in include/imgact/[!i]*.h; do
    tr '\n' ' ' <"$header" | sed 's/[ *][ *]*/ /g' | grep -qE 'Available since [0-9]+\.[0-9]+ unless noted\.' || echo "$header"
  done | nothing
}

# subject_condition_result: at most six words.
short_test_names() {
  sources tests || return
  xargs grep -HnoE '^TEST\([A-Za-z0-9]*(_[A-Za-z0-9]*){6}' <"$work/sources" | nothing
}

# Private terms, which a reader would have to translate; also in names, and across the end of a line. CHANGELOG.md has old names.
private_terms() {
  terms='told|untold|twins?|whims?|deeds?|namesakes?|whoever|nobody|somebody|worlds? moved|(becomes?|became|becoming) of'
  find include src bench examples demo docs README.md CONTRIBUTING.md DEVELOPERS.md SECURITY.md -type f -exec grep -Il . {} + | sort >"$work/texts" && [ -s "$work/texts" ] || return
  # shellcheck disable=SC2016
  LC_ALL=C xargs awk -v terms="(^|[^a-z])($terms)([^a-z]|\$)" '
    FNR == 1 { last = "" }
    { line = tolower($0); gsub(/^[^a-z]+/, "", line) }
    line ~ terms || (last !~ terms && last " " line ~ terms) { print FILENAME ":" FNR ": " $0 }
    { last = line; sub(/[^a-z]+$/, "", last) }' <"$work/texts" >"$work/found"
  sources tests || return
  xargs grep -HnoE '^TEST\([A-Za-z0-9_]+' <"$work/sources" |
    grep -E "[(_]($(echo "$terms" | tr ' ' _))s?(_|\$)" >>"$work/found"
  nothing <"$work/found"
}

# Columns, not bytes. What clang-format leaves alone may be longer: tables, and golden texts.
short_lines() {
  sources include src tests examples bench || return
  LC_ALL=C xargs awk 'FNR == 1 || /clang-format on/ { off = 0 } /clang-format off/ { off = 1 }
    { gsub(/[\200-\277]/, "") } length > 100 && !off { print FILENAME ":" FNR }' <"$work/sources" | nothing
}

short_test_files() {
  find tests -type f \( -name '*.[ch]' -o -name '*.py' -o -name '*.sh' -o -name '*.go' \) | while read -r file; do
    [ "$(wc -l <"$file")" -le 500 ] || echo "$file"
  done | nothing
}

# Only the providers and the simulator know which clouds there are; src/providers/builtin.def lists them.
no_names_of_clouds() {
  sources src/base src/core src/loop src/transport src/cli || return
  xargs grep -HniE '"[^"]*(hetzner|digitalocean)' <"$work/sources" | grep -vE ':[0-9]+: *(//|\*|/\*)' | nothing
}

unfinished() {
  grep -rnE '\b(TODO|FIXME|XXX|HACK)\b' include src tests/*/*.[ch] examples bench docs ./*.md --include='*.[ch]' --include='*.md'
  [ $? = 1 ] # 2: a folder is gone
}

ok 'public headers include each other and C headers alone' angled include "imgact/[a-z]+\.h|($c_headers)\.h"
ok 'base sees base' quoted src/base
ok 'core sees base and core' quoted src/core src/base
ok 'loop sees base, core, loop and the list of built-in providers' quoted src/loop src/core src/base src/providers
ok 'transport sees base and transport' quoted src/transport src/base
ok 'providers see their own folder' quoted src/providers
ok 'providers include imgact and C headers alone' angled src/providers "imgact/[a-z]+\.h|($c_headers)\.h"
ok 'the tool sees the tool' quoted src/cli
ok 'the simulator sees the simulator' quoted src/sim
ok 'examples see nothing but public headers' quoted examples
ok 'only base/json*.c know yyjson' only_in 'yyjson' 'src/base/json[a-z_]*\.[ch]'
ok 'only transport/curl*.c know libcurl' only_in 'curl/' 'src/transport/curl[a-z_]*\.[ch]'
ok 'only transport/curl_decode.* know zlib' only_in 'zlib\.h' 'src/transport/curl_decode\.[ch]'
ok 'only loop/config.c knows inih' only_in 'ini\.h' 'src/loop/config\.c'
ok 'nobody includes through a parent folder' no_parents
ok 'no shipped code calls what cannot be called safely' \
  calls 'strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|atoi|atol|atoll|atof|strtok|rand|srand|alloca|tmpnam|mktemp|system|popen' \
  include src examples
ok 'the library allocates through its allocator' \
  calls 'malloc|calloc|realloc|free|strdup|strndup|asprintf' src/core src/loop src/providers src/transport
ok 'no text of the library or the tool names a cloud' no_names_of_clouds
ok 'every C file starts with its licence' first_lines
ok 'every public header says since when it is available' since
ok 'no work is left undone in a comment' unfinished
ok 'no private term is in code, pages or the name of a test' private_terms
ok 'a line of C has at most 100 columns' short_lines
ok 'a test has a name of at most six words' short_test_names
ok 'a file of tests has at most 500 lines' short_test_files
finish
