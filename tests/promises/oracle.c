// SPDX-License-Identifier: MIT
/*
 * Results against what the cloud committed, and against the responses that the library received.
 * docs/guarantees.md says in words what each status and flag means, and which of these sentences
 * are checked here. Only requests of the library's own count as effects; the harness keeps those of
 * other programs apart.
 */
#include "oracle.h"
#include <string.h>

#define GRACE_MS                                                                                   \
  2000 /* before the request, by the cloud's clock: whole seconds in dates and in actions */
#define DOUBT_MS       600000 /* of a resumed call that makes an image */
#define LOCAL_GRACE_MS 600000 /* the same, by the client's clock, if no response has a Date */

static size_t index_of(const harness *s, const harness_call *call) {
  return (size_t)(call - s->calls);
}

/* Did a request of this call start the action? For a resumed call, also one of the program before.
 */
bool oracle_is_own(const harness *s, const harness_call *call, int64_t id) {
  const harness_actions *own = &s->groups[call->mutation].own;
  for (size_t i = 0; i < own->count; i++)
    if (own->ids[i] == id && (s->crashed || own->calls[i] == index_of(s, call))) return true;
  return false;
}

static bool maybe(const harness_call *call) {
  return (call->error.flags & IMGACT_ERROR_MAYBE_APPLIED) != 0;
}

static bool creates_action(const harness *s, schedule_mutation mutation) {
  return schedule_creates_action(s->schedule->cloud, mutation);
}

static bool is_unsafe(const harness *s, schedule_mutation mutation) {
  return schedule_is_unsafe(s->schedule->cloud, mutation);
}

/* Returns the number of calls of this mutation. */
static uint64_t calls_for(const harness *s, schedule_mutation mutation) {
  uint64_t count = 0;
  for (size_t i = 0; i < s->calls_count; i++) count += s->calls[i].mutation == mutation;
  return count;
}

static int64_t size_of(int64_t ms) { return ms < 0 ? -ms : ms; }

/* A resumed call believes the clock of the program that has died: if it was set since, an action
 * that has failed meanwhile, or a finished snapshot's if it was set by minutes, may be dated before
 * the request, and is not taken for its own. */
static uint64_t excused(const harness *s, schedule_mutation mutation) {
  uint64_t count = 0;
  const harness_actions *own = &s->groups[mutation].own;
  for (size_t i = 0;
       i < own->count && s->crashed && (s->schedule->resume_jump_ms || s->schedule->jump_ms); i++) {
    const sim_action *action = sim_action_find(s->instance.world, s->schedule->cloud, own->ids[i]);
    bool far = size_of(s->schedule->jump_ms) + size_of(s->schedule->resume_jump_ms) > DOUBT_MS;
    count += action && (action->state == SIM_ERROR || (mutation == SCHEDULE_SNAPSHOT && far));
  }
  return count;
}

static bool doubled(const harness *s, schedule_mutation mutation) {
  return mutation != SCHEDULE_UPDATE &&
         s->groups[mutation].effects > calls_for(s, mutation) + excused(s, mutation);
}

bool oracle_doubled(const harness *s) {
  for (int mutation = 0; mutation < SCHEDULE_MUTATIONS; mutation++)
    if (doubled(s, (schedule_mutation)mutation)) return true;
  return false;
}

/* Does the caller know that an effect of the call may be there? */
static bool aware(const harness_call *call) {
  return call->error.status == IMGACT_OK || call->error.status == IMGACT_ACTION_FAILED ||
         maybe(call);
}

/* ---- actions ---- */

/* How much earlier than its request an action may have begun that is taken for its own. */
static int64_t slack_ms(const harness *s) {
  const schedule *p = s->schedule;
  int64_t slack = GRACE_MS + size_of(p->cloud_jump_ms);
  if (s->crashed) slack += size_of(p->resume_jump_ms) + size_of(p->jump_ms);
  if (p->dates == SCHEDULE_DATES_MISSING || p->dates == SCHEDULE_DATES_OFTEN_MISSING)
    slack +=
        LOCAL_GRACE_MS + size_of(p->skew_ms) + size_of(p->jump_ms) + size_of(p->resume_jump_ms);
  return slack;
}

