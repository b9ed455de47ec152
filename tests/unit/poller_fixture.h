/* SPDX-License-Identifier: MIT */
/* A client with a provider of one operation, and watches whose requests and reports are recorded.
 */
#ifndef POLLER_FIXTURE_H
#define POLLER_FIXTURE_H

#include "exchange.h"
#include "rate_fixture.h"

#define WATCHES 80

typedef struct seen {
  int polls, ends; // reports, and how many of them were final
  imgact_status status;
  char message[512], raw[256];
  imgact_action_status action;
  int64_t at_ms;
} seen;

typedef struct sent {
  imgact_exchange *exchange;
  const imgact_http_request *request;
  char line[1024];
  int64_t timeout_ms, at_ms;
} sent;

typedef struct poller_fixture {
  rate_fixture rate_fixture;
  imgact_client client;
  imgact_slot slots[IMGACT_OP_COUNT];
  imgact_provider provider;
  ia_watch watches[WATCHES];
  char ids[WATCHES][8];
  seen seen[WATCHES];
  sent sent[400];
  size_t count; // of requests
  bool released_client;
  ia_watch *to_stop; // stopped by the next report
  int32_t kind;      // of every decoded action
} poller_fixture;

static poller_fixture s;

// ---- a provider

static inline imgact_status encode(const imgact_call *call, imgact_request *request,
                                   imgact_error *error) {
  (void)error;
  if (call->image_ref != NULL) imgact_request_add_segment(request, call->image_ref);
  imgact_request_add_segment(request, "actions");
  for (size_t i = 0; i < call->action_ids_count; i++)
    imgact_request_add_query(request, "id", call->action_ids[i]);
  return IMGACT_OK;
}

static inline int add(const imgact_call *call, imgact_result *result, const imgact_json *object) {
  (void)call;
  imgact_action *action = imgact_result_add_action(result, object);
  action->id = imgact_decode_id(result, imgact_json_get(object, "id"));
  action->started_at = imgact_decode_time(imgact_json_get(object, "from"));
  action->finished_at = imgact_decode_time(imgact_json_get(object, "to"));
  action->kind = (imgact_action_kind)s.kind;
  const imgact_json *status = imgact_json_get(object, "status");
  action->status = imgact_json_equals(status, "running")   ? IMGACT_ACTION_STATUS_RUNNING
                   : imgact_json_equals(status, "success") ? IMGACT_ACTION_STATUS_SUCCESS
                                                           : IMGACT_ACTION_STATUS_ERROR;
  const imgact_json *image = imgact_json_get(object, "image");
  imgact_resource *resource = imgact_result_alloc_resources(result, 1);
  if (resource != NULL && image != NULL) {
    *resource = (imgact_resource){imgact_decode_id(result, image), "image"};
    action->resources = resource;
    action->resources_count = 1;
  }

  return 1;
}

static inline imgact_status decode(const imgact_call *call, const imgact_response *response,
                                   imgact_result *result, imgact_error *error) {
  return imgact_result_add_list(result, call, response, "actions", add, error);
}

static inline void classify(const imgact_call *call, const imgact_response *response,
                            imgact_result *result, imgact_error *error) {
  (void)call;
  const imgact_json *message = imgact_json_get(imgact_response_json(response), "message");
  if (imgact_json_copy_string(message, error->message, sizeof error->message))
    imgact_result_set_error_details(result, message);
}

static inline void rate(const imgact_response *response, imgact_rate_limit_info *info) {
  (void)imgact_response_header_int(response, "left", &info->rate_limit.remaining);
}

// ---- set-up and reports

static inline void released(imgact_client *client) {
  ia_client_clear(client);
  s.released_client = true;
}

static inline void open_with(uint32_t max_ids, size_t fail_at) {
  memset(&s, 0, sizeof s);
  s.kind = IMGACT_ACTION_KIND_CONVERT;
  rate_fixture_open(&s.rate_fixture, fail_at);
  s.slots[IMGACT_OP_WAIT_ACTIONS] = (imgact_slot){
      .encode = encode, .decode = decode, .flags = IMGACT_SLOT_IDEMPOTENT, .max_ids = max_ids};
  s.provider = (imgact_provider){.size = sizeof s.provider,
                                 .name = "example",
                                 .slots = s.slots,
                                 .slots_stride = sizeof *s.slots,
                                 .slots_count = IMGACT_OP_COUNT,
                                 .decode_error = classify,
                                 .decode_rate_limit = rate};
  const imgact_client_options options = {.size = sizeof options, .max_attempts = 1};
  s.client.allocator = &s.rate_fixture.memory.allocator;
  if (!ia_client_init(&s.client, &s.rate_fixture.engine, &s.provider, "https://h", &options))
    s.client.provider = NULL;
  s.client.released = released;
}

