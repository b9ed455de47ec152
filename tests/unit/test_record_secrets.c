// SPDX-License-Identifier: MIT
// No token of a recording is in its file, or in memory that was released.
#include "base64.h"
#include "buf.h"
#include "recorder_fixture.h"

// ---- secrets

static void expect_clean(const char *text, const char *token) {
  for (size_t i = 0; i + 8 <= strlen(token); i += 4) {
    char part[9];
    snprintf(part, sizeof part, "%.8s", token + i);
    const char *found = strstr(text, part);
    if (found != NULL) fail_msg("'%s' is in the cassette: %.60s", part, found);
  }
}

static char *encoded(const char *token, int encoding) {
  char *out = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&out, &length);

  assert_non_null(stream);
  for (size_t i = 0; token[i] != '\0'; i++) {
    if (encoding == 0) fputc(token[i], stream);
    if (encoding == 1) fprintf(stream, "%%%02x", (unsigned)token[i]);
    if (encoding == 2) fprintf(stream, "\\u%04x", (unsigned)token[i]);
    if (encoding == 3) fprintf(stream, i % 2 == 0 ? "%c" : "\\u%04X", (unsigned)token[i]);
    if (encoding == 4) fprintf(stream, "&#%u;", (unsigned)token[i]);
    if (encoding == 5) fprintf(stream, "\\u0026#x%x;", (unsigned)token[i]);
    if (encoding == 6) fprintf(stream, "%%2525%02X", (unsigned)token[i]);
    if (encoding == 7) fprintf(stream, "\\\\u%04x", (unsigned)token[i]);
  }
  fclose(stream);
  if (encoding < 8) return out;
  free(out);
  char text[200];
  ia_buf coded;
  ia_buf_init(&coded, NULL, 1000);
  int text_length = snprintf(text, sizeof text, "%.*s%s:", encoding - 8, "user", token);
  ia_base64_encode(&coded, text, (size_t)text_length);
  out = strdup(ia_buf_text(&coded));

  ia_buf_free(&coded);
  return out;
}

// The token in each encoding, in each text of a request or response.
TEST(recorder_token_is_never_saved) {
  static const char *const tokens[] = {
      TOKEN, "dop_v1_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
      "odd/token+with=marks~and.dots_"};
  for (size_t t = 0; t < sizeof tokens / sizeof *tokens; t++) {
    for (int encoding = 0; encoding < 11; encoding++) {
      recording made = start(NULL);
      char *token = encoded(tokens[t], encoding), url[2000], headers[9000], body[3000], bytes[2000],
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

// An API may take its token in another header.
TEST(recorder_token_of_other_header_scrubbed) {
  static const char *const names[] = {"X-Auth-Token", "Api-KEY", "x-client-secret"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    recording made = start(NULL);
    imgact_header other[] = {{names[i], "a-token-of-this"}};
    imgact_http_request request = request_to("GET", "https://h/b");
    request.headers = other;
    request.headers_count = 1;
    scripted_json(made.script, 200, "{\"echo\":\"a-token-of-this\"}");

    kept_exchange kept;
    exchange_with(&made, &request, &kept);
    forget(&kept);
    char *text = finish(&made);
    expect_clean(text, "a-token-of-this");

    free(text);
  }
}

// A token that equals a key of every cassette cannot be removed: no file is written then.
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
  assert_non_null(strstr(error.message, "a secret could not be removed"));
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

// An allocator that searches released blocks for the token.
typedef struct token_watcher {
  imgact_allocator allocator;
  size_t seen;
} token_watcher;

static void *watch_alloc(void *user, size_t bytes) {
  (void)user;
  size_t *made = calloc(1, bytes + 16);
  assert_non_null(made);
  *made = bytes;
  return made + 2;
}

static size_t *start_of(void *block) { return (size_t *)(void *)((char *)block - 16); }

static void watch_release(void *user, void *block) {
  token_watcher *self = user;
  if (memmem(block, *start_of(block), TOKEN, 12) != NULL) self->seen++;
  free(start_of(block));
}

static void *watch_resize(void *user, void *block, size_t bytes) {
  void *made = watch_alloc(user, bytes);
  if (block == NULL) return made;
  memcpy(made, block, *start_of(block) < bytes ? *start_of(block) : bytes);
  watch_release(user, block);
  return made;
}

TEST(recorder_released_memory_holds_no_token) {
  token_watcher memory = {
      .allocator = {sizeof(imgact_allocator), watch_alloc, watch_resize, watch_release, &memory}};
  recording made = start(&memory.allocator);
  scripted_json(made.script, 200, "{\"echo\":\"" TOKEN "\"}");
  ask(&made, "GET", "https://h/a?t=" TOKEN);
  free(finish(&made));
  assert_int_equal(memory.seen, 0);
  void *block = watch_alloc(&memory, 100); // the check can fail
  memcpy(block, TOKEN, sizeof TOKEN);
  watch_release(&memory, block);
  assert_int_equal(memory.seen, 1);
}

int main(void) { return testing_run(NULL, NULL); }
