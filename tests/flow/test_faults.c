// SPDX-License-Identifier: MIT
// Every scenario with a fault: at each allocation, at each exchange, at each byte of a response.
// Never a crash, a leak, a hang, a double effect or a wrong result.
#include "scenarios.h"

#include <imgact/provider.h>

typedef struct outcome {
  imgact_status status;
  bool none; /* no operation, or no client: no memory */
  size_t failures;
} outcome;

// Runs a scenario to its end, at most so many dispatches: more is a hang.
static outcome perform(const scenario *s, harness_options options,
                       void (*check)(const scenario *, const cloud *, const imgact_op *)) {
  options.digitalocean = s->digitalocean;
  harness *st = harness_with(options);
  cloud *c = cloud_new(st->script, !s->digitalocean);
  tally t = {0};
  if (s->prepare != NULL) s->prepare(c);
  imgact_op *op = scenario_op(s, st->client, &t);
  imgact_op_start(op, tally_done, &t);
  for (int i = 0; i < 2000 && !imgact_op_done(op); i++)
    assert_int_equal(imgact_loop_dispatch(st->loop), IMGACT_OK);
  if (!imgact_op_done(op)) fail_msg("%s hangs", s->name);
  if (op != NULL) assert_int_equal(t.done, 1);
  check(s, c, op);
  outcome result = {
      .status = imgact_op_error(op)->status, .none = op == NULL, .failures = st->memory.failures};
  imgact_op_free(op);
  harness_free(st);
  cloud_free(c);
  return result;
}

TEST(scenarios_without_fault_succeed) {
  for (size_t i = 0; i < scenarios_count; i++) {
    outcome o = perform(&scenarios[i], (harness_options){0}, scenario_check);
    if (o.status != IMGACT_OK) fail_msg("%s: %s", scenarios[i].name, imgact_status_name(o.status));
  }
}

// A mutation without memory may continue with a lookup, or report that it may have been applied.
// One that waits for a busy image may end with the refusal.
static void check_memory(const scenario *s, outcome o) {
  bool ok = o.none || o.status == IMGACT_NOMEM ||
            (s->mutation && (o.status == IMGACT_OK || o.status == IMGACT_AMBIGUOUS)) ||
            (s->ensures && (o.status == IMGACT_LOCKED || o.status == IMGACT_INVALID_INPUT));
  if (!ok && o.status != IMGACT_OK)
    fail_msg("%s: %s without memory", s->name, imgact_status_name(o.status));
}

// Under valgrind, each scenario starts at another allocation.
static void no_allocation_is_indispensable(bool for_good) {
  size_t step = testing_under_valgrind() ? 16 : 1;
  for (size_t i = 0; i < scenarios_count; i++) {
    size_t k = 1 + i % step;
    outcome o;
    do {
      k += step;
      o = perform(&scenarios[i], (harness_options){.fail_at = k - step, .fail_for_good = for_good},
                  scenario_check);
      if (o.failures > 0) check_memory(&scenarios[i], o);
    } while (o.failures > 0);
    if (k < 20) fail_msg("%s took only %zu allocations", scenarios[i].name, k);
  }
}

TEST(scenarios_one_allocation_fails_cleanly) { no_allocation_is_indispensable(false); }

TEST(scenarios_all_allocations_fail_cleanly) { no_allocation_is_indispensable(true); }

TEST(scenarios_exchange_faults_end_cleanly) {
  static const imgact_failure failures[] = {IMGACT_FAILURE_NETWORK, IMGACT_FAILURE_TIMEOUT,
                                            IMGACT_FAILURE_TLS, IMGACT_FAILURE_NOMEM,
                                            IMGACT_FAILURE_TOO_LARGE};
  static const size_t in_a_row[] = {0, 1, 1000};

  for (size_t i = 0; i < scenarios_count; i++)
    for (int kind = FAULT_REFUSED; kind <= FAULT_LOST_REPLY; kind++)
      for (size_t f = 0; f < sizeof failures / sizeof *failures; f++)
        for (size_t r = 0; r < sizeof in_a_row / sizeof *in_a_row; r++) {
          fault plan = {.kind = (fault_kind)kind, .failure = failures[f], .in_a_row = in_a_row[r]};
          do {
            plan.exchange++;
            perform(&scenarios[i], (harness_options){.fault = &plan}, scenario_check);
          } while (plan.struck);
        }
}

TEST(scenarios_cut_responses_end_cleanly) {
  size_t parts = testing_under_valgrind() ? 20 : 200;
  for (size_t i = 0; i < scenarios_count; i++)
    for (size_t exchange = 1, cut = 0;;) {
      fault plan = {.kind = FAULT_CUT_BODY, .exchange = exchange, .cut_at = cut};
      outcome o = perform(&scenarios[i], (harness_options){.fault = &plan}, scenario_check);
      (void)o;
      if (plan.exchanges < exchange) break;
      cut = plan.struck ? cut + 1 + plan.body_bytes / parts : 0;
      if (!plan.struck) exchange++;
    }
}

// ---- the deadline passes at each moment

TEST(scenarios_deadline_anywhere_ends_cleanly) {
  int64_t fine = testing_under_valgrind() ? 401 : 37,
          coarse = testing_under_valgrind() ? 4001 : 611;
  for (size_t i = 0; i < scenarios_count; i++)
    for (int64_t deadline = 1; deadline < 12000; deadline += deadline < 1000 ? fine : coarse) {
      harness *st = harness_with((harness_options){.digitalocean = scenarios[i].digitalocean});
      cloud *c = cloud_new(st->script, !scenarios[i].digitalocean);
      c->delay_ms = 100;
      if (scenarios[i].prepare != NULL) scenarios[i].prepare(c);
      imgact_op *op = scenarios[i].make(st->client);
      harness_configure(
          op, (imgact_op_options){.deadline_ms = deadline, .flags = scenario_flags(&scenarios[i])});
      imgact_op_set_wait(op, 1);
      imgact_status status = imgact_op_run(op);
      if (status != IMGACT_OK) assert_status(op, IMGACT_TIMEOUT);
      scenario_check(&scenarios[i], c, op);
      imgact_op_free(op);
      harness_free(st);
      cloud_free(c);
    }
}

int main(void) { return testing_run(NULL, NULL); }
