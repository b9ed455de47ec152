/* SPDX-License-Identifier: MIT */
/* Finds the outcome of a mutation whose response was lost: lists the actions of the image or server
 * and checks the image repeatedly until the settle time is over. If the mutation starts no action
 * but makes an image, it looks for the image in the list of own images. It has results of its own
 * and sends no mutation. */
#ifndef IA_LOOKUP_H
#define IA_LOOKUP_H

#include "evidence.h"
#include "exchange.h"
#include "pager.h"
#include "poller.h"

typedef enum ia_lookup_state {
  IA_LOOKUP_IDLE,
  IA_LOOKUP_LISTING,   /* actions, or own images */
  IA_LOOKUP_VIEWING,   /* the image */
  IA_LOOKUP_FOLLOWING, /* an action that may be the effect, until it finishes */
  IA_LOOKUP_RESTING    /* a pause before the next lookup */
} ia_lookup_state;

typedef enum ia_outcome {
  IA_OUTCOME_NOT_APPLIED, /* nothing was found during the settle time */
  IA_OUTCOME_APPLIED,     /* shown by the action or by the image */
  IA_OUTCOME_UNKNOWN      /* see ia_lookup.reason */
} ia_outcome;

/* When the request was sent. */
typedef struct ia_sent {
  int64_t mono_ms;
  int64_t wall_ms; /* by the wall clock of that time; 0 = unknown */
  bool inherited;  /* by another program */
  bool resent;     /* this program has resent it, at resent_ms */
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
  int64_t lookup_deadline_ms; /* monotonic: end of the lookups */
  int64_t settle_ms;
  int64_t lookup_started_ms; /* start of the last lookup: its results are at least as recent */
  bool keep_raw;

  ia_lookup_state state;
  ia_timer timer;
  ia_exchange *exchange;
  ia_pager *pager;
  imgact_action_filter filter;
  imgact_image_filter image_filter;
  ia_watch watch;
  imgact_result actions;       /* of the last lookup */
  imgact_result image;         /* or the list of own images */
  ia_finding finding;          /* from the actions, until the image has been checked */
  bool verifying;              /* an action has finished; the image must show its effect */
  const imgact_action *action; /* the action that the request started, in `actions`; NULL */
  const imgact_image *seen;    /* the image that shows the effect, in `image`; NULL */
  char reason[256];
} ia_lookup;

/* Starts the lookup. client, slot, call, done, owner, policy, sent, lookup_deadline_ms and
 * settle_ms must be set, the rest zero. May call done before it returns. */
void ia_lookup_start(ia_lookup *lookup);
/* Returns until when the rate limit delays the lookup, monotonic; IA_NEVER = it does not. */
int64_t ia_lookup_delayed_until_ms(const ia_lookup *lookup);
/* Stops the lookup and frees its memory; may be called repeatedly. */
void ia_lookup_free(ia_lookup *lookup);

#endif
