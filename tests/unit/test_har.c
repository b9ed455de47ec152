// SPDX-License-Identifier: MIT
#include "exchanges.h"
#include "failing_allocator.h"
#include "har.h"

#define ENTRY                                                                                      \
  "{\"startedDateTime\":\"2026-03-01T10:00:00.250Z\",\"time\":12.7,"                               \
  "\"request\":{\"method\":\"POST\",\"url\":\"https://api.example/v1/images?a=1\","                \
  "\"headers\":[{\"name\":\"Authorization\",\"value\":\"Bearer "                                   \
  "secret\"}],\"postData\":{\"text\":\"{}\"}},"                                                    \
  "\"response\":{\"status\":201,\"headers\":[{\"name\":\"Date\",\"value\":\"x\"}],\"content\":{"   \
  "\"text\":\"\\u00e9\"}}}"
#define WHOLE "{\"log\":{\"version\":\"1.2\",\"entries\":[" ENTRY "]}}"

static imgact_status read_har(const char *text, size_t length, ia_har *har, imgact_error *error) {
  folder there = new_folder();
  write_bytes(there.file, text, length);
  imgact_status status = ia_har_read(har, there.file, NULL, error);
  remove_folder(&there);
  return status;
}

static void expect_rejected(const char *text, const char *why) {
  ia_har har;
  imgact_error error;
  if (read_har(text, strlen(text), &har, &error) != IMGACT_INVALID_ARGUMENT)
    fail_msg("not rejected: %s", text);
  if (strstr(error.message, why) == NULL) fail_msg("'%s' does not say '%s'", error.message, why);
  assert_non_null(strstr(error.message, "cassette.har"));
}

TEST(har_read_entry_fills_all_members) {
  ia_har har;
  imgact_error error;
  assert_int_equal(read_har(WHOLE, strlen(WHOLE), &har, &error), IMGACT_OK);
  assert_int_equal(har.count, 1);
  const ia_har_entry *entry = &har.entries[0];
  assert_true(entry->started_ms == INT64_C(1772359200250));
  assert_int_equal(entry->time_ms, 12);
  assert_string_equal(entry->method, "POST");
  assert_string_equal(entry->url, "https://api.example/v1/images?a=1");
  assert_int_equal(entry->body_bytes, 2);
  assert_memory_equal(entry->body, "{}", 2);
  assert_int_equal(entry->response.delivery, IMGACT_DELIVERY_ANSWERED);
  assert_int_equal(entry->response.status, 201);
  assert_int_equal(entry->response.headers_count, 1);
  assert_string_equal(entry->response.headers[0].name, "Date");
  assert_int_equal(entry->response.body_bytes, 2);
  assert_memory_equal(entry->response.body, "\xc3\xa9", 2);
  assert_false(entry->cancelled);

  ia_har_free(&har);
}

// As browsers write it: a byte order mark, HTTP/2 pseudo headers, null and -1, other URL schemes,
// base64.
TEST(har_read_browser_file_is_accepted) {
  static const char text[] =
      "\xef\xbb\xbf{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"WebInspector\"},\"pages\":"
      "[],\"entries\":["
      "{\"_initiator\":{},\"startedDateTime\":\"2026-03-01T12:00:00.250+02:00\",\"time\":-1,"
      "\"request\":{\"method\":\"GET\",\"url\":\"data:image/"
      "png;base64,AAAA\",\"httpVersion\":\"h3\",\"postData\":null},"
      "\"response\":{\"status\":200,\"headers\":[{\"name\":\":status\",\"value\":\"200\"},{"
      "\"name\":\"a\",\"value\":\"b\"}],"
      "\"content\":{\"size\":3,\"encoding\":\"base64\",\"text\":\"AP8B\"}}},"
      "{\"request\":{\"method\":\"GET\",\"url\":\"https://h/"
      "x\"},\"response\":{\"status\":0,\"headers\":[],\"content\":{},"
      "\"_error\":\"net::ERR_FAILED\"}}]}}";
  ia_har har;
  imgact_error error;

  assert_int_equal(read_har(text, sizeof text - 1, &har, &error), IMGACT_OK);
  assert_int_equal(har.count, 2);
  assert_true(har.entries[0].started_ms == INT64_C(1772359200250));
  assert_int_equal(har.entries[0].time_ms, 0);
  assert_int_equal(har.entries[0].response.headers_count, 1);
  assert_string_equal(har.entries[0].response.headers[0].name, "a");
  assert_int_equal(har.entries[0].response.body_bytes, 3);
  assert_memory_equal(har.entries[0].response.body, "\0\xff\1", 3);
  assert_true(har.entries[1].started_ms == IMGACT_NO_TIME);
  assert_int_equal(har.entries[1].response.delivery, IMGACT_DELIVERY_MAYBE_SENT);
  assert_int_equal(har.entries[1].response.failure, IMGACT_FAILURE_NETWORK);

  ia_har_free(&har);
}

