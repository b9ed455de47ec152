// SPDX-License-Identifier: MIT
#include "failing_allocator.h"
#include "str.h"
#include "testing.h"

// ---- numbers ----

TEST(str_int64_reads_full_range) {
  const struct {
    const char *text;
    int64_t value;
  } good[] = {{"0", 0},   {"-0", 0},    {"007", 7},
              {"42", 42}, {"-42", -42}, {"9223372036854775807", INT64_MAX},
              {"1", 1},   {"-1", -1},   {"-9223372036854775808", INT64_MIN}};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    int64_t value = 99;
    assert_true(ia_str_int64(good[i].text, &value));
    assert_int_equal(value, good[i].value);
  }
}

TEST(str_int64_invalid_is_rejected) {
  const char *bad[] = {"",
                       "-",
                       "+1",
                       " 1",
                       "1 ",
                       "1.0",
                       "1e3",
                       "0x1",
                       "--1",
                       "1-",
                       "١",
                       "9223372036854775808",
                       "-9223372036854775809",
                       "99999999999999999999999"};
  int64_t value = 99;

  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(ia_str_int64(bad[i], &value));
  assert_false(ia_str_int64(NULL, &value));
  assert_int_equal(value, 99);
}

// ---- comparison ----

TEST(str_equal_handles_null_and_case) {
  assert_true(ia_str_equal(NULL, NULL));
  assert_false(ia_str_equal(NULL, ""));
  assert_false(ia_str_equal("", NULL));
  assert_true(ia_str_equal("a", "a"));
  assert_false(ia_str_equal("a", "A"));
  assert_true(ia_str_equal_nocase("X-Request-ID", "x-request-id"));
  assert_false(ia_str_equal_nocase("x-request", "x-request-id"));
  assert_false(ia_str_equal_nocase("x-request-id", "x-request"));
  assert_false(ia_str_equal_nocase("[", "{")); // 32 apart, as letters are
  assert_false(ia_str_equal_nocase("É", "é"));
  assert_false(ia_str_equal_nocase(NULL, NULL));
  assert_true(ia_str_equal_nocase("", ""));
  assert_true(ia_str_starts("image", "im"));
  assert_true(ia_str_starts("image", ""));
  assert_false(ia_str_starts("im", "image"));
  assert_false(ia_str_starts(NULL, ""));
}

// ---- UTF-8 ----

// Reference encoder, also for surrogates.
static size_t encode(uint32_t code, char out[4]) {
  if (code < 0x80) return out[0] = (char)code, 1;
  if (code < 0x800)
    return out[0] = (char)(0xc0 | code >> 6), out[1] = (char)(0x80 | (code & 63)), 2;
  if (code < 0x10000) {
    out[0] = (char)(0xe0 | code >> 12), out[1] = (char)(0x80 | (code >> 6 & 63)),
    out[2] = (char)(0x80 | (code & 63));
    return 3;
  }
  out[0] = (char)(0xf0 | code >> 18), out[1] = (char)(0x80 | (code >> 12 & 63));
  out[2] = (char)(0x80 | (code >> 6 & 63)), out[3] = (char)(0x80 | (code & 63));
  return 4;
}

TEST(utf8_char_surrogates_are_invalid) {
  for (uint32_t code = 0; code < 0x120000; code++) {
    char text[8] = "";
    size_t bytes = encode(code, text);
    bool valid = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    if (ia_utf8_char(text, bytes, false) != (valid ? bytes : 0)) fail_msg("U+%04X", (unsigned)code);
    for (size_t cut = 1; cut < bytes; cut++) assert_int_equal(ia_utf8_char(text, cut, false), 0);
  }
}

