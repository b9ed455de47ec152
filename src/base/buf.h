/* SPDX-License-Identifier: MIT */
/* A growing string with a maximum length. Errors are kept, so that one check at the end suffices.
 * If `data` is not NULL it is NUL-terminated. */
#ifndef IA_BUF_H
#define IA_BUF_H

#include "alloc.h"
#include <stdarg.h>

typedef enum ia_buf_state { IA_BUF_OK, IA_BUF_NOMEM, IA_BUF_FULL } ia_buf_state;

typedef struct ia_buf {
  const imgact_allocator *allocator;
  char *data; /* NULL until the first byte */
  size_t length;
  size_t capacity;
  size_t max; /* bytes without the NUL */
  ia_buf_state state;
} ia_buf;

void ia_buf_init(ia_buf *buf, const imgact_allocator *allocator, size_t max);
void ia_buf_add(ia_buf *buf, const char *text, size_t length);
/* Appends bytes that the caller must then write. Returns where they are, or NULL on an error. */
char *ia_buf_extend(ia_buf *buf, size_t length);
void ia_buf_str(ia_buf *buf, const char *text);
void ia_buf_char(ia_buf *buf, char c);
void ia_buf_printf(ia_buf *buf, const char *format, ...) IMGACT_PRINTF(2, 3);
void ia_buf_vprintf(ia_buf *buf, const char *format, va_list args) IMGACT_PRINTF(2, 0);
/* Empties the buffer and clears the error; keeps the memory. */
void ia_buf_reset(ia_buf *buf);
void ia_buf_free(ia_buf *buf);
/* Returns the text; "" if nothing was added, NULL after an error. */
const char *ia_buf_text(const ia_buf *buf);

#endif
