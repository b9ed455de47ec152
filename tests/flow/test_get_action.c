// SPDX-License-Identifier: MIT
// An action by its id alone: where the first path knows only the actions of images, the actions of
// all resources are searched once.
#include "harness.h"

#define FIRST  "GET /v1/images/actions/5"
#define SECOND "GET /v1/actions?id=5"
#define ACTION                                                                                     \
  "{\"id\":5,\"command\":\"poweron\",\"status\":\"running\",\"resources\":[{\"id\":42,\"type\":"   \
  "\"server\"}]}"
#define MISSING "{\"error\":{\"code\":\"not_found\",\"message\":\"first\",\"details\":{\"a\":1}}}"

static imgact_op *get(const harness *s) { return imgact_get_action(s->client, "5", NULL); }

TEST(get_action_of_any_resource_found) {
  harness *s = harness_new();
  scripted_json(s->script, 404, MISSING);
  scripted_json(s->script, 200, "{\"actions\":[{\"id\":4}," ACTION "]}");
  imgact_op *op = harness_configure(get(s), (imgact_op_options){.flags = IMGACT_OP_FLAG_KEEP_RAW});
  harness_run(op, IMGACT_OK);
  size_t count = 0;
  const imgact_action *const *actions = imgact_op_actions(op, &count);
  assert_int_equal(count, 1);
  assert_string_equal(actions[0]->id, "5");
  assert_string_equal(actions[0]->resources[0].type, "server");
  assert_non_null(imgact_action_raw(actions[0]));
  assert_null(imgact_op_error_details(op));
  scripted_assert_lines(s->script, FIRST, SECOND);
  imgact_op_free(op);
  harness_free(s);
}

TEST(get_action_missing_has_first_error) {
  static const scripted_answer answers[] = {
      {.status = 200, .body = "{\"actions\":[]}"},
      {.status = 200, .body = "{\"actions\":[{\"id\":6}]}"},
      {.status = 200, .body = "no JSON"},
      {.status = 404, .body = "{\"error\":{\"code\":\"not_found\",\"message\":\"second\"}}"},
      {.status = 403, .body = "{\"error\":{\"code\":\"forbidden\",\"message\":\"second\"}}"}};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    harness *s = harness_new();
    scripted_json(s->script, 404, MISSING);
    scripted_next(s->script, answers[i]);
    imgact_op *op = harness_run(get(s), IMGACT_NOT_FOUND);
    assert_string_equal(imgact_op_error(op)->message, "first");
    assert_int_equal(imgact_op_error(op)->http_status, 404);
    assert_string_equal(imgact_op_error_details(op), "{\"a\":1}");
    assert_null(imgact_op_action(op));
    scripted_assert_lines(s->script, FIRST, SECOND);
    imgact_op_free(op);
    harness_free(s);
  }
}

TEST(get_action_lookup_is_retried) {
  harness *s = harness_new();
  scripted_json(s->script, 404, MISSING);
  scripted_json(s->script, 503, "{}");
  scripted_json(s->script, 200, "{\"actions\":[" ACTION "]}");
  harness_expect(get(s), IMGACT_OK);
  scripted_assert_lines(s->script, FIRST, SECOND, SECOND);
  harness_free(s);
}

TEST(get_action_other_error_is_final) {
  harness *s = harness_new();
  scripted_json(s->script, 403, "{}");
  harness_expect(get(s), IMGACT_FORBIDDEN);
  scripted_json(s->script, 404, MISSING);
  harness_expect(imgact_get_action(s->client, "5", "7"), IMGACT_NOT_FOUND);
  scripted_assert_lines(s->script, FIRST, FIRST);
  harness_free(s);
}

// Its path has the actions of all resources.
TEST(get_action_digitalocean_asks_once) {
  harness *s = harness_digitalocean();
  scripted_json(s->script, 404, "{}");
  harness_expect(get(s), IMGACT_NOT_FOUND);
  scripted_assert_lines(s->script, "GET /v2/actions/5");
  harness_free(s);
}

static imgact_status no_token(void *user, char *buffer, size_t capacity, size_t *length) {
  (void)user, (void)buffer, (void)capacity, (void)length;
  return IMGACT_NOT_FOUND;
}

TEST(get_action_without_token_sends_nothing) {
  harness *s = harness_with((harness_options){.client = {.token_callback = no_token}});
  harness_expect(get(s), IMGACT_NOT_FOUND);
  scripted_assert_nothing_sent(s->script);
  harness_free(s);
}

TEST(get_action_cancelled_during_lookup) {
  harness *s = harness_new();
  scripted_json(s->script, 404, MISSING);
  scripted_next(s->script, (scripted_answer){.delay_ms = SCRIPTED_NEVER});
  imgact_op *op = get(s);
  imgact_op_start(op, NULL, NULL);
  while (scripted_count(s->script) < 2) imgact_loop_dispatch(s->loop);
  imgact_op_cancel(op);
  assert_status(op, IMGACT_CANCELLED);
  imgact_op_free(op);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
