/* SPDX-License-Identifier: MIT */
/* The terminal: its width, and the status line on stderr, which is redrawn in place. */
#ifndef IMGACT_CLI_TERMINAL_H
#define IMGACT_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream.h"

#define CLI_LINE_BYTES 160

/* The columns of the terminal at a descriptor; 0 = not a terminal. */
size_t cli_terminal_width(int fd);

/* The status line and the values to redraw it. */
typedef enum cli_status_line_kind {
  CLI_LINE_NONE,
  CLI_LINE_BAR,
  CLI_LINE_RETRY,
  CLI_LINE_THROTTLE,
  CLI_LINE_LOOKUP
} cli_status_line_kind;

typedef struct cli_status_line {
  cli_status_line_kind kind;
  size_t width;     /* bytes, at least the columns; 0 = not shown */
  int64_t shown_s;  /* time of the last drawing */
  int64_t until_ms; /* end of a pause or lookup */
  int32_t attempt;  /* number of the next attempt */
  char text[200];   /* message of the API */
  bool has_bar;     /* a progress bar is shown again after other output */
} cli_status_line;

/* The maximum length of the line, at most CLI_LINE_BYTES. */
size_t cli_status_line_room(void);
void cli_status_line_draw(cli_status_line *line, cli_stream *err, const char *text);
/* Removes the line, so that other text can be written. */
void cli_status_line_clear(cli_status_line *line, cli_stream *err);

#endif
