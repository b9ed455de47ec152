// SPDX-License-Identifier: MIT
// Deletions, conversions by PUT and updates: requests that may be sent again without a lookup.
#include "mutation_fixture.h"

TEST(delete_resend_not_found_succeeds) {
  mutation_fixture p = fixture_hetzner();
  cloud_plan(p.cloud, lost_applied);
  imgact_op *op = harness_run(imgact_delete_image(p.client, CLOUD_IMAGE), IMGACT_OK);
  scripted_assert_lines(p.script, HZ_DELETE, HZ_DELETE);
  assert_string_equal(imgact_op_error(op)->message, "");
  imgact_op_free(op);
  fixture_free(&p);

  p = fixture_digitalocean();
  cloud_plan(p.cloud, replied(1, 504, "{}"));
  cloud_plan(
      p.cloud,
      replied(0, 422, "{\"id\":\"unprocessable_entity\",\"message\":\"Image already deleted\"}"));
  harness_expect(imgact_delete_image(p.client, CLOUD_IMAGE), IMGACT_OK);
  fixture_free(&p);
}

// The first request had no effect, so the image was deleted before: IMGACT_NOT_FOUND.
TEST(delete_retry_unapplied_returns_not_found) {
  const cloud_outcome nothing_done[] = {
      {.answer = {.delivery = IMGACT_DELIVERY_NOT_SENT, .failure = IMGACT_FAILURE_NETWORK}},
      {.answer = {.status = 429, .body = "{}", .headers = "Retry-After: 1\n"}}};

  for (size_t i = 0; i < sizeof nothing_done / sizeof *nothing_done; i++) {
    mutation_fixture p = fixture_hetzner();
    p.cloud->deleted = true;
    cloud_plan(p.cloud, nothing_done[i]);
    imgact_op *op = harness_run(imgact_delete_image(p.client, CLOUD_IMAGE), IMGACT_NOT_FOUND);
    scripted_assert_lines(p.script, HZ_DELETE, HZ_DELETE);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    imgact_op_free(op);
    fixture_free(&p);
  }
}

TEST(delete_missing_image_returns_not_found) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->deleted = true;
  imgact_op *op = harness_run(imgact_delete_image(p.client, CLOUD_IMAGE), IMGACT_NOT_FOUND);
  assert_flag(op, IMGACT_ERROR_ALREADY_DELETED);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(delete_all_responses_lost_maybe_applied) {
  mutation_fixture p = fixture_hetzner();
  for (int i = 0; i < 5; i++) cloud_plan(p.cloud, lost_unapplied);
  imgact_op *op = harness_run(imgact_delete_image(p.client, CLOUD_IMAGE), IMGACT_NETWORK);
  assert_int_equal(p.cloud->mutations, 5);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(convert_put_resend_rejected_checks_image) {
  for (int applied = 0; applied < 2; applied++) {
    mutation_fixture p = fixture_hetzner();
    snprintf(p.cloud->type, sizeof p.cloud->type, "backup");
    cloud_plan(p.cloud, replied(applied, 502, "{}"));
    cloud_plan(
        p.cloud,
        replied(0, 422, "{\"error\":{\"code\":\"invalid_input\",\"message\":\"is no backup\"}}"));
    imgact_op *op = harness_run(imgact_convert_image(p.client, CLOUD_IMAGE),
                                applied ? IMGACT_OK : IMGACT_INVALID_INPUT);
    if (applied)
      scripted_assert_lines(p.script, HZ_PUT, HZ_PUT, HZ_IMAGE);
    else // the first request may still take effect, and be the reason of the rejection: the lookup
         // lasts the whole settle time
      scripted_assert_lines(p.script, HZ_PUT, HZ_PUT, HZ_IMAGE, HZ_IMAGE, HZ_IMAGE, HZ_IMAGE,
                            HZ_IMAGE, HZ_IMAGE);
    assert_int_equal(imgact_op_adopted(op), applied);
    assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    if (applied) assert_string_equal(imgact_op_image(op)->id, CLOUD_IMAGE);
    assert_null(imgact_op_action(op));
    imgact_op_free(op);
    fixture_free(&p);
  }
}

TEST(convert_put_attempts_exhausted_checks_image) {
  mutation_fixture p = fixture_hetzner();
  snprintf(p.cloud->type, sizeof p.cloud->type, "backup");
  for (int i = 0; i < 5; i++) cloud_plan(p.cloud, replied(0, 504, "{}"));
  imgact_op *op = harness_run(imgact_convert_image(p.client, CLOUD_IMAGE), IMGACT_UNAVAILABLE);
  scripted_assert_lines(p.script, HZ_PUT, HZ_PUT, HZ_PUT, HZ_PUT, HZ_PUT, HZ_IMAGE);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED); // a gateway may still forward it
  imgact_op_free(op);
  fixture_free(&p);
}

// After a 2xx response the request is not sent again, whatever the body: the image is read to see
// the effect.
TEST(convert_put_useless_2xx_not_resent) {
  for (int applied = 0; applied < 2; applied++) {
    mutation_fixture p = fixture_hetzner();
    snprintf(p.cloud->type, sizeof p.cloud->type, "backup");
    for (int i = 0; i < 5; i++) cloud_plan(p.cloud, replied(applied, 200, "{}"));
    imgact_op *op = harness_run(imgact_convert_image(p.client, CLOUD_IMAGE),
                                applied ? IMGACT_OK : IMGACT_PROTOCOL);
    scripted_assert_lines(p.script, HZ_PUT, HZ_IMAGE);
    assert_int_equal(imgact_op_error(op)->flags & IMGACT_ERROR_MAYBE_APPLIED,
                     applied ? 0 : IMGACT_ERROR_MAYBE_APPLIED);
    imgact_op_free(op);
    fixture_free(&p);
  }
}

TEST(update_useless_2xx_maybe_applied) {
  mutation_fixture p = fixture_hetzner();
  cloud_plan(p.cloud, replied(1, 200, "{}"));
  imgact_image_update update = {.size = sizeof update, .description = "d"};
  imgact_op *op = harness_run(imgact_update_image(p.client, CLOUD_IMAGE, &update), IMGACT_PROTOCOL);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  scripted_assert_lines(p.script, "PUT /v1/images/4711 {\"description\":\"d\"}");
  imgact_op_free(op);
  fixture_free(&p);
}

int main(void) { return testing_run(NULL, NULL); }
