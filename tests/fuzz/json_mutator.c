// SPDX-License-Identifier: MIT
// Mutates inputs that hold JSON: two times out of three a value or a member is replaced, copied or
// removed, and the JSON stays valid; else bytes are changed, and the parser rejects most inputs.
#include "fuzz.h"

#define MAX_PLACES 1024

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

typedef struct span {
  size_t start, end;
} span;

static const char *const values[] = {"null",
                                     "true",
                                     "false",
                                     "0",
                                     "-1",
                                     "13",
                                     "4711",
                                     "1e3",
                                     "1e400",
                                     "2.30",
                                     "-0.0",
                                     "9007199254740993",
                                     "9223372036854775808",
                                     "253402300800",
                                     "\"\"",
                                     "\"x\"",
                                     "\"4711\"",
                                     "\"\\u0000\"",
                                     "\"\\ud800\"",
                                     "\"\\u000fuzz-token-0123\"",
                                     "\"\\u202e\\n\\\"\"",
                                     "\"2016-01-30T23:50:00Z\"",
                                     "[]",
                                     "{}",
                                     "[[]]",
                                     "[\"a\",1]",
                                     "{\"id\":13}"};

static size_t string_end(const uint8_t *data, size_t at, size_t size) {
  for (at++; at < size && data[at] != '"'; at++) at += data[at] == '\\';
  return at < size ? at + 1 : size;
}

/* The end of the value, or of the key, that starts at a place. */
static size_t value_end(const uint8_t *data, size_t at, size_t size) {
  size_t depth = 0;
  for (; at < size; at++) {
    if (data[at] == '"') {
      at = string_end(data, at, size) - 1;
    } else if (data[at] == '{' || data[at] == '[') {
      depth++;
      continue;
    } else if (data[at] == '}' || data[at] == ']') {
      if (depth-- <= 1) return depth == 0 ? at + 1 : at;
      continue;
    } else if (depth == 0 && strchr(",: \n", data[at])) {
      return at;
    }
    if (depth == 0 && data[at] == '"') return at + 1;
  }
  return size;
}

/* The elements of arrays, and the members of objects with their keys, in the order of their starts.
 */
static size_t find_items(const uint8_t *data, size_t size, span *items) {
  size_t count = 0;
  for (size_t at = 0; at < size && count < MAX_PLACES; at++) {
    if (data[at] == '"') {
      at = string_end(data, at, size) - 1;
      continue;
    }
    if (!strchr("{[,", data[at]) || data[at] == '\0' || at + 1 >= size ||
        strchr("]}", data[at + 1]))
      continue;
    span item = {at + 1, value_end(data, at + 1, size)};
    if (item.end < size && data[item.end] == ':') item.end = value_end(data, item.end + 1, size);
    if (item.end > item.start) items[count++] = item;
  }
  return count;
}

/* The value of a member, or the element. */
static span value_of(const uint8_t *data, span item) {
  size_t key = data[item.start] == '"' ? string_end(data, item.start, item.end) : item.end;
  return key < item.end && data[key] == ':' ? (span){key + 1, item.end} : item;
}

static size_t replace(uint8_t *data, size_t size, size_t max_size, span old, const uint8_t *text,
                      size_t length) {
  size_t rest = size - old.end;
  if (old.start + length + rest > max_size) return 0;
  memmove(data + old.start + length, data + old.end, rest);
  memcpy(data + old.start, text, length);
  return old.start + length + rest;
}

/* Returns the new size; 0: nothing was changed. */
static size_t mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  static span items[MAX_PLACES];
  size_t count = find_items(data, size, items);
  if (count == 0) return 0;
  span item = items[seed / 12 % count], other = items[seed / 12 / count % count],
       value = value_of(data, item);
  const char *text = values[seed / 12 % (sizeof values / sizeof *values)];
  uint8_t copy[512];
  bool is_copied = seed / 3 % 4 == 1 || seed / 3 % 4 == 2;
  bool is_member = value.start != item.start,
       other_is_member = value_of(data, other).start != other.start;
  if (seed / 3 % 4 == 2 && is_member != other_is_member) return 0;
  if (seed / 3 % 4 == 1) other = value_of(data, other);
  size_t length = other.end - other.start;
  if (is_copied && length + 1 > sizeof copy) return 0;
  copy[0] = ',';
  if (is_copied) memcpy(copy + 1, data + other.start, length);
  switch (seed / 3 % 4) {
  case 0: return replace(data, size, max_size, value, (const uint8_t *)text, strlen(text));
  case 1: return replace(data, size, max_size, value, copy + 1, length);
  case 2: return replace(data, size, max_size, (span){item.end, item.end}, copy, length + 1);
  default:
    if (data[item.start - 1] == ',')
      item.start--;
    else if (item.end < size && data[item.end] == ',')
      item.end++;
    return replace(data, size, max_size, item, copy, 0);
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  size_t changed = seed % 3 ? mutate(data, size, max_size, seed) : 0;
  return changed ? changed : LLVMFuzzerMutate(data, size, max_size);
}
