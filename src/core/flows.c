// SPDX-License-Identifier: MIT
/* The flows of operations without a mutation: one request, lists, an image by id or name, an action
 * by id, and waiting for actions. */
#include "error_fill.h"
#include "op.h"
#include "str.h"
#include <stdio.h>
#include <string.h>

/* ---- one request ---- */

static void simple_done(ia_exchange *exchange) {
  imgact_op *op = exchange->owner;
  ia_op_end_with(op, &exchange->error, op->result.details);
}

static void send_simple(imgact_op *op, void (*done)(ia_exchange *)) {
  if (!ia_op_exchange(op, ia_op_request_policy(op, IA_PRIORITY_READ, false), done)) {
    ia_op_end_soon(op);
    return;
  }
  ia_exchange_submit(op->exchange, &op->call, &op->result);
}

static void simple_start(imgact_op *op) { send_simple(op, simple_done); }

static void simple_stop(imgact_op *op) {
  ia_exchange_free(op->exchange);
  op->exchange = NULL;
}

static const imgact_error *simple_cause(const imgact_op *op) {
  return ia_exchange_cause(op->exchange);
}

const ia_flow ia_flow_simple = {.start = simple_start, .stop = simple_stop, .cause = simple_cause};

/* ---- lists ---- */

bool ia_op_start_pager(imgact_op *op, ia_pager *pager, ia_request_policy policy,
                       void (*done)(ia_pager *), imgact_error *error) {
  pager->done = done;
  pager->owner = op;
  pager->policy = policy;
  if (ia_pager_start(pager, &op->result)) return true;
  *error = pager->error;
  return false;
}

bool ia_op_make_pager(imgact_op *op) {
  imgact_error error;
  imgact_call call = op->call;
  if (call.kind == IMGACT_OP_FIND_IMAGE) call.kind = IMGACT_OP_LIST_IMAGES;
  op->pager = ia_arena_alloc(&op->arena, sizeof *op->pager);
  if (!op->pager)
    ia_no_memory(&error);
  else if (ia_pager_init(op->pager, op->client, &call, &error) == IMGACT_OK)
    return true;
  ia_op_set_error(op, &error);
  return false;
}

/* A failed list has no results, not even those of earlier pages. */
static void list_done(ia_pager *pager) {
  imgact_op *op = pager->owner;
  const imgact_result *result = &op->result;
  bool any = result->images_count || result->actions_count || result->regions_count;
  imgact_error error = pager->error;
  if (error.status == IMGACT_OK && pager->options.paged && !any)
    imgact_error_set(&error, IMGACT_END, "no further page");
  if (error.status != IMGACT_OK) ia_result_drop_items(&op->result);
  ia_op_end_with(op, &error, pager->details);
}

static void list_start(imgact_op *op) {
  ia_pager *pager = op->pager;
  if (pager->options.paged &&
      pager->state == IA_PAGER_ENDED) { /* the previous run delivered the last page */
    ia_result_drop_items(&op->result);
    imgact_error_set(&op->error, IMGACT_END, "no further page");
    ia_op_end_soon(op);
    return;
  }
  pager->options.ahead = (size_t)op->client->settings.concurrency;
  if (!ia_op_start_pager(op, pager, ia_op_request_policy(op, IA_PRIORITY_READ, false), list_done,
                         &op->error))
    ia_op_end_soon(op);
}

/* A paused pager is kept for the next page. */
static void list_stop(imgact_op *op) {
  if (!op->pager) return;
  if (op->error.status != IMGACT_OK)
    ia_result_drop_items(&op->result); /* cancelled or deadline passed */
  if (op->state == IA_OP_ENDED && op->pager->state == IA_PAGER_PAUSED &&
      op->error.status == IMGACT_OK && !op->free_on_unpin)
    return;
  ia_pager_stop(op->pager);
}

static void list_configure(imgact_op *op, const imgact_op_options *options) {
  imgact_error error;
  if (!op->pager) return;
  op->pager->options = (ia_page_options){.page = options->page,
                                         .per_page = options->per_page,
                                         .max_items = options->max_items,
                                         .paged = (options->flags & IMGACT_OP_FLAG_PAGED) != 0};
  if (ia_pager_check(op->pager, &error) != IMGACT_OK)
    ia_op_reject(op, error.status, "%s", error.message);
}

static bool list_has_page(const imgact_op *op) {
  return op->pager && op->pager->options.paged && op->state == IA_OP_ENDED &&
         op->error.status == IMGACT_OK;
}

