/* SPDX-License-Identifier: MIT */
/* Runs a plan: the library on the simulator's world, in virtual time, and what both sides did. */
#ifndef PROMISES_STAGE_H
#define PROMISES_STAGE_H

#include "control_api.h"
#include "plan.h"
#include <imgact/transport.h>
#include <stdio.h>

#define STAGE_TWINS   2
#define STAGE_ACTIONS 64
#define STAGE_IMAGE   INT64_C(10)
#define STAGE_IMAGES  35

typedef struct stage_actions {
  int64_t ids[STAGE_ACTIONS];
  size_t count;
} stage_actions;

/* What the caller was told. */
typedef struct stage_told {
  bool done;
  imgact_error error;
  bool adopted;
  int64_t action_id; /* 0 = none */
  imgact_action_status action_status;
  size_t actions, images;
  int64_t ids[2 * STAGE_IMAGES + 64]; /* of a list */
} stage_told;

typedef struct stage {
  const plan *plan;
  sim_instance instance;
  imgact_client *client;
  imgact_transport *transport; /* the client's */
  imgact_op *ops[STAGE_TWINS];
  stage_told told[STAGE_TWINS];
  int64_t start_ms, end_ms;
  uint64_t effects;          /* that requests of ours committed */
  uint64_t foreign;          /* that somebody else's did */
  uint64_t sends, lookups;   /* requests of ours: the mutation, anything else */
  uint64_t refusals;         /* 429s among the answers */
  stage_actions own, others; /* actions that were begun */
  char journal[1000];        /* what on_intent was given; "" = nothing */
  int64_t journal_ms;        /* when, by the library's clock */
  bool crashed, foreign_done;
  bool finished;              /* in reasonable time */
  bool shown, initially;      /* the image shows the effect at the end; and did at the start */
  bool present[STAGE_IMAGES]; /* before a list */
  FILE *trace;
} stage;

/* false: no memory, or a plan that the simulator does not take (a message is on standard error). */
bool stage_run(stage *s, const plan *p, FILE *trace);
void stage_free(stage *s);

/* The library's jitter comes from getrandom: stage.c answers it from this. */
extern uint64_t stage_random;

/* relay.c: hands everything on to the simulator's transport, and takes notes for the stage. */
imgact_transport *stage_transport(stage *s);
/* Somebody else's request, at once. */
void stage_foreign(stage *s, bool opposite);
uint64_t stage_effects(const stage *s);

#endif
