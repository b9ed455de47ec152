// SPDX-License-Identifier: MIT
/* The library on the simulator, in one process and on one virtual clock. */
#include "http_fixture.h"
#include "transport.h"
#include <imgact/imgact.h>

static const char world[] =
    "{\"hetzner\":{\"images\":[{\"id\":10},{\"id\":11,\"type\":\"backup\"}]},"
    "\"digitalocean\":{\"images\":[{\"id\":10,\"regions\":[\"nyc1\"]},{\"id\":11,\"type\":"
    "\"backup\",\"regions\":[\"nyc1\"]}]}}";

static imgact_client *client_of(http_fixture *a, const char *provider) {
  imgact_client_options options = {
      .size = sizeof options, .provider_name = provider, .token = "a-token-of-the-tests"};
  options.transport = sim_transport_new(&a->instance, 20);
  options.endpoint = strcmp(provider, "hetzner") ? "http://127.0.0.1" : "http://127.0.0.1/v1";
  options.settle_ms = 30000;
  imgact_client *client = NULL;
  imgact_error error = {0};
  if (imgact_client_new(&options, &client, &error) != IMGACT_OK) fail_msg("%s", error.message);
  return client;
}

static int setup(void **state) {
  http_fixture_setup(state);
  http_fixture_world(*state, world);
  return 0;
}

static const imgact_error *run(imgact_op *op, imgact_status expected) {
  imgact_status status = imgact_op_run(op);
  if (status != expected)
    fail_msg("status %d, not %d: %s", (int)status, (int)expected, imgact_op_error(op)->message);
  return imgact_op_error(op);
}

static int64_t now_ms(const http_fixture *a) { return sim_clock_now(&a->instance.clock, 0); }

TEST(wait_two_hours_takes_no_time) {
  http_fixture *a = *state;
  http_fixture_world(a, "{\"settings\":{\"durations_ms\":{\"transfer\":7200000}}}");
  int64_t start_ms = now_ms(a);
  imgact_client *client = client_of(a, "digitalocean");
  imgact_op *op = imgact_transfer_image(client, "10", "nyc3");
  imgact_op_set_wait(op, 1);
  run(op, IMGACT_OK);
  assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_SUCCESS);
  assert_true(now_ms(a) >= start_ms + 7200000 && now_ms(a) < start_ms + 7501000);
  imgact_op_free(op);
  imgact_client_free(client);
}

TEST(convert_on_both_clouds) {
  static const char *const providers[] = {"hetzner", "digitalocean"};
  http_fixture *a = *state;

  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    imgact_client *client = client_of(a, providers[cloud]);
    imgact_op *op = imgact_convert_image(client, "11");
    imgact_op_set_wait(op, 1);
    run(op, IMGACT_OK);
    imgact_op_free(op);
    op = imgact_get_image(client, "11", NULL);
    run(op, IMGACT_OK);
    assert_int_equal(imgact_op_image(op)->type, IMGACT_IMAGE_TYPE_SNAPSHOT);
    imgact_op_free(op);
    imgact_client_free(client);
  }
  assert_int_equal(a->instance.world->counters.effects[SIM_CONVERT], 2);
}

/* Loses the response to a POST in each way, before and after the effect. */
TEST(lost_response_effect_happens_once) {
  static const char *const endings[] = {"\"close\"", "\"reset\"", "\"no_reply\"",
                                        "\"cut\",\"bytes\":40",
                                        "\"status\",\"status\":502,\"body\":\"html\""};
  static const char *const whens[] = {"before", "after"};
  http_fixture *a = *state;
  imgact_client *client = client_of(a, "digitalocean");
  static const char *const regions[] = {"nyc3", "ams3", "sfo3", "sgp1",
                                        "fra1", "tor1", "blr1", "syd1"};
  size_t done = 0;

  for (size_t i = 0; i < 8; i++) {
    char faults[200];
    snprintf(faults, sizeof faults,
             "[{\"do\":%s,\"method\":\"POST\",\"count\":1,\"when\":\"%s\"},"
             "{\"do\":\"hide\",\"ms\":4000,\"method\":\"POST\",\"count\":1}]",
             endings[i % 5], whens[i / 4]);
    http_fixture_faults(a, faults);
    imgact_op *op = imgact_transfer_image(client, "10", regions[i]);
    run(op, IMGACT_OK);
    assert_int_equal(a->instance.world->counters.effects[SIM_TRANSFER], ++done);
    imgact_op_free(op);
    sim_faults_clear(&a->instance.faults);
  }
  imgact_client_free(client);
}

TEST(list_changed_during_pagination_complete) {
  http_fixture *a = *state;
  sim_world_generate(a->instance.world, 300, HTTP_FIXTURE_EPOCH_MS);
  http_fixture_faults(a, "[{\"do\":\"appear\",\"cloud\":\"hetzner\",\"skip\":2,\"count\":1}]");
  imgact_client *client = client_of(a, "hetzner");
  imgact_image_filter filter = {.size = sizeof filter, .include_deprecated = 1};
  imgact_op *op = imgact_list_images(client, &filter);
  run(op, IMGACT_OK);
  size_t count = 0;
  imgact_op_images(op, &count);
  assert_int_in_range(count, 302, 303); // the image that appears may be in the list or not
  imgact_op_free(op);
  imgact_client_free(client);
}

TEST(request_in_flight_can_be_cancelled) {
  http_fixture *a = *state;

  http_fixture_faults(a, "[{\"do\":\"no_reply\",\"count\":2}]");
  imgact_client *client = client_of(a, "hetzner");
  imgact_op *cancelled = imgact_get_image(client, "10", NULL),
            *left = imgact_get_image(client, "11", NULL);
  imgact_op_start(cancelled, NULL, NULL);
  imgact_op_start(left, NULL, NULL);
  imgact_loop_dispatch(imgact_client_loop(client));
  assert_int_equal(a->instance.world->counters.in_flight, 2);
  assert_int_equal(a->instance.world->counters.peak_in_flight, 2);
  imgact_op_cancel(cancelled);
  assert_int_equal(a->instance.world->counters.in_flight, 1);
  imgact_op_free(cancelled);
  run(left, IMGACT_OK);
  imgact_op_free(left);
  imgact_client_free(client);
  assert_int_equal(a->instance.world->counters.in_flight, 0);
}

int main(void) { return testing_run(setup, http_fixture_teardown); }
