// SPDX-License-Identifier: MIT
/* Weighted scheduling: each priority with waiting requests gets its share, so that many polls do
 * not starve reads. Within a priority the quotas take turns, and an exhausted quota delays only its
 * own requests. Each run admits one entry, so that the clients of a loop take turns too. A run is
 * O(1), unless a permit is not granted: then the deadlines of the waiting entries are checked. */
#include "queue.h"

/* Mutations have the largest share, but are never admitted twice in a row while polls and reads
 * wait. */
static const double weights[IA_PRIORITIES] = {
    [IA_PRIORITY_MUTATION] = 2.0, [IA_PRIORITY_POLL] = 1.0, [IA_PRIORITY_READ] = 1.0};

static void woken(ia_waiter *waiter) { ia_queue_schedule(IA_ENTRY(waiter, ia_queue, waiter)); }

void ia_queue_init(ia_queue *queue) {
  queue->waiter.wake = woken;
  queue->held_since_ms = IA_NEVER;
  for (size_t priority = 0; priority < IA_PRIORITIES; priority++)
    for (size_t quota = 0; quota < IA_QUOTAS; quota++)
      ia_list_init(&queue->entries[priority][quota]);
}

void ia_queue_clear(ia_queue *queue) {
  ia_list_remove(&queue->link);
  ia_list_remove(&queue->waiter.link);
}

void ia_queue_schedule(ia_queue *queue) {
  if (!ia_linked(&queue->link)) ia_list_append(queue->runnable, &queue->link);
}

void ia_queue_acquire_slot(ia_queue *queue) { queue->in_flight++; }

void ia_queue_release_slot(ia_queue *queue) {
  queue->in_flight--;
  ia_queue_schedule(queue);
}

static bool is_waiting(const ia_queue *queue, size_t priority) {
  for (size_t quota = 0; quota < IA_QUOTAS; quota++)
    if (!ia_list_empty(&queue->entries[priority][quota])) return true;
  return false;
}

static bool anything_waits(const ia_queue *queue) {
  for (size_t priority = 0; priority < IA_PRIORITIES; priority++)
    if (is_waiting(queue, priority)) return true;
  return false;
}

/* A priority that was idle gets no credit for that time. */
static void catch_up(ia_queue *queue, size_t newcomer) {
  double least = -1.0;
  for (size_t priority = 0; priority < IA_PRIORITIES; priority++)
    if (is_waiting(queue, priority) && (least < 0.0 || queue->served[priority] < least))
      least = queue->served[priority];
  if (least > queue->served[newcomer]) queue->served[newcomer] = least;
}

void ia_queue_add(ia_queue *queue, ia_queue_entry *entry) {
  ia_link *entries = &queue->entries[entry->priority][entry->quota];
  if (!is_waiting(queue, entry->priority)) catch_up(queue, entry->priority);
  if (ia_list_empty(entries)) queue->delayed_until_ms[entry->priority][entry->quota] = 0;
  ia_list_append(entries, &entry->link);
  ia_queue_schedule(queue);
}

/* ---- delays by the rate limiter ---- */

static void end_hold(ia_queue *queue) {
  queue->held_ms = ia_queue_held_ms(queue);
  queue->held_since_ms = IA_NEVER;
}

int64_t ia_queue_held_ms(const ia_queue *queue) {
  if (queue->held_since_ms == IA_NEVER) return queue->held_ms;
  return queue->held_ms + (queue->timers->now.mono_ms - queue->held_since_ms);
}

void ia_queue_remove(ia_queue *queue, ia_queue_entry *entry) {
  ia_list_remove(&entry->link);
  if (!anything_waits(queue)) end_hold(queue);
}

int64_t ia_queue_delayed_until_ms(const ia_queue *queue, const ia_queue_entry *entry) {
  int64_t until_ms = queue->delayed_until_ms[entry->priority][entry->quota];
  return ia_linked(&entry->link) && until_ms > queue->timers->now.mono_ms ? until_ms : IA_NEVER;
}

