// SPDX-License-Identifier: MIT
#include "exchanges.h"
#include "har_match.h"

static void expect_key(const char *method, const char *url, const char *wanted) {
  ia_arena arena;
  ia_arena_init(&arena, NULL);
  assert_string_equal(ia_match_key(method, url, &arena), wanted);
  ia_arena_free(&arena);
}

TEST(match_key_normalises_url) {
  expect_key("GET", "https://api.example:8443/v1/images", "GET /v1/images");
  expect_key("GET", "http://127.0.0.1/v1/images?", "GET /v1/images");
  expect_key("GET", "https://h", "GET /");
  expect_key("GET", "https://h?a=1", "GET /?a=1");
  expect_key("GET", "https://h/a?b=2&a=1", "GET /a?a=1&b=2");
  expect_key("GET", "https://h/a?b=2&a=1#f", "GET /a?a=1&b=2");
  expect_key("GET", "https://h/%61%2fb/~x", "GET /a%2Fb/~x");
  expect_key("GET", "https://h/a?name=a+b&%6eame=%e2%82%ac", "GET /a?name=a%20b&name=%E2%82%AC");
  expect_key("GET", "https://h/a+b", "GET /a%2Bb");
  expect_key("GET", "https://h/a?x=%26&&y=%3d&z==", "GET /a?x=%26&y=%3D&z=%3D");
  expect_key("GET", "https://h/a?empty=&none", "GET /a?empty=&none");
  expect_key("GET", "https://h/a?x=%00%zz%", "GET /a?x=%00%25zz%25");
  expect_key("GET", "data:image/png;base64,AA", "GET /data%3Aimage/png%3Bbase64%2CAA");
}

TEST(match_key_repeated_names_keep_order) {
  expect_key("GET", "https://h/a?type=b&sort=x&type=a&sort=a",
             "GET /a?sort=x&sort=a&type=b&type=a");
  expect_key("GET", "https://h/a?ab=1&a=2&b=3&a=1", "GET /a?a=2&a=1&ab=1&b=3");
}

static bool same(const char *there, const char *asked) {
  bool nomem = false;
  const ia_har_entry entry = {.body = there, .body_bytes = there == NULL ? 0 : strlen(there)};
  imgact_http_request request = request_to("POST", "https://h/");
  request.body = asked;
  request.body_bytes = asked == NULL ? 0 : strlen(asked);
  bool result = ia_match_body(&entry, &request, NULL, &nomem);
  assert_false(nomem);
  return result;
}

TEST(match_body_compares_json) {
  assert_true(same("{\"a\":1,\"b\":[true,null,\"x\"]}",
                   " { \"b\" : [ true, null, \"\\u0078\" ], \"a\" : 1.0 } "));
  assert_true(same("1e2", "100"));
  assert_true(same("18446744073709551615", "18446744073709551615 "));
  assert_false(same("{\"a\":1}", "{\"a\":1,\"b\":2}"));
  assert_false(same("{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}"));
  assert_false(same("{\"a\":1}", "{\"a\":\"1\"}"));
  assert_false(same("{\"a\":true}", "{\"a\":false}"));
  assert_false(same("[1,2]", "[2,1]"));
  assert_false(same("[1,2]", "[1,2,3]"));
  assert_false(same("\"a\"", "\"b\""));
  assert_false(same("1", "2"));
  assert_false(same("{}", "[]"));
}

TEST(match_body_compares_numbers_by_value) {
  assert_true(same("0.5", "5e-1"));
  assert_true(same("1e300", "1.0E+300"));
  assert_false(same("0.5", "0.25"));
  assert_false(same("0.25", "0.5"));
  assert_false(same("1", "0.5"));
  assert_false(same("0.5", "1"));
  assert_false(same("1e400", "1"));
  assert_false(same("0.5", "1e400"));
  assert_true(same("[true,false,null]", "[true,false,null]"));
  assert_false(same("[true]", "[null]"));
  assert_false(same("\"a\"", "\"ab\""));
}

// The last value of a duplicate key counts, on both sides.
TEST(match_body_duplicate_key_last_counts) {
  assert_true(same("{\"a\":1,\"a\":2}", "{\"a\":2}"));
  assert_true(same("{\"a\":2}", "{\"a\":1,\"a\":2}"));
  assert_false(same("{\"a\":2,\"a\":1}", "{\"a\":2}"));
  assert_false(same("{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2}"));
  assert_false(same("{\"a\":1,\"b\":2}", "{\"a\":1,\"a\":1}"));
}

