// SPDX-License-Identifier: MIT
/* Watches that are due wait in one list. When the in-flight limit permits it, up to max_ids of them
 * are polled with one request. The exchange retries a failed poll; only the last failure is
 * reported to the watches. */
#include "poller.h"
#include "client.h"
#include "error_fill.h"
#include "exchange.h"
#include "filter.h"
#include "str.h"
#include <string.h>

#define BATCH_MAX 64

typedef struct ia_batch {
  ia_link watches;
  ia_exchange *exchange;
  imgact_result result;
  imgact_rate_limit rate_limit;
  bool shared; /* by several watches when it was sent */
  const imgact_action
      *unexpected; /* set if the response has no requested action; one of its actions */
  const char *ids[BATCH_MAX];
} ia_batch;

static void admit(ia_queue_entry *entry);

int64_t ia_watch_delayed_until_ms(const ia_watch *watch) {
  if (!watch->active) return IA_NEVER;
  if (watch->batch) return ia_exchange_delayed_until_ms(watch->batch->exchange);
  bool is_due = ia_linked(&watch->link);
  return is_due ? ia_queue_delayed_until_ms(&watch->client->queue, &watch->client->poller.entry)
                : IA_NEVER;
}

const imgact_error *ia_watch_cause(const ia_watch *watch) {
  return watch->batch ? ia_exchange_cause(watch->batch->exchange) : NULL;
}

/* Adds the watch to the list and the poller to the queue. */
static void enqueue(ia_watch *watch) {
  imgact_client *client = watch->client;
  ia_poller *poller = &client->poller;
  ia_list_append(&poller->due, &watch->link);
  if (!ia_linked(&poller->entry.link)) ia_queue_add(&client->queue, &poller->entry);
}

static void prepare(imgact_client *client) {
  ia_poller *poller = &client->poller;
  if (poller->due.next) return;
  ia_list_init(&poller->due);
  poller->entry =
      (ia_queue_entry){.priority = IA_PRIORITY_POLL,
                       .quota = ia_client_quota(ia_client_slot(client, IMGACT_OP_WAIT_ACTIONS)),
                       .deadline_ms = IA_NEVER,
                       .no_early_rejection = true,
                       .admit = admit};
}

static void due(ia_timer *timer) {
  ia_watch *watch = IA_ENTRY(timer, ia_watch, timer);
  ia_heap_remove(&watch->client->poller.soon, &watch->soon);
  enqueue(watch);
}

/* A third-party provider may return kinds that this library does not know. */
static ia_durations *durations_of(imgact_client *client, imgact_action_kind kind) {
  ia_durations *all = client->poller.durations;
  size_t count = sizeof client->poller.durations / sizeof *client->poller.durations;
  return &all[(size_t)kind < count ? (size_t)kind : (size_t)IMGACT_ACTION_KIND_OTHER];
}

static void schedule_poll(ia_watch *watch) {
  imgact_client *client = watch->client;
  ia_engine *engine = client->engine;
  const imgact_slot *slot = ia_client_slot(client, IMGACT_OP_WAIT_ACTIONS);
  int64_t earliest = ia_durations_earliest_ms(durations_of(client, watch->kind));
  int64_t interval = ia_poll_interval_ms(engine->timers.now.mono_ms - watch->started_ms,
                                         watch->interval_ms, earliest);
  int64_t next = ia_later(engine->timers.now.mono_ms, interval);
  bool shares = !watch->interval_ms && slot && slot->max_ids > 1;
  if (shares) ia_heap_add(&client->poller.soon, &watch->soon, next);
  ia_timer_set(&engine->timers, &watch->timer, next, due);
}

/* Uses the API's times, if reported: they include the time before the wait. */
static void add_duration(ia_watch *watch, const imgact_action *seen) {
  bool reported = seen->started_at != IMGACT_NO_TIME && seen->finished_at != IMGACT_NO_TIME;
  int64_t ms = reported ? seen->finished_at - seen->started_at
                        : watch->client->engine->timers.now.mono_ms - watch->started_ms;
  if (seen->status == IMGACT_ACTION_STATUS_SUCCESS)
    ia_durations_add(durations_of(watch->client, seen->kind), ms);
}

