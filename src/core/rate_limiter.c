// SPDX-License-Identifier: MIT
/* Models the rate limits of both APIs. Hetzner refills a bucket continuously and reports its level.
 * DigitalOcean counts the last hour, and the last minute without reporting it. Sent requests are
 * counted here too, because a header shows the state when the response was made, without the
 * requests in flight. */
#include "rate_limiter.h"

#define HOUR_MS                   3600000
#define PROBE_MS                  60000
#define BLOCK_MAX_MS              60000 /* longest delay after one 429 */
#define MAX_BEFORE_FIRST_RESPONSE 200   /* in flight; below the smallest limit per minute */
#define CHECK_AGAIN_MS            1000
#define SLOW_START_MS             5000
#define URGENT_MS                 5000 /* after a mutation: reserve for the next one */
#define SLOW_START_GAP_MS         200
#define EVEN_FROM                 0.5 /* of the limit per hour */
#define EVEN_PART                 0.485
#define IDLE_MAX                  16
#define LOST_FRACTION             20  /* of the limit: smaller differences are ignored */
#define WAKE_FRACTION             100 /* of the limit: a larger increase wakes the waiting queues */

/* ---- windows ---- */

static ia_window window_of(size_t slots, int64_t span_ms) {
  return (ia_window){.slot_ms = span_ms / (int64_t)(slots - 1), .newest = -1, .slots = slots};
}

static void window_move(ia_window *window, int64_t now_ms) {
  int64_t slot = now_ms / window->slot_ms;
  if (window->newest < 0) window->newest = slot;
  if (slot - window->newest >= (int64_t)window->slots) {
    for (size_t i = 0; i < window->slots; i++) window->counts[i] = 0;
    window->used = 0;
    window->newest = slot;
  }
  while (window->newest < slot) {
    size_t at = (size_t)(++window->newest % (int64_t)window->slots);
    window->used -= window->counts[at];
    window->counts[at] = 0;
  }
}

static void window_add(ia_window *window, int64_t now_ms) {
  window_move(window, now_ms);
  uint16_t *count = &window->counts[(size_t)(window->newest % (int64_t)window->slots)];
  if (*count == UINT16_MAX) return;
  (*count)++;
  window->used++;
}

/* Removes one request that was counted at that time. */
static void window_take_back(ia_window *window, int64_t counted_ms) {
  int64_t slot = counted_ms / window->slot_ms;
  if (slot > window->newest || window->newest - slot >= (int64_t)window->slots) return;
  uint16_t *count = &window->counts[(size_t)(slot % (int64_t)window->slots)];
  if (*count == 0) return;
  (*count)--;
  window->used--;
}

/* Removes the oldest requests until at most `most` are left. */
static void window_lower(ia_window *window, uint64_t most) {
  for (int64_t slot = window->newest - (int64_t)window->slots + 1;
       window->used > most && slot <= window->newest; slot++) {
    if (slot < 0) continue;
    uint16_t *count = &window->counts[(size_t)(slot % (int64_t)window->slots)];
    uint64_t excess = window->used - most, taken = excess < *count ? excess : *count;
    *count = (uint16_t)(*count - taken);
    window->used -= (uint32_t)taken;
  }
}

/* Returns when the oldest counted requests leave the window. */
static int64_t window_frees_ms(const ia_window *window) {
  for (int64_t slot = window->newest - (int64_t)window->slots + 1; slot <= window->newest; slot++)
    if (slot >= 0 && window->counts[(size_t)(slot % (int64_t)window->slots)])
      return (slot + (int64_t)window->slots) * window->slot_ms;
  return (window->newest + 1) * window->slot_ms;
}

/* ---- quotas ---- */

