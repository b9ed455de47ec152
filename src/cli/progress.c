// SPDX-License-Identifier: MIT
// How waiting shows on stderr: a bar that is drawn over itself, or a line per change. One slot waits for one action.
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define BAR_WIDTH 30

static cli_progress kind_of(const cli_app *app) {
  if (app->options.quiet) return CLI_PROGRESS_NONE;
  cli_progress kind = (cli_progress)app->options.progress;
  if (kind == CLI_PROGRESS_AUTO) kind = isatty(STDERR_FILENO) ? CLI_PROGRESS_BAR : CLI_PROGRESS_NONE;
  return kind;
}

void cli_progress_clear(cli_app *app) {
  if (app->line_width) fprintf(stderr, "\r%*s\r", (int)app->line_width, "");
  app->line_width = 0;
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
  fprintf(stderr, "\r%s", line);
  fflush(stderr);
  batch->app->line_width = length > 0 ? (size_t)length : 0;
}

static void put_line(const imgact_action *action) {
  cli_buffer id = {0};
  cli_buffer_visible(&id, action->id ? action->id : "-");
  fprintf(stderr, "action %s: %s", cli_buffer_get(&id), imgact_action_status_name(action->status));
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
  if (kind == CLI_PROGRESS_PLAIN) put_line(action);
}

void cli_progress_ended(cli_slot *slot) {
  cli_progress kind = kind_of(slot->batch->app);
  const imgact_action *action = imgact_op_action(slot->op);
  if (!action || action->status == IMGACT_ACTION_RUNNING) return; /* nobody looks any more, but it goes on */
  slot->percent = 100;
  if (kind == CLI_PROGRESS_BAR && slot->batch->left) draw_bar(slot->batch);
  if (kind == CLI_PROGRESS_PLAIN) put_line(action);
}
