// SPDX-License-Identifier: MIT
// What a program can read from an operation: its arguments, its user data, what failed.
#include "harness.h"

#define HZ_ACTION(id, status) "{\"id\":" #id ",\"command\":\"x\",\"status\":\"" status "\"}"
#define HZ_ACTIONS(items)     "{\"actions\":[" items "]}"

static const char *const ids[] = {"1", "2", "3"};

static harness *every_second(void) {
  return harness_with((harness_options){.client = {.poll_interval_ms = 1000}});
}

// ---- arguments

TEST(op_arguments_readable_before_start) {
  harness *s = harness_digitalocean();
  char image[] = "4711", region[] = "nyc3";
  imgact_op *op = imgact_transfer_image(s->client, image, region);
  image[0] = region[0] = '?';
  size_t count = 9;
  assert_string_equal(imgact_op_image_id(op), "4711");
  assert_string_equal(imgact_op_region(op), "nyc3");
  assert_non_null(imgact_op_action_ids(op, &count));
  assert_int_equal(count, 0);
  assert_ptr_equal(imgact_op_client(op), s->client);
  imgact_op_free(op);
  harness_free(s);
}

TEST(op_arguments_of_each_kind) {
  harness *s = harness_new();
  const imgact_action_filter filter = {.size = sizeof filter, .image_id = "7"};
  imgact_op *get = imgact_get_image(s->client, "debian-13", NULL),
            *list = imgact_list_actions(s->client, &filter),
            *action = imgact_get_action(s->client, "5", "7"),
            *wait = imgact_wait_actions(s->client, ids, 3, NULL);
  size_t count = 0;
  assert_string_equal(imgact_op_image_id(get), "debian-13");
  assert_null(imgact_op_region(get));
  assert_string_equal(imgact_op_image_id(list), "7");
  assert_string_equal(imgact_op_image_id(action), "7");
  assert_string_equal(imgact_op_action_ids(action, &count)[0], "5");
  assert_int_equal(count, 1);
  assert_string_equal(imgact_op_action_ids(wait, &count)[2], "3");
  assert_int_equal(count, 3);
  assert_null(imgact_op_image_id(wait));
  imgact_op_free(get);
  imgact_op_free(list);
  imgact_op_free(action);
  imgact_op_free(wait);
  harness_free(s);
}

TEST(op_arguments_of_images) {
  harness *s = harness_digitalocean();
  const imgact_image_create new_image = {.size = sizeof new_image, .name = "n", .region = "nyc3"};
  const imgact_image_create snapshot = {.size = sizeof snapshot, .name = "n"};
  imgact_op *create = imgact_create_image(s->client, "42", &snapshot),
            *import = imgact_import_image(s->client, "https://example.org/a", &new_image),
            *wait = imgact_wait_images(s->client, ids, 2, IMGACT_IMAGE_STATUS_AVAILABLE);
  size_t count = 0;
  assert_string_equal(imgact_op_server_id(create), "42");
  assert_null(imgact_op_image_id(create));
  assert_null(imgact_op_region(create));
  assert_string_equal(imgact_op_region(import), "nyc3");
  assert_null(imgact_op_server_id(import));
  assert_string_equal(imgact_op_image_ids(wait, &count)[1], "2");
  assert_int_equal(count, 2);
  assert_non_null(imgact_op_image_ids(import, &count));
  assert_int_equal(count, 0);
  imgact_op_free(create);
  imgact_op_free(import);
  imgact_op_free(wait);
  harness_free(s);
}

TEST(op_getters_accept_null) {
  size_t count = 9;
  imgact_op_set_user_data(NULL, &count);
  assert_null(imgact_op_user_data(NULL));
  assert_null(imgact_op_image_id(NULL));
  assert_null(imgact_op_region(NULL));
  assert_null(imgact_op_client(NULL));
  assert_null(imgact_op_server_id(NULL));
  assert_non_null(imgact_op_image_ids(NULL, NULL));
  assert_null(imgact_op_failed_id(NULL));
  assert_non_null(imgact_op_action_ids(NULL, &count));
  assert_int_equal(count, 0);
  assert_non_null(imgact_op_action_ids(NULL, NULL));
  assert_int_equal(imgact_op_wait_status(NULL, 0), IMGACT_NOMEM);
}

static void name_image(void *user, imgact_op *op) {
  snprintf(user, 64, "%s%s", imgact_op_image_id(op), (const char *)imgact_op_user_data(op));
}

TEST(op_user_data_readable_in_callback) {
  static char suffix[] = "!";
  harness *s = harness_new();
  char seen[64] = "";
  scripted_json(s->script, 200, "{\"image\":{\"id\":7}}");
  imgact_op *op = imgact_get_image(s->client, "7", NULL);
  assert_null(imgact_op_user_data(op));
  imgact_op_set_user_data(op, suffix);
  imgact_op_start(op, name_image, seen);
  imgact_loop_run(s->loop);
  assert_string_equal(seen, "7!");
  imgact_op_free(op);
  harness_free(s);
}

// ---- waits

