/* SPDX-License-Identifier: MIT */
/* A running simulator without sockets: world, faults, clock, and the control API under /_sim/. */
#ifndef SIM_CONTROL_API_H
#define SIM_CONTROL_API_H

#include "faults.h"

/* Virtual time: runs `speed` times as fast as the real clock; 0 = stands still. */
typedef struct sim_clock {
  int64_t virtual_ms, real_ms; /* a virtual time and the real time that belongs to it */
  double speed;
} sim_clock;

int64_t sim_clock_now(const sim_clock *clock, int64_t real_ms);
/* Continues from virtual_ms, or from the current time if that is later. */
void sim_clock_set(sim_clock *clock, int64_t real_ms, int64_t virtual_ms, double speed);

typedef struct sim_instance {
  sim_world *world;
  sim_faults faults;
  sim_clock clock;
} sim_instance;

/* Answers a request to a cloud or to the control API. real_ms: any monotonic clock. */
sim_outcome sim_instance_serve(sim_instance *instance, sim_cloud cloud, const sim_request *request,
                               int64_t real_ms);
void sim_instance_clear(sim_instance *instance);

#endif
