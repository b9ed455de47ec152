/* SPDX-License-Identifier: MIT */
/*
 * The engine: a state machine that is given time, random numbers and replies, and gives back
 * requests to send. It does no I/O and calls no user code but from ia_engine_notify (done and
 * progress) and, documented there, trace, before_send and token hooks.
 */
#ifndef IA_ENGINE_H
#define IA_ENGINE_H

#include "list.h"
#include "rate_limiter.h"
#include "timer.h"
#include <imgact/op.h>
#include <imgact/transport.h>

typedef struct ia_exchange ia_exchange;

typedef struct ia_engine {
  const imgact_allocator *allocator;
  ia_timers timers;
  ia_rate_limiters rate_limiters;
  ia_link runnable; /* queues that may admit an entry */
  ia_link outbox;   /* exchanges that the outer ring is to send */
  ia_link notify;   /* operations whose callbacks are due */
  size_t running;   /* operations started and not ended */
  void *outer;
  void (*abort)(void *outer, ia_exchange *exchange); /* the transport forgets it, at once */
} ia_engine;

void ia_engine_init(ia_engine *engine, const imgact_allocator *allocator, uint64_t seed,
                    ia_now now);

/* After the last client: frees what is kept for a next one. */
void ia_engine_clear(ia_engine *engine);

/* Runs the timers that are due. */
void ia_engine_tick(ia_engine *engine, ia_now now);
/* Steady time of the next timer; the present if something is to be sent or told; IA_NEVER. */
int64_t ia_engine_next_ms(const ia_engine *engine);
/* The next request to hand to the transport, marked as flying; NULL if there is none. */
ia_exchange *ia_engine_take(ia_engine *engine, const imgact_http_request **request);
/* Calls one operation's callbacks; false if none was due. The operation may be freed inside. */
bool ia_engine_notify(ia_engine *engine);

#endif
