// SPDX-License-Identifier: MIT
// Stages: see the header.
#include "harness.h"

imgact_client *harness_client(harness *self, harness_options options) {
  imgact_client *client = NULL;
  imgact_error error;
  options.client.size = sizeof options.client;
  options.client.loop = self->loop;
  if (options.client.provider_name == NULL && options.client.provider == NULL)
    options.client.provider_name = options.digitalocean ? "digitalocean" : "hetzner";
  if (options.client.token == NULL && options.client.token_callback == NULL)
    options.client.token = HARNESS_TOKEN;
  imgact_status status = imgact_client_new(&options.client, &client, &error);
  if (status != IMGACT_OK && status != IMGACT_NOMEM) fail_msg("%s", error.message);
  return client;
}

harness *harness_with(harness_options options) {
  harness *self = calloc(1, sizeof *self);
  if (self == NULL) abort();
  failing_allocator_init(&self->memory, options.fail_at);
  self->memory.for_good = options.fail_for_good;
  self->script = scripted_new();
  imgact_transport *transport = scripted_transport(self->script);
  if (options.fault != NULL) transport = fault_wrap(transport, options.fault);
  imgact_loop_options loop = {
      .size = sizeof loop, .allocator = &self->memory.allocator, .transport = transport};
  imgact_error error;
  if (imgact_loop_new(&loop, &self->loop, &error) == IMGACT_OK)
    self->client = harness_client(self, options);
  return self;
}

harness *harness_new(void) { return harness_with((harness_options){0}); }

harness *harness_digitalocean(void) {
  return harness_with((harness_options){.digitalocean = true});
}

void harness_free(harness *self) {
  imgact_client_free(self->client);
  imgact_loop_free(self->loop);
  assert_true(scripted_destroyed(self->script));
  scripted_free(self->script);
  const char *problem = failing_allocator_finish(&self->memory);
  free(self);
  if (problem != NULL) fail_msg("%s", problem);
}

void harness_check_status(const imgact_op *op, imgact_status status, const char *file, int line) {
  const imgact_error *error = imgact_op_error(op);
  if (error->status == status) return;
  print_error("%s instead of %s: %s\n", imgact_status_name(error->status),
              imgact_status_name(status), error->message);
  _fail(file, line);
}

imgact_op *harness_run(imgact_op *op, imgact_status status) {
  imgact_status returned = imgact_op_run(op);
  harness_check_status(op, status, __FILE__, __LINE__);
  assert_int_equal(returned, status);
  return op;
}

void harness_expect(imgact_op *op, imgact_status status) {
  imgact_op_free(harness_run(op, status));
}

imgact_op *harness_configure(imgact_op *op, imgact_op_options options) {
  options.size = sizeof options;
  imgact_op_set_options(op, &options);
  return op;
}

void harness_start_waits(imgact_client *client, imgact_op **ops, size_t count, imgact_done_fn done,
                         void *user) {
  for (size_t i = 0; i < count; i++) {
    char id[24];
    const char *ids[] = {id};
    snprintf(id, sizeof id, "%zu", i + 1);
    ops[i] = imgact_wait_actions(client, ids, 1, NULL);
    imgact_op_start(ops[i], done, user);
  }
}

void harness_free_waits(imgact_op **ops, size_t count) {
  for (size_t i = 0; i < count; i++) {
    assert_status(ops[i], IMGACT_OK);
    imgact_op_free(ops[i]);
  }
}

void tally_done(void *user, imgact_op *op) {
  tally *t = user;
  t->done++;
  t->status = imgact_op_error(op)->status;
  assert_true(imgact_op_done(op));
}

void tally_progress(void *user, imgact_op *op, const imgact_action *action) {
  tally *t = user;
  t->progress++;
  assert_false(imgact_op_done(op));
  assert_non_null(action);
  assert_int_equal(action->status, IMGACT_ACTION_STATUS_RUNNING);
}
