/* SPDX-License-Identifier: MIT */
/* Estimates the API's clock as a range. Pure. A Date header has whole seconds and was written
 * between the request and its response, so it bounds the offset from the monotonic clock on both
 * sides. Later responses narrow the range. */
#ifndef IA_SERVER_CLOCK_H
#define IA_SERVER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ia_time_range {
  int64_t least_ms, most_ms;
} ia_time_range;

typedef struct ia_server_clock {
  bool known;             /* otherwise only the local clock is available */
  bool changed;           /* two responses contradicted each other */
  ia_time_range offset;   /* API time - monotonic time, at the last update */
  ia_time_range previous; /* the offsets before and after all contradictions */
  int64_t updated_ms;     /* monotonic */
  int64_t changed_ms;     /* monotonic, last contradiction; earlier times use both offsets */
} ia_server_clock;

/* Updates the clock from a response of the API itself (not a gateway): its Date, and the monotonic
 * times of request and response. */
void ia_server_clock_update(ia_server_clock *clock, int64_t date_ms, int64_t sent_ms,
                            int64_t received_ms);
/* Returns the API's time at a monotonic time. clock->known must be true. */
ia_time_range ia_server_clock_at(const ia_server_clock *clock, int64_t mono_ms, int64_t now_ms);

static inline ia_time_range ia_time_range_hull(ia_time_range a, ia_time_range b) {
  return (ia_time_range){a.least_ms < b.least_ms ? a.least_ms : b.least_ms,
                         a.most_ms > b.most_ms ? a.most_ms : b.most_ms};
}

#endif
