/* SPDX-License-Identifier: MIT */
/* SIGINT, SIGTERM and SIGHUP. */
#ifndef IMGACT_CLI_SIGNALS_H
#define IMGACT_CLI_SIGNALS_H

#include <stdbool.h>

#include <imgact/imgact.h>

void cli_signals_catch(imgact_loop *loop);
/* True once a first SIGINT or SIGTERM came. */
bool cli_interrupted(void);
/* The loop is about to go: signals no longer wake it. */
void cli_signals_end(void);

#endif
