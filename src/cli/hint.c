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
  const imgact_action *action = imgact_op_action(slot->op);
  if (!slot->waits || !action || !running_id(slot)) return false;
  *error = *cli_slot_error(slot);
  error->flags &= ~IMGACT_ERROR_MAYBE_APPLIED; /* it was: the action is there */
  snprintf(error->message, sizeof error->message, "%sstopped waiting for action %s, which goes on",
           error->status == IMGACT_TIMEOUT ? "the deadline passed: " : "", action->id);
  return true;
}

// A flag as a shell takes it.
static void add_flag(cli_buffer *text, const char *flag, const char *value) {
  if (!value) return;
  cli_buffer_text(text, flag);
  bool plain =
      *value && strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@") == strlen(value);
  if (!plain) cli_buffer_text(text, "'");
  for (const char *at = value; *at; at++) {
    if (*at == '\'')
      cli_buffer_text(text, "'\\''");
    else
      cli_buffer_add(text, at, 1);
  }
  if (!plain) cli_buffer_text(text, "'");
}

void cli_batch_hint(cli_batch *batch) {
  cli_buffer ids = {0}, flags = {0};
  const cli_options *o = &batch->app->options;
  const char *image = o->image;
  bool is_wait = batch->count && imgact_op_kind_of(batch->slots[0].op) == IMGACT_OP_WAIT_ACTIONS;
  if (!is_wait && batch->app->arguments_count == 1) image = batch->app->arguments[0];
  for (size_t i = 0; i < batch->count; i++) {
    const char *id = running_id(&batch->slots[i]);
    if (id) cli_buffer_text(&ids, " ");
    if (id) cli_buffer_text(&ids, id);
  }
  add_flag(&flags, " --image ", image);
  add_flag(&flags, " --config ", o->config);
  add_flag(&flags, " --profile ", o->profile);
  add_flag(&flags, " --provider ", o->provider);
  add_flag(&flags, " --endpoint ", o->endpoint);
  add_flag(&flags, " --token-env ", o->token_env);
  add_flag(&flags, " --token-file ", o->token_file);
  if (ids.length)
    fprintf(stderr, "imgact: still running:%s; to go on waiting: imgact action wait%s%s\n", cli_buffer_get(&ids),
            cli_buffer_get(&ids), cli_buffer_get(&flags));
  cli_buffer_free(&ids);
  cli_buffer_free(&flags);
}
