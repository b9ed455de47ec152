// SPDX-License-Identifier: MIT
// Cancelling and freeing in every state of every scenario, several clients on a loop, and NULL.
#include "scenarios.h"

#include <imgact/provider.h>

typedef enum stop { CANCEL, FREE, FREE_CLIENT_FIRST, FREE_LOOP_FIRST } stop;

typedef struct scene {
  harness *harness;
  cloud *cloud;
  tally tally;
  imgact_op *op;
} scene;

static scene open_scene(const scenario *s) {
  scene sc = {.harness = harness_with((harness_options){.digitalocean = s->digitalocean})};
  sc.cloud = cloud_new(sc.harness->script, !s->digitalocean);
  sc.cloud->delay_ms = 100;
  if (s->prepare != NULL) s->prepare(sc.cloud);
  return sc;
}

// Returns true if the operation was still running at the k-th dispatch.
static bool stop_at(const scenario *s, int k, stop how) {
  scene sc = open_scene(s);
  sc.op = scenario_op(s, sc.harness->client, &sc.tally);
  imgact_op_start(sc.op, tally_done, &sc.tally);
  for (int i = 0; i < k && !imgact_op_done(sc.op); i++) imgact_loop_dispatch(sc.harness->loop);
  bool under_way = !imgact_op_done(sc.op);
  int done = sc.tally.done;
  if (how == CANCEL) {
    imgact_op_cancel(sc.op);
    imgact_op_cancel(sc.op);
    assert_true(imgact_op_done(sc.op));
    assert_int_equal(sc.tally.done, done); // never from inside cancel
    if (under_way) assert_status(sc.op, IMGACT_CANCELLED);
    imgact_loop_dispatch(sc.harness->loop);
    assert_int_equal(sc.tally.done, 1);
    scenario_check(s, sc.cloud, sc.op);
  }
  if (how == FREE_CLIENT_FIRST) {
    imgact_client_free(sc.harness->client);
    sc.harness->client = NULL;
  }
  imgact_loop *loop = sc.harness->loop;
  if (how == FREE_LOOP_FIRST) {
    imgact_loop_free(loop);
    sc.harness->loop = NULL;
  }
  imgact_op_free(sc.op);
  if (how == FREE) {
    imgact_loop_run(loop);
    assert_int_equal(sc.tally.done, done);
    assert_int_equal(scripted_in_flight(sc.harness->script), 0);
  }

  harness_free(sc.harness);
  cloud_free(sc.cloud);
  return under_way;
}

TEST(op_stopped_anywhere_ends_cleanly) {
  for (size_t i = 0; i < scenarios_count; i++)
    for (stop h = CANCEL; h <= FREE_LOOP_FIRST; h++)
      for (int k = 0; stop_at(&scenarios[i], k, h); k++)
        if (k > 500) fail_msg("%s does not end", scenarios[i].name);
}

// ---- repeated calls

TEST(op_run_twice_sends_once) {
  harness *st = harness_digitalocean();
  cloud *c = cloud_new(st->script, false);
  imgact_op *op = harness_run(imgact_transfer_image(st->client, CLOUD_IMAGE, "nyc3"), IMGACT_OK);
  harness_run(op, IMGACT_OK);
  imgact_op_free(op);
  assert_int_equal(c->applied, 1);
  harness_free(st);
  cloud_free(c);
}

TEST(op_options_unsuitable_are_rejected) {
  const imgact_op_options options[] = {
      {.flags = IMGACT_OP_FLAG_PAGED}, {.page = 2}, {.per_page = 5}, {.max_items = 1}};
  for (size_t i = 0; i < scenarios_count; i++)
    for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
      scene sc = open_scene(&scenarios[i]);
      sc.op = scenario_op(&scenarios[i], sc.harness->client, &sc.tally);
      imgact_op_kind kind = imgact_op_get_kind(sc.op);
      bool list = kind == IMGACT_OP_LIST_IMAGES || kind == IMGACT_OP_LIST_ACTIONS;
      if (!list) {
        harness_run(harness_configure(sc.op, options[k]), IMGACT_INVALID_ARGUMENT);
        scripted_assert_nothing_sent(sc.harness->script);
      }
      imgact_op_free(sc.op);
      harness_free(sc.harness);
      cloud_free(sc.cloud);
    }
  harness *st = harness_new();
  imgact_op *op = imgact_list_images(st->client, NULL);
  harness_expect(harness_configure(op, (imgact_op_options){.flags = IMGACT_OP_FLAG_VIA_IMAGE}),
                 IMGACT_INVALID_ARGUMENT);
  harness_free(st);
}

TEST(op_rejected_cancel_keeps_status) {
  harness *st = harness_new();
  imgact_op *op = imgact_transfer_image(st->client, CLOUD_IMAGE, "nyc3");
  imgact_op_cancel(op);
  harness_expect(op, IMGACT_UNSUPPORTED);
  harness_free(st);
}

TEST(op_cancelled_before_start_sends_nothing) {
  for (size_t i = 0; i < scenarios_count; i++) {
    scene sc = open_scene(&scenarios[i]);
    sc.op = scenario_op(&scenarios[i], sc.harness->client, &sc.tally);
    imgact_op_cancel(sc.op);
    harness_run(sc.op, IMGACT_CANCELLED);
    if (scenarios[i].resumes) // another program has sent it
      assert_flag(sc.op, IMGACT_ERROR_MAYBE_APPLIED);
    else
      assert_no_flag(sc.op, IMGACT_ERROR_MAYBE_APPLIED);
    scripted_assert_nothing_sent(sc.harness->script);
    imgact_op_free(sc.op);
    harness_free(sc.harness);
    cloud_free(sc.cloud);
  }
}

