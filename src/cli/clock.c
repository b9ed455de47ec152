// SPDX-License-Identifier: MIT
#include "clock.h"

#include <time.h>

int64_t cli_monotonic_ms(void) {
  struct timespec now = {0};
#ifdef CLOCK_BOOTTIME
  clock_gettime(CLOCK_BOOTTIME, &now);
#else
  clock_gettime(CLOCK_MONOTONIC, &now);
#endif
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
