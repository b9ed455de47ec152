// SPDX-License-Identifier: MIT
/*
 * Both clouds' rules are in reference terms: Hetzner refills a bucket continuously and tells what is left in it;
 * DigitalOcean counts the last hour, and the last minute, of which its headers tell nothing. What was sent is counted here
 * too: a header tells of the moment when the reply was made, and says nothing of what is under way.
 */
#include "governor.h"
#include "client.h"

#define HOUR_MS       3600000
#define PROBE_MS      60000
#define PARK_MAX_MS   60000 /* as long as any wait that a cloud may ask for */
#define UNTOLD_MAX    200   /* in flight before the first reply: fewer than the smallest limit of a minute */
#define UNTOLD_MS     1000
#define SPREAD_MS     5000
#define SPREAD_GAP_MS 200
#define IDLE_MAX      16
#define NEWS          100 /* of a limit: more than so small a part wakes those that are held */

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

/* When the oldest counted slot leaves the window. */
static int64_t window_frees_ms(const ia_window *window) {
  for (int64_t slot = window->newest - (int64_t)window->slots + 1; slot <= window->newest; slot++)
    if (slot >= 0 && window->counts[(size_t)(slot % (int64_t)window->slots)])
      return (slot + (int64_t)window->slots) * window->slot_ms;
  return (window->newest + 1) * window->slot_ms;
}

/* ---- budgets ---- */

static ia_budget *budget_of(ia_governor *governor, uint32_t number) {
  if (number >= IA_BUDGETS) number = 0;
  ia_budget *budget = governor->budgets[number];
  if (budget) return budget;
  budget = governor->budgets[number] = ia_alloc_zero(governor->engine->allocator, sizeof *budget);
  if (!budget) return NULL;
  budget->limit = -1;
  budget->hour = window_of(IA_HOUR_SLOTS, HOUR_MS);
  budget->hour.counts = budget->hour_counts;
  budget->minute = window_of(IA_MINUTE_SLOTS, 60000);
  budget->minute.counts = budget->minute_counts;
  return budget;
}

static void refill(ia_budget *budget, int64_t now_ms) {
  budget->tokens += (double)(now_ms - budget->tokens_at_ms) * budget->refill_per_ms;
  if (budget->tokens > (double)budget->limit) budget->tokens = (double)budget->limit;
  budget->tokens_at_ms = now_ms;
}

/* What a lane leaves for the lanes before it, so that a list never uses up what a mutation needs: of a window that others
 * may have emptied long ago a good part, of a bucket that refills all the time a few seconds' worth. */
static double left_for_others(size_t lane, const ia_budget *budget) {
  static const double window_shares[] = {0.0, 0.015, 0.03}, bucket_tokens[] = {0.0, 4.0, 8.0};
  double share = window_shares[lane] * (double)budget->limit;
  if (budget->refill_per_ms <= 0.0) return share;
  return share < bucket_tokens[lane] ? share : bucket_tokens[lane];
}

static bool bucket_allows(ia_budget *budget, int64_t now_ms, double left, int64_t *until_ms) {
  refill(budget, now_ms);
  double lacking = 1.0 + left - budget->tokens;
  if (lacking <= 1e-6) return true;
  double wait = lacking / budget->refill_per_ms;
  *until_ms = now_ms + 1 + (wait < HOUR_MS ? (int64_t)wait : HOUR_MS);
  return false;
}

/* When others have used everything up, nothing here tells when their requests expire: one a minute goes and asks. */
static bool probe(ia_budget *budget, int64_t now_ms, int64_t *until_ms) {
  if (budget->foreign && now_ms >= budget->probe_at_ms) {
    budget->probe_at_ms = now_ms + PROBE_MS;
    return true;
  }
  *until_ms = window_frees_ms(&budget->hour);
  if (budget->foreign && budget->probe_at_ms < *until_ms) *until_ms = budget->probe_at_ms;
  return false;
}

static bool windows_allow(ia_budget *budget, int64_t now_ms, double left, int64_t *until_ms) {
  window_move(&budget->hour, now_ms);
  window_move(&budget->minute, now_ms);
  double most = (double)budget->limit - left;
  double most_a_minute = (double)budget->per_minute * most / (double)budget->limit;
  if (budget->per_minute > 0 && budget->minute.used && (double)budget->minute.used + 1.0 > most_a_minute) {
    *until_ms = window_frees_ms(&budget->minute);
    return false;
  }
  return (double)budget->hour.used + (double)budget->foreign + 1.0 <= most || probe(budget, now_ms, until_ms);
}

