#!/bin/sh
# SPDX-License-Identifier: MIT
# Results in all formats, errors on stderr, and output that cannot be written.
set -u
. "$(dirname "$0")/tool.sh"

many_scripts() {
  ends 0 hetzner image-with-text-in-many-scripts image get 90210418 --columns id,description,type,protected &&
    silent err && is out <<'END'
ID         DESCRIPTION                   TYPE       PROTECTED
90210418   naïve – 東京 🖼 \ " \n tab\t   snapshot   no
END
}
ok 'table_aligns_by_display_width' many_scripts
LC_ALL=C
ok 'table_is_same_in_every_locale' many_scripts
LC_ALL=C.UTF-8

# Hostile text $1 in a table and in an error: as the description of an image, and as the message of a 404.
hostile_cassette() {
  cat >"$work/hostile.har" <<END
{"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": [
  {"request": {"method": "GET", "url": "https://api.hetzner.cloud/v1/images/7"},
   "response": {"status": 200, "headers": [], "content": {"text":
     "{\\"image\\":{\\"id\\":7,\\"type\\":\\"snapshot\\",\\"description\\":\\"$1\\"}}"}}},
  {"request": {"method": "GET", "url": "https://api.hetzner.cloud/v1/images/actions/8"},
   "response": {"status": 404, "headers": [], "content": {"text":
     "{\\"error\\":{\\"code\\":\\"not_found\\",\\"message\\":\\"$1\\"}}"}}}]}}
END
}

hostile() {
  hostile_cassette "$1"
  ends 0 "$tool" --provider hetzner --replay "$work/hostile.har" image get 7 --columns description,id --no-header &&
    is out "$2   7" &&
    ends 4 "$tool" --provider hetzner --replay "$work/hostile.har" action get 8 && is err "imgact: $2 (not_found, HTTP 404)"
}
ok 'table_escapes_escape_sequences' hostile '\\u001b[2J\\u001b]0;x\\u0007' '\u001b[2J\u001b]0;x\u0007'
ok 'table_escapes_c1_characters' hostile '\\u009b31m\\u0090q\\u007f' '\u009b31m\u0090q\u007f'
ok 'table_escapes_line_breaks' hostile 'a\\nb\\rc\\td\\u2028' 'a\nb\rc\td\u2028'
ok 'table_escapes_bidirectional_controls' hostile 'a\\u202egnp.exe\\u2067' 'a\u202egnp.exe\u2067'
ok 'table_shows_nul' hostile 'a\\u0000b' 'a\u0000b'

wide() {
  hostile_cassette "$1"
  ends 0 "$tool" --provider hetzner --replay "$work/hostile.har" image get 7 --columns description,id && {
    printf 'DESCRIPTION   ID\n%s   7\n' "$2"
  } | is out
}
ok 'table_aligns_wide_characters' wide '東京 🚀' '東京 🚀    '
ok 'table_aligns_combining_characters' wide 'e\\u0301a\\u0308\\u200b!' "$(printf 'e\314\201a\314\210\342\200\213!        ')"

nulls() {
  ends 0 hetzner image-with-nothing-but-an-id image get 7 --columns id,name,size_gb,labels --no-header &&
    is out '7   -   -   -' &&
    ends 0 hetzner image-with-nothing-but-an-id image get 7 --columns id,name,size_gb,labels --no-header -o csv &&
    is out '7,,,'
}
ok 'null_in_table_and_csv' nulls

csv() {
  ends 0 hetzner image-with-text-in-many-scripts image get 90210418 -o csv --columns id,description &&
    printf 'id,description\n90210418,"naïve – 東京 🖼 \\ "" \n tab\t"\n' | is out
}
ok 'csv_quotes_and_keeps_bytes' csv

# image_of JSON: a cassette of image 7 with these additional members.
image_of() {
  cat >"$work/image.har" <<END
{"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": [
  {"request": {"method": "GET", "url": "https://api.hetzner.cloud/v1/images/7"},
   "response": {"status": 200, "headers": [], "content": {"text":
     "{\"image\":{\"id\":7,$(printf %s "$1" | sed 's/"/\\"/g')}}"}}}]}}
END
}
# shows FORMAT COLUMNS TEXT: the output for that image.
shows() {
  ends 0 "$tool" --provider hetzner --replay "$work/image.har" image get 7 -o "$1" --columns "$2" --no-header && is out "$3"
}
# holds MEMBER: the JSON of that image contains this line.
holds() {
  ends 0 "$tool" --provider hetzner --replay "$work/image.har" image get 7 -o json && has out "^  $1,$"
}

