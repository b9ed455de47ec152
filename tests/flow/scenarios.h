/* SPDX-License-Identifier: MIT */
/*
 * One scenario of every kind: an operation on the small cloud, and what must be true of its end
 * however badly it went. Cutting, cancelling, starving and echoing are done to all of them alike.
 */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include "cloud.h"
#include "harness.h"

typedef struct scenario {
  const char *name;
  bool digitalocean;
  bool mutation; /* counts in the cloud's `applied` */
  bool waits;
  bool resumes; /* what another program has sent */
  imgact_op *(*make)(imgact_client *client);
  void (*prepare)(cloud *cloud); /* NULL = as it comes */
  bool ensures;                  /* with IMGACT_OP_FLAG_ENSURE */
  bool present;                  /* the effect is there: nothing is sent */
  size_t images, actions;        /* that a success returns */
  size_t vanished;               /* images that it may return beside these */
} scenario;

extern const scenario scenarios[];
extern const size_t scenarios_count;

/* The flags that its operations take. */
uint32_t scenario_flags(const scenario *scenario);
/* Makes the scenario's operation, ready to be started; NULL: there was no memory. */
imgact_op *scenario_op(const scenario *scenario, imgact_client *client, tally *tally);
/* Fails the test if the result of the operation contradicts the state of the cloud. */
void scenario_check(const scenario *scenario, const cloud *cloud, const imgact_op *op);

#endif
