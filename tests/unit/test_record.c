// SPDX-License-Identifier: MIT
// The entries of a recording, and the transport that it wraps.
#include "failing_allocator.h"
#include "recorder_fixture.h"

// ---- form

TEST(recorder_entry_has_all_har_members) {
  recording made = start(NULL);
  scripted_next(made.script,
                (scripted_answer){
                    .status = 201,
                    .headers = "Content-Type: application/json\nRateLimit-Limit: 3600\nServer: x\n",
                    .body = "{\"a\":\"\xc3\xa9\"}",
                    .delay_ms = 250});
  kept_exchange kept;
  imgact_http_request request = authorized("POST", "https://h/v1/images?name=a%20b&x");
  request.body = "{\"type\":\"convert\"}";
  request.body_bytes = strlen(request.body);

  exchange_with(&made, &request, &kept);
  assert_int_equal(kept.response.status, 201);
  forget(&kept);
  char *text = finish(&made);
  imgact_json_doc *doc = parsed(text);
  expect_text(doc, "log.version", "1.2");
  expect_text(doc, "log.creator.name", "imgact");
  expect_text(doc, "log.creator.version", IMGACT_VERSION_STRING);
  assert_int_equal(imgact_json_count(at(doc, "log.entries")), 1);
  expect_text(doc, "log.entries.0.startedDateTime", "2026-01-01T00:00:00.000Z");
  expect_number(doc, "log.entries.0.time", 250);
  expect_text(doc, "log.entries.0.request.method", "POST");
  expect_text(doc, "log.entries.0.request.url", "https://h/v1/images?name=a%20b&x");
  expect_text(doc, "log.entries.0.request.headers.0.name", "Accept");
  expect_text(doc, "log.entries.0.request.headers.1.value", "app/1.0");
  assert_int_equal(imgact_json_count(at(doc, "log.entries.0.request.headers")), 2);
  expect_text(doc, "log.entries.0.request.queryString.0.value", "a b");
  expect_text(doc, "log.entries.0.request.queryString.1.name", "x");
  expect_text(doc, "log.entries.0.request.postData.text", "{\"type\":\"convert\"}");
  expect_number(doc, "log.entries.0.request.bodySize", 18);
  expect_number(doc, "log.entries.0.request.headersSize", -1);
  expect_number(doc, "log.entries.0.response.status", 201);
  expect_text(doc, "log.entries.0.response.statusText", "");
  expect_text(doc, "log.entries.0.response.redirectURL", "");
  assert_int_equal(imgact_json_count(at(doc, "log.entries.0.response.headers")), 2);
  expect_text(doc, "log.entries.0.response.content.mimeType", "application/json");
  expect_text(doc, "log.entries.0.response.content.text", "{\"a\":\"\xc3\xa9\"}");
  assert_int_equal(imgact_json_get_type(at(doc, "log.entries.0.response.content.encoding")),
                   IMGACT_JSON_ABSENT);
  assert_int_equal(imgact_json_get_type(at(doc, "log.entries.0.response.cookies")),
                   IMGACT_JSON_ARRAY);
  assert_int_equal(imgact_json_get_type(at(doc, "log.entries.0.cache")), IMGACT_JSON_OBJECT);
  expect_number(doc, "log.entries.0.timings.send", 0);
  expect_number(doc, "log.entries.0.timings.wait", 250);
  expect_number(doc, "log.entries.0.timings.receive", 0);
  assert_int_equal(imgact_json_get_type(at(doc, "log.entries.0._imgact")), IMGACT_JSON_ABSENT);

  imgact_json_doc_free(doc);
  free(text);
}

TEST(recorder_entries_keep_send_order) {
  static const char *const urls[] = {"https://h/0", "https://h/1", "https://h/2"};
  recording made = start(NULL);
  imgact_http_request requests[3];
  kept_exchange kept[3];

  for (int i = 0; i < 3; i++) {
    scripted_next(made.script, (scripted_answer){.status = 200 + i, .delay_ms = 100 - 50 * i});
    requests[i] = authorized("GET", urls[i]);
    kept[i] = new_exchange();
    assert_int_equal(made.transport->send(made.transport, &requests[i], &kept[i].exchange),
                     IMGACT_OK);
  }
  drive(made.transport);
  char *text = finish(&made);
  imgact_json_doc *doc = parsed(text);
  for (int i = 0; i < 3; i++) {
    char path[64];
    snprintf(path, sizeof path, "log.entries.%d.request.url", i);
    expect_text(doc, path, urls[i]);
    snprintf(path, sizeof path, "log.entries.%d.response.status", i);
    expect_number(doc, path, 200 + i);
    snprintf(path, sizeof path, "log.entries.%d.time", i);
    expect_number(doc, path, 100 - 50 * i);
    forget(&kept[i]);
  }

  imgact_json_doc_free(doc);
  free(text);
}

