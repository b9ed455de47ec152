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
  IA_MUTATION_READY,   /* a timer that is due at once */
  IA_MUTATION_SENDING, /* an exchange */
  IA_MUTATION_LOOKING, /* a lookup */
  IA_MUTATION_RESTING, /* a timer until it may be sent again */
  IA_MUTATION_WAITING, /* a watch on its action */
  /* Ends, each with what it says of the mutation's effect. */
  IA_MUTATION_APPLIED,
  IA_MUTATION_NOT_APPLIED,
  IA_MUTATION_UNKNOWN
} ia_mutation_state;

/* What is not known of it; reason IA_DOUBT_NONE: nothing. */
typedef struct ia_doubt {
  ia_doubt_reason reason;
  ia_sent sent;
  int32_t attempts;
  uint32_t request_number; /* for the trace; 0 = another program's */
  int64_t resend_not_before_ms;
  imgact_error cause;
  const char *details;
} ia_doubt;

struct ia_mutation {
  imgact_op *op;
  ia_link link; /* in client->mutations until its effect is settled */
  uint64_t key; /* equal for conflicting mutations */
  ia_mutation_state state;
  ia_doubt doubt;
  const char
      *credential; /* with which another program has sent it; NULL = this one, or not known */
  ia_timer timer;
  ia_watch watch;
  ia_lookup lookup;
};

#endif
