// SPDX-License-Identifier: MIT
/* Timers, the outbox and the callbacks that are due. Everything here is O(log n) in the operations that are alive, but for
 * a look over the requests that wait when the rate limit holds them back. */
#include "engine.h"
#include "exchange.h"
#include "governor.h"
#include "op.h"

void ia_engine_init(ia_engine *engine, const imgact_allocator *allocator, uint64_t seed, ia_now now) {
  *engine = (ia_engine){.allocator = allocator, .random_state = seed, .now = now};
  ia_list_init(&engine->governors);
  ia_list_init(&engine->pump);
  ia_list_init(&engine->outbox);
  ia_list_init(&engine->notify);
}

void ia_engine_clear(ia_engine *engine) { ia_governors_clear(engine); }

void ia_engine_refresh(ia_engine *engine) { engine->now = engine->clock(engine->outer); }

void ia_engine_tick(ia_engine *engine, ia_now now) {
  engine->now = now;
  for (ia_heap_node *node; (node = ia_heap_first(&engine->timers)) && node->due_ms <= now.mono_ms;) {
    ia_timer *timer = IA_ENTRY(node, ia_timer, node);
    ia_heap_remove(&engine->timers, node);
    timer->fire(timer);
  }
}

int64_t ia_engine_next_ms(const ia_engine *engine) {
  if (!ia_list_empty(&engine->outbox) || !ia_list_empty(&engine->pump) || !ia_list_empty(&engine->notify))
    return engine->now.mono_ms;
  const ia_heap_node *node = ia_heap_first(&engine->timers);
  return node ? node->due_ms : IA_NEVER;
}

ia_exchange *ia_engine_take(ia_engine *engine, const imgact_http_request **request) {
  while (!ia_list_empty(&engine->pump)) {
    imgact_client *client = IA_ENTRY(engine->pump.next, imgact_client, pump);
    ia_list_remove(&client->pump);
    ia_client_run(client);
  }
  if (ia_list_empty(&engine->outbox)) return NULL;
  ia_exchange *exchange = IA_ENTRY(engine->outbox.next, ia_exchange, link);
  ia_exchange_fly(exchange, request);
  return exchange;
}

bool ia_engine_notify(ia_engine *engine) {
  if (ia_list_empty(&engine->notify)) return false;
  imgact_op *op = IA_ENTRY(engine->notify.next, imgact_op, notify);
  ia_list_remove(&op->notify);
  ia_op_tell(op);
  return true;
}

void ia_timer_set(ia_engine *engine, ia_timer *timer, int64_t due_ms, void (*fire)(ia_timer *)) {
  timer->fire = fire;
  ia_heap_add(&engine->timers, &timer->node, due_ms);
}

void ia_timer_stop(ia_engine *engine, ia_timer *timer) { ia_heap_remove(&engine->timers, &timer->node); }

/* splitmix64: one word of state, good enough for jitter. */
uint64_t ia_engine_random_word(ia_engine *engine) {
  uint64_t z = engine->random_state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

double ia_engine_random(ia_engine *engine) { return (double)(ia_engine_random_word(engine) >> 11) / 9007199254740992.0; }
