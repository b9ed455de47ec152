// SPDX-License-Identifier: MIT
/*
 * Mutations.
 *
 *   blocked -> ready -> preparing -> sending -> (lookup -> resting -> sending ...) -> waiting
 *     -> finishing -> end
 *
 * Invariants:
 * - Exactly one source of events (timer, exchange, lookup, watch, child) is active, that of the
 *   state.
 * - Whether the mutation may have been applied follows from the state and `unknown`, in
 * may_be_applied() alone.
 * - Of two conflicting mutations of a client, the later one is blocked until the earlier one can
 * take no further effect.
 */
#include "mutation.h"
#include "child.h"
#include "error_fill.h"
#include "operation.h"
#include "retry.h"
#include "str.h"
#include "trace.h"
#include <string.h>

static void send_request(imgact_op *op);
static void send_when_ready(ia_timer *timer);

static ia_timers *timers_of(const ia_mutation *m) { return &m->op->client->engine->timers; }

static bool creates_action(const imgact_op *op) {
  return (op->slot->flags & IMGACT_SLOT_CREATES_ACTION) != 0;
}

/* After a lost response, a lookup has to find the effect before anything is sent again. */
static bool needs_lookup(const imgact_op *op) {
  return creates_action(op) || (op->slot->flags & IMGACT_SLOT_CREATES_IMAGE) != 0;
}

/* Nothing shows whether it was applied: after a lost response that remains unknown. */
static bool cannot_be_found(const imgact_op *op) {
  return ia_operations[op->call.kind].argument == IA_ARGUMENT_HANDOVER;
}

static bool is_idempotent(const imgact_op *op) {
  return (op->slot->flags & IMGACT_SLOT_IDEMPOTENT) != 0;
}

/* ---- states ---- */

/* Stops the event source of the old state. The last known state of an awaited action stays in the
 * watch. */
static void enter(ia_mutation *m, ia_mutation_state state) {
  ia_timer_stop(timers_of(m), &m->timer);
  ia_exchange_free(m->op->exchange);
  m->op->exchange = NULL;
  if (m->state == IA_MUTATION_LOOKUP) ia_lookup_free(&m->lookup);
  if (m->state == IA_MUTATION_WAITING) ia_watch_stop(&m->watch);
  ia_child_free(m->op);
  m->state = state;
}

static bool may_be_applied(const imgact_op *op) {
  const ia_mutation *m = op->mutation;
  if (!m) return false;

  switch (m->state) {
  case IA_MUTATION_NEW:
  case IA_MUTATION_BLOCKED:
  case IA_MUTATION_READY:
  case IA_MUTATION_PREPARING:
    return m->unknown.reason != IA_UNKNOWN_NONE || m->partly_applied ||
           (op->child && op->child->flow->may_be_applied &&
            op->child->flow->may_be_applied(op->child));
  case IA_MUTATION_SENDING:
    return m->unknown.reason != IA_UNKNOWN_NONE ||
           (op->exchange && ia_exchange_may_have_reached_server(op->exchange));
  case IA_MUTATION_LOOKUP:
  case IA_MUTATION_RESTING:
  case IA_MUTATION_FINISHING:
  case IA_MUTATION_WAITING: /* if it was reported as not applied, a caller would send it again */
  case IA_MUTATION_UNKNOWN: return true;
  default: return false;
  }
}

static void end(ia_mutation *m, ia_mutation_state state, const imgact_error *error,
                const char *details) {
  enter(m, state);
  ia_op_end_with(m->op, error, details);
}

/* ---- conflicting mutations ---- */

static ia_link *list_of(imgact_client *client, uint64_t key) {
  return &client->mutations[(key * 0x9E3779B97F4A7C15u >> 32) % IA_MUTATION_LISTS];
}

static ia_mutation *find_conflicting(const ia_mutation *m) {
  const ia_link *head = list_of(m->op->client, m->key);
  for (ia_link *at = head->next; at != head; at = at->next) {
    ia_mutation *other = IA_ENTRY(at, ia_mutation, link);
    if (other->key == m->key) return other;
  }
  return NULL;
}

/* Uses a timer, so that no callback is called from inside a start, a cancel or the end of another
 * operation. */
static void make_ready(ia_mutation *m) {
  enter(m, IA_MUTATION_READY);
  ia_timer_set(timers_of(m), &m->timer, timers_of(m)->now.mono_ms, send_when_ready);
}