static inline void close_client(void) {
  for (size_t i = 0; i < WATCHES; i++) ia_watch_free(&s.watches[i]);
  ia_client_unref(&s.client);
  assert_true(s.released_client);
  assert_int_equal(ia_engine_next_ms(&s.rate_fixture.engine), IA_NEVER);
  rate_fixture_close(&s.rate_fixture);
}

static inline int open_fixture(void **state) {
  (void)state;
  open_with(25, 0);
  return 0;
}

static inline int close_fixture(void **state) {
  (void)state;
  close_client();
  return 0;
}

static inline void report(ia_watch *watch, const imgact_error *error, const char *details) {
  seen *at = &s.seen[watch - s.watches];
  (void)details;
  assert_int_equal(at->ends, 0);
  at->polls++;
  at->at_ms = s.rate_fixture.now_ms;
  at->status = error == NULL ? IMGACT_OK : error->status;
  if (error != NULL) snprintf(at->message, sizeof at->message, "%s", error->message);
  if (error == NULL) {
    at->action = watch->action->status;
    assert_string_equal(watch->action->id, watch->id);
    const char *raw = imgact_action_raw(watch->action);
    snprintf(at->raw, sizeof at->raw, "%s", raw == NULL ? "none" : raw);
  }
  at->ends += error != NULL || at->action != IMGACT_ACTION_STATUS_RUNNING;
  assert_int_equal(watch->active, at->ends == 0);
  if (s.to_stop != NULL) ia_watch_stop(s.to_stop);
  s.to_stop = NULL;
}

static inline ia_watch *watch(size_t index) {
  ia_watch *made = &s.watches[index];
  snprintf(s.ids[index], sizeof s.ids[index], "%zu", index + 1);
  *made = (ia_watch){
      .id = s.ids[index], .policy = {.max_attempts = 1, .deadline_ms = IA_NEVER}, .report = report};
  return made;
}

static inline ia_watch *start(size_t index) {
  ia_watch_start(watch(index), &s.client, false);
  return &s.watches[index];
}

// Sends the requests that are due now.
static inline void send_due(void) {
  const imgact_http_request *request;
  rate_fixture_at(&s.rate_fixture, s.rate_fixture.now_ms);
  for (ia_exchange *exchange;
       (exchange = ia_engine_next_request(&s.rate_fixture.engine, &request));) {
    sent *made = &s.sent[s.count++];
    *made = (sent){&exchange->base, request, "", request->timeout_ms, s.rate_fixture.now_ms};
    snprintf(made->line, sizeof made->line, "%s", request->url + strlen("https://h"));
  }
}

// Advances the clock until a request is sent.
static inline void run(void) {
  size_t before = s.count;
  for (send_due(); s.count == before && ia_engine_next_ms(&s.rate_fixture.engine) != IA_NEVER;
       send_due())
    s.rate_fixture.now_ms = ia_engine_next_ms(&s.rate_fixture.engine);
}

static inline void respond(size_t index, int status, const char *body) {
  static const imgact_header headers[] = {{"left", "77"}};
  imgact_http_response http = {.size = sizeof http,
                               .delivery = IMGACT_DELIVERY_ANSWERED,
                               .status = status,
                               .headers = headers,
                               .headers_count = 1,
                               .body = body,
                               .body_bytes = strlen(body)};
  assert_true(index < s.count && s.sent[index].exchange != NULL);
  imgact_exchange *exchange = s.sent[index].exchange;
  s.sent[index].exchange = NULL;
  imgact_exchange_finish(exchange, &http);
}

// The actions 1 to count, all with this status.
static inline const char *actions(size_t count, const char *status) {
  static char text[16384];
  size_t at = (size_t)snprintf(text, sizeof text, "{\"actions\":[");
  for (size_t i = 1; i <= count; i++)
    at += (size_t)snprintf(text + at, sizeof text - at, "%s{\"id\":%zu,\"status\":\"%s\"}",
                           i > 1 ? "," : "", i, status);
  snprintf(text + at, sizeof text - at, "]}");
  return text;
}

#endif
