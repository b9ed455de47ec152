// SPDX-License-Identifier: MIT
/* Waiting for the status of images: each is requested again and again until it has the status, or
 * cannot reach it any more. With the status 0 each is requested once. */
#include "error_fill.h"
#include "exchange.h"
#include "op.h"
#include "poll_interval.h"
#include "str.h"
#include <string.h>

typedef struct image_wait {
  imgact_op *op;
  const char *id;
  ia_exchange *exchange;
  ia_timer timer;
  imgact_result known; /* the last known state; no item if the API does not know the image */
  imgact_result reply; /* of the current request */
} image_wait;

struct ia_image_waits {
  image_wait *all;
  size_t left;
  int64_t started_ms;
};

static ia_timers *timers_of(const imgact_op *op) { return &op->client->engine->timers; }

/* The error of the first failure becomes that of the operation. */
static void note(image_wait *wait, const imgact_error *error, const char *details) {
  imgact_op *op = wait->op;
  op->wait_statuses[wait - op->image_waits->all] = error->status;
  if (op->error.status != IMGACT_OK) return;
  op->error = *error;
  op->failed_id = wait->id;
  if (details) op->details = ia_arena_copy(&op->arena, details);
}

/* An import can report a reason before its status says that it has failed. */
static bool has_failed(const imgact_image *image, imgact_image_status wanted, imgact_error *error) {
  bool gone = image->status == IMGACT_IMAGE_STATUS_DELETED;
  if (wanted != IMGACT_IMAGE_STATUS_AVAILABLE || (!gone && !image->error_message)) return false;
  imgact_error_set(error, IMGACT_ACTION_FAILED, "image %s failed%s%s", image->id,
                   image->error_message ? ": " : ": it is deleted",
                   image->error_message ? image->error_message : "");
  return true;
}

/* Whatever the API shows of the image afterwards, a missing image is a deleted one. */
static bool is_gone(const imgact_op *op, const imgact_error *error) {
  return error->status == IMGACT_NOT_FOUND && error->http_status == 404 &&
         op->call.image_status == IMGACT_IMAGE_STATUS_DELETED;
}

static void request_image(ia_timer *timer);

static void end_one(image_wait *wait) {
  imgact_op *op = wait->op;
  imgact_status *status = &op->wait_statuses[wait - op->image_waits->all];
  if (*status == IA_WAIT_PENDING) *status = IMGACT_OK;
  ia_exchange_free(wait->exchange);
  wait->exchange = NULL;
  if (--op->image_waits->left == 0) ia_op_end(op);
}

static void take_reply(image_wait *wait) {
  imgact_result older = wait->known;
  wait->known = wait->reply;
  wait->reply = older;
}

static void on_image(ia_exchange *exchange) {
  image_wait *wait = exchange->owner;
  imgact_op *op = wait->op;
  imgact_error error = exchange->error;
  const imgact_image *image =
      error.status == IMGACT_OK && wait->reply.images_count ? wait->reply.images[0] : NULL;
  if (!image) {
    if (error.status == IMGACT_NOT_FOUND && error.http_status == 404) ia_result_reset(&wait->known);
    if (!is_gone(op, &error)) note(wait, &error, wait->reply.details);
    end_one(wait);
    return;
  }
  take_reply(wait);
  if (!op->call.image_status || image->status == op->call.image_status) {
    end_one(wait);
    return;
  }
  if (has_failed(image, op->call.image_status, &error)) {
    note(wait, &error, NULL);
    end_one(wait);
    return;
  }

  int64_t now_ms = timers_of(op)->now.mono_ms;
  int64_t constant_ms = op->options.poll_interval_ms > 0 ? op->options.poll_interval_ms
                                                         : op->client->settings.poll_interval_ms;
  int64_t interval_ms = ia_poll_interval_ms(now_ms - op->image_waits->started_ms, constant_ms, 0);
  ia_timer_set(timers_of(op), &wait->timer, ia_later(now_ms, interval_ms), request_image);
}

static void request_image(ia_timer *timer) {
  image_wait *wait = IA_ENTRY(timer, image_wait, timer);
  imgact_op *op = wait->op;
  const imgact_call call = {
      .size = sizeof call, .kind = IMGACT_OP_GET_IMAGE, .image_ref = wait->id};
  ia_request_policy policy = ia_op_request_policy(op, IA_PRIORITY_POLL, true);
  if (!wait->exchange) wait->exchange = ia_exchange_new(op->client, policy, on_image, wait);
  if (!wait->exchange) {
    imgact_error error;
    ia_no_memory(&error);
    note(wait, &error, NULL);
    end_one(wait);
    return;
  }
  wait->exchange->attempts = 0;
  wait->exchange->policy = policy;
  ia_result_reset(&wait->reply);
  ia_exchange_submit(wait->exchange, &call, &wait->reply);
}

/* ---- the flow ---- */

static bool make(imgact_op *op) {
  size_t count = op->call.image_ids_count;
  ia_image_waits *waits = ia_arena_alloc(&op->arena, sizeof *waits);
  image_wait *all = ia_arena_array(&op->arena, count, sizeof *all);
  op->wait_statuses = ia_arena_array(&op->arena, count, sizeof *op->wait_statuses);
  if (!waits || !all || !op->wait_statuses) {
    op->wait_statuses = NULL;
    return false;
  }
  *waits = (ia_image_waits){.all = all, .left = count, .started_ms = timers_of(op)->now.mono_ms};
  for (size_t i = 0; i < count; i++) {
    all[i].op = op;
    all[i].id = op->call.image_ids[i];
    op->wait_statuses[i] = IA_WAIT_PENDING;
    ia_client_result_init(op->client, &all[i].known, op->result.keep_raw);
    ia_client_result_init(op->client, &all[i].reply, op->result.keep_raw);
  }
  op->image_waits = waits;
  return true;
}

static void start(imgact_op *op) {
  if (!make(op)) {
    ia_no_memory(&op->error);
    ia_op_end_soon(op);
    return;
  }
  for (size_t i = 0; i < op->call.image_ids_count; i++)
    ia_timer_set(timers_of(op), &op->image_waits->all[i].timer, timers_of(op)->now.mono_ms,
                 request_image);
}

/* The last known state of each image is the result, however the operation ends. */
static void stop(imgact_op *op) {
  if (!op->image_waits) return;
  for (size_t i = 0; i < op->call.image_ids_count; i++) {
    image_wait *wait = &op->image_waits->all[i];
    ia_timer_stop(timers_of(op), &wait->timer);
    ia_exchange_free(wait->exchange);
    wait->exchange = NULL;
    if (wait->known.images_count && !ia_result_take(&op->result, &wait->known) &&
        op->error.status == IMGACT_OK)
      ia_no_memory(&op->error);
    ia_result_free(&wait->known);
    ia_result_free(&wait->reply);
  }
  op->image_waits = NULL;
}

static const imgact_error *cause_of(const imgact_op *op) {
  const imgact_error *cause = NULL;
  for (size_t i = 0; op->image_waits && i < op->call.image_ids_count && !cause; i++)
    cause = ia_exchange_cause(op->image_waits->all[i].exchange);
  return cause;
}

static int64_t delayed_until_ms(const imgact_op *op) {
  int64_t until_ms = IA_NEVER;
  for (size_t i = 0; op->image_waits && i < op->call.image_ids_count && until_ms == IA_NEVER; i++)
    until_ms = ia_exchange_delayed_until_ms(op->image_waits->all[i].exchange);
  return until_ms;
}

const ia_flow ia_flow_wait_images = {
    .start = start, .stop = stop, .cause = cause_of, .delayed_until_ms = delayed_until_ms};