static void settle(ia_mutation *m) {
  if (!ia_linked(&m->link)) return;
  ia_list_remove(&m->link);
  ia_mutation *next = find_conflicting(m);
  if (next && next->state == IA_MUTATION_BLOCKED) make_ready(next);
}

/* Labels are read, merged and written, or replaced: two such changes of an image at the same time
 * would lose one of them. */
static bool writes_labels(const imgact_call *call) {
  return call->update && (call->update->merge_labels || call->update->replace_labels);
}

/* Equal for conflicting calls: a lookup cannot distinguish their effects. */
static uint64_t key_of(const imgact_call *call) {
  const char *object = call->image_ref   ? call->image_ref
                       : call->server_id ? call->server_id
                       : call->create    ? call->create->name
                                         : NULL;
  if (!object) object = "";
  uint64_t key = ia_hash(object, strlen(object)) * 31 + (uint64_t)call->kind;
  return call->region ? key * 31 + ia_hash(call->region, strlen(call->region)) : key;
}

/* ---- the action is known ---- */

static void end_without_memory(ia_mutation *m) {
  imgact_error error;
  ia_no_memory(&error);
  end(m, IA_MUTATION_UNKNOWN, &error, NULL);
}

static void succeed(ia_mutation *m) {
  imgact_op *op = m->op;
  if (!op->steps || !op->steps->after) {
    ia_mutation_done(m);
    return;
  }
  enter(m, IA_MUTATION_FINISHING);
  if (m->watch.action && !ia_result_set_action(&op->result, m->watch.action)) {
    end_without_memory(m);
    return;
  }
  ia_op_release_watch(op, &m->watch); /* the results have its action */
  op->steps->after(m);
}

/* If the status of the action is unknown, so is the effect of the mutation. */
static void end_with_action(ia_mutation *m, const imgact_action *action) {
  imgact_error error;
  ia_error_clear(&error);
  imgact_status status = ia_action_outcome(action, &error);
  if (status == IMGACT_OK)
    succeed(m);
  else
    end(m, status == IMGACT_PROTOCOL ? IA_MUTATION_UNKNOWN : IA_MUTATION_APPLIED, &error, NULL);
}

static void on_poll(ia_watch *watch, const imgact_error *error, const char *details) {
  ia_mutation *m = IA_ENTRY(watch, ia_mutation, watch);
  if (error) {
    imgact_error failed = *error;
    end(m, IA_MUTATION_UNKNOWN, &failed, details);
  } else if (watch->action->status == IMGACT_ACTION_STATUS_RUNNING) {
    ia_op_queue_progress(m->op, watch);
  } else {
    end_with_action(m, watch->action);
  }
}

static void wait_for(ia_mutation *m, const imgact_action *action) {
  imgact_op *op = m->op;
  enter(m, IA_MUTATION_WAITING);
  ia_op_watch(op, &m->watch, ia_arena_copy(&op->arena, action->id), op->call.image_ref, on_poll);
  if (!m->watch.arena.allocator) ia_arena_init(&m->watch.arena, op->client->allocator);
  ia_arena_reset(&m->watch.arena);
  m->watch.action = ia_action_copy(&m->watch.arena, action);
  if (!m->watch.id || !m->watch.action) {
    end_without_memory(m);
    return;
  }

  if (op->client->provider->tolerates_not_found)
    m->watch.may_be_missing_until_ms =
        ia_later(timers_of(m)->now.mono_ms, op->client->settings.settle_ms);

  m->watch.kind = action->kind;
  ia_watch_start(&m->watch, op->client, true);
  ia_op_queue_progress(op, &m->watch);
}

/* If the caller does not wait, a running action is success. A failed action is always an error. */
static void applied(ia_mutation *m) {
  imgact_op *op = m->op;
  const imgact_action *action = imgact_op_action(op);
  bool runs = action && action->status == IMGACT_ACTION_STATUS_RUNNING;
  const imgact_image *image = imgact_op_image(op);
  bool remembered =
      ia_owned_ids_add(&op->client->owned_actions, action ? action->id : NULL) &&
      ia_owned_ids_add(&op->client->owned_images, op->call.create && image ? image->id : NULL);
  imgact_error none;
  ia_error_clear(&none);
  settle(m);

  if (!remembered) {
    end_without_memory(m);
  } else if (runs && op->wait && action->id) {
    wait_for(m, action);
  } else if (runs && op->wait) {
    imgact_error_set(&none, IMGACT_INTERNAL,
                     "cannot wait: %s returned a running action without an id",
                     op->client->provider->name);
    end(m, IA_MUTATION_UNKNOWN, &none, NULL);
  } else if (action && (op->wait || action->status == IMGACT_ACTION_STATUS_ERROR)) {
    end_with_action(m, action);
  } else {
    succeed(m);
  }
}

