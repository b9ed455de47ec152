// SPDX-License-Identifier: MIT
/*
 * [list the actions -> check the image -> pause]* -> applied | not applied | unknown
 *
 * Exactly one source of events is active at a time: the pager, exchange, watch or timer of the
 * state. A watch also has a timer for its time limit.
 */
#include "lookup.h"
#include "error_fill.h"
#include "filter.h"
#include "str.h"
#include <string.h>

#define GRACE_MS       2000   /* the API's clock and its dates have whole seconds */
#define LOCAL_GRACE_MS 600000 /* if the API's time is not known */
#define MAX_LOOKUPS    5      /* during the settle time */

static void run_lookup(ia_lookup *lookup);
static void view_image(ia_lookup *lookup);

static int64_t now_ms(const ia_lookup *lookup) {
  return lookup->client->engine->timers.now.mono_ms;
}

/* ---- states ---- */

/* Stops the event source of the old state. */
static void enter(ia_lookup *lookup, ia_lookup_state state) {
  ia_timer_stop(&lookup->client->engine->timers, &lookup->timer);
  if (lookup->pager) ia_pager_stop(lookup->pager);
  ia_watch_stop(&lookup->watch);
  ia_exchange_free(lookup->exchange);
  lookup->exchange = NULL;
  lookup->state = state;
}

static void end(ia_lookup *lookup, ia_outcome outcome) {
  enter(lookup, IA_LOOKUP_IDLE);
  lookup->done(lookup, outcome);
}

/* Copies the reason first: it may belong to the source that is stopped. */
static void give_up(ia_lookup *lookup, const char *reason) {
  ia_str_copy(lookup->reason, sizeof lookup->reason, reason);
  end(lookup, IA_OUTCOME_UNKNOWN);
}

static void rested(ia_timer *timer) {
  ia_lookup *lookup = IA_ENTRY(timer, ia_lookup, timer);
  if (lookup->verifying)
    view_image(lookup);
  else
    run_lookup(lookup);
}

/* The next lookup starts after a part of the settle time, the last one at its end, or at once if
 * that has passed. */
static void rest(ia_lookup *lookup) {
  int64_t left = lookup->lookup_deadline_ms - now_ms(lookup),
          interval = lookup->settle_ms / MAX_LOOKUPS;
  if (left < 0) left = 0;
  if (interval < 1) interval = 1;
  enter(lookup, IA_LOOKUP_RESTING);
  ia_timer_set(&lookup->client->engine->timers, &lookup->timer,
               now_ms(lookup) + (interval < left ? interval : left), rested);
}

/* ---- when it was sent ---- */

static ia_time_range by_clock(const imgact_client *client, int64_t mono_ms) {
  const ia_now *now = &client->engine->timers.now;
  if (client->server_clock.known)
    return ia_server_clock_at(&client->server_clock, mono_ms, now->mono_ms);
  int64_t local_ms = now->wall_ms - (now->mono_ms - mono_ms);
  return (ia_time_range){local_ms, local_ms};
}

/* Returns when the request was sent, by the API's clock. The monotonic clock may have stopped while
 * the machine was suspended, and the wall clock may have been changed, so the range covers both. If
 * the API's clock is known, only the time since the request is measured locally. */
static ia_time_range when_sent(const ia_lookup *lookup) {
  const imgact_client *client = lookup->client;
  const ia_sent *sent = &lookup->sent;
  const ia_now *now = &client->engine->timers.now;
  if (!sent->wall_ms) {
    ia_time_range unknown = {INT64_MIN, INT64_MAX};
    if (sent->resent) unknown.most_ms = by_clock(client, sent->resent_ms).most_ms;
    return unknown;
  }

  ia_time_range range = by_clock(client, sent->mono_ms), present = by_clock(client, now->mono_ms);
  int64_t passed_ms = now->wall_ms - sent->wall_ms;
  ia_time_range wall = {present.least_ms - passed_ms, present.most_ms - passed_ms};
  if (wall.least_ms < range.least_ms) range.least_ms = wall.least_ms;
  if (!client->server_clock.known && wall.most_ms > range.most_ms) range.most_ms = wall.most_ms;
  return range;
}

static ia_send_time send_time(const ia_lookup *lookup) {
  const imgact_client *client = lookup->client;
  int64_t grace_ms = client->server_clock.known ? GRACE_MS : LOCAL_GRACE_MS;
  return (ia_send_time){.at = when_sent(lookup),
                        .grace_ms = grace_ms,
                        .latest_now_ms = by_clock(client, now_ms(lookup)).most_ms + grace_ms,
                        .inherited = lookup->sent.inherited};
}

