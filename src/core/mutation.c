// SPDX-License-Identifier: MIT
/*
 * Mutations, and what is done when the answer of one is lost (contract, section 5).
 *
 *   twin -> send -> [look -> image -> pause]* -> (send again | adopted | ambiguous | failed) -> wait -> end
 *
 * A request that cannot be repeated is sent again only after a look through the cloud's own list of actions showed, for the
 * whole time to settle, that the last one did nothing. Two operations of a client that would leave the same trace never are
 * in doubt at the same time: the later one waits for the earlier one's end ("twin").
 */
#include "error.h"
#include "op.h"
#include "str.h"
#include "trace.h"
#include <string.h>

#define GRACE_MS 2000 /* the cloud's clock shows whole seconds, and so do its dates */
#define CLAIMS   1024 /* as many actions as started while one was looked for, and more */
#define LOOKS    5    /* within the time to settle */

typedef enum mutation_state {
  MUTATION_NEW,
  MUTATION_TWIN,
  MUTATION_DUE,
  MUTATION_SENT,
  MUTATION_LOOKING,
  MUTATION_CONFIRMING,
  MUTATION_WAITING
} mutation_state;

struct ia_mutation {
  ia_link link; /* in client->mutations until the effect is settled */
  uint64_t key;
  mutation_state state;
  bool in_doubt; /* some send may have been applied */
  bool refused;  /* pending is a refusal of a request that was sent again */
  bool resumed;
  int32_t attempts;
  int64_t sent_ms;    /* of the first send in doubt; steady */
  int64_t settled_ms; /* until when to look; steady */
  int64_t looked_ms;  /* when the last look was begun: its answer may come late, and tells of that time */
  imgact_error pending;
  const char *details;
  ia_timer pause;
  ia_watch watch;
  ia_walk *walk;
  imgact_action_filter filter;
  imgact_result image; /* of the last look at the image */
  imgact_op *op;
};

static void begin_soon(ia_mutation *m);
static void send(imgact_op *op);
static void look(imgact_op *op);
static void look_at_image(imgact_op *op);

/* ---- ends ---- */

static void leave_list(imgact_op *op) {
  ia_mutation *m = op->mutation;
  imgact_client *client = op->client;
  if (!ia_linked(&m->link)) return;
  ia_list_remove(&m->link);
  for (ia_link *at = client->mutations.next; at != &client->mutations; at = at->next) {
    ia_mutation *other = IA_ENTRY(at, ia_mutation, link);
    if (other->key != m->key) continue;
    if (other->state == MUTATION_TWIN) begin_soon(other);
    return;
  }
}

static void fail(imgact_op *op, const imgact_error *error, const char *details) { ia_op_end_with(op, error, details); }

static void fail_pending(imgact_op *op, bool maybe_applied) {
  ia_mutation *m = op->mutation;
  imgact_error error = m->pending;
  error.flags &= ~IMGACT_ERROR_MAYBE_APPLIED;
  if (maybe_applied) error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
  fail(op, &error, m->details);
}

/* The server's reason stays in the sentence: without it nobody can settle the matter. */
static void ambiguous(imgact_op *op, const char *why) {
  ia_mutation *m = op->mutation;
  imgact_error error;
  imgact_error_set(&error, IMGACT_AMBIGUOUS, "the request's answer was lost (%s), and looking did not settle it: %s",
                   m->pending.message, why);
  error.http_status = m->pending.http_status;
  error.flags = IMGACT_ERROR_MAYBE_APPLIED;
  ia_str_copy(error.request_id, sizeof error.request_id, m->pending.request_id);
  op->result.actions_count = op->result.images_count = 0;
  fail(op, &error, m->details);
}

/* ---- the action is known ---- */

/* An operation can be taken for another's only around the time of both: the last CLAIMS at least are remembered. */
static bool claim(imgact_op *op, const imgact_action *action) {
  imgact_client *client = op->client;
  if (!action || !action->id) return true;
  if (client->claims.count >= CLAIMS) {
    ia_set swap = client->older_claims;
    client->older_claims = client->claims;
    client->claims = swap;
    ia_set_clear(&client->claims);
  }
  bool added;
  return ia_set_put(&client->claims, ia_hash(action->id, strlen(action->id)), 0, &added) != NULL;
}