// The recorder hides the values of some members. They match any value, but not a missing member.
TEST(match_body_hidden_member_matches_any) {
  assert_true(same("{\"email\":\"[redacted]\",\"a\":1}", "{\"email\":\"a@b\",\"a\":1}"));
  assert_true(same("{\"b\":{\"root_password\":\"[redacted]\"}}", "{\"b\":{\"root_password\":7}}"));
  assert_false(same("{\"email\":\"[redacted]\",\"a\":1}", "{\"email\":\"a@b\",\"a\":2}"));
  assert_false(same("{\"email\":\"[redacted]\"}", "{}"));
  assert_false(same("{\"email\":\"x@y\"}", "{\"email\":\"a@b\"}"));
  assert_false(same("{\"email\":\"a@b\"}", "{\"email\":\"[redacted]\"}"));
  assert_false(same("{\"name\":\"[redacted]\"}", "{\"name\":\"a@b\"}"));
}

TEST(match_body_nul_in_key_counts) {
  assert_true(same("{\"a\\u0000b\":1}", "{ \"a\\u0000b\":1}"));
  assert_false(same("{\"a\\u0000b\":1}", "{\"a\\u0000c\":1}"));
  assert_false(same("{\"a\":1}", "{\"a\\u0000c\":1}"));
}

TEST(match_body_huge_number_compares_digits) {
  assert_true(same("[1e400]", "[ 1e400]"));
  assert_false(same("[1e400]", "[1e401]"));
  assert_true(same("[0.5]", "[5e-1]"));
  assert_false(same("[18446744073709551617]", "[18446744073709551618]"));
}

// Each level has a duplicate. Values that do not count are not compared, else the time would
// double per level.
TEST(match_body_nested_duplicates_is_linear) {
  char there[2000] = "", asked[2000];
  size_t used = 0;
  for (int i = 0; i < 60; i++)
    used += (size_t)snprintf(there + used, sizeof there - used, "{\"a\":{},\"a\":");
  used += (size_t)snprintf(there + used, sizeof there - used, "1");
  memset(there + used, '}', 60);
  there[used + 60] = '\0';
  snprintf(asked, sizeof asked, " %s", there);
  assert_true(same(there, asked));
}

TEST(match_body_non_json_compares_bytes) {
  assert_true(same("no json", "no json"));
  assert_false(same("no json", "no  json"));
  assert_false(same("{\"a\":1", "{\"a\": 1"));
  assert_false(same("{\"a\":1}", "no json"));
}

TEST(match_body_null_equals_empty) {
  assert_true(same(NULL, NULL));
  assert_true(same(NULL, ""));
  assert_true(same("", NULL));
  assert_false(same(NULL, "{}"));
  assert_false(same("{}", NULL));
}

// ---- descriptions of the nearest entry

static void expect_miss(const char *method, const char *url, const char *body, const char *wanted) {
  static const ia_har_entry hars[] = {
      {.body = NULL},
      {.body = NULL},
      {.body = "{\"type\":\"convert\"}", .body_bytes = 18},
      {.body = "{\"type\":\"transfer\",\"region\":\"nyc3\"}", .body_bytes = 35},
  };
  const ia_match_entry entries[] = {
      {&hars[0], "GET /v1/images?page=1&per_page=50", false},
      {&hars[1], "GET /v1/images/4711", true},
      {&hars[2], "POST /v2/images/1/actions", false},
      {&hars[3], "POST /v2/images/2/actions", true},
  };
  ia_arena arena;
  ia_buf out;
  ia_arena_init(&arena, NULL);
  ia_buf_init(&out, NULL, 1024);
  imgact_http_request request = request_to(method, url);
  request.body = body;
  request.body_bytes = body == NULL ? 0 : strlen(body);
  ia_match_describe_nearest(&out, entries, 4, ia_match_key(method, url, &arena), &request);
  assert_string_equal(ia_buf_text(&out), wanted);
  ia_buf_free(&out);
  ia_arena_free(&arena);
}

