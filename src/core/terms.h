/* SPDX-License-Identifier: MIT */
/* On what terms a request goes: those of the operation that it is for. */
#ifndef IA_TERMS_H
#define IA_TERMS_H

#include <imgact/client.h>
#include <stdbool.h>

/* Requests of a kind wait in a lane; earlier lanes go first. */
typedef enum ia_lane { IA_LANE_MUTATION, IA_LANE_WAIT, IA_LANE_READ, IA_LANES } ia_lane;

typedef struct ia_terms {
  int64_t deadline_ms;     /* steady; IA_NEVER */
  imgact_rate_limit *rate; /* the owner's: what each reply tells of the rate limit; NULL = nobody asks */
  int32_t max_attempts;
  ia_lane lane;
  bool is_poll; /* of a wait: its retries cost nothing, and a long pause does not end it */
  bool patient; /* the rate limit never ends it while it waits for a place */
} ia_terms;

#endif
