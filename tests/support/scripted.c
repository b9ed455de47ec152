// SPDX-License-Identifier: MIT
// The scripted transport. Answers are decided and copied when a request is sent, delivered when the
// virtual clock has come to their time, earliest first, and only those whose requests were sent
// before the dispatch began: code under test that sends from a callback can not keep one dispatch
// busy for ever. Memory is the system's; without any the process ends.
#include "scripted_internal.h"

#include <fnmatch.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void *take(void *block) {
  if (block == NULL) abort();
  return block;
}

static char *copy_bytes(const char *text, size_t length) {
  char *copy = take(malloc(length + 1));
  if (length > 0) memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

static char *copy(const char *text) { return text == NULL ? NULL : copy_bytes(text, strlen(text)); }

static void broken(const char *what) {
  print_error("transport contract broken: %s\n", what);
  _fail(__FILE__, __LINE__);
}

// ---- responses

static stored_answer store(const scripted_answer *answer) {
  stored_answer stored = {.answer = *answer};
  size_t length = answer->body == NULL     ? 0
                  : answer->body_bytes > 0 ? answer->body_bytes
                                           : strlen(answer->body);
  stored.body = answer->body == NULL ? NULL : copy_bytes(answer->body, length);
  stored.headers = copy(answer->headers);
  stored.message = copy(answer->message);
  stored.answer.body = stored.body;
  stored.answer.body_bytes = length;
  stored.answer.headers = stored.headers;
  stored.answer.message = stored.message;
  return stored;
}

static void stored_free(stored_answer *stored) {
  free(stored->body);
  free(stored->headers);
  free(stored->message);
}

static void add_header(text_headers *headers, const char *line, size_t length) {
  const char *colon = memchr(line, ':', length);
  if (colon == NULL) return;
  const char *value = colon + 1, *end = line + length;
  while (value < end && *value == ' ') value++;
  headers->items = take(realloc(headers->items, (headers->count + 1) * sizeof *headers->items));
  headers->items[headers->count++] = (imgact_header){copy_bytes(line, (size_t)(colon - line)), //
                                                     copy_bytes(value, (size_t)(end - value))};
}

static void add_headers(text_headers *headers, const char *lines) {
  while (*lines != '\0') {
    size_t length = strcspn(lines, "\n");
    add_header(headers, lines, length);
    lines += length + (lines[length] == '\n');
  }
}

static void free_const(const char *text) { free((void *)(uintptr_t)text); }

static void headers_free(text_headers *headers) {
  for (size_t i = 0; i < headers->count; i++) {
    free_const(headers->items[i].name);
    free_const(headers->items[i].value);
  }
  free(headers->items);
}

static void add_date(text_headers *headers, int64_t unix_ms) {
  char text[64];
  time_t seconds = (time_t)(unix_ms / 1000);
  struct tm parts;
  if (gmtime_r(&seconds, &parts) == NULL) abort();
  strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT", &parts);
  add_header(headers, text, strlen(text));
}

// ---- requests in flight

static void link_entry(scripted *script, entry *made) {
  made->prev = script->last;
  *(script->last == NULL ? &script->first : &script->last->next) = made;
  script->last = made;
}

static void unlink_entry(scripted *script, entry *made) {
  *(made->prev == NULL ? &script->first : &made->prev->next) = made->next;
  *(made->next == NULL ? &script->last : &made->next->prev) = made->prev;
  made->next = made->prev = NULL;
  made->exchange = NULL;
  made->sent = NULL;
}

// Of the first `among` requests.
static entry *earliest(const scripted *script, size_t among) {
  entry *found = NULL;
  for (entry *at = script->first; at != NULL && at->index < among; at = at->next) {
    if (found == NULL || at->due_ms < found->due_ms) found = at;
  }
  return found;
}

// ---- sending

static text_headers copy_headers(const imgact_header *items, size_t count) {
  text_headers headers = {0};
  if (count > 0) headers.items = take(calloc(count, sizeof *headers.items));
  for (; headers.count < count; headers.count++) {
    const imgact_header *from = &items[headers.count];
    headers.items[headers.count] = (imgact_header){copy(from->name), copy(from->value)};
  }
  return headers;
}

static const char *target_of(const char *url) {
  const char *host = strstr(url, "://");
  const char *target = strpbrk(host == NULL ? url : host + 3, "/?");
  return target == NULL ? "" : target;
}

static char *line_of(const scripted_request *request) {
  size_t head = strlen(request->method) + strlen(request->target) + 2;
  char *line = take(malloc(head + request->body_bytes + 1));
  int length = snprintf(line, head, "%s %s", request->method, request->target);
  if (length < 0) abort();
  if (request->body == NULL) return line;
  line[length] = ' ';
  memcpy(line + length + 1, request->body, request->body_bytes);
  line[(size_t)length + 1 + request->body_bytes] = '\0';
  return line;
}

static entry *log_request(scripted *script, const imgact_http_request *sent) {
  entry *made = take(calloc(1, sizeof *made));
  script->entries = take(realloc(script->entries, (script->entries_count + 1) * sizeof(entry *)));
  made->index = script->entries_count++;
  script->entries[made->index] = made;
  made->method = copy(sent->method);
  made->url = copy(sent->url);
  made->body = sent->body == NULL ? NULL : copy_bytes(sent->body, sent->body_bytes);
  made->headers = copy_headers(sent->headers, sent->headers_count);
  made->request = (scripted_request){.method = made->method,
                                     .url = made->url,
                                     .target = target_of(made->url),
                                     .body = made->body,
                                     .body_bytes = made->body == NULL ? 0 : sent->body_bytes,
                                     .headers = made->headers.items,
                                     .headers_count = made->headers.count,
                                     .timeout_ms = sent->timeout_ms,
                                     .sent_ms = script->now_ms};
  made->request.line = made->line = line_of(&made->request);
  return made;
}

static bool ask_rules(const scripted *script, const scripted_request *request,
                      stored_answer *stored) {
  for (const rule *at = script->rules; at != NULL; at = at->next) {
    scripted_answer answer = {0};
    if (at->function == NULL) {
      if (fnmatch(at->pattern, request->line, 0) != 0) continue;
      answer = at->stored.answer;
    } else if (!at->function(at->user, request, &answer)) {
      continue;
    }
    *stored = store(&answer);
    return true;
  }
  return false;
}

static void decide(scripted *script, entry *made) {
  if (ask_rules(script, &made->request, &made->stored)) return;
  queued *first = script->queue;
  if (first == NULL) {
    script->unexpected++;
    made->stored = store(&(scripted_answer){.failure = IMGACT_FAILURE_UNMATCHED,
                                            .message = "the script has no answer"});
    return;
  }
  script->queue = first->next;
  if (script->queue == NULL) script->queue_end = &script->queue;
  made->stored = first->stored;
  free(first);
}

// As in a real transport: a late response is a time-out, and one above the limit fails.
static void apply_limits(entry *made, const imgact_http_request *sent) {
  scripted_answer *answer = &made->stored.answer;
  if (sent->timeout_ms > 0 && answer->delay_ms > sent->timeout_ms) {
    answer->delay_ms = sent->timeout_ms;
    answer->status = 0;
    answer->delivery = IMGACT_DELIVERY_MAYBE_SENT;
    answer->failure = IMGACT_FAILURE_TIMEOUT;
  } else if (answer->status != 0 && answer->body_bytes > sent->max_body_bytes) {
    answer->status = 0;
    answer->delivery = IMGACT_DELIVERY_MAYBE_SENT;
    answer->failure = IMGACT_FAILURE_TOO_LARGE;
  }
  if (answer->status == 0 && answer->failure == IMGACT_FAILURE_NONE)
    answer->failure = IMGACT_FAILURE_NETWORK;
}

static scripted *script_of(imgact_transport *transport) { return (scripted *)(void *)transport; }

static imgact_status scripted_send(imgact_transport *transport, const imgact_http_request *request,
                                   imgact_exchange *exchange) {
  scripted *script = script_of(transport);
  if (script->destroyed) broken("send after destroy");
  for (const entry *at = script->first; at != NULL; at = at->next) {
    if (at->exchange == exchange) broken("an exchange that is under way is sent again");
  }
  entry *made = log_request(script, request);
  decide(script, made);
  apply_limits(made, request);
  made->sent = request;
  made->exchange = exchange;
  link_entry(script, made);
  int64_t delay_ms = made->stored.answer.delay_ms;
  made->due_ms = delay_ms > INT64_MAX - script->now_ms ? INT64_MAX : script->now_ms + delay_ms;
  imgact_exchange_set_data(exchange, made);
  return IMGACT_OK;
}

// ---- answering

static void deliver(scripted *script, entry *made) {
  const scripted_answer *answer = &made->stored.answer;
  text_headers headers = {0};
  add_headers(&headers,
              answer->headers == NULL ? "Content-Type: application/json\n" : answer->headers);
  if (answer->with_date)
    add_date(&headers, SCRIPTED_EPOCH_MS + script->now_ms + answer->cloud_ahead_ms);
  bool replied = answer->status != 0;
  imgact_http_response response = {.size = sizeof response,
                                   .delivery =
                                       replied ? IMGACT_DELIVERY_ANSWERED : answer->delivery,
                                   .failure = answer->failure,
                                   .status = answer->status,
                                   .headers = replied ? headers.items : NULL,
                                   .headers_count = replied ? headers.count : 0,
                                   .body = replied ? answer->body : NULL,
                                   .body_bytes = replied ? answer->body_bytes : 0,
                                   .message = answer->message};
  imgact_exchange *exchange = made->exchange;
  if (strcmp(made->sent->url, made->url) != 0) broken("the request changed while it was under way");
  if (imgact_exchange_data(exchange) != made) broken("the exchange lost the transport's data");
  unlink_entry(script, made);
  made->request.finished = true;
  imgact_exchange_finish(exchange, &response);
  headers_free(&headers);
}

static void scripted_dispatch(imgact_transport *transport) {
  scripted *script = script_of(transport);
  size_t among = script->entries_count;
  for (;;) {
    entry *next = earliest(script, among);
    if (next == NULL || next->due_ms > script->now_ms) return;
    deliver(script, next);
    if (script->destroyed) broken("destroyed from inside its own dispatch");
  }
}

static void scripted_cancel(imgact_transport *transport, imgact_exchange *exchange) {
  entry *made = imgact_exchange_data(exchange);
  if (made == NULL || made->exchange != exchange)
    broken("cancel of an exchange that is not under way");
  unlink_entry(script_of(transport), made);
  made->request.cancelled = true;
}

static int scripted_fd(imgact_transport *transport) {
  (void)transport;
  return -1;
}

static int scripted_timeout_ms(imgact_transport *transport) {
  const scripted *script = script_of(transport);
  const entry *next = earliest(script, script->entries_count);
  if (next == NULL || next->due_ms == INT64_MAX) return -1;
  int64_t left_ms = next->due_ms - script->now_ms;
  return left_ms <= 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static int64_t scripted_clock_ms(imgact_transport *transport) {
  return SCRIPTED_EPOCH_MS + script_of(transport)->now_ms;
}

static void scripted_clock_advance(imgact_transport *transport, int64_t until_ms) {
  scripted *script = script_of(transport);
  if (until_ms - SCRIPTED_EPOCH_MS > script->now_ms) script->now_ms = until_ms - SCRIPTED_EPOCH_MS;
}

static void scripted_destroy(imgact_transport *transport) {
  scripted *script = script_of(transport);
  if (script->destroyed) broken("destroyed twice");
  script->destroyed = true;
  while (script->first != NULL) unlink_entry(script, script->first);
}

// ---- the script

scripted *scripted_new(void) {
  scripted *script = take(calloc(1, sizeof *script));
  script->transport = (imgact_transport){.size = sizeof(imgact_transport),
                                         .send = scripted_send,
                                         .cancel = scripted_cancel,
                                         .dispatch = scripted_dispatch,
                                         .fd = scripted_fd,
                                         .timeout_ms = scripted_timeout_ms,
                                         .destroy = scripted_destroy,
                                         .now_ms = scripted_clock_ms,
                                         .advance_to = scripted_clock_advance};
  script->rules_end = &script->rules;
  script->queue_end = &script->queue;
  return script;
}

imgact_transport *scripted_transport(scripted *script) { return &script->transport; }

bool scripted_destroyed(const scripted *script) { return script->destroyed; }

static void entry_free(entry *made) {
  headers_free(&made->headers);
  stored_free(&made->stored);
  free(made->line);
  free(made->method);
  free(made->url);
  free(made->body);
  free(made);
}

void scripted_free(scripted *script) {
  if (script == NULL) return;
  for (size_t i = 0; i < script->entries_count; i++) entry_free(script->entries[i]);
  free(script->entries);
  for (rule *at = script->rules, *next; at != NULL; at = next) {
    next = at->next;
    stored_free(&at->stored);
    free(at->pattern);
    free(at);
  }
  for (queued *at = script->queue, *next; at != NULL; at = next) {
    next = at->next;
    stored_free(&at->stored);
    free(at);
  }
  free(script);
}

void scripted_next(scripted *script, scripted_answer answer) {
  queued *made = take(calloc(1, sizeof *made));
  made->stored = store(&answer);
  *script->queue_end = made;
  script->queue_end = &made->next;
}

void scripted_json(scripted *script, int32_t status, const char *body) {
  scripted_next(script, (scripted_answer){.status = status, .body = body});
}

void scripted_fail(scripted *script, imgact_delivery delivery, imgact_failure failure) {
  scripted_next(script, (scripted_answer){.delivery = delivery, .failure = failure});
}

static rule *add_rule(scripted *script) {
  rule *made = take(calloc(1, sizeof *made));
  *script->rules_end = made;
  script->rules_end = &made->next;
  return made;
}

void scripted_on(scripted *script, const char *pattern, scripted_answer answer) {
  rule *made = add_rule(script);
  made->pattern = copy(pattern);
  made->stored = store(&answer);
}

void scripted_when(scripted *script, scripted_rule function, void *user) {
  rule *made = add_rule(script);
  made->function = function;
  made->user = user;
}