/* Both learn what a reply told, and say whether plainly more may go than was known. */
static bool learn_bucket(ia_budget *budget, const imgact_rate_limit_info *info, int64_t now_ms) {
  refill(budget, now_ms);
  double told = (double)(info->rate_limit.remaining - budget->in_flight);
  bool first = budget->refill_per_ms <= 0.0;
  budget->refill_per_ms = info->refill_per_second / 1000.0;
  budget->tokens_at_ms = now_ms;
  /* Others use it too, or this is the first word; upwards only where the count here is plainly behind. */
  bool more = told > budget->tokens + (double)(info->rate_limit.limit / NEWS);
  if (first || told < budget->tokens || told > budget->tokens + 8.0) budget->tokens = told;
  return more;
}

static bool learn_windows(ia_budget *budget, const imgact_rate_limit_info *info, int64_t now_ms) {
  window_move(&budget->hour, now_ms);
  int64_t used = info->rate_limit.limit - info->rate_limit.remaining, wait_ms = 1000;
  int64_t known = ia_later((int64_t)budget->hour.used, budget->foreign);
  budget->foreign = used > (int64_t)budget->hour.used ? used - (int64_t)budget->hour.used : 0;
  if (info->next_request_at != IMGACT_NO_TIME && info->next_request_at > now_ms) wait_ms = info->next_request_at - now_ms;
  budget->probe_at_ms = now_ms + (wait_ms < PROBE_MS ? wait_ms : PROBE_MS);
  return used < known - info->rate_limit.limit / NEWS;
}

static bool learn(ia_budget *budget, const imgact_rate_limit_info *info, int64_t now_ms) {
  if (!info || info->rate_limit.limit <= 0 || info->rate_limit.remaining < 0) return false;
  bool larger = info->rate_limit.limit > budget->limit;
  budget->limit = info->rate_limit.limit;
  budget->per_minute = info->limit_per_minute;
  bool more = info->refill_per_second > 0.0 ? learn_bucket(budget, info, now_ms) : learn_windows(budget, info, now_ms);
  return more || larger;
}

/* ---- the governor ---- */

ia_governor *ia_governor_hold(ia_engine *engine, uint64_t key) {
  for (ia_link *at = engine->governors.next; at != &engine->governors; at = at->next) {
    ia_governor *governor = IA_ENTRY(at, ia_governor, link);
    if (governor->key != key) continue;
    governor->holds++;
    return governor;
  }
  ia_governor *governor = ia_alloc_zero(engine->allocator, sizeof *governor);
  if (!governor) return NULL;
  governor->engine = engine;
  governor->key = key;
  governor->holds = 1;
  ia_list_init(&governor->waiting);
  ia_list_append(&engine->governors, &governor->link);
  return governor;
}

ia_governor *ia_governor_share(ia_governor *governor) {
  if (governor) governor->holds++;
  return governor;
}

static void free_governor(ia_governor *governor) {
  const imgact_allocator *allocator = governor->engine->allocator;
  ia_list_remove(&governor->link);
  for (size_t i = 0; i < IA_BUDGETS; i++) ia_free(allocator, governor->budgets[i]);
  ia_free(allocator, governor);
}

/* The last few that nobody holds are kept: a client is often made anew for the next job, and its token may come back. */
void ia_governor_drop(ia_governor *governor) {
  if (!governor || --governor->holds) return;
  ia_engine *engine = governor->engine;
  ia_timer_stop(&engine->timers, &governor->timer);
  ia_list_append(&engine->governors, &governor->link);
  ia_governor *oldest = NULL;
  size_t idle = 0;
  for (ia_link *at = engine->governors.prev; at != &engine->governors; at = at->prev)
    if (IA_ENTRY(at, ia_governor, link)->holds == 0) oldest = IA_ENTRY(at, ia_governor, link), idle++;
  if (idle > IDLE_MAX) free_governor(oldest);
}

