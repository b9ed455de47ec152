/* SPDX-License-Identifier: MIT */
/* What the tool has written: its two streams go to files in memory and are read back. */
#ifndef SHOWN_H
#define SHOWN_H

#include "cli.h"
#include "fuzz.h"

/* Empties both streams of an app. */
void shown_open(cli_app *app);
/* The text of a stream since then, with a NUL after it; free it. */
char *shown_text(cli_stream *stream, size_t *length);

/* The text is UTF-8 and holds no terminal control character except newlines. Returns how many
 * newlines. */
size_t shown_check_lines(const char *text, size_t length);
/* The text does not hold FUZZ_TOKEN. */
void shown_check_token(const char *text, size_t length);

#endif