TEST(wait_failed_id_is_first_failure) {
  harness *s = every_second();
  imgact_op *op = imgact_wait_actions(s->client, ids, 3, NULL);
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(1, "running") "," HZ_ACTION(2, "error")));
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(1, "success")));
  assert_null(imgact_op_failed_id(op));
  harness_run(op, IMGACT_ACTION_FAILED);
  assert_string_equal(imgact_op_failed_id(op), "2");
  assert_int_equal(imgact_op_wait_status(op, 0), IMGACT_OK);
  assert_int_equal(imgact_op_wait_status(op, 1), IMGACT_ACTION_FAILED);
  assert_int_equal(imgact_op_wait_status(op, 2), IMGACT_NOT_FOUND);
  assert_int_equal(imgact_op_wait_status(op, 3), IMGACT_INVALID_ARGUMENT);
  imgact_op_free(op);
  harness_free(s);
}

TEST(wait_success_has_no_failed_id) {
  harness *s = every_second();
  scripted_json(s->script, 200, HZ_ACTIONS(HZ_ACTION(1, "success")));
  imgact_op *op = harness_run(imgact_wait_actions(s->client, ids, 1, NULL), IMGACT_OK);
  assert_null(imgact_op_failed_id(op));
  assert_int_equal(imgact_op_wait_status(op, 0), IMGACT_OK);
  imgact_op_free(op);
  harness_free(s);
}

static void check_progress(void *user, imgact_op *op, const imgact_action *action) {
  int *calls = user;
  assert_string_equal(action->id, "1");
  assert_int_equal(imgact_op_wait_status(op, 0), IMGACT_OK);
  assert_int_equal(imgact_op_wait_status(op, 1), IMGACT_ACTION_FAILED);
  (*calls)++;
}

// The whole wait failed, but it is known which of its actions had failed before.
TEST(wait_timeout_keeps_known_statuses) {
  harness *s = every_second();
  int calls = 0;
  scripted_on(
      s->script, "GET /v1/actions*",
      (scripted_answer){.status = 200,
                        .body = HZ_ACTIONS(HZ_ACTION(1, "running") "," HZ_ACTION(2, "error"))});
  imgact_op *op = harness_configure(imgact_wait_actions(s->client, ids, 2, NULL),
                                    (imgact_op_options){.deadline_ms = 2500});
  imgact_op_set_progress(op, check_progress, &calls);
  harness_run(op, IMGACT_TIMEOUT);
  assert_int_equal(calls, 3);
  assert_null(imgact_op_failed_id(op));
  assert_int_equal(imgact_op_wait_status(op, 0), IMGACT_TIMEOUT);
  assert_int_equal(imgact_op_wait_status(op, 1), IMGACT_ACTION_FAILED);
  imgact_op_free(op);
  harness_free(s);
}

TEST(wait_status_before_start_is_error) {
  harness *s = harness_new();
  static const char *const bad[] = {"x"};
  imgact_op *op = imgact_wait_actions(s->client, bad, 1, NULL),
            *get = imgact_get_image(s->client, "1", NULL);
  assert_int_equal(imgact_op_wait_status(op, 0), IMGACT_INVALID_ARGUMENT);
  assert_int_equal(imgact_op_wait_status(get, 0), IMGACT_INVALID_ARGUMENT);
  imgact_op_cancel(get);
  imgact_op_free(op);
  imgact_op_free(get);
  op = imgact_wait_actions(s->client, ids, 1, NULL);
  assert_int_equal(imgact_op_wait_status(op, 0), IMGACT_OK);
  imgact_op_cancel(op);
  assert_int_equal(imgact_op_wait_status(op, 0), IMGACT_CANCELLED);
  imgact_op_free(op);
  harness_free(s);
}

TEST(wait_images_status_of_each) {
  harness *s = every_second();
  imgact_op *op = imgact_wait_images(s->client, ids, 3, IMGACT_IMAGE_STATUS_AVAILABLE);
  scripted_on(
      s->script, "GET /v1/images/1",
      (scripted_answer){.status = 200, .body = "{\"image\":{\"id\":1,\"status\":\"available\"}}"});
  scripted_on(s->script, "GET /v1/images/2", (scripted_answer){.status = 404, .body = "{}"});
  scripted_on(
      s->script, "GET /v1/images/3",
      (scripted_answer){.status = 200, .body = "{\"image\":{\"id\":3,\"status\":\"creating\"}}"});
  harness_run(harness_configure(op, (imgact_op_options){.deadline_ms = 2500}), IMGACT_TIMEOUT);
  assert_null(imgact_op_failed_id(op));
  assert_int_equal(imgact_op_wait_status(op, 0), IMGACT_OK);
  assert_int_equal(imgact_op_wait_status(op, 1), IMGACT_NOT_FOUND);
  assert_int_equal(imgact_op_wait_status(op, 2), IMGACT_TIMEOUT);
  imgact_op_free(op);
  op = harness_run(imgact_wait_images(s->client, ids, 2, IMGACT_IMAGE_STATUS_AVAILABLE),
                   IMGACT_NOT_FOUND);
  assert_string_equal(imgact_op_failed_id(op), "2");
  assert_int_equal(imgact_op_wait_status(op, 2), IMGACT_INVALID_ARGUMENT);
  imgact_op_free(op);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
