/* SPDX-License-Identifier: MIT */
/* Runs a schedule: the library on the simulator's world, in virtual time, and what both sides did. */
#ifndef PROMISES_HARNESS_H
#define PROMISES_HARNESS_H

#include "control_api.h"
#include "schedule.h"
#include <imgact/transport.h>
#include <stdio.h>

#define HARNESS_TWINS   2
#define HARNESS_ACTIONS 64
#define HARNESS_IMAGE   INT64_C(10)
#define HARNESS_IMAGES  35

typedef struct harness_actions {
  int64_t ids[HARNESS_ACTIONS];
  size_t count;
} harness_actions;

/* What the caller was told. */
typedef struct harness_told {
  bool done;
  imgact_error error;
  bool adopted;
  int64_t action_id; /* 0 = none */
  imgact_action_status action_status;
  size_t actions, images;
  int64_t ids[2 * HARNESS_IMAGES + 64]; /* of a list */
} harness_told;

typedef struct harness {
  const schedule *schedule;
  sim_instance instance;
  imgact_client *client;
  imgact_transport *transport; /* the client's */
  imgact_op *ops[HARNESS_TWINS];
  harness_told told[HARNESS_TWINS];
  int64_t start_ms, end_ms;
  uint64_t effects;            /* that requests of ours committed */
  uint64_t foreign;            /* that somebody else's did */
  uint64_t sends, lookups;     /* requests of ours: the mutation, anything else */
  uint64_t refusals;           /* 429s among the answers */
  harness_actions own, others; /* actions that were begun */
  char journal[1000];          /* what before_send was given; "" = nothing */
  int64_t journal_ms;          /* when, by the library's clock */
  bool crashed, foreign_done;
  bool finished;                /* in reasonable time */
  bool shown, initially;        /* the image shows the effect at the end; and did at the start */
  bool present[HARNESS_IMAGES]; /* before a list */
  FILE *trace;
} harness;

/* false: no memory, or a schedule that the simulator does not take (a message is on standard error). */
bool harness_run(harness *s, const schedule *p, FILE *trace);
void harness_free(harness *s);

/* The library's jitter comes from getrandom: harness.c answers it from this. */
extern uint64_t harness_random;

/* relay.c: hands everything on to the simulator's transport, and takes notes for the harness. */
imgact_transport *harness_transport(harness *s);
/* Somebody else's request, at once. */
void harness_foreign(harness *s, bool opposite);
uint64_t harness_effects(const harness *s);

#endif
