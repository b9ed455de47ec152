// SPDX-License-Identifier: MIT
#include "reply_input.h"
#include "error_fill.h"

static const char *const ids[] = {"13", "14"};
static const imgact_image_update update = {.size = sizeof update, .description = "new"};

static void fill_call(reply_input *input, imgact_op_kind kind, unsigned flags) {
  input->images = (imgact_image_filter){.size = sizeof input->images};
  input->images.visibility = flags & 1 ? IMGACT_VISIBILITY_PRIVATE : IMGACT_VISIBILITY_ALL;
  input->actions =
      (imgact_action_filter){.size = sizeof input->actions, .image_id = flags & 1 ? "4711" : NULL};
  imgact_call *call = &input->call;
  *call = (imgact_call){
      .size = sizeof *call, .kind = kind, .image_ref = "4711", .page = 1 + (flags >> 3 & 1)};
  call->per_page = 50;
  if (kind == IMGACT_OP_LIST_IMAGES) call->image_ref = NULL;
  if (kind == IMGACT_OP_LIST_IMAGES) call->image_filter = &input->images;
  if (kind == IMGACT_OP_LIST_IMAGES && flags & 2)
    call->type_mask = IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_BACKUP);
  if (kind == IMGACT_OP_LIST_ACTIONS) call->action_filter = &input->actions;
  if (kind == IMGACT_OP_LIST_ACTIONS || kind == IMGACT_OP_GET_ACTION)
    call->image_ref = flags & 1 ? "4711" : NULL;
  if (kind == IMGACT_OP_GET_IMAGE && flags & 1) call->image_ref = "debian-12-x64";
  if (kind == IMGACT_OP_GET_ACTION) call->action_id = ids[0];
  if (kind == IMGACT_OP_TRANSFER) call->region = "nyc3";
  if (kind == IMGACT_OP_UPDATE_IMAGE) call->update = &update;
  if (kind == IMGACT_OP_CHANGE_PROTECTION) call->protect = (int32_t)(flags & 1);
  if (kind == IMGACT_OP_WAIT_ACTIONS) call->action_ids = ids;
  if (kind == IMGACT_OP_WAIT_ACTIONS) call->action_ids_count = flags & 2 ? 2 : 1;
  if (kind == IMGACT_OP_WAIT_ACTIONS && !(flags & 1)) call->image_ref = NULL;
  if (flags & 4) call->next_query = "page=2&per_page=20&page_token=abc";
}

static char *read_headers(reply_input *input, char *at) {
  size_t count = 0;
  while (*at != '\0' && *at != '\n') {
    char *end = strchr(at, '\n'), *colon = strchr(at, ':');
    if (end) *end = '\0';
    if (colon && (!end || colon < end) && count < REPLY_INPUT_HEADERS) {
      *colon = '\0';
      input->headers[count++] = (imgact_header){at, colon + 1 + strspn(colon + 1, " ")};
    }
    at = end ? end + 1 : at + strlen(at);
  }
  input->http.headers = input->headers;
  input->http.headers_count = count;
  return at;
}

bool reply_input_read(reply_input *input, const imgact_provider *provider, const uint8_t *data,
                      size_t size) {
  static const size_t head = 4; /* with its newline */
  if (size < head + 4 || data[head - 1] != '\n' || data[head + 3] != '\n') return false;
  unsigned kind = (unsigned)(data[0] - 'a') % IMGACT_OP_COUNT;
  char status[4] = {(char)data[head], (char)data[head + 1], (char)data[head + 2], '\0'};
  if (kind >= provider->slots_count || strspn(status, "0123456789") != 3) return false;
  *input =
      (reply_input){.provider = provider, .fail_at = data[2] > '@' ? (size_t)(data[2] - '@') : 0};
  if (!provider->slots[kind].encode && !provider->slots[kind].path) return false;
  fill_call(input, (imgact_op_kind)kind, data[1]);
  input->text = malloc(size - head + 1);
  CHECK(input->text);
  memcpy(input->text, data + head, size - head);
  input->text[size - head] = '\0';
  char *body = read_headers(input, input->text + 4);
  body += *body == '\n';
  imgact_http_response *http = &input->http;
  http->size = sizeof *http;
  http->delivery = IMGACT_DELIVERY_ANSWERED;
  http->status = (int32_t)strtol(status, NULL, 10);
  http->body = body;
  http->body_bytes = (size_t)(input->text + (size - head) - body);
  return true;
}

void reply_input_free(reply_input *input) {
  free(input->text);
  input->text = NULL;
}

void reply_read(reply_output *output, const reply_input *input, const check_secret *secret,
                const imgact_allocator *allocator) {
  *output =
      (reply_output){.rate = {.size = sizeof output->rate, .next_request_at = IMGACT_NO_TIME}};
  output->rate.rate_limit = ia_rate_limit_unknown;
  ia_redactor redactor;
  ia_redactor_init(&redactor, secret->token, strlen(secret->token),
                   input->provider->token_prefixes);
  CHECK(redactor.min_match_length == secret->needle);
  ia_arena_init(&output->scratch, allocator);
  ia_result_init(&output->result, allocator, input->provider->name, true);
  ia_error_clear(&output->error);
  const ia_reply_target target = {.provider = input->provider,
                                  .slot = &input->provider->slots[input->call.kind],
                                  .call = &input->call,
                                  .result = &output->result,
                                  .redactor = &redactor,
                                  .allocator = allocator,
                                  .scratch = &output->scratch};
  ia_reply_read(&target, &input->http, INT64_C(1767225600000), &output->rate, &output->error);
}

void reply_free(reply_output *output) {
  ia_result_free(&output->result);
  ia_arena_free(&output->scratch);
}
