/* SPDX-License-Identifier: MIT */
/* Operations on a scripted API. A response of the input is three digits of status, a newline,
 * header lines, an empty line and the body; "000" is a lost response. After the last response, no
 * request gets one. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include "fuzz.h"
#include "scripted.h"
#include <imgact/imgact.h>

/* A scripted_rule; user is a fuzz_parts. */
bool operations_answer(void *user, const scripted_request *request, scripted_answer *answer);
/* A new operation; its arguments follow from the flags, kind counts modulo IMGACT_OP_COUNT. */
imgact_op *operations_new(imgact_client *client, unsigned kind, unsigned flags);
/* A client with FUZZ_TOKEN; takes ownership of the transport. */
imgact_client *operations_client(bool hetzner, imgact_transport *transport);

#endif
