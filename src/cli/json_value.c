// SPDX-License-Identifier: MIT
#include "json_value.h"

#include <stdint.h>
#include <string.h>

#include "cli_text.h"

void cli_write_value(imgact_json_writer *writer, const cli_value *value, bool raw) {
  switch (value->kind) {
  case CLI_VALUE_NULL: imgact_json_write_null(writer); break;
  case CLI_VALUE_TEXT: imgact_json_write_string(writer, value->text); break;
  case CLI_VALUE_BOOL: imgact_json_write_bool(writer, value->integer != 0); break;
  case CLI_VALUE_INTEGER: imgact_json_write_int(writer, value->integer); break;
  case CLI_VALUE_NUMBER: imgact_json_write_double(writer, value->number); break;
  case CLI_VALUE_JSON: imgact_json_write_raw(writer, value->text); break;
  case CLI_VALUE_OBJECT: cli_write_object(writer, value->schema, value->items, raw); break;
  case CLI_VALUE_TEXTS:
    imgact_json_write_begin_array(writer);
    for (size_t i = 0; i < value->count; i++)
      imgact_json_write_string(writer, ((const char *const *)value->items)[i]);
    imgact_json_write_end_array(writer);
    break;
  case CLI_VALUE_LABELS:
    imgact_json_write_begin_object(writer);
    for (size_t i = 0; i < value->count; i++) {
      imgact_json_write_key(writer, ((const imgact_label *)value->items)[i].key);
      imgact_json_write_string(writer, ((const imgact_label *)value->items)[i].value);
    }
    imgact_json_write_end_object(writer);
    break;
  case CLI_VALUE_OBJECTS:
    imgact_json_write_begin_array(writer);
    for (size_t i = 0; i < value->count; i++)
      cli_write_object(writer, value->schema, (const char *)value->items + i * value->stride, raw);
    imgact_json_write_end_array(writer);
    break;
  }
}

void cli_write_object(imgact_json_writer *writer, const cli_schema *schema, const void *item,
                      bool raw) {
  imgact_json_write_begin_object(writer);
  for (size_t i = 0; i < schema->count; i++) {
    cli_value value = {0};
    schema->fields[i].get(&schema->fields[i], item, &value);
    imgact_json_write_key(writer, schema->fields[i].key);
    cli_write_value(writer, &value, raw);
  }
  if (raw && schema->raw) {
    imgact_json_write_key(writer, "raw");
    imgact_json_write_raw(writer, schema->raw(item));
  }
  imgact_json_write_end_object(writer);
}

/* Returns true if none of 8 bytes begins a character that may have to be escaped in JSON. */
static bool is_plain(const char *text) {
  uint64_t block, ones = UINT64_C(0x0101010101010101);
  memcpy(&block, text, sizeof block);
  return !((block | (block + ones)) & (ones * 0x80)); /* all are below 0x7F */
}

void cli_put_json(cli_stream *out, const char *text, size_t length) {
  const char *end = text + length, *plain = text;

  while (text < end) {
    uint32_t point = 0;
    while (end - text >= 8 && is_plain(text)) text += 8;
    if (text == end) break;
    size_t taken = cli_utf8_decode(text, &point);
    if (point >= 0x7F && cli_must_be_escaped(point)) {
      cli_stream_add(out, plain, (size_t)(text - plain));
      cli_stream_format(out, "\\u%04x", (unsigned)point);
      plain = text + taken;
    }
    text += taken ? taken : 1;
  }

  cli_stream_add(out, plain, (size_t)(end - plain));
}

bool cli_finish_json(cli_stream *out, imgact_json_writer *writer) {
  size_t length = 0;
  const char *text = imgact_json_writer_finish(writer, &length);
  if (!text) return false;
  cli_put_json(out, text, length);
  cli_stream_char(out, '\n');
  return true;
}
