// SPDX-License-Identifier: MIT
/*
 * The engine with both providers and scripted responses. An input is a head line and responses:
 *
 *   CLOUD OPERATION FLAGS [OPERATION FLAGS]... \n RESPONSE \n%%\n RESPONSE ...
 *
 * CLOUD: "h" or not. OPERATION: a, b, ... as imgact_op_kind counts; at most 8, which run at the
 * same time. FLAGS: a character that chooses the arguments; of several operations, those with bit
 * 0x10 are cancelled and those with bit 0x20 are freed when the first operation ends. RESPONSE:
 * operations.h. Properties:
 *
 *   - every operation ends, and its callback is called exactly once, or never if it was freed;
 *   - results and errors pass check_op(): messages, UTF-8, no token in any form; a list that failed
 * has no items;
 *   - a cancelled operation ends as cancelled unless it had ended before;
 *   - the transport is destroyed with the client.
 */
#include "check.h"
#include "operations.h"

#define MAX_OPERATIONS 8

typedef struct run run;

typedef struct running {
  run *owner;
  imgact_op *op;
  unsigned flags;
  int calls; /* of its callback */
  bool cancelled;
} running;

struct run {
  running items[MAX_OPERATIONS];
  size_t count;
  bool one_ended;
};

static void end_others(run *r) {
  for (size_t i = 0; i < r->count; i++) {
    running *other = &r->items[i];
    if (!other->op || other->calls) continue;
    if (other->flags & 0x20) {
      imgact_op_free(other->op);
      other->op = NULL;
    } else if (other->flags & 0x10) {
      other->cancelled = !imgact_op_done(other->op);
      imgact_op_cancel(other->op);
    }
  }
}

static void on_done(void *user, imgact_op *op) {
  running *it = user;
  CHECK(it->op == op && ++it->calls == 1 && imgact_op_done(op));
  if (it->cancelled) CHECK(imgact_op_error(op)->status == IMGACT_CANCELLED);
  if (it->owner->one_ended) return;
  it->owner->one_ended = true;
  end_others(it->owner);
}

static void make(run *r, imgact_client *client, const uint8_t *data, size_t length) {
  for (size_t i = 1; i + 1 < length && r->count < MAX_OPERATIONS; i += 2) {
    running *it = &r->items[r->count++];
    *it = (running){.owner = r,
                    .flags = data[i + 1],
                    .op = operations_new(client, (unsigned)data[i] - 'a', data[i + 1])};
    imgact_op_options limits = {
        .size = sizeof limits, .deadline_ms = 3600000, .flags = IMGACT_OP_FLAG_KEEP_RAW};
    CHECK(it->op);
    imgact_op_set_options(it->op, &limits);
    if (it->flags & 1) imgact_op_set_wait(it->op, 1);
  }
}

static void run_all(run *r, imgact_client *client) {
  if (r->count == 1) {
    check_op(r->items[0].op, imgact_op_run(r->items[0].op), &check_fuzz_token);
    return;
  }
  for (size_t i = 0; i < r->count; i++) imgact_op_start(r->items[i].op, on_done, &r->items[i]);
  CHECK(imgact_loop_run(imgact_client_loop(client)) == IMGACT_OK);
  for (size_t i = 0; i < r->count; i++) {
    CHECK(r->items[i].calls == (r->items[i].op != NULL));
    if (r->items[i].op)
      check_op(r->items[i].op, imgact_op_error(r->items[i].op)->status, &check_fuzz_token);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
  size_t length = newline ? (size_t)(newline - data) : size;
  if (length < 3) return 0;
  scripted *script = scripted_new();
  fuzz_parts responses = {.next = (const char *)data + length + (newline != NULL),
                          .end = (const char *)data + size};
  scripted_when(script, operations_answer, &responses);
  imgact_client *client = operations_client(data[0] == 'h', scripted_transport(script));
  run r = {.count = 0};
  make(&r, client, data, length);
  run_all(&r, client);
  for (size_t i = 0; i < r.count; i++) imgact_op_free(r.items[i].op);
  imgact_client_free(client);
  CHECK(scripted_destroyed(script));
  scripted_free(script);
  free(responses.text);
  return 0;
}