/* ---- what was found ---- */

static void follow(ia_lookup *lookup);

static bool is_settle_time_over(const ia_lookup *lookup) {
  return lookup->lookup_started_ms >= lookup->lookup_deadline_ms;
}

static const char *why_unclear(ia_finding finding) {
  if (finding == IA_FOUND_UNSTABLE)
    return "the image shows the requested state, but a running action may change it";
  return finding == IA_FOUND_SEVERAL ? "several actions may be its effect"
                                     : "an action may be its effect";
}

static void decide(ia_lookup *lookup, ia_finding finding) {
  bool verifies = (lookup->slot->flags & IMGACT_SLOT_VERIFY_IMAGE) != 0;
  switch (ia_after_lookup(finding, verifies, is_settle_time_over(lookup))) {
  case IA_STEP_REPEAT: rest(lookup); break;
  case IA_STEP_VERIFY: follow(lookup); break;
  case IA_STEP_ADOPT: end(lookup, IA_OUTCOME_APPLIED); break;
  case IA_STEP_NOT_APPLIED: end(lookup, IA_OUTCOME_NOT_APPLIED); break;
  default: give_up(lookup, why_unclear(finding)); break;
  }
}

/* An action that does not show the requested value (protection on or off) is adopted only after the
 * image shows it. */
static void verified(ia_lookup *lookup, bool shown) {
  if (shown)
    end(lookup, IA_OUTCOME_APPLIED);
  else if (now_ms(lookup) >= lookup->lookup_deadline_ms)
    give_up(lookup,
            "an action of this kind has finished, but the image does not show the requested state");
  else
    rest(lookup);
}

static void got_image(ia_exchange *exchange) {
  ia_lookup *lookup = exchange->owner;
  if (exchange->error.status != IMGACT_OK) {
    give_up(lookup, exchange->error.message);
    return;
  }
  const imgact_image *image = lookup->image.images_count ? lookup->image.images[0] : NULL;
  if (!image || !ia_str_equal(image->id, lookup->call->image_ref)) {
    give_up(lookup, "the API returned another image");
    return;
  }

  bool shown = lookup->slot->image_shows_effect(lookup->call, image) == IMGACT_TRISTATE_TRUE;
  if (shown && !lookup->verifying) lookup->seen = image;
  if (lookup->verifying)
    verified(lookup, shown);
  else if (shown)
    decide(lookup, lookup->finding == IA_FOUND_UNSTABLE ? IA_FOUND_UNSTABLE : IA_FOUND_EFFECT);
  else
    decide(lookup, IA_FOUND_NOTHING);
}

static bool can_view(const ia_lookup *lookup) {
  return lookup->slot->image_shows_effect && ia_client_slot(lookup->client, IMGACT_OP_GET_IMAGE);
}

static void view_image(ia_lookup *lookup) {
  imgact_client *client = lookup->client;
  imgact_call call = {
      .size = sizeof call, .kind = IMGACT_OP_GET_IMAGE, .image_ref = lookup->call->image_ref};
  if (!can_view(lookup)) {
    if (lookup->verifying)
      verified(lookup, false);
    else if (lookup->slot->flags & IMGACT_SLOT_CREATES_ACTION)
      decide(lookup, IA_FOUND_NOTHING);
    else
      give_up(lookup, "the provider cannot show the effect");
    return;
  }

  enter(lookup, IA_LOOKUP_VIEWING);
  lookup->exchange = ia_exchange_new(client, lookup->policy, got_image, lookup);
  if (!lookup->exchange) {
    give_up(lookup, "out of memory");
    return;
  }

  if (!lookup->image.allocator) ia_client_result_init(client, &lookup->image, lookup->keep_raw);
  ia_result_reset(&lookup->image);
  ia_exchange_submit(lookup->exchange, &call, &lookup->image);
}

/* ---- an action that may be the effect ---- */

static void followed(ia_watch *watch, const imgact_error *error, const char *details) {
  ia_lookup *lookup = IA_ENTRY(watch, ia_lookup, watch);
  (void)details;
  if (error) {
    give_up(lookup, error->message);
    return;
  }
  if (watch->action->status == IMGACT_ACTION_STATUS_RUNNING) return;
  if (!ia_result_set_action(&lookup->actions, watch->action)) {
    give_up(lookup, "out of memory");
    return;
  }

  lookup->action = lookup->actions.actions[0];
  view_image(lookup);
}

