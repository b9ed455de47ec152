#!/bin/sh
# SPDX-License-Identifier: MIT
# Results in their four formats, errors beside them, and what becomes of output that nobody takes.
set -u
. "$(dirname "$0")/tool.sh"

many_scripts() {
  ends 0 hetzner image-with-text-in-many-scripts image get 90210418 --columns id,description,type,protected &&
    silent err && is out <<'END'
ID         DESCRIPTION                   TYPE       PROTECTED
90210418   naïve – 東京 🖼 \ " \n tab\t   snapshot   no
END
}
ok 'a table lines up by the width of characters, and no text breaks a row' many_scripts
LC_ALL=C
ok 'the same table, whatever the locale' many_scripts
LC_ALL=C.UTF-8

# Hostile texts in a table, and in an error's message: one image, with the description $1, and a 404 with that message.
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
ok 'no escape sequence reaches a terminal' hostile '\\u001b[2J\\u001b]0;x\\u0007' '\u001b[2J\u001b]0;x\u0007'
ok 'nor one that begins with a C1 character' hostile '\\u009b31m\\u0090q\\u007f' '\u009b31m\u0090q\u007f'
ok 'nor a new line, a return or a tab' hostile 'a\\nb\\rc\\td\\u2028' 'a\nb\rc\td\u2028'
ok 'nor what turns the direction of writing' hostile 'a\\u202egnp.exe\\u2067' 'a\u202egnp.exe\u2067'
ok 'U+0000 is shown and cuts nothing' hostile 'a\\u0000b' 'a\u0000b'

wide() {
  hostile_cassette "$1"
  ends 0 "$tool" --provider hetzner --replay "$work/hostile.har" image get 7 --columns description,id && {
    printf 'DESCRIPTION   ID\n%s   7\n' "$2"
  } | is out
}
ok 'characters of two columns' wide '東京 🚀' '東京 🚀    '
ok 'characters of no column' wide 'e\\u0301a\\u0308\\u200b!' "$(printf 'e\314\201a\314\210\342\200\213!        ')"

nulls() {
  ends 0 hetzner image-with-nothing-but-an-id image get 7 --columns id,name,size_gb,labels --no-header &&
    is out '7   -   -   -' &&
    ends 0 hetzner image-with-nothing-but-an-id image get 7 --columns id,name,size_gb,labels --no-header -o csv &&
    is out '7,,,'
}
ok 'null is a dash in a table and nothing in csv' nulls

csv() {
  ends 0 hetzner image-with-text-in-many-scripts image get 90210418 -o csv --columns id,description &&
    printf 'id,description\n90210418,"naïve – 東京 🖼 \\ "" \n tab\t"\n' | is out
}
ok 'csv quotes what needs it and keeps every byte' csv

# image_of JSON: a cassette of image 7 with these further members.
image_of() {
  cat >"$work/image.har" <<END
{"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": [
  {"request": {"method": "GET", "url": "https://api.hetzner.cloud/v1/images/7"},
   "response": {"status": 200, "headers": [], "content": {"text":
     "{\"image\":{\"id\":7,$(printf %s "$1" | sed 's/"/\\"/g')}}"}}}]}}
END
}
# shows FORMAT COLUMNS TEXT: of that image.
shows() {
  ends 0 "$tool" --provider hetzner --replay "$work/image.har" image get 7 -o "$1" --columns "$2" --no-header && is out "$3"
}
# holds MEMBER: its JSON has that line.
holds() {
  ends 0 "$tool" --provider hetzner --replay "$work/image.har" image get 7 -o json && has out "^  $1,$"
}

early() {
  image_of '"created":"0999-01-30T23:50:00Z","deprecated":"0001-01-01T00:00:00Z"' &&
    shows csv created_at,deprecated_at '0999-01-30T23:50:00Z,0001-01-01T00:00:00Z' &&
    shows table created_at,deprecated_at '0999-01-30T23:50:00Z   0001-01-01T00:00:00Z' &&
    holds '"created_at": "0999-01-30T23:50:00Z"' && holds '"deprecated_at": "0001-01-01T00:00:00Z"'
}
ok 'a year has four digits' early

numbers() {
  image_of '"image_size":1e-7,"disk_size":1e22' && holds '"size_gb": 1e-7' && holds '"min_disk_gb": 1e22' &&
    shows csv size_gb,min_disk_gb '1e-7,1e22' && shows table size_gb,min_disk_gb '1e-7   1e22'
}
ok 'a number is the same in every format' numbers

