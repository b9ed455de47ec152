// SPDX-License-Identifier: MIT
// New images: from a server, and imported.
#include "harness.h"
#include <stdio.h>
#include <string.h>

#define HZ_POST    "POST /v1/servers/42/actions/create_image"
#define HZ_BODY    " {\"description\":\"nightly\",\"type\":\"snapshot\"}"
#define HZ_ACTIONS "GET /v1/servers/42/actions?page=1&per_page=50"
#define HZ_ACTION                                                                                  \
  "{\"id\":900,\"command\":\"create_image\",\"status\":\"%s\",\"progress\":0,"                     \
  "\"started\":\"2026-01-01T00:00:00+00:00\",\"resources\":[{\"id\":42,\"type\":\"server\"}%s]}"
#define HZ_IMAGE                                                                                   \
  "{\"id\":70,\"type\":\"snapshot\",\"status\":\"%s\",\"description\":\"nightly\","                \
  "\"created\":\"2026-01-01T00:00:00+00:00\",\"created_from\":{\"id\":42,\"name\":\"srv\"}}"
#define DO_BEFORE  "GET /v2/droplets/42/snapshots?page=1&per_page=200"
#define DO_POST    "POST /v2/droplets/42/actions {\"type\":\"snapshot\",\"name\":\"nightly\"}"
#define DO_ACTIONS "GET /v2/droplets/42/actions?page=1&per_page=200"
#define DO_ACTION                                                                                  \
  "{\"action\":{\"id\":900,\"type\":\"snapshot\",\"status\":\"%s\",\"resource_id\":42,"            \
  "\"resource_type\":\"droplet\",\"started_at\":\"2026-01-01T00:00:00Z\"}}"
#define DO_SHOT                                                                                    \
  "{\"id\":%d,\"name\":\"%s\",\"type\":\"snapshot\",\"created_at\":\"2026-01-01T00:00:%02dZ\"}"
#define DO_CUSTOM                                                                                  \
  "{\"id\":%d,\"name\":\"%s\",\"type\":\"custom\",\"created_at\":\"2026-01-01T00:00:00Z\"}"
#define DO_IMPORT_BODY                                                                             \
  "POST /v2/images {\"name\":\"disk\",\"url\":\"https://example.com/a.raw\",\"region\":\"nyc3\"}"
#define DO_OWN "GET /v2/images?private=true&page=1&per_page=200"

static const imgact_image_create nightly = {.size = sizeof nightly, .name = "nightly"};
static const imgact_image_create disk = {.size = sizeof disk, .name = "disk", .region = "nyc3"};

static harness *start(bool digitalocean, size_t fail_at) {
  return harness_with((harness_options){
      .digitalocean = digitalocean, .fail_at = fail_at, .client = {.poll_interval_ms = 1000}});
}

// Adds a response whose body is made by the format.
static void reply(const harness *s, int status, const char *format, ...) IMGACT_PRINTF(3, 4);
static void reply(const harness *s, int status, const char *format, ...) {
  char body[2000];
  va_list args;
  va_start(args, format);
  vsnprintf(body, sizeof body, format, args);
  va_end(args);
  scripted_json(s->script, status, body);
}

static void lose(const harness *s) {
  scripted_fail(s->script, IMGACT_DELIVERY_MAYBE_SENT, IMGACT_FAILURE_NETWORK);
}

static imgact_op *create(const harness *s, bool wait) {
  imgact_op *op = imgact_create_image(s->client, "42", &nightly);
  imgact_op_set_wait(op, wait);
  return op;
}

static imgact_op *import_disk(const harness *s, bool wait) {
  imgact_op *op = imgact_import_image(s->client, "https://example.com/a.raw", &disk);
  imgact_op_set_wait(op, wait);
  return op;
}

