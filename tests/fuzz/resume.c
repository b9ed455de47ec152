// SPDX-License-Identifier: MIT
/*
 * A stored call that is resumed. An input is a head line "CLOUD TIME FLAGS", the call as JSON, and
 * responses as in engine.c, separated by lines "%%". CLOUD: "h" or not. TIME: when it was sent,
 * see sent_at(). Properties:
 *
 *   - a call that cannot be resumed is IMGACT_INVALID_ARGUMENT or IMGACT_UNSUPPORTED, has a message
 * and sends nothing;
 *   - a rejected call is reported as maybe applied, unless the opposite is known;
 *   - a lookup precedes a resend that is not idempotent: the first request is not a POST;
 *   - a call that was read is written as the same call, and is not before_send_called again;
 *   - results and errors pass check_op().
 */
#include "check.h"
#include "op.h"
#include "operations.h"
#include "str.h"

static int64_t sent_at(uint8_t time) {
  static const int64_t ago_ms[] = {0, 1000, 5000, 60000, 3600000, 86400000};
  if (time == '-') return -1;
  if (time == '+') return SCRIPTED_EPOCH_MS + 60000;
  if (time == '!') return INT64_MIN;
  return SCRIPTED_EPOCH_MS - ago_ms[time % (sizeof ago_ms / sizeof *ago_ms)];
}

/* A call that was read is written as text that is read as the same call. */
static void check_round_trip(const char *text, const char *provider) {
  ia_arena arena;
  imgact_call call = {.size = sizeof call}, again = call;
  imgact_error error;
  ia_call_target target = {.provider = provider}, second = target;
  ia_arena_init(&arena, &ia_malloc);
  if (ia_call_from_json(&call, &target, text, &arena, &error) == IMGACT_OK) {
    const char *written = ia_call_json(&call, &target, &arena);
    CHECK(written && ia_call_from_json(&again, &second, written, &arena, &error) == IMGACT_OK);
    CHECK(call.kind == again.kind && call.protect == again.protect &&
          ia_str_equal(call.region, again.region));
    CHECK(ia_str_equal(call.image_ref, again.image_ref) &&
          ia_str_equal(target.credential, second.credential));
    const char *twice = ia_call_json(&again, &second, &arena);
    CHECK(twice && !strcmp(twice, written));
  }
  ia_arena_free(&arena);
}

static imgact_status before_send(void *user, imgact_op *op, const char *call_json) {
  (void)user, (void)op, (void)call_json;
  CHECK(false && "a call that was stored is before_send_called again");
  return IMGACT_OK;
}

static void check_sent(const scripted *script, imgact_status status, uint32_t flags) {
  size_t count = scripted_count(script);
  if (count > 0 && !strcmp(scripted_at(script, 0)->method, "POST"))
    CHECK(false && "a POST before a lookup");
  if (status == IMGACT_INVALID_ARGUMENT || status == IMGACT_UNSUPPORTED)
    CHECK(count > 0 || (flags & IMGACT_ERROR_MAYBE_APPLIED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4 || data[3] != '\n') return 0;
  fuzz_parts parts = {.next = (const char *)data + 4, .end = (const char *)data + size};
  char *call = fuzz_next_part(&parts);
  if (!call) return 0;
  parts.text = NULL; /* owned by `call` */
  scripted *script = scripted_new();
  scripted_when(script, operations_answer, &parts);
  bool hetzner = data[0] == 'h';
  imgact_client *client = operations_client(hetzner, scripted_transport(script));
  check_round_trip(call, hetzner ? "hetzner" : "digitalocean");
  imgact_op *op = imgact_op_resume(client, call, sent_at(data[1]));
  CHECK(op);
  imgact_op_options limits = {
      .size = sizeof limits, .deadline_ms = 3600000, .flags = IMGACT_OP_FLAG_KEEP_RAW};
  imgact_op_set_options(op, &limits);
  imgact_op_set_before_send(op, before_send, NULL);
  if (data[2] & 1) imgact_op_set_wait(op, 1);
  if (data[2] & 2) imgact_op_cancel(op);
  imgact_status status = imgact_op_run(op);
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
