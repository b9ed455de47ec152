// SPDX-License-Identifier: MIT
// How waiting shows on stderr: a bar that is drawn over itself, or a line per change. One slot waits for one action.
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

#define WIDEST_BAR    30
#define NARROWEST_BAR 5
#define WIDEST_LINE   160
#define ECHOED        2

size_t cli_terminal_width(int fd) {
  struct winsize size = {0};
  if (!isatty(fd)) return 0;
  return ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}

// A line that is drawn over itself must not reach the last column, where some terminals go on to the next line; nor may the
// "^C" that they put behind it.
static size_t line_room(void) {
  size_t width = cli_terminal_width(STDERR_FILENO);
  if (!width) width = 80;
  if (width <= ECHOED + 1) return 0;
  return width - ECHOED - 1 < WIDEST_LINE ? width - ECHOED - 1 : WIDEST_LINE;
}

static void draw(cli_app *app, const char *line, bool told_retry) {
  size_t width = strlen(line);
  if (app->line_width > width) cli_progress_clear(app);
  fprintf(stderr, "\r%s", line);
  fflush(stderr);
  app->line_width = width;
  app->told_retry = told_retry;
}

static cli_progress kind_of(const cli_app *app) {
  if (app->options.quiet) return CLI_PROGRESS_NONE;
  cli_progress kind = (cli_progress)app->options.progress;
  if (kind == CLI_PROGRESS_AUTO) kind = isatty(STDERR_FILENO) ? CLI_PROGRESS_BAR : CLI_PROGRESS_NONE;
  return kind;
}

void cli_progress_clear(cli_app *app) {
  if (app->line_width) fprintf(stderr, "\r%*s\r", (int)app->line_width + ECHOED, "");
  app->line_width = 0;
  app->told_retry = false;
}

bool cli_progress_tells_retries(const cli_app *app) {
  return kind_of(app) != CLI_PROGRESS_NONE && !app->options.replay && isatty(STDERR_FILENO);
}

// It has to fit on one line: the cloud's message gives way to what the tool is going to do.
void cli_progress_retry(cli_app *app, const imgact_trace *event) {
  bool again = event->kind == IMGACT_TRACE_RETRY;
  if (event->delay_ms < 1000 && (!again || event->attempt < 2)) return; /* nobody wonders about a second */
  char next[80], line[WIDEST_LINE + 1];
  long long seconds = (event->delay_ms + 999) / 1000;
  int64_t most = app->options.max_attempts ? app->options.max_attempts : 5;
  if (again)
    snprintf(next, sizeof next, "trying again in %lld s (attempt %d of %d)", seconds, (int)event->attempt + 1, (int)most);
  else
    snprintf(next, sizeof next, "going on in %lld s", seconds);
  cli_buffer text = {0};
  cli_buffer_visible(&text, event->text ? event->text : "");
  size_t room = line_room(), needed = strlen(next) + 2;
  size_t shown = cli_text_cut(cli_buffer_get(&text), room > needed ? room - needed : 0);
  snprintf(line, room + 1, "%.*s%s%s", (int)shown, cli_buffer_get(&text), shown ? "; " : "", next);
  cli_buffer_free(&text);
  draw(app, line, true);
}

// The mean of what the clouds tell; an action that tells nothing counts once it has finished.
static int percent_of(const cli_batch *batch) {
  int64_t sum = 0;
  for (size_t i = 0; i < batch->count; i++)
    if (batch->slots[i].percent > 0) sum += batch->slots[i].percent;
  return batch->count ? (int)(sum / (int64_t)batch->count) : 0;
}

static void draw_bar(cli_batch *batch) {
  char bar[WIDEST_BAR + 1], told[80], line[WIDEST_LINE + 1];
  int percent = percent_of(batch);
  int64_t seconds = batch->app->shown_s = cli_elapsed_ms(batch->app) / 1000;
  snprintf(told, sizeof told, "%3d %%  %zu of %zu finished  %d:%02d", percent, batch->count - batch->left, batch->count,
           (int)(seconds / 60), (int)(seconds % 60));
  size_t room = line_room(), needed = strlen(told) + strlen("[] ");
  size_t width = room > needed + NARROWEST_BAR ? room - needed : 0;
  if (width > WIDEST_BAR) width = WIDEST_BAR;
  for (size_t i = 0; i < width; i++) bar[i] = i * 100 < (size_t)percent * width ? '#' : '-';
  bar[width] = '\0';
  snprintf(line, room + 1, width ? "[%s] %s" : "%s%s", bar, told);
  draw(batch->app, line, false);
}

void cli_progress_tick(cli_batch *batch) {
  const cli_app *app = batch->app;
  if (app->line_width && !app->told_retry && cli_elapsed_ms(app) / 1000 != app->shown_s) draw_bar(batch);
}

static void put_line(const cli_slot *slot, const imgact_action *action) {
  cli_buffer id = {0};
  cli_buffer_visible(&id, action->id ? action->id : slot->subject);
  if (action->id)
    fputs("action ", stderr);
  else
    fprintf(stderr, "%s of ", imgact_action_kind_name(action->kind)); /* done at once: the cloud made no action of it */
  fprintf(stderr, "%s: %s", cli_buffer_get(&id), imgact_action_status_name(action->status));
  if (action->progress >= 0) fprintf(stderr, " %d %%", (int)action->progress);
  fputc('\n', stderr);
  cli_buffer_free(&id);
}

void cli_progress_seen(void *user, imgact_op *op, const imgact_action *action) {
  (void)op;
  cli_slot *slot = user;
  cli_progress kind = kind_of(slot->batch->app);
  int32_t percent = action->progress < 0 ? 0 : action->progress > 100 ? 100 : action->progress;
  if (percent == slot->percent) return;
  slot->percent = percent;
  if (kind == CLI_PROGRESS_BAR) draw_bar(slot->batch);
  if (kind == CLI_PROGRESS_PLAIN) put_line(slot, action);
}

void cli_progress_ended(cli_slot *slot) {
  cli_progress kind = kind_of(slot->batch->app);
  const imgact_action *action = imgact_op_action(slot->op);
  if (!action || action->status == IMGACT_ACTION_RUNNING) return; /* nobody looks any more, but it goes on */
  slot->percent = 100;
  if (kind == CLI_PROGRESS_BAR && slot->batch->left) draw_bar(slot->batch);
  if (kind == CLI_PROGRESS_PLAIN) put_line(slot, action);
}
