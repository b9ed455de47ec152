// SPDX-License-Identifier: MIT
// Offers of an image to another account: requests that are never repeated, because nothing shows
// whether they were applied.
#include "harness.h"

#define TEAM   "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf"
#define CREATE "POST /v2/images/7/account_transfer {\"recipient_email\":\"a@example.com\"}"

static imgact_op *offer(const harness *s) {
  return imgact_create_handover(s->client, "7", "a@example.com", NULL);
}

TEST(handover_create_returns_id) {
  static const char *const ids[][2] = {{"{\"transfer_id\":3164444}", "3164444"},
                                       {"{\"transfer_id\":0}", "0"},
                                       {"{\"transfer_id\":\"x1\"}", "x1"}};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    harness *s = harness_digitalocean();
    scripted_json(s->script, 201, ids[i][0]);
    imgact_op *op = offer(s);
    assert_null(imgact_op_transfer_id(op));
    harness_run(op, IMGACT_OK);
    assert_string_equal(imgact_op_transfer_id(op), ids[i][1]);
    scripted_assert_lines(s->script, CREATE);
    imgact_op_free(op);
    harness_free(s);
  }
}

TEST(handover_bodies_name_the_recipient) {
  harness *s = harness_digitalocean();
  scripted_json(s->script, 201, "{\"transfer_id\":5}");
  for (int i = 0; i < 3; i++) scripted_next(s->script, (scripted_answer){.status = 204});
  harness_expect(imgact_create_handover(s->client, "7", NULL, TEAM), IMGACT_OK);
  harness_expect(imgact_accept_handover(s->client, "7", "5", TEAM), IMGACT_OK);
  harness_expect(imgact_decline_handover(s->client, "7", "5"), IMGACT_OK);
  harness_expect(imgact_cancel_handover(s->client, "7", "9223372036854775807"), IMGACT_OK);
  scripted_assert_lines(s->script,
                        "POST /v2/images/7/account_transfer {\"recipient_uuid\":\"" TEAM "\"}",
                        "POST /v2/images/7/account_transfer/accept "
                        "{\"transfer_id\":5,\"recipient_uuid\":\"" TEAM "\"}",
                        "POST /v2/images/7/account_transfer/decline {\"transfer_id\":5}",
                        "POST /v2/images/7/account_transfer/cancel "
                        "{\"transfer_id\":9223372036854775807}");
  harness_free(s);
}

TEST(handover_lost_response_is_ambiguous) {
  static const scripted_answer lost[] = {
      {.delivery = IMGACT_DELIVERY_MAYBE_SENT, .failure = IMGACT_FAILURE_NETWORK},
      {.status = 502, .body = "{\"id\":\"bad_gateway\",\"message\":\"later\"}"},
      {.status = 201, .body = "{}"},
      {.status = 201, .body = "{\"transfer_id\":"}};
  for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
    harness *s = harness_digitalocean();
    scripted_next(s->script, lost[i]);
    imgact_op *op = harness_run(offer(s), IMGACT_AMBIGUOUS);
    assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_null(imgact_op_transfer_id(op));
    assert_int_equal(scripted_count(s->script), 1);
    imgact_op_free(op);
    harness_free(s);
  }
}

// What certainly was not applied is sent again, or reported as it is.
TEST(handover_rejection_is_certain) {
  harness *s = harness_digitalocean();
  scripted_fail(s->script, IMGACT_DELIVERY_NOT_SENT, IMGACT_FAILURE_NETWORK);
  scripted_json(s->script, 429, "{\"id\":\"too_many_requests\",\"message\":\"m\"}");
  scripted_json(s->script, 201, "{\"transfer_id\":5}");
  harness_expect(offer(s), IMGACT_OK);
  assert_int_equal(scripted_count(s->script), 3);
  scripted_json(s->script, 403, "{\"id\":\"forbidden\",\"message\":\"m\"}");
  imgact_op *op = harness_run(offer(s), IMGACT_FORBIDDEN);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  harness_free(s);
}

static imgact_status keep_json(void *user, imgact_op *op, const char *call_json) {
  (void)op;
  snprintf(user, 512, "%s", call_json);
  return IMGACT_OK;
}

TEST(handover_resumed_is_not_sent) {
  harness *s = harness_digitalocean();
  char json[512];
  scripted_next(s->script, (scripted_answer){.status = 204});
  imgact_op *op = imgact_accept_handover(s->client, "7", "5", TEAM);
  imgact_op_set_before_send(op, keep_json, json);
  harness_expect(op, IMGACT_OK);
  assert_non_null(strstr(json, "\"op\":\"accept_handover\",\"image\":\"7\",\"team\":\"" TEAM
                               "\",\"transfer\":\"5\"}"));
  op = harness_run(imgact_op_resume(s->client, json, SCRIPTED_EPOCH_MS), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(scripted_count(s->script), 1);
  imgact_op_free(op);
  harness_free(s);
}

TEST(handover_invalid_arguments_send_nothing) {
  harness *s = harness_digitalocean();
  imgact_client *c = s->client;
  harness_expect(imgact_create_handover(c, "7", NULL, NULL), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_create_handover(c, "7", "a@example.com", TEAM), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_create_handover(c, "7", "", NULL), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_create_handover(c, NULL, NULL, TEAM), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_accept_handover(c, "7", "5", NULL), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_accept_handover(c, "7", NULL, TEAM), IMGACT_INVALID_ARGUMENT);
  static const char *const ids[] = {"", "x", "0", "05", "-1", "1e3", "9223372036854775808"};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
    harness_expect(imgact_cancel_handover(c, "7", ids[i]), IMGACT_INVALID_ARGUMENT);
  scripted_assert_nothing_sent(s->script);
  harness_free(s);

  s = harness_new();
  harness_expect(imgact_decline_handover(s->client, "7", "5"), IMGACT_UNSUPPORTED);
  scripted_assert_nothing_sent(s->script);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
