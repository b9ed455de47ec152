/* SPDX-License-Identifier: MIT */
/* A reply as bytes, for faults that cut it. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "handle.h"

void sim_wire_head(const sim_reply *reply, sim_text *out);

#endif
