/* SPDX-License-Identifier: MIT */
/*
 * The rate governor: what one credential may still send, learned from the cloud's own headers and from what was sent. All
 * clients of a loop that have the same provider, endpoint and token share one.
 */
#ifndef IA_RATE_LIMITER_H
#define IA_RATE_LIMITER_H

#include "engine.h"
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

/* One allowance: a bucket that refills continuously, or windows that slide. */
typedef struct ia_quota {
  int64_t limit;            /* per hour; -1 = nothing was told yet */
  int64_t limit_per_minute; /* of windows; 0 = no such rule */
  bool limit_known;         /* a reply has come, so that what it told is known */
  int32_t in_flight;
  double refill_per_ms; /* 0 = windows */
  double available;
  int64_t available_at_ms;
  ia_window hour, minute;
  int64_t used_by_others; /* requests of this hour that others sent with the same credential */
  int64_t probe_at_ms;    /* when one may go although others seem to have used everything up */
  uint16_t hour_counts[IA_HOUR_SLOTS], minute_counts[IA_MINUTE_SLOTS];
} ia_quota;

typedef struct ia_rate_limiter {
  ia_link link;    /* in the engine's list */
  ia_link waiting; /* clients that were held back */
  ia_engine *engine;
  uint64_t key;
  size_t references;           /* of clients and of exchanges */
  int64_t blocked_until_ms;    /* after a 429; steady */
  int64_t asked_until_ms;      /* what the cloud asked for then, which may be absurd */
  int64_t slow_start_until_ms; /* after that, requests go one by one for a while */
  int64_t next_ms;             /* earliest time of the next one then */
  ia_timer timer;
  ia_quota *quotas[IA_QUOTAS]; /* made when first used; NULL = no memory: not governed */
} ia_rate_limiter;

/* The governor of that key, shared; NULL when there is no memory. */
ia_rate_limiter *ia_rate_limiter_acquire(ia_engine *engine, uint64_t key);
/* One more hold on it: an exchange is counted where it was let go, whatever token its client has by then. */
ia_rate_limiter *ia_rate_limiter_ref(ia_rate_limiter *rate_limiter);
void ia_rate_limiter_unref(ia_rate_limiter *rate_limiter);
/* Frees those that are kept although nobody holds them any more. */
void ia_rate_limiters_clear(ia_engine *engine);

typedef enum ia_permit_kind {
  IA_PERMIT_GRANTED,
  IA_PERMIT_DELAYED,     /* not before until_ms: that much is known */
  IA_PERMIT_CHECK_LATER, /* not yet; until_ms is when to ask again, and says nothing else */
  IA_PERMIT_REJECTED     /* the cloud asked for a longer pause than is waited for; until_ms is when one may go and ask */
} ia_permit_kind;

typedef struct ia_permit {
  ia_permit_kind kind;
  int64_t until_ms; /* steady */
  int64_t asked_ms; /* of a refusal: what is left of the pause that was asked for */
} ia_permit;

/* May a request of this lane (0 = the most urgent) go now? reserve: the part of the budget that nobody here may touch, 0 to
 * 1. */
ia_permit ia_rate_limiter_request_permit(ia_rate_limiter *rate_limiter, uint32_t number, size_t priority, double reserve);
void ia_rate_limiter_on_sent(ia_rate_limiter *rate_limiter, uint32_t number);
/* An exchange has ended; info: what its reply told, NULL = there was none. info->next_request_at has been converted
 * to the monotonic clock. */
void ia_rate_limiter_on_finished(ia_rate_limiter *rate_limiter, uint32_t number, const imgact_rate_limit_info *info);
/* A 429: nothing goes for so long, a minute at most, then slowly. */
void ia_rate_limiter_block_for(ia_rate_limiter *rate_limiter, int64_t delay_ms);
/* Remembers a client that was held back, and wakes it at that time. */
void ia_rate_limiter_wake_at(ia_rate_limiter *rate_limiter, ia_link *client, int64_t until_ms);

#endif
