// SPDX-License-Identifier: MIT
/*
 * Operations from start to free; constructors.c creates them. Invariants:
 *
 * - Errors found by a constructor are in `error` before the start.
 * - done is called exactly once per start, from ia_engine_run_callbacks().
 * - A freed operation leaves no timer, request or watch.
 */
#include "op.h"
#include "error_fill.h"
#include "str.h"
#include "struct_size.h"
#include <string.h>

static bool may_be_applied(const imgact_op *op) {
  return op->flow->may_be_applied && op->flow->may_be_applied(op);
}

/* Sets what every error has: provider, profile, and whether the mutation may be applied. Redacts
 * the message, which may quote an argument, and the profile. */
static void complete_error(imgact_op *op, bool maybe) {
  const imgact_client *client = op->client;
  imgact_error *error = &op->error;
  error->flags &= ~IMGACT_ERROR_MAYBE_APPLIED;
  if (maybe) error->flags |= IMGACT_ERROR_MAYBE_APPLIED;
  ia_str_copy(error->provider, sizeof error->provider, client->provider->name);
  ia_str_copy(error->profile, sizeof error->profile, client->profile ? client->profile : "");
  ia_redact_in_place(&client->credential.redactor, error->message, strlen(error->message),
                     sizeof error->message);
  ia_redact_in_place(&client->credential.redactor, error->profile, strlen(error->profile),
                     sizeof error->profile);
}

void ia_op_complete_error(imgact_op *op) { complete_error(op, may_be_applied(op)); }

imgact_op *ia_op_new(imgact_client *client, const ia_flow *flow, const imgact_call *call) {
  if (!client) return NULL;
  imgact_op *op = ia_alloc_zero(client->allocator, sizeof *op);
  if (!op) return NULL;

  op->client = client;
  ia_client_ref(client);
  op->flow = flow;
  op->rate_limit = ia_rate_limit_unknown;
  op->deadline_ms = IA_NEVER;
  ia_error_clear(&op->error);
  ia_list_init(&op->progress.watches);
  ia_arena_init(&op->arena, client->allocator);
  ia_client_result_init(client, &op->result, false);
  op->result.arena.pool = &client->blocks;
  if (!ia_call_copy(&op->call, call, &op->arena)) {
    imgact_op_free(op);
    return NULL;
  }

  op->slot = ia_client_slot(client, call->kind);
  if (!op->slot)
    ia_op_reject(op, IMGACT_UNSUPPORTED, "%s does not support '%s'", client->provider->name,
                 imgact_op_kind_name(call->kind));
  else if (ia_call_check(&op->call, client->provider, &op->error) != IMGACT_OK)
    ia_op_complete_error(op);
  else if (ia_call_holds_token(&op->call, &client->credential.redactor))
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "argument contains the API token");

  return op;
}

void ia_op_reject(imgact_op *op, imgact_status status, const char *format, ...) {
  if (op->error.status != IMGACT_OK) return;
  va_list args;
  va_start(args, format);
  ia_error_clear(&op->error);
  ia_error_vtext(&op->error, format, args);
  va_end(args);
  op->error.status = status;
  ia_op_complete_error(op);
}

void ia_op_set_error(imgact_op *op, const imgact_error *error) {
  if (op->error.status != IMGACT_OK || error->status == IMGACT_OK) return;
  op->error = *error;
  ia_op_complete_error(op);
}

/* ---- start and end ---- */

static void add_cause(imgact_error *error, const imgact_error *cause) {
  *error = *cause;
  error->status = IMGACT_TIMEOUT;
  error->retry_after_ms = -1;
  char text[sizeof error->message - 64];
  ia_str_copy(text, sizeof text, cause->message);
  ia_error_text(error, "the deadline passed; the last attempt failed: %s", text);
}

static void deadline_passed(ia_timer *timer) {
  imgact_op *op = IA_ENTRY(timer, imgact_op, deadline);
  imgact_error error;
  imgact_error_set(&error, IMGACT_TIMEOUT, "the deadline passed");
  const imgact_error *cause = op->flow->cause(op);
  if (cause) add_cause(&error, cause);
  ia_op_end_with(op, &error, NULL);
}

static void end_now(ia_timer *timer) { ia_op_end(IA_ENTRY(timer, imgact_op, deadline)); }

