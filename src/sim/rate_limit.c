// SPDX-License-Identifier: MIT
/*
 * Hetzner adds limit/3600 requests per second; its reset is the time at which the bucket is full.
 * At DigitalOcean each accepted request expires after an hour; its reset is the expiry of the
 * oldest one, and only the limit per minute has a retry-after. Rejected requests are not counted.
 */
#include "rate_limit.h"
#include <math.h>
#include <stdlib.h>

#define HOUR_MS   INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)
#define MAX_RING  1000000

sim_rate_result sim_limit_bucket(int64_t limit, sim_rate *rate, int64_t now_ms) {
  if (!limit) return (sim_rate_result){.retry_after_s = -1};
  double size = (double)limit;
  int64_t passed_ms = rate->level_ms && now_ms > rate->level_ms ? now_ms - rate->level_ms : 0;
  if (!rate->level_ms) rate->level = size;
  rate->level = fmin(size, rate->level + size * (double)passed_ms / (double)HOUR_MS);
  rate->level_ms = now_ms;
  sim_rate_result result = {.limit = limit, .retry_after_s = -1, .rejected = rate->level < 1};
  if (!result.rejected) rate->level -= 1;
  result.remaining = (int64_t)rate->level;
  double missing_ms = (size - rate->level) * (double)HOUR_MS / size;
  result.reset_s = (now_ms + (int64_t)missing_ms + 999) / 1000;
  return result;
}

/* A full hour rejects requests, so the ring stops growing at the limit. */
static bool ring_add(sim_rate *rate, int64_t now_ms) {
  if (rate->end - rate->first == rate->capacity) {
    uint64_t capacity = rate->capacity ? rate->capacity * 2 : 64;
    int64_t *times_ms =
        capacity <= 2 * MAX_RING ? malloc((size_t)capacity * sizeof *times_ms) : NULL;
    if (!times_ms) return false;
    for (uint64_t i = rate->first; i < rate->end; i++)
      times_ms[i % capacity] = rate->times_ms[i % rate->capacity];
    free(rate->times_ms);
    rate->times_ms = times_ms;
    rate->capacity = capacity;
  }
  rate->times_ms[rate->end++ % rate->capacity] = now_ms;

  return true;
}

static int64_t ring_at(const sim_rate *rate, uint64_t place) {
  return rate->times_ms[place % rate->capacity];
}

sim_rate_result sim_limit_window(const sim_rate_limit *limit, sim_rate *rate, int64_t now_ms) {
  while (rate->first < rate->end && ring_at(rate, rate->first) <= now_ms - HOUR_MS) rate->first++;
  if (rate->minute < rate->first) rate->minute = rate->first;
  while (rate->minute < rate->end && ring_at(rate, rate->minute) <= now_ms - MINUTE_MS)
    rate->minute++;
  int64_t in_hour = (int64_t)(rate->end - rate->first),
          in_minute = (int64_t)(rate->end - rate->minute);
  sim_rate_result result = {.limit = limit->limit, .retry_after_s = -1};
  bool burst = limit->burst && in_minute >= limit->burst;
  result.rejected = burst || (limit->limit && in_hour >= limit->limit);
  if (burst) result.retry_after_s = (ring_at(rate, rate->minute) + MINUTE_MS - now_ms + 999) / 1000;
  if (!result.rejected && (limit->limit || limit->burst) && ring_add(rate, now_ms)) in_hour++;
  result.remaining = result.rejected || in_hour > limit->limit ? 0 : limit->limit - in_hour;
  int64_t oldest_ms = rate->first < rate->end ? ring_at(rate, rate->first) : now_ms;
  result.reset_s = (oldest_ms + HOUR_MS + 999) / 1000;
  if (result.rejected && limit->stale_ms) result.reset_s = (now_ms - limit->stale_ms) / 1000;

  return result;
}

void sim_rate_free(sim_rate *rate) {
  free(rate->times_ms);
  *rate = (sim_rate){0};
}
