// SPDX-License-Identifier: MIT
// Which entry a request gets, the clock of a replay, and the lifetime of exchanges.
#include "failing_allocator.h"
#include "replayer_fixture.h"
#include "scripted.h"

// ---- matching

TEST(replayer_request_takes_first_unused_entry) {
  imgact_transport *made = replay(ENTRY(GET("https://rec/v1/a?x=1&y=2"), RESPONSE(200, "first")),
                                  ENTRY(GET("https://rec/v1/b"), RESPONSE(404, "b")),
                                  ENTRY(GET("https://rec/v1/a?x=1&y=2"), RESPONSE(201, "second")));
  expect_unused(made, 3, "GET /v1/a?x=1&y=2");
  expect_get(made, "http://127.0.0.1:8080/v1/a?y=2&x=%31", 200, "first");
  expect_unused(made, 2, "GET /v1/b");
  expect_get(made, "https://other/v1/a?x=1&y=2", 201, "second");
  expect_unmatched(made, "https://other/v1/a?x=1&y=2", "was already used");
  expect_unused(made, 1, "GET /v1/b");
  expect_get(made, "https://rec/v1/b", 404, "b");
  expect_unused(made, 0, NULL);
  made->destroy(made);
}

TEST(replayer_body_distinguishes_requests) {
  imgact_transport *made = replay(
      ENTRY(POST("https://h/a", "{\\\"type\\\":\\\"transfer\\\",\\\"region\\\":\\\"nyc3\\\"}"),
            RESPONSE(201, "nyc3")),
      ENTRY(POST("https://h/a", "{\\\"type\\\":\\\"transfer\\\",\\\"region\\\":\\\"ams2\\\"}"),
            RESPONSE(201, "ams2")));
  imgact_http_request request = request_to("POST", "https://h/a");
  request.body = "{ \"region\": \"ams2\", \"type\": \"transfer\" }";
  request.body_bytes = strlen(request.body);

  expect_response(made, &request, 201, "ams2");
  request.body = "{\"region\":\"nyc3\",\"type\":\"transfer\"}";
  request.body_bytes = strlen(request.body);
  expect_response(made, &request, 201, "nyc3");
  made->destroy(made);
}

TEST(replayer_returns_headers_and_body) {
  imgact_transport *made = replay(ENTRY(
      GET("https://h/a"),
      "\"response\":{\"status\":200,\"headers\":[{\"name\":\"Date\",\"value\":\"d\"},{\"name\":"
      "\"Link\",\"value\":\"l\"}],\"content\":{\"text\":\"AP8B\",\"encoding\":\"base64\"}}"));
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
  imgact_transport *made = replay(
      ENTRY(GET("https://h/a"), "\"response\":{\"status\":0},\"_imgact\":{\"delivery\":\"not_"
                                "sent\",\"failure\":\"tls\",\"message\":\"no trust\"}"));
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
  imgact_transport *made = replay(ENTRY(GET("https://h/a"), RESPONSE(200, "12345")),
                                  ENTRY(GET("https://h/a"), RESPONSE(200, "1234")));
  kept_exchange kept;
  imgact_http_request request = request_to("GET", "https://h/a");
  request.max_body_bytes = 4;
  send_only(made, &request, &kept);
  made->dispatch(made);
  assert_int_equal(kept.response.delivery, IMGACT_DELIVERY_MAYBE_SENT);
  assert_int_equal(kept.response.failure, IMGACT_FAILURE_TOO_LARGE);
  forget(&kept);
  expect_response(made, &request, 200, "1234");
  made->destroy(made);
}

TEST(replayer_unknown_request_is_unmatched) {
  imgact_transport *made = replay(ENTRY(GET("https://h/v1/images/4711"), RESPONSE(200, "")));
  expect_unmatched(made, "https://h/v1/images/4712",
                   "no cassette entry for GET /v1/images/4712; closest: log.entries[0] is GET "
                   "/v1/images/4711");
  made->destroy(made);
  made = replay(NULL);
  expect_unmatched(made, "https://h/v1/images/4712", "the cassette is empty");
  expect_unused(made, 0, NULL);
  made->destroy(made);
}

