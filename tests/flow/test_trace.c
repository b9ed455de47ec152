// SPDX-License-Identifier: MIT
// Trace events of whole scenarios: their order, request, attempt, times and texts.
#include "cloud.h"
#include "harness.h"

#define BODY_BYTES 4096

typedef struct tape {
  harness *harness;
  size_t length, events;
  char text[16384]; // a line for each event
  char headers[4][512];
  imgact_trace_event last[8]; // only numbers are valid: the texts were freed
  char bodies[4][BODY_BYTES + 64];
} tape;

static void put(tape *t, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));
static void put(tape *t, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = vsnprintf(t->text + t->length, sizeof t->text - t->length, format, args);
  va_end(args);
  assert_true(length >= 0 && (size_t)length < sizeof t->text - t->length);
  t->length += (size_t)length;
}

static void put_text(tape *t, const char *name, const char *text) {
  if (text != NULL) put(t, " %s=%s", name, text);
}

static void put_number(tape *t, const char *name, int64_t number) {
  if (number != -1) put(t, " %s=%lld", name, (long long)number);
}

// "7000 retry #1/1 GET delay=7000 status=503 text=HTTP 503": members without a value are left out.
static void record(void *user, const imgact_trace_event *event) {
  static const char *const kinds[] = {"request", "response", "failure",
                                      "retry",   "lookup",   "throttle"};
  tape *t = user;

  assert_int_equal(event->size, sizeof *event);
  assert_int_in_range(event->kind, IMGACT_TRACE_REQUEST, IMGACT_TRACE_THROTTLE);
  put(t, "%lld %s #%u/%d", (long long)scripted_now_ms(t->harness->script), kinds[event->kind],
      event->request_number, event->attempt);
  if (event->method != NULL) put(t, " %s", event->method);
  if (event->url != NULL) put(t, " %s", strstr(event->url, "://") + 3);
  put_number(t, "after", event->elapsed_ms);
  put_number(t, "delay", event->delay_ms);
  if (event->http_status != 0) put_number(t, "status", event->http_status); // 0: no response
  put_text(t, "text", event->message);
  if (event->body != NULL) put(t, " body=%zu/%zu", strlen(event->body), event->body_bytes);
  put(t, "\n");
  size_t at = t->events++;
  if (at < 8) t->last[at] = *event;
  if (at >= 4) return;
  snprintf(t->headers[at], sizeof t->headers[at], "%s",
           event->headers == NULL ? "none" : event->headers);
  snprintf(t->bodies[at], sizeof t->bodies[at], "%s", event->body == NULL ? "none" : event->body);
}

static tape *tape_new(bool digitalocean) {
  tape *t = calloc(1, sizeof *t);
  if (t == NULL) abort();
  t->harness = harness_with(
      (harness_options){.digitalocean = digitalocean,
                        .client = {.trace = record, .trace_user_data = t, .settle_ms = 10}});
  return t;
}

static void tape_free(tape *t) {
  harness_free(t->harness);
  free(t);
}

#define IMAGE "{\"image\":{\"id\":1}}"
#define GET   "GET api.hetzner.cloud/v1/images/1"

TEST(trace_get_is_request_and_response) {
  tape *t = tape_new(false);
  scripted_next(
      t->harness->script,
      (scripted_answer){
          .status = 200,
          .body = IMAGE,
          .delay_ms = 80,
          .headers =
              "Content-Type: application/json\nset-cookie: session=1\nX-Correlation-Id: abc\n"});

  harness_expect(imgact_get_image(t->harness->client, "1", NULL), IMGACT_OK);
  assert_string_equal(t->text, "0 request #1/1 " GET "\n"
                               "80 response #1/1 " GET " after=80 status=200 body=18/18\n");
  assert_string_equal(t->headers[0],
                      "Accept: application/json\nUser-Agent: imgact/" IMGACT_VERSION_STRING "\n");
  assert_string_equal(t->headers[1], "Content-Type: application/json\nX-Correlation-Id: abc\n");
  assert_string_equal(t->bodies[1], IMAGE);
  harness_expect(imgact_get_image(t->harness->client, "2", NULL),
                 IMGACT_PROTOCOL); // the script has no answer for it
  assert_non_null(strstr(
      t->text,
      "80 request #2/1 GET api.hetzner.cloud/v1/images/2\n"
      "80 failure #2/1 GET api.hetzner.cloud/v1/images/2 after=0 text=the script has no answer\n"));
  tape_free(t);
}

