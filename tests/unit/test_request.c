// SPDX-License-Identifier: MIT
// Requests as a provider builds them, encoded and limited; headers of a response, redacted.
#include "encode.h"
#include "error_fill.h"
#include "rate_fixture.h"
#include "request.h"

static failing_allocator memory;
static imgact_request request;
static imgact_error error;
static const imgact_provider test_provider = {.size = sizeof test_provider, .name = "example"};

static void open_with(size_t fail_at) {
  failing_allocator_init(&memory, fail_at);
  ia_request_init(&request, &memory.allocator);
  ia_error_clear(&error);
}

static void free_request(void) {
  ia_request_free(&request);
  ia_request_free(&request); // a second call does nothing
  assert_memory_fine(&memory);
}

static int open_request(void **state) {
  (void)state;
  open_with(0);
  return 0;
}

static int close_request(void **state) {
  (void)state;
  free_request();
  return 0;
}

static imgact_status encode_nothing(const imgact_call *call, imgact_request *r, imgact_error *e) {
  (void)call, (void)r, (void)e;
  return IMGACT_OK;
}

// Checks the request, as ia_request_encode() does after a provider's encode().
static imgact_status check(void) {
  const imgact_slot slot = {.encode = encode_nothing};
  const imgact_call call = {.size = sizeof call};
  return ia_request_encode(&request, &slot, &call, &test_provider, &error);
}

#define path()  ia_buf_text(&request.path)
#define query() ia_buf_text(&request.query)

TEST(request_new_is_empty_get) {
  assert_int_equal(check(), IMGACT_OK);
  assert_string_equal(request.method, "GET");
  assert_string_equal(path(), "");
  assert_string_equal(query(), "");
  assert_null(request.body);
  assert_false(request.empty);
  assert_int_equal(request.local, 0);
  imgact_request_set_method(&request, "DELETE");
  imgact_request_filter_locally(&request, 1);
  imgact_request_filter_locally(&request, 4);
  imgact_request_set_empty_result(&request);
  assert_string_equal(request.method, "DELETE");
  assert_int_equal(request.local, 5);
  assert_true(request.empty);
}

TEST(request_add_segment_encodes_each) {
  imgact_request_add_segment(&request, "images");
  imgact_request_add_segment(&request, "a/b?c#d e%\xc3\xa4");
  imgact_request_add_segment(&request, "...");
  imgact_request_add_segment(&request, "~-._");
  assert_string_equal(path(), "/images/a%2Fb%3Fc%23d%20e%25%C3%A4/.../~-._");
  assert_int_equal(check(), IMGACT_OK);
}

// The path would name another resource: DELETE /images.
TEST(request_invalid_segment_is_rejected) {
  static const char *const none[] = {NULL, "", ".", ".."};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    free_request();
    open_with(0);
    imgact_request_add_segment(&request, "images");
    imgact_request_add_segment(&request, none[i]);
    imgact_request_add_segment(&request, "actions");
    assert_int_equal(check(), IMGACT_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "invalid id: empty"));
  }
}

TEST(request_add_query_keeps_order) {
  imgact_request_add_query(&request, "none", NULL);
  imgact_request_add_query(&request, "a b", "c&d=e");
  imgact_request_add_query(&request, "none", NULL);
  imgact_request_add_query_int(&request, "page", INT64_MAX);
  imgact_request_add_query(&request, "a b", "");
  imgact_request_add_query_int(&request, "n&", INT64_MIN);
  assert_string_equal(query(),
                      "a%20b=c%26d%3De&page=9223372036854775807&a%20b=&n%26=-9223372036854775808");
}

static const char *copied(const char *text, const char *const *except) {
  ia_buf_reset(&request.query);
  imgact_request_add_query_string(&request, text, except);
  return query();
}

TEST(request_add_query_string_reencodes_pairs) {
  static const char *const except[] = {"page", "a b", NULL};
  assert_string_equal(copied("a=1&b=2", NULL), "a=1&b=2");
  assert_string_equal(copied("a=1&page=3&b=2&page=4", except), "a=1&b=2");
  assert_string_equal(copied("p%61ge=3&a+b=1&x=y+z", except), "x=y%20z");
  assert_string_equal(copied("pages=1&pag=2&Page=3", except), "pages=1&pag=2&Page=3");
  assert_string_equal(copied("a", NULL), "a=");
  assert_string_equal(copied("&&a=1&&&b=2&", NULL), "a=1&b=2");
  assert_string_equal(copied("=1&a=2", NULL), "a=2");
  assert_string_equal(copied("a=1=2", NULL), "a=1%3D2");
  assert_string_equal(copied("a=1#b=2&c=3", NULL), "a=1");
  assert_string_equal(copied("#a=1", NULL), "");
  assert_string_equal(copied("a=%0d%0aHost:%20x", NULL), "a=%0D%0AHost%3A%20x");
  assert_string_equal(copied("a=%zz%4&b=%", NULL), "a=%25zz%254&b=%25");
  assert_string_equal(copied("", NULL), "");
  assert_string_equal(copied(NULL, except), "");
  imgact_request_add_query(&request, "first", "1");
  imgact_request_add_query_string(&request, "second=2", NULL);
  assert_string_equal(query(), "first=1&second=2");
  assert_int_equal(check(), IMGACT_OK);
}

