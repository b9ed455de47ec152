// SPDX-License-Identifier: MIT
// Trace events: redacted, truncated, with all numbers, and delivered even without memory.
#include "rate_fixture.h"
#include "trace.h"

#define BODY_BYTES 4096

typedef struct received {
  int events;
  imgact_trace_event last;
  char url[256], headers[8192], body[8192], text[512];
} received;

typedef struct trace_fixture {
  rate_fixture rate_fixture;
  imgact_client client;
  ia_exchange exchange;
  received received;
} trace_fixture;

static trace_fixture s;

static void keep(char *to, size_t capacity, const char *text) {
  snprintf(to, capacity, "%s", text == NULL ? "" : text);
}

static void on_event(void *user, const imgact_trace_event *event) {
  received *h = user;
  h->events++;
  h->last = *event;
  keep(h->url, sizeof h->url, event->url);
  keep(h->headers, sizeof h->headers, event->headers);
  keep(h->body, sizeof h->body, event->body);
  keep(h->text, sizeof h->text, event->message);
}

static const imgact_provider test_provider = {.size = sizeof test_provider, .name = "example"};

static int open_fixture(void **state) {
  (void)state;
  memset(&s, 0, sizeof s);
  rate_fixture_open(&s.rate_fixture, 0);
  rate_fixture_at(&s.rate_fixture, 5000);
  s.client = (imgact_client){.engine = &s.rate_fixture.engine,
                             .allocator = &s.rate_fixture.memory.allocator,
                             .provider = &test_provider,
                             .trace = on_event,
                             .trace_user_data = &s.received};
  s.exchange =
      (ia_exchange){.client = &s.client, .attempts = 3, .number = 17, .sent_mono_ms = 4000};
  s.exchange.http = (imgact_http_request){.method = "GET", .url = "https://h/v1/images/1"};
  ia_redactor_init(&s.exchange.redactor, RATE_FIXTURE_TOKEN, strlen(RATE_FIXTURE_TOKEN), NULL);

  return 0;
}

static int close_fixture(void **state) {
  (void)state;
  assert_int_equal(s.rate_fixture.memory.live_blocks, 0); // nothing stays allocated after the call
  rate_fixture_close(&s.rate_fixture);
  return 0;
}

static void all_kinds(void) {
  imgact_http_response answered = {
      .delivery = IMGACT_DELIVERY_ANSWERED, .status = 200, .body = "{}", .body_bytes = 2};
  imgact_http_response lost = {.delivery = IMGACT_DELIVERY_MAYBE_SENT, .message = "cut"};
  ia_trace_request(&s.exchange);
  ia_trace_response(&s.exchange, &answered);
  ia_trace_response(&s.exchange, &lost);
  ia_trace_retry(&s.exchange, 500);
  ia_trace_text(&s.client, NULL, IMGACT_TRACE_LOOKUP, -1, 17, "lookup");
}

TEST(trace_without_callback_allocates_nothing) {
  s.client.trace = NULL;
  all_kinds();
  assert_int_equal(s.rate_fixture.memory.calls, 0);
  assert_int_equal(s.received.events, 0);
}

static void check_numbers(imgact_trace_kind kind, int64_t elapsed_ms, int64_t delay_ms,
                          int32_t http_status) {
  const imgact_trace_event *e = &s.received.last;
  assert_int_equal(e->size, sizeof *e);
  assert_string_equal(e->provider, "example");
  assert_int_equal(e->kind, kind);
  assert_int_equal(e->elapsed_ms, elapsed_ms);
  assert_int_equal(e->delay_ms, delay_ms);
  assert_int_equal(e->http_status, http_status);
}

static void check_exchange(void) {
  assert_string_equal(s.received.last.method, "GET");
  assert_int_equal(s.received.last.attempt, 3);
  assert_int_equal(s.received.last.request_number, 17);
}

TEST(trace_request_has_redacted_content) {
  static const imgact_header headers[] = {{"Accept", "application/json"},
                                          {"AUTHORIZATION", "Bearer " RATE_FIXTURE_TOKEN},
                                          {"X-Echo", "a " RATE_FIXTURE_TOKEN " b"}};

  s.exchange.http.headers = headers;
  s.exchange.http.headers_count = 3;
  s.exchange.http.body = "{\"a\":1}";
  s.exchange.http.body_bytes = 7;
  s.exchange.http.url = "https://h/v1/images/" RATE_FIXTURE_TOKEN;
  ia_trace_request(&s.exchange);
  check_numbers(IMGACT_TRACE_REQUEST, -1, -1, -1);
  check_exchange();
  assert_string_equal(s.received.url, "https://h/v1/images/[redacted]");
  assert_string_equal(s.received.headers, "Accept: application/json\nX-Echo: a [redacted] b\n");
  assert_string_equal(s.received.body, "{\"a\":1}");
  assert_int_equal(s.received.last.body_bytes, 7);
  assert_null(s.received.last.message);
}

