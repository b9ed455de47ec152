/* SPDX-License-Identifier: MIT */
/* Both rate limiters. Hetzner: token buckets. DigitalOcean: a window of an hour and one of a
 * minute. Time is an argument.
 */
#ifndef SIM_RATE_LIMIT_H
#define SIM_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sim_rate_limit {
  int64_t
      limit; /* a bucket's size and what comes back in an hour; requests in an hour; 0 = no limit */
  int64_t actions; /* Hetzner: the bucket of requests about actions, which the first does not count;
                      0 = no limit */
  int64_t burst;   /* DigitalOcean: requests in a minute; 0 = no limit */
  int64_t
      stale_ms; /* DigitalOcean: a 429's reset lies so far in the past; 0 = it tells the truth */
} sim_rate_limit;

/* One account of a token. */
typedef struct sim_rate {
  double level;     /* bucket */
  int64_t level_ms; /* when it was so full; 0 = never used */
  int64_t
      *times_ms; /* window: a ring of accepted requests, as large as needed, at most the limit */
  uint64_t first, minute, end,
      capacity; /* the ring's ever growing places: oldest, oldest of the minute, next free */
} sim_rate;

/* What a reply tells; limit 0: nothing of a limit. */
typedef struct sim_rate_result {
  bool refused;
  int64_t limit, remaining, reset_s;
  int64_t retry_after_s; /* -1 = not told */
} sim_rate_result;

sim_rate_result sim_limit_bucket(int64_t limit, sim_rate *rate, int64_t now_ms);
sim_rate_result sim_limit_window(const sim_rate_limit *limit, sim_rate *rate, int64_t now_ms);
void sim_rate_free(sim_rate *rate);

#endif
