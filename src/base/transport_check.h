/* SPDX-License-Identifier: MIT */
/* Check of a transport table, for all code that drives a transport. */
#ifndef IA_TRANSPORT_CHECK_H
#define IA_TRANSPORT_CHECK_H

#include <imgact/transport.h>
#include <stdbool.h>

/* Returns true if all required members are set and the table is not older than this library. A
 * transport with its own clock must set both now_ms and advance_to. */
static inline bool ia_transport_is_valid(const imgact_transport *t) {
  return t && t->size >= sizeof *t && t->send && t->cancel && t->dispatch && t->fd &&
         t->timeout_ms && t->destroy && !t->now_ms == !t->advance_to;
}

#endif
