/* SPDX-License-Identifier: MIT */
/* Exit statuses of the tool, for one status and for a batch. */
#ifndef IMGACT_CLI_EXIT_STATUS_H
#define IMGACT_CLI_EXIT_STATUS_H

#include <stdbool.h>

#include <imgact/error.h>

int cli_exit_status(imgact_status status);

/* Collects the statuses of a batch. */
typedef struct cli_exit_summary {
  imgact_status first; /* failure */
  bool succeeded, failed, differ, timed_out, cancelled;
} cli_exit_summary;
void cli_exit_summary_add(cli_exit_summary *summary, imgact_status status);
int cli_exit_summary_status(const cli_exit_summary *summary);

#endif
