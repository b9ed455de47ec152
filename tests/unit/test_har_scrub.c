// SPDX-License-Identifier: MIT
#include "base64.h"
#include "builtin.h"
#include "failing_allocator.h"
#include "har_scrub.h"
#include "testing.h"

#define PLAIN                                                                                      \
  "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zAbC4eF6hI8kL0nO2qR3sT5uV7wX9yZ1aB" /* 64 letters and digits */
#define VENDOR "dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char *scrubbed(ia_scrub *scrub, const char *text, size_t length) {
  ia_buf out;
  ia_buf_init(&out, NULL, 1 << 20);
  ia_scrub_text(scrub, &out, text, length);
  assert_int_equal(out.state, IA_BUF_OK);
  char *copy = strdup(ia_buf_text(&out));
  ia_buf_free(&out);
  return copy;
}

static void expect(ia_scrub *scrub, const char *text, const char *wanted) {
  char *got = scrubbed(scrub, text, strlen(text));
  assert_string_equal(got, wanted);
  char *again = scrubbed(scrub, got, strlen(got));
  assert_string_equal(again, got);
  free(got);
  free(again);
}

static ia_scrub scrub_of(const char *token) {
  ia_scrub scrub;
  ia_scrub_init(&scrub, NULL);
  assert_int_equal(ia_scrub_add(&scrub, token, strlen(token)), IA_SCRUB_OK);
  return scrub;
}

static ia_scrub scrub_of_nothing(void) {
  ia_scrub scrub;
  ia_scrub_init(&scrub, NULL);
  return scrub;
}

TEST(scrub_token_is_replaced_everywhere) {
  static const char *const tokens[] = {PLAIN,
                                       VENDOR,
                                       "short-8!",
                                       "with \"quotes\" and \\back/slash%41",
                                       "a.b~c_d-e+f/g=",
                                       "\\\\double\\\\back%%25"};
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
    char text[400];
    ia_scrub scrub = scrub_of(tokens[i]);
    expect(&scrub, tokens[i], "[redacted]");
    snprintf(text, sizeof text, "x%sy, {\"k\":\"%s\"}", tokens[i], tokens[i]);
    expect(&scrub, text, "x[redacted]y, {\"k\":\"[redacted]\"}");
    snprintf(text, sizeof text, "%s%s", tokens[i], tokens[i]);
    expect(&scrub, text, "[redacted][redacted]");
    ia_scrub_free(&scrub);
  }
}

TEST(scrub_prefix_of_8_is_replaced) {
  ia_scrub plain = scrub_of(PLAIN), vendor = scrub_of(VENDOR);
  expect(&plain, "aB3dE5g stays", "aB3dE5g stays");
  expect(&plain, "aB3dE5gH goes", "[redacted] goes");
  expect(&plain, "aB3dE5gH7jK9...", "[redacted]...");
  expect(&vendor, "dop_v1_ and dop_v1_0123456 stay", "dop_v1_ and dop_v1_0123456 stay");
  expect(&vendor, "dop_v1_01234567 goes", "[redacted] goes");
  ia_scrub_free(&plain);
  ia_scrub_free(&vendor);
}

// Appends a character in one of the encodings that a client, proxy or server may apply.
static size_t encode_one(char *out, unsigned c, size_t encoding) {
  switch (encoding) {
  case 0: return (size_t)sprintf(out, "%c", (char)c);
  case 1: return (size_t)sprintf(out, "%%%02X", c);
  case 2: return (size_t)sprintf(out, "%%%02x", c);
  case 3: return (size_t)sprintf(out, "\\u%04x", c);
  case 4: return (size_t)sprintf(out, "\\u%04X", c);
  case 5: return (size_t)sprintf(out, "&#%u;", c);
  case 6: return (size_t)sprintf(out, "&#x%x;", c);
  case 7: return (size_t)sprintf(out, "&#X%06X;", c);
  case 8: return (size_t)sprintf(out, "%%25%02x", c);
  case 9: return (size_t)sprintf(out, "%%2525%02X", c);
  case 10: return (size_t)sprintf(out, "\\\\u%04x", c);
  case 11: return (size_t)sprintf(out, "\\\\\\\\u%04x", c);
  case 12: return (size_t)sprintf(out, "&amp;#%u;", c);
  case 13: return (size_t)sprintf(out, "&amp;amp;#%u;", c);
  case 14: return (size_t)sprintf(out, "\\u0026#%u;", c);
  case 15: return (size_t)sprintf(out, "\\\\u0026#x%x;", c);
  case 16: return (size_t)sprintf(out, "%%26%%23%u%%3B", c);
  case 17: return (size_t)sprintf(out, "%%5Cu%04x", c);
  default: return (size_t)sprintf(out, "&#37;%02x", c);
  }
}

