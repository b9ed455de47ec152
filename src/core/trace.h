/* SPDX-License-Identifier: MIT */
/* Trace events. All texts are redacted. Nothing is done if there is no trace callback. */
#ifndef IA_TRACE_H
#define IA_TRACE_H

#include "exchange.h"

void ia_trace_request(ia_exchange *exchange);
void ia_trace_response(ia_exchange *exchange, const imgact_http_response *http);
void ia_trace_retry(ia_exchange *exchange, int64_t delay_ms);
/* op: NULL = not about one operation. */
void ia_trace_text(imgact_client *client, imgact_op *op, imgact_trace_kind kind, int64_t delay_ms,
                   uint32_t request, const char *text);

#endif
