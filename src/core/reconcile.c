// SPDX-License-Identifier: MIT
/*
 * What is done when the answer of a mutation is lost (docs/ambiguous-results.md).
 *
 *   [look at the actions -> look at the image -> pause]* -> send again | adopted | ambiguous | failed
 *
 * A request that cannot be repeated is sent again only after a look through the cloud's own list of actions showed, for the
 * whole time to settle, that the last one did nothing. An action is taken for its effect only where no other can be meant.
 */
#include "error_fill.h"
#include "mutation.h"
#include "retry.h"
#include "str.h"
#include "trace.h"
#include <string.h>

#define GRACE_MS 2000 /* the cloud's clock shows whole seconds, and so do its dates */
#define CLAIMS   1024 /* as many actions as started while one was looked for, and more */
#define LOOKS    5    /* within the time to settle */

static void look(imgact_op *op);
static void look_at_image(imgact_op *op);

/* ---- whose an action is ---- */

/* An operation can be taken for another's only around the time of both: the last CLAIMS at least are remembered. */
bool ia_reconcile_claim(imgact_client *client, const imgact_action *action) {
  if (!action || !action->id) return true;
  if (client->claims.count >= CLAIMS) {
    ia_hashmap swap = client->older_claims;
    client->older_claims = client->claims;
    client->claims = swap;
    ia_hashmap_clear(&client->claims);
  }
  bool added;
  return ia_hashmap_put(&client->claims, ia_hash(action->id, strlen(action->id)), 0, &added) != NULL;
}

static bool claimed(const imgact_client *client, const imgact_action *action) {
  if (!action->id) return false;
  uint64_t hash = ia_hash(action->id, strlen(action->id));
  return ia_hashmap_has(&client->claims, hash) || ia_hashmap_has(&client->older_claims, hash);
}

/* ---- ends ---- */

static void fail_pending(imgact_op *op, bool maybe_applied) {
  ia_mutation *m = op->mutation;
  imgact_error error = m->pending;
  error.flags &= ~IMGACT_ERROR_MAYBE_APPLIED;
  if (maybe_applied) error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
  ia_op_end_with(op, &error, m->details);
}

/* The server's reason stays in the sentence: without it nobody can settle the matter. */
static void ambiguous(imgact_op *op, const char *why) {
  ia_mutation *m = op->mutation;
  imgact_error error;
  char lost[sizeof error.message / 3], looked[sizeof error.message / 2]; /* each leaves room for the other */
  ia_str_copy(lost, sizeof lost, m->pending.message);
  ia_str_copy(looked, sizeof looked, why);
  imgact_error_set(&error, IMGACT_AMBIGUOUS, "the request's answer was lost (%s), and looking did not settle it: %s", lost,
                   looked);
  error.http_status = m->pending.http_status;
  error.flags = IMGACT_ERROR_MAYBE_APPLIED;
  ia_str_copy(error.request_id, sizeof error.request_id, m->pending.request_id);
  op->result.actions_count = op->result.images_count = 0;
  ia_op_end_with(op, &error, m->details);
}

/* A safe request was sent as often as it may be: its own failure says more than that looking failed, too. */
static void unsettled(imgact_op *op, const char *why) {
  if (op->slot->flags & IMGACT_SLOT_IDEMPOTENT)
    fail_pending(op, true);
  else
    ambiguous(op, why);
}

static void adopted(imgact_op *op) {
  op->adopted = true;
  ia_error_clear(&op->error);
  ia_mutation_applied(op);
}

/* ---- nothing found yet ---- */

static void paused(ia_timer *timer) { look(IA_ENTRY(timer, ia_mutation, pause)->op); }

/* The next look comes after a part of the time to settle, the last one at its end, or at once where that has passed. */
static int64_t next_look_ms(const imgact_op *op) {
  int64_t now_ms = op->client->engine->timers.now.mono_ms, left = op->mutation->settled_ms - now_ms;
  int64_t interval = op->client->settings.settle_ms / LOOKS;
  if (left < 0) left = 0;
  return now_ms + (interval < 1 ? 1 : interval < left ? interval : left);
}

/* Is the cloud still settling? Then it is looked again. */
static bool look_again(imgact_op *op) {
  ia_mutation *m = op->mutation;
  if (m->looked_ms >= m->settled_ms) return false;
  ia_timer_set(&op->client->engine->timers, &m->pause, next_look_ms(op), paused);
  return true;
}

