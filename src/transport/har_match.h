/* SPDX-License-Identifier: MIT */
/* Decides whether a cassette entry answers a request, and describes the closest if none does. */
#ifndef IA_HAR_MATCH_H
#define IA_HAR_MATCH_H

#include "buf.h"
#include "har.h"

typedef struct ia_match_entry {
  const ia_har_entry *har;
  const char *key;
  bool used;
} ia_match_entry;

/* Returns "GET /v1/images?name=a&page=2": method, path and query, without the host. Escapes are
 * normalised, and query parameters are sorted by key; those with the same key keep their order.
 * NULL if there is no memory. */
const char *ia_match_key(const char *method, const char *url, ia_arena *arena);
/* Returns true if the bodies are equal, as bytes or as JSON. A recorded member that was hidden by
 * its key (redact_members.h) equals any value. *nomem is set if there was no memory to compare. */
bool ia_match_body(const ia_har_entry *entry, const imgact_http_request *request,
                   const imgact_allocator *allocator, bool *nomem);
/* Describes the unused or closest entry and its difference from a request that no entry answers. */
void ia_match_describe_nearest(ia_buf *out, const ia_match_entry *entries, size_t count,
                               const char *key, const imgact_http_request *request);

#endif
