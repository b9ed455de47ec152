// SPDX-License-Identifier: MIT
// The callback that is called before the first byte of a mutation is sent.
#include "mutation_fixture.h"

TEST(before_send_called_once_before_sending) {
  mutation_fixture p = fixture_digitalocean();
  cloud_plan(p.cloud, lost_unapplied);
  before_send_record h = {0};
  imgact_op *op = transfer(&p);
  imgact_op_set_before_send(op, record_before_send, &h);

  imgact_op_start(op, NULL, NULL);
  assert_int_equal(h.calls, 0); // from a dispatch, never from a call of the user's
  harness_run(op, IMGACT_OK);
  assert_int_equal(h.calls, 1);
  assert_string_equal(
      h.json, "{\"provider\":\"digitalocean\",\"endpoint\":\"https://api.digitalocean.com\","
              "\"credential\":\"" CREDENTIAL "\",\"op\":\"transfer\",\"image\":\"4711\","
              "\"region\":\"nyc3\"}");

  imgact_op_free(op);
  fixture_free(&p);
}

typedef struct call_times {
  scripted *script;
  int64_t at_ms[100];
  size_t count;
} call_times;

static imgact_status note_call_time(void *user, imgact_op *op, const char *call_json) {
  call_times *d = user;
  (void)op, (void)call_json;
  d->at_ms[d->count++] = scripted_now_ms(d->script);
  return IMGACT_OK;
}

// Eight requests at a time, each a second long: the last one is sent, and before_send is called for
// it, long after all operations were started.
TEST(before_send_called_when_request_leaves) {
  enum { CALLS = 100 };
  harness *h = harness_digitalocean();
  call_times d = {.script = h->script};
  imgact_op *ops[CALLS];
  scripted_on(
      h->script, "POST *",
      (scripted_answer){
          .status = 201,
          .delay_ms = 1000,
          .body = "{\"action\":{\"id\":1,\"status\":\"completed\",\"type\":\"transfer\"}}"});

  for (int i = 0; i < CALLS; i++) {
    char id[8];
    snprintf(id, sizeof id, "%d", i + 1);
    ops[i] = imgact_transfer_image(h->client, id, "nyc3");
    imgact_op_set_before_send(ops[i], note_call_time, &d);
    imgact_op_start(ops[i], NULL, NULL);
  }
  assert_int_equal(imgact_loop_run(h->loop), IMGACT_OK);
  assert_int_equal(d.count, CALLS);
  assert_int_equal(scripted_count(h->script), CALLS);
  for (size_t i = 0; i < CALLS; i++) {
    assert_int_equal(d.at_ms[i], scripted_at(h->script, i)->sent_ms);
    assert_status(ops[i], IMGACT_OK);
    imgact_op_free(ops[i]);
  }
  assert_int_in_range(d.at_ms[CALLS - 1], 11000, 13000);
  harness_free(h);
}

static int64_t nth_sent_ms(const scripted *script, const char *method, size_t number) {
  for (size_t i = 0; i < scripted_count(script); i++)
    if (strcmp(scripted_at(script, i)->method, method) == 0 && number-- == 0)
      return scripted_at(script, i)->sent_ms;
  fail_msg("too few requests");
  return -1;
}

// After a send that certainly had no effect, before_send is called for the next one. After a send
// that may have had an effect, it is not called any more.
TEST(before_send_called_until_maybe_applied) {
  static const scripted_answer limited = {.status = 429,
                                          .headers = "Retry-After: 60\n",
                                          .body = "{}"},
                               refused = {.delivery = IMGACT_DELIVERY_NOT_SENT,
                                          .failure = IMGACT_FAILURE_NETWORK},
                               lost = {.delivery = IMGACT_DELIVERY_MAYBE_SENT,
                                       .failure = IMGACT_FAILURE_NETWORK};

  for (int deletes = 0; deletes < 2; deletes++) {
    mutation_fixture p = fixture_digitalocean();
    call_times d = {.script = p.script};
    cloud_plan(p.cloud, (cloud_outcome){.answer = limited});
    cloud_plan(p.cloud, (cloud_outcome){.answer = refused});
    cloud_plan(p.cloud, (cloud_outcome){.answer = limited});
    cloud_plan(p.cloud, (cloud_outcome){.answer = lost});
    imgact_op *op = deletes ? imgact_delete_image(p.client, CLOUD_IMAGE) : transfer(&p);
    imgact_op_set_before_send(op, note_call_time, &d);
    harness_run(op, IMGACT_OK);
    assert_int_equal(p.cloud->mutations, 5);
    assert_int_equal(p.cloud->applied, 1);
    assert_int_equal(d.count, 4);
    for (size_t i = 0; i < 4; i++)
      assert_int_equal(d.at_ms[i], nth_sent_ms(p.script, deletes ? "DELETE" : "POST", i));
    assert_true(d.at_ms[3] >= 120000);
    imgact_op_free(op);
    fixture_free(&p);
  }
}

typedef struct second_call {
  int calls;
  bool cancels;
} second_call;

static imgact_status reject_the_second(void *user, imgact_op *op, const char *call_json) {
  second_call *t = user;
  if (++t->calls == 1) return IMGACT_OK;
  if (t->cancels) imgact_op_cancel(op);
  assert_non_null(strstr(call_json, "\"op\":\"transfer\"")); // valid after the cancel
  return t->cancels ? IMGACT_OK : IMGACT_FORBIDDEN;
}

TEST(before_send_rejects_later_send) {
  for (int cancels = 0; cancels < 2; cancels++) {
    mutation_fixture p = fixture_digitalocean();
    second_call t = {.cancels = cancels};
    cloud_plan(p.cloud, replied(0, 429, "{}"));
    imgact_op *op = transfer(&p);
    imgact_op_set_before_send(op, reject_the_second, &t);
    harness_run(op, cancels ? IMGACT_CANCELLED : IMGACT_FORBIDDEN);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_int_equal(t.calls, 2);
    scripted_assert_lines(p.script, DO_POST);
    imgact_op_free(op);
    fixture_free(&p);
  }
}

TEST(before_send_rejects_or_cancels) {
  mutation_fixture p = fixture_digitalocean();
  before_send_record rejects = {.answer = IMGACT_FORBIDDEN}, cancels = {.cancels = true};
  imgact_op *op = transfer(&p);
  imgact_op_set_before_send(op, record_before_send, &rejects);

  harness_run(op, IMGACT_FORBIDDEN);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  op = transfer(&p);
  imgact_op_set_before_send(op, record_before_send, &cancels);
  harness_run(op, IMGACT_CANCELLED);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  scripted_assert_nothing_sent(p.script);
  fixture_free(&p);
}

int main(void) { return testing_run(NULL, NULL); }
