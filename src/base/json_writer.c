// SPDX-License-Identifier: MIT
/* Writes JSON value by value. A call that would produce invalid JSON sets `failed`, after which
 * nothing is written; a returned text is therefore always one complete document. */
#include "json_doc.h"

#include "str.h"

#include <string.h>

#define MAX_LEVELS 128
#define MAX_INDENT 16
#define MAX_BYTES  ((size_t)1 << 30)

typedef struct level {
  bool is_object, has_items;
} level;

struct imgact_json_writer {
  imgact_allocator allocator;
  ia_buf out;
  int indent;
  int depth;
  bool after_key;
  bool begun; /* the value of the document has begun */
  bool failed;
  level levels[MAX_LEVELS];
};

imgact_json_writer *imgact_json_writer_new(const imgact_allocator *allocator, int indent) {
  allocator = ia_allocator_of(allocator);
  imgact_json_writer *writer = allocator ? ia_alloc_zero(allocator, sizeof *writer) : NULL;
  if (!writer) return NULL;
  writer->allocator = *allocator;
  writer->indent = indent < 0 ? 0 : indent > MAX_INDENT ? MAX_INDENT : indent;
  ia_buf_init(&writer->out, &writer->allocator, MAX_BYTES);
  return writer;
}

void imgact_json_writer_free(imgact_json_writer *writer) {
  if (!writer) return;
  imgact_allocator allocator = writer->allocator;
  ia_buf_free(&writer->out);
  ia_free(&allocator, writer);
}

void imgact_json_writer_reset(imgact_json_writer *writer) {
  if (!writer) return;
  ia_buf_reset(&writer->out);
  writer->depth = 0;
  writer->after_key = writer->begun = writer->failed = false;
}

const char *imgact_json_writer_finish(imgact_json_writer *writer, size_t *length) {
  if (length) *length = 0;
  if (!writer || writer->failed || !writer->begun || writer->depth > 0) return NULL;
  const char *text = ia_buf_text(&writer->out);
  if (text && length) *length = writer->out.length;
  return text;
}

/* ---- structure ---- */

static bool usable(const imgact_json_writer *writer) { return writer && !writer->failed; }

static level *innermost(imgact_json_writer *writer) {
  return writer->depth == 0 ? NULL : &writer->levels[writer->depth - 1];
}

/* Length of a line end and its indentation. */
static size_t line_length(const imgact_json_writer *writer) {
  return writer->indent == 0 ? 0 : 1 + (size_t)writer->indent * (size_t)writer->depth;
}

static char *put_line(char *at, size_t length) {
  if (length == 0) return at;
  *at = '\n';
  memset(at + 1, ' ', length - 1);
  return at + length;
}

static void end_line(imgact_json_writer *writer) {
  size_t length = line_length(writer);
  char *at = ia_buf_extend(&writer->out, length);
  if (at) (void)put_line(at, length);
}

/* Writes what separates an item from the one before it, and makes room for `more` bytes. Returns
 * where they are, or NULL on an error. */
static char *begin_item(imgact_json_writer *writer, level *in, size_t more) {
  size_t line = line_length(writer);
  char *at = ia_buf_extend(&writer->out, in->has_items + line + more);
  if (!at) return NULL;
  if (in->has_items) *at++ = ',';
  in->has_items = true;
  return put_line(at, line);
}

/* Returns true if a value is allowed here, and writes the separator before it. */
static bool begin_value(imgact_json_writer *writer) {
  if (!usable(writer)) return false;
  level *in = innermost(writer);
  bool allowed = in ? !in->is_object || writer->after_key : !writer->begun;
  if (!allowed) {
    writer->failed = true;
    return false;
  }
  if (in && !in->is_object) (void)begin_item(writer, in, 0);
  writer->after_key = false;
  writer->begun = true;
  return true;
}

static void begin_container(imgact_json_writer *writer, bool is_object) {
  if (!begin_value(writer)) return;
  if (writer->depth == MAX_LEVELS) {
    writer->failed = true;
    return;
  }
  writer->levels[writer->depth++] = (level){.is_object = is_object};
  ia_buf_char(&writer->out, is_object ? '{' : '[');
}

static void end_container(imgact_json_writer *writer, bool is_object) {
  if (!usable(writer)) return;
  level *in = innermost(writer);
  if (!in || in->is_object != is_object || writer->after_key) {
    writer->failed = true;
    return;
  }
  writer->depth--;
  if (in->has_items) end_line(writer);
  ia_buf_char(&writer->out, is_object ? '}' : ']');
}

