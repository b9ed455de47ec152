/* SPDX-License-Identifier: MIT */
/* Cassette files: the part of HAR 1.2 that exchanges with an API need. */
#ifndef IA_HAR_H
#define IA_HAR_H

#include "arena.h"
#include <imgact/json.h>
#include <imgact/transport.h>
#include <stdbool.h>

#define IA_HAR_MAX_BYTES ((size_t)256 << 20) /* of a file, and of the texts of a recording */

typedef struct ia_har_entry {
  int64_t started_ms; /* Unix ms; IMGACT_NO_TIME = unknown */
  int64_t time_ms;    /* duration */
  const char *method, *url;
  const imgact_header *headers; /* of the request; not read back */
  size_t headers_count;
  const char *body; /* of the request; NULL = none */
  size_t body_bytes;
  imgact_http_response response; /* status 0: no response was received */
  bool cancelled;                /* by the sender, before a response */
} ia_har_entry;

typedef struct ia_har {
  imgact_json_doc *doc; /* owns the bodies */
  ia_arena arena;       /* owns all other data of the entries */
  ia_har_entry *entries;
  size_t count;
} ia_har;

/* Reads a cassette. INVALID_ARGUMENT names the file and the position. After an error there is
 * nothing to free. */
imgact_status ia_har_read(ia_har *har, const char *path, const imgact_allocator *allocator,
                          imgact_error *error);
void ia_har_free(ia_har *har);

/* Returns one entry as JSON text, which belongs to the writer; NULL if there is no memory. */
const char *ia_har_write(imgact_json_writer *writer, const ia_har_entry *entry,
                         const imgact_allocator *allocator, size_t *length);

/* Return the values of "failure" and "delivery" in the "_imgact" member of an entry without a
 * response; NULL after the last one. */
const char *ia_har_failure_name(size_t failure);
const char *ia_har_delivery_name(size_t delivery);
#define IA_HAR_CANCELLED "cancelled" /* value of "failure" if the sender cancelled the request */

#endif
