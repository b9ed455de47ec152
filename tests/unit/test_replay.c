// SPDX-License-Identifier: MIT
#include "exchanges.h"
#include "failing_allocator.h"
#include "scripted.h"

#include <limits.h>

#define HEAD     "{\"log\":{\"entries\":["
#define TAIL     "]}}"
#define GET(url) "\"request\":{\"method\":\"GET\",\"url\":\"" url "\"}"
#define POST(url, body)                                                                            \
  "\"request\":{\"method\":\"POST\",\"url\":\"" url "\",\"postData\":{\"text\":\"" body "\"}}"
#define REPLY(status, text)                                                                        \
  "\"response\":{\"status\":" #status ",\"content\":{\"text\":\"" text "\"}}"
#define AT(time, took) "\"startedDateTime\":\"" time "\",\"time\":" #took ","

static imgact_transport *replay_with(const char *text, const imgact_allocator *allocator) {
  folder there = new_folder();
  imgact_transport *made = NULL;
  imgact_error error;
  write_text(there.file, text);
  imgact_status status = imgact_transport_new_replayer(there.file, allocator, &made, &error);
  remove_folder(&there);
  if (status != IMGACT_OK && allocator == NULL) fail_msg("%s", error.message);
  return made;
}

static imgact_transport *replay(const char *text) { return replay_with(text, NULL); }

static void send_only(imgact_transport *transport, const imgact_http_request *request,
                      kept_exchange *kept) {
  *kept = new_exchange();
  assert_int_equal(transport->send(transport, request, &kept->exchange), IMGACT_OK);
  assert_int_equal(kept->finished, 0); // never from inside
}

static void expect_reply(imgact_transport *transport, const imgact_http_request *request,
                         int status, const char *body) {
  kept_exchange kept;
  send_only(transport, request, &kept);
  assert_int_equal(transport->timeout_ms(transport), 0);
  transport->dispatch(transport);
  assert_int_equal(kept.finished, 1);
  if (kept.response.delivery != IMGACT_DELIVERY_ANSWERED) fail_msg("%s", kept.response.message);
  assert_int_equal(kept.response.failure, IMGACT_FAILURE_NONE);
  assert_int_equal(kept.response.status, status);
  assert_string_equal(kept.response.body == NULL ? "" : kept.response.body, body);
  forget(&kept);
  assert_int_equal(transport->timeout_ms(transport), -1);
}

static void expect_get(imgact_transport *transport, const char *url, int status, const char *body) {
  imgact_http_request request = request_to("GET", url);
  expect_reply(transport, &request, status, body);
}

static void expect_unmatched(imgact_transport *transport, const char *url, const char *why) {
  kept_exchange kept;
  imgact_http_request request = request_to("GET", url);
  send_only(transport, &request, &kept);
  transport->dispatch(transport);
  assert_int_equal(kept.finished, 1);
  assert_int_equal(kept.response.delivery, IMGACT_DELIVERY_NOT_SENT);
  assert_int_equal(kept.response.failure, IMGACT_FAILURE_UNMATCHED);
  assert_int_equal(kept.response.status, 0);
  if (strstr(kept.response.message, why) == NULL)
    fail_msg("'%s' does not say '%s'", kept.response.message, why);
  forget(&kept);
}

static void expect_unused(const imgact_transport *transport, size_t count, const char *first) {
  const char *name = "";
  assert_int_equal(imgact_replayer_unused(transport, NULL), count);
  assert_int_equal(imgact_replayer_unused(transport, &name), count);
  if (first == NULL)
    assert_null(name);
  else
    assert_string_equal(name, first);
}

// ---- matching

TEST(replayer_request_takes_first_unused_entry) {
  imgact_transport *made = replay(HEAD "{" GET("https://rec/v1/a?x=1&y=2") "," REPLY(
      200, "first") "},"
                    "{" GET("https://rec/v1/b") "," REPLY(
                        404, "b") "},"
                                  "{" GET("https://rec/v1/a?x=1&y=2") "," REPLY(201,
                                                                                "second") "}" TAIL);
  expect_unused(made, 3, "GET /v1/a?x=1&y=2");
  expect_get(made, "http://127.0.0.1:8080/v1/a?y=2&x=%31", 200, "first");
  expect_unused(made, 2, "GET /v1/b");
  expect_get(made, "https://other/v1/a?x=1&y=2", 201, "second");
  expect_unmatched(made, "https://other/v1/a?x=1&y=2", "was answered already");
  expect_unused(made, 1, "GET /v1/b");
  expect_get(made, "https://rec/v1/b", 404, "b");
  expect_unused(made, 0, NULL);
  made->destroy(made);
}