TEST(utf8_valid_bad_sequences_are_invalid) {
  const char *bad[] = {"\x80",
                       "\xbf",
                       "\xc0\x80",
                       "\xc1\xbf",
                       "\xc3",
                       "\xc3(",
                       "\xe0\x80\x80",
                       "\xe0\x9f\xbf",
                       "\xe2\x82",
                       "\xed\xa0\x80",
                       "\xf0\x8f\xbf\xbf",
                       "\xf4\x90\x80\x80",
                       "\xf5\x80\x80\x80",
                       "\xff",
                       "\xfe",
                       "\xf0\x9f\x98"};

  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    for (size_t before = 0; before < 20; before++) {
      char text[64];
      int length =
          snprintf(text, sizeof text, "%.*s%s", (int)before, "abcdefghijklmnopqrstuvwxyz", bad[i]);
      assert_false(ia_utf8_valid(text, (size_t)length, false));
      length = snprintf(text, sizeof text, "%.*s%sabcdefghijklmnop", (int)before,
                        "abcdefghijklmnopqrstuvwxyz", bad[i]);
      assert_false(ia_utf8_valid(text, (size_t)length, false));
    }
  }
  assert_true(ia_utf8_valid("", 0, false));
  assert_int_equal(ia_utf8_char("a", 0, false), 0);
  assert_true(ia_utf8_valid("aé€😀", strlen("aé€😀"), false));
  assert_true(ia_utf8_valid("a\0b", 3, false));
}

TEST(utf8_valid_nul_pair_if_allowed) {
  assert_true(ia_utf8_valid("a\xc0\x80z", 4, true));
  assert_false(ia_utf8_valid("a\xc0\x80z", 4, false));
  assert_false(ia_utf8_valid("a\xc0\x81z", 4, true));
  assert_false(ia_utf8_valid("a\xc0", 2, true));
}

TEST(utf8_cut_keeps_whole_characters) {
  const char *text = "aé€😀\xc0\x80z";
  size_t length = strlen(text);
  const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10, 12, 13, 13, 13};
  for (size_t max = 0; max < sizeof ends / sizeof *ends; max++)
    assert_int_equal(ia_utf8_cut(text, length, max), ends[max]);
  assert_int_equal(ia_utf8_cut("x\xe2\x82", 3, 10), 1); // already truncated
  assert_int_equal(ia_utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
  assert_int_equal(ia_utf8_cut("\xff\xff", 2, 1), 1);
  assert_int_equal(ia_utf8_cut(NULL, 0, 5), 0);
}

TEST(str_copy_fits_buffer) {
  char buffer[6] = "?????";
  ia_str_copy(buffer, 0, "abc");
  assert_string_equal(buffer, "?????");
  ia_str_copy(buffer, sizeof buffer, "abc");
  assert_string_equal(buffer, "abc");
  ia_str_copy(buffer, sizeof buffer, "abcd€");
  assert_string_equal(buffer, "abcd");
  ia_str_copy(buffer, sizeof buffer, "ab€");
  assert_string_equal(buffer, "ab€");
  ia_str_copy(buffer, sizeof buffer, NULL);
  assert_string_equal(buffer, "");
  ia_str_copy(buffer, 1, "abc");
  assert_string_equal(buffer, "");
  ia_str_copy_n(buffer, sizeof buffer, "abcdef", 2);
  assert_string_equal(buffer, "ab");
  ia_str_copy(buffer, sizeof buffer, buffer + 1); // overlapping
  assert_string_equal(buffer, "b");
}

// ---- percent-encoding ----

TEST(percent_encode_keeps_unreserved_only) {
  ia_buf out;
  ia_buf_init(&out, NULL, 100000);
  ia_percent_encode(&out, "AZaz09-._~");
  assert_string_equal(ia_buf_text(&out), "AZaz09-._~");
  ia_buf_reset(&out);
  ia_percent_encode(&out, "my image & co=50%+é/../?#");
  assert_string_equal(ia_buf_text(&out), "my%20image%20%26%20co%3D50%25%2B%C3%A9%2F..%2F%3F%23");
  ia_buf_reset(&out);
  ia_percent_encode(&out, "");
  assert_string_equal(ia_buf_text(&out), "");
  ia_buf_free(&out);
}

