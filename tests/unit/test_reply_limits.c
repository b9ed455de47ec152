// SPDX-License-Identifier: MIT
// How large a response may be, and how much memory reading it takes.
#include "reply_fixture.h"

// ---- bounds

static char *list_of(const char *item, size_t count) {
  size_t length = strlen(item);
  char *text = malloc(count * (length + 1) + 100), *at = text;
  assert_non_null(text);
  at += sprintf(at, "{\"images\":[");
  for (size_t i = 0; i < count; i++) at += sprintf(at, "%s%s", i ? "," : "", item);
  sprintf(at, "]}");
  return text;
}

TEST(reply_too_many_items_is_protocol) {
  ask(IMGACT_OP_LIST_IMAGES, NULL, NULL);
  char *body = list_of("{\"id\":1}", IA_REPLY_MAX_ITEMS);
  assert_int_equal(read_body(body), IMGACT_OK);
  assert_int_equal(s.result.images_count, IA_REPLY_MAX_ITEMS);
  free(body);
  body = list_of("{\"id\":1}", IA_REPLY_MAX_ITEMS + 1);
  assert_int_equal(read_body(body), IMGACT_PROTOCOL);
  assert_string_equal(s.error.message, "the response holds more than 10000 items");
  free(body);
}

TEST(reply_too_many_regions_is_protocol) {
  char regions[6000] = "{\"id\":1,\"regions\":[\"\"";
  for (size_t i = 1; i < 1001; i++) strcat(regions, ",\"\"");
  strcat(regions, "]}");
  ask(IMGACT_OP_LIST_IMAGES, NULL, NULL);
  char *body = list_of(regions, 1);
  assert_int_equal(read_body(body), IMGACT_PROTOCOL);
  assert_non_null(strstr(s.error.message, "1000 elements"));
  free(body);
}

// A text of `length` bytes of JSON: "xxx...".
static char *json_text(size_t length) {
  char *text = malloc(length + 1);
  assert_non_null(text);
  memset(text, 'x', length);
  text[0] = text[length - 1] = '"';
  text[length] = '\0';
  return text;
}

#define DETAILS_LIMIT ((size_t)64 << 10)

TEST(error_details_limit_is_exact) {
  for (size_t length = DETAILS_LIMIT - 1; length <= DETAILS_LIMIT + 1; length++) {
    char *details = json_text(length), *body = malloc(length + 100);
    assert_non_null(body);
    sprintf(body, "{\"message\":\"m\",\"details\":%s}", details);
    ask(IMGACT_OP_GET_IMAGE, "1", NULL);
    assert_int_equal(read_status(400, body), IMGACT_INVALID_INPUT);
    assert_string_equal(s.error.message, "m");
    if (length <= DETAILS_LIMIT)
      assert_string_equal(s.result.details, details);
    else
      assert_null(s.result.details);
    free(details);
    free(body);
  }
}

// ---- memory
// The maximum memory for reading a response, without its body. docs/hostile-input.md lists it.

#define READING_MAX_BYTES ((size_t)288 << 20)

static size_t peak_bytes;

// A body of `length` bytes: `item` as often as it fits between `start` and `end`.
static char *filled(const char *start, const char *item, const char *end, size_t length) {
  char *text = malloc(length + 1), *at = text;
  size_t item_length = strlen(item), rest = strlen(end);
  assert_non_null(text);
  at += sprintf(at, "%s", start);
  while ((size_t)(at - text) + item_length + 1 + rest < length) {
    memcpy(at, item, item_length);
    at += item_length;
    *at++ = ',';
  }
  sprintf(at[-1] == ',' ? at - 1 : at, "%s", end);
  return text;
}

static imgact_status read_measured(int status, char *body) {
  close_fixture(NULL);
  open_fixture(NULL);
  s.result.keep_raw = true;
  ask(IMGACT_OP_LIST_IMAGES, NULL, NULL);
  assert_true(strlen(body) <= IA_JSON_MAX_BYTES);
  imgact_status result = read_status(status, body);
  free(body);
  if (s.memory.peak_bytes > peak_bytes) peak_bytes = s.memory.peak_bytes;
  return result;
}

// Each part of reading at its largest: values, copied text, raw JSON, redacted text, details.
TEST(reply_memory_is_bounded) {
  static const char values[] = "{\"images\":[{\"id\":1,\"x\":[",
                    name[] = "{\"images\":[{\"id\":1,\"name\":\"";
  char zeros[3001], image[3100];

  peak_bytes = 0;
  assert_int_equal(read_measured(200, filled(values, "0", "]}]}", (size_t)24 << 20)),
                   IMGACT_PROTOCOL);
  assert_non_null(strstr(s.error.message, "its values need more than 96 MiB"));
  (void)snprintf(zeros, sizeof zeros, "%03000d", 0);
  (void)snprintf(image, sizeof image, "{\"id\":1,\"name\":\"%s\"}", zeros);
  assert_int_equal(read_measured(200, filled(name, zeros, "\"}]}", IA_JSON_MAX_BYTES)), IMGACT_OK);
  assert_int_equal(read_measured(200, filled("{\"images\":[", image, "]}", IA_JSON_MAX_BYTES)),
                   IMGACT_PROTOCOL);
  assert_int_equal(read_measured(500, filled("{\"details\":[", image, "]}", IA_JSON_MAX_BYTES)),
                   IMGACT_UNAVAILABLE);
  assert_null(s.result.details);
  ia_redactor_init(&redactor, "0123456789", 10, NULL);
  memcpy(zeros + 1000, redactor.token, redactor.token_length);
  assert_int_equal(read_measured(200, filled(name, zeros, "\"}]}", IA_JSON_MAX_BYTES)), IMGACT_OK);
  (void)snprintf(image, sizeof image, "\"\\u0000%s\"", zeros);
  assert_int_equal(read_measured(200, filled(values, image, "]}]}", IA_JSON_MAX_BYTES)), IMGACT_OK);
#ifndef __SANITIZE_ADDRESS__ // four million tokens take minutes there
  // a text of nothing but the shortest token grows by a quarter
  ia_redactor_init(&redactor, "01234567", 8, NULL);
  for (size_t i = 0; i + 1 < sizeof zeros; i++) zeros[i] = redactor.token[i % 8];
  assert_int_equal(read_measured(200, filled(name, zeros, "\"}]}", IA_JSON_MAX_BYTES)),
                   IMGACT_PROTOCOL);
#endif
  memset(&redactor, 0, sizeof redactor);
  print_message("# peak: %zu MiB\n", peak_bytes >> 20);
  assert_int_in_range(peak_bytes, 1, READING_MAX_BYTES);
}

int main(void) {
  if (testing_under_valgrind()) cmocka_set_skip_filter("reply_memory_is_bounded"); // takes minutes
  return testing_run(open_fixture, close_fixture);
}
