// SPDX-License-Identifier: MIT
/* Commands to paste into a shell: they resume a wait for running actions, wait for the actions that
 * lock an image, or check mutations with an unknown outcome. */
#include <imgact/provider.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "provider_info.h"

/* Returns true if the action may still be running after a wait ended with this status. */
static bool may_be_running(imgact_status status) {
  return status == IMGACT_CANCELLED || status == IMGACT_TIMEOUT || status == IMGACT_NETWORK ||
         status == IMGACT_UNAVAILABLE || status == IMGACT_RATE_LIMITED;
}

/* Returns the id of the item's action if the action may still be running, else NULL. A wait has the
 * id before its first poll. */
static const char *running_id(const cli_item *item) {
  imgact_status status = cli_item_error(item)->status;
  if (status == IMGACT_OK) return NULL;

  const imgact_action *action = imgact_op_action(item->op);
  if (status == IMGACT_NOT_FOUND) return NULL; /* also if an earlier poll found it */
  if (action) return action->status == IMGACT_ACTION_STATUS_RUNNING ? action->id : NULL;
  return imgact_op_get_kind(item->op) == IMGACT_OP_WAIT_ACTIONS && may_be_running(status)
             ? item->subject
             : NULL;
}

bool cli_wait_abandoned(const cli_item *item, imgact_error *error) {
  if (!item->waits || !running_id(item)) return false;

  *error = *cli_item_error(item);
  error->flags &= ~IMGACT_ERROR_MAYBE_APPLIED; /* the action exists: it was applied */
  const imgact_action *action = imgact_op_action(item->op);
  const char *why = cli_item_error(item)->message; /* error of the failed poll */
  if (error->status == IMGACT_CANCELLED) why = "stopped waiting";

  char percent[24] = "", state[sizeof error->message / 2] = "status unknown";
  if (action && action->progress >= 0)
    snprintf(percent, sizeof percent, " (%d %%)", (int)action->progress);
  if (action && imgact_op_get_kind(item->op) == IMGACT_OP_WAIT_ACTIONS)
    snprintf(state, sizeof state, "last status running%s", percent);
  else if (action)
    snprintf(state, sizeof state, "action %.200s: last status running%s", action->id, percent);
  snprintf(error->message, sizeof error->message, "%.240s; %s", why, state);

  return true;
}

