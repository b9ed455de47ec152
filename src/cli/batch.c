// SPDX-License-Identifier: MIT
/* Operations that run at the same time in one loop. An operation with invalid arguments stops the
 * whole batch before the first request. A signal cancels the running operations; their results so
 * far are printed. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

/* Returns the time that --deadline leaves: commands of several steps share it. */
static int64_t deadline_left(const cli_app *app) {
  if (!app->options.deadline_ms) return 0;
  int64_t left = app->options.deadline_ms - cli_elapsed_ms(app);
  return left > 0 ? left : 1;
}

static void configure(const cli_app *app, const cli_item *item) {
  const cli_options *o = &app->options;
  imgact_op_options options = {.size = sizeof options,
                               .deadline_ms = deadline_left(app),
                               .max_attempts = (int32_t)o->max_attempts};
  if (item->keeps_raw) options.flags |= IMGACT_OP_FLAG_KEEP_RAW;
  if (!item->is_lookup) {
    options.page = o->page;
    options.per_page = o->per_page;
    options.max_items = o->limit;
    if (o->via_image) options.flags |= IMGACT_OP_FLAG_VIA_IMAGE;
    if (o->ensure) options.flags |= IMGACT_OP_FLAG_ENSURE;
  }
  if (item->op) imgact_op_set_options(item->op, &options);
}

int cli_batch_new(cli_app *app, size_t count, cli_batch *batch) {
  *batch = (cli_batch){
      .app = app, .items = calloc(count ? count : 1, sizeof *batch->items), .count = count};
  if (batch->items) return 0;
  batch->count = 0;
  return cli_report_error(app, IMGACT_NOMEM, "out of memory");
}

void cli_batch_free(cli_batch *batch) {
  for (size_t i = 0; i < batch->count; i++) imgact_op_free(batch->items[i].op);
  free(batch->items);
}

/* An imgact_before_send_fn; user is the item. */
static imgact_status item_before_send(void *user, imgact_op *op, const char *call_json) {
  cli_item *item = user;
  (void)op, (void)call_json;
  item->attempted = true;
  return IMGACT_OK;
}

void cli_batch_set(cli_batch *batch, size_t index, imgact_op *op, const char *subject,
                   const char *region, bool wait) {
  cli_item *item = &batch->items[index];
  *item = (cli_item){.batch = batch,
                     .op = op,
                     .subject = subject,
                     .region = region,
                     .percent = -1,
                     .waits = wait,
                     .keeps_raw = batch->app->options.raw != 0};
  configure(batch->app, item);
  imgact_op_set_wait(op, wait);
  imgact_op_set_progress(op, cli_progress_on_poll, item);
  item->changes = batch->app->command->changes;
  if (item->changes) imgact_op_set_before_send(op, item_before_send, item);
}

int cli_batch_check(cli_batch *batch) {
  for (size_t i = 0; i < batch->count; i++)
    if (imgact_op_error(batch->items[i].op)->status)
      return cli_report_op_failure(batch->app, batch->items[i].op);
  return 0;
}

static void cancel_all(cli_batch *batch) {
  for (size_t i = 0; i < batch->count; i++) imgact_op_cancel(batch->items[i].op);
}

static void cancel_unsent(cli_batch *batch) {
  for (size_t i = 0; i < batch->count; i++)
    if (!imgact_op_maybe_applied(batch->items[i].op)) imgact_op_cancel(batch->items[i].op);
}

/* The deadline ends every operation with IMGACT_TIMEOUT. Reports mutations that were certainly not
 * sent as cancelled: they were not applied, and no response shows that the server has seen them. */
static void note_unsent(cli_item *item) {
  const imgact_error *error = imgact_op_error(item->op);
  bool sent = (error->flags & IMGACT_ERROR_MAYBE_APPLIED) || error->http_status;
  if (error->status != IMGACT_TIMEOUT || !item->changes || sent) return;

  imgact_error *unsent = &item->batch->unsent[item->attempted];
  item->unsent = true;
  *unsent = *error; /* its message contains the cause of the failed attempts */
  unsent->status = IMGACT_CANCELLED;
  if (!item->attempted)
    snprintf(unsent->message, sizeof unsent->message, "not sent before the deadline");
}

