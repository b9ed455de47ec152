/* SPDX-License-Identifier: MIT */
/* Decodes the content codings gzip and deflate (RFC 9110 8.4.1). A body that cannot be decoded is
 * not an error here, because the status of the response is still valid. */
#ifndef IA_CURL_DECODE_H
#define IA_CURL_DECODE_H

#include "buf.h"
#include <zlib.h>

/* For Accept-Encoding. */
#define IA_DECODER_OFFERS "gzip"

typedef enum ia_decoder_state {
  IA_DECODER_OFF,     /* bytes pass unchanged */
  IA_DECODER_WAITING, /* coded, no byte so far */
  IA_DECODER_ON,
  IA_DECODER_ENDED, /* the end of the coding was read */
  IA_DECODER_BROKEN
} ia_decoder_state;

typedef struct ia_decoder {
  const imgact_allocator *allocator;
  ia_decoder_state state;
  z_stream stream;
} ia_decoder;

/* Adds the codings of a Content-Encoding field before the first byte; ignores unknown ones. */
void ia_decoder_add(ia_decoder *decoder, const char *codings);
/* Decodes `count` received bytes and appends them: at most one buffer of libcurl, 10 MiB. On an
 * error, `out` has the state NOMEM or FULL. */
void ia_decoder_feed(ia_decoder *decoder, const char *data, size_t count, ia_buf *out);
/* Ends the body; `out` becomes empty if it could not be decoded. Frees the decoder's memory and
 * switches it off. */
void ia_decoder_end(ia_decoder *decoder, ia_buf *out);

#endif