void imgact_json_write_begin_object(imgact_json_writer *writer) { begin_container(writer, true); }
void imgact_json_write_end_object(imgact_json_writer *writer) { end_container(writer, true); }
void imgact_json_write_begin_array(imgact_json_writer *writer) { begin_container(writer, false); }
void imgact_json_write_end_array(imgact_json_writer *writer) { end_container(writer, false); }

/* ---- strings ---- */

#define BYTES(c) (UINT64_C(0x0101010101010101) * (c))

/* Returns a bit in each byte that is below ' ', a quote, a backslash or not ASCII; a byte above one
 * of these may also have it. */
static uint64_t special_bytes(uint64_t block) {
  uint64_t quotes = block ^ BYTES('"'), backslashes = block ^ BYTES('\\');
  uint64_t found = (block - BYTES(' ')) | (quotes - BYTES(1)) | (backslashes - BYTES(1)) | block;
  return found & BYTES(0x80);
}

static bool is_plain(const char *first, const char *second, size_t bytes) {
  uint64_t a = BYTES(' '), b = a;
  memcpy(&a, first, bytes);
  memcpy(&b, second, bytes);
  return !(special_bytes(a) | special_bytes(b));
}

/* Returns true only if no byte of the text is special. The last two blocks may overlap. */
static bool is_all_plain(const char *text, size_t length) {
  const char *end = text + length;
  for (; end - text > 16; text += 16)
    if (!is_plain(text, text + 8, 8)) return false;
  if (end - text >= 8) return is_plain(text, end - 8, 8);
  if (end - text >= 4) return is_plain(text, end - 4, 4);
  if (end - text >= 2) return is_plain(text, end - 2, 2);
  return text == end || is_plain(text, text, 1);
}

/* Returns the number of leading bytes that a JSON string needs not escape. */
static size_t plain_span(const char *text, size_t length) {
  size_t span = 0;
  while (span < length) {
    unsigned char c = (unsigned char)text[span];
    if (c < ' ' || c == '"' || c == '\\') break;
    size_t bytes = c < 0x80 ? 1 : ia_utf8_char(text + span, length - span, false);
    if (bytes == 0) break;
    span += bytes;
  }
  return span;
}

static void put_key(imgact_json_writer *writer, const char *key, size_t length) {
  if (!usable(writer)) return;
  level *in = innermost(writer);
  if (!key || !in || !in->is_object || writer->after_key) {
    writer->failed = true;
    return;
  }
  writer->after_key = true;
  size_t colon = writer->indent == 0 ? 1 : 2;
  bool plain = is_all_plain(key, length);
  char *at = begin_item(writer, in, plain ? length + 2 + colon : 0);
  if (!at) return;
  if (plain) {
    *at = '"';
    memcpy(at + 1, key, length);
    memcpy(at + 1 + length, "\": ", 1 + colon);
  } else {
    ia_json_quote(&writer->out, key, length);
    ia_buf_add(&writer->out, ": ", colon);
  }
}

void imgact_json_write_key(imgact_json_writer *writer, const char *key) {
  put_key(writer, key, key ? strlen(key) : 0);
}

/* ---- scalars ---- */

/* Escapes the first character. Returns its length in bytes; an invalid byte becomes U+FFFD. */
static size_t put_escape(ia_buf *out, const char *text, size_t length) {
  static const char shorts[] = "\"\"\\\\\nn\tt\rr\bb\ff";
  unsigned char c = (unsigned char)*text;
  if (c >= 0x80) {
    bool is_nul = ia_utf8_char(text, length, true) == 2;
    ia_buf_str(out, is_nul ? "\\u0000" : "\xef\xbf\xbd");
    return is_nul ? 2 : 1;
  }

  for (const char *s = shorts; *s != '\0'; s += 2) {
    if (*s == *text) {
      ia_buf_char(out, '\\');
      ia_buf_char(out, s[1]);
      return 1;
    }
  }

  ia_buf_printf(out, "\\u%04x", (unsigned)c);
  return 1;
}

void ia_json_quote(ia_buf *out, const char *text, size_t length) {
  char *at = is_all_plain(text, length) ? ia_buf_extend(out, length + 2) : NULL;
  if (at) {
    at[0] = at[length + 1] = '"';
    memcpy(at + 1, text, length);
    return;
  }

  ia_buf_char(out, '"');
  while (length > 0) {
    size_t span = plain_span(text, length);
    ia_buf_add(out, text, span);
    if (span < length) span += put_escape(out, text + span, length - span);
    text += span;
    length -= span;
  }
  ia_buf_char(out, '"');
}

