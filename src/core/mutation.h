/* SPDX-License-Identifier: MIT */
/* One mutation: sends it, has the outcome of a lost response looked up (lookup.h), and waits for
 * its action. */
#ifndef IA_MUTATION_H
#define IA_MUTATION_H

#include "lookup.h"
#include "op.h"

typedef enum ia_mutation_state {
  IA_MUTATION_NEW,
  IA_MUTATION_BLOCKED,   /* by a conflicting mutation */
  IA_MUTATION_READY,     /* event source: a timer that is due at once */
  IA_MUTATION_PREPARING, /* steps before the request; nothing has been sent for the change */
  IA_MUTATION_SENDING,   /* an exchange */
  IA_MUTATION_LOOKUP,    /* a lookup */
  IA_MUTATION_RESTING,   /* a timer, until a resend is allowed */
  IA_MUTATION_WAITING,   /* a watch of its action */
  IA_MUTATION_FINISHING, /* steps after the change has been applied */
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

/*
 * What a mutation does in addition to its request. Each step begins with requests of its own (a
 * child, see child.h) or a timer, and ends with one of the ia_mutation_...() functions below.
 */
struct ia_mutation_steps {
  /* Before the request; NULL = none. Ends with ia_mutation_send(), _not_needed() or _end(). */
  void (*before)(ia_mutation *m);
  /* After a rejection of the request, which is in m->refusal; NULL = none. An earlier request may
   * have had an effect only if the request is idempotent. Returns false to let the mutation end
   * with that error. Otherwise the step ends as `before` does. */
  bool (*rejected)(ia_mutation *m);
  /* After success; NULL = none. Ends with ia_mutation_done() or ia_mutation_end(). */
  void (*after)(ia_mutation *m);
  /* Before the operation ends or is freed; NULL = none. May be called repeatedly. */
  void (*stop)(ia_mutation *m);
};

/* The last rejection of a mutation that has a step for it. */
typedef struct ia_refusal {
  ia_arena arena; /* of details */
  imgact_error error;
  const char *details;
  bool looked_up; /* the lookup after it has read the image */
} ia_refusal;

struct ia_mutation {
  imgact_op *op;
  ia_link link; /* in client->mutations while the mutation may still take effect */
  uint64_t key; /* equal for conflicting mutations */
  ia_mutation_state state;
  ia_unknown_outcome unknown;
  const char
      *credential; /* that another program sent it with; NULL = sent by this one, or unknown */
  ia_timer timer;
  void (*rested)(ia_mutation *m); /* what the timer of a step calls */
  ia_watch watch;
  ia_lookup lookup;
  ia_refusal *refusal; /* in the operation's arena; NULL = none */
  void *step_data;     /* of the steps, in the operation's arena; NULL at first */
  const imgact_call
      *request;        /* what is sent instead of the call of the operation; NULL = nothing */
  bool partly_applied; /* the requests of a step have changed something */
  bool unchanged;      /* the effect was there before anything was sent */
};

/* Sends the request; after it was rejected, sends it again. */
void ia_mutation_send(ia_mutation *m);
/* Ends with success: the effect was there, nothing was sent. */
void ia_mutation_not_needed(ia_mutation *m);
/* Ends the steps with success; before the request: they have made the change, nothing is sent. */
void ia_mutation_done(ia_mutation *m);
/* Ends a step with an error: before the request, nothing was applied; after it, the change was. */
void ia_mutation_end(ia_mutation *m, const imgact_error *error, const char *details);
void ia_mutation_end_without_memory(ia_mutation *m);
/* Calls `fire` after the next interval of a lookup; false: until_ms (monotonic) has passed. */
bool ia_mutation_rest(ia_mutation *m, int64_t until_ms, void (*fire)(ia_mutation *m));
/* Calls `fire` as soon as the timers fire. */
void ia_mutation_soon(ia_mutation *m, void (*fire)(ia_mutation *m));

#endif
