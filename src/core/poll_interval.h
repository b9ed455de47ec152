/* SPDX-License-Identifier: MIT */
/* The poll interval of an action, by its age and by the durations of similar actions. */
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
/* Returns the age before which such actions hardly ever finish; 0 = unknown. */
int64_t ia_durations_earliest_ms(const ia_durations *durations);
/* Returns the time until the next poll of an action with that age. A constant_ms above 0 is used
 * unchanged. */
int64_t ia_poll_interval_ms(int64_t elapsed_ms, int64_t constant_ms, int64_t earliest_ms);

#endif
