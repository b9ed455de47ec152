// SPDX-License-Identifier: MIT
// IMGACT_OP_FLAG_ENSURE: what is done already is left alone, and a busy image is waited for.
#include "mutation_fixture.h"

#define HZ_RUNNING "GET /v1/images/4711/actions?status=running&page=1&per_page=50"
#define HZ_POLL    "GET /v1/actions?id=9001"
#define HOUR_MS    3600000

static imgact_op *ensured(imgact_op *op) {
  imgact_op_set_wait(op, 1);
  return harness_configure(op, (imgact_op_options){.flags = IMGACT_OP_FLAG_ENSURE});
}

static imgact_op *ensured_until(imgact_op *op, int64_t deadline_ms) {
  return harness_configure(
      op, (imgact_op_options){.flags = IMGACT_OP_FLAG_ENSURE, .deadline_ms = deadline_ms});
}

static void check_changed(imgact_op *op, imgact_tristate changed) {
  assert_int_equal(imgact_op_changed(op), changed);
  imgact_op_free(op);
}

// ---- the image shows the effect

TEST(ensure_present_effect_sends_nothing) {
  mutation_fixture p = fixture_hetzner();
  before_send_record sent = {0};
  p.cloud->is_protected = true;
  imgact_op *op = ensured(protect(&p));
  imgact_op_set_before_send(op, record_before_send, &sent);
  assert_int_equal(imgact_op_changed(op), IMGACT_TRISTATE_FALSE);
  harness_run(op, IMGACT_OK);
  scripted_assert_lines(p.script, HZ_IMAGE);
  assert_int_equal(sent.calls, 0);
  assert_null(imgact_op_action(op));
  assert_false(imgact_op_adopted(op));
  check_changed(op, IMGACT_TRISTATE_FALSE);
  fixture_free(&p);
}

TEST(ensure_missing_effect_is_sent) {
  mutation_fixture p = fixture_hetzner();
  before_send_record sent = {0};
  imgact_op *op = ensured(protect(&p));
  imgact_op_set_wait(op, 0);
  imgact_op_set_before_send(op, record_before_send, &sent);
  harness_run(op, IMGACT_OK);
  scripted_assert_lines(p.script, HZ_IMAGE, HZ_RUNNING, HZ_POST);
  assert_int_equal(sent.calls, 1);
  check_changed(op, IMGACT_TRISTATE_TRUE);
  fixture_free(&p);
}

// A conversion at once starts no action that another one could be waited for.
TEST(ensure_conversion_without_action_lists_nothing) {
  mutation_fixture p = fixture_hetzner();
  snprintf(p.cloud->type, sizeof p.cloud->type, "backup");
  imgact_op *op = harness_run(ensured(imgact_convert_image(p.client, CLOUD_IMAGE)), IMGACT_OK);
  scripted_assert_lines(p.script, HZ_IMAGE, HZ_PUT);
  check_changed(op, IMGACT_TRISTATE_TRUE);
  fixture_free(&p);
}

TEST(ensure_unreadable_image_sends_nothing) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->deleted = true;
  imgact_op *op = harness_run(ensured(protect(&p)), IMGACT_NOT_FOUND);
  scripted_assert_lines(p.script, HZ_IMAGE);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  check_changed(op, IMGACT_TRISTATE_FALSE);
  fixture_free(&p);
}

// Without the flag nothing is read.
TEST(ensure_flag_absent_reads_nothing) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->is_protected = true;
  imgact_op *op = harness_run(protect(&p), IMGACT_OK);
  scripted_assert_lines(p.script, HZ_POST);
  check_changed(op, IMGACT_TRISTATE_TRUE);
  fixture_free(&p);
}

TEST(ensure_missing_image_is_deleted) {
  for (int ensures = 0; ensures < 2; ensures++) {
    mutation_fixture p = fixture_hetzner();
    p.cloud->deleted = true;
    imgact_op *op = imgact_delete_image(p.client, CLOUD_IMAGE);
    harness_run(ensures ? ensured(op) : op, ensures ? IMGACT_OK : IMGACT_NOT_FOUND);
    scripted_assert_lines(p.script, HZ_DELETE);
    check_changed(op, IMGACT_TRISTATE_FALSE);
    fixture_free(&p);
  }
}

// ---- an action with the same effect runs

