/* SPDX-License-Identifier: MIT */
/* One run, decided beforehand: which mutation meets which faults, beside whom, and with how much patience. */
#ifndef PROMISES_PLAN_H
#define PROMISES_PLAN_H

#include "world.h"
#include <imgact/imgact.h>

typedef enum plan_deed {
  PLAN_PROTECT,
  PLAN_UNPROTECT,
  PLAN_CONVERT,
  PLAN_TRANSFER,
  PLAN_DELETE,
  PLAN_UPDATE,
  PLAN_DEEDS
} plan_deed;

/* Every pair that a cloud has: Hetzner has no transfer, DigitalOcean no protection. */
#define PLAN_PAIRS 9
void plan_pair(size_t index, sim_cloud *cloud, plan_deed *deed);

typedef struct plan {
  uint64_t seed;
  sim_cloud cloud;
  plan_deed deed;
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
} plan;

extern const char *const plan_deed_words[PLAN_DEEDS];

/* The run that belongs to a seed; beyond: the cloud shows what it accepted later than the client waits for. */
plan plan_random(uint64_t seed, bool beyond);
/* The run without faults, for sweeps. */
plan plan_calm(sim_cloud cloud, plan_deed deed, bool wait);
/* Hetzner declines a PUT with a 500 in its own words, which no cloud does after the effect. */
bool plan_declines(const plan *p);
/* The method of the mutation's request, for the faults' patterns. */
const char *plan_method(const plan *p);

#endif