static ia_quota *quota_at(ia_rate_limiter *rate_limiter, uint32_t number) {
  if (number >= IA_QUOTAS) number = 0;
  ia_quota *quota = rate_limiter->quotas[number];
  if (quota) return quota;
  quota = rate_limiter->quotas[number] =
      ia_alloc_zero(rate_limiter->owner->allocator, sizeof *quota);
  if (!quota) return NULL;
  quota->limit = -1;
  quota->hour = window_of(IA_HOUR_SLOTS, HOUR_MS);
  quota->hour.counts = quota->hour_counts;
  quota->minute = window_of(IA_MINUTE_SLOTS, 60000);
  quota->minute.counts = quota->minute_counts;
  return quota;
}

static void refill(ia_quota *quota, int64_t now_ms) {
  quota->available += (double)(now_ms - quota->available_at_ms) * quota->refill_per_ms;
  if (quota->available > (double)quota->limit) quota->available = (double)quota->limit;
  quota->available_at_ms = now_ms;
}

/* Returns how many requests polls and reads leave for mutations: 2 % of a window, which may stay
 * full for long; at most 6 of a bucket, which refills within seconds. */
static double left_for_mutations(const ia_quota *quota) {
  double share = 0.02 * (double)quota->limit;
  return quota->refill_per_ms <= 0.0 || share < 6.0 ? share : 6.0;
}

static bool bucket_allows(ia_quota *quota, int64_t now_ms, double left, int64_t *until_ms) {
  refill(quota, now_ms);
  double lacking = 1.0 + left - quota->available;
  if (lacking <= 1e-6) return true;
  double wait = lacking / quota->refill_per_ms;
  *until_ms = now_ms + 1 + (wait < HOUR_MS ? (int64_t)wait : HOUR_MS);
  return false;
}

/* If other programs have used up the limit, its reset is unknown: sends one probe per minute. */
static bool probe(ia_quota *quota, int64_t now_ms, int64_t *until_ms) {
  if (quota->used_by_others && now_ms >= quota->probe_at_ms) {
    quota->probe_at_ms = now_ms + PROBE_MS;
    return true;
  }
  *until_ms = window_frees_ms(&quota->hour);
  if (quota->used_by_others && quota->probe_at_ms < *until_ms) *until_ms = quota->probe_at_ms;
  return false;
}

/* While mutations are sent, spreads the second half of an hour's limit over the hour. Otherwise
 * other requests could use it up at once, and a mutation would have to wait for up to an hour. The
 * share grows with the age of the oldest counted request. */
static bool is_even(const ia_quota *quota, int64_t now_ms, int64_t *until_ms) {
  const ia_window *hour = &quota->hour;
  double share = ((double)hour->used + 1.0) / (double)quota->limit;
  if (share <= EVEN_FROM) return true;
  int64_t frees_ms = window_frees_ms(hour),
          oldest_ms = frees_ms - (int64_t)hour->slots * hour->slot_ms;
  double age = (share - EVEN_FROM) / EVEN_PART;
  int64_t due_ms = oldest_ms + (int64_t)((age < 1.0 ? age : 1.0) * HOUR_MS);
  if (due_ms <= now_ms) return true;
  *until_ms = due_ms < frees_ms ? due_ms : frees_ms;
  return false;
}

static bool minute_is_full(const ia_quota *quota, double most) {
  double most_a_minute = (double)quota->limit_per_minute * most / (double)quota->limit;
  if (quota->refill_per_ms > 0.0 || quota->limit_per_minute <= 0 || !quota->minute.used)
    return false;
  return quota->minute_rule != IA_MINUTE_FREE && (double)quota->minute.used + 1.0 > most_a_minute;
}

/* The documented limit per minute may not exist. When it is reached, one request is sent alone to
 * test it: nothing is delayed on an assumption, and not many requests are rejected. */
static bool minute_allows(ia_quota *quota, double most, int64_t now_ms, int64_t *until_ms) {
  bool untested = quota->minute_rule == IA_MINUTE_UNTESTED;
  if (!minute_is_full(quota, most) || (untested && !quota->in_flight)) return true;
  *until_ms = untested ? now_ms + CHECK_AGAIN_MS : window_frees_ms(&quota->minute);
  return false;
}

