// SPDX-License-Identifier: MIT
/*
 * Mutations: sent, looked into where the answer is lost (reconcile.c), waited for.
 *
 *   twin -> send -> (answered | reconcile -> send again ...) -> wait -> end
 *
 * Two operations of a client that would leave the same trace never are in doubt at the same time: the later one waits for
 * the earlier one's end ("twin").
 */
#include "mutation.h"
#include "error_fill.h"
#include "str.h"
#include <string.h>

static void begin_soon(ia_mutation *m);

static ia_link *list_of(imgact_client *client, uint64_t key) {
  return &client->mutations[(key * 0x9E3779B97F4A7C15u >> 32) % IA_MUTATION_LISTS];
}

static void leave_list(imgact_op *op) {
  ia_mutation *m = op->mutation;
  imgact_client *client = op->client;
  if (!ia_linked(&m->link)) return;
  ia_list_remove(&m->link);
  ia_link *head = list_of(client, m->key);
  for (ia_link *at = head->next; at != head; at = at->next) {
    ia_mutation *other = IA_ENTRY(at, ia_mutation, link);
    if (other->key != m->key) continue;
    if (other->state == IA_MUTATION_TWIN) begin_soon(other);
    return;
  }
}

/* ---- the action is known ---- */

static void no_memory_for_action(imgact_op *op) {
  ia_no_memory(&op->error);
  op->error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
}

/* Whether an action in a state that nobody knows has had its effect cannot be told. */
static void judge(imgact_op *op, const imgact_action *action) {
  if (ia_action_verdict(action, &op->error) == IMGACT_PROTOCOL) op->error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
}

static void waited(ia_watch *watch, const imgact_error *error, const char *details) {
  imgact_op *op = IA_ENTRY(watch, ia_mutation, watch)->op;
  if (error) {
    imgact_error failed = *error;
    failed.flags |= IMGACT_ERROR_MAYBE_APPLIED; /* the action was begun, whatever became of the looks at it */
    ia_op_end_with(op, &failed, details);
    return;
  }
  if (watch->action->status == IMGACT_ACTION_STATUS_RUNNING) {
    ia_op_progress(op, watch);
    return;
  }
  judge(op, watch->action);
  ia_op_end(op);
}

static void wait_for(imgact_op *op, const imgact_action *action) {
  ia_mutation *m = op->mutation;
  m->state = IA_MUTATION_WAITING;
  ia_op_watch(op, &m->watch, ia_arena_copy(&op->arena, action->id), op->call.image_ref, waited);
  if (!m->watch.arena.allocator) ia_arena_init(&m->watch.arena, op->client->allocator);
  ia_arena_reset(&m->watch.arena);
  m->watch.action = ia_action_copy(&m->watch.arena, action);
  if (!m->watch.id || !m->watch.action) {
    no_memory_for_action(op);
    ia_op_end(op);
    return;
  }
  m->watch.misses_left = op->client->provider->max_not_found_polls;
  m->watch.kind = action->kind;
  ia_watch_start(&m->watch, op->client, true);
  ia_op_progress(op, &m->watch);
}

/* Applied, by this operation. Without a wish to wait a running action is success; a failed one never is. */
void ia_mutation_applied(imgact_op *op) {
  const imgact_action *action = imgact_op_action(op);
  bool ours = ia_reconcile_claim(op->client, action);
  leave_list(op);
  if (!ours) {
    no_memory_for_action(op);
  } else if (action && action->status == IMGACT_ACTION_STATUS_RUNNING && op->wait && action->id) {
    wait_for(op, action);
    return;
  } else if (action && (op->wait || action->status == IMGACT_ACTION_STATUS_ERROR)) {
    judge(op, action);
  }
  ia_op_end(op);
}

/* ---- sending ---- */

/* A deletion that was sent again and meets what is deleted already has succeeded. The flag is the
 * provider's word on a reply: a not_found from elsewhere, a token callback's say, tells nothing of the image. */
static bool deleted_before(const imgact_op *op, const ia_exchange *exchange) {
  bool again = exchange->attempts > 1 || op->mutation->in_doubt; /* a resumed one was sent by another program */
  return again && op->call.kind == IMGACT_OP_DELETE_IMAGE && (exchange->error.flags & IMGACT_ERROR_ALREADY_DELETED);
}

static void sent(ia_exchange *exchange) {
  imgact_op *op = exchange->owner;
  ia_mutation *m = op->mutation;
  bool safe = (op->slot->flags & IMGACT_SLOT_IDEMPOTENT) != 0;
  bool refusal = exchange->error.http_status >= 400 && exchange->error.http_status < 500;
  if (exchange->error.status == IMGACT_OK || deleted_before(op, exchange)) {
    ia_error_clear(&op->error);
    ia_mutation_applied(op);
  } else if (exchange->uncertain) {
    ia_reconcile(op, exchange, false);
  } else if (safe && op->slot->image_shows_effect && (exchange->maybe_applied || m->in_doubt)) {
    ia_reconcile(op, exchange, refusal);
  } else if (!safe && m->in_doubt && refusal) {
    ia_reconcile(op, exchange, true);
  } else {
    imgact_error error = exchange->error;
    if (m->in_doubt) error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
    ia_op_end_with(op, &error, op->result.details);
  }
}

