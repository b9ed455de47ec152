// SPDX-License-Identifier: MIT
#include "terminal.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ECHOED 2 /* columns of "^C" */

size_t cli_terminal_width(int fd) {
  struct winsize size = {0};
  if (!isatty(fd)) return 0;
  return ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}

/* The line and the "^C" that a terminal echoes after it must not reach the last column: some
 * terminals would wrap. */
size_t cli_status_line_room(void) {
  size_t width = cli_terminal_width(STDERR_FILENO);
  if (!width) width = 80;
  if (width <= ECHOED + 1) return 0;
  return width - ECHOED - 1 < CLI_LINE_BYTES ? width - ECHOED - 1 : CLI_LINE_BYTES;
}

void cli_status_line_draw(cli_status_line *line, cli_stream *err, const char *text) {
  size_t width = strlen(text);
  if (line->width > width) cli_stream_format(err, "\r%*s", (int)line->width + ECHOED, "");
  cli_stream_format(err, "\r%s", text);
  cli_stream_flush(err);
  line->width = width;
}

void cli_status_line_clear(cli_status_line *line, cli_stream *err) {
  if (line->width) cli_stream_format(err, "\r%*s\r", (int)line->width + ECHOED, "");
  cli_stream_flush(err);
  line->width = 0;
  line->kind = CLI_LINE_NONE;
}
