// SPDX-License-Identifier: MIT
// The name of the profile in images, actions and errors.
#include "cloud.h"
#include "harness.h"

static harness *named(bool digitalocean) {
  return harness_with(
      (harness_options){.digitalocean = digitalocean, .client = {.profile = "prod"}});
}

TEST(profile_in_images_and_errors) {
  harness *s = named(false);
  scripted_json(s->script, 200, "{\"image\":{\"id\":1}}");
  scripted_json(s->script, 404, "{}");
  imgact_op *op = harness_run(imgact_get_image(s->client, "1", NULL), IMGACT_OK);
  assert_string_equal(imgact_op_image(op)->profile, "prod");
  assert_string_equal(imgact_op_error(op)->profile, "");
  imgact_op_free(op);
  op = harness_run(imgact_delete_image(s->client, "1"), IMGACT_NOT_FOUND);
  assert_string_equal(imgact_op_error(op)->profile, "prod");
  assert_string_equal(imgact_client_profile_name(s->client), "prod");
  imgact_op_free(op);
  op = imgact_get_image(s->client, NULL, NULL);
  assert_string_equal(imgact_op_error(op)->profile, "prod");
  imgact_op_free(op);
  harness_free(s);
}

// From the list of a lookup, and from polls.
TEST(profile_in_adopted_action) {
  harness *s = named(true);
  cloud *c = cloud_new(s->script, false);
  cloud_plan(c, (cloud_outcome){.effects = 1});
  imgact_op *op = harness_run(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_OK);
  assert_string_equal(imgact_op_action(op)->profile, "prod");
  const char *id = imgact_op_action(op)->id;
  imgact_op *wait = harness_run(imgact_wait_actions(s->client, &id, 1, NULL), IMGACT_OK);
  assert_string_equal(imgact_op_action(wait)->profile, "prod");
  imgact_op_free(wait);
  imgact_op_free(op);
  harness_free(s);
  cloud_free(c);
}

TEST(profile_missing_is_null) {
  harness *s = harness_new();
  scripted_json(s->script, 200, "{\"images\":[{\"id\":1}]}");
  imgact_op *op = harness_run(imgact_list_images(s->client, NULL), IMGACT_OK);
  assert_null(imgact_op_image(op)->profile);
  assert_null(imgact_client_profile_name(s->client));
  imgact_op_free(op);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