TEST(har_read_empty_log_is_accepted) {
  ia_har har;
  imgact_error error;
  static const char text[] = "{\"log\":{\"version\":\"1.2\",\"entries\":[]}}\n";
  assert_int_equal(read_har(text, sizeof text - 1, &har, &error), IMGACT_OK);
  assert_int_equal(har.count, 0);
  ia_har_free(&har);
}

TEST(har_read_invalid_names_the_place) {
  expect_rejected("", "it is empty");
  expect_rejected("{ no har", "at byte 2");
  expect_rejected("null", "log.entries is not an array");
  expect_rejected("{\"log\":{\"entries\":{}}}", "log.entries is not an array");
#define REQUEST "\"request\":{\"method\":\"GET\",\"url\":\"https://h/\"}"
#define ENTRIES(text)                                                                              \
  "{\"log\":{\"entries\":[{" REQUEST ",\"response\":{\"status\":200}},{" text "}]}}"
  expect_rejected(ENTRIES(""), "log.entries[1].request is not an object");
  expect_rejected(ENTRIES("\"request\":7"), "log.entries[1].request is not an object");
  expect_rejected(ENTRIES("\"request\":{}"), "log.entries[1].request.method is not a string");
  expect_rejected(ENTRIES("\"request\":{\"method\":\"GET\"}"),
                  "log.entries[1].request.url is not a string");
  expect_rejected(ENTRIES("\"request\":{\"method\":\"GET\",\"url\":[]}"),
                  "log.entries[1].request.url is not a string");
  expect_rejected(
      ENTRIES("\"request\":{\"method\":\"GET\",\"url\":\"\",\"postData\":{\"text\":1}}"),
      "log.entries[1].request.postData has a text that is not a string");
  expect_rejected(ENTRIES(REQUEST), "log.entries[1].response is not an object");
  expect_rejected(ENTRIES(REQUEST ",\"response\":{}"),
                  "log.entries[1].response.status is not an HTTP status");
#define RESPONSE(text) ENTRIES(REQUEST ",\"response\":{" text "}")
  expect_rejected(RESPONSE("\"status\":\"200\""), "response.status is not an HTTP status");
  expect_rejected(RESPONSE("\"status\":99"), "response.status is not an HTTP status");
  expect_rejected(RESPONSE("\"status\":-1"), "response.status is not an HTTP status");
  expect_rejected(RESPONSE("\"status\":1000"), "response.status is not an HTTP status");
  expect_rejected(RESPONSE("\"status\":200.5"), "response.status is not an HTTP status");
  expect_rejected(RESPONSE("\"status\":200,\"headers\":{}"), "response.headers is not an array");
  expect_rejected(RESPONSE("\"status\":200,\"headers\":[1]"),
                  "response.headers[].name is not a string");
  expect_rejected(RESPONSE("\"status\":200,\"headers\":[{\"name\":\"a\"}]"),
                  "response.headers[].value is not a string");
  expect_rejected(RESPONSE("\"status\":200,\"content\":{\"text\":{}}"),
                  "response.content has a text that is not a string");
  expect_rejected(RESPONSE("\"status\":200,\"content\":{\"text\":\"a\",\"encoding\":\"base64\"}"),
                  "response.content is not base64");
  expect_rejected(RESPONSE("\"status\":200,\"content\":{\"text\":\"a\",\"encoding\":\"gzip\"}"),
                  "response.content has an unknown encoding");
  expect_rejected(ENTRIES(REQUEST ",\"response\":{\"status\":0},\"_imgact\":{\"delivery\":\"not_"
                                  "sent\",\"failure\":\"other\"}"),
                  "_imgact.failure is not a known failure");
  expect_rejected(
      ENTRIES(REQUEST ",\"response\":{\"status\":0},\"_imgact\":{\"fate\":\"not_sent\"}"),
      "_imgact.delivery must be not_sent or maybe_sent");
  expect_rejected(
      ENTRIES(REQUEST
              ",\"response\":{\"status\":0},\"_imgact\":{\"delivery\":\"not_sent\",\"message\":5}"),
      "_imgact.message is not a string");
  expect_rejected(ENTRIES("\"startedDateTime\":\"yesterday\"," REQUEST),
                  "startedDateTime is not an ISO 8601 time");
  expect_rejected(ENTRIES("\"startedDateTime\":5," REQUEST),
                  "startedDateTime is not an ISO 8601 time");
  expect_rejected(ENTRIES("\"time\":\"5\"," REQUEST), "log.entries[1].time is not a number");
}

