// SPDX-License-Identifier: MIT
#include "intern.h"
#include <string.h>

static uint64_t load(const char *text, size_t length) {
  uint64_t bytes = 0;
  memcpy(&bytes, text, length < sizeof bytes ? length : sizeof bytes);
  return bytes;
}

static size_t mix(uint64_t bits, size_t places) {
  return (size_t)(bits * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (places - 1);
}

size_t ia_intern_place(const char *text, size_t length) {
  size_t last = length < sizeof(uint64_t) ? length : sizeof(uint64_t);
  return mix(load(text, length) ^ load(text + length - last, last) << 7 ^ length, IA_INTERN_TEXTS);
}

const char *ia_intern_find(const ia_intern *intern, size_t place, const char *text, size_t length) {
  const char *known = intern->texts[place];
  return known && intern->lengths[place] == length && memcmp(known, text, length) == 0 ? known
                                                                                       : NULL;
}

void ia_intern_put(ia_intern *intern, size_t place, const char *text, size_t length) {
  intern->texts[place] = text;
  intern->lengths[place] = (uint8_t)length;
}

const char *const *ia_intern_list(ia_intern *intern, const char *const *list, size_t count) {
  if (count == 0) return list;
  uint64_t ends = (uint64_t)(uintptr_t)list[0] ^ (uint64_t)(uintptr_t)list[count - 1] << 9;
  size_t place = mix(ends ^ count, IA_INTERN_LISTS);
  if (intern->counts[place] == count &&
      memcmp(intern->lists[place], list, count * sizeof *list) == 0)
    return intern->lists[place];
  intern->lists[place] = list;
  intern->counts[place] = count;
  return list;
}
