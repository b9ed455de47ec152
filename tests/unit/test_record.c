// SPDX-License-Identifier: MIT
#include "base64.h"
#include "buf.h"
#include "exchanges.h"
#include "failing_allocator.h"
#include "scripted.h"

#include <errno.h>
#include <fcntl.h>
#include <imgact/json.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define TOKEN "Kx7canaryQ9z2Lm4Vb6Nn8Pp0Rr1Tt3Yy5Uu7Ii9Oo1Aa3Ss5Dd7Ff9Gg1Hh3Jj5"

static const imgact_header with_token[] = {{"Authorization", "Bearer " TOKEN},
                                           {"Accept", "application/json"},
                                           {"User-Agent", "app/1.0"},
                                           {"X-Other", "not kept"}};

typedef struct recording {
  folder there;
  scripted *script;
  imgact_transport *transport;
} recording;

static recording start(const imgact_allocator *allocator) {
  recording made = {.there = new_folder(), .script = scripted_new()};
  imgact_error error;
  if (imgact_transport_new_recorder(scripted_transport(made.script), made.there.file, allocator,
                                    &made.transport, &error) != IMGACT_OK)
    fail_msg("%s", error.message);
  return made;
}

static imgact_http_request authorized(const char *method, const char *url) {
  imgact_http_request request = request_to(method, url);
  request.headers = with_token;
  request.headers_count = 4;
  return request;
}

static void exchange_with(const recording *made, const imgact_http_request *request,
                          kept_exchange *kept) {
  *kept = new_exchange();
  assert_int_equal(made->transport->send(made->transport, request, &kept->exchange), IMGACT_OK);
  drive(made->transport);
}

static void ask(const recording *made, const char *method, const char *url) {
  kept_exchange kept;
  imgact_http_request request = authorized(method, url);
  exchange_with(made, &request, &kept);
  assert_int_equal(kept.finished, 1);
  forget(&kept);
}

// Saves, ends the recording, and returns the file's text.
static char *finish(recording *made) {
  imgact_error error;
  if (imgact_recorder_save(made->transport, &error) != IMGACT_OK) fail_msg("%s", error.message);
  char *text = read_text(made->there.file);
  made->transport->destroy(made->transport);
  assert_true(scripted_destroyed(made->script));
  scripted_free(made->script);
  assert_int_equal(remove_folder(&made->there), 1);
  return text;
}

static imgact_json_doc *parsed(const char *text) {
  imgact_json_doc *doc = NULL;
  char message[200];
  if (imgact_json_doc_parse(text, strlen(text), NULL, &doc, message, sizeof message) != 0)
    fail_msg("%s in %s", message, text);
  return doc;
}

// A value by its path: names and numbers with dots between them.
static const imgact_json *at(const imgact_json_doc *doc, const char *path) {
  const imgact_json *value = imgact_json_doc_root(doc);
  while (*path != '\0' && value != NULL) {
    char step[64];
    size_t length = strcspn(path, ".");
    snprintf(step, sizeof step, "%.*s", (int)length, path);
    if (imgact_json_get_type(value) == IMGACT_JSON_ARRAY) {
      imgact_json_iter each = imgact_json_iter_begin(value);
      for (long skip = atol(step); skip >= 0; skip--) value = imgact_json_iter_next(&each, NULL);
    } else {
      value = imgact_json_get(value, step);
    }
    path += length + (path[length] == '.');
  }
  return value;
}

static void expect_text(const imgact_json_doc *doc, const char *path, const char *wanted) {
  const imgact_json *value = at(doc, path);
  if (!imgact_json_equals(value, wanted))
    fail_msg("%s is '%s', not '%s'", path, imgact_json_as_string(value, NULL), wanted);
}

static void expect_number(const imgact_json_doc *doc, const char *path, int64_t wanted) {
  int64_t number = -12345;
  imgact_json_as_int(at(doc, path), &number);
  if (number != wanted)
    fail_msg("%s is %lld, not %lld", path, (long long)number, (long long)wanted);
}

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

