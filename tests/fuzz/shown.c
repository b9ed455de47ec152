// SPDX-License-Identifier: MIT
#include "shown.h"

#include <locale.h>
#include <sys/mman.h>
#include <unistd.h>

static int file_of(int *file) {
  if (*file < 0) {
    setlocale(LC_CTYPE, "C.UTF-8"); /* as the tool does: for the width of characters */
    *file = memfd_create("shown", MFD_CLOEXEC);
  }
  CHECK(*file >= 0);
  if (lseek(*file, 0, SEEK_CUR) > 0)
    CHECK(ftruncate(*file, 0) == 0 && lseek(*file, 0, SEEK_SET) == 0);
  return *file;
}

void shown_open(cli_app *app) {
  static int out = -1, err = -1;
  cli_stream_open(&app->out, file_of(&out), false);
  cli_stream_open(&app->err, file_of(&err), true);
}

static char *copy(const char *text, size_t length) {
  char *made = malloc(length + 1);
  CHECK(made);
  memcpy(made, text, length);
  made[length] = '\0';
  return made;
}

/* A short text has not left the buffer of its stream. */
char *shown_text(cli_stream *stream, size_t *length) {
  if (lseek(stream->fd, 0, SEEK_CUR) == 0) {
    *length = stream->length;
    return copy(stream->buffer, stream->length);
  }
  CHECK(cli_stream_flush(stream));
  off_t size = lseek(stream->fd, 0, SEEK_END);
  CHECK(size >= 0);
  char *text = malloc((size_t)size + 1);
  CHECK(text && pread(stream->fd, text, (size_t)size, 0) == size);
  text[size] = '\0';
  *length = (size_t)size;
  return text;
}

/* C0, DEL, C1, line and paragraph separators, and bidirectional controls, independent of the rule
 * of the tool. */
static bool moves_terminal(uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x2028 || point == 0x2029 ||
         (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

size_t shown_check_lines(const char *text, size_t length) {
  size_t lines = 0;
  CHECK(strlen(text) == length);
  while (*text != '\0') {
    uint32_t point = 0;
    size_t bytes = cli_utf8_decode(text, &point);
    CHECK(bytes > 0 && point != 0);
    if (point == '\n')
      lines++;
    else
      CHECK(!moves_terminal(point));
    text += bytes;
  }
  CHECK(length == 0 || text[-1] == '\n');
  return lines;
}

void shown_check_token(const char *text, size_t length) {
  CHECK(!memmem(text, length, FUZZ_TOKEN, FUZZ_TOKEN_NEEDLE));
}
