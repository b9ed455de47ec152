// SPDX-License-Identifier: MIT
/* Pure functions: facts in, decision out. */
#include "retry.h"
#include "date.h"
#include "str.h"
#include <string.h>

int64_t ia_backoff_ms(int64_t base_ms, int32_t attempts, double random) {
  int64_t full = base_ms < IA_MAX_WAIT_MS ? base_ms : IA_MAX_WAIT_MS;
  for (int32_t i = 1; i < attempts && full < IA_MAX_WAIT_MS; i++) full *= 2;
  if (full > IA_MAX_WAIT_MS) full = IA_MAX_WAIT_MS;
  return full / 2 + (int64_t)((double)(full - full / 2) * random);
}

int64_t ia_retry_after_ms(const char *value, int64_t wall_ms) {
  int64_t number = 0;
  if (!value) return -1;
  if (*value && value[strspn(value, "0123456789")] == '\0' && !ia_str_int64(value, &number))
    return INT64_MAX;
  if (ia_str_int64(value, &number)) {
    if (number < 0) return -1;
    return number > INT64_MAX / 1000 ? INT64_MAX : number * 1000;
  }
  if (!ia_date_http(value, &number)) return -1;
  return number > wall_ms ? number - wall_ms : 0;
}

/* Returns true if the request had no effect. Only then may a request that is not idempotent be
 * retried. */
static bool certainly_not_applied(const ia_attempt *a) {
  return a->delivery == IMGACT_DELIVERY_NOT_SENT ||
         (a->error->flags & IMGACT_ERROR_NOT_APPLIED) != 0;
}

bool ia_is_rejection(const imgact_error *error) {
  if (error->http_status < 400 || error->http_status >= 500) return false;
  return !(error->flags & IMGACT_ERROR_RETRYABLE) || (error->flags & IMGACT_ERROR_NOT_APPLIED);
}

static bool is_rejected(const ia_attempt *a) {
  return a->delivery == IMGACT_DELIVERY_ANSWERED && ia_is_rejection(a->error);
}

static bool is_transient(const ia_attempt *a) {
  if (a->delivery != IMGACT_DELIVERY_ANSWERED)
    return a->failure == IMGACT_FAILURE_NETWORK || a->failure == IMGACT_FAILURE_TIMEOUT;
  if (a->error->flags & IMGACT_ERROR_RETRYABLE) return true;
  return a->error->http_status == 500 && !strcmp(a->method, "GET");
}

/* Returns true if the outcome of a mutation is unknown. After 502, 504 or 500 it is, except for a
 * PUT that the provider flags IMGACT_ERROR_PUT_NOT_APPLIED. */
static bool is_outcome_unknown(const ia_attempt *a) {
  if (!strcmp(a->method, "GET") || certainly_not_applied(a)) return false;
  if (a->delivery == IMGACT_DELIVERY_MAYBE_SENT) return true;
  if (!a->idempotent) return !is_rejected(a);
  if (a->error->flags & IMGACT_ERROR_RETRYABLE) return true;
  bool declined = a->error->http_status == 500 &&
                  (a->error->flags & IMGACT_ERROR_PUT_NOT_APPLIED) && !strcmp(a->method, "PUT");
  return (a->error->http_status >= 500 && !declined) ||
         (a->error->http_status >= 200 && a->error->http_status < 300);
}

static ia_decision wait_for(const ia_attempt *a) {
  ia_decision decision = {.action = IA_RETRY_AFTER};
  int64_t asked = a->error->retry_after_ms;
  if (asked < 0 && a->error->status == IMGACT_RATE_LIMITED) asked = a->wait_hint_ms;
  if (asked > IA_MAX_WAIT_MS || (asked >= 0 && asked > a->left_ms)) {
    decision.action = IA_RETRY_TOO_LATE;
    decision.asked_ms = asked;
    return decision;
  }

  decision.delay_ms = ia_backoff_ms(a->base_ms, a->attempts, a->random);
  if (a->error->retry_after_ms > 0)
    decision.delay_ms = asked;
  else if (asked > decision.delay_ms)
    decision.delay_ms = asked;

  return decision;
}

ia_decision ia_retry(const ia_attempt *a) {
  bool may = a->idempotent || certainly_not_applied(a);
  ia_decision decision = {.action = IA_RETRY_STOP};
  if (may && is_transient(a)) decision = wait_for(a);
  if (decision.action == IA_RETRY_AFTER && a->attempts >= a->max_attempts)
    decision.action = IA_RETRY_STOP;
  if (decision.action == IA_RETRY_AFTER && a->retry_budget < 1)
    decision.action = IA_RETRY_BUDGET_EXHAUSTED;
  decision.maybe_applied = is_outcome_unknown(a);
  decision.outcome_unknown = !a->idempotent && decision.maybe_applied;
  return decision;
}
