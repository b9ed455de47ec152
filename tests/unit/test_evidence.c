// SPDX-License-Identifier: MIT
// What a lookup concludes about a lost response, and the next step: the complete tables.
#include "evidence.h"
#include "testing.h"

#define SENT 1767225600000

static imgact_tristate answer;

static imgact_tristate give_answer(const imgact_call *call, const imgact_action *action) {
  (void)call, (void)action;
  return answer;
}

static const imgact_slot slot = {.matches_action = give_answer,
                                 .flags = IMGACT_SLOT_CREATES_ACTION};
static const imgact_slot verified_slot = {
    .matches_action = give_answer, .flags = IMGACT_SLOT_CREATES_ACTION | IMGACT_SLOT_VERIFY_IMAGE};
static const imgact_slot silent_slot = {.flags = IMGACT_SLOT_CREATES_ACTION};
static const imgact_call call = {.size = sizeof call, .image_ref = "1"};

// Sent within this second; the tolerance is two seconds.
static const ia_send_time sent = {
    .at = {SENT, SENT + 1000}, .grace_ms = 2000, .latest_now_ms = SENT + 60000};
static const ia_send_time inherited = {
    .at = {SENT, SENT + 1000}, .grace_ms = 2000, .latest_now_ms = SENT + 60000, .inherited = true};
static const ia_send_time undated = {
    .at = {INT64_MIN, INT64_MAX}, .grace_ms = 2000, .latest_now_ms = SENT + 60000};

typedef struct row {
  const ia_send_time *sent;
  imgact_tristate answer;
  int64_t started_at;
  imgact_action_status status;
  ia_match match;
} row;

#define YES     IMGACT_TRISTATE_TRUE
#define NO      IMGACT_TRISTATE_FALSE
#define UNKNOWN IMGACT_TRISTATE_UNKNOWN
#define RUNS    IMGACT_ACTION_STATUS_RUNNING
#define DONE    IMGACT_ACTION_STATUS_SUCCESS
#define FAILED  IMGACT_ACTION_STATUS_ERROR
#define ODD     IMGACT_ACTION_STATUS_UNKNOWN

TEST(match_action_follows_table) {
  static const row rows[] = {
      // another kind of action never matches
      {&sent, NO, SENT + 1500, RUNS, IA_MATCH_NO},
      {&sent, NO, IMGACT_NO_TIME, RUNS, IA_MATCH_NO},
      // the same kind, started after the request was sent
      {&sent, YES, SENT + 1500, RUNS, IA_MATCH_YES},
      {&sent, YES, SENT + 1500, FAILED, IA_MATCH_YES},
      {&sent, YES, SENT - 1000, DONE, IA_MATCH_YES},
      // started before the request, beyond the tolerance
      {&sent, YES, SENT - 2001, RUNS, IA_MATCH_NO},
      {&sent, YES, SENT - 2001, DONE, IA_MATCH_NO},
      // started between the earliest and the latest time of sending
      {&sent, YES, SENT - 1001, DONE, IA_MATCH_UNCLEAR},
      {&sent, YES, SENT - 2000, RUNS, IA_MATCH_UNCLEAR},
      // no start time, or one in the future: cannot be excluded
      {&sent, YES, IMGACT_NO_TIME, DONE, IA_MATCH_UNCLEAR},
      {&sent, YES, SENT + 60001, DONE, IA_MATCH_UNCLEAR},
      // the provider cannot compare the action with the request
      {&sent, UNKNOWN, SENT + 1500, RUNS, IA_MATCH_UNCLEAR},
      {&sent, UNKNOWN, SENT - 2001, RUNS, IA_MATCH_NO},
      // sent by another program: its clock excludes no action that runs or may run
      {&inherited, YES, SENT - 2001, RUNS, IA_MATCH_UNCLEAR},
      {&inherited, YES, SENT - 2001, ODD, IA_MATCH_UNCLEAR},
      {&inherited, YES, SENT - 2001, DONE, IA_MATCH_NO},
      {&inherited, YES, SENT + 1500, RUNS, IA_MATCH_YES},
      {&inherited, NO, SENT - 2001, RUNS, IA_MATCH_NO},
      // time of sending unknown
      {&undated, YES, SENT - 300 * (int64_t)86400000, DONE, IA_MATCH_UNCLEAR},
      {&undated, YES, SENT + 1500, RUNS, IA_MATCH_UNCLEAR},
  };

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    imgact_action action = {
        .started_at = rows[i].started_at, .finished_at = IMGACT_NO_TIME, .status = rows[i].status};
    if (action.status == DONE || action.status == FAILED) action.finished_at = SENT + 2000;
    answer = rows[i].answer;
    ia_match match = ia_match_action(&slot, &call, &action, rows[i].sent);
    if (match != rows[i].match) fail_msg("row %zu: %d", i, (int)match);
  }
  imgact_action action = {.started_at = SENT + 1500, .finished_at = IMGACT_NO_TIME, .status = RUNS};
  assert_int_equal(ia_match_action(&silent_slot, &call, &action, &sent), IA_MATCH_UNCLEAR);
}