TEST(trace_request_without_body_has_none) {
  ia_trace_request(&s.exchange);
  assert_null(s.received.last.body);
  assert_int_equal(s.received.last.body_bytes, 0);
  assert_null(s.received.last.headers);
}

TEST(trace_response_has_content_and_time) {
  static const imgact_header headers[] = {
      {"Date", "now"}, {"set-Cookie", "session=1"}, {"Authorization", "x"}};
  imgact_http_response http = {.delivery = IMGACT_DELIVERY_ANSWERED,
                               .status = 503,
                               .headers = headers,
                               .headers_count = 3,
                               .body = "{\"token\":\"" RATE_FIXTURE_TOKEN "\"}tail",
                               .body_bytes = 12 + sizeof RATE_FIXTURE_TOKEN - 1,
                               .message = "unread"};

  ia_trace_response(&s.exchange, &http);
  check_numbers(IMGACT_TRACE_RESPONSE, 1000, -1, 503);
  check_exchange();
  assert_string_equal(s.received.url, "https://h/v1/images/1");
  assert_string_equal(s.received.headers, "Date: now\n");
  assert_string_equal(s.received.body,
                      "{\"token\":\"[redacted]\"}"); // without the bytes after its end
  assert_int_equal(s.received.last.body_bytes, strlen(s.received.body));
  assert_null(s.received.last.message);
}

TEST(trace_failure_has_message_only) {
  static const imgact_header headers[] = {{"Date", "now"}};
  imgact_http_response http = {.delivery = IMGACT_DELIVERY_MAYBE_SENT,
                               .status = 200,
                               .headers = headers,
                               .headers_count = 1,
                               .body = "x",
                               .body_bytes = 1,
                               .message = "reset by " RATE_FIXTURE_TOKEN};

  ia_trace_response(&s.exchange, &http);
  check_numbers(IMGACT_TRACE_FAILURE, 1000, -1, -1);
  check_exchange();
  assert_string_equal(s.received.text, "reset by [redacted]");
  assert_true(s.received.last.headers == NULL && s.received.last.body == NULL &&
              s.received.last.body_bytes == 0);
  http.delivery = IMGACT_DELIVERY_NOT_SENT;
  http.message = NULL;
  ia_trace_response(&s.exchange, &http);
  check_numbers(IMGACT_TRACE_FAILURE, 1000, -1, -1);
  assert_null(s.received.last.message);
}

TEST(trace_retry_has_error_and_delay) {
  imgact_error_set(&s.exchange.error, IMGACT_UNAVAILABLE, "HTTP 503");
  s.exchange.error.http_status = 503;
  ia_trace_retry(&s.exchange, 1500);
  check_numbers(IMGACT_TRACE_RETRY, -1, 1500, 503);
  check_exchange();
  assert_string_equal(s.received.text, "HTTP 503");
  imgact_error_set(&s.exchange.error, IMGACT_NETWORK,
                   "cut"); // no response, so no status
  ia_trace_retry(&s.exchange, 1500);
  check_numbers(IMGACT_TRACE_RETRY, -1, 1500, -1);
  assert_true(s.received.last.url == NULL && s.received.last.headers == NULL &&
              s.received.last.body == NULL);
}

TEST(trace_text_has_request_number) {
  ia_trace_text(&s.client, NULL, IMGACT_TRACE_THROTTLE, 700, 0, "held back");
  check_numbers(IMGACT_TRACE_THROTTLE, -1, 700, -1);
  assert_string_equal(s.received.text, "held back");
  assert_null(s.received.last.method);
  assert_int_equal(s.received.last.attempt, 0);
  assert_int_equal(s.received.last.request_number, 0);
  ia_trace_text(&s.client, NULL, IMGACT_TRACE_LOOKUP, -1, 17, "lookup");
  check_numbers(IMGACT_TRACE_LOOKUP, -1, -1, -1);
  assert_int_equal(s.received.last.request_number, 17);
}

