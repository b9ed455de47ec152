/* SPDX-License-Identifier: MIT */
/* The event loop that drives the engine. Owns the transport, the clocks and the seed. */
#ifndef IA_LOOP_H
#define IA_LOOP_H

#include "engine.h"
#include <imgact/client.h>
#include <imgact/provider.h>
#include <stdatomic.h>

struct imgact_loop {
  imgact_allocator allocator;
  ia_engine engine;
  imgact_transport *transport;
  size_t references; /* by the caller and each client */
  int64_t epoch_ms;  /* creation time by the transport's own clock, which may start before 1970 */
  bool dispatching;
  int was_woken;    /* a wakeup came before the last dispatch */
  atomic_int woken; /* set by imgact_loop_wakeup(), from any thread or signal handler */
};

void ia_loop_ref(imgact_loop *loop);
void ia_loop_unref(imgact_loop *loop);
/* Returns true if the transport sends nothing over the network. */
bool ia_loop_is_offline(const imgact_loop *loop);
/* Destroys the transport of options that were not used. A transport of options->loop stays with
 * that loop. */
void ia_destroy_unused_transport(const imgact_client_options *options);
/* Waits until something is due or imgact_loop_wakeup() is called, then dispatches. */
void ia_loop_step(imgact_loop *loop);

#endif
