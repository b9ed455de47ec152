/* SPDX-License-Identifier: MIT */
/* The loop: the outer ring around the engine. It owns the transport, the clocks and the seed. */
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
  size_t references; /* the caller's and each client's */
  int64_t
      epoch_ms; /* when it was made, on a transport's own clock: a cassette's may lie before 1970 */
  bool dispatching;
  int was_woken;    /* a wakeup came before the last dispatch */
  atomic_int woken; /* set by imgact_loop_wakeup, from any thread and from signal handlers */
};

void ia_loop_ref(imgact_loop *loop);
void ia_loop_unref(imgact_loop *loop);
/* Does the transport send nothing anywhere? */
bool ia_loop_is_offline(const imgact_loop *loop);
/* Keeps the promise to take over a transport of which no loop has come. One that the options' own
 * loop has stays that's. */
void ia_destroy_unused_transport(const imgact_client_options *options);
/* Waits for something to be due, or for wakeup, at most until then, and dispatches. */
void ia_loop_step(imgact_loop *loop);

#endif
