/* SPDX-License-Identifier: MIT */
/* A transport for millions of requests: a clock of its own, one delay for all, no log. */
#ifndef TIRELESS_H
#define TIRELESS_H

#include <imgact/transport.h>
#include <stdbool.h>

typedef struct tireless tireless;
/* Answers a request at the time at which it is sent. The texts live until the next call. */
typedef void (*tireless_answer)(void *user, const imgact_http_request *request, imgact_http_response *response);

/* Destroyed with its loop. */
tireless *tireless_new(tireless_answer answer, void *user, int64_t delay_ms);
imgact_transport *tireless_transport(tireless *tireless);
int64_t tireless_now_ms(const tireless *tireless); /* since its start */

#endif