static void too_late(ia_timer *timer) {
  give_up(IA_ENTRY(timer, ia_lookup, timer),
          "an action of this kind was started, but has not finished yet");
}

/* From now on, the action has the whole settle time to finish and to show in the image. */
static void follow(ia_lookup *lookup) {
  imgact_client *client = lookup->client;
  ia_watch *watch = &lookup->watch;
  lookup->verifying = true;
  lookup->lookup_deadline_ms = ia_later(now_ms(lookup), lookup->settle_ms);
  if (!lookup->action || lookup->action->status != IMGACT_ACTION_STATUS_RUNNING) {
    view_image(lookup);
    return;
  }

  enter(lookup, IA_LOOKUP_FOLLOWING);
  watch->id = lookup->action->id;
  watch->image = lookup->call->image_ref;
  watch->report = followed;
  watch->policy = lookup->policy;
  watch->policy.priority = IA_PRIORITY_POLL;
  watch->interval_ms = client->settings.poll_interval_ms;
  watch->keep_raw = lookup->keep_raw;
  if (!watch->id) {
    give_up(lookup, "the action has no id");
    return;
  }

  ia_watch_start(watch, client, true);
  ia_timer_set(&client->engine->timers, &lookup->timer, lookup->lookup_deadline_ms, too_late);
}

/* ---- the actions of the image or server ---- */

static bool is_of_another(const imgact_call *call, const imgact_action *action) {
  return call->server_id ? ia_action_of_another_server(action, call->server_id)
                         : ia_action_of_another_image(action, call->image_ref);
}

static ia_finding weigh(ia_lookup *lookup) {
  const ia_send_time sent = send_time(lookup);
  size_t certain = 0, unclear = 0;
  bool unstable = false;
  lookup->action = NULL;
  for (size_t i = 0; i < lookup->actions.actions_count; i++) {
    const imgact_action *action = lookup->actions.actions[i];
    if (is_of_another(lookup->call, action)) continue;
    unstable = unstable || ia_may_change_image(lookup->slot, lookup->call, action);
    if (ia_owned_ids_has(&lookup->client->owned_actions, action->id)) continue;
    ia_match match = ia_match_action(lookup->slot, lookup->call, action, &sent);
    if (match == IA_MATCH_YES) lookup->action = action;
    certain += match == IA_MATCH_YES;
    unclear += match == IA_MATCH_UNCLEAR;
  }

  if (certain > 1) return IA_FOUND_SEVERAL;
  if (unclear) return IA_FOUND_UNCLEAR;
  if (certain) return IA_FOUND_ACTION;
  return unstable ? IA_FOUND_UNSTABLE : IA_FOUND_NOTHING;
}

static void got_actions(ia_pager *pager) {
  ia_lookup *lookup = pager->owner;
  if (pager->error.status != IMGACT_OK) {
    give_up(lookup, pager->error.message);
    return;
  }
  lookup->finding = weigh(lookup);
  if (lookup->finding == IA_FOUND_NOTHING || lookup->finding == IA_FOUND_UNSTABLE)
    view_image(lookup);
  else
    decide(lookup, lookup->finding);
}

static bool read_list(ia_lookup *lookup, const imgact_call *call, imgact_result *result,
                      void (*done)(ia_pager *), imgact_error *error) {
  imgact_client *client = lookup->client;
  ia_no_memory(error);
  if (!lookup->pager) lookup->pager = ia_alloc_zero(client->allocator, sizeof *lookup->pager);
  if (!lookup->pager) return false;
  memset(lookup->pager, 0, sizeof *lookup->pager);
  if (ia_pager_init(lookup->pager, client, call, error) != IMGACT_OK) return false;
  lookup->pager->done = done;
  lookup->pager->owner = lookup;
  lookup->pager->policy = lookup->policy;
  if (ia_pager_start(lookup->pager, result)) return true;
  *error = lookup->pager->error;

  return false;
}

static imgact_op_kind kind_of_list(const imgact_call *call) {
  return call->server_id ? IMGACT_OP_LIST_SERVER_ACTIONS : IMGACT_OP_LIST_ACTIONS;
}

static bool list_actions(ia_lookup *lookup, imgact_error *error) {
  lookup->filter =
      (imgact_action_filter){.size = sizeof lookup->filter, .image_id = lookup->call->image_ref};
  const imgact_call call = {.size = sizeof call,
                            .kind = kind_of_list(lookup->call),
                            .image_ref = lookup->call->image_ref,
                            .server_id = lookup->call->server_id,
                            .action_filter = &lookup->filter};
  return read_list(lookup, &call, &lookup->actions, got_actions, error);
}

