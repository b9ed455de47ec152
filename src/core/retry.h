/* SPDX-License-Identifier: MIT */
/* The retry rule as pure functions. */
#ifndef IA_RETRY_H
#define IA_RETRY_H

#include <imgact/provider.h>
#include <imgact/transport.h>
#include <stdbool.h>

#define IA_MAX_WAIT_MS 60000

typedef struct ia_attempt {
  const char *method;
  bool idempotent;
  imgact_delivery delivery;
  imgact_failure failure;
  const imgact_error *error; /* status, http_status, flags, retry_after_ms */
  int32_t attempts, max_attempts, retry_budget;
  int64_t base_ms;      /* first back-off */
  int64_t left_ms;      /* until the deadline */
  int64_t wait_hint_ms; /* delay by the rate limit, if there is no Retry-After; -1 = none */
  double random;        /* 0 <= random < 1 */
} ia_attempt;

typedef enum ia_retry_action {
  IA_RETRY_STOP,
  IA_RETRY_AFTER,           /* after delay_ms */
  IA_RETRY_TOO_LATE,        /* the API asks for too long a delay: asked_ms */
  IA_RETRY_BUDGET_EXHAUSTED /* it would have been retried */
} ia_retry_action;

typedef struct ia_decision {
  ia_retry_action action;
  int64_t delay_ms;
  int64_t asked_ms;
  bool outcome_unknown; /* a request that is not idempotent may have been applied */
  bool maybe_applied;   /* a mutation may have been applied */
} ia_decision;

ia_decision ia_retry(const ia_attempt *attempt);

/* Returns true for a 4xx that means that the request had no effect. A retryable 4xx without
 * IMGACT_ERROR_NOT_APPLIED (408, 425, and codes of the API for transient errors) leaves the outcome
 * of a mutation unknown. */
bool ia_is_rejection(const imgact_error *error);

/* Returns a random time between one half and all of base * 2^(attempts-1), at most 60 s. */
int64_t ia_backoff_ms(int64_t base_ms, int32_t attempts, double random);

/* Parses Retry-After, seconds or a date. Returns ms from now, 0 for a date in the past; -1 = none
 * or invalid. */
int64_t ia_retry_after_ms(const char *value, int64_t wall_ms);

#endif
