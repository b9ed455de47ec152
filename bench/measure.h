/* SPDX-License-Identifier: MIT */
/* CPU time of this process, wall time, and a line that bench/compare reads. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static inline double cpu_ms(void) {
  struct rusage usage;
  (void)getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static inline double wall_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

typedef struct stopwatch {
  double cpu_ms, wall_ms;
} stopwatch;

static inline stopwatch start_watch(void) { return (stopwatch){cpu_ms(), wall_ms()}; }

/* "CPU-ms wall-ms images checksum", of one reading: the checksum shows that both programs saw the
 * same. */
static inline void report(stopwatch start, int times, size_t images, unsigned long long sum) {
  printf("%.3f %.3f %zu %llu\n", (cpu_ms() - start.cpu_ms) / times,
         (wall_ms() - start.wall_ms) / times, images / (size_t)times, sum / (unsigned)times);
}

#endif