// ---- limits

static void body_of(const char *text, size_t length) {
  imgact_http_response http = {
      .delivery = IMGACT_DELIVERY_ANSWERED, .status = 200, .body = text, .body_bytes = length};
  ia_trace_response(&s.exchange, &http);
}

TEST(trace_body_cut_at_4_kib) {
  static const size_t lengths[] = {
      0, 1, BODY_BYTES - 1, BODY_BYTES, BODY_BYTES + 1, 3 * BODY_BYTES};
  static char text[3 * BODY_BYTES];
  memset(text, 'x', sizeof text);
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    body_of(text, lengths[i]);
    assert_int_equal(strlen(s.received.body), lengths[i] < BODY_BYTES ? lengths[i] : BODY_BYTES);
    assert_int_equal(s.received.last.body_bytes, lengths[i]);
    assert_non_null(s.received.last.body);
  }
}

TEST(trace_body_cut_at_whole_character) {
  static char text[3 * BODY_BYTES];
  for (size_t lead = 0; lead < 3; lead++) {
    memset(text, 'x', lead);
    for (size_t n = lead; n + 3 <= sizeof text; n += 3) memcpy(text + n, "\xe2\x82\xac", 3);
    body_of(text, 2 * BODY_BYTES);
    assert_int_equal(strlen(s.received.body), lead + (BODY_BYTES - lead) / 3 * 3);
  }
}

// The token is redacted before the text is truncated, so no part of it remains at the cut.
TEST(trace_body_cut_hides_token) {
  static char text[2 * BODY_BYTES];
  for (size_t before = 0; before <= strlen(RATE_FIXTURE_TOKEN); before++) {
    memset(text, 'x', sizeof text);
    memcpy(text + BODY_BYTES - before, RATE_FIXTURE_TOKEN, strlen(RATE_FIXTURE_TOKEN));
    body_of(text, sizeof text);
    assert_null(strstr(s.received.body, "unmistak"));
    assert_int_equal(s.received.last.body_bytes,
                     sizeof text - strlen(RATE_FIXTURE_TOKEN) + strlen(IA_REDACTED));
  }
}

TEST(trace_headers_too_large_are_omitted) {
  static char large[BODY_BYTES];
  memset(large, 'x', sizeof large - 1);
  const imgact_header headers[] = {{"First", "1"}, {"Large", large}, {"Last", "2"}};
  s.exchange.http.headers = headers;
  s.exchange.http.headers_count = 3;
  ia_trace_request(&s.exchange);
  assert_string_equal(s.received.headers, "First: 1\n");
}

// ---- without memory

TEST(trace_without_memory_omits_texts) {
  static const imgact_header headers[] = {{"Accept", "application/json"},
                                          {"X-Echo", RATE_FIXTURE_TOKEN}};
  static char body[3000] = RATE_FIXTURE_TOKEN; // needs a separate allocation
  memset(body + strlen(RATE_FIXTURE_TOKEN), ' ', sizeof body - strlen(RATE_FIXTURE_TOKEN));
  bool more = true;
  size_t failures = 0;

  for (size_t k = 1; more; k++) {
    failing_allocator memory;
    failing_allocator_init(&memory, k);
    s.client.allocator = &memory.allocator;
    s.exchange.http.headers = headers;
    s.exchange.http.headers_count = 2;
    s.exchange.http.body = body;
    s.exchange.http.body_bytes = sizeof body;
    s.received.events = 0;
    ia_trace_request(&s.exchange);
    const imgact_trace_event *e = &s.received.last;
    more = memory.failures > 0;
    failures += more;
    assert_int_equal(s.received.events, 1);
    check_numbers(IMGACT_TRACE_REQUEST, -1, -1, -1);
    assert_int_equal(e->body == NULL, e->body_bytes == 0);
    if (e->url != NULL) assert_string_equal(s.received.url, "https://h/v1/images/1");
    if (e->body != NULL) assert_int_equal(strncmp(s.received.body, "[redacted] ", 11), 0);
    assert_null(strstr(s.received.headers, RATE_FIXTURE_TOKEN));
    if (!more) assert_true(e->url != NULL && e->body != NULL && e->headers != NULL);
    assert_memory_fine(&memory);
  }
  assert_true(failures > 3);
}

int main(void) { return testing_run(open_fixture, close_fixture); }
