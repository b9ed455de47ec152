// SPDX-License-Identifier: MIT
// Changes of some labels: the image is read, and the new set is sent if it differs.
#include "harness.h"

#define IMAGE(labels) "{\"image\":{\"id\":7,\"type\":\"snapshot\",\"labels\":" labels "}}"
#define GET           "GET /v1/images/7"

static const imgact_label set[] = {{"env", "prod"}, {"new", ""}};
static const char *const removed[] = {"old", "never"};

static imgact_op *change(const harness *s) {
  return imgact_change_labels(s->client, "7", set, 2, removed, 2);
}

TEST(labels_set_and_removed_keep_others) {
  harness *s = harness_new();
  scripted_json(s->script, 200, IMAGE("{\"keep\":\"1\",\"env\":\"test\",\"old\":\"\"}"));
  scripted_json(s->script, 200, IMAGE("{\"keep\":\"1\",\"env\":\"prod\",\"new\":\"\"}"));
  imgact_op *op = harness_run(change(s), IMGACT_OK);
  assert_int_equal(imgact_op_image(op)->labels_count, 3);
  assert_int_equal(imgact_op_get_kind(op), IMGACT_OP_UPDATE_IMAGE);
  scripted_assert_lines(
      s->script, GET,
      "PUT /v1/images/7 {\"labels\":{\"keep\":\"1\",\"env\":\"prod\",\"new\":\"\"}}");
  imgact_op_free(op);
  harness_free(s);
}

TEST(labels_without_change_send_nothing) {
  harness *s = harness_new();
  scripted_json(s->script, 200, IMAGE("{\"new\":\"\",\"env\":\"prod\"}"));
  imgact_op *op = harness_run(change(s), IMGACT_OK);
  assert_string_equal(imgact_op_image(op)->id, "7");
  scripted_assert_lines(s->script, GET);
  imgact_op_free(op);

  // Another member is changed all the same, and the labels are not sent.
  scripted_json(s->script, 200, IMAGE("{\"env\":\"prod\",\"new\":\"\"}"));
  scripted_json(s->script, 200, IMAGE("{}"));
  const imgact_image_update update = {.size = sizeof update,
                                      .description = "d",
                                      .labels = set,
                                      .labels_count = 2,
                                      .merge_labels = 1};
  harness_expect(imgact_update_image(s->client, "7", &update), IMGACT_OK);
  assert_string_equal(scripted_at(s->script, 2)->line, "PUT /v1/images/7 {\"description\":\"d\"}");
  harness_free(s);
}

// Without them, the others would be removed.
TEST(labels_not_reported_are_not_replaced) {
  static const char *const bodies[] = {"{\"image\":{\"id\":7}}", IMAGE("null"), IMAGE("[]"),
                                       "{\"image\":{\"id\":8,\"labels\":{}}}"};
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    harness *s = harness_new();
    scripted_json(s->script, 200, bodies[i]);
    imgact_op *op = harness_run(change(s), IMGACT_PROTOCOL);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    scripted_assert_lines(s->script, GET);
    imgact_op_free(op);
    harness_free(s);
  }
}

typedef struct image_state {
  char labels[256];
} image_state;

// Serves the labels, and takes those of a PUT.
static bool serve(void *user, const scripted_request *request, scripted_answer *answer) {
  static char body[512];
  image_state *state = user;
  const char *labels = request->body ? strstr(request->body, "\"labels\":") : NULL;
  if (labels)
    snprintf(state->labels, sizeof state->labels, "%.*s", (int)strlen(labels) - 10, labels + 9);
  snprintf(body, sizeof body, "{\"image\":{\"id\":7,\"labels\":%s}}", state->labels);
  *answer = (scripted_answer){.status = 200, .body = body, .delay_ms = 50};
  return true;
}