void ia_op_end_soon(imgact_op *op) {
  ia_timer_set(&op->client->engine->timers, &op->deadline, op->client->engine->timers.now.mono_ms,
               end_now);
}

static bool has_page(const imgact_op *op) { return op->flow->has_page && op->flow->has_page(op); }

bool ia_op_has_undelivered_page(const imgact_op *op) { return has_page(op) && op->notify_done; }

void ia_op_start(imgact_op *op) {
  bool goes_on = has_page(op) && !op->notify_done;
  if (op->state != IA_OP_NEW && !goes_on)
    return; /* the page that is ready has not been delivered yet */

  ia_engine *engine = op->client->engine;
  ia_timers_update_clock(&engine->timers);
  op->state = IA_OP_RUNNING;
  engine->running++;
  if (op->error.status != IMGACT_OK) {
    ia_op_end_soon(op);
    return;
  }

  if (op->options.deadline_ms > 0) {
    if (!goes_on) op->deadline_ms = ia_later(engine->timers.now.mono_ms, op->options.deadline_ms);
    ia_timer_set(&engine->timers, &op->deadline, op->deadline_ms, deadline_passed);
  }

  op->flow->start(op);
}

void ia_op_end(imgact_op *op) {
  if (op->state != IA_OP_RUNNING) return;
  imgact_client *client = op->client;
  bool maybe = may_be_applied(op); /* depends on the state, which stop() ends */
  op->state = IA_OP_ENDED;
  while (!ia_list_empty(&op->progress.watches))
    ia_list_remove(op->progress.watches.next); /* the end is reported by done */
  op->flow->stop(op);
  if (op->error.status != IMGACT_OK) complete_error(op, maybe || may_be_applied(op));
  if (op->error.status == IMGACT_AMBIGUOUS && !op->parent) client->counters.ambiguous++;
  ia_timer_stop(&client->engine->timers, &op->deadline);
  client->engine->running--;
  op->notify_done = op->callbacks.done != NULL;
  if (op->notify_done) ia_list_append(&client->engine->callbacks, &op->notify);
}

void ia_op_end_with(imgact_op *op, const imgact_error *error, const char *details) {
  op->error = *error;
  op->failed_id = NULL;
  op->details = error->status != IMGACT_OK && details ? ia_arena_copy(&op->arena, details) : NULL;
  ia_op_end(op);
}

void ia_op_pin(imgact_op *op) { op->pins++; }

bool ia_op_unpin(imgact_op *op) {
  bool free_on_unpin = op->free_on_unpin;
  if (--op->pins == 0 && free_on_unpin) imgact_op_free(op);
  return !free_on_unpin;
}

/* ---- delays ---- */

static int64_t delayed_until_ms(const imgact_op *op) {
  int64_t until_ms = op->flow->delayed_until_ms ? op->flow->delayed_until_ms(op)
                                                : ia_exchange_delayed_until_ms(op->exchange);
  return until_ms == IA_NEVER && op->child ? delayed_until_ms(op->child) : until_ms;
}

int64_t imgact_op_delayed_until(const imgact_op *op) {
  if (!op || op->state != IA_OP_RUNNING) return IMGACT_NO_TIME;
  int64_t until_ms = delayed_until_ms(op);
  const ia_now *now = &op->client->engine->timers.now;
  return until_ms == IA_NEVER ? IMGACT_NO_TIME : now->wall_ms + (until_ms - now->mono_ms);
}

/* ---- callbacks ---- */

void ia_op_queue_progress(imgact_op *op, ia_watch *watch) {
  if (!op->callbacks.progress) return;
  ia_list_append(&op->progress.watches, &watch->progress_link);
  ia_list_append(&op->client->engine->callbacks, &op->notify);
}

void ia_op_release_watch(imgact_op *op, ia_watch *watch) {
  if (op->progress.current == watch) {
    op->progress.borrowed = watch->arena;
    watch->arena = (ia_arena){0};
    op->progress.current = NULL;
  }
  ia_watch_free(watch);
}

