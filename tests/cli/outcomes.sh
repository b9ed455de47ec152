#!/bin/sh
# SPDX-License-Identifier: MIT
# Mutations: outcomes, batches, exit statuses. An item whose request is not in the cassette fails as `protocol`.
set -u
. "$(dirname "$0")/tool.sh"

deleted() {
  ends 0 hetzner deletion image delete 90210418 --yes -o jsonl && silent err &&
    is out '{"image_id":"90210418","region":null,"ok":true,"changed":true,"adopted":false,"action":null,"image":null,"error":null}'
}
ok 'delete_prints_outcome' deleted

mixed() {
  ends 9 hetzner deletion image delete 90210418 5 && is out <<'END' && has err '^imgact: image 5: .*DELETE /v1/images/5'
IMAGE_ID   OK    ACTION   ERROR
90210418   yes   -        -
5          no    -        protocol
END
}
ok 'batch_mixed_prints_table_and_errors' mixed

# The polls are not in the cassette and fail, but the action was started.
begun() {
  ends 13 digitalocean transfer image transfer 61530088 --region ams3 --wait --columns ok,action.id --no-header &&
    printf 'no   2200000417\n' | is out &&
    has err '^imgact: image 61530088 to ams3: .*; action 2200000417: last status running' &&
    has err '^imgact: still running: 2200000417; to resume waiting:$' &&
    has err '^  imgact action wait 2200000417 --image 61530088 --provider digitalocean' && ! grep -q 'may have been' "$work/err"
}
ok 'wait_with_failed_polls_names_action' begun

flat() {
  ends 0 hetzner protection-that-is-waited-for image protect 90210418 --wait -o csv \
    --columns image_id,action.id,action.status,error.code,action.error &&
    printf 'image_id,action.id,action.status,error.code,action.error\n90210418,8801,success,,\n' | is out &&
    ends 9 hetzner deletion image delete 90210418 5 --columns image_id,error.code,error.http_status --no-header &&
    is out <<'END' || return 1
90210418   -          -
5          protocol   -
END
  for column in action.nonsense image_id.id action. .id action.error.code; do
    ends 2 hetzner deletion image delete 90210418 --columns "ok,$column" && has err "unknown column '$column' in --columns" || return 1
  done
}
ok 'columns_accept_nested_keys' flat

one_reason() {
  ends 13 hetzner deletion image delete 5 6 -o jsonl && silent err &&
    [ "$(grep -c '"ok":false.*"error":{"code":"protocol"' "$work/out")" = 2 ]
}
ok 'batch_same_failure_keeps_exit_status' one_reason

bad_id() {
  ends 2 hetzner deletion image delete 90210418 id:two -o json && silent out && has err '"code":"invalid_argument"'
}
ok 'batch_invalid_id_rejects_all' bad_id

unsupported() {
  ends 10 hetzner deletion image transfer 90210418 --region fsn1 -o json && silent out && has err '"code":"unsupported"'
}
ok 'batch_unsupported_operation_rejects_all' unsupported

missing() {
  ends 4 hetzner deletion-of-what-is-not-there image delete "$gone" -o jsonl && has out '"code":"not_found"' &&
    ends 0 hetzner deletion-of-what-is-not-there image delete "$gone" --ignore-missing -o jsonl &&
    has out '"ok":true.*"error":null'
}
gone=$(sed -n 's/.*"op": "delete_image", "image": "\([^"]*\)".*/\1/p' \
  "$root/tests/fixtures/hetzner/deletion-of-what-is-not-there.har")
ok 'delete_missing_image_with_ignore_missing' missing

protected() {
  ends 0 hetzner protection-that-is-waited-for image protect 90210418 --wait -o jsonl &&
    has out '"ok":true.*"action":\{"provider":"hetzner","id":"8801".*"status":"success"'
}
ok 'protect_with_wait_prints_action' protected

converted() {
  ends 0 hetzner conversion-is-done-at-once image convert 90210418 --wait --progress plain &&
    is err 'convert of 90210418: success 100 %' || return 1
  ends 0 hetzner conversion-is-done-at-once image convert 90210418 -o jsonl &&
    has out '"action":\{"provider":"hetzner","id":null' &&
    has out '"image":\{"provider":"hetzner","id":"90210418"'
}
ok 'convert_synchronous_has_action_without_id' converted

transferred() {
  ends 9 digitalocean transfer image transfer 61530088 --region ams3 --region xyz1 -o csv --columns image_id,region,ok &&
    printf 'image_id,region,ok\n61530088,ams3,true\n61530088,xyz1,false\n' | is out &&
    has err '^imgact: image 61530088 to xyz1: '
}
ok 'transfer_two_regions_keeps_order' transferred

failed() {
  ends 7 hetzner wait-for-an-action-that-fails action wait 1 -o json && has out '^  "status": "error",$' &&
    has err '^\{"error":\{"code":"action_failed"'
}
ok 'wait_failed_action_is_printed' failed

