// SPDX-License-Identifier: MIT
// However a mutation ends, the error reports whether it may have been applied.
#include "mutation_fixture.h"

#include <imgact/provider.h>

TEST(deadline_lost_response_maybe_applied) {
  static const struct {
    int64_t deadline_ms;
    bool maybe;
  } ends[] = {{50, true}, {150, true}, {1000, true}, {9000, true}};

  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    mutation_fixture p = fixture_digitalocean();
    p.cloud->delay_ms = 100;
    p.cloud->silent = true;
    cloud_add_action(p.cloud, "transfer", "sfo2", 0, 1000);
    cloud_plan(p.cloud, lost_unapplied);
    imgact_op *op =
        harness_configure(transfer(&p), (imgact_op_options){.deadline_ms = ends[i].deadline_ms});
    harness_run(op, IMGACT_TIMEOUT);
    assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_null(imgact_op_action(op)); // objects read by the lookup are not the result
    assert_null(imgact_op_image(op));
    assert_string_equal(imgact_op_error(op)->provider, "digitalocean");
    assert_int_equal(scripted_now_ms(p.script), ends[i].deadline_ms);
    imgact_op_free(op);
    fixture_free(&p);
  }
}

TEST(deadline_during_lookup_returns_no_action) {
  for (int64_t deadline = 1; deadline < 9000; deadline += deadline < 500 ? 50 : 700) {
    mutation_fixture p = fixture_hetzner();
    p.cloud->delay_ms = 100;
    p.cloud->action_ms = 60000;
    cloud_plan(p.cloud, lost_applied);
    imgact_op *op = harness_configure(protect(&p), (imgact_op_options){.deadline_ms = deadline});
    harness_run(op, IMGACT_TIMEOUT);
    assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_null(imgact_op_action(op));
    assert_null(imgact_op_image(op));
    imgact_op_free(op);
    fixture_free(&p);
  }
}

TEST(deadline_before_conflicting_send_not_applied) {
  mutation_fixture p = fixture_digitalocean();
  p.cloud->delay_ms = 1000;
  imgact_op *one = transfer(&p),
            *two = harness_configure(transfer(&p), (imgact_op_options){.deadline_ms = 500});

  imgact_op_start(one, NULL, NULL);
  imgact_op_start(two, NULL, NULL);
  assert_int_equal(imgact_loop_run(p.harness->loop), IMGACT_OK);
  assert_status(one, IMGACT_OK);
  assert_status(two, IMGACT_TIMEOUT);
  assert_no_flag(two, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(p.cloud->mutations, 1);

  imgact_op_free(one);
  imgact_op_free(two);
  fixture_free(&p);
}

static void cancel_other(void *user, imgact_op *op) {
  (void)op;
  imgact_op_cancel(user);
}

TEST(mutation_cancelled_in_done_not_sent) {
  mutation_fixture p = fixture_with((harness_options){.client = {.concurrency = 1}});
  imgact_op *one = protect(&p), *other = imgact_delete_image(p.client, CLOUD_IMAGE);
  p.cloud->delay_ms = 1000;

  imgact_op_start(one, cancel_other, other);
  imgact_loop_dispatch(p.harness->loop);
  imgact_op_start(other, NULL, NULL);
  assert_int_equal(imgact_loop_run(p.harness->loop), IMGACT_OK);
  assert_status(other, IMGACT_CANCELLED);
  assert_no_flag(other, IMGACT_ERROR_MAYBE_APPLIED);
  scripted_assert_lines(p.script, HZ_POST);

  imgact_op_free(one);
  imgact_op_free(other);
  fixture_free(&p);
}

TEST(deadline_queued_or_delayed_not_applied) {
  mutation_fixture p = fixture_with((harness_options){.client = {.concurrency = 1}});
  p.cloud->delay_ms = 1000;
  imgact_op *get = imgact_get_image(p.client, CLOUD_IMAGE, NULL);
  imgact_op *op = harness_configure(protect(&p), (imgact_op_options){.deadline_ms = 500});

  imgact_op_start(get, NULL, NULL);
  imgact_loop_dispatch(p.harness->loop);
  harness_run(op, IMGACT_TIMEOUT);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  cloud_plan(p.cloud, replied(0, 429, "{}"));
  imgact_op_run(get);
  op = harness_configure(protect(&p), (imgact_op_options){.deadline_ms = 1200});
  harness_run(op, IMGACT_TIMEOUT);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(p.cloud->mutations, 1);

  imgact_op_free(op);
  imgact_op_free(get);
  fixture_free(&p);
}

TEST(wait_after_post_failure_maybe_applied) {
  mutation_fixture p = fixture_digitalocean();
  p.cloud->hidden_ms =
      3600000; // the action is never listed: a 404 is tolerated for the settle time
  imgact_op *op = transfer(&p);
  imgact_op_set_wait(op, 1);
  harness_run(op, IMGACT_NOT_FOUND);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_string_equal(imgact_op_action(op)->id, "9001");
  assert_int_in_range(scripted_now_ms(p.script), 10000, 14000); // the settle time, and a poll
  imgact_op_free(op);
  fixture_free(&p);

  p = fixture_digitalocean();
  op = transfer(&p);
  imgact_op_set_wait(op, 1);
  imgact_op_start(op, NULL, NULL);
  imgact_loop_dispatch(p.harness->loop);
  p.cloud->actions[0].odd = true;
  harness_run(op, IMGACT_PROTOCOL);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_string_equal(imgact_op_action(op)->provider_status, "on-fire");
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(wait_failed_action_is_reported) {
  mutation_fixture p = fixture_hetzner();
  imgact_op *op = protect(&p);
  tally t = {0};
  imgact_op_set_wait(op, 1);
  imgact_op_set_progress(op, tally_progress, &t);

  imgact_op_start(op, tally_done, &t);
  imgact_loop_dispatch(p.harness->loop);
  p.cloud->actions[0].fails = true;
  harness_run(op, IMGACT_ACTION_FAILED);
  assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_ERROR);
  assert_string_equal(imgact_op_action(op)->error_code, "action_failed");
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_string_equal(imgact_op_error(op)->provider, "hetzner");
  assert_int_equal(t.done, 1);
  assert_int_equal(t.progress, 5);

  imgact_op_free(op);
  fixture_free(&p);
}

TEST(retry_budget_exhausted_ends_lookup) {
  harness *s = harness_with(
      (harness_options){.digitalocean = true, .client = {.max_attempts = 300, .settle_ms = 1}});
  scripted_on(s->script, "POST *", (scripted_answer){.status = 500, .body = "{}"});
  scripted_on(s->script, "GET *actions*", (scripted_answer){.status = 502, .body = "{}"});
  imgact_op *op =
      harness_run(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "retry budget of 100 exhausted"));
  imgact_op_free(op);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
