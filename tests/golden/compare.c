// SPDX-License-Identifier: MIT
/*
 * Comparison. The two outer levels (the expectation itself; an image, an action, the error) are
 * compared by the keys that the fixture names, so that a fixture can be about one thing; what is
 * inside of them is compared as a whole. Recursion is bounded by the depth that the parser accepts.
 */
#include "golden.h"
#include <stdio.h>
#include <string.h>

#define NAMED_LEVELS 2

typedef struct place {
  const struct place *outer;
  const char *key;
  size_t index;
} place;

static void write_place(const place *at, char *text, size_t capacity) {
  if (!at) return;
  write_place(at->outer, text, capacity);
  size_t used = strlen(text);
  if (at->key)
    snprintf(text + used, capacity - used, ".%s", at->key);
  else
    snprintf(text + used, capacity - used, "[%zu]", at->index);
}

static void differ(const place *at, const imgact_json *expected, const imgact_json *actual,
                   golden_problem *problem) {
  char where[256] = "";
  write_place(at, where, sizeof where);
  imgact_json_writer *left = imgact_json_writer_new(NULL, 0),
                     *right = imgact_json_writer_new(NULL, 0);
  imgact_json_write_value(left, expected);
  imgact_json_write_value(right, actual);
  const char *a = imgact_json_writer_finish(left, NULL),
             *b = actual ? imgact_json_writer_finish(right, NULL) : "nothing";
  golden_fail(problem, "%s: expected %s, got %s", where, a ? a : "?", b ? b : "?");
  imgact_json_writer_free(left);
  imgact_json_writer_free(right);
}

/* Digit by digit: a number that went through a double may be near and not the same. */
static int same_number(const imgact_json *a, const imgact_json *b) {
  imgact_json_writer *left = imgact_json_writer_new(NULL, 0),
                     *right = imgact_json_writer_new(NULL, 0);
  imgact_json_write_value(left, a);
  imgact_json_write_value(right, b);
  const char *x = imgact_json_writer_finish(left, NULL),
             *y = imgact_json_writer_finish(right, NULL);
  int same = x && y && !strcmp(x, y);
  imgact_json_writer_free(left);
  imgact_json_writer_free(right);
  return same;
}

static int same_text(const imgact_json *a, const imgact_json *b) {
  size_t m = 0, n = 0;
  const char *x = imgact_json_as_string(a, &m), *y = imgact_json_as_string(b, &n);
  return m == n && !memcmp(x, y, m);
}

static int same_leaf(const imgact_json *a, const imgact_json *b) {
  int x = 0, y = 0;
  switch (imgact_json_get_type(a)) {
  case IMGACT_JSON_NULL: return 1;
  case IMGACT_JSON_BOOL:
    return imgact_json_as_bool(a, &x) && imgact_json_as_bool(b, &y) && !x == !y;
  case IMGACT_JSON_NUMBER: return same_number(a, b);
  case IMGACT_JSON_STRING: return same_text(a, b);
  default: return 0;
  }
}

static int compare(const imgact_json *expected, const imgact_json *actual, const place *at,
                   int level, golden_problem *problem);

static int compare_members(const imgact_json *expected, const imgact_json *actual, const place *at,
                           int level, golden_problem *problem) {
  imgact_json_iter each = imgact_json_iter_begin(expected);
  const imgact_json *key, *value;
  while ((value = imgact_json_iter_next(&each, &key))) {
    char name[128];
    size_t length = 0;
    const char *text = imgact_json_as_string(key, &length);
    snprintf(name, sizeof name, "%.*s", (int)length, text ? text : "");
    const place here = {at, name, 0};
    if (!compare(value, imgact_json_get(actual, name), &here, level + 1, problem)) return 0;
  }
  return 1;
}

static int compare_elements(const imgact_json *expected, const imgact_json *actual, const place *at,
                            int level, golden_problem *problem) {
  imgact_json_iter left = imgact_json_iter_begin(expected), right = imgact_json_iter_begin(actual);
  const imgact_json *value;
  for (size_t i = 0; (value = imgact_json_iter_next(&left, NULL)); i++) {
    const place here = {at, NULL, i};
    if (!compare(value, imgact_json_iter_next(&right, NULL), &here, level, problem)) return 0;
  }
  return 1;
}

static int compare(const imgact_json *expected, const imgact_json *actual, const place *at,
                   int level, golden_problem *problem) {
  imgact_json_type type = imgact_json_get_type(expected);
  int same = type == imgact_json_get_type(actual);
  int is_object = type == IMGACT_JSON_OBJECT, is_array = type == IMGACT_JSON_ARRAY;
  if (same && (is_array || (is_object && level >= NAMED_LEVELS)))
    same = imgact_json_count(expected) == imgact_json_count(actual);
  else if (same && !is_object)
    same = same_leaf(expected, actual);
  if (!same) {
    differ(at, expected, actual, problem);
    return 0;
  }
  if (is_object) return compare_members(expected, actual, at, level, problem);
  return is_array ? compare_elements(expected, actual, at, level, problem) : 1;
}

void golden_compare(const imgact_json *expected, const imgact_json *actual,
                    golden_problem *problem) {
  compare(expected, actual, NULL, 0, problem);
}