TEST(request_url_above_limit_is_rejected) {
  static char text[65537];
  memset(text, 'x', sizeof text - 1);
  text[65535] = '\0';

  imgact_request_add_segment(&request, text); // fits exactly, with its slash
  assert_int_equal(check(), IMGACT_OK);
  imgact_request_add_segment(&request, "y");
  assert_int_equal(check(), IMGACT_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "65536 bytes"));
  free_request();
  open_with(0);
  imgact_request_add_query(&request, "k", text + 2);
  assert_int_equal(check(), IMGACT_OK);
  imgact_request_add_query_int(&request, "page", 1);
  assert_int_equal(check(), IMGACT_INVALID_ARGUMENT);
}

TEST(request_body_incomplete_is_rejected) {
  imgact_json_writer *body = imgact_request_body_writer(&request);
  assert_ptr_equal(imgact_request_body_writer(&request), body);
  imgact_json_write_begin_object(body);
  imgact_json_write_key(body, "type");
  imgact_json_write_string(body, "snapshot");
  assert_int_equal(check(), IMGACT_NOMEM); // the object is still open
  assert_non_null(strstr(error.message, "example"));
  imgact_json_write_end_object(body);
  assert_int_equal(check(), IMGACT_OK);
  assert_string_equal(imgact_json_writer_finish(request.body, NULL), "{\"type\":\"snapshot\"}");
}

static imgact_status reject_call(const imgact_call *call, imgact_request *r, imgact_error *e) {
  imgact_request_add_segment(r, "");
  return imgact_error_set(e, IMGACT_UNSUPPORTED, "no %s here", call->image_ref);
}

TEST(request_encode_provider_error_comes_first) {
  const imgact_slot slot = {.encode = reject_call};
  const imgact_call call = {.size = sizeof call, .image_ref = "4711"};
  assert_int_equal(ia_request_encode(&request, &slot, &call, &test_provider, &error),
                   IMGACT_UNSUPPORTED);
  assert_string_equal(error.message, "no 4711 here");
}

static imgact_status build_much(const imgact_call *call, imgact_request *r, imgact_error *e) {
  (void)call, (void)e;
  for (int i = 0; i < 40; i++) imgact_request_add_segment(r, "a segment of some length");
  for (int i = 0; i < 40; i++) imgact_request_add_query(r, "a key", "a value of some length");
  imgact_request_add_query_int(r, "page", 7);
  imgact_request_add_query_string(r,
                                  "from=the+cloud&of=some%20length%20that%20needs%20more%20than%"
                                  "20the%20first%20block%20of%20it",
                                  NULL);
  imgact_json_writer *body = imgact_request_body_writer(r);
  imgact_json_write_begin_object(body);
  for (int i = 0; i < 40; i++) {
    imgact_json_write_key(body, "a key");
    imgact_json_write_string(body, "a value of some length");
  }
  imgact_json_write_end_object(body);

  return IMGACT_OK;
}

TEST(request_encode_without_memory_fails) {
  const imgact_slot slot = {.encode = build_much};
  const imgact_call call = {.size = sizeof call};
  bool more = true;
  size_t failures = 0, length = 0;

  for (size_t k = 1; more; k++) {
    free_request();
    open_with(k);
    imgact_status status = ia_request_encode(&request, &slot, &call, &test_provider, &error);
    more = memory.failures > 0;
    failures += more;
    if (status != (more ? IMGACT_NOMEM : IMGACT_OK))
      fail_msg("allocation %zu: %s", k, imgact_status_name(status));
    if (more) assert_int_equal(error.status, IMGACT_NOMEM);
  }
  assert_true(failures > 10);
  assert_non_null(imgact_json_writer_finish(request.body, &length));
  assert_int_equal(length, 2 + 40 * 33 - 1);
  assert_non_null(strstr(query(), "&page=7&from=the%20cloud&of=some%20length"));
}

// ---- responses

