// SPDX-License-Identifier: MIT
// Whether an idle connection is reused, by its protocol and by the state of its socket.
#include "curl_connections.h"
#include "testing.h"

#include <sys/socket.h>
#include <unistd.h>

enum { TABLE_AND_ASKING = 2 };

typedef enum socket_state { SILENT, READABLE, CLOSED } socket_state;

static void check(ia_connection connection, socket_state holds, bool expected) {
  int ends[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  if (holds == READABLE) assert_int_equal(write(ends[1], "x", 1), 1);
  if (holds == CLOSED) close(ends[1]);
  connection.socket = ends[0];
  assert_int_equal(ia_connection_take(&connection), expected);
  assert_int_equal(connection.abandoned, !expected);
  if (expected) assert_true(connection.used);
  close(ends[0]);
  if (holds != CLOSED) close(ends[1]);
}

// A finished transfer may still hold a reference when the next one starts: the connection does not
// count as HTTP/2 for that.
TEST(connection_take_http1_needs_silent_socket) {
  for (size_t refs = TABLE_AND_ASKING; refs <= TABLE_AND_ASKING + 1; refs++)
    for (socket_state holds = SILENT; holds <= CLOSED; holds++)
      check((ia_connection){.refs = refs, .used = true, .protocol = IA_PROTOCOL_HTTP1}, holds,
            holds == SILENT);
  for (socket_state holds = SILENT; holds <= CLOSED; holds++)
    check((ia_connection){.refs = TABLE_AND_ASKING, .used = true}, holds, holds == SILENT);
}

TEST(connection_take_http2_needs_open_socket) {
  for (socket_state holds = SILENT; holds <= CLOSED; holds++) {
    check((ia_connection){.refs = TABLE_AND_ASKING, .used = true, .protocol = IA_PROTOCOL_HTTP2},
          holds, holds != CLOSED);
    check((ia_connection){.refs = TABLE_AND_ASKING + 1, .used = true}, holds,
          holds != CLOSED); // no response yet
  }
}

TEST(connection_take_new_is_accepted) {
  check((ia_connection){.refs = TABLE_AND_ASKING}, READABLE, true);
}

TEST(connection_take_abandoned_is_rejected) {
  check((ia_connection){.refs = TABLE_AND_ASKING, .abandoned = true}, SILENT, false);
}

int main(void) { return testing_run(NULL, NULL); }
