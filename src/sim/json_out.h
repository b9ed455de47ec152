/* SPDX-License-Identifier: MIT */
/* Members of JSON objects, written with their key. */
#ifndef SIM_JSON_OUT_H
#define SIM_JSON_OUT_H

#include "world.h"

void sim_write_string(imgact_json_writer *out, const char *key, const char *text);
void sim_write_int(imgact_json_writer *out, const char *key, int64_t value);
void sim_write_id(imgact_json_writer *out, const char *key, int64_t id); /* 0 writes null */
void sim_write_bool(imgact_json_writer *out, const char *key, bool value);
void sim_write_strings(imgact_json_writer *out, const char *key, const sim_strings *strings);
void sim_write_labels(imgact_json_writer *out, const char *key, const sim_labels *labels);
/* RFC 3339 in UTC; IMGACT_NO_TIME writes null. */
void sim_write_time(imgact_json_writer *out, const char *key, int64_t ms);

#endif
