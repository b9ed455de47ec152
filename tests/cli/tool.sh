# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Runs the tool on cassettes and checks its output. Usage of a test: NAME.sh TOOL SOURCE_ROOT
. "$2/tests/packaging/tap.sh"
tool=$1 root=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Removes the configuration and tokens of the caller.
for name in IMGACT_CONFIG IMGACT_PROFILE IMGACT_PROVIDER IMGACT_ENDPOINT HCLOUD_TOKEN HCLOUD_ENDPOINT DIGITALOCEAN_TOKEN \
  DIGITALOCEAN_ACCESS_TOKEN DIGITALOCEAN_API_URL XDG_CONFIG_HOME NO_COLOR SSL_CERT_FILE; do
  unset "$name"
done
export HOME="$work" LC_ALL=C.UTF-8

# ends STATUS COMMAND...: runs the command, checks its exit status and stores stdout and stderr.
ends() {
  wanted=$1
  shift
  "$@" >"$work/out" 2>"$work/err" </dev/null
  status=$?
  [ "$status" = "$wanted" ] && return
  echo "exit status $status instead of $wanted: $*"
  cat "$work/err"
  false
}

hetzner() {
  cassette=$1
  shift
  "$tool" --provider hetzner --replay "$root/tests/fixtures/hetzner/$cassette.har" "$@"
}

digitalocean() {
  cassette=$1
  shift
  "$tool" --provider digitalocean --replay "$root/tests/fixtures/digitalocean/$cassette.har" "$@"
}

# is out|err [TEXT]: the output is exactly TEXT and a newline; without TEXT, standard input.
is() {
  if [ $# = 2 ]; then printf '%s\n' "$2" >"$work/wanted"; else cat >"$work/wanted"; fi
  diff "$work/wanted" "$work/$1"
}

silent() {
  [ ! -s "$work/$1" ] || { cat "$work/$1" && false; }
}

# has out|err REGEX: a line of the output matches.
has() {
  grep -qE "$2" "$work/$1" || { cat "$work/$1" && false; }
}

lacks() {
  ! grep -E "$2" "$work/$1"
}
