/* SPDX-License-Identifier: MIT */
/* SIGINT, SIGTERM and SIGHUP: the first one wakes the loop, a later one ends the program. */
#ifndef IMGACT_CLI_SIGNALS_H
#define IMGACT_CLI_SIGNALS_H

#include <stdbool.h>

#include <imgact/imgact.h>

/* Installs the handlers, which stay installed so that results can still be printed. Before that a
 * signal ends the program. */
void cli_signals_catch(imgact_loop *loop);
/* Removes the handlers while a person is asked: a signal ends the program, as before. */
void cli_signals_release(void);
/* Returns true after the first signal. */
bool cli_interrupted(void);
/* Call before the loop is freed: signals no longer wake it. */
void cli_signals_end(void);

#endif
