// SPDX-License-Identifier: MIT
/* Exit statuses of the tool. A new one is a row here, in docs/errors.md and in imgact(1). */
#include "exit_status.h"

#define EXIT_MIXED 9 /* items succeeded and failed, or failed for different reasons */

int cli_exit_status(imgact_status status) {
  switch (status) {
  case IMGACT_OK:
  case IMGACT_END: return 0;
  case IMGACT_INVALID_ARGUMENT: return 2;
  case IMGACT_UNAUTHORIZED:
  case IMGACT_FORBIDDEN: return 3;
  case IMGACT_NOT_FOUND: return 4;
  case IMGACT_CONFLICT:
  case IMGACT_LOCKED:
  case IMGACT_PROTECTED:
  case IMGACT_ALREADY_DONE: return 5;
  case IMGACT_RATE_LIMITED: return 6;
  case IMGACT_ACTION_FAILED: return 7;
  case IMGACT_TIMEOUT: return 8;
  case IMGACT_UNSUPPORTED: return 10;
  case IMGACT_NETWORK:
  case IMGACT_TLS: return 11;
  case IMGACT_AMBIGUOUS: return 12;
  case IMGACT_UNAVAILABLE:
  case IMGACT_PROTOCOL:
  case IMGACT_INCOMPLETE: return 13;
  case IMGACT_INVALID_INPUT:
  case IMGACT_LIMIT_EXCEEDED: return 14;
  case IMGACT_CANCELLED: return 130;
  case IMGACT_INTERNAL:
  case IMGACT_NOMEM:
  case IMGACT_BUSY:
  case IMGACT_STATUS_MAX_ENUM: break;
  }
  return 1;
}

void cli_exit_summary_add(cli_exit_summary *summary, imgact_status status) {
  if (!status) {
    summary->succeeded = true;
    return;
  }
  if (summary->failed && summary->first != status) summary->differ = true;
  if (!summary->failed) summary->first = status;
  summary->failed = true;
  summary->timed_out |= status == IMGACT_TIMEOUT;
  summary->cancelled |= status == IMGACT_CANCELLED;
}

int cli_exit_summary_status(const cli_exit_summary *summary) {
  if (summary->cancelled) return cli_exit_status(IMGACT_CANCELLED);
  if (summary->timed_out) return cli_exit_status(IMGACT_TIMEOUT);
  if (!summary->failed) return 0;
  return summary->succeeded || summary->differ ? EXIT_MIXED : cli_exit_status(summary->first);
}
