// SPDX-License-Identifier: MIT
/*
 * Ensuring a state.
 *
 *   image -> running actions -> request
 *     ^            |               | refused, because the image is busy
 *     +--- wait <--+---------------+
 *
 * - If the image shows the effect, nothing is sent.
 * - A running action that may have the same effect is waited for. Whether it succeeds does not
 *   matter: the image is read again.
 * - A refusal because the image is busy takes no attempts. Without a deadline it is the result
 * after an hour.
 *
 * Mutations of one client that read the same image before the first of these requests is sent share
 * it. It belongs to one of them, its reader; the others follow it and have no source of events.
 */
#include "ensure.h"
#include "child.h"
#include "running.h"
#include "str.h"
#include <string.h>

#define GIVE_UP_MS 3600000

typedef struct ensure_data {
  ia_mutation *m;
  ia_link link;       /* reader: in client->image_reads; otherwise in the followers of the reader */
  ia_link followers;  /* of a reader */
  int64_t give_up_ms; /* monotonic; IA_NEVER = nothing was refused, or the deadline ends it */
  bool waited;        /* for actions, at least once */
} ensure_data;

static void check(ia_mutation *m);

static imgact_client *client_of(const ia_mutation *m) { return m->op->client; }

static ensure_data *data_of(const ia_mutation *m) { return m->step_data; }

static int64_t now_ms(const ia_mutation *m) { return client_of(m)->engine->timers.now.mono_ms; }

static bool ensures(const ia_mutation *m) {
  return (m->op->options.flags & IMGACT_OP_FLAG_ENSURE) != 0;
}

static bool make_data(ia_mutation *m) {
  if (m->step_data) return true;
  ensure_data *data = m->step_data = ia_arena_alloc(&m->op->arena, sizeof *data);
  if (!data) return false;
  data->m = m;
  data->give_up_ms = IA_NEVER;
  ia_list_init(&data->followers);
  return true;
}

static void end_refused(ia_mutation *m) {
  imgact_error refusal = m->refusal->error;
  if (!ia_running_report(m)) ia_mutation_end(m, &refusal, m->refusal->details);
}

/* ---- actions ---- */

/* The second round and further ones rest first: a list can show an action as running longer than
 * the action itself does. */
static void again(ia_mutation *m) {
  ensure_data *data = data_of(m);
  bool rests = data->waited;
  data->waited = true;
  if (!rests)
    check(m);
  else if (!ia_mutation_rest(m, data->give_up_ms, check))
    end_refused(m);
}

static void on_waited(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  switch (child->error.status) {
  case IMGACT_OK:
  case IMGACT_ACTION_FAILED: again(m); break;
  case IMGACT_NOT_FOUND: /* not even waited for */
  case IMGACT_PROTOCOL:
    data_of(m)->waited = true;
    again(m);
    break;
  case IMGACT_TIMEOUT: end_refused(m); break;
  default: ia_mutation_end(m, &child->error, child->details); break;
  }
}

/* Collects the ids of the actions to wait for: of all running ones, or of those that may have the
 * effect of the mutation. NULL = no memory. */
static const char **choose(const ia_mutation *m, imgact_op *child, bool all, size_t *count) {
  const imgact_result *list = &child->result;
  const imgact_slot *slot = m->op->slot;
  const char **ids = ia_arena_array(&child->arena, list->actions_count + 1, sizeof *ids);
  *count = 0;
  for (size_t i = 0; ids && i < list->actions_count; i++) {
    const imgact_action *action = list->actions[i];
    if (!ia_runs(action)) continue;
    if (all || slot->matches_action(&m->op->call, action) != IMGACT_TRISTATE_FALSE)
      ids[(*count)++] = action->id;
  }
  return ids;
}

static void wait_for(ia_mutation *m, const char *const *ids, size_t count) {
  int64_t give_up_ms = data_of(m)->give_up_ms;
  const imgact_call call = {.size = sizeof call,
                            .kind = IMGACT_OP_WAIT_ACTIONS,
                            .action_ids = ids,
                            .action_ids_count = count,
                            .image_ref = m->op->call.image_ref};
  imgact_op *child = ia_child_new(m->op, &ia_flow_wait, &call);
  if (child && give_up_ms != IA_NEVER)
    child->options.deadline_ms = give_up_ms > now_ms(m) ? give_up_ms - now_ms(m) : 1;
  if (!ia_child_start(m->op, child, on_waited)) ia_mutation_end_without_memory(m);
}

static void on_similar(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  size_t count;
  if (child->error.status != IMGACT_OK) {
    ia_mutation_end(m, &child->error, child->details);
    return;
  }
  const char **ids = choose(m, child, false, &count);
  if (!ids)
    ia_mutation_end_without_memory(m);
  else if (count)
    wait_for(m, ids, count);
  else
    ia_mutation_send(m);
}

/* What keeps the image busy may be invisible to the token. */
static void on_busy(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  size_t count;
  if (child->error.status != IMGACT_OK) {
    ia_running_end(op, child);
    return;
  }
  const char **ids = choose(m, child, true, &count);
  if (!ids)
    ia_mutation_end_without_memory(m);
  else if (count)
    wait_for(m, ids, count);
  else if (!ia_mutation_rest(m, data_of(m)->give_up_ms, check))
    ia_running_end(op, child);
}

static void wait_until_free(ia_mutation *m) {
  if (!make_data(m)) {
    ia_mutation_end_without_memory(m);
    return;
  }
  ensure_data *data = data_of(m);
  if (data->give_up_ms == IA_NEVER && m->op->deadline_ms == IA_NEVER)
    data->give_up_ms = ia_later(now_ms(m), GIVE_UP_MS);
  if (!ia_running_list(m->op, 0, on_busy)) ia_mutation_end_without_memory(m);
}

