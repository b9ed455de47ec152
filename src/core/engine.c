// SPDX-License-Identifier: MIT
/* Each step is O(log n) in the number of operations. The exception: if the rate limit delays
 * requests, the queue checks the deadline of each waiting request. */
#include "engine.h"
#include "exchange.h"
#include "op.h"
#include "queue.h"

void ia_engine_init(ia_engine *engine, const imgact_allocator *allocator, uint64_t seed,
                    ia_now now) {
  *engine = (ia_engine){.allocator = allocator, .timers = {.random_state = seed, .now = now}};
  ia_rate_limiters_init(&engine->rate_limiters, allocator, &engine->timers);
  ia_list_init(&engine->runnable);
  ia_list_init(&engine->outbox);
  ia_list_init(&engine->callbacks);
}

void ia_engine_clear(ia_engine *engine) { ia_rate_limiters_clear(&engine->rate_limiters); }

void ia_engine_tick(ia_engine *engine, ia_now now) { ia_timers_tick(&engine->timers, now); }

int64_t ia_engine_next_ms(const ia_engine *engine) {
  if (!ia_list_empty(&engine->outbox) || !ia_list_empty(&engine->runnable) ||
      !ia_list_empty(&engine->callbacks))
    return engine->timers.now.mono_ms;
  return ia_timers_next_ms(&engine->timers);
}

ia_exchange *ia_engine_next_request(ia_engine *engine, const imgact_http_request **request) {
  while (!ia_list_empty(&engine->runnable)) {
    ia_queue *queue = IA_ENTRY(engine->runnable.next, ia_queue, link);
    ia_list_remove(&queue->link);
    ia_queue_run(queue);
  }
  if (ia_list_empty(&engine->outbox)) return NULL;
  ia_exchange *exchange = IA_ENTRY(engine->outbox.next, ia_exchange, entry.link);
  ia_exchange_send(exchange, request);
  return exchange;
}

bool ia_engine_run_callbacks(ia_engine *engine) {
  if (ia_list_empty(&engine->callbacks)) return false;
  imgact_op *op = IA_ENTRY(engine->callbacks.next, imgact_op, notify);
  ia_list_remove(&op->notify);
  ia_op_run_callbacks(op);
  return true;
}