bool oracle_too_old(const harness *s, const harness_call *call, int64_t ms) {
  if (s->schedule->dates == SCHEDULE_DATES_OFTEN_WRONG) return false;
  int64_t sent_ms = s->crashed ? s->announced_ms : s->groups[call->mutation].first_sent_ms;
  return ms < sent_ms - slack_ms(s);
}

static bool is_of_kind(const sim_action *action, schedule_mutation mutation) {
  switch (mutation) {
  case SCHEDULE_PROTECT:
  case SCHEDULE_UNPROTECT: return action->effect == SIM_PROTECT || action->effect == SIM_UNPROTECT;
  case SCHEDULE_CONVERT: return action->effect == SIM_CONVERT;
  case SCHEDULE_SNAPSHOT: return action->effect == SIM_CREATE_IMAGE;
  case SCHEDULE_TRANSFER: return action->effect == SIM_TRANSFER && !strcmp(action->region, "nyc3");
  case SCHEDULE_TRANSFER_ELSEWHERE:
    return action->effect == SIM_TRANSFER && !strcmp(action->region, "ams3");
  default: return false;
  }
}

static const char *judge_status(const harness_call *call, const sim_action *action) {
  imgact_status status = call->error.status;
  if (status == IMGACT_ACTION_FAILED && action->state != SIM_ERROR)
    return "action_failed, and the action did not fail";
  if (call->action_status == IMGACT_ACTION_STATUS_SUCCESS && action->state != SIM_SUCCESS)
    return "an action is shown as success that is none";
  if (call->action_status == IMGACT_ACTION_STATUS_ERROR && action->state != SIM_ERROR)
    return "an action is shown as failed that is not";
  if (status == IMGACT_OK && call->s->schedule->wait && action->state != SIM_SUCCESS)
    return "a wait ended well before the action did";
  return NULL;
}

static bool is_of_object(const sim_action *action, schedule_mutation mutation) {
  if (mutation == SCHEDULE_SNAPSHOT)
    return action->machine && action->machine->id == HARNESS_SERVER;
  return action->image && action->image->id == HARNESS_IMAGE;
}

static const char *judge_action(const harness *s, const harness_call *call) {
  const sim_action *action =
      sim_action_find(s->instance.world, s->schedule->cloud, call->action_id);
  if (!action) return "the action in the result does not exist";
  if (!is_of_object(action, call->mutation))
    return "the action in the result is of another image or server";
  if (!is_of_kind(action, call->mutation)) return "the action in the result is of another kind";
  bool own = oracle_is_own(s, call, action->id);
  if (!own && !call->adopted)
    return "an action that this call did not begin is the result, and not as adopted";
  if (!own && oracle_too_old(s, call, action->started_ms))
    return "an action from before the request was adopted";
  return judge_status(call, action);
}

/* ---- what the library received ---- */

/* Was a response to a request of this call lost, or of no use? Calls that start no action send at
 * the same time, so any of the same kind counts. */
static bool lost_response(const harness *s, const harness_call *call) {
  const harness_group *group = &s->groups[call->mutation];
  if (is_unsafe(s, call->mutation)) return group->lost[index_of(s, call)] > 0;
  for (size_t i = 0; i < s->calls_count; i++)
    if (group->lost[i]) return true;
  return false;
}

/* Can a response with this HTTP status have this status? */
static bool fits_http(imgact_status status, int32_t http) {
  switch (status) {
  case IMGACT_UNAUTHORIZED: return http == 401;
  case IMGACT_FORBIDDEN: return http == 403;
  case IMGACT_NOT_FOUND: return http == 404 || http == 410 || http == 422;
  case IMGACT_CONFLICT: return http == 409 || http == 412;
  case IMGACT_LOCKED: return http == 423 || http == 409;
  case IMGACT_RATE_LIMITED: return http == 429;
  case IMGACT_UNAVAILABLE: return http >= 500 || http == 408 || http == 425;
  case IMGACT_INVALID_INPUT: return http >= 400 && http < 500;
  default: return true;
  }
}

