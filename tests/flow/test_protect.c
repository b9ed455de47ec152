// SPDX-License-Identifier: MIT
// Protection after a lost response: its actions do not report whether they protect or unprotect, so
// the image decides.
#include "mutation_fixture.h"

TEST(protect_lost_response_verifies_image) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->action_ms = 3000;
  cloud_plan(p.cloud, lost_applied);
  imgact_op *op = harness_run(protect(&p), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_SUCCESS);
  scripted_assert_lines(p.script, HZ_POST, HZ_ACTIONS, "GET /v1/actions?id=9001",
                        "GET /v1/actions?id=9001", "GET /v1/actions?id=9001", HZ_IMAGE);
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(protect_flag_unchanged_is_ambiguous) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->action_ms = 0;
  cloud_plan(p.cloud, lost_unapplied);
  cloud_add_action(p.cloud, "change_protection", "", 0,
                   0); // another program's: the flag is unchanged
  imgact_op *op = harness_run(protect(&p), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_null(imgact_op_action(op));
  assert_int_equal(p.cloud->mutations, 1);
  assert_int_equal(scripted_at(p.script, scripted_count(p.script) - 1)->sent_ms, 10000);
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(protect_unfinished_action_is_ambiguous) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->action_ms = 60000;
  cloud_plan(p.cloud, lost_applied);
  imgact_op *op = harness_run(protect(&p), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_null(imgact_op_action(op));
  assert_int_equal(scripted_now_ms(p.script), 10000);
  imgact_op_free(op);
  fixture_free(&p);
}

static imgact_op *unprotect(const mutation_fixture *p) {
  return imgact_unprotect_image(p->client, CLOUD_IMAGE);
}

// The image is unprotected, as requested, but another program's running action may protect it.
TEST(unprotect_waits_for_running_action) {
  static const int64_t left_ms[] = {3000, 60000};
  for (int late = 0; late < 2; late++) {
    mutation_fixture p = fixture_hetzner();
    cloud_plan(p.cloud, lost_unapplied);
    cloud_add_action(p.cloud, "change_protection", "", 60000, 60000 + left_ms[late]);
    imgact_op *op = harness_run(unprotect(&p), late ? IMGACT_AMBIGUOUS : IMGACT_OK);
    assert_int_equal(scripted_now_ms(p.script), late ? 10000 : 4000);
    assert_int_equal(imgact_op_adopted(op), !late);
    if (late) assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    if (late) assert_non_null(strstr(imgact_op_error(op)->message, "a running action"));
    assert_int_equal(p.cloud->mutations, 1);
    imgact_op_free(op);
    fixture_free(&p);
  }
}

TEST(unprotect_waits_for_own_running_action) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->action_ms = 3000;
  cloud_plan(p.cloud, (cloud_outcome){.effects = 1, .own_answer = true});
  cloud_plan(p.cloud, lost_unapplied);
  imgact_op *op = harness_run(protect(&p), IMGACT_OK); // it runs
  imgact_op_free(op);
  p.cloud->is_protected = false; // not yet
  op = harness_run(unprotect(&p), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(scripted_now_ms(p.script), 4000);
  imgact_op_free(op);
  fixture_free(&p);
}

// An action with an unrecognised status may still be running, unless it has an end time.
TEST(unprotect_unknown_action_status_is_ambiguous) {
  mutation_fixture p = fixture_hetzner();
  cloud_plan(p.cloud, lost_unapplied);
  size_t odd = cloud_add_action(p.cloud, "change_protection", "", 60000, 1000);
  p.cloud->actions[odd].odd = true;
  imgact_op *op = harness_run(unprotect(&p), IMGACT_AMBIGUOUS);
  assert_int_equal(p.cloud->mutations, 1);
  imgact_op_free(op);
  fixture_free(&p);
}

int main(void) { return testing_run(NULL, NULL); }
