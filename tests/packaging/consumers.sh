#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs that use the installed library as others would: outside this tree, from an installation below DESTDIR, by
# pkg-config, CMake, Meson and as a Meson subproject, shared and static. Also: what an installation holds.
set -u
. "$(dirname "$0")/tap.sh"
root=$1 build=$2
here=$root/tests/packaging/consumer
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dest=$work/dest

install_it() {
  DESTDIR=$dest meson install -C "$build" --no-rebuild --quiet
}

# Libraries and tools differ by build; the rest is listed here.
installed() {
  (cd "$dest" && find . ! -type d) |
    sed -E 's,^.*/(bin|include|lib|share)/,\1/,; s,^(.*/)?lib64/,lib/,; s,^lib/[a-z0-9_]+-linux-[a-z]+/,lib/,' |
    grep -vE '^(bin/imgact(-sim)?|share/(man|bash-completion|zsh|fish|doc)/.*)$' | LC_ALL=C sort >"$work/installed"
  {
    (cd "$root/include" && ls imgact/*.h | sed 's,^,include/,')
    printf 'lib/%s\n' cmake/imgact/imgactConfig.cmake cmake/imgact/imgactConfigVersion.cmake libimgact.a libimgact.so \
      libimgact.so.1 "libimgact.so.$version" pkgconfig/imgact.pc
  } | LC_ALL=C sort | diff - "$work/installed"
}

# meson.build's version, by way of the .pc file, beside the header's, whose parts and text are written apart.
one_version() {
  parts=$(sed -nE 's/^#define IMGACT_VERSION_(MAJOR|MINOR|PATCH) +//p' "$root/include/imgact/base.h" | paste -sd. -)
  text=$(sed -nE 's/^#define IMGACT_VERSION_STRING +"(.*)"$/\1/p' "$root/include/imgact/base.h")
  echo "meson.build: $version, base.h: $parts, \"$text\""
  [ "$parts" = "$version" ] && [ "$text" = "$version" ]
}

# Section 3 has one page more: the overview, imgact(3).
pages_of_functions() {
  pages=$(find "$dest" -path '*/man/man3/imgact*.3' | wc -l)
  exports=$(nm -D --defined-only "$libdir/libimgact.so" | grep -c ' T imgact_')
  echo "$pages pages, $exports exported functions"
  [ "$exports" -gt 0 ] && [ "$pages" = $((exports + 1)) ]
}

# What users of the tool get; only where the build has the tool.
with_tool() {
  bin=$(find "$dest" -path '*/bin/imgact')
  PATH=$(dirname "$bin"):$PATH imgact version && for part in man/man1/imgact.1 man/man5/imgact-config.5 \
    bash-completion/completions/imgact zsh/site-functions/_imgact fish/vendor_completions.d/imgact.fish; do
    find "$dest" -path "*/share/$part*" | grep . || { echo "no $part"; return 1; }
  done
}

soname() {
  readelf -d "$libdir/libimgact.so" | grep -q 'SONAME.*\[libimgact\.so\.1\]'
}

with_pkg_config() {
  compiler=$1 source=$2 output=$3
  shift 3
  # shellcheck disable=SC2046 # one word per flag
  $compiler "$source" -o "$output" $(pkg-config "$@" --cflags --libs imgact) && LD_LIBRARY_PATH=$libdir "$output"
}

is_linked() {
  readelf -d "$1" | grep -q 'NEEDED.*libimgact'
}
is_not_linked() {
  ! readelf -d "$1" | grep libimgact
}

# libcurl's own static libraries need not be there: ours alone is linked statically.
static_imgact() {
  # shellcheck disable=SC2046
  cc "$here/consumer.c" -o "$work/static" $(pkg-config --cflags imgact) "$libdir/libimgact.a" \
    $(pkg-config --static --libs-only-l imgact | tr ' ' '\n' | grep -E -- '^-l(curl|z|yyjson|inih)$') &&
    "$work/static" && is_not_linked "$work/static"
}

static_flags() {
  pkg-config --static --libs imgact | grep -e -lcurl
}

with_cmake() {
  cmake -S "$here/cmake" -B "$work/cmake" -Dimgact_DIR="$libdir/cmake/imgact" -DCONSUMER="$here/consumer.c" -DWANTED="$1" &&
    cmake --build "$work/cmake" && "$work/cmake/consumer" && "$work/cmake/consumer_static" &&
    is_linked "$work/cmake/consumer" && is_not_linked "$work/cmake/consumer_static"
}

# A system whose /lib is a link to usr/lib: found by way of that, files have to come from usr all the same.
with_merged_cmake() {
  prefix=$(dirname "$(find "$dest" -type d -name include)") && folder=${libdir#"$prefix"/} && top=${folder%%/*} &&
    mkdir "$work/merged" && cp -R "$prefix" "$work/merged/usr" && ln -s "usr/$top" "$work/merged/$top" &&
    cmake -S "$here/cmake" -B "$work/cmake-merged" -Dimgact_DIR="$work/merged/$folder/cmake/imgact" \
      -DCONSUMER="$here/consumer.c" -DWANTED="$1" && cmake --build "$work/cmake-merged" && "$work/cmake-merged/consumer"
}

without_cmake_version() {
  ! cmake -S "$here/cmake" -B "$work/cmake-$1" -Dimgact_DIR="$libdir/cmake/imgact" -DCONSUMER="$here/consumer.c" -DWANTED="$1"
}

# Meson finds the installation by pkg-config.
with_meson() {
  mkdir "$work/meson" && sed "/^subproject/d" "$here/subproject/meson.build" >"$work/meson/meson.build" &&
    cp "$here/consumer.c" "$work/meson/" && meson setup "$work/meson/build" "$work/meson" &&
    ninja -C "$work/meson/build" && LD_LIBRARY_PATH=$libdir "$work/meson/build/consumer"
}

# as_subproject KIND: one build makes the library and the program, which links it in that way.
as_subproject() {
  project=$work/subproject
  [ -d "$project" ] || {
    cp -r "$here/subproject" "$project" && cp "$here/consumer.c" "$project/" && mkdir "$project/subprojects" &&
      ln -s "$root" "$project/subprojects/imgact"
  }
  meson setup "$project/$1" "$project" --wrap-mode=default -Dimgact:default_library="$1" &&
    ninja -C "$project/$1" && "$project/$1/consumer" && [ ! -e "$project/$1/subprojects/imgact/tests" ]
}
subproject_shared() {
  as_subproject shared && is_linked "$work/subproject/shared/consumer"
}
subproject_static() {
  as_subproject static && is_not_linked "$work/subproject/static/consumer"
}

fuzz_without_tests() {
  CC=clang meson setup "$work/fuzz" "$root" -Dfuzz=true -Dtests=disabled -Db_lundef=false &&
    meson introspect --targets "$work/fuzz" >"$work/targets" && grep -F '"fuzz_engine"' "$work/targets" &&
    ! grep -F '"test_json"' "$work/targets"
}

ok 'meson install' install_it
pc=$(find "$dest" -name imgact.pc)
version=$(sed -n 's/^Version: //p' "$pc")
libdir=$(dirname "$(find "$dest" -name libimgact.so)")
PKG_CONFIG_SYSROOT_DIR=$dest
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
ok 'installed library files are complete' installed
ok 'exported functions have manual pages' pages_of_functions
if [ -e "$build/src/cli/imgact" ]; then ok 'installed tool files are complete' with_tool
else skip 'and the tool, its manual pages and its completions' 'no tool'; fi
ok 'version matches in meson.build and base.h' one_version
ok 'the soname is libimgact.so.1' soname
ok 'pkg-config builds a C program' with_pkg_config cc "$here/consumer.c" "$work/c"
ok 'pkg-config builds a C++ program' with_pkg_config 'c++ -std=c++17 -x c++' "$here/consumer.c" "$work/cc"
ok 'pkg-config --static lists private libraries' static_flags
ok 'static library links a C program' static_imgact
ok 'Meson builds a C program' with_meson
unset PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
ok 'fuzz targets are built without tests' fuzz_without_tests
if command -v cmake >/dev/null; then
  ok 'CMake links shared and static library' with_cmake "${version%.*}"
  ok 'CMake finds it through linked /lib' with_merged_cmake "${version%.*}"
  ok 'CMake rejects a later version' without_cmake_version 99.0
else
  skip 'C programs by CMake, shared and static' 'no cmake'
fi
ok 'Meson subproject links the shared library' subproject_shared
ok 'Meson subproject links the static library' subproject_static
finish