const imgact_error *ia_op_list_cause(const imgact_op *op) {
  return op->pager ? ia_pager_cause(op->pager) : NULL;
}

int64_t ia_op_list_delayed_until_ms(const imgact_op *op) {
  return op->pager ? ia_pager_delayed_until_ms(op->pager) : IA_NEVER;
}

const ia_flow ia_flow_list = {.start = list_start,
                              .stop = list_stop,
                              .cause = ia_op_list_cause,
                              .delayed_until_ms = ia_op_list_delayed_until_ms,
                              .configure = list_configure,
                              .has_page = list_has_page};

/* ---- an image by id or name ---- */

/* Several images with one name usually differ by architecture, so the message lists the
 * architectures. */
static void set_duplicate_names(imgact_op *op, imgact_error *error) {
  char text[256] = "";
  size_t used = 0;
  for (size_t i = 0; i < op->result.images_count && used < sizeof text; i++) {
    const imgact_image *image = op->result.images[i];
    int n = snprintf(text + used, sizeof text - used, "%s%s (%s)", i ? ", " : "", image->id,
                     image->architecture ? image->architecture : "unknown architecture");
    used += n > 0 ? (size_t)n : 0;
  }
  imgact_error_set(error, IMGACT_CONFLICT,
                   "%zu images are named '%s': %s; select one by architecture or id",
                   op->result.images_count, op->call.image_ref, text);
}

/* A server that ignores the name filter returns images with any name. */
static void keep_named(imgact_op *op) {
  size_t kept = 0;
  for (size_t i = 0; i < op->result.images_count; i++)
    if (ia_str_equal(op->result.images[i]->name, op->call.image_ref))
      op->result.images[kept++] = op->result.images[i];
  op->result.images_count = kept;
}

static void on_name_list(ia_pager *pager) {
  imgact_op *op = pager->owner;
  keep_named(op);
  imgact_error error = pager->error;
  bool was_id =
      op->error.status !=
      IMGACT_OK; /* keep the error of the lookup by id until the lookup by name fails too */
  const char *details = pager->details;
  if (error.status == IMGACT_OK && !op->result.images_count && was_id) {
    error = op->error;
    details = op->details;
  }

  if (error.status == IMGACT_OK && !op->result.images_count)
    imgact_error_set(&error, IMGACT_NOT_FOUND, "%s: image '%s' not found",
                     op->client->provider->name, op->call.image_ref);
  else if (error.status == IMGACT_OK && op->result.images_count > 1)
    set_duplicate_names(op, &error);

  if (error.status != IMGACT_OK) op->result.images_count = 0;
  ia_op_end_with(op, &error, details);
}

/* Lists the images with that name. Returns false, with the error set, on failure. */
static bool look_up_name(imgact_op *op, imgact_error *error) {
  imgact_image_filter *filter = ia_arena_alloc(&op->arena, sizeof *filter);
  ia_pager *pager = op->pager = ia_arena_alloc(&op->arena, sizeof *op->pager);
  ia_no_memory(error);
  if (!filter || !pager) return false;
  *filter = (imgact_image_filter){.size = sizeof *filter,
                                  .name = op->call.image_ref,
                                  .architecture = op->call.architecture,
                                  .include_deprecated = 1};
  imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_LIST_IMAGES, .image_filter = filter};
  if (ia_pager_init(pager, op->client, &call, error) != IMGACT_OK) return false;
  return ia_op_start_pager(op, pager, ia_op_request_policy(op, IA_PRIORITY_READ, false),
                           on_name_list, error);
}

static void go_by_name(imgact_op *op) {
  imgact_error error;
  if (look_up_name(op, &error)) return;
  op->error = error;
  ia_op_end_soon(op);
}

/* An image found by id must also have the requested architecture. */
static void check_architecture(imgact_op *op, imgact_error *error) {
  const imgact_image *image = imgact_op_image(op);
  if (error->status != IMGACT_OK || !op->call.architecture || !image || !image->architecture)
    return;
  if (ia_str_equal(image->architecture, op->call.architecture)) return;
  imgact_error_set(error, IMGACT_NOT_FOUND,
                   "image %s not found for architecture %s; its architecture is %s",
                   op->call.image_ref, op->call.architecture, image->architecture);
  op->result.images_count = 0;
}

