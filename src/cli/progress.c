// SPDX-License-Identifier: MIT
// How waiting shows on stderr: a bar that is drawn over itself, or a line per change. One slot waits for one action.
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define BAR_WIDTH  30
#define LINE_WIDTH 79

static cli_progress kind_of(const cli_app *app) {
  if (app->options.quiet) return CLI_PROGRESS_NONE;
  cli_progress kind = (cli_progress)app->options.progress;
  if (kind == CLI_PROGRESS_AUTO) kind = isatty(STDERR_FILENO) ? CLI_PROGRESS_BAR : CLI_PROGRESS_NONE;
  return kind;
}

void cli_progress_clear(cli_app *app) {
  if (app->line_width) fprintf(stderr, "\r%*s\r", (int)app->line_width, "");
  app->line_width = 0;
  app->told_retry = false;
}

bool cli_progress_tells_retries(const cli_app *app) {
  return kind_of(app) != CLI_PROGRESS_NONE && !app->options.replay && isatty(STDERR_FILENO);
}

// Drawn as the bar is, so it has to fit on one line: the message gives way, its end being the tool's own.
void cli_progress_retry(cli_app *app, const imgact_trace *event) {
  bool again = event->kind == IMGACT_TRACE_RETRY;
  if (event->delay_ms < 1000 && (!again || event->attempt < 2)) return; /* nobody wonders about a second */
  char tail[80], line[LINE_WIDTH + 1];
  long long seconds = (event->delay_ms + 999) / 1000;
  int64_t most = app->options.max_attempts ? app->options.max_attempts : 5;
  int length = snprintf(tail, sizeof tail, "; going on in %lld s", seconds);
  if (again)
    length = snprintf(tail, sizeof tail, "; trying again in %lld s (attempt %d of %d)", seconds, (int)event->attempt + 1,
                      (int)most);
  cli_buffer text = {0};
  cli_buffer_visible(&text, event->text ? event->text : "");
  const char *message = cli_buffer_get(&text);
  size_t room = sizeof line - 1 - (size_t)length, shown = strlen(message);
  if (shown > room)
    for (shown = room; shown && ((unsigned char)message[shown] & 0xC0) == 0x80;) shown--;
  snprintf(line, sizeof line, "%.*s%s", (int)shown, message, tail);
  cli_buffer_free(&text);
  cli_progress_clear(app);
  fputs(line, stderr);
  fflush(stderr);
  app->line_width = strlen(line);
  app->told_retry = true;
}

// The mean of what the clouds tell; an action that tells nothing counts once it has finished.
static int percent_of(const cli_batch *batch) {
  int64_t sum = 0;
  for (size_t i = 0; i < batch->count; i++)
    if (batch->slots[i].percent > 0) sum += batch->slots[i].percent;
  return batch->count ? (int)(sum / (int64_t)batch->count) : 0;
}

static void draw_bar(cli_batch *batch) {
  char bar[BAR_WIDTH + 1], line[128];
  int percent = percent_of(batch);
  for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i * 100 < percent * BAR_WIDTH ? '#' : '-';
  bar[BAR_WIDTH] = '\0';
  int length = snprintf(line, sizeof line, "[%s] %3d %%  %zu of %zu finished", bar, percent, batch->count - batch->left,
                        batch->count);
  if (length > 0 && batch->app->line_width > (size_t)length) cli_progress_clear(batch->app);
  fprintf(stderr, "\r%s", line);
  fflush(stderr);
  batch->app->line_width = length > 0 ? (size_t)length : 0;
  batch->app->told_retry = false;
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