TEST(may_change_image_while_action_runs) {
  static const imgact_action_status statuses[] = {RUNS, ODD, DONE, FAILED};
  static const imgact_tristate answers[] = {YES, NO, UNKNOWN};
  for (size_t s = 0; s < 4; s++)
    for (size_t a = 0; a < 3; a++)
      for (int finished = 0; finished < 2; finished++) {
        imgact_action action = {.finished_at = finished ? SENT : IMGACT_NO_TIME,
                                .status = statuses[s]};
        answer = answers[a];
        bool runs = statuses[s] == RUNS || (statuses[s] == ODD && !finished);
        assert_int_equal(ia_may_change_image(&verified_slot, &call, &action), runs && answer != NO);
        assert_false(ia_may_change_image(&slot, &call, &action));
      }
}

TEST(after_look_follows_table) {
  static const struct {
    ia_finding finding;
    ia_step early, settled;
  } rows[] = {
      {IA_FOUND_NOTHING, IA_STEP_REPEAT, IA_STEP_NOT_APPLIED},
      {IA_FOUND_EFFECT, IA_STEP_ADOPT, IA_STEP_ADOPT},
      {IA_FOUND_UNSTABLE, IA_STEP_REPEAT, IA_STEP_AMBIGUOUS},
      {IA_FOUND_UNCLEAR, IA_STEP_REPEAT, IA_STEP_AMBIGUOUS},
      {IA_FOUND_SEVERAL, IA_STEP_AMBIGUOUS, IA_STEP_AMBIGUOUS},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int verifies = 0; verifies < 2; verifies++) {
      assert_int_equal(ia_after_lookup(rows[i].finding, verifies, false), rows[i].early);
      assert_int_equal(ia_after_lookup(rows[i].finding, verifies, true), rows[i].settled);
    }
  for (int settled = 0; settled < 2; settled++) {
    assert_int_equal(ia_after_lookup(IA_FOUND_ACTION, false, settled), IA_STEP_ADOPT);
    assert_int_equal(ia_after_lookup(IA_FOUND_ACTION, true, settled), IA_STEP_VERIFY);
  }
}

static ia_resend_facts lost(void) {
  return (ia_resend_facts){.reason = IA_UNKNOWN_LOST_RESPONSE,
                           .attempts = 1,
                           .max_attempts = 5,
                           .retry_budget = 100,
                           .retry_after_ms = -1,
                           .now_ms = 1000,
                           .deadline_ms = INT64_MAX};
}

TEST(after_not_applied_follows_table) {
  ia_resend_facts f = lost();
  assert_int_equal(ia_after_not_applied(&f), IA_RESEND_NOW);
  f.reason = IA_UNKNOWN_INHERITED;
  assert_int_equal(ia_after_not_applied(&f), IA_RESEND_NOW);
  f.reason = IA_UNKNOWN_REJECTED; // a resend would be rejected again
  assert_int_equal(ia_after_not_applied(&f), IA_RESEND_NOT_APPLIED);
  f = lost(), f.idempotent = true;
  assert_int_equal(ia_after_not_applied(&f), IA_RESEND_GIVE_UP);
  f = lost(), f.attempts = 5;
  assert_int_equal(ia_after_not_applied(&f), IA_RESEND_GIVE_UP);
  f = lost(), f.retry_budget = 0;
  assert_int_equal(ia_after_not_applied(&f), IA_RESEND_GIVE_UP);
  f = lost(), f.retry_after_ms = 60000, f.resend_not_before_ms = 61000;
  assert_int_equal(ia_after_not_applied(&f), IA_RESEND_LATER);
  f.now_ms = 61000;
  assert_int_equal(ia_after_not_applied(&f), IA_RESEND_NOW);
  f = lost(), f.retry_after_ms = 60001;
  assert_int_equal(ia_after_not_applied(&f), IA_RESEND_GIVE_UP);
  f = lost(), f.resend_not_before_ms = 5000, f.deadline_ms = 4999;
  assert_int_equal(ia_after_not_applied(&f), IA_RESEND_GIVE_UP);
}

int main(void) { return testing_run(NULL, NULL); }