// ---- several clients, one loop

TEST(loop_serves_clients_of_both_providers) {
  harness *st = harness_new();
  scripted_on(
      st->script, "GET /v1/*",
      (scripted_answer){.status = 200, .body = "{\"image\":{\"id\":4711}}", .delay_ms = 100});
  scripted_on(
      st->script, "GET /v2/*",
      (scripted_answer){.status = 200, .body = "{\"image\":{\"id\":4711}}", .delay_ms = 100});
  imgact_client *other = harness_client(
      st, (harness_options){.digitalocean = true, .client = {.token = "another-token"}});

  assert_ptr_equal(imgact_client_loop(other), st->loop);
  tally t = {0};
  imgact_op *one = imgact_get_image(st->client, CLOUD_IMAGE, NULL),
            *two = imgact_get_image(other, CLOUD_IMAGE, NULL);
  imgact_op_start(one, tally_done, &t);
  imgact_op_start(two, tally_done, &t);
  imgact_client_free(other);
  imgact_loop_run(st->loop);
  assert_int_equal(t.done, 2);
  assert_string_equal(imgact_op_image(one)->provider, "hetzner");
  assert_string_equal(imgact_op_image(two)->provider, "digitalocean");
  scripted_assert_times(st->script, 0, 0);
  assert_string_equal(scripted_header(scripted_at(st->script, 0), "Authorization"),
                      "Bearer " HARNESS_TOKEN);
  assert_string_equal(scripted_header(scripted_at(st->script, 1), "Authorization"),
                      "Bearer another-token");

  imgact_op_free(one);
  imgact_op_free(two);
  harness_free(st);
}

// ---- arguments

TEST(op_functions_accept_null) {
  size_t count = 7;
  imgact_rate_limit rate;
  imgact_pagination page;
  imgact_op_set_options(NULL, NULL);
  imgact_op_set_wait(NULL, 1);
  imgact_op_set_progress(NULL, NULL, NULL);
  imgact_op_set_before_send(NULL, NULL, NULL);

  imgact_op_start(NULL, NULL, NULL);
  imgact_op_cancel(NULL);
  assert_int_equal(imgact_op_run(NULL), IMGACT_NOMEM);
  assert_int_equal(imgact_op_error(NULL)->status, IMGACT_NOMEM);
  assert_null(imgact_op_error_details(NULL));
  assert_true(imgact_op_done(NULL));
  assert_null(imgact_op_image(NULL));
  assert_null(imgact_op_action(NULL));
  assert_non_null(imgact_op_images(NULL, &count));
  assert_int_equal(count, 0);
  assert_non_null(imgact_op_actions(NULL, &count));
  imgact_op_rate_limit(NULL, &rate);
  assert_int_equal(rate.limit, -1);
  imgact_op_pagination(NULL, &page);
  assert_int_equal(page.next, -1);
  assert_int_equal(imgact_op_adopted(NULL), 0);
  assert_int_equal(imgact_op_filtered_locally(NULL), 0);
  assert_null(imgact_list_images(NULL, NULL));
  assert_null(imgact_op_resume(NULL, "{}", 0));

  imgact_op_free(NULL);
  imgact_client_free(NULL);
  imgact_loop_free(NULL);
}

TEST(struct_size_unknown_is_rejected) {
  harness *st = harness_new();
  imgact_image_filter images = {.size = sizeof images - 1};
  imgact_action_filter actions = {.size = 0};
  imgact_image_update update = {.size = 5000};

  harness_expect(imgact_list_images(st->client, &images), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_list_actions(st->client, &actions), IMGACT_INVALID_ARGUMENT);
  harness_expect(imgact_update_image(st->client, "1", &update), IMGACT_INVALID_ARGUMENT);
  struct {
    imgact_op_options options;
    uint64_t unknown;
  } newer = {.options = {.size = sizeof newer}, .unknown = 1};
  imgact_op *op = imgact_get_image(st->client, "1", NULL);
  imgact_op_set_options(op, &newer.options);
  harness_expect(op, IMGACT_INVALID_ARGUMENT);
  op = imgact_get_image(st->client, "1", NULL);
  harness_expect(harness_configure(op, (imgact_op_options){.flags = 0x80}),
                 IMGACT_INVALID_ARGUMENT);
  op = imgact_get_image(st->client, "1", NULL);
  harness_expect(harness_configure(op, (imgact_op_options){.deadline_ms = -1}),
                 IMGACT_INVALID_ARGUMENT);
  imgact_image_type wild[] = {(imgact_image_type)99};
  images = (imgact_image_filter){.size = sizeof images, .types = wild, .types_count = 1};
  harness_expect(imgact_list_images(st->client, &images), IMGACT_INVALID_ARGUMENT);
  scripted_assert_nothing_sent(st->script);
  harness_free(st);
}

TEST(op_rejected_done_called_from_dispatch) {
  harness *st = harness_new();
  tally t = {0};
  imgact_op *op = imgact_transfer_image(st->client, "1", "nyc3");
  imgact_op_start(op, tally_done, &t);
  assert_int_equal(t.done, 0);
  imgact_loop_run(st->loop);
  assert_int_equal(t.done, 1);
  assert_int_equal(t.status, IMGACT_UNSUPPORTED);
  assert_string_equal(imgact_op_error(op)->provider, "hetzner");
  imgact_op_free(op);
  harness_free(st);
}

int main(void) { return testing_run(NULL, NULL); }