static void expect_image(const imgact_op *op, const char *id, imgact_image_status status) {
  size_t count = 0;
  (void)imgact_op_images(op, &count);
  assert_int_equal(count, 1);
  assert_string_equal(imgact_op_image(op)->id, id);
  assert_int_equal(imgact_op_image(op)->status, status);
}

static void finish(harness *s, imgact_op *op) {
  scripted_assert_used_up(s->script);
  imgact_op_free(op);
  harness_free(s);
}

// ---- the response names the image

TEST(create_returns_image_and_action) {
  harness *s = start(false, 0);
  reply(s, 201, "{\"image\":" HZ_IMAGE ",\"action\":" HZ_ACTION "}", "creating", "running", "");
  imgact_op *op = harness_run(create(s, false), IMGACT_OK);
  expect_image(op, "70", IMGACT_IMAGE_STATUS_CREATING);
  assert_string_equal(imgact_op_action(op)->id, "900");
  assert_false(imgact_op_adopted(op));
  scripted_assert_lines(s->script, HZ_POST HZ_BODY);
  finish(s, op);
}

TEST(create_wait_reads_image_again) {
  harness *s = start(false, 0);
  reply(s, 201, "{\"image\":" HZ_IMAGE ",\"action\":" HZ_ACTION "}", "creating", "running", "");
  reply(s, 200, "{\"actions\":[" HZ_ACTION "]}", "success", "");
  reply(s, 200, "{\"image\":" HZ_IMAGE "}", "available");
  imgact_op *op = harness_run(create(s, true), IMGACT_OK);
  expect_image(op, "70", IMGACT_IMAGE_STATUS_AVAILABLE);
  assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_SUCCESS);
  scripted_assert_lines(s->script, HZ_POST HZ_BODY, "GET /v1/actions?id=900", "GET /v1/images/70");
  finish(s, op);
}

TEST(create_failed_action_is_error) {
  harness *s = start(false, 0);
  reply(s, 201, "{\"image\":" HZ_IMAGE ",\"action\":" HZ_ACTION "}", "creating", "running", "");
  reply(s, 200, "{\"actions\":[" HZ_ACTION "]}", "error", "");
  imgact_op *op = harness_run(create(s, true), IMGACT_ACTION_FAILED);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  finish(s, op);
}

// ---- a lost response

