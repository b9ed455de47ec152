// SPDX-License-Identifier: MIT
#include "intern.h"
#include <string.h>

static uint64_t load_4(const char *text) {
  uint32_t bytes;
  memcpy(&bytes, text, sizeof bytes);
  return bytes;
}

static uint64_t load_8(const char *text) {
  uint64_t bytes;
  memcpy(&bytes, text, sizeof bytes);
  return bytes;
}

/* The first and the last bytes: texts that differ only in the middle replace each other. */
static uint64_t ends_of(const char *text, size_t length) {
  if (length >= 8) return load_8(text) ^ load_8(text + length - 8) << 7;
  if (length >= 4) return load_4(text) ^ load_4(text + length - 4) << 25;
  if (length == 0) return 0;
  const unsigned char *bytes = (const unsigned char *)text;
  return bytes[0] | (uint64_t)bytes[length / 2] << 8 | (uint64_t)bytes[length - 1] << 16;
}

static size_t mix(uint64_t bits, size_t capacity) {
  return (size_t)(bits * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (capacity - 1);
}

size_t ia_intern_index(const char *text, size_t length) {
  return mix(ends_of(text, length) ^ length, IA_INTERN_TEXTS);
}

const char *ia_intern_find(const ia_intern *intern, size_t index, const char *text, size_t length) {
  const char *known = intern->texts[index];
  return known && intern->lengths[index] == length && memcmp(known, text, length) == 0 ? known
                                                                                       : NULL;
}

void ia_intern_put(ia_intern *intern, size_t index, const char *text, size_t length) {
  intern->texts[index] = text;
  intern->lengths[index] = (uint8_t)length;
}

const char *const *ia_intern_list(ia_intern *intern, const char *const *list, size_t count) {
  if (count == 0) return list;
  uint64_t ends = (uint64_t)(uintptr_t)list[0] ^ (uint64_t)(uintptr_t)list[count - 1] << 9;
  size_t index = mix(ends ^ count, IA_INTERN_LISTS);
  if (intern->counts[index] == count &&
      memcmp(intern->lists[index], list, count * sizeof *list) == 0)
    return intern->lists[index];
  intern->lists[index] = list;
  intern->counts[index] = count;
  return list;
}
