// SPDX-License-Identifier: MIT
// The faulty transport of the tests: which exchanges fail, and how.
#include "exchanges.h"
#include "fault.h"
#include "scripted.h"

typedef struct scenario {
  scripted *script;
  imgact_transport *transport;
  kept_exchange kept[3];
  imgact_status sent[3];
} scenario;

// Sends three requests, one after the other, on a transport with this fault.
static scenario run(fault *plan) {
  scenario made = {.script = scripted_new()};
  scripted_on(made.script, "*",
              (scripted_answer){.status = 200, .body = "0123456789", .delay_ms = 10});

  made.transport = fault_wrap(scripted_transport(made.script), plan);
  for (int i = 0; i < 3; i++) {
    imgact_http_request request = request_to("GET", "https://h/a");
    made.kept[i] = new_exchange();
    made.sent[i] = made.transport->send(made.transport, &request, &made.kept[i].exchange);
    drive(made.transport);
    assert_int_equal(made.kept[i].finished, made.sent[i] == IMGACT_OK ? 1 : 0);
  }
  assert_int_equal(plan->exchanges, 3);

  return made;
}

static void finish(scenario *made) {
  made->transport->destroy(made->transport);
  assert_true(scripted_destroyed(made->script));
  scripted_free(made->script);
  for (int i = 0; i < 3; i++) forget(&made->kept[i]);
}

static void expect_fault(fault plan, imgact_delivery delivery, imgact_failure failure,
                         size_t seen) {
  scenario made = run(&plan);
  assert_true(plan.struck);
  assert_int_equal(made.kept[1].response.delivery, delivery);
  assert_int_equal(made.kept[1].response.failure, failure);
  assert_int_equal(made.kept[1].response.status, 0);
  assert_int_equal(made.kept[0].response.status, 200);
  assert_int_equal(made.kept[2].response.status, 200);
  assert_int_equal(scripted_count(made.script), seen);
  finish(&made);
}

TEST(fault_applies_to_given_exchange) {
  expect_fault((fault){.exchange = 2, .kind = FAULT_NOT_SENT}, IMGACT_DELIVERY_NOT_SENT,
               IMGACT_FAILURE_NETWORK, 2);
  expect_fault((fault){.exchange = 2, .kind = FAULT_LOST_REQUEST}, IMGACT_DELIVERY_MAYBE_SENT,
               IMGACT_FAILURE_NETWORK, 2);
  expect_fault((fault){.exchange = 2, .kind = FAULT_LOST_REPLY}, IMGACT_DELIVERY_MAYBE_SENT,
               IMGACT_FAILURE_NETWORK, 3);
  expect_fault((fault){.exchange = 2, .kind = FAULT_LOST_REPLY, .failure = IMGACT_FAILURE_TIMEOUT},
               IMGACT_DELIVERY_MAYBE_SENT, IMGACT_FAILURE_TIMEOUT, 3);
}

TEST(fault_refused_fails_send) {
  fault plan = {.exchange = 2, .kind = FAULT_REFUSED};
  scenario made = run(&plan);
  assert_true(plan.struck);
  assert_int_equal(made.sent[1], IMGACT_NOMEM);
  assert_int_equal(scripted_count(made.script), 2);
  finish(&made);
}

TEST(fault_cut_body_truncates_response) {
  for (size_t cut = 0; cut < 12; cut++) {
    fault plan = {.exchange = 2, .kind = FAULT_CUT_BODY, .cut_at = cut};
    scenario made = run(&plan);
    assert_int_equal(plan.struck, cut < 10);
    assert_int_equal(plan.body_bytes, 10);
    assert_int_equal(made.kept[1].response.status, 200);
    assert_int_equal(made.kept[1].response.body_bytes, cut < 10 ? cut : 10);
    assert_int_equal(made.kept[2].response.body_bytes, 10);
    finish(&made);
  }
}

TEST(fault_in_a_row_repeats) {
  fault plan = {.exchange = 1, .in_a_row = 1, .kind = FAULT_NOT_SENT};
  scenario made = run(&plan);
  assert_int_equal(made.kept[0].response.status, 0);
  assert_int_equal(made.kept[1].response.status, 0);
  assert_int_equal(made.kept[2].response.status, 200);
  finish(&made);
}

TEST(fault_without_matching_exchange_does_nothing) {
  for (size_t exchange = 0; exchange <= 4; exchange += 4) {
    fault plan = {.exchange = exchange, .kind = FAULT_LOST_REPLY};
    scenario made = run(&plan);
    assert_false(plan.struck);
    for (int i = 0; i < 3; i++) assert_int_equal(made.kept[i].response.status, 200);
    finish(&made);
  }
}

TEST(fault_cancelled_exchange_never_finishes) {
  fault plan = {.exchange = 1, .kind = FAULT_LOST_REQUEST};
  scripted *script = scripted_new();
  scripted_json(script, 200, "{}");
  imgact_transport *transport = fault_wrap(scripted_transport(script), &plan);
  imgact_http_request request = request_to("GET", "https://h/a");
  kept_exchange lost = new_exchange(), carried = new_exchange(), left = new_exchange();
  assert_int_equal(transport->send(transport, &request, &lost.exchange), IMGACT_OK);
  assert_int_equal(transport->send(transport, &request, &carried.exchange), IMGACT_OK);
  assert_int_equal(transport->send(transport, &request, &left.exchange), IMGACT_OK);
  transport->cancel(transport, &carried.exchange);
  transport->cancel(transport, &lost.exchange);
  assert_int_equal(scripted_in_flight(script), 1);
  transport->destroy(transport);
  assert_int_equal(lost.finished + carried.finished + left.finished, 0);

  scripted_free(script);
}

int main(void) { return testing_run(NULL, NULL); }
