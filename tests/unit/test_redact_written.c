// SPDX-License-Identifier: MIT
// No writer shows the token: an escape that a writer adds can complete it. Texts take the path of a
// server's strings: parsed and redacted, then written as JSON, as JSON for a terminal, or as a
// table cell.
#include "cli_text.h"
#include "escape.h"
#include "json_doc.h"
#include "str.h"
#include "testing.h"

static const char *const prefixes[] = {"dop_v1_", NULL};

static ia_redactor redactor_of(const char *token) {
  ia_redactor redactor;
  ia_redactor_init(&redactor, token, strlen(token), prefixes);
  return redactor;
}

// ---- writers

// As the tool prints JSON: the writer's text, with terminal control characters escaped.
static void terminal_json(cli_buffer *out, const char *json) {
  while (*json) {
    uint32_t point = 0;
    size_t length = cli_utf8_decode(json, &point);
    char escape[12];
    snprintf(escape, sizeof escape, "\\u%04x", (unsigned)point);
    if (length && point >= 0x7f && cli_must_be_escaped(point))
      cli_buffer_text(out, escape);
    else
      cli_buffer_add(out, json, length ? length : 1);
    json += length ? length : 1;
  }
}

static bool holds(const ia_redactor *redactor, const char *text) {
  return memmem(text, strlen(text), redactor->token, redactor->min_match_length) != NULL;
}

static void assert_hidden(const ia_redactor *redactor, const char *written, const char *source) {
  if (holds(redactor, written))
    fail_msg("%s shows the token %s, made of %s", written, redactor->token, source);
}

// Checks a text as it is in a result, and as each writer writes it.
static void assert_writers_hide(const ia_redactor *redactor, const char *text, const char *source) {
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
  cli_buffer cell = {0}, json = {0};
  imgact_json_write_string(writer, text);
  const char *written = imgact_json_writer_finish(writer, NULL);
  assert_non_null(written);
  cli_buffer_visible(&cell, text);
  terminal_json(&json, written);
  assert_hidden(redactor, text, source);
  assert_hidden(redactor, written, source);
  assert_hidden(redactor, cli_buffer_get(&cell), source);
  assert_hidden(redactor, cli_buffer_get(&json), source);

  cli_buffer_free(&cell);
  cli_buffer_free(&json);
  imgact_json_writer_free(writer);
}

// As with --raw: printed, parsed without a redactor, printed again.
static void assert_raw_hides(const ia_redactor *redactor, const imgact_json *value,
                             ia_arena *arena) {
  bool too_large = false;
  const char *raw = ia_json_print(value, SIZE_MAX, arena, NULL, &too_large);
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 2);
  assert_hidden(redactor, raw, "raw");
  imgact_json_write_raw(writer, raw);
  const char *again = imgact_json_writer_finish(writer, NULL);
  assert_non_null(again);
  assert_hidden(redactor, again, "raw");
  imgact_json_writer_free(writer);
}

static void assert_document_hides(const ia_redactor *redactor, const char *json, size_t length) {
  imgact_json_doc *doc = NULL;
  ia_arena arena;
  char what[100];
  bool nomem = false;

  if (ia_json_parse(json, length, NULL, redactor, &doc, what, sizeof what) != IA_JSON_OK)
    fail_msg("%s: %s", json, what);
  ia_arena_init(&arena, NULL);
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_doc_root(doc));
  const imgact_json *key;
  for (const imgact_json *value; (value = imgact_json_iter_next(&each, &key));) {
    const char *text = ia_json_string(value, &arena, &nomem),
               *name = ia_json_string(key, &arena, &nomem);
    if (text) assert_writers_hide(redactor, text, json);
    if (name) assert_writers_hide(redactor, name, json);
  }
  assert_raw_hides(redactor, imgact_json_doc_root(doc), &arena);

  ia_arena_free(&arena);
  imgact_json_doc_free(doc);
}

// Writes the text as a JSON string, in one of three encodings: as the library's writer, with as few
// escapes as possible, and all ASCII characters as \uXXXX.
static void put_encoded(ia_buf *out, const char *text, unsigned encoding) {
  size_t length = strlen(text);
  if (encoding == 0) {
    ia_json_quote(out, text, length);
    return;
  }
  ia_buf_char(out, '"');
  for (const char *at = text; *at != '\0';) {
    size_t bytes = ia_utf8_char(at, strlen(at), false);
    bool needs =
        (unsigned char)*at < ' ' || *at == '"' || *at == '\\' || (encoding == 2 && bytes == 1);
    if (needs)
      ia_buf_printf(out, "\\u%04X", (unsigned char)*at);
    else
      ia_buf_add(out, at, bytes);
    at += bytes;
  }
  ia_buf_char(out, '"');
}