TEST(replayer_body_distinguishes_requests) {
  imgact_transport *made = replay(HEAD "{" POST(
      "https://h/a",
      "{\\\"type\\\":\\\"transfer\\\",\\\"region\\\":"
      "\\\"nyc3\\\"}") "," REPLY(201,
                                 "nyc3") "},{" POST("https://h/a",
                                                    "{\\\"type\\\":\\\"transfer\\\",\\\"region\\\":"
                                                    "\\\"ams2\\\"}") "," REPLY(201,
                                                                               "ams2") "}" TAIL);
  imgact_http_request request = request_to("POST", "https://h/a");
  request.body = "{ \"region\": \"ams2\", \"type\": \"transfer\" }";
  request.body_bytes = strlen(request.body);
  expect_reply(made, &request, 201, "ams2");
  request.body = "{\"region\":\"nyc3\",\"type\":\"transfer\"}";
  request.body_bytes = strlen(request.body);
  expect_reply(made, &request, 201, "nyc3");
  made->destroy(made);
}

TEST(replayer_returns_headers_and_body) {
  imgact_transport *made =
      replay(HEAD "{" GET("https://h/a") ",\"response\":{\"status\":200,\"headers\":[{\"name\":"
                                         "\"Date\",\"value\":\"d\"},"
                                         "{\"name\":\"Link\",\"value\":\"l\"}],\"content\":{"
                                         "\"text\":\"AP8B\",\"encoding\":"
                                         "\"base64\"}}}" TAIL);
  kept_exchange kept;
  imgact_http_request request = request_to("GET", "https://h/a");
  send_only(made, &request, &kept);
  made->dispatch(made);
  assert_string_equal(kept.headers, "Date: d\nLink: l\n");
  assert_int_equal(kept.response.body_bytes, 3);
  assert_memory_equal(kept.response.body, "\0\xff\x01", 3);
  forget(&kept);
  made->destroy(made);
}

TEST(replayer_repeats_recorded_failure) {
  imgact_transport *made =
      replay(HEAD "{" GET("https://h/a") ",\"response\":{\"status\":0},\"_imgact\":{\"delivery\":"
                                         "\"not_sent\",\"failure\":\"tls\","
                                         "\"message\":\"no trust\"}}" TAIL);
  kept_exchange kept;
  imgact_http_request request = request_to("GET", "https://h/a");
  send_only(made, &request, &kept);
  made->dispatch(made);
  assert_int_equal(kept.response.delivery, IMGACT_DELIVERY_NOT_SENT);
  assert_int_equal(kept.response.failure, IMGACT_FAILURE_TLS);
  assert_string_equal(kept.response.message, "no trust");
  forget(&kept);
  made->destroy(made);
}

TEST(replayer_body_above_limit_fails) {
  imgact_transport *made = replay(HEAD "{" GET("https://h/a") "," REPLY(
      200, "12345") "},"
                    "{" GET("https://h/a") "," REPLY(200, "1234") "}" TAIL);
  kept_exchange kept;
  imgact_http_request request = request_to("GET", "https://h/a");
  request.max_body_bytes = 4;
  send_only(made, &request, &kept);
  made->dispatch(made);
  assert_int_equal(kept.response.delivery, IMGACT_DELIVERY_MAYBE_SENT);
  assert_int_equal(kept.response.failure, IMGACT_FAILURE_TOO_LARGE);
  forget(&kept);
  expect_reply(made, &request, 200, "1234");
  made->destroy(made);
}

TEST(replayer_unknown_request_is_unmatched) {
  imgact_transport *made =
      replay(HEAD "{" GET("https://h/v1/images/4711") "," REPLY(200, "") "}" TAIL);
  expect_unmatched(made, "https://h/v1/images/4712",
                   "does not answer GET /v1/images/4712; the nearest one, log.entries[0], is GET "
                   "/v1/images/4711");
  made->destroy(made);
  made = replay(HEAD TAIL);
  expect_unmatched(made, "https://h/v1/images/4712", "it is empty");
  expect_unused(made, 0, NULL);
  made->destroy(made);
}

// ---- time

#define T0 INT64_C(1772359200000) /* 2026-03-01T10:00:00Z */

