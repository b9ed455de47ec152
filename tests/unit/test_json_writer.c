// SPDX-License-Identifier: MIT
#include "failing_allocator.h"
#include "json_doc.h"
#include "str.h"
#include "testing.h"

#include <math.h>

// Writes every kind of value once.
static void write_every_kind(imgact_json_writer *writer) {
  imgact_json_write_begin_object(writer);
  imgact_json_write_key(writer, "type");
  imgact_json_write_string(writer, "transfer");
  imgact_json_write_key(writer, "ids");
  imgact_json_write_begin_array(writer);
  imgact_json_write_int(writer, INT64_MIN);
  imgact_json_write_double(writer, 2.5);
  imgact_json_write_string_n(writer, "cut here", 3);
  imgact_json_write_end_array(writer);
  imgact_json_write_key(writer, "none");
  imgact_json_write_begin_array(writer);
  imgact_json_write_end_array(writer);
  imgact_json_write_key(writer, "empty");
  imgact_json_write_begin_object(writer);
  imgact_json_write_end_object(writer);
  imgact_json_write_key(writer, "delete");
  imgact_json_write_bool(writer, 7);
  imgact_json_write_key(writer, "name");
  imgact_json_write_null(writer);
  imgact_json_write_key(writer, "raw");
  imgact_json_write_raw(writer, " { \"a\" : [ 1 , { } ] } ");
  imgact_json_write_end_object(writer);
}

static const char compact[] =
    "{\"type\":\"transfer\",\"ids\":[-9223372036854775808,2.5,\"cut\"],\"none\":[],\"empty\":{},"
    "\"delete\":true,\"name\":null,\"raw\":{\"a\":[1,{}]}}";

static const char indented[] = "{\n"
                               "  \"type\": \"transfer\",\n"
                               "  \"ids\": [\n"
                               "    -9223372036854775808,\n"
                               "    2.5,\n"
                               "    \"cut\"\n"
                               "  ],\n"
                               "  \"none\": [],\n"
                               "  \"empty\": {},\n"
                               "  \"delete\": true,\n"
                               "  \"name\": null,\n"
                               "  \"raw\": {\n"
                               "    \"a\": [\n"
                               "      1,\n"
                               "      {}\n"
                               "    ]\n"
                               "  }\n"
                               "}";

TEST(json_writer_indents_on_request) {
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
  write_every_kind(writer);
  size_t length = 0;
  assert_string_equal(imgact_json_writer_finish(writer, &length), compact);
  assert_int_equal(length, strlen(compact));
  imgact_json_writer_free(writer);
  writer = imgact_json_writer_new(NULL, 2);
  write_every_kind(writer);
  assert_string_equal(imgact_json_writer_finish(writer, NULL), indented);
  imgact_json_writer_free(writer);
}

TEST(json_writer_indent_is_bounded) {
  const struct {
    int indent;
    const char *text;
  } cases[] = {{-1, "[1]"}, {1, "[\n 1\n]"}, {1000000, "[\n                1\n]"}};
  for (size_t i = 0; i < 3; i++) {
    imgact_json_writer *writer = imgact_json_writer_new(NULL, cases[i].indent);
    imgact_json_write_raw(writer, "[1]");
    assert_string_equal(imgact_json_writer_finish(writer, NULL), cases[i].text);
    imgact_json_writer_free(writer);
  }
}

TEST(json_writer_single_value_is_document) {
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 2);
  assert_null(imgact_json_writer_finish(writer, NULL));
  imgact_json_write_string(writer, NULL);
  assert_string_equal(imgact_json_writer_finish(writer, NULL), "null");
  imgact_json_writer_reset(writer);
  assert_null(imgact_json_writer_finish(writer, NULL));
  imgact_json_write_double(writer, NAN);
  assert_string_equal(imgact_json_writer_finish(writer, NULL), "null");
  imgact_json_writer_reset(writer);
  imgact_json_write_raw(writer, NULL);
  assert_string_equal(imgact_json_writer_finish(writer, NULL), "null");
  imgact_json_writer_reset(writer);
  imgact_json_write_value(writer, NULL);
  assert_string_equal(imgact_json_writer_finish(writer, NULL), "null");
  imgact_json_writer_reset(writer);
  imgact_json_write_bool(writer, 0);
  assert_string_equal(imgact_json_writer_finish(writer, NULL), "false");

  imgact_json_writer_free(writer);
}

