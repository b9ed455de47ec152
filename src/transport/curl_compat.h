/* SPDX-License-Identifier: MIT */
/* Workarounds for versions of libcurl. Each names the versions that need it, and so the oldest
 * supported version that allows its removal. */
#ifndef IA_CURL_COMPAT_H
#define IA_CURL_COMPAT_H

#include <curl/curl.h>
#include <stdbool.h>

/* Sets options of a multi handle that older headers do not define. */
void ia_compat_set_multi(CURLM *multi);

/* Returns true if this libcurl needs ia_compat_next_address() after each attempt to connect. */
bool ia_compat_forgets_addresses(void);
/* Makes libcurl try the next addresses of a host. */
CURLMcode ia_compat_next_address(CURLM *multi);

/* Returns true if the transfer ended because a head, or one line of it, exceeds libcurl's limit. */
bool ia_compat_head_too_large(CURLcode result, bool head_expected);

/* Returns true if the text of CURLOPT_ERRORBUFFER, read by the progress function, means
 * HTTP_1_1_REQUIRED, provided that libcurl then resends the request. */
bool ia_compat_http11_required(const char *error);

/* Returns true if the text of a CURLE_SSL_CONNECT_ERROR means that the server closed the
 * connection. */
bool ia_compat_peer_left(const char *error);

#endif
