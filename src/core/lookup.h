/* SPDX-License-Identifier: MIT */
/*
 * Finds the outcome of a mutation whose response was lost: lists the image's actions and looks at
 * the image, again and again until the settle time is over. An object with a result of its own; it
 * sends no mutation.
 */
#ifndef IA_LOOKUP_H
#define IA_LOOKUP_H

#include "evidence.h"
#include "exchange.h"
#include "pager.h"
#include "poller.h"

typedef enum ia_lookup_state {
  IA_LOOKUP_IDLE,
  IA_LOOKUP_LISTING,   /* the image's actions */
  IA_LOOKUP_VIEWING,   /* the image */
  IA_LOOKUP_FOLLOWING, /* an action that may be the effect, until it has finished */
  IA_LOOKUP_RESTING    /* until the next look */
} ia_lookup_state;

typedef enum ia_outcome {
  IA_OUTCOME_NOT_APPLIED, /* nothing was found, for the whole settle time */
  IA_OUTCOME_APPLIED,     /* by the action, or as the image shows */
  IA_OUTCOME_UNKNOWN      /* looking did not settle it: reason */
} ia_outcome;

/* When the request was sent. */
typedef struct ia_sent {
  int64_t mono_ms;
  int64_t wall_ms; /* on the wall clock as it stood then; 0 = not known */
  bool inherited;  /* by another program */
  bool resent;     /* by this one since, at resent_ms */
  int64_t resent_ms;
} ia_sent;

typedef struct ia_lookup {
  imgact_client *client;
  const imgact_slot *slot;
  const imgact_call *call; /* the mutation */
  void (*done)(struct ia_lookup *lookup, ia_outcome outcome);
  void *owner;
  ia_request_policy policy;
  ia_sent sent;
  int64_t settled_ms; /* monotonic: until when to look */
  int64_t settle_ms;
  int64_t began_ms; /* the last look: its response may come late, and tells of that time */
  bool keep_raw;

  ia_lookup_state state;
  ia_timer timer;
  ia_exchange *exchange;
  ia_pager *pager;
  imgact_action_filter filter;
  ia_watch watch;
  imgact_result actions; /* of the last look */
  imgact_result image;
  ia_finding finding;          /* of the actions, until the image has been seen */
  bool verifying;              /* an action has finished: does the image show its effect? */
  const imgact_action *action; /* the one that was started by the request, in `actions`; NULL */
  const imgact_image *seen;    /* the image that shows the effect, in `image`; NULL */
  char reason[256];
} ia_lookup;

/* Starts. client, slot, call, done, owner, terms, sent, settled_ms and settle_ms must be set, the
 * rest zero. May call done from inside. */
void ia_lookup_start(ia_lookup *lookup);
/* Stops and frees what it holds; idempotent. */
void ia_lookup_free(ia_lookup *lookup);

#endif