/* A status that a response has brought about was in a response; another one had its occasion. */
static const char *judge_cause(const harness *s, const imgact_error *error) {
  const harness_responses *all = &s->responses;
  int32_t http = error->http_status;
  if (http && (http >= HARNESS_MAX_STATUS || !all->by_status[http]))
    return "an HTTP status that no response had";
  if (http && !fits_http(error->status, http)) return "a status of another HTTP status";
  switch (error->status) {
  case IMGACT_UNAUTHORIZED:
  case IMGACT_FORBIDDEN:
  case IMGACT_CONFLICT:
  case IMGACT_LOCKED:
  case IMGACT_PROTECTED:
  case IMGACT_INVALID_INPUT:
  case IMGACT_LIMIT_EXCEEDED:
  case IMGACT_UNAVAILABLE: return http ? NULL : "a status of a response, without its HTTP status";
  case IMGACT_RATE_LIMITED: /* or not sent, because of the rate limit's headers */
    return http || error->retry_after_ms ? NULL : "rate_limited, without a reason";
  case IMGACT_NETWORK:
    return all->unanswered || s->crashed ? NULL : "network, and each request was answered";
  case IMGACT_PROTOCOL: return all->unusable ? NULL : "protocol, and each response was usable";
  default: return NULL;
  }
}

static const char *judge_already_deleted(const harness *s, const harness_call *call) {
  const harness_group *group = &s->groups[SCHEDULE_DELETE];
  if (!(call->error.flags & IMGACT_ERROR_ALREADY_DELETED)) return NULL;
  if (call->mutation != SCHEDULE_DELETE) return "already deleted, and it is no deletion";
  if (call->error.status != IMGACT_NOT_FOUND) return "already deleted, but not not_found";
  if (!call->shown && !group->rejected_falsely) return "already deleted, and the image is there";
  if (calls_for(s, SCHEDULE_DELETE) == 1 && group->effects && !group->rejected_falsely)
    return "already deleted, and this call deleted it";
  return NULL;
}

/* ---- one call ---- */

/* Another program, or another call, takes the effect back or hides it. */
static bool opposed(const harness *s, const harness_call *call) {
  for (int mutation = 0; mutation < SCHEDULE_MUTATIONS; mutation++)
    if ((s->groups[mutation].effects || s->foreign[mutation]) &&
        schedule_opposes(call->mutation, (schedule_mutation)mutation))
      return true;
  return call->mutation == SCHEDULE_UPDATE && s->foreign[SCHEDULE_UPDATE];
}

static bool undone(const harness *s, const harness_call *call) {
  const sim_action *undoing =
      sim_action_find(s->instance.world, s->schedule->cloud, s->others.ids[0]);
  return (undoing && undoing->state == SIM_RUNNING) || (!call->shown && !opposed(s, call));
}

static const char *judge_success(const harness *s, const harness_call *call) {
  const harness_group *group = &s->groups[call->mutation];
  const schedule *p = s->schedule;
  bool unsafe = is_unsafe(s, call->mutation), is_first = call->mutation == p->change;
  bool makes = schedule_makes_image(call->mutation);
  bool shows_itself = call->action_id || makes || call->mutation == SCHEDULE_DELETE;
  if (!group->effects && !group->was_shown && !shows_itself) return "success, and nothing was done";
  if (!group->effects && call->mutation == SCHEDULE_DELETE && !call->shown)
    return "success, and the image is not deleted";
  if (is_first && p->undoing && !call->action_id && undone(s, call))
    return "success of an image that was about to change";
  if ((p->wait || !unsafe) && !makes && !call->shown && !opposed(s, call))
    return "success, and the image does not show it";
  if (creates_action(s, call->mutation) && !call->action_id && !call->adopted)
    return "success without an action";
  if (call->image_id && call->image_id != HARNESS_IMAGE && !makes)
    return "the image in the result is another one";
  if (call->image_id && !unsafe && !call->image_shows)
    return "the image in the result does not show the effect";
  return NULL;
}

/* Statuses that no fault here can bring about. */
static bool has_no_place(imgact_status status) {
  return status == IMGACT_INTERNAL || status == IMGACT_NOMEM || status == IMGACT_BUSY ||
         status == IMGACT_END || status == IMGACT_INVALID_ARGUMENT ||
         status == IMGACT_UNSUPPORTED || status == IMGACT_TLS || status == IMGACT_INCOMPLETE;
}

/* The library's own words, not the cloud's 404: a response was read as one without the action,
 * which was never hidden. */