static bool claimed(const imgact_client *client, const imgact_action *action) {
  if (!action->id) return false;
  uint64_t hash = ia_hash(action->id, strlen(action->id));
  return ia_set_has(&client->claims, hash) || ia_set_has(&client->older_claims, hash);
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
    fail(op, &failed, details);
    return;
  }
  if (watch->action->status == IMGACT_ACTION_RUNNING) {
    ia_op_progress(op, watch);
    return;
  }
  judge(op, watch->action);
  ia_op_end(op);
}

static void wait_for(imgact_op *op, const imgact_action *action) {
  ia_mutation *m = op->mutation;
  m->state = MUTATION_WAITING;
  ia_op_watch(op, &m->watch, ia_arena_copy(&op->arena, action->id), op->call.image, waited);
  if (!m->watch.arena.allocator) ia_arena_init(&m->watch.arena, op->client->allocator);
  ia_arena_reset(&m->watch.arena);
  m->watch.action = ia_action_copy(&m->watch.arena, action);
  if (!m->watch.id || !m->watch.action) {
    imgact_error_set(&op->error, IMGACT_NOMEM, "out of memory");
    op->error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
    ia_op_end(op);
    return;
  }
  m->watch.misses_left = op->client->provider->fresh_misses;
  m->watch.kind = action->kind;
  ia_watch_start(&m->watch, op->client, true);
  ia_op_progress(op, &m->watch);
}

/* Applied, by this operation. Without a wish to wait a running action is success; a failed one never is. */
static void applied(imgact_op *op) {
  const imgact_action *action = imgact_op_action(op);
  bool ours = claim(op, action);
  leave_list(op);
  if (!ours) {
    imgact_error_set(&op->error, IMGACT_NOMEM, "out of memory");
    op->error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
  } else if (action && action->status == IMGACT_ACTION_RUNNING && op->wait && action->id) {
    wait_for(op, action);
    return;
  } else if (action && (op->wait || action->status == IMGACT_ACTION_ERROR)) {
    judge(op, action);
  }
  ia_op_end(op);
}

static void adopted(imgact_op *op) {
  op->adopted = true;
  ia_error_clear(&op->error);
  applied(op);
}

/* ---- looking into a lost answer ---- */

static void paused(ia_timer *timer) { look(IA_ENTRY(timer, ia_mutation, pause)->op); }

/* The next look comes after a part of the time to settle, the last one at its end, or at once where that has passed. */
static int64_t next_look_ms(const imgact_op *op) {
  int64_t now_ms = op->client->engine->now.mono_ms, left = op->mutation->settled_ms - now_ms;
  int64_t interval = op->client->settings.settle_ms / LOOKS;
  if (left < 0) left = 0;
  return now_ms + (interval < 1 ? 1 : interval < left ? interval : left);
}