void ia_watch_start(ia_watch *watch, imgact_client *client, bool later) {
  ia_engine *engine = client->engine;
  prepare(client);
  watch->client = client;
  watch->active = true;
  watch->started_ms = engine->timers.now.mono_ms;
  if (!watch->arena.allocator) ia_arena_init(&watch->arena, client->allocator);
  if (later)
    schedule_poll(watch);
  else
    ia_timer_set(&engine->timers, &watch->timer, engine->timers.now.mono_ms, due);
}

static void free_batch(ia_batch *batch) {
  imgact_client *client = batch->exchange->client;
  ia_exchange_free(batch->exchange);
  ia_result_free(&batch->result);
  ia_free(client->allocator, batch);
}

/* The operation of a batch; NULL = several. */
static imgact_op *op_of(const ia_batch *batch) {
  imgact_op *op = IA_ENTRY(batch->watches.next, ia_watch, link)->policy.op;
  for (ia_link *at = batch->watches.next; at != &batch->watches; at = at->next)
    if (IA_ENTRY(at, ia_watch, link)->policy.op != op) return NULL;
  return op;
}

/* Updates ids and operation after a watch has left: the request may be encoded again for a retry.
 */
static void name_ids(ia_batch *batch) {
  imgact_call *call = &batch->exchange->call;
  call->action_ids_count = 0;
  for (ia_link *at = batch->watches.next; at != &batch->watches; at = at->next)
    batch->ids[call->action_ids_count++] = IA_ENTRY(at, ia_watch, link)->id;
  batch->exchange->policy.op = op_of(batch);
}

static void leave_queue(imgact_client *client) {
  ia_poller *poller = &client->poller;
  if (!ia_list_empty(&poller->due) || !ia_linked(&poller->entry.link)) return;
  ia_queue_remove(&client->queue, &poller->entry);
}

/* Removing the last watch of a batch cancels the request. */
void ia_watch_stop(ia_watch *watch) {
  ia_batch *batch = watch->batch;
  if (!watch->active) return;
  watch->active = false;
  watch->batch = NULL;
  ia_heap_remove(&watch->client->poller.soon, &watch->soon);
  ia_timer_stop(&watch->client->engine->timers, &watch->timer);
  ia_list_remove(&watch->link);
  if (!batch) {
    leave_queue(watch->client);
    return;
  }
  if (ia_list_empty(&batch->watches))
    free_batch(batch);
  else
    name_ids(batch);
}

void ia_watch_free(ia_watch *watch) {
  ia_watch_stop(watch);
  ia_list_remove(&watch->progress_link);
  if (watch->arena.allocator) ia_arena_free(&watch->arena);
  watch->action = NULL;
}

/* ---- response ---- */

static const imgact_action *find(const imgact_result *result, const ia_watch *watch) {
  for (size_t i = 0; i < result->actions_count; i++)
    if (ia_str_equal(result->actions[i]->id, watch->id)) return result->actions[i];
  return NULL;
}

static void report_missing(ia_watch *watch, const imgact_error *cause, const char *details) {
  if (watch->client->engine->timers.now.mono_ms < watch->may_be_missing_until_ms) {
    schedule_poll(watch);
    return;
  }
  imgact_error error;
  imgact_error_set(&error, IMGACT_NOT_FOUND, "%s: action '%s'%s%s not found",
                   watch->client->provider->name, watch->id, watch->image ? " of image " : "",
                   watch->image ? watch->image : "");
  ia_str_copy(error.provider, sizeof error.provider, watch->client->provider->name);
  watch->active = false;
  watch->report(watch, cause ? cause : &error, details);
}

/* A response with other actions does not mean that this one does not exist. */
static void report_unexpected(ia_watch *watch, const imgact_action *unexpected) {
  imgact_error error;
  imgact_error_set(&error, IMGACT_PROTOCOL, "unexpected action %s in the response, requested: %s",
                   unexpected->id ? unexpected->id : "without an id", watch->id);
  ia_str_copy(error.provider, sizeof error.provider, watch->client->provider->name);
  watch->active = false;
  watch->report(watch, &error, NULL);
}