/* ---- the image ---- */

static bool can_show(const ia_mutation *m) {
  return m->op->slot->image_shows_effect && ia_client_slot(client_of(m), IMGACT_OP_GET_IMAGE);
}

static bool shows_effect(const ia_mutation *m, const imgact_op *child) {
  const imgact_image *image = imgact_op_image(child);
  return image && m->op->slot->image_shows_effect(&m->op->call, image) == IMGACT_TRISTATE_TRUE;
}

static void decide(ia_mutation *m, const imgact_op *child) {
  if (child->error.status != IMGACT_OK)
    ia_mutation_end(m, &child->error, child->details);
  else if (shows_effect(m, child))
    ia_mutation_not_needed(m);
  else if (!m->op->slot->matches_action)
    ia_mutation_send(m);
  else if (!ia_running_list(m->op, 0, on_similar))
    ia_mutation_end_without_memory(m);
}

static bool read_image(ia_mutation *m, void (*done)(imgact_op *op, imgact_op *child)) {
  return ia_child_start(m->op, ia_child_get_image(m->op, m->op->call.image_ref), done);
}

/* ---- one request for the image, of several mutations ---- */

static ia_link *reads_of(const ia_mutation *m) {
  const char *image = m->op->call.image_ref;
  return &client_of(m)->image_reads[ia_hash(image, strlen(image)) % IA_IMAGE_READ_LISTS];
}

/* A response to a request that was sent earlier could be older than the start of the mutation. */
static bool can_follow(const ia_mutation *m, const ia_mutation *reader) {
  const imgact_op *child = reader->op->child;
  const ia_exchange *exchange = child ? child->exchange : NULL;
  return exchange && exchange->state == IA_EXCHANGE_QUEUED && !exchange->attempts &&
         ia_str_equal(m->op->call.image_ref, reader->op->call.image_ref);
}

static ensure_data *find_reader(const ia_mutation *m) {
  const ia_link *head = reads_of(m);
  for (ia_link *at = head->next; at != head; at = at->next) {
    ensure_data *reader = IA_ENTRY(at, ensure_data, link);
    if (can_follow(m, reader->m)) return reader;
  }
  return NULL;
}

static ensure_data *next_follower(ensure_data *reader) {
  if (ia_list_empty(&reader->followers)) return NULL;
  ensure_data *follower = IA_ENTRY(reader->followers.next, ensure_data, link);
  ia_list_remove(&follower->link);
  return follower;
}

/* An error without a response can come from the options of the reader alone. */
static void on_image(imgact_op *op, imgact_op *child) {
  ensure_data *data = data_of(op->mutation), *follower;
  bool shared = child->error.status == IMGACT_OK || child->error.http_status;
  ia_list_remove(&data->link);
  while ((follower = next_follower(data))) {
    if (shared)
      decide(follower->m, child);
    else
      ia_mutation_soon(follower->m, check);
  }
  decide(op->mutation, child);
}

static void check(ia_mutation *m) {
  ensure_data *data = data_of(m), *reader;
  if (!can_show(m))
    ia_mutation_send(m);
  else if ((reader = find_reader(m)))
    ia_list_append(&reader->followers, &data->link);
  else if (read_image(m, on_image))
    ia_list_append(reads_of(m), &data->link);
  else
    ia_mutation_end_without_memory(m);
}

static void stop(ia_mutation *m) {
  ensure_data *data = data_of(m), *follower;
  if (!data) return;
  ia_list_remove(&data->link);
  while ((follower = next_follower(data))) ia_mutation_soon(follower->m, check);
}

/* ---- steps ---- */

/* What another program has sent is looked up first. */
static void before(ia_mutation *m) {
  bool resumed = m->unknown.reason == IA_UNKNOWN_INHERITED;
  if (!ensures(m) || resumed)
    ia_mutation_send(m);
  else if (make_data(m))
    check(m);
  else
    ia_mutation_end_without_memory(m);
}

/* Why the API has rejected the request: if the image shows the effect, there was nothing to do. */
static void on_reason(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  imgact_error error = m->refusal->error;
  bool done = child->error.status == IMGACT_OK && shows_effect(m, child);
  if (done && ensures(m)) {
    ia_mutation_not_needed(m);
    return;
  }
  if (done) error.status = IMGACT_ALREADY_DONE;
  ia_mutation_end(m, &error, m->refusal->details);
}

static bool may_be_done(const ia_mutation *m) {
  imgact_op_kind kind = m->op->call.kind;
  return (kind == IMGACT_OP_CONVERT || kind == IMGACT_OP_TRANSFER) && can_show(m) &&
         m->refusal->error.status == IMGACT_INVALID_INPUT && !m->refusal->looked_up;
}

/* A not_found without a response, as from a token callback, does not concern the image. */
static bool is_deleted(const ia_mutation *m) {
  return m->op->call.kind == IMGACT_OP_DELETE_IMAGE &&
         m->refusal->error.status == IMGACT_NOT_FOUND && m->refusal->error.http_status;
}

static bool rejected(ia_mutation *m) {
  const imgact_error *error = &m->refusal->error;
  bool busy = error->status == IMGACT_LOCKED || (error->flags & IMGACT_ERROR_PENDING_ACTION) != 0;
  if (ensures(m) && busy)
    wait_until_free(m);
  else if (ensures(m) && is_deleted(m))
    ia_mutation_not_needed(m);
  else
    return may_be_done(m) ? read_image(m, on_reason) : ia_running_report(m);
  return true;
}

const ia_mutation_steps ia_ensure_steps = {.before = before, .rejected = rejected, .stop = stop};
