/* SPDX-License-Identifier: MIT */
/* One run, decided beforehand: which mutation meets which faults, beside whom, and with how much patience. */
#ifndef PROMISES_SCHEDULE_H
#define PROMISES_SCHEDULE_H

#include "world.h"
#include <imgact/imgact.h>

typedef enum schedule_deed {
  SCHEDULE_PROTECT,
  SCHEDULE_UNPROTECT,
  SCHEDULE_CONVERT,
  SCHEDULE_TRANSFER,
  SCHEDULE_DELETE,
  SCHEDULE_UPDATE,
  SCHEDULE_DEEDS
} schedule_deed;

/* Every pair that a cloud has: Hetzner has no transfer, DigitalOcean no protection. */
#define SCHEDULE_PAIRS 9
void schedule_pair(size_t index, sim_cloud *cloud, schedule_deed *change);

typedef struct schedule {
  uint64_t seed;
  sim_cloud cloud;
  schedule_deed change;
  bool list;          /* reads a list that moves, instead of the mutation */
  bool wait, repeats; /* repeats: the cloud accepts again what it does already */
  bool unsafe;        /* a request that must not be repeated blindly: a POST */
  bool look_faults;   /* what is asked after a lost answer meets faults, too */
  bool allow_twice;   /* items of one page may come twice: the cloud served them so */
  int32_t attempts, twins;
  int64_t settle_ms, hide_ms, duration_ms, deadline_ms, cancel_ms, skew_ms, latency_ms; /* 0 = none */
  int64_t crash_ms, down_ms; /* when the program dies, 0 = never; how long until another one resumes what it began */
  int64_t foreign_ms;        /* when somebody else does the same, or the opposite; -1 = nobody */
  bool foreign_opposite;
  bool undoing;          /* the image is as asked for, but somebody's action that undoes it runs already */
  int64_t shorten_bytes; /* the first answer to the mutation ends early and looks whole; -1 = none */
  char faults[1600];
} schedule;

extern const char *const schedule_deed_words[SCHEDULE_DEEDS];

/* The run that belongs to a seed; beyond: the cloud shows what it accepted later than the client waits for. */
schedule schedule_random(uint64_t seed, bool beyond);
/* The run without faults, for sweeps. */
schedule schedule_calm(sim_cloud cloud, schedule_deed change, bool wait);
/* Hetzner declines a PUT with a 500 in its own words, which no cloud does after the effect. */
bool schedule_declines(const schedule *p);
/* The method of the mutation's request, for the faults' patterns. */
const char *schedule_method(const schedule *p);

#endif
