// SPDX-License-Identifier: MIT
/* Every workaround for a version of libcurl. One more is in the data of curl_connections.c and
 * sockets_epoll.c: 7.88 until 8.4 close a socket that was still connecting without a call of
 * CURLOPT_CLOSESOCKETFUNCTION, and before CURL_POLL_REMOVE. Goes when 8.5 is the oldest version. */
#define CURL_DISABLE_DEPRECATION /* for curl_multi_socket_all: see ia_compat_next_address */
#include "curl_compat.h"

#include <stddef.h>
#include <string.h>

/* 8.20 and later: the resolver's threads belong to the multi handle, and curl_multi_cleanup() waits
 * for them unless CURLMOPT_QUICK_EXIT is set. Older versions reject the option. Goes when 8.20 is
 * the oldest version: use the name then. */
enum { MULTI_QUICK_EXIT = 21 };

void ia_compat_set_multi(CURLM *multi) {
  (void)curl_multi_setopt(multi, (CURLMoption)MULTI_QUICK_EXIT, 1L);
}

/* 7.88 until 8.3: if one address of a host refuses or stays silent, libcurl takes the next one and
 * then waits for an event before it connects to it. None comes except the timers of other transfers
 * and the request's own deadline. 8.4 has the correction ("connect: expire the timeout when trying
 * next"). Goes when 8.4 is the oldest version. */
bool ia_compat_forgets_addresses(void) {
  unsigned version = curl_version_info(CURLVERSION_NOW)->version_num;
  return version >= 0x075800 && version < 0x080400;
}

CURLMcode ia_compat_next_address(CURLM *multi) {
  int running;
  return curl_multi_socket_all(multi, &running);
}

/* Until 8.5: a line of a head above 100 KB ends with CURLE_OUT_OF_MEMORY. 8.6 and later:
 * CURLE_TOO_LARGE, which older headers do not name. Goes when 8.6 is the oldest version: compare
 * with the name then. */
enum { TOO_LARGE = 100 };

bool ia_compat_head_too_large(CURLcode result, bool head_expected) {
  return (int)result == TOO_LARGE || (result == CURLE_OUT_OF_MEMORY && head_expected);
}

/* Until now (8.23): no code and no CURLINFO has the error code of an HTTP/2 stream, but a text has
 * its name: "was not closed cleanly: HTTP_1_1_REQUIRED (err 13)", later "reset by server (error 0xd
 * HTTP_1_1_REQUIRED)". When libcurl calls the progress function at the end of the first attempt,
 * another text has replaced it if the connection was new. A request that ends with that text is
 * sent again for no other reason: neither a kept connection that died nor REFUSED_STREAM has it. In
 * 8.19 and later, the text is gone when libcurl opens the next socket. */
bool ia_compat_http11_required(const char *error) {
  return strstr(error, "HTTP_1_1_REQUIRED") != NULL ||
         strcmp(error, "Empty reply from server") == 0;
}

/* Until now (8.23): a handshake that the server cut off and one that it failed have the same code.
 * CURLINFO_OS_ERRNO does not help: it keeps its value from one transfer of a handle to the next. */
bool ia_compat_peer_left(const char *error) {
  static const char *const signs[] = {
      "Recv failure:", "Send failure:", "SSL_connect:", "unexpected eof", "terminated"};
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (strstr(error, signs[i])) return true;
  return false;
}
