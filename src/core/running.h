/* SPDX-License-Identifier: MIT */
/* The running actions of the image, or of the server, that a mutation is about. */
#ifndef IA_RUNNING_H
#define IA_RUNNING_H

#include "mutation.h"

/* Starts a list of them as the child of the operation; the result can hold others, too.
 * max_attempts: of a request; 0 = as the operation has it. Returns false if there is no memory. */
bool ia_running_list(imgact_op *op, int32_t max_attempts,
                     void (*done)(imgact_op *op, imgact_op *child));
/* Returns true if the action runs and has an id to wait for. */
bool ia_runs(const imgact_action *action);
/* Ends a mutation with its refusal; child: the list. If the image is locked, the details of the
 * error have the ids of the running actions. */
void ia_running_end(imgact_op *op, imgact_op *child);
/* A step `rejected`: if the image is locked, lists its actions and ends the mutation. Returns false
 * for other errors. */
bool ia_running_report(ia_mutation *m);

/* The steps of a mutation that needs nothing else. */
extern const ia_mutation_steps ia_running_steps;

#endif
