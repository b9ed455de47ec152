/* SPDX-License-Identifier: MIT */
/* A reply as bytes, for faults that cut it. */
#ifndef SIM_HTTP_BYTES_H
#define SIM_HTTP_BYTES_H

#include "reply.h"

void sim_http_head(const sim_reply *reply, sim_text *out);

#endif
