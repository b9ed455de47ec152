/* SPDX-License-Identifier: MIT */
/* A request under construction, and a response as passed to a provider. */
#ifndef IA_REQUEST_H
#define IA_REQUEST_H

#include "arena.h"
#include "json_doc.h"
#include "redact.h"
#include <imgact/provider.h>
#include <imgact/transport.h>

struct imgact_request {
  const imgact_allocator *allocator;
  ia_buf path;  /* "/images/4711" */
  ia_buf query; /* "a=b&c=d" */
  const char *method;
  imgact_json_writer *body;
  uint32_t local;
  bool empty, bad_segment, nomem;
};

void ia_request_init(imgact_request *request, const imgact_allocator *allocator);
void ia_request_free(imgact_request *request);
/* Appends an encoded value to the path; an empty or dotted one fails the call. */
void ia_request_add_to_path(imgact_request *request, const char *text);
/* Checks what was built: OK, or why it cannot be sent. */
imgact_status ia_request_check(imgact_request *request, const imgact_provider *provider,
                               imgact_error *error);

struct imgact_response {
  const imgact_http_response *http;
  const imgact_json *json;
  const ia_redactor *redactor;
  ia_arena *scratch; /* for redacted header values */
};

/* The bare value of a header: the first of that name, in any case; NULL. */
const char *ia_header(const imgact_header *headers, size_t count, const char *name);

#endif
