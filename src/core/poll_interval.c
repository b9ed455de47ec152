// SPDX-License-Identifier: MIT
/*
 * A short interval costs requests, a long one delays the result by half an interval on average.
 * Intervals of 2 s, later of a tenth of the action's age, keep the mean delay at 1 s or 5 % of the
 * duration. From 5 to 12 minutes, an interval has 30 s, later a 24th of the age: the longest delay
 * counts, too, not only the mean.
 *
 * If similar actions are known to take long, few polls are sent before their usual duration; they
 * find the actions that fail early. Only similar durations count: images of one and of a hundred GB
 * say nothing about each other. bench/waits.c compares this rule with others.
 */
#include "poll_interval.h"

#define FIRST_MS 500 /* many actions finish within this time */
#define LEAST_MS 1000
#define SHORT_MS 2000
#define LATE_MS  30000 /* maximum interval within the first 12 minutes */
#define LONG_MS  300000
#define ALIKE    4 /* similar durations: the longest is at most so many times the shortest */
#define ENOUGH   8 /* number of durations needed for a conclusion */

void ia_durations_add(ia_durations *durations, int64_t ms) {
  if (ms < 0) return;
  durations->recent_ms[durations->next] = ms;
  durations->next = (durations->next + 1) % IA_DURATIONS;
  if (durations->count < IA_DURATIONS) durations->count++;
}

int64_t ia_durations_earliest_ms(const ia_durations *durations) {
  if (durations->count < ENOUGH) return 0;
  int64_t least = durations->recent_ms[0], most = least;
  for (size_t i = 1; i < durations->count; i++) {
    if (durations->recent_ms[i] < least) least = durations->recent_ms[i];
    if (durations->recent_ms[i] > most) most = durations->recent_ms[i];
  }
  return most / ALIKE <= least ? least - least / 5 : 0;
}

int64_t ia_poll_interval_ms(int64_t elapsed_ms, int64_t constant_ms, int64_t earliest_ms) {
  if (constant_ms > 0) return constant_ms;
  int64_t most = elapsed_ms / 24 > LATE_MS ? elapsed_ms / 24 : LATE_MS;
  int64_t interval = elapsed_ms / 10 < most ? elapsed_ms / 10 : most;
  if (interval < SHORT_MS) interval = elapsed_ms < LEAST_MS ? LEAST_MS : SHORT_MS;
  if (elapsed_ms < FIRST_MS / 2) interval = FIRST_MS;
  if (elapsed_ms < earliest_ms) {
    int64_t sparse = elapsed_ms > interval ? elapsed_ms : interval;
    int64_t left = earliest_ms - elapsed_ms;
    if (left < SHORT_MS || left < sparse) sparse = left < LEAST_MS ? LEAST_MS : left;
    interval = sparse;
  }
  return interval < LONG_MS ? interval : LONG_MS;
}
