/* SPDX-License-Identifier: MIT */
/* The rate limits: a token bucket (Hetzner), and sliding windows of an hour and a minute
 * (DigitalOcean). Time is an argument. */
#ifndef SIM_RATE_LIMIT_H
#define SIM_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Requests; 0 = no limit. */
typedef struct sim_rate_limit {
  int64_t limit;    /* per hour; Hetzner: size of the bucket, refilled in an hour */
  int64_t actions;  /* Hetzner: size of the separate bucket for requests about actions */
  int64_t burst;    /* DigitalOcean: per minute */
  int64_t stale_ms; /* DigitalOcean: age of the reset time of a 429; 0 = correct reset time */
} sim_rate_limit;

/* Use of one limit by one token. */
typedef struct sim_rate {
  double level;                /* bucket: available requests */
  int64_t level_ms;            /* bucket: time of `level`; 0 = never used */
  int64_t *times_ms;           /* window: ring of the times of accepted requests */
  uint64_t first, minute, end; /* window: oldest request, oldest of the last minute, next free;
                                  they only grow */
  uint64_t capacity;           /* window: at most about the limit */
} sim_rate;

/* limit 0: the response has no rate-limit headers. */
typedef struct sim_rate_result {
  bool rejected;
  int64_t limit, remaining, reset_s;
  int64_t retry_after_s; /* -1 = none */
} sim_rate_result;

/* Count one request. */
sim_rate_result sim_limit_bucket(int64_t limit, sim_rate *rate, int64_t now_ms);
sim_rate_result sim_limit_window(const sim_rate_limit *limit, sim_rate *rate, int64_t now_ms);
void sim_rate_free(sim_rate *rate);

#endif