void ia_mutation_send(imgact_op *op) {
  ia_mutation *m = op->mutation;
  m->state = IA_MUTATION_SENT;
  ia_exchange_free(op->exchange);
  op->exchange = NULL;
  ia_result_reset(&op->result);
  ia_op_pin(op);
  bool announced = ia_op_announce(op);
  if (!ia_op_unpin(op)) return; /* the hook freed it */
  if (op->state != IA_OP_RUNNING) return;
  if (!announced || !ia_op_exchange(op, ia_op_terms(op, IA_LANE_MUTATION, false), sent)) {
    if (m->in_doubt) op->error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
    ia_op_end_soon(op);
    return;
  }
  op->exchange->attempts = m->attempts;
  ia_exchange_submit(op->exchange, &op->call, &op->result);
}

/* ---- the flow ---- */

static void begin(ia_timer *timer) {
  ia_mutation *m = IA_ENTRY(timer, ia_mutation, pause);
  imgact_op *op = m->op;
  if (m->resumed)
    ia_reconcile_resumed(op);
  else
    ia_mutation_send(op);
}

/* By a timer, so that before_send is called from a dispatch, never from inside a start, a cancel or the end of a twin. */
static void begin_soon(ia_mutation *m) {
  ia_engine *engine = m->op->client->engine;
  m->state = IA_MUTATION_DUE;
  ia_timer_set(&engine->timers, &m->pause, engine->timers.now.mono_ms, begin);
}

static uint64_t key_of(const imgact_call *call) {
  uint64_t key = ia_hash(call->image_ref, strlen(call->image_ref)) * 31 + (uint64_t)call->kind;
  return call->region ? key * 31 + ia_hash(call->region, strlen(call->region)) : key;
}

static bool has_twin(const imgact_op *op) {
  const ia_link *head = list_of(op->client, op->mutation->key);
  for (ia_link *at = head->next; at != head; at = at->next)
    if (IA_ENTRY(at, ia_mutation, link)->key == op->mutation->key) return true;
  return false;
}

static bool make(imgact_op *op) {
  if (op->mutation) return true;
  op->mutation = ia_arena_alloc(&op->arena, sizeof *op->mutation);
  if (op->mutation) op->mutation->op = op;
  return op->mutation != NULL;
}

static bool can_wait(const imgact_op *op) {
  return !(op->slot->flags & IMGACT_SLOT_CREATES_ACTION) || ia_client_slot(op->client, IMGACT_OP_WAIT_ACTIONS);
}

static void start(imgact_op *op) {
  if (op->wait && !can_wait(op)) {
    ia_op_refuse(op, IMGACT_UNSUPPORTED, "%s does not support 'wait_actions'", op->client->provider->name);
    ia_op_end_soon(op);
    return;
  }
  if (!make(op)) {
    ia_no_memory(&op->error);
    ia_op_end_soon(op);
    return;
  }
  ia_mutation *m = op->mutation;
  bool twin = false;
  if (op->slot->flags & IMGACT_SLOT_CREATES_ACTION) {
    m->key = key_of(&op->call);
    twin = has_twin(op);
    ia_list_append(list_of(op->client, m->key), &m->link);
  }
  m->state = IA_MUTATION_TWIN;
  if (!twin) begin_soon(m);
}

void ia_mutation_resume(imgact_op *op, int64_t sent_wall_ms) {
  if (op->error.status != IMGACT_OK) return;
  op->announced = true;
  if (!make(op)) {
    ia_op_refuse(op, IMGACT_NOMEM, "out of memory");
    return;
  }
  ia_mutation *m = op->mutation;
  ia_timers_refresh(&op->client->engine->timers);
  const ia_now *now = &op->client->engine->timers.now;
  m->in_doubt = true;
  if (!(op->slot->flags & IMGACT_SLOT_CREATES_ACTION)) return; /* safe: it is simply sent */
  m->resumed = true;
  m->attempts = 1;
  /* A time yet to come says that a clock was set, and nothing of when it was: no action is too old to be it. */
  if (sent_wall_ms < 0 || sent_wall_ms > now->wall_ms) {
    m->sent_ms = now->mono_ms;
  } else {
    m->sent_at_ms = sent_wall_ms;
    m->sent_ms = now->mono_ms - (now->wall_ms - sent_wall_ms);
  }
  imgact_error_set(&m->pending, IMGACT_NETWORK, "the program that sent the request did not see its answer");
}

/* What was seen last of a waited action is the result, however the operation ends; what was only looked at is none. */
static void stop(imgact_op *op) {
  ia_mutation *m = op->mutation;
  if (m && (m->state == IA_MUTATION_LOOKING || m->state == IA_MUTATION_CONFIRMING) && !op->adopted)
    op->result.actions_count = op->result.images_count = 0;
  if (m && m->state == IA_MUTATION_WAITING && m->watch.action && !ia_result_set_action(&op->result, m->watch.action) &&
      op->error.status == IMGACT_OK)
    no_memory_for_action(op);
  ia_exchange_free(op->exchange);
  op->exchange = NULL;
  if (!m) return;
  ia_op_unwatch(op, &m->watch);
  ia_timer_stop(&op->client->engine->timers, &m->pause);
  if (m->walk) ia_walk_stop(m->walk);
  if (m->image.allocator) ia_result_free(&m->image);
  m->image.allocator = NULL;
  leave_list(op);
}

/* Also while it waits for the action: somebody who reads "not applied" would send it again. */
static bool maybe_out(const imgact_op *op) {
  const ia_mutation *m = op->mutation;
  if (!m || m->state <= IA_MUTATION_DUE) return m && m->in_doubt;
  if (m->state == IA_MUTATION_SENT) return m->in_doubt || (op->exchange && ia_exchange_maybe_out(op->exchange));
  return true;
}

const ia_flow ia_flow_mutation = {start, stop, maybe_out};