/* ---- the account's own images ---- */

/* A list without the image proves nothing: an import that has just been started, or has failed, may
 * not be listed. */
static void weigh_images(ia_lookup *lookup) {
  const ia_send_time sent = send_time(lookup);
  size_t certain = 0, unclear = 0;
  imgact_image *found = NULL;
  for (size_t i = 0; i < lookup->image.images_count; i++) {
    imgact_image *image = lookup->image.images[i];
    if (ia_owned_ids_has(&lookup->client->owned_images, image->id)) continue;
    ia_match match = ia_match_image(lookup->call, image, &sent);
    if (match == IA_MATCH_YES) found = image;
    certain += match == IA_MATCH_YES;
    unclear += match == IA_MATCH_UNCLEAR;
  }

  if (certain == 1 && !unclear) {
    lookup->image.images[0] = found;
    lookup->image.images_count = 1;
    lookup->seen = found;
    end(lookup, IA_OUTCOME_APPLIED);
  } else if (certain > 1) {
    give_up(lookup, "several images may be its effect");
  } else if (!is_settle_time_over(lookup)) {
    rest(lookup);
  } else {
    give_up(lookup, unclear
                        ? "an image may be its effect"
                        : "no new image with this name is listed, but it may have been started");
  }
}

static void got_images(ia_pager *pager) {
  ia_lookup *lookup = pager->owner;
  if (pager->error.status == IMGACT_OK)
    weigh_images(lookup);
  else
    give_up(lookup, pager->error.message);
}

static bool list_images(ia_lookup *lookup, imgact_error *error) {
  imgact_client *client = lookup->client;
  if (!lookup->image.allocator) ia_client_result_init(client, &lookup->image, lookup->keep_raw);
  lookup->image_filter = (imgact_image_filter){.size = sizeof lookup->image_filter,
                                               .visibility = IMGACT_VISIBILITY_PRIVATE};
  const imgact_call call = {
      .size = sizeof call, .kind = IMGACT_OP_LIST_IMAGES, .image_filter = &lookup->image_filter};
  return read_list(lookup, &call, &lookup->image, got_images, error);
}

static void run_lookup(ia_lookup *lookup) {
  imgact_error error;
  enter(lookup, IA_LOOKUP_LISTING);
  lookup->lookup_started_ms = now_ms(lookup);
  lookup->finding = IA_FOUND_NOTHING;
  lookup->seen = NULL; /* each lookup decides by its own results */
  if (lookup->slot->flags & IMGACT_SLOT_CREATES_IMAGE) {
    if (!list_images(lookup, &error)) give_up(lookup, error.message);
  } else if (!(lookup->slot->flags & IMGACT_SLOT_CREATES_ACTION))
    view_image(lookup);
  else if (!ia_client_slot(lookup->client, kind_of_list(lookup->call)))
    give_up(lookup, "the provider cannot list actions");
  else if (!list_actions(lookup, &error))
    give_up(lookup, error.message);
}

void ia_lookup_start(ia_lookup *lookup) {
  imgact_client *client = lookup->client;
  if (!lookup->actions.allocator) ia_client_result_init(client, &lookup->actions, lookup->keep_raw);
  lookup->verifying = false;
  lookup->action = NULL;
  lookup->seen = NULL;
  run_lookup(lookup);
}

int64_t ia_lookup_delayed_until_ms(const ia_lookup *lookup) {
  switch (lookup->state) {
  case IA_LOOKUP_LISTING: return ia_pager_delayed_until_ms(lookup->pager);
  case IA_LOOKUP_VIEWING: return ia_exchange_delayed_until_ms(lookup->exchange);
  case IA_LOOKUP_FOLLOWING: return ia_watch_delayed_until_ms(&lookup->watch);
  default: return IA_NEVER;
  }
}

void ia_lookup_free(ia_lookup *lookup) {
  if (!lookup->client) return;
  enter(lookup, IA_LOOKUP_IDLE);
  ia_watch_free(&lookup->watch);
  ia_free(lookup->client->allocator, lookup->pager);
  lookup->pager = NULL;
  if (lookup->actions.allocator) ia_result_free(&lookup->actions);
  if (lookup->image.allocator) ia_result_free(&lookup->image);
  lookup->actions.allocator = lookup->image.allocator = NULL;
}
