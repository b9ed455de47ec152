/* SPDX-License-Identifier: MIT */
/* On what terms a request goes: those of the operation that it is for. */
#ifndef IA_REQUEST_POLICY_H
#define IA_REQUEST_POLICY_H

#include <imgact/client.h>
#include <stdbool.h>

/* Requests of a kind wait in a lane; earlier lanes go first. */
typedef enum ia_priority {
  IA_PRIORITY_MUTATION,
  IA_PRIORITY_POLL,
  IA_PRIORITY_READ,
  IA_PRIORITIES
} ia_priority;

typedef struct ia_request_policy {
  int64_t deadline_ms; /* steady; IA_NEVER */
  imgact_rate_limit
      *rate; /* the owner's: what each reply tells of the rate limit; NULL = nobody asks */
  int32_t max_attempts;
  ia_priority priority;
  bool is_poll; /* of a wait: its retries cost nothing, and a long pause does not end it */
  bool no_early_rejection; /* the rate limit never ends it while it waits for a place */
} ia_request_policy;

#endif
