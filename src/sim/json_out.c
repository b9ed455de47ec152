// SPDX-License-Identifier: MIT
#include "json_out.h"

void sim_write_time(imgact_json_writer *out, const char *key, int64_t ms) {
  char text[32];
  if (ms != IMGACT_NO_TIME) sim_format_time(ms, text);
  sim_write_string(out, key, ms == IMGACT_NO_TIME ? NULL : text);
}

void sim_write_string(imgact_json_writer *out, const char *key, const char *text) {
  imgact_json_write_key(out, key);
  imgact_json_write_string(out, text);
}

void sim_write_int(imgact_json_writer *out, const char *key, int64_t value) {
  imgact_json_write_key(out, key);
  imgact_json_write_int(out, value);
}

void sim_write_id(imgact_json_writer *out, const char *key, int64_t id) {
  imgact_json_write_key(out, key);
  if (id)
    imgact_json_write_int(out, id);
  else
    imgact_json_write_null(out);
}

void sim_write_bool(imgact_json_writer *out, const char *key, bool value) {
  imgact_json_write_key(out, key);
  imgact_json_write_bool(out, value);
}

void sim_write_strings(imgact_json_writer *out, const char *key, const sim_strings *strings) {
  imgact_json_write_key(out, key);
  imgact_json_write_begin_array(out);
  for (uint32_t i = 0; i < strings->count; i++) imgact_json_write_string(out, strings->items[i]);
  imgact_json_write_end_array(out);
}

void sim_write_labels(imgact_json_writer *out, const char *key, const sim_labels *labels) {
  imgact_json_write_key(out, key);
  imgact_json_write_begin_object(out);
  for (uint32_t i = 0; i < labels->count; i++)
    sim_write_string(out, labels->items[i].key, labels->items[i].value);
  imgact_json_write_end_object(out);
}