enum { ENCODINGS = 19, MIXED = ENCODINGS };

static size_t encode(char *out, const char *token, size_t encoding) {
  size_t length = 0;
  for (size_t i = 0; token[i] != '\0'; i++)
    length += encode_one(out + length, (unsigned char)token[i],
                         encoding == MIXED ? i % ENCODINGS : encoding);
  return length;
}

TEST(scrub_encoded_token_is_replaced) {
  static const char *const tokens[] = {PLAIN, VENDOR, "a/b\"c&d+e f-g_h", "%%percent%2525",
                                       "\\\\\\\\unc\\path"};
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
    ia_scrub scrub = scrub_of(tokens[i]);
    // with mixed encodings, an escape that may also be characters of the token is ambiguous
    size_t most = strpbrk(tokens[i], "\\%") == NULL ? MIXED : ENCODINGS - 1;
    for (size_t encoding = 0; encoding <= most; encoding++) {
      char text[2000] = "before ";
      size_t length = 7 + encode(text + 7, tokens[i], encoding);
      if (!ia_scrub_leaks(&scrub, text, length)) fail_msg("not seen: %s", text);
      strcpy(text + length, "|after");
      expect(&scrub, text, "before [redacted]|after");
    }
    ia_scrub_free(&scrub);
  }
}

TEST(scrub_encoded_base64_is_replaced) {
  ia_scrub scrub = scrub_of("subjects?d=1>>>???");
  for (size_t encoding = 0; encoding <= MIXED; encoding++) {
    char text[2000];
    size_t length = encode(text, "c3ViamVjdHM/ZD0xPj4+Pz8/", encoding);
    text[length] = '\0';
    expect(&scrub, text, "[redacted]");
  }
  ia_scrub_free(&scrub);
}

TEST(scrub_entity_without_semicolon_is_kept) {
  ia_scrub scrub = scrub_of("a&b<c>d\"e'f");
  expect(&scrub, "a&amp;b&lt;c&gt;d&quot;e&apos;f", "[redacted]");
  expect(&scrub, "a&ampb&ltc&gtd&quote&aposf", "a&ampb&ltc&gtd&quote&aposf");
  ia_scrub_free(&scrub);
}

TEST(scrub_json_short_escapes_are_decoded) {
  ia_scrub scrub = scrub_of("a/b\"c\\d/e/f");
  expect(&scrub, "\"a\\/b\\\"c\\\\d\\/e\\/f\"", "\"[redacted]\"");
  ia_scrub_free(&scrub);
}

TEST(scrub_token_after_backslash_is_replaced) {
  ia_scrub scrub = scrub_of(PLAIN);
  expect(&scrub, "C:\\" PLAIN " %" PLAIN " &" PLAIN, "C:[redacted] %[redacted] &[redacted]");
  expect(&scrub, "\\" VENDOR, "\\[redacted-1]");
  ia_scrub_free(&scrub);
}

