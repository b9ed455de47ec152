// SPDX-License-Identifier: MIT
// A recording replays the exchanges that were recorded.
#include "replayer_fixture.h"
#include "scripted.h"

typedef struct random_exchange {
  char method[8], url[200], body[100];
  size_t body_bytes;
  bool has_body;
  char body_text[200];
  scripted_answer answer;
} random_exchange;

static size_t random_bytes(uint64_t *random, char *out, size_t most) {
  size_t length = testing_below(random, most);
  bool text = testing_below(random, 2) == 0;
  for (size_t i = 0; i < length; i++)
    out[i] = (char)(text ? ' ' + (char)testing_below(random, 95) : (char)testing_random(random));
  return length;
}

static void make_random_exchange(uint64_t *random, random_exchange *made) {
  static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
  static const char *const queries[] = {
      "", "?page=2", "?a=%20%26&b=%e2%82%ac", "?sort=b&sort=a&type=x", "?x", "?q=a+b&"};
  static const char *const headers[] = {
      NULL, "Date: Sun, 01 Mar 2026 10:00:00 GMT\nRateLimit-Remaining: 3599\n",
      "Link: <https://h/?page=2>; rel=next\nETag: \"a\\b\"\nX-Request-Id: \xc3\xa9\n"};
  static const imgact_failure failures[] = {IMGACT_FAILURE_NETWORK, IMGACT_FAILURE_TIMEOUT,
                                            IMGACT_FAILURE_TLS, IMGACT_FAILURE_ENCODING,
                                            IMGACT_FAILURE_TOO_LARGE};

  *made = (random_exchange){0};
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
  made->answer.body_bytes = random_bytes(random, made->body_text, sizeof made->body_text);
  if (made->answer.body_bytes > 0) made->answer.body = made->body_text;
}

static imgact_http_request request_of(const random_exchange *made) {
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

enum { EXCHANGES = 60 };

static void play(imgact_transport *transport, const random_exchange *exchanges,
                 kept_exchange *kept) {
  for (size_t i = 0; i < EXCHANGES; i++) {
    imgact_http_request request = request_of(&exchanges[i]);
    kept[i] = new_exchange();
    assert_int_equal(transport->send(transport, &request, &kept[i].exchange), IMGACT_OK);
    drive(transport);
  }
}

TEST(replayer_random_recording_round_trips) {
  uint64_t random = 20260301;
  static random_exchange exchanges[EXCHANGES];
  static kept_exchange was[EXCHANGES], is[EXCHANGES];

  for (int round = 0; round < 20; round++) {
    folder there = new_folder();
    scripted *script = scripted_new();
    imgact_transport *made = NULL;
    for (size_t i = 0; i < EXCHANGES; i++) {
      make_random_exchange(&random, &exchanges[i]);
      scripted_next(script, exchanges[i].answer);
    }
    assert_int_equal(
        imgact_transport_new_recorder(scripted_transport(script), there.file, NULL, &made, NULL),
        IMGACT_OK);
    play(made, exchanges, was);
    int64_t ended_ms = made->now_ms(made);
    made->destroy(made);
    scripted_free(script);
    assert_int_equal(imgact_transport_new_replayer(there.file, NULL, &made, NULL), IMGACT_OK);
    play(made, exchanges, is);
    assert_true(made->now_ms(made) == ended_ms);
    expect_unused(made, 0, NULL);
    made->destroy(made);
    for (size_t i = 0; i < EXCHANGES; i++) {
      expect_same(&was[i], &is[i]);
      forget(&was[i]);
      forget(&is[i]);
    }
    assert_int_equal(remove_folder(&there), 1);
  }
}

// A page cursor that looks like a token is redacted in the response that returns it and in the
// request that sends it.
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

// The code under test sends the real value, also when it is replayed.
TEST(replayer_hidden_member_still_matches) {
  static const char body[] = "{\"recipient_email\":\"who@example.org\"}";
  folder there = new_folder();
  scripted *script = scripted_new();
  imgact_transport *made = NULL;
  kept_exchange kept = new_exchange();
  imgact_http_request request = request_to("POST", "https://h/a");
  request.body = body;
  request.body_bytes = strlen(body);
  scripted_json(script, 200, "{\"user_data\":\"secret\",\"a\":\"who\"}");
  assert_int_equal(
      imgact_transport_new_recorder(scripted_transport(script), there.file, NULL, &made, NULL),
      IMGACT_OK);
  assert_int_equal(made->send(made, &request, &kept.exchange), IMGACT_OK);
  drive(made);
  assert_non_null(strstr(kept.response.body, "secret")); // only the cassette lacks it
  forget(&kept);
  made->destroy(made);
  scripted_free(script);
  char *text = read_text(there.file);
  assert_null(strstr(text, "example.org"));
  assert_null(strstr(text, "secret"));
  free(text);
  assert_int_equal(imgact_transport_new_replayer(there.file, NULL, &made, NULL), IMGACT_OK);
  kept = new_exchange();
  assert_int_equal(made->send(made, &request, &kept.exchange), IMGACT_OK);
  drive(made);
  assert_string_equal(kept.response.body, "{\"user_data\":\"[redacted]\",\"a\":\"who\"}");
  forget(&kept);
  made->destroy(made);
  remove_folder(&there);
}

int main(void) { return testing_run(NULL, NULL); }