void imgact_json_write_string(imgact_json_writer *writer, const char *text) {
  imgact_json_write_string_n(writer, text, text ? strlen(text) : 0);
}

void imgact_json_write_string_n(imgact_json_writer *writer, const char *text, size_t length) {
  if (!text) {
    imgact_json_write_null(writer);
  } else if (begin_value(writer)) {
    ia_json_quote(&writer->out, text, length);
  }
}

void imgact_json_write_int(imgact_json_writer *writer, int64_t value) {
  if (!begin_value(writer)) return;
  char digits[24], *first = digits + sizeof digits;
  uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do *--first = (char)('0' + left % 10);
  while (left /= 10);
  if (value < 0) *--first = '-';
  ia_buf_add(&writer->out, first, (size_t)(digits + sizeof digits - first));
}

void imgact_json_write_double(imgact_json_writer *writer, double value) {
  if (begin_value(writer)) ia_json_double_text(value, &writer->out);
}

void imgact_json_write_bool(imgact_json_writer *writer, int value) {
  if (begin_value(writer)) ia_buf_add(&writer->out, value ? "true" : "false", value ? 4 : 5);
}

void imgact_json_write_null(imgact_json_writer *writer) {
  if (begin_value(writer)) ia_buf_add(&writer->out, "null", 4);
}

/* ---- whole values ---- */

static void put_scalar(imgact_json_writer *writer, const imgact_json *value) {
  int truth = 0;
  size_t length = 0;
  const char *text;
  switch (imgact_json_get_type(value)) {
  case IMGACT_JSON_STRING:
    text = imgact_json_as_string(value, &length);
    imgact_json_write_string_n(writer, text, length);
    break;
  case IMGACT_JSON_NUMBER:
    text = ia_json_number(value, &length);
    if (begin_value(writer)) ia_buf_add(&writer->out, text, length);
    break;
  case IMGACT_JSON_BOOL:
    (void)imgact_json_as_bool(value, &truth);
    imgact_json_write_bool(writer, truth);
    break;
  default: imgact_json_write_null(writer); break;
  }
}

/* Returns the next value to write after closing completed containers; NULL at the end. */
static const imgact_json *next_value(imgact_json_writer *writer, imgact_json_iter *open,
                                     size_t *depth) {
  while (*depth > 0) {
    const imgact_json *key, *value = imgact_json_iter_next(&open[*depth - 1], &key);
    if (value) {
      size_t length = 0;
      const char *text = imgact_json_as_string(key, &length);
      if (key) put_key(writer, text, length);
      return value;
    }
    --*depth;
    end_container(writer, imgact_json_get_type(open[*depth].container) == IMGACT_JSON_OBJECT);
  }
  return NULL;
}

void imgact_json_write_value(imgact_json_writer *writer, const imgact_json *value) {
  imgact_json_iter open[IA_JSON_MAX_DEPTH]; /* a document cannot be nested deeper */
  size_t depth = 0;
  do {
    imgact_json_type type = imgact_json_get_type(value);
    if (type == IMGACT_JSON_ARRAY || type == IMGACT_JSON_OBJECT) {
      begin_container(writer, type == IMGACT_JSON_OBJECT);
      open[depth++] = imgact_json_iter_begin(value);
    } else {
      put_scalar(writer, value);
    }
    value = next_value(writer, open, &depth);
  } while (value && usable(writer));
}

void imgact_json_write_raw(imgact_json_writer *writer, const char *json) {
  if (!usable(writer)) return;
  if (!json) {
    imgact_json_write_null(writer);
    return;
  }
  if (ia_json_is_number(json)) {
    if (begin_value(writer)) ia_buf_str(&writer->out, json);
    return;
  }
  imgact_json_doc *doc;
  if (ia_json_parse(json, strlen(json), &writer->allocator, NULL, &doc, NULL, 0) == IA_JSON_OK) {
    imgact_json_write_value(writer, imgact_json_doc_root(doc));
  } else {
    writer->failed = true;
  }
  imgact_json_doc_free(doc);
}

char *ia_json_print(const imgact_json *value, size_t max, ia_arena *arena,
                    const imgact_allocator *scratch, bool *too_large) {
  imgact_json_writer *writer = imgact_json_writer_new(scratch, 0);
  size_t length;
  if (writer && max < MAX_BYTES) writer->out.max = max;
  imgact_json_write_value(writer, value);
  const char *text = imgact_json_writer_finish(writer, &length);
  char *copy = text ? ia_arena_copy_n(arena, text, length) : NULL;
  *too_large = writer && writer->out.state == IA_BUF_FULL;
  imgact_json_writer_free(writer);
  return copy;
}
