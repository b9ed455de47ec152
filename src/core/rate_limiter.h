/* SPDX-License-Identifier: MIT */
/* The rate limiter: how many requests may be sent with one credential, from the API's headers and
 * the requests sent. All clients of a loop with the same provider, endpoint and token share one. */
#ifndef IA_RATE_LIMITER_H
#define IA_RATE_LIMITER_H

#include "list.h"
#include "request_policy.h"
#include "timer.h"
#include <imgact/provider.h>

#define IA_QUOTAS       4   /* the slots of a provider refer to one each */
#define IA_HOUR_SLOTS   601 /* slots of 6 s: one hour, and the current slot */
#define IA_MINUTE_SLOTS 61  /* slots of 1 s */

/* Counts the requests of a period, in slots of time. */
typedef struct ia_window {
  int64_t slot_ms;
  int64_t newest; /* number of the newest slot: time / slot_ms */
  uint32_t used;  /* sum of all slots */
  size_t slots;
  uint16_t *counts; /* ring buffer of `slots` counters */
} ia_window;

/* Whether the API has the limit per minute that it documents; no header shows it. */
typedef enum ia_minute_rule {
  IA_MINUTE_UNTESTED,
  IA_MINUTE_LIMITED,
  IA_MINUTE_FREE
} ia_minute_rule;

/* One limit: a bucket that refills continuously, or sliding windows. */
typedef struct ia_quota {
  int64_t limit;            /* per hour; -1 = not reported yet */
  int64_t limit_per_minute; /* for windows; 0 = none */
  bool limit_known;         /* a response was received */
  ia_minute_rule minute_rule;
  bool probing;  /* one request is sent alone to test the limit per minute */
  uint64_t sent; /* total number of requests */
  int32_t in_flight;
  double refill_per_ms; /* 0 = windows */
  double available;
  int64_t available_at_ms;
  ia_window hour, minute;
  int64_t used_by_others; /* requests of this hour by other programs with the same credential */
  int64_t probe_at_ms;    /* when a probe is allowed although the limit is used up */
  uint16_t hour_counts[IA_HOUR_SLOTS], minute_counts[IA_MINUTE_SLOTS];
} ia_quota;

/* All rate limiters of a loop. */
typedef struct ia_rate_limiters {
  ia_link all;
  const imgact_allocator *allocator;
  ia_timers *timers;
} ia_rate_limiters;

/* Waits until the rate limiter calls wake, which may request a permit again. */
typedef struct ia_waiter {
  ia_link link;
  void (*wake)(struct ia_waiter *waiter);
} ia_waiter;

typedef struct ia_rate_limiter {
  ia_link link;    /* in owner->all */
  ia_link waiting; /* ia_waiter */
  ia_rate_limiters *owner;
  uint64_t key;
  size_t references;           /* by clients and exchanges */
  int64_t blocked_until_ms;    /* after a 429; monotonic */
  int64_t asked_until_ms;      /* end of the delay that the API asked for, which may be very long */
  int64_t slow_start_until_ms; /* requests are sent one at a time until then */
  int64_t next_ms;             /* earliest time of the next one during that time */
  int64_t urgent_at_ms;        /* last permit request of a mutation; 0 = none */
  ia_timer timer;
  ia_quota *quotas[IA_QUOTAS]; /* created on first use; NULL = no memory: not limited */
} ia_rate_limiter;

void ia_rate_limiters_init(ia_rate_limiters *limiters, const imgact_allocator *allocator,
                           ia_timers *timers);
/* Returns the rate limiter for that key, with a reference; NULL if there is no memory. */
ia_rate_limiter *ia_rate_limiter_acquire(ia_rate_limiters *limiters, uint64_t key);
/* Adds a reference. An exchange keeps the rate limiter that granted it, even if the client's token
 * changes. */
ia_rate_limiter *ia_rate_limiter_ref(ia_rate_limiter *rate_limiter);
void ia_rate_limiter_unref(ia_rate_limiter *rate_limiter);
/* Frees the rate limiters without references. */
void ia_rate_limiters_clear(ia_rate_limiters *limiters);

typedef enum ia_permit_kind {
  IA_PERMIT_GRANTED,
  IA_PERMIT_DELAYED,     /* by the API's limit, until until_ms */
  IA_PERMIT_CHECK_LATER, /* by a rule of this library that the API may not have; try again at
                            until_ms */
  IA_PERMIT_REJECTED /* the API asks for a longer delay than requests may wait; a probe is allowed
                        at until_ms */
} ia_permit_kind;

typedef struct ia_permit {
  ia_permit_kind kind;
  int64_t until_ms; /* monotonic */
  int64_t asked_ms; /* of a rejection: the rest of the delay that the API asked for */
} ia_permit;

/* Returns whether a request of this priority may be sent now. reserve: share of the limit for other
 * programs, 0 to 1. */
ia_permit ia_rate_limiter_request_permit(ia_rate_limiter *rate_limiter, uint32_t number,
                                         ia_priority priority, double reserve);
/* State when a request was sent: its response counts all requests that had ended by then. */
typedef struct ia_sent_request {
  int64_t sent_ms;
  uint64_t ended_before;
} ia_sent_request;

ia_sent_request ia_rate_limiter_on_sent(ia_rate_limiter *rate_limiter, uint32_t number);
/* Takes back a request that was counted but not sent. */
void ia_rate_limiter_on_not_sent(ia_rate_limiter *rate_limiter, uint32_t number,
                                 const ia_sent_request *request);
/* Records the end of a request. info: rate limit of the response, times converted to the monotonic
 * clock; NULL = no response. */
void ia_rate_limiter_on_finished(ia_rate_limiter *rate_limiter, uint32_t number,
                                 const ia_sent_request *request,
                                 const imgact_rate_limit_info *info);
/* Records a successful response. If the request was sent after the block, the delay that the API
 * asked for before is over. */
void ia_rate_limiter_on_served(ia_rate_limiter *rate_limiter, const ia_sent_request *request);
/* Blocks all requests for delay_ms (at most 60 s), then releases them at a reduced rate. Called
 * after HTTP 429 for a request of that quota. An earlier, longer delay stays in force. */
void ia_rate_limiter_block_for(ia_rate_limiter *rate_limiter, uint32_t number, int64_t delay_ms);
/* Wakes the waiter at that time, or earlier if more may be sent. */
void ia_rate_limiter_wake_at(ia_rate_limiter *rate_limiter, ia_waiter *waiter, int64_t until_ms);

#endif
