/* SPDX-License-Identifier: MIT */
/* Additional trusted certificate authorities. */
#ifndef IA_CURL_CA_H
#define IA_CURL_CA_H

#include "buf.h"
#include <imgact/error.h>

/* Reads libcurl's own bundle and then a PEM file into `out`. INVALID_ARGUMENT names the file. */
imgact_status ia_ca_load(const char *path, ia_buf *out, imgact_error *error);

#endif