early() {
  image_of '"created":"0999-01-30T23:50:00Z","deprecated":"0001-01-01T00:00:00Z"' &&
    shows csv created_at,deprecated_at '0999-01-30T23:50:00Z,0001-01-01T00:00:00Z' &&
    shows table created_at,deprecated_at '0999-01-30T23:50:00Z   0001-01-01T00:00:00Z' &&
    holds '"created_at": "0999-01-30T23:50:00Z"' && holds '"deprecated_at": "0001-01-01T00:00:00Z"'
}
ok 'time_year_has_four_digits' early

numbers() {
  image_of '"image_size":1e-7,"disk_size":1e22' && holds '"size_gb": 1e-7' && holds '"min_disk_gb": 1e22' &&
    shows csv size_gb,min_disk_gb '1e-7,1e22' && shows table size_gb,min_disk_gb '1e-7   1e22'
}
ok 'number_is_same_in_every_format' numbers

# The pipe of the manual page: one id per line, as arguments of the next command.
piped() {
  example=$(sed -n '/ | /d; s/^\.Dl \$ \(imgact image list .* -o csv .*\)$/\1/p' "$root/docs/man/imgact.1")
  {
    printf '{"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": ['
    printf '{"request": {"method": "GET", "url": "https://api.hetzner.cloud/v1/images?label_selector=env%%3Dprod&page=1&per_page=50"},'
    printf '"response": {"status": 200, "headers": [], "content": {"text": "{\\"images\\":[{\\"id\\":7},{\\"id\\":8}]}"}}}'
    for id in 7 8; do
      printf ',{"request": {"method": "GET", "url": "https://api.hetzner.cloud/v1/images/%s"},' $id
      printf '"response": {"status": 200, "headers": [], "content": {"text": "{\\"image\\":{\\"id\\":%s}}"}}}' $id
    done
    printf ']}}'
  } >"$work/piped.har"
  printf '#!/bin/sh\nexec "%s" --provider hetzner --replay "%s" "$@"\n' "$(realpath "$tool")" "$work/piped.har" >"$work/imgact"
  chmod +x "$work/imgact"
  PATH=$work:$PATH ends 0 sh -c "$example | xargs -n 1 imgact image get --columns id --no-header" && silent err &&
    printf '7\n8\n' | is out
}
ok 'csv_ids_can_be_piped' piped

one() {
  ends 0 hetzner image-with-nothing-but-an-id image get 7 && silent err && [ "$(grep -c . "$work/out")" = 25 ] &&
    has out '^ID                7$' && has out '^ERROR_MESSAGE     -$' && lacks out ' $' || return 1
  ends 0 hetzner image-with-nothing-but-an-id image get 7 --no-header && [ "$(sed -n 2p "$work/out")" = 7 ] || return 1
  ends 0 hetzner image-with-nothing-but-an-id image get 7 --columns id,name && printf 'ID   NAME\n7    -\n' | is out
}
ok 'table_of_object_has_line_per_key' one

blank() {
  hostile_cassette ''
  ends 0 "$tool" --provider hetzner --replay "$work/hostile.har" image get 7 --columns description,labels,id --no-header &&
    is out '-   -   7'
}
ok 'table_empty_cell_is_dash' blank

several() {
  ends 0 hetzner images-on-three-pages image list -o jsonl &&
    [ "$(grep -c '^{"provider":"hetzner","id":"[1-4]",.*}$' "$work/out")" = 4 ] &&
    ends 0 hetzner images-on-three-pages image list -o json && [ "$(grep -c '^  {$' "$work/out")" = 4 ] &&
    [ "$(head -n 1 "$work/out")$(tail -n 1 "$work/out")" = '[]' ] &&
    ends 0 hetzner images-on-three-pages image list && [ "$(wc -l <"$work/out")" -eq 5 ]
}
ok 'list_of_pages_in_every_format' several

single() {
  ends 0 hetzner image-with-every-field image get 90210418 -o json && [ "$(head -n 1 "$work/out")" = '{' ] &&
    has out '^  "id": "90210418",$' && lacks out '"raw"' &&
    ends 0 hetzner image-with-every-field image get 90210418 -o json --raw && has out '^  "raw": \{$'
}
ok 'raw_adds_object_of_api' single

name=$(sed -n 's/.*"op": "get_image", "image": "\([^"]*\)".*/\1/p' \
  "$root/tests/fixtures/hetzner/image-by-name-of-two-architectures.har")