/* Adds a word, quoted for a shell if necessary. */
static void add_word(cli_buffer *text, const char *word) {
  bool plain =
      *word &&
      strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@") ==
          strlen(word);
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

static bool is_set(const char *variable) {
  const char *value = getenv(variable);
  return value && value[0];
}

/* Returns true if one of the provider's endpoint variables is set. */
static bool provider_variable_is_set(const cli_app *app) {
  const imgact_provider *provider =
      imgact_provider_find(imgact_client_provider_name(app->session.client));
  bool any = false;

  for (const char *const *name = provider ? provider->endpoint_env : NULL; name && *name; name++)
    any = any || is_set(*name);
  return any;
}

/* Adds a flag with the value given by flag or variable: the variable may not be set in the shell
 * where the command is pasted. */
static void add_setting(cli_buffer *text, const char *flag, const char *given,
                        const char *variable) {
  const char *value = given ? given : getenv(variable);
  if (value && value[0]) add_flag(text, flag, value);
}

static void add_flags(cli_buffer *command, const cli_app *app) {
  const cli_options *o = &app->options;
  add_setting(command, " --config ", o->config, "IMGACT_CONFIG");
  add_setting(command, " --profile ", o->profile, "IMGACT_PROFILE");
  add_setting(command, " --provider ", o->provider, "IMGACT_PROVIDER");
  if (o->endpoint || is_set("IMGACT_ENDPOINT") || provider_variable_is_set(app))
    add_flag(command, " --endpoint ", imgact_client_endpoint(app->session.client));
  add_flag(command, " --token-env ", o->token_env);
  add_flag(command, " --token-file ", o->token_file);
}

static void put(cli_app *app, const char *opening, const cli_buffer *text) {
  cli_buffer visible = {0};
  cli_buffer_visible(&visible, cli_buffer_get(text));
  cli_stream_text(&app->err, opening);
  cli_stream_text(&app->err, cli_buffer_get(&visible));
  cli_buffer_free(&visible);
}

static const imgact_slot *find_slot(const cli_app *app, imgact_op_kind kind) {
  const char *name = imgact_client_provider_name(app->session.client);
  return cli_provider_slot(imgact_provider_find(name), kind);
}

/* Returns the image whose path is used to poll the action of an item: required for tokens that are
 * limited to images. NULL if one command can wait for the actions of several images. */
static const char *image_of(const cli_item *item) {
  const cli_app *app = item->batch->app;
  const imgact_slot *wait = find_slot(app, IMGACT_OP_WAIT_ACTIONS);
  if (imgact_op_get_kind(item->op) == IMGACT_OP_WAIT_ACTIONS) return app->options.image;
  if (cli_item_makes_image(item)) return NULL;
  return wait && wait->max_ids > 1 && app->arguments_count > 1 ? NULL : item->subject;
}

/* Adds the ids of the actions that may be running, from item first on: of all items, or while the
 * image stays the same. Returns the index after the last item. */
static size_t add_running(cli_buffer *ids, const cli_batch *batch, size_t first, bool of_all) {
  size_t i = first;
  for (;
       i < batch->count && (of_all || image_of(&batch->items[i]) == image_of(&batch->items[first]));
       i++) {
    const char *id = running_id(&batch->items[i]);
    if (id) cli_buffer_text(ids, " ");
    if (id) add_word(ids, id);
  }
  return i;
}

/* Prints the wait command for one image, whose items are adjacent. */
static void put_wait(const cli_batch *batch, size_t *first) {
  cli_buffer ids = {0}, flags = {0};
  add_flag(&flags, " --image ", image_of(&batch->items[*first]));
  add_flags(&flags, batch->app);
  *first = add_running(&ids, batch, *first, false);
  if (ids.length) {
    put(batch->app, "  imgact action wait", &ids);
    put(batch->app, "", &flags);
    cli_stream_char(&batch->app->err, '\n');
  }
  cli_buffer_free(&ids);
  cli_buffer_free(&flags);
}

/* Returns true if a poll has found each of these actions running. */
static bool batch_saw_all(const cli_batch *batch) {
  for (size_t i = 0; i < batch->count; i++)
    if (running_id(&batch->items[i]) && !imgact_op_action(batch->items[i].op)) return false;
  return true;
}

void cli_hint_resume(cli_batch *batch) {
  cli_buffer ids = {0};
  (void)add_running(&ids, batch, 0, true);
  if (ids.length) {
    put(batch->app,
        batch_saw_all(batch) ? "imgact: still running:" : "imgact: may still be running:", &ids);
    cli_stream_line(&batch->app->err, "; to resume waiting:");
    for (size_t i = 0; i < batch->count;) put_wait(batch, &i);
    cli_stream_flush(&batch->app->err);
  }
  cli_buffer_free(&ids);
}

/* Returns true if the operation creates an action: then the image's actions show it, else the image
 * itself does. */
static bool makes_action(const cli_item *item) {
  const imgact_slot *slot = find_slot(item->batch->app, imgact_op_get_kind(item->op));
  return slot && (slot->flags & IMGACT_SLOT_CREATES_ACTION) != 0;
}

static bool outcome_is_unknown(const cli_item *item) {
  return (cli_item_error(item)->flags & IMGACT_ERROR_MAYBE_APPLIED) && item->subject &&
         !running_id(item);
}

/* Adds the ids of the actions that the details of a locked error name. */
static void add_locking(cli_buffer *ids, const cli_item *item) {
  const char *details = imgact_op_error_details(item->op);
  imgact_json_doc *doc = NULL;
  if (cli_item_error(item)->status != IMGACT_LOCKED || !details ||
      imgact_json_doc_parse(details, strlen(details), NULL, &doc, NULL, 0))
    return;
  imgact_json_iter all =
      imgact_json_iter_begin(imgact_json_get(imgact_json_doc_root(doc), "running"));
  const imgact_json *value;
  while ((value = imgact_json_iter_next(&all, NULL))) {
    char id[256];
    if (!imgact_json_copy_string(value, id, sizeof id)) continue;
    cli_buffer_text(ids, " ");
    add_word(ids, id);
  }
  imgact_json_doc_free(doc);
}

void cli_hint_locked(const cli_batch *batch) {
  const char *shown = NULL; /* the items of an image are adjacent */
  for (size_t i = 0; i < batch->count && !cli_wants_json(batch->app); i++) {
    const cli_item *item = &batch->items[i];
    cli_buffer ids = {0}, flags = {0};
    add_locking(&ids, item);
    if (ids.length && item->subject != shown) {
      if (!shown) cli_stream_line(&batch->app->err, "imgact: to wait for the running actions:");
      shown = item->subject;
      add_flag(&flags, " --image ", cli_item_makes_image(item) ? NULL : item->subject);
      add_flags(&flags, batch->app);
      put(batch->app, "  imgact action wait", &ids);
      put(batch->app, "", &flags);
      cli_stream_char(&batch->app->err, '\n');
      cli_stream_flush(&batch->app->err);
    }
    cli_buffer_free(&ids);
    cli_buffer_free(&flags);
  }
}

void cli_hint_verify(const cli_batch *batch) {
  const char *shown = NULL; /* the items of an image are adjacent */
  for (size_t i = 0; i < batch->count && !cli_wants_json(batch->app); i++) {
    const cli_item *item = &batch->items[i];
    if (!outcome_is_unknown(item) || item->subject == shown) continue;

    cli_buffer command = {0};
    if (cli_item_makes_image(item)) {
      cli_buffer_text(&command, "image list --mine --newer-than 1h");
    } else {
      cli_buffer_text(&command, makes_action(item) ? "action list --image " : "image get ");
      add_word(&command, item->subject);
    }
    add_flags(&command, batch->app);

    if (!shown) cli_stream_line(&batch->app->err, "imgact: to check what was applied:");
    put(batch->app, "  imgact ", &command);
    cli_stream_char(&batch->app->err, '\n');
    cli_stream_flush(&batch->app->err);
    cli_buffer_free(&command);
    shown = item->subject;
  }
}
