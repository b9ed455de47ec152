/* SPDX-License-Identifier: MIT */
/* The simulator as a transport of the library, without sockets. Time advances only while the
 * library waits. */
#ifndef SIM_TRANSPORT_H
#define SIM_TRANSPORT_H

#include "control_api.h"
#include <imgact/transport.h>

/* Sends requests to an instance, which is borrowed. Paths that start with /v2/ go to DigitalOcean,
 * others to Hetzner; the host is ignored. Each response takes latency_ms. NULL without memory. */
imgact_transport *sim_transport_new(sim_instance *instance, int64_t latency_ms);

#endif
