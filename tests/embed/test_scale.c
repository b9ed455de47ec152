// SPDX-License-Identifier: MIT
// The memory of many waits and of long ones. Peaks are the kernel's own count for this process,
// library and test included: VmHWM, and not ru_maxrss, which a process inherits from the one that
// started it.
#include "clock_fixture.h"
#include "testing.h"
#include <imgact/imgact.h>

enum { WAITS = 10000, POLLS = 1000000, MANY_MAX_KIB = 48 * 1024 };

// ---- what is measured

static long peak_kib(void) {
  char line[256];
  long kib = -1;
  FILE *status = fopen("/proc/self/status", "r");
  while (status != NULL && kib < 0 && fgets(line, sizeof line, status) != NULL)
    if (strncmp(line, "VmHWM:", 6) == 0) kib = atol(line + 6);
  if (status != NULL) fclose(status);
  return kib;
}

// Bytes that the library holds, by an allocator that notes each block's size before it.
typedef struct counter {
  size_t live_bytes, peak_bytes;
} counter;

typedef union head {
  size_t bytes;
  max_align_t align;
} head;

static void *counted_resize(void *user, void *block, size_t bytes) {
  counter *self = user;
  head *old = block == NULL ? NULL : (head *)block - 1;
  size_t before = old == NULL ? 0 : old->bytes;
  head *made = realloc(old, sizeof *made + bytes);
  if (made == NULL) return NULL;
  made->bytes = bytes;
  self->live_bytes += bytes - before;
  if (self->live_bytes > self->peak_bytes) self->peak_bytes = self->live_bytes;
  return made + 1;
}

static void *counted_alloc(void *user, size_t bytes) { return counted_resize(user, NULL, bytes); }

static void counted_release(void *user, void *block) {
  head *made = (head *)block - 1;
  ((counter *)user)->live_bytes -= made->bytes;
  free(made);
}

typedef struct fixture {
  clock_fixture cloud;
  counter memory;
  imgact_allocator allocator;
  imgact_loop *loop;
  imgact_client *hetzner, *digitalocean;
} fixture;

static imgact_client *client_of(imgact_loop *loop, const char *provider) {
  const imgact_client_options options = {
      .size = sizeof options, .loop = loop, .provider_name = provider};
  imgact_client *client;
  imgact_error error;
  if (imgact_client_new(&options, &client, &error) != IMGACT_OK) fail_msg("%s", error.message);
  return client;
}

static void fixture_open(fixture *s, int64_t latency_ms, int64_t run_ms) {
  imgact_error error;
  *s = (fixture){0};
  clock_fixture_init(&s->cloud, latency_ms, run_ms);
  s->allocator = (imgact_allocator){sizeof s->allocator, counted_alloc, counted_resize,
                                    counted_release, &s->memory};
  const imgact_loop_options options = {
      .size = sizeof options, .allocator = &s->allocator, .transport = &s->cloud.transport};
  if (imgact_loop_new(&options, &s->loop, &error) != IMGACT_OK) fail_msg("%s", error.message);
  s->hetzner = client_of(s->loop, "hetzner");
  s->digitalocean = client_of(s->loop, "digitalocean");
}

static void fixture_close(fixture *s) {
  imgact_client_free(s->hetzner);
  imgact_client_free(s->digitalocean);
  imgact_loop_free(s->loop);
  assert_int_equal(s->memory.live_bytes, 0);
}

// ---- many at once

static int finished, polls;

static void on_done(void *user, imgact_op *op) {
  (void)user;
  assert_int_equal(imgact_op_error(op)->status, IMGACT_OK);
  assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_SUCCESS);
  finished++;
}

static void on_progress(void *user, imgact_op *op, const imgact_action *action) {
  (void)user;
  (void)op;
  (void)action;
  polls++;
}

// Actions that run for ten minutes; responses take 20 ms. Every wait is an operation of its own.
static void wait_for_many(fixture *s, imgact_client *client, const char *image) {
  static imgact_op *ops[WAITS];
  char id[24];
  const char *ids[] = {id};
  finished = polls = 0;

  for (int i = 0; i < WAITS; i++) {
    snprintf(id, sizeof id, "%d", 100000 + i);
    ops[i] = imgact_wait_actions(client, ids, 1, image);
    imgact_op_set_progress(ops[i], on_progress, NULL);
    imgact_op_start(ops[i], on_done, NULL);
  }
  assert_int_equal(imgact_loop_run(s->loop), IMGACT_OK);
  assert_int_equal(finished, WAITS);
  assert_true(polls >= WAITS);
  print_message(
      "# %d waits: %zu requests, %zu KiB held by the library, %ld KiB by the process, at most\n",
      WAITS, s->cloud.requests, s->memory.peak_bytes / 1024, peak_kib());
  for (int i = 0; i < WAITS; i++) {
    snprintf(id, sizeof id, "%d", 100000 + i);
    assert_string_equal(imgact_op_action(ops[i])->id, id);
    imgact_op_free(ops[i]);
  }
  if (peak_kib() < 0) skip();
  assert_int_in_range(peak_kib(), 1, MANY_MAX_KIB);
}

TEST(wait_10000_batched_memory_is_bounded) {
  fixture s;
  fixture_open(&s, 20, 600000);
  wait_for_many(&s, s.hetzner, NULL);
  assert_true(s.cloud.requests * 20 <
              (size_t)polls); // 25 ids a request, but for the last of each turn
  fixture_close(&s);
}

TEST(wait_10000_unbatched_memory_is_bounded) {
  fixture s;
  fixture_open(&s, 20, 600000);
  wait_for_many(&s, s.digitalocean, "4711");
  fixture_close(&s);
}

// ---- long ones

typedef struct record {
  const counter *memory;
  size_t polls, early_peak, late_peak;
} record;

static void on_poll(void *user, imgact_op *op, const imgact_action *action) {
  record *r = user;
  (void)op;
  assert_int_equal(action->status, IMGACT_ACTION_STATUS_RUNNING);
  if (++r->polls == 100) r->early_peak = r->memory->peak_bytes;
  r->late_peak = r->memory->peak_bytes;
}

static void wait_long(fixture *s, imgact_client *client) {
  const char *const ids[] = {"4712"};
  const imgact_op_options options = {
      .size = sizeof options, .poll_interval_ms = 1000, .flags = IMGACT_OP_FLAG_KEEP_RAW};
  record r = {.memory = &s->memory};
  imgact_op *op = imgact_wait_actions(client, ids, 1, NULL);
  imgact_op_set_options(op, &options);
  imgact_op_set_progress(op, on_poll, &r);
  assert_int_equal(imgact_op_run(op), IMGACT_OK);
  assert_int_in_range(r.polls, POLLS - 2, POLLS);
  assert_int_equal(r.late_peak, r.early_peak);
  imgact_op_free(op);
}

TEST(wait_million_polls_memory_is_constant) {
  fixture s;
  fixture_open(&s, 0, INT64_C(1000) * POLLS);
  long before = peak_kib();
  wait_long(&s, s.hetzner);
  assert_true(peak_kib() - before < 1024);
  fixture_close(&s);
  fixture_open(&s, 0, INT64_C(1000) * POLLS);
  wait_long(&s, s.digitalocean);
  assert_true(peak_kib() - before < 1024);
  fixture_close(&s);
}

int main(void) { return testing_run(NULL, NULL); }
