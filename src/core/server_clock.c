// SPDX-License-Identifier: MIT
/* Intersects the ranges that responses give. Clocks drift, so a range widens with its age. If two
 * responses contradict each other, servers behind one name differ or a clock was set: then both
 * ranges are kept, also for the time before. */
#include "server_clock.h"

#define DATE_STEP_MS 1000 /* of a Date header */
#define DRIFT_PER_MS 5000 /* 200 ppm: 1 ms in 5 s */
#define TOLERATED_MS 2000

static ia_time_range widened(ia_time_range range, int64_t age_ms) {
  int64_t drift_ms = (age_ms < 0 ? -age_ms : age_ms) / DRIFT_PER_MS;
  return (ia_time_range){range.least_ms - drift_ms, range.most_ms + drift_ms};
}

static void contradict(ia_server_clock *clock, ia_time_range believed, ia_time_range seen,
                       int64_t now_ms) {
  bool tolerated = seen.least_ms <= believed.most_ms + TOLERATED_MS &&
                   seen.most_ms >= believed.least_ms - TOLERATED_MS;
  ia_time_range both = ia_time_range_hull(believed, seen);
  clock->previous = clock->changed ? ia_time_range_hull(clock->previous, both) : both;
  clock->changed = true;
  clock->changed_ms = now_ms;
  clock->offset = tolerated ? both : seen;
}

void ia_server_clock_update(ia_server_clock *clock, int64_t date_ms, int64_t sent_ms,
                            int64_t received_ms) {
  if (received_ms < sent_ms) return;

  ia_time_range seen = {date_ms - received_ms, date_ms + DATE_STEP_MS - sent_ms};
  ia_time_range now = widened(clock->offset, received_ms - clock->updated_ms);
  if (!clock->known) {
    clock->offset = seen;
  } else if (seen.least_ms > now.most_ms || seen.most_ms < now.least_ms) {
    contradict(clock, now, seen, received_ms);
  } else {
    clock->offset.least_ms = seen.least_ms > now.least_ms ? seen.least_ms : now.least_ms;
    clock->offset.most_ms = seen.most_ms < now.most_ms ? seen.most_ms : now.most_ms;
  }

  clock->known = true;
  clock->updated_ms = received_ms;
}

ia_time_range ia_server_clock_at(const ia_server_clock *clock, int64_t mono_ms, int64_t now_ms) {
  ia_time_range offset = clock->offset;
  if (clock->changed && mono_ms <= clock->changed_ms)
    offset = ia_time_range_hull(offset, clock->previous);
  offset = widened(offset, now_ms - clock->updated_ms);
  return (ia_time_range){mono_ms + offset.least_ms, mono_ms + offset.most_ms};
}
