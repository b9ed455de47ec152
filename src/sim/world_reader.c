// SPDX-License-Identifier: MIT
#include "world_reader.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool sim_load_fail(sim_loader *l, const char *key, const char *what) {
  if (!l->failed)
    snprintf(l->message, l->capacity, "%s%s%s%s%s", l->where, *l->where && key ? "." : "",
             key ? key : "", *l->where || key ? ": " : "", what);
  l->failed = true;
  return false;
}

/* ---- typed members: an absent key leaves *out unchanged, another type is an error ---- */

static const imgact_json *member(const imgact_json *object, const char *key,
                                 imgact_json_type *type) {
  const imgact_json *value = imgact_json_get(object, key);
  *type = imgact_json_get_type(value);
  return value;
}

void sim_read_text(sim_loader *l, const imgact_json *object, const char *key, char **out) {
  imgact_json_type type;
  const imgact_json *value = member(object, key, &type);
  if (type == IMGACT_JSON_ABSENT) return;
  char *text = sim_copy_json(value);
  if (!text && type != IMGACT_JSON_NULL) {
    sim_load_fail(l, key, "must be a string or null");
    return;
  }
  free(*out);
  *out = text;
}

void sim_read_interned(sim_loader *l, const imgact_json *object, const char *key,
                       const char **out) {
  char *text = NULL;
  if (!imgact_json_get(object, key)) return;
  sim_read_text(l, object, key, &text);
  *out = sim_intern(l->world, text);
  free(text);
}

void sim_read_int(sim_loader *l, const imgact_json *object, const char *key, int64_t least,
                  int64_t *out) {
  imgact_json_type type;
  const imgact_json *value = member(object, key, &type);
  int64_t number = 0;
  if (type == IMGACT_JSON_ABSENT) return;
  if (type == IMGACT_JSON_NULL)
    *out = 0;
  else if (!imgact_json_as_int(value, &number) || number < least || number > SIM_MAX_ID)
    sim_load_fail(l, key, "must be a whole number in range");
  else
    *out = number;
}

void sim_read_double(sim_loader *l, const imgact_json *object, const char *key, double *out) {
  imgact_json_type type;
  const imgact_json *value = member(object, key, &type);
  double number = 0;
  if (type == IMGACT_JSON_ABSENT) return;
  if (type == IMGACT_JSON_NULL)
    *out = NAN;
  else if (!imgact_json_as_double(value, &number) || number < 0 || number > 1e9)
    sim_load_fail(l, key, "must be a number from 0 to 1e9, or null");
  else
    *out = number;
}

void sim_read_bool(sim_loader *l, const imgact_json *object, const char *key, uint8_t *out) {
  const imgact_json *value = imgact_json_get(object, key);
  int truth = 0;
  if (!value) return;
  if (imgact_json_as_bool(value, &truth))
    *out = (uint8_t)(truth != 0);
  else
    sim_load_fail(l, key, "must be true or false");
}

void sim_read_time(sim_loader *l, const imgact_json *object, const char *key, int64_t *out) {
  imgact_json_type type;
  char *text = sim_copy_json(member(object, key, &type));
  if (type == IMGACT_JSON_NULL)
    *out = IMGACT_NO_TIME;
  else if (type != IMGACT_JSON_ABSENT && (!text || !sim_parse_time(text, out)))
    sim_load_fail(l, key, "must be a time such as 2016-01-30T23:50:00Z");
  free(text);
}

void sim_read_range(sim_loader *l, const imgact_json *object, const char *key,
                    const char *const *names, size_t first, size_t end, uint8_t *out) {
  const imgact_json *value = imgact_json_get(object, key);
  if (!value) return;
  for (size_t i = first; i < end; i++)
    if (imgact_json_equals(value, names[i])) {
      *out = (uint8_t)i;
      return;
    }
  sim_load_fail(l, key, "is not one of the known values");
}

void sim_read_index(sim_loader *l, const imgact_json *object, const char *key,
                    const char *const *names, size_t count, uint8_t *out) {
  sim_read_range(l, object, key, names, 0, count, out);
}

void sim_read_strings(sim_loader *l, const imgact_json *object, const char *key, sim_strings *out) {
  imgact_json_type type;
  const imgact_json *value = member(object, key, &type), *item;
  if (type == IMGACT_JSON_ABSENT) return;
  if (type != IMGACT_JSON_ARRAY && type != IMGACT_JSON_NULL) {
    sim_load_fail(l, key, "must be a list of strings");
    return;
  }

  free(out->items);
  *out = (sim_strings){0};
  imgact_json_iter each = imgact_json_iter_begin(value);
  while (!l->failed && (item = imgact_json_iter_next(&each, NULL))) {
    char *text = sim_copy_json(item);
    if (!text || !sim_strings_add(l->world, out, text))
      sim_load_fail(l, key, "must be a list of strings");
    free(text);
  }
}

void sim_read_labels(sim_loader *l, const imgact_json *object, sim_labels *out) {
  imgact_json_type type;
  const imgact_json *value = member(object, "labels", &type), *key, *text;
  if (type == IMGACT_JSON_ABSENT) return;

  if (type != IMGACT_JSON_OBJECT) sim_load_fail(l, "labels", "must be an object of strings");
  sim_labels_free(out);
  imgact_json_iter each = imgact_json_iter_begin(value);
  while (!l->failed && (text = imgact_json_iter_next(&each, &key))) {
    char *name = sim_copy_json(key), *content = sim_copy_json(text);
    if (!name || !content || !sim_labels_add(out, name, content))
      sim_load_fail(l, "labels", "must be an object of strings");
    free(name);
    free(content);
  }
}

/* Returns true for an object with these keys only. */
bool sim_has_only_keys(sim_loader *l, const imgact_json *value, const char *const *keys,
                       size_t count) {
  const imgact_json *key;
  if (imgact_json_get_type(value) != IMGACT_JSON_OBJECT)
    return sim_load_fail(l, NULL, "must be an object");

  imgact_json_iter each = imgact_json_iter_begin(value);
  while (imgact_json_iter_next(&each, &key)) {
    bool known = false;
    for (size_t i = 0; i < count; i++) known = known || imgact_json_equals(key, keys[i]);
    if (known) continue;
    char *name = sim_copy_json(key), what[80];
    snprintf(what, sizeof what, "unknown key \"%.40s\"", name ? name : "");
    free(name);
    return sim_load_fail(l, NULL, what);
  }

  return true;
}