#define TOKEN "dop_v1_0123456789abcdef"

typedef struct response_fixture {
  imgact_http_response http;
  imgact_response response;
  ia_redactor redactor;
  ia_arena scratch;
} response_fixture;

static void response_with(response_fixture *r, const imgact_header *headers, size_t count) {
  static const char *const prefixes[] = {"dop_v1_", NULL};
  *r = (response_fixture){.http = {.status = 418, .headers = headers, .headers_count = count}};
  ia_redactor_init(&r->redactor, TOKEN, strlen(TOKEN), prefixes);
  ia_arena_init(&r->scratch, &memory.allocator);
  r->response =
      (imgact_response){.http = &r->http, .redactor = &r->redactor, .scratch = &r->scratch};
}

static const imgact_header headers[] = {{"X-Id", "abc-1"},
                                        {"x-ID", "second"},
                                        {"Number", "-42"},
                                        {"Fraction", "1.5"},
                                        {"Blank", " 1"},
                                        {"Huge", "9223372036854775808"},
                                        {"Largest", "9223372036854775807"},
                                        {"Empty", ""},
                                        {"Latin", "caf\xe9"},
                                        {"Utf", "caf\xc3\xa9"},
                                        {"Echo", "it was " TOKEN "!"},
                                        {"Spaced", "one two"},
                                        {"Tabbed", "one\ttwo"},
                                        {"Deleted", "one\x7ftwo"}};
#define HEADERS (sizeof headers / sizeof *headers)

TEST(response_header_ignores_case) {
  response_fixture r;
  response_with(&r, headers, HEADERS);
  assert_int_equal(imgact_response_status(&r.response), 418);
  assert_null(imgact_response_json(&r.response));
  assert_string_equal(imgact_response_header(&r.response, "x-id"), "abc-1");
  assert_string_equal(imgact_response_header(&r.response, "EMPTY"), "");
  assert_string_equal(imgact_response_header(&r.response, "utf"), "caf\xc3\xa9");
  assert_null(imgact_response_header(&r.response, "latin")); // not UTF-8
  assert_null(imgact_response_header(&r.response, "x-i"));
  assert_null(imgact_response_header(&r.response, "x-id2"));
  assert_null(ia_header(NULL, 0, "x-id"));
  ia_arena_free(&r.scratch);
}

TEST(response_header_int_needs_whole_number) {
  static const char *const none[] = {"fraction", "blank", "huge", "empty", "x-id", "there-is-none"};
  response_fixture r;
  int64_t value = 7;
  response_with(&r, headers, HEADERS);
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_false(imgact_response_header_int(&r.response, none[i], &value));
  assert_true(value == 7);
  assert_true(imgact_response_header_int(&r.response, "NUMBER", &value));
  assert_true(value == -42);
  assert_true(imgact_response_header_int(&r.response, "largest", &value));
  assert_true(value == INT64_MAX);
}

TEST(response_header_token_is_redacted) {
  response_fixture r;
  response_with(&r, headers, HEADERS);
  assert_string_equal(imgact_response_header(&r.response, "echo"), "it was [redacted]!");
  imgact_response_copy_request_id(&r.response, "echo", &error);
  assert_string_equal(error.request_id, "it");
  ia_arena_free(&r.scratch);
  memory.fail_at = memory.calls + 1;
  memory.for_good = true;
  assert_null(imgact_response_header(&r.response, "echo")); // no header is better than the token
  imgact_response_copy_request_id(&r.response, "echo", &error);
  assert_string_equal(error.request_id, "");
}

TEST(response_copy_request_id_is_truncated) {
  static char text[300];
  memset(text, 'i', sizeof text - 1);
  const imgact_header long_one[] = {{"Long", text}};
  response_fixture r;
  response_with(&r, headers, HEADERS);

  imgact_response_copy_request_id(&r.response, "X-ID", &error);
  assert_string_equal(error.request_id, "abc-1");
  static const char *const cut[] = {"spaced", "tabbed", "deleted"};
  for (size_t i = 0; i < 3; i++) {
    imgact_response_copy_request_id(&r.response, cut[i], &error);
    assert_string_equal(error.request_id, "one");
  }
  imgact_response_copy_request_id(&r.response, "utf", &error);
  assert_string_equal(error.request_id, "caf");
  imgact_response_copy_request_id(&r.response, "there-is-none", &error);
  assert_string_equal(error.request_id, "");
  response_with(&r, long_one, 1);
  imgact_response_copy_request_id(&r.response, "long", &error);
  assert_int_equal(strlen(error.request_id), sizeof error.request_id - 1);
}

int main(void) { return testing_run(open_request, close_request); }
