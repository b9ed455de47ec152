// SPDX-License-Identifier: MIT
// Patterns, compared with expected results and with fnmatch(3).
#include "glob.h"
#include "testing.h"
#include <fnmatch.h>

typedef struct match {
  const char *pattern, *text;
  bool expected;
} match;

static void check(const match *matches, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (ia_glob_match(matches[i].pattern, matches[i].text) != matches[i].expected)
      fail_msg("'%s' and '%s'", matches[i].pattern, matches[i].text);
}
#define CHECK(...)                                                                                 \
  do {                                                                                             \
    const match matches[] = {__VA_ARGS__};                                                         \
    check(matches, sizeof matches / sizeof *matches);                                              \
  } while (0)

TEST(glob_matches_the_whole_text) {
  CHECK({"", "", true}, {"", "a", false}, {"a", "", false}, {"web", "web", true},
        {"web", "web-1", false}, {"web", "a web", false}, {"web", "Web", false});
}

TEST(glob_star_matches_any_text) {
  CHECK({"*", "", true}, {"**", "", true}, {"*", "/x\n.", true}, {"*b*", "abc", true},
        {"a*", "ba", false}, {"*ab", "aab", true}, {"*a*b", "xaxb", true}, {"*a*b", "xbxa", false},
        {"*/*", "web/x", true}, {"a*b*c", "abbc", true}, {"*aab", "aaab", true});
}

TEST(glob_question_mark_matches_one_character) {
  CHECK({"?", "", false}, {"?", "a", true}, {"?", "ab", false},
        {"?ber",
         "\xc3\xbc"
         "ber",
         true},
        {"??", "\xf0\x9f\x98\x80z", true}, {"?", "\xf0\x9f\x98\x80", true}, {"?", "\xff", true},
        {"??", "\xc3(", true}, {"?x", "\xc0\x80x", true}, {"?", ".", true});
}

TEST(glob_set_matches_its_characters) {
  CHECK({"[wW]eb", "Web", true}, {"[!w]*", "web", false}, {"[!w]*", "Web", true},
        {"[^w]*", "Web", true}, {"[0-9][0-9]", "12", true}, {"[0-9]", "x", false},
        {"[9-0]", "5", false}, {"[]]", "]", true}, {"[!]]", "]", false}, {"[a-]", "-", true},
        {"[\\]]", "]", true}, {"[\\a-c]", "b", true}, {"w[[]1]", "w[1]", true},
        {"[\xc3\xa0-\xc3\xbf]", "\xc3\xbc", true}, {"[\xc3\xbc]", "\xc3", false},
        {"[a]", "", false}, {"[[.-.]]", "-", true}, {"[[=a=]b]", "a", true},
        {"[[.a.]-c]", "b", true});
}

TEST(glob_class_contains_ascii_only) {
  CHECK({"[[:digit:]]", "7", true}, {"[[:digit:]]", "x", false}, {"[![:digit:]]", "x", true},
        {"[[:alpha:]_]", "_", true}, {"[[:upper:][:digit:]]", "a", false},
        {"[[:alpha:]]", "\xc3\xbc", false}, {"[[:space:]]", "\t", true}, {"[[:punct:]]", "!", true},
        {"[[:none:]]", "n", false}, {"[[:xdigit:]-]", "-", true}, {"[[:cntrl:]]", "\x7f", true},
        {"[[:print:]]", " ", true}, {"[[:graph:]]", " ", false}, {"[[:blank:]]", " ", true},
        {"[[:lower:]]", "a", true}, {"[[:alnum:]]", "0", true});
}

TEST(glob_backslash_makes_literal) {
  CHECK({"w\\*", "w*", true}, {"w\\*", "web", false}, {"\\\\", "\\", true}, {"\\a", "a", true},
        {"a\\", "a", false}, {"a\\", "a\\", false}, {"\\[a]", "[a]", true});
}

TEST(glob_open_set_is_literal) {
  CHECK({"[", "[", true}, {"[a", "[a", true}, {"[a", "a", false}, {"a[", "a[", true},
        {"*[", "x[", true}, {"[!", "[!", true}, {"[[:digit:]", "[:", true});
}

// The alphabet leaves out what C libraries read differently: sets without an end, and backslashes
// at the end.
TEST(glob_agrees_with_fnmatch) {
  static const char *const parts[] = {"a",   "b", "*", "?", "[ab]", "[!a]",        "[a-c]",
                                      "\\*", "-", ".", "/", "[]a]", "[[:alpha:]]", "\\a"};
  uint64_t seed = 11;
  for (int i = 0; i < 200000; i++) {
    char pattern[80] = "", text[12] = "";
    for (size_t n = testing_below(&seed, 6); n; n--)
      strcat(pattern, parts[testing_below(&seed, sizeof parts / sizeof *parts)]);
    for (size_t n = testing_below(&seed, 7), at = 0; n; n--)
      text[at++] = "abc*-./]"[testing_below(&seed, 8)];
    if (ia_glob_match(pattern, text) != (fnmatch(pattern, text, 0) == 0))
      fail_msg("'%s' and '%s': fnmatch() differs", pattern, text);
  }
}

// A wrong algorithm needs time that is exponential in the number of stars.
TEST(glob_many_stars_end_soon) {
  char text[20001];
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  assert_false(ia_glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab", text));
  assert_true(ia_glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a", text));
}

int main(void) { return testing_run(NULL, NULL); }