static bool is_beyond_minute(const ia_quota *quota) {
  return quota->limit > 0 && quota->refill_per_ms <= 0.0 && quota->limit_per_minute > 0 &&
         quota->minute_rule == IA_MINUTE_UNTESTED && quota->minute.used > quota->limit_per_minute;
}

static bool windows_allow(ia_quota *quota, int64_t now_ms, double left, bool may_probe,
                          int64_t *until_ms) {
  window_move(&quota->hour, now_ms);
  window_move(&quota->minute, now_ms);
  double most = (double)quota->limit - left;
  if (!minute_allows(quota, most, now_ms, until_ms)) return false;
  if ((double)quota->hour.used + (double)quota->used_by_others + 1.0 <= most) return true;
  if (may_probe) return probe(quota, now_ms, until_ms);
  *until_ms = window_frees_ms(&quota->hour);
  return false;
}

/* Both update the quota from a response, and return true if it allows noticeably more requests. */
static bool update_bucket(ia_quota *quota, const imgact_rate_limit_info *info, int64_t now_ms) {
  refill(quota, now_ms);
  double reported = (double)(info->rate_limit.remaining - quota->in_flight);
  bool first = quota->refill_per_ms <= 0.0;
  quota->refill_per_ms = info->refill_per_second / 1000.0;
  quota->available_at_ms = now_ms;
  /* A lower level means that others use the token too. A higher level is used only if it is clearly
   * higher. */
  bool more = reported > quota->available + (double)(info->rate_limit.limit / WAKE_FRACTION);
  if (first || reported < quota->available || reported > quota->available + 8.0)
    quota->available = reported;
  return more;
}

/* Lowers the count after requests that were lost before they reached the API. The API may not have
 * counted requests that were in flight when this one was sent. Small differences are rounding
 * errors of the window and are ignored. */
static void lower_to_reported(ia_quota *quota, int64_t used, const ia_sent_request *request) {
  if (!request || used < 0) return;
  uint64_t most = (uint64_t)used + (quota->sent - request->ended_before);
  if (quota->hour.used > most + (uint64_t)quota->limit / LOST_FRACTION)
    window_lower(&quota->hour, most);
}

static bool update_windows(ia_quota *quota, const ia_sent_request *request,
                           const imgact_rate_limit_info *info, int64_t now_ms) {
  window_move(&quota->hour, now_ms);
  int64_t used = info->rate_limit.limit - info->rate_limit.remaining, wait_ms = 1000;
  int64_t known = ia_later((int64_t)quota->hour.used, quota->used_by_others);
  lower_to_reported(quota, used, request);
  quota->used_by_others = used > (int64_t)quota->hour.used ? used - (int64_t)quota->hour.used : 0;
  if (info->next_request_at != IMGACT_NO_TIME && info->next_request_at > now_ms)
    wait_ms = info->next_request_at - now_ms;
  quota->probe_at_ms = now_ms + (wait_ms < PROBE_MS ? wait_ms : PROBE_MS);
  return used < known - info->rate_limit.limit / WAKE_FRACTION;
}

static bool update_from_response(ia_quota *quota, const ia_sent_request *request,
                                 const imgact_rate_limit_info *info, int64_t now_ms) {
  if (!info || info->rate_limit.limit <= 0 || info->rate_limit.remaining < 0) return false;
  bool larger = info->rate_limit.limit > quota->limit;
  quota->limit = info->rate_limit.limit;
  quota->limit_per_minute = info->limit_per_minute;
  bool more = info->refill_per_second > 0.0 ? update_bucket(quota, info, now_ms)
                                            : update_windows(quota, request, info, now_ms);
  return more || larger;
}

/* ---- rate limiters ---- */

static int64_t now_of(const ia_rate_limiter *rate_limiter) {
  return rate_limiter->owner->timers->now.mono_ms;
}