TEST(trace_without_texts_keeps_numbers) {
  tape *t = calloc(1, sizeof *t);
  if (t == NULL) abort();
  t->harness = harness_with((harness_options){
      .client = {.trace = record, .trace_user_data = t, .trace_without_texts = 1}});
  scripted_next(t->harness->script,
                (scripted_answer){.status = 200, .body = IMAGE, .delay_ms = 80});
  harness_expect(imgact_get_image(t->harness->client, "1", NULL), IMGACT_OK);
  assert_string_equal(t->text, "0 request #1/1 GET\n80 response #1/1 GET after=80 status=200\n");
  assert_string_equal(t->headers[0], "none");
  assert_string_equal(t->headers[1], "none");
  tape_free(t);
}

TEST(trace_retry_has_delay_and_reason) {
  tape *t = tape_new(false);
  scripted_next(
      t->harness->script,
      (scripted_answer){.status = 503, .body = "{}", .headers = "Retry-After: 7\n", .delay_ms = 5});
  scripted_next(t->harness->script,
                (scripted_answer){.delivery = IMGACT_DELIVERY_MAYBE_SENT, .message = "cut off"});
  scripted_json(t->harness->script, 200, IMAGE);

  harness_expect(imgact_get_image(t->harness->client, "1", NULL), IMGACT_OK);
  int64_t delay_ms = t->last[5].delay_ms;
  char expected[1024];
  snprintf(expected, sizeof expected,
           "0 request #1/1 " GET "\n"
           "5 response #1/1 " GET " after=5 status=503 body=2/2\n"
           "5 retry #1/1 GET delay=7000 status=503 text=HTTP 503\n"
           "7005 request #1/2 " GET "\n"
           "7005 failure #1/2 " GET " after=0 text=cut off\n"
           "7005 retry #1/2 GET delay=%lld text=cut off\n"
           "%lld request #1/3 " GET "\n"
           "%lld response #1/3 " GET " after=0 status=200 body=18/18\n",
           (long long)delay_ms, (long long)(7005 + delay_ms), (long long)(7005 + delay_ms));
  assert_string_equal(t->text, expected);
  assert_int_in_range(delay_ms, 1000, 2000);
  tape_free(t);
}

// ---- a lost response

#define LOOKED_AT "api.digitalocean.com/v2/images/" CLOUD_IMAGE
#define ACTIONS   LOOKED_AT "/actions"

static cloud *tape_cloud(tape *t) {
  cloud *c = cloud_new(t->harness->script, false);
  c->delay_ms = 10;
  return c;
}

TEST(trace_lost_response_shows_lookup) {
  tape *t = tape_new(true);
  cloud *c = tape_cloud(t);
  cloud_plan(
      c, (cloud_outcome){.effects = 1,
                         .answer = {.message = "cut off", .delivery = IMGACT_DELIVERY_MAYBE_SENT}});
  imgact_op *op =
      harness_run(imgact_transfer_image(t->harness->client, CLOUD_IMAGE, "nyc3"), IMGACT_OK);

  assert_true(imgact_op_adopted(op));
  assert_string_equal(t->text, "0 request #1/1 POST " ACTIONS " body=35/35\n"
                               "10 failure #1/1 POST " ACTIONS " after=10 text=cut off\n"
                               "10 lookup #1/0 text=cut off\n"
                               "10 request #2/1 GET " ACTIONS "?page=1&per_page=200\n"
                               "20 response #2/1 GET " ACTIONS
                               "?page=1&per_page=200 after=10 status=200 body=205/205\n");
  assert_string_equal(t->headers[0],
                      "Accept: application/json\nUser-Agent: imgact/" IMGACT_VERSION_STRING
                      "\nContent-Type: application/json\n");
  assert_string_equal(t->bodies[0], "{\"type\":\"transfer\",\"region\":\"nyc3\"}");

  imgact_op_free(op);
  cloud_free(c);
  tape_free(t);
}

TEST(trace_resend_shows_lookup_result) {
  tape *t = tape_new(true);
  cloud *c = tape_cloud(t);
  cloud_plan(
      c, (cloud_outcome){.effects = 0,
                         .answer = {.message = "cut off", .delivery = IMGACT_DELIVERY_MAYBE_SENT}});

  harness_expect(imgact_transfer_image(t->harness->client, CLOUD_IMAGE, "nyc3"), IMGACT_OK);
  assert_string_equal(
      t->text,
      "0 request #1/1 POST " ACTIONS " body=35/35\n"
      "10 failure #1/1 POST " ACTIONS " after=10 text=cut off\n"
      "10 lookup #1/0 text=cut off\n"
      "10 request #2/1 GET " ACTIONS "?page=1&per_page=200\n"
      "20 response #2/1 GET " ACTIONS "?page=1&per_page=200 after=10 status=200 body=44/44\n"
      "20 request #3/1 GET " LOOKED_AT "\n"
      "30 response #3/1 GET " LOOKED_AT " after=10 status=200 body=274/274\n"
      "30 request #4/1 GET " ACTIONS "?page=1&per_page=200\n"
      "40 response #4/1 GET " ACTIONS "?page=1&per_page=200 after=10 status=200 body=44/44\n"
      "40 request #5/1 GET " LOOKED_AT "\n"
      "50 response #5/1 GET " LOOKED_AT " after=10 status=200 body=274/274\n"
      "50 lookup #1/0 text=no effect of the request found, resending\n"
      "50 request #6/2 POST " ACTIONS " body=35/35\n"
      "60 response #6/2 POST " ACTIONS " after=10 status=201 body=172/172\n");

  cloud_free(c);
  tape_free(t);
}

