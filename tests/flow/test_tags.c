// SPDX-License-Identifier: MIT
// Changes of the tags of images.
#include "harness.h"

#define RESOURCES                                                                                  \
  "{\"resources\":[{\"resource_id\":\"7\",\"resource_type\":\"image\"},"                           \
  "{\"resource_id\":\"8\",\"resource_type\":\"image\"}]}"
#define IMAGE(id, tags) "{\"image\":{\"id\":" id ",\"type\":\"snapshot\",\"tags\":" tags "}}"
#define REFUSED(id)     "{\"id\":\"" id "\",\"message\":\"m\"}"

static const char *const ids[] = {"7", "8"};
static const char *const web[] = {"web"}, *const old[] = {"old"};

static imgact_op *add_web(const harness *s) {
  return imgact_change_tags(s->client, ids, 2, web, 1, NULL, 0);
}

static void done(harness *s) { scripted_next(s->script, (scripted_answer){.status = 204}); }

static void serve_images(harness *s, const char *first, const char *second) {
  scripted_on(s->script, "GET /v2/images/7", (scripted_answer){.status = 200, .body = first});
  scripted_on(s->script, "GET /v2/images/8", (scripted_answer){.status = 200, .body = second});
}

TEST(tags_added_then_removed) {
  harness *s = harness_digitalocean();
  serve_images(s, IMAGE("7", "[\"Web\"]"), IMAGE("8", "[\"Web\",\"x\"]"));
  scripted_json(s->script, 201, "{\"tag\":{\"name\":\"Web\"}}");
  done(s);
  done(s);
  imgact_op *op = imgact_change_tags(s->client, ids, 2, web, 1, old, 1);
  harness_run(op, IMGACT_OK);
  size_t count = 0;
  const imgact_image *const *images = imgact_op_images(op, &count);
  assert_int_equal(count, 2);
  assert_string_equal(images[0]->id, "7");
  assert_int_equal(images[1]->tags_count, 2);
  scripted_assert_lines(
      s->script, "POST /v2/tags {\"name\":\"web\"}", "POST /v2/tags/Web/resources " RESOURCES,
      "DELETE /v2/tags/old/resources " RESOURCES, "GET /v2/images/7", "GET /v2/images/8");
  imgact_op_free(op);
  harness_free(s);
}

// Whatever the API answers for a tag that exists, the images are tagged.
TEST(tags_that_exist_are_used) {
  static const scripted_answer answers[] = {
      {.status = 200},
      {.status = 200, .body = "{}"},
      {.status = 409, .body = REFUSED("conflict")},
      {.status = 422, .body = REFUSED("unprocessable_entity")}};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    harness *s = harness_digitalocean();
    serve_images(s, IMAGE("7", "[]"), IMAGE("8", "[]"));
    scripted_next(s->script, answers[i]);
    done(s);
    harness_expect(add_web(s), IMGACT_OK);
    assert_string_equal(scripted_at(s->script, 1)->line, "POST /v2/tags/web/resources " RESOURCES);
    harness_free(s);
  }
}

TEST(tags_refused_and_missing_are_errors) {
  harness *s = harness_digitalocean();
  scripted_json(s->script, 422, REFUSED("unprocessable_entity"));
  scripted_json(s->script, 404, REFUSED("not_found"));
  harness_expect(add_web(s), IMGACT_INVALID_INPUT);
  scripted_json(s->script, 201, "{\"tag\":{\"name\":\"web\"}}");
  scripted_json(s->script, 404, REFUSED("not_found"));
  imgact_op *op = harness_run(add_web(s), IMGACT_NOT_FOUND);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  scripted_json(s->script, 403, REFUSED("forbidden"));
  op = harness_run(add_web(s), IMGACT_FORBIDDEN);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  harness_free(s);
}

TEST(tags_to_remove_may_be_missing) {
  harness *s = harness_digitalocean();
  serve_images(s, IMAGE("7", "[\"x\"]"), IMAGE("8", "null"));
  scripted_json(s->script, 404, REFUSED("not_found"));
  harness_expect(imgact_change_tags(s->client, ids, 2, NULL, 0, old, 1), IMGACT_OK);
  harness_free(s);

  // The API knows a tag only by its exact spelling.
  s = harness_digitalocean();
  serve_images(s, IMAGE("7", "[\"x\"]"), IMAGE("8", "[\"Old\"]"));
  scripted_json(s->script, 404, REFUSED("not_found"));
  imgact_op *op = imgact_change_tags(s->client, ids, 2, NULL, 0, old, 1);
  harness_run(op, IMGACT_NOT_FOUND);
  assert_string_equal(imgact_op_error(op)->message, "image 8 has no tag 'old', but 'Old'");
  imgact_op_free(op);
  harness_free(s);
}

TEST(tags_lost_responses_are_sent_again) {
  harness *s = harness_digitalocean();
  serve_images(s, IMAGE("7", "[\"web\"]"), IMAGE("8", "[\"web\"]"));
  scripted_fail(s->script, IMGACT_DELIVERY_MAYBE_SENT, IMGACT_FAILURE_NETWORK);
  scripted_json(s->script, 201, "{\"tag\":{\"name\":\"web\"}}");
  scripted_json(s->script, 502, "later");
  done(s);
  harness_expect(add_web(s), IMGACT_OK);
  assert_int_equal(scripted_count(s->script), 6);
  harness_free(s);
}

