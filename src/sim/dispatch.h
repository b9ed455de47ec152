/* SPDX-License-Identifier: MIT */
#ifndef SIM_DISPATCH_H
#define SIM_DISPATCH_H

#include "exchange.h"

/* Answers one request, and does not count it. Never fails: without memory it is a 500 with nothing
 * in it. Free with sim_reply_free. */
sim_reply sim_dispatch(sim_world *world, sim_cloud cloud, const sim_request *request,
                       int64_t now_ms);

#endif