TEST(replayer_clock_follows_responses) {
  imgact_transport *made =
      replay(HEAD "{" AT("2026-03-01T10:00:00Z", 250) GET("https://h/a") "," REPLY(
          200, "") "},"
                   "{" AT("2026-03-01T10:01:00Z", 500) GET("https://h/b") "," REPLY(
                       200, "") "},"
                                "{" AT("2026-03-01T10:00:30Z", 0) GET("https://h/c") "," REPLY(
                                    200, "") "},"
                                             "{\"time\":70," GET("https://h/d") "," REPLY(
                                                 200, "") "}" TAIL);
  assert_true(made->now_ms(made) == T0);
  expect_get(made, "https://h/a", 200, "");
  assert_true(made->now_ms(made) == T0 + 250);
  made->advance_to(made, T0 + 10000);
  assert_true(made->now_ms(made) == T0 + 10000);
  made->advance_to(made, T0);
  assert_true(made->now_ms(made) == T0 + 10000);
  expect_get(made, "https://h/b", 200, "");
  assert_true(made->now_ms(made) == T0 + 60500);
  expect_get(made, "https://h/c", 200, "");
  assert_true(made->now_ms(made) == T0 + 60500);
  expect_get(made, "https://h/d", 200, ""); // tells no time: as long as it took, from now
  assert_true(made->now_ms(made) == T0 + 60570);
  made->destroy(made);
}

TEST(replayer_clock_without_times_is_fixed) {
  imgact_transport *made = replay(HEAD "{" GET("https://h/a") "," REPLY(200, "") "}" TAIL);
  assert_true(made->now_ms(made) == INT64_C(1767225600000));
  made->destroy(made);
}

TEST(replayer_responses_keep_recorded_order) {
  static const char *const urls[] = {"https://h/a", "https://h/b", "https://h/c"};
  imgact_transport *made =
      replay(HEAD "{" AT("2026-03-01T10:00:00Z", 900) GET("https://h/a") "," REPLY(
          200, "") "},"
                   "{" AT("2026-03-01T10:00:00Z", 100) GET("https://h/b") "," REPLY(
                       200, "") "},"
                                "{" AT("2026-03-01T10:00:00Z", 500)
                                    GET("https://h/c") "," REPLY(200, "") "}" TAIL);
  kept_exchange kept[3];
  imgact_http_request requests[3];
  for (int i = 0; i < 3; i++) {
    requests[i] = request_to("GET", urls[i]);
    send_only(made, &requests[i], &kept[i]);
  }
  made->dispatch(made);
  assert_int_equal(kept[0].finished + kept[1].finished + kept[2].finished, 3);
  assert_true(kept[1].order < kept[2].order && kept[2].order < kept[0].order);
  for (int i = 0; i < 3; i++) forget(&kept[i]);
  assert_true(made->now_ms(made) == T0 + 900);
  made->destroy(made);
}

TEST(replayer_cancelled_entry_times_out) {
  imgact_transport *made = replay(HEAD "{" AT("2026-03-01T10:00:00Z", 5) GET(
      "https://h/a") ",\"response\":{\"status\":0},\"_imgact\":{\"failure\":\"cancelled\"}},"
                     "{" GET("https://h/b") "," REPLY(200, "b") "}" TAIL);
  kept_exchange kept;
  imgact_http_request request = request_to("GET", "https://h/a"),
                      other = request_to("GET", "https://h/b");
  send_only(made, &request, &kept);
  assert_int_equal(made->timeout_ms(made), 30000);
  made->dispatch(made);
  assert_int_equal(kept.finished, 0);
  kept_exchange beside;
  send_only(made, &other, &beside);
  made->dispatch(made);
  assert_int_equal(beside.finished, 1);
  forget(&beside);
  made->advance_to(made, T0 + 29999);
  assert_int_equal(made->timeout_ms(made), 1);
  made->dispatch(made);
  assert_int_equal(kept.finished, 0);
  made->advance_to(made, T0 + 30000);
  made->dispatch(made);
  assert_int_equal(kept.finished, 1);
  assert_int_equal(kept.response.delivery, IMGACT_DELIVERY_MAYBE_SENT);
  assert_int_equal(kept.response.failure, IMGACT_FAILURE_TIMEOUT);
  forget(&kept);
  made->destroy(made);
}

