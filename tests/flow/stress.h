/* SPDX-License-Identifier: MIT */
/* A transport for millions of requests: a clock of its own, one delay for all, no log. */
#ifndef STRESS_H
#define STRESS_H

#include <imgact/transport.h>
#include <stdbool.h>

typedef struct stress stress;
/* Answers a request at the time at which it is sent. The texts live until the next call. */
typedef void (*stress_answer)(void *user, const imgact_http_request *request,
                              imgact_http_response *response);

/* Destroyed with its loop. */
stress *stress_new(stress_answer answer, void *user, int64_t delay_ms);
imgact_transport *stress_transport(stress *stress);
int64_t stress_now_ms(const stress *stress); /* since its start */

#endif
