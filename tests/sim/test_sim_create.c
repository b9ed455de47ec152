// SPDX-License-Identifier: MIT
/* The library creates images on the simulator, in one process and on one virtual clock. */
#include "http_fixture.h"
#include "transport.h"
#include <imgact/imgact.h>

static const char *const providers[SIM_CLOUDS] = {"hetzner", "digitalocean"};

static imgact_client *client_of(http_fixture *a, sim_cloud cloud) {
  imgact_client_options options = {
      .size = sizeof options, .provider_name = providers[cloud], .token = "a-token-of-the-tests"};
  options.transport = sim_transport_new(&a->instance, 20);
  options.endpoint = cloud == SIM_HETZNER ? "http://127.0.0.1/v1" : "http://127.0.0.1";
  options.settle_ms = 30000;
  imgact_client *client = NULL;
  imgact_error error = {0};
  if (imgact_client_new(&options, &client, &error) != IMGACT_OK) fail_msg("%s", error.message);
  return client;
}

static imgact_op *create(imgact_client *client, const char *name) {
  imgact_image_create image = IMGACT_IMAGE_CREATE_INIT;
  image.name = name;
  imgact_op *op = imgact_create_image(client, "1", &image);
  imgact_op_set_wait(op, 1);
  return op;
}

static void check(imgact_op *op, imgact_status expected) {
  imgact_status status = imgact_op_run(op);
  if (status != expected)
    fail_msg("status %d, not %d: %s", (int)status, (int)expected, imgact_op_error(op)->message);
}

static uint64_t created(const http_fixture *a) {
  return a->instance.world->counters.effects[SIM_CREATE_IMAGE];
}

TEST(create_image_on_both_clouds) {
  http_fixture *a = *state;

  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    imgact_client *client = client_of(a, (sim_cloud)cloud);
    imgact_op *op = create(client, "nightly");
    check(op, IMGACT_OK);
    const imgact_image *image = imgact_op_image(op);
    assert_non_null(image);
    assert_string_equal(cloud == SIM_HETZNER ? image->description : image->name, "nightly");
    assert_int_equal(image->status, IMGACT_IMAGE_STATUS_AVAILABLE);
    assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_SUCCESS);
    imgact_op_free(op);
    imgact_client_free(client);
  }
  assert_int_equal(created(a), 2);
}

/* The response to the POST is lost in each way, before and after the effect, and the action and the
 * image are listed late. */
static void lose_response(http_fixture *a, sim_cloud cloud, const char *ending, const char *when) {
  char faults[300];
  uint64_t before = created(a);
  snprintf(faults, sizeof faults,
           "[{\"do\":%s,\"method\":\"POST\",\"count\":1,\"when\":\"%s\"},"
           "{\"do\":\"hide\",\"ms\":4000,\"method\":\"POST\",\"count\":1},"
           "{\"do\":\"hide_image\",\"ms\":3000,\"method\":\"POST\",\"count\":1}]",
           ending, when);
  http_fixture_faults(a, faults);
  imgact_client *client = client_of(a, cloud);
  imgact_op *op = create(client, "nightly");
  check(op, IMGACT_OK);
  if (created(a) != before + 1)
    fail_msg("%s %s at %s: %d images", ending, when, providers[cloud], (int)(created(a) - before));
  if (!imgact_op_image(op)) fail_msg("%s %s at %s: no image", ending, when, providers[cloud]);

  imgact_op_free(op);
  imgact_client_free(client);
  sim_faults_clear(&a->instance.faults);
}

TEST(create_image_lost_response_once) {
  static const char *const endings[] = {"\"close\"", "\"reset\"", "\"no_reply\"",
                                        "\"cut\",\"bytes\":40",
                                        "\"status\",\"status\":502,\"body\":\"html\""};
  static const char *const whens[] = {"before", "after"};
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++)
    for (size_t i = 0; i < SIM_COUNT(endings) * SIM_COUNT(whens); i++) {
      http_fixture_teardown(state);
      http_fixture_setup(state);
      lose_response(*state, (sim_cloud)cloud, endings[i / 2], whens[i % 2]);
    }
}

TEST(create_image_failure_is_reported) {
  http_fixture *a = *state;
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    imgact_client *client = client_of(a, (sim_cloud)cloud);
    http_fixture_faults(a, "[{\"do\":\"fail\",\"method\":\"POST\",\"count\":1}]");
    imgact_op *op = create(client, "nightly");
    check(op, IMGACT_ACTION_FAILED);
    imgact_op_free(op);
    imgact_client_free(client);
  }
}

TEST(import_waits_until_available) {
  http_fixture *a = *state;
  static const struct {
    const char *url;
    imgact_status status;
  } cases[] = {{"https://example.com/i.img", IMGACT_OK},
               {"https://example.com/fail.img", IMGACT_ACTION_FAILED}};

  for (size_t i = 0; i < SIM_COUNT(cases); i++) {
    imgact_client *client = client_of(a, SIM_DIGITALOCEAN);
    imgact_image_create image = IMGACT_IMAGE_CREATE_INIT;
    image.name = "custom";
    image.region = "nyc3";
    imgact_op *op = imgact_import_image(client, cases[i].url, &image);
    imgact_op_set_wait(op, 1);
    check(op, cases[i].status);
    if (i) assert_non_null(strstr(imgact_op_error(op)->message, "decompressing"));
    imgact_op_free(op);
    imgact_client_free(client);
  }
}

int main(void) { return testing_run(http_fixture_setup, http_fixture_teardown); }