/* ---- the outcome is unknown ---- */

/* The message includes the server's reason, which the user needs to find the outcome. */
static void end_ambiguous(ia_mutation *m, const char *why) {
  imgact_error error;
  const imgact_error *cause = &m->unknown.cause;
  char lost[sizeof error.message / 3],
      looked[sizeof error.message / 2]; /* each leaves room for the other */
  ia_str_copy(lost, sizeof lost, cause->message);
  ia_str_copy(looked, sizeof looked, why);
  imgact_error_set(&error, IMGACT_AMBIGUOUS, "response lost (%s), and the lookup failed: %s", lost,
                   looked);
  error.http_status = cause->http_status;
  ia_str_copy(error.request_id, sizeof error.request_id, cause->request_id);
  m->op->result.actions_count = m->op->result.images_count = 0;
  end(m, IA_MUTATION_UNKNOWN, &error, m->unknown.details);
}

/* If an idempotent request has used up its attempts, its own error is more helpful than that of the
 * lookup. */
static void not_settled(ia_mutation *m, const char *why) {
  if (is_idempotent(m->op))
    end(m, IA_MUTATION_UNKNOWN, &m->unknown.cause, m->unknown.details);
  else
    end_ambiguous(m, why);
}

static bool take_found(ia_mutation *m) {
  ia_lookup *lookup = &m->lookup;
  imgact_op *op = m->op;
  if (lookup->action && !ia_result_set_action(&op->result, lookup->action)) return false;
  if (!lookup->seen) return true;
  imgact_result swap = op->result;
  op->result = lookup->image;
  lookup->image = swap;
  return true;
}

/* Keeps the rejection for the steps; its details may belong to the request. Returns false if there
 * is no memory. */
static bool keep_refusal(ia_mutation *m, const imgact_error *error, const char *details) {
  imgact_op *op = m->op;
  if (!m->refusal) {
    m->refusal = ia_arena_alloc(&op->arena, sizeof *m->refusal);
    if (!m->refusal) return false;
    ia_arena_init(&m->refusal->arena, op->client->allocator);
  }
  ia_arena_reset(&m->refusal->arena);
  m->refusal->error = *error;
  m->refusal->looked_up = m->state == IA_MUTATION_LOOKUP;
  m->refusal->details = details ? ia_arena_copy(&m->refusal->arena, details) : NULL;
  return true;
}

/* The last request certainly had no effect. reason: why an earlier one may have had one. */
static void reject(ia_mutation *m, const imgact_error *rejection, const char *details,
                   ia_unknown_reason reason) {
  const ia_mutation_steps *steps = m->op->steps;
  imgact_error error = *rejection;
  bool certain = reason == IA_UNKNOWN_NONE;
  if (!steps || !steps->rejected || !keep_refusal(m, &error, details)) {
    end(m, certain ? IA_MUTATION_NOT_APPLIED : IA_MUTATION_UNKNOWN, &error, details);
    return;
  }
  m->unknown.reason = reason;
  enter(m, IA_MUTATION_PREPARING);
  if (!steps->rejected(m)) ia_mutation_end(m, &m->refusal->error, m->refusal->details);
}

static void resend_later(ia_timer *timer);
static void start_lookup(ia_mutation *m, int64_t for_ms);

static void on_not_applied(ia_mutation *m) {
  imgact_op *op = m->op;
  imgact_client *client = op->client;
  ia_unknown_outcome *unknown = &m->unknown;
  const ia_resend_facts facts = {
      .reason = unknown->reason,
      .idempotent = is_idempotent(op),
      .attempts = unknown->attempts,
      .max_attempts = ia_op_request_policy(op, IA_PRIORITY_MUTATION, false).max_attempts,
      .retry_budget = client->retry_budget,
      .retry_after_ms = unknown->cause.retry_after_ms,
      .now_ms = timers_of(m)->now.mono_ms,
      .resend_not_before_ms = unknown->resend_not_before_ms,
      .deadline_ms = op->deadline_ms};

  switch (ia_after_not_applied(&facts)) {
  case IA_RESEND_NOT_APPLIED: reject(m, &unknown->cause, unknown->details, IA_UNKNOWN_NONE); break;
  case IA_RESEND_GIVE_UP: end(m, IA_MUTATION_UNKNOWN, &unknown->cause, unknown->details); break;
  case IA_RESEND_LATER:
    enter(m, IA_MUTATION_RESTING);
    ia_timer_set(timers_of(m), &m->timer, unknown->resend_not_before_ms, resend_later);
    break;
  default:
    client->retry_budget--;
    client->counters.retries++;
    ia_trace_text(client, op, IMGACT_TRACE_LOOKUP, -1, unknown->request_number,
                  "no effect of the request found, resending");
    send_request(op);
    break;
  }
}

