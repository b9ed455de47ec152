/* SPDX-License-Identifier: MIT */
/* When is a request the one that a cassette's entry answered? And if none is, what to say. */
#ifndef IA_HAR_MATCH_H
#define IA_HAR_MATCH_H

#include "buf.h"
#include "har.h"

typedef struct ia_match_entry {
  const ia_har_entry *har;
  const char *key;
  bool used;
} ia_match_entry;

/* "GET /v1/images?name=a&page=2": method, path and query, without the host. Each part comes in one
 * spelling and the pairs in the order of their keys, those of one key as they were. NULL when there
 * is no memory. */
const char *ia_match_key(const char *method, const char *url, ia_arena *arena);
/* Does the entry's body equal the request's, byte by byte or as JSON? *nomem is set where that
 * could not be found out. */
bool ia_match_body(const ia_har_entry *entry, const imgact_http_request *request,
                   const imgact_allocator *allocator, bool *nomem);
/* Says of a request that no unused entry answers which one comes nearest and where it differs. */
void ia_match_describe_nearest(ia_buf *out, const ia_match_entry *entries, size_t count,
                               const char *key, const imgact_http_request *request);

#endif
