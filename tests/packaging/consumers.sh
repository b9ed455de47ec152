#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs that use the installed library as others would: outside this tree, from an installation below DESTDIR, by
# pkg-config, CMake and as a Meson subproject. Also: what an installation holds.
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
      libimgact.so.0 "libimgact.so.$version" pkgconfig/imgact.pc
  } | LC_ALL=C sort | diff - "$work/installed"
}

soname() {
  readelf -d "$libdir/libimgact.so" | grep -q 'SONAME.*\[libimgact\.so\.0\]'
}

with_pkg_config() {
  compiler=$1 source=$2 output=$3
  shift 3
  # shellcheck disable=SC2046 # one word per flag
  $compiler "$source" -o "$output" $(pkg-config "$@" --cflags --libs imgact) && LD_LIBRARY_PATH=$libdir "$output"
}

# libcurl's own static libraries need not be there: ours alone is linked statically.
static_imgact() {
  # shellcheck disable=SC2046
  cc "$here/consumer.c" -o "$work/static" $(pkg-config --cflags imgact) "$libdir/libimgact.a" \
    $(pkg-config --static --libs-only-l imgact | tr ' ' '\n' | grep -E -- '^-l(curl|yyjson|inih)$') &&
    "$work/static" && ! readelf -d "$work/static" | grep libimgact
}

static_flags() {
  pkg-config --static --libs imgact | grep -e -lcurl
}

with_cmake() {
  cmake -S "$here/cmake" -B "$work/cmake" -Dimgact_DIR="$libdir/cmake/imgact" -DCONSUMER="$here/consumer.c" -DWANTED="$1" &&
    cmake --build "$work/cmake" && "$work/cmake/consumer"
}

without_cmake_version() {
  ! cmake -S "$here/cmake" -B "$work/cmake-$1" -Dimgact_DIR="$libdir/cmake/imgact" -DCONSUMER="$here/consumer.c" -DWANTED="$1"
}

as_subproject() {
  cp -r "$here/subproject" "$work/subproject" && cp "$here/consumer.c" "$work/subproject/" &&
    mkdir "$work/subproject/subprojects" && ln -s "$root" "$work/subproject/subprojects/imgact" &&
    meson setup "$work/subproject/build" "$work/subproject" --wrap-mode=default &&
    ninja -C "$work/subproject/build" && "$work/subproject/build/consumer" &&
    [ ! -e "$work/subproject/build/subprojects/imgact/tests" ]
}

ok 'meson install' install_it
pc=$(find "$dest" -name imgact.pc)
version=$(sed -n 's/^Version: //p' "$pc")
libdir=$(dirname "$(find "$dest" -name libimgact.so)")
PKG_CONFIG_SYSROOT_DIR=$dest
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
ok 'an installation holds headers, libraries and the files of pkg-config and CMake' installed
ok 'the soname is libimgact.so.0' soname
ok 'a C program by pkg-config' with_pkg_config cc "$here/consumer.c" "$work/c"
ok 'a C++ program by pkg-config' with_pkg_config 'c++ -std=c++17 -x c++' "$here/consumer.c" "$work/cc"
ok 'pkg-config --static names the private libraries' static_flags
ok 'a C program with the static library' static_imgact
unset PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
if command -v cmake >/dev/null; then
  ok 'a C program by CMake' with_cmake "${version%.*}"
  ok 'CMake refuses a later version' without_cmake_version 99.0
else
  skip 'a C program by CMake' 'no cmake'
fi
ok 'a C program with imgact as a Meson subproject' as_subproject
finish
