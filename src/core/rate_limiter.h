/* SPDX-License-Identifier: MIT */
/*
 * The rate limiter: how many requests one credential may still send, learned from the API's headers
 * and from what was sent. All clients of a loop with the same provider, endpoint and token share
 * one. It wakes waiters and knows nothing else of them.
 */
#ifndef IA_RATE_LIMITER_H
#define IA_RATE_LIMITER_H

#include "list.h"
#include "request_policy.h"
#include "timer.h"
#include <imgact/provider.h>

#define IA_QUOTAS       4   /* a provider's slots name one each */
#define IA_HOUR_SLOTS   601 /* of 6 s: the hour, and the slot that is being filled */
#define IA_MINUTE_SLOTS 61  /* of 1 s */

/* Requests of the last while, counted per slot of time. */
typedef struct ia_window {
  int64_t slot_ms;
  int64_t newest; /* number of the newest slot: time / slot_ms */
  uint32_t used;  /* in all slots */
  size_t slots;
  uint16_t *counts; /* a ring of `slots` */
} ia_window;

/* Whether the API has the limit of a minute that its documentation names; no header does. */
typedef enum ia_minute_rule {
  IA_MINUTE_UNTESTED,
  IA_MINUTE_LIMITED,
  IA_MINUTE_FREE
} ia_minute_rule;

/* One allowance: a bucket that refills continuously, or windows that slide. */
typedef struct ia_quota {
  int64_t limit;            /* per hour; -1 = nothing was told yet */
  int64_t limit_per_minute; /* of windows; 0 = no such rule */
  bool limit_known;         /* a response has come */
  ia_minute_rule minute_rule;
  bool probing;  /* one request is sent alone to find out */
  uint64_t sent; /* requests, ever */
  int32_t in_flight;
  double refill_per_ms; /* 0 = windows */
  double available;
  int64_t available_at_ms;
  ia_window hour, minute;
  int64_t used_by_others; /* requests of this hour that others sent with the same credential */
  int64_t probe_at_ms;    /* when one may go although others seem to have used everything up */
  uint16_t hour_counts[IA_HOUR_SLOTS], minute_counts[IA_MINUTE_SLOTS];
} ia_quota;

/* Rate limiters by credential. */
typedef struct ia_rate_limiters {
  ia_link all;
  const imgact_allocator *allocator;
  ia_timers *timers;
} ia_rate_limiters;

/* Held back until the limiter calls wake, which may ask for a permit again. */
typedef struct ia_waiter {
  ia_link link;
  void (*wake)(struct ia_waiter *waiter);
} ia_waiter;

typedef struct ia_rate_limiter {
  ia_link link;    /* in owner->all */
  ia_link waiting; /* ia_waiter */
  ia_rate_limiters *owner;
  uint64_t key;
  size_t references;           /* of clients and of exchanges */
  int64_t blocked_until_ms;    /* after a 429; steady */
  int64_t asked_until_ms;      /* what the cloud asked for then, which may be absurd */
  int64_t slow_start_until_ms; /* after that, requests go one by one for a while */
  int64_t next_ms;             /* earliest time of the next one then */
  int64_t urgent_at_ms;        /* when a mutation asked last; 0 = none did */
  ia_timer timer;
  ia_quota *quotas[IA_QUOTAS]; /* made when first used; NULL = no memory: not governed */
} ia_rate_limiter;

void ia_rate_limiters_init(ia_rate_limiters *limiters, const imgact_allocator *allocator,
                           ia_timers *timers);
/* The rate limiter of that key, shared; NULL if there is no memory. */
ia_rate_limiter *ia_rate_limiter_acquire(ia_rate_limiters *limiters, uint64_t key);
/* One more reference: an exchange is counted where it was granted, whatever token its client has by
 * then. */
ia_rate_limiter *ia_rate_limiter_ref(ia_rate_limiter *rate_limiter);
void ia_rate_limiter_unref(ia_rate_limiter *rate_limiter);
/* Frees those that are kept without a reference. */
void ia_rate_limiters_clear(ia_rate_limiters *limiters);

typedef enum ia_permit_kind {
  IA_PERMIT_GRANTED,
  IA_PERMIT_DELAYED,     /* by the API's own numbers, until until_ms */
  IA_PERMIT_CHECK_LATER, /* by a rule of this library, which the API may not have: until_ms is when
                            to ask again */
  IA_PERMIT_REJECTED /* the API asked for a longer pause than requests wait for; until_ms is when
                        one may probe */
} ia_permit_kind;

typedef struct ia_permit {
  ia_permit_kind kind;
  int64_t until_ms; /* monotonic */
  int64_t asked_ms; /* of a rejection: what is left of the pause that was asked for */
} ia_permit;

/* Whether a request of this priority may be sent now. reserve: the part of the limit to leave to
 * other programs, 0 to 1. */
ia_permit ia_rate_limiter_request_permit(ia_rate_limiter *rate_limiter, uint32_t number,
                                         ia_priority priority, double reserve);
/* What was known when a request was sent: its response counts all that had ended by then. */
typedef struct ia_sent_request {
  int64_t sent_ms;
  uint64_t ended_before;
} ia_sent_request;

ia_sent_request ia_rate_limiter_on_sent(ia_rate_limiter *rate_limiter, uint32_t number);
/* A request that was counted did not leave: gives it back. */
void ia_rate_limiter_on_not_sent(ia_rate_limiter *rate_limiter, uint32_t number,
                                 const ia_sent_request *request);
/* A request has ended; NULL = not known which. info: what its response told, NULL = there was none.
 * info->next_request_at has been converted to the monotonic clock. */
void ia_rate_limiter_on_finished(ia_rate_limiter *rate_limiter, uint32_t number,
                                 const ia_sent_request *request,
                                 const imgact_rate_limit_info *info);
/* The API has served that request: a pause that it asked for earlier is over if the request was
 * sent into it. */
void ia_rate_limiter_on_served(ia_rate_limiter *rate_limiter, const ia_sent_request *request);
/* Blocks all requests for delay_ms (at most 60 s), then releases them at a reduced rate. Called
 * after HTTP 429 for a request of that quota. A longer pause that was asked for before still holds.
 */
void ia_rate_limiter_block_for(ia_rate_limiter *rate_limiter, uint32_t number, int64_t delay_ms);
/* Wakes the waiter at that time, or earlier if more may be sent. */
void ia_rate_limiter_wake_at(ia_rate_limiter *rate_limiter, ia_waiter *waiter, int64_t until_ms);

#endif