/* Sorts the priorities by the share they have had, smallest first; ties by urgency. */
static void order_of(const ia_queue *queue, size_t order[IA_PRIORITIES]) {
  for (size_t i = 0; i < IA_PRIORITIES; i++) {
    size_t at = i;
    while (at && queue->served[order[at - 1]] > queue->served[i]) order[at] = order[at - 1], at--;
    order[at] = i;
  }
}

static void admit(ia_queue *queue, size_t priority, uint32_t quota) {
  ia_queue_entry *entry = IA_ENTRY(queue->entries[priority][quota].next, ia_queue_entry, link);
  end_hold(queue);
  queue->delayed_until_ms[priority][quota] = 0;
  queue->served[priority] += 1.0 / weights[priority];
  queue->next_quota[priority] = (quota + 1) % IA_QUOTAS;
  ia_list_remove(&entry->link);
  ia_queue_schedule(queue);
  entry->admit(entry); /* last: the callback may free the queue with its client */
}

/* Rejects entries that cannot be sent in time: those whose deadline comes first, and all of them
 * while the API asks for a longer delay than requests may wait. */
static void reject_late(ia_queue *queue, size_t priority, uint32_t quota, const ia_permit *permit) {
  int64_t now_ms = queue->timers->now.mono_ms;
  ia_link *waiting = &queue->entries[priority][quota];
  for (ia_link *at = waiting->next, *next; at != waiting; at = next) {
    ia_queue_entry *entry = IA_ENTRY(at, ia_queue_entry, link);
    next = at->next;
    bool late = permit->kind == IA_PERMIT_REJECTED || entry->deadline_ms < permit->until_ms;
    if (entry->no_early_rejection || !late) continue;
    ia_list_remove(&entry->link);
    entry->reject(entry, permit->kind == IA_PERMIT_REJECTED ? permit->asked_ms
                                                            : permit->until_ms - now_ms);
  }
}

/* Returns true if an entry was admitted. Otherwise lowers *until_ms to the next retry. */
static bool run_priority(ia_queue *queue, size_t priority, int64_t *until_ms) {
  for (uint32_t i = 0; i < IA_QUOTAS; i++) {
    uint32_t quota = (queue->next_quota[priority] + i) % IA_QUOTAS;
    if (ia_list_empty(&queue->entries[priority][quota])) continue;
    ia_permit permit = {.kind = IA_PERMIT_GRANTED};
    if (queue->rate_limiter)
      permit = ia_rate_limiter_request_permit(queue->rate_limiter, quota, (ia_priority)priority,
                                              queue->reserve);
    if (permit.kind == IA_PERMIT_GRANTED) {
      admit(queue, priority, quota);
      return true;
    }
    queue->delayed_until_ms[priority][quota] = permit.until_ms;
    if (permit.kind != IA_PERMIT_CHECK_LATER) reject_late(queue, priority, quota, &permit);
    if (!ia_list_empty(&queue->entries[priority][quota]) && permit.until_ms < *until_ms)
      *until_ms = permit.until_ms;
  }

  return false;
}

static void hold_back(ia_queue *queue, int64_t until_ms) {
  if (queue->held_since_ms == IA_NEVER) queue->held_since_ms = queue->timers->now.mono_ms;
  if (!ia_linked(&queue->waiter.link))
    queue->throttled(queue, until_ms - queue->timers->now.mono_ms);
  ia_rate_limiter_wake_at(queue->rate_limiter, &queue->waiter, until_ms);
}

void ia_queue_run(ia_queue *queue) {
  size_t order[IA_PRIORITIES];
  int64_t until_ms = IA_NEVER;
  if (!anything_waits(queue)) end_hold(queue);
  if (queue->in_flight >= queue->concurrency || !anything_waits(queue)) return;
  queue->update_token(queue);
  order_of(queue, order);
  for (size_t i = 0; i < IA_PRIORITIES; i++)
    if (run_priority(queue, order[i], &until_ms)) return;
  if (until_ms != IA_NEVER)
    hold_back(queue, until_ms);
  else
    end_hold(queue); /* all were rejected */
}
