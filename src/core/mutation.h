/* SPDX-License-Identifier: MIT */
/* One mutation: sends it, has the outcome of a lost response looked up (lookup.h), and waits for
 * its action. */
#ifndef IA_MUTATION_H
#define IA_MUTATION_H

#include "lookup.h"
#include "op.h"

typedef enum ia_mutation_state {
  IA_MUTATION_NEW,
  IA_MUTATION_BLOCKED, /* by a conflicting mutation */
  IA_MUTATION_READY,   /* event source: a timer that is due at once */
  IA_MUTATION_SENDING, /* an exchange */
  IA_MUTATION_LOOKUP,  /* a lookup */
  IA_MUTATION_RESTING, /* a timer, until a resend is allowed */
  IA_MUTATION_WAITING, /* a watch of its action */
  /* Ended. What is known of the effect: */
  IA_MUTATION_APPLIED,
  IA_MUTATION_NOT_APPLIED,
  IA_MUTATION_UNKNOWN
} ia_mutation_state;

/* Why the outcome is unknown; reason is IA_UNKNOWN_NONE if it is not. */
typedef struct ia_unknown_outcome {
  ia_unknown_reason reason;
  ia_sent sent;
  int32_t attempts;
  uint32_t request_number; /* for the trace; 0 = sent by another program */
  int64_t resend_not_before_ms;
  imgact_error cause;
  const char *details;
} ia_unknown_outcome;

struct ia_mutation {
  imgact_op *op;
  ia_link link; /* in client->mutations while the mutation may still take effect */
  uint64_t key; /* equal for conflicting mutations */
  ia_mutation_state state;
  ia_unknown_outcome unknown;
  const char
      *credential; /* that another program sent it with; NULL = sent by this one, or unknown */
  ia_timer timer;
  ia_watch watch;
  ia_lookup lookup;
};

#endif