/* Once the cloud has settled, the request is free to go again. */
static void found_nothing(imgact_op *op) {
  ia_mutation *m = op->mutation;
  imgact_client *client = op->client;
  if (look_again(op)) return;
  bool too_often = m->attempts >= ia_op_terms(op, IA_LANE_MUTATION, false).max_attempts;
  bool too_late = m->pending.retry_after_ms > IA_MAX_WAIT_MS || m->not_before_ms > op->deadline_ms;
  if (m->refused) {
    fail_pending(op, false);
  } else if ((op->slot->flags & IMGACT_SLOT_IDEMPOTENT) || too_often || too_late) {
    fail_pending(op, true); /* a request that is safe was sent again as often as it may be before it was looked into */
  } else if (client->engine->timers.now.mono_ms < m->not_before_ms) {
    ia_timer_set(&client->engine->timers, &m->pause, m->not_before_ms, paused);
  } else {
    client->retry_tokens--;
    ia_trace_text(client, IMGACT_TRACE_LOOKUP, -1, m->number, "the cloud shows no effect of the request: it is sent again");
    ia_mutation_send(op);
  }
}

static void confirm_late(ia_timer *timer) {
  ambiguous(IA_ENTRY(timer, ia_mutation, pause)->op, "an action of the kind was started, but it has not finished yet");
}

static void confirm_again(ia_timer *timer) { look_at_image(IA_ENTRY(timer, ia_mutation, pause)->op); }

/* An action that does not tell what was asked (protection on or off) counts as ours only once the image shows it. */
static void not_confirmed(imgact_op *op) {
  ia_mutation *m = op->mutation;
  ia_engine *engine = op->client->engine;
  if (engine->timers.now.mono_ms >= m->settled_ms) {
    ambiguous(op, "an action of the kind has finished, but the image does not show what was asked for");
    return;
  }
  ia_timer_set(&engine->timers, &m->pause, next_look_ms(op), confirm_again);
}

/* The image shows what was asked for, but an action that runs on it may be about to undo it. */
static void shown_for_now(imgact_op *op) {
  if (!look_again(op))
    ambiguous(op, "the image shows what was asked for, but an action that may change it is still running");
}

static void show_image(imgact_op *op) {
  ia_mutation *m = op->mutation;
  imgact_result swap = op->result;
  op->result = m->image;
  m->image = swap;
}

static void got_image(ia_exchange *exchange) {
  imgact_op *op = exchange->owner;
  ia_mutation *m = op->mutation;
  bool confirming = m->state == IA_MUTATION_CONFIRMING;
  if (exchange->error.status != IMGACT_OK) {
    unsettled(op, exchange->error.message);
    return;
  }
  const imgact_image *image = m->image.images_count ? m->image.images[0] : NULL;
  if (!image || !ia_str_equal(image->id, op->call.image_ref)) { /* another image's state settles nothing */
    unsettled(op, "the cloud answered with another image");
    return;
  }
  bool shown = op->slot->image_shows_effect(&op->call, image) == IMGACT_TRISTATE_TRUE;
  if (shown && !confirming && m->unsettled) {
    shown_for_now(op);
    return;
  }
  if (shown && !confirming) show_image(op);
  if (shown)
    adopted(op);
  else if (confirming)
    not_confirmed(op);
  else
    found_nothing(op);
}

/* It is worth more than the time that a rate limit takes. */
static ia_terms terms_of_look(imgact_op *op) { return ia_op_terms(op, IA_LANE_MUTATION, true); }

static void look_at_image(imgact_op *op) {
  ia_mutation *m = op->mutation;
  imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_GET_IMAGE, .image_ref = op->call.image_ref};
  if (!op->slot->image_shows_effect || !ia_client_slot(op->client, IMGACT_OP_GET_IMAGE)) {
    bool looked = (op->slot->flags & IMGACT_SLOT_CREATES_ACTION) != 0;
    if (m->state == IA_MUTATION_CONFIRMING)
      not_confirmed(op);
    else if (!looked)
      unsettled(op, "the provider has no way to look");
    else
      found_nothing(op);
    return;
  }
  ia_exchange_free(op->exchange);
  op->exchange = NULL;
  if (!ia_op_exchange(op, terms_of_look(op), got_image)) {
    ambiguous(op, "out of memory");
    return;
  }
  if (!m->image.allocator) ia_result_init(&m->image, op->client->allocator, op->client->provider->name, op->result.keep_raw);
  ia_result_reset(&m->image);
  ia_exchange_submit(op->exchange, &call, &m->image);
}

