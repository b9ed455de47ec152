// SPDX-License-Identifier: MIT
// Values of JSON members that are hidden by their key, also in damaged and nested JSON.
#include "redact_members.h"
#include "testing.h"

#define R "\"[redacted]\""

static void assert_redacted(const char *text, const char *expected) {
  ia_buf out;
  ia_buf_init(&out, ia_allocator_of(NULL), 65536);
  ia_redact_members(&out, text, strlen(text));
  assert_string_equal(ia_buf_text(&out), expected);
  ia_buf_free(&out);
}

static void assert_kept(const char *text) { assert_redacted(text, text); }

TEST(hidden_member_key_by_ending) {
  static const char *const hidden[] = {"email",    "recipient_email", "password", "root_password",
                                       "PASSWORD", "user_data",       "User_Data"};
  static const char *const shown[] = {"", "emails", "password_reset", "userdata", "mail", "e"};
  for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
    assert_true(ia_is_hidden_member(hidden[i], strlen(hidden[i])));
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
    assert_false(ia_is_hidden_member(shown[i], strlen(shown[i])));
}

TEST(redact_members_hides_strings) {
  assert_redacted("{\"recipient_email\":\"a@b.example\"}", "{\"recipient_email\":" R "}");
  assert_redacted("{ \"root_password\" : \"x\" , \"name\":\"n\"}",
                  "{ \"root_password\" : " R " , \"name\":\"n\"}");
  assert_redacted("{\"user_data\":\"#!\\\"\\\\\",\"a\":1}", "{\"user_data\":" R ",\"a\":1}");
  assert_redacted("[{\"email\":\"a\"},{\"email\":\"b\"}]", "[{\"email\":" R "},{\"email\":" R "}]");
  assert_redacted("{\"email\":\"[redacted]\"}", "{\"email\":" R "}");
}

TEST(redact_members_hides_other_values) {
  assert_redacted("{\"password\":1234}", "{\"password\":" R "}");
  assert_redacted("{\"user_data\":{\"a\":[\"}\",{\"b\":\"\\\"]\"}]},\"c\":0}",
                  "{\"user_data\":" R ",\"c\":0}");
  assert_redacted("{\"user_data\":[[1],\"]\"] }", "{\"user_data\":" R " }");
}

TEST(redact_members_keeps_empty_values) {
  assert_kept("{\"password\":null,\"email\":\"\",\"user_data\":true,\"root_password\":false}");
}

TEST(redact_members_keeps_other_members) {
  assert_kept("");
  assert_kept("{}");
  assert_kept(
      "{\"name\":\"password\",\"description\":\"email: a@b\",\"labels\":{\"emails\":\"a\"}}");
  assert_kept("[\"password\",\"x\"]");
  assert_kept("password\"");
  assert_kept("{\"password\"");
  assert_kept("{\"password\":");
  assert_kept("{\"password\": ");
}

// The text of a trace may be cut anywhere.
TEST(redact_members_hides_cut_values) {
  assert_redacted("{\"password\":\"sec", "{\"password\":" R);
  assert_redacted("{\"password\":\"sec\\", "{\"password\":" R);
  assert_redacted("{\"password\":\"", "{\"password\":" R);
  assert_redacted("{\"password\":12", "{\"password\":" R);
  assert_redacted("{\"user_data\":{\"a\":\"b", "{\"user_data\":" R);
  assert_redacted("{\"user_data\":[[1]", "{\"user_data\":" R);
}

#define R1 "\\\"[redacted]\\\""
#define R2 "\\\\\\\"[redacted]\\\\\\\""

TEST(redact_members_hides_nested_json) {
  assert_redacted("{\"message\":\"bad: {\\\"password\\\":\\\"x\\\",\\\"a\\\":1}\"}",
                  "{\"message\":\"bad: {\\\"password\\\":" R1 ",\\\"a\\\":1}\"}");
  assert_redacted("\"{\\\"password\\\":\\\"x\\\\\\\"y\\\"}\"", "\"{\\\"password\\\":" R1 "}\"");
  assert_redacted("\"{\\\"password\\\":\\\"cut\",\"z\":1", "\"{\\\"password\\\":" R1 "\",\"z\":1");
  assert_redacted("\"{\\\"password\\\":7\",\"z\":1", "\"{\\\"password\\\":" R1 "\",\"z\":1");
  assert_redacted("\"{\\\"user_data\\\":[\\\"]\\\",2]}\"", "\"{\\\"user_data\\\":" R1 "}\"");
  assert_redacted("\"{\\\"user_data\\\":[\\\"]\\\",2\"", "\"{\\\"user_data\\\":" R1 "\"");
  assert_redacted("\"\\\"{\\\\\\\"email\\\\\\\":\\\\\\\"x\\\\\\\"}\\\"\"",
                  "\"\\\"{\\\\\\\"email\\\\\\\":" R2 "}\\\"\"");
}

TEST(redact_members_any_cut_hides_secret) {
  static const char whole[] =
      "{\"a\":\"{\\\"password\\\":\\\"SECRET\\\"}\",\"user_data\":{\"k\":[\"SECRET\"]},\"email\":"
      "\"SECRET\",\"b\":2}";
  for (size_t length = 0; length < sizeof whole; length++) {
    ia_buf out;
    ia_buf_init(&out, ia_allocator_of(NULL), 65536);
    ia_redact_members(&out, whole, length);
    assert_null(strstr(ia_buf_text(&out), "S"));
    ia_buf_free(&out);
  }
}

int main(void) { return testing_run(NULL, NULL); }