static void got_by_id(ia_exchange *exchange) {
  imgact_op *op = exchange->owner;
  check_architecture(op, &exchange->error);
  bool try_name =
      exchange->error.status == IMGACT_NOT_FOUND && (op->slot->flags & IMGACT_SLOT_NAME_LOOKUP);
  if (!try_name) {
    ia_op_end_with(op, &exchange->error, op->result.details);
    return;
  }
  op->error = exchange->error;
  if (op->result.details) op->details = ia_arena_copy(&op->arena, op->result.details);
  go_by_name(op);
}

static void get_start(imgact_op *op) {
  bool by_name = (op->slot->flags & IMGACT_SLOT_NAME_LOOKUP) &&
                 !op->client->provider->is_valid_id(op->call.image_ref);
  if (by_name)
    go_by_name(op);
  else
    send_simple(op, got_by_id);
}

static void get_stop(imgact_op *op) {
  simple_stop(op);
  if (op->pager) ia_pager_stop(op->pager);
}

static const imgact_error *get_cause(const imgact_op *op) {
  const imgact_error *cause = ia_exchange_cause(op->exchange);
  return cause ? cause : ia_op_list_cause(op);
}

static int64_t get_delayed_until_ms(const imgact_op *op) {
  return op->pager ? ia_op_list_delayed_until_ms(op) : ia_exchange_delayed_until_ms(op->exchange);
}

const ia_flow ia_flow_get = {.start = get_start,
                             .stop = get_stop,
                             .cause = get_cause,
                             .delayed_until_ms = get_delayed_until_ms};

/* ---- an action by id ---- */

/* Only the requested action is the result. */
static void keep_requested(imgact_op *op) {
  imgact_result *result = &op->result;
  size_t kept = 0;
  for (size_t i = 0; i < result->actions_count && !kept; i++)
    if (ia_str_equal(result->actions[i]->id, op->call.action_id))
      result->actions[kept++] = result->actions[i];
  result->actions_count = kept;
}

static void got_action_of_any_resource(ia_exchange *exchange) {
  imgact_op *op = exchange->owner;
  if (exchange->error.status == IMGACT_OK) keep_requested(op);
  if (exchange->error.status == IMGACT_OK && op->result.actions_count) {
    ia_op_end_with(op, &exchange->error, NULL);
    return;
  }
  op->result.actions_count = 0;
  ia_op_end(op); /* with the error of the first request */
}

/* The first path of some APIs answers only for actions of images. */
static void got_action(ia_exchange *exchange) {
  imgact_op *op = exchange->owner;
  bool look_up = exchange->error.status == IMGACT_NOT_FOUND && !exchange->lacks_token &&
                 !op->call.image_ref && (op->slot->flags & IMGACT_SLOT_ACTION_LOOKUP);
  if (!look_up) {
    ia_op_end_with(op, &exchange->error, op->result.details);
    return;
  }
  op->error = exchange->error;
  if (op->result.details) op->details = ia_arena_copy(&op->arena, op->result.details);
  ia_result_reset(&op->result);
  exchange->attempts = 0;
  exchange->done = got_action_of_any_resource;
  const imgact_call call = {.size = sizeof call,
                            .kind = IMGACT_OP_WAIT_ACTIONS,
                            .action_ids = &op->call.action_id,
                            .action_ids_count = 1};
  ia_exchange_submit(exchange, &call, &op->result);
}

static void get_action_start(imgact_op *op) { send_simple(op, got_action); }

const ia_flow ia_flow_get_action = {
    .start = get_action_start, .stop = simple_stop, .cause = simple_cause};

/* ---- waiting ---- */

typedef struct wait_item {
  ia_watch watch; /* first */
  imgact_op *op;
} wait_item;

struct ia_wait_set {
  wait_item *all;
  size_t left;
};

/* Collects the last known state of each action, in the order of the ids. */
static void collect(imgact_op *op) {
  ia_result_reset(&op->result);
  for (size_t i = 0; i < op->call.action_ids_count; i++)
    if (op->waits->all[i].watch.action &&
        !ia_result_append_action(&op->result, op->waits->all[i].watch.action))
      ia_no_memory(&op->error);
}

/* The error of the first failure becomes that of the operation. */
static void note(wait_item *item, const imgact_error *error, const char *details) {
  imgact_op *op = item->op;
  op->wait_statuses[item - op->waits->all] = error->status;
  if (op->error.status != IMGACT_OK) return;
  op->error = *error;
  op->failed_id = item->watch.id;
  if (details) op->details = ia_arena_copy(&op->arena, details);
}