static void report_seen(ia_watch *watch, const imgact_action *seen) {
  ia_arena_reset(&watch->arena);
  watch->action = ia_action_copy(&watch->arena, seen);
  if (!watch->action) {
    imgact_error error;
    ia_no_memory(&error);
    watch->active = false;
    watch->report(watch, &error, NULL);
    return;
  }

  watch->kind = seen->kind;
  watch->unbatched = false;
  if (seen->status == IMGACT_ACTION_STATUS_RUNNING)
    schedule_poll(watch);
  else
    watch->active = false;

  add_duration(watch, seen);
  watch->report(watch, NULL, NULL);
}

static void poll_unbatched(ia_watch *watch) {
  watch->unbatched = true;
  enqueue(watch);
}

static void report(ia_watch *watch, const ia_batch *batch) {
  const imgact_error *error = &batch->exchange->error;
  const imgact_result *result = &batch->result;
  if (error->status == IMGACT_NOT_FOUND) {
    report_missing(watch, error, result->details);
  } else if (error->status != IMGACT_OK) {
    watch->active = false;
    watch->report(watch, error, result->details);
  } else {
    const imgact_action *seen = find(result, watch);
    if (seen && watch->must_name_image && !ia_action_of_image(seen, watch->image)) seen = NULL;
    if (seen)
      report_seen(watch, seen);
    else if (result->has_next && batch->shared) /* it may be on the next page, which is not read */
      poll_unbatched(watch);
    else if (batch->unexpected)
      report_unexpected(watch, batch->unexpected);
    else
      report_missing(watch, NULL, NULL);
  }
}

/* Returns an action of the response if none was requested; NULL otherwise. */
static const imgact_action *find_unexpected(const ia_batch *batch) {
  const imgact_call *call = &batch->exchange->call;
  const imgact_result *result = &batch->result;
  for (size_t i = 0; i < result->actions_count; i++)
    for (size_t id = 0; id < call->action_ids_count; id++)
      if (ia_str_equal(result->actions[i]->id, call->action_ids[id])) return NULL;
  return result->actions_count ? result->actions[0] : NULL;
}

/* Returns true if the API rejected a request with several ids. The reason may be one of them, so
 * each is polled alone. */
static bool is_batch_rejected(const ia_batch *batch) {
  const imgact_error *error = &batch->exchange->error;
  int status = error->http_status;
  return batch->shared && status >= 400 && status < 500 && error->status != IMGACT_UNAUTHORIZED &&
         error->status != IMGACT_FORBIDDEN && error->status != IMGACT_RATE_LIMITED;
}

/* Polls each watch of the batch alone, at once. */
static void split(ia_batch *batch) {
  while (!ia_list_empty(&batch->watches)) {
    ia_watch *watch = IA_ENTRY(batch->watches.next, ia_watch, link);
    watch->batch = NULL;
    poll_unbatched(watch);
  }
}

/* Reports may stop this watch or others, so all leave the batch before the first report. */
static void on_polled(ia_exchange *exchange) {
  ia_batch *batch = exchange->owner;
  batch->unexpected = find_unexpected(batch); /* before a report frees an id */
  if (is_batch_rejected(batch)) split(batch);
  for (ia_link *at = batch->watches.next; at != &batch->watches; at = at->next)
    IA_ENTRY(at, ia_watch, link)->batch = NULL;
  while (!ia_list_empty(&batch->watches)) {
    ia_watch *watch = IA_ENTRY(batch->watches.next, ia_watch, link);
    ia_list_remove(&watch->link);
    if (watch->policy.rate_limit) *watch->policy.rate_limit = batch->rate_limit;
    report(watch, batch);
  }
  free_batch(batch);
}

/* ---- request ---- */