TEST(ensure_waits_for_equal_action) {
  mutation_fixture p = fixture_hetzner();
  cloud_add_action(p.cloud, "change_protection", "", 1000, 3500);
  p.cloud->is_protected = false;
  imgact_op *op = harness_run(ensured(protect(&p)), IMGACT_OK);
  scripted_assert_lines(p.script, HZ_IMAGE, HZ_RUNNING, HZ_POLL, HZ_POLL, HZ_POLL, HZ_POLL,
                        HZ_IMAGE, HZ_RUNNING, HZ_POST, "GET /v1/actions?id=9002",
                        "GET /v1/actions?id=9002", "GET /v1/actions?id=9002",
                        "GET /v1/actions?id=9002", "GET /v1/actions?id=9002");
  check_changed(op, IMGACT_TRISTATE_TRUE);
  fixture_free(&p);
}

// It did what was wanted, or it failed: the image decides.
TEST(ensure_foreign_action_changes_nothing) {
  mutation_fixture p = fixture_digitalocean();
  size_t other = cloud_add_action(p.cloud, "transfer", "nyc3", 1000, 3500);
  p.cloud->actions[other].fails = true;
  imgact_op *op = ensured(transfer(&p));
  imgact_op_start(op, NULL, NULL);
  while (scripted_count(p.script) < 3) imgact_loop_dispatch(p.harness->loop);
  snprintf(p.cloud->regions[p.cloud->regions_count++], 16, "nyc3");
  harness_run(op, IMGACT_OK);
  assert_int_equal(p.cloud->mutations, 0);
  check_changed(op, IMGACT_TRISTATE_FALSE);
  fixture_free(&p);
}

TEST(ensure_ignores_other_actions) {
  mutation_fixture p = fixture_digitalocean();
  cloud_add_action(p.cloud, "transfer", "fra1", 1000, HOUR_MS);
  cloud_add_action(p.cloud, "convert", "nyc1", 1000, HOUR_MS);
  cloud_add_action(p.cloud, "transfer", "nyc3", 9000, 1000);
  imgact_op *op = ensured(transfer(&p));
  imgact_op_set_wait(op, 0);
  harness_run(op, IMGACT_OK);
  scripted_assert_lines(p.script, DO_IMAGE, DO_ACTIONS, DO_POST);
  check_changed(op, IMGACT_TRISTATE_TRUE);
  fixture_free(&p);
}

// A transfer that does not report its region may be the same one.
TEST(ensure_waits_for_action_without_region) {
  mutation_fixture p = fixture_digitalocean();
  p.cloud->omits_region = true;
  cloud_add_action(p.cloud, "transfer", "fra1", 1000, 3500);
  imgact_op *op = ensured(transfer(&p));
  imgact_op_set_wait(op, 0);
  harness_run(op, IMGACT_OK);
  assert_int_equal(scripted_now_ms(p.script), 3000);
  check_changed(op, IMGACT_TRISTATE_TRUE);
  fixture_free(&p);
}

// A list shows an action that the API does not know: each further round comes after a pause.
TEST(ensure_unknown_action_is_polled_slowly) {
  mutation_fixture p = fixture_hetzner();
  cloud_add_action(p.cloud, "change_protection", "", 1000, 5 * HOUR_MS);
  p.cloud->failing = "actions?id=";
  p.cloud->failing_status = 404;
  imgact_op *op = ensured_until(protect(&p), 60000);
  imgact_op_set_wait(op, 1);
  harness_run(op, IMGACT_TIMEOUT);
  assert_int_in_range(scripted_count(p.script), 50, 100);
  assert_int_equal(p.cloud->mutations, 0);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  check_changed(op, IMGACT_TRISTATE_FALSE);
  fixture_free(&p);
}

// ---- the image is busy

static void busy(const mutation_fixture *p, int64_t for_ms) {
  p->cloud->locks = true;
  cloud_add_action(p->cloud, p->cloud->hetzner ? "create_image" : "convert", "nyc1", 1000,
                   1000 + for_ms);
}

TEST(ensure_busy_image_is_waited_for) {
  for (int digitalocean = 0; digitalocean < 2; digitalocean++) {
    mutation_fixture p = fixture_with((harness_options){.digitalocean = digitalocean});
    before_send_record sent = {0};
    busy(&p, 2500);
    imgact_op *op = digitalocean ? transfer(&p) : protect(&p);
    harness_configure(op, (imgact_op_options){.flags = IMGACT_OP_FLAG_ENSURE, .max_attempts = 1});
    imgact_op_set_before_send(op, record_before_send, &sent);
    harness_run(op, IMGACT_OK);
    assert_int_equal(p.cloud->mutations, 1); // the refused one does not count
    assert_int_equal(p.cloud->applied, 1);
    assert_int_equal(sent.calls, 2); // the first one certainly had no effect
    assert_int_equal(scripted_now_ms(p.script), 3000);
    check_changed(op, IMGACT_TRISTATE_TRUE);
    fixture_free(&p);
  }
}