static void candidate_looked(ia_watch *watch, const imgact_error *error, const char *details) {
  imgact_op *op = IA_ENTRY(watch, ia_mutation, watch)->op;
  (void)details;
  if (error) {
    char why[sizeof error->message];
    ia_str_copy(why, sizeof why, error->message);
    ambiguous(op, why);
    return;
  }
  if (watch->action->status == IMGACT_ACTION_STATUS_RUNNING) return;
  ia_timer_stop(&op->client->engine->timers, &op->mutation->pause);
  if (!ia_result_set_action(&op->result, watch->action))
    ambiguous(op, "out of memory");
  else
    look_at_image(op);
}

static void confirm(imgact_op *op) {
  ia_mutation *m = op->mutation;
  const imgact_action *action = imgact_op_action(op);
  m->state = IA_MUTATION_CONFIRMING;
  if (action->status != IMGACT_ACTION_STATUS_RUNNING) {
    look_at_image(op);
    return;
  }
  ia_op_watch(op, &m->watch, ia_arena_copy(&op->arena, action->id), op->call.image_ref, candidate_looked);
  if (!m->watch.id) {
    ambiguous(op, "out of memory");
    return;
  }
  ia_watch_start(&m->watch, op->client, true);
  ia_timer_set(&op->client->engine->timers, &m->pause, m->settled_ms, confirm_late);
}

static imgact_tristate same_kind(const imgact_op *op, const imgact_action *action) {
  return op->slot->matches_action ? op->slot->matches_action(&op->call, action) : IMGACT_TRISTATE_UNKNOWN;
}

typedef struct span {
  int64_t from_ms, to_ms;
} span;

/* When the request left, by the cloud's clock. The steady clock may have stood still since, with a machine that was paused,
 * and the wall's clock may have been set: it left somewhere between what both say. Of a cloud that tells the time, only the
 * time that passed is ours. */
static span when_sent(const imgact_op *op) {
  const ia_mutation *m = op->mutation;
  const ia_now *now = &op->client->engine->timers.now;
  if (!m->sent_at_ms) /* nobody knows, but for what began after we sent it again */
    return (span){INT64_MIN, m->number ? ia_client_cloud_ms(op->client, m->sent_ms) - GRACE_MS : INT64_MAX};
  int64_t by_steady_ms = ia_client_cloud_ms(op->client, m->sent_ms) - GRACE_MS;
  int64_t by_wall_ms = ia_client_cloud_ms(op->client, now->mono_ms) - (now->wall_ms - m->sent_at_ms) - GRACE_MS;
  bool told = op->client->date_ms != IMGACT_NO_TIME;
  if (by_wall_ms < by_steady_ms) return (span){by_wall_ms, by_steady_ms};
  return (span){by_steady_ms, told ? by_steady_ms : by_wall_ms};
}

/* Could this listed action be what the lost request started? UNKNOWN: it cannot be ruled out. */
static imgact_tristate candidate(const imgact_op *op, const imgact_action *action, const span *sent) {
  bool timed = action->started_at != IMGACT_NO_TIME;
  if (claimed(op->client, action)) return IMGACT_TRISTATE_FALSE;
  if (timed && action->started_at < sent->from_ms) return IMGACT_TRISTATE_FALSE;
  imgact_tristate same = same_kind(op, action);
  if (same == IMGACT_TRISTATE_TRUE && (!timed || action->started_at < sent->to_ms)) return IMGACT_TRISTATE_UNKNOWN;
  return same;
}

/* Whosever it is: while it runs, or may, what the image shows need not stay so. */
static bool may_change(const imgact_op *op, const imgact_action *action) {
  bool runs = action->status == IMGACT_ACTION_STATUS_RUNNING ||
              (action->status == IMGACT_ACTION_STATUS_UNKNOWN && action->finished_at == IMGACT_NO_TIME);
  return runs && (op->slot->flags & IMGACT_SLOT_VERIFY_IMAGE) && same_kind(op, action) != IMGACT_TRISTATE_FALSE;
}