/* Looks up once more, because the state may have changed during the pause. */
static void resend_later(ia_timer *timer) { start_lookup(IA_ENTRY(timer, ia_mutation, timer), 0); }

static void on_lookup(ia_lookup *lookup, ia_outcome outcome) {
  ia_mutation *m = lookup->owner;
  if (outcome == IA_OUTCOME_UNKNOWN) {
    not_settled(m, lookup->reason);
  } else if (outcome == IA_OUTCOME_NOT_APPLIED) {
    on_not_applied(m);
  } else if (!take_found(m)) {
    end_ambiguous(m, "out of memory");
  } else {
    m->op->adopted = true;
    m->op->client->counters.adopted++;
    applied(m);
  }
}

/* for_ms: how long the effect may take to show. */
static void start_lookup(ia_mutation *m, int64_t for_ms) {
  imgact_op *op = m->op;
  enter(m, IA_MUTATION_LOOKUP);
  ia_result_reset(&op->result);
  m->lookup =
      (ia_lookup){.client = op->client,
                  .slot = op->slot,
                  .call = &op->call,
                  .done = on_lookup,
                  .owner = m,
                  .policy = ia_op_request_policy(
                      op, IA_PRIORITY_MUTATION, true), /* a delay by the rate limit is acceptable */
                  .sent = m->unknown.sent,
                  .settle_ms = op->client->settings.settle_ms,
                  .lookup_deadline_ms = ia_later(timers_of(m)->now.mono_ms, for_ms),
                  .keep_raw = op->result.keep_raw};

  ia_lookup_start(&m->lookup);
}

/* The message includes the reason for the lost response. */
static void end_not_findable(ia_mutation *m) {
  const imgact_error *cause = &m->unknown.cause;
  char lost[sizeof cause->message / 2];
  imgact_error error;
  ia_str_copy(lost, sizeof lost, cause->message);
  imgact_error_set(&error, IMGACT_AMBIGUOUS,
                   "response lost (%s); the API has no list that shows whether it was applied",
                   lost);
  error.http_status = cause->http_status;
  ia_str_copy(error.request_id, sizeof error.request_id, cause->request_id);
  end(m, IA_MUTATION_UNKNOWN, &error, m->unknown.details);
}

static void look_up(ia_mutation *m, ia_unknown_reason reason) {
  imgact_op *op = m->op;
  const ia_exchange *exchange = op->exchange;
  ia_unknown_outcome *unknown = &m->unknown;
  if (unknown->reason == IA_UNKNOWN_NONE)
    unknown->sent = (ia_sent){.mono_ms = exchange->sent_mono_ms, .wall_ms = exchange->sent_wall_ms};
  else if (unknown->sent.inherited && !unknown->sent.resent && exchange->maybe_applied)
    unknown->sent.resent = true, unknown->sent.resent_ms = exchange->sent_mono_ms;

  unknown->reason = reason;
  unknown->cause = exchange->error;
  unknown->details = op->result.details ? ia_arena_copy(&op->arena, op->result.details) : NULL;
  unknown->attempts = exchange->attempts;
  unknown->request_number = exchange->number;
  int64_t asked_ms = unknown->cause.retry_after_ms;
  unknown->resend_not_before_ms = asked_ms > 0 ? ia_later(timers_of(m)->now.mono_ms, asked_ms) : 0;
  if (cannot_be_found(op)) {
    end_not_findable(m);
    return;
  }
  ia_trace_text(op->client, op, IMGACT_TRACE_LOOKUP, -1, unknown->request_number,
                unknown->cause.message);
  /* An idempotent request was retried until it got a response, so its effect shows already. If it
   * was rejected, an earlier attempt may still take effect. */
  bool at_once = is_idempotent(op) && reason != IA_UNKNOWN_REJECTED;
  start_lookup(m, at_once ? 0 : op->client->settings.settle_ms);
}