/* The callback may cancel or free the operation; its arguments stay valid until it returns. */
static void call_progress(imgact_op *op) {
  ia_watch *watch = op->progress.current =
      IA_ENTRY(op->progress.watches.next, ia_watch, progress_link);
  ia_list_remove(&watch->progress_link);
  if (!ia_list_empty(&op->progress.watches))
    ia_list_append(&op->client->engine->callbacks, &op->notify);
  ia_op_pin(op);
  op->callbacks.progress(op->callbacks.progress_user_data, op, watch->action);
  op->progress.current = NULL;
  if (op->progress.borrowed.allocator) ia_arena_free(&op->progress.borrowed);
  (void)ia_op_unpin(op);
}

void ia_op_run_callbacks(imgact_op *op) {
  if (!ia_list_empty(&op->progress.watches)) {
    call_progress(op);
    return;
  }
  if (!op->notify_done) return;
  imgact_done_fn done = op->callbacks.done;
  op->notify_done = false;
  op->callbacks.done = NULL; /* the next run of a list sets its own callback, or none */
  done(op->callbacks.done_user_data, op);
}

bool ia_op_call_before_send(imgact_op *op) {
  if (!op->callbacks.before_send) return true;
  const imgact_client *client = op->client;
  char credential[IA_CREDENTIAL_ID_SIZE];
  const ia_call_target target = {.provider = client->provider->name,
                                 .endpoint = client->endpoint,
                                 .credential = ia_client_credential_id(client, credential)};
  ia_arena arena; /* not the operation's: before_send may be called many times */
  ia_arena_init(&arena, client->allocator);
  const char *json = ia_call_json(&op->call, &target, &arena);
  imgact_status status = json ? ia_callback_status(op->callbacks.before_send(
                                    op->callbacks.before_send_user_data, op, json))
                              : IMGACT_NOMEM;
  const char *rejected =
      json ? "before_send rejected the call; nothing was applied" : "out of memory";
  ia_arena_free(&arena);
  if (op->state != IA_OP_RUNNING) return false; /* cancelled by the callback */
  if (status == IMGACT_OK) return true;

  imgact_error_set(&op->error, status, "%s", rejected);
  return false;
}

ia_request_policy ia_op_request_policy(imgact_op *op, ia_priority priority,
                                       bool no_early_rejection) {
  const ia_settings *settings = &op->client->settings;
  int32_t usual =
      priority == IA_PRIORITY_POLL ? settings->max_poll_attempts : settings->max_attempts;
  imgact_op *root = op;
  while (root->parent) root = root->parent;
  return (ia_request_policy){.deadline_ms = op->deadline_ms,
                             .rate_limit = &op->rate_limit,
                             .op = root,
                             .max_attempts =
                                 op->options.max_attempts > 0 ? op->options.max_attempts : usual,
                             .priority = priority,
                             .is_poll = priority == IA_PRIORITY_POLL,
                             .no_early_rejection = no_early_rejection};
}

bool ia_op_exchange(imgact_op *op, ia_request_policy policy, void (*done)(ia_exchange *)) {
  if (!op->exchange) op->exchange = ia_exchange_new(op->client, policy, done, op);
  if (!op->exchange) {
    ia_no_memory(&op->error);
    return false;
  }
  op->exchange->done = done;
  op->exchange->policy = policy;
  return true;
}

/* ---- verbs ---- */

void imgact_op_start(imgact_op *op, imgact_done_fn done, void *user) {
  if (!op) return;
  bool again = op->state == IA_OP_ENDED;
  op->callbacks.done = done;
  op->callbacks.done_user_data = user;
  if (op->state == IA_OP_RUNNING) return;
  ia_op_start(op);
  if (!again || op->state != IA_OP_ENDED) return;
  op->notify_done = done != NULL; /* a start after the end calls done again */
  if (done) ia_list_append(&op->client->engine->callbacks, &op->notify);
}

int imgact_op_maybe_applied(const imgact_op *op) {
  return op && op->state != IA_OP_ENDED && may_be_applied(op);
}

void imgact_op_cancel(imgact_op *op) {
  if (!op || op->state == IA_OP_ENDED) return;
  imgact_error error;
  imgact_error_set(&error, IMGACT_CANCELLED, "cancelled");
  if (op->state == IA_OP_NEW)
    ia_op_set_error(op, &error);
  else if (op->state == IA_OP_RUNNING)
    ia_op_end_with(op, &error, NULL);
}