void ia_governors_clear(ia_engine *engine) {
  while (!ia_list_empty(&engine->governors)) free_governor(IA_ENTRY(engine->governors.next, ia_governor, link));
}

static ia_leave wait_until(int64_t until_ms) { return (ia_leave){.kind = IA_LEAVE_WAIT, .until_ms = until_ms}; }

static ia_leave while_parked(const ia_governor *governor, int64_t now_ms) {
  if (governor->asked_until_ms <= governor->parked_until_ms) return wait_until(governor->parked_until_ms);
  return (ia_leave){IA_LEAVE_REFUSE, governor->parked_until_ms, governor->asked_until_ms - now_ms};
}

ia_leave ia_governor_ask(ia_governor *governor, uint32_t number, size_t lane, double reserve) {
  static const ia_leave go = {.kind = IA_LEAVE_GO};
  int64_t now_ms = governor->engine->timers.now.mono_ms, until_ms = now_ms;
  ia_budget *budget = budget_of(governor, number);
  if (now_ms < governor->parked_until_ms) return while_parked(governor, now_ms);
  if (now_ms < governor->spread_until_ms && now_ms < governor->next_ms) return wait_until(governor->next_ms);
  if (budget && !budget->answered && budget->in_flight >= UNTOLD_MAX)
    return (ia_leave){.kind = IA_LEAVE_ASK, .until_ms = now_ms + UNTOLD_MS};
  if (!budget || budget->limit < 0) return go;
  double left = left_for_others(lane, budget) + reserve * (double)budget->limit;
  if (left > (double)budget->limit - 1.0) left = (double)budget->limit - 1.0; /* one must always be possible */
  bool bucket = budget->refill_per_ms > 0.0;
  if (bucket ? bucket_allows(budget, now_ms, left, &until_ms) : windows_allow(budget, now_ms, left, &until_ms)) return go;
  return wait_until(until_ms);
}

void ia_governor_sent(ia_governor *governor, uint32_t number) {
  ia_engine *engine = governor->engine;
  ia_budget *budget = budget_of(governor, number);
  if (engine->timers.now.mono_ms < governor->spread_until_ms)
    governor->next_ms = engine->timers.now.mono_ms + 1 + (int64_t)(SPREAD_GAP_MS * ia_random(&engine->timers));
  if (!budget) return;
  budget->in_flight++;
  budget->tokens -= 1.0;
  window_add(&budget->hour, engine->timers.now.mono_ms);
  window_add(&budget->minute, engine->timers.now.mono_ms);
}

static void wake(ia_timer *timer) {
  ia_governor *governor = IA_ENTRY(timer, ia_governor, timer);
  while (!ia_list_empty(&governor->waiting)) {
    imgact_client *client = IA_ENTRY(governor->waiting.next, imgact_client, held);
    ia_list_remove(&client->held);
    ia_client_pump(client);
  }
}

void ia_governor_told(ia_governor *governor, uint32_t number, const imgact_rate_limit_info *info) {
  ia_budget *budget = budget_of(governor, number);
  if (!budget) return;
  if (budget->in_flight) budget->in_flight--;
  bool more = learn(budget, info, governor->engine->timers.now.mono_ms) || !budget->answered;
  if (info) budget->answered = true;
  if (more && !ia_list_empty(&governor->waiting))
    ia_timer_set(&governor->engine->timers, &governor->timer, governor->engine->timers.now.mono_ms, wake);
}

void ia_governor_park(ia_governor *governor, int64_t delay_ms) {
  int64_t now_ms = governor->engine->timers.now.mono_ms, until = now_ms + (delay_ms < PARK_MAX_MS ? delay_ms : PARK_MAX_MS);
  governor->asked_until_ms = ia_later(now_ms, delay_ms);
  if (until <= governor->parked_until_ms) return;
  governor->parked_until_ms = until;
  governor->spread_until_ms = until + SPREAD_MS;
}

void ia_governor_wait(ia_governor *governor, ia_link *client, int64_t until_ms) {
  ia_heap_node *node = &governor->timer.node;
  if (!ia_linked(client)) ia_list_append(&governor->waiting, client);
  if (!node->in_heap || until_ms < node->due_ms) ia_timer_set(&governor->engine->timers, &governor->timer, until_ms, wake);
}
