// SPDX-License-Identifier: MIT
/* Calls poll() before each write and writes at most PIPE_BUF bytes: a blocking write would not end
 * at the first signal. */
#include "stream.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signals.h"

#define CHECK_MS    100  /* delay until a signal between the check and poll() is noticed */
#define PATIENCE_MS 1000 /* after a signal: maximum time without progress of the reader */

void cli_stream_open(cli_stream *stream, int fd, bool reports_signal) {
  struct stat about;
  stream->length = 0;
  stream->fd = fd;
  stream->error = 0;
  stream->abandoned = false;
  stream->begun = false;
  stream->reports_signal = reports_signal;
  stream->is_file = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

static bool is_lost(const cli_stream *stream) { return stream->error || stream->abandoned; }

/* Returns true once a write does not wait, whether it succeeds or fails. */
static bool wait_for_room(const cli_stream *stream) {
  for (int waited_ms = 0;; waited_ms += CHECK_MS) {
    struct pollfd out = {.fd = stream->fd, .events = POLLOUT};
    if (poll(&out, 1, 0) > 0) return true;
    if (!cli_interrupted()) waited_ms = 0;
    if (cli_interrupted() && (!stream->reports_signal || waited_ms >= PATIENCE_MS)) return false;
    if (poll(&out, 1, CHECK_MS) > 0) return true;
  }
}

/* Returns how many bytes were written; 0 = try again. */
static size_t write_some(cli_stream *stream, const char *text, size_t length) {
  if (!stream->is_file && length > PIPE_BUF) length = PIPE_BUF;
  ssize_t written = write(stream->fd, text, length);
  if (written >= 0) return (size_t)written;
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    poll(NULL, 0, 1); /* poll() may report less room than this device needs */
  else if (errno != EINTR)
    stream->error = errno;
  return 0;
}

/* Output that a signal interrupts ends, even if the reader continues. */
static bool is_interrupted(const cli_stream *stream) {
  return !stream->reports_signal && cli_interrupted();
}

static void write_all(cli_stream *stream, const char *text, size_t length) {
  while (length && !is_lost(stream)) {
    if (!stream->is_file && (is_interrupted(stream) || !wait_for_room(stream))) {
      stream->abandoned = true;
      return;
    }
    size_t written = write_some(stream, text, length);
    text += written;
    length -= written;
  }
}

bool cli_stream_flush(cli_stream *stream) {
  write_all(stream, stream->buffer, stream->length);
  stream->length = 0;
  return !is_lost(stream);
}

void cli_stream_add(cli_stream *stream, const char *text, size_t length) {
  if (!stream->begun) stream->reports_signal |= cli_interrupted();
  stream->begun = true;
  if (length > sizeof stream->buffer - stream->length) cli_stream_flush(stream);
  if (is_lost(stream)) return;
  if (length > sizeof stream->buffer) {
    write_all(stream, text, length);
    return;
  }
  memcpy(stream->buffer + stream->length, text, length);
  stream->length += length;
}

void cli_stream_text(cli_stream *stream, const char *text) {
  cli_stream_add(stream, text, strlen(text));
}

void cli_stream_line(cli_stream *stream, const char *text) {
  cli_stream_text(stream, text);
  cli_stream_char(stream, '\n');
}

void cli_stream_char(cli_stream *stream, char c) { cli_stream_add(stream, &c, 1); }

void cli_stream_spaces(cli_stream *stream, size_t count) {
  while (count--) cli_stream_char(stream, ' ');
}

int cli_stream_format(cli_stream *stream, const char *format, ...) {
  char text[CLI_STREAM_BYTES];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(text, sizeof text, format, values);
  va_end(values);
  if (length < 0) return 0;
  if (length >= (int)sizeof text) length = (int)sizeof text - 1;
  cli_stream_add(stream, text, (size_t)length);
  return length;
}