// ---- a throttle

TEST(trace_throttle_has_delay) {
  tape *t = tape_new(false);
  scripted_next(t->harness->script,
                (scripted_answer){.status = 429, .body = "{}", .headers = "Retry-After: 30\n"});
  scripted_json(t->harness->script, 200, IMAGE);
  scripted_json(t->harness->script, 200, IMAGE);
  imgact_op *refused = imgact_get_image(t->harness->client, "1", NULL),
            *held = imgact_get_image(t->harness->client, "1", NULL);

  imgact_op_start(refused, NULL, NULL);
  imgact_loop_dispatch(t->harness->loop);
  scripted_advance(t->harness->script, 1000);
  imgact_op_start(held, NULL, NULL);
  imgact_loop_run(t->harness->loop);
  assert_status(refused, IMGACT_OK);
  assert_status(held, IMGACT_OK);
  int64_t gap_ms = t->last[4].delay_ms;
  char expected[1024];
  snprintf(expected, sizeof expected,
           "0 request #1/1 " GET "\n"
           "0 response #1/1 " GET " after=0 status=429 body=2/2\n"
           "0 retry #1/1 GET delay=30000 status=429 text=HTTP 429\n"
           "1000 throttle #0/0 delay=29000 text=delayed by the rate limit\n"
           "30000 throttle #0/0 delay=%lld text=delayed by the rate limit\n"
           "30000 request #2/1 " GET "\n"
           "30000 response #2/1 " GET " after=0 status=200 body=18/18\n"
           "%lld request #1/2 " GET "\n"
           "%lld response #1/2 " GET " after=0 status=200 body=18/18\n",
           (long long)gap_ms, (long long)(30000 + gap_ms), (long long)(30000 + gap_ms));
  assert_string_equal(t->text, expected);
  assert_int_in_range(gap_ms, 1, 200); // after a 429 requests are sent one by one

  imgact_op_free(refused);
  imgact_op_free(held);
  tape_free(t);
}

// ---- long bodies

TEST(trace_long_body_cut_with_length) {
  static const size_t lengths[] = {BODY_BYTES - 1, BODY_BYTES, BODY_BYTES + 1, 100000};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    tape *t = tape_new(false);
    char *body = malloc(lengths[i] + 1);
    if (body == NULL) abort();
    memset(body, ' ', lengths[i]);
    memcpy(body, IMAGE, strlen(IMAGE));
    body[lengths[i]] = '\0';
    scripted_json(t->harness->script, 200, body);
    harness_expect(imgact_get_image(t->harness->client, "1", NULL), IMGACT_OK);
    size_t shown = lengths[i] < BODY_BYTES ? lengths[i] : BODY_BYTES;
    assert_int_equal(t->last[1].body_bytes, lengths[i]);
    assert_int_equal(strlen(t->bodies[1]), shown);
    assert_memory_equal(t->bodies[1], body, shown);
    free(body);
    tape_free(t);
  }
}

TEST(trace_body_cut_at_whole_character) {
  tape *t = tape_new(false);
  static char description[1 + 3 * 2000 + 1] = "x";
  for (size_t i = 0; i < 2000; i++) memcpy(description + 1 + 3 * i, "\xe2\x82\xac", 3);
  const imgact_image_update update = {.size = sizeof update, .description = description};
  scripted_json(t->harness->script, 200, IMAGE);
  harness_expect(imgact_update_image(t->harness->client, "1", &update), IMGACT_OK);
  size_t head = strlen("{\"description\":\"x"), whole = head + 6000 + strlen("\"}");
  assert_int_equal(scripted_at(t->harness->script, 0)->body_bytes, whole);
  assert_int_equal(t->last[0].body_bytes, whole);
  assert_int_equal(strlen(t->bodies[0]), head + (BODY_BYTES - head) / 3 * 3);
  assert_memory_equal(t->bodies[0], scripted_at(t->harness->script, 0)->body, strlen(t->bodies[0]));
  tape_free(t);
}

int main(void) { return testing_run(NULL, NULL); }