static bool denies_action(const harness *s, const harness_call *call) {
  return call->error.status == IMGACT_NOT_FOUND && !call->error.http_status &&
         !s->schedule->hide_ms &&
         sim_action_find(s->instance.world, s->schedule->cloud, call->action_id);
}

static const char *judge_failure(const harness *s, const harness_call *call) {
  imgact_status status = call->error.status;
  const schedule *p = s->schedule;
  bool imports = call->mutation == SCHEDULE_IMPORT;
  /* The action that made an image which cannot be told from others is shown. */
  bool has_result = call->images || (call->actions && call->mutation != SCHEDULE_SNAPSHOT);
  if (has_no_place(status)) return "a status that has no place here";
  if (status == IMGACT_AMBIGUOUS && !maybe(call)) return "ambiguous, but not maybe applied";
  if (status == IMGACT_AMBIGUOUS && has_result) return "ambiguous, with a result";
  if (status == IMGACT_AMBIGUOUS && !is_unsafe(s, call->mutation))
    return "ambiguous, though repeating was harmless";
  if (status == IMGACT_ACTION_FAILED && !call->action_id && !imports)
    return "action_failed without the action";
  if (status == IMGACT_ACTION_FAILED && maybe(call)) return "action_failed, and maybe applied";
  if (denies_action(s, call)) return "not_found of an action that is there";
  if (status == IMGACT_TIMEOUT && !p->deadline_ms) return "timeout without a deadline";
  if (status == IMGACT_CANCELLED && !p->cancel_ms && !s->crashed)
    return "cancelled without a cancel";
  if (maybe(call) && !s->groups[call->mutation].sends && !s->crashed)
    return "maybe applied, and no request was sent";
  return NULL;
}

/* The caller notices the end at most one turn and one callback late. */
static bool outlives_deadline(const harness *s, const harness_call *call) {
  const schedule *p = s->schedule;
  if (!p->deadline_ms || s->crashed) return false;
  return call->ended_ms - s->start_ms > p->deadline_ms + p->suspend_ms + 1 + 20 * p->late_ms;
}

static const char *judge_one(const harness *s, const harness_call *call) {
  const char *wrong = call->action_id ? judge_action(s, call) : NULL;
  if (!wrong && schedule_makes_image(call->mutation)) wrong = oracle_images(s, call);
  if (!wrong && call->adopted && !s->groups[call->mutation].sends && !s->crashed)
    wrong = "adopted, and no request was sent";
  if (!wrong && call->adopted && !lost_response(s, call) && !s->crashed)
    wrong = "adopted, and no response was lost";
  if (!wrong) wrong = judge_cause(s, &call->error);
  if (!wrong) wrong = judge_already_deleted(s, call);
  if (!wrong && outlives_deadline(s, call)) wrong = "it outlives its deadline";
  if (wrong) return wrong;
  return call->error.status == IMGACT_OK ? judge_success(s, call) : judge_failure(s, call);
}

/* ---- all of them ---- */

static bool is_calm(const harness *s) {
  const schedule *p = s->schedule;
  return !s->instance.world->counters.faults && s->calls_count == 1 && p->foreign_ms < 0 &&
         !p->undoing && !p->older_ms && p->shorten_bytes < 0 && !s->swapped && !s->crashed &&
         !p->deadline_ms && !p->cancel_ms && !s->outage_over;
}

static const char *judge_calm(const harness *s) {
  const harness_call *call = &s->calls[0];
  if (!is_calm(s)) return NULL;
  if (call->error.status != IMGACT_OK) return "nothing went wrong, and it failed";
  if (call->adopted) return "nothing went wrong, and the result was adopted";
  return s->schedule->list || s->sends == 1 ? NULL
                                            : "nothing went wrong, and it was sent more than once";
}

static const char *judge_list(const harness *s) {
  const harness_call *call = &s->calls[0];
  if (call->error.status != IMGACT_OK)
    return call->images ? "a list that failed shows images" : NULL;
  for (int image = 1; image <= HARNESS_IMAGES; image++) {
    size_t times = 0;
    for (size_t i = 0; i < call->images && i < SIM_COUNT(s->ids); i++) times += s->ids[i] == image;
    if (!times && s->present[image - 1]) return "a list lacks what was there all the time";
    if (times > 1 && !s->schedule->allow_twice) return "a list shows one image twice";
  }
  return NULL;
}

