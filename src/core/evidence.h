/* SPDX-License-Identifier: MIT */
/*
 * What a list of actions and an image say of a mutation whose outcome is unknown, and what to do
 * about it. Pure: facts in, decision out.
 */
#ifndef IA_EVIDENCE_H
#define IA_EVIDENCE_H

#include "server_clock.h"
#include <imgact/provider.h>

/* Why the outcome is unknown. */
typedef enum ia_doubt_reason {
  IA_DOUBT_NONE,
  IA_DOUBT_LOST_RESPONSE,
  IA_DOUBT_REJECTED, /* sent again, and rejected then: perhaps because the first one had its effect
                      */
  IA_DOUBT_INHERITED /* sent by another program, which did not see a response */
} ia_doubt_reason;

/* When a request was sent, by the API's clock. */
typedef struct ia_send_time {
  ia_time_range at;
  int64_t grace_ms;      /* how much earlier than its request an action may be dated */
  int64_t latest_now_ms; /* the latest time that it can be there now */
  bool inherited;        /* by another program's clock */
} ia_send_time;

typedef enum ia_match { IA_MATCH_NO, IA_MATCH_YES, IA_MATCH_UNCLEAR } ia_match;

/* Whether a listed action can be what the call started; unclear: neither adopted nor taken as
 * absent. */
ia_match ia_match_action(const imgact_slot *slot, const imgact_call *call,
                         const imgact_action *action, const ia_send_time *sent);
/* Returns true if an action runs, or may, that can change what the image shows. */
bool ia_may_change_image(const imgact_slot *slot, const imgact_call *call,
                         const imgact_action *action);

/* What one look found. */
typedef enum ia_finding {
  IA_FOUND_NOTHING,  /* no action, no effect */
  IA_FOUND_ACTION,   /* exactly one action, started by the request */
  IA_FOUND_EFFECT,   /* no action; the image shows the effect */
  IA_FOUND_UNSTABLE, /* it does, but an action runs that may undo it */
  IA_FOUND_UNCLEAR,  /* an action that may be it: a later look may tell */
  IA_FOUND_SEVERAL   /* several, each of which is as likely */
} ia_finding;

typedef enum ia_step {
  IA_STEP_LOOK_AGAIN,
  IA_STEP_VERIFY, /* wait for the action, then look at the image */
  IA_STEP_ADOPT,
  IA_STEP_NOT_APPLIED,
  IA_STEP_AMBIGUOUS
} ia_step;

/* After a look. settled: it began when the settle time was over. */
ia_step ia_after_look(ia_finding finding, bool verifies_image, bool settled);

/* What to do with a request that was certainly not applied, or never will be. */
typedef struct ia_resend_facts {
  ia_doubt_reason reason;
  bool idempotent;
  int32_t attempts, max_attempts, retry_budget;
  int64_t retry_after_ms;        /* what the API asked for; -1 = nothing */
  int64_t now_ms, not_before_ms; /* monotonic */
  int64_t deadline_ms;           /* monotonic */
} ia_resend_facts;

typedef enum ia_resend {
  IA_RESEND_NOW,
  IA_RESEND_LATER,       /* at not_before_ms, after another look */
  IA_RESEND_NOT_APPLIED, /* fails; nothing was applied */
  IA_RESEND_GIVE_UP      /* fails; it may still be applied */
} ia_resend;

ia_resend ia_after_not_applied(const ia_resend_facts *facts);

#endif
