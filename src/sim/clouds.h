/* SPDX-License-Identifier: MIT */
/* The simulated clouds. */
#ifndef SIM_CLOUDS_H
#define SIM_CLOUDS_H

#include "exchange.h"

extern const sim_cloud_api sim_hetzner, sim_digitalocean;

#endif
