#!/bin/sh
# SPDX-License-Identifier: MIT
# Invalid configurations: the error names file, line and remedy, and nothing is sent.
set -u
. "$(dirname "$0")/tool.sh"
tool=$(realpath "$tool")
cd "$work" || exit 1
file=$work/config.ini
export IMGACT_CONFIG="$file"

# rejected MESSAGE [COMMAND...]: the command (default: image list) fails as a usage error with exactly this message.
rejected() {
  message=$1
  shift
  [ $# -gt 0 ] || set -- image list
  ends 2 "$tool" "$@" && silent out && is err "imgact: $message"
}

# The file is standard input.
with_file() {
  cat >"$file" && chmod 600 "$file" && rejected "$@"
}

keys='known keys are provider, endpoint, token_env, token_file, token_command and, before the first section, default_profile'
ok 'config_key_before_section_is_rejected' with_file "$file:1: provider must be in a section; write [NAME] on a line before it" <<'END'
provider = hetzner
END
ok 'config_invalid_line_is_rejected' with_file \
  "$file:3: expected [NAME], KEY = VALUE on one line, or a comment with # or ;" <<'END'
# mine
[a]
provider hetzner
END
ok 'config_unclosed_section_is_rejected' with_file "$file:1: missing ']' of a section; write [NAME]" <<'END'
[a
provider = hetzner
END
ok 'config_unknown_key_is_not_quoted' with_file "$file:3: unknown key; $keys; a value is one line" <<'END'
[a]
provider = hetzner
s3cr3t = x
END
ok 'config_short_unknown_key_is_quoted' with_file "$file:3: unknown key 'region'; $keys; a value is one line" <<'END'
[a]
provider = hetzner
region = nyc3
END
ok 'config_misspelt_key_is_suggested' with_file "$file:3: unknown key 'token-env'; did you mean token_env?" <<'END'
[a]
provider = hetzner
token-env = HCLOUD_TOKEN
END
ok 'config_token_key_is_rejected' with_file "$file:3: unknown key 'token': a token cannot be written here; use \
token_env, token_file or token_command" <<'END'
[a]
provider = hetzner
token = s3cr3t
END
ok 'config_comment_after_value_is_rejected' with_file \
  "$file:3: unexpected ' ;' in a value; put a comment on its own line and a command with ' ;' into a script" <<'END'
[a]
provider = hetzner
token_env = VARIABLE ; mine
END
ok 'config_section_without_provider_is_rejected' with_file "$file:4: missing provider in section [b]" <<'END'
[a]
provider = hetzner

[b]
token_env = VARIABLE
END
ok 'config_missing_default_profile_is_rejected' with_file "$file:1: default_profile: section [b] not found" <<'END'
default_profile = b
[a]
provider = hetzner
END
ok 'config_duplicate_key_is_rejected' with_file "$file:3: duplicate key provider, first on line 2; remove one of them" <<'END'
[a]
provider = hetzner
provider = digitalocean
END
ok 'config_two_token_sources_are_rejected' with_file \
  "$file:4: duplicate token source, first is token_env on line 3; remove one of them" <<'END'
[a]
provider = hetzner
token_env = VARIABLE
token_file = file
END
ok 'config_unknown_provider_is_rejected' with_file "$file:3: unknown provider 'azure'; known providers: hetzner, digitalocean" <<'END'
default_profile = a
[a]
provider = azure
END
ok 'config_http_endpoint_is_rejected' with_file "$file:3: endpoint: plain http is for loopback hosts only, use https" <<'END'
[a]
provider = hetzner
endpoint = http://api.example.com/v1
END
ok 'provider_other_than_profile_is_rejected' with_file \
  "$file:2: profile [a] belongs to hetzner, but the provider is digitalocean; select another profile or omit the provider" \
  image list --profile a --provider digitalocean <<'END'
[a]
provider = hetzner
END
ok 'profile_unknown_is_rejected' rejected "profile [b] not found in $file; known profiles: a" image list -p b

listed() {
  cat >"$file" <<'END'
default_profile = b
[a]
provider = hetzner
token_command = touch ran
[b]
provider = digitalocean
endpoint = http://127.0.0.1:4002
END
  ends 0 "$tool" config list && silent err && is out <<'END' || return 1
PROFILE   PROVIDER       ENDPOINT                DEFAULT
a         hetzner        -                       no
b         digitalocean   http://127.0.0.1:4002   yes
END
  ends 0 "$tool" config list -o jsonl && [ ! -e ran ] && is out <<'END'
{"profile":"a","provider":"hetzner","endpoint":null,"default":false}
{"profile":"b","provider":"digitalocean","endpoint":"http://127.0.0.1:4002","default":true}
END
}
ok 'config_list_runs_no_token_command' listed

ok 'token_env_unset_is_rejected' with_file "$file:4: cannot read the token: variable NOT_SET is not set; export it" <<'END'
default_profile = a
[a]
provider = hetzner
token_env = NOT_SET
END
ok 'token_file_missing_is_rejected' with_file "$file:4: $work/none: No such file or directory; create it or use another path" <<'END'
default_profile = a
[a]
provider = hetzner
token_file = none
END
ok 'token_command_failure_is_reported' with_file "$file:4: profile [a]: token_command failed with status 3: try it in a shell" <<'END'
default_profile = a
[a]
provider = hetzner
token_command = echo s3cr3t && exit 3
END
ok 'token_command_without_output_is_rejected' with_file "$file:4: the output of token_command: the token is empty" <<'END'
default_profile = a
[a]
provider = hetzner
token_command = echo
END
ok 'token_command_binary_output_is_rejected' with_file "$file:4: the output of token_command: the token must not contain control characters; copy it again" <<'END'
default_profile = a
[a]
provider = hetzner
token_command = head -c 64 /dev/zero
END
ok 'config_check_reads_token' rejected "$file:4: the output of token_command: the token must not contain control characters; copy it again" config check
slow() {
  printf 'default_profile = a\n[a]\nprovider = hetzner\ntoken_command = sleep 0.3 && echo a-token-of-the-test\n' >"$file"
  ends 8 "$tool" image get 1 --deadline 200ms --endpoint http://127.0.0.1:1/v1 && has err '^imgact: the deadline passed'
}
ok 'token_command_counts_against_deadline' slow

printf '[a]\nprovider = hetzner\n' >"$file"
chmod 622 "$file"
ok 'config_file_writable_by_others_is_rejected' rejected "$file: file is writable by other users; run chmod 600"
# Unreadable file. root can read every file: then the tool runs as another user.
unreadable() {
  chmod 711 "$work" && cp "$tool" "$work/imgact"
  ends 2 ${other-} "$work/imgact" image list && is err "imgact: $file: Permission denied; make it readable for you"
}
if [ "$(id -u)" = 0 ]; then
  other='setpriv --reuid 65534 --clear-groups'
  chmod 600 "$file"
  ok 'config_file_unreadable_is_rejected' unreadable
  chown 65534 "$file"
  ok 'config_file_of_other_user_is_rejected' rejected "$file: file is owned by another user; use a file owned by you or root"
  chown 0 "$file"
else
  chmod 000 "$file"
  ok 'config_file_unreadable_is_rejected' unreadable
  chmod 600 "$file"
  skip 'config_file_of_other_user_is_rejected' 'not root'
fi

head -c 10485760 /dev/zero | tr '\0' '#' >"$file"
ok 'config_file_too_large_is_rejected' rejected "$file: file is too large"
printf '\177ELF\002\001\001\000' >"$file"
ok 'config_file_binary_is_rejected' rejected "$file:1: unexpected control character 0x7f: the file must be plain text"
printf '[a]\nprovider = hetz\351ner\n' >"$file"
ok 'config_file_not_utf8_is_rejected' rejected "$file:2: invalid UTF-8; save the file as UTF-8"
rm "$file"
ok 'config_file_missing_is_rejected' rejected "$file: No such file or directory; create it or use another path"
mkdir "$file"
ok 'config_file_directory_is_rejected' rejected "$file: not a regular file"
rmdir "$file"
mkfifo "$file"
ok 'config_file_pipe_does_not_block' rejected "$file: not a regular file"
unset IMGACT_CONFIG
nothing_listed() {
  ends 0 "$tool" config list -o json && silent err && is out '[]'
}
ok 'config_list_without_file_is_empty' nothing_listed
ok 'client_without_provider_is_rejected' rejected "no provider selected; set IMGACT_PROVIDER or IMGACT_PROFILE, or default_profile in \
the configuration file; or use --provider or --profile"
ok 'token_flags_are_mutually_exclusive' rejected "--token-env and --token-file are mutually exclusive" \
  image list --token-env A --token-file b
ok 'client_without_token_is_rejected' rejected "no token for hetzner; set HCLOUD_TOKEN, or a token source in a profile; \
or use --token-env or --token-file" image list --provider hetzner

# A server with a self-signed certificate.
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" \
    -days 2 -subj /CN=imgact-test -addext subjectAltName=IP:127.0.0.1 2>/dev/null || return 1
  python3 - "$work/cert.pem" "$work/key.pem" >"$work/port" <<'END' &
import http.server, ssl, sys
class Cloud(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"image":{"id":7,"type":"snapshot"}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = http.server.HTTPServer(("127.0.0.1", 0), Cloud)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[1:])
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_port, flush=True)
server.serve_forever()
END
  server=$!
  until [ -s "$work/port" ]; do kill -0 "$server" || return 1 && sleep 0.05; done
  export HCLOUD_TOKEN=a-token-of-the-test
  set -- --provider hetzner --endpoint "https://127.0.0.1:$(cat "$work/port")/v1" image get 7 --columns id --no-header
  ends 11 "$tool" "$@" && SSL_CERT_FILE=$work/cert.pem ends 0 "$tool" "$@" && has out 7 &&
    SSL_CERT_FILE=$work/cert.pem ends 0 "$tool" "$@" --record "$work/recorded.har" &&
    SSL_CERT_FILE='' ends 11 "$tool" "$@" && SSL_CERT_FILE=$work/none.pem ends 2 "$tool" "$@" &&
    is err "imgact: SSL_CERT_FILE: CA file $work/none.pem: No such file or directory"
  status=$?
  kill "$server"
  return $status
}
ok 'ssl_cert_file_adds_authorities' authority
finish
