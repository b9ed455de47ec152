// SPDX-License-Identifier: MIT
// Lookups with a provider that lacks operations or reports less than a lookup needs.
#include "cloud.h"
#include "harness.h"

#include <imgact/provider.h>

static const cloud_outcome lost_unapplied = {.effects = 0}, lost_applied = {.effects = 1};

// DigitalOcean's table without some of it.
typedef struct table {
  imgact_provider provider;
  imgact_slot slots[IMGACT_OP_COUNT];
  harness *harness;
  cloud *cloud;
} table;

static void open_table(table *t, uint32_t without, bool confirm) {
  t->provider = *imgact_provider_find("digitalocean");
  memcpy(t->slots, t->provider.slots, sizeof t->slots);
  for (size_t i = 0; i < IMGACT_OP_COUNT; i++)
    if (without & (1u << i)) t->slots[i] = (imgact_slot){0};
  if (confirm) t->slots[IMGACT_OP_TRANSFER].flags |= IMGACT_SLOT_VERIFY_IMAGE;
  t->provider.slots = t->slots;
  t->harness = harness_with((harness_options){.client = {.provider = &t->provider}});
  t->cloud = cloud_new(t->harness->script, false);
}

static void close_table(table *t) {
  harness_free(t->harness);
  cloud_free(t->cloud);
}

static imgact_op *transfer(const table *t) {
  return imgact_transfer_image(t->harness->client, CLOUD_IMAGE, "nyc3");
}

#define POST    "POST /v2/images/4711/actions {\"type\":\"transfer\",\"region\":\"nyc3\"}"
#define ACTIONS "GET /v2/images/4711/actions?page=1&per_page=200"

TEST(lookup_without_action_list_is_ambiguous) {
  table t;
  open_table(&t, 1u << IMGACT_OP_LIST_ACTIONS, false);
  cloud_plan(t.cloud, lost_applied);
  imgact_op *op = harness_run(transfer(&t), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "cannot list actions"));
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  scripted_assert_lines(t.harness->script, POST);
  imgact_op_free(op);
  close_table(&t);
}

TEST(lookup_without_image_uses_actions) {
  table t;
  for (int blind = 0; blind < 2; blind++) {
    open_table(&t, blind ? 0 : 1u << IMGACT_OP_GET_IMAGE, false);
    if (blind)
      t.slots[IMGACT_OP_TRANSFER].image_shows_effect = NULL; // an image does not show the effect
    cloud_plan(t.cloud, lost_unapplied);
    imgact_op *op = harness_run(transfer(&t), IMGACT_OK);
    assert_false(imgact_op_adopted(op));
    scripted_assert_lines(t.harness->script, POST, ACTIONS, ACTIONS, ACTIONS, ACTIONS, ACTIONS,
                          ACTIONS, POST);
    assert_int_equal(t.cloud->applied, 1);
    imgact_op_free(op);
    close_table(&t);
  }
}

TEST(lookup_unverifiable_effect_is_ambiguous) {
  table t;
  open_table(&t, 1u << IMGACT_OP_GET_IMAGE, true);
  t.cloud->action_ms = 0; // it has finished when it is found
  cloud_plan(t.cloud, lost_applied);
  imgact_op *op = harness_run(transfer(&t), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "does not show"));
  assert_null(imgact_op_action(op));
  assert_int_equal(t.cloud->applied, 1);
  assert_int_equal(scripted_now_ms(t.harness->script), 10000); // the whole settle time
  imgact_op_free(op);
  close_table(&t);
}

static imgact_status decode_action_without_id(const imgact_call *call,
                                              const imgact_response *response,
                                              imgact_result *result, imgact_error *error) {
  (void)call, (void)response, (void)error;
  imgact_action *action = imgact_result_add_action(result, NULL);
  if (action) action->status = IMGACT_ACTION_STATUS_RUNNING;
  return IMGACT_OK;
}

// The action runs but cannot be polled: a wait cannot succeed.
TEST(wait_action_without_id_is_internal) {
  for (int waits = 0; waits < 2; waits++) {
    table t;
    open_table(&t, 0, false);
    t.slots[IMGACT_OP_TRANSFER].decode = decode_action_without_id;
    imgact_op *op = transfer(&t);
    imgact_op_set_wait(op, waits);
    harness_run(op, waits ? IMGACT_INTERNAL : IMGACT_OK);
    if (waits) assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_int_equal(t.cloud->mutations, 1);
    imgact_op_free(op);
    close_table(&t);
  }
}

