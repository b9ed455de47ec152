// SPDX-License-Identifier: MIT
/* From a response to results or an error: the body is parsed once, within bounds, and redacted; the provider decodes it. */
#include "reply.h"
#include "error_fill.h"
#include "retry.h"
#include "str.h"
#include <string.h>

#define QUOTED_CHARACTERS 200

/* Text that is no JSON, for people: on one line, redacted, at most 200 characters. */
static void quote(const ia_reply_target *target, const char *body, size_t length, imgact_error *error) {
  ia_buf text;
  length = ia_utf8_cut(body, length, 4096);
  ia_buf_init(&text, target->allocator, 3 * length + 64);
  ia_redact_text(target->redactor, &text, body, length);
  size_t characters = 0, used = 0;
  for (size_t i = 0; ia_buf_text(&text) && i < text.length; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c < 0x20 || c == 0x7f) c = ' ';
    if (c == ' ' && (!used || text.data[used - 1] == ' ')) continue;
    if ((c & 0xC0) != 0x80 && ++characters > QUOTED_CHARACTERS) break;
    text.data[used++] = (char)c;
  }
  if (used && ia_utf8_valid(text.data, used, false)) {
    char message[sizeof error->message];
    ia_str_copy(message, sizeof message, error->message);
    ia_error_text(error, "%s: %.*s", message, (int)used, text.data);
  }
  ia_buf_free(&text);
}

void ia_reply_failure(const ia_redactor *redactor, const imgact_http_response *http, imgact_error *error) {
  static const imgact_status statuses[] = {IMGACT_INTERNAL, IMGACT_NETWORK,  IMGACT_NETWORK,  IMGACT_TLS,
                                           IMGACT_PROTOCOL, IMGACT_PROTOCOL, IMGACT_PROTOCOL, IMGACT_NOMEM};
  size_t n = (size_t)http->failure < sizeof statuses / sizeof *statuses ? (size_t)http->failure : 0;
  imgact_error_set(error, statuses[n], "%s", http->message ? http->message : "no complete reply");
  size_t length = strlen(error->message);
  ia_redact_in_place(redactor, error->message, length, sizeof error->message);
}

static void take_result(const ia_reply_target *target, const imgact_response *response, imgact_error *error) {
  imgact_result *result = target->result;
  size_t images = result->images_count, actions = result->actions_count;
  imgact_status status = target->slot->decode(target->call, response, result, error);
  bool acts = (target->slot->flags & IMGACT_SLOT_CREATES_ACTION) != 0;
  if (status == IMGACT_OK && acts && result->actions_count == actions) /* a provider is not taken at its word here */
    status = imgact_error_set(error, IMGACT_PROTOCOL, "the reply shows no action");
  if (result->nomem) status = ia_no_memory(error);
  error->status = status;
  if (status == IMGACT_OK) return;
  error->http_status = response->http->status;
  result->images_count = images; /* what is half filled is no result */
  result->actions_count = actions;
}

static void take_json(const ia_reply_target *target, const imgact_http_response *http, ia_json_status parsed,
                      const char *what, const imgact_response *response, imgact_error *error) {
  bool success = http->status >= 200 && http->status < 300;
  if (parsed == IA_JSON_NOMEM) {
    ia_no_memory(error);
    error->http_status = http->status; /* whether a mutation was applied follows from it all the same */
  } else if (success && parsed == IA_JSON_OK) {
    take_result(target, response, error);
  } else if (success) {
    imgact_error_set(error, IMGACT_PROTOCOL, "the reply is no JSON that can be used (%s)", what);
    error->http_status = http->status;
    quote(target, http->body, http->body_bytes, error);
  } else {
    ia_error_from_http(error, http->status);
    if (parsed != IA_JSON_OK) quote(target, http->body, http->body_bytes, error);
    target->provider->decode_error(target->call, response, target->result, error);
    if (target->result->nomem) ia_no_memory(error);
    error->http_status = http->status;
  }
}

static bool blank(const char *text, size_t length) {
  while (length && strchr(" \t\r\n", text[length - 1]) && text[length - 1]) length--;
  return length == 0;
}

void ia_reply_read(const ia_reply_target *target, const imgact_http_response *http, int64_t server_ms,
                   imgact_rate_limit_info *rate, imgact_error *error) {
  imgact_json_doc *doc = NULL;
  char what[160] = "";
  ia_json_status parsed = IA_JSON_OK;
  if (!blank(http->body, http->body_bytes))
    parsed = ia_json_parse(http->body, http->body_bytes, target->allocator, target->redactor, &doc, what, sizeof what);
  imgact_response response = {http, imgact_json_doc_root(doc), target->redactor, target->scratch};
  target->result->details = NULL; /* of an earlier attempt */
  target->result->nomem = false;
  if (target->provider->decode_rate_limit) target->provider->decode_rate_limit(&response, rate);
  rate->rate_limit.retry_after_ms =
      ia_retry_after_ms(ia_header(http->headers, http->headers_count, "retry-after"), server_ms);
  take_json(target, http, parsed, what, &response, error);
  imgact_json_doc_free(doc);
  if (error->status == IMGACT_OK) return;
  ia_str_copy(error->provider, sizeof error->provider, target->provider->name);
  error->retry_after_ms = rate->rate_limit.retry_after_ms;
}