// ---- secrets

static void expect_clean(const char *text, const char *token) {
  for (size_t i = 0; i + 8 <= strlen(token); i += 4) {
    char part[9];
    snprintf(part, sizeof part, "%.8s", token + i);
    const char *found = strstr(text, part);
    if (found != NULL) fail_msg("'%s' is in the cassette: %.60s", part, found);
  }
}

static char *spelled(const char *token, int way) {
  char *out = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&out, &length);
  assert_non_null(stream);
  for (size_t i = 0; token[i] != '\0'; i++) {
    if (way == 0) fputc(token[i], stream);
    if (way == 1) fprintf(stream, "%%%02x", (unsigned)token[i]);
    if (way == 2) fprintf(stream, "\\u%04x", (unsigned)token[i]);
    if (way == 3) fprintf(stream, i % 2 == 0 ? "%c" : "\\u%04X", (unsigned)token[i]);
    if (way == 4) fprintf(stream, "&#%u;", (unsigned)token[i]);
    if (way == 5) fprintf(stream, "\\u0026#x%x;", (unsigned)token[i]);
    if (way == 6) fprintf(stream, "%%2525%02X", (unsigned)token[i]);
    if (way == 7) fprintf(stream, "\\\\u%04x", (unsigned)token[i]);
  }
  fclose(stream);
  if (way < 8) return out;
  free(out);
  char text[200];
  ia_buf coded;
  ia_buf_init(&coded, NULL, 1000);
  int text_length = snprintf(text, sizeof text, "%.*s%s:", way - 8, "user", token);
  ia_base64_encode(&coded, text, (size_t)text_length);
  out = strdup(ia_buf_text(&coded));
  ia_buf_free(&coded);
  return out;
}

// The token, in each spelling, at each place that the other side or the caller can put it.
TEST(recorder_token_is_never_saved) {
  static const char *const tokens[] = {
      TOKEN, "dop_v1_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
      "odd/token+with=marks~and.dots_"};
  for (size_t t = 0; t < sizeof tokens / sizeof *tokens; t++) {
    for (int way = 0; way < 11; way++) {
      recording made = start(NULL);
      char *token = spelled(tokens[t], way), url[2000], headers[9000], body[3000], bytes[2000],
           authorization[200];
      snprintf(authorization, sizeof authorization, "Bearer %s", tokens[t]);
      snprintf(url, sizeof url, "https://h/a/%s?t=%s&%s=1", token, token, token);
      snprintf(headers, sizeof headers,
               "Date: %s\nContent-Type: a/%s\nLink: <%s>\nX-Request-Id: %s\nEtag: "
               "%s\nRatelimit-%s: 1\nSet-Cookie: %s\nX: %s\n",
               token, token, token, token, token, token, token, token);
      snprintf(body, sizeof body, "{\"message\":\"for %s\",\"%s\":[\"%s\"]}", token, token, token);
      int bytes_length = snprintf(bytes, sizeof bytes, "\xff%s\xfe%s", token, token);
      imgact_header sent[] = {
          {"AUTHORIZATION", authorization}, {"User-Agent", token}, {"Accept", token}};
      imgact_http_request request = request_to("POST", url);
      request.headers = sent;
      request.headers_count = 3;
      request.body = body;
      request.body_bytes = strlen(body);
      kept_exchange kept;
      scripted_next(made.script,
                    (scripted_answer){.status = 200, .headers = headers, .body = body});
      scripted_next(
          made.script,
          (scripted_answer){.status = 200, .body = bytes, .body_bytes = (size_t)bytes_length});
      scripted_next(made.script,
                    (scripted_answer){.failure = IMGACT_FAILURE_NETWORK, .message = token});
      for (int i = 0; i < 3; i++) {
        exchange_with(&made, &request, &kept);
        forget(&kept);
      }
      char *text = finish(&made);
      expect_clean(text, tokens[t]);
      expect_clean(text, token);
      assert_non_null(strstr(text, "[redacted]"));
      imgact_json_doc_free(parsed(text));
      free(text);
      free(token);
    }
  }
}

