// SPDX-License-Identifier: MIT
/* Every text of an event is redacted, at most 4 KiB of a body, in memory that is freed after the
 * callback. */
#include "trace.h"
#include "op.h"
#include "redact_members.h"
#include "str.h"
#include "token.h"
#include <string.h>

#define BODY_BYTES     4096
#define REDACTED_BYTES ((size_t)2 * BODY_BYTES) /* a token may begin in what is shown */

/* Appends a redacted text. Of a body, members are hidden, too: after the token is removed, so that
 * no released memory has it. */
static void redact(const ia_exchange *exchange, ia_buf *out, const char *text, size_t length,
                   bool is_body) {
  if (!is_body) {
    ia_redact_text(&exchange->redactor, out, text, length);
    return;
  }
  ia_buf redacted;
  ia_buf_init(&redacted, out->allocator, out->max);
  ia_redact_text(&exchange->redactor, &redacted, text, length);
  if (redacted.state == IA_BUF_OK)
    ia_redact_members(out, ia_buf_text(&redacted), redacted.length);
  else
    out->state = redacted.state;
  ia_buf_free(&redacted);
}

static char *clean(const ia_exchange *exchange, ia_arena *arena, const char *text, size_t length,
                   bool is_body, size_t *whole_bytes) {
  *whole_bytes = 0;
  if (!text) return NULL;
  size_t looked_at = ia_utf8_cut(text, length, REDACTED_BYTES);
  ia_buf out;
  ia_buf_init(&out, exchange->client->allocator, 4 * looked_at + 64);
  redact(exchange, &out, text, looked_at, is_body);
  const char *redacted = ia_buf_text(&out);
  char *copy = redacted
                   ? ia_arena_copy_n(arena, redacted, ia_utf8_cut(redacted, out.length, BODY_BYTES))
                   : NULL;
  if (copy) *whole_bytes = out.length + (length - looked_at);

  ia_buf_free(&out);
  return copy;
}

static char *clean_text(const ia_exchange *exchange, ia_arena *arena, const char *text) {
  size_t ignored;
  return clean(exchange, arena, text, text ? strlen(text) : 0, false, &ignored);
}

static char *header_lines(const ia_exchange *exchange, ia_arena *arena,
                          const imgact_header *headers, size_t count) {
  ia_buf lines;
  ia_buf_init(&lines, exchange->client->allocator, BODY_BYTES);
  for (size_t i = 0; i < count; i++)
    if (!ia_token_header(headers[i].name) && !ia_str_equal_nocase(headers[i].name, "set-cookie"))
      ia_buf_printf(&lines, "%s: %s\n", headers[i].name, headers[i].value);
  size_t ignored; /* truncated silently: headers only */
  char *text =
      lines.data ? clean(exchange, arena, lines.data, lines.length, false, &ignored) : NULL;
  ia_buf_free(&lines);
  return text;
}

static imgact_trace_event event(const ia_exchange *exchange, imgact_trace_kind kind) {
  const imgact_client *client = exchange->client;
  imgact_op *op = exchange->policy.op;
  return (imgact_trace_event){.size = sizeof(imgact_trace_event),
                              .provider = client->provider->name,
                              .method = exchange->http.method,
                              .elapsed_ms = -1,
                              .delay_ms = -1,
                              .http_status = -1,
                              .attempt = exchange->attempts,
                              .kind = kind,
                              .request_number = exchange->number,
                              .op = op,
                              .op_user_data = op ? op->user_data : NULL};
}

void ia_trace_request(ia_exchange *exchange) {
  imgact_client *client = exchange->client;
  if (!client->trace) return;
  imgact_trace_event e = event(exchange, IMGACT_TRACE_REQUEST);
  ia_arena arena;
  ia_arena_init(&arena, client->allocator);
  if (!client->trace_without_texts) {
    const imgact_http_request *http = &exchange->http;
    e.url = clean_text(exchange, &arena, http->url);
    e.headers = header_lines(exchange, &arena, http->headers, http->headers_count);
    e.body = clean(exchange, &arena, http->body, http->body_bytes, true, &e.body_bytes);
  }
  client->trace(client->trace_user_data, &e);
  ia_arena_free(&arena);
}

void ia_trace_response(ia_exchange *exchange, const imgact_http_response *http) {
  imgact_client *client = exchange->client;
  if (!client->trace) return;

  imgact_trace_event e =
      event(exchange, http->delivery == IMGACT_DELIVERY_ANSWERED ? IMGACT_TRACE_RESPONSE
                                                                 : IMGACT_TRACE_FAILURE);
  ia_arena arena;
  ia_arena_init(&arena, client->allocator);
  e.elapsed_ms = client->engine->timers.now.mono_ms - exchange->sent_mono_ms;
  bool answered = http->delivery == IMGACT_DELIVERY_ANSWERED, texts = !client->trace_without_texts;
  if (texts) e.url = clean_text(exchange, &arena, exchange->http.url);
  if (answered) e.http_status = http->status;
  if (answered && texts) {
    e.headers = header_lines(exchange, &arena, http->headers, http->headers_count);
    e.body = clean(exchange, &arena, http->body, http->body_bytes, true, &e.body_bytes);
  }
  if (!answered) e.message = clean_text(exchange, &arena, http->message);

  client->trace(client->trace_user_data, &e);
  ia_arena_free(&arena);
}

void ia_trace_retry(ia_exchange *exchange, int64_t delay_ms) {
  imgact_client *client = exchange->client;
  if (!client->trace) return;
  imgact_trace_event e = event(exchange, IMGACT_TRACE_RETRY);
  e.delay_ms = delay_ms;
  if (exchange->error.http_status) e.http_status = exchange->error.http_status;
  e.message = exchange->error.message;
  client->trace(client->trace_user_data, &e);
}

void ia_trace_text(imgact_client *client, imgact_op *op, imgact_trace_kind kind, int64_t delay_ms,
                   uint32_t request, const char *text) {
  if (!client->trace) return;
  imgact_trace_event e = {.size = sizeof e,
                          .provider = client->provider->name,
                          .message = text,
                          .elapsed_ms = -1,
                          .delay_ms = delay_ms,
                          .http_status = -1,
                          .kind = kind,
                          .request_number = request,
                          .op = op,
                          .op_user_data = op ? op->user_data : NULL};
  client->trace(client->trace_user_data, &e);
}
