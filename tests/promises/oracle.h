/* SPDX-License-Identifier: MIT */
#ifndef PROMISES_ORACLE_H
#define PROMISES_ORACLE_H

#include "harness.h"

/* NULL, or the promise that was broken. */
const char *oracle(const harness *s);
/* The cloud committed more of this call's requests than there were calls. */
bool oracle_doubled(const harness *s);

/* ---- between oracle.c and oracle_images.c ---- */

/* A request of this call, for a resumed call also one of the program before, started the action. */
bool oracle_is_own(const harness *s, const harness_call *call, int64_t action_id);
/* The time is from before the request, by the clocks that the library could compare it with. */
bool oracle_too_old(const harness *s, const harness_call *call, int64_t ms);
/* oracle_images.c: the image in the result, of a snapshot or an import. */
const char *oracle_images(const harness *s, const harness_call *call);

#endif
