// SPDX-License-Identifier: MIT
// Counters of a client, and operations that the rate limit delays.
#include "cloud.h"
#include "harness.h"

#define IMAGE "{\"image\":{\"id\":1}}"

static imgact_client_counters counters_of(const imgact_client *client) {
  imgact_client_counters counters = IMGACT_CLIENT_COUNTERS_INIT;
  imgact_client_get_counters(client, &counters);
  return counters;
}

TEST(counters_of_new_client_are_zero) {
  harness *s = harness_new();
  imgact_client_counters expected = IMGACT_CLIENT_COUNTERS_INIT, c = counters_of(s->client);
  assert_memory_equal(&c, &expected, sizeof c);
  harness_free(s);
}

TEST(counters_count_reads_and_responses) {
  harness *s = harness_new();
  scripted_next(s->script, (scripted_answer){.status = 503, .body = "{}"});
  scripted_next(s->script, (scripted_answer){.delivery = IMGACT_DELIVERY_MAYBE_SENT});
  scripted_json(s->script, 200, IMAGE);
  harness_expect(imgact_get_image(s->client, "1", NULL), IMGACT_OK);
  scripted_json(s->script, 403, "{}");
  scripted_next(s->script, (scripted_answer){.status = 301, .body = "{}"});
  harness_expect(imgact_get_image(s->client, "1", NULL), IMGACT_FORBIDDEN);
  harness_expect(imgact_get_image(s->client, "1", NULL), IMGACT_PROTOCOL);
  imgact_client_counters c = counters_of(s->client);
  assert_int_equal(c.reads, 5);
  assert_int_equal(c.polls + c.mutations + c.lookups, 0);
  assert_int_equal(c.responses_2xx, 1);
  assert_int_equal(c.responses_3xx, 1);
  assert_int_equal(c.responses_4xx, 1);
  assert_int_equal(c.responses_5xx, 1);
  assert_int_equal(c.failures, 1);
  assert_int_equal(c.retries, 2);
  harness_free(s);
}

TEST(counters_count_lookups_and_polls) {
  harness *s =
      harness_with((harness_options){.digitalocean = true, .client = {.poll_interval_ms = 1000}});
  cloud *c = cloud_new(s->script, false);
  c->action_ms = 2500;
  cloud_plan(c, (cloud_outcome){.effects = 1});
  imgact_op *op = imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3");
  imgact_op_set_wait(op, 1);
  harness_expect(op, IMGACT_OK);
  imgact_client_counters counters = counters_of(s->client);
  assert_int_equal(counters.mutations, 1);
  assert_int_equal(counters.lookups, 1);
  assert_int_equal(counters.polls, 3);
  assert_int_equal(counters.reads, 0);
  assert_int_equal(counters.failures, 1);
  assert_int_equal(counters.adopted, 1);
  assert_int_equal(counters.ambiguous, 0);
  harness_free(s);
  cloud_free(c);
}

TEST(counters_count_resends_and_ambiguous) {
  harness *s = harness_digitalocean();
  cloud *c = cloud_new(s->script, false);
  cloud_plan(c, (cloud_outcome){.effects = 0});
  harness_expect(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_OK);
  assert_int_equal(counters_of(s->client).mutations, 2);
  assert_int_equal(counters_of(s->client).retries, 1);
  cloud_plan(c, (cloud_outcome){.effects = 1, .own_answer = true});
  cloud_plan(c, (cloud_outcome){.effects = 2});
  harness_expect(imgact_transfer_image(s->client, CLOUD_IMAGE, "fra1"), IMGACT_AMBIGUOUS);
  assert_int_equal(counters_of(s->client).ambiguous, 1);
  harness_free(s);
  cloud_free(c);
}

// Programs that were compiled with another version have another size.
TEST(counters_respect_size_of_caller) {
  harness *s = harness_new();
  scripted_json(s->script, 200, IMAGE);
  harness_expect(imgact_get_image(s->client, "1", NULL), IMGACT_OK);
  struct {
    imgact_client_counters known;
    uint64_t later[2];
  } larger;
  memset(&larger, 0xFF, sizeof larger);
  larger.known.size = sizeof larger;
  imgact_client_get_counters(s->client, &larger.known);
  assert_int_equal(larger.known.size, sizeof larger);
  assert_int_equal(larger.known.reads, 1);
  assert_int_equal(larger.later[0] | larger.later[1], 0);
  imgact_client_counters smaller;
  memset(&smaller, 0xFF, sizeof smaller);
  smaller.size = offsetof(imgact_client_counters, polls);
  imgact_client_get_counters(s->client, &smaller);
  assert_int_equal(smaller.reads, 1);
  assert_true(smaller.polls == UINT64_MAX);
  static const size_t invalid[] = {0, 1, 5000};
  for (size_t i = 0; i < 3; i++) {
    smaller.reads = 7;
    smaller.size = invalid[i];
    imgact_client_get_counters(s->client, &smaller);
    assert_int_equal(smaller.reads, 7);
  }
  harness_free(s);
}