TEST(recorder_later_token_scrubs_earlier_entries) {
  recording made = start(NULL);
  imgact_header other[] = {{"authorization", "Bearer second-token-of-this"}};
  imgact_http_request request = request_to("GET", "https://h/b");
  request.headers = other;
  request.headers_count = 1;
  scripted_json(made.script, 200, "{\"next\":\"second-token-of-this\"}");
  scripted_json(made.script, 200, "{\"last\":\"" TOKEN "\"}");
  ask(&made, "GET", "https://h/second-token-of-this");
  kept_exchange kept;
  exchange_with(&made, &request, &kept);
  forget(&kept);
  char *text = finish(&made);
  expect_clean(text, "second-token-of-this");
  expect_clean(text, TOKEN);
  assert_non_null(strstr(text, "{\\\"next\\\":\\\"[redacted]\\\"}"));
  free(text);
}

// A token that equals what every cassette holds can not be kept out: better no file than one that
// tells it.
TEST(recorder_save_unscrubbable_secret_fails) {
  recording made = start(NULL);
  write_text(made.there.file, "an older one");
  imgact_header other[] = {{"Authorization", "Bearer startedDateTime"}};
  imgact_http_request request = request_to("GET", "https://h/b");
  request.headers = other;
  request.headers_count = 1;
  scripted_json(made.script, 200, "{}");
  kept_exchange kept;
  exchange_with(&made, &request, &kept);
  forget(&kept);
  imgact_error error;
  assert_int_equal(imgact_recorder_save(made.transport, &error), IMGACT_INTERNAL);
  assert_non_null(strstr(error.message, "a secret could not be scrubbed"));
  assert_null(strstr(error.message, "startedDateTime"));
  made.transport->destroy(made.transport);
  scripted_free(made.script);
  char *text = read_text(made.there.file);
  assert_string_equal(text, "an older one");
  free(text);
  assert_int_equal(remove_folder(&made.there), 1);
}

TEST(recorder_save_too_many_tokens_fails) {
  recording made = start(NULL);
  scripted_on(made.script, "*", (scripted_answer){.status = 204});
  for (int i = 0; i < 100; i++) {
    char authorization[64];
    snprintf(authorization, sizeof authorization, "Bearer token-number-%d-of-100", i + 100);
    imgact_header header = {"Authorization", authorization};
    imgact_http_request request = request_to("GET", "https://h/b");
    request.headers = &header;
    request.headers_count = 1;
    kept_exchange kept;
    exchange_with(&made, &request, &kept);
    forget(&kept);
  }
  imgact_error error;
  assert_int_equal(imgact_recorder_save(made.transport, &error), IMGACT_INTERNAL);
  assert_non_null(strstr(error.message, "too many different tokens"));
  made.transport->destroy(made.transport);
  scripted_free(made.script);
  assert_int_equal(remove_folder(&made.there), 0);
}

// An allocator that looks into what is given back.
typedef struct nosy {
  imgact_allocator allocator;
  size_t seen;
} nosy;

static void *nosy_alloc(void *user, size_t bytes) {
  (void)user;
  size_t *made = calloc(1, bytes + 16);
  assert_non_null(made);
  *made = bytes;
  return made + 2;
}

static size_t *start_of(void *block) { return (size_t *)(void *)((char *)block - 16); }

static void nosy_release(void *user, void *block) {
  nosy *self = user;
  if (memmem(block, *start_of(block), TOKEN, 12) != NULL) self->seen++;
  free(start_of(block));
}

static void *nosy_resize(void *user, void *block, size_t bytes) {
  void *made = nosy_alloc(user, bytes);
  if (block == NULL) return made;
  memcpy(made, block, *start_of(block) < bytes ? *start_of(block) : bytes);
  nosy_release(user, block);
  return made;
}

