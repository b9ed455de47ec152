/* SPDX-License-Identifier: MIT */
/* The engine: a state machine without I/O. Its inputs are time, random numbers and responses; its
 * output is requests to send. It calls user code only from ia_engine_run_callbacks() (done,
 * progress) and, where documented, the trace, before_send and token callbacks. */
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
  ia_link runnable;  /* queues that may admit an entry */
  ia_link outbox;    /* exchanges that the loop has to send */
  ia_link callbacks; /* operations with callbacks to call */
  size_t running;    /* operations started and not ended */
  void *outer;
  void (*abort)(void *outer,
                ia_exchange *exchange); /* makes the transport forget the exchange at once */
} ia_engine;

void ia_engine_init(ia_engine *engine, const imgact_allocator *allocator, uint64_t seed,
                    ia_now now);

/* Frees the rate limiters that are kept for later clients. Call after the last client was freed. */
void ia_engine_clear(ia_engine *engine);

/* Fires the timers that are due. */
void ia_engine_tick(ia_engine *engine, ia_now now);
/* Returns the monotonic time of the next timer, the current time if a request or callback is due,
 * or IA_NEVER. */
int64_t ia_engine_next_ms(const ia_engine *engine);
/* Returns the next request for the transport, which is then IN_FLIGHT; NULL = none. */
ia_exchange *ia_engine_next_request(ia_engine *engine, const imgact_http_request **request);
/* Calls the callbacks of one operation, which may free it. Returns false if none is due. */
bool ia_engine_run_callbacks(ia_engine *engine);

#endif