for_people() {
  ends 5 hetzner image-by-name-of-two-architectures image get "$name" && silent out && has err "^imgact: .*$name" &&
    lacks err '\(\)|null' || return 1
  ends 13 hetzner error-page-of-a-gateway action get 1 --max-attempts 1 && has err '^imgact: HTTP 502: .* \(unavailable\)$' &&
    lacks err 'HTTP 502.*HTTP 502'
}
ok 'error_text_is_one_line' for_people

page_note() {
  ends 0 digitalocean images-of-one-page image list --page 3 --per-page 7 --sort name && has err 'note: only this page' &&
    ends 0 digitalocean images-of-one-page image list --page 3 --per-page 7 --sort name -q && silent err &&
    ends 0 digitalocean images-of-one-page image list --page 3 --per-page 7 && silent err &&
    ends 0 digitalocean actions-of-the-account-are-those-of-images action list --page 1 --columns id &&
    has err 'note: only this page' &&
    ends 0 digitalocean images-of-one-page image list --page 3 --visibility public --type custom --columns id &&
    lacks err 'only this page'
}
ok 'page_with_local_filter_prints_note' page_note

progress() {
  ends 0 hetzner wait-for-two-actions action wait 2 1 --progress plain -o jsonl && is err <<'END' &&
action 2: running 0 %
action 1: running 10 %
action 2: success 100 %
action 1: success 100 %
END
    ends 0 hetzner wait-for-two-actions action wait 2 1 && silent err &&
    ends 0 hetzner wait-for-two-actions action wait 2 1 --progress plain -q && silent err
}
ok 'progress_plain_prints_line_per_change' progress

color() {
  ends 0 hetzner images-on-three-pages image list --color always && has out "$(printf '\033')" &&
    ends 0 hetzner images-on-three-pages image list --color always -o json && lacks out "$(printf '\033')" &&
    ends 0 hetzner images-on-three-pages image list && lacks out "$(printf '\033')"
}
ok 'color_always_is_not_in_json' color

full() {
  "$@" >/dev/full 2>"$work/err"
  [ $? = 1 ] && has err 'cannot write to stdout: No space left on device'
}
lost() {
  for format in table json jsonl csv; do full hetzner images-on-three-pages image list -o "$format" || return 1; done
  for words in 'completion bash' 'completion zsh' 'completion fish' version help 'image list --help'; do
    # shellcheck disable=SC2086 # several words
    full "$tool" $words || return 1
  done
}
if [ -e /dev/full ]; then
  ok 'stdout_full_is_error' lost
else
  skip 'stdout_full_is_error' 'no /dev/full'
fi

closed() {
  hetzner images-on-three-pages image list >&- 2>"$work/err"
  [ $? = 1 ] && has err '^imgact: cannot write to stdout'
}
ok 'stdout_closed_is_error' closed

gone() {
  { hetzner images-on-three-pages image list -o json; echo $? >"$work/status"; } 2>/dev/null | :
  [ "$(cat "$work/status")" -le 1 ] # a reader that goes early may still be quick enough for a pipe's buffer
}
ok 'reader_closed_exits_without_signal' gone

# broken COMMAND...: the reader of its stdout is closed before it writes.
broken() {
  rm -f "$work/pipe" && mkfifo "$work/pipe" && { : <"$work/pipe" & } && exec 4>"$work/pipe" && wait &&
    { "$@" >&4 4>&- 2>"$work/err"; status=$?; exec 4>&-; [ $status = 1 ]; }
}
quiet() {
  broken hetzner images-on-three-pages image list -o json && silent err &&
    broken hetzner images-on-three-pages image list --help && silent err &&
    broken hetzner deletion image delete 90210418 --yes && has err '^imgact: image 90210418: done$' &&
    has err '^imgact: cannot write to stdout: Broken pipe; may have been applied$'
}
ok 'reader_closed_is_silent_except_changes' quiet

version() {
  ends 0 "$tool" version && has out '^imgact [0-9]+\.[0-9]+\.[0-9]+$' &&
    ends 0 "$tool" version -o json && has out '"version": "'
}
ok 'version_in_text_and_json' version

providers() {
  ends 0 "$tool" provider list --columns name,token_env,transfer_image,change_protection && is out <<'END'
NAME           TOKEN_ENV                                      TRANSFER_IMAGE   CHANGE_PROTECTION
hetzner        HCLOUD_TOKEN                                   no               yes
digitalocean   DIGITALOCEAN_TOKEN,DIGITALOCEAN_ACCESS_TOKEN   yes              no
END
}
ok 'provider_list_shows_operations' providers
finish