static void assert_text_hides(const ia_redactor *redactor, const char *text) {
  for (unsigned encoding = 0; encoding < 3; encoding++) {
    ia_buf json;
    ia_buf_init(&json, NULL, 100000);
    ia_buf_char(&json, '{');
    put_encoded(&json, text, encoding);
    ia_buf_char(&json, ':');
    put_encoded(&json, text, encoding);
    ia_buf_char(&json, '}');
    assert_document_hides(redactor, ia_buf_text(&json), json.length);
    ia_buf_free(&json);
  }
}

// Checks a text as an error message and as plain text, without parsing.
static void assert_message_hides(const ia_redactor *redactor, const char *text) {
  char message[512];
  ia_str_copy(message, sizeof message, text);
  size_t length = ia_redact_in_place(redactor, message, strlen(message), sizeof message);
  assert_int_equal(length, strlen(message));
  assert_writers_hide(redactor, message, text);
  assert_false(ia_redact_found(redactor, message, length));
  ia_buf any;
  ia_buf_init(&any, NULL, 100000);
  ia_redact_text(redactor, &any, text, strlen(text));
  assert_writers_hide(redactor, ia_buf_text(&any), text);
  ia_buf_free(&any);
}

// ---- tests

TEST(writers_escape_completing_token_is_redacted) {
  static const struct {
    const char *token, *text, *shown;
  } cases[] = {
      {"dop_v1_0123456789abcdef",
       "\x1d"
       "op_v1_0123456789abcdef",
       "[redacted]"},
      {"dop_v1_0123456789abcdef",
       "a\x1d"
       "op_v1_01234567!",
       "a[redacted]!"},
      {"dop_v1_0123456789abcdef",
       "a\x1d"
       "op_v1_0123456!",
       "a\x1d"
       "op_v1_0123456!"},
      {"n0123456789", "a\n0123456789", "a[redacted]"},
      {"u000b0123456",
       "\x0b"
       "0123456",
       "[redacted]"},
      {"50123456789",
       "\xc2\x85"
       "0123456789",
       "[redacted]"},
      {"e0123456789",
       "\xe2\x80\xae"
       "0123456789",
       "[redacted]"},
      {"f0123456789",
       "\x7f"
       "0123456789",
       "[redacted]"},
      {"00123456789",
       "\xc0\x80"
       "0123456789",
       "[redacted]"},
      {"\"0123456789", "a\"0123456789", "a[redacted]"},
      {"abc\\ndefghij", "abc\ndefghij", "[redacted]"},
      {"abcdefgh\\u00", "abcdefgh\x01", "[redacted]\x01"},
      {"abc\\\\defghij", "abc\\defghij", "[redacted]"},
      {"abcdefg\\u0001", "abcdefg\x01", "[redacted]"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ia_redactor redactor = redactor_of(cases[i].token);
    ia_buf out;
    ia_buf_init(&out, NULL, 1000);
    ia_redact(&redactor, &out, cases[i].text, strlen(cases[i].text));
    assert_string_equal(ia_buf_text(&out), cases[i].shown);
    ia_buf_free(&out);
    assert_message_hides(&redactor, cases[i].text);
    if (ia_utf8_valid(cases[i].text, strlen(cases[i].text), false))
      assert_text_hides(&redactor, cases[i].text);
  }
}

TEST(parse_nul_completing_token_is_redacted) {
  ia_redactor redactor = redactor_of("00123456789");
  static const char json[] = "[\"\\u00000123456789\",\"\\u0000\\u0000123456789\"]";
  assert_document_hides(&redactor, json, strlen(json));
}

TEST(parse_number_holding_token_is_redacted) {
  ia_redactor redactor = redactor_of("12345678901234");
  static const char json[] = "[12345678901234,-912345678,1234567,0.12345678,\"12345678\"]";
  imgact_json_doc *doc = NULL;
  ia_arena arena;
  bool too_large = false;
  assert_int_equal(ia_json_parse(json, strlen(json), NULL, &redactor, &doc, NULL, 0), IA_JSON_OK);
  ia_arena_init(&arena, NULL);
  assert_string_equal(ia_json_print(imgact_json_doc_root(doc), SIZE_MAX, &arena, NULL, &too_large),
                      "[\"[redacted]\",\"-9[redacted]\",1234567,\"0.[redacted]\",\"[redacted]\"]");
  ia_arena_free(&arena);
  imgact_json_doc_free(doc);
}

// The table of escapes equals what the writers write: every character, in all three forms.
TEST(escape_every_character_matches_writers) {
  for (uint32_t code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 0x101) {
    if (code >= 0xd800 && code < 0xe000) continue;
    char text[5] = {0}, expected[IA_ESCAPE_FORMS][16];
    if (code < 0x80)
      snprintf(text, sizeof text, "%c", (int)code);
    else if (code < 0x800)
      snprintf(text, sizeof text, "%c%c", (int)(0xc0 | code >> 6), (int)(0x80 | (code & 63)));
    else if (code < 0x10000)
      snprintf(text, sizeof text, "%c%c%c", (int)(0xe0 | code >> 12),
               (int)(0x80 | (code >> 6 & 63)), (int)(0x80 | (code & 63)));
    else
      snprintf(text, sizeof text, "%c%c%c%c", (int)(0xf0 | code >> 18),
               (int)(0x80 | (code >> 12 & 63)), (int)(0x80 | (code >> 6 & 63)),
               (int)(0x80 | (code & 63)));
    ia_buf quoted;
    cli_buffer cell = {0}, json = {0};
    ia_buf_init(&quoted, NULL, 100);
    ia_json_quote(&quoted, text, strlen(text));
    cli_buffer_visible(&cell, text);
    terminal_json(&json, ia_buf_text(&quoted));
    snprintf(expected[IA_ESCAPE_JSON], 16, "%.*s", (int)quoted.length - 2, quoted.data + 1);
    snprintf(expected[IA_ESCAPE_TERMINAL_JSON], 16, "%.*s", (int)json.length - 2, json.data + 1);
    snprintf(expected[IA_ESCAPE_TERMINAL], 16, "%s", cli_buffer_get(&cell));
    for (int form = 0; form < IA_ESCAPE_FORMS; form++) {
      ia_escaped c = ia_escape((ia_escape_form)form, text, strlen(text));
      assert_int_equal(c.source_length, strlen(text));
      assert_int_equal(c.length, strlen(expected[form]));
      assert_memory_equal(c.text, expected[form], c.length);
    }
    ia_buf_free(&quoted);
    cli_buffer_free(&cell);
    cli_buffer_free(&json);
  }
}

static uint64_t random_state = 7;

static size_t below(size_t limit) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (size_t)((random_state * UINT64_C(0x2545f4914f6cdd1d)) >> 16) % limit;
}