void imgact_op_free(imgact_op *op) {
  if (!op) return;

  imgact_client *client = op->client;
  op->callbacks.done = NULL;
  if (op->state == IA_OP_RUNNING) {
    imgact_error_set(&op->error, IMGACT_CANCELLED, "cancelled");
    ia_op_end(op);
  }

  op->free_on_unpin = true;
  op->notify_done = false;
  ia_list_remove(&op->notify);
  if (op->pins) return; /* ia_op_unpin() frees it */
  op->flow->stop(op);
  ia_timer_stop(&client->engine->timers, &op->deadline);
  ia_exchange_free(op->exchange);
  ia_result_free(&op->result);
  ia_arena_free(&op->arena);
  ia_free(client->allocator, op);
  ia_client_unref(client);
}

void ia_op_check_size(imgact_op *op, const void *options, size_t theirs, size_t ours,
                      const char *what) {
  imgact_error error;
  if (op && options && ia_check_struct_size(options, theirs, ours, what, &error) != IMGACT_OK)
    ia_op_set_error(op, &error);
}

/* A deletion shows in the response to its request. */
static void check_ensure(imgact_op *op) {
  imgact_op_kind kind = op->call.kind;
  bool shown = kind == IMGACT_OP_CONVERT || kind == IMGACT_OP_TRANSFER ||
               kind == IMGACT_OP_CHANGE_PROTECTION;
  if (!shown && kind != IMGACT_OP_DELETE_IMAGE)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "IMGACT_OP_FLAG_ENSURE is not valid for %s",
                 imgact_op_kind_name(kind));
  else if (shown && op->slot && !op->slot->image_shows_effect)
    ia_op_reject(op, IMGACT_UNSUPPORTED, "%s does not show the effect of '%s'",
                 op->client->provider->name, imgact_op_kind_name(kind));
}

void imgact_op_set_options(imgact_op *op, const imgact_op_options *options) {
  if (!op || !options || op->state != IA_OP_NEW) return;
  ia_op_check_size(op, options, options->size, sizeof *options, "imgact_op_options");
  if (op->error.status != IMGACT_OK) return;

  op->options = *options;
  op->result.keep_raw = (options->flags & IMGACT_OP_FLAG_KEEP_RAW) != 0;
  op->call.flags = options->flags & IMGACT_OP_FLAG_VIA_IMAGE;
  if (options->flags & ~(IMGACT_OP_FLAG_KEEP_RAW | IMGACT_OP_FLAG_PAGED | IMGACT_OP_FLAG_VIA_IMAGE |
                         IMGACT_OP_FLAG_ENSURE))
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "unknown flags in 0x%x", (unsigned)options->flags);
  if (options->deadline_ms < 0 || options->poll_interval_ms < 0 || options->max_attempts < 0)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT,
                 "deadline_ms, poll_interval_ms and max_attempts must not be negative");

  if ((options->flags & IMGACT_OP_FLAG_VIA_IMAGE) && op->call.kind != IMGACT_OP_GET_ACTION)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT,
                 "IMGACT_OP_FLAG_VIA_IMAGE is valid for imgact_get_action() only");

  if (options->flags & IMGACT_OP_FLAG_ENSURE) check_ensure(op);

  bool pages = options->page || options->per_page || options->max_items ||
               (options->flags & IMGACT_OP_FLAG_PAGED);
  if (op->flow->configure)
    op->flow->configure(op, options);
  else if (pages)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "%s does not support page options",
                 imgact_op_kind_name(op->call.kind));
}

void imgact_op_set_wait(imgact_op *op, int wait) {
  if (!op || op->state != IA_OP_NEW) return;
  op->wait = wait != 0;
}

void imgact_op_set_progress(imgact_op *op, imgact_progress_fn progress, void *user_data) {
  if (!op || op->state != IA_OP_NEW) return;
  op->callbacks.progress = progress;
  op->callbacks.progress_user_data = user_data;
}

void imgact_op_set_user_data(imgact_op *op, void *user_data) {
  if (op) op->user_data = user_data;
}

void imgact_op_set_before_send(imgact_op *op, imgact_before_send_fn before_send, void *user_data) {
  if (!op || op->state != IA_OP_NEW) return;
  op->callbacks.before_send = before_send;
  op->callbacks.before_send_user_data = user_data;
}