/* Nothing was found. While the cloud may still be settling, it is looked again; then the request is free to go again. */
static void found_nothing(imgact_op *op) {
  ia_mutation *m = op->mutation;
  imgact_client *client = op->client;
  ia_engine *engine = client->engine;
  int32_t max = op->options.max_attempts > 0 ? op->options.max_attempts : client->settings.max_attempts;
  if (m->looked_ms < m->settled_ms) {
    ia_timer_set(engine, &m->pause, next_look_ms(op), paused);
  } else if (m->refused) {
    fail_pending(op, false);
  } else if ((op->slot->flags & IMGACT_SLOT_SAFE) || m->attempts >= max) {
    fail_pending(op, true); /* a request that is safe was sent again as often as it may be before it was looked into */
  } else if (client->retry_tokens < 1) {
    char message[sizeof m->pending.message];
    ia_str_copy(message, sizeof message, m->pending.message);
    ia_error_text(&m->pending, "%s (not sent again: this client's %d retries are used up)", message, IA_RETRY_TOKENS);
    fail_pending(op, true);
  } else {
    client->retry_tokens--;
    ia_trace_text(client, IMGACT_TRACE_LOOKUP, -1, "the cloud shows no effect of the request: it is sent again");
    send(op);
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
  if (engine->now.mono_ms >= m->settled_ms) {
    ambiguous(op, "an action of the kind has finished, but the image does not show what was asked for");
    return;
  }
  ia_timer_set(engine, &m->pause, next_look_ms(op), confirm_again);
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
  bool confirming = m->state == MUTATION_CONFIRMING, safe = (op->slot->flags & IMGACT_SLOT_SAFE) != 0;
  if (exchange->error.status != IMGACT_OK) {
    if (safe)
      fail_pending(op, true);
    else
      ambiguous(op, exchange->error.message);
    return;
  }
  const imgact_image *image = m->image.images_count ? m->image.images[0] : NULL;
  if (!image || !ia_str_equal(image->id, op->call.image)) { /* another image's state settles nothing */
    if (safe)
      fail_pending(op, true);
    else
      ambiguous(op, "the cloud answered with another image");
    return;
  }
  bool shown = op->slot->effect(&op->call, image) == IMGACT_YES;
  if (shown && !confirming) show_image(op);
  if (shown)
    adopted(op);
  else if (confirming)
    not_confirmed(op);
  else
    found_nothing(op);
}

static void look_at_image(imgact_op *op) {
  ia_mutation *m = op->mutation;
  imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_GET_IMAGE, .image = op->call.image};
  if (!op->slot->effect || !ia_client_slot(op->client, IMGACT_OP_GET_IMAGE)) {
    if (m->state == MUTATION_CONFIRMING)
      not_confirmed(op);
    else
      found_nothing(op);
    return;
  }
  ia_exchange_free(op->exchange);
  op->exchange = NULL;
  if (!ia_op_exchange(op, IA_LANE_MUTATION, got_image)) {
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
  if (watch->action->status == IMGACT_ACTION_RUNNING) return;
  ia_timer_stop(op->client->engine, &op->mutation->pause);
  if (!ia_result_set_action(&op->result, watch->action))
    ambiguous(op, "out of memory");
  else
    look_at_image(op);
}

static void confirm(imgact_op *op) {
  ia_mutation *m = op->mutation;
  const imgact_action *action = imgact_op_action(op);
  m->state = MUTATION_CONFIRMING;
  if (action->status != IMGACT_ACTION_RUNNING) {
    look_at_image(op);
    return;
  }
  ia_op_watch(op, &m->watch, ia_arena_copy(&op->arena, action->id), op->call.image, candidate_looked);
  if (!m->watch.id) {
    ambiguous(op, "out of memory");
    return;
  }
  ia_watch_start(&m->watch, op->client, true);
  ia_timer_set(op->client->engine, &m->pause, m->settled_ms, confirm_late);
}

/* Could this listed action be what the lost request started? UNTOLD: it cannot be ruled out. */
static imgact_answer candidate(const imgact_op *op, const imgact_action *action, int64_t since_ms) {
  const imgact_client *client = op->client;
  if (claimed(client, action)) return IMGACT_NO;
  if (action->started_at != IMGACT_NO_TIME && action->started_at < since_ms) return IMGACT_NO;
  imgact_answer same = op->slot->same ? op->slot->same(&op->call, action) : IMGACT_UNTOLD;
  if (same == IMGACT_YES && action->started_at == IMGACT_NO_TIME) return IMGACT_UNTOLD;
  return same;
}

static void got_actions(ia_walk *walk) {
  imgact_op *op = walk->owner;
  ia_mutation *m = op->mutation;
  if (walk->error.status != IMGACT_OK) {
    ambiguous(op, walk->error.message);
    return;
  }
  int64_t since = ia_client_cloud_ms(op->client, m->sent_ms) - GRACE_MS;
  size_t sure = 0, unsure = 0, at = 0;
  for (size_t i = 0; i < op->result.actions_count; i++) {
    imgact_answer answer = candidate(op, op->result.actions[i], since);
    if (answer == IMGACT_YES) at = i;
    sure += answer == IMGACT_YES;
    unsure += answer == IMGACT_UNTOLD;
  }
  if (unsure || sure > 1) {
    ambiguous(op, sure + unsure > 1 ? "several actions could be its effect" : "an action could be its effect");
  } else if (!sure) {
    op->result.actions_count = 0;
    look_at_image(op);
  } else if (!ia_result_set_action(&op->result, op->result.actions[at])) {
    ambiguous(op, "out of memory");
  } else if (op->slot->flags & IMGACT_SLOT_CONFIRM) {
    confirm(op);
  } else {
    adopted(op);
  }
}

static bool list_actions(imgact_op *op, imgact_error *error) {
  ia_mutation *m = op->mutation;
  imgact_error_set(error, IMGACT_NOMEM, "out of memory");
  if (m->walk)
    ia_walk_stop(m->walk);
  else
    m->walk = ia_arena_alloc(&op->arena, sizeof *m->walk);
  if (!m->walk) return false;
  memset(m->walk, 0, sizeof *m->walk);
  m->filter = (imgact_action_filter){.size = sizeof m->filter, .image_id = op->call.image};
  imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_LIST_ACTIONS, .image = op->call.image, .actions = &m->filter};
  if (ia_walk_init(m->walk, op->client, &call, error) != IMGACT_OK) return false;
  m->walk->lane = IA_LANE_MUTATION;
  m->walk->done = got_actions;
  m->walk->owner = op;
  m->walk->deadline_ms = op->deadline_ms;
  if (op->options.max_attempts > 0) m->walk->max_attempts = op->options.max_attempts;
  if (ia_walk_start(m->walk, &op->result)) return true;
  *error = m->walk->error;
  return false;
}