TEST(ensure_busy_image_refuses_without_flag) {
  mutation_fixture p = fixture_digitalocean();
  busy(&p, 2500);
  imgact_op *op = harness_run(transfer(&p), IMGACT_INVALID_INPUT);
  assert_flag(op, IMGACT_ERROR_PENDING_ACTION);
  scripted_assert_lines(p.script, DO_POST, DO_IMAGE);
  check_changed(op, IMGACT_TRISTATE_FALSE);
  fixture_free(&p);
}

TEST(ensure_invisible_lock_is_tried_again) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->locked_ms = 5000;
  imgact_op *op = harness_run(ensured(imgact_delete_image(p.client, CLOUD_IMAGE)), IMGACT_OK);
  scripted_assert_lines(p.script, HZ_DELETE, HZ_RUNNING, HZ_DELETE, HZ_RUNNING, HZ_DELETE,
                        HZ_RUNNING, HZ_DELETE);
  assert_int_equal(scripted_now_ms(p.script), 6000);
  check_changed(op, IMGACT_TRISTATE_TRUE);
  fixture_free(&p);
}

TEST(ensure_gives_up_after_an_hour) {
  for (int visible = 0; visible < 2; visible++) {
    mutation_fixture p = fixture_with((harness_options){.client = {.poll_interval_ms = 60000}});
    if (visible) busy(&p, 2 * HOUR_MS);
    if (!visible) p.cloud->locked_ms = 2 * HOUR_MS;
    imgact_op *op = harness_run(ensured(protect(&p)), IMGACT_LOCKED);
    assert_int_equal(scripted_now_ms(p.script), HOUR_MS);
    assert_int_equal(imgact_op_error(op)->http_status, 423);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_string_equal(imgact_op_error_details(op), visible
                                                         ? "{\"why\":\"\",\"running\":[\"9001\"]}"
                                                         : "{\"why\":\"\",\"running\":[]}");
    check_changed(op, IMGACT_TRISTATE_FALSE);
    fixture_free(&p);
  }
}

TEST(ensure_deadline_ends_wait) {
  for (int visible = 0; visible < 2; visible++) {
    mutation_fixture p = fixture_hetzner();
    if (visible) busy(&p, 2 * HOUR_MS);
    if (!visible) p.cloud->locked_ms = 2 * HOUR_MS;
    imgact_op *op = harness_run(ensured_until(protect(&p), HOUR_MS + 1000), IMGACT_TIMEOUT);
    assert_int_equal(scripted_now_ms(p.script), HOUR_MS + 1000);
    assert_int_equal(imgact_op_error(op)->http_status, 423);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_non_null(strstr(imgact_op_error(op)->message, "the last attempt failed: no "));
    check_changed(op, IMGACT_TRISTATE_FALSE);
    fixture_free(&p);
  }
}

TEST(ensure_unreadable_actions_end_with_refusal) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->locked_ms = 5000;
  p.cloud->failing = "/actions?";
  p.cloud->failing_status = 403;
  imgact_op *op = ensured(imgact_delete_image(p.client, CLOUD_IMAGE));
  harness_run(op, IMGACT_LOCKED);
  assert_string_equal(imgact_op_error_details(op), "{\"why\":\"\",\"running\":null}");
  check_changed(op, IMGACT_TRISTATE_FALSE);
  fixture_free(&p);
}

// ---- operations that share a request

static const char *const regions[] = {"nyc2", "nyc3", "fra1", "ams3"};
#define SHARED (sizeof regions / sizeof *regions)

static void start_shared(const mutation_fixture *p, imgact_op **ops) {
  for (size_t i = 0; i < SHARED; i++) {
    ops[i] = ensured(imgact_transfer_image(p->client, CLOUD_IMAGE, regions[i]));
    imgact_op_set_wait(ops[i], 0);
    imgact_op_start(ops[i], NULL, NULL);
  }
}

static size_t count_lines(const scripted *script, const char *line) {
  size_t count = 0;
  for (size_t i = 0; i < scripted_count(script); i++)
    count += strcmp(scripted_at(script, i)->line, line) == 0;
  return count;
}

TEST(ensure_operations_share_one_read) {
  mutation_fixture p = fixture_digitalocean();
  imgact_op *ops[SHARED];
  snprintf(p.cloud->regions[p.cloud->regions_count++], 16, "fra1");
  start_shared(&p, ops);
  imgact_loop_run(p.harness->loop);
  assert_int_equal(count_lines(p.script, DO_IMAGE), 1);
  assert_int_equal(p.cloud->mutations, SHARED - 1);
  for (size_t i = 0; i < SHARED; i++) {
    assert_status(ops[i], IMGACT_OK);
    check_changed(ops[i], i == 2 ? IMGACT_TRISTATE_FALSE : IMGACT_TRISTATE_TRUE);
  }
  fixture_free(&p);
}

