# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Test Anything Protocol for shell tests: source it, call ok and skip, end with finish.
tap_count=0

# ok NAME COMMAND...: passes where the command succeeds; else shows what it printed.
ok() {
  tap_count=$((tap_count + 1))
  tap_name=$1
  shift
  if tap_output=$("$@" 2>&1); then
    echo "ok $tap_count - $tap_name"
  else
    echo "not ok $tap_count - $tap_name"
    printf '%s\n' "$tap_output" | sed 's/^/# /'
  fi
}

skip() {
  tap_count=$((tap_count + 1))
  echo "ok $tap_count - $1 # SKIP $2"
}

finish() {
  echo "1..$tap_count"
}

# Passes where standard input is empty, else shows it.
nothing() {
  ! grep .
}
