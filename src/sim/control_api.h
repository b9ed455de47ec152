/* SPDX-License-Identifier: MIT */
/* A running simulator without its sockets: world, faults, clock, and the requests under /_sim/ that
 * read and change them. */
#ifndef SIM_CONTROL_API_H
#define SIM_CONTROL_API_H

#include "faults.h"

/* Virtual time: it starts somewhere and runs `speed` times as fast as the real clock; 0 = it
 * stands. */
typedef struct sim_clock {
  int64_t virtual_ms, real_ms; /* this virtual time was at that real time */
  double speed;
} sim_clock;

int64_t sim_clock_now(const sim_clock *clock, int64_t real_ms);
/* Goes on from virtual_ms, never back. */
void sim_clock_set(sim_clock *clock, int64_t real_ms, int64_t virtual_ms, double speed);

typedef struct sim_instance {
  sim_world *world;
  sim_faults faults;
  sim_clock clock;
} sim_instance;

/* A cloud's request, or one under /_sim/; real_ms is any steady clock. */
sim_outcome sim_instance_serve(sim_instance *instance, sim_cloud cloud, const sim_request *request,
                               int64_t real_ms);
void sim_instance_clear(sim_instance *instance);

#endif