// A response may have 32 MiB, a cassette more.
TEST(har_read_33_mib_is_accepted) {
  static const char head[] =
      "{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\",\"url\":\"https://h/\"},"
      "\"response\":{\"status\":200,\"content\":{\"text\":\"";
  static const char tail[] = "\"}}}]}}";
  size_t body = (size_t)33 << 20, length = sizeof head - 1 + body + sizeof tail - 1;
  char *text = malloc(length);

  assert_non_null(text);
  memcpy(text, head, sizeof head - 1);
  memset(&text[sizeof head - 1], 'x', body);
  memcpy(&text[sizeof head - 1 + body], tail, sizeof tail - 1);
  ia_har har;
  imgact_error error;
  assert_int_equal(read_har(text, length, &har, &error), IMGACT_OK);
  assert_int_equal(har.entries[0].response.body_bytes, body);

  ia_har_free(&har);
  free(text);
}

// A sparse file, which needs no disk space.
TEST(har_read_above_limit_is_rejected) {
  folder there = new_folder();
  ia_har har;
  imgact_error error;
  write_bytes(there.file, "", 0);
  assert_int_equal(truncate(there.file, (off_t)IA_HAR_MAX_BYTES + 1), 0);
  assert_int_equal(ia_har_read(&har, there.file, NULL, &error), IMGACT_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "larger than 256 MiB"));
  remove_folder(&there);
}

TEST(har_read_missing_file_is_rejected) {
  folder there = new_folder();
  ia_har har;
  imgact_error error;
  assert_int_equal(ia_har_read(&har, there.file, NULL, &error), IMGACT_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "No such file"));
  assert_int_equal(ia_har_read(&har, there.path, NULL, &error), IMGACT_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, there.path));
  remove_folder(&there);
}

TEST(har_read_long_name_keeps_reason) {
  char name[3000];
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  ia_har har;
  imgact_error error;
  assert_int_equal(ia_har_read(&har, name, NULL, &error), IMGACT_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "too long"));
}

// Reads a file and uses every byte of the result, so that sanitizers detect a wrong length.
static void read_and_touch(const char *text, size_t length, const char *file) {
  ia_har har;
  imgact_error error;
  write_bytes(file, text, length);
  imgact_status status = ia_har_read(&har, file, NULL, &error);
  if (status != IMGACT_OK) {
    assert_int_equal(status, IMGACT_INVALID_ARGUMENT);
    assert_true(strlen(error.message) > 20);
    return;
  }
  size_t sum = 0;
  for (size_t i = 0; i < har.count; i++) {
    const ia_har_entry *entry = &har.entries[i];
    sum += strlen(entry->method) + strlen(entry->url);
    for (size_t b = 0; b < entry->body_bytes; b++) sum += (unsigned char)entry->body[b];
    for (size_t b = 0; b < entry->response.body_bytes; b++)
      sum += (unsigned char)entry->response.body[b];
    for (size_t h = 0; h < entry->response.headers_count; h++)
      sum += strlen(entry->response.headers[h].value);
  }
  assert_true(sum < 1000000);

  ia_har_free(&har);
}

TEST(har_read_truncated_file_is_rejected) {
  folder there = new_folder();
  for (size_t length = 0; length < strlen(WHOLE); length++) {
    ia_har har;
    imgact_error error;
    write_bytes(there.file, WHOLE, length);
    assert_int_equal(ia_har_read(&har, there.file, NULL, &error), IMGACT_INVALID_ARGUMENT);
  }
  remove_folder(&there);
}

// Replaces the next value after `from`. Returns the length of the text; 0 if there is no value.
static size_t put_other_value(char *out, size_t capacity, const char *text, size_t from,
                              const char *value) {
  size_t start = from + strcspn(&text[from], ":"), depth = 0;
  if (text[start] == '\0') return 0;
  size_t end = ++start;
  for (bool quoted = false; text[end] != '\0'; end++) {
    if (text[end] == '"' && text[end - 1] != '\\') quoted = !quoted;
    if (quoted) continue;
    if (depth == 0 && strchr(",}]", text[end]) != NULL) break;
    if (strchr("{[", text[end]) != NULL) depth++;
    if (strchr("}]", text[end]) != NULL) depth--;
  }
  return (size_t)snprintf(out, capacity, "%.*s%s%s", (int)start, text, value, &text[end]);
}

TEST(har_read_damaged_file_never_crashes) {
  static const char whole[] = WHOLE;
  static const char *const values[] = {
      "null", "true", "-1",   "1e300",       "\"\"",
      "[]",   "{}",   "[{}]", "\"\\u0000\"", "123456789012345678901234567890"};
  uint64_t random = 2026;
  folder there = new_folder();

  for (int round = 0; round < 4000; round++) {
    char text[2 * sizeof whole];
    size_t length = sizeof whole - 1;
    memcpy(text, whole, sizeof whole);
    if (round % 2 == 0) {
      for (size_t i = testing_below(&random, 3) + 1; i > 0; i--)
        text[testing_below(&random, length)] = (char)testing_random(&random);
    } else {
      const char *value = values[testing_below(&random, sizeof values / sizeof *values)];
      length = put_other_value(text, sizeof text, whole, testing_below(&random, length), value);
    }
    if (length > 0) read_and_touch(text, length, there.file);
  }

  remove_folder(&there);
}

