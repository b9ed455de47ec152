/* SPDX-License-Identifier: MIT */
/* The kinds of faults. A new kind is one row of the table in fault_kinds.c and its function. */
#ifndef SIM_FAULT_KINDS_H
#define SIM_FAULT_KINDS_H

#include "faults.h"

typedef enum sim_fault_phase {
  SIM_BEFORE_REQUEST, /* changes the world, or the action that the request starts */
  SIM_INSTEAD,        /* replaces the response; with "before" the request is not handled */
  SIM_AFTER_REQUEST   /* changes the response or its delivery */
} sim_fault_phase;

/* Keys that a fault must have. */
typedef enum sim_fault_needs {
  SIM_NEEDS_NOTHING,
  SIM_NEEDS_MS,
  SIM_NEEDS_BYTES,
  SIM_NEEDS_BYTES_PER_SECOND, /* "bytes", at least 1 */
  SIM_NEEDS_STATUS,
  SIM_NEEDS_CONTENT_TYPE,
  SIM_NEEDS_NEXT
} sim_fault_needs;

/* One fault that hits one request. */
typedef struct sim_hit {
  const sim_fault *fault;
  sim_faults *faults; /* source of random numbers */
  sim_world *world;
  sim_cloud cloud;
  const sim_request *request;
  int64_t now_ms;
  sim_outcome *outcome;
} sim_hit;

typedef struct sim_fault_kind {
  const char *name;
  sim_fault_phase phase;
  sim_fault_needs needs;
  void (*apply)(const sim_hit *hit);
  bool after; /* the default of "when" is "after" */
} sim_fault_kind;

extern const sim_fault_kind sim_fault_kinds[];
extern const size_t sim_fault_kinds_count;

/* Values of "next" of the fault "next". */
extern const char *const sim_next_names[];
extern const size_t sim_next_names_count;

#endif