void ia_rate_limiters_init(ia_rate_limiters *limiters, const imgact_allocator *allocator,
                           ia_timers *timers) {
  *limiters = (ia_rate_limiters){.allocator = allocator, .timers = timers};
  ia_list_init(&limiters->all);
}

ia_rate_limiter *ia_rate_limiter_acquire(ia_rate_limiters *limiters, uint64_t key) {
  for (ia_link *at = limiters->all.next; at != &limiters->all; at = at->next) {
    ia_rate_limiter *rate_limiter = IA_ENTRY(at, ia_rate_limiter, link);
    if (rate_limiter->key != key) continue;
    rate_limiter->references++;
    return rate_limiter;
  }

  ia_rate_limiter *rate_limiter = ia_alloc_zero(limiters->allocator, sizeof *rate_limiter);
  if (!rate_limiter) return NULL;
  rate_limiter->owner = limiters;
  rate_limiter->key = key;
  rate_limiter->references = 1;
  ia_list_init(&rate_limiter->waiting);
  ia_list_append(&limiters->all, &rate_limiter->link);
  return rate_limiter;
}

ia_rate_limiter *ia_rate_limiter_ref(ia_rate_limiter *rate_limiter) {
  if (rate_limiter) rate_limiter->references++;
  return rate_limiter;
}

static void free_rate_limiter(ia_rate_limiter *rate_limiter) {
  const imgact_allocator *allocator = rate_limiter->owner->allocator;
  ia_list_remove(&rate_limiter->link);
  for (size_t i = 0; i < IA_QUOTAS; i++) ia_free(allocator, rate_limiter->quotas[i]);
  ia_free(allocator, rate_limiter);
}

/* Keeps the last IDLE_MAX rate limiters without references: the next client may have the same
 * token. */
void ia_rate_limiter_unref(ia_rate_limiter *rate_limiter) {
  if (!rate_limiter || --rate_limiter->references) return;
  ia_rate_limiters *limiters = rate_limiter->owner;
  ia_timer_stop(limiters->timers, &rate_limiter->timer);
  ia_list_append(&limiters->all, &rate_limiter->link);
  ia_rate_limiter *oldest = NULL;
  size_t idle = 0;
  for (ia_link *at = limiters->all.prev; at != &limiters->all; at = at->prev)
    if (IA_ENTRY(at, ia_rate_limiter, link)->references == 0)
      oldest = IA_ENTRY(at, ia_rate_limiter, link), idle++;
  if (idle > IDLE_MAX) free_rate_limiter(oldest);
}

void ia_rate_limiters_clear(ia_rate_limiters *limiters) {
  while (!ia_list_empty(&limiters->all))
    free_rate_limiter(IA_ENTRY(limiters->all.next, ia_rate_limiter, link));
}

static ia_permit until(ia_permit_kind kind, int64_t until_ms) {
  return (ia_permit){.kind = kind, .until_ms = until_ms};
}

static ia_permit while_blocked(const ia_rate_limiter *rate_limiter, int64_t now_ms) {
  if (rate_limiter->asked_until_ms <= rate_limiter->blocked_until_ms)
    return until(IA_PERMIT_DELAYED, rate_limiter->blocked_until_ms);
  return (ia_permit){IA_PERMIT_REJECTED, rate_limiter->blocked_until_ms,
                     rate_limiter->asked_until_ms - now_ms};
}

static bool quota_allows(ia_quota *quota, int64_t now_ms, double left, bool may_probe,
                         int64_t *until_ms) {
  if (left > (double)quota->limit - 1.0)
    left = (double)quota->limit - 1.0; /* at least one request must be possible */
  return quota->refill_per_ms > 0.0 ? bucket_allows(quota, now_ms, left, until_ms)
                                    : windows_allow(quota, now_ms, left, may_probe, until_ms);
}

static bool urgent_within(const ia_rate_limiter *rate_limiter, int64_t ms) {
  return rate_limiter->urgent_at_ms && now_of(rate_limiter) - rate_limiter->urgent_at_ms < ms;
}

