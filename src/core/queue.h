/* SPDX-License-Identifier: MIT */
/* The queue of a client: selects the next request, limited by the in-flight limit and the rate
 * limiter. It knows only entries with two callbacks, not what they send. */
#ifndef IA_QUEUE_H
#define IA_QUEUE_H

#include "rate_limiter.h"

typedef struct ia_queue_entry {
  ia_link link;
  ia_priority priority;
  uint32_t quota;                              /* below IA_QUOTAS */
  int64_t deadline_ms;                         /* monotonic; IA_NEVER */
  bool no_early_rejection;                     /* the rate limit never rejects it */
  void (*admit)(struct ia_queue_entry *entry); /* sends the entry, which then calls
                                                  ia_queue_acquire_slot(), or drops it */
  void (*reject)(struct ia_queue_entry *entry, int64_t wait_ms);
} ia_queue_entry;

typedef struct ia_queue {
  ia_timers *timers;
  ia_link *runnable; /* the engine's list of queues to run */
  ia_link link;      /* in runnable */
  ia_waiter waiter;
  ia_rate_limiter *rate_limiter; /* NULL if there was no memory for one */
  ia_link entries[IA_PRIORITIES][IA_QUOTAS];
  uint32_t next_quota[IA_PRIORITIES]; /* quota to try first */
  double served[IA_PRIORITIES];       /* weighted number of requests admitted */
  int32_t in_flight, concurrency;
  int64_t delayed_until_ms[IA_PRIORITIES][IA_QUOTAS]; /* when a permit was denied: the time of the
                                                         next request for one; 0 = not denied */
  int64_t held_since_ms; /* entries are delayed by the rate limiter since then; IA_NEVER = none */
  int64_t held_ms;       /* sum of the earlier times in which entries were delayed */
  double reserve;        /* share of the rate limit for other programs, 0 to 1 */
  void (*update_token)(
      struct ia_queue *queue); /* called before each permit: a new token has another rate limiter */
  void (*throttled)(
      struct ia_queue *queue,
      int64_t delay_ms); /* called when all waiting entries are delayed; for a trace */
} ia_queue;

/* timers, runnable, concurrency, reserve and the callbacks must be set, the rest zero. */
void ia_queue_init(ia_queue *queue);
/* Removes the queue from the lists of the engine and the rate limiter. */
void ia_queue_clear(ia_queue *queue);
/* entry->priority, quota, deadline_ms and the callbacks must be set. */
void ia_queue_add(ia_queue *queue, ia_queue_entry *entry);
/* Removes an entry that is in the queue. */
void ia_queue_remove(ia_queue *queue, ia_queue_entry *entry);
/* Returns until when the rate limiter delays an entry, monotonic; IA_NEVER = it is not in the
 * queue, or the limiter was not asked yet. */
int64_t ia_queue_delayed_until_ms(const ia_queue *queue, const ia_queue_entry *entry);
/* Returns for how long the rate limiter has delayed entries so far. */
int64_t ia_queue_held_ms(const ia_queue *queue);
/* Schedules the queue for the next ia_engine_next_request(). Deferring it lets priorities apply to
 * all due requests and avoids re-entering the caller. */
void ia_queue_schedule(ia_queue *queue);
/* Admits one entry, if one may be sent, and schedules the queue again. The callback may free the
 * queue. */
void ia_queue_run(ia_queue *queue);

void ia_queue_acquire_slot(ia_queue *queue);
void ia_queue_release_slot(ia_queue *queue);

#endif