static imgact_tristate cannot_tell(const imgact_call *call, const imgact_action *action) {
  (void)call, (void)action;
  return IMGACT_TRISTATE_UNKNOWN;
}

TEST(lookup_match_unknown_is_ambiguous) {
  for (int without = 0; without < 2; without++) {
    table t;
    open_table(&t, 0, false);
    t.slots[IMGACT_OP_TRANSFER].matches_action = without ? NULL : cannot_tell;
    cloud_plan(t.cloud, lost_applied);
    imgact_op *op = harness_run(transfer(&t), IMGACT_AMBIGUOUS);
    assert_non_null(strstr(imgact_op_error(op)->message, "may be its effect"));
    assert_int_equal(t.cloud->mutations, 1);
    assert_int_equal(scripted_now_ms(t.harness->script),
                     10000); // a later lookup might have matched
    imgact_op_free(op);
    close_table(&t);
  }
}

static bool without_a_start(void *user, const scripted_request *request, scripted_answer *answer) {
  (void)user;
  if (strcmp(request->line, ACTIONS) != 0) return false;
  answer->status = 200;
  answer->body = "{\"actions\":[{\"id\":7,\"type\":\"transfer\",\"status\":\"in-progress\","
                 "\"region_slug\":\"nyc3\"}]}";
  return true;
}

// Without a start time the action may be a year old.
TEST(lookup_action_without_start_is_ambiguous) {
  harness *s = harness_digitalocean();
  scripted_when(s->script, without_a_start, NULL);
  cloud *c = cloud_new(s->script, false);
  cloud_plan(c, lost_applied);
  imgact_op *op =
      harness_run(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "may be its effect"));
  imgact_op_free(op);
  harness_free(s);
  cloud_free(c);
}

TEST(lookup_impossible_is_not_resent) {
  for (int i = 0; i < 2; i++) {
    table t;
    open_table(&t, i ? 1u << IMGACT_OP_GET_IMAGE : 0, false);
    t.slots[IMGACT_OP_TRANSFER].flags = 0;
    if (!i) t.slots[IMGACT_OP_TRANSFER].image_shows_effect = NULL;
    cloud_plan(t.cloud, lost_applied);
    imgact_op *op = transfer(&t);
    imgact_status status = imgact_op_run(op);
    assert_int_equal(t.cloud->applied, 1);
    assert_int_equal(status, IMGACT_AMBIGUOUS);
    imgact_op_free(op);
    close_table(&t);
  }
}

static imgact_status decode_no_image(const imgact_call *call, const imgact_response *response,
                                     imgact_result *result, imgact_error *error) {
  (void)call, (void)response, (void)result, (void)error;
  return IMGACT_OK;
}

static imgact_status decode_listed_without_id(const imgact_call *call,
                                              const imgact_response *response,
                                              imgact_result *result, imgact_error *error) {
  (void)call, (void)response, (void)error;
  imgact_action *action = imgact_result_add_action(result, NULL);
  action->status = IMGACT_ACTION_STATUS_RUNNING;
  action->started_at = SCRIPTED_EPOCH_MS;
  return IMGACT_OK;
}

static imgact_tristate is_that_kind(const imgact_call *call, const imgact_action *action) {
  (void)call, (void)action;
  return IMGACT_TRISTATE_TRUE;
}

// A provider's decoder returns less than a lookup needs.
TEST(lookup_without_image_is_ambiguous) {
  table t;
  open_table(&t, 0, false);
  t.slots[IMGACT_OP_GET_IMAGE].decode = decode_no_image;
  cloud_plan(t.cloud, lost_unapplied);
  imgact_op *op = harness_run(transfer(&t), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "another image"));
  assert_int_equal(t.cloud->mutations, 1);
  imgact_op_free(op);
  close_table(&t);
}

TEST(lookup_action_without_id_is_ambiguous) {
  table t;
  open_table(&t, 0, true);
  t.slots[IMGACT_OP_LIST_ACTIONS].decode = decode_listed_without_id;
  t.slots[IMGACT_OP_TRANSFER].matches_action = is_that_kind;
  cloud_plan(t.cloud, lost_applied);
  imgact_op *op = harness_run(transfer(&t), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "the action has no id"));
  assert_int_equal(t.cloud->mutations, 1);
  imgact_op_free(op);
  close_table(&t);
}

int main(void) { return testing_run(NULL, NULL); }
