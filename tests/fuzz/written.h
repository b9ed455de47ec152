/* SPDX-License-Identifier: MIT */
/* A text as the writers will write it: no form of it may hold the token. */
#ifndef WRITTEN_H
#define WRITTEN_H

#include "buf.h"
#include "escape.h"
#include "fuzz.h"

/* Printable ASCII without quotes and backslashes is written as it is. */
static inline bool is_written_as_is(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\') return false;
  return true;
}

static inline void expect_hidden(const char *text, size_t length, const char *token,
                                 size_t token_length) {
  if (is_written_as_is(text, length)) {
    CHECK(length == 0 || !memmem(text, length, token, token_length));
    return;
  }
  for (int form = 0; form < IA_ESCAPE_FORMS; form++) {
    ia_buf written;
    ia_buf_init(&written, NULL, 8 * length + 1);
    for (size_t at = 0; at < length;) {
      ia_escaped c = ia_escape((ia_escape_form)form, text + at, length - at);
      ia_buf_add(&written, c.text, c.length);
      at += c.source_length;
    }
    CHECK(written.state == IA_BUF_OK);
    CHECK(written.length == 0 || !memmem(written.data, written.length, token, token_length));
    ia_buf_free(&written);
  }
}

#endif
