// SPDX-License-Identifier: MIT
/*
 * A stored call that is resumed. An input is a head line "CLOUD TIME FLAGS", the call as JSON, and replies as those of
 * engine.c, separated by lines "%%". CLOUD: "h" or not. TIME: when it was sent, see sent_at(). Properties:
 *
 *   - a call that cannot be resumed is IMGACT_INVALID_ARGUMENT or IMGACT_UNSUPPORTED, has a message and sends nothing;
 *   - it may have been applied until the opposite is known: so says every refused call;
 *   - what is not idempotent is looked up before it is sent: the first request is no POST;
 *   - the call that is handed out before a request is sent reads back as the same call;
 *   - results and errors pass check_op().
 */
#include "check.h"
#include "op.h"
#include "operations.h"
#include "str.h"

typedef struct journal {
  const char *provider;
  int calls;
} journal;

static int64_t sent_at(uint8_t time) {
  static const int64_t ago_ms[] = {0, 1000, 5000, 60000, 3600000, 86400000};
  if (time == '-') return -1;
  if (time == '+') return SCRIPTED_EPOCH_MS + 60000;
  if (time == '!') return INT64_MIN;
  return SCRIPTED_EPOCH_MS - ago_ms[time % (sizeof ago_ms / sizeof *ago_ms)];
}

/* The same text comes out of a call that was read from it. */
static imgact_status before_send(void *user, imgact_op *op, const char *call_json) {
  journal *j = user;
  ia_arena arena;
  imgact_call call = {.size = sizeof call};
  imgact_error error;
  (void)op;
  j->calls++;
  check_json(call_json, &check_fuzz_token);
  ia_arena_init(&arena, &ia_malloc);
  ia_call_target target = {.provider = j->provider};
  CHECK(ia_call_from_json(&call, &target, call_json, &arena, &error) == IMGACT_OK);
  const char *again = ia_call_json(&call, &target, &arena);
  CHECK(again && !strcmp(again, call_json));
  ia_arena_free(&arena);
  return IMGACT_OK;
}

static void check_sent(const scripted *script, imgact_status status, uint32_t flags) {
  size_t count = scripted_count(script);
  if (count > 0 && !strcmp(scripted_at(script, 0)->method, "POST")) CHECK(false && "a POST before a lookup");
  if (status == IMGACT_INVALID_ARGUMENT || status == IMGACT_UNSUPPORTED)
    CHECK(count > 0 || (flags & IMGACT_ERROR_MAYBE_APPLIED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4 || data[3] != '\n') return 0;
  fuzz_parts parts = {.next = (const char *)data + 4, .end = (const char *)data + size};
  char *call = fuzz_next_part(&parts);
  if (!call) return 0;
  parts.text = NULL; /* taken over */
  scripted *script = scripted_new();
  scripted_when(script, operations_answer, &parts);
  bool hetzner = data[0] == 'h';
  imgact_client *client = operations_client(hetzner, scripted_transport(script));
  journal j = {.provider = hetzner ? "hetzner" : "digitalocean"};
  imgact_op *op = imgact_op_resume(client, call, sent_at(data[1]));
  CHECK(op);
  imgact_op_options limits = {.size = sizeof limits, .deadline_ms = 3600000, .flags = IMGACT_OP_FLAG_KEEP_RAW};
  imgact_op_set_options(op, &limits);
  imgact_op_set_before_send(op, before_send, &j);
  if (data[2] & 1) imgact_op_set_wait(op, 1);
  if (data[2] & 2) imgact_op_cancel(op);
  imgact_status status = imgact_op_run(op);
  CHECK(j.calls <= 1);
  check_op(op, status, &check_fuzz_token);
  check_sent(script, status, imgact_op_error(op)->flags);
  imgact_op_free(op);
  imgact_client_free(client);
  CHECK(scripted_destroyed(script));
  scripted_free(script);
  free(parts.text);
  free(call);
  return 0;
}
