/* SPDX-License-Identifier: MIT */
/*
 * Faults: errors between a cloud and its client, scripted or random. Nothing here does I/O: an
 * outcome describes the faults of the connection, and the server or the tests' transport carries
 * them out.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "dispatch.h"

/* Position in the list at which an image is added or removed. */
typedef enum sim_place { SIM_AT_FIRST, SIM_AT_LAST, SIM_AT_ANY, SIM_PLACES } sim_place;

struct sim_fault_kind;

typedef struct sim_fault {
  const struct sim_fault_kind *kind;
  int cloud;           /* -1 = both */
  char *method, *path; /* shell patterns; NULL = any */
  bool after;          /* the request takes effect first; otherwise it has no effect */
  int64_t skip, count; /* requests that pass first; requests that are hit, -1 = all */
  double probability;
  int64_t ms, bytes, status, retry_after_s; /* -1 = not given */
  sim_place at;
  sim_remains leaves;
  char *body, *content_type, *next;
} sim_fault;

typedef struct sim_faults {
  sim_fault *items;
  size_t count;
  uint64_t random;
} sim_faults;

/* Adds the faults of a JSON document to the list. On failure nothing is added, and message says
 * what is wrong. */
bool sim_faults_load(sim_faults *faults, const char *json, size_t length, char *message,
                     size_t capacity);
void sim_faults_clear(sim_faults *faults);
/* Writes the list as an array, with the remaining skip and count of each fault. */
void sim_faults_write(const sim_faults *faults, imgact_json_writer *out);

typedef enum sim_end { SIM_END_REPLY, SIM_END_CLOSE, SIM_END_RESET, SIM_END_SILENCE } sim_end;

typedef struct sim_outcome {
  sim_end end;
  sim_reply reply;     /* of SIM_END_REPLY; owned by the caller */
  int64_t delay_ms;    /* before the first byte, or before the connection ends */
  int64_t cut_bytes;   /* bytes of head and body that are sent; -1 = all */
  int64_t bytes_per_s; /* 0 = no limit */
} sim_outcome;

/* Answers one request, with all faults that hit it. */
sim_outcome sim_serve(sim_world *world, sim_faults *faults, sim_cloud cloud,
                      const sim_request *request, int64_t now_ms);

#endif
