// SPDX-License-Identifier: MIT
/*
 * One response through one provider's decoders (FUZZ_PROVIDER), for every slot: lists, single
 * objects, started actions, errors, rate limits. Properties:
 *
 *   - a response succeeds, or fails with a message;
 *   - every item passes check_image() or check_action(): UTF-8, ranges, no duplicate label, no
 * token in any form;
 *   - a response of a single id has that id;
 *   - the raw JSON of an item, decoded again, gives the same item;
 *   - if an allocation fails, the result is IMGACT_NOMEM or the same as without the failure (an
 * error may lack its excerpt of the body), and nothing leaks.
 */
#include "failing_allocator.h"
#include "reply_input.h"
#include "str.h"
#include <imgact/client.h>

#define RAW_ITEMS 4 /* of a response that are decoded again */

static const check_secret *secret_of(const imgact_provider *provider) {
  static const check_secret with_prefix = {"dop_v1_0123456789abcdef", 15};
  return provider->token_prefixes && !strcmp(provider->name, "digitalocean") ? &with_prefix
                                                                             : &check_fuzz_token;
}

static void check_ids(const reply_input *input, const imgact_result *result) {
  imgact_op_kind kind = input->call.kind;
  if (kind == IMGACT_OP_GET_ACTION)
    CHECK(result->actions_count == 1 && !strcmp(result->actions[0]->id, "13"));
  if (kind == IMGACT_OP_UPDATE_IMAGE)
    CHECK(result->images_count == 1 && !strcmp(result->images[0]->id, "4711"));
  for (size_t i = 0; i < result->images_count; i++)
    CHECK(input->provider->is_valid_id(result->images[i]->id));
  for (size_t i = 0; i < result->actions_count; i++)
    CHECK(!result->actions[i]->id || input->provider->is_valid_id(result->actions[i]->id));
}

static void check_rate(const imgact_rate_limit_info *rate) {
  CHECK(rate->rate_limit.retry_after_ms >= -1);
  CHECK(rate->limit_per_minute >= 0 && rate->refill_per_second >= 0);
}

static void check_output(const reply_input *input, const reply_output *output,
                         const check_secret *secret) {
  const imgact_result *result = &output->result;
  check_error(&output->error, result->details, secret);
  check_rate(&output->rate);
  check_text(result->next_query, secret); /* next_token is compared and never shown: any bytes */
  for (size_t i = 0; i < result->images_count; i++) check_image(result->images[i], secret);
  for (size_t i = 0; i < result->actions_count; i++) check_action(result->actions[i], secret);
  if (output->error.status == IMGACT_OK && input->http.status / 100 == 2) check_ids(input, result);
}

/* The raw JSON in the envelope of the slot for a single object. A raw text that would show the
 * token is one string. */
static void decode_again(const reply_input *input, const char *raw, const char *key,
                         imgact_op_kind kind, const char *id, const check_secret *secret,
                         reply_output *output) {
  reply_input again = {.provider = input->provider};
  ia_buf body;
  ia_buf_init(&body, NULL, strlen(raw) + 100);
  ia_buf_printf(&body, "{\"%s\":", key);
  ia_buf_str(&body, raw);
  ia_buf_char(&body, '}');
  again.call = (imgact_call){.size = sizeof again.call, .kind = kind};
  if (kind == IMGACT_OP_GET_IMAGE) again.call.image_ref = id;
  if (kind == IMGACT_OP_GET_ACTION) again.call.action_id = id;
  again.http = (imgact_http_response){
      .size = sizeof again.http, .delivery = IMGACT_DELIVERY_ANSWERED, .status = 200};
  again.http.body = ia_buf_text(&body);
  again.http.body_bytes = body.length;
  reply_read(output, &again, secret, &ia_malloc);
  CHECK(output->error.status == IMGACT_OK);
  ia_buf_free(&body);
}

static void check_raw(const reply_input *input, const imgact_result *result,
                      const check_secret *secret) {
  reply_output again;
  for (size_t i = 0; i < result->images_count && i < RAW_ITEMS; i++) {
    const char *raw = imgact_image_raw(result->images[i]);
    CHECK(raw);
    if (raw[0] != '{') continue;
    decode_again(input, raw, "image", IMGACT_OP_GET_IMAGE, result->images[i]->id, secret, &again);
    CHECK(again.result.images_count == 1);
    check_same_image(result->images[i], again.result.images[0]);
    reply_free(&again);
  }
  for (size_t i = 0; i < result->actions_count && i < RAW_ITEMS; i++) {
    const char *raw = imgact_action_raw(result->actions[i]);
    if (!raw || raw[0] != '{') continue;
    decode_again(input, raw, "action", IMGACT_OP_GET_ACTION, result->actions[i]->id, secret,
                 &again);
    CHECK(again.result.actions_count == 1);
    check_same_action(result->actions[i], again.result.actions[0]);
    reply_free(&again);
  }
}

static void check_same(const reply_output *a, const reply_output *b) {
  const imgact_result *left = &a->result, *right = &b->result;
  CHECK(a->error.status == b->error.status);
  if (a->error.status != IMGACT_OK) return;
  CHECK(left->images_count == right->images_count && left->actions_count == right->actions_count);
  for (size_t i = 0; i < left->images_count; i++)
    check_same_image(left->images[i], right->images[i]);
  for (size_t i = 0; i < left->actions_count; i++)
    check_same_action(left->actions[i], right->actions[i]);
}

static void read_without_memory(const reply_input *input, const reply_output *whole,
                                const check_secret *secret) {
  failing_allocator memory;
  reply_output output;
  failing_allocator_init(&memory, input->fail_at);
  reply_read(&output, input, secret, &memory.allocator);
  check_error(&output.error, output.result.details, secret);
  if (output.error.status != IMGACT_NOMEM) check_same(whole, &output);
  reply_free(&output);
  const char *wrong = failing_allocator_finish(&memory);
  if (wrong) fprintf(stderr, "%s\n", wrong);
  CHECK(!wrong);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const imgact_provider *provider = imgact_provider_find(FUZZ_PROVIDER);
  const check_secret *secret = secret_of(provider);
  reply_input input;
  if (!reply_input_read(&input, provider, data, size)) return 0;
  reply_output output;
  reply_read(&output, &input, secret, &ia_malloc);
  check_output(&input, &output, secret);
  if (output.error.status == IMGACT_OK) check_raw(&input, &output.result, secret);
  if (input.fail_at) read_without_memory(&input, &output, secret);
  reply_free(&output);
  reply_input_free(&input);
  return 0;
}
