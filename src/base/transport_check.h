/* SPDX-License-Identifier: MIT */
/* The gate for a transport's table, for all that drive one. */
#ifndef IA_TRANSPORT_CHECK_H
#define IA_TRANSPORT_CHECK_H

#include <imgact/transport.h>
#include <stdbool.h>

/* Whole, and not older than this library. A time of its own needs both halves. */
static inline bool ia_transport_is_valid(const imgact_transport *t) {
  return t && t->size >= sizeof *t && t->send && t->cancel && t->dispatch && t->fd &&
         t->timeout_ms && t->destroy && !t->now_ms == !t->advance_to;
}

#endif
