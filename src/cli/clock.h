/* SPDX-License-Identifier: MIT */
/* The monotonic clock of the tool. */
#ifndef IMGACT_CLI_CLOCK_H
#define IMGACT_CLI_CLOCK_H

#include <stdint.h>

/* Milliseconds; includes the time while the machine sleeps, as the library's clock does. May be
 * called from a signal handler. */
int64_t cli_monotonic_ms(void);

#endif