TEST(recorder_released_memory_holds_no_token) {
  nosy memory = {
      .allocator = {sizeof(imgact_allocator), nosy_alloc, nosy_resize, nosy_release, &memory}};
  recording made = start(&memory.allocator);
  scripted_json(made.script, 200, "{\"echo\":\"" TOKEN "\"}");
  ask(&made, "GET", "https://h/a?t=" TOKEN);
  free(finish(&made));
  assert_int_equal(memory.seen, 0);
  void *block = nosy_alloc(&memory, 100); // the check can fail
  memcpy(block, TOKEN, sizeof TOKEN);
  nosy_release(&memory, block);
  assert_int_equal(memory.seen, 1);
}

// ---- files

// Takes the place of the C library's functions for the transport, which is linked statically: the
// order of "f" (a file is synchronised), "d" (a directory) and "r" (a file is renamed), and an
// error to give for a file.
static char file_calls[16];
static int fsync_error, rename_error;

static void note_call(char what) {
  size_t used = strlen(file_calls);
  if (used < sizeof file_calls - 1) file_calls[used] = what;
}

int fsync(int fd) {
  struct stat about;
  bool is_folder = fstat(fd, &about) == 0 && S_ISDIR(about.st_mode);
  note_call(is_folder ? 'd' : 'f');
  errno = is_folder ? 0 : fsync_error;
  return errno != 0 ? -1 : 0;
}