// ---- time

#define T0 INT64_C(1772359200000) /* 2026-03-01T10:00:00Z */

TEST(replayer_clock_follows_responses) {
  imgact_transport *made =
      replay(ENTRY(AT("2026-03-01T10:00:00Z", 250) GET("https://h/a"), RESPONSE(200, "")),
             ENTRY(AT("2026-03-01T10:01:00Z", 500) GET("https://h/b"), RESPONSE(200, "")),
             ENTRY(AT("2026-03-01T10:00:30Z", 0) GET("https://h/c"), RESPONSE(200, "")),
             ENTRY("\"time\":70," GET("https://h/d"), RESPONSE(200, "")));

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
  expect_get(made, "https://h/d", 200, ""); // has no start time: its duration counts from now
  assert_true(made->now_ms(made) == T0 + 60570);

  made->destroy(made);
}

TEST(replayer_clock_without_times_is_fixed) {
  imgact_transport *made = replay(ENTRY(GET("https://h/a"), RESPONSE(200, "")));
  assert_true(made->now_ms(made) == INT64_C(1767225600000));
  made->destroy(made);
}

TEST(replayer_responses_keep_recorded_order) {
  static const char *const urls[] = {"https://h/a", "https://h/b", "https://h/c"};
  imgact_transport *made =
      replay(ENTRY(AT("2026-03-01T10:00:00Z", 900) GET("https://h/a"), RESPONSE(200, "")),
             ENTRY(AT("2026-03-01T10:00:00Z", 100) GET("https://h/b"), RESPONSE(200, "")),
             ENTRY(AT("2026-03-01T10:00:00Z", 500) GET("https://h/c"), RESPONSE(200, "")));
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
  imgact_transport *made =
      replay(ENTRY(AT("2026-03-01T10:00:00Z", 5) GET("https://h/a"), CANCELLED),
             ENTRY(GET("https://h/b"), RESPONSE(200, "b")));
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
  imgact_transport *made = replay(ENTRY(GET("https://h/a"), CANCELLED));
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

// ---- lifetime

TEST(replayer_is_offline_without_descriptor) {
  imgact_transport *made = replay(NULL);
  assert_int_equal(made->flags & IMGACT_TRANSPORT_OFFLINE, IMGACT_TRANSPORT_OFFLINE);
  assert_int_equal(made->fd(made), -1);
  assert_int_equal(made->timeout_ms(made), -1);
  made->dispatch(made);
  made->destroy(made);
}

TEST(replayer_cancelled_exchange_never_finishes) {
  imgact_transport *made = replay(ENTRY(GET("https://h/a"), RESPONSE(200, "")));
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
  imgact_transport *made = replay(NULL);
  kept_exchange kept;
  imgact_http_request request = request_to("GET", "https://h/a");
  send_only(made, &request, &kept);
  made->destroy(made);
  assert_int_equal(kept.finished, 0);
}

// An exchange whose callback sends another exchange and cancels a third.
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
  imgact_transport *made = replay(ENTRY(GET("https://h/a"), RESPONSE(200, "1")),
                                  ENTRY(GET("https://h/a"), RESPONSE(200, "2")),
                                  ENTRY(GET("https://h/a"), RESPONSE(200, "3")));
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
  const imgact_allocator incomplete = {.size = sizeof incomplete};
  assert_int_equal(imgact_transport_new_replayer(there.file, &incomplete, &made, &error),
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
    imgact_transport *made = replay_with(
        (const char *const[]){ENTRY(POST("https://h/a?b=1", "{\\\"a\\\":1}"), RESPONSE(200, "x")),
                              NULL},
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

int main(void) { return testing_run(NULL, NULL); }