// Adds a part of the token, a character that is escaped, an escape sequence, or text between.
static void put_piece(ia_buf *out, const char *token) {
  static const char *const pieces[] = {"\x1d",
                                       "\x01",
                                       "\x0a",
                                       "\n",
                                       "\t",
                                       "\r",
                                       "\b",
                                       "\f",
                                       "\"",
                                       "\\",
                                       "/",
                                       "\x7f",
                                       "\xc2\x85",
                                       "\xc2\x9d",
                                       "\xe2\x80\xa8",
                                       "\xe2\x80\xae",
                                       "\xe2\x81\xa6",
                                       "é",
                                       "😀",
                                       "\\u001d",
                                       "\\n",
                                       "u001",
                                       "u00",
                                       "d",
                                       "op_v1_",
                                       "[redacted]",
                                       " "};
  size_t length = strlen(token), kind = below(4);
  if (kind == 0) {
    size_t from = below(length);
    ia_buf_add(out, token + from, 1 + below(length - from));
  } else if (kind == 1) { // a token without its first characters, which an escape completes
    size_t from = 1 + below(6 < length ? 6 : length - 1);
    ia_buf_str(out, token + from);
  } else {
    ia_buf_str(out, pieces[below(sizeof pieces / sizeof *pieces)]);
  }
}

TEST(writers_random_texts_never_show_token) {
  static const char *const tokens[] = {"dop_v1_0123456789abcdef",
                                       "d1d1d1d1d1d1d1d1d1d1",
                                       "n0123456789abcdef",
                                       "u001du001du001d",
                                       "5a5a5a5a5a5a",
                                       "e8e8a8b8c8d8e8f8",
                                       "\\u001d\\n\\\\abc\\",
                                       "\"\"\"\"abcdef\"\"",
                                       "00000000000",
                                       "jEheVytlAoFl7F8MqUQ7jAo2hOXASztX"};
  for (size_t round = 0; round < 20000; round++) {
    const char *token = tokens[below(sizeof tokens / sizeof *tokens)];
    ia_redactor redactor = redactor_of(token);
    ia_buf text;
    ia_buf_init(&text, NULL, 100000);
    for (size_t n = 1 + below(8); n > 0; n--) put_piece(&text, token);
    assert_text_hides(&redactor, ia_buf_text(&text));
    assert_message_hides(&redactor, ia_buf_text(&text));
    ia_buf_free(&text);
  }
}

// Redacting takes linear time, even in a text of many matches.
TEST(redact_many_matches_is_linear) {
  ia_redactor redactor = redactor_of("dop_v1_0123456789abcdef");
  ia_buf text, out;
  ia_buf_init(&text, NULL, 10000000);
  ia_buf_init(&out, NULL, 10000000);

  for (size_t i = 0; i < 200000; i++)
    ia_buf_str(&text, i % 2 ? "\x1d"
                              "op_v1_01234567 "
                            : "\x1d"
                              "op_v1_ ");
  ia_redact(&redactor, &out, text.data, text.length);
  assert_false(ia_redact_found(&redactor, out.data, out.length));

  ia_buf_free(&text);
  ia_buf_free(&out);
}

int main(void) { return testing_run(NULL, NULL); }
