// SPDX-License-Identifier: MIT
/* Decodes gzip and deflate with zlib. libcurl's decoding is disabled: if a body cannot be decoded,
 * or a coding is unknown, libcurl fails the whole transfer, and the status is lost. */
#include "curl_decode.h"

#include "str.h"
#include <stdio.h>
#include <string.h>

enum { ANY_HEADER = 32 + MAX_WBITS, CHUNK = 16384, NAME_MAX_BYTES = 16 };

/* ---- codings ---- */

static bool is_coding(const char *at, size_t length, const char *name) {
  char text[NAME_MAX_BYTES];
  if (length >= sizeof text) return false;
  (void)snprintf(text, sizeof text, "%.*s", (int)length, at);
  return ia_str_equal_nocase(text, name);
}

static bool known(const char *at, size_t length) {
  return is_coding(at, length, "gzip") || is_coding(at, length, "x-gzip") ||
         is_coding(at, length, "deflate");
}

/* Two codings of one body are not supported: no API uses them. */
static void add_known(ia_decoder *decoder) {
  decoder->state = decoder->state == IA_DECODER_OFF ? IA_DECODER_WAITING : IA_DECODER_BROKEN;
}

void ia_decoder_add(ia_decoder *decoder, const char *codings) {
  for (const char *at = codings; *at;) {
    at += strspn(at, ", \t");
    size_t length = strcspn(at, ", \t");
    if (known(at, length)) add_known(decoder);
    at += length;
  }
}

/* ---- bytes ---- */

static void *take(void *user, unsigned items, unsigned size) {
  return size > 0 && items > SIZE_MAX / size ? NULL : ia_alloc(user, (size_t)items * size);
}

static void give(void *user, void *block) { ia_free(user, block); }

static void start(ia_decoder *decoder, ia_buf *out) {
  union {
    const imgact_allocator *allocator;
    void *user; /* zlib's pointer is not const */
  } memory = {.allocator = decoder->allocator};
  decoder->stream = (z_stream){.zalloc = take, .zfree = give, .opaque = memory.user};
  bool started = inflateInit2(&decoder->stream, ANY_HEADER) == Z_OK;
  decoder->state = started ? IA_DECODER_ON : IA_DECODER_BROKEN;
  if (!started) out->state = IA_BUF_NOMEM;
}

static void stop(ia_decoder *decoder, ia_decoder_state state) {
  if (decoder->state == IA_DECODER_ON) (void)inflateEnd(&decoder->stream);
  decoder->state = state;
}

/* Decodes until the input is used up, the coding ends, or an error occurs. */
static void inflate_some(ia_decoder *decoder, ia_buf *out) {
  char chunk[CHUNK];
  int result = Z_OK;
  do {
    decoder->stream.next_out = (Bytef *)chunk;
    decoder->stream.avail_out = sizeof chunk;
    result = inflate(&decoder->stream, Z_NO_FLUSH);
    ia_buf_add(out, chunk, sizeof chunk - decoder->stream.avail_out);
  } while (result == Z_OK && decoder->stream.avail_out == 0 && out->state == IA_BUF_OK);

  if (result == Z_MEM_ERROR) out->state = IA_BUF_NOMEM;
  if (result == Z_STREAM_END)
    stop(decoder, decoder->stream.avail_in > 0 ? IA_DECODER_BROKEN : IA_DECODER_ENDED);
  else if (result != Z_OK && result != Z_BUF_ERROR) /* Z_BUF_ERROR: more input is needed */
    stop(decoder, IA_DECODER_BROKEN);
}

static void feed_coded(ia_decoder *decoder, const char *data, size_t count, ia_buf *out) {
  union {
    const char *in;
    Bytef *out; /* zlib's input pointer is not const */
  } source = {.in = data};
  if (decoder->state == IA_DECODER_WAITING) start(decoder, out);
  if (decoder->state == IA_DECODER_ENDED)
    decoder->state = IA_DECODER_BROKEN; /* bytes after the end */
  if (decoder->state != IA_DECODER_ON || out->state != IA_BUF_OK) return;

  decoder->stream.next_in = source.out;
  decoder->stream.avail_in = (uInt)count;
  inflate_some(decoder, out);
}

void ia_decoder_feed(ia_decoder *decoder, const char *data, size_t count, ia_buf *out) {
  if (decoder->state == IA_DECODER_OFF)
    ia_buf_add(out, data, count);
  else if (count > 0)
    feed_coded(decoder, data, count, out);
}

void ia_decoder_end(ia_decoder *decoder, ia_buf *out) {
  bool broken = decoder->state == IA_DECODER_BROKEN || decoder->state == IA_DECODER_ON;
  stop(decoder, IA_DECODER_OFF);
  if (broken) ia_buf_reset(out);
}
