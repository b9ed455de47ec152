// SPDX-License-Identifier: MIT
/* A string that doubles its capacity up to a maximum. After an error nothing more is added, and
 * ia_buf_text() returns NULL instead of an incomplete text. */
#include "buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)64)

void ia_buf_init(ia_buf *buf, const imgact_allocator *allocator, size_t max) {
  /* With this limit, doubling and the NUL cannot overflow size_t. */
  *buf = (ia_buf){.allocator = allocator, .max = max > SIZE_MAX / 4 ? SIZE_MAX / 4 : max};
}

/* Makes room for `more` bytes and the NUL. Returns false, with the state set, on failure. */
static bool reserve(ia_buf *buf, size_t more) {
  if (buf->state != IA_BUF_OK) return false;
  if (more > buf->max - buf->length) {
    buf->state = IA_BUF_FULL;
    return false;
  }
  size_t needed = buf->length + more + 1;
  if (needed <= buf->capacity) return true;

  size_t capacity = buf->capacity == 0 ? FIRST_CAPACITY : buf->capacity * 2;
  if (capacity < needed) capacity = needed;
  if (capacity > buf->max + 1) capacity = buf->max + 1;
  char *data = ia_resize(buf->allocator, buf->data, capacity);
  if (!data) {
    buf->state = IA_BUF_NOMEM;
    return false;
  }

  buf->data = data;
  buf->capacity = capacity;
  return true;
}

char *ia_buf_extend(ia_buf *buf, size_t length) {
  if (!reserve(buf, length)) return NULL;
  char *at = buf->data + buf->length;
  buf->length += length;
  at[length] = '\0';
  return at;
}

void ia_buf_add(ia_buf *buf, const char *text, size_t length) {
  char *at = length > 0 ? ia_buf_extend(buf, length) : NULL;
  if (at) memcpy(at, text, length);
}

void ia_buf_str(ia_buf *buf, const char *text) {
  if (text) ia_buf_add(buf, text, strlen(text));
}

void ia_buf_char(ia_buf *buf, char c) {
  char *at = ia_buf_extend(buf, 1);
  if (at) *at = c;
}

void ia_buf_printf(ia_buf *buf, const char *format, ...) {
  va_list args;
  va_start(args, format);
  ia_buf_vprintf(buf, format, args);
  va_end(args);
}

void ia_buf_vprintf(ia_buf *buf, const char *format, va_list args) {
  va_list second_pass;
  va_copy(second_pass, args);
  int length = vsnprintf(NULL, 0, format, args);
  if (length < 0) {
    buf->state = IA_BUF_NOMEM; /* vsnprintf() fails only if the C library has no memory */
  } else if (reserve(buf, (size_t)length)) {
    (void)vsnprintf(buf->data + buf->length, (size_t)length + 1, format, second_pass);
    buf->length += (size_t)length;
  }
  va_end(second_pass);
}

void ia_buf_reset(ia_buf *buf) {
  buf->length = 0;
  buf->state = IA_BUF_OK;
  if (buf->data) buf->data[0] = '\0';
}

void ia_buf_free(ia_buf *buf) {
  ia_free(buf->allocator, buf->data);
  buf->data = NULL;
  buf->capacity = 0;
  ia_buf_reset(buf);
}

const char *ia_buf_text(const ia_buf *buf) {
  if (buf->state != IA_BUF_OK) return NULL;
  return buf->data ? buf->data : "";
}
