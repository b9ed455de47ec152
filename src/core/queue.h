/* SPDX-License-Identifier: MIT */
/*
 * The queue of a client: who may be sent next, as far as there are places and the rate limiter
 * permits. It knows entries with two callbacks, and neither exchanges, clients nor polls.
 */
#ifndef IA_QUEUE_H
#define IA_QUEUE_H

#include "rate_limiter.h"

typedef struct ia_queue_entry {
  ia_link link;
  ia_priority priority;
  uint32_t quota;          /* below IA_QUOTAS */
  int64_t deadline_ms;     /* monotonic; IA_NEVER */
  bool no_early_rejection; /* never rejected for the rate limit */
  void (*admit)(
      struct ia_queue_entry *entry); /* takes a place (ia_queue_take_place), or leaves it */
  void (*reject)(struct ia_queue_entry *entry, int64_t wait_ms);
} ia_queue_entry;

typedef struct ia_queue {
  ia_timers *timers;
  ia_link *runnable; /* the list that the engine goes through */
  ia_link link;      /* in it */
  ia_waiter waiter;
  ia_rate_limiter *rate_limiter; /* NULL: no memory for one */
  ia_link entries[IA_PRIORITIES][IA_QUOTAS];
  uint32_t next_quota[IA_PRIORITIES]; /* the one that is asked first */
  double served[IA_PRIORITIES];       /* shares that each priority has had */
  int32_t in_flight, concurrency;
  double reserve; /* of the rate limit, for other programs: 0 to 1 */
  void (*refresh)(
      struct ia_queue *queue); /* before each permit: a new token has another rate limiter */
  void (*throttled)(struct ia_queue *queue,
                    int64_t delay_ms); /* for a trace: all that waits is held back */
} ia_queue;

/* timers, runnable, concurrency, reserve and the callbacks must be set, the rest zero. */
void ia_queue_init(ia_queue *queue);
/* Leaves the list of the engine and of the rate limiter. */
void ia_queue_clear(ia_queue *queue);
/* entry->priority, quota, deadline and callbacks must be set. */
void ia_queue_add(ia_queue *queue, ia_queue_entry *entry);
/* Schedules the queue for the engine's next look. Deferring it lets priorities apply to all that is
 * due, and enters no caller again. */
void ia_queue_schedule(ia_queue *queue);
/* Admits one entry, if one may be sent; then the queue is scheduled again. The queue may be gone
 * afterwards. */
void ia_queue_run(ia_queue *queue);

void ia_queue_take_place(ia_queue *queue);
void ia_queue_release_place(ia_queue *queue);

#endif
