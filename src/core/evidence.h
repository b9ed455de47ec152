/* SPDX-License-Identifier: MIT */
/* Decides the outcome of a mutation from the listed actions and the image, and whether to resend
 * it. Pure functions. */
#ifndef IA_EVIDENCE_H
#define IA_EVIDENCE_H

#include "server_clock.h"
#include <imgact/provider.h>

/* Why the outcome is unknown. */
typedef enum ia_unknown_reason {
  IA_UNKNOWN_NONE,
  IA_UNKNOWN_LOST_RESPONSE,
  IA_UNKNOWN_REJECTED, /* a resend was rejected, perhaps because the first request had taken effect
                        */
  IA_UNKNOWN_INHERITED /* sent by another program, which received no response */
} ia_unknown_reason;

/* When a request was sent, by the API's clock. */
typedef struct ia_send_time {
  ia_time_range at;
  int64_t grace_ms;      /* how much earlier than its request an action may start */
  int64_t latest_now_ms; /* upper limit for the API's current time */
  bool inherited;        /* measured by another program's clock */
} ia_send_time;

typedef enum ia_match { IA_MATCH_NO, IA_MATCH_YES, IA_MATCH_UNCLEAR } ia_match;

/* Returns whether the call can have started the listed action. UNCLEAR: the action is neither
 * adopted nor counted as absent. */
ia_match ia_match_action(const imgact_slot *slot, const imgact_call *call,
                         const imgact_action *action, const ia_send_time *sent);
/* Returns whether the call can have made the listed image: by its name and the time of its
 * creation.
 */
ia_match ia_match_image(const imgact_call *call, const imgact_image *image,
                        const ia_send_time *sent);
/* Returns true if the action runs, or may run, and can change what the image shows. */
bool ia_may_change_image(const imgact_slot *slot, const imgact_call *call,
                         const imgact_action *action);

/* Result of one listing of actions and one request for the image. */
typedef enum ia_finding {
  IA_FOUND_NOTHING,  /* no action, no effect */
  IA_FOUND_ACTION,   /* exactly one action, started by the request */
  IA_FOUND_EFFECT,   /* no action, but the image shows the effect */
  IA_FOUND_UNSTABLE, /* the image shows the effect, but a running action may undo it */
  IA_FOUND_UNCLEAR,  /* one action may match; a later lookup may decide */
  IA_FOUND_SEVERAL   /* several actions match equally well */
} ia_finding;

typedef enum ia_step {
  IA_STEP_REPEAT,
  IA_STEP_VERIFY, /* wait for the action, then check the image */
  IA_STEP_ADOPT,
  IA_STEP_NOT_APPLIED,
  IA_STEP_AMBIGUOUS
} ia_step;

/* Returns the next step. settled: the lookup started after the settle time. */
ia_step ia_after_lookup(ia_finding finding, bool verifies_image, bool settled);

/* Facts about a request that was not applied, or will never be. */
typedef struct ia_resend_facts {
  ia_unknown_reason reason;
  bool idempotent;
  int32_t attempts, max_attempts, retry_budget;
  int64_t retry_after_ms;               /* the API's Retry-After; -1 = none */
  int64_t now_ms, resend_not_before_ms; /* monotonic */
  int64_t deadline_ms;                  /* monotonic */
} ia_resend_facts;

typedef enum ia_resend {
  IA_RESEND_NOW,
  IA_RESEND_LATER,       /* at resend_not_before_ms, after another lookup */
  IA_RESEND_NOT_APPLIED, /* fail; nothing was applied */
  IA_RESEND_GIVE_UP      /* fail; it may still be applied */
} ia_resend;

ia_resend ia_after_not_applied(const ia_resend_facts *facts);

#endif
