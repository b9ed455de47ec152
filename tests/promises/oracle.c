// SPDX-License-Identifier: MIT
/*
 * What the caller was told, against what the world knows. Only requests of the library's own count as effects; somebody
 * else's are told apart by the harness.
 */
#include "oracle.h"
#include <string.h>

#define GRACE_MS 2000 /* before the request, by the cloud's clock: whole seconds in dates and in actions */

bool oracle_doubled(const harness *s) {
  return s->schedule->change != SCHEDULE_UPDATE && s->effects > (uint64_t)s->schedule->twins;
}

static bool has(const harness_actions *list, int64_t id) {
  for (size_t i = 0; i < list->count; i++)
    if (list->ids[i] == id) return true;
  return false;
}

static bool maybe(const harness_told *told) { return (told->error.flags & IMGACT_ERROR_MAYBE_APPLIED) != 0; }

/* Does the caller know that something of his may be there? */
static bool aware(const harness_told *told) {
  return told->error.status == IMGACT_OK || told->error.status == IMGACT_ACTION_FAILED || maybe(told);
}

/* What was adopted is not older than the request, as far as dates can tell that were read late and in whole seconds. */
static bool too_old(const harness *s, const sim_action *action) {
  int64_t slack_ms = GRACE_MS + 2000 + s->schedule->latency_ms + 60000 * (s->schedule->look_faults ? 1 : 0);
  return action->started_ms < s->start_ms - slack_ms;
}

static const char *judge_action(const harness *s, const harness_told *told) {
  const sim_action *action = sim_action_find(s->instance.world, s->schedule->cloud, told->action_id);
  if (!action) return "the action that was told does not exist";
  bool own = has(&s->own, action->id);
  if (!own && !has(&s->others, action->id)) return "an action of another time was taken for this request's";
  if (!own && !told->adopted) return "somebody else's action was told without a word that it was found by looking";
  if (!own && too_old(s, action)) return "an action from before the request was adopted";
  if (told->error.status == IMGACT_ACTION_FAILED && action->state != SIM_ERROR)
    return "a failure was told of an action that did not fail";
  if (told->action_status == IMGACT_ACTION_STATUS_SUCCESS && action->state != SIM_SUCCESS)
    return "a success was told of an action that has none";
  if (told->error.status == IMGACT_OK && s->schedule->wait && action->state != SIM_SUCCESS)
    return "a wait ended well before the action did";
  return NULL;
}

static bool undone(const harness *s, bool opposed) {
  const sim_action *undoing = sim_action_find(s->instance.world, s->schedule->cloud, s->others.ids[0]);
  return (undoing && undoing->state == SIM_RUNNING) || (!s->shown && !opposed);
}

static const char *judge_success(const harness *s, const harness_told *told) {
  bool opposed = s->foreign && (s->schedule->foreign_opposite || s->schedule->change == SCHEDULE_UPDATE);
  if (told->action_id) {
    const char *wrong = judge_action(s, told);
    if (wrong) return wrong;
  }
  if (!s->effects && !s->foreign && !s->initially) return "success was told, and nothing was done";
  if (s->schedule->undoing && !told->action_id && undone(s, opposed))
    return "success was told of an image that was about to change";
  if ((s->schedule->wait || !s->schedule->unsafe) && !s->shown && !opposed)
    return "success was told, and the image does not show it";
  if (s->schedule->unsafe && !told->action_id && !told->adopted) return "success was told without an action";
  return NULL;
}

static const char *judge_one(const harness *s, const harness_told *told) {
  imgact_status status = told->error.status;
  if (status == IMGACT_OK) return judge_success(s, told);
  if (status == IMGACT_INTERNAL || status == IMGACT_NOMEM || status == IMGACT_BUSY) return "a status that has no place here";
  if (status == IMGACT_AMBIGUOUS && !maybe(told)) return "ambiguous, but said to be not applied";
  if (status == IMGACT_AMBIGUOUS && (told->actions || told->images)) return "ambiguous, with a result";
  if (status == IMGACT_AMBIGUOUS && !s->schedule->unsafe) return "ambiguous, though repeating was harmless";
  if (told->action_id) return judge_action(s, told);
  return NULL;
}

static const char *judge_calm(const harness *s) {
  const harness_told *told = &s->told[0];
  bool calm = !s->instance.world->counters.faults && s->schedule->twins == 1 && s->schedule->foreign_ms < 0 &&
              !s->schedule->undoing && s->schedule->shorten_bytes < 0;
  if (!calm || s->crashed || s->schedule->deadline_ms || s->schedule->cancel_ms) return NULL;
  if (told->error.status != IMGACT_OK) return "nothing went wrong, and it failed";
  if (told->adopted) return "nothing went wrong, and yet it was looked for";
  return s->schedule->list || s->sends == 1 ? NULL : "nothing went wrong, and it was sent more than once";
}

static const char *judge_list(const harness *s) {
  const harness_told *told = &s->told[0];
  if (told->error.status != IMGACT_OK) return told->images ? "a list that failed shows images" : NULL;
  for (int image = 1; image <= HARNESS_IMAGES; image++) {
    size_t times = 0;
    for (size_t i = 0; i < told->images && i < SIM_COUNT(told->ids); i++) times += told->ids[i] == image;
    if (!times && s->present[image - 1]) return "a list lacks what was there all the time";
    if (times > 1 && !s->schedule->allow_twice) return "a list shows one image twice";
  }
  return NULL;
}

static const char *judge_mutations(const harness *s) {
  const schedule *p = s->schedule;
  uint64_t known = 0;
  for (int i = 0; i < p->twins; i++) {
    const char *wrong = judge_one(s, &s->told[i]);
    if (wrong) return wrong;
    known += aware(&s->told[i]);
  }
  if (p->twins == 2 && s->told[0].action_id && s->told[0].action_id == s->told[1].action_id)
    return "two calls share one action";
  if (s->sends > (uint64_t)(p->attempts * p->twins * (s->crashed ? 2 : 1))) return "more requests than attempts";
  bool settles = p->hide_ms <= p->settle_ms;
  if (p->unsafe && settles && oracle_doubled(s)) return "the effect was committed more than once";
  if (p->unsafe && settles && s->effects > known) return "an effect was committed that nobody was told of";
  if (!p->unsafe && s->effects && !known) return "an effect was committed that nobody was told of";
  if (p->attempts == 1 && !s->crashed && s->sends > (uint64_t)p->twins) return "one attempt, and it was sent again";
  return NULL;
}

const char *oracle(const harness *s) {
  if (!s->finished) return "it does not end";
  const char *wrong = s->schedule->list ? judge_list(s) : judge_mutations(s);
  return wrong ? wrong : judge_calm(s);
}