TEST(percent_decode_round_trips_every_byte) {
  char all[256];
  for (int i = 0; i < 255; i++) all[i] = (char)(i + 1);
  all[255] = '\0';
  ia_buf encoded, decoded;
  ia_buf_init(&encoded, NULL, 10000);
  ia_buf_init(&decoded, NULL, 10000);
  ia_percent_encode(&encoded, all);
  for (size_t i = 0; i < encoded.length; i++)
    assert_true(encoded.data[i] > ' ' && encoded.data[i] < 0x7f);
  ia_percent_decode(&decoded, encoded.data, encoded.length, true);
  assert_string_equal(ia_buf_text(&decoded), all);

  ia_buf_free(&encoded);
  ia_buf_free(&decoded);
}

TEST(percent_decode_invalid_escape_is_kept) {
  const struct {
    const char *text, *plain, *with_plus;
  } cases[] = {{"a+b%20c", "a+b c", "a b c"},
               {"%", "%", "%"},
               {"%4", "%4", "%4"},
               {"%4g%41", "%4gA", "%4gA"},
               {"%%41", "%A", "%A"},
               {"%2b", "+", "+"},
               {"%C3%a9", "é", "é"},
               {"100%+", "100%+", "100% "}};

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ia_buf out;
    ia_buf_init(&out, NULL, 100);
    ia_percent_decode(&out, cases[i].text, strlen(cases[i].text), false);
    assert_string_equal(ia_buf_text(&out), cases[i].plain);
    ia_buf_reset(&out);
    ia_percent_decode(&out, cases[i].text, strlen(cases[i].text), true);
    assert_string_equal(ia_buf_text(&out), cases[i].with_plus);
    ia_buf_free(&out);
  }
  ia_buf out;
  ia_buf_init(&out, NULL, 100);
  ia_percent_decode(&out, "%41%42", 4, false); // the length counts, not the NUL
  assert_string_equal(ia_buf_text(&out), "A%");

  ia_buf_free(&out);
}

// ---- URLs ----

static void assert_url(const char *text, const char *host, int port, const char *path,
                       const char *query, bool https) {
  ia_url url;
  const char *wrong = ia_url_parse(text, &url);
  if (wrong != NULL) fail_msg("%s: %s", text, wrong);
  assert_int_equal(url.host_length, strlen(host));
  assert_memory_equal(url.host, host, url.host_length);
  assert_int_equal(url.path_length, strlen(path));
  assert_memory_equal(url.path, path, url.path_length);
  assert_int_equal(url.query_length, strlen(query));
  assert_memory_equal(url.query, query, url.query_length);
  assert_int_equal(url.port, port);
  assert_int_equal(url.https, https);
}

TEST(url_parse_finds_all_parts) {
  assert_url("https://api.hetzner.cloud/v1", "api.hetzner.cloud", 0, "/v1", "", true);
  assert_url("https://api.digitalocean.com", "api.digitalocean.com", 0, "", "", true);
  assert_url("http://127.0.0.1:8080/v2/images?page=2&per_page=3#x", "127.0.0.1", 8080, "/v2/images",
             "page=2&per_page=3", false);
  assert_url("HTTPS://Host_1:65535?a=b", "Host_1", 65535, "", "a=b", true);
  assert_url("http://[::1]:1/", "[::1]", 1, "/", "", false);
  assert_url("https://[2001:db8::1.2.3.4]", "[2001:db8::1.2.3.4]", 0, "", "", true);
  assert_url("https://h/#a?b", "h", 0, "/", "", true);
  assert_url("https://h//v1///", "h", 0, "//v1///", "", true);
  assert_url("https://h/a@b:c?d@e/f?g", "h", 0, "/a@b:c", "d@e/f?g", true);
}