TEST(labels_of_one_client_lose_nothing) {
  harness *s = harness_new();
  image_state stored = {"{}"};
  static const char *const keys[] = {"a", "b", "c", "d"};
  imgact_op *ops[4];
  scripted_when(s->script, serve, &stored);
  for (size_t i = 0; i < 4; i++) {
    const imgact_label one = {keys[i], "1"};
    ops[i] = imgact_change_labels(s->client, "7", &one, 1, NULL, 0);
    imgact_op_start(ops[i], NULL, NULL);
  }
  assert_int_equal(imgact_loop_run(s->loop), IMGACT_OK);
  for (size_t i = 0; i < 4; i++) {
    assert_status(ops[i], IMGACT_OK);
    imgact_op_free(ops[i]);
  }
  assert_string_equal(stored.labels, "{\"a\":\"1\",\"b\":\"1\",\"c\":\"1\",\"d\":\"1\"}");
  assert_int_equal(scripted_count(s->script), 8);
  harness_free(s);
}

static imgact_status keep_json(void *user, imgact_op *op, const char *call_json) {
  (void)op;
  snprintf(user, 512, "%s", call_json);
  return IMGACT_OK;
}

// A resumed change merges again: other labels may have changed since.
TEST(labels_resumed_are_merged_again) {
  harness *s = harness_new();
  char json[512];
  scripted_json(s->script, 200, IMAGE("{\"old\":\"\"}"));
  scripted_json(s->script, 200, IMAGE("{}"));
  imgact_op *op = change(s);
  imgact_op_set_before_send(op, keep_json, json);
  harness_expect(op, IMGACT_OK);
  assert_non_null(strstr(json, "\"labels\":{\"env\":\"prod\",\"new\":\"\"},\"merge_labels\":true,"
                               "\"removed_labels\":[\"old\",\"never\"]}"));
  scripted_json(s->script, 200, IMAGE("{\"later\":\"2\",\"env\":\"prod\"}"));
  scripted_json(s->script, 200, IMAGE("{}"));
  harness_expect(imgact_op_resume(s->client, json, SCRIPTED_EPOCH_MS), IMGACT_OK);
  assert_string_equal(
      scripted_at(s->script, 3)->line,
      "PUT /v1/images/7 {\"labels\":{\"later\":\"2\",\"env\":\"prod\",\"new\":\"\"}}");
  harness_free(s);
}

TEST(labels_invalid_arguments_send_nothing) {
  harness *s = harness_new();
  static const char *const same[] = {"env"};
  harness_expect(imgact_change_labels(s->client, "7", set, 1, same, 1), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_change_labels(s->client, "7", NULL, 0, NULL, 0), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_change_labels(s->client, NULL, set, 1, NULL, 0), IMGACT_INVALID_ARGUMENT);
  const imgact_image_update both = {.size = sizeof both,
                                    .labels = set,
                                    .labels_count = 1,
                                    .merge_labels = 1,
                                    .replace_labels = 1};
  harness_expect(imgact_update_image(s->client, "7", &both), IMGACT_INVALID_ARGUMENT);
  scripted_assert_nothing_sent(s->script);
  harness_free(s);

  s = harness_digitalocean();
  harness_expect(imgact_change_labels(s->client, "7", set, 1, NULL, 0), IMGACT_UNSUPPORTED);
  harness_free(s);
}

TEST(labels_without_memory_are_nomem) {
  for (size_t at = 1, failures = 1; failures > 0; at++) {
    harness *s = harness_with((harness_options){.fail_at = at});
    image_state stored = {"{\"old\":\"\"}"};
    scripted_when(s->script, serve, &stored);
    imgact_op *op = s->client ? change(s) : NULL;
    imgact_status status = imgact_op_run(op);
    assert_true(status == IMGACT_OK || status == IMGACT_NOMEM);
    imgact_op_free(op);
    failures = s->memory.failures;
    harness_free(s);
  }
}

int main(void) { return testing_run(NULL, NULL); }
