/* SPDX-License-Identifier: MIT */
/* The head of a response as bytes, for faults that cut it. */
#ifndef SIM_HTTP_BYTES_H
#define SIM_HTTP_BYTES_H

#include "reply.h"

void sim_http_head(const sim_reply *reply, sim_text *out);

#endif
