/* SPDX-License-Identifier: MIT */
/*
 * A buffered output stream on a descriptor, in place of stdio.
 *
 * stdio drops its buffer if the descriptor does not block and the pipe is full, and a blocked write
 * is restarted after a signal. This stream waits until the descriptor takes more, and a signal ends
 * the wait.
 */
#ifndef IMGACT_CLI_STREAM_H
#define IMGACT_CLI_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include <imgact/imgact.h>

#define CLI_STREAM_BYTES 16384

typedef struct cli_stream {
  size_t length; /* bytes in the buffer */
  int fd;
  int error;           /* errno of the first failed write; 0 = none */
  bool abandoned;      /* a signal ended the wait for the reader */
  bool begun;          /* something was written */
  bool reports_signal; /* the text is about the signal: it is still written after one */
  bool is_file;        /* a write never waits for a reader */
  char buffer[CLI_STREAM_BYTES];
} cli_stream;

/* reports_signal: true if text is written even after a signal. If false, the first text decides:
 * output that begins after the signal is written, output that the signal interrupts ends. */
void cli_stream_open(cli_stream *stream, int fd, bool reports_signal);

/* Appends text. Nothing happens after a failure. */
void cli_stream_add(cli_stream *stream, const char *text, size_t length);
void cli_stream_text(cli_stream *stream, const char *text);
/* Appends text and a newline. */
void cli_stream_line(cli_stream *stream, const char *text);
void cli_stream_char(cli_stream *stream, char c);
void cli_stream_spaces(cli_stream *stream, size_t count);
/* Appends formatted text; longer text is cut to CLI_STREAM_BYTES - 1. Returns its length. */
int cli_stream_format(cli_stream *stream, const char *format, ...) IMGACT_PRINTF(2, 3);

/* Writes the buffer. Returns true if all text so far was written. */
bool cli_stream_flush(cli_stream *stream);

#endif
