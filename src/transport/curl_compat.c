// SPDX-License-Identifier: MIT
/* Workarounds for versions of libcurl. One more is in curl_connections.c and sockets_epoll.c: 7.88
 * to 8.4 close a socket that was still connecting without calling CURLOPT_CLOSESOCKETFUNCTION, and
 * before CURL_POLL_REMOVE. It can be removed when 8.5 is the oldest supported version. */
#define CURL_DISABLE_DEPRECATION /* for curl_multi_socket_all: see ia_compat_next_address */
#include "curl_compat.h"

#include <stddef.h>
#include <string.h>

/* 8.20 and later: the resolver's threads belong to the multi handle, and curl_multi_cleanup() waits
 * for them unless CURLMOPT_QUICK_EXIT is set. Older versions reject the option. When 8.20 is the
 * oldest supported version, use the name. */
enum { MULTI_QUICK_EXIT = 21 };

void ia_compat_set_multi(CURLM *multi) {
  (void)curl_multi_setopt(multi, (CURLMoption)MULTI_QUICK_EXIT, 1L);
}

/* 7.88 to 8.3: if one address of a host refuses or does not respond, libcurl selects the next one,
 * but waits for an event before it connects. The only events are timers of other transfers and the
 * deadline of the request. Fixed in 8.4 ("connect: expire the timeout when trying next"). Can be
 * removed when 8.4 is the oldest supported version. */
bool ia_compat_forgets_addresses(void) {
  unsigned version = curl_version_info(CURLVERSION_NOW)->version_num;
  return version >= 0x075800 && version < 0x080400;
}

CURLMcode ia_compat_next_address(CURLM *multi) {
  int running;
  return curl_multi_socket_all(multi, &running);
}

/* Until 8.5, a header line above 100 KB ends with CURLE_OUT_OF_MEMORY. 8.6 and later:
 * CURLE_TOO_LARGE, which older headers do not define. When 8.6 is the oldest supported version, use
 * the name. */
enum { TOO_LARGE = 100 };

bool ia_compat_head_too_large(CURLcode result, bool head_expected) {
  return (int)result == TOO_LARGE || (result == CURLE_OUT_OF_MEMORY && head_expected);
}

/* Until now (8.23), only the error text contains the error code of an HTTP/2 stream: "was not
 * closed cleanly: HTTP_1_1_REQUIRED (err 13)", later "reset by server (error 0xd
 * HTTP_1_1_REQUIRED)". When libcurl calls the progress function at the end of the first attempt on
 * a new connection, another text has replaced it. A request that ends with that text is resent for
 * no other reason: neither a closed idle connection nor REFUSED_STREAM produces it. In 8.19 and
 * later, the text is cleared when libcurl opens the next socket. */
bool ia_compat_http11_required(const char *error) {
  return strstr(error, "HTTP_1_1_REQUIRED") != NULL ||
         strcmp(error, "Empty reply from server") == 0;
}

/* Until now (8.23), a TLS handshake cut off by the server and a failed one have the same code.
 * CURLINFO_OS_ERRNO does not help: it keeps its value from earlier transfers of the handle. */
bool ia_compat_peer_left(const char *error) {
  static const char *const signs[] = {
      "Recv failure:", "Send failure:", "SSL_connect:", "unexpected eof", "terminated"};
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (strstr(error, signs[i])) return true;
  return false;
}