static ia_batch *new_batch(imgact_client *client) {
  ia_batch *batch = ia_alloc_zero(client->allocator, sizeof *batch);
  if (!batch) return NULL;

  ia_request_policy policy = {.priority = IA_PRIORITY_POLL,
                              .is_poll = true,
                              .no_early_rejection = true,
                              .rate_limit =
                                  &batch->rate_limit}; /* the other members come from the watches */
  batch->exchange = ia_exchange_new(client, policy, on_polled, batch);
  if (!batch->exchange) {
    ia_free(client->allocator, batch);
    return NULL;
  }

  ia_client_result_init(client, &batch->result, false);
  ia_list_init(&batch->watches);
  batch->rate_limit = ia_rate_limit_unknown;
  return batch;
}

static void no_memory(imgact_client *client) {
  ia_watch *watch = IA_ENTRY(client->poller.due.next, ia_watch, link);
  imgact_error error;
  ia_no_memory(&error);
  ia_list_remove(&watch->link);
  if (!ia_list_empty(&client->poller.due)) ia_queue_add(&client->queue, &client->poller.entry);
  watch->active = false;
  watch->report(watch, &error, NULL);
}

/* All watches of a request must have the same number of attempts. */
static bool may_join(const ia_batch *batch, const ia_watch *watch) {
  if (ia_list_empty(&batch->watches)) return true;
  const ia_watch *first = IA_ENTRY(batch->watches.next, ia_watch, link);
  return !first->unbatched && !watch->unbatched &&
         first->policy.max_attempts == watch->policy.max_attempts;
}

/* Returns the next watch for a batch: one that is due, else the one that is due soonest, since it
 * adds no request. NULL if there is none that fits. */
static ia_watch *next_watch(const ia_batch *batch, imgact_client *client) {
  ia_poller *poller = &client->poller;
  if (!ia_list_empty(&poller->due)) {
    ia_watch *watch = IA_ENTRY(poller->due.next, ia_watch, link);
    return may_join(batch, watch) ? watch : NULL;
  }
  ia_heap_node *node = ia_heap_first(&poller->soon);
  if (!node) return NULL;
  ia_watch *watch = IA_ENTRY(node, ia_watch, soon);
  if (!may_join(batch, watch)) return NULL;
  ia_timer_stop(&client->engine->timers, &watch->timer);
  ia_heap_remove(&poller->soon, node);
  return watch;
}

static void fill(ia_batch *batch, imgact_client *client, size_t max) {
  imgact_call call = {
      .size = sizeof call, .kind = IMGACT_OP_WAIT_ACTIONS, .action_ids = batch->ids};
  ia_request_policy *policy = &batch->exchange->policy;
  for (ia_watch *watch; call.action_ids_count < max && (watch = next_watch(batch, client));) {
    ia_list_append(&batch->watches, &watch->link);
    watch->batch = batch;
    batch->ids[call.action_ids_count++] = watch->id;
    if (max == 1) call.image_ref = watch->image;
    batch->result.keep_raw = batch->result.keep_raw || watch->keep_raw;
    policy->max_attempts = watch->policy.max_attempts;
    if (watch->policy.deadline_ms > policy->deadline_ms)
      policy->deadline_ms = watch->policy.deadline_ms;
  }

  policy->op = op_of(batch);
  batch->shared = call.action_ids_count > 1;
  if (!ia_list_empty(&client->poller.due)) ia_queue_add(&client->queue, &client->poller.entry);
  ia_exchange_submit_admitted(batch->exchange, &call, &batch->result);
}

/* Sends one request for the watches that are due. */
static void admit(ia_queue_entry *entry) {
  imgact_client *client = IA_ENTRY(entry, imgact_client, poller.entry);
  if (ia_list_empty(&client->poller.due)) return;
  const imgact_slot *slot = ia_client_slot(client, IMGACT_OP_WAIT_ACTIONS);
  size_t max = slot && slot->max_ids ? slot->max_ids : 1;
  ia_batch *batch = new_batch(client);
  if (!batch)
    no_memory(client);
  else
    fill(batch, client, max < BATCH_MAX ? max : BATCH_MAX);
}