// ---- delays by the rate limit

enum { GET, BY_NAME, LIST, PROTECT, WAIT, OPS };

static imgact_op *make(const harness *s, int kind) {
  static const char *const ids[] = {"5", "6"};
  const imgact_image_filter snapshots = {.size = sizeof snapshots, .name = "a"};
  switch (kind) {
  case GET: return imgact_get_image(s->client, "2", NULL);
  case BY_NAME: return imgact_get_image(s->client, "debian", NULL);
  case LIST: return imgact_list_images(s->client, &snapshots);
  case PROTECT: return imgact_protect_image(s->client, "2");
  default: return imgact_wait_actions(s->client, ids, 2, NULL);
  }
}

// After a 429, which asks for 30 s.
static imgact_op *block(const harness *s) {
  scripted_next(s->script,
                (scripted_answer){.status = 429, .body = "{}", .headers = "Retry-After: 30\n"});
  imgact_op *rejected = imgact_get_image(s->client, "1", NULL);
  imgact_op_start(rejected, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  return rejected;
}

TEST(op_delayed_until_end_of_block) {
  harness *s = harness_new();
  imgact_op *rejected = block(s), *ops[OPS];
  assert_true(imgact_op_delayed_until(rejected) == IMGACT_NO_TIME); // it waits for its retry
  scripted_advance(s->script, 1000);
  for (int i = 0; i < OPS; i++) {
    ops[i] = make(s, i);
    assert_true(imgact_op_delayed_until(ops[i]) == IMGACT_NO_TIME);
    imgact_op_start(ops[i], NULL, NULL);
  }
  imgact_loop_dispatch(s->loop);
  for (int i = 0; i < OPS; i++)
    assert_int_equal(imgact_op_delayed_until(ops[i]), SCRIPTED_EPOCH_MS + 30000);
  for (int i = 0; i < OPS; i++) {
    imgact_op_cancel(ops[i]);
    assert_true(imgact_op_delayed_until(ops[i]) == IMGACT_NO_TIME);
    imgact_op_free(ops[i]);
  }
  imgact_op_cancel(rejected);
  scripted_advance(s->script, 9000); // nothing waits for the limit
  harness_expect(imgact_list_images(s->client, NULL), IMGACT_PROTOCOL);
  assert_in_range(counters_of(s->client).delayed_ms, 20000, 21000);
  imgact_op_free(rejected);
  harness_free(s);
}

TEST(op_delayed_until_sent) {
  harness *s = harness_new();
  imgact_op *rejected = block(s), *op = imgact_get_image(s->client, "1", NULL);
  scripted_on(s->script, "GET /v1/images/1", (scripted_answer){.status = 200, .body = IMAGE});
  imgact_op_start(op, NULL, NULL);
  imgact_loop_run(s->loop);
  assert_status(rejected, IMGACT_OK);
  assert_status(op, IMGACT_OK);
  assert_true(imgact_op_delayed_until(op) == IMGACT_NO_TIME);
  int64_t delayed_ms = counters_of(s->client).delayed_ms;
  assert_in_range(delayed_ms, 30000, 31000);
  assert_true(imgact_op_delayed_until(NULL) == IMGACT_NO_TIME);
  imgact_op_free(rejected);
  imgact_op_free(op);
  harness_free(s);
}

// The deadline comes first: the operation is rejected, and is not delayed any more.
TEST(op_rejected_by_limit_not_delayed) {
  harness *s = harness_new();
  imgact_op *rejected = block(s);
  imgact_op *op = harness_configure(imgact_get_image(s->client, "1", NULL),
                                    (imgact_op_options){.deadline_ms = 5000});
  imgact_op_start(op, NULL, NULL);
  while (!imgact_op_done(op)) imgact_loop_dispatch(s->loop);
  assert_status(op, IMGACT_RATE_LIMITED);
  scripted_advance(s->script, 5000);
  imgact_loop_dispatch(s->loop);
  assert_int_equal(counters_of(s->client).delayed_ms, 0);
  imgact_op_free(op);
  imgact_op_free(rejected);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