TEST(recorder_failure_is_saved_with_reason) {
  recording made = start(NULL);
  scripted_next(made.script, (scripted_answer){.delivery = IMGACT_DELIVERY_NOT_SENT,
                                               .failure = IMGACT_FAILURE_TLS,
                                               .message = "no trust"});
  scripted_fail(made.script, IMGACT_DELIVERY_MAYBE_SENT, IMGACT_FAILURE_TIMEOUT);

  ask(&made, "GET", "https://h/a");
  ask(&made, "GET", "https://h/b");
  char *text = finish(&made);
  imgact_json_doc *doc = parsed(text);
  expect_number(doc, "log.entries.0.response.status", 0);
  expect_text(doc, "log.entries.0._imgact.delivery", "not_sent");
  expect_text(doc, "log.entries.0._imgact.failure", "tls");
  expect_text(doc, "log.entries.0._imgact.message", "no trust");
  expect_text(doc, "log.entries.1._imgact.delivery", "maybe_sent");
  expect_text(doc, "log.entries.1._imgact.failure", "timeout");

  imgact_json_doc_free(doc);
  free(text);
}

TEST(recorder_open_exchange_is_saved_cancelled) {
  recording made = start(NULL);
  imgact_http_request request = authorized("GET", "https://h/a");
  kept_exchange given_up = new_exchange(), open = new_exchange();
  scripted_on(made.script, "*", (scripted_answer){.status = 200, .delay_ms = 1000});

  assert_int_equal(made.transport->send(made.transport, &request, &given_up.exchange), IMGACT_OK);
  made.transport->advance_to(made.transport, made.transport->now_ms(made.transport) + 30);
  made.transport->cancel(made.transport, &given_up.exchange);
  assert_int_equal(scripted_in_flight(made.script), 0);
  assert_int_equal(made.transport->send(made.transport, &request, &open.exchange), IMGACT_OK);
  char *text = finish(&made);
  imgact_json_doc *doc = parsed(text);
  expect_text(doc, "log.entries.0._imgact.failure", "cancelled");
  expect_number(doc, "log.entries.0.time", 30);
  expect_text(doc, "log.entries.1._imgact.failure", "cancelled");
  assert_int_equal(given_up.finished + open.finished, 0);

  imgact_json_doc_free(doc);
  free(text);
}

TEST(recorder_binary_body_is_saved_base64) {
  recording made = start(NULL);
  scripted_next(made.script,
                (scripted_answer){.status = 200, .body = "\0\xff\x01", .body_bytes = 3});
  ask(&made, "GET", "https://h/a");
  char *text = finish(&made);
  imgact_json_doc *doc = parsed(text);
  expect_text(doc, "log.entries.0.response.content.text", "AP8B");
  expect_text(doc, "log.entries.0.response.content.encoding", "base64");
  expect_number(doc, "log.entries.0.response.content.size", 3);
  imgact_json_doc_free(doc);
  free(text);
}

TEST(recorder_response_passes_unchanged) {
  recording made = start(NULL);
  scripted_next(made.script, (scripted_answer){.status = 401,
                                               .headers = "X-Echo: " TOKEN "\nSet-Cookie: a=b\n",
                                               .body = "token " TOKEN});
  kept_exchange kept;
  imgact_http_request request = authorized("GET", "https://h/a");

  exchange_with(&made, &request, &kept);
  assert_string_equal(kept.response.body, "token " TOKEN);
  assert_string_equal(kept.headers, "X-Echo: " TOKEN "\nSet-Cookie: a=b\n");
  assert_string_equal(scripted_header(scripted_at(made.script, 0), "authorization"),
                      "Bearer " TOKEN);

  forget(&kept);
  free(finish(&made));
}

// ---- passing on

static imgact_status no_send(imgact_transport *transport, const imgact_http_request *request,
                             imgact_exchange *exchange) {
  (void)transport, (void)request, (void)exchange;
  return IMGACT_INTERNAL;
}
static void do_nothing(imgact_transport *transport) { (void)transport; }
static int number_5(imgact_transport *transport) {
  (void)transport;
  return 5;
}
static void raise_flag(imgact_transport *transport) { transport->reserved++; }

static void no_cancel(imgact_transport *transport, imgact_exchange *exchange) {
  (void)transport, (void)exchange;
}