/* ---- sending ---- */

/* Returns true if a deletion finds the image deleted after an earlier send may have been applied:
 * that is success. The provider sets the flag for responses only; a not_found from elsewhere, such
 * as a token callback, does not concern the image. */
static bool deleted_before(const ia_mutation *m, const ia_exchange *exchange) {
  bool may_have_been = exchange->maybe_applied || m->unknown.reason != IA_UNKNOWN_NONE;
  return may_have_been && m->op->call.kind == IMGACT_OP_DELETE_IMAGE &&
         (exchange->error.flags & IMGACT_ERROR_ALREADY_DELETED);
}

static void on_response(ia_exchange *exchange) {
  imgact_op *op = exchange->owner;
  ia_mutation *m = op->mutation;
  bool unknown = m->unknown.reason != IA_UNKNOWN_NONE, idempotent = is_idempotent(op);
  bool rejected = ia_is_rejection(&exchange->error);

  if (exchange->error.status == IMGACT_OK || deleted_before(m, exchange)) {
    applied(m);
  } else if (exchange->outcome_unknown) {
    look_up(m, IA_UNKNOWN_LOST_RESPONSE);
  } else if (idempotent && op->slot->image_shows_effect && (exchange->maybe_applied || unknown)) {
    look_up(m, rejected ? IA_UNKNOWN_REJECTED : IA_UNKNOWN_LOST_RESPONSE);
  } else if (!idempotent && unknown && rejected) {
    look_up(m, IA_UNKNOWN_REJECTED);
  } else if (idempotent && rejected && (unknown || exchange->maybe_applied) &&
             (op->options.flags & IMGACT_OP_FLAG_ENSURE)) {
    reject(m, &exchange->error, op->result.details,
           unknown ? m->unknown.reason : IA_UNKNOWN_REJECTED);
  } else if (unknown || exchange->maybe_applied) {
    imgact_error error = exchange->error;
    end(m, IA_MUTATION_UNKNOWN, &error, op->result.details);
  } else {
    reject(m, &exchange->error, op->result.details, IA_UNKNOWN_NONE);
  }
}

/* Calls before_send when the request is about to be sent, unless an earlier send may have been
 * applied, or was by another program: the caller needs the time of the first one. Returns false if
 * the callback ended or freed the operation. */
static bool on_admitted(ia_exchange *exchange) {
  imgact_op *op = exchange->owner;
  if (may_be_applied(op) || op->mutation->unknown.sent.inherited) return true;
  ia_op_pin(op);
  bool allowed = ia_op_call_before_send(op);
  if (!ia_op_unpin(op) || op->state != IA_OP_RUNNING) return false;
  if (allowed) return true;
  imgact_error error = op->error;
  end(op->mutation, IA_MUTATION_NOT_APPLIED, &error, NULL);
  return false;
}

static void send_request(imgact_op *op) {
  ia_mutation *m = op->mutation;
  enter(m, IA_MUTATION_SENDING);
  ia_result_reset(&op->result);
  if (!ia_op_exchange(op, ia_op_request_policy(op, IA_PRIORITY_MUTATION, false), on_response)) {
    ia_op_end_soon(op);
    return;
  }
  op->exchange->admitted = on_admitted;
  op->exchange->attempts = m->unknown.attempts;
  ia_exchange_submit(op->exchange, m->request ? m->request : &op->call, &op->result);
}

/* Compares the token with that of the stored call: another project may have another image with the
 * same id. Returns false, with the mutation ended, if the tokens differ. */
static bool check_credential(ia_mutation *m) {
  imgact_client *client = m->op->client;
  char id[IA_CREDENTIAL_ID_SIZE];
  if (!m->credential) return true;
  imgact_status status = ia_client_refresh_token(client);
  imgact_error error = client->credential.error;
  if (status == IMGACT_OK && ia_client_credential_id(client, id) && strcmp(id, m->credential) != 0)
    status = imgact_error_set(&error, IMGACT_INVALID_ARGUMENT,
                              "cannot resume: the call was sent with another token; if both belong "
                              "to one project, remove "
                              "'credential' from the call");
  if (status != IMGACT_OK) end(m, IA_MUTATION_UNKNOWN, &error, NULL);
  return status == IMGACT_OK;
}