/* The reserve for mutations is a rule of this library, so a request that only it delays is not
 * reported as rate limited. */
static ia_permit leave_to_urgent(ia_rate_limiter *rate_limiter, ia_quota *quota,
                                 ia_priority priority, double left) {
  int64_t now_ms = now_of(rate_limiter), until_ms = now_ms;
  if (priority == IA_PRIORITY_MUTATION) return until(IA_PERMIT_GRANTED, now_ms);
  /* A bucket refills within seconds; a window may be full for a minute or an hour. */
  if (urgent_within(rate_limiter, quota->refill_per_ms > 0.0 ? URGENT_MS : HOUR_MS) &&
      !quota_allows(quota, now_ms, left + left_for_mutations(quota), false, &until_ms))
    return until(IA_PERMIT_CHECK_LATER, until_ms);
  if (quota->refill_per_ms <= 0.0 && urgent_within(rate_limiter, HOUR_MS) &&
      !is_even(quota, now_ms, &until_ms))
    return until(IA_PERMIT_CHECK_LATER, until_ms > now_ms ? until_ms : now_ms + 1);
  return until(IA_PERMIT_GRANTED, now_ms);
}

ia_permit ia_rate_limiter_request_permit(ia_rate_limiter *rate_limiter, uint32_t number,
                                         ia_priority priority, double reserve) {
  int64_t now_ms = now_of(rate_limiter), until_ms = now_ms;
  ia_quota *quota = quota_at(rate_limiter, number);
  if (priority == IA_PRIORITY_MUTATION) rate_limiter->urgent_at_ms = now_ms ? now_ms : 1;
  if (now_ms < rate_limiter->blocked_until_ms) return while_blocked(rate_limiter, now_ms);
  if (now_ms < rate_limiter->slow_start_until_ms && now_ms < rate_limiter->next_ms)
    return until(IA_PERMIT_CHECK_LATER, rate_limiter->next_ms);
  if (quota && !quota->limit_known && quota->in_flight >= MAX_BEFORE_FIRST_RESPONSE)
    return until(IA_PERMIT_CHECK_LATER, now_ms + CHECK_AGAIN_MS);
  if (!quota || quota->limit < 0) return until(IA_PERMIT_GRANTED, now_ms);
  double left = reserve * (double)quota->limit;
  if (quota_allows(quota, now_ms, left, false, &until_ms))
    return leave_to_urgent(rate_limiter, quota, priority, left);
  if (quota_allows(quota, now_ms, left, true, &until_ms)) return until(IA_PERMIT_GRANTED, now_ms);
  bool is_guess = quota->minute_rule == IA_MINUTE_UNTESTED &&
                  minute_is_full(quota, (double)quota->limit - left);

  return until(is_guess ? IA_PERMIT_CHECK_LATER : IA_PERMIT_DELAYED, until_ms);
}

ia_sent_request ia_rate_limiter_on_sent(ia_rate_limiter *rate_limiter, uint32_t number) {
  ia_quota *quota = quota_at(rate_limiter, number);
  int64_t now_ms = now_of(rate_limiter);
  ia_sent_request request = {.sent_ms = now_ms};
  if (now_ms < rate_limiter->slow_start_until_ms)
    rate_limiter->next_ms =
        now_ms + 1 + (int64_t)(SLOW_START_GAP_MS * ia_random(rate_limiter->owner->timers));

  if (!quota) return request;
  request.ended_before = quota->sent - (uint64_t)quota->in_flight;
  quota->sent++;
  quota->in_flight++;
  quota->available -= 1.0;
  window_add(&quota->hour, now_ms);
  window_add(&quota->minute, now_ms);
  if (is_beyond_minute(quota)) quota->probing = true;
  return request;
}

