// SPDX-License-Identifier: MIT
// Why the API has refused a change: the image shows the effect already, or running actions lock it.
#include "mutation_fixture.h"

#define NO                                                                                         \
  "{\"id\":\"unprocessable_entity\",\"message\":\"Image is already available in that region.\"}"
#define LOCKED "{\"error\":{\"code\":\"locked\",\"message\":\"image is locked\"}}"

// ---- already done

static void check_already_done(const mutation_fixture *p, imgact_op *op) {
  harness_run(op, IMGACT_ALREADY_DONE);
  const imgact_error *error = imgact_op_error(op);
  assert_string_equal(imgact_status_name(error->status), "already_done");
  assert_int_equal(error->http_status, 422);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(imgact_op_changed(op), IMGACT_TRISTATE_FALSE);
  assert_null(imgact_op_image(op));
  assert_null(imgact_op_action(op));
  assert_int_equal(p->cloud->mutations, 1);
}

TEST(transfer_present_region_is_already_done) {
  mutation_fixture p = fixture_digitalocean();
  cloud_plan(p.cloud, replied(0, 422, NO));
  imgact_op *op = imgact_transfer_image(p.client, CLOUD_IMAGE, "nyc1");
  check_already_done(&p, op);
  assert_string_equal(imgact_op_error(op)->message, "Image is already available in that region.");
  assert_string_equal(imgact_op_error(op)->provider_code, "unprocessable_entity");
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(conversion_of_snapshot_is_already_done) {
  mutation_fixture p = fixture_hetzner();
  cloud_plan(p.cloud, replied(0, 422, "{\"error\":{\"code\":\"invalid_input\",\"details\":[1]}}"));
  imgact_op *op = imgact_convert_image(p.client, CLOUD_IMAGE);
  check_already_done(&p, op);
  assert_string_equal(imgact_op_error_details(op), "[1]");
  scripted_assert_lines(p.script, HZ_PUT, HZ_IMAGE);
  imgact_op_free(op);
  fixture_free(&p);
}

// With the flag the same refusal is success: another program was faster.
TEST(ensured_transfer_refused_as_done_succeeds) {
  mutation_fixture p = fixture_digitalocean();
  cloud_plan(p.cloud, replied(0, 422, NO));
  p.cloud->delay_ms = 100;
  imgact_op *op = transfer(&p);
  harness_configure(op, (imgact_op_options){.flags = IMGACT_OP_FLAG_ENSURE});
  imgact_op_start(op, NULL, NULL);
  while (p.cloud->mutations < 1) imgact_loop_dispatch(p.harness->loop);
  snprintf(p.cloud->regions[p.cloud->regions_count++], 16, "nyc3");
  harness_run(op, IMGACT_OK);
  assert_int_equal(imgact_op_changed(op), IMGACT_TRISTATE_FALSE);
  scripted_assert_lines(p.script, DO_IMAGE, DO_ACTIONS, DO_POST, DO_IMAGE);
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(refusal_without_shown_effect_stays) {
  for (int unreadable = 0; unreadable < 2; unreadable++) {
    mutation_fixture p = fixture_digitalocean();
    cloud_plan(p.cloud, replied(0, 422, NO));
    p.cloud->deleted = unreadable;
    imgact_op *op = harness_run(transfer(&p), IMGACT_INVALID_INPUT);
    scripted_assert_lines(p.script, DO_POST, DO_IMAGE);
    assert_string_equal(imgact_op_error(op)->message, "Image is already available in that region.");
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    imgact_op_free(op);
    fixture_free(&p);
  }
}

TEST(other_refusal_reads_nothing) {
  mutation_fixture p = fixture_digitalocean();
  cloud_plan(p.cloud, replied(0, 403, "{\"id\":\"forbidden\",\"message\":\"no\"}"));
  harness_expect(transfer(&p), IMGACT_FORBIDDEN);
  scripted_assert_lines(p.script, DO_POST);
  fixture_free(&p);
}

// ---- locked

static void check_running(imgact_op *op, const char *details) {
  harness_run(op, IMGACT_LOCKED);
  assert_string_equal(imgact_op_error_details(op), details);
  assert_int_equal(imgact_op_error(op)->http_status, 423);
  imgact_op_free(op);
}

// The API's details stay: members in front of the ids, anything else as a member.
TEST(locked_error_names_running_actions) {
  static const char *const answers[][2] = {
      {LOCKED, "{\"running\":[\"9001\",\"9003\"]}"},
      {"{\"error\":{\"code\":\"locked\",\"details\":{}}}", "{\"running\":[\"9001\",\"9003\"]}"},
      {"{\"error\":{\"code\":\"locked\",\"details\":{\"a\":[{}]}}}",
       "{\"a\":[{}],\"running\":[\"9001\",\"9003\"]}"},
      {"{\"error\":{\"code\":\"locked\",\"details\":[\"b\"]}}",
       "{\"details\":[\"b\"],\"running\":[\"9001\",\"9003\"]}"}};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    mutation_fixture p = fixture_hetzner();
    cloud_add_action(p.cloud, "create_image", "", 1000, 90000);
    cloud_add_action(p.cloud, "change_protection", "", 9000, 1000);
    cloud_add_action(p.cloud, "change_protection", "", 1000, 90000);
    cloud_plan(p.cloud, replied(0, 423, answers[i][0]));
    imgact_op *op = i % 2 ? protect(&p) : imgact_delete_image(p.client, CLOUD_IMAGE);
    check_running(op, answers[i][1]);
    assert_int_equal(scripted_count(p.script), 2);
    fixture_free(&p);
  }
}

TEST(locked_update_names_running_actions) {
  mutation_fixture p = fixture_hetzner();
  imgact_image_update update = {.size = sizeof update, .description = "d"};
  cloud_add_action(p.cloud, "create_image", "", 1000, 90000);
  cloud_plan(p.cloud, replied(0, 423, LOCKED));
  check_running(imgact_update_image(p.client, CLOUD_IMAGE, &update), "{\"running\":[\"9001\"]}");
  fixture_free(&p);
}

// One attempt: the list only explains the error.
TEST(locked_unreadable_actions_are_null) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->failing = "/actions?";
  p.cloud->failing_status = 503;
  cloud_plan(p.cloud, replied(0, 423, LOCKED));
  check_running(imgact_delete_image(p.client, CLOUD_IMAGE), "{\"running\":null}");
  assert_int_equal(scripted_count(p.script), 2);
  assert_int_equal(scripted_now_ms(p.script), 0);
  fixture_free(&p);
}

