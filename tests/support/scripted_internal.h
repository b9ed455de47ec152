/* SPDX-License-Identifier: MIT */
/* The inside of a script: for scripted.c and scripted_log.c. */
#ifndef SCRIPTED_INTERNAL_H
#define SCRIPTED_INTERNAL_H

#include "scripted.h"

typedef struct text_headers {
  imgact_header *items;
  size_t count;
} text_headers;

// A response with copies of its texts.
typedef struct stored_answer {
  scripted_answer answer;
  char *body, *headers, *message;
} stored_answer;

typedef struct queued {
  stored_answer stored;
  struct queued *next;
} queued;

typedef struct rule {
  scripted_rule function; // NULL: pattern and stored
  void *user;
  char *pattern;
  stored_answer stored;
  struct rule *next;
} rule;

typedef struct entry {
  scripted_request request;
  char *line, *method, *url, *body;
  text_headers headers;
  stored_answer stored;
  int64_t due_ms;
  const imgact_http_request *sent; // the sender's, until it is finished
  imgact_exchange *exchange;       // NULL once it is over
  struct entry *next, *prev;       // of the requests in flight
  size_t index;
} entry;

struct scripted {
  imgact_transport transport; // first
  entry **entries;
  size_t entries_count;
  entry *first, *last; // in flight, in order of sending
  rule *rules, **rules_end;
  queued *queue, **queue_end;
  size_t unexpected;
  int64_t now_ms; // since SCRIPTED_EPOCH_MS
  bool destroyed;
};

#endif
