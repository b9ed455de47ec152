// SPDX-License-Identifier: MIT
/* Progress output on stderr: a bar or a pause in the status line, or one line per change; and
 * failures while other items run. Each item waits for one action. */
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define WIDEST_BAR    30
#define NARROWEST_BAR 5
#define MOVING_PIECE  3

static void draw(cli_app *app, const char *line) {
  cli_status_line_draw(&app->line, &app->err, line);
  app->line.shown_s = cli_elapsed_ms(app) / 1000;
}

static cli_progress kind_of(const cli_app *app) {
  if (app->options.quiet) return CLI_PROGRESS_NONE;
  cli_progress kind = (cli_progress)app->options.progress;
  if (kind == CLI_PROGRESS_AUTO)
    kind = isatty(STDERR_FILENO) ? CLI_PROGRESS_BAR : CLI_PROGRESS_NONE;
  return kind;
}

void cli_progress_end(cli_app *app) {
  cli_status_line_clear(&app->line, &app->err);
  app->line.has_bar = false;
}

bool cli_progress_shows_pauses(const cli_app *app) {
  return kind_of(app) != CLI_PROGRESS_NONE && !app->options.replay && isatty(STDERR_FILENO);
}

/* ---- pauses ---- */

static void format_next(const cli_app *app, char *next, size_t capacity) {
  int64_t left_ms = app->line.until_ms - cli_elapsed_ms(app),
          most = app->options.max_attempts ? app->options.max_attempts : 5;
  long long seconds = left_ms > 1000 ? (left_ms + 999) / 1000 : 1;
  if (app->line.kind == CLI_LINE_RETRY)
    snprintf(next, capacity, "retrying in %lld s (attempt %d of %d)", seconds,
             (int)app->line.attempt, (int)most);
  else if (app->line.kind == CLI_LINE_LOOKUP)
    snprintf(next, capacity, "checking whether it was applied (up to %lld s)", seconds);
  else
    snprintf(next, capacity, "continuing in %lld s", seconds);
}

/* Cuts the message of the API so that the line fits. */
static void draw_pause(cli_app *app) {
  char next[80], line[CLI_LINE_BYTES + 1];
  format_next(app, next, sizeof next);

  size_t room = cli_status_line_room(), needed = strlen(next) + 2;
  size_t left = room > needed ? room - needed : 0;
  bool cut = strlen(app->line.text) > left && left > 4;
  size_t shown = cli_text_cut(app->line.text, cut ? left - 3 : left);
  snprintf(line, room + 1, "%.*s%s%s%s", (int)shown, app->line.text, cut ? "..." : "",
           shown ? "; " : "", next);

  draw(app, line);
}

static void begin_pause(cli_app *app, cli_status_line_kind kind, const imgact_trace_event *event,
                        int64_t pause_ms) {
  cli_buffer text = {0};
  cli_buffer_visible(&text, event->message ? event->message : "");
  snprintf(app->line.text, sizeof app->line.text, "%.*s",
           (int)cli_text_cut(cli_buffer_get(&text), CLI_LINE_BYTES), cli_buffer_get(&text));
  cli_buffer_free(&text);
  app->line.kind = kind;
  app->line.attempt = event->attempt + 1;
  app->line.until_ms = cli_elapsed_ms(app) + pause_ms;
  draw_pause(app);
}

void cli_progress_pause(cli_app *app, const imgact_trace_event *event) {
  int64_t settle_ms = app->options.settle_ms ? app->options.settle_ms : 10000;
  bool is_long = event->delay_ms >= 1000;
  if (event->kind == IMGACT_TRACE_LOOKUP)
    begin_pause(app, CLI_LINE_LOOKUP, event, settle_ms);
  else if (event->kind == IMGACT_TRACE_RETRY && (is_long || event->attempt > 1))
    begin_pause(app, CLI_LINE_RETRY, event, event->delay_ms);
  else if (event->kind == IMGACT_TRACE_THROTTLE && is_long)
    begin_pause(app, CLI_LINE_THROTTLE, event, event->delay_ms);
}

/* ---- bars ---- */

/* The mean progress of all items; -1 = not reported. */
static int percent_of(const cli_batch *batch) {
  if (!batch->reports_progress || !batch->count) return -1;
  return (int)(batch->percent_sum / (int64_t)batch->count);
}

/* Updates the sum incrementally: a bar is drawn for each of many items. */
static void set_percent(cli_item *item, int32_t percent) {
  item->batch->percent_sum += percent - (item->percent > 0 ? item->percent : 0);
  item->percent = percent;
}

/* percent: -1 draws a piece that moves with time. */
static void fill_bar(char *bar, size_t width, int percent, int64_t seconds) {
  for (size_t i = 0; i < width; i++) {
    size_t offset = (i + width - (size_t)seconds % width) % width;
    bool filled = percent < 0 ? offset < MOVING_PIECE : i * 100 < (size_t)percent * width;
    bar[i] = filled ? '#' : '-';
  }
  bar[width] = '\0';
}