static void look(imgact_op *op) {
  imgact_error error;
  op->mutation->state = MUTATION_LOOKING;
  op->mutation->looked_ms = op->client->engine->now.mono_ms;
  if (!(op->slot->flags & IMGACT_SLOT_CREATES_ACTION)) {
    look_at_image(op);
  } else if (!ia_client_slot(op->client, IMGACT_OP_LIST_ACTIONS)) {
    ambiguous(op, "the provider cannot list actions");
  } else if (!list_actions(op, &error)) {
    ambiguous(op, error.message);
  }
}

static void begin_look(imgact_op *op, const ia_exchange *exchange, bool refused) {
  ia_mutation *m = op->mutation;
  bool safe = (op->slot->flags & IMGACT_SLOT_SAFE) != 0;
  m->pending = exchange->error;
  m->details = op->result.details ? ia_arena_copy(&op->arena, op->result.details) : NULL;
  m->attempts = exchange->attempts;
  m->refused = refused;
  if (!m->in_doubt) m->sent_ms = exchange->sent_ms;
  m->in_doubt = true;
  m->settled_ms = ia_later(op->client->engine->now.mono_ms, safe ? 0 : op->client->settings.settle_ms);
  ia_trace_text(op->client, IMGACT_TRACE_LOOKUP, -1, m->pending.message);
  look(op);
}

/* ---- sending ---- */

/* A deletion that was sent again and meets what is deleted already has succeeded (contract, section 5). The flag is the
 * provider's word on a reply: a not_found from elsewhere, a token callback's say, tells nothing of the image. */
static bool deleted_before(const imgact_op *op, const ia_exchange *exchange) {
  bool again = exchange->attempts > 1 || op->mutation->in_doubt; /* a resumed one was sent by another program */
  return again && op->call.kind == IMGACT_OP_DELETE_IMAGE && (exchange->error.flags & IMGACT_ERROR_GONE);
}

static void sent(ia_exchange *exchange) {
  imgact_op *op = exchange->owner;
  ia_mutation *m = op->mutation;
  bool safe = (op->slot->flags & IMGACT_SLOT_SAFE) != 0;
  bool refusal = exchange->error.http_status >= 400 && exchange->error.http_status < 500;
  if (exchange->error.status == IMGACT_OK || deleted_before(op, exchange)) {
    ia_error_clear(&op->error);
    applied(op);
  } else if (exchange->uncertain) {
    begin_look(op, exchange, false);
  } else if (safe && op->slot->effect && (exchange->maybe_applied || m->in_doubt)) {
    begin_look(op, exchange, refusal);
  } else if (!safe && m->in_doubt && refusal) {
    begin_look(op, exchange, true);
  } else {
    imgact_error error = exchange->error;
    if (m->in_doubt) error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
    fail(op, &error, op->result.details);
  }
}