static void item_on_end(void *user, imgact_op *op) {
  cli_item *item = user;
  cli_batch *batch = item->batch;
  batch->left--;
  note_unsent(item);
  if (batch->app->line.kind == CLI_LINE_LOOKUP)
    cli_status_line_clear(&batch->app->line, &batch->app->err);
  if (item->waits) cli_progress_on_end(item);

  /* The token would be rejected for every other item as well. Items whose mutation may have been
   * applied continue until their response arrives. */
  if (imgact_op_error(op)->status != IMGACT_UNAUTHORIZED || batch->stopped) return;
  batch->stopped = true;
  cancel_unsent(batch);
}

/* Waits at most one second if the status line shows the time. */
static void wait_for_loop(const cli_app *app) {
  imgact_loop *loop = app->session.loop;
  struct pollfd ready = {.fd = imgact_loop_fd(loop), .events = POLLIN};
  int timeout_ms = imgact_loop_timeout_ms(loop);
  if ((app->line.width || app->line.has_bar) && (timeout_ms < 0 || timeout_ms > 1000))
    timeout_ms = 1000;
  poll(&ready, ready.fd >= 0, timeout_ms);
}

void cli_batch_run(cli_batch *batch) {
  imgact_loop *loop = batch->app->session.loop;
  bool cancelled = false;

  cli_signals_catch(loop);
  batch->app->attempts = 0;
  batch->app->alone = batch->count == 1;
  batch->left = batch->count;
  for (size_t i = 0; i < batch->count; i++) {
    configure(batch->app, &batch->items[i]); /* again: the deadlines must end together */
    imgact_op_start(batch->items[i].op, item_on_end, &batch->items[i]);
  }

  while (batch->left > 0) {
    if (!cancelled && cli_interrupted()) {
      cancel_all(batch);
      cancelled = true;
    }
    wait_for_loop(batch->app);
    cli_progress_tick(batch);
    if (imgact_loop_dispatch(loop) != IMGACT_OK)
      break; /* cli_item_error() reports unfinished operations */
  }

  cli_progress_end(batch->app);
}

void cli_batch_summarise(const cli_batch *batch, cli_exit_summary *summary, imgact_status status) {
  bool by_signal = cli_interrupted();
  /* Items cancelled after a rejected token count as unauthorized. */
  if (status == IMGACT_CANCELLED && !by_signal && batch->stopped) return;
  if (status == IMGACT_CANCELLED && !by_signal)
    status = IMGACT_TIMEOUT; /* not sent before the deadline */
  cli_exit_summary_add(summary, status);
}

imgact_status cli_run_lookup(cli_app *app, imgact_op *op, bool raw) {
  cli_item item = {.op = op, .is_lookup = true, .keeps_raw = raw};
  cli_batch batch = {.app = app, .items = &item, .count = 1};

  item.batch = &batch;
  configure(app, &item);
  if (!imgact_op_error(op)->status) cli_batch_run(&batch);
  return (imgact_status)cli_item_error(&item)->status;
}

/* Messages of the library do not name flags. */
static imgact_error with_remedy(const imgact_error *error, const imgact_op *op) {
  imgact_error shown = *error;
  size_t length = strlen(shown.message);
  if (imgact_op_get_kind(op) == IMGACT_OP_FIND_IMAGE && shown.status == IMGACT_CONFLICT)
    snprintf(shown.message + length, sizeof shown.message - length,
             "; select one with --newest or --oldest");
  return shown;
}

int cli_run(cli_app *app, imgact_op *op) {
  cli_item item = {.op = op,
                   .subject = app->arguments_count ? app->arguments[0] : NULL,
                   .keeps_raw = app->options.raw != 0};
  cli_batch batch = {.app = app, .items = &item, .count = 1};

  item.batch = &batch;
  configure(app, &item);
  int exit_status = cli_batch_check(&batch);
  if (exit_status) return exit_status;

  cli_batch_run(&batch);
  const imgact_error *error = cli_item_error(&item);
  if (!error->status) return 0;

  const imgact_error shown = with_remedy(error, op);
  exit_status = cli_report_failure(app, &shown, imgact_op_error_details(op), NULL);
  if (error->http_status == 404) cli_note_endpoint(app);
  cli_hint_locked(&batch);
  cli_hint_verify(&batch);
  return exit_status;
}
