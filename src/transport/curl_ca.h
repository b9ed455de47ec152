/* SPDX-License-Identifier: MIT */
/* The certificate authorities that are trusted: libcurl's own, and those of a file. */
#ifndef IA_CURL_CA_H
#define IA_CURL_CA_H

#include "buf.h"
#include <curl/curl.h>
#include <imgact/error.h>
#include <stdbool.h>

typedef struct ia_authorities {
  ia_buf given;       /* text of the file; empty without one */
  ia_buf all;         /* text of libcurl's bundle and of the file; empty without one */
  const char *bundle; /* libcurl's own file; NULL = none */
  const char *folder; /* libcurl's own folder, if the TLS library finds certificates in it by the
                         hash of their subject; NULL = none */
  bool is_openssl;
  bool compared,
      further; /* the bundle with the folder; it has an authority that the folder lacks */
} ia_authorities;

/* path: PEM file with further authorities, which is read; NULL = none. INVALID_ARGUMENT names the
 * file. Call ia_authorities_free() after an error, too. */
imgact_status ia_authorities_open(ia_authorities *authorities, const imgact_allocator *allocator,
                                  const char *path, imgact_error *error);
void ia_authorities_free(ia_authorities *authorities);

/* Returns true if a certificate may be trusted with the bundle that was not trusted without it. The
 * first call reads the bundle and the folder. */
bool ia_authorities_can_grow(ia_authorities *authorities);
/* Sets a handle up. with_bundle: also where the folder is enough for most certificates. */
CURLcode ia_authorities_set(const ia_authorities *authorities, CURL *easy, bool with_bundle);

#endif
