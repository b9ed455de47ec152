// SPDX-License-Identifier: MIT
// The input in parts and in lines.
#include "fuzz.h"

char *fuzz_next_part(fuzz_parts *parts) {
  free(parts->text);
  parts->text = NULL;
  parts->length = 0;
  if (parts->next >= parts->end) return NULL;
  const char *stop = memmem(parts->next, (size_t)(parts->end - parts->next), "\n%%\n", 4);
  parts->length = (size_t)((stop ? stop : parts->end) - parts->next);
  parts->text = malloc(parts->length + 1);
  CHECK(parts->text);
  memcpy(parts->text, parts->next, parts->length);
  parts->text[parts->length] = '\0';
  parts->next = stop ? stop + 4 : parts->end;
  return parts->text;
}

void fuzz_split_lines(fuzz_lines *lines, const uint8_t *data, size_t size) {
  lines->count = 0;
  lines->text = malloc(size + 1);
  CHECK(lines->text);
  if (size) memcpy(lines->text, data, size);
  lines->text[size] = '\0';
  char *rest = lines->text;
  while (rest && lines->count < sizeof lines->items / sizeof *lines->items) {
    char *line = strsep(&rest, "\n");
    lines->items[lines->count++] = line;
    for (; *line != '\0'; line++)
      if (*line == '\1') *line = '\n';
  }
}
