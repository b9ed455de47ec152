/* SPDX-License-Identifier: MIT */
/* A mutation on its way. mutation.c sends it and waits for it; reconcile.c looks into what became of it when its answer was
 * lost, and comes back through the functions below. */
#ifndef IA_MUTATION_H
#define IA_MUTATION_H

#include "op.h"

typedef enum ia_mutation_state {
  IA_MUTATION_NEW,
  IA_MUTATION_TWIN,
  IA_MUTATION_DUE,
  IA_MUTATION_SENT,
  IA_MUTATION_LOOKING,
  IA_MUTATION_CONFIRMING,
  IA_MUTATION_WAITING
} ia_mutation_state;

struct ia_mutation {
  ia_link link; /* in client->mutations until the effect is settled */
  uint64_t key;
  ia_mutation_state state;
  bool in_doubt; /* some send may have been applied */
  bool refused;  /* pending is a refusal of a request that was sent again */
  bool resumed;
  bool unsettled; /* an action runs that may change what the image shows */
  int32_t attempts;
  uint32_t number;       /* of the request in doubt, for the trace; 0 = another program's */
  int64_t sent_ms;       /* of the first send in doubt; steady */
  int64_t sent_at_ms;    /* the same on the wall's clock as it stood then */
  int64_t settled_ms;    /* until when to look; steady */
  int64_t not_before_ms; /* when the cloud will have it again, as far as it said; steady */
  int64_t looked_ms;     /* when the last look was begun: its answer may come late, and tells of that time */
  imgact_error pending;
  const char *details;
  ia_timer pause;
  ia_watch watch;
  ia_walk *walk;
  imgact_action_filter filter;
  imgact_result image; /* of the last look at the image */
  imgact_op *op;
};

/* Sends the request, for the first time or again. */
void ia_mutation_send(imgact_op *op);
/* It was applied, by this operation: waits for its action where that was asked for, and ends. */
void ia_mutation_applied(imgact_op *op);

/* Looks into what became of a request whose end is in doubt; refused: it was sent again, and what came is a refusal. */
void ia_reconcile(imgact_op *op, const ia_exchange *exchange, bool refused);
/* The same for a request that another program sent. */
void ia_reconcile_resumed(imgact_op *op);
/* No later look takes this action for another operation's effect; false: no memory. */
bool ia_reconcile_claim(imgact_client *client, const imgact_action *action);

#endif