// With any text before and after the token, only the bits at its ends may remain in base64.
TEST(scrub_base64_any_alignment_is_replaced) {
  static const char *const tokens[] = {PLAIN, VENDOR, "subjects?d=1>>>???"};
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
    ia_scrub scrub = scrub_of(tokens[i]);
    for (size_t before = 0; before < 7; before++) {
      for (size_t behind = 0; behind < 4; behind++) {
        char text[200];
        ia_buf coded;
        ia_buf_init(&coded, NULL, 1000);
        int length = snprintf(text, sizeof text, "%.*s%s%.*s", (int)before, "user::", tokens[i],
                              (int)behind, "@@@");
        ia_base64_encode(&coded, text, (size_t)length);
        char *got = scrubbed(&scrub, ia_buf_text(&coded), coded.length);
        assert_non_null(strstr(got, "[redacted]"));
        assert_int_in_range(strlen(got), 10, 10 + (before * 4 + 2) / 3 + 1);
        free(got);
        ia_buf_free(&coded);
      }
    }
    ia_scrub_free(&scrub);
  }
}

TEST(scrub_base64_url_alphabet_is_replaced) {
  ia_scrub scrub = scrub_of("subjects?d=1>>>???");
  expect(&scrub, "c3ViamVjdHM_ZD0xPj4-Pz8_", "[redacted]");
  expect(&scrub, "c3ViamVjdHM/ZD0xPj4+Pz8/", "[redacted]");
  expect(&scrub, "c3ViamVjdHM%2FZD0xPj4%2BPz8%2F", "[redacted]");
  ia_scrub_free(&scrub);
  scrub = scrub_of(">>>\?\?\?>>>\?\?\?");
  expect(&scrub, "Pj4-Pz8_Pj4-Pz8_", "[redacted]");
  ia_scrub_free(&scrub);
}

TEST(scrub_repeating_token_is_replaced_whole) {
  ia_scrub scrub = scrub_of("abcdefghabcdefghXYZ");
  expect(&scrub, "-abcdefghabcdefghabcdefghXYZ-", "-[redacted]-");
  ia_scrub_free(&scrub);
}

