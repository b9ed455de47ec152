/* SPDX-License-Identifier: MIT */
/* Further certificate authorities beside the system's. */
#ifndef IA_CURL_CA_H
#define IA_CURL_CA_H

#include "buf.h"
#include <imgact/error.h>

/* Reads a PEM file, and libcurl's own bundle in front of it, into `out`. INVALID_ARGUMENT names the
 * file. */
imgact_status ia_ca_load(const char *path, ia_buf *out, imgact_error *error);

#endif