typedef struct journal {
  int calls;
  char json[512];
  imgact_status answer;
} journal;

static imgact_status keep_json(void *user, imgact_op *op, const char *call_json) {
  journal *kept = user;
  (void)op;
  kept->calls++;
  snprintf(kept->json, sizeof kept->json, "%s", call_json);
  return kept->answer;
}

TEST(tags_are_stored_once_and_resumed) {
  harness *s = harness_digitalocean();
  journal kept = {.answer = IMGACT_OK};
  serve_images(s, IMAGE("7", "[]"), IMAGE("8", "[]"));
  for (int i = 0; i < 2; i++) {
    scripted_json(s->script, 201, "{\"tag\":{\"name\":\"web\"}}");
    done(s);
    done(s);
  }
  imgact_op *op = imgact_change_tags(s->client, ids, 2, web, 1, old, 1);
  imgact_op_set_before_send(op, keep_json, &kept);
  harness_expect(op, IMGACT_OK);
  assert_int_equal(kept.calls, 1);
  assert_non_null(strstr(kept.json, "\"op\":\"change_tags\",\"images\":[\"7\",\"8\"],"
                                    "\"tags\":[\"web\"],\"removed_tags\":[\"old\"]}"));
  op = harness_run(imgact_op_resume(s->client, kept.json, SCRIPTED_EPOCH_MS), IMGACT_OK);
  imgact_op_free(op);
  assert_int_equal(scripted_count(s->script), 10);

  kept.answer = IMGACT_FORBIDDEN;
  op = add_web(s);
  imgact_op_set_before_send(op, keep_json, &kept);
  harness_run(op, IMGACT_FORBIDDEN);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(scripted_count(s->script), 10);
  imgact_op_free(op);
  harness_free(s);
}

TEST(tags_invalid_arguments_send_nothing) {
  harness *s = harness_digitalocean();
  imgact_client *c = s->client;
  char longest[257];
  memset(longest, 'x', 256);
  longest[256] = '\0';
  const char *const wrong[] = {"", "a b", "a/b", "\xc3\xa9", "a.b", longest};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    harness_expect(imgact_change_tags(c, ids, 2, &wrong[i], 1, NULL, 0), IMGACT_INVALID_ARGUMENT);
    harness_expect(imgact_change_tags(c, ids, 2, NULL, 0, &wrong[i], 1), IMGACT_INVALID_ARGUMENT);
    const imgact_image_create create = {
        .size = sizeof create, .name = "n", .tags = &wrong[i], .tags_count = 1};
    harness_expect(imgact_create_image(c, "42", &create), IMGACT_INVALID_ARGUMENT);
  }
  static const char *const same[] = {"WEB"};
  harness_expect(imgact_change_tags(c, ids, 2, web, 1, same, 1), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_change_tags(c, ids, 0, web, 1, NULL, 0), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_change_tags(c, ids, 2, NULL, 0, NULL, 0), IMGACT_INVALID_ARGUMENT);
  scripted_assert_nothing_sent(s->script);
  harness_free(s);

  s = harness_new();
  harness_expect(add_web(s), IMGACT_UNSUPPORTED);
  scripted_assert_nothing_sent(s->script);
  harness_free(s);
}

static void free_it(void *user, imgact_op *op) {
  (void)user;
  imgact_op_free(op);
}

static imgact_status free_in_callback(void *user, imgact_op *op, const char *call_json) {
  (void)user, (void)call_json;
  imgact_op_free(op);
  return IMGACT_OK;
}

static imgact_status cancel_in_callback(void *user, imgact_op *op, const char *call_json) {
  (void)user, (void)call_json;
  imgact_op_cancel(op);
  return IMGACT_OK;
}

TEST(tags_callback_may_free_or_cancel) {
  harness *s = harness_digitalocean();
  imgact_op *op = add_web(s);
  imgact_op_set_before_send(op, free_in_callback, NULL);
  imgact_op_start(op, NULL, NULL);
  assert_int_equal(imgact_loop_run(s->loop), IMGACT_OK);
  op = add_web(s);
  imgact_op_set_before_send(op, cancel_in_callback, NULL);
  imgact_op_start(op, free_it, NULL);
  assert_int_equal(imgact_loop_run(s->loop), IMGACT_OK);
  scripted_assert_nothing_sent(s->script);
  harness_free(s);
}

TEST(tags_without_memory_are_nomem) {
  for (size_t at = 1, failures = 1; failures > 0; at++) {
    harness *s = harness_with((harness_options){.digitalocean = true, .fail_at = at});
    serve_images(s, IMAGE("7", "[\"web\"]"), IMAGE("8", "[\"web\"]"));
    scripted_json(s->script, 201, "{\"tag\":{\"name\":\"web\"}}");
    done(s);
    done(s);
    imgact_op *op = s->client ? imgact_change_tags(s->client, ids, 2, web, 1, old, 1) : NULL;
    imgact_status status = imgact_op_run(op);
    assert_true(status == IMGACT_OK || status == IMGACT_NOMEM);
    imgact_op_free(op);
    failures = s->memory.failures;
    harness_free(s);
  }
}

int main(void) { return testing_run(NULL, NULL); }
