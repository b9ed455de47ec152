/* SPDX-License-Identifier: MIT */
/*
 * Every workaround for a version of libcurl. Each one names the versions that need it, and so the
 * oldest supported version from which it can go.
 */
#ifndef IA_CURL_COMPAT_H
#define IA_CURL_COMPAT_H

#include <curl/curl.h>
#include <stdbool.h>

/* Sets the options of a multi handle that older headers do not name. */
void ia_compat_set_multi(CURLM *multi);

/* Returns true if this libcurl needs ia_compat_next_address() after each attempt to connect. */
bool ia_compat_forgets_addresses(void);
/* Lets libcurl try the further addresses of a host. */
CURLMcode ia_compat_next_address(CURLM *multi);

/* Returns true if the transfer ended because a head, or one line of it, is above libcurl's limit.
 */
bool ia_compat_head_too_large(CURLcode result, bool head_expected);

/* Returns true if the text of CURLOPT_ERRORBUFFER, seen by the progress function, means
 * HTTP_1_1_REQUIRED in case libcurl then sends the request again. */
bool ia_compat_http11_required(const char *error);

/* Returns true if the text of a CURLE_SSL_CONNECT_ERROR says that the server ended the connection.
 */
bool ia_compat_peer_left(const char *error);

#endif
