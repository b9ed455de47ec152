/* SPDX-License-Identifier: MIT */
#ifndef PROMISES_VERDICT_H
#define PROMISES_VERDICT_H

#include "stage.h"

/* NULL, or the promise that was broken. */
const char *verdict(const stage *s);
/* The cloud committed more of this call's requests than there were calls. */
bool verdict_doubled(const stage *s);

#endif