# The manual page's own pipe: ids, one a line and nothing behind them, as the next command takes them.
piped() {
  example=$(sed -n 's/^\.Dl \$ \(imgact image list .* -o csv .*\)$/\1/p' "$root/docs/man/imgact.1")
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
ok 'ids of a csv are the arguments of the next command' piped

one() {
  ends 0 hetzner image-with-nothing-but-an-id image get 7 && silent err && [ "$(grep -c . "$work/out")" = 25 ] &&
    has out '^ID                7$' && has out '^ERROR_MESSAGE     -$' && lacks out ' $' || return 1
  ends 0 hetzner image-with-nothing-but-an-id image get 7 --no-header && [ "$(sed -n 2p "$work/out")" = 7 ] || return 1
  ends 0 hetzner image-with-nothing-but-an-id image get 7 --columns id,name && printf 'ID   NAME\n7    -\n' | is out
}
ok 'a single object is a line for each key, unless columns were asked for' one

blank() {
  hostile_cassette ''
  ends 0 "$tool" --provider hetzner --replay "$work/hostile.har" image get 7 --columns description,labels,id --no-header &&
    is out '-   -   7'
}
ok 'no cell of a table is blank' blank

several() {
  ends 0 hetzner images-on-three-pages image list -o jsonl &&
    [ "$(grep -c '^{"provider":"hetzner","id":"[1-4]",.*}$' "$work/out")" = 4 ] &&
    ends 0 hetzner images-on-three-pages image list -o json && [ "$(grep -c '^  {$' "$work/out")" = 4 ] &&
    [ "$(head -n 1 "$work/out")$(tail -n 1 "$work/out")" = '[]' ] &&
    ends 0 hetzner images-on-three-pages image list && [ "$(wc -l <"$work/out")" -eq 5 ]
}
ok 'a list of several pages in every format' several

single() {
  ends 0 hetzner image-with-every-field image get 90210418 -o json && [ "$(head -n 1 "$work/out")" = '{' ] &&
    has out '^  "id": "90210418",$' && lacks out '"raw"' &&
    ends 0 hetzner image-with-every-field image get 90210418 -o json --raw && has out '^  "raw": \{$'
}
ok 'one image is one object, with the cloud'"'"'s own where that is asked for' single

name=$(sed -n 's/.*"op": "get_image", "image": "\([^"]*\)".*/\1/p' \
  "$root/tests/fixtures/hetzner/image-by-name-that-nobody-has.har")
for_people() {
  ends 4 hetzner image-by-name-that-nobody-has image get "$name" && silent out && has err "^imgact: .*$name" &&
    lacks err '\(\)|null' || return 1
  ends 13 hetzner error-page-of-a-gateway action get 1 --max-attempts 1 && has err '^imgact: HTTP 502: .* \(unavailable\)$' &&
    lacks err 'HTTP 502.*HTTP 502'
}
ok 'an error for people is one line' for_people

page_note() {
  ends 0 digitalocean images-of-one-page image list --page 3 --per-page 7 --sort name && has err 'note: only this page' &&
    ends 0 digitalocean images-of-one-page image list --page 3 --per-page 7 --sort name -q && silent err &&
    ends 0 digitalocean images-of-one-page image list --page 3 --per-page 7 && silent err &&
    ends 0 digitalocean actions-of-the-account-are-those-of-images action list --page 1 --columns id &&
    has err 'note: only this page' &&
    ends 0 digitalocean images-of-one-page image list --page 3 --visibility public --type custom --columns id &&
    lacks err 'only this page'
}
ok 'a single page of which something is looked at here says so' page_note

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
ok 'progress is a line per change, none where stderr is no terminal' progress

color() {
  ends 0 hetzner images-on-three-pages image list --color always && has out "$(printf '\033')" &&
    ends 0 hetzner images-on-three-pages image list --color always -o json && lacks out "$(printf '\033')" &&
    ends 0 hetzner images-on-three-pages image list && lacks out "$(printf '\033')"
}
ok 'color is for people who ask, and never in JSON' color

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
  ok 'output that cannot be written is an error' lost
else
  skip 'output that cannot be written is an error' 'no /dev/full'
fi

closed() {
  hetzner images-on-three-pages image list >&- 2>"$work/err"
  [ $? = 1 ] && has err '^imgact: cannot write to stdout'
}
ok 'so is a stdout that is closed' closed

gone() {
  { hetzner images-on-three-pages image list -o json; echo $? >"$work/status"; } 2>/dev/null | :
  [ "$(cat "$work/status")" -le 1 ] # a reader that goes early may still be quick enough for a pipe's buffer
}
ok 'a reader that goes away ends it with a status, not with a signal' gone

# broken COMMAND...: its stdout is a pipe that nobody reads any more: what it writes waits for that.
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
ok 'a reader that has seen enough is no news, unless something was changed' quiet

version() {
  ends 0 "$tool" version && has out '^imgact [0-9]+\.[0-9]+\.[0-9]+$' &&
    ends 0 "$tool" version -o json && has out '"version": "'
}
ok 'the version for people and programs' version

providers() {
  ends 0 "$tool" provider list --columns name,token_env,transfer_image,change_protection && is out <<'END'
NAME           TOKEN_ENV                                      TRANSFER_IMAGE   CHANGE_PROTECTION
hetzner        HCLOUD_TOKEN                                   no               yes
digitalocean   DIGITALOCEAN_TOKEN,DIGITALOCEAN_ACCESS_TOKEN   yes              no
END
}
ok 'clouds and what each can do' providers
finish