imgact_status ia_action_outcome(const imgact_action *action, imgact_error *error) {
  const char *id = action->id ? action->id : "(without an id)", *word = action->provider_status;
  if (action->status == IMGACT_ACTION_STATUS_SUCCESS ||
      action->status == IMGACT_ACTION_STATUS_RUNNING)
    return IMGACT_OK;
  if (action->status == IMGACT_ACTION_STATUS_ERROR)
    return imgact_error_set(
        error, IMGACT_ACTION_FAILED, "action %s failed%s%s%s%s%s", id,
        action->error_message ? ": " : "", action->error_message ? action->error_message : "",
        action->error_code ? " (" : "", action->error_code ? action->error_code : "",
        action->error_code ? ")" : "");

  return imgact_error_set(error, IMGACT_PROTOCOL,
                          "action %s has the unknown status '%s'; its outcome is unknown", id,
                          word ? word : "");
}

static void on_action(ia_watch *watch, const imgact_error *error, const char *details) {
  wait_item *item = (wait_item *)watch;
  imgact_op *op = item->op;
  imgact_error outcome;
  if (!error && watch->action->status == IMGACT_ACTION_STATUS_RUNNING) {
    ia_op_queue_progress(op, watch);
    return;
  }
  if (error)
    note(item, error, details);
  else if (ia_action_outcome(watch->action, &outcome) != IMGACT_OK)
    note(item, &outcome, NULL);
  else
    op->wait_statuses[item - op->waits->all] = IMGACT_OK;
  if (--op->waits->left == 0) ia_op_end(op);
}

static void wait_start(imgact_op *op) {
  size_t count = op->call.action_ids_count;
  op->waits = ia_arena_alloc(&op->arena, sizeof *op->waits);
  op->wait_statuses = ia_arena_array(&op->arena, count, sizeof *op->wait_statuses);
  if (op->waits) op->waits->all = ia_arena_array(&op->arena, count, sizeof *op->waits->all);
  if (!op->waits || !op->waits->all || !op->wait_statuses) {
    op->waits = NULL;
    op->wait_statuses = NULL;
    ia_no_memory(&op->error);
    ia_op_end_soon(op);
    return;
  }

  op->waits->left = count;
  for (size_t i = 0; i < count; i++) {
    op->waits->all[i].op = op;
    op->wait_statuses[i] = IA_WAIT_PENDING;
    ia_op_watch(op, &op->waits->all[i].watch, op->call.action_ids[i], op->call.image_ref,
                on_action);
    op->waits->all[i].watch.must_name_image = op->call.image_ref && op->slot->max_ids > 1;
    ia_watch_start(&op->waits->all[i].watch, op->client, false);
  }
}

void ia_op_watch(imgact_op *op, ia_watch *watch, const char *id, const char *image,
                 void (*report)(ia_watch *, const imgact_error *, const char *)) {
  watch->id = id;
  watch->image = image;
  watch->report = report;
  watch->policy = ia_op_request_policy(op, IA_PRIORITY_POLL, true);
  watch->keep_raw = op->result.keep_raw;
  watch->interval_ms = op->options.poll_interval_ms > 0 ? op->options.poll_interval_ms
                                                        : op->client->settings.poll_interval_ms;
}

static void wait_stop(imgact_op *op) {
  if (!op->waits) return;
  collect(op);
  for (size_t i = 0; i < op->call.action_ids_count; i++)
    ia_op_release_watch(op, &op->waits->all[i].watch);
  op->waits = NULL;
}

/* Returns the first failure of several polls. */
static const imgact_error *wait_cause(const imgact_op *op) {
  const imgact_error *cause = NULL;
  for (size_t i = 0; op->waits && i < op->call.action_ids_count && !cause; i++)
    cause = ia_watch_cause(&op->waits->all[i].watch);
  return cause;
}

/* The polls of the other actions may be delayed no longer than the first one. */
static int64_t wait_delayed_until_ms(const imgact_op *op) {
  int64_t until_ms = IA_NEVER;
  for (size_t i = 0; op->waits && i < op->call.action_ids_count && until_ms == IA_NEVER; i++)
    until_ms = ia_watch_delayed_until_ms(&op->waits->all[i].watch);
  return until_ms;
}

const ia_flow ia_flow_wait = {.start = wait_start,
                              .stop = wait_stop,
                              .cause = wait_cause,
                              .delayed_until_ms = wait_delayed_until_ms};