TEST(replayer_cancelled_without_timeout_never_ends) {
  imgact_transport *made = replay(HEAD "{" GET(
      "https://h/a") ",\"response\":{\"status\":0},\"_imgact\":{\"failure\":\"cancelled\"}}" TAIL);
  kept_exchange kept;
  imgact_http_request request = request_to("GET", "https://h/a");
  request.timeout_ms = 0;
  send_only(made, &request, &kept);
  assert_int_equal(made->timeout_ms(made), -1);
  made->cancel(made, &kept.exchange);
  made->dispatch(made);
  assert_int_equal(kept.finished, 0);
  made->destroy(made);
}

// ---- life

TEST(replayer_is_offline_without_descriptor) {
  imgact_transport *made = replay(HEAD TAIL);
  assert_int_equal(made->flags & IMGACT_TRANSPORT_OFFLINE, IMGACT_TRANSPORT_OFFLINE);
  assert_int_equal(made->fd(made), -1);
  assert_int_equal(made->timeout_ms(made), -1);
  made->dispatch(made);
  made->destroy(made);
}

TEST(replayer_cancelled_exchange_never_finishes) {
  imgact_transport *made = replay(HEAD "{" GET("https://h/a") "," REPLY(200, "") "}" TAIL);
  kept_exchange kept[2];
  imgact_http_request request = request_to("GET", "https://h/a");
  send_only(made, &request, &kept[0]);
  send_only(made, &request, &kept[1]); // unmatched
  made->cancel(made, &kept[1].exchange);
  made->cancel(made, &kept[0].exchange);
  assert_int_equal(made->timeout_ms(made), -1);
  made->dispatch(made);
  assert_int_equal(kept[0].finished + kept[1].finished, 0);
  expect_unused(made, 0, NULL);
  made->destroy(made);
}

TEST(replayer_destroy_drops_open_exchanges) {
  imgact_transport *made = replay(HEAD TAIL);
  kept_exchange kept;
  imgact_http_request request = request_to("GET", "https://h/a");
  send_only(made, &request, &kept);
  made->destroy(made);
  assert_int_equal(kept.finished, 0);
}

// An exchange that sends the next one, and cancels another, from its end.
typedef struct chained {
  imgact_exchange exchange; // first
  imgact_transport *transport;
  const imgact_http_request *request;
  imgact_exchange *next, *victim;
  int finished;
} chained;

static void chained_finished(imgact_exchange *exchange, const imgact_http_response *response) {
  chained *self = (chained *)(void *)exchange;
  assert_int_equal(response->status, 200);
  self->finished++;
  if (self->victim != NULL) self->transport->cancel(self->transport, self->victim);
  assert_int_equal(self->transport->send(self->transport, self->request, self->next), IMGACT_OK);
}

TEST(replayer_callback_may_send_and_cancel) {
  imgact_transport *made = replay(HEAD "{" GET("https://h/a") "," REPLY(200, "1") "},{" GET(
      "https://h/a") "," REPLY(200, "2") "},"
                                         "{" GET("https://h/a") "," REPLY(200, "3") "}" TAIL);
  kept_exchange next = new_exchange(), victim;
  imgact_http_request request = request_to("GET", "https://h/a");
  chained first = {.exchange = {.on_finished = chained_finished},
                   .transport = made,
                   .request = &request,
                   .next = &next.exchange,
                   .victim = &victim.exchange};
  assert_int_equal(made->send(made, &request, &first.exchange), IMGACT_OK);
  send_only(made, &request, &victim);
  made->dispatch(made);
  assert_int_equal(first.finished, 1);
  assert_int_equal(victim.finished, 0);
  assert_int_equal(next.finished, 0); // waits for the next dispatch
  assert_int_equal(made->timeout_ms(made), 0);
  made->dispatch(made);
  assert_string_equal(next.response.body, "3");
  forget(&next);
  made->destroy(made);
}

