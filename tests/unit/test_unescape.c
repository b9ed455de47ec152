// SPDX-License-Identifier: MIT
#include "testing.h"
#include "unescape.h"

static void expect(const char *text, unsigned layers, int wanted, size_t wanted_bytes) {
  int c = -1;
  size_t length = strlen(text);
  char *exact = malloc(length); // exact size: sanitizers detect a read past the end
  assert_non_null(exact);
  memcpy(exact, text, length);
  size_t bytes = ia_unescape(exact, length, layers, &c);
  if (c != wanted || bytes != wanted_bytes) fail_msg("%s is %d in %zu bytes", text, c, bytes);
  free(exact);
}

TEST(unescape_decodes_every_escape) {
  static const struct {
    const char *text;
    int c;
  } escapes[] = {{"%41", 'A'},        {"%5a", 'Z'},     {"%2F", '/'},     {"\\u0041", 'A'},
                 {"\\u20aC", 0x20ac}, {"\\/", '/'},     {"\\\"", '"'},    {"\\\\", '\\'},
                 {"\\n", '\n'},       {"\\t", '\t'},    {"\\_", '_'},     {"\\A", 'A'},
                 {"&#65;", 'A'},      {"&#0065;", 'A'}, {"&#x41;", 'A'},  {"&#X000041;", 'A'},
                 {"&amp;", '&'},      {"&quot;", '"'},  {"&apos;", '\''}, {"&lt;", '<'},
                 {"&gt;", '>'}};
  for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
    expect(escapes[i].text, 0, escapes[i].text[0], 1);
    for (unsigned layers = 1; layers <= IA_UNESCAPE_LAYERS; layers++)
      expect(escapes[i].text, layers, escapes[i].c, strlen(escapes[i].text));
  }
}

TEST(unescape_incomplete_escape_is_literal) {
  static const char *const texts[] = {"A",     "%",  "%4",     "%4g",  "%@1",    "\\",
                                      "&",     "&#", "&#;",    "&#x;", "&#65",   "&#x41",
                                      "&#6g;", "&;", "&amp",   "&am;", "&ampx;", "&copy;",
                                      "&AMP;", "& ", "&&#65;", "%%41", "\xff",   "&#00000065;"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    expect(texts[i], 1, (unsigned char)texts[i][0], 1);
  expect("\\u00", 1, 'u', 2);
  expect("\\u004x", 1, 'u', 2);
}

TEST(unescape_nested_needs_more_layers) {
  static const struct {
    const char *text;
    unsigned layers;
  } nested[] = {{"%2541", 2},           {"%252541", 3},
                {"\\\\u0041", 2},       {"\\\\\\\\u0041", 3},
                {"&amp;#65;", 2},       {"&amp;amp;#65;", 3},
                {"\\u0026#65;", 2},     {"\\u0026#x41;", 2},
                {"%26%2365%3B", 2},     {"%5Cu0041", 2},
                {"\\\\u0026#65;", 3},   {"&#37;41", 2},
                {"%5C%5Cu0041", 3},     {"\\u0025\\u0034\\u0031", 2},
                {"\\u0026amp;#x41;", 3}};
  for (size_t i = 0; i < sizeof nested / sizeof *nested; i++) {
    int c;
    expect(nested[i].text, nested[i].layers, 'A', strlen(nested[i].text));
    (void)ia_unescape(nested[i].text, strlen(nested[i].text), nested[i].layers - 1, &c);
    assert_int_not_equal(c, 'A');
  }
}

TEST(unescape_length_is_bounded) {
  char text[600];
  int c;
  for (const char *fill = "\\%&#"; *fill != '\0'; fill++) {
    memset(text, *fill, sizeof text);
    assert_int_in_range(ia_unescape(text, sizeof text, IA_UNESCAPE_LAYERS, &c), 1,
                        IA_UNESCAPE_MAX_BYTES);
    assert_int_equal(c, *fill);
  }
}

int main(void) { return testing_run(NULL, NULL); }