static void send(imgact_op *op) {
  ia_mutation *m = op->mutation;
  m->state = MUTATION_SENT;
  ia_exchange_free(op->exchange);
  op->exchange = NULL;
  ia_result_reset(&op->result);
  ia_op_pin(op);
  bool announced = ia_op_announce(op);
  if (!ia_op_unpin(op)) return; /* the hook freed it */
  if (op->state != IA_OP_RUNNING) return;
  if (!announced || !ia_op_exchange(op, IA_LANE_MUTATION, sent)) {
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
  if (!m->resumed) {
    send(op);
    return;
  }
  m->settled_ms = ia_later(op->client->engine->now.mono_ms, op->client->settings.settle_ms);
  look(op);
}

/* By a timer, so that on_intent is called from a dispatch, never from inside a start, a cancel or the end of a twin. */
static void begin_soon(ia_mutation *m) {
  ia_engine *engine = m->op->client->engine;
  m->state = MUTATION_DUE;
  ia_timer_set(engine, &m->pause, engine->now.mono_ms, begin);
}

static uint64_t key_of(const imgact_call *call) {
  uint64_t key = ia_hash(call->image, strlen(call->image)) * 31 + (uint64_t)call->kind;
  return call->region ? key * 31 + ia_hash(call->region, strlen(call->region)) : key;
}

static bool has_twin(const imgact_op *op) {
  const ia_link *head = &op->client->mutations;
  for (const ia_link *at = head->next; at != head; at = at->next)
    if (((const ia_mutation *)(const void *)((const char *)at - offsetof(ia_mutation, link)))->key == op->mutation->key)
      return true;
  return false;
}

static bool make(imgact_op *op) {
  if (op->mutation) return true;
  op->mutation = ia_arena_alloc(&op->arena, sizeof *op->mutation);
  if (op->mutation) op->mutation->op = op;
  return op->mutation != NULL;
}

static void start(imgact_op *op) {
  if (!make(op)) {
    imgact_error_set(&op->error, IMGACT_NOMEM, "out of memory");
    ia_op_end_soon(op);
    return;
  }
  ia_mutation *m = op->mutation;
  bool twin = false;
  if (op->slot->flags & IMGACT_SLOT_CREATES_ACTION) {
    m->key = key_of(&op->call);
    twin = has_twin(op);
    ia_list_append(&op->client->mutations, &m->link);
  }
  m->state = MUTATION_TWIN;
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
  ia_engine_refresh(op->client->engine);
  const ia_now *now = &op->client->engine->now;
  m->in_doubt = true;
  if (!(op->slot->flags & IMGACT_SLOT_CREATES_ACTION)) return; /* safe: it is simply sent */
  m->resumed = true;
  m->attempts = 1;
  if (sent_wall_ms < 0) sent_wall_ms = 0;
  m->sent_ms = now->mono_ms - (now->wall_ms > sent_wall_ms ? now->wall_ms - sent_wall_ms : 0);
  imgact_error_set(&m->pending, IMGACT_NETWORK, "the program that sent the request did not see its answer");
}

/* What was seen last of a waited action is the result, however the operation ends; what was only looked at is none. */
static void stop(imgact_op *op) {
  ia_mutation *m = op->mutation;
  if (m && (m->state == MUTATION_LOOKING || m->state == MUTATION_CONFIRMING) && !op->adopted)
    op->result.actions_count = op->result.images_count = 0;
  if (m && m->state == MUTATION_WAITING && m->watch.action && !ia_result_set_action(&op->result, m->watch.action) &&
      op->error.status == IMGACT_OK) {
    imgact_error_set(&op->error, IMGACT_NOMEM, "out of memory");
    op->error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
  }
  ia_exchange_free(op->exchange);
  op->exchange = NULL;
  if (!m) return;
  ia_watch_free(&m->watch);
  ia_timer_stop(op->client->engine, &m->pause);
  if (m->walk) ia_walk_stop(m->walk);
  if (m->image.allocator) ia_result_free(&m->image);
  m->image.allocator = NULL;
  leave_list(op);
}

/* Also while it waits for the action: somebody who reads "not applied" would send it again. */
static bool maybe_out(const imgact_op *op) {
  const ia_mutation *m = op->mutation;
  if (!m || m->state <= MUTATION_DUE) return m && m->in_doubt;
  if (m->state == MUTATION_SENT) return m->in_doubt || (op->exchange && ia_exchange_maybe_out(op->exchange));
  return true;
}

const ia_flow ia_flow_mutation = {start, stop, maybe_out};
