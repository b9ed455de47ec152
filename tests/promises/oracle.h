/* SPDX-License-Identifier: MIT */
#ifndef PROMISES_ORACLE_H
#define PROMISES_ORACLE_H

#include "harness.h"

/* NULL, or the promise that was broken. */
const char *oracle(const harness *s);
/* The cloud committed more of this call's requests than there were calls. */
bool oracle_doubled(const harness *s);

#endif