TEST(create_lost_response_image_of_action) {
  harness *s = start(false, 0);
  lose(s);
  reply(s, 200, "{\"actions\":[" HZ_ACTION "],\"meta\":{}}", "running",
        ",{\"id\":70,\"type\":\"image\"}");
  reply(s, 200, "{\"image\":" HZ_IMAGE "}", "creating");
  imgact_op *op = harness_run(create(s, false), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  expect_image(op, "70", IMGACT_IMAGE_STATUS_CREATING);
  scripted_assert_lines(s->script, HZ_POST HZ_BODY, HZ_ACTIONS, "GET /v1/images/70");
  finish(s, op);
}

// The action names the server alone: the image is the one that was made from it since.
TEST(create_lost_response_image_of_list) {
  harness *s = start(false, 0);
  lose(s);
  reply(s, 200, "{\"actions\":[" HZ_ACTION "],\"meta\":{}}", "running", "");
  reply(s, 200,
        "{\"images\":[" HZ_IMAGE ",{\"id\":71,\"type\":\"snapshot\",\"description\":\"nightly\","
        "\"created\":\"2025-12-31T00:00:00+00:00\",\"created_from\":{\"id\":42}},"
        "{\"id\":72,\"type\":\"snapshot\",\"description\":\"nightly\","
        "\"created\":\"2026-01-01T00:00:09+00:00\",\"created_from\":{\"id\":43}}],\"meta\":{}}",
        "creating");
  reply(s, 200, "{\"image\":" HZ_IMAGE "}", "creating");
  imgact_op *op = harness_run(create(s, false), IMGACT_OK);
  expect_image(op, "70", IMGACT_IMAGE_STATUS_CREATING);
  finish(s, op);
}

TEST(create_never_arrived_is_sent_again) {
  harness *s = start(false, 0);
  lose(s);
  scripted_on(s->script, HZ_ACTIONS,
              (scripted_answer){.status = 200, .body = "{\"actions\":[],\"meta\":{}}"});
  reply(s, 201, "{\"image\":" HZ_IMAGE ",\"action\":" HZ_ACTION "}", "creating", "running", "");
  imgact_op *op = harness_run(create(s, false), IMGACT_OK);
  assert_false(imgact_op_adopted(op));
  size_t posts = 0;
  for (size_t i = 0; i < scripted_count(s->script); i++)
    posts += !strcmp(scripted_at(s->script, i)->method, "POST");
  assert_int_equal(posts, 2);
  finish(s, op);
}

// ---- the image appears after its action

TEST(create_finds_image_by_name) {
  harness *s = start(true, 0);
  reply(s, 200, "{\"snapshots\":[" DO_SHOT "]}", 69, "nightly", 0);
  reply(s, 201, DO_ACTION, "in-progress");
  reply(s, 200, DO_ACTION, "completed");
  reply(s, 200, "{\"snapshots\":[" DO_SHOT "," DO_SHOT "]}", 69, "nightly", 0, 71, "other", 9);
  reply(s, 200, "{\"snapshots\":[" DO_SHOT "," DO_SHOT "]}", 69, "nightly", 0, 70, "nightly", 0);
  reply(s, 200, "{\"image\":" DO_SHOT "}", 70, "nightly", 0);
  imgact_op *op = harness_run(create(s, true), IMGACT_OK);
  expect_image(op, "70", IMGACT_IMAGE_STATUS_UNKNOWN);
  assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_SUCCESS);
  scripted_assert_lines(s->script, DO_BEFORE, DO_POST, "GET /v2/actions/900", DO_BEFORE, DO_BEFORE,
                        "GET /v2/images/70");
  finish(s, op);
}

