#!/bin/sh
# SPDX-License-Identifier: MIT
# A signal ends a wait: prints the outcome so far, the running action and the command to resume the wait. Time in the
# simulator is so slow that no action ends.
set -u
. "$(dirname "$0")/tool.sh"
"$3" --images 20 --seed 1 --speed 0.001 >"$work/urls" &
simulator=$!
trap 'kill $simulator; rm -rf "$work"' EXIT
export HCLOUD_TOKEN=a-token-of-the-signal-test

# eventually COMMAND...: repeats it for at most ten seconds.
eventually() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || { echo "in vain: $*" && return 1; }
    sleep 0.05
  done
}
eventually grep -q hetzner "$work/urls"
endpoint=$(sed -n 's/.*"hetzner":"\([^"]*\)".*/\1/p' "$work/urls")
snapshots=$("$tool" --provider hetzner --endpoint "$endpoint" image list --type snapshot --columns id --no-header)
image=$(echo "$snapshots" | sed -n 1p) others=$(echo "$snapshots" | sed -n 2,3p)

# start COMMAND...: in the background, but with the default action of SIGINT, which shells ignore there.
start() {
  : >"$work/err"
  "$tool" --provider hetzner --endpoint "$endpoint" --progress plain "$@" >"$work/out" 2>"$work/err" </dev/null &
  running=$!
}

ended() {
  wait "$running"
  status=$?
  [ "$status" = "$1" ] || { echo "exit status $status instead of $1" && cat "$work/err" && false; }
}

interrupted() {
  start image protect "$image" --wait -o jsonl
  eventually grep -q running "$work/err" && kill "$running" && ended 130 &&
    has out '"image_id":"'"$image"'","region":null,"ok":false.*"status":"running".*"error":\{"code":"cancelled"' &&
    has err '^imgact: still running: [0-9]+; to resume waiting:$' &&
    has err '^  imgact action wait [0-9]+ --image '"$image"' --provider hetzner --endpoint http://127'
}
ok 'signal_ends_wait_with_hint' interrupted

# timeout(1) sends the signal to its child and then to the process group.
twice() {
  start image protect "$(echo "$snapshots" | sed -n 5p)" --wait -o jsonl
  eventually grep -q running "$work/err" && kill "$running" && { kill "$running" || true; } 2>"$work/late" && ended 130 &&
    has out '"status":"running".*"error":\{"code":"cancelled"' && has err '^  imgact action wait [0-9]+ --image '
}
ok 'signal_twice_at_once_counts_once' twice

impatient() {
  action=$(sed -n 's/.*still running: \([0-9]*\);.*/\1/p' "$work/err")
  start action wait "$action" -o jsonl
  eventually grep -q running "$work/err" && kill -STOP "$running" && kill "$running" && kill -CONT "$running" && ended 130
}
ok 'signal_after_stop_ends_wait' impatient

transferred() {
  clouds=$(sed -n 's/.*"digitalocean":"\([^"]*\)".*/\1/p' "$work/urls")
  export DIGITALOCEAN_TOKEN=a-token-of-the-signal-test
  some=$("$tool" --provider digitalocean --endpoint "$clouds" image list --type snapshot --columns id --no-header | sed -n 1,2p)
  : >"$work/err"
  # shellcheck disable=SC2086 # two ids
  "$tool" --provider digitalocean --endpoint "$clouds" --progress plain image transfer $some --region nyc1 --wait \
    >"$work/out" 2>"$work/err" </dev/null &
  running=$!
  eventually sh -c "[ \$(grep -c running '$work/err') -ge 2 ]" && kill "$running" && ended 130 || return 1
  for one in $some; do has err "^  imgact action wait [0-9]+ --image $one --provider digitalocean " || return 1; done
}
ok 'signal_hint_has_command_per_image' transferred

# SIGHUP is not ignored here, as it would be with nohup.
hung_up() {
  : >"$work/err"
  python3 -c 'import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
    "$tool" --provider hetzner --endpoint "$endpoint" --progress plain image protect "$(echo "$snapshots" | sed -n 4p)" \
    --wait -o jsonl >"$work/out" 2>"$work/err" </dev/null &
  running=$!
  eventually grep -q running "$work/err" && kill -HUP "$running" && ended 130 && has out '"status":"running"' &&
    has err '^  imgact action wait [0-9]+ --image '
}
ok 'hangup_ends_wait_with_hint' hung_up

pasted() {
  command=$(sed -n 's/^  imgact //p' "$work/err")
  # shellcheck disable=SC2086 # words of a command
  ends 8 "$tool" $command --deadline 300ms && has err '^imgact: still running: [0-9]+;' &&
    has err '^imgact: action [0-9]+: the deadline passed; last status running \([0-9]+ %\)$'
}
ok 'signal_hint_command_resumes_wait' pasted

ignored() {
  action=$(sed -n 's/.*still running: \([0-9]*\);.*/\1/p' "$work/err")
  start action wait "$action" --poll-interval 50ms --trace
  eventually grep -q '#2 ' "$work/err" && kill -INT "$running" && seen=$(grep -c 's > #[0-9]* GET' "$work/err") &&
    eventually sh -c "[ \$(grep -c 's > #[0-9]* GET' '$work/err') -gt $((seen + 2)) ]" && kill "$running" && ended 130
}
ok 'signal_ignored_at_start_stays_ignored' ignored

batch() {
  # shellcheck disable=SC2086 # two ids
  start image protect $others --wait --columns ok,error
  eventually sh -c "[ \$(grep -c running '$work/err') -ge 2 ]" && kill "$running" && ended 130 && is out <<'END' &&
OK   ERROR
no   cancelled
no   cancelled
END
    [ "$(grep -cE '^imgact: image [0-9]+: stopped waiting; action [0-9]+: last status running' "$work/err")" = 2 ] &&
    has err '^imgact: still running: [0-9]+ [0-9]+; to resume' && has err '^  imgact action wait [0-9]+ [0-9]+ --provider'
}
ok 'signal_names_all_actions_of_batch' batch
finish
