#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the examples, as users do, against both simulated clouds: check.sh EXAMPLE... -- [SIMULATOR]
# FIXTURES is the folder of cassettes; UNDER, if it is set, a command that runs each example and fails where it finds fault.
set -u
here=$(dirname "$0")
. "$here/../tests/packaging/tap.sh"
work=$(mktemp -d)
simulator='' simulator_pid=''
trap 'stop_simulator; rm -rf "$work"' EXIT

# Each by its own name; exec keeps the process that signals are for.
while [ "$1" != -- ]; do
  printf '#!/bin/sh\nexec %s %s "$@"\n' "${UNDER-}" "$(realpath "$1")" >"$work/${1##*/example-}"
  chmod +x "$work/${1##*/example-}"
  shift
done
[ $# -lt 2 ] || simulator=$2

stop_simulator() {
  [ -z "$simulator_pid" ] || kill "$simulator_pid"
  simulator_pid=''
}

# start_simulator SPEED: in which time passes so much faster. Its first line names both endpoints.
start_simulator() {
  [ -e "$work/endpoints" ] || mkfifo "$work/endpoints"
  "$simulator" --seed 7 --images 45 --speed "$1" >"$work/endpoints" 2>"$work/trouble" &
  simulator_pid=$!
  read -r line <"$work/endpoints" || return 1
  hetzner=$(echo "$line" | sed 's/.*"hetzner":"\([^"]*\)".*/\1/')
  digitalocean=$(echo "$line" | sed 's/.*"digitalocean":"\([^"]*\)".*/\1/')
  cat >"$work/config.ini" <<END
default_profile = do
[hz]
provider  = hetzner
endpoint  = $hetzner
token_env = EXAMPLE_TOKEN
[do]
provider  = digitalocean
endpoint  = $digitalocean
token_env = EXAMPLE_TOKEN
END
}

# prints WORDS COMMAND...: it succeeds, and a line of its output is as the pattern says.
prints() {
  pattern=$1
  shift
  "$@" >"$work/out" || { status=$?; cat "$work/out"; return $status; }
  grep -qE "$pattern" "$work/out" || { cat "$work/out"; return 1; }
}

ends_with() {
  expected=$1 status=0
  shift
  "$@" || status=$?
  [ "$status" = "$expected" ]
}

excerpts_are_there() {
  awk -f "$here/excerpts.awk" "$here"/*.c "$here/../docs/guide.md" | nothing
}

backup_of() {
  IMGACT_PROFILE=$1 "$work/blocking" | awk '$3 == "backup" { print $2; exit }'
}

# The action is running when the signal comes: its first line of progress was read.
is_cancelled() {
  mkfifo "$work/progress"
  "$work/cancel" "$(backup_of "do")" >"$work/progress" 2>"$work/said" &
  cancel_pid=$!
  { read -r first && kill -INT $cancel_pid && cat >"$work/rest"; } <"$work/progress"
  status=0
  wait $cancel_pid || status=$?
  echo "first: $first, exit status: $status"
  cat "$work/said"
  [ $status = 130 ] && grep -q '^cancelled: ' "$work/said" && grep -q '^action .* continues$' "$work/said"
}

# The first region that the image is not in.
transfer_of_a_snapshot() {
  snapshot=$("$work/blocking" "do" | awk '$3 == "snapshot" { print $2; exit }')
  for region in nyc3 ams3 sgp1 fra1 blr1; do
    echo "$snapshot $region" >"$work/which"
    RECORD=$work/transfer.har "$work/transfer" "$snapshot" "$region" >"$work/transferred" &&
      grep -q '^action .*: running$' "$work/transferred" && grep -qx copied "$work/transferred" && return
  done
  false
}

# Without the cloud, and without a token for it.
replayed_transfer() {
  unset EXAMPLE_TOKEN
  read -r snapshot region <"$work/which"
  REPLAY=$work/transfer.har "$work/transfer" "$snapshot" "$region" | diff "$work/transferred" -
}

on_both_clouds() {
  ok 'blocking lists the default profile' prints '^digitalocean  [0-9]+  (snapshot|backup|custom)  ' "$work/blocking"
  ok 'blocking lists a profile that is named' prints '^hetzner  [0-9]+  (snapshot|backup)  ' "$work/blocking" "do" hz
  for loop in epoll libuv glib; do
    if [ -e "$work/$loop" ]; then ok "$loop lists in a loop of its own" prints '^[1-9][0-9]* images$' "$work/$loop"
    else skip "$loop lists in a loop of its own" 'not built'; fi
  done
  if [ -e "$work/transfer" ]; then
    ok 'transfer copies an image and records it' transfer_of_a_snapshot
    ok 'its replay says the same' replayed_transfer
  else skip 'transfer copies an image' 'not built'; fi
  ok 'two_clouds asks both' prints '^hz: [1-9][0-9]* images$' "$work/two_clouds" hz "do"
  ok 'two_clouds shows the other, too' grep -qE '^do: [1-9][0-9]* images$' "$work/out"
}

where_actions_take_long() {
  ok 'cancel stops waiting at a signal' is_cancelled
  ok 'cancel waits to the end without one' env IMGACT_PROFILE=hz "$work/cancel" "$(backup_of hz)"
}

unset IMGACT_PROFILE IMGACT_PROVIDER IMGACT_ENDPOINT HCLOUD_ENDPOINT DIGITALOCEAN_API_URL
export IMGACT_CONFIG="$work/config.ini" EXAMPLE_TOKEN=any
ok "the guide's excerpts are the examples' own text" excerpts_are_there
ok 'cassette_test passes on its cassette' "$work/cassette_test" "$FIXTURES/hetzner/protection-that-is-waited-for.har"
ok 'cassette_test fails on another one' ends_with 1 "$work/cassette_test" "$FIXTURES/hetzner/protection.har"
if [ -z "$simulator" ]; then skip 'the examples run on both clouds' 'imgact-sim was not built'
elif start_simulator 60; then
  on_both_clouds
  stop_simulator
  start_simulator 0.1 && where_actions_take_long
else ok 'the simulator starts' sh -c 'cat "$1"; false' - "$work/trouble"; fi
finish