static const char *judge_group(const harness *s, schedule_mutation mutation) {
  const schedule *p = s->schedule;
  const harness_group *group = &s->groups[mutation];
  uint64_t known = 0, calls = calls_for(s, mutation);
  for (size_t i = 0; i < s->calls_count; i++)
    known += s->calls[i].mutation == mutation && aware(&s->calls[i]);
  uint64_t attempts = p->attempts ? (uint64_t)p->attempts : 5;
  if (group->sends > attempts * calls * (s->crashed ? 2 : 1)) return "more requests than attempts";
  if (attempts == 1 && !s->crashed && group->sends > calls)
    return "one attempt, and it was sent again";
  if (mutation == SCHEDULE_IMPORT && group->sent_again)
    return "an import was sent again, though it may have been started";
  bool unsafe = is_unsafe(s, mutation),
       settles = p->hide_ms <= p->settle_ms || mutation == SCHEDULE_IMPORT;
  if (unsafe && settles && doubled(s, mutation)) return "the effect was committed more than once";
  if (unsafe && settles && group->effects > known + excused(s, mutation))
    return "an effect was committed that the caller does not know of";
  if (!unsafe && group->effects && !known)
    return "an effect was committed that the caller does not know of";
  return NULL;
}

static const char *judge_mutations(const harness *s) {
  const char *wrong = NULL;
  for (size_t i = 0; !wrong && i < s->calls_count; i++) wrong = judge_one(s, &s->calls[i]);
  for (int mutation = 0; !wrong && mutation < SCHEDULE_MUTATIONS; mutation++)
    wrong = judge_group(s, (schedule_mutation)mutation);
  for (size_t i = 0; !wrong && i < s->calls_count; i++)
    for (size_t j = 0; j < i; j++)
      if (s->calls[i].action_id && s->calls[i].action_id == s->calls[j].action_id)
        wrong = "two calls share one action";
      else if (schedule_makes_image(s->calls[i].mutation) && s->calls[i].image_id &&
               s->calls[i].image_id == s->calls[j].image_id)
        wrong = "two calls share one image";
  return wrong;
}

/* ---- a read ---- */

static const char *judge_read(const harness *s) {
  const harness_read *read = &s->read;
  if (read->error.flags & IMGACT_ERROR_MAYBE_APPLIED) return "a read that may have been applied";
  if (has_no_place(read->error.status) || read->error.status == IMGACT_AMBIGUOUS)
    return "a status that a read cannot have";
  if (read->error.status != IMGACT_OK)
    return read->image_id ? "a read that failed shows an image" : NULL;
  if (read->image_id != HARNESS_IMAGE) return "another image was read";
  for (int mutation = 0; mutation < SCHEDULE_MUTATIONS; mutation++)
    if ((read->says[mutation] && !s->groups[mutation].was_shown) ||
        (read->denies[mutation] && !s->groups[mutation].was_not_shown))
      return "an image was read as it never was";
  return NULL;
}

/* ---- waits ---- */

static const char *judge_wait(const harness *s, const harness_wait *wait) {
  const sim_action *action =
      sim_action_find(s->instance.world, s->schedule->cloud, wait->action_id);
  imgact_status status = wait->error.status;
  if (!wait->true_then) return "a wait shows what was not so";
  if (status == IMGACT_OK && action->state != SIM_SUCCESS)
    return "a wait ended well before the action did";
  if (status == IMGACT_ACTION_FAILED && action->state != SIM_ERROR)
    return "action_failed, and the action did not fail";
  if (status == IMGACT_NOT_FOUND) return "not_found of an action that is there";
  if (status != IMGACT_OK && status != IMGACT_ACTION_FAILED) return "an outage ended a wait";
  if (wait->error.flags & IMGACT_ERROR_MAYBE_APPLIED) return "a wait that may have been applied";
  return NULL;
}

const char *oracle(const harness *s) {
  if (!s->finished) return "it does not end";
  const char *wrong = s->schedule->list ? judge_list(s) : judge_mutations(s);
  for (int32_t i = 0; !wrong && i < s->schedule->waits; i++) wrong = judge_wait(s, &s->waits[i]);
  if (!wrong && s->schedule->read) wrong = judge_read(s);
  return wrong ? wrong : judge_calm(s);
}
