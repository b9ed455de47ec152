// SPDX-License-Identifier: MIT
// What to do about actions that still run when the tool stops waiting: a command that can be pasted into a shell.
#include <string.h>

#include "cli.h"

// The id of a slot's action if that may be running still; waits know it before they have seen the action.
static const char *running_id(const cli_slot *slot) {
  imgact_status status = (imgact_status)cli_slot_error(slot)->status;
  if (status != IMGACT_CANCELLED && status != IMGACT_TIMEOUT) return NULL;
  const imgact_action *action = imgact_op_action(slot->op);
  if (action) return action->status == IMGACT_ACTION_RUNNING ? action->id : NULL;
  return imgact_op_kind_of(slot->op) == IMGACT_OP_WAIT_ACTIONS ? slot->subject : NULL;
}

bool cli_stopped_waiting(const cli_slot *slot, imgact_error *error) {
  if (!slot->waits || !running_id(slot)) return false;
  *error = *cli_slot_error(slot);
  error->flags &= ~IMGACT_ERROR_MAYBE_APPLIED; /* it was: the action is there */
  const imgact_action *action = imgact_op_action(slot->op);
  const char *why = error->status == IMGACT_TIMEOUT ? "the deadline passed" : "stopped waiting";
  char percent[24] = "", state[sizeof error->message / 2] = "its state was not seen";
  if (action && action->progress >= 0) snprintf(percent, sizeof percent, " (%d %%)", (int)action->progress);
  if (action && imgact_op_kind_of(slot->op) == IMGACT_OP_WAIT_ACTIONS)
    snprintf(state, sizeof state, "last seen running%s", percent);
  else if (action)
    snprintf(state, sizeof state, "action %.200s was last seen running%s", action->id, percent);
  snprintf(error->message, sizeof error->message, "%s; %s", why, state);
  return true;
}

// A word as a shell takes it.
static void add_word(cli_buffer *text, const char *word) {
  bool plain = *word && strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@") == strlen(word);
  if (!plain) cli_buffer_text(text, "'");
  for (const char *at = word; *at; at++) {
    if (*at == '\'')
      cli_buffer_text(text, "'\\''");
    else
      cli_buffer_add(text, at, 1);
  }
  if (!plain) cli_buffer_text(text, "'");
}

static void add_flag(cli_buffer *text, const char *flag, const char *value) {
  if (!value) return;
  cli_buffer_text(text, flag);
  add_word(text, value);
}

// Who pastes it has the same environment, so what came from there is not said.
static void add_flags(cli_buffer *command, const cli_app *app, const char *image) {
  const cli_options *o = &app->options;
  add_flag(command, " --image ", image);
  add_flag(command, " --config ", o->config);
  add_flag(command, " --profile ", o->profile);
  add_flag(command, " --provider ", o->provider);
  add_flag(command, " --endpoint ", o->endpoint);
  add_flag(command, " --token-env ", o->token_env);
  add_flag(command, " --token-file ", o->token_file);
}

static void put(const char *opening, const cli_buffer *text) {
  cli_buffer visible = {0};
  cli_buffer_visible(&visible, cli_buffer_get(text));
  fprintf(stderr, "%s%s", opening, cli_buffer_get(&visible));
  cli_buffer_free(&visible);
}

void cli_batch_hint(cli_batch *batch) {
  cli_buffer ids = {0}, flags = {0};
  const char *image = batch->app->options.image;
  bool is_wait = batch->count && imgact_op_kind_of(batch->slots[0].op) == IMGACT_OP_WAIT_ACTIONS;
  if (!is_wait && batch->app->arguments_count == 1) image = batch->app->arguments[0];
  for (size_t i = 0; i < batch->count; i++) {
    const char *id = running_id(&batch->slots[i]);
    if (id) cli_buffer_text(&ids, " ");
    if (id) add_word(&ids, id);
  }
  add_flags(&flags, batch->app, image);
  if (ids.length) {
    put("imgact: still running:", &ids);
    put("; to go on waiting:\n  imgact action wait", &ids);
    put("", &flags);
    fputc('\n', stderr);
  }
  cli_buffer_free(&ids);
  cli_buffer_free(&flags);
}
