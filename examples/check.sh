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

# The parent of a request's span is that of its operation.
spans_of_two_images() {
  ids=$("$work/blocking" "do" | awk 'NR <= 2 { print $2 }')
  # shellcheck disable=SC2086
  "$work/spans" $ids >"$work/spans.out" || { cat "$work/spans.out"; return 1; }
  for id in $ids; do
    root=$(sed -n "s/.*\"name\":\"get_image\",\"span_id\":\"\([0-9a-f]*\)\",\"parent_span_id\":null.*\"image_id\":\"$id\".*/\1/p" "$work/spans.out")
    grep '"name":"GET"' "$work/spans.out" | grep "\"parent_span_id\":\"$root\"" |
      grep -qE "images/$id\".*\"http.response.status_code\":200" || { cat "$work/spans.out"; return 1; }
  done
}

span_of_a_missing_image() {
  ends_with 1 "$work/spans" 999999999999 >"$work/spans.out" &&
    grep -q '"http.response.status_code":404' "$work/spans.out" &&
    grep -qE '"name":"get_image".*"error":"' "$work/spans.out" && return
  cat "$work/spans.out"
  return 1
}

# page URL: by the interpreter that the tests need anyway.
page() {
  python3 -c 'import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())' "$1"
}

# The first line names the URL; the list of images is soon counted.
metrics_are_served() {
  [ -e "$work/url" ] || mkfifo "$work/url"
  "$work/metrics" 0 1 >"$work/url" 2>"$work/said" &
  metrics_pid=$!
  read -r url <"$work/url"
  tries=0
  until page "$url" >"$work/page" && grep -qE '^imgact_responses_total\{provider="digitalocean",code="2xx"\} [1-9]' "$work/page"; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || break
    sleep 0.1
  done
  kill $metrics_pid
  wait $metrics_pid
  status=$?
  cat "$work/said" "$work/page"
  [ $status = 0 ] && grep -qE '^imgact_requests_total\{provider="digitalocean",class="read"\} [1-9]' "$work/page" &&
    grep -qx 'imgact_ambiguous_total{provider="digitalocean"} 0' "$work/page" &&
    grep -qE '^imgact_delayed_seconds_total\{.*\} [0-9.]+$' "$work/page"
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
  ok 'spans shows each request below its operation' spans_of_two_images
  ok 'spans shows a failure' span_of_a_missing_image
  ok 'metrics serves the counters' metrics_are_served
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