TEST(scrub_token_like_string_is_replaced) {
  static const char *const pairs[][2] = {
      {"token " VENDOR ".", "token [redacted-1]."},
      {"doo_v1_0123456789 dor_v1_abcdefabcdef", "[redacted-1] [redacted-2]"},
      {"dop_v1_0123456, dop_v2_0123456789", "dop_v1_0123456, dop_v2_0123456789"},
      {"\"" PLAIN "\"", "\"[redacted-1]\""},
      {PLAIN "," PLAIN, "[redacted-1],[redacted-1]"},
      {"t%3D" PLAIN "&n", "t%3D[redacted-1]&n"},
      {"{\"t\":\"a\\n" PLAIN "\"}", "{\"t\":\"a\\n[redacted-1]\"}"},
      {"\\\\n" PLAIN "\\\\n", "\\\\n[redacted-1]\\\\n"},
      {"t%253D" PLAIN "&quot;" PLAIN "&amp;#32;" PLAIN,
       "t%253D[redacted-1]&quot;[redacted-1]&amp;#32;[redacted-1]"},
      {"x" PLAIN, "x" PLAIN},
      {PLAIN "x", PLAIN "x"},
      {"1234567890123456789012345678901234567890123456789012345678901234", //
       "1234567890123456789012345678901234567890123456789012345678901234"},
      {"Authorization: Bearer abcdef.12", "Authorization: Bearer [redacted-1]"},
      {"bearer%20abcdef-12, BEARER  abcdef-12", "bearer%20[redacted-1], BEARER  [redacted-1]"},
      {"bearer%2520abcdef-12, bearer&#32;abcdef-12",
       "bearer%2520[redacted-1], bearer&#32;[redacted-1]"},
      {"bearer token, bearer of bad news", "bearer token, bearer of bad news"},
      {"forbearer abcdefgh1, bearerabcdefgh1", "forbearer abcdefgh1, bearerabcdefgh1"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    ia_scrub scrub = scrub_of_nothing();
    expect(&scrub, pairs[i][0], pairs[i][1]);
    ia_scrub_free(&scrub);
  }
}

// This layer does not know the providers, so it has its own list of prefixes.
TEST(scrub_builtin_token_prefixes_are_known) {
  for (size_t i = 0; i < sizeof ia_builtin_providers / sizeof *ia_builtin_providers; i++) {
    for (const char *const *prefix = ia_builtin_providers[i]->token_prefixes;
         prefix != NULL && *prefix != NULL; prefix++) {
      char token[64];
      (void)snprintf(token, sizeof token, "%s0123456789abcdef", *prefix);
      ia_scrub scrub = scrub_of_nothing();
      expect(&scrub, token, "[redacted-1]");
      ia_scrub_free(&scrub);
    }
  }
}

TEST(scrub_different_tokens_stay_distinct) {
  ia_scrub scrub = scrub_of_nothing();
  expect(&scrub, "page=" VENDOR, "page=[redacted-1]");
  expect(&scrub, "page=" PLAIN, "page=[redacted-2]");
  expect(&scrub, "page=" VENDOR, "page=[redacted-1]");
  ia_scrub_free(&scrub);
}

TEST(scrub_bearer_known_token_is_replaced) {
  ia_scrub scrub = scrub_of("my-token-of-tests");
  expect(&scrub, "Bearer my-token-of-tests", "Bearer [redacted]");
  ia_scrub_free(&scrub);
}

TEST(scrub_short_token_is_ignored) {
  ia_scrub scrub = scrub_of("seven77");
  assert_int_equal(scrub.count, 0);
  expect(&scrub, "seven77", "seven77");
  assert_false(ia_scrub_leaks(&scrub, "seven77", 7));
  ia_scrub_free(&scrub);
}

TEST(scrub_add_above_limit_fails) {
  ia_scrub scrub = scrub_of_nothing();
  char token[32];
  for (int i = 0; i < IA_SCRUB_MAX_SECRETS; i++) {
    int length = snprintf(token, sizeof token, "token-%08d", i);
    assert_int_equal(ia_scrub_add(&scrub, token, (size_t)length), IA_SCRUB_OK);
    assert_int_equal(ia_scrub_add(&scrub, token, (size_t)length), IA_SCRUB_OK);
  }
  assert_int_equal(scrub.count, IA_SCRUB_MAX_SECRETS);
  assert_int_equal(ia_scrub_add(&scrub, "one-more-token", 14), IA_SCRUB_TOO_MANY);
  ia_scrub_free(&scrub);
}

TEST(scrub_random_bytes_pass_unchanged) {
  uint64_t random = 11;
  ia_scrub scrub = scrub_of(PLAIN);
  for (int round = 0; round < 2000; round++) {
    static const char alphabet[] = "%\\u0064aBE\"{}=&#;\x80\xff\0+/-";
    char text[64];
    size_t length = testing_below(&random, sizeof text);
    for (size_t i = 0; i < length; i++) text[i] = alphabet[testing_below(&random, sizeof alphabet)];
    ia_buf out;
    ia_buf_init(&out, NULL, 1000);
    char *exact = malloc(length + 1); // exact size: sanitizers detect a read past the end
    assert_non_null(exact);
    memcpy(exact, text, length);
    exact = realloc(exact, length == 0 ? 1 : length);
    ia_scrub_text(&scrub, &out, exact, length);
    assert_int_equal(out.length, length);
    assert_memory_equal(ia_buf_text(&out), text, length);
    assert_false(ia_scrub_leaks(&scrub, exact, length));
    free(exact);
    ia_buf_free(&out);
  }

  ia_scrub_free(&scrub);
}

TEST(scrub_without_memory_fails) {
  for (size_t k = 1, failures = 1; failures > 0; k++) {
    failing_allocator memory;
    failing_allocator_init(&memory, k);
    ia_scrub scrub;
    ia_scrub_init(&scrub, &memory.allocator);
    ia_scrub_status added = ia_scrub_add(&scrub, PLAIN, strlen(PLAIN));
    ia_buf out;
    ia_buf_init(&out, &memory.allocator, 1000);
    ia_scrub_text(&scrub, &out, "a " VENDOR " b", strlen(VENDOR) + 4);
    failures = memory.failures;
    assert_true((failures > 0) == (added == IA_SCRUB_NOMEM || out.state == IA_BUF_NOMEM));
    ia_buf_free(&out);
    ia_scrub_free(&scrub);
    assert_memory_fine(&memory);
  }
}

int main(void) { return testing_run(NULL, NULL); }
