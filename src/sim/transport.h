/* SPDX-License-Identifier: MIT */
/* The simulator as a transport of the library: no sockets, and time that moves only when somebody
 * waits. */
#ifndef SIM_TRANSPORT_H
#define SIM_TRANSPORT_H

#include "control_api.h"
#include <imgact/transport.h>

/* Carries requests to an instance, which must outlive it. Paths that start with /v2/ go to
 * DigitalOcean, others to Hetzner; hosts do not matter. Every reply takes latency_ms. NULL without
 * memory. */
imgact_transport *sim_transport_new(sim_instance *instance, int64_t latency_ms);

#endif
