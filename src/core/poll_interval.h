/* SPDX-License-Identifier: MIT */
/* How often to look at an action: a function of its age, and of how long its like took before. */
#ifndef IA_POLL_INTERVAL_H
#define IA_POLL_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IA_DURATIONS 16

/* The last durations of one kind of action. */
typedef struct ia_durations {
  int64_t recent_ms[IA_DURATIONS];
  size_t count, next;
} ia_durations;

void ia_durations_add(ia_durations *durations, int64_t ms);
/* Before this age such actions have hardly ever ended; 0 = not known. */
int64_t ia_durations_earliest_ms(const ia_durations *durations);
/* Until the next look at an action of that age; constant_ms > 0 is the caller's wish for a constant
 * interval. */
int64_t ia_poll_interval_ms(int64_t elapsed_ms, int64_t constant_ms, int64_t earliest_ms);

#endif
