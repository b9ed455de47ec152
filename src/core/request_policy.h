/* SPDX-License-Identifier: MIT */
/* Options of one request, from the operation that needs it. */
#ifndef IA_REQUEST_POLICY_H
#define IA_REQUEST_POLICY_H

#include <imgact/client.h>
#include <stdbool.h>

/* Requests wait in one queue per priority, most urgent first. */
typedef enum ia_priority {
  IA_PRIORITY_MUTATION,
  IA_PRIORITY_POLL,
  IA_PRIORITY_READ,
  IA_PRIORITIES
} ia_priority;

typedef struct ia_request_policy {
  int64_t deadline_ms; /* monotonic; IA_NEVER */
  imgact_rate_limit
      *rate_limit;      /* borrowed; set to the rate limit of each response; NULL = not needed */
  struct imgact_op *op; /* for traces; borrowed; NULL = none, or several */
  int32_t max_attempts;
  ia_priority priority;
  bool is_poll; /* of a wait: its retries are free, and a long Retry-After does not end it */
  bool no_early_rejection; /* the rate limit never rejects it while it waits */
} ia_request_policy;

#endif