TEST(describe_nearest_hides_members_by_key) {
  expect_miss(
      "POST", "https://h/v2/images/1/actions", "{\"recipient_email\":\"a@b\"}",
      "no cassette entry for POST /v2/images/1/actions; closest: log.entries[2] has another "
      "body: recorded {\"type\":\"convert\"}, requested "
      "{\"recipient_email\":\"[redacted]\"}");
}

TEST(describe_nearest_names_entry_and_difference) {
  expect_miss("GET", "https://h/v1/images?page=2&per_page=50", NULL,
              "no cassette entry for GET /v1/images?page=2&per_page=50; closest: "
              "log.entries[0] has another query: "
              "recorded page=1&per_page=50, requested page=2&per_page=50");
  expect_miss("GET", "https://h/v1/images", NULL,
              "no cassette entry for GET /v1/images; closest: log.entries[0] has "
              "another query: recorded "
              "page=1&per_page=50, requested none");
  expect_miss("GET", "https://h/v1/images/4711", NULL,
              "no cassette entry for GET /v1/images/4711; closest: log.entries[1] "
              "was already used, and "
              "there is no other one");
  expect_miss("GET", "https://h/v1/images/4712", NULL,
              "no cassette entry for GET /v1/images/4712; closest: log.entries[1] "
              "is GET /v1/images/4711");
  expect_miss("POST", "https://h/v2/images/1/actions", "{\"type\":\"transfer\"}",
              "no cassette entry for POST /v2/images/1/actions; closest: "
              "log.entries[2] has another body: recorded "
              "{\"type\":\"convert\"}, requested {\"type\":\"transfer\"}");
  expect_miss("GET", "https://h/v2/images/2/actions", NULL,
              "no cassette entry for GET /v2/images/2/actions; closest: "
              "log.entries[3] is POST "
              "/v2/images/2/actions");
  expect_miss("GET", "https://h/v1/images/4711?x=1", NULL,
              "no cassette entry for GET /v1/images/4711?x=1; closest: "
              "log.entries[1] has another query: recorded "
              "none, requested x=1");
#define OTHER_BODY(body)                                                                           \
  "no cassette entry for POST /v2/images/1/actions; closest: log.entries[2] has "                  \
  "another body: recorded "                                                                        \
  "{\"type\":\"convert\"}, requested " body
#define FIFTY "01234567890123456789012345678901234567890123456789"
  expect_miss("POST", "https://h/v2/images/1/actions", NULL, OTHER_BODY("none"));
  expect_miss("POST", "https://h/v2/images/1/actions", "a\nb\x7f", OTHER_BODY("a b "));
  expect_miss("POST", "https://h/v2/images/1/actions", "\xff", OTHER_BODY("..."));
  expect_miss("POST", "https://h/v2/images/1/actions", FIFTY FIFTY "0",
              OTHER_BODY(FIFTY FIFTY "..."));
  expect_miss("PATCH", "https://h/", NULL,
              "no cassette entry for PATCH /; closest: log.entries[2] is POST "
              "/v2/images/1/actions");
}

TEST(describe_nearest_empty_cassette_is_named) {
  ia_buf out;
  ia_buf_init(&out, NULL, 1024);
  imgact_http_request request = request_to("GET", "https://h/a");
  ia_match_describe_nearest(&out, NULL, 0, "GET /a", &request);
  assert_string_equal(ia_buf_text(&out), "no cassette entry for GET /a: the cassette is empty");
  ia_buf_free(&out);
}

TEST(describe_nearest_is_one_short_line) {
  char there[3000], asked[3000];
  memset(there, '\n', sizeof there);
  memset(asked, 'x', sizeof asked);
  const ia_har_entry har = {.body = there, .body_bytes = sizeof there};
  const ia_match_entry entry = {&har, "POST /a", false};
  ia_buf out;
  ia_buf_init(&out, NULL, 1024);
  imgact_http_request request = request_to("POST", "https://h/a");
  request.body = asked;
  request.body_bytes = sizeof asked;

  ia_match_describe_nearest(&out, &entry, 1, "POST /a", &request);
  assert_int_equal(out.state, IA_BUF_OK);
  assert_int_in_range(out.length, 200, 450);
  assert_null(strchr(ia_buf_text(&out), '\n'));
  ia_buf_free(&out);
}

int main(void) { return testing_run(NULL, NULL); }