TEST(create_two_new_images_are_ambiguous) {
  harness *s = start(true, 0);
  reply(s, 200, "{\"snapshots\":[]}");
  reply(s, 201, DO_ACTION, "completed");
  for (int look = 0; look < 6; look++)
    reply(s, 200, "{\"snapshots\":[" DO_SHOT "," DO_SHOT "]}", 70, "nightly", 8, 71, "nightly", 9);
  imgact_op *op = harness_run(create(s, true), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_null(imgact_op_image(op));
  assert_string_equal(imgact_op_action(op)->id, "900");
  finish(s, op);
}

// Of several, the one that was created when the action started.
TEST(create_image_of_action_time_chosen) {
  harness *s = start(true, 0);
  reply(s, 200, "{\"snapshots\":[]}");
  reply(s, 201, DO_ACTION, "completed");
  reply(s, 200, "{\"snapshots\":[" DO_SHOT "," DO_SHOT "]}", 70, "nightly", 0, 71, "nightly", 9);
  reply(s, 200, "{\"image\":" DO_SHOT "}", 70, "nightly", 0);
  imgact_op *op = harness_run(create(s, true), IMGACT_OK);
  expect_image(op, "70", IMGACT_IMAGE_STATUS_UNKNOWN);
  finish(s, op);
}

TEST(create_unlisted_image_is_ambiguous) {
  harness *s = start(true, 0);
  scripted_on(s->script, DO_BEFORE, (scripted_answer){.status = 200, .body = "{\"snapshots\":[]}"});
  reply(s, 201, DO_ACTION, "completed");
  imgact_op *op = harness_run(create(s, true), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_true(scripted_now_ms(s->script) >= 10000); // the settle time
  finish(s, op);
}

TEST(create_without_list_sends_nothing) {
  harness *s = start(true, 0);
  reply(s, 403, "{\"id\":\"forbidden\",\"message\":\"no\"}");
  imgact_op *op = harness_run(create(s, true), IMGACT_FORBIDDEN);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  scripted_assert_lines(s->script, DO_BEFORE);
  finish(s, op);
}

// ---- unique names

TEST(create_unique_name_taken_is_conflict) {
  imgact_image_create unique = nightly;
  unique.ensure_unique = 1;
  harness *s = start(true, 0);
  reply(s, 200, "{\"images\":[" DO_SHOT "]}", 5, "nightly", 0);
  imgact_op *op = harness_run(imgact_create_image(s->client, "42", &unique), IMGACT_CONFLICT);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  scripted_assert_lines(s->script, DO_OWN);
  finish(s, op);
}

// ---- imports

TEST(import_waits_until_available) {
  harness *s = start(true, 0);
  reply(s, 202, "{\"image\":{\"id\":70,\"name\":\"disk\",\"status\":\"NEW\"}}");
  reply(s, 200, "{\"image\":{\"id\":70,\"name\":\"disk\",\"status\":\"pending\"}}");
  reply(s, 200, "{\"image\":{\"id\":70,\"name\":\"disk\",\"status\":\"available\"}}");
  imgact_op *op = harness_run(import_disk(s, true), IMGACT_OK);
  expect_image(op, "70", IMGACT_IMAGE_STATUS_AVAILABLE);
  assert_null(imgact_op_action(op));
  scripted_assert_lines(s->script, DO_IMPORT_BODY, "GET /v2/images/70", "GET /v2/images/70");
  finish(s, op);
}

TEST(import_failure_has_reason_of_api) {
  harness *s = start(true, 0);
  reply(s, 202, "{\"image\":{\"id\":70,\"name\":\"disk\",\"status\":\"NEW\"}}");
  reply(s, 200,
        "{\"image\":{\"id\":70,\"status\":\"pending\",\"error_message\":\"The disk is odd\"}}");
  imgact_op *op = harness_run(import_disk(s, true), IMGACT_ACTION_FAILED);
  assert_non_null(strstr(imgact_op_error(op)->message, "The disk is odd"));
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  finish(s, op);
}

TEST(import_lost_response_found_by_name) {
  harness *s = start(true, 0);
  lose(s);
  reply(s, 200,
        "{\"images\":[" DO_CUSTOM ",{\"id\":5,\"name\":\"disk\",\"created_at\":"
        "\"2025-06-01T00:00:00Z\"}]}",
        70, "disk");
  imgact_op *op = harness_run(import_disk(s, false), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  expect_image(op, "70", IMGACT_IMAGE_STATUS_UNKNOWN);
  scripted_assert_lines(s->script, DO_IMPORT_BODY, DO_OWN);
  finish(s, op);
}

// A list without it proves nothing.
TEST(import_not_listed_is_never_resent) {
  harness *s = start(true, 0);
  lose(s);
  scripted_on(s->script, DO_OWN, (scripted_answer){.status = 200, .body = "{\"images\":[]}"});
  imgact_op *op = harness_run(import_disk(s, false), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  for (size_t i = 1; i < scripted_count(s->script); i++)
    assert_string_equal(scripted_at(s->script, i)->line, DO_OWN);
  finish(s, op);
}

// Two imports of one name run one after the other, and neither adopts the other's image.
TEST(import_does_not_adopt_other_operation) {
  harness *s = start(true, 0);
  reply(s, 202, "{\"image\":" DO_SHOT "}", 70, "disk", 0);
  lose(s);
  scripted_on(s->script, DO_OWN,
              (scripted_answer){.status = 200,
                                .body = "{\"images\":[{\"id\":70,\"name\":\"disk\","
                                        "\"created_at\":\"2026-01-01T00:00:00Z\"}]}"});
  imgact_op *first = import_disk(s, false), *second = import_disk(s, false);
  imgact_op_start(first, NULL, NULL);
  harness_run(second, IMGACT_AMBIGUOUS);
  assert_status(first, IMGACT_OK);
  imgact_op_free(first);
  finish(s, second);
}

// ---- stored calls

TEST(create_resumed_finds_image_by_time) {
  harness *s = start(true, 0);
  reply(s, 200,
        "{\"actions\":[{\"id\":900,\"type\":\"snapshot\",\"status\":\"completed\","
        "\"resource_id\":42,\"resource_type\":\"droplet\","
        "\"started_at\":\"2026-01-01T00:00:00Z\"}]}");
  reply(s, 200,
        "{\"snapshots\":[{\"id\":69,\"name\":\"nightly\",\"type\":\"snapshot\","
        "\"created_at\":\"2025-12-31T00:00:00Z\"}," DO_SHOT "]}",
        70, "nightly", 0);
  reply(s, 200, "{\"image\":" DO_SHOT "}", 70, "nightly", 0);
  imgact_op *op = imgact_op_resume(s->client,
                                   "{\"provider\":\"digitalocean\",\"op\":\"create_image\","
                                   "\"server\":\"42\",\"name\":\"nightly\"}",
                                   SCRIPTED_EPOCH_MS - 1000);
  imgact_op_set_wait(op, 1);
  harness_run(op, IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  expect_image(op, "70", IMGACT_IMAGE_STATUS_UNKNOWN);
  scripted_assert_lines(s->script, DO_ACTIONS, DO_BEFORE, "GET /v2/images/70");
  finish(s, op);
}

static imgact_status keep_json(void *user, imgact_op *op, const char *json) {
  (void)op;
  snprintf(user, 400, "%s", json);
  return IMGACT_LOCKED; // a rejection
}

TEST(create_stored_call_has_all_arguments) {
  static const imgact_label labels[] = {{"app", "web"}};
  const imgact_image_create create = {.size = sizeof create,
                                      .description = "text",
                                      .labels = labels,
                                      .labels_count = 1,
                                      .type = IMGACT_IMAGE_TYPE_BACKUP};
  harness *s = start(false, 0);
  char json[400] = "";
  imgact_op *op = imgact_create_image(s->client, "42", &create);
  imgact_op_set_before_send(op, keep_json, json);
  harness_run(op, IMGACT_LOCKED);
  assert_non_null(strstr(json, "\"op\":\"create_image\",\"server\":\"42\",\"description\":\"text\","
                               "\"type\":\"backup\",\"labels\":{\"app\":\"web\"}"));
  imgact_op_free(op);
  scripted_on(s->script, HZ_ACTIONS,
              (scripted_answer){.status = 200, .body = "{\"actions\":[],\"meta\":{}}"});
  reply(s, 201, "{\"image\":" HZ_IMAGE ",\"action\":" HZ_ACTION "}", "creating", "running", "");
  op = harness_run(imgact_op_resume(s->client, json, SCRIPTED_EPOCH_MS), IMGACT_OK);
  assert_string_equal(scripted_at(s->script, scripted_count(s->script) - 1)->line,
                      HZ_POST " {\"description\":\"text\",\"type\":\"backup\","
                              "\"labels\":{\"app\":\"web\"}}");
  finish(s, op);
}

// ---- the end

TEST(create_deadline_while_finishing_maybe_applied) {
  harness *s = start(true, 0);
  scripted_on(s->script, DO_BEFORE, (scripted_answer){.status = 200, .body = "{\"snapshots\":[]}"});
  reply(s, 201, DO_ACTION, "completed");
  imgact_op *op = harness_configure(create(s, true), (imgact_op_options){.deadline_ms = 3000});
  harness_run(op, IMGACT_TIMEOUT);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  finish(s, op);
}

TEST(create_cancelled_before_request_not_applied) {
  harness *s = start(true, 0);
  scripted_next(s->script, (scripted_answer){.failure = IMGACT_FAILURE_TIMEOUT,
                                             .delivery = IMGACT_DELIVERY_MAYBE_SENT,
                                             .delay_ms = 5000});
  imgact_op *op = create(s, true);
  imgact_op_start(op, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  assert_false(imgact_op_maybe_applied(op));
  imgact_op_cancel(op);
  assert_status(op, IMGACT_CANCELLED);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  harness_free(s);
}

TEST(create_invalid_arguments_send_nothing) {
  const imgact_image_create described = {.size = sizeof described, .description = "d"},
                            both = {.size = sizeof both, .name = "n", .description = "d"},
                            nameless = {.size = sizeof nameless, .region = "nyc3"};
  harness *h = start(false, 0), *d = start(true, 0);
  harness_expect(imgact_create_image(h->client, "42", &both), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_create_image(h->client, "", NULL), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_create_image(h->client, "web", NULL), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_import_image(h->client, "https://example.com/a", &disk),
                 IMGACT_UNSUPPORTED);
  harness_expect(imgact_create_image(d->client, "42", NULL), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_create_image(d->client, "42", &described), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_create_image(d->client, "42", &both), IMGACT_UNSUPPORTED);
  harness_expect(imgact_import_image(d->client, "https://example.com/a", &nameless),
                 IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_import_image(d->client, "", &disk), IMGACT_INVALID_ARGUMENT);
  scripted_assert_nothing_sent(h->script);
  scripted_assert_nothing_sent(d->script);
  harness_free(h);
  harness_free(d);
}

// ---- without memory

typedef struct starving {
  bool digitalocean;
  void (*script)(const harness *s);
  imgact_op *(*make)(const harness *s, bool wait);
} starving;

static void script_by_name(const harness *s) {
  reply(s, 200, "{\"snapshots\":[" DO_SHOT "]}", 69, "nightly", 0);
  reply(s, 201, DO_ACTION, "in-progress");
  reply(s, 200, DO_ACTION, "completed");
  reply(s, 200, "{\"snapshots\":[" DO_SHOT "," DO_SHOT "]}", 69, "nightly", 0, 70, "nightly", 0);
  reply(s, 200, "{\"image\":" DO_SHOT "}", 70, "nightly", 0);
}

static void script_adopted(const harness *s) {
  lose(s);
  reply(s, 200, "{\"actions\":[" HZ_ACTION "],\"meta\":{}}", "success", "");
  reply(s, 200, "{\"images\":[" HZ_IMAGE "],\"meta\":{}}", "available");
  reply(s, 200, "{\"image\":" HZ_IMAGE "}", "available");
}

static void script_import(const harness *s) {
  lose(s);
  reply(s, 200, "{\"images\":[" DO_CUSTOM "]}", 70, "disk");
  reply(s, 200, "{\"image\":{\"id\":70,\"name\":\"disk\",\"status\":\"available\"}}");
}

// Whatever allocation fails, the error says whether the image may have been made.
TEST(create_without_memory_tells_truth) {
  static const starving all[] = {{true, script_by_name, create},
                                 {false, script_adopted, create},
                                 {true, script_import, import_disk}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    bool failed = true;
    for (size_t k = 1; failed; k++) {
      harness *s = start(all[i].digitalocean, k);
      all[i].script(s);
      imgact_op *op = s->client ? all[i].make(s, true) : NULL;
      imgact_op_run(op);
      failed = s->memory.calls >= k;
      bool sent = false;
      for (size_t r = 0; r < scripted_count(s->script); r++)
        sent = sent || !strcmp(scripted_at(s->script, r)->method, "POST");
      const imgact_error *error = imgact_op_error(op);
      if (!failed) assert_int_equal(error->status, IMGACT_OK);
      if (error->status == IMGACT_OK)
        assert_string_equal(imgact_op_image(op)->id, "70");
      else if (sent && op)
        assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
      imgact_op_free(op);
      harness_free(s);
    }
  }
}

int main(void) { return testing_run(NULL, NULL); }
