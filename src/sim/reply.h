/* SPDX-License-Identifier: MIT */
/* A response: status, headers, body. */
#ifndef SIM_REPLY_H
#define SIM_REPLY_H

#include "sim_text.h"

#define SIM_MAX_HEADERS 12

typedef struct sim_header {
  const char *name; /* static */
  char *value;      /* owned */
} sim_header;

typedef struct sim_reply {
  int status;
  char *body; /* owned; NULL = none */
  size_t body_bytes;
  sim_header headers[SIM_MAX_HEADERS];
  size_t headers_count;
} sim_reply;

/* Frees the members and clears the reply. */
void sim_reply_free(sim_reply *reply);
/* Adds or replaces a header. Without memory, or with SIM_MAX_HEADERS headers, a new one is dropped.
 */
void sim_reply_header(sim_reply *reply, const char *name, const char *value);
void sim_reply_header_int(sim_reply *reply, const char *name, int64_t value);
/* Returns the value of a header, or NULL. */
const char *sim_reply_get(const sim_reply *reply, const char *name);
/* Replaces the body; takes ownership of it. */
void sim_reply_body(sim_reply *reply, char *body, size_t length);

#endif
