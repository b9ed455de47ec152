/* SPDX-License-Identifier: MIT */
/* Runs one request on its cloud. */
#ifndef SIM_DISPATCH_H
#define SIM_DISPATCH_H

#include "exchange.h"

extern const sim_cloud_api *const sim_cloud_apis[SIM_CLOUDS];

/* Answers one request, without counting it in the world's counters. Without memory the response is
 * an empty 500. Free it with sim_reply_free(). */
sim_reply sim_dispatch(sim_world *world, sim_cloud cloud, const sim_request *request,
                       int64_t now_ms);
/* A response of the cloud's API, still without status and body, to a request that is not handled:
 * with request id and rate-limit headers. */
sim_reply sim_dispatch_unhandled(sim_world *world, sim_cloud cloud, const sim_request *request,
                                 int64_t now_ms);

#endif