// The one that reads ends first; or the response is an error, or is lost.
TEST(ensure_shared_read_survives_its_reader) {
  for (int how = 0; how < 3; how++) {
    mutation_fixture p = fixture_digitalocean();
    imgact_op *ops[SHARED];
    p.cloud->delay_ms = 100;
    if (how == 2) p.cloud->deleted = true;
    start_shared(&p, ops);
    while (scripted_count(p.script) < 1) imgact_loop_dispatch(p.harness->loop);
    if (how == 0) imgact_op_cancel(ops[0]);
    if (how == 1) imgact_op_free(ops[0]);
    imgact_loop_run(p.harness->loop);
    assert_int_equal(count_lines(p.script, DO_IMAGE), how == 2 ? 1 : 2);
    for (size_t i = how == 1; i < SHARED; i++) {
      bool cancelled = how == 0 && i == 0;
      assert_status(ops[i], how == 2 ? IMGACT_NOT_FOUND : cancelled ? IMGACT_CANCELLED : IMGACT_OK);
      check_changed(ops[i], how == 2 || cancelled ? IMGACT_TRISTATE_FALSE : IMGACT_TRISTATE_TRUE);
    }
    fixture_free(&p);
  }
}

// A response that was requested before an operation started may be older than its start.
TEST(ensure_sent_read_is_not_shared) {
  mutation_fixture p = fixture_digitalocean();
  p.cloud->delay_ms = 100;
  imgact_op *first = ensured(transfer(&p));
  imgact_op_start(first, NULL, NULL);
  while (scripted_count(p.script) < 1) imgact_loop_dispatch(p.harness->loop);
  imgact_op *second = ensured(imgact_transfer_image(p.client, CLOUD_IMAGE, "fra1"));
  harness_run(second, IMGACT_OK);
  harness_run(first, IMGACT_OK);
  assert_int_equal(count_lines(p.script, DO_IMAGE), 2);
  imgact_op_free(first);
  imgact_op_free(second);
  fixture_free(&p);
}

// ---- resumed, and unsuitable

// What another program has sent is looked up before the image can say that nothing is to be done.
TEST(ensure_resumed_call_is_looked_up) {
  static const char stored[] =
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"4711\",\"region\":\"nyc3\"}";
  mutation_fixture p = fixture_digitalocean();
  cloud_add_action(p.cloud, "transfer", "nyc3", 59000, 1000);
  imgact_op *op = ensured(imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS - 60000));
  assert_int_equal(imgact_op_changed(op), IMGACT_TRISTATE_UNKNOWN);
  harness_run(op, IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  scripted_assert_lines(p.script, DO_ACTIONS);
  check_changed(op, IMGACT_TRISTATE_TRUE);
  fixture_free(&p);
}

TEST(ensure_resumed_call_waits_when_resent) {
  static const char stored[] =
      "{\"provider\":\"hetzner\",\"op\":\"delete_image\",\"image\":\"4711\"}";
  mutation_fixture p = fixture_hetzner();
  before_send_record sent = {0};
  p.cloud->locked_ms = 3000;
  imgact_op *op = ensured(imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS - 60000));
  imgact_op_set_before_send(op, record_before_send, &sent);
  harness_run(op, IMGACT_OK);
  scripted_assert_lines(p.script, HZ_DELETE, HZ_RUNNING, HZ_DELETE, HZ_RUNNING, HZ_DELETE);
  assert_int_equal(sent.calls, 0);
  check_changed(op, IMGACT_TRISTATE_TRUE);
  fixture_free(&p);
}

TEST(ensure_unsuitable_operations_are_rejected) {
  mutation_fixture p = fixture_hetzner();
  imgact_image_update update = {.size = sizeof update, .description = "d"};
  harness_expect(ensured(imgact_get_image(p.client, CLOUD_IMAGE, NULL)), IMGACT_INVALID_ARGUMENT);
  harness_expect(ensured(imgact_update_image(p.client, CLOUD_IMAGE, &update)),
                 IMGACT_INVALID_ARGUMENT);
  harness_expect(ensured(transfer(&p)), IMGACT_UNSUPPORTED);
  scripted_assert_nothing_sent(p.script);
  assert_int_equal(imgact_op_changed(NULL), IMGACT_TRISTATE_FALSE);
  fixture_free(&p);
}

int main(void) { return testing_run(NULL, NULL); }