static void draw_bar(cli_batch *batch) {
  char bar[WIDEST_BAR + 1], far[16] = "waiting", failed[32] = "", text[128],
                            line[CLI_LINE_BYTES + 1];
  int percent = percent_of(batch);
  int64_t seconds = cli_elapsed_ms(batch->app) / 1000;

  if (percent >= 0) snprintf(far, sizeof far, "%3d %%", percent);
  if (batch->failed) snprintf(failed, sizeof failed, ", %zu failed", batch->failed);
  snprintf(text, sizeof text, "%s  %zu of %zu finished%s  %d:%02d", far, batch->count - batch->left,
           batch->count, failed, (int)(seconds / 60), (int)(seconds % 60));

  size_t room = cli_status_line_room(), needed = strlen(text) + strlen("[] ");
  size_t width = room > needed + NARROWEST_BAR ? room - needed : 0;
  if (width > WIDEST_BAR) width = WIDEST_BAR;
  fill_bar(bar, width, percent, seconds);
  snprintf(line, room + 1, width ? "[%s] %s" : "%s%s", bar, text);

  batch->app->line.kind = CLI_LINE_BAR;
  batch->app->line.has_bar = true;
  draw(batch->app, line);
}

void cli_progress_tick(cli_batch *batch) {
  const cli_status_line *line = &batch->app->line;
  if (cli_elapsed_ms(batch->app) / 1000 == line->shown_s) return;
  if (line->kind == CLI_LINE_BAR || (line->kind == CLI_LINE_NONE && line->has_bar))
    draw_bar(batch);
  else if (line->kind != CLI_LINE_NONE)
    draw_pause(batch->app);
}

static void put_line(const cli_item *item, const imgact_action *action) {
  cli_stream *err = &item->batch->app->err;
  cli_buffer id = {0};

  cli_buffer_visible(&id, action->id ? action->id : item->subject);
  if (action->id)
    cli_stream_text(err, "action ");
  else
    cli_stream_format(err, "%s of ",
                      imgact_action_kind_name(action->kind)); /* synchronous: no action id */
  cli_stream_text(err, cli_buffer_get(&id));
  cli_stream_format(err, ": %s", imgact_action_status_name(action->status));
  if (action->progress >= 0) cli_stream_format(err, " %d %%", (int)action->progress);
  cli_stream_char(err, '\n');
  cli_stream_flush(err);

  cli_buffer_free(&id);
}

void cli_progress_on_poll(void *user, imgact_op *op, const imgact_action *action) {
  (void)op;
  cli_item *item = user;
  cli_progress kind = kind_of(item->batch->app);
  int32_t percent = action->progress < 0 ? 0 : action->progress > 100 ? 100 : action->progress;
  if (action->progress >= 0) item->batch->reports_progress = true;
  if (percent == item->percent) return;

  set_percent(item, percent);
  if (kind == CLI_PROGRESS_BAR) draw_bar(item->batch);
  if (kind == CLI_PROGRESS_PLAIN) put_line(item, action);
}

/* Prints a failure while other items are running. Most errors of a poll end all waits at once; they
 * are printed together at the end. */
static void print_failure(cli_item *item) {
  const imgact_error *error = cli_item_error(item);
  char name[160];
  bool is_wait = imgact_op_get_kind(item->op) == IMGACT_OP_WAIT_ACTIONS;

  if (!item->batch->left) return;
  if (is_wait && error->status != IMGACT_NOT_FOUND && error->status != IMGACT_ACTION_FAILED) return;

  cli_item_name(item, name, sizeof name);
  cli_print_error(item->batch->app, error,
                  is_wait && strstr(error->message, item->subject) ? NULL : name);
  item->error_printed = true;
}

void cli_progress_on_end(cli_item *item) {
  cli_progress kind = kind_of(item->batch->app);
  const imgact_action *action = imgact_op_action(item->op);
  imgact_status status = cli_item_error(item)->status;
  bool finished = action && action->status != IMGACT_ACTION_STATUS_RUNNING,
       failed = status != IMGACT_OK;
  if (status == IMGACT_CANCELLED || status == IMGACT_TIMEOUT)
    return; /* the wait ended, the action may continue */

  if (failed) item->batch->failed++;
  if (finished || failed) set_percent(item, 100);
  if (finished && action->progress >= 0) item->batch->reports_progress = true;
  if (finished && kind == CLI_PROGRESS_PLAIN) put_line(item, action);
  if (failed && kind != CLI_PROGRESS_NONE) print_failure(item);
  if (kind == CLI_PROGRESS_BAR && item->batch->left && item->batch->app->line.has_bar)
    draw_bar(item->batch);
}