static imgact_transport whole_transport(void) {
  return (imgact_transport){.size = sizeof(imgact_transport),
                            .send = no_send,
                            .cancel = no_cancel,
                            .dispatch = do_nothing,
                            .fd = number_5,
                            .timeout_ms = number_5,
                            .wakeup = raise_flag,
                            .destroy = do_nothing,
                            .flags = IMGACT_TRANSPORT_OFFLINE};
}

TEST(recorder_forwards_to_wrapped_transport) {
  folder there = new_folder();
  imgact_transport inner = whole_transport();
  imgact_transport *made = NULL;

  assert_int_equal(imgact_transport_new_recorder(&inner, there.file, NULL, &made, NULL), IMGACT_OK);
  assert_int_equal(made->fd(made), 5);
  assert_int_equal(made->timeout_ms(made), 5);
  assert_int_equal(made->flags, IMGACT_TRANSPORT_OFFLINE);
  assert_null(made->now_ms);
  assert_null(made->advance_to);
  made->wakeup(made);
  assert_int_equal(inner.reserved, 1);
  kept_exchange kept = new_exchange();
  imgact_http_request request = authorized("GET", "https://h/");
  assert_int_equal(made->send(made, &request, &kept.exchange), IMGACT_INTERNAL);
  made->destroy(made);
  char *text = read_text(there.file);
  imgact_json_doc *doc = parsed(text);
  assert_int_equal(imgact_json_count(at(doc, "log.entries")), 0); // a rejected request has no entry

  imgact_json_doc_free(doc);
  free(text);
  remove_folder(&there);
}

// As in a loop, and before a file is opened. The transport is destroyed in any case.
TEST(recorder_new_incomplete_transport_is_rejected) {
  folder there = new_folder();
#define WITHOUT(member)                                                                            \
  do {                                                                                             \
    imgact_transport inner = whole_transport(), *made = &inner;                                    \
    imgact_error error;                                                                            \
    inner.destroy = raise_flag;                                                                    \
    inner.member = 0;                                                                              \
    assert_int_equal(imgact_transport_new_recorder(&inner, there.file, NULL, &made, &error),       \
                     IMGACT_INVALID_ARGUMENT);                                                     \
    assert_null(made);                                                                             \
    assert_non_null(strstr(error.message, "transport"));                                           \
    assert_int_equal(inner.reserved, inner.destroy != NULL);                                       \
  } while (0)
  WITHOUT(size);
  WITHOUT(send);
  WITHOUT(cancel);
  WITHOUT(dispatch);
  WITHOUT(fd);
  WITHOUT(timeout_ms);
  WITHOUT(destroy);
#undef WITHOUT
  assert_int_equal(remove_folder(&there), 0);
}

// ---- memory

TEST(recorder_without_memory_ends_cleanly) {
  char body[3000] = "\xff" TOKEN " dop_v1_0123456789 "; // needs a block of the arena for itself
  memset(body + strlen(body), 'x', sizeof body - 1 - strlen(body));
  for (size_t k = 1, failures = 1; failures > 0; k++) {
    failing_allocator memory;
    failing_allocator_init(&memory, k);
    folder there = new_folder();
    scripted *script = scripted_new();
    scripted_next(script,
                  (scripted_answer){.status = 200, .body = body, .headers = "Date: x\nETag: y\n"});
    scripted_fail(script, IMGACT_DELIVERY_MAYBE_SENT, IMGACT_FAILURE_NETWORK);
    imgact_transport *made = NULL;
    imgact_error error;
    imgact_status status = imgact_transport_new_recorder(scripted_transport(script), there.file,
                                                         &memory.allocator, &made, &error);
    imgact_http_request request = authorized("POST", "https://h/a?b=c");
    request.body = "{}";
    request.body_bytes = 2;
    kept_exchange kept[2] = {new_exchange(), new_exchange()};
    for (int i = 0; i < 2 && status == IMGACT_OK; i++) {
      status = made->send(made, &request, &kept[i].exchange);
      if (status != IMGACT_OK) break;
      drive(made);
      assert_int_equal(kept[i].finished, 1); // a failed recording does not fail the exchange
    }
    if (made != NULL && status == IMGACT_OK) status = imgact_recorder_save(made, &error);
    failures = memory.failures;
    assert_int_equal(status, failures > 0 ? IMGACT_NOMEM : IMGACT_OK);
    assert_int_equal(access(there.file, F_OK), failures > 0 ? -1 : 0);
    if (made != NULL) made->destroy(made);
    for (int i = 0; i < 2; i++) forget(&kept[i]);
    scripted_free(script);
    remove_folder(&there);
    assert_memory_fine(&memory);
  }
}

int main(void) { return testing_run(NULL, NULL); }
