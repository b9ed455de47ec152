/* SPDX-License-Identifier: MIT */
/* The terminal: its width, and the status line on stderr. */
#ifndef IMGACT_CLI_TERMINAL_H
#define IMGACT_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream.h"

#define CLI_LINE_BYTES 160

/* The columns of the terminal at a descriptor; 0 = there is none. */
size_t cli_terminal_width(int fd);

/* The line on stderr that is drawn over itself, and how it goes on as time passes. */
typedef enum cli_status_line_kind {
  CLI_LINE_NONE,
  CLI_LINE_BAR,
  CLI_LINE_RETRY,
  CLI_LINE_THROTTLE,
  CLI_LINE_LOOKUP
} cli_status_line_kind;

typedef struct cli_status_line {
  cli_status_line_kind kind;
  size_t width;     /* bytes, and columns at most; 0 = it is not on the terminal */
  int64_t shown_s;  /* the time when it was drawn */
  int64_t until_ms; /* of a pause or a look-up: its end */
  int32_t attempt;  /* the one that a retry comes to */
  char text[200];   /* what the cloud said */
  bool has_bar;     /* something is waited for: a bar comes back after anything else */
} cli_status_line;

size_t cli_status_line_room(void);
void cli_status_line_draw(cli_status_line *line, cli_stream *err, const char *text);
/* Takes the line away, so that something else can be written. */
void cli_status_line_clear(cli_status_line *line, cli_stream *err);

#endif