vanished() {
  ends 4 hetzner wait-for-an-action-that-vanishes action wait 1 -o json && has out '^  "status": "running",$' &&
    has err '"code":"not_found"' && lacks err 'still running'
}
ok 'wait_missing_action_is_not_running' vanished

labels() {
  ends 0 hetzner update-of-labels image update 90210418 --label env=prod --label empty= --clear-labels --columns labels \
    --no-header &&
    is out 'env=prod,empty=' &&
    ends 2 hetzner update-of-labels image update 90210418 --label env && has err 'KEY=VALUE' &&
    ends 2 hetzner update-of-labels image update 90210418 --label a=1 --label a=2 && has err "duplicate label 'a'"
}
ok 'labels_clear_and_invalid_labels' labels

kept() {
  cat >"$work/labels.har" <<'END'
{"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": [
  {"startedDateTime": "2026-03-02T08:15:00Z", "time": 1, "cache": {}, "timings": {"send": 0, "wait": 1, "receive": 0},
   "request": {"method": "GET", "url": "https://api.hetzner.cloud/v1/images/7", "httpVersion": "HTTP/1.1", "cookies": [],
     "headers": [], "queryString": [], "headersSize": -1, "bodySize": 0},
   "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
     "redirectURL": "", "headersSize": -1, "bodySize": -1, "content": {"size": -1, "mimeType": "application/json",
       "text": "{\"image\":{\"id\":7,\"type\":\"snapshot\",\"labels\":{\"keep\":\"1\",\"old\":\"\",\"env\":\"test\"}}}"}}},
  {"startedDateTime": "2026-03-02T08:15:01Z", "time": 1, "cache": {}, "timings": {"send": 0, "wait": 1, "receive": 0},
   "request": {"method": "PUT", "url": "https://api.hetzner.cloud/v1/images/7", "httpVersion": "HTTP/1.1", "cookies": [],
     "headers": [], "queryString": [], "headersSize": -1, "bodySize": -1,
     "postData": {"mimeType": "application/json", "text": "{\"labels\":{\"keep\":\"1\",\"env\":\"prod\",\"new\":\"\"}}"}},
   "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
     "redirectURL": "", "headersSize": -1, "bodySize": -1, "content": {"size": -1, "mimeType": "application/json",
       "text": "{\"image\":{\"id\":7,\"type\":\"snapshot\",\"labels\":{\"keep\":\"1\",\"env\":\"prod\",\"new\":\"\"}}}"}}}]}}
END
  ends 0 "$tool" --provider hetzner --replay "$work/labels.har" image update 7 --label env=prod --label new= \
    --remove-label old --remove-label never-there --columns labels --no-header &&
    is out 'keep=1,env=prod,new='
}
ok 'labels_set_or_removed_keep_others' kept

removed() {
  sed 's/prod\\",\\"new\\":\\"\\"/test\\"/' "$work/labels.har" >"$work/removed.har"
  ends 0 "$tool" --provider hetzner --replay "$work/removed.har" image update 7 --remove-label old --columns labels --no-header &&
    is out 'keep=1,env=test' &&
    ends 2 hetzner update-of-labels image update 90210418 --remove-label a=1 && has err "^imgact: invalid value 'a=1' for --remove-label; use KEY" &&
    ends 2 hetzner update-of-labels image update 90210418 --remove-label a --label a=1 && has err 'both set and removed' &&
    ends 2 hetzner update-of-labels image update 90210418 --remove-label a --clear-labels && has err 'mutually exclusive' &&
    ends 10 digitalocean transfer image update 7 --remove-label a
}
ok 'remove_label_rejects_conflicting_flags' removed

# The trace prints the exact length after a cut body, and no such line after a complete one.
traced() {
  i=500 ids=
  while [ $i -le 529 ]; do ids="$ids $i" && i=$((i + 1)); done
  # shellcheck disable=SC2086 # many ids
  ends 0 hetzner wait-for-more-than-25-actions action wait $ids --trace -o jsonl || return 1
  cut=$(sed -n 's/^+[0-9.]*s < #1 \.\.\. (\([0-9]* of [0-9]*\) bytes)$/\1/p' "$work/err")
  [ "$cut" = '4096 of 5263' ] && [ "$(grep -c 's < #[0-9]* \.\.\. ' "$work/err")" = 1 ] || { cut -c1-100 "$work/err" && false; }
}
ok 'trace_reports_length_of_cut_body' traced

record() {
  ends 0 hetzner images-on-three-pages image list -o json --record "$work/copy.har" && cp "$work/out" "$work/first" &&
    ends 0 "$tool" --provider hetzner --replay "$work/copy.har" image list -o json && cmp "$work/first" "$work/out" &&
    ends 2 hetzner images-on-three-pages image list --record "$work/none/copy.har" && has err 'copy.har'
}
ok 'record_can_be_replayed' record
finish