TEST(url_parse_invalid_is_rejected) {
  const struct {
    const char *text, *reason;
  } bad[] = {{NULL, "missing"},
             {"", "start"},
             {"api.hetzner.cloud/v1", "start"},
             {"ftp://127.0.0.1/v1", "start"},
             {"://x", "start"},
             {"http:/h", "start"},
             {"http:", "start"},
             {"not a url", "whitespace"},
             {"https://h/a b", "whitespace"},
             {"https://h/\r\nX: y", "control"},
             {"https://h\t", "control"},
             {"https://h/\x7f", "control"},
             {"https://h/caf\xc3\xa9", "not ASCII"},
             {"https://h/?\xff", "not ASCII"},
             {"http://", "no host"},
             {"http:///v1", "no host"},
             {"http://?a", "no host"},
             {"http://:80/", "no host"},
             {"http://127.0.0.1:80@192.0.2.1/v1", "user name"},
             {"http://localhost@evil/", "user name"},
             {"https://@h", "user name"},
             {"https://h\\@evil/", "user name"},
             {"https://a\\b/", "character"},
             {"https://h%41/", "character"},
             {"https://hé/", "character"},
             {"https://[::1", "character"},
             {"https://[]", "character"},
             {"https://[::1]x", "character"},
             {"https://[::1%25eth0]/", "character"},
             {"https://a,b", "character"},
             {"https://h:", "port"},
             {"https://h:/", "port"},
             {"https://h:0", "port"},
             {"https://h:65536", "port"},
             {"https://h:8x", "port"},
             {"https://h:-1", "port"},
             {"https://h:1:2", "port"},
             {"https://h:99999999999999999999999999", "port"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ia_url url;
    const char *wrong = ia_url_parse(bad[i].text, &url);
    if (wrong == NULL) fail_msg("%s was taken", bad[i].text);
    if (strstr(wrong, bad[i].reason) == NULL) fail_msg("%s: %s", bad[i].text, wrong);
  }
}

TEST(url_parse_loopback_needs_exact_host) {
  const char *yes[] = {"localhost", "LocalHost",    "127.0.0.1", "127.255.255.255",
                       "127.0.0.0", "127.10.200.9", "[::1]"};
  const char *no[] = {"localhost.",
                      "localhost.example.org",
                      "xlocalhost",
                      "127.0.0.1.example.org",
                      "127.0.0.256",
                      "127.1",
                      "127.0.1",
                      "127.0.0.01",
                      "0127.0.0.1",
                      "128.0.0.1",
                      "127.0.0.1.",
                      "127.0.0.1.1",
                      "127..0.1",
                      "127.0.0.",
                      "0.0.0.0",
                      "192.0.2.1",
                      "2130706433",
                      "0x7f.0.0.1",
                      "[::]",
                      "[0:0:0:0:0:0:0:1]",
                      "[::ffff:127.0.0.1]",
                      "[::11]",
                      "127.0.0.1000",
                      "localhos",
                      "127"};
  char text[64];
  ia_url url;

  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    snprintf(text, sizeof text, "http://%s:80/v1", yes[i]);
    assert_null(ia_url_parse(text, &url));
    if (!url.loopback) fail_msg("%s is loopback", yes[i]);
  }
  for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
    snprintf(text, sizeof text, "http://%s", no[i]);
    assert_null(ia_url_parse(text, &url));
    if (url.loopback) fail_msg("%s is no loopback", no[i]);
  }
}

// ---- hashing ----

TEST(hash_of_ids_is_spread) {
  enum { IDS = 20000 };
  static uint64_t hashes[IDS];
  static size_t per_bucket[1024];
  memset(per_bucket, 0, sizeof per_bucket);

  for (size_t i = 0; i < IDS; i++) {
    char id[32];
    int length = snprintf(id, sizeof id, "%zu", 7000000 + i);
    hashes[i] = ia_hash(id, (size_t)length);
    per_bucket[hashes[i] & 1023]++;
  }
  for (size_t i = 1; i < IDS; i++) assert_int_not_equal(hashes[i], hashes[i - 1]);
  for (size_t i = 0; i < 1024; i++) assert_int_in_range(per_bucket[i], 1, 60); // 20 on average
  assert_int_equal(ia_hash("x", 1), ia_hash("xy", 1));
  assert_int_not_equal(ia_hash("", 0), ia_hash("\0", 1));
}

int main(void) { return testing_run(NULL, NULL); }
