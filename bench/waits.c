// SPDX-License-Identifier: MIT
/*
 * Compares schedules of polls: the library's, constant intervals and that of the hcloud command.
 * For each set of durations it prints the requests per wait and "of bound": the mean lateness
 * divided by the allowed one, which is the larger of 1 s and 5 % of the duration. The last column
 * is the constant interval that is exactly as late as the library on that set. It can only be
 * chosen if the durations are known. Exits with 0 if the library is within the bound on every set
 * and needs fewer requests than that interval over all sets. Responses take no time here.
 */
#include "poll_interval.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MEMBERS 4000
#define SETS    6

typedef struct set {
  const char *name;
  double ms[MEMBERS];
} set;

typedef struct schedule {
  const char *name;
  double (*next_ms)(const struct schedule *s, double age_ms, int looks);
  double constant_ms;
  ia_durations *learned; /* NULL = none */
} schedule;

typedef struct cost {
  double looks, late_ms, late;
} cost;

/* ---- schedules ---- */

static double constant(const schedule *s, double age_ms, int looks) {
  (void)age_ms;
  (void)looks;
  return s->constant_ms;
}

/* hcloud: ten polls every 500 ms, then each interval is longer by half, up to 2.5 s. */
static double hcloud(const schedule *s, double age_ms, int looks) {
  (void)s;
  (void)age_ms;
  if (looks < 10) return 500;
  return looks < 14 ? fmin(2500, 500 * pow(1.5, looks - 9)) : 2500;
}

static double adaptive(const schedule *s, double age_ms, int looks) {
  (void)looks;
  return (double)ia_poll_interval_ms((int64_t)age_ms, 0,
                                     s->learned ? ia_durations_earliest_ms(s->learned) : 0);
}

static cost run(const schedule *s, const set *members) {
  cost sum = {0, 0, 0};
  if (s->learned) *s->learned = (ia_durations){{0}, 0, 0};
  for (size_t i = 0; i < MEMBERS; i++) {
    double duration_ms = members->ms[i], age_ms = 0;
    int looks = 0;
    for (; age_ms < duration_ms; looks++) age_ms += s->next_ms(s, age_ms, looks);
    sum.looks += looks;
    sum.late_ms += age_ms - duration_ms;
    sum.late += (age_ms - duration_ms) / fmax(1000, 0.05 * duration_ms);
    if (s->learned) ia_durations_add(s->learned, (int64_t)duration_ms);
  }
  return (cost){sum.looks / MEMBERS, sum.late_ms / MEMBERS, sum.late / MEMBERS};
}

/* Returns the constant interval that is about as late on this set. It is approximate: lateness is
 * not quite monotonic in the interval. */
static schedule as_late(const set *members, double late) {
  double low_ms = 20, high_ms = 4e6;
  for (int i = 0; i < 40; i++) {
    schedule s = {"", constant, sqrt(low_ms * high_ms), NULL};
    if (run(&s, members).late > late)
      high_ms = s.constant_ms;
    else
      low_ms = s.constant_ms;
  }
  return (schedule){"as late", constant, sqrt(low_ms * high_ms), NULL};
}

/* ---- durations ---- */

static uint64_t state = 1;

static double unit(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (double)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 11) / 9007199254740992.0;
}

static double even(double low, double high) { return low + (high - low) * unit(); }
static double log_even(double low, double high) { return exp(even(log(low), log(high))); }
static double log_normal(double median, double sigma) {
  return median * exp(sigma * sqrt(-2 * log(1 - unit())) * cos(6.283185307179586 * unit()));
}

/* Durations of actions in recorded responses of both clouds, in whole seconds; the fraction is not
 * reported. */
static double recorded(void) {
  static const int seconds[] = {1,  2,  4,  5,  6,  8,   9,   22,  26,
                                26, 45, 47, 50, 97, 126, 173, 302, 359};
  return 1000 * (seconds[(size_t)(unit() * (double)(sizeof seconds / sizeof *seconds))] + unit());
}

static double of_set(size_t set_number) {
  switch (set_number) {
  case 0: return recorded();
  case 1: return log_even(200, 7200000);
  case 2: return log_normal(90000, 0.5) * log_even(0.5, 50);
  case 3: return log_normal(90000 * 20, 0.2);
  case 4: return even(200, 3000);
  default: return unit() < 0.5 ? even(200, 3000) : log_normal(180000, 1);
  }
}

/* ---- the table ---- */

static void print(const char *set_name, const schedule *s, cost c) {
  printf("%-36s %-10s %9.1f %10.2f %9.2f\n", set_name, s->name, c.looks, c.late_ms / 1000, c.late);
}

int main(void) {
  static const char *const names[SETS] = {
      "recorded actions",        "0.2 s to 2 h, even in the logarithm",
      "transfers, 0.5 to 50 GB", "transfers of one image, 20 GB",
      "protection, 0.2 to 3 s",  "half protection, half transfers"};
  static set sets[SETS], all = {.name = "all of these"};
  static ia_durations learned;
  const schedule schedules[] = {{"imgact", adaptive, 0, &learned}, {"hcloud", hcloud, 0, NULL},
                                {"0.5 s", constant, 500, NULL},    {"1 s", constant, 1000, NULL},
                                {"2 s", constant, 2000, NULL},     {"5 s", constant, 5000, NULL}};
  int failed = 0;
  for (size_t k = 0; k < SETS; k++) {
    sets[k].name = names[k];
    for (size_t i = 0; i < MEMBERS; i++) sets[k].ms[i] = of_set(k);
  }
  for (size_t i = 0; i < MEMBERS; i++) all.ms[i] = sets[i % SETS].ms[i];
  printf("%-36s %-10s %9s %10s %9s\n", "durations", "schedule", "requests", "late (s)", "of bound");
  for (size_t k = 0; k <= SETS; k++) {
    const set *members = k < SETS ? &sets[k] : &all;
    cost own = run(&schedules[0], members);
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++)
      print(members->name, &schedules[i], run(&schedules[i], members));
    schedule rival = as_late(members, own.late);
    char name[24];
    snprintf(name, sizeof name, "(%.1f s)", rival.constant_ms / 1000);
    rival.name = name;
    cost theirs = run(&rival, members);
    print(members->name, &rival, theirs);
    failed |= own.late > 1.0 || (k == SETS && own.looks >= theirs.looks);
  }
  return failed;
}