TEST(json_write_string_escapes_control_characters) {
  const struct {
    const char *text, *json;
  } cases[] = {{"", "\"\""},
               {"plain", "\"plain\""},
               {"\"\\/", "\"\\\"\\\\/\""},
               {"\n\t\r\b\f", "\"\\n\\t\\r\\b\\f\""},
               {"\x01\x1f\x7f\x1b[m", "\"\\u0001\\u001f\x7f\\u001b[m\""},
               {"é€😀", "\"é€😀\""},
               {"a\xc0\x80z", "\"a\\u0000z\""},
               {"\xc0", "\"\xef\xbf\xbd\""},
               {"\xff\xfe", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
               {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
               {"x\xe2\x82", "\"x\xef\xbf\xbd\xef\xbf\xbd\""}};

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
    imgact_json_write_string(writer, cases[i].text);
    assert_string_equal(imgact_json_writer_finish(writer, NULL), cases[i].json);
    imgact_json_writer_reset(writer);
    imgact_json_write_begin_object(writer);
    imgact_json_write_key(writer, cases[i].text);
    imgact_json_write_null(writer);
    imgact_json_write_end_object(writer);
    const char *json = imgact_json_writer_finish(writer, NULL);
    assert_memory_equal(json + 1, cases[i].json, strlen(cases[i].json));
    imgact_json_writer_free(writer);
  }
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
  imgact_json_write_string_n(writer, "a\0b", 3);
  assert_string_equal(imgact_json_writer_finish(writer, NULL), "\"a\\u0000b\"");

  imgact_json_writer_free(writer);
}

// Random bytes give a valid document, with the same text if the bytes are valid UTF-8.
TEST(json_write_string_random_is_valid) {
  static const char *const pieces[] = {
      "a",       "\"", "\\", "\n", "\xc3", "\xa9", "\xc3\xa9", "\xc0\x80", "\xf0\x9f\x98\x80",
      "\xf0\x9f"};
  uint64_t random = 13;
  for (int turn = 0; turn < 20000; turn++) {
    char text[64] = "";
    size_t length = 0;
    for (size_t n = testing_below(&random, 8); n > 0; n--) {
      const char *piece = pieces[testing_below(&random, 10)];
      memcpy(text + length, piece, strlen(piece) + 1);
      length += strlen(piece);
    }
    imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
    imgact_json_write_string(writer, text);
    size_t json_length = 0;
    const char *json = imgact_json_writer_finish(writer, &json_length);
    imgact_json_doc *doc = NULL;
    assert_int_equal(ia_json_parse(json, json_length, NULL, NULL, &doc, NULL, 0), IA_JSON_OK);
    ia_arena arena;
    ia_arena_init(&arena, NULL);
    bool nomem = false;
    const char *back = ia_json_string(imgact_json_doc_root(doc), &arena, &nomem);
    assert_true(ia_utf8_valid(back, strlen(back), true));
    if (ia_utf8_valid(text, length, true)) assert_string_equal(back, text);
    ia_arena_free(&arena);
    imgact_json_doc_free(doc);
    imgact_json_writer_free(writer);
  }
}

typedef void misuse(imgact_json_writer *writer);
static void a_value_without_a_key(imgact_json_writer *w) {
  imgact_json_write_begin_object(w), imgact_json_write_null(w), imgact_json_write_end_object(w);
}
static void a_key_in_an_array(imgact_json_writer *w) {
  imgact_json_write_begin_array(w), imgact_json_write_key(w, "k"), imgact_json_write_null(w),
      imgact_json_write_end_array(w);
}
static void a_key_outside(imgact_json_writer *w) {
  imgact_json_write_key(w, "k"), imgact_json_write_null(w);
}
static void a_key_without_a_value(imgact_json_writer *w) {
  imgact_json_write_begin_object(w), imgact_json_write_key(w, "k"), imgact_json_write_end_object(w);
}
static void two_keys(imgact_json_writer *w) {
  imgact_json_write_begin_object(w), imgact_json_write_key(w, "k"), imgact_json_write_key(w, "l"),
      imgact_json_write_null(w), imgact_json_write_end_object(w);
}
static void no_key(imgact_json_writer *w) {
  imgact_json_write_begin_object(w), imgact_json_write_key(w, NULL), imgact_json_write_null(w),
      imgact_json_write_end_object(w);
}
static void the_wrong_end(imgact_json_writer *w) {
  imgact_json_write_begin_object(w), imgact_json_write_end_array(w);
}
static void an_end_too_many(imgact_json_writer *w) {
  imgact_json_write_begin_array(w), imgact_json_write_end_array(w), imgact_json_write_end_array(w);
}
static void two_documents(imgact_json_writer *w) {
  imgact_json_write_null(w), imgact_json_write_null(w);
}
static void something_open(imgact_json_writer *w) { imgact_json_write_begin_array(w); }
static void raw_that_is_no_json(imgact_json_writer *w) { imgact_json_write_raw(w, "{"); }
static void raw_that_is_empty(imgact_json_writer *w) { imgact_json_write_raw(w, ""); }

TEST(json_writer_misuse_fails_until_reset) {
  misuse *const all[] = {a_value_without_a_key,
                         a_key_in_an_array,
                         a_key_outside,
                         a_key_without_a_value,
                         two_keys,
                         no_key,
                         the_wrong_end,
                         an_end_too_many,
                         two_documents,
                         something_open,
                         raw_that_is_no_json,
                         raw_that_is_empty};
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    size_t length = 99;
    all[i](writer);
    if (imgact_json_writer_finish(writer, &length) != NULL) fail_msg("misuse %zu was not seen", i);
    assert_int_equal(length, 0);
    imgact_json_writer_reset(writer);
    write_every_kind(writer);
    assert_string_equal(imgact_json_writer_finish(writer, NULL), compact);
    imgact_json_writer_reset(writer);
  }

  imgact_json_writer_free(writer);
}