TEST(replayer_new_invalid_file_is_rejected) {
  folder there = new_folder();
  imgact_transport *made = (imgact_transport *)(void *)&there;
  imgact_error error;
  write_text(there.file, "{ no har");
  assert_int_equal(imgact_transport_new_replayer(there.file, NULL, &made, &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_null(made);
  assert_non_null(strstr(error.message, there.file));
  assert_int_equal(imgact_transport_new_replayer(NULL, NULL, &made, &error),
                   IMGACT_INVALID_ARGUMENT);
  const imgact_allocator holes = {.size = sizeof holes};
  assert_int_equal(imgact_transport_new_replayer(there.file, &holes, &made, &error),
                   IMGACT_INVALID_ARGUMENT);
  remove_folder(&there);
}

TEST(replayer_unused_other_transport_is_zero) {
  scripted *script = scripted_new();
  expect_unused(scripted_transport(script), 0, NULL);
  expect_unused(NULL, 0, NULL);
  scripted_free(script);
}

TEST(replayer_without_memory_ends_cleanly) {
  for (size_t k = 1, failures = 1; failures > 0; k++) {
    failing_allocator memory;
    failing_allocator_init(&memory, k);
    imgact_transport *made =
        replay_with(HEAD "{" POST("https://h/a?b=1", "{\\\"a\\\":1}") "," REPLY(200, "x") "}" TAIL,
                    &memory.allocator);
    kept_exchange kept[2] = {new_exchange(), new_exchange()};
    imgact_http_request request = request_to("POST", "https://h/a?b=1");
    request.body = "{ \"a\": 1 }";
    request.body_bytes = 10;
    for (int i = 0; i < 2 && made != NULL; i++) {
      imgact_status status = made->send(made, &request, &kept[i].exchange);
      if (status == IMGACT_OK) {
        made->dispatch(made);
        assert_int_equal(kept[i].finished, 1);
        if (memory.failures == 0) assert_int_equal(kept[i].response.status, i == 0 ? 200 : 0);
      } else {
        assert_int_equal(status, IMGACT_NOMEM);
        assert_int_equal(kept[i].finished, 0);
      }
    }
    if (made != NULL) made->destroy(made);
    for (int i = 0; i < 2; i++) forget(&kept[i]);
    failures = memory.failures;
    assert_memory_fine(&memory);
  }
}

// ---- what was recorded is what is replayed

typedef struct shape {
  char method[8], url[200], body[100];
  size_t body_bytes;
  bool has_body;
  char reply[200];
  scripted_answer answer;
} shape;

static size_t random_bytes(uint64_t *random, char *out, size_t most) {
  size_t length = testing_below(random, most);
  bool text = testing_below(random, 2) == 0;
  for (size_t i = 0; i < length; i++)
    out[i] = (char)(text ? ' ' + (char)testing_below(random, 95) : (char)testing_random(random));
  return length;
}

static void make_shape(uint64_t *random, shape *made) {
  static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
  static const char *const queries[] = {
      "", "?page=2", "?a=%20%26&b=%e2%82%ac", "?sort=b&sort=a&type=x", "?x", "?q=a+b&"};
  static const char *const headers[] = {
      NULL, "Date: Sun, 01 Mar 2026 10:00:00 GMT\nRateLimit-Remaining: 3599\n",
      "Link: <https://h/?page=2>; rel=next\nETag: \"a\\b\"\nX-Request-Id: \xc3\xa9\n"};
  static const imgact_failure failures[] = {IMGACT_FAILURE_NETWORK, IMGACT_FAILURE_TIMEOUT,
                                            IMGACT_FAILURE_TLS, IMGACT_FAILURE_ENCODING,
                                            IMGACT_FAILURE_TOO_LARGE};
  *made = (shape){0};
  snprintf(made->method, sizeof made->method, "%s", methods[testing_below(random, 4)]);
  snprintf(made->url, sizeof made->url, "https://h/v1/images/%zu%s", testing_below(random, 5),
           queries[testing_below(random, 6)]);
  made->has_body = testing_below(random, 2) == 0;
  made->body_bytes = made->has_body ? random_bytes(random, made->body, sizeof made->body) : 0;
  made->answer.delay_ms = (int64_t)testing_below(random, 2000);
  if (testing_below(random, 5) == 0) {
    made->answer.delivery =
        testing_below(random, 2) == 0 ? IMGACT_DELIVERY_NOT_SENT : IMGACT_DELIVERY_MAYBE_SENT;
    made->answer.failure = failures[testing_below(random, 5)];
    made->answer.message = testing_below(random, 2) == 0 ? "because" : NULL;
    return;
  }
  made->answer.status = 200 + (int32_t)testing_below(random, 320);
  made->answer.headers = headers[testing_below(random, 3)];
  made->answer.body_bytes = random_bytes(random, made->reply, sizeof made->reply);
  if (made->answer.body_bytes > 0) made->answer.body = made->reply;
}

static imgact_http_request request_of(const shape *made) {
  imgact_http_request request = request_to(made->method, made->url);
  if (made->has_body) {
    request.body = made->body;
    request.body_bytes = made->body_bytes;
  }
  return request;
}

static void expect_same(const kept_exchange *was, const kept_exchange *is) {
  assert_int_equal(is->finished, 1);
  assert_int_equal(is->response.delivery, was->response.delivery);
  assert_int_equal(is->response.failure, was->response.failure);
  assert_int_equal(is->response.status, was->response.status);
  assert_string_equal(is->headers, was->headers);
  assert_int_equal(is->response.body_bytes, was->response.body_bytes);
  if (was->response.body_bytes > 0)
    assert_memory_equal(is->response.body, was->response.body, was->response.body_bytes);
  assert_string_equal(is->response.message == NULL ? "" : is->response.message,
                      was->response.message == NULL ? "" : was->response.message);
}

enum { SHAPES = 60 };

static void play(imgact_transport *transport, const shape *shapes, kept_exchange *kept) {
  for (size_t i = 0; i < SHAPES; i++) {
    imgact_http_request request = request_of(&shapes[i]);
    kept[i] = new_exchange();
    assert_int_equal(transport->send(transport, &request, &kept[i].exchange), IMGACT_OK);
    drive(transport);
  }
}

TEST(replayer_random_recording_round_trips) {
  uint64_t random = 20260301;
  static shape shapes[SHAPES];
  static kept_exchange was[SHAPES], is[SHAPES];
  for (int round = 0; round < 20; round++) {
    folder there = new_folder();
    scripted *script = scripted_new();
    imgact_transport *made = NULL;
    for (size_t i = 0; i < SHAPES; i++) {
      make_shape(&random, &shapes[i]);
      scripted_next(script, shapes[i].answer);
    }
    assert_int_equal(
        imgact_transport_new_recorder(scripted_transport(script), there.file, NULL, &made, NULL),
        IMGACT_OK);
    play(made, shapes, was);
    int64_t ended_ms = made->now_ms(made);
    made->destroy(made);
    scripted_free(script);
    assert_int_equal(imgact_transport_new_replayer(there.file, NULL, &made, NULL), IMGACT_OK);
    play(made, shapes, is);
    assert_true(made->now_ms(made) == ended_ms);
    expect_unused(made, 0, NULL);
    made->destroy(made);
    for (size_t i = 0; i < SHAPES; i++) {
      expect_same(&was[i], &is[i]);
      forget(&was[i]);
      forget(&is[i]);
    }
    assert_int_equal(remove_folder(&there), 1);
  }
}

// A page token that looks like a secret is taken out of the reply that gives it and of the request
// that brings it back.
TEST(replayer_scrubbed_page_token_still_matches) {
#define PAGE_2 "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zAbC4eF6hI8kL0nO2qR3sT5uV7wX9yZ1aB"
#define PAGE_3 "xB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zAbC4eF6hI8kL0nO2qR3sT5uV7wX9yZ1aB"
  static const char *const urls[] = {"https://h/a", "https://h/a?page_token=" PAGE_2,
                                     "https://h/a?page_token=" PAGE_3};
  folder there = new_folder();
  scripted *script = scripted_new();
  imgact_transport *made = NULL;
  scripted_json(script, 200, PAGE_2);
  scripted_json(script, 200, PAGE_3);
  scripted_json(script, 200, "end");
  assert_int_equal(
      imgact_transport_new_recorder(scripted_transport(script), there.file, NULL, &made, NULL),
      IMGACT_OK);
  for (int i = 0; i < 3; i++) {
    kept_exchange kept = new_exchange();
    imgact_http_request request = request_to("GET", urls[i]);
    assert_int_equal(made->send(made, &request, &kept.exchange), IMGACT_OK);
    drive(made);
    forget(&kept);
  }
  made->destroy(made);
  scripted_free(script);
  assert_int_equal(imgact_transport_new_replayer(there.file, NULL, &made, NULL), IMGACT_OK);
  expect_get(made, "https://h/a", 200, "[redacted-1]");
  expect_get(made, "https://h/a?page_token=%5Bredacted-1%5D", 200, "[redacted-2]");
  expect_get(made, "https://h/a?page_token=%5Bredacted-2%5D", 200, "end");
  made->destroy(made);
  remove_folder(&there);
}

int main(void) { return testing_run(NULL, NULL); }
