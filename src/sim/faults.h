/* SPDX-License-Identifier: MIT */
/* What can go wrong between a cloud and its client, by script or by chance. Pure: an outcome says
 * what is to happen, the server and the tests' transport make it happen. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "dispatch.h"

typedef enum sim_fault_kind {
  SIM_NO_REPLY,     /* nothing ever comes; after `ms`, if given, the connection is closed */
  SIM_CLOSE,        /* closed without a byte */
  SIM_RESET,        /* reset without a byte */
  SIM_CUT,          /* closed after `bytes` of the reply; before the effect, of a 502 */
  SIM_DELAY,        /* the reply comes `ms` later */
  SIM_SLOW,         /* the reply comes at `bytes` a second */
  SIM_STATUS,       /* another reply: `status`, `body`, `content_type`, `retry_after` */
  SIM_RATE_LIMIT,   /* the cloud's own 429, with `retry_after` if given */
  SIM_CONTENT_TYPE, /* the reply calls itself `content_type` */
  SIM_DUPLICATE,    /* the first item of a list comes again at its end */
  SIM_NEXT,         /* a list names a wrong next page: `next` */
  SIM_HIDE,         /* the action that is begun stays unseen for `ms` */
  SIM_FAIL,         /* the action that is begun ends in error */
  SIM_LAST,         /* the action that is begun runs for `ms`; without it, for ever */
  SIM_APPEAR,       /* before the request a new image is added to the list: `at` */
  SIM_VANISH,       /* before the request an image that may go is removed: `at` */
  SIM_FAULT_KINDS
} sim_fault_kind;

/* Where in the list an image is added or removed. */
typedef enum sim_place { SIM_AT_FIRST, SIM_AT_LAST, SIM_AT_ANY, SIM_PLACES } sim_place;

typedef struct sim_fault {
  sim_fault_kind kind;
  int cloud;           /* -1 = both */
  char *method, *path; /* patterns of the shell; NULL = any */
  bool after; /* the effect is committed first; else the request does nothing. A cut: unless told
                 otherwise */
  int64_t skip, count; /* lets so many pass, then hits so many; count -1 = all */
  double probability;
  int64_t ms, bytes, status, retry_after_s; /* -1 = not given */
  sim_place at;
  char *body, *content_type, *next;
} sim_fault;

typedef struct sim_faults {
  sim_fault *items;
  size_t count;
  uint64_t random;
} sim_faults;

/* Adds the faults of a JSON document to the list. false: `message` says what is wrong, nothing was
 * added. */
bool sim_faults_load(sim_faults *faults, const char *json, size_t length, char *message,
                     size_t capacity);
void sim_faults_clear(sim_faults *faults);
/* The list with what is left of each count, into a writer, as an array. */
void sim_faults_write(const sim_faults *faults, imgact_json_writer *out);

typedef enum sim_end { SIM_END_REPLY, SIM_END_CLOSE, SIM_END_RESET, SIM_END_SILENCE } sim_end;

typedef struct sim_outcome {
  sim_end end;
  sim_reply reply;     /* of SIM_END_REPLY; free it */
  int64_t delay_ms;    /* before the first byte, or before the end */
  int64_t cut_bytes;   /* of head and body; -1 = whole */
  int64_t bytes_per_s; /* 0 = at once */
} sim_outcome;

/* Answers one request, with whatever faults hit it. */
sim_outcome sim_serve(sim_world *world, sim_faults *faults, sim_cloud cloud,
                      const sim_request *request, int64_t now_ms);

extern const char *const sim_fault_names[SIM_FAULT_KINDS];

#endif