TEST(json_writer_depth_129_fails) {
  for (int depth = 128; depth <= 129; depth++) {
    imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
    for (int i = 0; i < depth; i++) imgact_json_write_begin_array(writer);
    for (int i = 0; i < depth; i++) imgact_json_write_end_array(writer);
    assert_int_equal(imgact_json_writer_finish(writer, NULL) != NULL, depth == 128);
    imgact_json_writer_free(writer);
  }
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 0); // a value nested too deeply
  for (int i = 0; i < 127; i++) imgact_json_write_begin_array(writer);
  imgact_json_write_raw(writer, "[[1,2],[3]]");
  for (int i = 0; i < 127; i++) imgact_json_write_end_array(writer);
  assert_null(imgact_json_writer_finish(writer, NULL));

  imgact_json_writer_free(writer);
}

TEST(json_write_value_copies_document) {
  static const char text[] = "{\"a\":[[],[{}],{\"b\":{\"c\":[1,2.5,\"x\\u0000\",null,true]}}],"
                             "\"k\\u0000\":18446744073709551615}";
  imgact_json_doc *doc = NULL;

  assert_int_equal(imgact_json_doc_parse(text, strlen(text), NULL, &doc, NULL, 0), 0);
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
  imgact_json_write_begin_array(writer);
  imgact_json_write_value(writer, imgact_json_doc_root(doc));
  imgact_json_write_value(writer, imgact_json_get(imgact_json_doc_root(doc), "a"));
  imgact_json_write_end_array(writer);
  char expected[300];
  snprintf(expected, sizeof expected, "[%s,%s]", text,
           "[[],[{}],{\"b\":{\"c\":[1,2.5,\"x\\u0000\",null,true]}}]");
  assert_string_equal(imgact_json_writer_finish(writer, NULL), expected);

  imgact_json_writer_free(writer);
  imgact_json_doc_free(doc);
}

TEST(json_writer_null_does_nothing) {
  write_every_kind(NULL);
  imgact_json_write_value(NULL, NULL);
  imgact_json_writer_reset(NULL);
  assert_null(imgact_json_writer_finish(NULL, NULL));
  imgact_json_writer_free(NULL);
  imgact_allocator incomplete = {.size = sizeof incomplete};
  assert_null(imgact_json_writer_new(&incomplete, 0));
}

TEST(json_writer_without_memory_finish_fails) {
  bool more = true;
  size_t k = 1;
  for (; more; k++) {
    failing_allocator memory;
    failing_allocator_init(&memory, k);
    imgact_json_writer *writer = imgact_json_writer_new(&memory.allocator, 2);
    write_every_kind(writer);
    const char *text = imgact_json_writer_finish(writer, NULL);
    more = memory.failures > 0;
    if (more) {
      assert_null(text);
    } else {
      assert_string_equal(text, indented);
    }
    imgact_json_writer_free(writer);
    assert_memory_fine(&memory);
  }
  assert_true(k > 4);
}

// Blocks of bytes are looked at together: each special character at each place of each length.
TEST(json_writer_any_place_is_escaped) {
  static const struct {
    const char *text, *escaped;
  } specials[] = {{"\"", "\\\""},           {"\\", "\\\\"}, {"\x1f", "\\u001f"},
                  {"\xff", "\xef\xbf\xbd"}, {" ", " "},     {"~", "~"}};
  for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
    for (size_t length = 1; length < 40; length++)
      for (size_t at = 0; at < length; at++) {
        char text[64], expected[96];
        memset(text, 'a', length);
        text[at] = specials[i].text[0];
        snprintf(expected, sizeof expected, "[\"%.*s%s%.*s\"]", (int)at, text, specials[i].escaped,
                 (int)(length - at - 1), text + at + 1);
        imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
        imgact_json_write_begin_array(writer);
        imgact_json_write_string_n(writer, text, length);
        imgact_json_write_end_array(writer);
        assert_string_equal(imgact_json_writer_finish(writer, NULL), expected);
        imgact_json_writer_free(writer);
      }
}

int main(void) { return testing_run(NULL, NULL); }