static void send_when_ready(ia_timer *timer) {
  ia_mutation *m = IA_ENTRY(timer, ia_mutation, timer);
  if (!check_credential(m)) return;
  if (m->op->steps && m->op->steps->before) {
    enter(m, IA_MUTATION_PREPARING);
    m->op->steps->before(m);
  } else {
    ia_mutation_send(m);
  }
}

/* ---- steps ---- */

void ia_mutation_send(ia_mutation *m) {
  if (m->unknown.reason == IA_UNKNOWN_INHERITED && cannot_be_found(m->op))
    end_not_findable(m);
  else if (m->unknown.reason == IA_UNKNOWN_INHERITED && needs_lookup(m->op))
    start_lookup(m, m->op->client->settings.settle_ms);
  else
    send_request(m->op);
}

void ia_mutation_not_needed(ia_mutation *m) {
  imgact_error none;
  ia_error_clear(&none);
  m->unchanged = true;
  end(m, IA_MUTATION_NOT_APPLIED, &none, NULL);
}

void ia_mutation_done(ia_mutation *m) {
  imgact_error none;
  ia_error_clear(&none);
  end(m, IA_MUTATION_APPLIED, &none, NULL);
}

void ia_mutation_end(ia_mutation *m, const imgact_error *error, const char *details) {
  imgact_error copy = *error;
  bool finishing = m->state == IA_MUTATION_FINISHING;
  if (details) details = ia_arena_copy(&m->op->arena, details); /* the end frees the child */
  if (finishing && error->status == IMGACT_ACTION_FAILED)
    end(m, IA_MUTATION_APPLIED, &copy, details);
  else if (finishing || may_be_applied(m->op))
    end(m, IA_MUTATION_UNKNOWN, &copy, details);
  else
    end(m, IA_MUTATION_NOT_APPLIED, &copy, details);
}

void ia_mutation_end_without_memory(ia_mutation *m) {
  imgact_error error;
  ia_no_memory(&error);
  ia_mutation_end(m, &error, NULL);
}

static void on_rested(ia_timer *timer) {
  ia_mutation *m = IA_ENTRY(timer, ia_mutation, timer);
  m->rested(m);
}

bool ia_mutation_rest(ia_mutation *m, int64_t until_ms, void (*fire)(ia_mutation *m)) {
  int64_t now_ms = timers_of(m)->now.mono_ms, interval_ms = m->op->client->settings.settle_ms / 5;
  if (now_ms >= until_ms) return false;
  if (interval_ms < 1) interval_ms = 1;
  m->rested = fire;
  ia_timer_set(timers_of(m), &m->timer,
               interval_ms < until_ms - now_ms ? now_ms + interval_ms : until_ms, on_rested);
  return true;
}

void ia_mutation_soon(ia_mutation *m, void (*fire)(ia_mutation *m)) {
  m->rested = fire;
  ia_timer_set(timers_of(m), &m->timer, timers_of(m)->now.mono_ms, on_rested);
}

/* ---- the result ---- */

imgact_tristate imgact_op_changed(const imgact_op *op) {
  const ia_mutation *m = op ? op->mutation : NULL;
  bool ended = op && op->state == IA_OP_ENDED;
  bool maybe = ended ? (op->error.flags & IMGACT_ERROR_MAYBE_APPLIED) != 0
                     : m && imgact_op_maybe_applied(op);
  if (maybe) return IMGACT_TRISTATE_UNKNOWN;
  return ended && m && m->state == IA_MUTATION_APPLIED ? IMGACT_TRISTATE_TRUE
                                                       : IMGACT_TRISTATE_FALSE;
}

/* ---- the flow ---- */

static bool make(imgact_op *op) {
  if (op->mutation) return true;
  op->mutation = ia_arena_alloc(&op->arena, sizeof *op->mutation);
  if (op->mutation) op->mutation->op = op;
  return op->mutation != NULL;
}

static bool can_wait(const imgact_op *op) {
  return !creates_action(op) || ia_client_slot(op->client, IMGACT_OP_WAIT_ACTIONS);
}

/* Tags are set once the new image is known. */
static bool must_wait(const imgact_call *call) {
  return call->kind == IMGACT_OP_CREATE_IMAGE && call->create->tags_count > 0;
}