static void got_actions(ia_walk *walk) {
  imgact_op *op = walk->owner;
  if (walk->error.status != IMGACT_OK) {
    ambiguous(op, walk->error.message);
    return;
  }
  span sent = when_sent(op);
  size_t sure = 0, unsure = 0, at = 0;
  op->mutation->unsettled = false;
  for (size_t i = 0; i < op->result.actions_count; i++) {
    imgact_tristate answer = candidate(op, op->result.actions[i], &sent);
    op->mutation->unsettled = op->mutation->unsettled || may_change(op, op->result.actions[i]);
    if (answer == IMGACT_TRISTATE_TRUE) at = i;
    sure += answer == IMGACT_TRISTATE_TRUE;
    unsure += answer == IMGACT_TRISTATE_UNKNOWN;
  }
  if (unsure || sure > 1) {
    ambiguous(op, sure + unsure > 1 ? "several actions could be its effect" : "an action could be its effect");
  } else if (!sure) {
    op->result.actions_count = 0;
    look_at_image(op);
  } else if (!ia_result_set_action(&op->result, op->result.actions[at])) {
    ambiguous(op, "out of memory");
  } else if (op->slot->flags & IMGACT_SLOT_VERIFY_IMAGE) {
    confirm(op);
  } else {
    adopted(op);
  }
}

static bool list_actions(imgact_op *op, imgact_error *error) {
  ia_mutation *m = op->mutation;
  ia_no_memory(error);
  if (m->walk)
    ia_walk_stop(m->walk);
  else
    m->walk = ia_arena_alloc(&op->arena, sizeof *m->walk);
  if (!m->walk) return false;
  memset(m->walk, 0, sizeof *m->walk);
  m->filter = (imgact_action_filter){.size = sizeof m->filter, .image_id = op->call.image_ref};
  imgact_call call = {
      .size = sizeof call, .kind = IMGACT_OP_LIST_ACTIONS, .image_ref = op->call.image_ref, .action_filter = &m->filter};
  if (ia_walk_init(m->walk, op->client, &call, error) != IMGACT_OK) return false;
  return ia_op_walk(op, m->walk, terms_of_look(op), got_actions, error);
}

static void look(imgact_op *op) {
  imgact_error error;
  op->mutation->state = IA_MUTATION_LOOKING;
  op->mutation->looked_ms = op->client->engine->timers.now.mono_ms;
  if (!(op->slot->flags & IMGACT_SLOT_CREATES_ACTION)) {
    look_at_image(op);
  } else if (!ia_client_slot(op->client, IMGACT_OP_LIST_ACTIONS)) {
    ambiguous(op, "the provider cannot list actions");
  } else if (!list_actions(op, &error)) {
    ambiguous(op, error.message);
  }
}

void ia_reconcile(imgact_op *op, const ia_exchange *exchange, bool refused) {
  ia_mutation *m = op->mutation;
  bool safe = (op->slot->flags & IMGACT_SLOT_IDEMPOTENT) != 0;
  m->pending = exchange->error;
  m->details = op->result.details ? ia_arena_copy(&op->arena, op->result.details) : NULL;
  m->attempts = exchange->attempts;
  m->number = exchange->number;
  m->refused = refused;
  int64_t asked_ms = m->pending.retry_after_ms;
  m->not_before_ms = asked_ms > 0 ? ia_later(op->client->engine->timers.now.mono_ms, asked_ms) : 0;
  if (!m->in_doubt) {
    m->sent_ms = exchange->sent_ms;
    m->sent_at_ms = exchange->sent_at_ms;
  }
  m->in_doubt = true;
  /* A safe request was sent until it was answered; one that is refused then may meet its own effect under way. */
  m->settled_ms = ia_later(op->client->engine->timers.now.mono_ms, safe && !refused ? 0 : op->client->settings.settle_ms);
  ia_trace_text(op->client, IMGACT_TRACE_LOOKUP, -1, m->number, m->pending.message);
  look(op);
}

void ia_reconcile_resumed(imgact_op *op) {
  op->mutation->settled_ms = ia_later(op->client->engine->timers.now.mono_ms, op->client->settings.settle_ms);
  look(op);
}