int rename(const char *from, const char *to) {
  note_call('r');
  errno = rename_error;
  if (rename_error != 0) return -1;
  return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

TEST(recorder_save_syncs_before_rename) {
  recording made = start(NULL);
  memset(file_calls, 0, sizeof file_calls);
  scripted_on(made.script, "*", (scripted_answer){.status = 204});
  ask(&made, "GET", "https://h/a");
  free(finish(&made));
  assert_string_equal(file_calls, "frd");
}

// The save fails at the step whose error is set. The next one finds no temporary file beside the
// cassette.
static void check_failed_save_keeps_older(int *step_error, int code, const char *calls) {
  recording made = start(NULL);
  imgact_error error;
  write_text(made.there.file, "an older one");
  scripted_on(made.script, "*", (scripted_answer){.status = 204});
  ask(&made, "GET", "https://h/a");
  memset(file_calls, 0, sizeof file_calls);
  *step_error = code;
  assert_int_equal(imgact_recorder_save(made.transport, &error), IMGACT_INTERNAL);
  *step_error = 0;
  if (calls) assert_string_equal(file_calls, calls);
  assert_non_null(strstr(error.message, strerror(code)));
  char *text = read_text(made.there.file);
  assert_string_equal(text, "an older one");
  free(text);
  free(finish(&made));
}

TEST(recorder_save_failed_sync_keeps_older) { check_failed_save_keeps_older(&fsync_error, EIO, "f"); }

TEST(recorder_save_failed_rename_keeps_older) {
  check_failed_save_keeps_older(&rename_error, EACCES, NULL);
}

TEST(recorder_save_without_sync_support_works) {
  recording made = start(NULL);
  scripted_on(made.script, "*", (scripted_answer){.status = 204});
  ask(&made, "GET", "https://h/a");
  fsync_error = EINVAL;
  free(finish(&made));
  fsync_error = 0;
}

TEST(recorder_save_mode_is_0600) {
  recording made = start(NULL);
  write_text(made.there.file, "an older one");
  scripted_on(made.script, "*", (scripted_answer){.status = 204});
  ask(&made, "GET", "https://h/a");
  char *text = read_text(made.there.file);
  assert_string_equal(text, "an older one");
  free(text);
  assert_int_equal(imgact_recorder_save(made.transport, NULL), IMGACT_OK);
  struct stat there;
  assert_int_equal(stat(made.there.file, &there), 0);
  assert_int_equal(there.st_mode & 0777, 0600);
  ask(&made, "GET", "https://h/b");
  text = finish(&made);
  imgact_json_doc *doc = parsed(text);
  assert_int_equal(imgact_json_count(at(doc, "log.entries")), 2);
  imgact_json_doc_free(doc);
  free(text);
}

TEST(recorder_destroy_saves_unsaved_entries) {
  recording made = start(NULL);
  scripted_on(made.script, "*", (scripted_answer){.status = 204});
  ask(&made, "GET", "https://h/a");
  made.transport->destroy(made.transport);
  scripted_free(made.script);
  char *text = read_text(made.there.file);
  imgact_json_doc *doc = parsed(text);
  assert_int_equal(imgact_json_count(at(doc, "log.entries")), 1);
  imgact_json_doc_free(doc);
  free(text);
  assert_int_equal(remove_folder(&made.there), 1);
}

TEST(recorder_without_exchanges_saves_empty_log) {
  recording made = start(NULL);
  char *text = finish(&made);
  imgact_json_doc *doc = parsed(text);
  assert_int_equal(imgact_json_get_type(at(doc, "log.entries")), IMGACT_JSON_ARRAY);
  assert_int_equal(imgact_json_count(at(doc, "log.entries")), 0);
  imgact_json_doc_free(doc);
  free(text);
}

TEST(recorder_without_exchanges_keeps_older) {
  recording made = start(NULL);
  write_text(made.there.file, "an older one");
  char *text = finish(&made);
  assert_string_equal(text, "an older one");
  free(text);
}

static void expect_bad_path(const char *path, const char *why) {
  scripted *script = scripted_new();
  imgact_transport *transport = scripted_transport(script);
  imgact_error error;
  imgact_transport *made = transport;
  assert_int_equal(imgact_transport_new_recorder(transport, path, NULL, &made, &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_null(made);
  if (strstr(error.message, why) == NULL) fail_msg("'%s' does not say '%s'", error.message, why);
  assert_true(scripted_destroyed(script)); // taken over, also on failure
  scripted_free(script);
}

TEST(recorder_new_unwritable_path_is_rejected) {
  folder there = new_folder();
  char path[200];
  expect_bad_path(there.path, "is not a regular file");
  expect_bad_path("/dev/null", "is not a regular file");
  expect_bad_path("", "is empty");
  snprintf(path, sizeof path, "%s/none/cassette.har", there.path);
  expect_bad_path(path, "No such file or directory");
  write_text(there.file, "a file");
  snprintf(path, sizeof path, "%s/cassette.har", there.file);
  expect_bad_path(path, "Not a directory");
  if (geteuid() != 0) { // root may write anywhere
    assert_int_equal(chmod(there.path, 0500), 0);
    snprintf(path, sizeof path, "%s/other.har", there.path);
    expect_bad_path(path, "Permission denied");
    assert_int_equal(chmod(there.path, 0700), 0);
  }
  char *text = read_text(there.file);
  assert_string_equal(text, "a file");
  free(text);
  assert_int_equal(remove_folder(&there), 1);
}

TEST(recorder_save_removed_folder_fails) {
  recording made = start(NULL);
  imgact_error error;
  assert_int_equal(remove_folder(&made.there), 0);
  assert_int_equal(imgact_recorder_save(made.transport, &error), IMGACT_INTERNAL);
  assert_non_null(strstr(error.message, "No such file"));
  made.transport->destroy(made.transport);
  scripted_free(made.script);
}

TEST(recorder_save_full_disk_keeps_older) {
  static const size_t rooms[] = {
      10, 1000, 20000}; // too little for the frame, for the entry, for what is still buffered
  for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
    recording made = start(NULL);
    write_text(made.there.file, "an older one");
    char body[20000];
    memset(body, 'x', sizeof body);
    scripted_next(made.script,
                  (scripted_answer){.status = 200, .body = body, .body_bytes = sizeof body});
    ask(&made, "GET", "https://h/a");
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = rooms[i], .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    imgact_error error;
    imgact_status status = imgact_recorder_save(made.transport, &error);
    made.transport->destroy(made.transport);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, IMGACT_INTERNAL);
    assert_non_null(strstr(error.message, "File too large"));
    char *text = read_text(made.there.file);
    assert_string_equal(text, "an older one");
    free(text);
    scripted_free(made.script);
    assert_int_equal(remove_folder(&made.there), 1);
  }
}

// Wherever the disk ends, the older file stays and nothing is left beside it.
TEST(recorder_save_cut_anywhere_keeps_older) {
  recording made = start(NULL);
  struct rlimit before;
  imgact_error error;
  write_text(made.there.file, "an older one");
  scripted_on(made.script, "*",
              (scripted_answer){.status = 200, .body = "{}", .headers = "Date: x\n"});
  for (int i = 0; i < 40; i++) ask(&made, i % 2 ? "GET" : "DELETE", "https://h/a");
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  size_t cuts = 0;
  for (imgact_status status = IMGACT_INTERNAL; status != IMGACT_OK; cuts++) {
    struct rlimit small = {.rlim_cur = cuts * 509, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    status = imgact_recorder_save(made.transport, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    if (status == IMGACT_OK) break;
    assert_non_null(strstr(error.message, "File too large"));
    char *text = read_text(made.there.file);
    assert_string_equal(text, "an older one");
    free(text);
  }
  assert_true(cuts > 30);
  free(finish(&made));
}

TEST(recorder_save_other_transport_is_rejected) {
  scripted *script = scripted_new();
  imgact_error error;
  assert_int_equal(imgact_recorder_save(scripted_transport(script), &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_int_equal(imgact_recorder_save(NULL, &error), IMGACT_INVALID_ARGUMENT);
  scripted_free(script);
}

TEST(recorder_new_invalid_arguments_are_rejected) {
  folder there = new_folder();
  imgact_transport *made = NULL;
  imgact_allocator holes = {.size = sizeof holes};
  scripted *script = scripted_new();
  assert_int_equal(
      imgact_transport_new_recorder(scripted_transport(script), NULL, NULL, &made, NULL),
      IMGACT_INVALID_ARGUMENT);
  assert_true(scripted_destroyed(script));
  scripted_free(script);
  assert_int_equal(imgact_transport_new_recorder(NULL, there.file, &holes, &made, NULL),
                   IMGACT_INVALID_ARGUMENT);
  remove_folder(&there);
}

// ---- passing on

static imgact_status no_send(imgact_transport *transport, const imgact_http_request *request,
                             imgact_exchange *exchange) {
  (void)transport, (void)request, (void)exchange;
  return IMGACT_INTERNAL;
}
static void no_work(imgact_transport *transport) { (void)transport; }
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
                            .dispatch = no_work,
                            .fd = number_5,
                            .timeout_ms = number_5,
                            .wakeup = raise_flag,
                            .destroy = no_work,
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
  assert_int_equal(imgact_json_count(at(doc, "log.entries")), 0); // what was not taken was not sent
  imgact_json_doc_free(doc);
  free(text);
  remove_folder(&there);
}

// As a loop refuses it, and before a file is touched; it is taken over all the same.
TEST(recorder_new_incomplete_transport_is_rejected) {
  folder there = new_folder();
#define HOLE(member)                                                                               \
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
  HOLE(size);
  HOLE(send);
  HOLE(cancel);
  HOLE(dispatch);
  HOLE(fd);
  HOLE(timeout_ms);
  HOLE(destroy);
#undef HOLE
  assert_int_equal(remove_folder(&there), 0);
}

// ---- memory

TEST(recorder_without_memory_ends_cleanly) {
  char body[3000] =
      "\xff" TOKEN " dop_v1_0123456789 "; // does not fit into a block of the arena that others use
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
      assert_int_equal(kept[i].finished, 1); // a recording that breaks does not break the exchange
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
