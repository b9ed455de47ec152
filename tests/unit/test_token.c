// SPDX-License-Identifier: MIT
#include "testing.h"
#include "token.h"

#define SECRET "dop_v1_0123456789abcdef"

static void assert_found(const char *text, size_t length, const char *expected) {
  ia_token token;
  const char *wrong = ia_token_find(text, length, &token);
  if (wrong != NULL) fail_msg("'%s': %s", text, wrong);
  assert_int_equal(token.length, strlen(expected));
  assert_memory_equal(token.text, expected, token.length);
}

TEST(token_find_strips_whitespace) {
  static const char *const forms[] = {
      SECRET,           " " SECRET,  SECRET " ",    SECRET "\n",
      SECRET "\r\n",    "\t" SECRET, "\n\n" SECRET, "\v\f " SECRET " \t\r\n\v\f",
      "\r\n" SECRET " "};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    assert_found(forms[i], strlen(forms[i]), SECRET);
}

TEST(token_find_unusual_words_are_accepted) {
  static const char *const words[] = {
      "x",    "aGVsbG8=", "aGVsbG8gYQ==", "eyJhbGciOi.eyJzdWIiOi.c2ln-_", "a/b+c~d!e", "=", "=abc",
      "1a=b", "a.b=c",    "Bearerx"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    assert_found(words[i], strlen(words[i]), words[i]);
}

TEST(token_find_wrapped_form_is_rejected) {
  static const struct {
    const char *text, *words;
  } cases[] = {
      {"", "is empty"},
      {" \t\r\n", "is empty"},
      {"\"" SECRET "\"", "quotation marks; remove them"},
      {"'" SECRET "'", "quotation marks"},
      {"`" SECRET "`", "quotation marks"},
      {SECRET "\"", "quotation marks"},
      {"'" SECRET, "quotation marks"},
      {" \"" SECRET "\"\n", "quotation marks"},
      {"Bearer " SECRET, "begin with 'Bearer'; remove"},
      {"bearer " SECRET, "'Bearer'"},
      {"BEARER\t" SECRET, "'Bearer'"},
      {"  bEaReR  " SECRET, "'Bearer'"},
      {"Bearer ", "'Bearer'"},
      {"HCLOUD_TOKEN=" SECRET, "'NAME='; keep only"},
      {"t=" SECRET, "'NAME='"},
      {"_T1=" SECRET, "'NAME='"},
      {"export TOKEN=" SECRET, "'NAME='"},
      {"TOKEN=\"" SECRET "\"", "'NAME='"},
      {"TOKEN= " SECRET, "'NAME='"},
      {SECRET " " SECRET, "whitespace"},
      {SECRET "\t" SECRET, "whitespace"},
      {SECRET "\n" SECRET, "whitespace"},
      {"Authorization: Bearer " SECRET, "whitespace"},
      {SECRET "\x01", "control characters"},
      {"\x1b[0m" SECRET, "control characters"},
      {SECRET "\x7f", "control characters"},
      {"\xe2\x80\x9c" SECRET "\xe2\x80\x9d", "ASCII"},
      {"caf\xc3\xa9", "ASCII"},
      {"\xef\xbb\xbf" SECRET, "ASCII"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ia_token token;
    const char *wrong = ia_token_find(cases[i].text, strlen(cases[i].text), &token);
    if (wrong == NULL || strstr(wrong, cases[i].words) == NULL)
      fail_msg("%zu: '%s' is not in: %s", i, cases[i].words, wrong ? wrong : "(accepted)");
    assert_null(strstr(wrong, SECRET));
  }
}

TEST(token_find_nul_byte_is_rejected) {
  static const char text[] = SECRET "\0more";
  ia_token token;
  assert_non_null(ia_token_find(text, sizeof text - 1, &token));
  assert_non_null(ia_token_find(text, strlen(text) + 1, &token));
  assert_found(text, strlen(text), SECRET);
}

TEST(token_find_maximum_length_is_accepted) {
  static char text[IA_TOKEN_MAX_LENGTH + 2];
  ia_token token;
  memset(text, 't', sizeof text - 1);
  assert_non_null(ia_token_find(text, IA_TOKEN_MAX_LENGTH + 1, &token));
  text[IA_TOKEN_MAX_LENGTH] = '\n';
  assert_null(ia_token_find(text, IA_TOKEN_MAX_LENGTH + 1, &token));
  assert_int_equal(token.length, IA_TOKEN_MAX_LENGTH);
}

int main(void) { return testing_run(NULL, NULL); }