TEST(locked_server_names_its_actions) {
  harness *s = harness_new();
  imgact_image_create create = {.size = sizeof create, .description = "d"};
  scripted_json(s->script, 423, LOCKED);
  scripted_json(s->script, 200,
                "{\"actions\":[{\"id\":7,\"command\":\"create_image\",\"status\":\"running\"},"
                "{\"id\":6,\"command\":\"create_image\",\"status\":\"success\"}],"
                "\"meta\":{\"pagination\":{\"page\":1,\"next_page\":null}}}");
  check_running(imgact_create_image(s->client, "42", &create), "{\"running\":[\"7\"]}");
  assert_string_equal(scripted_at(s->script, 1)->method, "GET");
  assert_non_null(strstr(scripted_at(s->script, 1)->target, "/servers/42/actions?"));
  scripted_assert_used_up(s->script);
  harness_free(s);
}

// Sent again after a lost response, and then refused: the lookup found nothing.
TEST(locked_after_lost_response_names_actions) {
  mutation_fixture p = fixture_hetzner();
  cloud_add_action(p.cloud, "create_image", "", 60000, 900000);
  cloud_plan(p.cloud, lost_unapplied);
  cloud_plan(p.cloud, replied(0, 423, LOCKED));
  imgact_op *op = protect(&p);
  check_running(op, "{\"running\":[\"9001\"]}");
  assert_int_equal(p.cloud->mutations, 2);
  fixture_free(&p);
}

// A deletion that may have been applied by an earlier attempt: nothing else is requested.
TEST(locked_deletion_sent_twice_maybe_applied) {
  mutation_fixture p = fixture_hetzner();
  cloud_add_action(p.cloud, "create_image", "", 1000, 900000);
  cloud_plan(p.cloud, replied(0, 503, "{}"));
  cloud_plan(p.cloud, replied(0, 423, LOCKED));
  imgact_op *op = harness_run(imgact_delete_image(p.client, CLOUD_IMAGE), IMGACT_LOCKED);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(imgact_op_changed(op), IMGACT_TRISTATE_UNKNOWN);
  assert_int_equal(scripted_count(p.script), 2);
  imgact_op_free(op);
  fixture_free(&p);
}

// ---- what has changed

TEST(changed_follows_from_outcome) {
  mutation_fixture p = fixture_digitalocean();
  imgact_op *op = transfer(&p);
  imgact_op_set_wait(op, 1);
  imgact_op_start(op, NULL, NULL);
  assert_int_equal(imgact_op_changed(op), IMGACT_TRISTATE_FALSE);
  while (scripted_count(p.script) < 2) imgact_loop_dispatch(p.harness->loop);
  assert_int_equal(imgact_op_changed(op), IMGACT_TRISTATE_UNKNOWN);
  p.cloud->actions[0].fails = true;
  harness_run(op, IMGACT_ACTION_FAILED);
  assert_int_equal(imgact_op_changed(op), IMGACT_TRISTATE_TRUE);
  imgact_op_free(op);

  op = harness_run(imgact_get_image(p.client, CLOUD_IMAGE, NULL), IMGACT_OK);
  assert_int_equal(imgact_op_changed(op), IMGACT_TRISTATE_FALSE);
  imgact_op_free(op);
  fixture_free(&p);
}

int main(void) { return testing_run(NULL, NULL); }
