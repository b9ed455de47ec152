/* SPDX-License-Identifier: MIT */
/* Cassettes as files: the part of HAR 1.2 that exchanges with an API need. */
#ifndef IA_HAR_H
#define IA_HAR_H

#include "arena.h"
#include <imgact/json.h>
#include <imgact/transport.h>
#include <stdbool.h>

#define IA_HAR_MAX_BYTES ((size_t)256 << 20) /* of a file, and of what a recording keeps */

typedef struct ia_har_entry {
  int64_t started_ms; /* Unix; IMGACT_NO_TIME = not told */
  int64_t time_ms;    /* from sending to the end */
  const char *method, *url;
  const imgact_header *headers; /* of the request; not read back */
  size_t headers_count;
  const char *body; /* of the request; NULL = none */
  size_t body_bytes;
  imgact_http_response response; /* status 0: a failure */
  bool cancelled;                /* the sender gave up before there was a response */
} ia_har_entry;

typedef struct ia_har {
  imgact_json_doc *doc; /* holds the bodies */
  ia_arena arena;       /* and everything else that the entries point at */
  ia_har_entry *entries;
  size_t count;
} ia_har;

/* Reads a cassette. INVALID_ARGUMENT names file and place. On failure there is nothing to free. */
imgact_status ia_har_read(ia_har *har, const char *path, const imgact_allocator *allocator,
                          imgact_error *error);
void ia_har_free(ia_har *har);

/* One entry as JSON text, owned by the writer; NULL when there is no memory. */
const char *ia_har_write(imgact_json_writer *writer, const ia_har_entry *entry,
                         const imgact_allocator *allocator, size_t *length);

/* What "failure" and "delivery" say in the member "_imgact" of an entry without a reply; NULL past
 * the last one. */
const char *ia_har_failure_name(size_t failure);
const char *ia_har_delivery_name(size_t delivery);
#define IA_HAR_CANCELLED "cancelled" /* as a failure */

#endif
