// SPDX-License-Identifier: MIT
#include "reply.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_reply_free(sim_reply *reply) {
  free(reply->body);
  for (size_t i = 0; i < reply->headers_count; i++) free(reply->headers[i].value);
  *reply = (sim_reply){0};
}

const char *sim_reply_get(const sim_reply *reply, const char *name) {
  for (size_t i = 0; i < reply->headers_count; i++)
    if (!strcasecmp(reply->headers[i].name, name)) return reply->headers[i].value;
  return NULL;
}

void sim_reply_header(sim_reply *reply, const char *name, const char *value) {
  char *copy = sim_copy(value);
  if (!copy) return;
  for (size_t i = 0; i < reply->headers_count; i++)
    if (!strcasecmp(reply->headers[i].name, name)) {
      free(reply->headers[i].value);
      reply->headers[i].value = copy;
      return;
    }
  if (reply->headers_count < SIM_MAX_HEADERS)
    reply->headers[reply->headers_count++] = (sim_header){name, copy};
  else
    free(copy);
}

void sim_reply_header_int(sim_reply *reply, const char *name, int64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, value);
  sim_reply_header(reply, name, text);
}

void sim_reply_body(sim_reply *reply, char *body, size_t length) {
  free(reply->body);
  reply->body = body;
  reply->body_bytes = body ? length : 0;
}
