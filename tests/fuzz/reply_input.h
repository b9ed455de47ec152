/* SPDX-License-Identifier: MIT */
/*
 * A response as an input: SLOT FLAGS FAIL \n STATUS \n HEADERS \n\n BODY
 *
 * SLOT: a, b, ... as imgact_op_kind counts. FLAGS: one character that chooses the arguments of the
 * call. FAIL: '@', or which allocation fails ('A' is the first). STATUS: three digits. HEADERS:
 * lines "Name: value".
 */
#ifndef REPLY_INPUT_H
#define REPLY_INPUT_H

#include "check.h"
#include "reply.h"

#define REPLY_INPUT_HEADERS 16

typedef struct reply_input {
  char *text; /* what the rest points into */
  const imgact_provider *provider;
  imgact_call call;
  imgact_image_filter images;
  imgact_action_filter actions;
  size_t fail_at; /* 0 = no allocation fails */
  imgact_header headers[REPLY_INPUT_HEADERS];
  imgact_http_response http;
} reply_input;

/* Takes an input apart; false: the format is another one, or the provider has no such slot. */
bool reply_input_read(reply_input *input, const imgact_provider *provider, const uint8_t *data,
                      size_t size);
void reply_input_free(reply_input *input);

typedef struct reply_output {
  imgact_result result;
  imgact_error error;
  imgact_rate_limit_info rate;
  ia_arena scratch;
} reply_output;

/* Reads the response as the exchange does, with a redactor of the token. */
void reply_read(reply_output *output, const reply_input *input, const check_secret *secret,
                const imgact_allocator *allocator);
void reply_free(reply_output *output);

#endif