static void wake(ia_timer *timer) {
  ia_rate_limiter *rate_limiter = IA_ENTRY(timer, ia_rate_limiter, timer);
  while (!ia_list_empty(&rate_limiter->waiting)) {
    ia_waiter *waiter = IA_ENTRY(rate_limiter->waiting.next, ia_waiter, link);
    ia_list_remove(&waiter->link);
    waiter->wake(waiter);
  }
}

/* Returns true if more requests may be sent than before. */
static bool update_quota(ia_quota *quota, const ia_sent_request *request,
                         const imgact_rate_limit_info *info, int64_t now_ms) {
  bool more = update_from_response(quota, request, info, now_ms) || !quota->limit_known;
  if (info) quota->limit_known = true;
  if (!quota->probing) return more;
  quota->probing = false;
  if (info && info->rate_limit.limit > 0) quota->minute_rule = IA_MINUTE_FREE;
  return true;
}

static void wake_now(ia_rate_limiter *rate_limiter) {
  if (!ia_list_empty(&rate_limiter->waiting))
    ia_timer_set(rate_limiter->owner->timers, &rate_limiter->timer, now_of(rate_limiter), wake);
}

void ia_rate_limiter_on_finished(ia_rate_limiter *rate_limiter, uint32_t number,
                                 const ia_sent_request *request,
                                 const imgact_rate_limit_info *info) {
  ia_quota *quota = quota_at(rate_limiter, number);
  if (!quota) return;
  if (quota->in_flight) quota->in_flight--;
  bool more = update_quota(quota, request, info, now_of(rate_limiter)) ||
              (!quota->in_flight && is_beyond_minute(quota));
  if (more) wake_now(rate_limiter);
}

void ia_rate_limiter_on_not_sent(ia_rate_limiter *rate_limiter, uint32_t number,
                                 const ia_sent_request *request) {
  ia_quota *quota = quota_at(rate_limiter, number);
  if (!quota) return;
  window_take_back(&quota->hour, request->sent_ms);
  window_take_back(&quota->minute, request->sent_ms);
  quota->available += 1.0;
  ia_rate_limiter_on_finished(rate_limiter, number, request, NULL);
}

void ia_rate_limiter_on_served(ia_rate_limiter *rate_limiter, const ia_sent_request *request) {
  if (request->sent_ms >= rate_limiter->blocked_until_ms) rate_limiter->asked_until_ms = 0;
}

/* A rejection far below the hour's limit is due to the limit per minute; no header reports that. */
static void detect_minute_limit(ia_quota *quota) {
  if (!quota || quota->limit <= 0 || quota->refill_per_ms > 0.0) return;
  if ((double)quota->hour.used + (double)quota->used_by_others < 0.9 * (double)quota->limit)
    quota->minute_rule = IA_MINUTE_LIMITED;
}

void ia_rate_limiter_block_for(ia_rate_limiter *rate_limiter, uint32_t number, int64_t delay_ms) {
  int64_t now_ms = now_of(rate_limiter),
          blocked_ms = now_ms + (delay_ms < BLOCK_MAX_MS ? delay_ms : BLOCK_MAX_MS);
  int64_t asked_ms = ia_later(now_ms, delay_ms);
  detect_minute_limit(quota_at(rate_limiter, number));
  if (asked_ms > rate_limiter->asked_until_ms) rate_limiter->asked_until_ms = asked_ms;
  if (blocked_ms <= rate_limiter->blocked_until_ms) return;
  rate_limiter->blocked_until_ms = blocked_ms;
  rate_limiter->slow_start_until_ms = blocked_ms + SLOW_START_MS;
}

void ia_rate_limiter_wake_at(ia_rate_limiter *rate_limiter, ia_waiter *waiter, int64_t until_ms) {
  ia_heap_node *node = &rate_limiter->timer.node;
  if (!ia_linked(&waiter->link)) ia_list_append(&rate_limiter->waiting, &waiter->link);
  if (!node->in_heap || until_ms < node->due_ms)
    ia_timer_set(rate_limiter->owner->timers, &rate_limiter->timer, until_ms, wake);
}