TEST(har_read_without_memory_fails) {
  folder there = new_folder();
  char text[6000], body[1201], url[1501]; // larger than the rest of a block of the arena
  memset(body, 'A', sizeof body - 1);
  memset(url, 'u', sizeof url - 1);
  body[sizeof body - 1] = url[sizeof url - 1] = '\0';
  snprintf(text, sizeof text,
           "{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\",\"url\":\"%s\"},\"response\":{"
           "\"status\":200,\"headers\":"
           "[{\"name\":\"a\",\"value\":\"%s\"}],\"content\":{\"text\":\"%s\",\"encoding\":"
           "\"base64\"}}}]}}",
           url, url, body);
  write_text(there.file, text);

  for (size_t k = 1, failures = 1; failures > 0; k++) {
    failing_allocator memory;
    failing_allocator_init(&memory, k);
    ia_har har;
    imgact_error error;
    imgact_status status = ia_har_read(&har, there.file, &memory.allocator, &error);
    failures = memory.failures;
    assert_int_equal(status, failures > 0 ? IMGACT_NOMEM : IMGACT_OK);
    if (status == IMGACT_OK) ia_har_free(&har);
    assert_memory_fine(&memory);
  }

  remove_folder(&there);
}

TEST(har_write_round_trips) {
  static const imgact_header headers[] = {{"Content-Type", "application/json"},
                                          {"X-\"Odd\"", "tab\there"}};
  const ia_har_entry entry = {.started_ms = INT64_C(1772359200250),
                              .time_ms = 77,
                              .method = "PUT",
                              .url = "https://h/p?a=%26&b=2&c",
                              .headers = headers,
                              .headers_count = 1,
                              .body = "{\"a\":\"\\u0000\"}",
                              .body_bytes = 14,
                              .response = {.size = sizeof(imgact_http_response),
                                           .delivery = IMGACT_DELIVERY_ANSWERED,
                                           .status = 200,
                                           .headers = headers,
                                           .headers_count = 2,
                                           .body = "\0\xff no text",
                                           .body_bytes = 10}};
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 2);
  size_t length = 0;
  const char *text = ia_har_write(writer, &entry, NULL, &length);

  assert_non_null(text);
  assert_int_equal(strlen(text), length);
  assert_non_null(strstr(text, "\"name\": \"a\",\n        \"value\": \"&\""));
  assert_non_null(strstr(text, "\"name\": \"c\",\n        \"value\": \"\""));
  char file[8192];
  int file_length = snprintf(file, sizeof file, "{\"log\":{\"entries\":[%s]}}", text);
  imgact_json_writer_free(writer);
  ia_har har;
  imgact_error error;
  assert_int_equal(read_har(file, (size_t)file_length, &har, &error), IMGACT_OK);
  const ia_har_entry *back = &har.entries[0];
  assert_true(back->started_ms == entry.started_ms);
  assert_int_equal(back->time_ms, 77);
  assert_string_equal(back->method, entry.method);
  assert_string_equal(back->url, entry.url);
  assert_int_equal(back->body_bytes, entry.body_bytes);
  assert_memory_equal(back->body, entry.body, entry.body_bytes);
  assert_int_equal(back->response.headers_count, 2);
  assert_string_equal(back->response.headers[1].name, headers[1].name);
  assert_string_equal(back->response.headers[1].value, headers[1].value);
  assert_int_equal(back->response.body_bytes, 10);
  assert_memory_equal(back->response.body, entry.response.body, 10);

  ia_har_free(&har);
}

TEST(har_failure_name_is_unique) {
  for (size_t i = 0; i <= IMGACT_FAILURE_NOMEM; i++) {
    assert_non_null(ia_har_failure_name(i));
    for (size_t j = 0; j < i; j++)
      assert_string_not_equal(ia_har_failure_name(i), ia_har_failure_name(j));
  }
  assert_null(ia_har_failure_name(IMGACT_FAILURE_NOMEM + 1));
  assert_string_equal(ia_har_delivery_name(IMGACT_DELIVERY_NOT_SENT), "not_sent");
  assert_string_equal(ia_har_delivery_name(IMGACT_DELIVERY_MAYBE_SENT), "maybe_sent");
}

int main(void) {
  if (testing_under_valgrind())
    cmocka_set_skip_filter("har_read_above_limit_is_rejected"); // takes minutes
  return testing_run(NULL, NULL);
}
