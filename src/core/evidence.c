// SPDX-License-Identifier: MIT
/* The rules of docs/ambiguous-results.md as pure functions. */
#include "evidence.h"
#include "retry.h"
#include "str.h"

#define INHERITED_DOUBT_MS 600000

static imgact_tristate same_kind(const imgact_slot *slot, const imgact_call *call,
                                 const imgact_action *action) {
  return slot->matches_action ? slot->matches_action(call, action) : IMGACT_TRISTATE_UNKNOWN;
}

static bool may_run(const imgact_action *action) {
  return action->status == IMGACT_ACTION_STATUS_RUNNING ||
         (action->status == IMGACT_ACTION_STATUS_UNKNOWN && action->finished_at == IMGACT_NO_TIME);
}

/* Returns at_ms - ms without underflow. */
static int64_t earlier(int64_t at_ms, int64_t ms) {
  return at_ms < INT64_MIN + ms ? INT64_MIN : at_ms - ms;
}

/* A new image does not show whether this call has made it. So if the request was sent by another
 * program, whose clock may have been set since, an action that started somewhat earlier is not
 * ruled out. */
static int64_t doubt_ms(const imgact_call *call, const ia_send_time *sent) {
  return sent->inherited && call->create ? INHERITED_DOUBT_MS : 0;
}

ia_match ia_match_action(const imgact_slot *slot, const imgact_call *call,
                         const imgact_action *action, const ia_send_time *sent) {
  imgact_tristate same = same_kind(slot, call, action);
  int64_t started_at = action->started_at;
  if (same == IMGACT_TRISTATE_FALSE) return IA_MATCH_NO;
  bool dated =
      started_at != IMGACT_NO_TIME &&
      started_at <= sent->latest_now_ms; /* later than the API's clock can be: not usable */
  /* The clock of another program may be wrong by any amount, so a running action is not ruled out
   * by its start time. */
  bool can_rule_out = dated && !(sent->inherited && may_run(action));
  int64_t grace_ms = sent->grace_ms + doubt_ms(call, sent);
  if (can_rule_out && started_at < earlier(sent->at.least_ms, grace_ms)) return IA_MATCH_NO;
  if (same != IMGACT_TRISTATE_TRUE || !dated) return IA_MATCH_UNCLEAR;
  return started_at < earlier(sent->at.most_ms, sent->grace_ms) ? IA_MATCH_UNCLEAR : IA_MATCH_YES;
}

ia_match ia_match_image(const imgact_call *call, const imgact_image *image,
                        const ia_send_time *sent) {
  int64_t created_at = image->created_at;
  if (image->type == IMGACT_IMAGE_TYPE_SNAPSHOT || image->type == IMGACT_IMAGE_TYPE_BACKUP)
    return IA_MATCH_NO; /* made from a server, not imported */
  if (!ia_str_equal(image->name, call->create->name)) return IA_MATCH_NO;
  if (created_at == IMGACT_NO_TIME || created_at > sent->latest_now_ms) return IA_MATCH_UNCLEAR;
  if (created_at < earlier(sent->at.least_ms, sent->grace_ms)) return IA_MATCH_NO;
  return created_at < earlier(sent->at.most_ms, sent->grace_ms) ? IA_MATCH_UNCLEAR : IA_MATCH_YES;
}

bool ia_may_change_image(const imgact_slot *slot, const imgact_call *call,
                         const imgact_action *action) {
  return (slot->flags & IMGACT_SLOT_VERIFY_IMAGE) && may_run(action) &&
         same_kind(slot, call, action) != IMGACT_TRISTATE_FALSE;
}

ia_step ia_after_lookup(ia_finding finding, bool verifies_image, bool settled) {
  switch (finding) {
  case IA_FOUND_ACTION: return verifies_image ? IA_STEP_VERIFY : IA_STEP_ADOPT;
  case IA_FOUND_EFFECT: return IA_STEP_ADOPT;
  case IA_FOUND_SEVERAL: return IA_STEP_AMBIGUOUS;
  case IA_FOUND_NOTHING: return settled ? IA_STEP_NOT_APPLIED : IA_STEP_REPEAT;
  default: return settled ? IA_STEP_AMBIGUOUS : IA_STEP_REPEAT;
  }
}

ia_resend ia_after_not_applied(const ia_resend_facts *f) {
  if (f->reason == IA_UNKNOWN_REJECTED) return IA_RESEND_NOT_APPLIED;
  bool too_often = f->attempts >= f->max_attempts || f->retry_budget < 1;
  bool too_late = f->retry_after_ms > IA_MAX_WAIT_MS || f->resend_not_before_ms > f->deadline_ms;
  /* An idempotent request has used up its attempts before the lookup. */
  if (f->idempotent || too_often || too_late) return IA_RESEND_GIVE_UP;
  return f->now_ms < f->resend_not_before_ms ? IA_RESEND_LATER : IA_RESEND_NOW;
}
