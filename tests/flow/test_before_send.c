// SPDX-License-Identifier: MIT
// The callback that is called before the first byte of a mutation is sent.
#include "mutation_fixture.h"

TEST(before_send_called_once_before_sending) {
  play p = begin_digitalocean();
  cloud_plan(p.cloud, lost_before);
  hook h = {0};
  imgact_op *op = transfer(&p);
  imgact_op_set_before_send(op, intend, &h);
  imgact_op_start(op, NULL, NULL);
  assert_int_equal(h.calls, 0); // from a dispatch, never from a call of the user's
  harness_run(op, IMGACT_OK);
  assert_int_equal(h.calls, 1);
  assert_string_equal(
      h.json, "{\"provider\":\"digitalocean\",\"endpoint\":\"https://api.digitalocean.com\","
              "\"credential\":\"" CREDENTIAL "\",\"op\":\"transfer\",\"image\":\"4711\","
              "\"region\":\"nyc3\"}");
  imgact_op_free(op);
  end(&p);
}

typedef struct departure {
  scripted *script;
  int64_t told_ms[100];
  size_t told;
} departure;

static imgact_status note_departure(void *user, imgact_op *op, const char *call_json) {
  departure *d = user;
  (void)op, (void)call_json;
  d->told_ms[d->told++] = scripted_now_ms(d->script);
  return IMGACT_OK;
}

// Eight at a time, each a second long: the last one leaves, and is told, long after all were
// started.
TEST(before_send_called_when_request_leaves) {
  enum { CALLS = 100 };
  harness *h = harness_digitalocean();
  departure d = {.script = h->script};
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
    imgact_op_set_before_send(ops[i], note_departure, &d);
    imgact_op_start(ops[i], NULL, NULL);
  }
  assert_int_equal(imgact_loop_run(h->loop), IMGACT_OK);
  assert_int_equal(d.told, CALLS);
  assert_int_equal(scripted_count(h->script), CALLS);
  for (size_t i = 0; i < CALLS; i++) {
    assert_int_equal(d.told_ms[i], scripted_at(h->script, i)->sent_ms);
    assert_status(ops[i], IMGACT_OK);
    imgact_op_free(ops[i]);
  }
  assert_int_in_range(d.told_ms[CALLS - 1], 11000, 13000);
  harness_free(h);
}

static int64_t nth_departure(const scripted *script, const char *method, size_t number) {
  for (size_t i = 0; i < scripted_count(script); i++)
    if (strcmp(scripted_at(script, i)->method, method) == 0 && number-- == 0)
      return scripted_at(script, i)->sent_ms;
  fail_msg("too few requests");
  return -1;
}

// Sends that certainly had no effect are followed by an before_send_called one. One that may have
// had is the last that is before_send_called.
TEST(before_send_called_until_maybe_applied) {
  static const scripted_answer limited = {.status = 429,
                                          .headers = "Retry-After: 60\n",
                                          .body = "{}"},
                               refused = {.delivery = IMGACT_DELIVERY_NOT_SENT,
                                          .failure = IMGACT_FAILURE_NETWORK},
                               lost = {.delivery = IMGACT_DELIVERY_MAYBE_SENT,
                                       .failure = IMGACT_FAILURE_NETWORK};
  for (int deletes = 0; deletes < 2; deletes++) {
    play p = begin_digitalocean();
    departure d = {.script = p.script};
    cloud_plan(p.cloud, (cloud_outcome){.answer = limited});
    cloud_plan(p.cloud, (cloud_outcome){.answer = refused});
    cloud_plan(p.cloud, (cloud_outcome){.answer = limited});
    cloud_plan(p.cloud, (cloud_outcome){.answer = lost});
    imgact_op *op = deletes ? imgact_delete_image(p.client, CLOUD_IMAGE) : transfer(&p);
    imgact_op_set_before_send(op, note_departure, &d);
    harness_run(op, IMGACT_OK);
    assert_int_equal(p.cloud->mutations, 5);
    assert_int_equal(p.cloud->applied, 1);
    assert_int_equal(d.told, 4);
    for (size_t i = 0; i < 4; i++)
      assert_int_equal(d.told_ms[i], nth_departure(p.script, deletes ? "DELETE" : "POST", i));
    assert_true(d.told_ms[3] >= 120000);
    imgact_op_free(op);
    end(&p);
  }
}

typedef struct second_thought {
  int calls;
  bool cancels;
} second_thought;

static imgact_status reject_the_second(void *user, imgact_op *op, const char *call_json) {
  second_thought *t = user;
  if (++t->calls == 1) return IMGACT_OK;
  if (t->cancels) imgact_op_cancel(op);
  assert_non_null(strstr(call_json, "\"op\":\"transfer\"")); // it outlives the cancel
  return t->cancels ? IMGACT_OK : IMGACT_FORBIDDEN;
}

TEST(before_send_rejects_later_send) {
  for (int cancels = 0; cancels < 2; cancels++) {
    play p = begin_digitalocean();
    second_thought t = {.cancels = cancels};
    cloud_plan(p.cloud, replied(0, 429, "{}"));
    imgact_op *op = transfer(&p);
    imgact_op_set_before_send(op, reject_the_second, &t);
    harness_run(op, cancels ? IMGACT_CANCELLED : IMGACT_FORBIDDEN);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_int_equal(t.calls, 2);
    scripted_assert_lines(p.script, DO_POST);
    imgact_op_free(op);
    end(&p);
  }
}

TEST(before_send_rejects_or_cancels) {
  play p = begin_digitalocean();
  hook refuses = {.answer = IMGACT_FORBIDDEN}, cancels = {.cancels = true};
  imgact_op *op = transfer(&p);
  imgact_op_set_before_send(op, intend, &refuses);
  harness_run(op, IMGACT_FORBIDDEN);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  op = transfer(&p);
  imgact_op_set_before_send(op, intend, &cancels);
  harness_run(op, IMGACT_CANCELLED);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  scripted_assert_nothing_sent(p.script);
  end(&p);
}

int main(void) { return testing_run(NULL, NULL); }