static void start(imgact_op *op) {
  op->wait = op->wait || must_wait(&op->call);
  if (op->wait && !can_wait(op)) {
    ia_op_reject(op, IMGACT_UNSUPPORTED, "%s does not support 'wait_actions'",
                 op->client->provider->name);
    ia_op_end_soon(op);
    return;
  }
  if (!make(op)) {
    ia_no_memory(&op->error);
    ia_op_end_soon(op);
    return;
  }

  ia_mutation *m = op->mutation;
  bool blocked = false;
  if (needs_lookup(op) || writes_labels(&op->call)) {
    m->key = key_of(&op->call);
    blocked = find_conflicting(m) != NULL;
    ia_list_append(list_of(op->client, m->key), &m->link);
  }

  if (blocked)
    enter(m, IA_MUTATION_BLOCKED);
  else
    make_ready(m);
}

/* Another program has sent the request, so its outcome is unknown from the start. */
bool ia_mutation_resume(imgact_op *op, int64_t sent_wall_ms, const char *credential) {
  if (!make(op)) return false;

  op->mutation->credential = credential ? ia_arena_copy(&op->arena, credential) : NULL;
  if (credential && !op->mutation->credential) ia_op_reject(op, IMGACT_NOMEM, "out of memory");
  ia_unknown_outcome *unknown = &op->mutation->unknown;
  ia_timers_update_clock(&op->client->engine->timers);
  const ia_now *now = &op->client->engine->timers.now;
  unknown->reason = IA_UNKNOWN_INHERITED;
  unknown->sent.inherited = true;
  unknown->sent.mono_ms = now->mono_ms;
  /* A time in the future means that a clock was changed; the send time is unknown. */
  if (sent_wall_ms > 0 && sent_wall_ms <= now->wall_ms) {
    unknown->sent.wall_ms = sent_wall_ms;
    unknown->sent.mono_ms = now->mono_ms - (now->wall_ms - sent_wall_ms);
  }

  if (op->slot && needs_lookup(op)) unknown->attempts = 1;
  imgact_error_set(&unknown->cause, IMGACT_NETWORK,
                   "the program that sent the request received no response");
  if (op->error.status != IMGACT_OK) ia_op_complete_error(op);
  return true;
}

/* The last known state of an awaited action is the result, however the operation ends. */
static void stop(imgact_op *op) {
  ia_mutation *m = op->mutation;
  ia_exchange_free(op->exchange);
  op->exchange = NULL;
  if (!m) return;
  if (op->steps && op->steps->stop) op->steps->stop(m);
  ia_timer_stop(timers_of(m), &m->timer);
  if (m->refusal) ia_arena_free(&m->refusal->arena);
  if (m->watch.action && !ia_result_set_action(&op->result, m->watch.action)) {
    if (op->error.status == IMGACT_OK) ia_no_memory(&op->error);
    m->state = IA_MUTATION_UNKNOWN;
  }
  ia_child_free(op);
  ia_op_release_watch(op, &m->watch);
  ia_lookup_free(&m->lookup);
  settle(m);
}

/* During a lookup, the cause is the reason for the lookup; while an image is busy, the refusal. */
static const imgact_error *cause_of(const imgact_op *op) {
  const ia_mutation *m = op->mutation;
  if (!m) return NULL;
  const imgact_error *refusal =
      m->state == IA_MUTATION_PREPARING && m->refusal ? &m->refusal->error : NULL;
  if (m->state == IA_MUTATION_WAITING) return ia_watch_cause(&m->watch);
  const imgact_error *of_child = ia_child_cause(op);
  if (of_child || refusal || op->child) return of_child ? of_child : refusal;
  bool outcome_unknown =
      m->unknown.reason != IA_UNKNOWN_NONE && m->unknown.cause.status != IMGACT_OK;
  return outcome_unknown ? &m->unknown.cause : ia_exchange_cause(op->exchange);
}

static int64_t delayed_until_ms(const imgact_op *op) {
  const ia_mutation *m = op->mutation;
  if (m && m->state == IA_MUTATION_LOOKUP) return ia_lookup_delayed_until_ms(&m->lookup);
  if (m && m->state == IA_MUTATION_WAITING) return ia_watch_delayed_until_ms(&m->watch);
  return ia_exchange_delayed_until_ms(op->exchange);
}

const ia_flow ia_flow_mutation = {.start = start,
                                  .stop = stop,
                                  .may_be_applied = may_be_applied,
                                  .cause = cause_of,
                                  .delayed_until_ms = delayed_until_ms};
